package gan

import (
	"fmt"

	"machlup/internal/rng"
)

// Noise kind minibatch-epoch goes through a finite set of N data in a random order, B at a time,
// without replacement over an epoch of ⌊N/B⌋ batches; the data left over are dropped and the next
// epoch begins. Latents are fresh. The order is made as it is needed: datum i of an epoch is
// drawn from the N−i that are left by one normal, ⌊Φ(ξ)(N−i)⌋ (Fisher and Yates), so it is a
// function of the steps' iid inputs, B of them a step.

// A FiniteTarget is a Target that is a finite set of equally likely data.
type FiniteTarget interface {
	Target
	Len() int                   // N
	Datum(dst []float64, i int) // writes datum i
}

func (s *samples) Len() int                   { return len(s.rows) / s.dim }
func (s *samples) Datum(dst []float64, i int) { copy(dst, s.rows[i*s.dim:(i+1)*s.dim]) }

// An epoch is where in the state the order of the data [N | number used] lies, and the data
// of a step.
type epoch struct {
	data   FiniteTarget // nil without
	lo, hi int
	order  []float64 // of the state that is being made
	first  int       // of the step, in the order
}

// epochMemory is the length of the order in the state.
func (t *Trainer) epochMemory() int {
	if !t.cfg.Noise.epochs() {
		return 0
	}
	t.epoch.data = t.cfg.Target.(FiniteTarget)
	return t.epoch.data.Len() + 1
}

// checkEpoch refuses data that are not finite or fewer than a step takes.
func (t *Trainer) checkEpoch() error {
	if !t.cfg.Noise.epochs() {
		return nil
	}
	f, ok := t.cfg.Target.(FiniteTarget)
	switch {
	case !ok:
		return fmt.Errorf("gan: noise kind %q needs a finite set of data, the target %q draws without end; use the target samples, or kind minibatch", t.cfg.Noise.Kind, t.cfg.Target.Name())
	case f.Len() < t.stepsD*t.rows:
		return fmt.Errorf("gan: noise kind %q: a step takes %d data without replacement and there are %d; lower the batch", t.cfg.Noise.Kind, t.stepsD*t.rows, f.Len())
	}
	return nil
}

// begin writes the order before the first epoch.
func (e *epoch) begin(state []float64) {
	for i := range state[e.lo:e.hi] {
		state[e.lo+i] = float64(i)
	}
	if e.hi > e.lo {
		state[e.hi-1] = 0
	}
}

// shuffle draws the data of a step into the order of the next state.
func (t *Trainer) shuffle(next, state, xi []float64) {
	e := &t.epoch
	if e.data == nil {
		return
	}
	n, take := e.hi-e.lo-1, t.stepsD*t.rows
	e.order = next[e.lo : e.hi-1]
	copy(e.order, state[e.lo:])
	e.first = int(state[e.hi-1])
	if e.first+take > n {
		e.first = 0
	}
	for i := range take {
		at, left := e.first+i, n-e.first-i
		k := at + min(int(rng.NormalCDF(xi[i])*float64(left)), left-1)
		e.order[at], e.order[k] = e.order[k], e.order[at]
	}
	next[e.hi-1] = float64(e.first + take)
}

// take writes the j-th batch of the step.
func (e *epoch) take(x []float64, j int) {
	d := e.data.Dim()
	b := len(x) / d
	for i := range b {
		e.data.Datum(x[i*d:(i+1)*d], int(e.order[e.first+j*b+i]))
	}
}
