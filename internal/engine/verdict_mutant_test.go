package engine_test

import (
	"testing"

	"machlup/langevin/langevintest"
)

// TestVerdictMutants plants mistakes in what the sweep hands to the verdict.
func TestVerdictMutants(t *testing.T) {
	const file, evidence, spins = "sweep_analysis.go", "^TestVerdictEvidence$", "^TestVerdictCrossings$"
	langevintest.KillMutantsTogether(t, "engine", []langevintest.Mutant{
		{Name: "N_χ missing in the evidence", File: file, Old: "chi.Value*r.size, chi.StdErr*r.size", New: "chi.Value*pick(MUTANT, 1, r.size), chi.StdErr*pick(MUTANT, 1, r.size)", Run: evidence},
		{Name: "χ of the curve's points only", File: file, Old: "r.chiAt, r.chiMax = s.refine(r, top, analysis.OrderChi, 1)", New: "if !pick(MUTANT, true, false) {\n\t\t\tr.chiAt, r.chiMax = s.refine(r, top, analysis.OrderChi, 1)\n\t\t}", Run: evidence},
		{Name: "largest U₄ for the least", File: file, Old: "low, end := largest(binder, -1), binder[0]", New: "low, end := largest(binder, pick(MUTANT, 1.0, -1.0)), binder[0]", Run: evidence},
		{Name: "dip below the higher end", File: file, Old: "last.Value < end.Value {", New: "(last.Value < end.Value) != pick(MUTANT, true, false) {", Run: evidence},
		{Name: "crossing of the wrong pair", File: file, Old: "a, b := results[i], results[i+1]", New: "a, b := results[pick(MUTANT, 0, i)], results[i+1]", Run: spins},
		{Name: "crossings forgotten", File: file, Old: "analysis.Evidence{Crossings: crossings,", New: "analysis.Evidence{Crossings: pick(MUTANT, nil, crossings),", Run: spins},
		{Name: "not seen to cross is not crossing", File: file, Old: "!c.known && analysis.Uncrossed(a, b)", New: "!c.known && pick(MUTANT, true, analysis.Uncrossed(a, b))", Run: "^TestVerdictUnknownCrossing$"},
		{Name: "a curve of another size", File: file, Old: "r.curve[i], r.ess[i], nil", New: "r.curve[pick(MUTANT, 0, i)], r.ess[i], nil", Run: spins},
	})
}
