package verify

import (
	"fmt"
	"math"
	"strings"

	"machlup/langevin/exact"
)

// smallGame is a small game at its equilibrium, both players by sgd with learning rate eta:
// keys are lines of [trainer], tables the rest of the file.
func smallGame(name, kind string, eta float64, keys, tables string) string {
	return fmt.Sprintf(`name = "verify-%s"
seed = 61
[system]
kind = %q
[system.%s]
theta = %s
psi = %s
[trainer]
%s
[trainer.generator.sgd]
eta = %v
[trainer.discriminator.sgd]
eta = %v
%s`, name, kind, kind, origin[kind], origin[kind], keys, eta, eta, tables)
}

// origin is a parameter 0 as each game's table writes it.
var origin = map[string]string{"dirac": "0.0", "bilinear": "[0.0]"}

const oneQuenched = "[noise]\nkind = \"none\"\nquenched_batch = 1\n"

// gameChecks are the eigenvalues of small games under every dynamics, and their stationary
// covariances at finite step, regularised to have one.
func gameChecks() []Check {
	checks := append(diracDynamics(), bilinearDynamics()...)
	checks = append(checks, gameCovariances()...)
	return append(checks, linearQuadraticChecks()...)
}

// diracDynamics: without regularisers; near the equilibrium L_D = ½ψθ + …, so ω = ½.
func diracDynamics() []Check {
	const h = 0.8
	var checks []Check
	check := func(id, name, keys, tables string, trace, det, tolerance float64) {
		text := smallGame("dirac-"+id, "dirac", h, keys, tables+oneQuenched+"[estimator.stability]\n")
		checks = append(checks, pairChecks("games/dirac/"+id, "Dirac-GAN, "+name, text, trace, det, tolerance)...)
	}
	check("simultaneous", "simultaneous: 1 ± ih/2", `dynamics = "simultaneous"`, "", 2, 1+h*h/4, 1e-12)
	check("alternating", "alternating: λ² − (2−h²/4)λ + 1", "", "", 2-h*h/4, 1, 1e-12)
	check("three", "three steps of D: λ² − (2−3h²/4)λ + 1", "", "[trainer.alternating]\nsteps_d = 3\n", 2-3*h*h/4, 1, 1e-8) // by central differences
	check("non-saturating", "non-saturating loss, the same equilibrium", "dynamics = \"simultaneous\"\nloss = \"non-saturating\"", "", 2, 1+h*h/4, 1e-12)
	return checks
}

// bilinearDynamics are those of θψ, whose H = ∂g/∂q is the rotation J: HᵀH = 1.
func bilinearDynamics() []Check {
	const h, weight = 0.4, 0.5
	limit := 2 * weight / (1 + weight*weight)
	var checks []Check
	check := func(id, name string, h float64, keys, tables string, trace, det float64) {
		text := smallGame("bilinear-"+id, "bilinear", h, keys, tables+oneQuenched+"[estimator.stability]\n")
		checks = append(checks, pairChecks("games/bilinear/"+id, "θψ, "+name, text, trace, det, 1e-9)...)
	}
	pair := func(re, im float64) (trace, det float64) { return 2 * re, re*re + im*im }
	trace, det := pair(1, h)
	check("simultaneous", "simultaneous: 1 ± ih", h, `dynamics = "simultaneous"`, "", trace, det)
	trace, det = pair(1-h*h, h)
	check("extragradient", "extragradient: 1 − h² ± ih", h, `dynamics = "extragradient"`, "", trace, det)
	trace, det = pair(1-h*weight, h)
	check("consensus", "consensus: 1 − hγ ± ih", h, `dynamics = "consensus"`, fmt.Sprintf("[trainer.consensus]\ngamma = %v\n", weight), trace, det)
	sga := fmt.Sprintf("[trainer.sga]\nlambda = %v\n", weight)
	check("sga", "SGA: 1 + h(−λ ± i)", h, `dynamics = "sga"`, sga, trace, det)
	// x' = x − 2hJx + hJx₋ has μ² − (1 − 2ihs)μ − ihs = 0, s = ±1: memory of both players and a
	// flag besides x. Its two largest |μ|² are (1 + √(1−4h²))/2, the same for both signs.
	optimistic := strings.NewReplacer("generator.sgd", "generator.optimistic", "discriminator.sgd", "discriminator.optimistic").Replace(
		smallGame("bilinear-optimistic", "bilinear", h, `dynamics = "simultaneous"`, "[trainer.generator]\noptimizer = \"optimistic\"\n[trainer.discriminator]\noptimizer = \"optimistic\"\n"+
			oneQuenched+"[estimator.stability]\nsteps = 1\n"))
	checks = append(checks, eigenvalueCheck("games/bilinear/optimistic", "θψ, optimistic: √((1+√(1−4h²))/2)", optimistic, "spectral radius", math.Sqrt((1+math.Sqrt(1-4*h*h))/2), 1e-8))
	text := smallGame("bilinear-sga-limit", "bilinear", limit, `dynamics = "sga"`, sga+oneQuenched+"[estimator.stability]\n")
	return append(checks, eigenvalueCheck("games/bilinear/sga-limit", "θψ, SGA at h = 2λ/(1+λ²)", text, "spectral radius", 1, 1e-9))
}

