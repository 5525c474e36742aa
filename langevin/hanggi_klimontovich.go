package langevin

import "math"

// HanggiKlimontovich is metric Langevin dynamics whose noise is averaged over the two
// ends of an Euler step, so that no divergence of the metric is needed:
//
//	x* = x + s F⁻¹(x) w,   x' = x + ηF⁻¹(x) f(x) + ½s [F⁻¹(x) + F⁻¹(x*)] w,
//
// s² = 2ηT, w of covariance F(x). It samples e^{−U/T} as η → 0 in any dimension. (The
// end point alone would give a drift 2TΓ, and the end point of G^{1/2} is wrong for
// d ≥ 2.) Its law is not Gaussian, so it is no Recurrence. Its derivative at ξ = 0 is
// that of the scheme without correction.
//
// Hütter & Öttinger, J. Chem. Soc. Faraday Trans. 94 (1998) 1403, for the kinetic
// prescription.
type HanggiKlimontovich struct {
	base   *SGLD // the same step with the noise of the start alone
	metric Metric
	s      float64
	v, w   []float64
	y, end []float64
}

// NewHanggiKlimontovich returns the scheme for a drift and a metric on all of its
// configuration, at step eta > 0 and temperature T ≥ 0.
func NewHanggiKlimontovich(f Drift, metric Metric, eta, temperature float64) (*HanggiKlimontovich, error) {
	base, err := NewSGLD(f, Player{Name: "x", Hi: f.Dim(), Eta: eta, Temperature: temperature, Metric: metric})
	if err != nil {
		return nil, err
	}
	m := &HanggiKlimontovich{base: base, metric: metric, s: math.Sqrt(2 * eta * temperature)}
	for _, s := range []*[]float64{&m.v, &m.w, &m.y, &m.end} {
		*s = make([]float64, f.Dim())
	}
	return m, nil
}

func (m *HanggiKlimontovich) Dim() int    { return m.base.Dim() }
func (m *HanggiKlimontovich) Config() int { return m.base.Config() }
func (m *HanggiKlimontovich) Inputs() int { return m.base.Inputs() }

// Init copies q: there is no memory.
func (m *HanggiKlimontovich) Init(state, q []float64) { m.base.Init(state, q) }

// Step writes the next state.
func (m *HanggiKlimontovich) Step(next, state, xi []float64) {
	m.base.Drift(m.v, 0, state) // leaves the metric at x
	m.metric.Colour(m.w, xi)
	m.metric.Solve(m.y, m.w)
	for i, x := range state {
		m.end[i] = x + m.s*m.y[i]
		next[i] = x + m.v[i] + 0.5*m.s*m.y[i]
	}
	m.metric.At(m.end)
	m.metric.Solve(m.y, m.w)
	addScaled(next, 0.5*m.s, m.y)
}

// Linear reports whether the drift and the metric have derivatives.
func (m *HanggiKlimontovich) Linear() bool { return m.base.Linear() }

// JVP, VJP, NoiseJVP and NoiseVJP are the products of the derivatives at ξ = 0.
func (m *HanggiKlimontovich) JVP(dst, state, v []float64)       { m.base.JVP(dst, state, v) }
func (m *HanggiKlimontovich) VJP(dst, state, w []float64)       { m.base.VJP(dst, state, w) }
func (m *HanggiKlimontovich) NoiseJVP(dst, state, xi []float64) { m.base.NoiseJVP(dst, state, xi) }
func (m *HanggiKlimontovich) NoiseVJP(dst, state, w []float64)  { m.base.NoiseVJP(dst, state, w) }
