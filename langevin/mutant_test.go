package langevin_test

import (
	"testing"

	"machlup/langevin/langevintest"
)

// TestMutants plants the classic mistakes and sees that a test notices each.
func TestMutants(t *testing.T) {
	const (
		stationary = "^TestStationaryExactly$"
		conform    = "^(TestSchemes|TestMetricSchemes)$"
		noise      = "math.Sqrt(2 * (1 - p.Momentum) * p.Eta * p.Temperature)"
	)
	var mutants []langevintest.Mutant
	plant := func(name, file, from, to, run string) {
		mutants = append(mutants, langevintest.Mutant{Name: name, File: file, Old: from, New: to, Run: run})
	}
	plant("no root on the noise", "sgld.go", noise, "math.Abs(2 * (1 - p.Momentum) * p.Eta * p.Temperature)", stationary)
	plant("factor 2 of the noise", "sgld.go", noise, "math.Sqrt((1 - p.Momentum) * p.Eta * p.Temperature)", stationary)
	plant("noise not reduced by momentum", "sgld.go", noise, "math.Sqrt(2 * p.Eta * p.Temperature)", stationary)
	plant("missing Γ", "sgld.go", "dst[i] += ct * gamma[i]", "_, _ = i, ct", "^TestMetricLaws$")
	plant("white noise before preconditioning", "sgld.go", "p.Metric.Colour(w, noise) //", "copy(w, noise) //", "^TestMetricLaws$")
	plant("blocks updated at once", "sgld.go", "m.Drift(v, b, q)", "m.Drift(v, b, state[:m.n])", "^TestLinearGame$")
	plant("θ₋₁ = 0", "sgld.go", "copy(state[m.slots[b].memory:], q[p.Lo:p.Hi])", "clear(state[m.slots[b].memory:])", conform)
	plant("one temperature for both players", "temperatures.go", "all[i] = players[b]", "all[i] = players[b*0]", "^TestPlayerTemperatures$")
	plant("pre-point noise only", "hanggi_klimontovich.go", "m.metric.At(m.end)", "", "^TestMetricLaws$")
	plant("post-point noise only", "hanggi_klimontovich.go",
		"0.5*m.s*m.y[i]\n\t}\n\tm.metric.At(m.end)\n\tm.metric.Solve(m.y, m.w)\n\taddScaled(next, 0.5*m.s, m.y)",
		"0*m.s\n\t}\n\tm.metric.At(m.end)\n\tm.metric.Solve(m.y, m.w)\n\taddScaled(next, m.s, m.y)", "^TestMetricLaws$")
	plant("white noise in Leimkuhler–Matthews", "leimkuhler_matthews.go", "m.half[i]*(old[i]+xi[i])", "m.half[i]*(2*xi[i]+0*old[i])", stationary)
	plant("friction without square", "splitting.go", "math.Expm1(-2*gamma", "math.Expm1(-gamma", stationary)
	plant("a letter's full step each time", "splitting.go", "m.a, m.b = delta/float64(as), delta/float64(bs)", "m.a, m.b = delta, delta/float64(bs)", "^TestSplittingStrings$")
	plant("Heun without its corrector", "heun.go", "0.5*m.eta*(m.f[i]+m.g[i])", "m.eta*(m.f[i]+0*m.g[i])", stationary)
	plant("Nesterov's gradient where it stands", "nesterov.go", "m.drift.Drift(m.f, m.y)", "m.drift.Drift(m.f, q)", stationary)
	plant("MALA without the ratio of its proposals", "metropolised.go", "log -= back * back / 2", "log -= 0 * back", "^TestMetropolisLeavesBoltzmannInvariant$")
	plant("HMC ends with a whole kick", "metropolised.go", "addScaled(m.p, -0.5*m.step, m.g)", "addScaled(m.p, -m.step, m.g)", "^TestMetropolisLeavesBoltzmannInvariant$")
	plant("Euler–Maruyama for Milstein", "diagonal.go", "(xi[i]*xi[i]-1)", "(0*xi[i])", "^TestMilsteinStrongOrder$")
	plant("Itô's Γ in Stratonovich's scheme", "diagonal.go", "(m.c-0.5)*m.t", "m.c*m.t", "^TestMetricLaws$")
	plant("an epoch that may repeat a datum", "gradient_estimator.go", "choice(z, n-at-i)", "choice(z, n-at-i)%2", "^TestSGMCMCVariances$")
	plant("a snapshot that is never renewed", "gradient_estimator.go", "float64((age + 1) % g.period)", "float64(age + 1)", "^TestSGMCMCVariances$")
	plant("control variates that are not subtracted", "gradient_estimator.go", "addScaled(dst[:d], -1/float64(g.size), g.other)", "_ = g.other", "^TestSGMCMCVariances$")
	plant("SGHMC's noise estimate added", "sghmc.go", "c.Friction*c.Eta*t - c.Eta*c.Eta*c.Estimate", "c.Friction*c.Eta*t + c.Eta*c.Eta*c.Estimate", "^TestSGMCMCVariances$")
	plant("Γ of RMSProp turned round", "rmsprop.go", "move -= t", "move += t", "^TestRMSPropLaws$")
	plant("noise of a cycle in the wrong part", "sgmcmc.go", "j >= m.cfg.Exploration", "j < m.cfg.Exploration", "^TestSGMCMCVariances$")
	plant("the game turns back", "linear_game.go", "-f.a*x[0] + f.b*x[1]\n\tdst[1] = -f.a*x[1] - f.b*x[0]",
		"-f.a*x[0] - f.b*x[1]\n\tdst[1] = -f.a*x[1] + f.b*x[0]", "^TestLinearGame$")
	plant("batches with replacement", "gradient_estimator.go", "\t\tk := i + choice(z, len(b.order)-i)", "\t\tk := choice(z, len(b.order))", "^TestMinibatchData$")
	plant("F for G in the norm", "sine_metric.go", "r[i] * r[i] / g", "r[i] * r[i] * g", conform)
	plant("noise after the pull-back", "linear_noise.go", "lin.NoiseVJP(noise, state, c)", "lin.VJP(a.next, state, c)\n\t\t\tlin.NoiseVJP(noise, state, a.next)", "^TestLinearNoiseExact$")
	plant("one stream for all replicas", "ensemble.go", "e.sources[i].Normals(xi)", "e.sources[0].Normals(xi)", "^TestEnsembleIsReproducible$")
	plant("coloured noise of unit variance", "coloured.go", "math.Sqrt((1 - a) / (1 + a))", "math.Sqrt((1 - a) / (1 - a))", "^TestColoured$")
	plant("coloured noise that starts at rest", "coloured.go", "return 0, 1\n", "return c.a, c.c\n", "^TestColoured$")
	plant("covariance of the draws' mean", "linear_noise_batches.go", "float64(s.b.Draws-1)", "float64(s.b.Draws*(s.b.Draws-1))", "^TestLinearNoiseOfBatches$")
	plant("Wolff bond of β, not 2β", "spins.go", "-math.Expm1(-2*c.Beta)", "-math.Expm1(-c.Beta)", "^TestSpinLaws$")
	plant("a spin couples to itself", "spins.go", "rest := total - int(v)", "rest := total - int(v)*(1-s.n%2)", "^TestSpinLaws$")
	plant("Potts at half its β", "potts.go", "math.Exp(c.Beta * float64(k-c.Spins) / float64(c.Spins))", "math.Exp(c.Beta * float64(k-c.Spins) / float64(2*c.Spins))", "^TestPottsLaws$")
	plant("Potts with twice its energy", "potts.go", "-square/(2*float64(p.n))", "-square/float64(p.n)", "^TestPottsLaws$")
	plant("Potts of q/(q − 1)", "potts.go", "float64(p.n*(p.q-1))", "float64(p.n*p.q)", "^TestPottsLaws$")
	plant("neighbour above forgotten", "spins.go", "a, b, c, d := s.neighbours(i, s.l)", "a, b, c, _ := s.neighbours(i, s.l)\n\td := c", "^TestSpinLaws$")
	plant("a heavy ball of the wrong mass", "kinetic.go", "(1 + p.Momentum) / (2", "1 / (2", "^TestKineticMass$")
	plant("noise of batches with the square of the mean", "regression.go", "c.RankOne(c, -1, mean, mean)", "_ = mean", "^TestRegressionNoise$")
	plant("noise of batches that does not grow", "regression.go", "square += mat.Inner(", "_ = mat.Inner(", "^TestRegressionNoise$")
	langevintest.KillMutants(t, mutants)
}
