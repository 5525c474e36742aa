package gan

import (
	"fmt"
	"slices"

	"machlup/langevin"
)

// Linearizer returns the exact derivative of the noise-free step on the quenched batch, for
// dynamics alternating (k = 1) and simultaneous, any rule of the catalogue on plain
// directions or natural ones in the l2 metric, and every noise on a quenched batch:
// minibatch-gaussian, injected (isotropic, or metric in the l2 metric), their sum, or none.
// Counters in the optimizers' memory are held fixed, as noise does not reach them. The value is
// also the trainer's Map; it shares the trainer's working storage. It refuses the rest with
// the reason.
func (t *Trainer) Linearizer() (langevin.Linearizer, error) {
	if t.cfg.Noise.minibatch() {
		return nil, fmt.Errorf("gan: noise kind %q has no linearisation about ξ = 0: inputs of zero are not a typical batch; see BatchLinearizer, or use kind minibatch-gaussian, injected or none", t.cfg.Noise.Kind)
	}
	return t.linearizer()
}

// BatchLinearizer returns the derivative of the step by the state on a given minibatch, which
// linear-noise theory of true minibatches averages. It is as Linearizer else.
func (t *Trainer) BatchLinearizer() (langevin.BatchLinearizer, error) {
	switch {
	case !t.cfg.Noise.minibatch():
		return nil, fmt.Errorf("gan: noise kind %q has no minibatches; see Linearizer", t.cfg.Noise.Kind)
	case t.cfg.Noise.epochs():
		return nil, fmt.Errorf("gan: batches of noise kind %q are correlated over an epoch, which linear-noise theory by steps does not have; use kind minibatch", t.cfg.Noise.Kind)
	}
	lz, err := t.linearizer()
	if err != nil {
		return nil, err
	}
	return &batchLinearizer{lz, make([]float64, t.fresh)}, nil
}

func (t *Trainer) linearizer() (*linearizer, error) {
	lz := &linearizer{Trainer: t, joint: t.play.joint()}
	for b, pl := range []*player{t.dis, t.gen} {
		if err := pl.differentiable(); err != nil {
			return nil, err
		}
		rule, err := asSmooth(pl.opt.Rule)
		if err != nil {
			return nil, fmt.Errorf("gan: the step of the %s has no exact linearisation here: %w", pl.name, err)
		}
		if _, ok := pl.metric.(transposable); pl.ownF && !ok {
			return nil, fmt.Errorf("gan: the noise of the %s in the metric %q has no linearisation here; use the l2 metric or isotropic noise", pl.name, pl.opt.Direction.Metric)
		}
		lz.rule[b], lz.step[b] = rule, newRuleDerivative(rule, pl.hi-pl.lo)
	}
	var err error
	if lz.slope, err = newDirectionDerivative(t); err == nil {
		err = lz.slope.tangents()
	}
	if err != nil {
		return nil, fmt.Errorf("gan: the step's linearisation: %w", err)
	}
	lz.next = make([]float64, t.state)
	for _, v := range []*[]float64{&lz.hv, &lz.wd, &lz.wn, &lz.sum, &lz.noise} {
		*v = make([]float64, t.n)
	}
	return lz, nil
}

// A transposable metric has the transpose of sample: xi = Sᵀw.
type transposable interface {
	sampleTransposed(xi, params, w []float64)
}

// A linearizer differentiates the step
//
//	(ψ', memory') = rule_D(ψ, memory, y_D(ψ,θ)),
//	(θ', memory') = rule_G(θ, memory, y_G(ψ',θ))   (y_G(ψ,θ) when simultaneous),
//
// y_D and y_G being the players' directions.
type linearizer struct {
	*Trainer
	rule  [2]smoothRule
	step  [2]*ruleDerivative // of the rules, at memo
	joint bool               // the generator sees ψ, not ψ'
	slope *directionDerivative
	memo  []float64 // state at which next and step are; nil for none
	next  []float64 // noise-free step
	hv    []float64 // [ψ|θ] derivatives of directions
	wd    []float64 // [ψ|θ] cotangents of the directions
	wn    []float64 // [ψ|θ] cotangents of the noise s·w
	sum   []float64 // [ψ|θ] cotangents of ψ' and θ'
	noise []float64 // [ψ|θ]
	reg   []float64 // [state] memories that are not asked for

	scratch []float64 // [longest of ψ and θ] of minibatch-gaussian
}

