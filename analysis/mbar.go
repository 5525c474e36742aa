package analysis

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// A MultiState is the solution of MBAR for K states. State 0 is the reference, F[0] = 0.
type MultiState struct {
	F       []float64 // F_k = −ln Z_k + ln Z_0
	Cov     []float64 // K×K row-major asymptotic covariance of F (row and column 0 are zero)
	Overlap []float64 // K×K row-major overlap matrix O_ij = Σ_n N_j W_ni W_nj; rows sum to 1
	// Adjacent[i] is the overlap of the draws of sampled state i with the next sampled one
	// alone, ½ for identical ensembles, as in BAR: not diluted by a dense ladder.
	Adjacent   []float64
	Iterations int

	n       []int
	weights [][]float64 // K × N: W_k(n) = e^{F_k−u_k(n)} / Σ_j N_j e^{F_j−u_j(n)}
	logDen  []float64   // log of that denominator
}

const (
	mbarTolerance  = 1e-10 // on the gradient relative to N_k
	mbarIterations = 200
)

// MBAR is the multistate Bennett acceptance ratio. u[k][n] is the reduced energy of state
// k at pooled draw n (+Inf allowed where k did not draw it), draws ordered by the state
// that made them, n[k] of them from state k (0 for a state to be reweighted to). Draws must
// be independent: thin with Subsample.
//
// The free energies minimise a convex function by damped Newton steps, after a few
// self-consistent ones. It refuses (NotConverged) if that fails, and (LowOverlap, with the
// result returned all the same) if sampled neighbours overlap by less than MinOverlap.
// Malformed input (ragged u, Σn ≠ draws) panics; NaN is refused.
//
// Source: M. R. Shirts and J. D. Chodera, J. Chem. Phys. 129 (2008) 124105, (11), (C2), (D6), (D8).
func MBAR(u [][]float64, n []int) (*MultiState, error) {
	if err := mbarInput(u, n); err != nil {
		return nil, err
	}
	m := &MultiState{n: append([]int(nil), n...)}
	if err := m.solve(u); err != nil {
		return nil, err
	}
	m.setWeights(u)
	m.Cov = m.covariance()
	m.setOverlap()
	m.setAdjacent()
	return m, CheckOverlap(m.Adjacent)
}

func mbarInput(u [][]float64, n []int) error {
	total := 0
	for _, v := range n {
		if v < 0 {
			panic("analysis: MBAR: negative number of draws")
		}
		total += v
	}
	if len(u) != len(n) || len(u) == 0 {
		panic("analysis: MBAR needs one row of energies per state")
	}
	for k, row := range u {
		if len(row) != total {
			panic("analysis: MBAR: a row's length is not the number of draws")
		}
		for i, v := range row {
			if math.IsNaN(v) || math.IsInf(v, -1) {
				return &Refusal{NotFinite, fmt.Sprintf("MBAR, energy of draw %d in state %d", i, k), v, 0, "energies must not be NaN or −Inf"}
			}
		}
	}
	if total == 0 {
		return &Refusal{TooShort, "MBAR free energies", 0, 1, "there are no draws"}
	}
	return nil
}

// solve finds F: self-consistent steps into Newton's basin, then damped Newton.
func (m *MultiState) solve(u [][]float64) error {
	k, total := len(u), len(u[0])
	m.F = make([]float64, k)
	m.logDen = make([]float64, total)
	for i := 0; i < 5; i++ {
		m.denominators(u)
		m.selfConsistent(u)
	}
	m.denominators(u)
	var grad float64
	for m.Iterations = 0; m.Iterations < mbarIterations; m.Iterations++ {
		before := m.objective()
		g, h := m.derivatives(u)
		grad = 0
		for i, v := range g {
			if m.n[i] > 0 {
				grad = math.Max(grad, math.Abs(v)/float64(m.n[i]))
			}
		}
		if grad < mbarTolerance {
			m.selfConsistent(u) // states without draws, and a last contraction
			m.denominators(u)
			return nil
		}
		m.newton(u, g, h, before)
	}
	return &Refusal{NotConverged, "MBAR free energies", grad, mbarTolerance, "the ensembles hardly overlap: put states in between"}
}

