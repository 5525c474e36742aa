package analysis_test

import (
	"testing"

	"machlup/langevin/langevintest"
)

// TestTransitionMutants plants classic mistakes in the statistics of transitions.
func TestTransitionMutants(t *testing.T) {
	langevintest.KillMutants(t, []langevintest.Mutant{
		{Name: "missing |m|", File: "order.go", Old: "norm * (m2 - mAbs*mAbs)", New: "norm * m2", Run: "^TestTransitionByHand$"},
		{Name: "wrong N_χ", File: "transition.go", Old: "Susceptibility(norms.Chi, mean[2], mean[1])", New: "Susceptibility(norms.Heat, mean[2], mean[1])", Run: "^TestTransitionByHand$"},
		{Name: "jackknife without blocks", File: "transition.go", Old: "t.BlockSize = BlockLength(t.Tau.Tau)", New: "t.BlockSize = 1", Run: "^TestTransitionBlocks$"},
		{Name: "free energies taken as known", File: "multihistogram.go", Old: "phi -= c[j] * h.free[j][n]", New: "phi -= 0 * c[j] * h.free[j][n]", Run: "^TestReweightedErrors$"},
		{Name: "crossing by chance", File: "crossing.go", Old: "math.Abs(d[i]) <= CrossingLevel*s[i]", New: "d[i] == 0", Run: "^TestCrossing$"},
	})
}
