package engine

import (
	"fmt"
	"math"

	"machlup/pathint"
)

// A Divergence is the error of a part whose trajectory left the finite numbers. It makes
// its task diverged, which is a result, not failed.
type Divergence struct {
	What string // what diverged, with what to do
	Step int    // first non-finite step, −1 if there is none (a weight overflowed)
}

func (d *Divergence) Error() string {
	if d.Step < 0 {
		return d.What
	}
	return fmt.Sprintf("%s: not finite from step %d on", d.What, d.Step)
}

// Earlier returns the one that diverged first; a is kept when they tell nothing apart.
func (d *Divergence) Earlier(a *Divergence) *Divergence {
	if a == nil || d.Step >= 0 && (a.Step < 0 || d.Step < a.Step) {
		return d
	}
	return a
}

// startDiverged explains why a chain of paths could not start.
func startDiverged(c *pathint.Chain, err error) error {
	d := &Divergence{What: err.Error(), Step: -1}
	for k := range c.Path().Steps() + 1 {
		if !finite(c.Path().Slice(k)) {
			d.Step = k
			break
		}
	}
	return d
}

// finite tells whether a state holds no NaN or infinity.
func finite(x []float64) bool {
	s := 0.0
	for _, v := range x {
		s += v - v // 0, or NaN
	}
	return !math.IsNaN(s)
}
