package engine

import (
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"machlup/analysis"
	"machlup/internal/record"
	"machlup/internal/rng"
	"machlup/langevin/exact"
)

// spinDraws are independent draws of Curie–Weiss spins from the exact law at β.
func spinDraws(src *rand.Rand, n int, beta float64, draws int) (m, e []float64) {
	law := exact.CurieWeiss(n)
	var cdf []float64
	sum, logZ := 0.0, law.At(beta, 0).LogZ
	for i := range law.M {
		sum += math.Exp(law.LogG[i] - beta*law.E[i] - logZ)
		cdf = append(cdf, sum)
	}
	for range draws {
		u, i := src.Float64(), 0
		for i < len(cdf)-1 && cdf[i] < u {
			i++
		}
		m, e = append(m, law.M[i]/float64(n)), append(e, law.E[i])
	}
	return m, e
}

// sweepOfSpins are two chains for each size and β.
func sweepOfSpins(seed uint64, sizes []int, betas []float64, draws int) []*sweepSize {
	src := rand.New(rand.NewPCG(seed, 1))
	var tasks []sweepTask
	for _, n := range sizes {
		for _, b := range betas {
			t := sweepTask{label: "transition/point", series: "transition", size: float64(n), control: b}
			for range 2 {
				m, e := spinDraws(src, n, b, draws)
				t.m, t.e = append(t.m, m), append(t.e, e)
			}
			tasks = append(tasks, t)
		}
	}
	return gather(tasks)
}

// analysisInto is the analysis of a sweep of spins that writes into a directory.
func analysisInto(dir string, change func(*sweepAnalysis)) *sweepAnalysis {
	out := NewOutput(dir, "transition")
	cfg := defaultSweep()
	cfg.ChiNorm, cfg.Symmetric, cfg.Resamples = "size", true, 20
	s := &sweepAnalysis{cfg: cfg, name: "transition", observable: record.Column{Name: "m", Unit: "1"}, energy: true, conjugate: "beta",
		bins: 20, curve: 21, src: rng.New(1, 0, "test", ""), out: out}
	if change != nil {
		change(s)
	}
	return s
}

// analyse runs the analysis and returns its tables as rows of column → cell.
func analyse(t *testing.T, sizes []*sweepSize, change func(*sweepAnalysis)) map[string][]map[string]string {
	t.Helper()
	dir := t.TempDir()
	s := analysisInto(dir, change)
	s.run(sizes)
	if err := s.out.Commit(); err != nil {
		t.Fatal(err)
	}
	return tablesIn(t, dir)
}

// tablesIn reads the tables of a directory.
func tablesIn(t *testing.T, dir string) map[string][]map[string]string {
	t.Helper()
	tables := map[string][]map[string]string{}
	paths, _ := filepath.Glob(filepath.Join(dir, "*.csv"))
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(f).ReadAll()
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(p), ".csv")
		for _, r := range records[1:] {
			row := map[string]string{}
			for i, c := range records[0] {
				row[c] = r[i]
			}
			tables[name] = append(tables[name], row)
		}
	}
	return tables
}

// silent reports rows whose main number is missing without a reason.
func silent(t *testing.T, tables map[string][]map[string]string) {
	t.Helper()
	main := map[string]string{"transition": "value", "reweighted": "value", "crossings": "control", "scaling": "value", "summary": "value"}
	for name, column := range main {
		for _, row := range tables[name] {
			status := row["status"]
			if row[column] == "" && (status == "" || strings.HasPrefix(status, "ok")) {
				t.Errorf("%s.csv: no %s and no reason: %v", name, column, row)
			}
			for _, cell := range row {
				if strings.Contains(cell, "NaN") || strings.Contains(cell, "Inf") {
					t.Errorf("%s.csv: %v", name, row)
				}
			}
		}
	}
}

func verdictOf(t *testing.T, tables map[string][]map[string]string) string {
	t.Helper()
	for _, row := range tables["verdict"] {
		if row["clue"] == "verdict" {
			return row["supports"]
		}
	}
	t.Fatal("no verdict")
	return ""
}

