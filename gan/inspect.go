package gan

import "machlup/internal/num"

// The quantities below are for checks and measurements: they may be slow and allocate. They
// need the quenched batch (noise kind injected or none). Player 0 is the discriminator, 1
// the generator.

// BatchLoss returns the loss of a player on the quenched batch at q, regularisers included.
func (t *Trainer) BatchLoss(player int, q []float64) float64 {
	t.needQuenched()
	t.forward(player, q)
	r := t.rowsD
	f := make([]float64, r)
	if player == 1 {
		fake := t.look(1, t.Psi(q), t.Theta(q), t.x[t.rows*t.dim:2*t.rows*t.dim])
		t.dis.p.forward(t.logit, t.Psi(q), fake, r)
		t.cfg.Loss.Generator(f, nil, nil, t.logit[:r])
		return mean(f) + t.penalty()
	}
	t.cfg.Loss.Real(f, nil, nil, t.logit[:r])
	l := mean(f)
	t.cfg.Loss.Fake(f, nil, nil, t.logit[r:])
	return l + mean(f) + t.penalty()
}

// BatchGradient writes the gradient of that loss with respect to the player's own
// parameters, whatever its optimizer makes of it.
func (t *Trainer) BatchGradient(dst []float64, player int, q []float64) {
	t.needQuenched()
	f := t.Fork()
	pl := f.player(player)
	pl.metric = nil
	if player == 0 {
		f.directionD(f.Psi(q), f.Theta(q))
	} else {
		f.directionG(f.Psi(q), f.Theta(q))
	}
	copy(dst, pl.dir)
}

// DenseMetric writes F = JᵀWJ/N + λI of a player's network at q into dst[n×n], from a
// Jacobian built column by column with the forward tangent. W is that of the player's metric:
// the identity for l2 and where there is none.
func (t *Trainer) DenseMetric(dst []float64, player int, q []float64, lambda float64) {
	t.needQuenched()
	f := t.Fork()
	pl := f.player(player)
	pl.p.enableTangents()
	n, m := pl.net.Params(), pl.rows*pl.net.Out()
	jt, unit := make([]float64, n*m), make([]float64, n)
	var w []float64
	if lm, ok := pl.metric.(lossMetric); ok {
		(&recurrence{Trainer: f}).drive(player, q)
		w = make([]float64, m*m)
		lm.weigh(w)
	}
	f.forward(player, q)
	for i := range n {
		unit[i] = 1
		pl.p.tangent(jt[i*m:(i+1)*m], q[pl.lo:pl.hi], unit, nil)
		unit[i] = 0
	}
	denseMetric(dst, jt, w, n, m, pl.rows, lambda)
}

// denseMetric writes JᵀWJ/N + λI for Jᵀ in jt[n×m]; nil for w is the identity.
func denseMetric(dst, jt, w []float64, n, m, rows int, lambda float64) {
	jtw := jt
	if w != nil {
		jtw = make([]float64, n*m)
		num.Gemm(false, false, n, m, m, 1, jt, m, w, m, 0, jtw, m)
	}
	num.Gemm(false, true, n, n, m, 1/float64(rows), jtw, m, jt, m, 0, dst, n)
	for i := range n {
		dst[i*n+i] += lambda
	}
}

func (t *Trainer) needQuenched() {
	if !t.quenched() {
		panic("gan: the trainer has no quenched batch: its noise kind has minibatches")
	}
}

// BatchDirection writes a player's own direction at q, by the code a step runs: the gradient,
// or F⁻¹ times it for a natural player. It is what the optimizer's rule follows in alternating
// and simultaneous dynamics.
func (t *Trainer) BatchDirection(dst []float64, player int, q []float64) {
	t.needQuenched()
	r := recurrence{Trainer: t}
	copy(dst, r.drive(player, q).dir)
}

// BatchField writes what both rules follow at the one configuration q=[ψ|θ] in the trainer's
// dynamics, by the code a step runs: look-ahead or adjustment included.
func (t *Trainer) BatchField(dst, q []float64) {
	t.needQuenched()
	t.play.directions(q)
	copy(t.Psi(dst), t.dis.dir)
	copy(t.Theta(dst), t.gen.dir)
}

// BatchMetric returns the damping λ of a player's metric; natural = false for a player
// that follows the gradient itself.
func (t *Trainer) BatchMetric(player int) (damping float64, natural bool) {
	d := t.player(player).opt.Direction
	return d.Damping, d.Natural
}

// BlockRange is where a player's parameters lie in a configuration.
func (t *Trainer) BlockRange(player int) (lo, hi int) {
	return t.player(player).lo, t.player(player).hi
}
