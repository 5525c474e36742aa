package verify

import (
	"fmt"
	"math"
	"strconv"
	"sync"

	"machlup/langevin/exact"
)

// The double well of the rare-event checks, U = (x² − 1)² − x/4, from the left well.
const (
	wellTilt  = 0.25
	wellEta   = 0.02
	wellD     = 0.18
	wellStart = -1.0
	wellSteps = 200
	wellFrom  = 100
)

func wellGradient(x float64) float64 { return 4*x*(x*x-1) - wellTilt }

// wellText is an experiment on the double well with sets A and B.
func wellText(name, rest string) string {
	return fmt.Sprintf(`name = "verify-rare-%s"
seed = 51
[system]
kind = "double-well"
[system.double-well]
tilt = %v
[trainer]
start = [%v]
[trainer.euler-maruyama]
eta = %v
temperature = %v
[observables]
names = ["mean_x"]
[path.sets]
a = ["mean_x < -0.5"]
b = ["mean_x > 0.5"]
%s`, name, wellTilt, wellStart, wellEta, wellD, rest)
}

// well is what the kernel of the discrete scheme says of the double well.
var well = sync.OnceValue(func() (w struct{ from, end, gap, piB float64 }) {
	noise := math.Sqrt(2 * wellEta * wellD)
	k := exact.NewGaussianKernel(func(x float64) float64 { return x - wellEta*wellGradient(x) }, func(float64) float64 { return noise }, -2.5, 2.5, 251)
	inB := func(x float64) float64 { // the node at the edge counts half
		switch {
		case math.Abs(x-0.5) < 1e-9:
			return 0.5
		case x > 0.5:
			return 1
		}
		return 0
	}
	w.from, w.end = k.After(wellStart, wellFrom).Mean(inB), k.After(wellStart, wellSteps).Mean(inB)
	w.gap = -math.Log(k.Eigenvalues(2)[1]) / wellEta
	w.piB = k.Stationary().Mean(inB)
	return w
})

// rareChecks are the transition function C(t) and the rate of the double well against the
// kernel of the discrete scheme.
func rareChecks() []Check {
	text := wellText("rate", fmt.Sprintf(`[path]
steps = %d
action = "innovation"
[move.shooting]
count = 4
[move.pcn]
step = 0.4
[estimator.rate]
runs = 60000
from = %d
ladders = 2
draws = 4000
`, wellSteps, wellFrom))
	cell := func(estimator, column, stderr string) Cell {
		return Cell{Table: "correlation", Row: map[string]string{"estimator": estimator, "step": strconv.Itoa(wellSteps)}, Column: column, StdErr: stderr, ESS: "ess"}
	}
	slope := func() float64 { return (well().end - well().from) / ((wellSteps - wellFrom) * wellEta) }
	late := func() float64 { // gap·π_B, less what has come back by the middle of the plateau
		w := well()
		return w.gap * w.piB * math.Exp(-w.gap*wellEta*(wellSteps+wellFrom)/2)
	}
	check := func(id, name, estimator, column, stderr string, law func() float64, limit float64) Check {
		return Check{ID: "rare/" + id, Group: "Rare paths", Name: name, Kind: MonteCarlo, Experiment: text, Cell: cell(estimator, column, stderr), Law: law, Tolerance: limit}
	}
	return []Check{
		check("c-forward", "double well: Z_AB(t)/Z_A by forward trajectories, against the kernel", "forward", "c", "stderr", func() float64 { return well().end }, 1.2e-3),
		check("c-nested", "double well: Z_AB(t)/Z_A by nested sets, against the kernel", "nested-sets", "c", "stderr", func() float64 { return well().end }, 2e-3),
		check("slope-nested", "double well: slope of Z_AB(t)/Z_A by nested sets, against the kernel", "nested-sets", "slope", "slope_stderr", slope, 1e-3),
		check("rate-forward", "double well: k_AB by the plateau = spectral gap · π_B", "forward", "slope", "slope_stderr", late, 5e-4),
	}
}
