package gan

import (
	"fmt"

	"machlup/langevin"
)

// Linearizer returns the exact derivative of the noise-free step on the quenched batch, for
// players with the sgd or momentum rule on plain directions or natural ones in the l2
// metric, with injected noise (isotropic, or metric in the l2 metric) or none. The value is
// also the trainer's Map; it shares the trainer's working storage. It refuses the rest with
// the reason.
func (t *Trainer) Linearizer() (langevin.Linearizer, error) {
	if t.cfg.Noise.minibatch() {
		return nil, fmt.Errorf("gan: noise kind %q has no linearisation about ξ = 0: inputs of zero are not a typical batch; use kind injected or none", t.cfg.Noise.Kind)
	}
	lz := &linearizer{Trainer: t, joint: t.play.joint()}
	for b, pl := range []*player{t.dis, t.gen} {
		var err error
		if lz.eta[b], lz.beta[b], err = pl.opt.Rule.Linear(); err != nil {
			return nil, fmt.Errorf("gan: the step of the %s has no exact linearisation here: %w", pl.name, err)
		}
		if _, ok := pl.metric.(transposable); pl.ownF && !ok {
			return nil, fmt.Errorf("gan: the noise of the %s in the metric %q has no linearisation here; use the l2 metric or isotropic noise", pl.name, pl.opt.Direction.Metric)
		}
	}
	var err error
	if lz.slope, err = newDirectionDerivative(t); err == nil {
		err = lz.slope.tangents()
	}
	if err != nil {
		return nil, fmt.Errorf("gan: the step's linearisation: %w", err)
	}
	lz.next = make([]float64, t.state)
	lz.hv = make([]float64, t.n)
	lz.u = make([]float64, t.n)
	return lz, nil
}

// A transposable metric has the transpose of sample: xi = Sᵀw.
type transposable interface {
	sampleTransposed(xi, params, w []float64)
}

// A linearizer differentiates the step
//
//	u_D = β v_D − η y_D(ψ,θ),   ψ' = ψ + u_D,
//	u_G = β v_G − η y_G(ψ',θ),  θ' = θ + u_G   (y_G(ψ,θ) when simultaneous),
//
// y_D and y_G being the players' directions.
type linearizer struct {
	*Trainer
	eta, beta [2]float64
	joint     bool // the generator sees ψ, not ψ'
	slope     *directionDerivative
	next      []float64 // noise-free step
	hv        []float64 // [ψ|θ] derivatives of directions
	u         []float64 // [ψ|θ] cotangents of u_D and u_G
}

// JVP writes M·v.
func (lz *linearizer) JVP(dst, state, v []float64) {
	lz.check(dst, state, v)
	t := lz.Trainer
	at, seen := lz.both(state)
	lz.slope.tangent(t.Psi(lz.hv), 0, at, t.Psi(v), t.Theta(v))
	lz.tangentStep(dst, v, t.dis, 0)
	vPsi := t.Psi(dst)
	if lz.joint {
		vPsi = t.Psi(v)
	}
	lz.slope.tangent(t.Theta(lz.hv), 1, seen, vPsi, t.Theta(v))
	lz.tangentStep(dst, v, t.gen, 1)
}

// tangentStep moves a player's tangent, given that of its gradient in hv.
func (lz *linearizer) tangentStep(dst, v []float64, pl *player, b int) {
	q, rq, rg := dst[pl.lo:pl.hi], v[pl.lo:pl.hi], lz.hv[pl.lo:pl.hi]
	for i, g := range rg {
		q[i] = rq[i] - lz.eta[b]*g
	}
	if m, rm := dst[pl.mem:pl.end], v[pl.mem:pl.end]; len(m) > 0 {
		for i, x := range rm {
			m[i] = lz.beta[b]*x - lz.eta[b]*rg[i]
			q[i] = rq[i] + m[i]
		}
	}
}

// VJP writes Mᵀ·w.
func (lz *linearizer) VJP(dst, state, w []float64) {
	lz.check(dst, state, w)
	t := lz.Trainer
	lz.cotangents(state, w)
	for i, h := range t.Theta(lz.hv) {
		t.Theta(dst)[i] = t.Theta(w)[i] - lz.eta[1]*h
	}
	// ψ reaches the next state through ψ' = ψ + u_D, through g_D, and through g_G directly or
	// by ψ'.
	for i, h := range t.Psi(lz.hv) {
		t.Psi(dst)[i] = t.Psi(w)[i] - lz.eta[1]*h
	}
	lz.slope.adjoint(lz.hv, 0, configuration{t.Psi(state), t.Theta(state)}, t.Psi(lz.u))
	for i, h := range lz.hv {
		dst[i] -= lz.eta[0] * h
	}
	scaled(dst[t.dis.mem:t.dis.end], lz.beta[0], t.Psi(lz.u)[:t.dis.end-t.dis.mem])
	scaled(dst[t.gen.mem:t.gen.end], lz.beta[1], t.Theta(lz.u)[:t.gen.end-t.gen.mem])
}

