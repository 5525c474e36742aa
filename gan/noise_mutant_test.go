package gan

import (
	"testing"

	"machlup/langevin/langevintest"
)

// TestNoiseMutants plants mistakes in the kinds of noise and in the derivative of the step and
// sees that a test notices each.
func TestNoiseMutants(t *testing.T) {
	langevintest.KillMutants(t, []langevintest.Mutant{
		{Name: "gradients that are not centred", File: "noise_gaussian.go", Old: "xi[i] = scale * (z - mean)", New: "xi[i] = scale * z", Run: "^TestGaussianMinibatch$"},
		{Name: "C for C/B", File: "noise_gaussian.go", Old: "math.Sqrt(float64(t.rows) / float64(t.cfg.Batch))", New: "math.Sqrt(float64(t.rows))", Run: "^TestGaussianMinibatch$"},
		{Name: "data with replacement", File: "noise_epoch.go", Old: "e.order[at], e.order[k] = e.order[k], e.order[at]", New: "e.order[at] = e.order[k]", Run: "^TestEpochs$"},
		{Name: "Adam without the slope of its scale", File: "rule_derivative.go", Old: "byV = rate * m / (scale * scale * 2 * r * root)", New: "byV = 0 * m", Run: "^TestRuleDerivatives$"},
		{Name: "what a fast pass left behind", File: "noise_gaussian.go", Old: "pl.p.forward(t.logit, at.psi, pl.p.inputs(), 2*r)", New: "_ = r", Run: "^TestAdaptiveLinearizer$"},
		{Name: "half of Γ", File: "metric_correction.go", Old: "num.Axpy(p.c*s/2, p.value, y)", New: "num.Axpy(p.c*s/4, p.value, y)", Run: "^TestCurvedLaw$"},
		{Name: "Γ not in the residual", File: "metric_correction.go", Old: "num.Axpy(p.c*pl.s*pl.s/2, p.value, dst)", New: "_ = dst", Run: "^TestCorrectedStep$"},
		{Name: "Γ without J's own derivative", File: "metric_correction.go", Old: "	p.gradient(m.grad)\n	num.Axpy(-1, m.grad, dst)", New: "", Run: "^TestMetricDivergence$"},
		{Name: "V̂ added", File: "optimizer_momentum.go", Old: "r.momentumRule.NoiseVariance(T) - r.eta", New: "r.momentumRule.NoiseVariance(T) + r.eta", Run: "^TestNoiseEstimate$"},
		{Name: "noise of variance G² for G", File: "optimizer_rmsprop.go", Old: "return 1 / math.Sqrt(math.Sqrt(v)+r.Eps)", New: "return 1 / (math.Sqrt(v) + r.Eps)", Run: "^TestPreconditionedNoise$"},
		{Name: "noise at the end point alone", File: "metric_correction.go", Old: "y[i] = (y[i] + end) / 2", New: "y[i] = end", Run: "^TestKineticStep$"},
	})
}
