package gan

import (
	"math"

	"machlup/internal/num"
)

// A rowMetric is the algebra of F = RᵀR/N + λI for explicit rows R[r×n]. It factors the
// smaller of
//
//	A = RRᵀ/N + λI (r×r), and F itself (n×n).
//
// What R means, and N, is the business of the metric that fills it.
type rowMetric struct {
	r, n   int
	over   float64 // N
	lambda float64
	rows   []float64 // [r×n]
	gram   bool
	a      []float64 // Cholesky factor, lower triangle, of A or F
	c      []float64 // [r]
	ok     bool      // the last factorisation succeeded
}

func newRowMetric(r, n int, over, lambda float64) *rowMetric {
	return newRowMetricForm(r, n, over, lambda, r <= n)
}

func newRowMetricForm(r, n int, over, lambda float64, gram bool) *rowMetric {
	s := &rowMetric{r: r, n: n, over: over, lambda: lambda, gram: gram, rows: make([]float64, r*n), c: make([]float64, r)}
	size := n
	if gram {
		size = r
	}
	s.a = make([]float64, size*size)
	return s
}

// row returns row i of R.
func (s *rowMetric) row(i int) []float64 { return s.rows[i*s.n : (i+1)*s.n] }

// factorRows factors A or F of the rows.
func (s *rowMetric) factorRows() {
	size := s.n
	if s.gram {
		size = s.r
	}
	num.Gemm(!s.gram, s.gram, size, size, s.r+s.n-size, 1/s.over, s.rows, s.n, s.rows, s.n, 0, s.a, size)
	for i := range size {
		s.a[i*size+i] += s.lambda
	}
	s.ok = num.Cholesky(s.a, size)
}

// pull writes F⁻¹Rᵀw = RᵀA⁻¹w for w[r], which it may change.
func (s *rowMetric) pull(dst, w []float64) {
	switch {
	case !s.ok:
		fill(dst, math.NaN())
	case s.gram:
		num.CholSolve(s.a, s.r, w)
		s.transposed(dst, w)
	default:
		s.transposed(dst, w)
		num.CholSolve(s.a, s.n, dst)
	}
}

// solve writes F⁻¹v; in the Gram form that is [v − RᵀA⁻¹Rv/N]/λ. dst may be v.
func (s *rowMetric) solve(dst, _, v []float64) {
	switch {
	case !s.ok:
		fill(dst, math.NaN())
	case s.gram:
		s.times(s.c, v)
		num.CholSolve(s.a, s.r, s.c)
		scaled(dst, 1/s.lambda, v)
		s.add(dst, -1/(s.over*s.lambda), s.c)
	default:
		copy(dst, v)
		num.CholSolve(s.a, s.n, dst)
	}
}

// normals is the length of sample's inputs.
func (s *rowMetric) normals() int { return s.r + s.n }

// sample writes y = F⁻¹(Rᵀε₁/√N + √λ ε₂), of covariance F⁻¹, for xi = [ε₁ r | ε₂ n]. In the
// Gram form this is RᵀA⁻¹(ε₁/√N − Rε₂/(N√λ)) + ε₂/√λ.
func (s *rowMetric) sample(dst, _, xi []float64) {
	e1, e2 := xi[:s.r], xi[s.r:s.r+s.n]
	root, rootLambda := 1/math.Sqrt(s.over), math.Sqrt(s.lambda)
	if s.gram {
		s.times(s.c, e2)
		for i, t := range s.c {
			s.c[i] = root*e1[i] - t*root*root/rootLambda
		}
		s.pull(dst, s.c)
		num.Axpy(1/rootLambda, e2, dst)
		return
	}
	scaled(s.c, root, e1)
	s.transposed(dst, s.c)
	num.Axpy(rootLambda, e2, dst)
	s.solve(dst, nil, dst)
}

// norm returns vᵀFv = |Rv|²/N + λ|v|².
func (s *rowMetric) norm(_, v []float64) float64 {
	s.times(s.c, v)
	return num.Norm2(s.c)/s.over + s.lambda*num.Norm2(v)
}

// apply writes Fv.
func (s *rowMetric) apply(dst, _, v []float64) {
	s.times(s.c, v)
	scaled(dst, s.lambda, v)
	s.add(dst, 1/s.over, s.c)
}

// logDet returns log det F: in the Gram form log det A + (n−r) log λ.
func (s *rowMetric) logDet() float64 {
	switch {
	case !s.ok:
		return math.NaN()
	case s.gram:
		return num.CholLogDet(s.a, s.r) + float64(s.n-s.r)*math.Log(s.lambda)
	}
	return num.CholLogDet(s.a, s.n)
}

// times writes Rv.
func (s *rowMetric) times(dst, v []float64) {
	num.Gemm(false, false, s.r, 1, s.n, 1, s.rows, s.n, v, 1, 0, dst, 1)
}

// transposed writes Rᵀw.
func (s *rowMetric) transposed(dst, w []float64) {
	num.Gemm(true, false, s.n, 1, s.r, 1, s.rows, s.n, w, 1, 0, dst, 1)
}

// add adds α·Rᵀw.
func (s *rowMetric) add(dst []float64, alpha float64, w []float64) {
	num.Gemm(true, false, s.n, 1, s.r, alpha, s.rows, s.n, w, 1, 1, dst, 1)
}
