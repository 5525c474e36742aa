package verify

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/mathext"

	"machlup/gan/otto"
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
	return append(checks, Check{ID: "otto/collapse-separated", Group: "Wasserstein flows",
		Name: "saturating: late relaxation from total collapse, modes at ±4, ½ gap = 3.1e−4", Kind: Exact, Full: true,
		Experiment: strings.Replace(flowText("mode", "saturating", "cells = 1600\nstep = 10.0\nsteps = 4000\nevery = 100\n"), "[-2.0, 2.0]", "[-4.0, 4.0]", 1),
		Cell:       rateCell(1, "saturating"), Law: func() float64 { return gap(4) / 2 }, Tolerance: 1e-7})
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
