package exact

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

func identity(n int) []float64 {
	m := make([]float64, n*n)
	for i := range n {
		m[i*n+i] = 1
	}
	return m
}

func dense(a []float64, n int) *mat.Dense {
	return mat.NewDense(n, n, append([]float64(nil), a...))
}

// StationaryCovariance solves Σ = MΣMᵀ + Q for x' = Mx + noise of covariance Q, by
// doubling. Panics if M is not stable.
func StationaryCovariance(m, q []float64, n int) []float64 {
	a, s := dense(m, n), dense(q, n)
	var step, next mat.Dense
	for range 64 {
		step.Mul(a, s)
		next.Mul(&step, a.T())
		s.Add(s, &next)
		size := mat.Norm(s, 1)
		if math.IsInf(size, 0) || math.IsNaN(size) {
			break
		}
		if mat.Norm(&next, 1) <= 1e-17*size {
			return symmetric(s, n)
		}
		next.Mul(a, a)
		a.Copy(&next)
	}
	panic("exact: the linear map is not stable: it has no stationary covariance")
}

func symmetric(s *mat.Dense, n int) []float64 {
	out := make([]float64, n*n)
	for i := range n {
		for j := range n {
			out[i*n+j] = (s.At(i, j) + s.At(j, i)) / 2
		}
	}
	return out
}

// Covariance is Σ_k of x' = Mx + noise of covariance Q from a fixed start, k steps on.
func Covariance(m, q []float64, n, k int) []float64 {
	a, add, s := dense(m, n), dense(q, n), mat.NewDense(n, n, nil)
	var tmp mat.Dense
	for range k {
		tmp.Mul(a, s)
		s.Mul(&tmp, a.T())
		s.Add(s, add)
	}
	return symmetric(s, n)
}

// ContinuousCovariance solves AΣ + ΣAᵀ = Q for dx = −Ax dt + noise of covariance Q dt.
// Panics if A is singular or Σ not unique.
func ContinuousCovariance(a, q []float64, n int) []float64 {
	k := mat.NewDense(n*n, n*n, nil)
	for i := range n {
		for j := range n {
			for l := range n {
				k.Set(i*n+j, l*n+j, k.At(i*n+j, l*n+j)+a[i*n+l])
				k.Set(i*n+j, i*n+l, k.At(i*n+j, i*n+l)+a[j*n+l])
			}
		}
	}
	var x mat.VecDense
	if err := x.SolveVec(k, mat.NewVecDense(n*n, append([]float64(nil), q...))); err != nil {
		panic("exact: the Lyapunov equation has no unique solution")
	}
	return symmetric(mat.NewDense(n, n, x.RawVector().Data), n)
}

// EntropyProductionRate is the entropy production per unit time,
// tr(AᵀD⁻¹AΣ) − tr A, of the stationary dx = −Ax dt + √(2D) dW with D = d·I.
// It vanishes iff A is symmetric. Qian, Proc. R. Soc. A 457 (2001) 1645.
func EntropyProductionRate(a []float64, n int, d float64) float64 {
	q := identity(n)
	for i := range q {
		q[i] *= 2 * d
	}
	sigma := ContinuousCovariance(a, q, n)
	return quadraticMean(a, sigma, n)/d - trace(a, n)
}

// quadraticMean is tr(AᵀAΣ) = ⟨|Ax|²⟩.
func quadraticMean(a, sigma []float64, n int) float64 {
	var as, asa mat.Dense
	as.Mul(dense(a, n), dense(sigma, n))
	asa.Mul(&as, dense(a, n).T())
	return mat.Trace(&asa)
}

func trace(a []float64, n int) float64 {
	sum := 0.0
	for i := range n {
		sum += a[i*n+i]
	}
	return sum
}

// StepEntropyProduction is the stationary ⟨S_rev − S_fwd⟩ of one step of x' = Mx + sξ,
// S_fwd = |x'−Mx|²/2s² and S_rev = |x−Mx'|²/2s².
func StepEntropyProduction(m []float64, n int, s float64) float64 {
	q := identity(n)
	for i := range q {
		q[i] *= s * s
	}
	sigma := StationaryCovariance(m, q, n)
	// x − Mx' = (I − M²)x − Msξ, of mean square tr((I−M²)Σ(I−M²)ᵀ) + s² tr MMᵀ.
	var m2 mat.Dense
	m2.Mul(dense(m, n), dense(m, n))
	r := identity(n)
	for i := range r {
		r[i] -= m2.At(i/n, i%n)
	}
	back := quadraticMean(r, sigma, n) + s*s*quadraticMean(m, identity(n), n)
	return (back - s*s*float64(n)) / (2 * s * s)
}

// LinearGameVariance is σ² of the stationary covariance σ²I of Euler–Maruyama at step
// eps for the drift −(aI + bJ)x and noise D: D/(a − ε(a²+b²)/2). Panics unless
// ε < 2a/(a²+b²). The continuous limit D/a does not depend on b.
func LinearGameVariance(a, b, eps, d float64) float64 {
	positive("a − ε(a²+b²)/2 (the step is unstable)", a-eps*(a*a+b*b)/2)
	return d / (a - eps*(a*a+b*b)/2)
}

// LinearGameEntropyRate is 2b²/a, the entropy production of the linear game per unit time.
func LinearGameEntropyRate(a, b float64) float64 { return 2 * b * b / a }

// LinearGameStepEntropy is ⟨S_rev − S_fwd⟩ = 4ε²b²/(1−ρ²) per step of size eps,
// ρ² = (1−εa)² + ε²b².
func LinearGameStepEntropy(a, b, eps float64) float64 {
	rho2 := (1-eps*a)*(1-eps*a) + eps*eps*b*b
	positive("1 − ρ² (the step is unstable)", 1-rho2)
	return 4 * eps * eps * b * b / (1 - rho2)
}

// SpectralRadius is the largest |eigenvalue| of M.
func SpectralRadius(m []float64, n int) float64 {
	var e mat.Eigen
	if !e.Factorize(dense(m, n), mat.EigenNone) {
		panic("exact: the eigenvalues did not converge")
	}
	r := 0.0
	for _, v := range e.Values(nil) {
		r = max(r, math.Hypot(real(v), imag(v)))
	}
	return r
}
