package gan

import (
	"fmt"

	"machlup/internal/num"
)

// A directionDerivative differentiates what the two players' rules follow, g_b = ∇_bL_b or
// F_b⁻¹∇_bL_b, on the quenched batch, in both directions. With y = F⁻¹g,
//
//	R y = F⁻¹[R g − (R F)y],   (R F)y = (R{Jᵀ}Jy + Jᵀ R{J}y)/N,
//	∇(wᵀy) = ∇(aᵀg) − ∇(aᵀFy),   aᵀFy = (Ja)·(Jy)/N + λ a·y,   a = F⁻¹w,
//
// a and y held fixed under ∇: Hessian-vector products of the loss, and of the network's
// outputs. J is of the player's own network; the discriminator's depends on θ through the
// fakes.
type directionDerivative struct {
	*Trainer
	h      *hessian
	a, y   []float64    // F⁻¹w and the direction F⁻¹g
	ja, jy []float64    // [rows×out] their tangents J·a and J·y, over N
	zero   []float64    // [rows×out]
	again  []float64    // [rows×out]
	grad   []float64    // longest of ψ and θ
	hv     []float64    // [ψ|θ]
	cx     [2][]float64 // [B×d] derivatives by the fakes
	rx     []float64    // [2B×d] tangents of data (zero) and fakes
}

// newDirectionDerivative refuses, with the reason, dynamics, regularisers and metrics whose
// derivative is not known.
func newDirectionDerivative(t *Trainer) (*directionDerivative, error) {
	if err := t.play.linear(); err != nil {
		return nil, fmt.Errorf("no exact derivative is available with dynamics %q: %w; use alternating or simultaneous", t.cfg.dynamics().Name(), err)
	}
	for i := range t.regs {
		if err := t.regs[i].smooth(); err != nil {
			return nil, fmt.Errorf("no exact derivative is available with regulariser %q: %w", t.regs[i].name, err)
		}
	}
	natural := 0
	for _, pl := range []*player{t.dis, t.gen} {
		d := pl.opt.Direction
		if !d.Natural {
			continue
		}
		if d.Metric != "" && d.Metric != "l2" {
			return nil, fmt.Errorf("the metric %q of the %s has no exact derivative; use the l2 metric or a plain optimizer", d.Metric, pl.name)
		}
		natural = max(natural, pl.rows*pl.net.Out())
	}
	d := &directionDerivative{Trainer: t, h: newHessian(t), hv: make([]float64, t.n)}
	if natural > 0 {
		n := max(t.dis.net.Params(), t.gen.net.Params())
		d.a, d.y, d.grad = make([]float64, n), make([]float64, n), make([]float64, n)
		d.ja, d.jy = make([]float64, natural), make([]float64, natural)
		d.zero, d.again = make([]float64, natural), make([]float64, natural)
		for i := range d.cx {
			d.cx[i] = make([]float64, t.rows*t.dim)
		}
		d.rx = make([]float64, 2*t.rows*t.dim)
	}
	return d, nil
}

// tangents tells whether tangent is available too: it needs second tangents of the network
// of a natural player.
func (d *directionDerivative) tangents() error {
	for _, pl := range []*player{d.dis, d.gen} {
		if pl.metric == nil {
			continue
		}
		p, ok := pl.p.(*pass)
		if !ok {
			return fmt.Errorf("the derivative of the metric of the %s is that of a multilayer perceptron, and its network is another", pl.name)
		}
		p.enableSeconds()
	}
	return nil
}

// adjoint writes ∇(wᵀg_b) at (psi, theta) in all coordinates, dst=[ψ|θ].
func (d *directionDerivative) adjoint(dst []float64, b int, q configuration, w []float64) {
	pl := d.player(b)
	if !pl.opt.Direction.Natural {
		d.lossAdjoint(dst, b, q, w)
		return
	}
	params := q.of(b)
	a, y := d.a[:len(params)], d.y[:len(params)]
	d.follow(b, q)
	copy(y, pl.dir)
	pl.metric.solve(a, params, w)
	d.lossAdjoint(dst, b, q, a)
	d.metricAdjoint(dst, b, q, a, y)
}

// A configuration is where both players stand.
type configuration struct{ psi, theta []float64 }

// of returns the parameters of a player.
func (q configuration) of(b int) []float64 {
	if b == 0 {
		return q.psi
	}
	return q.theta
}

