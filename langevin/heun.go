package langevin

import (
	"fmt"
	"math"
)

// Heun is the predictor–corrector scheme for additive noise,
//
//	x* = x + ηf(x) + sξ,   x' = x + ½η[f(x) + f(x*)] + sξ,   s² = 2ηT:
//
// the noise does not depend on x, so Itô and Stratonovich are the same. Its law is wrong by
// O(η²). For curvature k and y = ηk the stationary variance is
//
//	(T/k)(1 − y/2)/(1 − y/2 + y²/4).
//
// Each step costs two gradients. Its law is not Gaussian about a drift of x alone, so it is
// no Recurrence. Blocks are updated at once. It is a Linearizer if Linear reports so.
//
// Kloeden & Platen, Numerical Solution of SDEs (1992), sec. 15.1, eq. 1.5 with α = ½.
type Heun struct {
	drift      Drift
	derivative DriftDerivative
	n          int
	eta        float64
	s          []float64 // of each component

	f, g, end []float64 // scratch
}

// NewHeun returns the scheme at step eta > 0; temperature has one value T ≥ 0 for all
// components or one for each. A drift whose blocks are
// updated in turn is refused: the predictor would need an order of its own.
func NewHeun(f Drift, eta float64, temperature ...float64) (*Heun, error) {
	if err := checkComponents("heun", f.Dim(), eta, temperature); err != nil {
		return nil, err
	}
	if err := checkAtOnce("heun", f); err != nil {
		return nil, err
	}
	m := &Heun{drift: f, n: f.Dim(), eta: eta}
	for i := range m.n {
		m.s = append(m.s, math.Sqrt(2*eta*component(temperature, i)))
	}
	m.derivative, _ = f.(DriftDerivative)
	for _, s := range []*[]float64{&m.f, &m.g, &m.end} {
		*s = make([]float64, m.n)
	}
	return m, nil
}

// checkAtOnce refuses a drift with several blocks for a scheme that moves all at once.
func checkAtOnce(scheme string, f Drift) error {
	if b := partsOf(f); len(b) > 1 {
		return fmt.Errorf("langevin: %s moves all components at once, and the drift has %d blocks updated in turn: make it simultaneous, or use euler-maruyama, heavy-ball, nesterov or sgld", scheme, len(b))
	}
	return nil
}

func (m *Heun) Dim() int    { return m.n }
func (m *Heun) Config() int { return m.n }
func (m *Heun) Inputs() int { return m.n }

// Init copies q: there is no memory.
func (m *Heun) Init(state, q []float64) { copy(state[:m.n], q[:m.n]) }

// Step writes the next state.
func (m *Heun) Step(next, state, xi []float64) {
	m.drift.Drift(m.f, state)
	for i := range m.end {
		m.end[i] = state[i] + m.eta*m.f[i] + m.s[i]*xi[i]
	}
	m.drift.Drift(m.g, m.end)
	for i := range m.end {
		next[i] = state[i] + 0.5*m.eta*(m.f[i]+m.g[i]) + m.s[i]*xi[i]
	}
}

// Linear reports whether the drift has derivatives.
func (m *Heun) Linear() bool { return m.derivative != nil }

// predict writes the noise-free predictor.
func (m *Heun) predict(state []float64) {
	m.drift.Drift(m.end, state)
	for i := range m.end {
		m.end[i] = state[i] + m.eta*m.end[i]
	}
}

// JVP writes M·v, M = 1 + ½η[Df(x) + Df(x*)(1 + ηDf(x))].
func (m *Heun) JVP(dst, state, v []float64) {
	m.predict(state)
	m.derivative.DriftJVP(m.f, state, v)
	for i := range m.g {
		m.g[i] = v[i] + m.eta*m.f[i]
	}
	m.derivative.DriftJVP(dst[:m.n], m.end, m.g)
	for i := range m.f {
		dst[i] = v[i] + 0.5*m.eta*(m.f[i]+dst[i])
	}
}

// VJP writes Mᵀ·w.
func (m *Heun) VJP(dst, state, w []float64) {
	m.predict(state)
	m.derivative.DriftVJP(m.g, m.end, w)
	for i := range m.f {
		m.f[i] = w[i] + m.eta*m.g[i]
	}
	m.derivative.DriftVJP(dst[:m.n], state, m.f)
	for i := range m.f {
		dst[i] = w[i] + 0.5*m.eta*(m.g[i]+dst[i])
	}
}

// NoiseJVP writes L·xi, L = (1 + ½ηDf(x*))s.
func (m *Heun) NoiseJVP(dst, state, xi []float64) {
	m.predict(state)
	for i := range m.f {
		m.f[i] = m.s[i] * xi[i]
	}
	m.derivative.DriftJVP(m.g, m.end, m.f)
	for i := range m.g {
		dst[i] = m.f[i] + 0.5*m.eta*m.g[i]
	}
}

// NoiseVJP writes Lᵀ·w.
func (m *Heun) NoiseVJP(dst, state, w []float64) {
	m.predict(state)
	m.derivative.DriftVJP(m.g, m.end, w)
	for i := range m.g {
		dst[i] = m.s[i] * (w[i] + 0.5*m.eta*m.g[i])
	}
}
