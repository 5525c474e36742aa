package build

import (
	"math"
	"strings"
	"testing"

	"machlup/analysis"
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

// The tilted paths of a GAN on true minibatches, natural gradient with momentum against Adam: replica
// exchange from wrong starts, a particle filter and the plain average of e^{−sO} have one log Z, and the
// first two one ⟨O⟩_s: O10 of the ladder, which sees the drift.
func TestTiltedPathsOfAGANAgree(t *testing.T) {
	const text = `name = "t"
seed = 9
[system]
kind = "mlp"
[system.mlp.generator]
latent = 1
hidden = [3]
[system.mlp.discriminator]
hidden = [3]
[trainer]
batch = 8
[trainer.generator]
optimizer = "natural-momentum"
[trainer.generator.natural-momentum]
eta = 0.1
damping = 0.1
[trainer.discriminator]
optimizer = "adam"
[noise]
kind = "minibatch"
[observables]
names = ["gen_mean"]
batch = 16
[path]
steps = 8
action = "innovation"
observable = "gen_mean"
tilt = -60.0
[move.pcn]
[estimator.exchange]
levels = 3
ladders = 4
warm = 100
burn = 100
draws = 800
[estimator.smc]
over = "time"
particles = 100
[estimator.forward]
runs = 10000
`
	logZ, mean := map[string]analysis.Estimate{}, map[string]analysis.Estimate{}
	for name, estimator := range map[string]string{"exchange": "mbar", "smc": "particle-filter", "forward": "forward"} {
		for _, r := range runTables(t, text, `run.estimators=["`+name+`"]`)["partition"] {
			if r["estimator"] != estimator || r["value"] != "-60" {
				continue
			}
			e := analysis.Estimate{Value: number(t, r["log_z"]), StdErr: number(t, r["stderr"])}
			switch r["quantity"] {
			case "log_z_ratio":
				logZ[name] = e
			case "tilt_mean", "mean_tilt_observable":
				mean[name] = e
			}
		}
	}
	for _, c := range []struct {
		what string
		of   map[string]analysis.Estimate
		n    int
		cap  float64
	}{{"log Z", logZ, 3, 0.03}, {"⟨O⟩", mean, 2, 3e-4}} {
		if len(c.of) != c.n {
			t.Errorf("%s by %d estimators, want %d: %v", c.what, len(c.of), c.n, c.of)
		}
		for a, x := range c.of {
			for b, y := range c.of {
				if z := analysis.Agreement(x, y); !(math.Abs(z) < 4) || !(x.StdErr < c.cap) {
					t.Errorf("%s: %v ± %v by %s, %v ± %v by %s", c.what, x.Value, x.StdErr, a, y.Value, y.StdErr, b)
				}
			}
		}
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
