package langevin

import (
	"errors"
	"fmt"
)

// sgldTangent is the scratch of the derivative of an SGLD step.
type sgldTangent struct {
	mix        [][]float64 // mixed configuration seen by each block, one per block
	vec, full  []float64   // of length n
	fb, ub, vb []float64   // of block length
	zero       []float64
}

func newSGLDTangent(m *SGLD) sgldTangent {
	t := sgldTangent{zero: make([]float64, m.in)}
	for range m.players {
		t.mix = append(t.mix, make([]float64, m.n))
	}
	for _, s := range []*[]float64{&t.vec, &t.full, &t.fb, &t.ub, &t.vb} {
		*s = make([]float64, m.n)
	}
	return t
}

// Linear reports whether the derivative of a step exists: whether the drift is a
// DriftDerivative and every metric a MetricDerivative.
func (m *SGLD) Linear() bool {
	for _, p := range m.players {
		if _, ok := p.Metric.(MetricDerivative); p.Metric != nil && !ok {
			return false
		}
	}
	return m.derivative != nil
}

var errNoDerivative = errors.New("the drift has no derivatives (langevin.DriftDerivative)")

// HasAdjoint returns nil if the drift is a DriftDerivative and no block has a metric.
func (m *SGLD) HasAdjoint() error {
	for _, p := range m.players {
		if p.Metric != nil {
			return fmt.Errorf("block %q has a metric: the adjoint of its drift is not available", p.Name)
		}
	}
	if m.derivative == nil {
		return errNoDerivative
	}
	return nil
}

// DriftAdjoint writes η(∂f_b/∂q̃)ᵀw.
func (m *SGLD) DriftAdjoint(dst []float64, b int, qmix, w []float64) {
	p := &m.players[b]
	clear(m.lin.vec)
	for i, x := range w {
		m.lin.vec[p.Lo+i] = p.Eta * x
	}
	m.derivative.DriftVJP(dst, qmix, m.lin.vec)
}

// mixes fills lin.mix: the configurations that each block sees when ξ = 0.
func (m *SGLD) mixes(state []float64) {
	if m.derivative == nil {
		panic("langevin: SGLD has no derivative: its drift is not a DriftDerivative (see Linear)")
	}
	for b := range m.players {
		q := m.lin.mix[b]
		if b == 0 {
			copy(q, state[:m.n])
			continue
		}
		p, s := &m.players[b-1], m.slots[b-1]
		before := m.lin.mix[b-1]
		copy(q, before)
		v := m.v[:p.Hi-p.Lo]
		m.Drift(v, b-1, before)
		for i := range v {
			if p.Momentum > 0 {
				q[p.Lo+i] += p.Momentum * (before[p.Lo+i] - state[s.memory+i])
			}
			q[p.Lo+i] += v[i]
		}
	}
}

// JVP writes M·v with M = ∂Φ/∂state at ξ = 0.
func (m *SGLD) JVP(dst, state, v []float64) { m.jvp(dst, state, v, nil) }

// NoiseJVP writes L·xi with L = ∂Φ/∂ξ at ξ = 0.
func (m *SGLD) NoiseJVP(dst, state, xi []float64) { m.jvp(dst, state, nil, xi) }

// jvp pushes a tangent of the state (nil for zero) and one of the inputs (nil for zero)
// through the blocks in order.
func (m *SGLD) jvp(dst, state, v, xi []float64) {
	m.mixes(state)
	t := dst[:m.n]
	for i := range dst {
		dst[i] = 0
	}
	if v != nil {
		copy(t, v[:m.n])
	}
	for b := range m.players {
		p, s := &m.players[b], m.slots[b]
		k := p.Hi - p.Lo
		m.blockJVP(b, t)
		if xi != nil {
			m.addNoise(m.lin.vb[:k], b, xi[s.input:s.input+s.normals])
		}
		for i := range k {
			x := t[p.Lo+i]
			if p.Momentum > 0 {
				dst[s.memory+i] = x
				x += p.Momentum * x
				if v != nil {
					x -= p.Momentum * v[s.memory+i]
				}
			}
			t[p.Lo+i] = x + m.lin.vb[i]
		}
	}
}