// denominators sets log Σ_j N_j e^{F_j−u_j(n)} for every draw.
func (m *MultiState) denominators(u [][]float64) {
	term := make([]float64, 0, len(u))
	for i := range m.logDen {
		term = term[:0]
		for j := range u {
			if m.n[j] > 0 {
				term = append(term, math.Log(float64(m.n[j]))+m.F[j]-u[j][i])
			}
		}
		m.logDen[i] = LogSumExp(term)
	}
}

// selfConsistent is one sweep of F_k = −ln Σ_n e^{−u_k(n)}/denominator(n), eq. (11).
func (m *MultiState) selfConsistent(u [][]float64) {
	term := make([]float64, len(m.logDen))
	for k := range u {
		for i := range term {
			term[i] = -u[k][i] - m.logDen[i]
		}
		m.F[k] = -LogSumExp(term)
	}
	m.shift()
}

func (m *MultiState) shift() {
	f0 := m.F[0]
	for k := range m.F {
		m.F[k] -= f0
	}
}

// objective is Σ_n logDen − Σ_k N_k F_k, convex in F, stationary at the solution.
func (m *MultiState) objective() float64 {
	s := 0.0
	for _, d := range m.logDen {
		s += d
	}
	for k, f := range m.F {
		s -= float64(m.n[k]) * f
	}
	return s
}

// derivatives returns the gradient and the Hessian of objective over all states; those
// without draws have zero rows.
func (m *MultiState) derivatives(u [][]float64) (g []float64, h *mat.SymDense) {
	k := len(u)
	g = make([]float64, k)
	upper := make([]float64, k*k)
	p := make([]float64, k)
	for i, d := range m.logDen {
		for j := range p {
			p[j] = 0
			if m.n[j] > 0 {
				p[j] = float64(m.n[j]) * math.Exp(m.F[j]-u[j][i]-d)
			}
			g[j] += p[j]
		}
		for a, pa := range p {
			row := upper[a*k : (a+1)*k]
			row[a] += pa
			for b := a; b < k; b++ {
				row[b] -= pa * p[b]
			}
		}
	}
	for j := range g {
		g[j] -= float64(m.n[j])
	}
	return g, mat.NewSymDense(k, upper)
}

// newton takes one step, halved until the objective does not rise, and falls back on a
// self-consistent sweep when the Hessian is singular.
func (m *MultiState) newton(u [][]float64, g []float64, h *mat.SymDense, before float64) {
	step, ok := newtonStep(g, h, m.n)
	old := append([]float64(nil), m.F...)
	if ok {
		for scale := 1.0; scale > 1e-4; scale /= 2 {
			for k := range m.F {
				m.F[k] = old[k] - scale*step[k]
			}
			m.denominators(u)
			if now := m.objective(); now <= before+1e-12*math.Abs(before) {
				return
			}
		}
	}
	copy(m.F, old)
	m.denominators(u)
	m.selfConsistent(u)
	m.denominators(u)
}

