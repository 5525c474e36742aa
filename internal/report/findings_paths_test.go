package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"machlup/analysis"
	"machlup/internal/engine"
	"machlup/internal/record"
)

// The bend of ln Z/K, its width and its growth with K are those of the table.
func TestTrajectoryFindings(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	row := func(task, quantity string, at, v, e float64) {
		s.add(engine.Partition, task, quantity, "mbar", "s", at, "measure", v, e, e, nil, nil, nil, 100.0, nil, "ok")
	}
	for _, k := range []struct {
		name string
		n    float64
	}{{"10", 10}, {"20", 20}, {"40", 40}} {
		task := "exchange/steps=" + k.name + "/r0"
		s.add(tasksSchema("path.steps"), task, "0123456789abcdef", 0, "ok", nil, k.name)
		for i, at := range []float64{0, 0.1, 0.2} {
			row(task, "tilt_mean", at, -k.n*float64(i)/2, 0.01*k.n)
			row(task, "tilt_variance", at, k.n*k.n/(1+float64(i)), 0.02*k.n*k.n)
		}
		row(task, "log_z_ratio", 0.2, 0.1*k.n, 0.01)
	}
	s.add(engine.Summary, "scgf/steps=10/r0", "scgf", 0.12, 0.01, nil, nil, "1/step", "ok")
	s.add(engine.Summary, "scgf/steps=10/r0", "scgf_slope", 0.9, 0.1, nil, nil, "observable", "ok")
	s.commit()
	want := []string{
		"K = 10: ln Z/K is 0.1000(10) at s = 0.2, ∂²(ln Z/K)/∂s² is largest at s = 0, 10.00(20); ⟨o⟩_s goes from 0.000(10) to −1.000(10) between s = 0 and 0.2, a crossover of width 0.1 = 1/K. " +
			"K = 20: ln Z/K is 0.10000(50) at s = 0.2, ∂²(ln Z/K)/∂s² is largest at s = 0, 20.00(40); ⟨o⟩_s goes from 0.000(10) to −1.000(10) between s = 0 and 0.2, a crossover of width 0.05 = 1/K. " +
			"K = 40: ln Z/K is 0.10000(25) at s = 0.2, ∂²(ln Z/K)/∂s² is largest at s = 0, 40.00(80); ⟨o⟩_s goes from 0.000(10) to −1.000(10) between s = 0 and 0.2, a crossover of width 0.025 = 1/K.",
		"The largest bend grows as K to the power 1.000(20) over all lengths, 1.000(41) between the two longest: it still sharpens. The power is 1 while paths stay in the state that they chose, and 0 beyond the time of a hop.",
		"In the limit of long paths, by the growth of log Z with K: ψ = 0.120(10) at s =  (slope 0.90(10)).",
	}
	r := open(dir)
	if d := cmp.Diff(want, trajectoryFindings(r)); d != "" || r.err != nil {
		t.Error(d, r.err)
	}
	check(t, Figures(dir))
	if made := made(t, dir); !strings.Contains(strings.Join(made, " "), "trajectory-transition") {
		t.Error(made)
	}
}

// A bend that is largest at the end of the ladder, and grows faster than of two states, is told as
// such; without log Z nothing is said of it.
func TestTrajectoryThatHasNotSettled(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	for _, k := range []float64{10, 20, 40} {
		name := fmt.Sprint(k)
		task := "exchange/steps=" + name + "/r0"
		s.add(tasksSchema("path.steps"), task, "0123456789abcdef", 0, "ok", nil, name)
		for i, at := range []float64{-0.2, -0.1, 0} {
			s.add(engine.Partition, task, "tilt_mean", "mbar", "s", at, "measure", k*float64(3-i), 0.01*k, 0.01*k, nil, nil, nil, 100.0, nil, "ok")
			s.add(engine.Partition, task, "tilt_variance", "mbar", "s", at, "measure", k*k*k*k/float64(1+i), 1.0, 1.0, nil, nil, nil, 100.0, nil, "ok")
		}
		s.add(engine.Partition, task, "log_z_ratio", "mbar", "s", -0.2, "measure", nil, nil, nil, nil, nil, nil, 100.0, nil, "no-estimate: why")
	}
	s.commit()
	text := strings.Join(trajectoryFindings(open(dir)), " ")
	for _, want := range []string{"K = 40: ∂²", "is largest at s = −0.2, the end of the ladder", "to the power 3", "or an instability makes them grow", "there may be a larger one beyond."} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in: %s", want, text)
		}
	}
}

