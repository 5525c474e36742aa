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
