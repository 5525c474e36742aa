package langevin

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// ClassicalTrajectory runs the map from q with ξ = 0, the reference of all fluctuations
// for injected noise, and calls emit at each recorded step (ascending, from 0) with the
// observables and the state, which emit must not keep. It returns an error if the
// trajectory diverges.
//
// For mini-batch noise ξ = 0 is one particular batch and means nothing: use
// AveragedTrajectory.
func ClassicalTrajectory(m Map, obs Observer, q []float64, record []int, emit func(step int, values, state []float64) error) error {
	if err := checkSteps(record); err != nil {
		return err
	}
	state, next := make([]float64, m.Dim()), make([]float64, m.Dim())
	xi := make([]float64, m.Inputs())
	values := make([]float64, len(obs.Observables()))
	m.Init(state, q)
	k := 0
	for _, stop := range record {
		for ; k < stop; k++ {
			m.Step(next, state, xi)
			state, next = next, state
			if !finite(state[:m.Config()]) {
				return fmt.Errorf("langevin: the classical trajectory diverged at step %d", k+1)
			}
		}
		obs.Observe(values, state[:m.Config()])
		if err := emit(k, values, state); err != nil {
			return err
		}
	}
	return nil
}

// Averaged returns the map whose step is the mean of m's over draws independent inputs,
// (1/M) Σ_j Φ(x, ξ_j): E_ξΦ with the noise of a step reduced by √M. Its Inputs() are M
// times those of m.
func Averaged(m Map, draws int) Map {
	if draws < 1 {
		panic("langevin: Averaged needs at least one draw")
	}
	return &averaged{m, draws, make([]float64, m.Dim())}
}

type averaged struct {
	Map
	draws int
	one   []float64
}

func (a *averaged) Inputs() int { return a.draws * a.Map.Inputs() }

func (a *averaged) Step(next, state, xi []float64) {
	k := a.Map.Inputs()
	clear(next[:len(a.one)])
	for j := range a.draws {
		a.Map.Step(a.one, state, xi[j*k:(j+1)*k])
		for i, x := range a.one {
			next[i] += (x - state[i]) / float64(a.draws) // increments: equal ones stay exact
		}
	}
	for i := range a.one {
		next[i] += state[i]
	}
}

// Averaging is how the averaged map is estimated: Repeats independent trajectories of
// Averaged(m, Draws).
type Averaging struct {
	Draws   int `toml:"draws" range:"[1,1000000]" unit:"1" doc:"inputs averaged over at each step"`
	Repeats int `toml:"repeats" range:"[2,1000]" unit:"1" doc:"independent trajectories, whose scatter gives the standard error"`
}

// AveragedTrajectory runs x' = E_ξΦ(x, ξ) from q, the classical trajectory of mini-batch
// noise, and calls emit at each recorded step with the mean of each observable over the
// repeats, its standard error, and the mean state, none of which emit may keep. The error
// carries all noise accumulated along the trajectory. What it does not carry is a bias of
// order 1/Draws where Φ is not linear in the state.
//
// source(i) is the stream of repeat i.
func AveragedTrajectory(ctx context.Context, workers []Worker, q []float64, a Averaging, source func(i int) Source,
	record []int, emit func(step int, mean, stderr, state []float64) error) error {
	e, err := NewAveragedEnsemble(workers, q, a, source)
	if err != nil {
		return err
	}
	width := len(workers[0].Observer.Observables())
	mean, stderr, state := make([]float64, width), make([]float64, width), make([]float64, e.dim)
	return e.Run(ctx, e.crew, record, func(step int, values []float64) error {
		if err := e.reduce(values, mean, stderr, state); err != nil {
			return err
		}
		return emit(step, mean, stderr, state)
	})
}

// An AveragedEnsemble is the repeats of AveragedTrajectory, for a caller that saves and
// restores them between records.
type AveragedEnsemble struct {
	*Ensemble
	crew   []Worker
	values []float64
}

// NewAveragedEnsemble returns the repeats at q.
func NewAveragedEnsemble(workers []Worker, q []float64, a Averaging, source func(i int) Source) (*AveragedEnsemble, error) {
	if a.Draws < 1 || a.Repeats < 2 {
		return nil, fmt.Errorf("langevin: averaging over %d draws in %d repeats: at least 1 draw and 2 repeats are needed", a.Draws, a.Repeats)
	}
	e := &AveragedEnsemble{values: make([]float64, a.Repeats*len(workers[0].Observer.Observables()))}
	for _, w := range workers {
		e.crew = append(e.crew, Worker{Averaged(w.Map, a.Draws), w.Observer})
	}
	e.Ensemble = NewEnsemble(e.crew[0].Map, q, a.Repeats, source)
	return e, nil
}

// Advance takes k steps of every repeat: see Ensemble.Advance.
func (e *AveragedEnsemble) Advance(ctx context.Context, k int) error {
	return e.Ensemble.Advance(ctx, e.crew, k)
}

// Mean writes the mean of each observable over the repeats and its standard error.
func (e *AveragedEnsemble) Mean(mean, stderr []float64) error {
	e.Observe(e.crew, e.values)
	return e.reduce(e.values, mean, stderr, make([]float64, e.dim))
}

func (e *AveragedEnsemble) reduce(values, mean, stderr, state []float64) error {
	clear(state)
	for i := range e.Replicas() {
		if e.Diverged(i) >= 0 {
			return fmt.Errorf("langevin: the averaged trajectory diverged at step %d: %w", e.Diverged(i), errDiverged)
		}
		addScaled(state, 1/float64(e.Replicas()), e.State(i))
	}
	meanAndError(mean, stderr, values)
	return nil
}

var errDiverged = errors.New("a configuration is not finite")

// meanAndError reduces rows × len(mean) values to column means and standard errors.
func meanAndError(mean, stderr, values []float64) {
	width := len(mean)
	n := float64(len(values) / width)
	clear(mean)
	clear(stderr)
	for i, v := range values {
		mean[i%width] += v / n
	}
	for i, v := range values {
		d := v - mean[i%width]
		stderr[i%width] += d * d
	}
	for j, s := range stderr {
		stderr[j] = math.Sqrt(s / (n * (n - 1)))
	}
}
