package pathint

import (
	"fmt"
	"math"

	"machlup/internal/num"
	"machlup/langevin"
)

// Innovation is the action ½Σ|ξ|² in a map's own standard normal inputs: any optimizer,
// any memory, true minibatches. A slice is the map's whole state; a change at step k
// re-simulates the steps k..K−1. The reference is the action itself.
//
// For injected noise its minimum ξ = 0 is the noise-free trajectory; for minibatches the
// minimum means nothing and only ratios of Z do.
type Innovation struct {
	m     langevin.Map
	terms []Term

	adjoint    langevin.AdjointRecurrence // of the map's drift; nil with the reason in adjointErr
	adjointErr error
	blocks     []langevin.Block
	mix, back  []float64 // scratch of Gradient, n each
}

// NewInnovation returns the action of a map.
func NewInnovation(m langevin.Map) (*Innovation, error) {
	if m.Inputs() < 1 {
		return nil, fmt.Errorf("pathint: innovation: the map draws no random inputs, so its path is deterministic; give it noise")
	}
	a := &Innovation{m: m, terms: []Term{{Name: "quadratic", Scaled: 1, ReferenceScaled: 1}}}
	a.findAdjoint()
	return a, nil
}

func (a *Innovation) Name() string             { return "innovation" }
func (a *Innovation) Coordinates() Coordinates { return Innovations }
func (a *Innovation) Config() int              { return a.m.Config() }
func (a *Innovation) Width() int               { return a.m.Dim() }
func (a *Innovation) Inputs() int              { return a.m.Inputs() }
func (a *Innovation) Blocks() int              { return 1 }
func (a *Innovation) Cached() int              { return 0 }
func (a *Innovation) Terms() []Term            { return a.terms }
func (a *Innovation) Degrees() int             { return a.m.Inputs() }

func (a *Innovation) Init(slice, q0 []float64) { a.m.Init(slice, q0) }

func (a *Innovation) Reach(c Change, steps int) (lo, hi int) { return max(c.Lo, 0), c.Hi }

func (a *Innovation) Update(p *Path, c Change) {
	from := max(c.Lo, 0) // −1: the start itself
	for k := from; k < p.steps; k++ {
		a.m.Step(p.Slice(k+1), p.Slice(k), p.Input(k))
		if k < c.Hi {
			p.Terms(k)[0] = 0.5 * num.Norm2(p.Input(k)) // now that the step has fetched them
		}
	}
	p.cost.Steps += int64(p.steps - from)
}

func (a *Innovation) Simulate(p *Path, scale float64, src Source) error {
	for _, xi := range p.xi {
		src.Normals(xi)
		for i := range xi {
			xi[i] *= scale
		}
	}
	return nil
}

// Uniforms appends Φ(√κ ξ) for every input.
func (a *Innovation) Uniforms(dst []float64, p *Path, kappa float64) []float64 {
	for _, xi := range p.xi {
		for _, x := range xi {
			dst = append(dst, normalCDF(math.Sqrt(kappa)*x))
		}
	}
	return dst
}
