package verify

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"machlup/langevin/exact"
)

// stagedChecks are those of moves and actions of their own experiments.
func stagedChecks() []Check {
	return slices.Concat(bisectionChecks(), midpointChecks(), paperMoveChecks())
}

// bisectionChecks are the moves that decide in stages: bisection and delayed acceptance.
func bisectionChecks() []Check {
	free := `name = "verify-O9-bisection"
seed = 39
[system]
kind = "free"
[trainer]
scheme = "heavy-ball"
[trainer.heavy-ball]
eta = 0.1
momentum = 0.5
[observables]
names = ["mean_x"]
[path]
steps = 16
[move.bisection]
target = 0.0
[estimator.paths]
draws = 500
`
	const steps, s2 = 12, 0.1
	bridge := fmt.Sprintf(`name = "verify-O4-staged"
seed = 40
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
[move.bisection]
[move.delayed]
move = "staging"
[estimator.paths]
each = false
slices = true
chains = 4
draws = 20000
`, steps)
	ou := exact.OUBridge{A: 0.9, S: math.Sqrt(s2), Start: 0.4, End: -0.9, Steps: steps}
	at := func(id, name string, c Cell, value float64) Check {
		return Check{ID: "moves/" + id, Group: "Moves", Name: name, Kind: MonteCarlo, Experiment: bridge, Cell: c, Exact: value, Tolerance: 0.02 * s2 * 3}
	}
	return []Check{
		{ID: "moves/O9-bisection", Group: "Moves", Name: "O9: bisection on the free action accepts always", Kind: Exact, Experiment: free, Exact: 1,
			Cell: Cell{Table: "paths", Row: map[string]string{"move": "bisection", "chain": "0", "statistics_of": "bisection"}, Column: "acceptance"}},
		at("O4-mean", "O4 by bisection and delayed acceptance: mean of x₈", sliceCell("mean_x", 8, 8, "mean", "stderr"), ou.Mean(8)),
		at("O4-covariance", "O4 by bisection and delayed acceptance: Cov(x₃, x₆)", sliceCell("mean_x", 3, 6, "covariance", "covariance_stderr"), ou.Covariance(3, 6)),
	}
}

// midpointChecks are O5, O1 and O10 of the implicit midpoint.
func midpointChecks() []Check {
	const steps, temperature = 8, 0.5
	const eta, rate = 1.0, 1.0 // a step as long as the relaxation: Itô's variance would be twice D/λ
	a := (1 - eta*rate/2) / (1 + eta*rate/2)
	ou := fmt.Sprintf(`name = "verify-O5-midpoint"
seed = 41
[system]
kind = "ou"
[trainer]
start = [0.4]
[trainer.euler-maruyama]
eta = %v
temperature = %v
[observables]
names = ["mean_x"]
[path]
steps = %d
action = "onsager-machlup-midpoint"
[move.single-slice]
[move.staging]
[estimator.paths]
each = false
slices = true
chains = 4
draws = 10000
`, eta, temperature, steps)
	well := strings.NewReplacer("verify-O10", "verify-O10-midpoint", "steps = 16\n[move.single-slice]\n[move.staging]\nlength = 16\n[move.shooting]\n[move.pcn]\n",
		"steps = 16\naction = \"onsager-machlup-midpoint\"\n[move.single-slice]\n[move.staging]\nlength = 16\n[estimator.paths]\neach = false\ndraws = 4000\nburn = 1000\n",
		"runs = 20000\ndraws = 10000\n", "runs = 10000\ndraws = 5000\n").Replace(doubleWellO10)
	return []Check{
		{ID: "moves/O5-midpoint", Group: "Moves", Name: "O5, implicit midpoint of an OU process, ηλ = 1: Var x₈ = D/λ (1 − a¹⁶), a = ⅓", Kind: MonteCarlo, Experiment: ou,
			Cell: sliceCell("mean_x", steps, steps, "covariance", "covariance_stderr"), Exact: temperature / rate * (1 - math.Pow(a, 2*steps)), Tolerance: 0.02 * temperature},
		{ID: "moves/O1-midpoint", Group: "Moves", Name: "O1, implicit midpoint of a double well: mean of S_quad = K/2", Kind: MonteCarlo, Experiment: well,
			Cell: certificateCell("all", "mean of S_quad/hbar"), Exact: exact.FreeEndAction(1, 16), Tolerance: 0.1},
		o10Check("moves/O10-midpoint", "Moves", "O10, implicit midpoint of a double well: forward and positions agree", well),
	}
}
