package verify

import (
	"fmt"

	"machlup/langevin/exact"
)

// paperGAN is the paper's GAN on a quenched batch, with an optimizer of both players.
func paperGAN(name, generator, discriminator, rest string) string {
	return fmt.Sprintf(`name = "verify-%s"
seed = 51
[system]
kind = "mlp"
[trainer.generator]
optimizer = %q
[trainer.discriminator]
optimizer = %q
[noise]
kind = "injected"
temperature_g = 1e-3
temperature_d = 1e-3
quenched_batch = 128
[observables]
names = ["loss_d", "loss_g", "gen_mean", "gen_std", "rho"]
batch = 64
%s`, name, generator, discriminator, rest)
}

// paperParameters is the number of parameters of the paper's GAN, 577 + 97.
const paperParameters = 674

// ganChecks are the trainer's derivatives, and O1 and O10 on the paper's GAN.
func ganChecks() []Check {
	var checks []Check
	derivative := func(id, text, quantity string, tolerance float64) {
		checks = append(checks, Check{ID: "gan/" + id, Group: "GAN", Name: quantity, Kind: Exact, Experiment: text, Tolerance: tolerance,
			Cell: Cell{Table: "summary", Row: map[string]string{"quantity": "relative error: " + quantity}, Column: "value"}})
	}
	sgd := paperGAN("derivatives", "sgd", "sgd", "[estimator.derivatives]\n")
	derivative("gradient-d", sgd, "gradient of the discriminator", 1e-7)
	derivative("gradient-g", sgd, "gradient of the generator", 1e-7)
	// Smooth networks: a central difference across a kink of ReLU is no derivative.
	smooth := paperGAN("tangent", "momentum", "sgd", `[system.mlp.generator]
activation = "tanh"
[system.mlp.discriminator]
activation = "tanh"
[estimator.derivatives]
difference = 1e-5
`)
	derivative("tangent", smooth, "tangent of the step", 1e-6)
	natural := paperGAN("natural", "natural", "natural", "[estimator.derivatives]\n")
	derivative("natural-d", natural, "natural gradient of the discriminator", 1e-8)
	derivative("natural-g", natural, "natural gradient of the generator", 1e-8)

	const steps = 6
	for _, optimizer := range []string{"sgd", "natural-momentum"} {
		text := paperGAN("O1-"+optimizer, optimizer, "sgd", fmt.Sprintf(`[path]
steps = %d
[move.single-slice]
[move.staging]
length = %d
target = 0.0
[estimator.paths]
each = false
warm = 60
burn = 100
draws = 1200
`, steps, steps))
		value := exact.FreeEndAction(paperParameters, steps)
		checks = append(checks, Check{ID: "gan/O1-" + optimizer, Group: "GAN", Name: "O1 on the paper's GAN, " + optimizer + ": ⟨S_quad⟩ = K(n_D+n_G)/2",
			Kind: MonteCarlo, Experiment: text, Cell: certificateCell("all", "mean of S_quad/hbar"), Exact: value, Tolerance: 6})
		checks = append(checks, o10Check("gan/O10-"+optimizer, "GAN", "O10 on the paper's GAN, "+optimizer, paperGAN("O10-"+optimizer, optimizer, "sgd", fmt.Sprintf(`[path]
steps = %d
[move.single-slice]
[move.staging]
length = %d
target = 0.0
[move.shooting]
[move.pcn]
[estimator.o10]
runs = 2000
draws = 1200
warm = 20
burn = 100
`, steps, steps))))
	}
	return checks
}
