package verify

import (
	"fmt"
	"math"
	"strings"

	"machlup/langevin/exact"
)

// logZChecks are the estimators of log Z side by side: O7 of first order and with momentum,
// its scaled cumulant generating function, the density of a pinned end, and the harmonic line
// of the free energies.
func logZChecks() []Check {
	checks := append(tiltEstimatorChecks(), scgfChecks()...)
	return append(checks, harmonicChecks()...)
}

// ratioCell is the log Z ratio by one estimator.
func ratioCell(quantity, estimator string) Cell {
	return Cell{Table: "partition", Row: map[string]string{"quantity": quantity, "estimator": estimator}, Column: "log_z", StdErr: "stderr", ESS: "ess"}
}

const smcTables = `[estimator.laplace]
[estimator.smc]
runs = 200
[estimator.filter]
kind = "smc"
over = "time"
runs = 300
`

func tiltEstimatorChecks() []Check {
	const a, s2, steps, start, tilt, beta = 0.9, 0.1, 10, 0.3, 0.8, 0.6
	const moves = "[move.single-slice]\n[move.staging]\nlength = 10"
	first := tiltText(start, "mean_square_x", steps, "onsager-machlup", tilt, moves, smcTables+"[estimator.ais]\nruns = 4000\nreverse = true\n")
	second := fmt.Sprintf(`name = "verify-O7-momentum"
seed = 38
[system]
kind = "ou"
[trainer]
scheme = "heavy-ball"
start = [%v]
[trainer.heavy-ball]
eta = 0.1
momentum = %v
temperature = 1.25
[observables]
names = ["mean_square_x"]
[path]
steps = %d
observable = "mean_square_x"
tilt = %v
%s
%s[estimator.exchange]
levels = 7
draws = 3000
`, start, beta, steps, tilt, moves, smcTables)
	inputs := tiltText(start, "mean_square_x", steps, "innovation", tilt, "[move.pcn]\n[move.shooting]", "[estimator.laplace]\n[estimator.smc]\nruns = 200\n")
	one := logMean(exact.QuadraticTilt{Dim: 1, M: []float64{a}, N: []float64{s2}, Q: []float64{2 * tilt}}, []float64{start}, steps)
	two := logMean(exact.QuadraticTilt{Dim: 2, M: []float64{a + beta, -beta, 1, 0}, N: []float64{s2, 0, 0, 0}, Q: []float64{2 * tilt, 0, 0, 0}}, []float64{start, start}, steps)
	var checks []Check
	for _, c := range []struct {
		id, name, text string
		value          float64
		monteCarlo     []string
	}{
		{"O7", "block-tridiagonal", first, one, []string{"smc", "particle-filter", "ais-bar"}},
		{"O7-momentum", "pentadiagonal, momentum", second, two, []string{"smc", "particle-filter", "stepping-stone", "bar", "mbar"}},
		{"O7-innovation", "innovations", inputs, one, []string{"smc"}},
	} {
		checks = append(checks, Check{ID: "logz/" + c.id + "-laplace", Group: "log Z", Name: "O7: log Z of a quadratic tilt is a determinant, " + c.name, Kind: Exact,
			Experiment: c.text, Cell: ratioCell("log_z_ratio", "laplace"), Exact: c.value, Tolerance: 1e-10 * math.Abs(c.value)})
		for _, e := range c.monteCarlo {
			checks = append(checks, Check{ID: "logz/" + c.id + "-" + e, Group: "log Z", Name: fmt.Sprintf("O7: log Z of a quadratic tilt, %s, %s", e, c.name), Kind: MonteCarlo,
				Experiment: c.text, Cell: ratioCell("log_z_ratio", e), Exact: c.value, Tolerance: 0.02})
		}
	}
	return append(checks, pinnedDensityCheck())
}

func logMean(q exact.QuadraticTilt, start []float64, steps int) float64 {
	v, ok := q.LogMean(start, steps)
	if !ok {
		panic("verify: the tilted oracle is infinite")
	}
	return v
}

// pinnedDensityCheck is O2 and O4: Z_pin/Z_free is the density of the end.
func pinnedDensityCheck() Check {
	const steps, s2 = 12, 0.1
	ou := exact.OUBridge{A: 0.9, S: math.Sqrt(s2), Start: 0.4, End: -0.9, Steps: steps}
	text := fmt.Sprintf(`name = "verify-O4-density"
seed = 39
[system]
kind = "ou"
[trainer]
start = [0.4]
[trainer.euler-maruyama]
eta = 0.1
temperature = 0.5
[observables]
names = ["mean_x"]
[path]
steps = %d
end = "pinned"
end_at = [-0.9]
[estimator.laplace]
`, steps)
	value := ou.LogZ() - exact.FreeEndLogZ(1, steps, ou.S, 1)
	return Check{ID: "logz/O4-density", Group: "log Z", Name: "O2, O4: Z_pin/Z_free of an OU bridge is the density of its end, Laplace", Kind: Exact,
		Experiment: text, Cell: ratioCell("log_z_pinned", "laplace"), Exact: value, Tolerance: 1e-10 * math.Abs(value)}
}