// TestSweepOfCurieWeiss: the whole analysis on exact draws: every quantity at every point, the
// curve, the crossing of U₄, and the verdict.
func TestSweepOfCurieWeiss(t *testing.T) {
	sizes := []int{32, 128, 512}
	tables := analyse(t, sweepOfSpins(5, sizes, []float64{0.9, 0.95, 1, 1.05, 1.1, 1.15, 1.2}, 4000), nil)
	silent(t, tables)
	check := func(what string, value, stderr, want, cap float64) {
		t.Helper()
		if z := (value - want) / stderr; !(math.Abs(z) < 4.5) || stderr > cap { // of 1000 numbers
			t.Errorf("%s: %v ± %v, exact %v", what, value, stderr, want)
		}
	}
	number := func(cell string) float64 {
		v, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			t.Fatalf("%q is not a number", cell)
		}
		return v
	}
	seen := 0
	for _, name := range []string{"transition", "reweighted"} {
		for _, row := range tables[name] {
			n, b := int(number(row["size"])), number(row["control"])
			law := exact.CurieWeiss(n).At(b, 0)
			want := map[string]float64{"abs_m": law.Abs, "m2": law.M2, "m4": law.M4, "chi": law.Chi(n), "binder": law.U4(), "energy": law.Energy, "heat_capacity": law.Capacity(b, n),
				"log_z": law.LogZ - exact.CurieWeiss(n).At(0.9, 0).LogZ}[row["quantity"]]
			if row["quantity"] == "log_z" && b == 0.9 { // 0 by definition
				if v := number(row["value"]); math.Abs(v) > 1e-9 {
					t.Errorf("ln Z relative to itself is %v", v)
				}
				continue
			}
			check(name+" "+row["quantity"], number(row["value"]), number(row["stderr"]), want, 0.05*math.Max(1, math.Abs(want)))
			seen++
		}
	}
	if seen != 3*7*7+3*21*7+3*20 {
		t.Errorf("%d numbers", seen)
	}
	for i, row := range tables["crossings"] {
		want := exact.Crossing(exact.CurieWeiss(sizes[i]), exact.CurieWeiss(sizes[i+1]), 0.9, 1.2)
		check("crossing", number(row["control"]), number(row["control_stderr"]), want, 0.02)
	}
	if len(tables["crossings"]) != 2 || verdictOf(t, tables) != "continuous-like" {
		t.Errorf("crossings %v, verdict %v", tables["crossings"], tables["verdict"])
	}
}

// TestSweepOverTemperature: the same law swept over T = 1/β, points and curve against exact sums.
func TestSweepOverTemperature(t *testing.T) {
	sizes := sweepOfSpins(8, []int{64}, []float64{0.9, 1, 1.1}, 3000)
	for i, j := 0, 2; i < j; i, j = i+1, j-1 {
		sizes[0].points[i], sizes[0].points[j] = sizes[0].points[j], sizes[0].points[i]
	}
	for _, p := range sizes[0].points {
		p.control = 1 / p.control
	}
	tables := analyse(t, sizes, func(s *sweepAnalysis) { s.conjugate = "temperature" })
	silent(t, tables)
	seen := 0
	for _, name := range []string{"transition", "reweighted"} {
		for _, row := range tables[name] {
			var v [3]float64
			for i, c := range []string{"control", "value", "stderr"} {
				var err error
				if v[i], err = strconv.ParseFloat(row[c], 64); err != nil {
					t.Fatal(name, row)
				}
			}
			beta := 1 / v[0]
			law := exact.CurieWeiss(64).At(beta, 0)
			want, known := map[string]float64{"abs_m": law.Abs, "chi": law.Chi(64), "energy": law.Energy, "heat_capacity": law.Capacity(beta, 64)}[row["quantity"]]
			if !known {
				continue
			}
			seen++
			if z := (v[1] - want) / v[2]; math.Abs(z) > 4 || v[2] > 0.1*math.Abs(want) {
				t.Errorf("%s, T = %v: %s is %v ± %v, exact %v", name, v[0], row["quantity"], v[1], v[2], want)
			}
		}
	}
	if seen != 4*(3+21) {
		t.Errorf("%d numbers", seen)
	}
}

