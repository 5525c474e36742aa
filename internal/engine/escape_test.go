package engine

import (
	"context"
	"math"
	"testing"

	"machlup/internal/rng"
)

// TestEscapeRelaxation feeds chains of a two-state process with a known rate, and of processes
// without one: the rate and its error are right over repeats, and what is no rate is refused.
func TestEscapeRelaxation(t *testing.T) {
	const up, down, eta = 0.03, 0.06, 0.5
	want := -math.Log(1-up-down) / eta
	cfg := DefaultEscape()
	cfg.Every, cfg.Steps, cfg.Lags = 1, 400, []int{3, 6, 12}
	e := &escape{cfg: cfg, eta: eta}
	var pulls []float64
	for repeat := range 200 {
		src := rng.New(5, repeat, "escape", "")
		blocks := make([][]float64, 60)
		for i := range blocks {
			blocks[i] = e.block(twoState(src, cfg.Steps, up, down))
		}
		value, stderr, reason := e.relaxationRate(blocks)
		if reason != "" {
			t.Errorf("repeat %d: refused: %s", repeat, reason)
			continue
		}
		pulls = append(pulls, (value-want)/stderr)
	}
	mean, err := meanAndError(pulls)
	if sd := err * math.Sqrt(float64(len(pulls))); !(sd > 0.85 && sd < 1.15) || math.Abs(mean) > 0.35 {
		t.Errorf("pulls have mean %.2f and standard deviation %.2f", mean, sd)
	}

	src := rng.New(6, 0, "escape", "")
	white, ramp := make([][]float64, 60), make([][]float64, 60)
	for i := range white {
		white[i] = e.block(twoState(src, cfg.Steps, 0.5, 0.5))
		drifting := twoState(src, cfg.Steps, up, down)
		for k := range 100 {
			drifting[k] = 0
		}
		ramp[i] = e.block(drifting)
	}
	for name, b := range map[string][][]float64{"white noise": white, "a drift": ramp} {
		if v, _, reason := e.relaxationRate(b); reason == "" {
			t.Errorf("%s gives the rate %v", name, v)
		}
	}
}

// twoState is a stationary chain that goes up and down with the probabilities given.
func twoState(src *rng.Stream, n int, up, down float64) []byte {
	z := make([]float64, n)
	src.Normals(z)
	h := make([]byte, n)
	state := byte(0)
	below := func(z, p float64) bool { return 0.5*math.Erfc(-z/math.Sqrt2) < p }
	for i, x := range z {
		switch {
		case i == 0:
			if below(x, up/(up+down)) {
				state = 1
			}
		case state == 0 && below(x, up):
			state = 1
		case state == 1 && below(x, down):
			state = 0
		}
		h[i] = state
	}
	return h
}

// TestPassageOnly: chains that end with the passage pass at the same step, keep no record, and
// give the same number.
func TestPassageOnly(t *testing.T) {
	o := ornstein{rates: []float64{1}, eta: 0.1, temper: 1}
	m, err := o.model()
	if err != nil {
		t.Fatal(err)
	}
	means := map[bool]string{}
	for _, only := range []bool{false, true} {
		cfg := DefaultEscape()
		cfg.Observable, cfg.Threshold, cfg.Chains, cfg.Warmup, cfg.Steps, cfg.Only = "x0", 1.5, 20, 0, 4000, only
		if only {
			cfg.Lags = nil
		}
		r, err := NewEscape(cfg, o.env(0), m)
		if err != nil {
			t.Fatal(err)
		}
		var parts []any
		for i := range r.Parts() {
			p, err := r.Run(context.Background(), i, func(float64) {})
			if err != nil {
				t.Fatal(err)
			}
			if kept := len(p.(*EscapePart).Above); (kept == 0) != only {
				t.Errorf("passage_only = %v: %d records", only, kept)
			}
			parts = append(parts, p)
		}
		dir := t.TempDir()
		out := NewOutput(dir, "escape")
		if outcome, err := r.Finish(parts, out); err != nil || only && outcome.Status != OK {
			t.Fatal(outcome, err)
		}
		if err := out.Commit(); err != nil {
			t.Fatal(err)
		}
		tables := tablesIn(t, dir)
		for _, row := range tables["escape"] {
			if row["quantity"] == "first_passage" {
				means[only] = row["value"] + " " + row["stderr"]
			}
		}
		if p := tables["phase"]; len(p) != 1 || p[0]["mean"]+" "+p[0]["stderr"] != means[only] || p[0]["ess"] != "20" {
			t.Errorf("phase.csv has %v", p)
		}
	}
	if means[true] == "" || means[true] != means[false] {
		t.Errorf("first passages %v", means)
	}
}
