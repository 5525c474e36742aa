package gan

import (
	"fmt"

	"machlup/internal/num"
)

// driftAdjoint is the scratch of DriftAdjoint.
type driftAdjoint struct {
	h      *hessian
	a, y   []float64    // F⁻¹w and the direction F⁻¹g
	ja, jy []float64    // [rows×out] their tangents J·a and J·y
	zero   []float64    // [rows×out]
	again  []float64    // [rows×out]
	grad   []float64    // [ψ|θ] one derivative of aᵀFy
	sum    []float64    // [ψ|θ] of both players, if they are one block
	cx     [2][]float64 // [B×d] its derivatives by the fakes
}

// HasAdjoint tells whether the drifts have exact derivatives here: regularisers with
// Hessian-vector products, plain directions or natural ones in the l2 metric, alternating or
// simultaneous dynamics. Its first call allocates what DriftAdjoint needs.
func (r *recurrence) HasAdjoint() error {
	if err := r.play.linear(); err != nil {
		return fmt.Errorf("gan: the drift has no exact derivatives with dynamics %q: %w; use alternating or simultaneous", r.cfg.dynamics().Name(), err)
	}
	for i := range r.regs {
		if err := r.regs[i].smooth(); err != nil {
			return fmt.Errorf("gan: the drift has no exact derivatives with regulariser %q: %w", r.regs[i].name, err)
		}
	}
	natural := 0
	for _, pl := range []*player{r.dis, r.gen} {
		d := pl.opt.Direction
		if !d.Natural {
			continue
		}
		if d.Metric != "" && d.Metric != "l2" {
			return fmt.Errorf("gan: the drift of the %s has no exact derivatives in the metric %q; use the l2 metric or a plain optimizer", pl.name, d.Metric)
		}
		natural = max(natural, pl.rows*pl.net.Out())
	}
	if r.adj.h != nil {
		return nil
	}
	r.adj.h = newHessian(r.Trainer)
	if len(r.blocks) == 1 {
		r.adj.sum = make([]float64, r.n)
	}
	if natural > 0 {
		n := max(r.dis.net.Params(), r.gen.net.Params())
		r.adj.a, r.adj.y, r.adj.grad = make([]float64, n), make([]float64, n), make([]float64, n)
		r.adj.ja, r.adj.jy = make([]float64, natural), make([]float64, natural)
		r.adj.zero, r.adj.again = make([]float64, natural), make([]float64, natural)
		for i := range r.adj.cx {
			r.adj.cx[i] = make([]float64, r.rows*r.dim)
		}
	}
	return nil
}

// DriftAdjoint writes (∂v_b/∂q̃)ᵀw into dst=[ψ|θ]; for players that are one block it is the sum
// of theirs.
func (r *recurrence) DriftAdjoint(dst []float64, b int, qmix, w []float64) {
	if len(r.blocks) > 1 {
		r.playerAdjoint(dst, b, qmix, w)
		return
	}
	r.playerAdjoint(r.adj.sum, 0, qmix, r.Psi(w))
	r.playerAdjoint(dst, 1, qmix, r.Theta(w))
	num.Axpy(1, r.adj.sum, dst)
}

// playerAdjoint is that of v_b = −η∇_bL_b, or of −ηF⁻¹∇_bL_b for a natural player. With a = F⁻¹w and y = F⁻¹g the latter is
//
//	−η [ ∇(aᵀg) − ∇(aᵀFy) ],   aᵀFy = (Ja)·(Jy)/N + λ a·y,
//
// a and y held fixed under both ∇: a Hessian-vector product of the loss and two of the
// network's outputs. J is of this player's network; the discriminator's depends on θ
// through the fakes.
func (r *recurrence) playerAdjoint(dst []float64, b int, qmix, w []float64) {
	pl := r.player(b)
	if !pl.opt.Direction.Natural {
		r.lossAdjoint(dst, b, qmix, w)
		scaled(dst, -r.eta[b], dst)
		return
	}
	s, params := &r.adj, qmix[pl.lo:pl.hi]
	a, y := s.a[:len(params)], s.y[:len(params)]
	copy(y, r.drive(b, qmix).dir) // and leaves the pass and the metric's factor at q̃
	pl.metric.solve(a, params, w)
	r.lossAdjoint(dst, b, qmix, a)
	r.metricAdjoint(dst, b, qmix, a, y)
	scaled(dst, -r.eta[b], dst)
}

// lossAdjoint writes ∇(wᵀ∇_bL_b) in all coordinates: the Hessian is symmetric.
func (r *recurrence) lossAdjoint(dst []float64, b int, qmix, w []float64) {
	if b == 0 {
		r.adj.h.productD(dst, qmix, w, nil, true)
	} else {
		r.adj.h.productG(dst, r.Psi(qmix), r.Theta(qmix), nil, w, true)
	}
}

// metricAdjoint subtracts ∇(aᵀFy) at fixed a and y, from the forward passes that lossAdjoint
// left. By ∇(cᵀJv) = R_v{Jᵀc} it is R_a{Jᵀ·Jy/N} + R_y{Jᵀ·Ja/N}.
func (r *recurrence) metricAdjoint(dst []float64, b int, qmix, a, y []float64) {
	pl, s := r.player(b), &r.adj
	params, n := qmix[pl.lo:pl.hi], pl.rows*pl.net.Out()
	ja, jy := s.ja[:n], s.jy[:n]
	pl.p.tangent(ja, params, a, nil)
	pl.p.tangent(jy, params, y, nil)
	for i := range n {
		ja[i], jy[i] = ja[i]/float64(pl.rows), jy[i]/float64(pl.rows)
	}
	grad := s.grad[:len(params)]
	for i, v := range [2][]float64{y, a} { // the tangents of y are still there
		c := [2][]float64{ja, jy}[i]
		if i > 0 {
			pl.p.tangent(s.again[:n], params, v, nil)
		}
		pl.p.cotangents(params, c)
		pl.p.tangentCotangents(params, v, s.zero[:n])
		pl.p.tangentGradient(grad, v)
		num.Axpy(-1, grad, dst[pl.lo:pl.hi])
		if b == 0 {
			pl.p.tangentInputCotangent(s.cx[i], params, v, r.rowsD, 2*r.rowsD)
		}
	}
	if b == 1 {
		return
	}
	num.Axpy(1, s.cx[1], s.cx[0])
	grad = s.grad[:r.gen.net.Params()]
	r.gen.p.cotangents(r.Theta(qmix), s.cx[0])
	r.gen.p.gradient(grad)
	num.Axpy(-1, grad, r.Theta(dst))
}
