package gan

import (
	"fmt"
	"math"
	"slices"

	"machlup/internal/rng"
)

// MixtureConfig is Σ w_k N(μ_k, s_k² I) in one or two dimensions.
type MixtureConfig struct {
	Dimension int       `toml:"dim" range:"[1,2]" unit:"1" doc:"dimension of a sample"`
	Weights   []float64 `toml:"weights" range:"(0,inf)" unit:"1" doc:"weight of each mode; normalised to sum 1"`
	Means     []float64 `toml:"means" unit:"1" doc:"means, mode by mode: x1, x2, … (dim = 1) or x1, y1, x2, y2, … (dim = 2)"`
	Stds      []float64 `toml:"stds" range:"(0,inf)" unit:"1" doc:"standard deviation of each mode, the same in every direction; one value serves all modes"`
	Bias      float64   `toml:"bias" range:"(-1,1)" unit:"1" doc:"of two modes: a field on their imbalance, the weight of the first times 1 − bias, of the second times 1 + bias; the observables imbalance and mode_entropy go on sharing samples out as at bias = 0"`
}

// DefaultMixture returns ½N(−2,1) + ½N(2,1).
func DefaultMixture() MixtureConfig {
	return MixtureConfig{Dimension: 1, Weights: []float64{0.5, 0.5}, Means: []float64{-2, 2}, Stds: []float64{1, 1}}
}

// Target returns the mixture.
func (c MixtureConfig) Target() (Target, error) {
	if c.Dimension < 1 || c.Dimension > 2 {
		return nil, fmt.Errorf("gan: dim of the mixture is %d, allowed are 1 and 2", c.Dimension)
	}
	if c.Bias == 0 {
		return newMixture("mixture", c.Dimension, c.Weights, c.Means, c.Stds)
	}
	if !(math.Abs(c.Bias) < 1) || len(c.Weights) != 2 {
		return nil, fmt.Errorf("gan: bias of the mixture is %v with %d weights, allowed is a number between −1 and 1 with two, 0 otherwise", c.Bias, len(c.Weights))
	}
	even, err := newMixture("mixture", c.Dimension, c.Weights, c.Means, c.Stds)
	if err != nil {
		return nil, err
	}
	t, err := newMixture("mixture", c.Dimension, []float64{c.Weights[0] * (1 - c.Bias), c.Weights[1] * (1 + c.Bias)}, c.Means, c.Stds)
	if err != nil {
		return nil, err
	}
	t.(sharer).share(even.(sharer).shares())
	return t, nil
}

// A sharer shares samples out among its modes by other weights than its own: those without a
// field on the imbalance, so that a ramp of the field does not change what the imbalance is.
type sharer interface {
	share(weights []float64)
	shares() []float64
}

func (m *mixture) share(weights []float64) { m.unbiased = weights }

func (m *mixture) shares() []float64 {
	if m.unbiased != nil {
		return m.unbiased
	}
	return m.weight
}

// RingConfig is a ring of equal modes in the plane.
type RingConfig struct {
	Modes  int     `toml:"modes" range:"[1,inf)" unit:"1" doc:"number of modes, the first at angle 0"`
	Radius float64 `toml:"radius" range:"(0,inf)" unit:"1" doc:"radius of the circle"`
	StdDev float64 `toml:"std" range:"(0,inf)" unit:"1" doc:"standard deviation of a mode in each direction"`
}

// DefaultRing returns the usual benchmark: 8 modes, radius 1, standard deviation 0.01.
func DefaultRing() RingConfig { return RingConfig{Modes: 8, Radius: 1, StdDev: 0.01} }

// Target returns the ring.
func (c RingConfig) Target() (Target, error) {
	if c.Modes < 1 {
		return nil, fmt.Errorf("gan: modes of the ring is %d, allowed are integers ≥ 1", c.Modes)
	}
	if err := checkPositive("radius of the ring", c.Radius); err != nil {
		return nil, err
	}
	var means []float64
	for k := range c.Modes {
		s, co := math.Sincos(2 * math.Pi * float64(k) / float64(c.Modes))
		means = append(means, c.Radius*co, c.Radius*s)
	}
	return newMixture("ring", 2, equalWeights(c.Modes), means, []float64{c.StdDev})
}

// GridConfig is a square grid of equal modes centred on the origin.
type GridConfig struct {
	Side    int     `toml:"side" range:"[1,inf)" unit:"1" doc:"modes along one side"`
	Spacing float64 `toml:"spacing" range:"(0,inf)" unit:"1" doc:"distance between neighbours"`
	StdDev  float64 `toml:"std" range:"(0,inf)" unit:"1" doc:"standard deviation of a mode in each direction"`
}

// DefaultGrid returns the usual benchmark: 5×5 modes, spacing 2, standard deviation 0.05.
func DefaultGrid() GridConfig { return GridConfig{Side: 5, Spacing: 2, StdDev: 0.05} }

// Target returns the grid.
func (c GridConfig) Target() (Target, error) {
	if c.Side < 1 {
		return nil, fmt.Errorf("gan: side of the grid is %d, allowed are integers ≥ 1", c.Side)
	}
	if err := checkPositive("spacing of the grid", c.Spacing); err != nil {
		return nil, err
	}
	var means []float64
	half := float64(c.Side-1) / 2
	for i := range c.Side {
		for j := range c.Side {
			means = append(means, c.Spacing*(float64(i)-half), c.Spacing*(float64(j)-half))
		}
	}
	return newMixture("grid", 2, equalWeights(c.Side*c.Side), means, []float64{c.StdDev})
}

