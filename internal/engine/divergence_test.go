package engine

import (
	"context"
	"errors"
	"testing"

	"machlup/internal/rng"
	"machlup/langevin"
	"machlup/pathint"
)

// explosion is x' = 1e100 x + 0·ξ from 1: finite up to step 3, infinite from step 4 on.
type explosion struct{}

func (explosion) Dim() int                   { return 1 }
func (explosion) Config() int                { return 1 }
func (explosion) Inputs() int                { return 1 }
func (explosion) Init(state, q []float64)    { state[0] = q[0] }
func (explosion) Step(next, x, xi []float64) { next[0] = 1e100*x[0] + 0*xi[0] }

func explosive() (*Model, error) {
	return &Model{Kind: "explosion", Map: explosion{}, NoRecurrence: errors.New("none"), NoLinear: errors.New("none"),
		Observer: langevin.NewCoordinates(1, nil), Start: []float64{1}, Size: 1, Eta: 1, Quenched: true}, nil
}

// Every estimator of trajectories says the first step that is not finite.
func TestDivergedStep(t *testing.T) {
	m, _ := explosive()
	env := Env{Seed: 1, NewModel: explosive}
	var moves []pathint.Move // the explosion has no derivatives for the others
	for _, e := range pathint.Moves() {
		if e.Name == "shooting" || e.Name == "pcn" {
			moves = append(moves, e.New())
		}
	}
	setup := PathSetup{Config: DefaultPath(), Moves: moves}
	setup.Config.Action, setup.Config.Steps = "innovation", 6
	tilted := setup
	tilted.Config.Observable, tilted.Config.Tilt = "x0", 1
	ensemble, stationary, phase := DefaultEnsemble(), DefaultStationary(), DefaultPhase()
	phase.Observable = "x0"
	for name, c := range map[string]struct {
		r   Runner
		err error
	}{
		"ensemble":   pair(NewEnsemble(ensemble, env, m)),
		"stationary": pair(NewStationary(stationary, env, m)),
		"phase":      pair(NewPhase(phase, env, m)),
		"paths":      pair(NewPaths(DefaultPaths(), setup, env, m)),
		"ti":         pair(NewTI(DefaultTI(), tilted, env, m)),
		"o10":        pair(NewO10(DefaultO10(), setup, setup.Moves, env, m)),
	} {
		if c.err != nil {
			t.Errorf("%s: %v", name, c.err)
			continue
		}
		var parts []any
		var diverged *Divergence
		for p := range c.r.Parts() {
			part, err := c.r.Run(context.Background(), p, func(float64) {})
			if err != nil && !errors.As(err, &diverged) {
				t.Errorf("%s: part %d: %v", name, p, err)
			}
			parts = append(parts, part)
		}
		step := -1
		if diverged != nil {
			step = diverged.Step
		} else if _, outcome := finish(t, c.r, name, parts); outcome.Status == Diverged {
			step = outcome.DivergedStep
		}
		if step != 4 {
			t.Errorf("%s: diverged at step %d, want 4", name, step)
		}
	}
	var diverged *Divergence
	if err := Advance(m, 10, rng.New(1, 0, "start", "")); !errors.As(err, &diverged) || diverged.Step != 4 || m.Start[0] != 1 {
		t.Errorf("advancing: %v, start %v", err, m.Start)
	}
	if err := Advance(m, 3, rng.New(1, 0, "start", "")); err != nil || m.Start[0] < 0.9e300 {
		t.Errorf("advancing three steps: %v, start %v", err, m.Start)
	}
}

func pair(r Runner, err error) struct {
	r   Runner
	err error
} {
	return struct {
		r   Runner
		err error
	}{r, err}
}

func TestEarlierDivergence(t *testing.T) {
	never, three, five := &Divergence{"a", -1}, &Divergence{"b", 3}, &Divergence{"c", 5}
	for _, c := range []struct{ d, before, want *Divergence }{
		{five, nil, five}, {five, three, three}, {three, five, three}, {never, three, three}, {three, never, three}, {never, nil, never},
	} {
		if got := c.d.Earlier(c.before); got != c.want {
			t.Errorf("%v after %v: %v, want %v", c.d, c.before, got, c.want)
		}
	}
	if got := three.Error(); got != "b: not finite from step 3 on" {
		t.Errorf("%q", got)
	}
}
