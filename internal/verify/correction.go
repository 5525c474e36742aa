package verify

import (
	"fmt"
	"math"
	"sync"

	"machlup/langevin/exact"
)

// correctionChecks are the corrections of metric noise on the trainer: each against the exact
// stationary law of its own discrete kernel on a game of one parameter, and O1 and O10 of
// perceptrons with ηTΓ in the step and in the residual.
func correctionChecks() []Check {
	const eta, temperature, damping, decay, psi, amplitude, wave = 0.1, 0.8, 0.3, 1.0, 0.7, 0.6, 1.5
	seeds := map[string]int{"none": 651, "half": 652, "full": 653, "hanggi-klimontovich": 654} // independent noise
	game := func(correction string) string {
		return fmt.Sprintf(`name = "verify-correction-%s"
seed = %d
[system]
kind = "curved"
[system.curved]
amplitude = %v
wave = %v
psi = %v
[trainer]
batch = 1
regularisers = ["weight-decay"]
[trainer.weight-decay]
generator = %v
discriminator = 0.0
[trainer.discriminator.sgd]
eta = 1e-300 # ψ stays
[trainer.generator]
optimizer = "natural"
[trainer.generator.natural]
eta = %v
damping = %v
[noise]
kind = "injected"
temperature_g = %v
metric_g = "natural"
correction = %q
quenched_batch = 1
[observables]
names = ["gen_mean", "mean_square_theta"]
batch = 16
[estimator.stationary]
chains = 4
warmup = 500
steps = 60000
every = 5
`, correction, seeds[correction], amplitude, wave, psi, decay, eta, damping, temperature, correction)
	}
	slope := func(x float64) float64 { return 1 + amplitude*math.Cos(wave*x) }
	g := func(x float64) float64 { return 1 / (slope(x)*slope(x) + damping) }
	gamma := func(x float64) float64 { return 2 * g(x) * g(x) * slope(x) * amplitude * wave * math.Sin(wave*x) }
	drift := func(x float64) float64 { return x - eta*g(x)*(decay*x-psi*slope(x)) }
	s := math.Sqrt(2 * eta * temperature)
	law := func(correction string) exact.Law {
		const lo, hi, n = -7.0, 7.0, 401
		if correction == "hanggi-klimontovich" {
			return exact.NewMapKernel(func(x, xi float64) float64 {
				w := xi / math.Sqrt(g(x)) // covariance F
				end := x + s*g(x)*w
				return drift(x) + s/2*(g(x)+g(end))*w
			}, lo, hi, n).Stationary()
		}
		multiple := map[string]float64{"none": 0, "half": 0.5, "full": 1}[correction]
		return exact.NewGaussianKernel(func(x float64) float64 { return drift(x) + eta*temperature*multiple*gamma(x) },
			func(x float64) float64 { return s * math.Sqrt(g(x)) }, lo, hi, n).Stationary()
	}
	var checks []Check
	for _, c := range []struct{ correction, target string }{
		{"none", "e^{−U/T}/G"}, {"half", "e^{−U/T}/√G"}, {"full", "e^{−U/T}"}, {"hanggi-klimontovich", "e^{−U/T} without Γ"},
	} {
		stationary := sync.OnceValue(func() exact.Law { return law(c.correction) })
		for _, o := range []struct {
			name string
			f    func(x float64) float64
		}{
			{"gen_mean", func(x float64) float64 { return x + amplitude/wave*math.Sin(wave*x) }},
			{"mean_square_theta", func(x float64) float64 { return x * x }},
		} {
			checks = append(checks, Check{ID: "correction/" + c.correction + "/" + o.name, Group: "Metric noise of the trainer", Kind: MonteCarlo,
				Name:       fmt.Sprintf("curved game, correction %s, law %s as η → 0: ⟨%s⟩", c.correction, c.target, o.name),
				Experiment: game(c.correction), Cell: stationaryCell(o.name), Law: func() float64 { return stationary().Mean(o.f) }, Tolerance: 0.015})
		}
	}
	return append(checks, correctedPathChecks()...)
}

// correctedPathChecks are O1 and O10 of two perceptrons of tanh, ηTΓ at full.
func correctedPathChecks() []Check {
	const steps, parameters = 5, 7 + 4 // 1-2-1 and 1-1-1
	text := func(name, rest string) string {
		return fmt.Sprintf(`name = "verify-correction-%s"
seed = 66
[system]
kind = "mlp"
[system.mlp.gaussian]
mean = 0.5
std = 1.0
[system.mlp.generator]
latent = 1
hidden = [2]
activation = "tanh"
[system.mlp.discriminator]
hidden = [1]
activation = "tanh"
[trainer.generator]
optimizer = "natural"
[trainer.generator.natural]
eta = 0.05
damping = 1.0
[trainer.discriminator]
optimizer = "natural"
[trainer.discriminator.natural]
eta = 0.05
damping = 1.0
[noise]
kind = "injected"
temperature_g = 0.2
temperature_d = 0.2
metric_g = "natural"
metric_d = "natural"
correction = "full"
quenched_batch = 6
[observables]
names = ["loss_d", "gen_mean", "gen_std"]
batch = 16
[path]
steps = %d
[move.single-slice]
[move.staging]
length = %d
target = 0.0
%s`, name, steps, steps, rest)
	}
	return []Check{
		{ID: "correction/O1", Group: "Metric noise of the trainer", Name: "O1, metric noise of both players with ηTΓ: ⟨S_quad⟩ = K(n_D+n_G)/2", Kind: MonteCarlo,
			Experiment: text("O1", "[estimator.paths]\neach = false\nwarm = 60\nburn = 100\ndraws = 1000\n"),
			Cell:       certificateCell("all", "mean of S_quad/hbar"), Exact: exact.FreeEndAction(parameters, steps), Tolerance: 1},
		o10Check("correction/O10", "Metric noise of the trainer", "O10, metric noise of both players with ηTΓ", text("O10", "[move.shooting]\n[move.pcn]\n[estimator.o10]\nruns = 800\ndraws = 800\nwarm = 20\nburn = 100\n")),
	}
}
