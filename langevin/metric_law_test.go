package langevin_test

import (
	"math"
	"strings"
	"testing"

	"machlup/langevin"
	"machlup/langevin/exact"
	"machlup/langevin/langevintest"
)

const (
	sineAmplitude = 0.6
	sineWave      = 1.3
	sineTemp      = 0.5
)

func sineMetric(n int) *langevin.SineMetric {
	return must(langevin.NewSineMetric(langevin.SineMetricConfig{Dim: n, Amplitude: sineAmplitude, Wave: sineWave}))
}

func sineG(x float64) float64 { return 1 + sineAmplitude*math.Sin(sineWave*x) }

func metricMap(name string, n int, eta float64) langevin.Map {
	if name == "hanggi-klimontovich" {
		return must(langevin.HanggiKlimontovichConfig{Eta: eta, Temperature: sineTemp}.New(harmonic(1, n), sineMetric(n)))
	}
	if c, ok := strings.CutPrefix(name, "milstein-"); ok {
		return must(langevin.MilsteinConfig{Eta: eta, Temperature: sineTemp, Correction: c}.New(harmonic(1, n), sineMetric(n)))
	}
	if c, ok := strings.CutPrefix(name, "stratonovich-"); ok {
		return must(langevin.StratonovichHeunConfig{Eta: eta, Temperature: sineTemp, Correction: c}.New(harmonic(1, n), sineMetric(n)))
	}
	return must(langevin.MetricSGLDConfig{Eta: eta, Temperature: sineTemp, Correction: name}.New(harmonic(1, n), sineMetric(n)))
}

// stepOf is the step of a one-dimensional map without memory, for exact.NewMapKernel.
func stepOf(m langevin.Map) func(x, xi float64) float64 {
	next, state, in := []float64{0}, []float64{0}, []float64{0}
	return func(x, xi float64) float64 {
		state[0], in[0] = x, xi
		m.Step(next, state, in)
		return next[0]
	}
}

// exactKernel is the law of one step of the metric schemes as THEORY writes it, written
// out here without the package: mean x − ηGx + cηTG', variance 2ηTG.
func exactKernel(c, eta float64) *exact.Kernel {
	return exact.NewGaussianKernel(
		func(x float64) float64 {
			return x - eta*sineG(x)*x + c*eta*sineTemp*sineAmplitude*sineWave*math.Cos(sineWave*x)
		},
		func(x float64) float64 { return math.Sqrt(2 * eta * sineTemp * sineG(x)) }, -6, 6, 161)
}

var corrections = map[string]float64{"none": 0, "half": 0.5, "full": 1}

// TestMetricLaws computes the stationary law of each scheme's own Step on a grid, with no
// sampling: it is that of the formula at finite η, and extrapolates as η → 0 to the
// density the correction names, and to no other.
func TestMetricLaws(t *testing.T) {
	law := func(name string, eta float64) exact.Law {
		return exact.NewMapKernel(stepOf(metricMap(name, 1, eta)), -6, 6, 161).Stationary()
	}
	targets := map[string]float64{"none": 0, "half": 0.5, "full": 1, "hanggi-klimontovich": 1,
		"milstein-none": 0, "milstein-full": 1, "stratonovich-half": 0.5, "stratonovich-full": 1}
	for name, c := range targets {
		coarse, fine := law(name, 0.04), law(name, 0.02)
		if want, ok := corrections[name]; ok {
			if d := coarse.Distance(exactKernel(want, 0.04).Stationary()); !(d < 1e-9) {
				t.Errorf("%s: the law of Step differs from that of the formula by %.2g", name, d)
			}
		}
		m1, v1 := coarse.Moments()
		m2, v2 := fine.Moments()
		for _, target := range []float64{0, 0.5, 1} {
			m, v := exact.MetricTarget(func(x float64) float64 { return x * x / 2 }, sineG, sineTemp, target, -6, 6, 301).Moments()
			off := math.Abs(2*m2-m1-m) + math.Abs(2*v2-v1-v)
			if agree := off < 4e-3; agree != (target == c) {
				t.Errorf("%s against e^{−U/T}G^%v: extrapolated mean and variance are off by %.2g", name, target-1, off)
			}
		}
	}
}

