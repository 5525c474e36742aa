package gan

import (
	"math"
	"strings"
	"testing"

	"machlup/internal/num"
)

// On separated modes the shares are fractions of samples; between two modes they follow
// Bayes' rule; the derivatives are those of differences.
func TestModeShares(t *testing.T) {
	target := func(c MixtureConfig) Target {
		m, err := c.Target()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	o := newOccupancy(target(MixtureConfig{Dimension: 1, Weights: []float64{1, 1}, Means: []float64{-20, 20}, Stds: []float64{1}}))
	near(t, "imbalance", o.value(imbalance, []float64{-21, 19, 22, 20}), 0.5, 1e-12)
	near(t, "mode_entropy", o.value(modeEntropy, []float64{-21, 19, 22, 20}), -0.25*math.Log(0.25)-0.75*math.Log(0.75), 1e-12)
	if v := o.value(modeEntropy, []float64{25, 19}); v != 0 {
		t.Errorf("entropy on one mode: %v", v)
	}
	near(t, "far from both", o.value(imbalance, []float64{1e6}), 1, 1e-12)

	o = newOccupancy(target(MixtureConfig{Dimension: 1, Weights: []float64{3, 1}, Means: []float64{-1, 2}, Stds: []float64{0.5, 1.5}}))
	density := func(x, w, m, s float64) float64 { return w / s * math.Exp(-0.5*(x-m)*(x-m)/(s*s)) }
	const x = 0.3
	a, b := density(x, 3, -1, 0.5), density(x, 1, 2, 1.5)
	near(t, "Bayes", o.value(imbalance, []float64{x}), (b-a)/(a+b), 1e-12)

	ring := newOccupancy(target(MixtureConfig{Dimension: 2, Weights: []float64{1, 2, 1}, Means: []float64{0, 0, 1, 0.5, -1, 1}, Stds: []float64{0.6, 0.8, 0.7}}))
	for _, c := range []struct {
		o *occupancy
		k kind
	}{{o, imbalance}, {o, modeEntropy}, {ring, modeEntropy}} {
		samples, dir := normals(stream(t, "samples"), 6*c.o.dim), normals(stream(t, "direction"), 6*c.o.dim)
		value := func(q []float64) []float64 { return []float64{c.o.value(c.k, q)} }
		slope := central(value, samples, dir, 1e-5)
		grad := make([]float64, len(samples))
		c.o.cotangent(grad, c.k, samples)
		near(t, "slope", num.Dot(grad, dir), slope[0], 1e-7)
		if n := testing.AllocsPerRun(10, func() { c.o.cotangent(grad, c.k, samples) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

// The observables belong to targets with modes, of trained and of exact discriminators, and
// their gradients reach the generator's parameters.
func TestModeObservables(t *testing.T) {
	has := func(target Target, name string) bool {
		for _, o := range AllObservables(target) {
			if o.Name == name {
				return true
			}
		}
		return false
	}
	gaussian, _ := DefaultGaussian().Target()
	two, _ := DefaultMixture().Target()
	ring, _ := DefaultRing().Target()
	for _, c := range []struct {
		target              Target
		entropy, difference bool
	}{{gaussian, false, false}, {two, true, true}, {ring, true, false}} {
		if has(c.target, "mode_entropy") != c.entropy || has(c.target, "imbalance") != c.difference {
			t.Errorf("%s: observables %v", c.target.Name(), AllObservables(c.target))
		}
	}
	tr := game{target: two, observe: []string{"imbalance", "mode_entropy"}}.trainer(t)
	q := start(t, tr)[:tr.Config()]
	values := func(q []float64) []float64 {
		v := make([]float64, 2)
		tr.Observe(v, q)
		return v
	}
	dir := normals(stream(t, "direction"), len(q))
	slope, grad := central(values, q, dir, 1e-5), make([]float64, len(q))
	for i := range slope {
		tr.ObserveGradient(grad, i, q)
		near(t, tr.Observables()[i].Name, num.Dot(grad, dir), slope[i], 1e-6)
	}
}

// The bias of a mixture is the field conjugate to the imbalance m(x) = r₂ − r₁ of a sample under
// KL(q‖p): p_b = p₀(1 + b m)/(1 + b⟨m⟩). It does not enter m itself.
func TestBiasIsAFieldOnTheImbalance(t *testing.T) {
	at := func(b float64) mixture1D {
		c := MixtureConfig{Dimension: 1, Weights: []float64{0.3, 0.7}, Means: []float64{-1, 2}, Stds: []float64{1, 0.5}, Bias: b}
		target, err := c.Target()
		if err != nil {
			t.Fatal(err)
		}
		return target.(mixture1D)
	}
	free := at(0)
	o := newOccupancy(free)
	for _, b := range []float64{-0.9, 0.4} {
		biased := at(b)
		for _, x := range []float64{-3, -0.5, 0.7, 1.1, 2.5} {
			m := o.value(imbalance, []float64{x})
			near(t, "density", biased.Density([]float64{x})/free.Density([]float64{x}), (1+b*m)/(1+b*0.4), 1e-12)
			near(t, "imbalance", newOccupancy(biased).value(imbalance, []float64{x}), m, 1e-14)
		}
		w, _, _ := biased.Modes()
		near(t, "weight", w[1], 0.7*(1+b)/(1+b*0.4), 1e-14)
	}
	for _, c := range []MixtureConfig{
		{Dimension: 1, Weights: []float64{1, 1}, Means: []float64{-1, 1}, Stds: []float64{1}, Bias: 1},
		{Dimension: 1, Weights: []float64{1, 1}, Means: []float64{-1, 1}, Stds: []float64{1}, Bias: math.NaN()},
		{Dimension: 1, Weights: []float64{1, 1, 1}, Means: []float64{-1, 0, 1}, Stds: []float64{1}, Bias: 0.1},
	} {
		if _, err := c.Target(); err == nil || !strings.Contains(err.Error(), "bias of the mixture") {
			t.Errorf("bias %v of %d modes: %v", c.Bias, len(c.Weights), err)
		}
	}
}
