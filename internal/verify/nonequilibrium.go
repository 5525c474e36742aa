package verify

import (
	"fmt"
	"math"
	"strings"

	"machlup/langevin/exact"
)

// nonEquilibriumCell is a row of nonequilibrium.csv.
func nonEquilibriumCell(quantity, observable, other string) Cell {
	return Cell{Table: "nonequilibrium", Row: map[string]string{"quantity": quantity, "observable": observable, "other": other},
		Column: "value", StdErr: "stderr", ESS: "ess"}
}

const perStep = "entropy production per step"

// nonEquilibriumChecks: entropy production and currents at finite step, and the fluctuation
// theorems, which are exact for any system.
func nonEquilibriumChecks() []Check {
	checks := append(gameEntropy(), diracEntropy()...)
	checks = append(checks, entropyLimits()...)
	checks = append(checks, potentialEntropy()...)
	return append(checks, trainerTheorems()...)
}

// gameEntropy: the linear game, whose current is a rotation.
func gameEntropy() []Check {
	const a, b, eta, temperature = 1.0, 1.0, 0.1, 0.5
	text := func(alternating bool) string {
		return fmt.Sprintf(`name = "verify-currents"
seed = 71
[system]
kind = "linear-game"
[system.linear-game]
damping = %v
rotation = %v
alternating = %v
[trainer.euler-maruyama]
eta = %v
temperature = %v
[observables]
names = ["x0", "x1"]
[estimator.non-equilibrium]
windows = 1500
runs = 20000
`, a, b, alternating, eta, temperature)
	}
	m, s := []float64{1 - eta*a, eta * b, -eta * b, 1 - eta*a}, math.Sqrt(2*eta*temperature)
	entropy := exact.LinearGameStepEntropy(a, b, eta)
	turns := exact.AlternatingStepEntropy(m, []int{1, 2}, []float64{s, s})
	area := -eta * b * exact.LinearGameVariance(a, b, eta, temperature)
	check := func(id, name, text string, cell Cell, value, limit float64) Check {
		return Check{ID: "non-equilibrium/game/" + id, Group: "Non-equilibrium", Name: "linear game: " + name, Kind: MonteCarlo, Experiment: text, Cell: cell, Exact: value, Tolerance: limit}
	}
	return []Check{
		check("entropy", "S_rev − S_fwd = 4ε²b²/(1−ρ²) per step", text(false), nonEquilibriumCell(perStep, "", ""), entropy, 0.015*entropy),
		check("area", "area rate −εb⟨x²⟩", text(false), nonEquilibriumCell("area rate", "x0", "x1"), area, 0.02*math.Abs(area)),
		check("integral", "integral fluctuation theorem", text(false), nonEquilibriumCell("integral fluctuation theorem", "", ""), 0, 0.01),
		check("detailed", "slope of the detailed fluctuation theorem", text(false), nonEquilibriumCell("detailed fluctuation theorem: slope", "", ""), 1, 0.05),
		check("alternating-entropy", "players in turn, the reverse in the opposite order", text(true), nonEquilibriumCell(perStep, "", ""), turns, 0.015*turns),
		check("alternating-integral", "integral fluctuation theorem, players in turn", text(true), nonEquilibriumCell("integral fluctuation theorem", "", ""), 0, 0.01),
	}
}

// diracEntropy: the Langevin Dirac-GAN with R1, linear at so low a temperature. As h → 0 the
// rate is 4ω²/γ.
func diracEntropy() []Check {
	const h, gamma, omega, temperature = 0.1, 0.8, 0.5, 1e-5
	s := math.Sqrt(2 * h * temperature)
	m := []float64{1 - h*gamma, -h * omega, h * omega, 1} // of (ψ, θ)
	var checks []Check
	for _, c := range []struct {
		dynamics string
		ends     []int
	}{{"simultaneous", []int{2}}, {"alternating", []int{1, 2}}} {
		d := dirac{name: "entropy-" + c.dynamics, dynamics: c.dynamics, h: h, regularisers: r1(gamma),
			noise: fmt.Sprintf("kind = \"injected\"\nquenched_batch = 1\ntemperature_g = %[1]v\ntemperature_d = %[1]v\n", temperature),
			rest:  "[observables]\nnames = [\"theta_0\", \"psi_0\"]\nbatch = 16\n[estimator.non-equilibrium]\nwindows = 1000\nruns = 4000\n"}
		value := exact.AlternatingStepEntropy(m, c.ends, []float64{s, s})
		checks = append(checks, Check{ID: "non-equilibrium/dirac/" + c.dynamics, Group: "Non-equilibrium",
			Name: "Langevin Dirac-GAN with R1, " + c.dynamics + ": entropy production, 4ω²/γ as h → 0", Kind: MonteCarlo,
			Experiment: d.text(), Cell: nonEquilibriumCell(perStep, "", ""), Exact: value, Tolerance: 0.03 * value})
	}
	return checks
}

