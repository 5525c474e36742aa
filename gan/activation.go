package gan

import (
	"fmt"
	"math"

	"machlup/internal/num"
)

// An Activation is the elementwise nonlinearity σ of the hidden layers, on whole slices so
// that no call is made inside a loop. x is the pre-activation and y = σ(x).
type Activation interface {
	Name() string
	// Apply writes y = σ(x); y may be x.
	Apply(y, x []float64)
	// Grad writes dx = σ′(x)·dy; dx may be dy.
	Grad(dx, dy, x, y []float64)
	// Curvature adds σ″(x)·rx·dy to dst; for piecewise linear σ it does nothing.
	Curvature(dst, dy, rx, x, y []float64)
	// InPlace reports that Grad and Curvature read y only, so x and y may share storage.
	InPlace() bool
}

// A fusedLayer is an Activation that computes σ(x·wᵀ + bias) in one pass, and backwards
// σ′(y)∘(dy·w), y being the output of the layer before.
type fusedLayer interface {
	layer(y, x, w, bias []float64, batch, out, in int)
	gradInput(dx, dy, w, y []float64, batch, out, in int)
}

// NewActivation returns tanh, relu, leaky-relu (of the given slope in [0,1] for x < 0) or
// softplus. slope is ignored by the others. At the kink σ′(0) is PyTorch's: 0 for relu,
// slope for leaky-relu.
func NewActivation(name string, slope float64) (Activation, error) {
	switch name {
	case "tanh":
		return tanhActivation{}, nil
	case "relu":
		return leakyReLU{name: name}, nil
	case "leaky-relu":
		if !(slope >= 0 && slope <= 1) {
			return nil, fmt.Errorf("gan: leaky-relu slope is %v, allowed are [0, 1]", slope)
		}
		return leakyReLU{name: name, slope: slope}, nil
	case "softplus":
		return softplusActivation{}, nil
	}
	return nil, fmt.Errorf("gan: activation %q is unknown, allowed are tanh, relu, leaky-relu, softplus", name)
}

// leakyReLU is relu when slope is 0. Its output has the sign of its input (slope ≥ 0 sends
// no negative x to y > 0), so y stands in for x.
type leakyReLU struct {
	name  string
	slope float64
}

func (a leakyReLU) Name() string                      { return a.name }
func (a leakyReLU) Apply(y, x []float64)              { num.LeakyReLU(y, x, a.slope) }
func (a leakyReLU) Grad(dx, dy, _, y []float64)       { num.LeakyReLUGrad(dx, dy, y, a.slope) }
func (a leakyReLU) Curvature(_, _, _, _, _ []float64) {}
func (a leakyReLU) InPlace() bool                     { return true }
func (a leakyReLU) layer(y, x, w, b []float64, batch, o, i int) {
	num.LinearLeakyReLU(y, x, w, b, batch, o, i, a.slope)
}
func (a leakyReLU) gradInput(dx, dy, w, y []float64, batch, o, i int) {
	num.LinearGradInputLeakyReLU(dx, dy, w, y, batch, o, i, a.slope)
}

type tanhActivation struct{}

func (tanhActivation) Name() string                { return "tanh" }
func (tanhActivation) Apply(y, x []float64)        { num.Tanh(y, x) }
func (tanhActivation) Grad(dx, dy, _, y []float64) { num.TanhGrad(dx, dy, y) }
func (tanhActivation) InPlace() bool               { return true }
func (tanhActivation) Curvature(dst, dy, rx, _, y []float64) {
	for i, t := range y {
		dst[i] -= 2 * t * (1 - t*t) * rx[i] * dy[i]
	}
}

type softplusActivation struct{}

func (softplusActivation) Name() string                { return "softplus" }
func (softplusActivation) Apply(y, x []float64)        { num.Softplus(y, x) }
func (softplusActivation) Grad(dx, dy, x, _ []float64) { num.SoftplusGrad(dx, dy, x) }
func (softplusActivation) InPlace() bool               { return false }
func (softplusActivation) Curvature(dst, dy, rx, x, _ []float64) {
	for i, v := range x {
		e := math.Exp(-math.Abs(v))
		s := e / ((1 + e) * (1 + e)) // σ(v)·σ(−v)
		dst[i] += s * rx[i] * dy[i]
	}
}
