package analysis

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Influence returns, state by state, the influence of every pooled draw on F: to first order
// the estimate is off by the sum of a state's row. The sum of the squares of its sums over
// blocks longer than the correlations is the variance of F_k − F_0, for draws that are
// correlated within a state or between states (replica exchange), which Cov does not
// know about. All states must have draws.
//
// It is the linearisation of MBAR's estimating equations Σ_n ψ_n = 0, ψ_nj = 1[n from j] − N_jW_jn:
// influence = H⁻¹ψ, H = Σ_n (diag p_n − p_np_nᵀ), p_nj = N_jW_jn, with F_0 held at 0.
func (m *MultiState) Influence() [][]float64 {
	k, total := len(m.F), len(m.logDen)
	for _, n := range m.n {
		if n == 0 {
			panic("analysis: Influence: a state has no draws")
		}
	}
	p := make([]float64, k)
	at := func(n int) {
		for j := range p {
			p[j] = float64(m.n[j]) * m.weights[j][n]
		}
	}
	h := mat.NewSymDense(k-1, nil)
	for n := range total {
		at(n)
		for i := 1; i < k; i++ {
			for j := 1; j <= i; j++ {
				v := -p[i] * p[j]
				if i == j {
					v += p[i]
				}
				h.SetSym(i-1, j-1, h.At(i-1, j-1)+v)
			}
		}
	}
	out := make([][]float64, k)
	for i := range out {
		out[i] = make([]float64, total)
	}
	var chol mat.Cholesky
	if !chol.Factorize(h) {
		for i := 1; i < k; i++ {
			for n := range total {
				out[i][n] = math.Inf(1) // states that do not overlap
			}
		}
		return out
	}
	psi := mat.NewDense(k-1, total, nil)
	from, left := 0, m.n[0]
	for n := range total {
		for left == 0 {
			from++
			left = m.n[from]
		}
		left--
		at(n)
		for i := 1; i < k; i++ {
			v := -p[i]
			if i == from {
				v++
			}
			psi.Set(i-1, n, v)
		}
	}
	var solved mat.Dense
	if err := chol.SolveTo(&solved, psi); err != nil {
		return out
	}
	for i := 1; i < k; i++ {
		copy(out[i], solved.RawRowView(i-1))
	}
	return out
}
