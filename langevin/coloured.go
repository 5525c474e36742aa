package langevin

import (
	"fmt"
	"math"
)

// Coloured is a Map whose normal inputs are correlated from step to step: inputs Lo ≤ i < Hi
// of the map are bζ_k instead of ξ_k, with
//
//	ζ_k = aζ_{k−1} + √(1−a²) ξ_k,   ζ_0 = ξ_0,   a = e^{−1/τ},   b² = (1−a)/(1+a),
//
// the Ornstein–Uhlenbeck process of correlation time τ (in steps) at the steps, exactly, and
// stationary from the first step on. b makes the autocovariances of bζ add up to those of
// white noise, Σ_d b²a^|d| = 1: the intensity of the noise, and so the temperature as it acts
// on what is slow, stays. On x' = (1−ηk)x + s·(noise), with r = 1−ηk,
//
//	Var x = s²b²(1+ra)/((1−r²)(1−ra)),
//
// which is T/(k(1+kητ)) for s² = 2ηT as η → 0 at fixed ητ. Hänggi and Jung, Adv. Chem.
// Phys. 89 (1995) 239.
//
// The state is that of the map, ζ, and 1 once there was a step. Coloured is a Map whatever the
// map is, driven by iid normals, so samplers of innovations run on it; its positions have no
// density of their own. It is a Linearizer if the map is one with NoiseJVP.
type Coloured struct {
	m        Map
	lin      Linearizer
	push     NoiseLinearizer
	lo, hi   int
	a, c, b  float64
	xi, back []float64 // inputs of the map, and their cotangents
	vec      []float64
}

// NewColoured colours inputs lo ≤ i < hi of m with correlation time tau > 0 in steps.
func NewColoured(m Map, lo, hi int, tau float64) (*Coloured, error) {
	if lo < 0 || hi > m.Inputs() || lo >= hi {
		return nil, fmt.Errorf("langevin: coloured noise: the map has no noise inputs to colour")
	}
	if !(tau > 0) || math.IsInf(tau, 0) {
		return nil, fmt.Errorf("langevin: coloured noise: the correlation time is %v steps: it must be finite and > 0", tau)
	}
	a := math.Exp(-1 / tau)
	c := &Coloured{m: m, lo: lo, hi: hi, a: a, c: math.Sqrt(-math.Expm1(-2 / tau)), b: math.Sqrt((1 - a) / (1 + a)),
		xi: make([]float64, m.Inputs()), back: make([]float64, m.Inputs()), vec: make([]float64, m.Dim())}
	if lin, ok := AsLinearizer(m); ok {
		c.lin = lin
		c.push, _ = lin.(NoiseLinearizer)
	}
	return c, nil
}

// Dim adds the noise and a counter to the map's state.
func (c *Coloured) Dim() int { return c.m.Dim() + c.hi - c.lo + 1 }

// Config is the map's.
func (c *Coloured) Config() int { return c.m.Config() }

// Inputs is the map's.
func (c *Coloured) Inputs() int { return c.m.Inputs() }

// Init writes the map's state; the noise begins with the first step.
func (c *Coloured) Init(state, q []float64) {
	c.m.Init(state[:c.m.Dim()], q)
	clear(state[c.m.Dim():c.Dim()])
}

// split parts a state into the map's, the noise and whether there is one yet.
func (c *Coloured) split(state []float64) (x, zeta []float64, begun bool) {
	n := c.m.Dim()
	x, zeta = state[:n:n], state[n:n+c.hi-c.lo]
	return x, zeta, state[c.Dim()-1] != 0
}

// factors are those of ζ and ξ in a step.
func (c *Coloured) factors(begun bool) (a, b float64) {
	if !begun {
		return 0, 1
	}
	return c.a, c.c
}

// Step writes the next state.
func (c *Coloured) Step(next, state, xi []float64) {
	x, zeta, begun := c.split(state)
	x1, zeta1, _ := c.split(next)
	a, s := c.factors(begun)
	copy(c.xi, xi)
	for i, z := range zeta {
		zeta1[i] = a*z + s*xi[c.lo+i]
		c.xi[c.lo+i] = c.b * zeta1[i]
	}
	c.m.Step(x1, x, c.xi)
	next[c.Dim()-1] = 1
}

// Linear tells whether the map is a Linearizer that pushes inputs forward.
func (c *Coloured) Linear() bool { return c.push != nil }

// JVP writes M·v about the trajectory without noise, ζ = 0.
func (c *Coloured) JVP(dst, state, v []float64) {
	c.lin.JVP(dst[:c.m.Dim()], state[:c.m.Dim()], v[:c.m.Dim()])
	clear(c.back)
	c.forward(dst, state, v, c.back)
}

// NoiseJVP writes L·xi.
func (c *Coloured) NoiseJVP(dst, state, xi []float64) {
	clear(dst[:c.m.Dim()])
	c.forward(dst, state, nil, xi)
}

// forward writes the tangent of the noise, from that of the state (nil for zero) and the
// inputs, and adds what it does to the map's.
func (c *Coloured) forward(dst, state, v, xi []float64) {
	_, _, begun := c.split(state)
	x1, zeta1, _ := c.split(dst)
	a, s := c.factors(begun)
	copy(c.xi, xi)
	for i := range zeta1 {
		zeta1[i] = s * xi[c.lo+i]
		if v != nil {
			zeta1[i] += a * v[c.m.Dim()+i]
		}
		c.xi[c.lo+i] = c.b * zeta1[i]
	}
	c.push.NoiseJVP(c.vec, state[:c.m.Dim()], c.xi)
	addScaled(x1, 1, c.vec)
	dst[c.Dim()-1] = 0
}

// VJP writes Mᵀ·w.
func (c *Coloured) VJP(dst, state, w []float64) {
	_, _, begun := c.split(state)
	a, _ := c.factors(begun)
	c.backward(state, w)
	_, zeta, _ := c.split(dst)
	for i := range zeta {
		zeta[i] = a * c.back[c.lo+i]
	}
	c.lin.VJP(dst[:c.m.Dim()], state[:c.m.Dim()], w[:c.m.Dim()])
	dst[c.Dim()-1] = 0
}

// NoiseVJP writes Lᵀ·w.
func (c *Coloured) NoiseVJP(dst, state, w []float64) {
	_, _, begun := c.split(state)
	_, s := c.factors(begun)
	c.backward(state, w)
	copy(dst, c.back)
	for i := c.lo; i < c.hi; i++ {
		dst[i] *= s
	}
}

// backward leaves the cotangents of the map's inputs in back, those of ζ' in place of the
// coloured ones.
func (c *Coloured) backward(state, w []float64) {
	c.lin.NoiseVJP(c.back, state[:c.m.Dim()], w[:c.m.Dim()])
	_, zeta, _ := c.split(w)
	for i, z := range zeta {
		c.back[c.lo+i] = c.b*c.back[c.lo+i] + z
	}
}
