package analysis

import (
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/mathext"
)

// An Extrapolation is the value of a quantity at step 0.
type Extrapolation struct {
	Value      Estimate // with the statistical error alone
	Truncation float64  // |Value − the value of one power less without the coarsest step|
	ChiSq      float64
	Free       int     // degrees of freedom: steps − powers − 1
	P          float64 // probability of a larger χ²; NaN without a degree of freedom
}

// Extrapolate fits value(η) = a + Σ_p b_p η^{order·p}, p = 1 … terms, to values with covariance
// cov (row-major) by generalised least squares, and returns a: Richardson's extrapolation, which
// is exact interpolation for terms + 1 steps (Richardson and Gaunt, Phil. Trans. A 226 (1927)
// 299; for averages under a scheme of weak order `order`: Talay and Tubaro, Stoch. Anal. Appl. 8
// (1990) 483). Truncation is how much the last term mattered: it bounds what is left out as long
// as the expansion is in its range, and is no statistical error.
//
// It refuses fewer steps than terms + 1, equal or non-positive steps, and a covariance that is
// not positive definite. It panics if the lengths differ or terms or order < 1.
func Extrapolate(step, value, cov []float64, order, terms int) (Extrapolation, error) {
	n := len(step)
	if len(value) != n || len(cov) != n*n || terms < 1 || order < 1 {
		panic("analysis: Extrapolate needs a value and a row of the covariance for each step, and at least one term")
	}
	if n < terms+1 {
		return Extrapolation{}, &Refusal{TooShort, "extrapolation to step 0", float64(n), float64(terms + 1), "sweep more steps, such as η, η/2, η/4"}
	}
	e, err := fitPowers(step, value, cov, order, terms)
	if err != nil {
		return e, err
	}
	coarsest := 0
	for i, h := range step {
		if h > step[coarsest] {
			coarsest = i
		}
	}
	var s, v, c []float64
	for i := range step {
		if i == coarsest {
			continue
		}
		s, v = append(s, step[i]), append(v, value[i])
		for j := range step {
			if j != coarsest {
				c = append(c, cov[i*n+j])
			}
		}
	}
	less, err := fitPowers(s, v, c, order, terms-1)
	e.Truncation = math.Abs(e.Value.Value - less.Value.Value)
	return e, err
}

// fitPowers is the fit with so many powers, none of them for the weighted mean.
func fitPowers(step, value, cov []float64, order, terms int) (Extrapolation, error) {
	n, scale := len(step), 0.0
	for _, h := range step {
		scale = math.Max(scale, h)
	}
	// Whitened by the Cholesky factor of the covariance, in powers of the step over the largest.
	sym := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i + 1 {
			sym.SetSym(i, j, (cov[i*n+j]+cov[j*n+i])/2)
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(sym) {
		return Extrapolation{}, &Refusal{NotFinite, "extrapolation to step 0", 0, 0, "the covariance of the points is not positive definite: draw more"}
	}
	x, y := mat.NewDense(n, terms+1, nil), mat.NewVecDense(n, append([]float64(nil), value...))
	for i, h := range step {
		if !(h > 0) || value[i]-value[i] != 0 {
			return Extrapolation{}, &Refusal{NotFinite, "extrapolation to step 0", h, 0, "a step or value is not a positive finite number"}
		}
		for p := range terms + 1 {
			x.Set(i, p, math.Pow(h/scale, float64(order*p)))
		}
	}
	var weighted, normal, inverse mat.Dense
	if err := chol.SolveTo(&weighted, x); err != nil {
		return Extrapolation{}, &Refusal{NotFinite, "extrapolation to step 0", 0, 0, "the points' errors are all but perfectly correlated: draw more"}
	}
	normal.Mul(x.T(), &weighted)
	if err := inverse.Inverse(&normal); err != nil {
		return Extrapolation{}, &Refusal{TooShort, "extrapolation to step 0", float64(n), float64(terms + 1), "two steps are equal"}
	}
	var right, b, residual, solved mat.VecDense
	right.MulVec(weighted.T(), y)
	b.MulVec(&inverse, &right)
	residual.MulVec(x, &b)
	residual.SubVec(y, &residual)
	if err := chol.SolveVecTo(&solved, &residual); err != nil {
		return Extrapolation{}, &Refusal{NotFinite, "extrapolation to step 0", 0, 0, "the points' errors are all but perfectly correlated: draw more"}
	}
	e := Extrapolation{Value: Estimate{b.AtVec(0), math.Sqrt(inverse.At(0, 0))}, ChiSq: mat.Dot(&residual, &solved), Free: n - terms - 1, P: math.NaN()}
	if e.Free > 0 {
		e.P = mathext.GammaIncRegComp(float64(e.Free)/2, e.ChiSq/2)
	}
	return e, nil
}
