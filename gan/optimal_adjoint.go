package gan

import (
	"fmt"

	"machlup/internal/num"
)

// HasAdjoint tells whether the drift has exact derivatives: a plain direction or a natural
// one in the l2 metric.
func (r *optimalRecurrence) HasAdjoint() error {
	if d := r.gen.opt.Direction; d.Natural && d.Metric != "" && d.Metric != "l2" {
		return fmt.Errorf("gan: the drift of the generator has no exact derivatives in the metric %q; use the l2 metric or a plain optimizer", d.Metric)
	}
	if r.adj.a == nil {
		r.gen.p.enableTangents()
		for _, v := range []*[]float64{&r.adj.a, &r.adj.y, &r.adj.grad} {
			*v = make([]float64, r.gen.hi)
		}
		for _, v := range []*[]float64{&r.adj.ja, &r.adj.jy, &r.adj.zero, &r.adj.again} {
			*v = make([]float64, r.rows)
		}
	}
	return nil
}

// optimalAdjoint is the scratch of DriftAdjoint.
type optimalAdjoint struct {
	a, y, grad          []float64 // [n]
	ja, jy, zero, again []float64 // [rows]
}

// DriftAdjoint writes (∂v/∂x)ᵀw, v = −η∇U or −ηF⁻¹∇U. With a = F⁻¹w and y = F⁻¹∇U the latter
// is −η[∇²U·a − ∇(aᵀFy)], aᵀFy = (Ja)·(Jy)/N + λ a·y with a and y held fixed.
func (r *optimalRecurrence) DriftAdjoint(dst []float64, _ int, x, w []float64) {
	s := &r.adj
	if !r.gen.opt.Direction.Natural {
		r.u.HessVec(dst, x, w)
		scaled(dst, -r.eta, dst)
		return
	}
	theta := r.direction(x, r.z) // leaves the pass and the metric's factor
	hadamard(s.y, r.gen.dir, r.sign)
	hadamard(s.grad, w, r.sign)
	r.gen.metric.solve(s.a, theta, s.grad)
	hadamard(s.grad, s.a, r.sign)
	r.u.HessVec(dst, x, s.grad)
	r.gen.p.tangent(s.ja, theta, s.a, nil)
	r.gen.p.tangent(s.jy, theta, s.y, nil)
	scaled(s.ja, 1/float64(r.rows), s.ja)
	scaled(s.jy, 1/float64(r.rows), s.jy)
	r.subtract(dst, theta, s.y, s.ja)
	r.gen.p.tangent(s.again, theta, s.a, nil)
	r.subtract(dst, theta, s.a, s.jy)
	scaled(dst, -r.eta, dst)
}

// subtract takes R_v{Jᵀc} = ∇(cᵀJv), in the coordinates of x, from dst; it follows tangent
// along v.
func (r *optimalRecurrence) subtract(dst, theta, v, c []float64) {
	r.gen.p.cotangents(theta, c)
	r.gen.p.tangentCotangents(theta, v, r.adj.zero)
	r.gen.p.tangentGradient(r.adj.grad, v)
	hadamard(r.adj.grad, r.adj.grad, r.sign)
	num.Axpy(-1, r.adj.grad, dst)
}
