package analysis

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// A Scatter is the covariance C of vectors of which rows are independent draws, in numbers
// that need no n×n matrix where there are fewer rows than components. With several
// populations C is the sum of theirs: the covariance of a sum of independent vectors.
type Scatter struct {
	Mean        []float64 // [n] sum of the populations' means
	Trace       float64   // Tr C, unbiased
	Square      float64   // Tr C², unbiased
	Eigenvalues []float64 // of the sample covariance, descending, those of its rank; spread by sampling
	rows        *mat.Dense
}

// Participation is (Tr C)²/Tr C², the number of directions that an even spectrum of the same
// concentration would have: n for a multiple of the identity, 1 for rank one.
func (s *Scatter) Participation() float64 { return s.Trace * s.Trace / s.Square }

// NewScatter takes populations of at least four rows of n components, row-major. Sample
// covariances have the divisor N−1.
//
// Tr S² exceeds Tr C² by about (Tr C)²/N. Square is the unbiased estimate that holds for any
// law with fourth moments, per population with S of N rows,
//
//	(N−1)/(N(N−2)(N−3)) · [(N−1)(N−2) Tr S² + (Tr S)² − N/(N−1) Σ|x_i − x̄|⁴],
//
// and twice Tr S₁S₂ between populations: T. Himeno and T. Yamada, J. Multivar. Anal. 130
// (2014) 27.
func NewScatter(n int, populations ...[]float64) (*Scatter, error) {
	s := &Scatter{Mean: make([]float64, n)}
	total := 0
	for _, p := range populations {
		if len(p) < 4*n || len(p)%n != 0 {
			return nil, &Refusal{TooShort, "covariance of rows", float64(len(p)) / float64(n), 4, "use more samples"}
		}
		total += len(p) / n
	}
	data := make([]float64, 0, total*n)
	for _, p := range populations {
		data = append(data, s.centred(p, n)...)
	}
	s.rows = mat.NewDense(total, n, data)
	small := s.gram()
	at := 0
	for _, p := range populations {
		at = s.correct(small, at, len(p)/n)
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(small, false) {
		return nil, &Refusal{NotFinite, "covariance of rows", 1, 0, "its eigenvalues did not converge: the gradients may not be finite"}
	}
	values := eigen.Values(nil)
	for i := len(values) - 1; i >= 0 && len(s.Eigenvalues) < min(n, total-len(populations)); i-- {
		s.Eigenvalues = append(s.Eigenvalues, math.Max(0, values[i]))
	}
	return s, nil
}

// centred returns the rows minus their mean over √(N−1), and adds the mean to Mean.
func (s *Scatter) centred(p []float64, n int) []float64 {
	rows := float64(len(p) / n)
	mean := make([]float64, n)
	for i, x := range p {
		mean[i%n] += x / rows
	}
	out := make([]float64, len(p))
	for i, x := range p {
		out[i] = (x - mean[i%n]) / math.Sqrt(rows-1)
	}
	for i, x := range mean {
		s.Mean[i] += x
	}
	return out
}

// gram is RRᵀ of the centred rows, whose eigenvalues besides zeros are those of C.
func (s *Scatter) gram() *mat.SymDense {
	var k mat.SymDense
	k.SymOuterK(1, s.rows)
	return &k
}

// correct adds a population of N rows from row at to Trace and Square and returns where the
// next begins.
func (s *Scatter) correct(k *mat.SymDense, at, rows int) int {
	n := float64(rows)
	var trace, square, fourth, cross float64
	for i := at; i < at+rows; i++ {
		d := k.At(i, i)
		trace += d
		fourth += d * d * (n - 1) * (n - 1)
		for j := at; j < at+rows; j++ {
			square += k.At(i, j) * k.At(i, j)
		}
		for j := range at {
			cross += k.At(i, j) * k.At(i, j)
		}
	}
	s.Trace += trace
	s.Square += (n-1)/(n*(n-2)*(n-3))*((n-1)*(n-2)*square+trace*trace-n/(n-1)*fourth) + 2*cross
	return at + rows
}

// With returns Tr(CA) for a symmetric A[n×n].
func (s *Scatter) With(a []float64) float64 {
	n := len(s.Mean)
	var ra mat.Dense
	ra.Mul(s.rows, mat.NewDense(n, n, a))
	sum := 0.0
	for i := range ra.RawMatrix().Rows {
		sum += mat.Dot(ra.RowView(i), s.rows.RowView(i))
	}
	return sum
}
