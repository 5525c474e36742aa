package pathint

import (
	"fmt"
	"math"
)

// tiling is the kernel of single-slice and staging moves: it covers the movable slices
// lo..hi−1 with segments of the reference walk's bridge, every other segment first, then
// those between. Segments of one colour of a first-order recurrence are independent given
// the rest.
type tiling struct {
	act     *OnsagerMachlup
	length  int
	lo, hi  int
	b0, b1  int       // blocks moved together
	bridges []*bridge // of each block
	fast    *scalar   // for one component, or nil
	start   int       // 1 if slice 0 moves, in the last proposal of a sweep
	from    int       // where the sweep's first segment begins, lo−length < from ≤ lo
	count   int       // segments of the sweep
}

func newTiling(p *Path, m Move, block string, length int) (*tiling, error) {
	if err := needs(p, m.Name(), Positions); err != nil {
		return nil, err
	}
	act, ok := p.action.(*OnsagerMachlup)
	if !ok {
		return nil, fmt.Errorf("pathint: move %s proposes from the reference walk of a recurrence, the %s action has none", m.Name(), p.action.Name())
	}
	if length < 1 {
		return nil, fmt.Errorf("pathint: move %s: segments of %d slices; want at least 1", m.Name(), length)
	}
	t := &tiling{act: act, b1: act.Blocks()}
	t.lo, t.hi = p.Movable()
	t.length = min(length, t.hi-t.lo)
	if block != "" {
		b, err := act.find(block)
		if err != nil {
			return nil, fmt.Errorf("pathint: move %s: %w", m.Name(), err)
		}
		t.b0, t.b1 = b, b+1
	}
	for _, blk := range act.blocks {
		t.bridges = append(t.bridges, newBridge(blk.Momentum, t.length, blk.Hi-blk.Lo))
	}
	if p.ends.density != nil {
		t.start = 1
	} else {
		t.fast = newScalar(t)
	}
	return t, nil
}

func (t *tiling) Begin(p *Path, src Source) int {
	t.from = t.lo
	if t.length > 1 {
		t.from -= src.Intn(t.length)
	}
	t.count = (t.hi - t.from + t.length - 1) / t.length
	return t.count + t.start
}

// segment returns the slices lo..hi−1 of proposal i.
func (t *tiling) segment(i int) (lo, hi int) {
	s := 2 * i
	if s >= t.count {
		s -= t.count - 1 + t.count%2 // the segments 1, 3, …
	}
	lo = t.from + s*t.length
	return max(lo, t.lo), min(lo+t.length, t.hi)
}

func (t *tiling) Propose(p *Path, i int, step float64, src Source) float64 {
	lo, hi := 0, 1
	if i < t.count {
		lo, hi = t.segment(i)
	}
	p.Touch(Change{Lo: lo, Hi: hi, B0: t.b0, B1: t.b1})
	for b := t.b0; b < t.b1; b++ {
		blk := &t.act.blocks[b]
		sigma := blk.Noise / math.Sqrt(p.kappa)
		if lo == 0 {
			t.bridges[b].proposeStart(p, blk.Lo, blk.Hi, sigma, step, t.act.ref[b], src)
			continue
		}
		t.bridges[b].propose(p, lo, hi-lo, blk.Lo, blk.Hi, sigma, step, t.act.ref[b], src)
	}
	return p.Reference()
}