// The action of a path stands beside the barrier under it and the slope of measured times.
func TestInstantonFindings(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	path := engine.MinimumPath([]record.Column{{Name: "rho", Unit: "1", Doc: "rho", Type: record.Float}})
	for i, temperature := range []string{"0.01", "0.02", "0.04"} {
		task := "minimum-action/temperature=" + temperature + "/r0"
		s.add(tasksSchema("trainer.euler-maruyama.temperature"), task, "0123456789abcdef", 0, "ok", nil, temperature)
		at := []float64{0.01, 0.02, 0.04}[i] // the potential falls by 2T: of a prior
		s.add(engine.Summary, task, "S_min·T", 0.06-2*at, nil, 0.05-2*at, nil, "energy", "ok")
		s.add(path, task, 0, 0.0, 0.0, -1.0, 0.2)
		s.add(path, task, 8, 1.6, 3.0, -1.5, 0.9)
		for slice := range 2 {
			for bin := range 4 {
				s.add(engine.Density, task, 8*slice, float64(bin), 0.25, 0.01, 0.2)
			}
		}
		s.add(engine.Escape, "escape/temperature="+temperature+"/r0", "first_passage", nil, []float64{1484.13, 121.825, 34.9034}[i], []float64{14.8413, 1.21825, 0.349034}[i], 32.0, "time", "ok")
	}
	s.commit()
	want := []string{"At temperature = 0.01: the path of least action out of collapse costs S_min·T = 0.04; the barrier of the potential along it is 0.03, so the finite time of the path costs 33 % more (potential from −1 to −1.5, rho from 0.2 to 0.9, in time 1.6)."}
	r := open(dir)
	text := instantonFindings(r)
	if d := cmp.Diff(want, text[:1]); d != "" || r.err != nil {
		t.Error(d, r.err)
	}
	last := text[len(text)-1]
	if !strings.HasPrefix(last, "d ln⟨t⟩/d(1/T) = 0.0500") || !strings.Contains(last, "beside slopes in 1/T of 0.05 of the barrier over T and of 0.06 of S_min") {
		t.Error(last)
	}
	check(t, Figures(dir))
	if made := made(t, dir); !strings.Contains(strings.Join(made, " "), "strip") {
		t.Error(made)
	}
}

