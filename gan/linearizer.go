package gan

import (
	"fmt"

	"machlup/langevin"
)

// Linearizer returns the exact derivative of the noise-free step on the quenched batch, for
// players with plain directions and the sgd or momentum rule, isotropic injected noise or
// none. The value is also the trainer's Map; it shares the trainer's working storage. It
// refuses the rest with the reason.
func (t *Trainer) Linearizer() (langevin.Linearizer, error) {
	if t.cfg.Noise.minibatch() {
		return nil, fmt.Errorf("gan: noise kind %q has no linearisation about ξ = 0: inputs of zero are not a typical batch; use kind injected or none", t.cfg.Noise.Kind)
	}
	for i := range t.regs {
		if err := t.regs[i].smooth(); err != nil {
			return nil, fmt.Errorf("gan: the step has no exact linearisation with regulariser %q: %w", t.regs[i].name, err)
		}
	}
	if err := t.play.linear(); err != nil {
		return nil, fmt.Errorf("gan: the exact linearisation of dynamics %q is not available: %w; use alternating or simultaneous", t.cfg.dynamics().Name(), err)
	}
	lz := &linearizer{Trainer: t, joint: t.play.joint()}
	for b, pl := range []*player{t.dis, t.gen} {
		var err error
		if lz.eta[b], lz.beta[b], err = pl.opt.Rule.Linear(); err != nil {
			return nil, fmt.Errorf("gan: the step of the %s has no exact linearisation here: %w", pl.name, err)
		}
		if pl.opt.Direction.Natural {
			return nil, fmt.Errorf("gan: the exact linearisation of optimizer %q (%s) is not available, it needs the derivative of F⁻¹; use sgd or momentum for this player", pl.opt.Name, pl.name)
		}
	}
	lz.h = newHessian(t)
	lz.next = make([]float64, t.state)
	lz.hv = make([]float64, t.n)
	lz.u = make([]float64, t.n)
	return lz, nil
}

// A linearizer differentiates the step
//
//	u_D = β v_D − η g_D(ψ,θ),   ψ' = ψ + u_D,
//	u_G = β v_G − η g_G(ψ',θ),  θ' = θ + u_G   (g_G(ψ,θ) when simultaneous),
//
// g_D = ∂L_D/∂ψ and g_G = ∂L_G/∂θ, through Hessian-vector products of L_D and L_G jointly
// in all coordinates: a tangent needs the player's own rows of ∇²L·v; a cotangent u of
// g_D needs all of ∇²L_D·(u,0), by the symmetry of ∇²L_D.
type linearizer struct {
	*Trainer
	eta, beta [2]float64
	joint     bool // the generator sees ψ, not ψ'
	h         *hessian
	next      []float64 // noise-free step
	hv        []float64 // [ψ|θ] Hessian-vector product
	u         []float64 // [ψ|θ] cotangents of u_D and u_G
}

// JVP writes M·v.
func (lz *linearizer) JVP(dst, state, v []float64) {
	lz.check(dst, state, v)
	t := lz.Trainer
	psi := lz.seen(state)
	lz.h.productD(lz.hv, state, t.Psi(v), t.Theta(v), false)
	lz.tangentStep(dst, v, t.dis, 0)
	vPsi := t.Psi(dst)
	if lz.joint {
		vPsi = t.Psi(v)
	}
	lz.h.productG(lz.hv, psi, t.Theta(state), vPsi, t.Theta(v), false)
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
	lz.h.productD(lz.hv, state, t.Psi(lz.u), nil, true)
	for i, h := range lz.hv {
		dst[i] -= lz.eta[0] * h
	}
	scaled(dst[t.dis.mem:t.dis.end], lz.beta[0], t.Psi(lz.u)[:t.dis.end-t.dis.mem])
	scaled(dst[t.gen.mem:t.gen.end], lz.beta[1], t.Theta(lz.u)[:t.gen.end-t.gen.mem])
}

// NoiseVJP writes Lᵀ·w: the injected noise enters u_D and u_G with standard deviation s.
func (lz *linearizer) NoiseVJP(dst, state, w []float64) {
	if len(dst) != lz.inputs {
		panic("gan: NoiseVJP: dst has the wrong length")
	}
	lz.check(w, state, w)
	lz.cotangents(state, w)
	for _, pl := range []*player{lz.dis, lz.gen} {
		scaled(dst[pl.xi:pl.xiEnd], pl.s, lz.u[pl.lo:pl.hi][:pl.xiEnd-pl.xi])
	}
}

// NoiseJVP writes L·xi; len(xi) = Inputs().
func (lz *linearizer) NoiseJVP(dst, state, xi []float64) {
	if len(xi) != lz.inputs {
		panic("gan: NoiseJVP: xi has the wrong length")
	}
	lz.check(dst, state, dst)
	t := lz.Trainer
	psi := lz.seen(state)
	clear(dst)
	lz.push(dst, xi, t.dis)
	if !lz.joint {
		lz.h.productG(lz.hv, psi, t.Theta(state), t.Psi(dst), nil, false)
		scaled(t.Theta(dst), -lz.eta[1], t.Theta(lz.hv))
	}
	lz.push(dst, xi, t.gen)
}

// push adds a player's noise to the tangent of its u, from there to parameters and
// velocity.
func (lz *linearizer) push(dst, xi []float64, pl *player) {
	u := dst[pl.lo:pl.hi]
	for i, x := range xi[pl.xi:pl.xiEnd] {
		u[i] += pl.s * x
	}
	copy(dst[pl.mem:pl.end], u)
}

// cotangents leaves the cotangents of u_D and u_G in u, and ∇²L_G·(0, u_G) at (ψ', θ) in
// hv, whose ψ rows are what the generator's step adds to the cotangent of ψ' (of ψ when
// simultaneous, which u_D does not reach).
func (lz *linearizer) cotangents(state, w []float64) {
	t := lz.Trainer
	psi := lz.seen(state)
	lz.velocity(w, t.gen)
	lz.h.productG(lz.hv, psi, t.Theta(state), nil, t.Theta(lz.u), true)
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

// seen returns the ψ that the generator sees: ψ' of the noise-free step, or ψ.
func (lz *linearizer) seen(state []float64) []float64 {
	t := lz.Trainer
	if lz.joint {
		return t.Psi(state)
	}
	t.directionD(t.Psi(state), t.Theta(state))
	t.dis.opt.Rule.Step(t.Psi(lz.next), lz.next[t.dis.mem:t.dis.end], t.Psi(state), state[t.dis.mem:t.dis.end], t.dis.dir, 0, nil)
	return t.Psi(lz.next)
}

func (lz *linearizer) check(a, b, c []float64) {
	if len(a) != lz.state || len(b) != lz.state || len(c) != lz.state {
		panic("gan: linearizer: wrong length of state or vector")
	}
}
