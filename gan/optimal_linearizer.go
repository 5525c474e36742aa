package gan

import (
	"fmt"

	"machlup/langevin"
)

// Linearizer returns the exact derivative of the noise-free step on the quenched latents,
// for the sgd or momentum rule on the plain gradient or the natural one in the l2 metric, with
// injected noise (isotropic, or metric in the l2 metric) or none. The value is also the
// trainer's Map; it shares its working storage. It refuses the rest with the reason.
func (o *Optimal) Linearizer() (langevin.Linearizer, error) {
	if !o.quenched() {
		return nil, fmt.Errorf("gan: noise kind %q has no linearisation about ξ = 0: inputs of zero are not a typical batch; use kind injected or none", o.cfg.Noise.Kind)
	}
	eta, beta, err := o.gen.opt.Rule.Linear()
	if err != nil {
		return nil, fmt.Errorf("gan: the step of the generator has no exact linearisation here: %w", err)
	}
	if _, ok := o.gen.metric.(transposable); o.gen.ownF && !ok {
		return nil, fmt.Errorf("gan: the noise of the generator in the metric %q has no linearisation here; use the l2 metric or isotropic noise", o.gen.opt.Direction.Metric)
	}
	if err := o.gen.differentiable(); err != nil {
		return nil, err
	}
	slope, err := newOptimalSlope(o)
	if err == nil {
		err = slope.tangents()
	}
	if err != nil {
		return nil, fmt.Errorf("gan: the step's linearisation: %w", err)
	}
	n := o.gen.hi
	return &optimalLinearizer{Optimal: o, eta: eta, beta: beta, slope: slope, hv: make([]float64, n), c: make([]float64, n)}, nil
}

// An optimalLinearizer differentiates v' = βv − η·direction(x), x' = x + v' (v absent without
// memory).
type optimalLinearizer struct {
	*Optimal
	eta, beta float64
	slope     *optimalSlope
	hv, c     []float64
}

// JVP writes M·v.
func (l *optimalLinearizer) JVP(dst, state, v []float64) {
	n := l.gen.hi
	l.slope.tangent(l.hv, state[:n], v[:n])
	m, rm := dst[n:], v[n:]
	for i, h := range l.hv {
		step := -l.eta * h
		if len(m) > 0 {
			step += l.beta * rm[i]
			m[i] = step
		}
		dst[i] = v[i] + step
	}
}

// VJP writes Mᵀ·w.
func (l *optimalLinearizer) VJP(dst, state, w []float64) {
	n := l.gen.hi
	l.velocity(w)
	l.slope.adjoint(l.hv, state[:n], l.c)
	for i, h := range l.hv {
		dst[i] = w[i] - l.eta*h
	}
	scaled(dst[n:], l.beta, l.c[:len(dst)-n])
}

// NoiseVJP writes Lᵀ·w.
func (l *optimalLinearizer) NoiseVJP(dst, state, w []float64) {
	if len(dst) != l.inputs {
		panic("gan: NoiseVJP: dst has the wrong length")
	}
	l.velocity(w)
	if l.gen.ownF {
		theta := l.direction(state[:l.gen.hi], l.z)
		hadamard(l.c, l.c, l.sign)
		l.gen.metric.(transposable).sampleTransposed(dst, theta, l.c)
		scaled(dst, l.gen.s, dst)
		return
	}
	scaled(dst, l.gen.s, l.c[:len(dst)])
}

// NoiseJVP writes L·xi.
func (l *optimalLinearizer) NoiseJVP(dst, state, xi []float64) {
	if len(xi) != l.inputs {
		panic("gan: NoiseJVP: xi has the wrong length")
	}
	n := l.gen.hi
	clear(dst)
	switch {
	case l.gen.ownF:
		theta := l.direction(state[:n], l.z)
		l.gen.metric.sample(dst[:n], theta, xi)
		hadamard(dst[:n], dst[:n], l.sign)
		scaled(dst[:n], l.gen.s, dst[:n])
	case l.gen.s > 0:
		scaled(dst[:n], l.gen.s, xi)
	}
	copy(dst[n:], dst[:n])
}

// velocity leaves the cotangent of the step x' − x in c: that of x' plus that of v'.
func (l *optimalLinearizer) velocity(w []float64) {
	copy(l.c, w[:l.gen.hi])
	for i, x := range w[l.gen.hi:] {
		l.c[i] += x
	}
}
