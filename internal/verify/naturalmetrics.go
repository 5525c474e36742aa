package verify

import (
	"fmt"

	"machlup/langevin/exact"
)

// naturalMetricChecks are the directions in each metric, and O1 and O10 with noise in it, on a
// tiny GAN.
func naturalMetricChecks() []Check {
	const steps, parameters = 5, 2*5 + 5 + 5 + 1 + 4 + 4 + 4 + 1
	var checks []Check
	for _, m := range []struct{ d, g string }{{"fisher", "otto"}, {"l2", "fisher"}} {
		name := m.d + "-" + m.g
		game := func(rest string) string {
			return fmt.Sprintf(`name = "verify-metrics-%s"
seed = 54
[system]
kind = "mlp"
[system.mlp.generator]
latent = 2
hidden = [5]
activation = "tanh"
[system.mlp.discriminator]
hidden = [4]
activation = "tanh"
[trainer]
regularisers = ["r1"]
[trainer.r1]
gamma = 0.5
[trainer.generator]
optimizer = "natural-momentum"
[trainer.generator.natural-momentum]
eta = 0.05
damping = 1.0
metric = %q
degree = 3
[trainer.discriminator]
optimizer = "natural"
[trainer.discriminator.natural]
eta = 0.05
damping = 1.0
metric = %q
[noise]
kind = "injected"
temperature_g = 1e-1
temperature_d = 1e-1
metric_g = "natural"
metric_d = "natural"
quenched_batch = 24
[observables]
names = ["loss_d", "gen_mean", "gen_std", "rho"]
batch = 64
%s`, name, m.g, m.d, rest)
		}
		derivatives := game("[estimator.derivatives]\n")
		for _, player := range []string{"discriminator", "generator"} {
			quantity := "natural gradient of the " + player
			checks = append(checks, Check{ID: "metrics/" + name + "/" + player, Group: "Metrics", Name: quantity + " (" + name + ")",
				Kind: Exact, Experiment: derivatives, Tolerance: 1e-8,
				Cell: Cell{Table: "summary", Row: map[string]string{"quantity": "relative error: " + quantity}, Column: "value"}})
		}
		checks = append(checks, Check{ID: "metrics/" + name + "/O1", Group: "Metrics", Name: "O1 with noise in the metrics " + name + ": ⟨S_quad⟩ = K(n_D+n_G)/2",
			Kind: MonteCarlo, Exact: exact.FreeEndAction(parameters, steps), Tolerance: 1, Cell: certificateCell("all", "mean of S_quad/hbar"),
			Experiment: game(fmt.Sprintf(`[path]
steps = %d
[move.single-slice]
[move.staging]
length = %d
target = 0.0
[estimator.paths]
each = false
warm = 60
burn = 100
draws = 1500
`, steps, steps))})
		checks = append(checks, o10Check("metrics/"+name+"/O10", "Metrics", "O10 with noise in the metrics "+name, game(fmt.Sprintf(`[path]
steps = %d
[move.single-slice]
[move.staging]
length = %d
target = 0.0
[move.shooting]
[move.pcn]
[estimator.o10]
runs = 1500
draws = 1200
warm = 20
burn = 100
`, steps, steps))))
	}
	return checks
}
