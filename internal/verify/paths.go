package verify

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"machlup/langevin/exact"
)

// sliceCell is a number of slices.csv.
func sliceCell(observable string, k, l int, column, stderr string) Cell {
	return Cell{Table: "slices", Row: map[string]string{"move": "all", "observable": observable, "slice": strconv.Itoa(k), "other": strconv.Itoa(l)},
		Column: column, StdErr: stderr, ESS: "ess"}
}

// certificateCell is a row of an O1 certificate.
func certificateCell(moves, what string) Cell {
	return Cell{Table: "partition", Row: map[string]string{"quantity": "O1", "estimator": "metropolis/" + moves, "parameter": what},
		Column: "log_z", StdErr: "stderr", ESS: "ess"}
}

func pathChecks() []Check {
	checks := bridgeChecks()
	checks = append(checks, freeEndChecks()...)
	checks = append(checks, moveChecks()...)
	checks = append(checks, tiltChecks()...)
	checks = append(checks, ladderChecks()...)
	return append(checks, o10Check("paths/O10-double-well", "Paths", "O10 on a double well: forward, positions and innovations agree", doubleWellO10))
}

// bridgeChecks are O3 and O4: pinned free particle and pinned OU process.
func bridgeChecks() []Check {
	const s2, steps = 0.1, 12 // s² = 2ηT
	bridge := func(name, system string) string {
		return fmt.Sprintf(`name = "verify-%s"
seed = 31
[system]
kind = %q
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
[move.single-slice]
[move.staging]
length = 5
[estimator.paths]
each = false
slices = true
chains = 4
draws = 40000
`, name, system, steps)
	}
	s := math.Sqrt(s2)
	ou := exact.OUBridge{A: 0.9, S: s, Start: 0.4, End: -0.9, Steps: steps}
	free, ouText := bridge("O3", "free"), bridge("O4", "ou")
	steered := strings.NewReplacer("verify-O4", "verify-O4-hmc", "[move.single-slice]\n[move.staging]\nlength = 5\n", "[move.hmc]\nleapfrog = 4\n[move.mala]\n").Replace(ouText)
	at := func(id, name, text string, c Cell, value, scale float64) Check {
		return Check{ID: "paths/" + id, Group: "Paths", Name: name, Kind: MonteCarlo, Experiment: text, Cell: c, Exact: value, Tolerance: 0.02 * scale}
	}
	return []Check{
		at("O3-variance", "O3, pinned free particle: Var x₆ = s²i(K−i)/K", free, sliceCell("mean_x", 6, 6, "covariance", "covariance_stderr"), exact.FreeBridgeCovariance(s, 6, 6, steps), s2*3),
		at("O3-covariance", "O3: Cov(x₂, x₆) = s²i(K−j)/K", free, sliceCell("mean_x", 2, 6, "covariance", "covariance_stderr"), exact.FreeBridgeCovariance(s, 2, 6, steps), s2*3),
		at("O4-mean", "O4, pinned OU process: mean of x₈", ouText, sliceCell("mean_x", 8, 8, "mean", "stderr"), ou.Mean(8), 0.5),
		at("O4-variance", "O4: Var x₆", ouText, sliceCell("mean_x", 6, 6, "covariance", "covariance_stderr"), ou.Covariance(6, 6), s2*3),
		at("O4-hmc-mean", "O4 by gradients (hmc, mala): mean of x₈", steered, sliceCell("mean_x", 8, 8, "mean", "stderr"), ou.Mean(8), 0.5),
		at("O4-hmc-covariance", "O4 by gradients: Cov(x₃, x₆)", steered, sliceCell("mean_x", 3, 6, "covariance", "covariance_stderr"), ou.Covariance(3, 6), s2*3),
		at("O4-covariance", "O4: Cov(x₃, x₆)", ouText, sliceCell("mean_x", 3, 6, "covariance", "covariance_stderr"), ou.Covariance(3, 6), s2*3),
	}
}

// freeEndChecks are O1 on toys: first order, momentum, a state-dependent metric. The step
// keeps ηU″ < 2 where the wrong starts reach: beyond, the Euler map itself is unstable
// and a path there is frozen.
func freeEndChecks() []Check {
	var checks []Check
	for _, c := range []struct{ id, name, system, trainer string }{
		{"double-well", "double well", "double-well", "[trainer.euler-maruyama]\neta = 0.02"},
		{"momentum", "double well with momentum", "double-well", "[trainer]\nscheme = \"heavy-ball\"\n[trainer.heavy-ball]\neta = 0.02\nmomentum = 0.7"},
		{"metric", "OU with a position-dependent metric", "ou", "[trainer]\nscheme = \"metric-sgld\"\n[trainer.metric-sgld]\neta = 0.02"},
	} {
		const steps = 20
		text := fmt.Sprintf(`name = "verify-O1-%s"
seed = 32
[system]
kind = %q
%s
temperature = 0.6
[observables]
names = ["mean_x"]
[path]
steps = %d
wrong_start = 2.0
[move.single-slice]
[move.staging]
length = 6
[estimator.paths]
each = false
chains = 4
burn = 4000
draws = 20000
`, c.id, c.system, c.trainer, steps)
		value := exact.FreeEndAction(1, steps)
		for _, what := range []struct {
			name  string
			scale float64
		}{{"mean", 0.005}, {"variance", 0.04}} {
			checks = append(checks, Check{ID: "paths/O1-" + c.id + "-" + what.name, Group: "Paths",
				Name: fmt.Sprintf("O1, %s: %s of S_quad = K/2", c.name, what.name), Kind: MonteCarlo, Experiment: text,
				Cell: certificateCell("all", what.name+" of S_quad/hbar"), Exact: value, Tolerance: what.scale * value})
		}
	}
	return checks
}