// scgfChecks are −½ ln μ₊ and its slope.
func scgfChecks() []Check {
	const a, s2, tilt = 0.7, 0.3, 0.5 // η = 0.3, T = 0.5
	scgf := func(t float64) float64 {
		b := 1 + a*a + 2*t*s2
		return -0.5 * math.Log((b+math.Sqrt(b*b-4*a*a))/2)
	}
	const h = 1e-5
	text := fmt.Sprintf(`name = "verify-scgf"
seed = 40
[system]
kind = "ou"
[trainer.euler-maruyama]
eta = 0.3
temperature = 0.5
[observables]
names = ["mean_square_x"]
[path]
observable = "mean_square_x"
tilt = %v
[estimator.scgf]
lengths = [12, 24, 36]
runs = 400
particles = 64
`, tilt)
	cell := func(quantity string) Cell {
		return Cell{Table: "partition", Row: map[string]string{"quantity": quantity, "value": "36"}, Column: "log_z", StdErr: "stderr", ESS: "ess"}
	}
	return []Check{
		{ID: "logz/O7-scgf", Group: "log Z", Name: "O7: growth of log Z a step is −½ ln μ₊", Kind: MonteCarlo, Experiment: text, Cell: cell("scgf"), Exact: scgf(tilt), Tolerance: 0.001},
		{ID: "logz/O7-scgf-slope", Group: "log Z", Name: "O7: its slope is −⟨o⟩ of the tilted paths", Kind: MonteCarlo, Experiment: text, Cell: cell("scgf_slope"),
			Exact: (scgf(tilt+h) - scgf(tilt-h)) / (2 * h), Tolerance: 0.004},
	}
}

// harmonicChecks are the harmonic line by the methods that are not in freeEnergyChecks.
func harmonicChecks() []Check {
	const dim, scale = 3, 4.0
	ratio := dim * exact.HarmonicLogZRatio(1, scale)
	text := func(name, config string) string {
		return fmt.Sprintf(`name = "verify-%s"
seed = 42
[system]
kind = "harmonic"
[system.harmonic]
dim = %d
stiffness = [1.0]
[estimator.free-energy]
scale = %v
%s
`, name, dim, scale, config)
	}
	const eps = 0.1
	tempering := fmt.Sprintf(`name = "verify-tempering"
seed = 43
[system]
kind = "harmonic"
[system.harmonic]
dim = %d
stiffness = [1.0]
[trainer]
start = [2.0]
[estimator.tempering]
temperature_top = %v
ladders = 4
draws = 3000
`, dim, scale)
	refinement := strings.Replace(text("discretisation", "draws = 12000\nchains = 3"), "free-energy", "discretisation", 1) // ε = 0.1
	step := func(quantity string, at float64) Cell {
		return Cell{Table: "partition", Row: map[string]string{"quantity": quantity, "value": fmt.Sprint(at)}, Column: "log_z", StdErr: "stderr", ESS: "ess"}
	}
	var checks []Check
	for _, e := range []string{"stepping-stone", "bar", "mbar"} {
		checks = append(checks, Check{ID: "free-energy/tempering-" + e, Group: "Free energies", Name: "the same as log Z(T)/Z(4T) by replica exchange over T, " + e, Kind: MonteCarlo,
			Experiment: tempering, Cell: ratioCell("log_z_ratio", e), Exact: ratio, Tolerance: 0.02})
	}
	for _, q := range []struct {
		quantity string
		exact    float64
	}{{"mean_energy", dim}, {"heat_capacity", dim / 2.0}} {
		checks = append(checks, Check{ID: "free-energy/tempering-" + q.quantity, Group: "Free energies", Name: "equipartition at T = 2 between levels, " + q.quantity, Kind: MonteCarlo,
			Experiment: tempering, Cell: step(q.quantity, 2), Exact: q.exact, Tolerance: 0.06})
	}
	for _, e := range []float64{eps, eps / 2} {
		checks = append(checks, Check{ID: fmt.Sprintf("free-energy/discretisation-%v", e), Group: "Free energies", Name: fmt.Sprintf("bias −(d/2) ln[(1−εk/2)/(1−2εk)] at ε = %v, apart from log Z", e), Kind: MonteCarlo,
			Experiment: refinement, Cell: step("discretisation_bias", e), Exact: dim * exact.EulerMaruyamaTIBias(1, scale, e), Tolerance: 0.02})
	}
	return append(checks, []Check{
		{ID: "free-energy/laplace", Group: "Free energies", Name: "harmonic k → 4k by Laplace's method: −(d/2) ln 4", Kind: Exact, Experiment: text("laplace", "method = \"laplace\""),
			Cell: ratioCell("log_z_ratio", "laplace"), Exact: ratio, Tolerance: 1e-10 * math.Abs(ratio)},
		{ID: "free-energy/smc", Group: "Free energies", Name: "the same by sequential Monte Carlo", Kind: MonteCarlo, Experiment: text("smc", "method = \"smc\"\nruns = 800"),
			Cell: ratioCell("log_z_ratio", "smc"), Exact: ratio, Tolerance: 0.02},
	}...)
}