// TestSweepRefuses: each number that cannot be given says so, and none is missing in silence.
func TestSweepRefuses(t *testing.T) {
	betas := []float64{0.9, 1, 1.1, 1.2}
	status := func(tables map[string][]map[string]string, table string) string {
		var all []string
		for _, row := range tables[table] {
			all = append(all, row["status"])
		}
		return strings.Join(all, "\n")
	}
	drifting := sweepOfSpins(6, []int{32, 64}, betas, 1000)
	for i := range drifting[0].points[1].m[0] {
		drifting[0].points[1].m[0][i] += float64(i) / 500
	}
	apart := sweepOfSpins(6, []int{32, 64}, betas, 1000)
	for i := range apart[1].points[2].m[0] {
		apart[1].points[2].m[0][i], apart[1].points[2].m[1][i] = 0.5+0.1*apart[1].points[2].m[0][i], -0.5+0.1*apart[1].points[2].m[1][i]
	}
	lost := sweepOfSpins(6, []int{32, 64}, betas, 1000)
	lost[0].points[0].m, lost[0].points[0].e, lost[0].points[0].diverged = nil, nil, 2
	other := sweepOfSpins(6, []int{32, 64}, betas, 1000) // E of a law whose own energy depends on β
	for _, z := range other {
		for _, p := range z.points {
			for _, e := range p.e {
				for i := range e {
					e[i] *= p.control * p.control
				}
			}
		}
	}
	for _, c := range []struct {
		name, table, reason string
		sizes               []*sweepSize
		change              func(*sweepAnalysis)
	}{
		{"one point", "reweighted", "one point of the control parameter", sweepOfSpins(6, []int{32, 64}, betas[:1], 1000), nil},
		{"one point", "crossings", "two are needed", sweepOfSpins(6, []int{32, 64}, betas[:1], 1000), nil},
		{"one size", "crossings", "one size", sweepOfSpins(6, []int{32}, betas, 1000), nil},
		{"one size", "scaling", "one size", sweepOfSpins(6, []int{32}, betas, 1000), nil},
		{"no overlap", "reweighted", "low-overlap", sweepOfSpins(6, []int{400, 800}, []float64{0.3, 1, 1.9}, 1000), nil},
		{"never equilibrated", "transition", "not-", drifting, nil},
		{"never equilibrated", "reweighted", "1 of 4 points have no statistics", drifting, nil},
		{"never equilibrated", "summary", "without statistics 1 of 4 points, perhaps the slowest", drifting, nil},
		{"opposite starts stay apart", "transition", "not-equilibrated", apart, func(s *sweepAnalysis) { s.cfg.Symmetric = false }},
		{"an energy that depends on the control", "reweighted", "of the energy named", other, nil},
		{"diverged", "transition", "every trajectory diverged", lost, nil},
		{"maximum not seen", "summary", "χ is largest at the end", sweepOfSpins(6, []int{32, 64}, []float64{0.5, 0.6, 0.7}, 1000), nil},
		{"curves do not cross", "crossings", "do not lie apart", sweepOfSpins(6, []int{32, 64}, []float64{0.5, 0.6, 0.7}, 1000), nil},
	} {
		tables := analyse(t, c.sizes, c.change)
		silent(t, tables)
		if c.name == "never equilibrated" {
			for _, row := range tables["summary"] {
				if row["quantity"] == "slowing exponent" && row["value"] != "" {
					t.Errorf("%s: slowing exponent %s of the points that are left", c.name, row["value"])
				}
			}
		}
		if s := status(tables, c.table); !strings.Contains(s, c.reason) {
			t.Errorf("%s: %s.csv says %q, want %q", c.name, c.table, s, c.reason)
		}
		if v := verdictOf(t, tables); v != "undecided" {
			t.Errorf("%s: the verdict is %s", c.name, v)
		}
	}
}

