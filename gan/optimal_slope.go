package gan

import (
	"fmt"

	"machlup/internal/num"
)

// optimalSlope is the exact derivative of the direction that the generator follows on the
// quenched latents: ∇²U, or that of F⁻¹∇U through F too.
type optimalSlope struct {
	*Optimal
	a, y, grad          []float64 // [n]
	ja, jy, zero, again []float64 // [rows]
}

// newOptimalSlope allocates what adjoint needs. It refuses metrics other than l2.
func newOptimalSlope(o *Optimal) (*optimalSlope, error) {
	d := o.gen.opt.Direction
	if d.Natural && d.Metric != "" && d.Metric != "l2" {
		return nil, fmt.Errorf("the metric %q of the generator has no exact derivative; use the l2 metric or a plain optimizer", d.Metric)
	}
	o.gen.p.enableTangents()
	s := &optimalSlope{Optimal: o}
	for _, v := range []*[]float64{&s.a, &s.y, &s.grad} {
		*v = make([]float64, o.gen.hi)
	}
	for _, v := range []*[]float64{&s.ja, &s.jy, &s.zero, &s.again} {
		*v = make([]float64, o.rows)
	}
	return s, nil
}

// tangents tells whether tangent is available too: it needs second tangents of the network.
func (s *optimalSlope) tangents() error {
	if s.gen.metric == nil {
		return nil
	}
	p, ok := s.gen.p.(*pass)
	if !ok {
		return fmt.Errorf("the derivative of the metric of the generator is that of a multilayer perceptron, and its network is another")
	}
	p.enableSeconds()
	return nil
}

// adjoint writes (∂direction/∂x)ᵀw. With a = F⁻¹w and y = F⁻¹∇U it is ∇²U·a − ∇(aᵀFy),
// aᵀFy = (Ja)·(Jy)/N + λ a·y with a and y held fixed.
func (s *optimalSlope) adjoint(dst, x, w []float64) {
	if s.gen.metric == nil {
		s.u.HessVec(dst, x, w)
		return
	}
	theta := s.direction(x, s.z) // leaves the pass and the metric's factor
	hadamard(s.y, s.gen.dir, s.sign)
	hadamard(s.grad, w, s.sign)
	s.gen.metric.solve(s.a, theta, s.grad)
	hadamard(s.grad, s.a, s.sign)
	s.u.HessVec(dst, x, s.grad)
	s.gen.p.tangent(s.ja, theta, s.a, nil)
	s.gen.p.tangent(s.jy, theta, s.y, nil)
	scaled(s.ja, 1/float64(s.rows), s.ja)
	scaled(s.jy, 1/float64(s.rows), s.jy)
	s.subtract(dst, theta, s.y, s.ja)
	s.gen.p.tangent(s.again, theta, s.a, nil)
	s.subtract(dst, theta, s.a, s.jy)
}

// tangent writes (∂direction/∂x)v = F⁻¹[∇²U·v − (R F)y], (R F)y = R_v{Jᵀ·Jy/N} + Jᵀ·R_v{J}y/N.
func (s *optimalSlope) tangent(dst, x, v []float64) {
	if s.gen.metric == nil {
		s.u.HessVec(dst, x, v)
		return
	}
	theta := s.direction(x, s.z)
	hadamard(s.y, s.gen.dir, s.sign)
	hadamard(s.a, v, s.sign)
	s.u.HessVec(dst, x, v)
	p := s.gen.p.(*pass)
	p.tangent(s.jy, theta, s.y, nil)
	scaled(s.jy, 1/float64(s.rows), s.jy)
	p.mixedTangent(s.again, theta, s.a, nil, s.y) // leaves the tangents along a
	scaled(s.again, 1/float64(s.rows), s.again)
	s.subtract(dst, theta, s.a, s.jy)
	p.cotangents(theta, s.again)
	p.gradient(s.grad)
	hadamard(s.grad, s.grad, s.sign)
	num.Axpy(-1, s.grad, dst)
	hadamard(s.grad, dst, s.sign)
	s.gen.metric.solve(s.grad, theta, s.grad)
	hadamard(dst, s.grad, s.sign)
}

// subtract takes R_v{Jᵀc} = ∇(cᵀJv), in the coordinates of x, from dst; it follows tangent
// along v.
func (s *optimalSlope) subtract(dst, theta, v, c []float64) {
	s.gen.p.cotangents(theta, c)
	s.gen.p.tangentCotangents(theta, v, s.zero)
	s.gen.p.tangentGradient(s.grad, v)
	hadamard(s.grad, s.grad, s.sign)
	num.Axpy(-1, s.grad, dst)
}

// HasAdjoint tells whether the drift has exact derivatives, or why not. Its first call
// allocates what DriftAdjoint needs.
func (r *optimalRecurrence) HasAdjoint() error {
	if r.slope != nil {
		return nil
	}
	if err := r.gen.differentiable(); err != nil {
		return err
	}
	s, err := newOptimalSlope(r.Optimal)
	if err != nil {
		return fmt.Errorf("gan: the drift: %w", err)
	}
	r.slope = s
	return nil
}

// DriftAdjoint writes (∂v/∂x)ᵀw, v = −η·direction.
func (r *optimalRecurrence) DriftAdjoint(dst []float64, _ int, x, w []float64) {
	r.slope.adjoint(dst, x, w)
	scaled(dst, -r.eta, dst)
}
