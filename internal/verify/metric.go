package verify

import (
	"fmt"
	"math"
	"sync"

	"machlup/langevin/exact"
)

// metricChecks are the laws of noise with a position-dependent metric in one dimension:
// each correction against the exact stationary law of its own discrete kernel, and the
// kernel's law against the density it must tend to.
func metricChecks() []Check {
	const eta, temperature, amplitude, wave, stiffness = 0.05, 0.8, 0.6, 1.3, 1.0
	var checks []Check
	for _, law := range []struct{ correction, target string }{
		{"none", "e^{−U/T}/G"}, {"half", "e^{−U/T}/√G"}, {"full", "e^{−U/T}"}, {"hanggi-klimontovich", "e^{−U/T} without Γ"},
	} {
		scheme, correction := "metric-sgld", fmt.Sprintf("correction = %q\n", law.correction)
		if law.correction == "hanggi-klimontovich" {
			scheme, correction = law.correction, ""
		}
		text := fmt.Sprintf(`name = "verify-metric-%s"
seed = 21
[system]
kind = "harmonic"
[system.harmonic]
dim = 1
stiffness = [%v]
[trainer]
scheme = %q
[trainer.%s]
eta = %v
%samplitude = %v
wave = %v
temperature = %v
[observables]
names = ["mean_x", "mean_square_x"]
[estimator.stationary]
chains = 8
warmup = 1000
steps = 250000
every = 5
`, law.correction, stiffness, scheme, scheme, eta, correction, amplitude, wave, temperature)
		moments := sync.OnceValues(func() (mean, square float64) {
			return metricMoments(law.correction, eta, temperature, amplitude, wave, stiffness, 351)
		})
		for _, o := range []struct {
			name string
			law  func() float64
		}{
			{"mean_x", func() float64 { mean, _ := moments(); return mean }},
			{"mean_square_x", func() float64 { _, square := moments(); return square }},
		} {
			checks = append(checks, Check{ID: "metric/" + law.correction + "/" + o.name, Group: "Metric noise",
				Name: fmt.Sprintf("correction %s, law %s: ⟨%s⟩", law.correction, law.target, o.name), Kind: MonteCarlo,
				Experiment: text, Cell: stationaryCell(o.name), Law: o.law, Tolerance: 0.01})
		}
	}
	return checks
}

// metricMoments are ⟨x⟩ and ⟨x²⟩ of the exact stationary law of the discrete kernel. The
// kernel is written out here from its definition, apart from the scheme's code.
func metricMoments(correction string, eta, temperature, amplitude, wave, stiffness float64, nodes int) (mean, square float64) {
	g := func(x float64) float64 { return 1 + amplitude*math.Sin(wave*x) }
	gamma := func(x float64) float64 { return amplitude * wave * math.Cos(wave*x) }
	lo, hi, n := -7.0, 7.0, nodes
	var kernel *exact.Kernel
	if correction == "hanggi-klimontovich" {
		s := math.Sqrt(2 * eta * temperature)
		kernel = exact.NewMapKernel(func(x, xi float64) float64 {
			w := xi / math.Sqrt(g(x)) // covariance F(x)
			end := x + s*g(x)*w
			return x - eta*g(x)*stiffness*x + 0.5*s*(g(x)+g(end))*w
		}, lo, hi, n)
	} else {
		c := map[string]float64{"none": 0, "half": 0.5, "full": 1}[correction]
		kernel = exact.NewGaussianKernel(func(x float64) float64 {
			return x - eta*g(x)*stiffness*x + eta*temperature*c*gamma(x)
		}, func(x float64) float64 { return math.Sqrt(2 * eta * temperature * g(x)) }, lo, hi, n)
	}
	law := kernel.Stationary()
	return law.Mean(func(x float64) float64 { return x }), law.Mean(func(x float64) float64 { return x * x })
}
