package langevin

import (
	"fmt"
	"math"
)

// Minibatch is SGD, with momentum and injected noise if wanted, on a sampled drift:
//
//	q' = q + β(q − q⁻) + ηf̂(q, ξ_f) + √(2(1−β)ηT) ξ.
//
// The gradient noise is part of the map, so it is no Recurrence: positions have no
// simple density, and only samplers of innovations run on it. The inputs of a step are
// those of the drift, then one per component if T > 0. The memory is q⁻ if β > 0.
type Minibatch struct {
	drift  StochasticDrift
	player Player
	n      int
	s      float64
	v      []float64
	zero   []float64
}

// NewMinibatch returns the map. p gives Eta, Temperature and Momentum; its range must be
// the whole configuration, and it has no metric.
func NewMinibatch(f StochasticDrift, p Player) (*Minibatch, error) {
	n := f.Dim()
	if err := p.check(0, n); err != nil {
		return nil, err
	}
	if p.Hi != n || p.Metric != nil {
		return nil, fmt.Errorf("langevin: minibatch: block %q must cover all %d components and have no metric", p.Name, n)
	}
	return &Minibatch{drift: f, player: p, n: n, s: math.Sqrt(2 * (1 - p.Momentum) * p.Eta * p.Temperature),
		v: make([]float64, n), zero: make([]float64, n)}, nil
}

func (m *Minibatch) Config() int { return m.n }

// Dim is twice Config with momentum.
func (m *Minibatch) Dim() int {
	if m.player.Momentum > 0 {
		return 2 * m.n
	}
	return m.n
}

// Inputs counts the drift's inputs and the injected normals.
func (m *Minibatch) Inputs() int {
	if m.s > 0 {
		return m.drift.Inputs() + m.n
	}
	return m.drift.Inputs()
}

// Init writes q and q⁻ = q.
func (m *Minibatch) Init(state, q []float64) {
	copy(state[:m.n], q[:m.n])
	if m.player.Momentum > 0 {
		copy(state[m.n:], q[:m.n])
	}
}

// Step writes the next state.
func (m *Minibatch) Step(next, state, xi []float64) {
	n, used := m.n, m.drift.Inputs()
	m.drift.SampleDrift(m.v, state[:n], xi[:used])
	for i := range m.v {
		m.v[i] *= m.player.Eta
	}
	noise := m.zero
	if m.s > 0 {
		noise = xi[used : used+n]
	}
	copy(next[:n], state[:n])
	if m.player.Momentum > 0 {
		momentumStep(next[:n], next[n:2*n], state[n:2*n], m.v, noise, m.player.Momentum, m.s)
	} else {
		plainStep(next[:n], m.v, noise, m.s)
	}
}

// GaussianGradient is a drift with additive Gaussian noise, f̂ = f + Rξ: the
// constant-covariance model of mini-batch noise, C = RRᵀ.
//
// Mandt, Hoffman & Blei, JMLR 18 (2017) 134, assumptions 1 to 4.
type GaussianGradient struct {
	f Drift
	r []float64
	n int
}

// NewGaussianGradient returns the drift f with noise of covariance R·Rᵀ; r is
// Dim × Dim, row-major.
func NewGaussianGradient(f Drift, r []float64) (*GaussianGradient, error) {
	n := f.Dim()
	if len(r) != n*n {
		return nil, fmt.Errorf("langevin: gaussian gradient: the root of the covariance has %d entries: %d×%d are needed", len(r), n, n)
	}
	return &GaussianGradient{f, append([]float64(nil), r...), n}, nil
}

func (g *GaussianGradient) Dim() int { return g.n }

// Drift writes f(x).
func (g *GaussianGradient) Drift(dst, x []float64) { g.f.Drift(dst, x) }

// Inputs is one normal per component.
func (g *GaussianGradient) Inputs() int { return g.n }

// SampleDrift writes f(x) + R·xi.
func (g *GaussianGradient) SampleDrift(dst, x, xi []float64) {
	g.f.Drift(dst, x)
	for i := range dst {
		sum := 0.0
		for j, z := range xi[:g.n] {
			sum += g.r[i*g.n+j] * z
		}
		dst[i] += sum
	}
}