// gameCovariances are ⟨θ²⟩ and ⟨ψ²⟩ of linear games with isotropic noise at one temperature,
// Σ = MΣMᵀ + Q at the finite step: rotation with damping of both players by weight decay, in
// both orders of the players (the generator then feels the discriminator's noise in the same
// step), and the Langevin Dirac-GAN, damping of the discriminator alone by R1.
func gameCovariances() []Check {
	const h, wd, gamma, temperature = 0.2, 0.4, 0.7, 0.5
	d, s2 := 1-h*wd, 2*h*temperature // of both players
	isotropic := []float64{s2, 0, 0, s2}
	decay := fmt.Sprintf("[trainer.weight-decay]\ngenerator = %v\ndiscriminator = %v\n", wd, wd)
	var checks []Check
	for _, c := range []struct {
		id, name, keys, tables string
		m, q                   []float64 // in the order ψ, θ
	}{
		{"decay-simultaneous", "θψ with weight decay, simultaneous", "dynamics = \"simultaneous\"\nregularisers = [\"weight-decay\"]", decay,
			[]float64{d, -h, h, d}, isotropic},
		{"decay-alternating", "θψ with weight decay, alternating", "regularisers = [\"weight-decay\"]", decay,
			[]float64{d, -h, h * d, d - h*h}, []float64{s2, h * s2, h * s2, s2 + h*h*s2}},
		{"r1-simultaneous", "θψ with R1, simultaneous", "dynamics = \"simultaneous\"\nregularisers = [\"r1\"]", fmt.Sprintf("[trainer.r1]\ngamma = %v\n", gamma),
			[]float64{1 - h*gamma, -h, h, 1}, isotropic},
	} {
		text := smallGame(c.id, "bilinear", h, c.keys, c.tables+fmt.Sprintf(`[noise]
kind = "injected"
temperature_g = %v
temperature_d = %v
quenched_batch = 1
[observables]
names = ["mean_square_psi", "mean_square_theta"]
batch = 16
[estimator.stationary]
warmup = 500
steps = 60000
`, temperature, temperature))
		sigma := exact.StationaryCovariance(c.m, c.q, 2)
		for i, observable := range []string{"mean_square_psi", "mean_square_theta"} {
			checks = append(checks, Check{ID: "games/" + c.id + "/" + observable, Group: "Games", Name: c.name + ": " + observable,
				Kind: MonteCarlo, Experiment: text, Cell: stationaryCell(observable), Exact: sigma[3*i], Tolerance: 0.02 * sigma[3*i]})
		}
	}
	return checks
}

// linearQuadraticChecks: derivatives of the linear-quadratic game, and O10 where both players
// move at once, whose positions are one block.
func linearQuadraticChecks() []Check {
	lq := func(name, dynamics, rest string) string {
		return fmt.Sprintf(`name = "verify-lq-%s"
seed = 62
[system]
kind = "lq"
[system.lq]
latent = 2
theta = [0.8, -0.4, 0.3]
psi = [-0.1, 0.2, 0.1]
[system.lq.gaussian]
mean = 0.5
std = 1.0
[trainer]
dynamics = %q
[trainer.generator]
optimizer = "momentum"
[trainer.generator.momentum]
eta = 0.05
[trainer.discriminator]
optimizer = "momentum"
[trainer.discriminator.momentum]
eta = 0.1
[noise]
kind = "injected"
temperature_g = 2e-2
temperature_d = 1e-2
quenched_batch = 16
[observables]
names = ["loss_d", "loss_g", "gen_mean", "gen_std", "psi_0"]
batch = 32
%s`, name, dynamics, rest)
	}
	text := lq("derivatives", "simultaneous", "[estimator.derivatives]\ndifference = 1e-5\n")
	var checks []Check
	for _, q := range []struct{ id, quantity string }{
		{"gradient-d", "gradient of the discriminator"}, {"gradient-g", "gradient of the generator"}, {"tangent", "tangent of the step"}} {
		checks = append(checks, Check{ID: "games/lq/" + q.id, Group: "Games", Name: "linear generator, quadratic critic: " + q.quantity, Kind: Exact, Experiment: text, Tolerance: 1e-7,
			Cell: Cell{Table: "summary", Row: map[string]string{"quantity": "relative error: " + q.quantity}, Column: "value"}})
	}
	const steps = 6
	for _, dynamics := range []string{"simultaneous", "extragradient", "consensus"} {
		check := o10Check("games/lq/O10-"+dynamics, "Games", "O10, both players in one block: "+dynamics, lq("O10-"+dynamics, dynamics, fmt.Sprintf(`[path]
steps = %[1]d
[move.single-slice]
[move.staging]
length = %[1]d
target = 0.0
[move.shooting]
[move.pcn]
[estimator.o10]
runs = 2000
draws = 2000
warm = 20
burn = 100
`, steps)))
		check.Full = dynamics != "simultaneous"
		checks = append(checks, check)
	}
	return checks
}
