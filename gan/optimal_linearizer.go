package gan

import (
	"fmt"

	"machlup/langevin"
)

// Linearizer returns the exact derivative of the noise-free step on the quenched latents,
// for the plain gradient with the sgd or momentum rule and isotropic noise or none. The value
// is also the trainer's Map; it shares its working storage. It refuses the rest with the
// reason.
func (o *Optimal) Linearizer() (langevin.Linearizer, error) {
	if !o.quenched() {
		return nil, fmt.Errorf("gan: noise kind %q has no linearisation about ξ = 0: inputs of zero are not a typical batch; use kind injected or none", o.cfg.Noise.Kind)
	}
	eta, beta, err := o.gen.opt.Rule.Linear()
	if err != nil {
		return nil, fmt.Errorf("gan: the step of the generator has no exact linearisation here: %w", err)
	}
	if o.gen.opt.Direction.Natural {
		return nil, fmt.Errorf("gan: the exact linearisation of optimizer %q is not available, it needs the derivative of F⁻¹; use sgd or momentum", o.gen.opt.Name)
	}
	return &optimalLinearizer{Optimal: o, eta: eta, beta: beta, hv: make([]float64, o.gen.hi), c: make([]float64, o.gen.hi)}, nil
}

// An optimalLinearizer differentiates v' = βv − η∇U(x), x' = x + v' (v absent without
// memory).
type optimalLinearizer struct {
	*Optimal
	eta, beta float64
	hv, c     []float64
}

// JVP writes M·v.
func (l *optimalLinearizer) JVP(dst, state, v []float64) {
	n := l.gen.hi
	l.u.HessVec(l.hv, state[:n], v[:n])
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
	l.u.HessVec(l.hv, state[:n], l.c)
	for i, h := range l.hv {
		dst[i] = w[i] - l.eta*h
	}
	scaled(dst[n:], l.beta, l.c[:len(dst)-n])
}

// NoiseVJP writes Lᵀ·w.
func (l *optimalLinearizer) NoiseVJP(dst, _, w []float64) {
	if len(dst) != l.inputs {
		panic("gan: NoiseVJP: dst has the wrong length")
	}
	l.velocity(w)
	scaled(dst, l.gen.s, l.c[:len(dst)])
}

// NoiseJVP writes L·xi.
func (l *optimalLinearizer) NoiseJVP(dst, _, xi []float64) {
	if len(xi) != l.inputs {
		panic("gan: NoiseJVP: xi has the wrong length")
	}
	clear(dst)
	scaled(dst[:len(xi)], l.gen.s, xi)
	copy(dst[l.gen.hi:], dst[:l.gen.hi])
}

// velocity leaves the cotangent of the step x' − x in c: that of x' plus that of v'.
func (l *optimalLinearizer) velocity(w []float64) {
	copy(l.c, w[:l.gen.hi])
	for i, x := range w[l.gen.hi:] {
		l.c[i] += x
	}
}