// moveChecks are O9: exact acceptance one, and the correlation of pCN.
func moveChecks() []Check {
	staging := `name = "verify-O9-staging"
seed = 33
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
[move.staging]
length = 6
target = 0.0
[estimator.paths]
draws = 500
`
	const b = 0.4
	pcn := fmt.Sprintf(`name = "verify-O9-pcn"
seed = 34
[system]
kind = "free"
[trainer.euler-maruyama]
eta = 0.1
[observables]
names = ["mean_x"]
[path]
steps = 16
action = "innovation"
[move.pcn]
step = %v
target = 0.0
[estimator.paths]
slices = true
chains = 4
draws = 50000
`, b)
	accept := func(id, name, text, move string) Check {
		return Check{ID: "paths/" + id, Group: "Paths", Name: name, Kind: Exact, Experiment: text, Exact: 1,
			Cell: Cell{Table: "paths", Row: map[string]string{"move": move, "chain": "0", "statistics_of": move}, Column: "acceptance"}}
	}
	hmc := strings.NewReplacer("staging", "hmc", "length = 6\n", "leapfrog = 5\nstep = 1.0\n").Replace(staging)
	r := exact.PCNCorrelation(b, 1)
	tau := 0.5 + r/(1-r)
	return []Check{
		accept("O9-staging", "O9: staging on the free action accepts always", staging, "staging"),
		accept("O9-hmc", "O9: HMC of a path without drift accepts always", hmc, "hmc"),
		accept("O9-pcn", "O9: pCN without potential accepts always", pcn, "pcn"),
		{ID: "paths/O9-pcn-tau", Group: "Paths", Name: "O9: pCN correlation (1−b²)^{n/2}, as τ_int", Kind: MonteCarlo, Experiment: pcn,
			Cell:  Cell{Table: "slices", Row: map[string]string{"move": "pcn", "observable": "mean_x", "slice": "16", "other": "16"}, Column: "tau_int", StdErr: "tau_stderr", ESS: "ess"},
			Exact: tau, Tolerance: 0.06 * tau},
	}
}

// tiltChecks are O7: log Z of a linear and a quadratic tilt of OU paths, exactly Gaussian,
// by every estimator on both actions.
func tiltChecks() []Check {
	const a, s2, steps, start = 0.9, 0.1, 10, 0.3
	var checks []Check
	gradients := map[string]string{"onsager-machlup": "[move.hmc]\n[move.mala]", "innovation": "[move.innovation-hmc]\n[move.pcn-langevin]"}
	for _, o := range []struct {
		observable   string
		tilt         float64
		quadratic, c float64
	}{{"mean_x", 0.3, 0, 0.3}, {"mean_square_x", 0.8, 1.6, 0}} {
		value, ok := exact.QuadraticTilt{Dim: 1, M: []float64{a}, N: []float64{s2}, Q: []float64{o.quadratic}, Linear: []float64{o.c}}.LogMean([]float64{start}, steps)
		if !ok {
			panic("verify: the tilted oracle is infinite")
		}
		for _, action := range []string{"onsager-machlup", "innovation"} {
			moves := "[move.single-slice]\n[move.staging]\nlength = 10"
			if action == "innovation" {
				moves = "[move.shooting]\n[move.pcn]"
			}
			text := tiltText(start, o.observable, steps, action, o.tilt, moves, "[estimator.ti]\ndraws = 10000\n[estimator.ais]\nruns = 8000\n[estimator.forward]\nruns = 20000\n")
			steered := tiltText(start, o.observable, steps, action, o.tilt, gradients[action], "[estimator.ti]\ndraws = 6000\n")
			checks = append(checks, Check{ID: fmt.Sprintf("paths/O7-%s-%s-gradients", o.observable, action), Group: "Paths",
				Name: fmt.Sprintf("O7: log Z of the tilt by Σ%s, TI by gradient moves, %s", o.observable, action), Kind: MonteCarlo, Experiment: steered,
				Cell:  Cell{Table: "partition", Row: map[string]string{"quantity": "log_z_ratio", "estimator": "ti-gauss-legendre"}, Column: "log_z", StdErr: "stderr", ESS: "ess"},
				Exact: value, Tolerance: 0.02})
			for _, e := range []string{"ti-gauss-legendre", "ais", "forward"} {
				checks = append(checks, Check{ID: fmt.Sprintf("paths/O7-%s-%s-%s", o.observable, action, e), Group: "Paths",
					Name: fmt.Sprintf("O7: log Z of the tilt by Σ%s, %s, %s", o.observable, e, action), Kind: MonteCarlo, Experiment: text,
					Cell:  Cell{Table: "partition", Row: map[string]string{"quantity": "log_z_ratio", "estimator": e}, Column: "log_z", StdErr: "stderr", ESS: "ess"},
					Exact: value, Tolerance: 0.02})
			}
		}
	}
	return checks
}

