package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"machlup/internal/engine"
)

// transitionRun is a sweep of two sizes over four values with every table of a transition; some
// cells are missing, as where a number was refused.
func transitionRun(t *testing.T, dir string) {
	s := newSynthetic(t, dir)
	const series = "transition"
	for _, size := range []int{16, 64} {
		for i, beta := range []float64{0.9, 1, 1.1, 1.2} {
			task := fmt.Sprintf("transition/spins=%d,beta=%v", size, beta)
			for _, start := range []string{"up", "mixed"} { // pooled in what follows
				s.add(tasksSchema("system.curie-weiss.spins", "system.curie-weiss.beta", "system.curie-weiss.start"), task+",start="+start+"/r0", "h", 0, "ok", nil, fmt.Sprint(size), fmt.Sprint(beta), start)
			}
			for _, q := range []string{"abs_m", "chi", "binder", "heat_capacity"} {
				value, err := any(1/(1+math.Exp(-float64(size)*(beta-1.05)))), any(0.02)
				if q == "chi" && i == 2 {
					value, err = nil, nil
				}
				s.add(engine.Transition, task, series, float64(size), beta, q, value, err, nil, 1.0, 100.0, 1.0, 2, 40, "ok")
				s.add(engine.Phase, task, float64(size), q, value, err, 1.0, 100.0, 1.0)
			}
			for b := range 8 {
				m := float64(b)/4 - 1
				s.add(engine.OrderLawTable, task, series, float64(size), beta, m, m+0.25, 0.5, 0.1, m*m, 0.2, "points")
			}
		}
		for k := range 10 {
			beta := 0.9 + float64(k)/30
			s.add(engine.Reweighted, series, float64(size), beta, "binder", 1/(1+math.Exp(-float64(size)*(beta-1.05))), 0.01, 50.0, "ok")
		}
		s.add(engine.ScalingPoints, series, "binder", float64(size), 1.0, 0.1, 0.3, 0.02, 1)
		s.add(engine.ScalingPoints, series, "binder", float64(size), 1.1, 0.5, 0.4, 0.02, 0)
	}
	s.add(engine.Crossings, series, 16.0, 64.0, 1.05, 0.01, 0.5, 0.02, "reweighted", 100.0, "ok")
	s.add(engine.Crossings, series, 64.0, 256.0, nil, nil, nil, nil, "reweighted", nil, "refused")
	s.add(engine.Scaling, series, "binder", "critical", 1.03, 0.01, 100, "ok")
	s.add(engine.Scaling, series, "chi", "critical", nil, nil, nil, "analysis: data collapse (S) refused (not-converged): found 15.59, limit 5; the curves do not collapse")
	s.add(engine.Scaling, series, "chi", "quality", 15.59, nil, nil, "refused")
	for _, rate := range []float64{1e-3, 1e-2, 1e-1} {
		for i := range 10 {
			s.add(engine.HysteresisTable, "hysteresis/r0", 16.0, "m", rate, 10, []string{"there", "back"}[i/5], float64(min(i, 9-i)), math.Tanh(float64(i)-4), 0.05, 8, "system.curie-weiss.field")
		}
		s.add(engine.HysteresisArea, "hysteresis/r0", 16.0, rate, 10, math.Sqrt(rate), 0.1*math.Sqrt(rate), 8, "ok", "m", "system.curie-weiss.field", -0.5, 0.5)
	}
	for _, temperature := range []float64{0.5, 1, 2} {
		s.add(engine.ArrheniusTable, "phase", 16.0, temperature, 1/temperature, math.Exp(-1/temperature), 0.05, -1/temperature, 0.1, -1/temperature, 0.05, "ok")
	}
	s.add(engine.ArrheniusTable, "phase", 16.0, 0.0, nil, nil, nil, nil, nil, nil, nil, "no escape seen")
	s.commit()
}

// TestFiguresOfATransition: all figures of a sweep are made of whole and of incomplete tables.
func TestFiguresOfATransition(t *testing.T) {
	dir := t.TempDir()
	transitionRun(t, dir)
	figures(t, dir)
	names := made(t, dir)
	for _, want := range []string{"transition", "crossings", "scaling", "order-law", "hysteresis", "arrhenius", "phase-diagram"} {
		if !slices.Contains(names, want) && !slices.Contains(names, want+".png") {
			t.Errorf("no figure %s among %v", want, names)
		}
	}
	checkFigures(t, dir)
	note := scalingFigure(open(dir)).note
	for _, want := range []string{"Grey: outside collapse_window", "Not drawn: susceptibility χ (not-converged: data collapse (S) 15.59 (limit 5))."} {
		if !strings.Contains(note, want) {
			t.Errorf("the note of the collapse is %q, want %q", note, want)
		}
	}
}

