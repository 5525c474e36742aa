package pathint

import "fmt"

// StartForward simulates a fresh trajectory with the noise multiplied by scale: 1 is an
// exact draw of the untilted law at κ = 1 with a free end, 0 the noise-free trajectory,
// anything else a deliberately wrong path for a chain to forget. A start with a density is
// drawn from it where it gives draws. Pinned slices are put in place afterwards.
func (c *Chain) StartForward(scale float64, src Source) error {
	p := c.path
	p.putStart(p.ends.start)
	if d, ok := p.ends.density.(Drawable); ok {
		q := append([]float64(nil), p.ends.start...)
		d.Draw(q, q, 1, src)
		p.putStart(q)
	}
	if err := p.action.Simulate(p, scale, src); err != nil {
		return err
	}
	return c.begin("the simulated trajectory")
}

// StartLine puts the slices on a straight line from q_0 to the pinned end, or all at q_0
// when the end is free. In innovations all inputs are zero: the noise-free trajectory.
func (c *Chain) StartLine() error {
	p := c.path
	p.putStart(p.ends.start)
	for _, xi := range p.xi {
		clear(xi)
	}
	if p.inputs > 0 {
		return c.begin("the trajectory without noise")
	}
	last := p.ends.start
	_, hi := p.Movable()
	if p.ends.pins > 0 {
		last = p.ends.tail[:p.n]
	}
	for k := 1; k < hi; k++ {
		f := float64(k) / float64(hi)
		q := p.Slice(k)
		for i := range q {
			q[i] = (1-f)*p.ends.start[i] + f*last[i]
		}
	}
	return c.begin("the straight line")
}

// StartSlices copies a path of K+1 slices of configurations (positions only); fixed
// slices keep their values, and slice K of a ring is slice 0 too.
func (c *Chain) StartSlices(q []float64) error {
	p := c.path
	if p.inputs > 0 {
		return fmt.Errorf("pathint: start: slices given to a chain of innovations; give it inputs")
	}
	if len(q) != len(p.slices) {
		return fmt.Errorf("pathint: start: %d numbers for %d slices of %d", len(q), p.steps+1, p.n)
	}
	if p.ends.density != nil {
		copy(p.slices[:p.width], q)
	}
	copy(p.slices[p.width:], q[p.width:])
	return c.begin("the given path")
}

// StartInputs copies K × Inputs inputs (innovations only), after q_0 where that has a density.
func (c *Chain) StartInputs(xi []float64) error {
	p := c.path
	if p.inputs == 0 || len(xi) != p.freedom() {
		return fmt.Errorf("pathint: start: %d inputs given to a path of %d", len(xi), p.freedom())
	}
	if p.ends.density != nil {
		p.putStart(xi[:p.n])
		xi = xi[p.n:]
	}
	for _, row := range p.xi {
		xi = xi[copy(row, xi):]
	}
	return c.begin("the given inputs")
}

// begin puts the fixed slices in place and recomputes what depends on the path.
func (c *Chain) begin(what string) error {
	p := c.path
	if p.ends.density == nil {
		p.action.Init(p.Slice(0), p.ends.start)
	}
	_, hi := p.Movable()
	copy(p.slices[hi*p.width:], p.ends.tail)
	p.refresh()
	if u := p.NegLogWeight(); !finite([]float64{u}) || !finite(p.slices) {
		return fmt.Errorf("pathint: start: %s has weight exp(−(%g)); start from another path or shorten it (K = %d)", what, u, p.steps)
	}
	if err := c.checkSets(); err != nil {
		return err
	}
	c.started = true
	return nil
}