// ladderChecks are replica exchange: the quadratic tilt of O7 over s, and over ħ the exact
// Z(κ) ∝ κ^{−Kn/2} of any drift with a free end, here a double well's.
func ladderChecks() []Check {
	const a, s2, steps, start, tilt = 0.9, 0.1, 10, 0.3, 0.8
	value, ok := exact.QuadraticTilt{Dim: 1, M: []float64{a}, N: []float64{s2}, Q: []float64{2 * tilt}, Linear: []float64{0}}.LogMean([]float64{start}, steps)
	if !ok {
		panic("verify: the tilted oracle is infinite")
	}
	const moves = "[move.single-slice]\n[move.staging]\nlength = 10"
	over := tiltText(start, "mean_square_x", steps, "onsager-machlup", tilt, moves, "[estimator.exchange]\nlevels = 7\ndraws = 8000\n")
	hbar := `name = "verify-ladder-hbar"
seed = 37
[system]
kind = "double-well"
[trainer.euler-maruyama]
eta = 0.02
temperature = 0.5
[observables]
names = ["mean_x"]
[path]
steps = 12
[move.single-slice]
[move.staging]
length = 12
[estimator.exchange]
over = "hbar"
hbar_top = 0.5
levels = 6
draws = 8000
`
	var checks []Check
	for _, e := range []string{"stepping-stone", "bar", "mbar"} {
		cell := Cell{Table: "partition", Row: map[string]string{"quantity": "log_z_ratio", "estimator": e}, Column: "log_z", StdErr: "stderr", ESS: "ess"}
		checks = append(checks,
			Check{ID: "paths/O7-exchange-" + e, Group: "Paths", Name: "O7: log Z of the tilt by Σmean_square_x, replica exchange, " + e, Kind: MonteCarlo,
				Experiment: over, Cell: cell, Exact: value, Tolerance: 0.02},
			Check{ID: "paths/O1-exchange-" + e, Group: "Paths", Name: "O1: log Z(ħ=½)/Z(1) = −(K/2) log 2 of a double well, replica exchange, " + e, Kind: MonteCarlo,
				Experiment: hbar, Cell: cell, Exact: -6 * math.Ln2, Tolerance: 0.03})
	}
	return checks
}

// tiltText is a tilted OU process.
func tiltText(start float64, observable string, steps int, action string, tilt float64, moves, estimators string) string {
	return fmt.Sprintf(`name = "verify-O7"
seed = 35
[system]
kind = "ou"
[trainer]
start = [%v]
[trainer.euler-maruyama]
eta = 0.1
temperature = 0.5
[observables]
names = [%q]
[path]
steps = %d
action = %q
observable = %q
tilt = %v
%s
%s`, start, observable, steps, action, observable, tilt, moves, estimators)
}

// At η = 0.05 the cubic drift overshoots from |x| > 2, and paths that do so are metastable: a
// chain that starts there stays for thousands of sweeps, in one of three seeds.
const doubleWellO10 = `name = "verify-O10"
seed = 36
[system]
kind = "double-well"
[trainer]
start = [-0.8]
[trainer.euler-maruyama]
eta = 0.02
temperature = 0.5
[observables]
names = ["mean_x"]
[path]
steps = 16
[move.single-slice]
[move.staging]
length = 16
[move.shooting]
[move.pcn]
[estimator.o10]
runs = 20000
draws = 10000
`

// o10Check passes when the worst of all comparisons is one that chance explains: the
// chance of one as large among as many (Bonferroni, at most 1) must be above 0.1 %.
func o10Check(id, group, name, text string) Check {
	return Check{ID: id, Group: group, Name: name, Kind: Exact, Experiment: text, Exact: 1, Tolerance: 0.999,
		Cell: Cell{Table: "partition", Row: map[string]string{"quantity": "O10", "parameter": "chance of a worst |z| as large (Bonferroni)", "status": "ok"}, Column: "log_z"}}
}
