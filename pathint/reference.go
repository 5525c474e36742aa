package pathint

import (
	"math"
	"slices"

	"machlup/internal/num"
	"machlup/langevin"
)

// A MetricApplier is a MetricRecurrence that can apply its metric: dst = F_b(q̃)v. With it
// the reference of a large metric block takes the metric at the start as its own.
type MetricApplier interface {
	ApplyMetric(dst []float64, b int, qmix, v []float64)
}

// maxTabulated is the largest block whose metric is worth finding from norms alone: n²/2
// of them, once a chain.
const maxTabulated = 64

// reference is the constant metric F₀ of the reference walk of one block: the metric at the
// start, so that proposals have the right size in every direction; where that is too dear
// to find, φI with its geometric mean eigenvalue φ; I for a block without a metric.
type reference struct {
	phi  float64
	chol []float64 // L of F₀ = LLᵀ, row-major, or nil
	y    []float64 // scratch
}

// newReference returns F₀ of block b at q.
func newReference(m langevin.MetricRecurrence, b int, blk langevin.Block, q []float64) *reference {
	n := blk.Hi - blk.Lo
	r := &reference{phi: math.Exp(m.LogDet(b, q) / float64(n)), y: make([]float64, n)}
	f := make([]float64, n*n)
	switch apply, ok := m.(MetricApplier); {
	case ok:
		e := make([]float64, n)
		for i := range n {
			e[i] = 1
			apply.ApplyMetric(f[i*n:(i+1)*n], b, q, e)
			e[i] = 0
		}
	case n <= maxTabulated:
		polarise(f, n, func(v []float64) float64 { return m.MetricNorm(b, q, v) })
	default:
		return r
	}
	if num.Cholesky(f, n) {
		r.chol = f
	}
	return r
}

// polarise writes the lower triangle of the matrix of a quadratic form.
func polarise(f []float64, n int, form func(v []float64) float64) {
	e := make([]float64, n)
	for i := range n {
		e[i] = 1
		f[i*n+i] = form(e)
		for j := range i {
			e[j] = 1
			f[i*n+j] = (form(e) - f[i*n+i] - f[j*n+j]) / 2
			e[j] = 0
		}
		e[i] = 0
	}
}

// norm returns rᵀF₀r.
func (f *reference) norm(r []float64) float64 {
	n := len(r)
	y := f.y[:n]
	clear(y)
	for i, ri := range r {
		axpy(ri, f.chol[i*n:i*n+i+1], y[:i+1])
	}
	return num.Norm2(y)
}

// colour turns rows of iid normals into rows of covariance F₀⁻¹.
func (f *reference) colour(z []float64, width int) {
	if f.chol == nil {
		if f.phi != 1 {
			for i := range z {
				z[i] /= math.Sqrt(f.phi)
			}
		}
		return
	}
	for row := range slices.Chunk(z, width) {
		num.CholSolveLT(f.chol, width, row)
	}
}
