package verify

import (
	"fmt"
	"math"

	"machlup/langevin/exact"
)

// schemeChecks are the laws of Heun, Nesterov, Milstein, MALA and HMC at finite step.
func schemeChecks() []Check {
	const k, temperature = 1.5, 0.7
	experiment := func(scheme, settings string, memory bool) string {
		return fmt.Sprintf(`name = "verify-%s"
seed = 14
[system]
kind = "harmonic"
[system.harmonic]
dim = 8
stiffness = [%v]
[observables]
names = ["mean_square_x", "energy"]
[trainer]
scheme = "%s"
[trainer.%s]
%s
temperature = %v
[estimator.stationary]
chains = 4
warmup = 400
steps = 40000
memory = %v
`, scheme, k, scheme, scheme, settings, temperature, memory)
	}
	check := func(id, name, text, observable string, value float64) Check {
		return Check{ID: "langevin/" + id, Group: "Langevin", Name: name, Kind: MonteCarlo, Experiment: text,
			Cell: stationaryCell(observable), Exact: value, Tolerance: 0.01 * value}
	}
	ball := experiment("heavy-ball", "eta = 0.4\nmomentum = 0.6", true)
	_, v := exact.HeavyBallVariance(k, 0.4, 0.6, 2*(1-0.6)*temperature/0.4)
	hmc := experiment("hmc", "step = 0.9\nleaps = 3", true)
	mala := experiment("mala", "eta = 0.35", true)
	return append([]Check{
		check("heun", "Heun (predictor–corrector): (T/k)(1−y/2)/(1−y/2+y²/4), y = ηk", experiment("heun", "eta = 0.5", false), "mean_square_x", exact.HeunVariance(k, 0.5, temperature)),
		check("nesterov", "Nesterov: AR(2) with (1+β)c and −βc", experiment("nesterov", "eta = 0.4\nmomentum = 0.6", false), "mean_square_x", exact.NesterovVariance(k, 0.4, 0.6, temperature)),
		check("heavy-ball-v", "heavy ball: Var v = 2ε²σ²/[(1−μ)(2(1+μ)−εh)]", ball, "mean_square_v", v),
		check("mala", "MALA: T/k at any step", mala, "mean_square_x", temperature/k),
		check("mala-ratio", "MALA: mean ratio of the acceptance test", mala, "metropolis_ratio", 1),
		check("hmc", "HMC: T/k at any step", hmc, "mean_square_x", temperature/k),
		check("hmc-ratio", "HMC: ⟨e^{−ΔH/T}⟩ = 1 (O9)", hmc, "metropolis_ratio", 1),
	}, append(singularChecks(), diagonalNoiseChecks()...)...)
}

// singularChecks are ⟨U⟩/T = Σ1/p of singular minima, by samplers without an error of the step.
func singularChecks() []Check {
	var checks []Check
	for _, s := range []struct{ scheme, settings string }{{"mala", "eta = 0.5"}, {"hmc", "step = 0.5\nleaps = 3"}} {
		value := 4 * exact.SingularMeanEnergy([]float64{4, 3, 2, 1.5})
		checks = append(checks, Check{ID: "langevin/singular-" + s.scheme, Group: "Langevin", Kind: MonteCarlo,
			Name: "singular minima U = ½Σ|w|^p, p = 4, 3, 2, 1.5: ⟨U⟩/T = Σ1/p by " + s.scheme,
			Experiment: fmt.Sprintf(`name = "verify-singular-%s"
seed = 15
[system]
kind = "singular"
[system.singular]
dim = 16
power = [4.0, 3.0, 2.0, 1.5, 4.0, 3.0, 2.0, 1.5, 4.0, 3.0, 2.0, 1.5, 4.0, 3.0, 2.0, 1.5]
[trainer]
scheme = "%s"
[trainer.%s]
%s
[observables]
names = ["energy"]
[estimator.stationary]
warmup = 1000
steps = 20000
memory = true
`, s.scheme, s.scheme, s.scheme, s.settings), Cell: stationaryCell("energy"), Exact: value, Tolerance: 0.01 * value})
	}
	return checks
}

// diagonalNoiseChecks compare the schemes of diagonal noise with the stationary law of their
// own discrete kernels, written out here apart from the schemes' code.
func diagonalNoiseChecks() []Check {
	const eta, temperature, amplitude, wave, stiffness = 0.05, 0.8, 0.6, 1.3, 1.0
	g := func(x float64) float64 { return 1 + amplitude*math.Sin(wave*x) }
	dg := func(x float64) float64 { return amplitude * wave * math.Cos(wave*x) }
	steps := map[string]func(x, xi float64) float64{
		"milstein": func(x, xi float64) float64 { // Itô, c = 1
			return x + eta*(-g(x)*stiffness*x+temperature*dg(x)) + math.Sqrt(2*eta*temperature*g(x))*xi + 0.5*eta*temperature*dg(x)*(xi*xi-1)
		},
		"stratonovich-heun": func(x, xi float64) float64 { // c = 1: half of Γ, the other half is the reading's
			a := func(x float64) float64 { return -g(x)*stiffness*x + 0.5*temperature*dg(x) }
			b := func(x float64) float64 { return math.Sqrt(2 * temperature * g(x)) }
			end := x + eta*a(x) + b(x)*math.Sqrt(eta)*xi
			return x + eta*(a(x)+a(end))/2 + (b(x)+b(end))/2*math.Sqrt(eta)*xi
		},
	}
	var checks []Check
	for _, scheme := range []string{"milstein", "stratonovich-heun"} {
		text := fmt.Sprintf(`name = "verify-%s"
seed = 22
[system]
kind = "harmonic"
[system.harmonic]
dim = 1
stiffness = [%v]
[trainer]
scheme = %q
[trainer.%s]
eta = %v
amplitude = %v
wave = %v
temperature = %v
[observables]
names = ["mean_x", "mean_square_x"]
[estimator.stationary]
chains = 8
warmup = 1000
steps = 250000
every = 5
`, scheme, stiffness, scheme, scheme, eta, amplitude, wave, temperature)
		for power, name := range []string{"mean_x", "mean_square_x"} {
			f := func(x float64) float64 { return math.Pow(x, float64(power+1)) }
			checks = append(checks, Check{ID: "metric/" + scheme + "/" + name, Group: "Metric noise",
				Name: scheme + ": ⟨" + name + "⟩ of the discrete kernel", Kind: MonteCarlo, Experiment: text, Cell: stationaryCell(name),
				Law:       func() float64 { return exact.NewMapKernel(steps[scheme], -7, 7, 351).Stationary().Mean(f) },
				Tolerance: 0.01})
		}
	}
	return checks
}
