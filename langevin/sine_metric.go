package langevin

import (
	"fmt"
	"math"
)

// SineMetricConfig is the metric G(x) = F⁻¹(x) = 1 + α sin κx in each coordinate.
type SineMetricConfig struct {
	Dim       int     `toml:"dim" range:"[1,1000000]" unit:"1" doc:"number of coordinates, each with its own metric"`
	Amplitude float64 `toml:"amplitude" range:"(-1,1)" unit:"1" doc:"α of G = 1 + α sin κx"`
	Wave      float64 `toml:"wave" range:"(0,inf)" unit:"1" doc:"κ of G = 1 + α sin κx"`
}

// SineMetric is the diagonal metric G_ii = 1 + α sin κx_i of the first Dim components,
// with Γ_i = ακ cos κx_i. Its three corrections sample three different, asymmetric laws
// in any symmetric potential, so a wrong Γ cannot hide.
type SineMetric struct {
	n        int
	amp, wav float64
	g, dg    []float64 // G and ∂G at the point
	ddg      []float64 // ∂²G
}

// NewSineMetric returns the metric.
func NewSineMetric(c SineMetricConfig) (*SineMetric, error) {
	switch {
	case c.Dim < 1:
		return nil, fmt.Errorf("langevin: sine-metric: dim is %d: it must be at least 1", c.Dim)
	case !(math.Abs(c.Amplitude) < 1):
		return nil, fmt.Errorf("langevin: sine-metric: amplitude is %v: it must be in (-1, 1) for G to be positive", c.Amplitude)
	case !(c.Wave > 0) || math.IsInf(c.Wave, 1):
		return nil, fmt.Errorf("langevin: sine-metric: wave is %v: it must be positive and finite", c.Wave)
	}
	m := &SineMetric{n: c.Dim, amp: c.Amplitude, wav: c.Wave}
	m.g, m.dg, m.ddg = make([]float64, c.Dim), make([]float64, c.Dim), make([]float64, c.Dim)
	return m, nil
}

// G returns 1 + α sin κx, of one coordinate.
func (m *SineMetric) G(x float64) float64 { return 1 + m.amp*math.Sin(m.wav*x) }

func (m *SineMetric) Dim() int     { return m.n }
func (m *SineMetric) Normals() int { return m.n }

// At evaluates the metric at q.
func (m *SineMetric) At(q []float64) {
	for i, x := range q[:m.n] {
		sin, cos := math.Sincos(m.wav * x)
		m.g[i] = 1 + m.amp*sin
		m.dg[i] = m.amp * m.wav * cos
		m.ddg[i] = -m.amp * m.wav * m.wav * sin
	}
}

// Solve writes Gv.
func (m *SineMetric) Solve(dst, v []float64) {
	for i, g := range m.g {
		dst[i] = g * v[i]
	}
}

// Colour writes F^{1/2}ξ.
func (m *SineMetric) Colour(dst, xi []float64) {
	for i, g := range m.g {
		dst[i] = xi[i] / math.Sqrt(g)
	}
}

// ColourT equals Colour: the root is symmetric.
func (m *SineMetric) ColourT(dst, w []float64) { m.Colour(dst, w) }

// Norm returns rᵀFr.
func (m *SineMetric) Norm(r []float64) float64 {
	sum := 0.0
	for i, g := range m.g {
		sum += r[i] * r[i] / g
	}
	return sum
}

// LogDet returns log det F.
func (m *SineMetric) LogDet() float64 {
	sum := 0.0
	for _, g := range m.g {
		sum -= math.Log(g)
	}
	return sum
}

// Divergence writes Γ = ∂G.
func (m *SineMetric) Divergence(dst []float64) { copy(dst, m.dg) }

// SolveJVP writes (∂_v G)u.
func (m *SineMetric) SolveJVP(dst, u, v []float64) {
	for i, dg := range m.dg {
		dst[i] = dg * u[i] * v[i]
	}
}

// SolveVJP writes ∇(wᵀGu): the same products for a diagonal metric, and zero for the
// components of q that it does not depend on.
func (m *SineMetric) SolveVJP(dst, u, w []float64) {
	clear(dst[m.n:])
	m.SolveJVP(dst, u, w)
}

// DivergenceJVP writes ∂_v Γ.
func (m *SineMetric) DivergenceJVP(dst, v []float64) {
	for i, dd := range m.ddg {
		dst[i] = dd * v[i]
	}
}

// DivergenceVJP writes ∇(wᵀΓ).
func (m *SineMetric) DivergenceVJP(dst, w []float64) {
	clear(dst[m.n:])
	m.DivergenceJVP(dst, w)
}
