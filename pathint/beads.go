package pathint

import (
	"fmt"
	"math"
)

// beads is the kernel of single-slice and staging moves of a Euclidean action: segments of
// the free particle's bridge, in the order of a tiling. On a ring the tiling begins and ends
// at slice K; with its random offset, and a ring has no first slice, no slice is special.
type beads struct {
	tiles
	act  *Euclidean
	walk walk
	z, x []float64 // normals of a proposal, the slices of one component
	fast *ringlet  // for one component, or nil
}

func newBeads(p *Path, act *Euclidean, m Move, block string, length int) (Kernel, error) {
	if block != "" {
		return nil, fmt.Errorf("pathint: move %s: no block %q; the %s action has one block, without a name", m.Name(), block, act.Name())
	}
	if length < 1 {
		return nil, fmt.Errorf("pathint: move %s: segments of %d slices; want at least 1", m.Name(), length)
	}
	b := &beads{tiles: newTiles(p, length), act: act}
	if p.ends.ring { // the whole ring has no neighbours to hold it
		b.length = min(b.length, p.steps-1)
	}
	b.walk = newWalk(b.length)
	b.z, b.x = make([]float64, b.length), make([]float64, b.length)
	if p.ends.density != nil {
		b.start = 1
	} else if p.n == 1 && act.spec.Reference == 0 {
		b.fast = newRinglet(b, p)
	}
	return b, nil
}

func (b *beads) Begin(_ *Path, src Source) int { return b.begin(src) }

func (b *beads) Propose(p *Path, i int, step float64, src Source) float64 {
	lo, hi := b.span(i)
	p.Touch(Change{Lo: lo, Hi: hi, B0: 0, B1: 1})
	keep := math.Sqrt(1 - step*step)
	if lo == 0 { // q_0 given q_1: its density is left to the weight
		q, one := p.Slice(0), p.Slice(1)
		for i := range q {
			q[i] = keep*q[i] + (1-keep)*one[i] + step*b.act.noise(p, i)*src.Normal()
		}
		return p.Reference()
	}
	n := hi - lo
	for i := range p.n {
		src.Normals(b.z[:n])
		at := func(k int) float64 { return p.slices[k*p.n+i] }
		b.walk.bridge(b.x[:n], at, lo, hi, p.neighbour(hi), keep, step*b.act.noise(p, i), b.z)
		for j, x := range b.x[:n] {
			p.slices[(lo+j)*p.n+i] = x
		}
	}
	return p.Reference()
}

// neighbour returns the slice that holds a segment which ends before slice hi, −1 if none
// does: the path ends there, free.
func (p *Path) neighbour(hi int) int {
	switch {
	case hi <= p.steps:
		return hi
	case p.ends.ring:
		return hi - p.steps
	}
	return -1
}

// bridge writes into x the proposal of slices lo..hi−1 of one component, held by the slices
// lo−1 and next, or by lo−1 alone.
func (w *walk) bridge(x []float64, at func(k int) float64, lo, hi, next int, keep, gain float64, z []float64) {
	rest := 1 - keep
	i, left := hi-lo-1, rest*at(lo-1)
	y := 0.0
	if next >= 0 {
		y = rest * at(next)
	} else {
		y = left + gain*math.Sqrt(float64(hi-lo))*z[i]
		x[i] = keep*at(hi-1) + y
		i--
	}
	for ; i >= 0; i-- {
		y = w.next[i]*y + (left*w.left[i] + gain*w.spread[i]*z[i])
		x[i] = keep*at(lo+i) + y
	}
}