// blockJVP writes into lin.vb the derivative of v_b along the tangent t of q̃ and leaves
// the metric at q̃.
func (m *SGLD) blockJVP(b int, t []float64) {
	p, q := &m.players[b], m.lin.mix[b]
	k := p.Hi - p.Lo
	vb := m.lin.vb[:k]
	m.derivative.DriftJVP(m.lin.full, q, t)
	copy(vb, m.lin.full[p.Lo:p.Hi])
	if p.Metric != nil {
		metric := p.Metric.(MetricDerivative)
		metric.At(q)
		metric.Solve(vb, vb)
		m.drift.Drift(m.lin.full, q)
		metric.SolveJVP(m.lin.ub[:k], m.lin.full[p.Lo:p.Hi], t)
		addScaled(vb, 1, m.lin.ub[:k])
		if p.Correction != NoCorrection {
			metric.DivergenceJVP(m.lin.ub[:k], t)
			addScaled(vb, float64(p.Correction)*p.Temperature, m.lin.ub[:k])
		}
	}
	for i := range vb {
		vb[i] *= p.Eta
	}
}

func (m *SGLD) addNoise(dst []float64, b int, xi []float64) {
	if metric := m.players[b].Metric; metric != nil {
		w := m.lin.ub[:len(dst)]
		metric.Colour(w, xi)
		metric.Solve(w, w)
		xi = w
	}
	addScaled(dst, m.blocks[b].Noise, xi[:len(dst)])
}

// VJP writes Mᵀ·w.
func (m *SGLD) VJP(dst, state, w []float64) { m.vjp(dst, nil, state, w) }

// NoiseVJP writes Lᵀ·w.
func (m *SGLD) NoiseVJP(dst, state, w []float64) { m.vjp(nil, dst, state, w) }

// vjp pulls a cotangent of the next state back through the blocks, in reverse order, to
// the state (unless dst is nil) and to the inputs (unless noise is nil).
func (m *SGLD) vjp(dst, noise, state, w []float64) {
	m.mixes(state)
	g := m.lin.vec
	copy(g, w[:m.n])
	for b := len(m.players) - 1; b >= 0; b-- {
		p, s := &m.players[b], m.slots[b]
		k := p.Hi - p.Lo
		gb := m.lin.vb[:k]
		copy(gb, g[p.Lo:p.Hi])
		if p.Metric != nil {
			p.Metric.At(m.lin.mix[b])
		}
		if noise != nil {
			m.noiseVJP(noise[s.input:s.input+s.normals], b, gb)
		}
		if p.Momentum > 0 {
			for i := range k {
				g[p.Lo+i] = (1+p.Momentum)*gb[i] + w[s.memory+i]
				if dst != nil {
					dst[s.memory+i] = -p.Momentum * gb[i]
				}
			}
		}
		m.blockVJP(g, b, gb)
	}
	if dst != nil {
		copy(dst[:m.n], g)
	}
}

// blockVJP adds (∂v_b/∂q̃)ᵀ g_b to g, the metric being at q̃.
func (m *SGLD) blockVJP(g []float64, b int, gb []float64) {
	p, q := &m.players[b], m.lin.mix[b]
	k := p.Hi - p.Lo
	pad, out := m.f, m.lin.full
	for i := range pad {
		pad[i] = 0
	}
	if p.Metric == nil {
		copy(pad[p.Lo:p.Hi], gb)
	} else {
		metric := p.Metric.(MetricDerivative)
		m.drift.Drift(out, q)
		fb := m.lin.fb[:k]
		copy(fb, out[p.Lo:p.Hi])
		metric.SolveVJP(out, fb, gb)
		addScaled(g, p.Eta, out)
		if p.Correction != NoCorrection {
			metric.DivergenceVJP(out, gb)
			addScaled(g, p.Eta*float64(p.Correction)*p.Temperature, out)
		}
		metric.Solve(pad[p.Lo:p.Hi], gb)
	}
	m.derivative.DriftVJP(out, q, pad)
	addScaled(g, p.Eta, out)
}

// noiseVJP writes s_b (G R)ᵀ g_b, the metric being at q̃.
func (m *SGLD) noiseVJP(dst []float64, b int, gb []float64) {
	if metric := m.players[b].Metric; metric != nil {
		u := m.lin.ub[:len(gb)]
		metric.Solve(u, gb)
		metric.(MetricDerivative).ColourT(dst, u)
	} else {
		copy(dst, gb)
	}
	for i := range dst {
		dst[i] *= m.blocks[b].Noise
	}
}

func addScaled(dst []float64, a float64, x []float64) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] += a * x[i]
	}
}