// JVP writes M·v.
func (lz *linearizer) JVP(dst, state, v []float64) {
	lz.check(dst, state, v)
	lz.push(dst, state, v, nil)
}

// NoiseJVP writes L·xi; len(xi) = Inputs().
func (lz *linearizer) NoiseJVP(dst, state, xi []float64) {
	if len(xi) != lz.inputs {
		panic("gan: NoiseJVP: xi has the wrong length")
	}
	lz.check(dst, state, dst)
	lz.push(dst, state, nil, xi)
}

// push carries a tangent of the state and one of the inputs, nil for zero, through the step.
func (lz *linearizer) push(dst, state, v, xi []float64) {
	t := lz.Trainer
	at := lz.both(state)
	for b, pl := range []*player{t.dis, t.gen} {
		var p, m, vPsi, vTheta []float64
		if v != nil {
			p, m = v[pl.lo:pl.hi], v[pl.mem:pl.end]
			vPsi, vTheta = t.Psi(v), t.Theta(v)
		}
		if b == 1 && !lz.joint {
			vPsi = t.Psi(dst)
		}
		hv := lz.hv[pl.lo:pl.hi]
		clear(hv)
		if vPsi != nil || vTheta != nil {
			lz.slope.tangent(hv, b, at[b], vPsi, vTheta)
			copy(lz.hv[pl.lo:pl.hi], hv)
		}
		lz.step[b].tangent(dst[pl.lo:pl.hi], dst[pl.mem:pl.end], p, m, hv, lz.pushNoise(b, state, at[b], xi))
	}
}

// pushNoise returns the tangent of player b's noise s·w and adds that of its direction to hv.
func (lz *linearizer) pushNoise(b int, state []float64, at configuration, xi []float64) []float64 {
	pl := lz.player(b)
	if xi == nil {
		return nil
	}
	if lz.cfg.Noise.gaussian() {
		lz.gaussianTangent(lz.hv[pl.lo:pl.hi], b, at, xi)
	}
	if pl.s == 0 {
		return nil
	}
	w := xi[pl.xi:pl.xiEnd]
	if pl.ownF {
		lz.slope.follow(b, configuration{lz.Psi(state), lz.Theta(state)})
		pl.metric.sample(pl.noise, state[pl.lo:pl.hi], w)
		w = pl.noise
	}
	out := lz.noise[pl.lo:pl.hi]
	scaled(out, pl.s, w)
	return out
}

// VJP writes Mᵀ·w.
func (lz *linearizer) VJP(dst, state, w []float64) {
	lz.check(dst, state, w)
	t := lz.Trainer
	at := lz.both(state)
	lz.cotangents(dst, at, w)
	lz.slope.adjoint(lz.hv, 0, at[0], t.Psi(lz.wd))
	for i, h := range lz.hv {
		dst[i] = lz.sum[i] + h
	}
}

// NoiseVJP writes Lᵀ·w: the injected noise is an input of the rules, in the metric through
// its factor at the state; that of minibatch-gaussian is in the directions.
func (lz *linearizer) NoiseVJP(dst, state, w []float64) {
	if len(dst) != lz.inputs {
		panic("gan: NoiseVJP: dst has the wrong length")
	}
	lz.check(w, state, w)
	at := lz.both(state)
	if lz.reg == nil {
		lz.reg = make([]float64, lz.state)
	}
	lz.cotangents(lz.reg, at, w)
	for b, pl := range []*player{lz.dis, lz.gen} {
		if lz.cfg.Noise.gaussian() {
			lz.gaussianAdjoint(dst, b, at[b], lz.wd[pl.lo:pl.hi])
		}
		if pl.s == 0 {
			clear(dst[pl.xi:pl.xiEnd])
			continue
		}
		xi, u := dst[pl.xi:pl.xiEnd], lz.wn[pl.lo:pl.hi]
		if pl.ownF {
			lz.slope.follow(b, configuration{lz.Psi(state), lz.Theta(state)})
			pl.metric.(transposable).sampleTransposed(xi, state[pl.lo:pl.hi], u)
			u = xi
		}
		scaled(xi, pl.s, u)
	}
}

