package verify

import (
	"fmt"
	"math"
)

// noiseChecks are the measured covariance of minibatch gradients, coloured noise, and
// linear-noise theory beyond injected white noise.
func noiseChecks() []Check {
	checks := append(lqNoise(), colouredNoise()...)
	return append(checks, linearNoiseChecks()...)
}

// lqNoise: the critic wx² + vx + c of x ~ N(μ,σ²) and of y = az + b with the Wasserstein loss. A row's gradient is ∓(x², x, 1)
// of the critic, whose covariances add up, and −(2wy + v)(z, 1) of the generator, with
// 2wy + v = p + rz, p = 2wb + v, r = 2wa.
func lqNoise() []Check {
	const w, v, a, b, mu, sigma, eta, batch = 0.3, -0.7, 0.8, 0.4, 1.5, 0.6, 0.05, 8
	text := fmt.Sprintf(`name = "verify-noise-lq"
seed = 71
[system]
kind = "lq"
[system.lq]
theta = [%v, %v]
psi = [%v, %v, 0.2]
[system.lq.gaussian]
mean = %v
std = %v
[trainer]
loss = "wasserstein"
[trainer.generator.sgd]
eta = %v
[estimator.gradient-noise]
rows = 20000
batches = 2000
[sweep.grid]
"trainer.batch" = [%d, 32, 128]
`, a, b, w, v, mu, sigma, eta, batch)
	square := func(m, s float64) float64 { return 4*m*m*s*s + 2*s*s*s*s } // Var x²
	c := [2][2]float64{{square(mu, sigma) + square(b, a), 2*mu*sigma*sigma + 2*b*a*a}, {0, sigma*sigma + a*a}}
	p, r := 2*w*b+v, 2*w*a
	g := [2][2]float64{{p*p + 2*r*r, p * r}, {0, r * r}}
	trace := func(c [2][2]float64) float64 { return c[0][0] + c[1][1] }
	largest := func(c [2][2]float64) float64 {
		return trace(c)/2 + math.Hypot((c[0][0]-c[1][1])/2, c[0][1])
	}
	participation := func(c [2][2]float64) float64 {
		return trace(c) * trace(c) / (c[0][0]*c[0][0] + 2*c[0][1]*c[0][1] + c[1][1]*c[1][1])
	}
	row := func(id, player, quantity, index string, exact, cap float64) Check {
		cell := Cell{Table: "gradient_noise", Row: map[string]string{"task": fmt.Sprintf("gradient-noise/batch=%d/r0", batch), "player": player, "quantity": quantity, "index": index},
			Column: "value", StdErr: "stderr", ESS: "ess"}
		return Check{ID: "noise/lq/" + id, Group: "noise", Name: "gradients of a linear generator and a quadratic critic: " + quantity + " of the " + player, Kind: MonteCarlo,
			Experiment: text, Cell: cell, Exact: exact, Tolerance: cap * exact}
	}
	const d, gen = "discriminator", "generator"
	return []Check{
		row("trace-d", d, "trace", "", trace(c), 0.03),
		row("trace-g", gen, "trace", "", trace(g), 0.03),
		row("largest-d", d, "eigenvalue", "1", largest(c), 0.03),
		row("largest-g", gen, "eigenvalue", "1", largest(g), 0.03),
		row("participation-g", gen, "participation", "", participation(g), 0.03),
		row("temperature-g", gen, "temperature", "", eta*trace(g)/(2*2*batch), 0.03),
		row("batch-trace-d", d, "batch_trace", "", trace(c)/batch, 0.06),
		row("batch-trace-g", gen, "batch_trace", "", trace(g)/batch, 0.06),
	}
}