func equalWeights(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
	}
	return w
}

// A ModeTarget is a Target made of modes, Σ w_k N(μ_k, s_k² I), against which collapse is
// measured.
type ModeTarget interface {
	Target
	// Modes returns weights [K] of sum 1, means [K×Dim] and standard deviations [K], which
	// the caller owns.
	Modes() (weight, mean, std []float64)
}

// mixture takes 1+dim normals a sample: the first chooses the mode (through Φ, by the
// modes' cumulative weights in order), the others are its coordinates.
type mixture struct {
	name   string
	dim    int
	weight []float64
	edge   []float64 // Φ⁻¹ of the cumulative weights, but the last: mode k is edge[k−1] ≤ ξ < edge[k]
	mean   []float64 // [modes×dim]
	std    []float64

	unbiased []float64 // weights without the bias, if there is one
}

func newMixture(name string, dim int, weights, means, stds []float64) (Target, error) {
	k := len(weights)
	if len(stds) == 1 && k > 1 {
		stds = repeat(stds[0], k)
	}
	if k == 0 || len(means) != k*dim || len(stds) != k {
		return nil, fmt.Errorf("gan: %s has %d weights, %d means and %d stds in %d dimension(s); give one weight, %d mean coordinate(s) and one std a mode",
			name, k, len(means), len(stds), dim, dim)
	}
	m := &mixture{name: name, dim: dim, mean: append([]float64(nil), means...), std: append([]float64(nil), stds...)}
	total := 0.0
	for i, w := range weights {
		if err := checkPositive(fmt.Sprintf("weight %d of the %s", i, name), w); err != nil {
			return nil, err
		}
		if err := checkPositive(fmt.Sprintf("std %d of the %s", i, name), stds[i]); err != nil {
			return nil, err
		}
		total += w
	}
	for i, x := range means {
		if err := checkFinite(fmt.Sprintf("mean coordinate %d of the %s", i, name), x); err != nil {
			return nil, err
		}
	}
	cum := 0.0
	for i, w := range weights {
		m.weight = append(m.weight, w/total)
		if cum += w / total; i < k-1 {
			m.edge = append(m.edge, rng.NormalQuantile(cum))
		}
	}
	if dim == 1 {
		return mixture1D{m}, nil
	}
	return m, nil
}

func repeat(x float64, n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = x
	}
	return s
}

func (m *mixture) Name() string { return m.name }
func (m *mixture) Dim() int     { return m.dim }
func (m *mixture) Normals() int { return 1 + m.dim }

func (m *mixture) Modes() (weight, mean, std []float64) {
	return slices.Clone(m.weight), slices.Clone(m.mean), slices.Clone(m.std)
}

func (m *mixture) Sample(dst, xi []float64) {
	d := m.dim
	for i := range len(dst) / d {
		row := xi[i*(1+d) : (i+1)*(1+d)]
		k := m.mode(row[0])
		for c := range d {
			dst[i*d+c] = m.mean[k*d+c] + m.std[k]*row[1+c]
		}
	}
}

// mode returns the first k with ξ < edge[k], by bisection.
func (m *mixture) mode(xi float64) int {
	lo, hi := 0, len(m.edge)
	for lo < hi {
		if mid := (lo + hi) / 2; xi < m.edge[mid] {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

func (m *mixture) Mean(dst []float64) {
	clear(dst[:m.dim])
	for k, w := range m.weight {
		for c := range m.dim {
			dst[c] += w * m.mean[k*m.dim+c]
		}
	}
}

func (m *mixture) Std(dst []float64) {
	mean := make([]float64, m.dim)
	m.Mean(mean)
	clear(dst[:m.dim])
	for k, w := range m.weight {
		for c := range m.dim {
			dev := m.mean[k*m.dim+c] - mean[c]
			dst[c] += w * (m.std[k]*m.std[k] + dev*dev)
		}
	}
	for c := range m.dim {
		dst[c] = math.Sqrt(dst[c])
	}
}

func (m *mixture) Density(x []float64) float64 {
	p := 0.0
	for k, w := range m.weight {
		for c := range m.dim {
			w *= normalDensity((x[c]-m.mean[k*m.dim+c])/m.std[k]) / m.std[k]
		}
		p += w
	}
	return p
}

// mixture1D adds what only the line has.
type mixture1D struct{ *mixture }

// Quantile inverts the CDF by bisection to the last bit.
func (m mixture1D) Quantile(u float64) float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for k := range m.weight {
		q := m.mean[k] + m.std[k]*rng.NormalQuantile(u)
		lo, hi = math.Min(lo, q), math.Max(hi, q)
	}
	for {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			return mid
		}
		if m.cdf(mid) < u {
			lo = mid
		} else {
			hi = mid
		}
	}
}

func (m mixture1D) cdf(x float64) float64 {
	p := 0.0
	for k, w := range m.weight {
		p += w * rng.NormalCDF((x-m.mean[k])/m.std[k])
	}
	return p
}
