package langevin_test

import "math"

// turning is the metric G(x) = R(φ) diag(g₁, g₂) R(φ)ᵀ with φ = x₀ + x₁/2: constant
// eigenvalues, turning axes, so that Γ ≠ 0 and no root of G commutes with its
// derivatives. It is what a user's own metric looks like.
type turning struct {
	g1, g2   float64
	cos, sin float64
}

func newTurning() *turning { return &turning{g1: 1.6, g2: 0.4} }

var turnRate = [2]float64{1, 0.5}

func (m *turning) Dim() int     { return 2 }
func (m *turning) Normals() int { return 3 } // one more than needed, as the trainer's metric has
func (m *turning) At(q []float64) {
	m.sin, m.cos = math.Sincos(turnRate[0]*q[0] + turnRate[1]*q[1])
}

// apply writes R diag(a, b) Rᵀ v.
func (m *turning) apply(dst, v []float64, a, b float64) {
	u0, u1 := a*(m.cos*v[0]+m.sin*v[1]), b*(-m.sin*v[0]+m.cos*v[1])
	dst[0], dst[1] = m.cos*u0-m.sin*u1, m.sin*u0+m.cos*u1
}

func (m *turning) Solve(dst, v []float64) { m.apply(dst, v, m.g1, m.g2) }

// Colour uses two normals for the first axis: R diag(√f₁,√f₂) (0.6ξ₀ + 0.8ξ₂, ξ₁).
func (m *turning) Colour(dst, xi []float64) {
	a, b := (0.6*xi[0]+0.8*xi[2])/math.Sqrt(m.g1), xi[1]/math.Sqrt(m.g2)
	dst[0], dst[1] = m.cos*a-m.sin*b, m.sin*a+m.cos*b
}

func (m *turning) ColourT(dst, w []float64) {
	a := (m.cos*w[0] + m.sin*w[1]) / math.Sqrt(m.g1)
	dst[0], dst[1], dst[2] = 0.6*a, (-m.sin*w[0]+m.cos*w[1])/math.Sqrt(m.g2), 0.8*a
}

func (m *turning) Norm(r []float64) float64 {
	var fr [2]float64
	m.apply(fr[:], r, 1/m.g1, 1/m.g2)
	return r[0]*fr[0] + r[1]*fr[1]
}

func (m *turning) LogDet() float64 { return -math.Log(m.g1 * m.g2) }

// turn writes (∂G/∂φ) v = (JG − GJ)v, J the rotation by a right angle.
func (m *turning) turn(dst, v []float64) {
	var gv, gjv [2]float64
	m.Solve(gv[:], v)
	m.Solve(gjv[:], []float64{-v[1], v[0]})
	dst[0], dst[1] = -gv[1]-gjv[0], gv[0]-gjv[1]
}

func (m *turning) Divergence(dst []float64) { m.turn(dst, turnRate[:]) }

func (m *turning) SolveJVP(dst, u, v []float64) {
	m.turn(dst, u)
	c := turnRate[0]*v[0] + turnRate[1]*v[1]
	dst[0], dst[1] = c*dst[0], c*dst[1]
}

func (m *turning) SolveVJP(dst, u, w []float64) {
	var gu [2]float64
	m.turn(gu[:], u)
	c := w[0]*gu[0] + w[1]*gu[1]
	dst[0], dst[1] = c*turnRate[0], c*turnRate[1]
}

// second writes (∂²G/∂φ²) κ, κ the turn rate: G's traceless part turns at twice φ, so
// its second derivative is −4 times itself.
func (m *turning) second(dst []float64) {
	mean := (m.g1 + m.g2) / 2
	m.apply(dst, turnRate[:], -4*(m.g1-mean), -4*(m.g2-mean))
}

func (m *turning) DivergenceJVP(dst, v []float64) {
	m.second(dst)
	c := turnRate[0]*v[0] + turnRate[1]*v[1]
	dst[0], dst[1] = c*dst[0], c*dst[1]
}

func (m *turning) DivergenceVJP(dst, w []float64) {
	var s [2]float64
	m.second(s[:])
	c := w[0]*s[0] + w[1]*s[1]
	dst[0], dst[1] = c*turnRate[0], c*turnRate[1]
}
