package engine

import (
	"context"
	"fmt"

	"machlup/internal/rng"
)

// A trajectory is a model's map run step by step from the model's start, with the stream
// that drives it.
type trajectory struct {
	m               *Model
	src             *rng.Stream
	state, next, xi []float64
	k               int // steps done
}

func newTrajectory(m *Model, src *rng.Stream) *trajectory {
	t := &trajectory{m: m, src: src, state: make([]float64, m.Map.Dim()), next: make([]float64, m.Map.Dim()), xi: make([]float64, m.Map.Inputs())}
	m.Map.Init(t.state, m.Start)
	return t
}

// step takes one step and reports whether the new state is finite. The last finite state
// stays if it is not.
func (t *trajectory) step() bool { return t.heated(1) }

// heated is step with its inputs multiplied.
func (t *trajectory) heated(by float64) bool {
	t.src.Normals(t.xi)
	for i := range t.xi {
		t.xi[i] *= by
	}
	t.m.Map.Step(t.next, t.state, t.xi)
	t.k++
	if !finite(t.next) {
		return false
	}
	t.state, t.next = t.next, t.state
	return true
}

// config is the configuration, without memory; a view.
func (t *trajectory) config() []float64 { return t.state[:t.m.Map.Config()] }

// observe returns the observables.
func (t *trajectory) observe(n int) []float64 {
	v := make([]float64, n)
	t.m.Observer.Observe(v, t.config())
	return v
}

// TrajectoryState is what a trajectory needs to go on.
type TrajectoryState struct {
	Step   int
	State  []float64
	Source *rng.Stream
}

func (t *trajectory) save() TrajectoryState { return TrajectoryState{t.k, t.state, t.src} }

// restore goes on from a saved state of the same map.
func (t *trajectory) restore(s TrajectoryState) error {
	if len(s.State) != len(t.state) || s.Source == nil {
		return &StaleError{fmt.Errorf("a state of %d components, of %d", len(s.State), len(t.state))}
	}
	copy(t.state, s.State)
	t.k, *t.src = s.Step, *s.Source
	return nil
}

// Train moves the model's start by some steps of its map with its inputs multiplied by noise,
// memory dropped, as Advance does; it can be stopped, saves its state and goes on from there.
func Train(ctx context.Context, m *Model, steps int, noise float64, src *rng.Stream) error {
	t, session, saved := newTrajectory(m, src), SessionOf(ctx), TrajectoryState{}
	if session.Restore(&saved) {
		if err := t.restore(saved); err != nil {
			return err
		}
	}
	state := func() any { return t.save() }
	for t.k < steps {
		if t.k%64 == 0 {
			if err := session.Offer(ctx, state); err != nil {
				return err
			}
		}
		if !t.heated(noise) {
			return &Divergence{What: "the training before the start; lower the learning rate", Step: t.k}
		}
	}
	if session != nil && (session.saved > 0 || session.restored) && saved.Step < steps { // so long a training is not done again
		session.save(state())
	}
	copy(m.Start, t.state)
	return nil
}