// TestMetricLawsMonteCarlo samples them: mean and mean square at finite η against the
// exact discrete law.
func TestMetricLawsMonteCarlo(t *testing.T) {
	const eta, copies, rounds = 0.1, 1000, 800
	seed := uint64(40)
	for _, name := range []string{"none", "half", "full", "hanggi-klimontovich"} {
		seed++
		law := exact.NewMapKernel(stepOf(metricMap(name, 1, eta)), -6, 6, 161).Stationary()
		m := metricMap(name, copies, eta)
		state, next, xi := make([]float64, copies), make([]float64, copies), make([]float64, copies)
		source := langevintest.NewSource(seed, 0)
		first, second := make([]float64, copies), make([]float64, copies)
		for k := range 150 + rounds {
			source.Normals(xi)
			m.Step(next, state, xi)
			state, next = next, state
			for i, x := range state {
				if k >= 150 {
					first[i] += x / rounds
					second[i] += x * x / rounds
				}
			}
		}
		mean, v := law.Moments()
		for what, c := range map[string]struct {
			x    []float64
			want float64
		}{"⟨x⟩": {first, mean}, "⟨x²⟩": {second, v + mean*mean}} {
			got, stderr := meanError(c.x)
			if z := (got - c.want) / stderr; !(math.Abs(z) < 4) || !(stderr < 0.006) {
				t.Errorf("%s: %s = %v ± %v, exact %v, z = %.2f", name, what, got, stderr, c.want, z)
			}
		}
	}
}

// TestMetricTwoDimensions: with a metric whose axes turn, e^{−U/T} is left invariant to
// first order in η by the full correction and by Hänggi–Klimontovich, and not otherwise.
// For each test function φ, (1/η)∫e^{−U/T}(E φ(x') − φ(x)) dx → 0, by quadrature.
func TestMetricTwoDimensions(t *testing.T) {
	const temp = 0.5
	make2 := func(name string, eta float64) langevin.Map {
		if name == "hanggi-klimontovich" {
			return must(langevin.NewHanggiKlimontovich(harmonic(1, 2), newTurning(), eta, temp))
		}
		return must(langevin.MetricSGLDConfig{Eta: eta, Temperature: temp, Correction: name}.New(harmonic(1, 2), newTurning()))
	}
	for _, name := range []string{"none", "half", "full", "hanggi-klimontovich"} {
		coarse := residualRates(make2(name, 0.02), temp, 0.02)
		fine := residualRates(make2(name, 0.01), temp, 0.01)
		worst := 0.0
		for i := range coarse {
			worst = max(worst, math.Abs(2*fine[i]-coarse[i]))
		}
		invariant := name == "full" || name == "hanggi-klimontovich"
		if ok := worst < 1e-3; ok != invariant {
			t.Errorf("%s: e^{−U/T} changes at a rate of %.2g as η → 0", name, worst)
		}
	}
}

// residualRates is (1/η)⟨E φ(x') − φ(x)⟩ under e^{−|x|²/2T} for three functions φ, by
// Gauss–Hermite-like trapezoidal sums over x and over the three normals of turning.
func residualRates(m langevin.Map, temp, eta float64) []float64 {
	phi := func(x []float64) [3]float64 {
		return [3]float64{math.Sin(x[0] + 0.3), math.Sin(x[1] - 0.4*x[0] + 0.5), math.Cos(1.2*x[0] + 0.7*x[1])}
	}
	node := func(i, n int) (z, w float64) { // n nodes of a standard normal on [−5.5, 5.5]
		z = -5.5 + 11*float64(i)/float64(n-1)
		return z, math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) * 11 / float64(n-1)
	}
	const nx, nz = 21, 9
	sum := make([]float64, 3)
	x, next, xi := make([]float64, 2), make([]float64, 2), make([]float64, 3)
	// the noise enters turning through 0.6ξ₀ + 0.8ξ₂ and ξ₁ alone: two normals are enough
	for i := range nx * nx {
		z0, w0 := node(i/nx, nx)
		z1, w1 := node(i%nx, nx)
		x[0], x[1] = math.Sqrt(temp)*z0, math.Sqrt(temp)*z1
		before := phi(x)
		for j := range nz * nz {
			a, wa := hermite9(j / nz)
			b, wb := hermite9(j % nz)
			xi[0], xi[2], xi[1] = 0.6*a, 0.8*a, b
			m.Step(next, x, xi)
			for k, f := range phi(next) {
				sum[k] += w0 * w1 * wa * wb * (f - before[k]) / eta
			}
		}
	}
	return sum
}

// hermite9 is node i of the 9-point Gauss–Hermite rule of the standard normal.
func hermite9(i int) (z, w float64) {
	nodes := [9]float64{-4.512745863399783, -3.20542900285647, -2.07684797867783, -1.0232556637891326, 0,
		1.0232556637891326, 2.07684797867783, 3.20542900285647, 4.512745863399783}
	weights := [9]float64{2.2345844007746563e-05, 0.0027891413212317675, 0.04991640676521787, 0.2440975028949394, 0.4063492063492063,
		0.2440975028949394, 0.04991640676521787, 0.0027891413212317675, 2.2345844007746563e-05}
	return nodes[i], weights[i]
}