// TestSweepConfigRefuses: the keys that say what is swept.
func TestSweepConfigRefuses(t *testing.T) {
	for key, change := range map[string]func(*SweepConfig){
		"size_value": func(c *SweepConfig) { c.SizeValue = "width" },
		"chi_norm":   func(c *SweepConfig) { c.ChiNorm = "N" },
		"control":    func(c *SweepConfig) { c.Control, c.Size = "a.b", "a.b" },
	} {
		c := defaultSweep()
		change(&c)
		err, ok := c.check().(*KeyError)
		if !ok || err.Key != key {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// TestSeriesOfTwoPlayers: the rates of two players end alike, and are two keys.
func TestSeriesOfTwoPlayers(t *testing.T) {
	const g, d, control = "trainer.generator.sgd.eta", "trainer.discriminator.sgd.eta", "noise.temperature_g"
	c := defaultSweep()
	c.Control = control
	place := func(a, b string) string {
		return c.place(Finished{Group: "phase/point", Swept: map[string]string{g: a, d: b, control: "0.1"}}, 1).series
	}
	if a, b := place("0.02", "0.5"), place("0.5", "0.02"); a == b || a != "phase/trainer.discriminator.sgd.eta=0.5,trainer.generator.sgd.eta=0.02" {
		t.Errorf("series %q and %q", a, b)
	}
	one := c.place(Finished{Group: "phase/point", Swept: map[string]string{g: "0.02", control: "0.1"}}, 1).series
	if one != "phase/eta=0.02" {
		t.Errorf("series %q", one)
	}
}

// TestLabelOfPooledStarts: a row over several starts claims none of them.
func TestLabelOfPooledStarts(t *testing.T) {
	c := defaultSweep()
	c.Control, c.Starts = "system.ising.beta", "system.ising.start"
	swept := map[string]string{"system.ising.beta": "0.4", "system.ising.side": "4", "system.ising.start": "up"}
	for group, want := range map[string]string{
		"transition/side=4,beta=0.4,start=up": "transition/side=4,beta=0.4",
		"transition/start=up,beta=0.4,side=4": "transition/beta=0.4,side=4",
		"transition/beta=0.4,start=up,side=4": "transition/beta=0.4,side=4",
	} {
		if got := c.place(Finished{Group: group, Swept: swept}, 16).label; got != want {
			t.Errorf("%s: label %q", group, got)
		}
	}
	swept["trainer.generator.start"] = "file" // another start: the label spells both keys out
	full := "transition/beta=0.4,system.ising.start=up,trainer.generator.start=file"
	if got := c.place(Finished{Group: full, Swept: swept}, 16).label; got != "transition/beta=0.4,trainer.generator.start=file" {
		t.Errorf("label %q", got)
	}
	c.Starts = ""
	if got := c.place(Finished{Group: full, Swept: swept}, 16).label; got != full {
		t.Errorf("without starts: label %q", got)
	}
}

// TestLoopOfAFallingOrderParameter: the lag of an m that falls with the control parameter is
// evidence as that of one that rises.
func TestLoopOfAFallingOrderParameter(t *testing.T) {
	for _, sign := range []float64{1, -1} {
		h := &hysteresis{cfg: HysteresisConfig{Observable: "m", From: 0, To: 2, Points: 3, Dwells: []int{10, 20}, Chains: 3}, size: 7}
		var parts []any
		for range h.cfg.Dwells {
			for chain := range h.cfg.Chains {
				lag := sign * (1 + 0.1*float64(chain))
				parts = append(parts, &HysteresisPart{DivergedStep: -1, Mean: []float64{0, 0, 0, lag, lag, lag}})
			}
		}
		r := h.Condense(parts)[0].(*rampResult)
		if r.Observable != "m" || r.Slowest == nil || math.Abs(r.Slowest.Value-2.2) > 1e-12 {
			t.Errorf("sign %v: %+v", sign, r.Slowest)
		}
		if areas, _ := h.areas(parts); math.Abs(areas[0].Value-sign*2.2) > 1e-12 {
			t.Errorf("sign %v: area %v", sign, areas[0])
		}
	}
}

// Loops of the order parameter are evidence in a verdict; those of another observable are not.
func TestLoopOfAnotherObservable(t *testing.T) {
	for observable, want := range map[string]bool{"m": true, "": true, "rho": false} {
		tables := analyse(t, sweepOfSpins(6, []int{32, 64}, []float64{0.8, 1, 1.2}, 1000), func(s *sweepAnalysis) {
			s.observable.Name = "m"
			s.ramps = []*rampResult{{Observable: observable, Size: 64, Slowest: &analysis.Estimate{Value: 1, StdErr: 0.1}, Exponent: &analysis.Estimate{Value: 0.05, StdErr: 0.01}}}
		})
		got := false
		for _, r := range tables["verdict"] {
			got = got || r["clue"] == "hysteresis"
		}
		if got != want {
			t.Errorf("a loop of %q: evidence %v, want %v", observable, got, want)
		}
	}
}