// colouredNoise: the harmonic at finite step and correlation time, measured and predicted, and
// the same by the first step, which a start at rest would miss.
func colouredNoise() []Check {
	const eta, k, temperature, tau, steps = 0.1, 2.0, 0.5, 4.0, 120
	text := fmt.Sprintf(`name = "verify-noise-coloured"
seed = 72
[system]
kind = "ou"
[system.ou]
rate = [%v]
[trainer]
correlation_time = %v
[trainer.euler-maruyama]
eta = %v
temperature = %v
[observables]
names = ["x0"]
[estimator.ensemble]
chains = 4000
steps = %d
at = [1, %d]
trace_every = 0
`, k, tau, eta, temperature, steps, steps)
	a, r, s2 := math.Exp(-1/tau), 1-eta*k, 2*eta*temperature
	intensity := (1 - a) / (1 + a)
	stationary := math.Sqrt(s2 * intensity * (1 + r*a) / ((1 - r*r) * (1 - r*a)))
	first := math.Sqrt(s2 * intensity)
	check := func(id, name, column, kind string, step int, exact, tolerance float64) Check {
		cell := Cell{Table: "fluctuations", Row: map[string]string{"observable": "x0", "step": fmt.Sprint(step)}, Column: column}
		if kind == MonteCarlo {
			cell.StdErr, cell.ESS = "std_stderr", "ess"
		}
		return Check{ID: "noise/coloured/" + id, Group: "noise", Name: "coloured noise on a harmonic: " + name, Kind: kind, Experiment: text, Cell: cell, Exact: exact, Tolerance: tolerance}
	}
	return []Check{
		check("predicted", "predicted std, stationary", "predicted_std", Exact, steps, stationary, 1e-10),
		check("measured", "std, stationary", "std", MonteCarlo, steps, stationary, 0.02*stationary),
		check("first", "std after the first step: the noise starts stationary", "std", MonteCarlo, 1, first, 0.02*first),
	}
}

// linearNoiseChecks are ratios of measured and predicted standard deviation of a small smooth
// GAN with large batches, where they must be 1: true minibatches under two optimizers, and
// their Gaussian model under Adam, whose first steps are signs of gradients: the noise must be
// small beside the smallest of them, and at B = 256 theory is out by a factor.
func linearNoiseChecks() []Check {
	const steps = 10
	var checks []Check
	for i, c := range []struct {
		id, d, g, noise, theory string
		batch                   int
	}{
		{"minibatch-sgd", "sgd", "sgd", "minibatch", "tangents = 1\ndraws = 24\nrepeats = 16\n", 256},
		{"minibatch-natural-momentum", "sgd", "natural-momentum", "minibatch", "tangents = 1\ndraws = 24\nrepeats = 16\n", 256},
		{"gaussian-adam", "adam", "adam", "minibatch-gaussian", "", 25600},
		{"injected-nesterov", "sgd", "nesterov", "injected", "", 256},
	} {
		temperatures := ""
		if c.noise == "injected" {
			temperatures = "temperature_g = 1e-5\ntemperature_d = 1e-5\n"
		}
		text := fmt.Sprintf(`name = "verify-linear-noise-%s"
seed = %d
[system]
kind = "mlp"
[system.mlp.gaussian]
mean = 1.0
std = 0.5
[system.mlp.generator]
latent = 2
hidden = [4]
activation = "tanh"
[system.mlp.discriminator]
hidden = [4]
activation = "tanh"
[trainer]
batch = %d
[trainer.generator]
optimizer = %q
[trainer.generator.natural-momentum]
damping = 0.05
[trainer.discriminator]
optimizer = %q
[noise]
kind = %q
quenched_batch = 64
%s[observables]
names = ["gen_mean", "gen_std"]
batch = 64
[estimator.ensemble]
chains = 1500
steps = %d
at = [%d]
trace_every = 0
%s`, c.id, 73+i, c.batch, c.g, c.d, c.noise, temperatures, steps, steps, c.theory)
		for _, o := range []string{"gen_mean", "gen_std"} {
			checks = append(checks, Check{ID: "linear-noise/" + c.id + "/" + o, Group: "linear-noise", Name: "measured over predicted std of " + o + ": " + c.g + ", " + c.noise, Kind: MonteCarlo, Experiment: text,
				Cell:  Cell{Table: "linear_noise", Row: map[string]string{"observable": o, "step": fmt.Sprint(steps)}, Column: "ratio", StdErr: "ratio_stderr", ESS: "ess"},
				Exact: 1, Tolerance: 0.04})
		}
	}
	return checks
}
