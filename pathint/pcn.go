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
	first := p.firstInput()
	if n := p.steps - first; w == 0 || w > n {
		w = n
	}
	return &pcn{window: w, first: first, q: make([]float64, p.n)}, nil
}

type pcn struct {
	window int
	first  int       // step of the first inputs: −1 where q_0 is drawn too
	q      []float64 // q_0 of a proposal
}

func (m *pcn) Begin(p *Path, src Source) int {
	return (p.steps - m.first + m.window - 1) / m.window
}

// Propose refreshes a window that overlaps the path; every step is equally likely in it.
func (m *pcn) Propose(p *Path, i int, step float64, src Source) float64 {
	lo, hi := m.first, p.steps
	if n := hi - lo; m.window < n {
		at := m.first + src.Intn(n+m.window-1) - (m.window - 1)
		lo, hi = max(at, lo), min(at+m.window, hi)
	}
	return refresh(p, lo, hi, m.q, step, src)
}

// firstInput is the first of what a path in innovations is made from: the inputs of step 0, or
// q_0, counted as those of step −1, where it has a density.
func (p *Path) firstInput() int {
	if p.ends.density != nil {
		return -1
	}
	return 0
}

// refresh proposes the inputs of steps lo … hi−1 mixed with fresh ones, reversibly with
// respect to exp(−κ½|ξ|²), and from lo = −1 on q_0, reversibly with respect to its density. It
// returns the log proposal ratio. q0 is scratch.
func refresh(p *Path, lo, hi int, q0 []float64, b float64, src Source) float64 {
	p.Renew(Change{Lo: lo, Hi: hi})
	if lo < 0 {
		p.ends.density.(Drawable).Draw(q0, p.Slice(0)[:p.n], b, src)
		p.putStart(q0)
	}
	keep, gain := math.Sqrt(1-b*b), b/math.Sqrt(p.kappa)
	for k := max(lo, 0); k < hi; k++ {
		xi, old := p.Input(k), p.WasInput(k)
		src.Normals(xi)
		if keep == 0 && gain == 1 {
			continue
		}
		for i, z := range xi {
			xi[i] = keep*old[i] + gain*z
		}
	}
	return p.Reference() + p.first - p.trial.first
}
