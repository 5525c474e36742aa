package verify

import (
	"fmt"
	"math"
)

// modeChecks are the levels that mode coverage is read against: a perfect sampler and a
// uniform box on the usual ring and grid, at 2 500 samples and one hit a mode, and a line
// with modes that overlap. The exact values are written out here from their definitions.
func modeChecks() []Check {
	const n = 2500
	var checks []Check
	add := func(target, text, sampler, metric string, exact, tolerance float64) {
		checks = append(checks, Check{ID: fmt.Sprintf("modes/%s/%s/%s", target, sampler, metric), Group: "Modes covered",
			Name: fmt.Sprintf("%s, %s sampler at %d samples: %s", target, sampler, n, metric), Kind: MonteCarlo, Experiment: text,
			Cell:  Cell{Table: "modes", Row: map[string]string{"sampler": sampler, "metric": metric}, Column: "value", StdErr: "stderr", ESS: "ess"},
			Exact: exact, Tolerance: tolerance})
	}
	perfect := 1 - math.Exp(-4.5) // within 3σ in the plane
	for _, t := range []struct {
		name      string
		modes     float64
		side, std float64 // of the box
	}{{"ring", 8, 2.06, 0.01}, {"grid", 25, 8.3, 0.05}} {
		text := modesText(t.name, n, "")
		area := math.Pi * 9 * t.std * t.std / (t.side * t.side)
		add(t.name, text, "perfect", "quality", perfect, 2e-4)
		add(t.name, text, "uniform", "quality", t.modes*area, 3e-4)
		add(t.name, text, "uniform", "modes_covered", t.modes*(1-math.Pow(1-area, n)), 0.12)
		// The plug-in KL of N samples in K equal modes is (K−1)/2N + (K²−1)/12N² + O(1/N³) too
		// high (Miller 1955; Harris 1975).
		entropy := math.Log(t.modes) - (t.modes-1)/2*meanInverse(n, perfect) - (t.modes*t.modes-1)/12/(n*perfect*n*perfect)
		add(t.name, text, "perfect", "mode_entropy", entropy, 1e-3)
	}
	// Two modes on the line: ½N(±2,1) holds more than 99.7 % within 3σ, because each reaches
	// into the other's ball; the box [−5,5] is all within.
	cdf := func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
	line := modesText("mixture", n, "")
	add("mixture", line, "perfect", "quality", cdf(3)-cdf(-7), 2e-4)
	box := modesText("mixture", n, "box = [-10.0, 10.0]\n")
	add("mixture-box", box, "uniform", "quality", 0.5, 1e-3)
	return checks
}

// meanInverse is ⟨1/N⟩ of a binomial N, to order 1/n².
func meanInverse(n, p float64) float64 { return (1 + (1-p)/(n*p)) / (n * p) }

// modesText counts the modes of a target with an untrained generator.
func modesText(target string, samples int, rest string) string {
	return fmt.Sprintf(`name = "verify-modes-%s"
seed = 57
[system]
kind = "mlp"
[system.mlp]
target = %q
[system.mlp.generator]
latent = 2
hidden = [2]
[system.mlp.discriminator]
hidden = [2]
[trainer]
batch = 4
[observables]
batch = 16
[estimator.collapse]
steps = 1
at = [0]
samples = %d
draws = 400
projections = 1
subsample = 5
%s`, target, target, samples, rest)
}
