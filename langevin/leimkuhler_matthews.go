package langevin

import (
	"fmt"
	"math"
)

// LeimkuhlerMatthews is the scheme
//
//	x' = x + ηf(x) + √(ηT/2) (ξ + ξ'),
//
// whose configurational law has an error of order η² (none for a harmonic potential)
// although it costs one gradient. Its noise is coloured, so it is not a Recurrence: the
// memory of a state is ξ, zero at the start. It is a Linearizer if Linear reports so.
//
// Leimkuhler & Matthews, Appl. Math. Res. Express 2013, 34.
type LeimkuhlerMatthews struct {
	drift      Drift
	derivative DriftDerivative
	n          int
	eta        float64
	half       []float64 // √(ηT/2) of each component
}

// NewLeimkuhlerMatthews returns the scheme at step eta > 0; temperature has one value T ≥ 0
// for all components or one for each.
func NewLeimkuhlerMatthews(f Drift, eta float64, temperature ...float64) (*LeimkuhlerMatthews, error) {
	if err := checkComponents("leimkuhler-matthews", f.Dim(), eta, temperature); err != nil {
		return nil, err
	}
	if err := checkAtOnce("leimkuhler-matthews", f); err != nil {
		return nil, err
	}
	m := &LeimkuhlerMatthews{drift: f, n: f.Dim(), eta: eta}
	for i := range m.n {
		m.half = append(m.half, math.Sqrt(eta*component(temperature, i)/2))
	}
	m.derivative, _ = f.(DriftDerivative)
	return m, nil
}

func checkStep(scheme string, eta, temperature float64) error {
	if !(eta > 0) || math.IsInf(eta, 1) {
		return fmt.Errorf("langevin: %s: step is %v: it must be positive and finite", scheme, eta)
	}
	if !(temperature >= 0) || math.IsInf(temperature, 1) {
		return fmt.Errorf("langevin: %s: temperature is %v: it must be zero or positive, and finite", scheme, temperature)
	}
	return nil
}

func (m *LeimkuhlerMatthews) Dim() int    { return 2 * m.n }
func (m *LeimkuhlerMatthews) Config() int { return m.n }
func (m *LeimkuhlerMatthews) Inputs() int { return m.n }

// Init writes q and ξ = 0.
func (m *LeimkuhlerMatthews) Init(state, q []float64) {
	copy(state[:m.n], q[:m.n])
	for i := m.n; i < 2*m.n; i++ {
		state[i] = 0
	}
}

// Step writes the next state.
func (m *LeimkuhlerMatthews) Step(next, state, xi []float64) {
	n := m.n
	q, old := state[:n], state[n:2*n]
	out, mem := next[:n], next[n:2*n]
	m.drift.Drift(out, q)
	for i := range out {
		out[i] = q[i] + m.eta*out[i] + m.half[i]*(old[i]+xi[i])
		mem[i] = xi[i]
	}
}

// Linear reports whether the drift has derivatives.
func (m *LeimkuhlerMatthews) Linear() bool { return m.derivative != nil }

// JVP writes M·v.
func (m *LeimkuhlerMatthews) JVP(dst, state, v []float64) {
	n := m.n
	m.derivative.DriftJVP(dst[:n], state[:n], v[:n])
	for i := range n {
		dst[i] = v[i] + m.eta*dst[i] + m.half[i]*v[n+i]
		dst[n+i] = 0
	}
}

// VJP writes Mᵀ·w.
func (m *LeimkuhlerMatthews) VJP(dst, state, w []float64) {
	n := m.n
	m.derivative.DriftVJP(dst[:n], state[:n], w[:n])
	for i := range n {
		dst[i] = w[i] + m.eta*dst[i]
		dst[n+i] = m.half[i] * w[i]
	}
}

// NoiseJVP writes L·xi.
func (m *LeimkuhlerMatthews) NoiseJVP(dst, _, xi []float64) {
	for i := range m.n {
		dst[i] = m.half[i] * xi[i]
		dst[m.n+i] = xi[i]
	}
}

// NoiseVJP writes Lᵀ·w.
func (m *LeimkuhlerMatthews) NoiseVJP(dst, _, w []float64) {
	for i := range m.n {
		dst[i] = m.half[i]*w[i] + w[m.n+i]
	}
}
