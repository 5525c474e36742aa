package pathint

import (
	"errors"
	"math"
)

// A Ladder is a family of unnormalised laws e^{−U_λ(x)} and a chain that samples any of
// them: what thermodynamic integration, annealing and reweighting need, for tilted paths
// and for potentials alike.
type Ladder interface {
	Lambda() float64
	// SetLambda moves to another law, keeping the state.
	SetLambda(lambda float64)
	// Warm does sweeps that adapt step sizes at the current λ.
	Warm(sweeps int, src Source)
	// Sweep leaves e^{−U_λ} invariant. SweepBack does the same and is the time reversal
	// of Sweep: its elementary steps in the opposite order.
	Sweep(src Source)
	SweepBack(src Source)
	// Slope returns ∂U_λ/∂λ at the current state.
	Slope() float64
	// Work returns U_to(x) − U_λ(x) at the current state.
	Work(to float64) float64
	// Save appends the state's coordinates to buf, Restore puts them back, at the current λ.
	Save(buf []float64) []float64
	Restore(state []float64)
	// Draw moves to λ = 0 and replaces the state by an independent exact draw of its law.
	// ErrNoWeight says that the draw lies where e^{−U} vanishes.
	Draw(src Source) error
}

// ErrNoWeight marks a draw of weight zero: a trajectory that diverged. Its state is not to
// be used.
var ErrNoWeight = errors.New("pathint: the draw has no weight (a trajectory that diverged)")

// Tilted is the Ladder of a chain's tilt: λ = s, U_s = −log weight, ∂U/∂s = O, so that
// Z(s)/Z(0) is the mean of e^{−sO} over the untilted law.
type Tilted struct{ chain *Chain }

// NewTilted makes a ladder of a chain with a tilting observable.
func NewTilted(c *Chain) (*Tilted, error) {
	if c.path.tilt < 0 {
		return nil, errors.New("pathint: tilted ladder: the chain has no tilting observable")
	}
	return &Tilted{c}, nil
}

// Chain returns the chain underneath.
func (t *Tilted) Chain() *Chain { return t.chain }

func (t *Tilted) Lambda() float64             { return t.chain.Tilt() }
func (t *Tilted) SetLambda(lambda float64)    { t.chain.SetTilt(lambda) }
func (t *Tilted) Warm(sweeps int, src Source) { t.chain.Warm(sweeps, src) }
func (t *Tilted) Sweep(src Source)            { t.chain.Sweep(src) }
func (t *Tilted) SweepBack(src Source)        { t.chain.SweepBack(src) }
func (t *Tilted) Slope() float64              { return t.chain.Integral() }
func (t *Tilted) Work(to float64) float64     { return (to - t.chain.Tilt()) * t.chain.Integral() }

func (t *Tilted) Save(buf []float64) []float64 {
	for _, row := range t.chain.path.coords() {
		buf = append(buf, row...)
	}
	return buf
}

func (t *Tilted) Restore(state []float64) {
	p := t.chain.path
	if len(state) != p.freedom() {
		panic("pathint: restoring a state of another length")
	}
	for _, row := range p.coords() {
		state = state[copy(row, state):]
	}
	p.putSaved()
	p.refresh()
}

// Draw simulates an exact trajectory at s = 0; it needs a free end, and exact draws of q_0
// where that has a density.
func (t *Tilted) Draw(src Source) error {
	c := t.chain
	if err := c.path.drawable(); err != nil {
		return err
	}
	c.SetTilt(0)
	err := c.StartForward(1/math.Sqrt(c.path.kappa), src)
	if err != nil && !finite(c.path.Slice(c.path.steps)) {
		return ErrNoWeight
	}
	return err
}