// cotangents pulls w back to the directions (wd), the noises (wn), the memories (in dst) and
// to what of (ψ, θ) does not pass through y_D (sum).
func (lz *linearizer) cotangents(dst []float64, at [2]configuration, w []float64) {
	d, g := lz.dis, lz.gen
	copy(lz.sum, w[:lz.n])
	lz.step[1].adjoint(lz.wd[g.lo:g.hi], lz.wn[g.lo:g.hi], dst[g.mem:g.end], w[g.lo:g.hi], w[g.mem:g.end])
	lz.slope.adjoint(lz.hv, 1, at[1], lz.Theta(lz.wd))
	if lz.joint { // y_G sees ψ: u_D does not reach it
		lz.step[0].adjoint(lz.wd[d.lo:d.hi], lz.wn[d.lo:d.hi], dst[d.mem:d.end], w[d.lo:d.hi], w[d.mem:d.end])
	}
	for i, h := range lz.hv {
		lz.sum[i] += h
	}
	if !lz.joint {
		lz.step[0].adjoint(lz.wd[d.lo:d.hi], lz.wn[d.lo:d.hi], dst[d.mem:d.end], lz.Psi(lz.sum), w[d.mem:d.end])
	}
}

// both returns where the players' directions are taken, the discriminator's at the state, the
// generator's at ψ' of the noise-free step or at the state too, and leaves the derivatives of
// the rules there in step.
func (lz *linearizer) both(state []float64) [2]configuration {
	t := lz.Trainer
	d := configuration{t.Psi(state), t.Theta(state)}
	at := [2]configuration{d, d}
	if !lz.joint {
		at[1].psi = t.Psi(lz.next)
	}
	if lz.memo != nil && slices.Equal(lz.memo, state) {
		return at
	}
	lz.memo = append(lz.memo[:0], state...)
	for b, pl := range []*player{t.dis, t.gen} {
		moves := b == 0 && !lz.joint
		if moves || !lz.rule[b].affine() {
			lz.slope.follow(b, at[b])
		}
		lz.rule[b].partials(lz.step[b], state[pl.mem:pl.end], pl.dir)
		if moves {
			pl.opt.Rule.Step(t.Psi(lz.next), lz.next[pl.mem:pl.end], d.psi, state[pl.mem:pl.end], pl.dir, 0, nil)
		}
	}
	return at
}

func (lz *linearizer) check(a, b, c []float64) {
	if len(a) != lz.state || len(b) != lz.state || len(c) != lz.state {
		panic("gan: linearizer: wrong length of state or vector")
	}
}

// A batchLinearizer is a linearizer on a batch given by its inputs.
type batchLinearizer struct {
	*linearizer
	xi []float64 // the batch
}

// OnBatch chooses the batch by the inputs of a step; injected noise in them is left out.
func (lz *batchLinearizer) OnBatch(xi []float64) {
	if len(xi) != lz.inputs {
		panic("gan: OnBatch: xi has the wrong length")
	}
	copy(lz.xi, xi)
	lz.memo = nil
}

// Each product takes the batch anew: a Step between may have had another.

// JVP writes M·v on the batch.
func (lz *batchLinearizer) JVP(dst, state, v []float64) {
	lz.batch(lz.xi, 0)
	lz.linearizer.JVP(dst, state, v)
}

// VJP writes Mᵀ·w on the batch.
func (lz *batchLinearizer) VJP(dst, state, w []float64) {
	lz.batch(lz.xi, 0)
	lz.linearizer.VJP(dst, state, w)
}

// NoiseVJP writes the cotangent of the injected noise; that of the batch is not defined and 0.
func (lz *batchLinearizer) NoiseVJP(dst, state, w []float64) {
	lz.batch(lz.xi, 0)
	clear(dst)
	lz.linearizer.NoiseVJP(dst, state, w)
}
