package pathint

import "fmt"

// Ends says what holds a path at its first and last slices. The zero value is invalid;
// use FreeEnd, Pinned or PinnedPair.
type Ends struct {
	start []float64 // q_0
	tail  []float64 // the pinned slices at the end, in order; empty for a free end
	pins  int       // how many they are
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

// Pins returns how many slices are fixed at the end: 0, 1 or 2.
func (e Ends) Pins() int { return e.pins }

// movable returns the range [lo, hi) of slices that may move on a path of K steps.
func (e Ends) movable(steps int) (lo, hi int) { return 1, steps + 1 - e.pins }

func (e Ends) check(n, steps int, coord Coordinates) error {
	if len(e.start) != n {
		return fmt.Errorf("pathint: ends: start has %d components, the configuration has %d", len(e.start), n)
	}
	if len(e.tail) != e.pins*n {
		return fmt.Errorf("pathint: ends: pinned end has %d components, want %d (%d slices of %d)", len(e.tail), e.pins*n, e.pins, n)
	}
	if e.pins > 0 && coord == Innovations {
		return fmt.Errorf("pathint: ends: a pinned end needs position coordinates: in innovations the paths that reach it are a surface of measure zero; use the onsager-machlup action")
	}
	if lo, hi := e.movable(steps); hi <= lo {
		return fmt.Errorf("pathint: ends: %d steps with %d pinned slices leave nothing to move; use at least %d steps", steps, e.pins, e.pins+1)
	}
	return nil
}
