package gan

import (
	"math"

	"machlup/internal/num"
)

// A jacobianMetric is F = JᵀJ/N + λI of any network, J built column by column with the
// forward tangent and F factored whole: for networks of few parameters.
type jacobianMetric struct {
	p       stages
	rows, m int
	lambda  float64
	n       int
	jt      []float64 // [n×m] Jᵀ
	a       []float64 // [n×n] Cholesky factor
	unit, t []float64
	ok      bool
}

func newJacobianMetric(p stages, net Network, rows int, lambda float64) *jacobianMetric {
	p.enableTangents()
	n, m := net.Params(), rows*net.Out()
	return &jacobianMetric{p: p, rows: rows, m: m, lambda: lambda, n: n, jt: make([]float64, n*m),
		a: make([]float64, n*n), unit: make([]float64, n), t: make([]float64, m)}
}

func (s *jacobianMetric) normals() int { return s.m + s.n }

func (s *jacobianMetric) factor(params, _ []float64) {
	for i := range s.n {
		s.unit[i] = 1
		s.p.tangent(s.jt[i*s.m:(i+1)*s.m], params, s.unit, nil)
		s.unit[i] = 0
	}
	num.Gemm(false, true, s.n, s.n, s.m, 1/float64(s.rows), s.jt, s.m, s.jt, s.m, 0, s.a, s.n)
	for i := range s.n {
		s.a[i*s.n+i] += s.lambda
	}
	s.ok = num.Cholesky(s.a, s.n)
}

func (s *jacobianMetric) direction(dst, params, c []float64) {
	s.p.backward(dst, params, c)
	s.solve(dst, params, dst)
}

func (s *jacobianMetric) solve(dst, _, v []float64) {
	if !s.ok {
		fill(dst, math.NaN())
		return
	}
	copy(dst, v)
	num.CholSolve(s.a, s.n, dst)
}

// sample is F⁻¹(Jᵀε₁/√N + √λ ε₂).
func (s *jacobianMetric) sample(dst, params, xi []float64) {
	scaled(s.t, 1/math.Sqrt(float64(s.rows)), xi[:s.m])
	s.p.backward(dst, params, s.t)
	num.Axpy(math.Sqrt(s.lambda), xi[s.m:s.m+s.n], dst)
	s.solve(dst, params, dst)
}

func (s *jacobianMetric) norm(params, v []float64) float64 {
	s.p.tangent(s.t, params, v, nil)
	return num.Norm2(s.t)/float64(s.rows) + s.lambda*num.Norm2(v)
}

func (s *jacobianMetric) apply(dst, params, v []float64) {
	s.p.tangent(s.t, params, v, nil)
	scaled(s.t, 1/float64(s.rows), s.t)
	s.p.backward(dst, params, s.t)
	num.Axpy(s.lambda, v, dst)
}

func (s *jacobianMetric) logDet() float64 {
	if !s.ok {
		return math.NaN()
	}
	return num.CholLogDet(s.a, s.n)
}
