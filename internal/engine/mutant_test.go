package engine_test

import (
	"testing"

	"machlup/langevin/langevintest"
)

// TestCollapseMutants plants classic mistakes in what becomes of replicas, in sweeps and in ramps.
func TestCollapseMutants(t *testing.T) {
	const fit, loop, over = "^TestEscapeFit$", "^TestLoopOfAFallingOrderParameter$", "^TestSweepOverTemperature$"
	langevintest.KillMutantsTogether(t, "engine", []langevintest.Mutant{
		{Name: "waits from step 0", File: "phase.go", Old: "f.collapsed, from = true, step", New: "f.collapsed, from = true, pick(MUTANT, 0, step)", Run: "^TestFateOfAReplica$"},
		{Name: "χ about 0, not the offset", File: "phase.go", Old: "m := f.m - p.cfg.Offset", New: "m := f.m - pick(MUTANT, 0, p.cfg.Offset)", Run: "^TestPhaseStatisticsByHand$"},
		{Name: "time at risk of the last replica", File: "phase_sweep.go", Old: "sum += t", New: "sum = t + pick(MUTANT, 0, sum)", Run: fit},
		{Name: "1/T for T", File: "phase_sweep.go", Old: "escapes, watched = append(temperatures, p.control)", New: "escapes, watched = append(temperatures, pick(MUTANT, 1/p.control, p.control))", Run: fit},
		{Name: "noise's temperatures in the fit", File: "phase_sweep.go", Old: "case temperature < from:", New: "case temperature < pick(MUTANT, 0, from):", Run: fit},
		{Name: "keys that end alike pooled", File: "sweep.go", Old: `if other != key && other[strings.LastIndex(other, ".")+1:] == last {`, New: `if other != key && other[strings.LastIndex(other, ".")+1:] == pick(MUTANT, "", last) {`, Run: "^TestSeriesOfTwoPlayers$"},
		{Name: "only a rising m lags", File: "hysteresis.go", Old: "a.Value = math.Abs(a.Value)", New: "a.Value = pick(MUTANT, a.Value, math.Abs(a.Value))", Run: loop},
		{Name: "trapezoid twice", File: "hysteresis.go", Old: "area += (gap(i) + gap(i+1)) / 2 *", New: "area += (gap(i) + gap(i+1)) / pick(MUTANT, 1.0, 2.0) *", Run: loop},
		{Name: "a curve that misses its points", File: "sweep_analysis.go", Old: "math.Abs(z) > missed", New: "math.Abs(z) > pick(MUTANT, 1e9, missed)", Run: "^TestSweepRefuses$"},
		{Name: "T for 1/T", File: "sweep_analysis.go", Old: "return 1 / control }", New: "return pick(MUTANT, control, 1/control) }", Run: over},
		{Name: "heat capacity over T, not T²", File: "sweep_analysis.go", Old: "1 / (control * control * size)", New: "1 / (control * pick(MUTANT, 1, control) * size)", Run: over},
	})
}
