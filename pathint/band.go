package pathint

import "math"

// A banded matrix is a symmetric matrix of order n that is zero further than p from its
// diagonal, by the rows of its lower triangle: row i holds columns i−p..i.
type banded struct {
	n, p int
	a    []float64 // n × (p+1)
}

func newBanded(n, p int) *banded {
	p = min(p, n-1)
	return &banded{n, p, make([]float64, n*(p+1))}
}

// row returns columns i−p..i of row i.
func (b *banded) row(i int) []float64 { return b.a[i*(b.p+1) : (i+1)*(b.p+1) : (i+1)*(b.p+1)] }

// cholesky returns L with LLᵀ = b + shift·diag b, or nil unless that is positive definite
// to rounding: a pivot below 1e−11 of its diagonal element is a zero mode.
func (b *banded) cholesky(shift float64) *banded {
	l := newBanded(b.n, b.p)
	for i := range b.n {
		ri, from := l.row(i), max(0, i-b.p)
		copy(ri, b.row(i))
		diag := ri[b.p] * (1 + shift)
		ri[b.p] = diag
		for j := from; j <= i; j++ {
			rj := l.row(j)
			// Columns max(from, j−p)..j−1 of both rows.
			s := ri[j-i+b.p]
			for k := max(from, j-b.p); k < j; k++ {
				s -= ri[k-i+b.p] * rj[k-j+b.p]
			}
			if j < i {
				ri[j-i+b.p] = s / rj[b.p]
				continue
			}
			if !(s > 1e-11*diag) || math.IsInf(s, 0) {
				return nil
			}
			ri[b.p] = math.Sqrt(s)
		}
	}
	return l
}

// logDet of LLᵀ.
func (b *banded) logDet() float64 {
	s := 0.0
	for i := range b.n {
		s += 2 * math.Log(b.row(i)[b.p])
	}
	return s
}

// forward solves L y = x in place, backward Lᵀ y = x.
func (b *banded) forward(x []float64) {
	for i := range b.n {
		r := b.row(i)
		s := x[i]
		for k := max(0, i-b.p); k < i; k++ {
			s -= r[k-i+b.p] * x[k]
		}
		x[i] = s / r[b.p]
	}
}

func (b *banded) backward(x []float64) {
	for i := b.n - 1; i >= 0; i-- {
		r := b.row(i)
		x[i] /= r[b.p]
		for k := max(0, i-b.p); k < i; k++ {
			x[k] -= r[k-i+b.p] * x[i]
		}
	}
}
