package pathint

import (
	"fmt"
	"math"
)

// PCN is the preconditioned Crank–Nicolson move on innovations, ξ' = √(1−b²)ξ + bζ, on the
// whole path or on a window of steps (Cotter, Roberts, Stuart and White 2013). It leaves
// the Gaussian reference invariant on any mesh, so only the tilt decides. A proposal that
// starts at step k costs K−k steps of the map.
type PCN struct {
	Window int     `toml:"window" range:"[0,inf)" unit:"step" doc:"steps refreshed at once; 0: the whole path"`
	Step   float64 `toml:"step" range:"(0,1]" unit:"1" doc:"b: share of fresh noise in a proposal; the start value where warm-up adapts it"`
	Target float64 `toml:"target" range:"[0,1)" unit:"1" doc:"acceptance that warm-up adapts the step to; 0 keeps the step"`
}

func (m PCN) Name() string                   { return "pcn" }
func (m PCN) Tuning() (step, target float64) { return m.Step, m.Target }

func (m PCN) Bind(p *Path) (Kernel, error) {
	if err := needs(p, m.Name(), Innovations); err != nil {
		return nil, err
	}
	if m.Window < 0 {
		return nil, fmt.Errorf("pathint: move pcn: window %d; want 0 (whole path) or more steps", m.Window)
	}
	w := m.Window
	if w == 0 || w > p.steps {
		w = p.steps
	}
	return &pcn{window: w}, nil
}

type pcn struct{ window int }

func (m *pcn) Begin(p *Path, src Source) int { return (p.steps + m.window - 1) / m.window }

// Propose refreshes a window that overlaps the path; every step is equally likely in it.
func (m *pcn) Propose(p *Path, i int, step float64, src Source) float64 {
	lo, hi := 0, p.steps
	if m.window < p.steps {
		at := src.Intn(p.steps+m.window-1) - (m.window - 1)
		lo, hi = max(at, 0), min(at+m.window, p.steps)
	}
	return refresh(p, lo, hi, step, src)
}

// refresh proposes the inputs of steps lo … hi−1 mixed with fresh ones, reversibly with
// respect to exp(−κ½|ξ|²), and returns the log proposal ratio.
func refresh(p *Path, lo, hi int, b float64, src Source) float64 {
	p.Renew(Change{Lo: lo, Hi: hi})
	keep, gain := math.Sqrt(1-b*b), b/math.Sqrt(p.kappa)
	for k := lo; k < hi; k++ {
		xi, old := p.Input(k), p.WasInput(k)
		src.Normals(xi)
		if keep == 0 && gain == 1 {
			continue
		}
		for i, z := range xi {
			xi[i] = keep*old[i] + gain*z
		}
	}
	return p.Reference()
}
