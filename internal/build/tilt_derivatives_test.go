package build

import (
	"math"
	"strings"
	"testing"

	"machlup/langevin/exact"
)

// Replica exchange over s on a double well: log Z, ⟨O⟩_s and Var_s(O) against the tilted kernel of
// the discrete scheme on a grid, exact at the step.
func TestTiltDerivatives(t *testing.T) {
	const text = `name = "t"
seed = 6
[system]
kind = "double-well"
[trainer]
start = [0.0]
[trainer.euler-maruyama]
eta = 0.05
temperature = 0.25
[observables]
names = ["mean_x"]
[path]
steps = 20
action = "innovation"
observable = "mean_x"
tilt = 0.4
[move.shooting]
count = 3
[move.pcn]
step = 0.6
[estimator.exchange]
levels = 5
ladders = 4
draws = 1500
`
	rows := runTables(t, text)
	kernel := exact.NewGaussianKernel(func(x float64) float64 { return x - 0.05*4*x*(x*x-1) }, func(float64) float64 { return math.Sqrt(2 * 0.05 * 0.25) }, -3, 3, 241)
	logZ := func(s float64) float64 {
		return kernel.Tilted(func(x float64) float64 { return s * x }, 20)[120]
	}
	const h = 1e-3
	seen := 0
	for _, r := range rows["partition"] {
		if r["estimator"] != "mbar" {
			continue
		}
		s := number(t, r["value"])
		want, known := map[string]float64{
			"log_z_ratio": logZ(s), "log_z_profile": logZ(s),
			"tilt_mean":     -(logZ(s+h) - logZ(s-h)) / (2 * h),
			"tilt_variance": (logZ(s+h) - 2*logZ(s) + logZ(s-h)) / (h * h),
		}[r["quantity"]]
		if !known {
			continue
		}
		seen++
		v, e := number(t, r["log_z"]), number(t, r["stderr"])
		if z := (v - want) / e; !(math.Abs(z) < 4) || !(e < math.Max(0.2, 0.1*math.Abs(want))) {
			t.Errorf("%s at s = %v: %v ± %v, exact %v", r["quantity"], s, v, e, want)
		}
	}
	if seen != 4+2*9 {
		t.Errorf("%d numbers", seen)
	}
	largest := 0.0
	for _, r := range rows["partition"] {
		if r["quantity"] == "tilt_variance" {
			largest = math.Max(largest, number(t, r["log_z"]))
		}
	}
	point := find(t, rows["phase"], "observable", "largest_tilt_variance_per_step")
	if v := number(t, point["mean"]); math.Abs(v/(largest/20)-1) > 1e-12 || point["size"] != "20" {
		t.Errorf("phase.csv has %v, the largest variance is %v", point, largest)
	}
}

// The limit of long paths of a trainer whose parameters nothing confines is refused with the
// reason and what there is instead; weight decay of both players lifts that, and a system that
// has a law never meets it.
func TestLimitOfLongPathsNeedsALaw(t *testing.T) {
	text := strings.Replace(ganText, "[estimator.ensemble]\n[estimator.paths]\n", "[estimator.scgf]\nlengths = [1, 2, 3]\n", 1)
	for _, c := range []struct {
		text, want string
		set        []string
	}{
		{text, "no prior holds the parameters of two networks", nil},
		{text, "exchange, smc with over", nil},
		{text, "no prior holds", []string{`noise.kind="minibatch"`, `noise.temperature_g=0`, `noise.temperature_d=0`, `path.action="innovation"`}},
		{text, "no prior holds", []string{`trainer.regularisers=["weight-decay"]`, `trainer.weight-decay.generator=0`}},
		{text, "no prior holds", []string{`trainer.regularisers=["weight-decay"]`, `trainer.weight-decay.discriminator=0`}},
		{text, "", []string{`trainer.regularisers=["weight-decay"]`}},
		{strings.Replace(toyText, "[estimator.ensemble]\n[estimator.paths]\n", "[estimator.scgf]\nlengths = [1, 2, 3]\n", 1), "", nil},
	} {
		_, err := parse(c.text, c.set...)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "estimator.scgf")) {
			t.Errorf("%v: %v, want %q", c.set, err, c.want)
		}
	}
}
