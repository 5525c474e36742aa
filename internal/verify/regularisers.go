package verify

import (
	"fmt"
	"math"
)

// tinyGAN is a GAN of small smooth networks on a quenched batch; trainer are lines of the
// table [trainer] and what follows.
func tinyGAN(name, trainer, rest string) string {
	return fmt.Sprintf(`name = "verify-%s"
seed = 53
[system]
kind = "mlp"
[system.mlp.generator]
latent = 2
hidden = [5]
activation = "tanh"
[system.mlp.discriminator]
hidden = [6, 4]
activation = "softplus"
[trainer]
%s
[trainer.discriminator.sgd]
eta = 0.3
[trainer.generator.sgd]
eta = 0.3
[observables]
names = ["norm_psi", "rho"]
batch = 64
%s`, name, trainer, rest)
}

const quenchedNoise = `[noise]
kind = "injected"
temperature_g = 1e-3
temperature_d = 1e-3
quenched_batch = 32
`

// regulariserChecks are the derivatives with each regulariser, and where clipping ends.
func regulariserChecks() []Check {
	var checks []Check
	for _, r := range []struct{ name, tables string }{
		{"r1", "[trainer.r1]\ngamma = 0.7\n"},
		{"r2", "[trainer.r2]\ngamma = 0.7\n"},
		{"wgan-gp", "[trainer.wgan-gp]\nlambda = 0.4\n"},
		{"dragan", "[trainer.dragan]\nlambda = 0.3\nc = 0.5\n"},
		{"instance-noise", "[trainer.instance-noise]\nsigma = 0.4\n"},
		{"weight-decay", ""},
	} {
		text := tinyGAN(r.name, fmt.Sprintf("packing = 2\nregularisers = [%q]\n%s", r.name, r.tables),
			quenchedNoise+"[estimator.derivatives]\ndifference = 1e-5\n")
		for _, q := range []struct {
			id, quantity string
			tolerance    float64
		}{
			{"gradient-d", "gradient of the discriminator", 1e-7},
			{"gradient-g", "gradient of the generator", 1e-7},
			{"tangent", "tangent of the step", 1e-6},
		} {
			checks = append(checks, Check{ID: "regularisers/" + r.name + "/" + q.id, Group: "Regularisers", Name: r.name + ": " + q.quantity,
				Kind: Exact, Experiment: text, Tolerance: q.tolerance,
				Cell: Cell{Table: "summary", Row: map[string]string{"quantity": "relative error: " + q.quantity}, Column: "value"}})
		}
	}
	return append(checks, clippingCheck())
}

// clippingCheck clips so low that every parameter ends on the bound: |ψ| = c√n_D.
func clippingCheck() Check {
	const c, parameters = 1e-6, 6*1 + 6 + 4*6 + 4 + 4 + 1
	text := tinyGAN("weight-clipping", fmt.Sprintf("regularisers = [\"weight-clipping\"]\n[trainer.weight-clipping]\nc = %g\n", c),
		"[noise]\nkind = \"none\"\n[estimator.ensemble]\nchains = 1\nsteps = 1\ntrace_every = 1\n")
	return Check{ID: "regularisers/weight-clipping", Group: "Regularisers", Name: "weight-clipping: |ψ| = c√n_D when all parameters are clipped",
		Kind: Exact, Experiment: text, Exact: c * math.Sqrt(parameters), Tolerance: 1e-15,
		Cell: Cell{Table: "trace", Row: map[string]string{"step": "1"}, Column: "norm_psi"}}
}
