package gan

import (
	"fmt"
	"math"

	"machlup/internal/num"
)

// mixedStages differentiates a forward and backward pass twice, along two directions:
// 1 = (0, u) moves the inputs alone, 2 = (v, dx) moves parameters and inputs, and the inputs
// have the mixed derivative u₂. With subscripts for derivatives along them,
//
//	h₁₂ = y₁₂W + y₁V,  y₁₂ = σ′h₁₂ + σ″h₁h₂
//	δ₁₂ = σ′dy₁₂ + σ″(h₁dy₂ + h₂dy₁ + h₁₂dy) + σ‴h₁h₂dy,   dy₁₂ = δ₁₂W + δ₁V,
//
// for a cotangent of the outputs that does not move. So the Hessian of a function of ∇ₓD
// times a vector is exact: the third derivatives of the network.
type mixedStages struct {
	p           *pass
	rx, ry, rd  [][]float64 // direction 2, in the places of the pass's own
	x12, y12    [][]float64
	d12         [][]float64
	dy1, dy2    []float64 // [cap×widest]
	v, dx       []float64 // direction 2
	u, u2, zero []float64
}

// mixedDerivatives is what a second derivative of a function of ∇ₓD takes: mixedStages of a
// perceptron, or those of a Linear.
type mixedDerivatives interface {
	second(v, dx []float64)
	run(params, u, u2 []float64)
	gradient(grad []float64)
	inputCotangent(dst, params []float64)
}

// mixedOf returns the mixed stages of a network; it refuses, with the reason, what has none.
func mixedOf(p stages) (mixedDerivatives, error) {
	switch p := p.(type) {
	case *pass:
		return newMixedStages(p)
	case *linearPass:
		return &linearMixed{p: p}, nil
	}
	return nil, fmt.Errorf("the network has no third derivatives here")
}

// newMixedStages refuses, with the reason, an activation without a third derivative.
func newMixedStages(p *pass) (*mixedStages, error) {
	if err := p.net.thriceDifferentiable(); err != nil {
		return nil, err
	}
	p.enableTangents()
	m := &mixedStages{p: p, rx: p.hidden(), ry: p.hidden(), rd: append(p.hidden(), nil),
		x12: p.hidden(), y12: p.hidden(), d12: append(p.hidden(), nil)}
	widest := 0
	for _, w := range p.net.dims {
		widest = max(widest, w)
	}
	m.dy1, m.dy2 = make([]float64, p.cap*widest), make([]float64, p.cap*widest)
	m.zero = make([]float64, p.cap*p.net.Out())
	return m, nil
}

// second keeps the tangents along (v, dx) that the pass has just computed, with those of the
// cotangents.
func (m *mixedStages) second(v, dx []float64) {
	p := m.p
	m.rx, p.rx = p.rx, m.rx
	m.ry, p.ry = p.ry, m.ry
	m.rd, p.rd = p.rd, m.rd
	m.v, m.dx = v, dx
}

// run computes the mixed derivatives after second, and after the pass's tangent and
// tangentCotangents along (0, u).
func (m *mixedStages) run(params, u, u2 []float64) {
	m.u, m.u2 = u, u2
	p, act := m.p, m.p.net.act
	last := p.net.layers() - 1
	for l := range last {
		n := p.rows * p.net.dims[l+1]
		x12, y12 := m.x12[l][:n], m.y12[l][:n]
		m.product(x12, m.input12(l), m.input1(l), params, l, false)
		x, y := p.inUse(p.x, l), p.inUse(p.y, l)
		act.Grad(y12, x12, x, y)
		act.Curvature(y12, p.rx[l][:n], m.rx[l][:n], x, y)
	}
	m.d12[last] = m.zero
	for l := last; l > 0; l-- {
		n := p.rows * p.net.dims[l]
		d12, dy1, dy2, dy := m.d12[l-1][:n], m.dy1[:n], m.dy2[:n], p.dy[l-1][:n]
		m.product(dy1, p.rd[l], nil, params, l, true)
		m.product(dy2, m.rd[l], p.d[l], params, l, true)
		m.product(d12, m.d12[l], p.rd[l], params, l, true)
		x, y := p.inUse(p.x, l-1), p.inUse(p.y, l-1)
		x1, x2, x12 := p.rx[l-1][:n], m.rx[l-1][:n], m.x12[l-1][:n]
		act.Grad(d12, d12, x, y)
		act.Curvature(d12, dy2, x1, x, y)
		act.Curvature(d12, dy1, x2, x, y)
		act.Curvature(d12, dy, x12, x, y)
		act.(thirdDerivative).third(d12, dy, x1, x2, x, y)
	}
}

