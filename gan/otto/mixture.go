package otto

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// A Law is a probability law on the line: all that a grid needs to know of it.
type Law interface {
	Mass(a, b float64) float64  // ∫_a^b p, accurate in the tails, a ≤ b
	Quantile(u float64) float64 // 0 < u < 1
}

// A Density is a Law with a density and its logarithmic derivatives.
type Density interface {
	Law
	LogDensity(x float64) float64
	Score(x float64) float64     // (log p)′
	Curvature(x float64) float64 // (log p)″
}

// Mixture is Σ w_k N(m_k, s_k²) with Σ w_k = 1. Make it with NewMixture or Normal.
type Mixture struct{ weight, mean, std []float64 }

// MixtureConfig is the data density of a system on the Wasserstein space.
type MixtureConfig struct {
	Weights []float64 `toml:"weights" range:"(0,inf)" unit:"1" doc:"weight of each mode, normalised to sum 1; one value: equal weights"`
	Means   []float64 `toml:"means" unit:"1" doc:"mean of each mode"`
	Stds    []float64 `toml:"stds" range:"(0,inf)" unit:"1" doc:"standard deviation of each mode; one value serves all"`
}

// DefaultMixture returns the paper's data, N(8, 1.25²).
func DefaultMixture() MixtureConfig {
	return MixtureConfig{Weights: []float64{1}, Means: []float64{8}, Stds: []float64{1.25}}
}

// NewMixture returns the density, or an error for lists of different lengths and for
// weights or standard deviations that are not positive.
func NewMixture(c MixtureConfig) (*Mixture, error) {
	n := len(c.Means)
	if n == 0 {
		return nil, fmt.Errorf("otto: means is empty: give the mean of each mode")
	}
	m := &Mixture{mean: append([]float64(nil), c.Means...)}
	for _, x := range c.Means {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("otto: means has the value %v: it must be finite", x)
		}
	}
	var err error
	if m.weight, err = each("weights", c.Weights, n); err != nil {
		return nil, err
	}
	if m.std, err = each("stds", c.Stds, n); err != nil {
		return nil, err
	}
	sum := 0.0
	for _, w := range m.weight {
		sum += w
	}
	for k := range m.weight {
		m.weight[k] /= sum
	}
	return m, nil
}

func each(name string, values []float64, n int) ([]float64, error) {
	if len(values) != 1 && len(values) != n {
		return nil, fmt.Errorf("otto: %s has %d values for %d modes: give one, or one each", name, len(values), n)
	}
	out := make([]float64, n)
	for k := range out {
		out[k] = values[k%len(values)]
		if !(out[k] > 0) || math.IsInf(out[k], 1) {
			return nil, fmt.Errorf("otto: %s has the value %v: it must be positive and finite", name, out[k])
		}
	}
	return out, nil
}

// Normal returns N(mean, std²). It panics unless std is positive and both are finite.
func Normal(mean, std float64) *Mixture {
	if !(std > 0) || math.IsInf(std, 0) || math.IsNaN(mean) || math.IsInf(mean, 0) {
		panic("otto: Normal needs a finite mean and a positive finite standard deviation")
	}
	return &Mixture{weight: []float64{1}, mean: []float64{mean}, std: []float64{std}}
}

// Pair returns ½N(−a, 1) + ½N(a, 1).
func Pair(a float64) *Mixture {
	return &Mixture{weight: []float64{0.5, 0.5}, mean: []float64{-a, a}, std: []float64{1, 1}}
}

// Modes returns the number of normals; Component their parameters.
func (m *Mixture) Modes() int { return len(m.mean) }

// Component returns weight, mean and standard deviation of normal k.
func (m *Mixture) Component(k int) (weight, mean, std float64) {
	return m.weight[k], m.mean[k], m.std[k]
}

// Mean returns the mean and Std the standard deviation of the mixture.
func (m *Mixture) Mean() float64 {
	sum := 0.0
	for k, w := range m.weight {
		sum += w * m.mean[k]
	}
	return sum
}

