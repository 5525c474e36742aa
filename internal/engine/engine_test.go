package engine

import (
	"context"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"machlup/langevin"
)

// ornstein is an OU process of several rates as a model, from a start off its mean.
type ornstein struct {
	rates             []float64
	mean, start       float64
	eta, beta, temper float64
}

func (o ornstein) model() (*Model, error) {
	u, err := langevin.NewOU(langevin.OUConfig{Dim: len(o.rates), Rate: o.rates, Mean: o.mean})
	if err != nil {
		return nil, err
	}
	s, err := langevin.HeavyBallConfig{Eta: o.eta, Momentum: o.beta, Temperature: o.temper}.New(langevin.Descent(u))
	if err != nil {
		return nil, err
	}
	m := &Model{Kind: "ou", Map: s, Recurrence: s, Observer: langevin.NewCoordinates(len(o.rates), u), Potential: u,
		Temperature: o.temper, Size: len(o.rates), Eta: o.eta, Quenched: true, Start: make([]float64, len(o.rates))}
	for i := range m.Start {
		m.Start[i] = o.start
	}
	m.Linear, _ = langevin.AsLinearizer(s)
	return m, nil
}

func (o ornstein) env(replica int) Env {
	return Env{Seed: 42, Replica: replica, NewModel: o.model}
}

// runAll computes all parts of a runner.
func runAll(t *testing.T, r Runner) []any {
	t.Helper()
	var parts []any
	for p := range r.Parts() {
		result, err := r.Run(context.Background(), p, func(float64) {})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, result)
	}
	return parts
}

// rows are the lines of a table, by column.
type rows []map[string]string

func (r rows) where(conditions ...string) rows {
	var out rows
	for _, row := range r {
		ok := true
		for i := 0; i < len(conditions); i += 2 {
			ok = ok && row[conditions[i]] == conditions[i+1]
		}
		if ok {
			out = append(out, row)
		}
	}
	return out
}

// number is a cell of the only row; NaN for an empty one.
func (r rows) number(t *testing.T, column string) float64 {
	t.Helper()
	if len(r) != 1 {
		t.Fatalf("%d rows, want one", len(r))
	}
	text, ok := r[0][column]
	if !ok {
		t.Fatalf("no column %s", column)
	}
	if text == "" {
		return math.NaN()
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func readRows(t *testing.T, dir, name string) rows {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out rows
	for _, rec := range records[1:] {
		row := map[string]string{}
		for i, column := range records[0] {
			row[column] = rec[i]
		}
		out = append(out, row)
	}
	return out
}

// finish combines parts into the tables of a new directory.
func finish(t *testing.T, r Runner, label string, parts []any) (string, Outcome) {
	t.Helper()
	dir := t.TempDir()
	out := NewOutput(dir, label)
	outcome, err := r.Finish(parts, out)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Commit(); err != nil {
		t.Fatal(err)
	}
	return dir, outcome
}

func close10(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-10*math.Max(1e-30, math.Abs(want))) {
		t.Errorf("%s: %.17g, want %.17g", what, got, want)
	}
}
