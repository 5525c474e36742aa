package engine

import (
	"math"
	"strings"
	"testing"

	"machlup/analysis"
	"machlup/langevin/langevintest"
)

// scaledResults are results with exact errors of 0.01, whose U₄, ⟨|m|⟩ and χ all are y.
func scaledResults(sizes []float64, y func(size, control float64) float64) (out []*sizeResult) {
	for _, size := range sizes {
		r := &sizeResult{size: size, chiAt: 1}
		for i := range 13 {
			control := 0.7 + 0.05*float64(i)
			p := pointResult{control: control}
			p.stats.Value = make([]analysis.Estimate, len(analysis.TransitionNames))
			for q := range p.stats.Value {
				p.stats.Value[q] = analysis.Estimate{Value: y(size, control), StdErr: 0.01}
			}
			r.points = append(r.points, p)
		}
		out = append(out, r)
	}
	return out
}

func scalingTables(t *testing.T, window float64, results []*sizeResult) map[string][]map[string]string {
	t.Helper()
	dir := t.TempDir()
	s := analysisInto(dir, func(s *sweepAnalysis) { s.cfg.Window = window })
	s.scaling(results, nil)
	if err := s.out.Commit(); err != nil {
		t.Fatal(err)
	}
	return tablesIn(t, dir)
}

// TestScalingTables: a collapse that is right, which of its points the fit used, and one that is
// refused: no number but S, the reason in every row, and no points to draw.
func TestScalingTables(t *testing.T) {
	sizes := []float64{16, 64, 256}
	tanh := func(size, control float64) float64 { return math.Tanh((control - 1) * math.Sqrt(size)) }
	for _, window := range []float64{0, 2} {
		tables := scalingTables(t, window, scaledResults(sizes, tanh))
		for _, r := range tables["scaling"] {
			want := map[string]float64{"critical": 1, "a": 0.5}[r["parameter"]]
			if r["quantity"] == "binder" && want != 0 && !(math.Abs(parse(t, r["value"])-want) < 2*parse(t, r["stderr"]) && parse(t, r["stderr"]) < 0.1 && strings.HasPrefix(r["status"], "ok")) {
				t.Errorf("window %v: %v", window, r)
			}
		}
		out := 0
		for _, r := range tables["scaling_points"] {
			inside := window == 0 || math.Abs(parse(t, r["x"])) <= window
			if (r["used"] == "1") != inside {
				t.Errorf("window %v: %v", window, r)
			}
			if !inside {
				out++
			}
		}
		if (out > 0) != (window > 0) {
			t.Errorf("window %v: %d points left out", window, out)
		}
	}
	tables := scalingTables(t, 0, scaledResults(sizes, func(size, control float64) float64 { return math.Sin(5*control + size) }))
	if len(tables["scaling_points"]) > 0 {
		t.Error("points of a collapse that was refused")
	}
	if len(tables["scaling"]) < 6 {
		t.Errorf("rows of refused collapses: %v", tables["scaling"])
	}
	for _, r := range tables["scaling"] {
		if (r["value"] != "") != (r["parameter"] == "quality") || r["stderr"] != "" || !strings.Contains(r["status"], "refused") {
			t.Errorf("refused: %v", r)
		}
	}
}

// TestScalingMutants plants mistakes in the tables of a data collapse.
func TestScalingMutants(t *testing.T) {
	const file, run = "sweep_analysis.go", "^TestScalingTables$"
	langevintest.KillMutantsTogether(t, "engine", []langevintest.Mutant{
		{Name: "refused and written", File: file, Old: "if err != nil {\n\t\t\ts.refuseCollapse(name, fit, q.free, err)", New: "if err != nil && pick(MUTANT, false, true) {\n\t\t\ts.refuseCollapse(name, fit, q.free, err)", Run: run},
		{Name: "all points used", File: file, Old: "math.Abs(x) > s.cfg.Window {", New: "math.Abs(x) > s.cfg.Window*pick(MUTANT, 99.0, 1.0) {", Run: run},
		{Name: "window in the control parameter", File: file, Old: "x, used := (x-fit.Critical.Value)*sa, 1", New: "x, used := (x-fit.Critical.Value)*pick(MUTANT, 1, sa), 1", Run: run},
	})
}
