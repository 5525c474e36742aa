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
	small := s.small(populations)
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

// small returns the smaller of RRᵀ and RᵀR of the centred rows R, whose eigenvalues besides
// zeros are those of C, and sets Trace and Square.
func (s *Scatter) small(populations [][]float64) *mat.SymDense {
	total, n := s.rows.Dims()
	sum := new(mat.SymDense)
	if total <= n {
		sum.SymOuterK(1, s.rows)
	}
	var before *mat.SymDense // of the populations before, if components are fewer
	at := 0
	for _, p := range populations {
		rows := len(p) / n
		own := s.rows.Slice(at, at+rows, 0, n)
		var trace, fourth, square, cross float64
		for i := range rows {
			d := mat.Dot(s.rows.RowView(at+i), s.rows.RowView(at+i))
			trace += d
			fourth += d * d * float64(rows-1) * float64(rows-1)
		}
		if total <= n {
			square, cross = overlap(sum, sum, at, at+rows, at, at+rows), overlap(sum, sum, at, at+rows, 0, at)
		} else {
			c := new(mat.SymDense)
			c.SymOuterK(1, own.T())
			square = overlap(c, c, 0, n, 0, n)
			if before == nil {
				before = mat.NewSymDense(n, nil)
			}
			cross = overlap(c, before, 0, n, 0, n)
			before.AddSym(before, c)
			sum = before
		}
		s.add(float64(rows), trace, square, fourth, cross)
		at += rows
	}
	return sum
}

// overlap is Σ a_ij b_ij over a block.
func overlap(a, b *mat.SymDense, i0, i1, j0, j1 int) float64 {
	sum := 0.0
	for i := i0; i < i1; i++ {
		for j := j0; j < j1; j++ {
			sum += a.At(i, j) * b.At(i, j)
		}
	}
	return sum
}

// add adds a population of n rows to Trace and Square.
func (s *Scatter) add(n, trace, square, fourth, cross float64) {
	s.Trace += trace
	s.Square += (n-1)/(n*(n-2)*(n-3))*((n-1)*(n-2)*square+trace*trace-n/(n-1)*fourth) + 2*cross
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
