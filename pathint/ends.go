package pathint

import (
	"errors"
	"fmt"
)

// Ends says what holds a path at its first and last slices. The zero value is invalid;
// use FreeEnd, Pinned, PinnedPair or Periodic, and From for a start that moves.
type Ends struct {
	start   []float64 // q_0, or where chains start it when it moves
	tail    []float64 // the pinned slices at the end, in order; empty for a free end
	pins    int       // how many they are
	ring    bool      // slice K is slice 0
	density Density   // of q_0; nil when it is fixed
}

// FreeEnd fixes q_0 and leaves q_K free.
func FreeEnd(q0 []float64) Ends {
	return Ends{start: append([]float64(nil), q0...)}
}

// Pinned fixes q_0 and q_K. For a recurrence with momentum this leaves the last
// velocity q_K − q_{K−1} free.
func Pinned(q0, qK []float64) Ends {
	e := FreeEnd(q0)
	e.tail, e.pins = append([]float64(nil), qK...), 1
	return e
}

// PinnedPair fixes q_0 and both q_{K−1} and q_K: position and velocity of a recurrence
// with momentum.
func PinnedPair(q0, qK1, qK []float64) Ends {
	e := FreeEnd(q0)
	e.tail = append(append([]float64(nil), qK1...), qK...)
	e.pins = 2
	return e
}

// Periodic closes the path to a ring of K slices: slice K is slice 0 and nothing is fixed.
// Chains start with all slices at q.
func Periodic(q []float64) Ends {
	e := FreeEnd(q)
	e.ring = true
	return e
}

// From leaves q_0 free with the given density, which multiplies the weight of the path and,
// like every measure, does not scale with κ. Chains start from the q_0 of e, or from a draw
// where the density has them.
func (e Ends) From(d Density) Ends {
	e.density = d
	return e
}

// Start returns q_0, or where chains start it when it moves.
func (e Ends) Start() []float64 { return e.start }

// Pins returns how many slices are fixed at the end: 0, 1 or 2.
func (e Ends) Pins() int { return e.pins }

// IsPeriodic tells whether slice K is slice 0.
func (e Ends) IsPeriodic() bool { return e.ring }

// Density returns the law of q_0, nil when it is fixed.
func (e Ends) Density() Density { return e.density }

// movable returns the range [lo, hi) of slices that may move on a path of K steps, besides
// q_0 where it has a density. On a ring slice K carries slice 0 with it.
func (e Ends) movable(steps int) (lo, hi int) { return 1, steps + 1 - e.pins }

func (e Ends) check(n, steps int, coord Coordinates) error {
	if len(e.start) != n {
		return fmt.Errorf("pathint: ends: start has %d components, the configuration has %d", len(e.start), n)
	}
	if len(e.tail) != e.pins*n {
		return fmt.Errorf("pathint: ends: pinned end has %d components, want %d (%d slices of %d)", len(e.tail), e.pins*n, e.pins, n)
	}
	if (e.pins > 0 || e.ring) && coord == Innovations {
		return fmt.Errorf("pathint: ends: a pinned or periodic end needs position coordinates: in innovations the paths that reach it are a surface of measure zero; use the onsager-machlup action")
	}
	if lo, hi := e.movable(steps); hi <= lo {
		return fmt.Errorf("pathint: ends: %d steps with %d pinned slices leave nothing to move; use at least %d steps", steps, e.pins, e.pins+1)
	}
	if e.ring && (e.density != nil || steps < 3) {
		return fmt.Errorf("pathint: ends: a periodic path has no start of its own, and at least 3 slices; found %d", steps)
	}
	if _, ok := e.density.(Drawable); e.density != nil && !ok && coord == Innovations {
		return errors.New("pathint: ends: in innovations q_0 is drawn from its density, which gives no draws; use position coordinates")
	}
	return nil
}

// Drawable returns nil if q_0 is fixed or has a density with exact draws and the end is free,
// so that the untilted law can be drawn.
func (e Ends) Drawable() error {
	_, ok := e.density.(Drawable)
	switch {
	case e.pins > 0:
		return errors.New("pathint: paths with a pinned end cannot be drawn exactly at s = 0; integrate over s from a chain, or leave the end free")
	case e.ring:
		return errors.New("pathint: periodic paths cannot be drawn exactly at s = 0; integrate over s from a chain, or leave the end free")
	case e.density != nil && !ok:
		return errors.New("pathint: the density of q_0 gives no exact draws; integrate over s from a chain, or use one that does")
	}
	return nil
}