// TestPooledStarts: points that pool different starts keep their other values, and name no start.
func TestPooledStarts(t *testing.T) {
	dir := t.TempDir()
	transitionRun(t, dir)
	r := open(dir)
	const point = "spins=64,beta=1.1"
	if got := r.title(point, "system.curie-weiss.beta"); got != "spins = 64" {
		t.Errorf("title %q", got)
	}
	if v := r.number(point, "system.curie-weiss.beta"); v != 1.1 || r.value(point, "system.curie-weiss.start") != "" {
		t.Errorf("β %v, start %q", v, r.value(point, "system.curie-weiss.start"))
	}
	if got := r.title(point + ",start=mixed"); got != "spins = 64, beta = 1.1, mixed" {
		t.Errorf("title of one start %q", got)
	}
	if r.known("spins=64,beta=7") || r.known("spins=6") {
		t.Error("a point of no task is known")
	}
}

// TestClosingOfChains: draws of chains are no replicas, and only means are in mean brackets.
func TestClosingOfChains(t *testing.T) {
	dir := t.TempDir()
	transitionRun(t, dir)
	want := `Order parameter           effective draws      ⟨|m|⟩          χ         U₄     C/size
  spins = 16, beta = 0.9              100  0.083(20)  0.083(20)  0.083(20)  0.083(20)
`
	if got := closing(t, dir); !strings.HasPrefix(got, want) || strings.Contains(got, "replicas") {
		t.Error(got)
	}
}

// TestHysteresisFigure: a panel for each task, which names it, areas with their sign, and a legend of the tasks.
func TestHysteresisFigure(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	for n, hidden := range []string{"[2]", "[4]", "[8]", "[16]"} {
		task := "hysteresis/hidden=" + hidden + "/r0"
		s.add(tasksSchema("system.mlp.generator.hidden"), task, "h", 0, "ok", nil, hidden)
		for k, rate := range []float64{1e-3, 1e-1} {
			for i := range 10 {
				s.add(engine.HysteresisTable, task, 16.0, "rho", rate, 10*(k+1), []string{"there", "back"}[i/5], float64(min(i, 9-i)), float64(n), 0.05, 8, "system.mlp.mixture.bias")
			}
			s.add(engine.HysteresisArea, task, 16.0, rate, 10*(k+1), -0.5*float64(k), 0.1, 8, "ok", "rho", "system.mlp.mixture.bias", -0.5, 0.5)
		}
	}
	s.commit()
	page := hysteresisFigure(open(dir))
	var titles, legend []string
	for _, p := range page.panels() {
		titles = append(titles, p.heading.text)
	}
	for _, e := range page.legend {
		legend = append(legend, e.text)
	}
	if want := []string{"ramp of the bias, hidden = [2]", "ramp of the bias, hidden = [4]", "ramp of the bias, hidden = [16]", "area"}; !slices.Equal(titles, want) {
		t.Errorf("panels %q", titles)
	}
	for _, want := range []string{"area, hidden = [2]", "area, hidden = [8]", "10 steps at each value", "back"} {
		if !slices.Contains(legend, want) {
			t.Errorf("legend %q: no %q", legend, want)
		}
	}
	if a := page.panels()[3]; a.Y.Min > -0.6 || a.Y.Max < 0 || a.y.log || !a.x.log {
		t.Errorf("area from %v to %v, logarithmic %v", a.Y.Min, a.Y.Max, a.y.log)
	}
	if !strings.HasSuffix(page.note, "Shown: 3 of 4 loops, evenly chosen.") {
		t.Error(page.note)
	}
}

// TestOnePoint: a sweep of one point is quoted once, and reasons name no package.
func TestOnePoint(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	s.add(tasksSchema("system.curie-weiss.beta"), "transition/beta=1/r0", "h", 0, "ok", nil, "1")
	for _, q := range []string{"abs_m", "binder"} {
		s.add(engine.Transition, "transition/beta=1", "transition", 32.0, 1.0, q, 0.3, 0.01, nil, 1.0, 100.0, 1.001, 2, 40, "ok")
	}
	s.add(engine.VerdictTable, "transition", "missing", nil, nil, "", "", "size 32, curve: analysis: free energy between states 0 and 1 refused (low-overlap): found 1e-10, limit 0.03; put states in between or draw longer")
	s.add(engine.VerdictTable, "transition", "verdict", nil, nil, "undecided", "", "m: the evidence does not decide")
	s.commit()
	want := []string{
		"verdict: undecided (m: the evidence does not decide). The evidence: missing: size 32, curve: free energy between states 0 and 1 refused (low-overlap): found 1e-10, limit 0.03; put states in between or draw longer.",
		"A system of fixed size has no singularity: a verdict is about the sizes and values swept.",
		"chains from different starts agree: the worst R̂ of 1 point is 1.001 (size 32, control 1).",
		"size 32: ⟨|m|⟩ 0.300(10) and U₄ 0.300(10) at 1. U₄ is 0 for a normal law about 0, ⅔ for two sharp states.",
	}
	if got := transitionFindings(open(dir)); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
