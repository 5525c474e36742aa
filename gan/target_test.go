package gan

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"machlup/internal/rng"
)

// everyTarget returns the catalogue's defaults and user samples of one and two columns.
func everyTarget(t *testing.T) map[string]Target {
	t.Helper()
	all := map[string]Target{}
	for _, e := range Targets() {
		target, err := e.New().Target()
		if err != nil || target.Name() != e.Name {
			t.Fatalf("%s: %v", e.Name, err)
		}
		all[e.Name] = target
	}
	all["planar mixture"] = planar(t)
	skew, err := MixtureConfig{Dimension: 1, Weights: []float64{3, 1}, Means: []float64{-1, 4}, Stds: []float64{0.5, 2}}.Target()
	if err != nil {
		t.Fatal(err)
	}
	all["skew mixture"] = skew
	for name, rows := range map[string][][]float64{
		"samples": {{3}, {-1}, {2.5}, {2}, {7}}, "planar samples": {{1, 2}, {3, 5}, {-1, 0}},
	} {
		if all[name], err = NewSamples(rows); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestTargetMoments compares Mean and Std with samples: |z| < 4 on 40 000 of them, whose
// standard errors are 0.5 % and at most 1 % of the spread. A label drawn from a coordinate's
// normal, a variance for a standard deviation or weights out of order fail.
func TestTargetMoments(t *testing.T) {
	const n = 40000
	for name, target := range everyTarget(t) {
		d := target.Dim()
		x := make([]float64, n*d)
		target.Sample(x, normals(stream(t, name), n*target.Normals()))
		mean, std := make([]float64, d), make([]float64, d)
		target.Mean(mean)
		target.Std(std)
		for c := range d {
			var m1, m2, m4 float64
			for i := range n {
				dev := x[i*d+c] - mean[c]
				m1, m2, m4 = m1+dev/n, m2+dev*dev/n, m4+dev*dev*dev*dev/n
			}
			if z := m1 / (std[c] / math.Sqrt(n)); math.Abs(z) > 4 {
				t.Errorf("%s: mean of coordinate %d is off by %.2f standard errors", name, c, z)
			}
			variance := std[c] * std[c]
			if z := (m2 - variance) / math.Sqrt((m4-variance*variance)/n); math.Abs(z) > 4 {
				t.Errorf("%s: variance of coordinate %d is %v, want %v (z = %.2f)", name, c, m2, variance, z)
			}
		}
	}
}

// TestDensities integrates each density, and its first two moments, on a grid: exact to
// rounding by the trapezoidal rule's spectral accuracy.
func TestDensities(t *testing.T) {
	for name, target := range everyTarget(t) {
		p, ok := target.(DensityTarget)
		if !ok {
			if !strings.Contains(name, "samples") {
				t.Errorf("%s has no density", name)
			}
			continue
		}
		d := target.Dim()
		if d == 2 && name != "planar mixture" {
			continue // the same code with modes too narrow for the grid
		}
		mean, std := make([]float64, d), make([]float64, d)
		target.Mean(mean)
		target.Std(std)
		n, h := 600, 0.08
		if d == 2 {
			n, h = 150, 0.1
		}
		x := make([]float64, d)
		var mass float64
		m1, m2 := make([]float64, d), make([]float64, d)
		total := n
		if d == 2 {
			total = n * n
		}
		for k := range total {
			x[0] = mean[0] + h*float64(k%n-n/2)
			if d == 2 {
				x[1] = mean[1] + h*float64(k/n-n/2)
			}
			w := p.Density(x) * math.Pow(h, float64(d))
			mass += w
			for c := range d {
				m1[c] += w * (x[c] - mean[c])
				m2[c] += w * (x[c] - mean[c]) * (x[c] - mean[c])
			}
		}
		near(t, name+": mass", mass, 1, 1e-9)
		for c := range d {
			if math.Abs(m1[c]) > 1e-9 {
				t.Errorf("%s: mean of coordinate %d is off by %v", name, c, m1[c])
			}
			near(t, name+": std", math.Sqrt(m2[c]), std[c], 1e-9)
		}
	}
}

// TestQuantiles: the CDF of Quantile(u) is u, and the Gaussian and the samples are exactly
// monotone maps of their normal.
func TestQuantiles(t *testing.T) {
	for name, target := range everyTarget(t) {
		q, ok := target.(QuantileTarget)
		if ok != (target.Dim() == 1) {
			t.Errorf("%s: quantiles %v in %d dimension(s)", name, ok, target.Dim())
		}
		if m, isMixture := target.(mixture1D); isMixture {
			for _, u := range []float64{1e-6, 0.03, 0.5, 0.7501, 1 - 1e-6} {
				near(t, fmt.Sprintf("%s: cdf(quantile(%v))", name, u), m.cdf(q.Quantile(u)), u, 1e-9)
			}
		} else if ok {
			for _, xi := range []float64{-2.2, -0.7, 0.1, 1.9} {
				x := make([]float64, 1)
				target.Sample(x, []float64{xi})
				near(t, name+": sample", x[0], q.Quantile(rng.NormalCDF(xi)), 1e-12)
			}
		}
	}
}

// TestModes: the label's normal alone chooses the mode, in proportion to the weights.
func TestModes(t *testing.T) {
	m := planar(t).(*mixture)
	for _, c := range []struct {
		u    float64
		mode int
	}{{0.01, 0}, {0.2499, 0}, {0.2501, 1}, {0.7499, 1}, {0.7501, 2}, {0.99, 2}} {
		x := make([]float64, 2)
		m.Sample(x, []float64{rng.NormalQuantile(c.u), 0, 0})
		if x[0] != m.mean[2*c.mode] || x[1] != m.mean[2*c.mode+1] {
			t.Errorf("u = %v gives %v, want mode %d", c.u, x, c.mode)
		}
	}
	ring, _ := DefaultRing().Target()
	grid, _ := DefaultGrid().Target()
	if r, g := ring.(*mixture), grid.(*mixture); len(r.weight) != 8 || len(g.weight) != 25 ||
		r.mean[0] != 1 || g.mean[0] != -4 || g.mean[49] != 4 {
		t.Error("ring or grid has its modes in the wrong place")
	}
}

// TestModeTargets: mixtures, on the line too, tell their modes, which give their mean and
// spread; a Gaussian and samples have none.
func TestModeTargets(t *testing.T) {
	for name, target := range everyTarget(t) {
		m, ok := target.(ModeTarget)
		if ok != (name != "gaussian" && !strings.Contains(name, "samples")) {
			t.Errorf("%s: modes %v", name, ok)
		}
		if !ok {
			continue
		}
		weight, mean, std := m.Modes()
		d := target.Dim()
		var total float64
		want, spread := make([]float64, d), make([]float64, d)
		target.Mean(want)
		target.Std(spread)
		m1, m2 := make([]float64, d), make([]float64, d)
		for k, w := range weight {
			total += w
			for c := range d {
				m1[c] += w * mean[k*d+c]
				m2[c] += w * (std[k]*std[k] + mean[k*d+c]*mean[k*d+c])
			}
		}
		near(t, name+": weights", total, 1, 1e-14)
		for c := range d {
			near(t, name+": second moment", m2[c], spread[c]*spread[c]+want[c]*want[c], 1e-13)
			if math.Abs(m1[c]-want[c]) > 1e-14 {
				t.Errorf("%s: mean %v, want %v", name, m1[c], want[c])
			}
		}
		mean[0], weight[0], std[0] = 99, 99, 99
		if _, again, _ := m.Modes(); again[0] == 99 {
			t.Errorf("%s: the caller changed the target", name)
		}
	}
}

func TestTargetErrors(t *testing.T) {
	bad := []struct {
		config TargetConfig
		part   string
	}{
		{&GaussianConfig{0, 0}, "std"}, {&GaussianConfig{math.NaN(), 1}, "mean"}, {&GaussianConfig{0, math.Inf(1)}, "std"},
		{&MixtureConfig{3, []float64{1}, []float64{0, 0, 0}, []float64{1}, 0}, "dim"},
		{&MixtureConfig{1, []float64{1, 1}, []float64{0}, []float64{1}, 0}, "one weight"},
		{&MixtureConfig{1, []float64{1, -1}, []float64{0, 1}, []float64{1}, 0}, "weight 1"},
		{&MixtureConfig{1, []float64{1}, []float64{math.Inf(1)}, []float64{1}, 0}, "mean coordinate 0"},
		{&MixtureConfig{1, []float64{1}, []float64{0}, []float64{0}, 0}, "std 0"},
		{&RingConfig{0, 1, 1}, "modes"}, {&RingConfig{1, -1, 1}, "radius"}, {&GridConfig{0, 1, 1}, "side"}, {&GridConfig{2, 0, 1}, "spacing"},
	}
	for _, c := range bad {
		if _, err := c.config.Target(); err == nil || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%+v: error %v does not mention %q", c.config, err, c.part)
		}
	}
	for part, rows := range map[string][][]float64{
		"no values": nil, "row 2 has 1": {{1, 2}, {3}}, "row 2 column 1": {{1}, {math.NaN()}}, "constant": {{1, 2}, {2, 2}},
	} {
		if _, err := NewSamples(rows); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("rows %v: error %v does not mention %q", rows, err, part)
		}
	}
}
