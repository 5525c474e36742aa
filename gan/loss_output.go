package gan

import (
	"fmt"
	"math"
)

// An Output is the last nonlinearity of a discriminator: "linear" (or ""), "sigmoid" or
// "tanh". It belongs to the loss, which sees V = o(a) of the network's output a, so that
// Jacobians, metrics and penalties are those of a.
type Output string

// An OutputLoss is a Loss that can say what becomes of it behind a bounded output.
type OutputLoss interface {
	Loss
	// WithOutput returns the loss as a function of the network's output a where the
	// discriminator is o(a), or why that is no sensible game.
	WithOutput(o Output) (Loss, error)
}

// WithOutput returns the loss of a discriminator whose last nonlinearity is o.
func WithOutput(l Loss, o Output) (Loss, error) {
	switch o {
	case "", "linear":
		return l, nil
	case "sigmoid", "tanh":
	default:
		return nil, fmt.Errorf("gan: output %q is unknown, allowed are linear, sigmoid, tanh", string(o))
	}
	b, ok := l.(OutputLoss)
	if !ok {
		return nil, fmt.Errorf("gan: loss %q does not implement WithOutput, so output %q has no meaning for it; use \"linear\"", l.Name(), string(o))
	}
	bounded, err := b.WithOutput(o)
	if err != nil {
		return nil, fmt.Errorf("gan: output %q does not go with loss %q: %w", string(o), l.Name(), err)
	}
	return bounded, nil
}

// span is the width of the output's range.
func (o Output) span() float64 {
	switch o {
	case "sigmoid":
		return 1
	case "tanh":
		return 2
	}
	return math.Inf(1)
}

// at returns o(a), o′(a) and o″(a).
func (o Output) at(a float64) (y, d, dd float64) {
	switch o {
	case "sigmoid":
		e := math.Exp(-math.Abs(a))
		d = e / ((1 + e) * (1 + e))
		y = 1 / (1 + e)
		if a < 0 {
			y = e / (1 + e)
		}
		return y, d, d * (1 - 2*y)
	case "tanh":
		y = math.Tanh(a)
		d = (1 - y) * (1 + y)
		return y, d, -2 * y * d
	}
	return a, 1, 0
}
