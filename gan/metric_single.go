package gan

import "machlup/internal/num"

// A single32 does the solve of a natural direction in single precision: the matrix is rounded
// to float32, factored by LU with partial pivoting and solved there, as a framework does that
// trains in float32. Everything else of the step stays in float64, so that what it changes is
// the rounding of the solve alone. nil stands for float64.
type single32 struct {
	n     int
	a     []float32
	b     []float32
	pivot []int
}

func newSingle32(n int) *single32 {
	return &single32{n: n, a: make([]float32, n*n), b: make([]float32, n), pivot: make([]int, n)}
}

// factor rounds and factors a symmetric matrix of which the lower triangle is given.
func (s *single32) factor(lower []float64, n int) bool {
	if s == nil {
		return true
	}
	for i := range n {
		for j := range i + 1 {
			v := float32(lower[i*n+j])
			s.a[i*n+j], s.a[j*n+i] = v, v
		}
	}
	return num.LU32(s.a, s.pivot, n)
}

// solve replaces x by the solution; it returns false, having done nothing, in float64.
func (s *single32) solve(x []float64) bool {
	if s == nil {
		return false
	}
	for i, v := range x {
		s.b[i] = float32(v)
	}
	num.LUSolve32(s.a, s.pivot, s.n, s.b)
	for i, v := range s.b {
		x[i] = float64(v)
	}
	return true
}
