package verify

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// ottoChecks are the flows on the Wasserstein space.
func ottoChecks() []Check {
	const tau, sigma = 0.5, 1.25
	return []Check{
		{ID: "otto/quantile-boltzmann", Group: "Wasserstein flows", Name: "two particles under KL(q‖p) at temperature τ: ⟨N·KL⟩", Kind: MonteCarlo,
			Experiment: `name = "verify-quantile"
seed = 61
[system]
kind = "quantile"
[system.quantile]
particles = 2
flow = "kl"
[trainer]
scheme = "leimkuhler-matthews"
[trainer.leimkuhler-matthews]
eta = 0.02
temperature = 0.5
[observables]
names = ["energy"]
[estimator.stationary]
warmup = 1000
steps = 120000
every = 4
`, Cell: stationaryCell("energy"), Law: func() float64 { return pairEnergy(tau, sigma) }, Tolerance: 0.015},
	}
}

// pairEnergy is ⟨V⟩ at temperature τ for V = −2 log 2w + m²/σ² + w²/8σ² + log 2πσ², the
// energy of two particles at m ± w/2 under KL to N(0, σ²): m is normal, w²/8σ²τ has the
// gamma law of shape 1/τ + ½.
func pairEnergy(tau, sigma float64) float64 {
	shape := 1/tau + 0.5
	logW := (math.Log(8*sigma*sigma*tau) + mathext.Digamma(shape)) / 2
	return -2*(math.Ln2+logW) + tau/2 + tau*shape + math.Log(2*math.Pi*sigma*sigma)
}