// newtonStep solves H s = g with the first sampled state held fixed (adding a constant to
// all F changes nothing).
func newtonStep(g []float64, h *mat.SymDense, n []int) ([]float64, bool) {
	var free []int
	for k, v := range n {
		if v > 0 {
			free = append(free, k)
		}
	}
	free = free[1:]
	step := make([]float64, len(g))
	if len(free) == 0 {
		return step, true
	}
	a := mat.NewSymDense(len(free), nil)
	b := mat.NewVecDense(len(free), nil)
	for i, k := range free {
		b.SetVec(i, g[k])
		for j, l := range free[:i+1] {
			a.SetSym(i, j, h.At(k, l))
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(a) {
		return step, false
	}
	var s mat.VecDense
	if err := chol.SolveVecTo(&s, b); err != nil {
		return step, false
	}
	for i, k := range free {
		step[k] = s.AtVec(i)
	}
	return step, true
}

func (m *MultiState) setWeights(u [][]float64) {
	m.weights = make([][]float64, len(u))
	for k := range u {
		m.weights[k] = m.stateWeights(u[k], m.F[k])
	}
}

// stateWeights returns e^{F−u(n)}/denominator(n), which sum to 1.
func (m *MultiState) stateWeights(u []float64, f float64) []float64 {
	w := make([]float64, len(u))
	for i := range w {
		w[i] = math.Exp(f - u[i] - m.logDen[i])
	}
	return w
}

// covariance returns the covariance of F relative to state 0.
func (m *MultiState) covariance() []float64 {
	theta := m.theta(m.weights)
	k := len(m.F)
	cov := make([]float64, k*k)
	for i := 0; i < k; i++ {
		for j := 0; j < k; j++ {
			cov[i*k+j] = theta.At(i, j) - theta.At(i, 0) - theta.At(0, j) + theta.At(0, 0)
		}
	}
	return cov
}

// theta returns Qᵀ(1 − W N Wᵀ)⁺Q for the columns Q, whose first K must be the states'
// weights, eq. (D6): V S (1 − S Vᵀ N V S)⁺ S Vᵀ with QᵀQ = V S² Vᵀ, so that only small
// matrices appear.
func (m *MultiState) theta(columns [][]float64) *mat.SymDense {
	c := len(columns)
	scale := make([]float64, c) // unit columns condition the Gram matrix
	gram := mat.NewSymDense(c, nil)
	for i := range columns {
		if scale[i] = math.Sqrt(dot(columns[i], columns[i])); scale[i] == 0 {
			scale[i] = 1
		}
		for j := 0; j <= i; j++ {
			gram.SetSym(i, j, dot(columns[i], columns[j])/(scale[i]*scale[j]))
		}
	}
	root := symmetricRoot(gram) // V S, c × rank
	_, rank := root.Dims()
	inner := mat.NewSymDense(rank, nil)
	for a := 0; a < rank; a++ {
		for b := 0; b <= a; b++ {
			v := 0.0
			for k, n := range m.n {
				v -= float64(n) * root.At(k, a) * root.At(k, b) * scale[k] * scale[k]
			}
			if a == b {
				v++
			}
			inner.SetSym(a, b, v)
		}
	}
	var t, out mat.Dense
	t.Mul(root, pseudoInverse(inner))
	out.Mul(&t, root.T())
	theta := mat.NewSymDense(c, nil)
	for i := 0; i < c; i++ {
		for j := 0; j <= i; j++ {
			theta.SetSym(i, j, out.At(i, j)*scale[i]*scale[j])
		}
	}
	return theta
}

// symmetricRoot returns V S with A = V S² Vᵀ, directions of rounding size dropped.
func symmetricRoot(a *mat.SymDense) *mat.Dense {
	values, vectors := symmetricEigen(a)
	n := len(values)
	first := 0
	for first < n-1 && values[first] < 1e-13*values[n-1] {
		first++
	}
	root := mat.NewDense(n, n-first, nil)
	for i := 0; i < n; i++ {
		for j := first; j < n; j++ {
			root.Set(i, j-first, vectors.At(i, j)*math.Sqrt(math.Max(values[j], 0)))
		}
	}
	return root
}

// pseudoInverse inverts 1 − S Vᵀ N V S, whose eigenvalues lie in [0, 1]. The smallest is the
// exact zero of adding a constant to all F and is left out; another zero would be a set of
// states cut off from the rest, whose error is then huge, as it should be.
func pseudoInverse(a *mat.SymDense) *mat.SymDense {
	values, vectors := symmetricEigen(a)
	n := len(values)
	out := mat.NewSymDense(n, nil)
	for k := 1; k < n; k++ {
		v := math.Max(values[k], 1e-14)
		for i := 0; i < n; i++ {
			for j := 0; j <= i; j++ {
				out.SetSym(i, j, out.At(i, j)+vectors.At(i, k)*vectors.At(j, k)/v)
			}
		}
	}
	return out
}

func symmetricEigen(a *mat.SymDense) ([]float64, *mat.Dense) {
	var e mat.EigenSym
	if !e.Factorize(a, true) {
		panic("analysis: symmetric eigenvalues did not converge")
	}
	var v mat.Dense
	e.VectorsTo(&v)
	return e.Values(nil), &v
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

func (m *MultiState) setOverlap() {
	k := len(m.F)
	m.Overlap = make([]float64, k*k)
	for i := range m.weights {
		for j := range m.weights {
			m.Overlap[i*k+j] = float64(m.n[j]) * dot(m.weights[i], m.weights[j])
		}
	}
}

// setAdjacent evaluates BAR's overlap on the draws of each pair of neighbours.
func (m *MultiState) setAdjacent() {
	m.Adjacent = []float64{}
	start, prev, prevStart := 0, -1, 0
	for k, n := range m.n {
		if n > 0 {
			if prev >= 0 {
				m.Adjacent = append(m.Adjacent, m.pairOverlap(prev, k, prevStart, start+n))
			}
			prev, prevStart = k, start
		}
		start += n
	}
}

// pairOverlap is (n_a+n_b)/(2 n_a n_b) Σ p(1−p) over draws [from, to), all of a or b.
func (m *MultiState) pairOverlap(a, b, from, to int) float64 {
	na, nb := float64(m.n[a]), float64(m.n[b])
	s := 0.0
	for i := from; i < to; i++ {
		wa, wb := na*m.weights[a][i], nb*m.weights[b][i]
		if wa+wb > 0 {
			p := wa / (wa + wb)
			s += p * (1 - p)
		}
	}
	return (na + nb) / (2 * na * nb) * s
}

// Difference returns F_j − F_i with its asymptotic error.
func (m *MultiState) Difference(i, j int) Estimate {
	k := len(m.F)
	v := m.Cov[i*k+i] + m.Cov[j*k+j] - 2*m.Cov[i*k+j]
	return Estimate{m.F[j] - m.F[i], math.Sqrt(math.Max(v, 0))}
}

// A Reweighted result holds averages in a state that need not have been sampled.
type Reweighted struct {
	F     Estimate   // −ln Z + ln Z_0
	Means []Estimate // ⟨a⟩ of the observables, in the order given
	Cov   []float64  // covariance of the errors of Means, row-major
	ESS   float64    // Kish's effective number of draws behind Means
}

// Reweight returns free energy and averages in the state whose reduced energies at the
// pooled draws are u, with asymptotic errors; a[q][n] is observable q at draw n. For a
// function of several averages use Cov. It refuses (HeavyWeights) an ESS below 10 draws:
// the target lies outside what was sampled. Rows of wrong length panic.
//
// Source: Shirts and Chodera (2008), (13)–(15), with the error of a mean taken along
// W·(a−⟨a⟩), so that observables of either sign need no shift.
func (m *MultiState) Reweight(u []float64, a ...[]float64) (Reweighted, error) {
	neg := make([]float64, len(m.logDen))
	if len(u) != len(neg) {
		panic("analysis: MultiState.Reweight: u has a wrong length")
	}
	for i := range neg {
		neg[i] = -u[i] - m.logDen[i]
	}
	f := -LogSumExp(neg)
	if f-f != 0 {
		return Reweighted{}, &Refusal{NotFinite, "reweighted free energy", f, 0, "no draw is allowed in the target state"}
	}
	w := m.stateWeights(u, f)
	columns := append(append([][]float64(nil), m.weights...), w)
	r := Reweighted{ESS: 1 / dot(w, w)}
	for _, x := range a {
		if len(x) != len(w) {
			panic("analysis: MultiState.Reweight: an observable has a wrong length")
		}
		mean := dot(w, x)
		q := make([]float64, len(w))
		for i := range q {
			q[i] = w[i] * (x[i] - mean)
		}
		columns = append(columns, q)
		r.Means = append(r.Means, Estimate{Value: mean})
	}
	r.setErrors(m.theta(columns), len(m.F), f-m.F[0])
	if r.ESS < 10 {
		return r, &Refusal{HeavyWeights, "reweighted averages (effective draws)", r.ESS, 10, "the target state lies outside the sampled ones"}
	}
	return r, nil
}

// setErrors reads the errors off theta, in which the target is column k, the observables
// follow.
func (r *Reweighted) setErrors(theta *mat.SymDense, k int, f float64) {
	v := theta.At(k, k) + theta.At(0, 0) - 2*theta.At(k, 0)
	r.F = Estimate{f, math.Sqrt(math.Max(v, 0))}
	n := len(r.Means)
	r.Cov = make([]float64, n*n)
	for i := range r.Means {
		for j := range r.Means {
			r.Cov[i*n+j] = theta.At(k+1+i, k+1+j)
		}
		r.Means[i].StdErr = math.Sqrt(math.Max(r.Cov[i*n+i], 0))
	}
}