// Std returns the standard deviation of the mixture.
func (m *Mixture) Std() float64 {
	sum, mean := 0.0, m.Mean()
	for k, w := range m.weight {
		d := m.mean[k] - mean
		sum += w * (m.std[k]*m.std[k] + d*d)
	}
	return math.Sqrt(sum)
}

// LogDensity returns log p(x), finite wherever x is.
func (m *Mixture) LogDensity(x float64) float64 {
	log, _, _ := m.derivatives(x)
	return log
}

// Score returns (log p)′.
func (m *Mixture) Score(x float64) float64 {
	_, score, _ := m.derivatives(x)
	return score
}

// Curvature returns (log p)″.
func (m *Mixture) Curvature(x float64) float64 {
	_, _, curvature := m.derivatives(x)
	return curvature
}

// derivatives are log p, its slope E_k[a_k] and curvature E_k[a_k² − 1/s_k²] − E_k[a_k]²
// with a_k = −(x−m_k)/s_k² and E_k over the posterior of the modes at x.
func (m *Mixture) derivatives(x float64) (log, score, curvature float64) {
	top := math.Inf(-1)
	for k := range m.mean {
		top = math.Max(top, m.logTerm(k, x))
	}
	sum, first, second := 0.0, 0.0, 0.0
	for k := range m.mean {
		w := math.Exp(m.logTerm(k, x) - top)
		v := m.std[k] * m.std[k]
		a := -(x - m.mean[k]) / v
		sum += w
		first += w * a
		second += w * (a*a - 1/v)
	}
	first /= sum
	return top + math.Log(sum), first, second/sum - first*first
}

func (m *Mixture) logTerm(k int, x float64) float64 {
	z := (x - m.mean[k]) / m.std[k]
	return math.Log(m.weight[k]/m.std[k]) - z*z/2 - logRootTwoPi
}

const logRootTwoPi = 0.91893853320467274178032973640561763986139747363778

// Mass returns ∫_a^b p.
func (m *Mixture) Mass(a, b float64) float64 {
	sum := 0.0
	for k, w := range m.weight {
		sum += w * normalMass((a-m.mean[k])/m.std[k], (b-m.mean[k])/m.std[k])
	}
	return sum
}

// normalMass is Φ(b) − Φ(a) from the nearer tail.
func normalMass(a, b float64) float64 {
	if a > 0 {
		a, b = -b, -a
	}
	return (math.Erfc(-b/math.Sqrt2) - math.Erfc(-a/math.Sqrt2)) / 2
}

// Quantile returns the x with ∫_{−∞}^x p = u, by bisection and Newton's method; exact for
// one mode.
func (m *Mixture) Quantile(u float64) float64 {
	if len(m.mean) == 1 {
		return m.mean[0] + m.std[0]*mathext.NormalQuantile(u)
	}
	z := mathext.NormalQuantile(u)
	lo, hi := math.Inf(1), math.Inf(-1)
	for k := range m.mean { // the quantile of a mixture lies between those of its parts
		x := m.mean[k] + m.std[k]*z
		lo, hi = math.Min(lo, x), math.Max(hi, x)
	}
	excess := func(x float64) float64 { // from the nearer tail, so that small u stay exact
		if u < 0.5 {
			return m.Mass(math.Inf(-1), x) - u
		}
		return (1 - u) - m.Mass(x, math.Inf(1))
	}
	x := (lo + hi) / 2
	for range 200 {
		e := excess(x)
		if e > 0 {
			hi = x
		} else {
			lo = x
		}
		next := x - e*math.Exp(-m.LogDensity(x))
		if !(next > lo && next < hi) {
			next = (lo + hi) / 2
		}
		if math.Abs(next-x) <= 4e-16*math.Max(math.Abs(x), 1) {
			return next
		}
		x = next
	}
	return x
}
