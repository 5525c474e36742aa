package verify

import (
	"fmt"
	"math"
	"sync"

	"gonum.org/v1/gonum/mat"

	"machlup/langevin/exact"
)

// trainerSGMCMCChecks are stochastic-gradient schemes of toys as optimizers of the trainer: SGHMC's
// estimate of the gradient's noise, and noise in RMSProp's metric.
func trainerSGMCMCChecks() []Check {
	return append(noiseEstimateChecks(), preconditionedChecks()...)
}

// noiseEstimateChecks: under the Wasserstein loss the critic's gradient on data of spread σ is
// linear with noise σ²/B, so both players by heavy ball are a linear recurrence.
func noiseEstimateChecks() []Check {
	const eta, beta, decay, temperature, sigma, batch = 0.1, 0.4, 1.0, 0.3, 3.0, 4
	const variance = sigma * sigma / batch
	drift := mat.NewDense(2, 2, []float64{-decay, -1, 1, -decay}) // of (ψ, θ)
	var checks []Check
	for _, c := range []struct {
		id, name string
		estimate float64
	}{{"right", "V̂ = σ²/B: the heavy ball at T", variance}, {"none", "V̂ = 0: the critic is heated by ησ²/2(1−β)B", 0}} {
		law := sghmcMap(drift, eta, 1-beta, []float64{temperature + eta*(variance-c.estimate)/(2*(1-beta)), temperature}).stationary()
		text := fmt.Sprintf(`name = "verify-estimate-%s"
seed = 68
[system]
kind = "dirac"
[system.dirac]
data_std = %v
[trainer]
batch = %d
loss = "wasserstein"
dynamics = "simultaneous"
regularisers = ["weight-decay"]
[trainer.weight-decay]
generator = %v
discriminator = %v
[trainer.generator]
optimizer = "momentum"
[trainer.generator.momentum]
eta = %v
beta = %v
[trainer.discriminator]
optimizer = "momentum"
[trainer.discriminator.momentum]
eta = %v
beta = %v
noise_estimate = %v
[noise]
kind = "minibatch+injected"
temperature_g = %v
temperature_d = %v
[observables]
names = ["mean_square_psi", "mean_square_theta"]
batch = 16
[estimator.stationary]
chains = 4
warmup = 500
steps = 60000
every = 5
`, c.id, sigma, batch, decay, decay, eta, beta, eta, beta, c.estimate, temperature, temperature)
		for i, o := range []string{"mean_square_psi", "mean_square_theta"} {
			value := law.At(i, i)
			checks = append(checks, Check{ID: "sghmc/" + c.id + "/" + o, Group: "Stochastic gradients of the trainer", Kind: MonteCarlo, Experiment: text,
				Name: fmt.Sprintf("Dirac-GAN by momentum with minibatches, %s: ⟨%s⟩", c.name, o), Cell: stationaryCell(o), Exact: value, Tolerance: 0.02 * value})
		}
	}
	return checks
}

// preconditionedChecks: with α = 0, v' = g² and the step is a kernel on the line.
func preconditionedChecks() []Check {
	const eta, eps, decay, psi, temperature = 0.1, 0.3, 1.0, 0.6, 0.5
	text := fmt.Sprintf(`name = "verify-rmsprop"
seed = 69
[system]
kind = "dirac"
[system.dirac]
psi = %v
[trainer]
batch = 1
loss = "wasserstein"
regularisers = ["weight-decay"]
[trainer.weight-decay]
generator = %v
discriminator = 0.0
[trainer.discriminator.sgd]
eta = 1e-300 # ψ stays
[trainer.generator]
optimizer = "rmsprop"
[trainer.generator.rmsprop]
eta = %v
alpha = 0.0
eps = %v
noise = "preconditioned"
[noise]
kind = "injected"
temperature_g = %v
quenched_batch = 1
[observables]
names = ["theta_0", "mean_square_theta"]
batch = 16
[estimator.stationary]
chains = 4
warmup = 500
steps = 60000
every = 5
`, psi, decay, eta, eps, temperature)
	gradient := func(x float64) float64 { return decay*x - psi }
	g := func(x float64) float64 { return 1 / (math.Abs(gradient(x)) + eps) }
	law := sync.OnceValue(func() exact.Law {
		return exact.NewGaussianKernel(func(x float64) float64 { return x - eta*g(x)*gradient(x) },
			func(x float64) float64 { return math.Sqrt(2 * eta * temperature * g(x)) }, -6.4, 7.6, 701).Stationary()
	})
	var checks []Check
	for _, o := range []struct {
		name string
		f    func(x float64) float64
	}{{"theta_0", func(x float64) float64 { return x }}, {"mean_square_theta", func(x float64) float64 { return x * x }}} {
		checks = append(checks, Check{ID: "rmsprop/" + o.name, Group: "Stochastic gradients of the trainer", Kind: MonteCarlo, Experiment: text,
			Name: "Dirac-GAN, generator by RMSprop with noise in its metric, α = 0: ⟨" + o.name + "⟩", Cell: stationaryCell(o.name),
			Law: func() float64 { return law().Mean(o.f) }, Tolerance: 0.02})
	}
	return checks
}
