package verify

import (
	"fmt"
	"strconv"

	"machlup/langevin/exact"
)

// pottsChecks: a system of first order near the coexistence of its phases, by the partitions of N
// into q parts.
func pottsChecks() []Check {
	const n, q, lo, hi, points = 40, 5, 3.5, 4.0, 5
	experiment := fmt.Sprintf(`name = "verify-potts"
seed = 86
[system]
kind = "potts"
[system.potts]
states = %d
[estimator.transition]
observable = "m"
control = "system.potts.beta"
size = "system.potts.spins"
starts = "system.potts.start"
energy = "energy"
conjugate = "beta"
chi_norm = "size"
warmup = 300
steps = 12000
chains = 1
curve = %d
resamples = 10
[sweep.grid]
"system.potts.spins" = [20, %d]
"system.potts.beta" = [%v, 3.75, %v]
"system.potts.start" = ["ordered", "mixed"]
`, q, points, n, lo, hi)
	law := exact.Potts(n, q)
	checks := spinChecks("phase/potts", fmt.Sprintf("Potts, N = %d, %d colours, by partitions", n, q), experiment, law, 3.75, lo+(hi-lo)*3/(points-1), 0.03)
	return append(checks, Check{ID: "phase/potts/log-z", Group: "Transitions", Name: fmt.Sprintf("Potts, N = %d, %d colours: ln Z(%v)/Z(%v) by reweighting", n, q, hi, lo), Kind: MonteCarlo, Experiment: experiment,
		Exact: law.At(hi, 0).LogZ - law.At(lo, 0).LogZ, Tolerance: 0.03,
		Cell: Cell{Table: "reweighted", Row: map[string]string{"size": strconv.Itoa(n), "control": plain(hi), "quantity": "log_z"}, Column: "value", StdErr: "stderr", ESS: "ess"}})
}

// collapseChecks: the law of x/a in the double well h((x/a)² − 1)² − tx depends on t·a alone, so curves
// over t for several a collapse with exponents 1 and −1 about t = 0, without corrections.
func collapseChecks() []Check {
	const experiment = `name = "verify-collapse"
seed = 87
[system]
kind = "double-well"
[trainer]
scheme = "hmc"
[trainer.hmc]
step = 0.25
leaps = 6
[estimator.transition]
observable = "x0"
control = "system.double-well.tilt"
size = "system.double-well.minimum"
size_value = "key"
collapse_correction = 100.0
warmup = 200
steps = 40000
chains = 1
resamples = 60
[sweep.grid]
"system.double-well.minimum" = [1.0, 1.4, 1.9]
"system.double-well.tilt" = [-1.35, -1.2, -1.05, -0.9, -0.75, -0.6, -0.45, -0.3, -0.15, 0.02, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.05, 1.2, 1.35]
`
	var checks []Check
	for _, c := range []struct {
		quantity, parameter string
		exact, tolerance    float64
	}{{"abs_m", "a", 1, 0.066}, {"abs_m", "b", -1, 0.02}} {
		checks = append(checks, Check{ID: fmt.Sprintf("phase/collapse/%s-%s", c.quantity, c.parameter), Group: "Transitions", Kind: MonteCarlo, Experiment: experiment, Exact: c.exact, Tolerance: c.tolerance,
			Name: fmt.Sprintf("data collapse of a tilted double well over its width: %s of %s", c.parameter, c.quantity),
			Cell: Cell{Table: "scaling", Row: map[string]string{"quantity": c.quantity, "parameter": c.parameter}, Column: "value", StdErr: "stderr", ESS: "resamples"}})
	}
	return checks
}

// verdictChecks: sweeps of three systems whose kind is known, 25 of each: no verdict is wrong, and at
// most one of five is undecided. resamples, which the verdict does not use, tells the sweeps apart.
func verdictChecks() []Check {
	var checks []Check
	for _, c := range []struct{ name, want, system, sizes, betas, more string }{
		{"curie-weiss", "continuous-like", "[system.curie-weiss]\nfield = 0.0", "[32, 64, 128]", "[0.85, 0.92, 1.0, 1.08, 1.16, 1.24, 1.32]", "symmetric = true"},
		{"potts", "first-order-like", "[system.potts]\nstates = 6", "[20, 40, 80]", "[3.6, 3.8, 3.95, 4.1, 4.25, 4.4]", "symmetric = false"},
		{"crossover", "crossover", "[system.curie-weiss]\nfield = 0.5", "[64, 128, 256]", "[0.2, 0.3, 0.4, 0.5, 0.6, 0.7]", "symmetric = false"},
	} {
		kind := c.name
		if kind == "crossover" {
			kind = "curie-weiss"
		}
		experiment := fmt.Sprintf(`name = "verify-verdict-%s"
seed = 88
[system]
kind = %q
%s
[estimator.transition]
observable = "m"
control = "system.%s.beta"
size = "system.%[4]s.spins"
energy = "energy"
conjugate = "beta"
%[5]s
chi_norm = "size"
warmup = 300
steps = 10000
chains = 1
curve = 11
[sweep.grid]
"system.%[4]s.spins" = %[6]s
"system.%[4]s.beta" = %[7]s
"estimator.transition.resamples" = %[8]s
`, c.name, kind, c.system, kind, c.more, c.sizes, c.betas, "[10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34]")
		for _, k := range []struct {
			id, name  string
			neither   []string
			tolerance float64
		}{{"wrong", "wrong", []string{c.want, "undecided"}, 0.02}, {"not-right", "wrong or undecided", []string{c.want}, 0.2}} {
			checks = append(checks, Check{ID: fmt.Sprintf("phase/verdict/%s-%s", c.name, k.id), Group: "Transitions", Kind: Exact, Experiment: experiment, Tolerance: k.tolerance, Full: true,
				Name: fmt.Sprintf("%s, 25 sweeps: share of verdicts %s", c.name, k.name),
				Cell: Cell{Table: "verdict", Row: map[string]string{"clue": "verdict"}, Column: "supports", Neither: k.neither}})
		}
	}
	return checks
}
