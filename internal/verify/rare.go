package verify

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"gonum.org/v1/gonum/stat"

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

// wellKernel is the kernel of the discrete scheme on the double well; ±0.5 are nodes.
func wellKernel(eta, d float64) *exact.Kernel {
	noise := math.Sqrt(2 * eta * d)
	return exact.NewGaussianKernel(func(x float64) float64 { return x - eta*wellGradient(x) }, func(float64) float64 { return noise }, -2.5, 2.5, 251)
}

// inB and inA are the sets' indicators on the nodes: the one at the edge counts half.
func inB(x float64) float64 {
	switch {
	case math.Abs(x-0.5) < 1e-9:
		return 0.5
	case x > 0.5:
		return 1
	}
	return 0
}

func inA(x float64) float64 { return inB(-x) }

// well is what the kernel says of C(t) and of the rate.
var well = sync.OnceValue(func() (w struct{ from, end, gap, piB float64 }) {
	k := wellKernel(wellEta, wellD)
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
	return append([]Check{
		check("c-forward", "double well: Z_AB(t)/Z_A by forward trajectories, against the kernel", "forward", "c", "stderr", func() float64 { return well().end }, 1.2e-3),
		check("c-nested", "double well: Z_AB(t)/Z_A by nested sets, against the kernel", "nested-sets", "c", "stderr", func() float64 { return well().end }, 2e-3),
		check("slope-nested", "double well: slope of Z_AB(t)/Z_A by nested sets, against the kernel", "nested-sets", "slope", "slope_stderr", slope, 1e-3),
		check("rate-forward", "double well: k_AB by the plateau = spectral gap · π_B", "forward", "slope", "slope_stderr", late, 5e-4),
	}, append(append(setChecks(), minimumChecks()...), arrheniusCheck())...)
}

// arrheniusCheck is the slope of ln k_AB against 1/T, of the plateau's rates, against that of
// the kernel's: 0.76 = ΔU is its limit as T → 0.
func arrheniusCheck() Check {
	temperatures := []float64{0.12, 0.15, 0.18}
	text := strings.Replace(wellText("arrhenius", fmt.Sprintf(`[path]
steps = %d
action = "innovation"
[move.shooting]
count = 4
[move.pcn]
step = 0.4
[estimator.rate]
runs = 0
from = %d
ladders = 4
draws = 3000
[sweep.grid]
"trainer.euler-maruyama.temperature" = [0.12, 0.15, 0.18]
`, wellSteps, wellFrom)), "temperature = 0.18\n", "", 1)
	law := func() float64 {
		var x, y []float64
		for _, d := range temperatures {
			k := wellKernel(wellEta, d)
			x = append(x, 1/d)
			y = append(y, math.Log(k.After(wellStart, wellSteps).Mean(inB)-k.After(wellStart, wellFrom).Mean(inB)))
		}
		_, slope := stat.LinearRegression(x, y, nil, false)
		return -slope
	}
	return Check{ID: "rare/arrhenius", Group: "Rare paths", Name: "double well: −d ln k_AB/d(1/T) of the plateau, against the kernel", Kind: MonteCarlo, Experiment: text, Full: true, Exact: 0.74, Law: law, Tolerance: 0.049,
		Cell: Cell{Table: "partition", Row: map[string]string{"task": "rare/r0", "quantity": "-d ln k_AB / d(1/T)"}, Column: "log_z", StdErr: "stderr", ESS: "ess"}}
}

// setChecks are means along paths between the sets, against h_A(q_0)ρ(q_0)…h_B(q_K) by the
// kernel: in both coordinates from a fixed start, and by the moves that go backwards from
// q_0 of e^{−U/T}.
func setChecks() []Check {
	const steps, at, d = 60, 30, 0.3
	text := func(name, path, moves string, draws int) string {
		return fmt.Sprintf(`%s[path]
steps = %d
%s
%s
[estimator.paths]
each = false
slices = true
chains = 4
warm = 200
burn = 400
draws = %d
`, strings.NewReplacer("= 0.18", fmt.Sprintf("= %v", d)).Replace(wellText(name, "")), steps, path, moves, draws)
	}
	mean := func(boltzmann bool) func() float64 {
		return func() float64 {
			k := wellKernel(wellEta, d)
			x, back := k.Nodes(), k.Expect(inB, steps-at)
			var forward []float64
			if boltzmann { // ρ(q_0)h_A(q_0) carried forward is the adjoint of E[f | q_0]
				forward = make([]float64, len(x))
				for j := range x {
					hit := k.Expect(func(y float64) float64 { return indicatorAt(y, x[j]) }, at)
					for i, p := range hit {
						forward[j] += p * inA(x[i]) * math.Exp(-((x[i]*x[i]-1)*(x[i]*x[i]-1)-wellTilt*x[i])/d)
					}
				}
			} else {
				forward = k.After(wellStart, at).P
			}
			sum, norm := 0.0, 0.0
			for i, w := range back {
				sum, norm = sum+w*forward[i]*x[i], norm+w*forward[i]
			}
			return sum / norm
		}
	}
	check := func(id, name, text string, law func() float64) Check {
		return Check{ID: "rare/" + id, Group: "Rare paths", Name: name, Kind: MonteCarlo, Experiment: text, Cell: sliceCell("mean_x", at, at, "mean", "stderr"), Law: law, Tolerance: 0.02}
	}
	return []Check{
		check("sets-positions", "paths from A to B on slices: mean of x₃₀", text("positions", "", "[move.staging]\nlength = 60\ntarget = 0.3\n[move.hmc]\nleapfrog = 6", 4000), mean(false)),
		check("sets-innovations", "paths from A to B on innovations: mean of x₃₀", text("innovations", "action = \"innovation\"", "[move.shooting]\ncount = 4\n[move.pcn]\nstep = 0.4", 7000), mean(false)),
		check("sets-reversible", "paths from A to B by two-way shooting and shifting, q₀ of e^{−U/T}: mean of x₃₀", text("reversible", "start = \"boltzmann\"", "[move.two-way-shooting]\ncount = 4\nstep = 0.3\n[move.shifting]\ncount = 4\nlength = 20", 3000), mean(true)),
	}
}

// indicatorAt is 1 at one node.
func indicatorAt(y, node float64) float64 {
	if math.Abs(y-node) < 1e-9 {
		return 1
	}
	return 0
}

// minimumChecks are O8: the action of the way up a potential is ΔU/D in continuous time and
// infinite duration, of the way down 0; of a discrete OU process it is known exactly.
func minimumChecks() []Check {
	const lambda, eta, d, end, steps = 1.3, 0.05, 0.4, 1.7, 40
	ou := fmt.Sprintf(`name = "verify-rare-ou"
seed = 52
[system]
kind = "ou"
[system.ou]
rate = [%v]
[trainer]
start = [0.0]
[trainer.euler-maruyama]
eta = %v
temperature = %v
[observables]
names = ["mean_x"]
[path]
steps = %d
end = "pinned"
end_at = [%v]
[estimator.minimum-action]
tolerance = 1e-9
`, lambda, eta, d, steps, end)
	a := 1 - eta*lambda
	exactOU := lambda * end * end / 2 * (1 - eta*lambda/2) / d / (1 - math.Pow(a, 2*steps))
	wells := func(name string, start, end float64, duration int) string {
		return fmt.Sprintf(`name = "verify-rare-%s"
seed = 53
[system]
kind = "double-well"
[system.double-well]
tilt = %v
[trainer]
start = [%v]
[trainer.euler-maruyama]
temperature = 1.0
[observables]
names = ["mean_x"]
[path]
end = "pinned"
end_at = [%v]
[estimator.minimum-action]
tolerance = 1e-8
[sweep.zip]
"trainer.euler-maruyama.eta" = [0.02, 0.01, 0.005, 0.0025]
"path.steps" = [%d, %d, %d, %d]
`, name, wellTilt, start, end, 50*duration, 100*duration, 200*duration, 400*duration)
	}
	left, top, right := wellPoints()
	u := func(x float64) float64 { return (x*x-1)*(x*x-1) - wellTilt*x }
	row := func(task, quantity string) Cell {
		return Cell{Table: "summary", Row: map[string]string{"task": task, "quantity": quantity}, Column: "value"}
	}
	check := func(id, name, text string, c Cell, value, tolerance float64) Check {
		return Check{ID: "rare/" + id, Group: "Rare paths", Name: name, Kind: Exact, Experiment: text, Cell: c, Exact: value, Tolerance: tolerance}
	}
	return []Check{
		check("O8-ou", "O8: minimum action of a discrete OU process = ΔU(1−ηλ/2)/D/(1−a^2K)", ou, row("minimum-action/r0", "S_min"), exactOU, 1e-8*exactOU),
		check("O8-left", "O8: double well, up from the left well: S = ΔU/D", wells("left", left, right, 12), row("rare/r0", "S_min·T as eta -> 0"), u(top)-u(left), 2e-6),
		check("O8-right", "O8: double well, up from the right well: S = ΔU/D", wells("right", right, left, 12), row("rare/r0", "S_min·T as eta -> 0"), u(top)-u(right), 2e-6),
		check("O8-downhill", "O8: double well, down from beside the saddle: S = 0", wells("down", top+0.01, right, 3), row("minimum-action/eta=0.01,steps=300/r0", "S_min"), 0, 1e-9),
	}
}

// wellPoints are the minima of the double well and the top between them, by Newton's method.
func wellPoints() (left, top, right float64) {
	root := func(x float64) float64 {
		for range 60 {
			x -= wellGradient(x) / (12*x*x - 4)
		}
		return x
	}
	return root(-1), root(0), root(1)
}
