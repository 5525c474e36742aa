package verify

import "machlup/langevin/exact"

// extrapolationChecks: Richardson's combination of the exact averages at η, η/2, η/4.
func extrapolationChecks() []Check {
	v := func(eta float64) float64 { return exact.EulerMaruyamaVariance(1.5, eta, 0.7) }
	return []Check{{ID: "extrapolation/euler-maruyama", Group: "Extrapolation", Name: "Euler–Maruyama: ⟨x²⟩ at η, η/2, η/4 extrapolated to 0",
		Kind: MonteCarlo, Exact: (8*v(0.1) - 6*v(0.2) + v(0.4)) / 3, Tolerance: 0.02,
		Experiment: `name = "verify-extrapolation"
seed = 74
[system]
kind = "harmonic"
[system.harmonic]
dim = 8
stiffness = [1.5]
[trainer.euler-maruyama]
temperature = 0.7
[observables]
names = ["mean_square_x"]
[estimator.stationary]
chains = 4
warmup = 400
steps = 40000
extrapolate = 1
[sweep.grid]
"trainer.euler-maruyama.eta" = [0.4, 0.2, 0.1]
`, Cell: Cell{Table: "extrapolation", Row: map[string]string{"observable": "mean_square_x"}, Column: "value", StdErr: "stderr", ESS: "ess"}}}
}
