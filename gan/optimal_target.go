package gan

import (
	"math"
	"slices"
)

// A MixtureTarget is a Target on the line that is a mixture of normals. Standard deviations
// may be 0: the empirical distribution of samples is of this kind. Convolved with a Gaussian
// kernel it stays a mixture of normals, so its smoothed density is exact.
type MixtureTarget interface {
	Target
	// Components returns weights of sum 1, means and standard deviations.
	Components() (weights, means, stds []float64)
}

// Components is the normal itself.
func (g gaussian) Components() (weights, means, stds []float64) {
	return []float64{1}, []float64{g.mean}, []float64{g.std}
}

// Components are the modes.
func (m mixture1D) Components() (weights, means, stds []float64) { return m.weight, m.mean, m.std }

// Components are the rows, of width 0.
func (s samples1D) Components() (weights, means, stds []float64) {
	n := len(s.rows)
	return repeat(1/float64(n), n), s.rows, make([]float64, n)
}

// smoothedTarget is p_h, the density of a MixtureTarget convolved with N(0, h²).
type smoothedTarget struct {
	component []component // sorted by mean
	widest    float64     // largest standard deviation
}

type component struct{ logWeight, mean, std float64 }

// newSmoothedTarget convolves a target with N(0, h²).
func newSmoothedTarget(t MixtureTarget, h float64) *smoothedTarget {
	s := &smoothedTarget{}
	weights, means, stds := t.Components()
	for i, w := range weights {
		if w > 0 {
			c := component{math.Log(w), means[i], math.Hypot(stds[i], h)}
			s.component = append(s.component, c)
			s.widest = math.Max(s.widest, c.std)
		}
	}
	slices.SortFunc(s.component, func(a, b component) int {
		switch {
		case a.mean < b.mean:
			return -1
		case a.mean > b.mean:
			return 1
		}
		return 0
	})
	return s
}

// logDensity returns log p_h(x), finite wherever x is.
func (s *smoothedTarget) logDensity(x float64) float64 {
	top := math.Inf(-1)
	near := s.near(x)
	for _, c := range near {
		top = math.Max(top, c.log(x))
	}
	sum := 0.0
	for _, c := range near {
		sum += math.Exp(c.log(x) - top)
	}
	return top + math.Log(sum)
}

func (c component) log(x float64) float64 {
	u := (x - c.mean) / c.std
	return c.logWeight - u*u/2 - math.Log(c.std) - halfLogTwoPi
}

const halfLogTwoPi = 0.91893853320467274178

// near returns the components that matter at x. Where all have one width those beyond
// √(d² + (reach·σ)²), d the distance to the closest, are below rounding.
func (s *smoothedTarget) near(x float64) []component {
	c := s.component
	if len(c) < 64 || c[0].std != s.widest {
		return c
	}
	at, _ := slices.BinarySearchFunc(c, x, func(c component, x float64) int {
		if c.mean < x {
			return -1
		}
		return 1
	})
	d := math.Inf(1)
	for _, i := range []int{at - 1, at} {
		if i >= 0 && i < len(c) {
			d = math.Min(d, math.Abs(x-c[i].mean))
		}
	}
	r := math.Hypot(d, (reach+3)*s.widest) // + 3: of up to 10⁶ equal terms
	lo, hi := at, at
	for lo > 0 && x-c[lo-1].mean <= r {
		lo--
	}
	for hi < len(c) && c[hi].mean-x <= r {
		hi++
	}
	return c[lo:hi]
}

// span returns where p_h lies: beyond it each component is more than reach standard
// deviations away.
func (s *smoothedTarget) span() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, c := range s.component {
		low, high = math.Min(low, c.mean-reach*c.std), math.Max(high, c.mean+reach*c.std)
	}
	return low, high
}

// outside returns the mass of p_h beyond [low, high].
func (s *smoothedTarget) outside(low, high float64) float64 {
	sum := 0.0
	for _, c := range s.component {
		sum += math.Exp(c.logWeight) / 2 * (math.Erfc((c.mean-low)/(c.std*math.Sqrt2)) + math.Erfc((high-c.mean)/(c.std*math.Sqrt2)))
	}
	return sum
}
