package verify

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/mathext"

	"machlup/gan/otto"
	"machlup/langevin/exact"
)

// ottoChecks are the flows on the Wasserstein space.
func ottoChecks() []Check {
	const tau, sigma = 0.5, 1.25
	checks := []Check{
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
	checks = append(checks, oscillatorChecks()...)
	weights := map[string]float64{"saturating": 0.5, "literal-jprime": 0.25, "non-saturating": 0.5, "kl": 1}
	for _, name := range otto.FlowNames() {
		weight := weights[name]
		shift := flowText("gaussian", name, "start_mean = 8.02\nstart_std = 1.25\ncells = 300\nstep = 0.1\nsteps = 300\nevery = 100\n")
		checks = append(checks,
			Check{ID: "otto/shift-" + name, Group: "Wasserstein flows", Name: name + ": a shift of N(8, 1.25²) decays at w/σ²", Kind: Exact,
				Experiment: shift, Cell: rateCell(1, name), Exact: weight / (sigma * sigma), Tolerance: 1e-3 * weight},
			Check{ID: "otto/stretch-" + name, Group: "Wasserstein flows", Name: name + ": an excess variance of N(8, 1.25²) decays at 2w/σ²", Kind: Exact,
				Experiment: flowText("gaussian", name, "start_mean = 8.0\nstart_std = 1.26\nrates = 2\ncells = 300\nstep = 0.1\nsteps = 200\nevery = 100\n"),
				Cell:       rateCell(2, name), Exact: 2 * weight / (sigma * sigma), Tolerance: 2e-3 * weight},
			Check{ID: "otto/collapse-" + name, Group: "Wasserstein flows", Name: name + ": late relaxation from total collapse, modes at ±2, w·gap", Kind: Exact,
				Experiment: flowText("mode", name, "cells = 400\nstep = 0.5\nsteps = 900\nevery = 100\n"),
				Cell:       rateCell(1, name), Law: func() float64 { return weight * gap(2) }, Tolerance: 5e-5})
	}
	for _, name := range otto.FlowNames() {
		checks = append(checks, Check{ID: "otto/collapse-3-" + name, Group: "Wasserstein flows", Full: true,
			Name: name + ": late relaxation from total collapse, modes at ±3, w·gap", Kind: Exact,
			Experiment: strings.Replace(flowText("mode", name, "cells = 800\nstep = 2.0\nsteps = 2400\nevery = 100\n"), "[-2.0, 2.0]", "[-3.0, 3.0]", 1),
			Cell:       rateCell(1, name), Law: func() float64 { return weights[name] * gap(3) }, Tolerance: 3e-6})
	}
	return append(checks, Check{ID: "otto/collapse-separated", Group: "Wasserstein flows",
		Name: "saturating: late relaxation from total collapse, modes at ±4, ½ gap = 3.1e−4", Kind: Exact, Full: true,
		Experiment: strings.Replace(flowText("mode", "saturating", "cells = 1600\nstep = 10.0\nsteps = 4000\nevery = 100\n"), "[-2.0, 2.0]", "[-4.0, 4.0]", 1),
		Cell:       rateCell(1, "saturating"), Law: func() float64 { return gap(4) / 2 }, Tolerance: 1e-7})
}

// oscillatorChecks are fluctuations about q = p in Hermite modes, and paths of laws: the
// path integral over the Wasserstein space.
func oscillatorChecks() []Check {
	const temperature, eta, modes, steps = 1e-4, 0.2, 3, 8
	h, err := otto.NewHermiteGalerkin(otto.HermiteGalerkinConfig{Modes: modes, Nodes: 40, Flow: "non-saturating", Mean: 8, Std: 1.25})
	if err != nil {
		panic("verify: the Hermite modes are not built")
	}
	square := 0.0
	for k := 1; k <= modes; k++ {
		square += exact.EulerMaruyamaVariance(h.Frequency2(k), eta, temperature) / modes
	}
	return []Check{
		{ID: "otto/hermite-fluctuations", Group: "Wasserstein flows", Name: "Hermite modes at temperature T: ⟨a²⟩ = T/(ω²(1−ηω²/2)), ω² = k/2σ²", Kind: MonteCarlo,
			Experiment: fmt.Sprintf(`name = "verify-hermite"
seed = 62
[system]
kind = "hermite-galerkin"
[system.hermite-galerkin]
modes = %d
flow = "non-saturating"
[trainer.euler-maruyama]
eta = %v
temperature = %v
[observables]
names = ["mean_square_x"]
[estimator.stationary]
warmup = 500
steps = 60000
`, modes, eta, temperature), Cell: stationaryCell("mean_square_x"), Exact: square, Tolerance: 0.015 * square},
		{ID: "otto/O1", Group: "Wasserstein flows", Name: "O1 on paths of a law of 6 particles under C: ⟨S_quad⟩ = KN/2", Kind: MonteCarlo,
			Experiment: fmt.Sprintf(`name = "verify-quantile-paths"
seed = 63
[system]
kind = "quantile"
[system.quantile]
particles = 6
[trainer.euler-maruyama]
eta = 0.05
temperature = 0.01
[path]
steps = %d
[move.single-slice]
[move.staging]
length = %d
[estimator.paths]
each = false
draws = 3000
`, steps, steps), Cell: certificateCell("all", "mean of S_quad/hbar"), Exact: exact.FreeEndAction(6, steps), Tolerance: 0.5},
	}
}

// flowText is an experiment with one flow; a start in a mode has data with two.
func flowText(start, flow, rest string) string {
	means := ""
	if start == "mode" {
		means = "means = [-2.0, 2.0]\nstds = [1.0]\n"
	}
	return fmt.Sprintf(`name = "verify-w2-flow"
seed = 1
[system]
kind = "quantile"
[system.quantile]
%s[estimator.w2-flow]
start = %q
flows = [%q]
%s`, means, start, flow, rest)
}

func rateCell(mode int, flow string) Cell {
	return Cell{Table: "summary", Row: map[string]string{"quantity": fmt.Sprintf("late rate of mode %d, %s", mode, flow)}, Column: "value"}
}

// gap is the spectral gap of ½N(−a,1) + ½N(a,1), on grids of its own.
func gap(a float64) float64 {
	g, _, err := otto.Gap(otto.Pair(a), 600)
	if err != nil {
		return math.NaN()
	}
	return g
}

// pairEnergy is ⟨V⟩ at temperature τ for V = −2 log 2w + m²/σ² + w²/8σ² + log 2πσ², the
// energy of two particles at m ± w/2 under KL to N(0, σ²): m is normal, w²/8σ²τ has the
// gamma law of shape 1/τ + ½.
func pairEnergy(tau, sigma float64) float64 {
	shape := 1/tau + 0.5
	logW := (math.Log(8*sigma*sigma*tau) + mathext.Digamma(shape)) / 2
	return -2*(math.Ln2+logW) + tau/2 + tau*shape + math.Log(2*math.Pi*sigma*sigma)
}
