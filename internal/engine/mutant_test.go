package engine_test

import (
	"testing"

	"machlup/langevin/langevintest"
)

// TestCollapseMutants plants classic mistakes in what becomes of replicas, in sweeps and in ramps.
func TestCollapseMutants(t *testing.T) {
	langevintest.KillMutants(t, []langevintest.Mutant{
		{Name: "waits from step 0", File: "phase.go", Old: "f.collapsed, from = true, step", New: "f.collapsed, from = true, 0", Run: "^TestFateOfAReplica$"},
		{Name: "censored waits dropped", File: "phase_sweep.go", Old: "analysis.EscapeRate(e.times, e.escaped)", New: "analysis.EscapeRate(e.times[:e.count()], e.escaped[:e.count()])", Run: "^TestEscapeFit$"},
		{Name: "time at risk of the last replica", File: "phase_sweep.go", Old: "sum += t", New: "sum = t", Run: "^TestEscapeFit$"},
		{Name: "1/T for T", File: "phase_sweep.go", Old: "escapes, watched = append(temperatures, p.control)", New: "escapes, watched = append(temperatures, 1/p.control)", Run: "^TestEscapeFit$"},
		{Name: "noise's temperatures in the fit", File: "phase_sweep.go", Old: "case temperature < from:", New: "case temperature < 0*from:", Run: "^TestEscapeFit$"},
		{Name: "keys that end alike pooled", File: "sweep.go", Old: `if other != key && other[strings.LastIndex(other, ".")+1:] == last {`, New: "if other == last {", Run: "^TestSeriesOfTwoPlayers$"},
		{Name: "only a rising m lags", File: "hysteresis.go", Old: "a.Value = math.Abs(a.Value)", New: "a.Value *= 1", Run: "^TestLoopOfAFallingOrderParameter$"},
		{Name: "trapezoid twice", File: "hysteresis.go", Old: "area += (gap(i) + gap(i+1)) / 2 *", New: "area += (gap(i) + gap(i+1)) *", Run: "^TestLoopOfAFallingOrderParameter$"},
		{Name: "heat capacity over T, not T²", File: "sweep_analysis.go", Old: "1 / (control * control * size)", New: "1 / (control * size)", Run: "^TestSweepOverTemperature$"},
		{Name: "a curve that misses its points", File: "sweep_analysis.go", Old: "math.Abs(z) > missed", New: "z > math.Inf(1)", Run: "^TestSweepRefuses$"},
		{Name: "T for 1/T", File: "sweep_analysis.go", Old: "return 1 / control }", New: "return control }", Run: "^TestSweepOverTemperature$"},
	})
}
