package pathint

import (
	"fmt"
	"math"
)

// tiles cover the movable slices lo..hi−1 with segments from a random offset, every other
// segment first, then those between, and slice 0 last where it moves.
type tiles struct {
	length int
	lo, hi int
	start  int // 1 if slice 0 moves, in the last proposal of a sweep
	from   int // where the sweep's first segment begins, lo−length < from ≤ lo
	count  int // segments of the sweep
}

func newTiles(p *Path, length int) tiles {
	var t tiles
	t.lo, t.hi = p.Movable()
	t.length = min(length, t.hi-t.lo)
	return t
}

// begin draws the offset and returns the proposals of a sweep.
func (t *tiles) begin(src Source) int {
	t.from = t.lo
	if t.length > 1 {
		t.from -= src.Intn(t.length)
	}
	t.count = (t.hi - t.from + t.length - 1) / t.length
	return t.count + t.start
}

// segment returns the slices lo..hi−1 of proposal i < count.
func (t *tiles) segment(i int) (lo, hi int) {
	s := 2 * i
	if s >= t.count {
		s -= t.count - 1 + t.count%2 // the segments 1, 3, …
	}
	lo = t.from + s*t.length
	return max(lo, t.lo), min(lo+t.length, t.hi)
}

// span is segment with the proposal of slice 0.
func (t *tiles) span(i int) (lo, hi int) {
	if i == t.count {
		return 0, 1
	}
	return t.segment(i)
}

// tiling is the kernel of single-slice and staging moves of a recurrence: segments of the
// reference walk's bridge. Segments of one colour of a first-order recurrence are
// independent given the rest.
type tiling struct {
	tiles
	act     *OnsagerMachlup
	b0, b1  int       // blocks moved together
	bridges []*bridge // of each block
	fast    *scalar   // for one component, or nil
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
	t := &tiling{tiles: newTiles(p, length), act: act, b1: act.Blocks()}
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

func (t *tiling) Begin(_ *Path, src Source) int { return t.begin(src) }

func (t *tiling) Propose(p *Path, i int, step float64, src Source) float64 {
	lo, hi := t.span(i)
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
