package exact

import "gonum.org/v1/gonum/mat"

// AlternatingCovariance is the stationary covariance of a linear recurrence whose blocks are
// updated in turn: x'_i = Σ_j m_ij x̃_j + s_b ξ_i for i of block b, x̃ the configuration in which
// the blocks before b are already updated. Block b ends before component ends[b].
func AlternatingCovariance(m []float64, ends []int, s []float64) []float64 {
	a := newAlternating(m, ends, s)
	var q mat.Dense
	q.Mul(a.noise, a.noise.T())
	return StationaryCovariance(a.step.RawMatrix().Data, q.RawMatrix().Data, a.n)
}

// AlternatingStepEntropy is the stationary ⟨S_rev − S_fwd⟩ of one step of the same recurrence,
// the reversed process updating the blocks in the opposite order: S_rev = Σ_i (x_i − Σ_j m_ij x̄_j)²/2s_b²
// with x̄ the configuration in which block b and those before it are still at x'. One block
// gives StepEntropyProduction. It vanishes in a potential U with x' = x̃ − η∇U, s² = 2ηT.
func AlternatingStepEntropy(m []float64, ends []int, s []float64) float64 {
	a := newAlternating(m, ends, s)
	sigma := dense(AlternatingCovariance(m, ends, s), a.n)
	// x − upper·x − stay·x' = r x − e ξ, x' = step x + noise ξ.
	stay, r, e := mat.NewDense(a.n, a.n, nil), mat.NewDense(a.n, a.n, nil), new(mat.Dense)
	stay.Add(a.lower, a.diagonal)
	r.Mul(stay, a.step)
	r.Add(r, a.upper)
	r.Sub(dense(identity(a.n), a.n), r)
	e.Mul(stay, a.noise)
	sum := -float64(a.n) / 2
	var rs, square, noise mat.Dense
	rs.Mul(r, sigma)
	square.Mul(&rs, r.T())
	noise.Mul(e, e.T())
	for i := range a.n {
		sum += (square.At(i, i) + noise.At(i, i)) / (2 * a.s[i] * a.s[i])
	}
	return sum
}

// alternating splits m by blocks and solves for x' = step·x + noise·ξ.
type alternating struct {
	n                      int
	s                      []float64 // of each component
	lower, diagonal, upper *mat.Dense
	step, noise            *mat.Dense
}

func newAlternating(m []float64, ends []int, s []float64) alternating {
	n := ends[len(ends)-1]
	a := alternating{n: n, lower: mat.NewDense(n, n, nil), diagonal: mat.NewDense(n, n, nil), upper: mat.NewDense(n, n, nil)}
	block := make([]int, n)
	for b, at := 0, 0; at < n; at++ {
		if at == ends[b] {
			b++
		}
		block[at] = b
		a.s = append(a.s, s[b])
	}
	left, amplitude := dense(identity(n), n), mat.NewDense(n, n, nil)
	for i := range n {
		amplitude.Set(i, i, a.s[i])
		for j := range n {
			part := a.diagonal
			switch {
			case block[j] < block[i]:
				part = a.lower
				left.Set(i, j, left.At(i, j)-m[i*n+j])
			case block[j] > block[i]:
				part = a.upper
			}
			part.Set(i, j, m[i*n+j])
		}
	}
	var inverse, rest mat.Dense
	if inverse.Inverse(left) != nil {
		panic("exact: a unit lower triangular matrix is singular")
	}
	rest.Add(a.diagonal, a.upper)
	a.step, a.noise = new(mat.Dense), new(mat.Dense)
	a.step.Mul(&inverse, &rest)
	a.noise.Mul(&inverse, amplitude)
	return a
}