// product writes aW + bV of layer l, or with W and V transposed backwards; b may be nil.
func (m *mixedStages) product(dst, a, b, params []float64, l int, back bool) {
	p := m.p
	in, out := p.net.dims[l], p.net.dims[l+1]
	to, from := out, in
	if back {
		to, from = in, out
	}
	w, _ := p.net.layer(params, l)
	num.Gemm(false, !back, p.rows, to, from, 1, a, from, w, in, 0, dst, to)
	if m.v != nil && b != nil {
		vw, _ := p.net.layer(m.v, l)
		num.Gemm(false, !back, p.rows, to, from, 1, b, from, vw, in, 1, dst, to)
	}
}

// input1, input2 and input12 return the derivatives of the input of layer l; nil is zero.
func (m *mixedStages) input1(l int) []float64 {
	if l == 0 {
		return m.u
	}
	return m.p.ry[l-1]
}

func (m *mixedStages) input2(l int) []float64 {
	if l == 0 {
		return m.dx
	}
	return m.ry[l-1]
}

func (m *mixedStages) input12(l int) []float64 {
	if l == 0 {
		return m.u2
	}
	return m.y12[l-1]
}

// gradient writes the mixed derivative of the parameter gradient.
func (m *mixedStages) gradient(grad []float64) {
	p := m.p
	for l := range p.net.layers() {
		w, b := p.net.layer(grad, l)
		in, out := p.net.dims[l], p.net.dims[l+1]
		beta := 0.0
		for _, f := range [4][2][]float64{{m.d12[l], p.input(l)}, {p.rd[l], m.input2(l)}, {m.rd[l], m.input1(l)}, {p.d[l], m.input12(l)}} {
			if f[1] == nil {
				continue
			}
			num.Gemm(true, false, out, in, p.rows, 1, f[0], out, f[1], in, beta, w, in)
			beta = 1
		}
		num.ColSum(b, m.d12[l], p.rows, out, 0)
	}
}

// inputCotangent writes the mixed derivative of the cotangents of the inputs.
func (m *mixedStages) inputCotangent(dst, params []float64) {
	m.product(dst, m.d12[0], m.p.rd[0], params, 0, true)
}

// A thirdDerivative is an Activation that adds σ‴(x)·r1·r2·dy to dst.
type thirdDerivative interface {
	third(dst, dy, r1, r2, x, y []float64)
}

// thriceDifferentiable says why third derivatives are not available, nil if they are.
func (m *MLP) thriceDifferentiable() error {
	if _, ok := m.act.(thirdDerivative); !ok && m.act != nil {
		return fmt.Errorf("activation %q has no third derivative here", m.act.Name())
	}
	return nil
}

func (leakyReLU) third(_, _, _, _, _, _ []float64) {}

func (tanhActivation) third(dst, dy, r1, r2, _, y []float64) {
	for i, t := range y {
		dst[i] += 2 * (1 - t*t) * (3*t*t - 1) * r1[i] * r2[i] * dy[i]
	}
}

func (softplusActivation) third(dst, dy, r1, r2, x, _ []float64) {
	for i, v := range x {
		e := math.Exp(-math.Abs(v))
		s := e / ((1 + e) * (1 + e))         // σ(v)·σ(−v)
		odd := math.Copysign((1-e)/(1+e), v) // 2σ(v) − 1
		dst[i] -= s * odd * r1[i] * r2[i] * dy[i]
	}
}