// NoiseVJP writes Lᵀ·w: the injected noise enters u_D and u_G with standard deviation s, in
// the metric through its factor at the state.
func (lz *linearizer) NoiseVJP(dst, state, w []float64) {
	if len(dst) != lz.inputs {
		panic("gan: NoiseVJP: dst has the wrong length")
	}
	lz.check(w, state, w)
	lz.cotangents(state, w)
	for b, pl := range []*player{lz.dis, lz.gen} {
		if pl.s == 0 {
			continue
		}
		xi, u := dst[pl.xi:pl.xiEnd], lz.u[pl.lo:pl.hi]
		if pl.ownF {
			lz.slope.follow(b, configuration{lz.Psi(state), lz.Theta(state)})
			pl.metric.(transposable).sampleTransposed(xi, state[pl.lo:pl.hi], u)
			u = xi
		}
		scaled(xi, pl.s, u)
	}
}

// NoiseJVP writes L·xi; len(xi) = Inputs().
func (lz *linearizer) NoiseJVP(dst, state, xi []float64) {
	if len(xi) != lz.inputs {
		panic("gan: NoiseJVP: xi has the wrong length")
	}
	lz.check(dst, state, dst)
	t := lz.Trainer
	_, seen := lz.both(state)
	clear(dst)
	lz.push(dst, state, xi, 0)
	if !lz.joint {
		lz.slope.tangent(t.Theta(lz.hv), 1, seen, t.Psi(dst), nil)
		scaled(t.Theta(dst), -lz.eta[1], t.Theta(lz.hv))
	}
	lz.push(dst, state, xi, 1)
}

// push adds a player's noise to the tangent of its u, from there to parameters and
// velocity.
func (lz *linearizer) push(dst, state, xi []float64, b int) {
	pl := lz.player(b)
	u, w := dst[pl.lo:pl.hi], xi[pl.xi:pl.xiEnd]
	if pl.ownF && pl.s > 0 {
		lz.slope.follow(b, configuration{lz.Psi(state), lz.Theta(state)})
		pl.metric.sample(pl.noise, state[pl.lo:pl.hi], w)
		w = pl.noise
	}
	for i, x := range w {
		u[i] += pl.s * x
	}
	copy(dst[pl.mem:pl.end], u)
}

// cotangents leaves the cotangents of u_D and u_G in u, and ∇(u_Gᵀy_G) at (ψ', θ) in hv, whose ψ rows are what the generator's step adds to the cotangent of ψ' (of ψ when
// simultaneous, which u_D does not reach).
func (lz *linearizer) cotangents(state, w []float64) {
	t := lz.Trainer
	_, seen := lz.both(state)
	lz.velocity(w, t.gen)
	lz.slope.adjoint(lz.hv, 1, seen, t.Theta(lz.u))
	lz.velocity(w, t.dis)
	if lz.joint {
		return
	}
	for i, h := range t.Psi(lz.hv) {
		t.Psi(lz.u)[i] -= lz.eta[1] * h
	}
}

// velocity writes the cotangent of a player's u: that of its parameters plus that of its
// velocity.
func (lz *linearizer) velocity(w []float64, pl *player) {
	u := lz.u[pl.lo:pl.hi]
	copy(u, w[pl.lo:pl.hi])
	for i, x := range w[pl.mem:pl.end] {
		u[i] += x
	}
}

// both returns where the players' directions are taken: the discriminator's at the state,
// the generator's at ψ' of the noise-free step, or at the state too.
func (lz *linearizer) both(state []float64) (d, g configuration) {
	t := lz.Trainer
	d = configuration{t.Psi(state), t.Theta(state)}
	if lz.joint {
		return d, d
	}
	t.directionD(d.psi, d.theta)
	t.dis.opt.Rule.Step(t.Psi(lz.next), lz.next[t.dis.mem:t.dis.end], d.psi, state[t.dis.mem:t.dis.end], t.dis.dir, 0, nil)
	return d, configuration{t.Psi(lz.next), d.theta}
}

func (lz *linearizer) check(a, b, c []float64) {
	if len(a) != lz.state || len(b) != lz.state || len(c) != lz.state {
		panic("gan: linearizer: wrong length of state or vector")
	}
}
