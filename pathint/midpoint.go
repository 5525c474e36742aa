package pathint

import (
	"errors"
	"fmt"
	"math"

	"machlup/langevin"
)

// maxMidpoint is the largest configuration of the implicit midpoint: a step of the action takes
// the n×n Jacobian of the drift and its determinant, n² and n³ operations where the explicit
// one takes n.
const maxMidpoint = 32

// midpoint is what the Stratonovich action adds: the Jacobian of the drift.
type midpoint struct {
	adj  langevin.AdjointRecurrence
	unit []float64 // e_i
	m    []float64 // [n×n] I − ½∂v, eliminated in place
	rhs  []float64
}

// NewMidpoint returns the action of the implicit midpoint (Stratonovich) recurrence
//
//	q' = q + v((q + q')/2) + sξ,
//	S = Σ_k |q' − q − v(mid)|²/2s² − Σ_k log|det(I − ½∂v(mid))|,
//
// whose determinant is that of ξ ↦ q' (and belongs to the measure: β and 1/ħ multiply the
// quadratic part only). With a free end the quadratic part is ½χ² with K·n degrees of
// freedom, whatever the drift; the stationary variance of dx = −λx dt + √2D dW is D/λ for any
// step. Slices where the determinant is not positive, beyond the branch of the solution that
// tends to q with the step, have no weight. It is for systems of one block of at most 32
// components, without momentum, with isotropic noise and exact derivatives; what else is refused
// with the reason.
func NewMidpoint(sys System) (*OnsagerMachlup, error) {
	a, err := NewOnsagerMachlup(sys)
	if err != nil {
		return nil, err
	}
	refuse := func(format string, args ...any) (*OnsagerMachlup, error) {
		return nil, fmt.Errorf("pathint: implicit midpoint: "+format, args...)
	}
	switch {
	case len(a.blocks) > 1:
		return refuse("the system updates %d blocks one after the other, each seeing those before it already updated; a midpoint needs one drift of the whole configuration", len(a.blocks))
	case a.blocks[0].Metric:
		return refuse("metric noise at the midpoint needs the derivatives of F in its determinant; use isotropic noise or the explicit action")
	case a.blocks[0].Momentum != 0:
		return refuse("momentum makes the step depend on two slices before it; the midpoint is of first-order recurrences")
	case a.n > maxMidpoint:
		return refuse("%d components; its determinant takes n³ operations a step and is offered up to %d, use the explicit action", a.n, maxMidpoint)
	}
	adj, err := adjointOf(a.sys)
	if err != nil {
		return refuse("its determinant needs the derivatives of the drift: %w", err)
	}
	a.mid = &midpoint{adj: adj, unit: make([]float64, a.n), m: make([]float64, a.n*a.n), rhs: make([]float64, a.n)}
	a.terms[logDetTerm].Fixed = -1
	return a, nil
}

var errMidpointGradient = errors.New("the gradient of log det(I − ½∂v) takes second derivatives of the drift, which systems do not give; use a move without gradients (staging, single-slice, bisection)")

// take leaves I − ½∂v(q) in m.
func (m *midpoint) take(q []float64) {
	n := len(m.unit)
	for i := range n {
		m.unit[i] = 1
		row := m.m[i*n : (i+1)*n]
		m.adj.DriftAdjoint(row, 0, q, m.unit)
		m.unit[i] = 0
		for j := range row {
			row[j] *= -0.5
		}
		row[i]++
	}
}

// logDet returns log det(I − ½∂v(q)), −Inf where the determinant is not positive.
func (m *midpoint) logDet(q []float64) float64 {
	m.take(q)
	clear(m.rhs)
	return m.eliminate()
}

// eliminate solves m x = rhs in place by elimination with pivots and returns log det m, −Inf where
// that is not positive.
func (m *midpoint) eliminate() float64 {
	n := len(m.rhs)
	row := func(i int) []float64 { return m.m[i*n : (i+1)*n] }
	logDet, sign := 0.0, 1.0
	for c := range n {
		pivot := c
		for i := c + 1; i < n; i++ {
			if math.Abs(row(i)[c]) > math.Abs(row(pivot)[c]) {
				pivot = i
			}
		}
		if pivot != c {
			sign = -sign
			a, b := row(c), row(pivot)
			for j := range a {
				a[j], b[j] = b[j], a[j]
			}
			m.rhs[c], m.rhs[pivot] = m.rhs[pivot], m.rhs[c]
		}
		d := row(c)[c]
		logDet += math.Log(math.Abs(d))
		if d < 0 {
			sign = -sign
		}
		for i := c + 1; i < n; i++ {
			f := row(i)[c] / d
			axpy(-f, row(c)[c:], row(i)[c:])
			m.rhs[i] -= f * m.rhs[c]
		}
	}
	for i := n - 1; i >= 0; i-- {
		for j := i + 1; j < n; j++ {
			m.rhs[i] -= row(i)[j] * m.rhs[j]
		}
		m.rhs[i] /= row(i)[i]
	}
	if sign < 0 {
		return math.Inf(-1)
	}
	return logDet
}

// simulateMidpoint solves q' = q + v((q+q')/2) + sξ step by step with Newton's method from q.
func (a *OnsagerMachlup) simulateMidpoint(p *Path, scale float64, src Source) error {
	const most = 60
	m, s := a.mid, scale*a.blocks[0].Noise
	xi, v := make([]float64, a.n), make([]float64, a.n)
	for k := range p.steps {
		q, next := p.Slice(k), p.Slice(k+1)
		src.Normals(xi)
		copy(next, q)
		size, solved := 0.0, false
		for range most {
			mid := a.mixed(p, k, 0)
			a.sys.Drift(v, 0, mid)
			m.take(mid)
			for i := range m.rhs {
				m.rhs[i] = q[i] + v[i] + s*xi[i] - next[i]
			}
			if math.IsInf(m.eliminate(), -1) {
				break
			}
			axpy(1, m.rhs, next)
			size = 0
			for i, d := range m.rhs {
				size = max(size, math.Abs(d)/(1+math.Abs(next[i])))
			}
			if solved = size <= 1e-13; solved || !finite(next) {
				break
			}
		}
		if !solved {
			return fmt.Errorf("pathint: implicit midpoint: step %d has no solution that Newton's method finds from the slice before it (last correction %g); shorten the step or lower the temperature", k, size)
		}
	}
	return nil
}
