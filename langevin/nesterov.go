package langevin

import (
	"fmt"
	"math"
)

// Nesterov is accelerated gradient with noise,
//
//	y = x + β(x − x⁻),   x' = y + ηf(y) + sξ,   s² = 2(1−β)ηT,
//
// block by block: the drift is taken at the look-ahead point of the block that moves. With
// curvature h and c = 1 − ηh its stationary variance is
//
//	s²(1+βc) / [(1−βc)(1−c)(1 + (1+2β)c)],
//
// T/h as η → 0. Its drift depends on x⁻ too, so it is no Recurrence. The memory of a state is
// x⁻, x itself at the start. It is a Linearizer if Linear reports so.
//
// Nesterov, Soviet Math. Dokl. 27 (1983) 372; the noise is that of SGLD with momentum.
type Nesterov struct {
	drift      Drift
	derivative DriftDerivative
	parts      []Part
	n          int
	eta, beta  float64
	noise      []float64 // s of each part

	y, f, g, q, t []float64 // scratch
	ahead         [][]float64
}

// NewNesterov returns the scheme for the parts of a drift; temperature has one value for
// all, or one for each part.
func NewNesterov(f Drift, eta, beta float64, temperature ...float64) (*Nesterov, error) {
	m := &Nesterov{drift: f, parts: partsOf(f), n: f.Dim(), eta: eta, beta: beta}
	if !(beta >= 0 && beta < 1) {
		return nil, fmt.Errorf("langevin: nesterov: momentum is %v: it must be in [0, 1)", beta)
	}
	if len(temperature) != 1 && len(temperature) != len(m.parts) {
		return nil, fmt.Errorf("langevin: nesterov: %d temperatures for %d blocks: give one, or one each", len(temperature), len(m.parts))
	}
	m.derivative, _ = f.(DriftDerivative)
	for b := range m.parts {
		t := temperature[b%len(temperature)]
		if err := checkStep("nesterov", eta, t); err != nil {
			return nil, err
		}
		m.noise = append(m.noise, math.Sqrt(2*(1-beta)*eta*t))
		m.ahead = append(m.ahead, make([]float64, m.n))
	}
	for _, s := range []*[]float64{&m.y, &m.f, &m.g, &m.q, &m.t} {
		*s = make([]float64, m.n)
	}
	return m, nil
}

func (m *Nesterov) Dim() int    { return 2 * m.n }
func (m *Nesterov) Config() int { return m.n }
func (m *Nesterov) Inputs() int { return m.n }

// Init writes q and x⁻ = q.
func (m *Nesterov) Init(state, q []float64) {
	copy(state[:m.n], q[:m.n])
	copy(state[m.n:2*m.n], q[:m.n])
}

// Step writes the next state.
func (m *Nesterov) Step(next, state, xi []float64) {
	n := m.n
	q := next[:n]
	copy(q, state[:n])
	copy(next[n:2*n], state[:n])
	for b, p := range m.parts {
		m.lookAhead(m.y, p, q, state)
		m.drift.Drift(m.f, m.y)
		for i := p.Lo; i < p.Hi; i++ {
			q[i] = m.y[i] + m.eta*m.f[i] + m.noise[b]*xi[i]
		}
	}
}

// lookAhead writes q̃ with block p at its look-ahead point.
func (m *Nesterov) lookAhead(y []float64, p Part, q, state []float64) {
	copy(y, q)
	for i := p.Lo; i < p.Hi; i++ {
		y[i] += m.beta * (state[i] - state[m.n+i])
	}
}

// StateObservables is the velocity x − x⁻.
func (m *Nesterov) StateObservables() []Observable { return []Observable{meanSquareV} }

// ObserveState writes ⟨(x − x⁻)²⟩ over the components.
func (m *Nesterov) ObserveState(dst, state []float64) { observeVelocity(dst, state, m.n) }

// Linear reports whether the drift has derivatives.
func (m *Nesterov) Linear() bool { return m.derivative != nil }

// trace leaves the look-ahead points of a noise-free step.
func (m *Nesterov) trace(state []float64) {
	copy(m.q, state[:m.n])
	for b, p := range m.parts {
		y := m.ahead[b]
		m.lookAhead(y, p, m.q, state)
		m.drift.Drift(m.f, y)
		for i := p.Lo; i < p.Hi; i++ {
			m.q[i] = y[i] + m.eta*m.f[i]
		}
	}
}

// JVP writes M·v.
func (m *Nesterov) JVP(dst, state, v []float64) {
	copy(m.t, v[:m.n])
	m.push(dst, state, v, nil)
}

// NoiseJVP writes L·xi.
func (m *Nesterov) NoiseJVP(dst, state, xi []float64) {
	clear(m.t)
	m.push(dst, state, nil, xi)
}

// push carries the tangent m.t of the configuration through the blocks.
func (m *Nesterov) push(dst, state, v, xi []float64) {
	m.trace(state)
	n := m.n
	clear(dst[n : 2*n])
	if v != nil {
		copy(dst[n:2*n], v[:n])
	}
	for b, p := range m.parts {
		copy(m.g, m.t)
		if v != nil {
			for i := p.Lo; i < p.Hi; i++ {
				m.g[i] += m.beta * (v[i] - v[n+i])
			}
		}
		m.derivative.DriftJVP(m.f, m.ahead[b], m.g)
		for i := p.Lo; i < p.Hi; i++ {
			m.t[i] = m.g[i] + m.eta*m.f[i]
			if xi != nil {
				m.t[i] += m.noise[b] * xi[i]
			}
		}
	}
	copy(dst[:n], m.t)
}

// VJP writes Mᵀ·w.
func (m *Nesterov) VJP(dst, state, w []float64) { m.pull(dst, nil, state, w) }

// NoiseVJP writes Lᵀ·w.
func (m *Nesterov) NoiseVJP(dst, state, w []float64) { m.pull(nil, dst, state, w) }

// pull carries the cotangent w back through the blocks to the state and to the inputs,
// either of which may be nil.
func (m *Nesterov) pull(dst, noise, state, w []float64) {
	m.trace(state)
	n := m.n
	copy(m.g, w[:n])
	if dst != nil {
		copy(dst[:n], w[n:2*n])
		clear(dst[n : 2*n])
	}
	for b := len(m.parts) - 1; b >= 0; b-- {
		p := m.parts[b]
		clear(m.t)
		for i := p.Lo; i < p.Hi; i++ {
			m.t[i] = m.g[i]
			if noise != nil {
				noise[i] = m.noise[b] * m.g[i]
			}
		}
		m.derivative.DriftVJP(m.f, m.ahead[b], m.t)
		for i := range m.g {
			m.g[i] += m.eta * m.f[i]
		}
		if dst != nil {
			for i := p.Lo; i < p.Hi; i++ {
				dst[i] += m.beta * m.g[i]
				dst[n+i] -= m.beta * m.g[i]
			}
		}
	}
	if dst != nil {
		addScaled(dst[:n], 1, m.g)
	}
}