// entropyLimits: the rates at three steps carried to step 0, where the flows have 2b²/a and 4ω²/γ. Exact is the same
// combination of the exact rates at the three steps, which is within 0.5 % of that.
func entropyLimits() []Check {
	const a, b, gamma, omega = 1.0, 1.0, 0.8, 0.5
	steps := []float64{0.2, 0.1, 0.05}
	game := func(h float64) float64 { return exact.LinearGameStepEntropy(a, b, h) / h }
	flow := func(h float64) float64 {
		s := math.Sqrt(2 * h * 1e-5)
		return exact.AlternatingStepEntropy([]float64{1 - h*gamma, -h * omega, h * omega, 1}, []int{2}, []float64{s, s}) / h
	}
	richardson := func(rate func(h float64) float64, h []float64) float64 {
		return (8*rate(h[2]) - 6*rate(h[1]) + rate(h[0])) / 3
	}
	estimator := "[estimator.non-equilibrium]\nwindows = 2000\nwindow = 100\nruns = 0\nextrapolate = 1\n"
	gan := dirac{name: "entropy-limit", dynamics: "simultaneous", h: 0.1, regularisers: r1(gamma),
		noise: "kind = \"injected\"\nquenched_batch = 1\ntemperature_g = 1e-5\ntemperature_d = 1e-5\n",
		rest: "[observables]\nnames = [\"theta_0\"]\nbatch = 16\n" + estimator +
			"[sweep.zip]\n\"trainer.generator.sgd.eta\" = [0.4, 0.2, 0.1]\n\"trainer.discriminator.sgd.eta\" = [0.4, 0.2, 0.1]\n"}
	check := func(id, name, text string, value, limit float64) Check {
		return Check{ID: "non-equilibrium/" + id, Group: "Non-equilibrium", Name: name, Kind: MonteCarlo, Experiment: text, Exact: value, Tolerance: limit,
			Cell: Cell{Table: "extrapolation", Row: map[string]string{"observable": "entropy production rate"}, Column: "value", StdErr: "stderr", ESS: "ess"}}
	}
	checks := []Check{
		check("game/limit", fmt.Sprintf("linear game: entropy production rate at three steps carried to 0: 2b²/a = %v", 2*b*b/a), fmt.Sprintf(`name = "verify-entropy-limit"
seed = 78
[system]
kind = "linear-game"
[system.linear-game]
damping = %v
rotation = %v
[trainer.euler-maruyama]
temperature = 0.5
[observables]
names = ["x0", "x1"]
%s[sweep.grid]
"trainer.euler-maruyama.eta" = [0.2, 0.1, 0.05]
`, a, b, estimator), richardson(game, steps), 0.06),
		check("dirac/limit", fmt.Sprintf("Langevin Dirac-GAN with R1: entropy production rate at three steps carried to 0: 4ω²/γ = %v", 4*omega*omega/gamma),
			strings.ReplaceAll(gan.text(), "eta = 0.1\n", ""), richardson(flow, []float64{0.4, 0.2, 0.1}), 0.05),
	}
	checks[1].Full = true
	return checks
}

