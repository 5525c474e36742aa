package langevin

import (
	"fmt"
	"math"
)

// A FiniteSum is a drift that is a mean over data, f = (1/N) Σ_i f_i: what mini-batches,
// control variates and SVRG are about.
type FiniteSum interface {
	Drift
	Terms() int                                  // N
	TermDrift(dst []float64, i int, x []float64) // f_i(x); dst and x do not overlap
}

// QuadraticSumConfig is the loss of a made data set, U = (1/N) Σ_i ½h_i (x − a_i)ᵀH(x − a_i).
type QuadraticSumConfig struct {
	Points          int       `toml:"points" range:"[4,1000000]" unit:"1" doc:"N, a multiple of 4"`
	Dim             int       `toml:"dim" range:"[1,1000]" unit:"1" doc:"number of coordinates"`
	Stiffness       []float64 `toml:"stiffness" range:"(0,inf)" unit:"1" doc:"eigenvalues of H: one value for all coordinates, or one each"`
	Angle           float64   `toml:"angle" range:"(-inf,inf)" unit:"rad" doc:"by which H is turned in the plane of the first two coordinates"`
	Spread          float64   `toml:"spread" range:"[0,inf)" unit:"1" doc:"scale of the data: in each coordinate a_i are spread × the normal quantiles of (i + ½)/N"`
	CurvatureSpread float64   `toml:"curvature_spread" range:"[0,1)" unit:"1" doc:"c: half of the data have h_i = 1 + c, half 1 − c; 0: the noise of batches does not depend on x"`
}

// QuadraticSum is that potential and its drift, a FiniteSum. The mean over the data of h_i is
// 1 and of h_i a_i is 0, so the minimum is at x = 0; the Hessian is H. U counts the mean over
// the data: e^{−U/T} with T = 1/N is the posterior of N observations.
type QuadraticSum struct {
	n, d  int
	hess  []float64 // H, d × d
	h     []float64 // h_i
	a     []float64 // N × d
	rest  float64   // U(0)
	delta []float64 // scratch
}

// NewQuadraticSum returns the loss of the data that the configuration describes.
func NewQuadraticSum(c QuadraticSumConfig) (*QuadraticSum, error) {
	switch {
	case c.Points < 4 || c.Points%4 != 0:
		return nil, fmt.Errorf("langevin: quadratic-sum: %d points: a positive multiple of 4 is needed", c.Points)
	case !(c.CurvatureSpread >= 0 && c.CurvatureSpread < 1):
		return nil, fmt.Errorf("langevin: quadratic-sum: curvature_spread is %v: it must be in [0, 1)", c.CurvatureSpread)
	case !(c.Spread >= 0) || math.IsInf(c.Spread, 1):
		return nil, fmt.Errorf("langevin: quadratic-sum: spread is %v: it must be zero or positive, and finite", c.Spread)
	case c.Dim < 2 && c.Angle != 0:
		return nil, fmt.Errorf("langevin: quadratic-sum: angle is %v in one dimension: there is no plane to turn in", c.Angle)
	}
	k, err := perCoordinate("quadratic-sum: stiffness", c.Stiffness, c.Dim, 0)
	if err != nil {
		return nil, err
	}
	u := &QuadraticSum{n: c.Points, d: c.Dim, hess: make([]float64, c.Dim*c.Dim), h: make([]float64, c.Points),
		a: make([]float64, c.Points*c.Dim), delta: make([]float64, c.Dim)}
	for j, v := range k {
		u.hess[j*c.Dim+j] = v
	}
	if c.Angle != 0 {
		sin, cos := math.Sincos(c.Angle)
		u.hess[0], u.hess[c.Dim+1] = cos*cos*k[0]+sin*sin*k[1], sin*sin*k[0]+cos*cos*k[1]
		u.hess[1] = cos * sin * (k[0] - k[1])
		u.hess[c.Dim] = u.hess[1]
	}
	u.place(c.Spread, c.CurvatureSpread)
	u.rest = u.Energy(make([]float64, c.Dim))
	return u, nil
}

// place makes the data in antisymmetric pairs of equal curvature, so that Σ h_i a_i = 0.
func (u *QuadraticSum) place(spread, c float64) {
	half := u.n / 2
	for i := range u.n {
		pair, sign := i, -1.0
		if i >= half {
			pair, sign = u.n-1-i, 1
		}
		u.h[i] = 1 + c
		if pair%2 == 1 {
			u.h[i] = 1 - c
		}
		for j := range u.d {
			p := (pair + j*half/u.d) % half
			u.a[i*u.d+j] = sign * spread * -math.Sqrt2 * math.Erfinv(2*(float64(p)+0.5)/float64(u.n)-1)
		}
	}
}

func (u *QuadraticSum) Dim() int   { return u.d }
func (u *QuadraticSum) Terms() int { return u.n }

// Energy returns U(x).
func (u *QuadraticSum) Energy(x []float64) float64 {
	if u.rest != 0 {
		return u.rest + u.quadratic(x)/2
	}
	sum := 0.0
	for i, h := range u.h {
		for j := range u.delta {
			u.delta[j] = x[j] - u.a[i*u.d+j]
		}
		sum += h * u.quadratic(u.delta)
	}
	return sum / float64(2*u.n)
}

// quadratic is xᵀHx.
func (u *QuadraticSum) quadratic(x []float64) float64 {
	sum := 0.0
	for i := range u.d {
		for j := range u.d {
			sum += x[i] * u.hess[i*u.d+j] * x[j]
		}
	}
	return sum
}

// Gradient writes Hx and returns U.
func (u *QuadraticSum) Gradient(dst, x []float64) float64 {
	u.HessVec(dst, nil, x)
	return u.Energy(x)
}

// HessVec writes Hv.
func (u *QuadraticSum) HessVec(dst, _, v []float64) {
	for i := range u.d {
		dst[i] = 0
		for j := range u.d {
			dst[i] += u.hess[i*u.d+j] * v[j]
		}
	}
}

// Drift writes −Hx.
func (u *QuadraticSum) Drift(dst, x []float64) {
	u.HessVec(dst, nil, x)
	negate(dst[:u.d])
}

// DriftJVP and DriftVJP write −Hv.
func (u *QuadraticSum) DriftJVP(dst, _, v []float64) { u.Drift(dst, v) }
func (u *QuadraticSum) DriftVJP(dst, _, w []float64) { u.Drift(dst, w) }

// TermDrift writes −h_i H(x − a_i).
func (u *QuadraticSum) TermDrift(dst []float64, i int, x []float64) {
	for j := range u.delta {
		u.delta[j] = -u.h[i] * (x[j] - u.a[i*u.d+j])
	}
	u.HessVec(dst, nil, u.delta)
}