// follow leaves player b's direction in its dir, its pass and metric at q.
func (d *directionDerivative) follow(b int, q configuration) {
	if b == 0 {
		d.directionD(q.psi, q.theta)
	} else {
		d.directionG(q.psi, q.theta)
	}
}

// lossAdjoint writes ∇(wᵀ∇_bL_b) in all coordinates: the Hessian is symmetric.
func (d *directionDerivative) lossAdjoint(dst []float64, b int, q configuration, w []float64) {
	if b == 0 {
		d.h.productD(dst, q.psi, q.theta, w, nil, true)
	} else {
		d.h.productG(dst, q.psi, q.theta, nil, w, true)
	}
}

// metricAdjoint subtracts ∇(aᵀFy) at fixed a and y, from the forward passes that lossAdjoint
// left. By ∇(cᵀJv) = R_v{Jᵀc} it is R_a{Jᵀ·Jy/N} + R_y{Jᵀ·Ja/N}.
func (d *directionDerivative) metricAdjoint(dst []float64, b int, q configuration, a, y []float64) {
	pl, params := d.player(b), q.of(b)
	n, own := pl.rows*pl.net.Out(), dst[pl.lo:pl.hi]
	ja, jy := d.ja[:n], d.jy[:n]
	pl.p.tangent(ja, params, a, nil)
	pl.p.tangent(jy, params, y, nil)
	scaled(ja, 1/float64(pl.rows), ja)
	scaled(jy, 1/float64(pl.rows), jy)
	grad := d.grad[:len(params)]
	for i, v := range [2][]float64{y, a} { // the tangents of y are still there
		c := [2][]float64{ja, jy}[i]
		if i > 0 {
			pl.p.tangent(d.again[:n], params, v, nil)
		}
		pl.p.cotangents(params, c)
		pl.p.tangentCotangents(params, v, d.zero[:n])
		pl.p.tangentGradient(grad, v)
		num.Axpy(-1, grad, own)
		if b == 0 {
			pl.p.tangentInputCotangent(d.cx[i], params, v, d.rowsD, 2*d.rowsD)
		}
	}
	if b == 1 {
		return
	}
	num.Axpy(1, d.cx[1], d.cx[0])
	grad = d.grad[:len(q.theta)]
	d.gen.p.cotangents(q.theta, d.cx[0])
	d.gen.p.gradient(grad)
	num.Axpy(-1, grad, d.Theta(dst))
}

// tangent writes the derivative of g_b along (vPsi, vTheta) into dst, of the player's length;
// nil is zero. It needs tangents().
func (d *directionDerivative) tangent(dst []float64, b int, q configuration, vPsi, vTheta []float64) {
	pl := d.player(b)
	if !pl.opt.Direction.Natural {
		d.lossTangent(dst, b, q, vPsi, vTheta)
		return
	}
	params := q.of(b)
	y := d.y[:len(params)]
	d.follow(b, q)
	copy(y, pl.dir)
	d.lossTangent(dst, b, q, vPsi, vTheta) // leaves the pass at q
	d.metricTangent(dst, b, q, vPsi, vTheta, y)
	pl.metric.solve(dst, params, dst)
}

// lossTangent writes the player's rows of ∇²L_b·(vPsi, vTheta).
func (d *directionDerivative) lossTangent(dst []float64, b int, q configuration, vPsi, vTheta []float64) {
	if b == 0 {
		d.h.productD(d.hv, q.psi, q.theta, vPsi, vTheta, false)
		copy(dst, d.Psi(d.hv))
	} else {
		d.h.productG(d.hv, q.psi, q.theta, vPsi, vTheta, false)
		copy(dst, d.Theta(d.hv))
	}
}

// metricTangent subtracts (R F)y.
func (d *directionDerivative) metricTangent(dst []float64, b int, q configuration, vPsi, vTheta, y []float64) {
	pl, params := d.player(b), q.of(b)
	n, v := pl.rows*pl.net.Out(), vTheta
	var rin []float64
	if b == 0 {
		v = vPsi
		if vTheta != nil {
			rin = d.rx
			d.gen.p.tangent(rin[d.rows*d.dim:], q.theta, vTheta, nil)
		}
	}
	if v == nil && rin == nil {
		return
	}
	m := metricSlope{pl.p.(*pass), float64(pl.rows), d.jy[:n], d.ja[:n], d.zero[:n], d.grad[:len(params)]}
	m.subtract(dst, params, v, rin, y)
}
