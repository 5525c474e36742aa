package verify

import (
	"fmt"

	"machlup/langevin/exact"
)

// paperMoves are moves of both coordinates that O1 and O10 put beside forward runs on the paper's
// GAN, each pair by itself.
var paperMoves = []struct{ positions, table, innovations, other string }{
	{"bisection", "[move.bisection]\n", "shooting", "[move.shooting]\ncount = 4\n"},
	{"delayed", "[move.delayed]\ncheap = \"subsample\"\nrows = 16\n", "delayed-pcn", "[move.delayed-pcn]\nkind = \"delayed\"\nmove = \"pcn\"\ncheap = \"subsample\"\nrows = 16\n"},
	{"mala", "[move.mala]\n", "pcn-langevin", "[move.pcn-langevin]\n"},
}

// paperMoveChecks are O1 and O10 of each of them alone, for SGD and natural-momentum.
func paperMoveChecks() []Check {
	const steps = 6
	var checks []Check
	for _, optimizer := range []string{"sgd", "natural-momentum"} {
		for _, m := range paperMoves {
			if optimizer == "natural-momentum" && m.positions == "mala" {
				continue // ReLU and a small damping: the drift jumps, and mala alone is too slow
			}
			id := optimizer + "-" + m.positions
			one := paperGAN("O1-"+id, optimizer, "sgd", fmt.Sprintf("[path]\nsteps = %d\n%s[estimator.paths]\neach = false\nwarm = 60\nburn = 200\ndraws = 1500\n", steps, m.table))
			checks = append(checks, Check{ID: "moves/paper-O1-" + id, Group: "Moves", Full: true, Kind: MonteCarlo, Experiment: one,
				Name: fmt.Sprintf("O1 on the paper's GAN, %s, by %s alone: ⟨S_quad⟩ = K(n_D+n_G)/2", optimizer, m.positions),
				Cell: certificateCell("all", "mean of S_quad/hbar"), Exact: exact.FreeEndAction(paperParameters, steps), Tolerance: 8})
			draws := 1500
			if optimizer == "natural-momentum" {
				draws = 5000 // at 1500 the smallest effective sample is 100, too short to tell
			}
			ten := o10Check("moves/paper-O10-"+id, "Moves", fmt.Sprintf("O10 on the paper's GAN, %s: %s alone, %s alone and forward runs", optimizer, m.positions, m.innovations),
				paperGAN("O10-"+id, optimizer, "sgd", fmt.Sprintf("[path]\nsteps = %d\n%s%s[estimator.o10]\nruns = 2000\ndraws = %d\nwarm = 60\nburn = 200\n", steps, m.table, m.other, draws)))
			ten.Full = true
			checks = append(checks, ten)
		}
	}
	return checks
}