// potentialEntropy: none in a quadratic potential at any step; in a double well what the finite
// step leaves, from the discrete kernel itself.
func potentialEntropy() []Check {
	const eta, temperature = 0.08, 0.5
	text := func(system string) string {
		return fmt.Sprintf(`name = "verify-potential"
seed = 72
%s
[trainer.euler-maruyama]
eta = %v
temperature = %v
[estimator.non-equilibrium]
windows = 1000
window = 100
runs = 4000
`, system, eta, temperature)
	}
	check := func(id, name, system, quantity string, value, limit float64, law func() float64) Check {
		return Check{ID: "non-equilibrium/potential/" + id, Group: "Non-equilibrium", Name: name, Kind: MonteCarlo,
			Experiment: text(system), Cell: nonEquilibriumCell(quantity, "", ""), Exact: value, Law: law, Tolerance: limit}
	}
	well := "[system]\nkind = \"double-well\"\n[system.double-well]\nbarrier = 1.0\ntilt = 0.25"
	gradient := func(x float64) float64 { return 4*x*(x*x-1) - 0.25 }
	return []Check{
		check("harmonic", "harmonic: no entropy production at a finite step", "[system]\nkind = \"harmonic\"\n[system.harmonic]\ndim = 2\nstiffness = [1.0, 3.0]", perStep, 0, 3e-4, nil),
		check("double-well", "double well: what the finite step leaves, by the discrete kernel", well, perStep, 0, 2e-3, func() float64 {
			return kernelEntropy(gradient, eta, temperature)
		}),
		check("double-well-detailed", "double well: slope of the detailed fluctuation theorem", well, "detailed fluctuation theorem: slope", 1, 0.06, nil),
	}
}

// kernelEntropy is ∫π(x)P(x→y) ln[P(x→y)/P(y→x)] of Euler–Maruyama in one dimension.
func kernelEntropy(gradient func(float64) float64, eta, temperature float64) float64 {
	s2 := 2 * eta * temperature
	mean := func(x float64) float64 { return x - eta*gradient(x) }
	const lo, hi, n = -3.0, 3.0, 401
	law := exact.NewGaussianKernel(mean, func(float64) float64 { return math.Sqrt(s2) }, lo, hi, n).Stationary()
	h, sum := (hi-lo)/(n-1), 0.0
	for i, x := range law.X {
		for _, y := range law.X {
			forward, back := y-mean(x), x-mean(y)
			sum += law.P[i] * h * h * math.Exp(-forward*forward/(2*s2)) / math.Sqrt(2*math.Pi*s2) * (back*back - forward*forward) / (2 * s2)
		}
	}
	return sum
}

// trainerTheorems: the integral theorem of trainers, in which every part of the action enters:
// momentum, and the metric of the natural gradient with its determinant.
func trainerTheorems() []Check {
	text := func(optimizer, extra, noise string) string {
		return strings.NewReplacer("OPTIMIZER", optimizer, "EXTRA", extra).Replace(`name = "verify-theorem-OPTIMIZER"
seed = 73
[system]
kind = "lq"
[system.lq]
latent = 1
theta = [0.8, 0.3]
psi = [-0.1, 0.2, 0.1]
[system.lq.gaussian]
mean = 0.5
std = 1.0
[trainer.generator]
optimizer = "OPTIMIZER"
[trainer.generator.OPTIMIZER]
eta = 0.05
EXTRA[trainer.discriminator]
optimizer = "sgd"
[trainer.discriminator.sgd]
eta = 0.05
[noise]
kind = "injected"
`) + noise + `temperature_g = 0.1
temperature_d = 0.1
quenched_batch = 16
[observables]
names = ["gen_mean", "gen_std"]
batch = 16
[estimator.non-equilibrium]
chains = 1
warmup = 0
windows = 20
window = 1
runs = 8000
steps = 1
spread = 3.0
`
	}
	var checks []Check
	for _, c := range []struct{ optimizer, extra, noise string }{{"sgd", "", ""}, {"momentum", "beta = 0.3\n", ""}, {"natural", "", "metric_g = \"natural\"\n"}} {
		checks = append(checks, Check{ID: "non-equilibrium/lq/" + c.optimizer, Group: "Non-equilibrium",
			Name: "linear-quadratic game, " + c.optimizer + ": integral fluctuation theorem", Kind: MonteCarlo, Experiment: text(c.optimizer, c.extra, c.noise),
			Cell: nonEquilibriumCell("integral fluctuation theorem", "", ""), Exact: 0, Tolerance: 0.02})
	}
	return checks
}