// What a ladder says of a transition: agreement of starts, ends of the sweep, crossings, verdict, loops.
func TestTransitionFindings(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	s.add(tasksSchema("system.mlp.generator.hidden"), "tempering/hidden=[2]/r0", "0123456789abcdef", 0, "ok", nil, "[2]")
	s.add(tasksSchema("system.mlp.generator.hidden"), "tempering/hidden=[4]/r0", "0123456789abcdef", 0, "ok", nil, "[4]")
	for i, size := range []float64{7, 13} {
		for _, control := range []float64{0.1, 0.2} {
			s.add(engine.Transition, "tempering/x", "tempering", size, control, "abs_m", 5*control, 0.01, nil, 1.0, 100.0, 1.001+control/100, 4, 10, "ok")
			s.add(engine.Transition, "tempering/x", "tempering", size, control, "binder", 0.3+float64(i)*(control-0.15), 0.01, nil, 1.0, 100.0, 1.001, 4, 10, "ok")
		}
	}
	s.add(engine.Crossings, "tempering", 7.0, 13.0, 0.15, 0.01, 0.3, 0.02, "reweighted", 100.0, "ok")
	s.add(engine.VerdictTable, "tempering", "chi-exponent", 0.589, 0.005, "continuous-like", "", "max χ ∼ size^x")
	s.add(engine.VerdictTable, "tempering", "barrier", nil, nil, "", "", "known for fewer than two sizes")
	s.add(engine.VerdictTable, "tempering", "binder-minimum", -0.03, 0.01, "first-order-like", "continuous-like", "least U₄ of the largest size")
	s.add(engine.VerdictTable, "tempering", "missing", nil, nil, "", "", "no reweighting")
	s.add(engine.VerdictTable, "tempering", "verdict", nil, nil, "continuous-like", "", "m is continuous-like over the sizes and values swept; a system of fixed size has no singularity")
	for parameter, v := range map[string][2]any{"critical": {0.152, 0.01}, "a": {0.5, 0.05}, "quality": {1.3, nil}} {
		s.add(engine.Scaling, "tempering", "binder", parameter, v[0], v[1], 100, "ok; over 8 of 8 points")
	}
	s.add(engine.Scaling, "tempering", "binder", "b", 0.0, nil, nil, "fixed")
	s.add(engine.Scaling, "tempering", "chi", "a", 0.7, 0.7, 100, "S = 4.1: the curves do not collapse within their errors, so the errors of the exponents mean little; narrow collapse_window or use larger sizes")
	s.add(engine.Summary, "tempering", "slowing exponent", 0.56, 0.09, nil, nil, "1", "ok; largest τ ∼ size^x")
	s.add(engine.Summary, "tempering", "chi_max, size 7", nil, nil, nil, nil, "1", "widen the sweep")
	s.add(engine.HysteresisArea, "hysteresis/hidden=[2]/r0", 7.0, 0.001, 30, 0.04, 0.01, 8, "ok", "imbalance", "system.mlp.mixture.bias", -0.5, 0.5)
	s.commit()
	want := []string{
		"verdict: continuous-like (m is continuous-like over the sizes and values swept). The evidence: exponent of χ 0.5890(50) (max χ ∼ size^x), for continuous-like; " +
			"exponent of the barrier of −log P(m) (known for fewer than two sizes); minimum of U₄ −0.030(10) (least U₄ of the largest size), for first-order-like, against continuous-like; missing: no reweighting.",
		"A system of fixed size has no singularity: a verdict is about the sizes and values swept.",
		"chains from different starts agree: the worst R̂ of 4 points is 1.003 (size 7, control 0.2).",
		"size 7: ⟨|m|⟩ 0.500(10) and U₄ 0.300(10) at 0.1, 1.000(10) and 0.300(10) at 0.2; size 13: ⟨|m|⟩ 0.500(10) and U₄ 0.250(10) at 0.1, 1.000(10) and 0.350(10) at 0.2. U₄ is 0 for a normal law about 0, ⅔ for two sharp states.",
		"largest χ, size 7: widen the sweep.",
		"crossings of U₄: sizes 7 and 13 at 0.150(10), where U₄ = 0.300(20).",
		"data collapse y·size^b = g((control − critical)·size^a): U₄ collapses with critical value 0.152(10), a = 0.500(50), S = 1.3; none of χ (S = 4.1: the curves do not collapse within their errors, so the errors of the exponents mean little; narrow collapse_window or use larger sizes). S is about 1 for a good one.",
		"slowing down: exponent x = 0.560(90) (largest τ ∼ size^x).",
		"At hidden = [2]: imbalance as system.mlp.mixture.bias is ramped from −0.5 to 0.5 and back; area of the loop at rates per step: 0.040(10) at 0.001; at the slowest it is 4.0 standard errors from 0: a loop is left, and whether slower ramps would close it is not known.",
	}
	r := open(dir)
	if d := cmp.Diff(want, transitionFindings(r)); d != "" || r.err != nil {
		t.Error(d, r.err)
	}
}

// A loop is judged by what is left at the slowest ramp and by the power of the rate.
func TestLoopIsJudged(t *testing.T) {
	x := func(v, e float64) analysis.Estimate { return analysis.Estimate{Value: v, StdErr: e} }
	for _, c := range []struct {
		z    float64
		x    analysis.Estimate
		fits bool
		want string
	}{
		{2.9, x(0.05, 0.01), true, ": no loop is left"},
		{-2.9, x(0.05, 0.01), true, ": no loop is left"},
		{5, x(0.05, 0.01), false, "is not known"},
		{5, x(nan, nan), true, "is not known"},
		{5, x(0.05, 0.01), true, "hardly close"},
		{-5, x(0.05, 0.01), true, "hardly close"},
		{5, x(0.5, 0.1), true, "that slower ramps close if"},
		{5, x(0.25, 0.1), true, "is not decided"},
		{5, x(0.15, 0.1), true, "is not decided"},
	} {
		if got := loopCloses(c.z, c.x, c.fits); !strings.Contains(got, c.want) {
			t.Errorf("z = %v, exponent %v: %s, want %s", c.z, c.x, got, c.want)
		}
	}
}
