package langevin_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"machlup/internal/rng"
	"machlup/langevin"
	"machlup/langevin/langevintest"
)

// Streams of the program are sources, and can be saved.
var _ langevin.Source = (*rng.Stream)(nil)

func wellMap(dim int) langevin.Map {
	return must(langevin.HeavyBallConfig{Eta: 0.05, Momentum: 0.5, Temperature: 0.3}.New(langevin.Descent(quarticWell(dim))))
}

func crew(n, dim int) []langevin.Worker {
	var w []langevin.Worker
	for range n {
		w = append(w, langevin.Worker{Map: wellMap(dim), Observer: langevin.NewCoordinates(dim, quarticWell(dim))})
	}
	return w
}

func sources(i int) langevin.Source { return langevintest.NewSource(31, i) }

// record runs an ensemble and returns all that was emitted.
func record(t *testing.T, e *langevin.Ensemble, workers []langevin.Worker, steps []int) [][]float64 {
	t.Helper()
	var out [][]float64
	if err := e.Run(context.Background(), workers, steps, func(k int, v []float64) error {
		if k != e.Step() {
			t.Errorf("emitted step %d at step %d", k, e.Step())
		}
		out = append(out, slices.Clone(v))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEnsembleIsReproducible: the numbers are those of each replica run alone, whatever
// the workers and wherever the run was cut, saved and restored.
func TestEnsembleIsReproducible(t *testing.T) {
	const replicas, dim = 7, 2
	q, steps := []float64{0.5, -1}, []int{0, 3, 4, 50, 173}
	whole := record(t, langevin.NewEnsemble(wellMap(dim), q, replicas, sources), crew(1, dim), steps)
	for _, n := range []int{2, 3, 16} {
		if got := record(t, langevin.NewEnsemble(wellMap(dim), q, replicas, sources), crew(n, dim), steps); !equal(got, whole) {
			t.Errorf("%d workers give other numbers", n)
		}
	}

	m, obs := wellMap(dim), langevin.NewCoordinates(dim, quarticWell(dim))
	state, next, xi := make([]float64, m.Dim()), make([]float64, m.Dim()), make([]float64, m.Inputs())
	source := sources(4)
	m.Init(state, q)
	for range 50 {
		source.Normals(xi)
		m.Step(next, state, xi)
		state, next = next, state
	}
	row := make([]float64, len(obs.Observables()))
	obs.Observe(row, state[:m.Config()])
	if got := whole[3][4*len(row) : 5*len(row)]; !slices.Equal(got, row) {
		t.Errorf("replica 4 at step 50: %v in the ensemble, %v alone", got, row)
	}

	first := langevin.NewEnsemble(wellMap(dim), q, replicas, sources)
	head := record(t, first, crew(2, dim), steps[:3])
	saved, err := first.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	record(t, first, crew(1, dim), []int{90}) // the saved bytes must not share memory
	second := langevin.NewEnsemble(wellMap(dim), []float64{9, 9}, replicas, func(i int) langevin.Source { return langevintest.NewSource(0, 99) })
	if err := second.UnmarshalBinary(saved); err != nil {
		t.Fatal(err)
	}
	if tail := record(t, second, crew(3, dim), steps[3:]); !equal(append(head, tail...), whole) {
		t.Error("a restored ensemble gives other numbers")
	}
	for cut := range len(saved) {
		if langevin.NewEnsemble(wellMap(dim), q, replicas, sources).UnmarshalBinary(saved[:cut]) == nil {
			t.Fatalf("bytes cut at %d of %d were accepted", cut, len(saved))
		}
	}
	if langevin.NewEnsemble(wellMap(dim), q, replicas+1, sources).UnmarshalBinary(saved) == nil {
		t.Error("bytes of another ensemble were accepted")
	}
}

func equal(a, b [][]float64) bool {
	return slices.EqualFunc(a, b, func(x, y []float64) bool { return slices.Equal(x, y) })
}

// TestEnsembleStops: a done context stops all replicas at one step, from which the run
// goes on to the same numbers.
func TestEnsembleStops(t *testing.T) {
	q := []float64{0.5}
	whole := record(t, langevin.NewEnsemble(wellMap(1), q, 5, sources), crew(1, 1), []int{4000})
	ctx, cancel := context.WithCancel(context.Background())
	workers := crew(2, 1)
	stopper := &stopAfter{Map: workers[0].Map, calls: 300, cancel: cancel}
	workers[0].Map = stopper
	e := langevin.NewEnsemble(wellMap(1), q, 5, sources)
	emit := func(int, []float64) error { t.Error("nothing is to be emitted before the end"); return nil }
	if err := e.Run(ctx, workers, []int{4000}, emit); !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v", err)
	}
	if e.Step() == 0 || e.Step() >= 4000 {
		t.Fatalf("stopped at step %d", e.Step())
	}
	if got := record(t, e, crew(1, 1), []int{4000}); !equal(got, whole) {
		t.Error("a stopped and continued run gives other numbers")
	}
	if err := e.Run(context.Background(), crew(1, 1), []int{10}, nil); err == nil {
		t.Error("a step of the past was accepted")
	}
	boom := errors.New("full")
	if err := e.Run(context.Background(), crew(1, 1), []int{4001}, func(int, []float64) error { return boom }); err != boom {
		t.Errorf("the error of emit became %v", err)
	}
}

type stopAfter struct {
	langevin.Map
	calls  int
	cancel func()
}

func (s *stopAfter) Step(next, state, xi []float64) {
	if s.calls--; s.calls == 0 {
		s.cancel()
	}
	s.Map.Step(next, state, xi)
}

// TestEnsembleDivergence: replicas that blow up are marked with their step, cost nothing
// more and report NaN; the others go on.
func TestEnsembleDivergence(t *testing.T) {
	m := must(langevin.EulerMaruyamaConfig{Eta: 0.4, Temperature: 0.4}.New(langevin.Descent(quarticWell(1))))
	e := langevin.NewEnsemble(m, []float64{1}, 40, sources)
	worker := []langevin.Worker{{Map: m, Observer: langevin.NewCoordinates(1, nil)}}
	var values []float64
	for _, k := range []int{2, 10} {
		values = record(t, e, worker, []int{k})[0]
	}
	lost := 0
	for i := range 40 {
		state, next, xi, at := []float64{1}, []float64{0}, []float64{0}, -1
		source := sources(i)
		for k := 1; k <= 10 && at < 0; k++ {
			source.Normals(xi)
			m.Step(next, state, xi)
			state, next = next, state
			if math.IsNaN(state[0]) || math.IsInf(state[0], 0) {
				at = k
			}
		}
		if e.Diverged(i) != at || math.IsNaN(values[3*i]) != (at >= 0) {
			t.Errorf("replica %d diverged at %d, the ensemble says %d and observes %v", i, at, e.Diverged(i), values[3*i])
		}
		if at >= 0 {
			lost++
		}
	}
	if lost == 0 || lost == 40 {
		t.Errorf("%d of 40 replicas diverged: the test needs some of each", lost)
	}
}

func TestEnsemblePanics(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "planted") {
			t.Errorf("recovered %v", r)
		}
	}()
	e := langevin.NewEnsemble(wellMap(1), []float64{0}, 4, sources)
	workers := crew(2, 1)
	for i := range workers {
		workers[i].Map = panics{workers[i].Map}
	}
	_ = e.Advance(context.Background(), workers, 3)
}

type panics struct{ langevin.Map }

func (panics) Step(_, _, _ []float64) { panic("planted") }

// TestEnsembleMemory: allocations do not grow with the number of steps.
func TestEnsembleMemory(t *testing.T) {
	allocated := func(steps int) uint64 {
		e := langevin.NewEnsemble(wellMap(2), []float64{0, 0}, 3, sources)
		workers := crew(1, 2)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		record(t, e, workers, []int{steps})
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	short, long := allocated(1000), allocated(100_000)
	if long > short+20_000 {
		t.Errorf("1000 steps allocate %d bytes, 100000 steps %d", short, long)
	}
}

// TestClassicalTrajectory: ξ = 0, as steps by hand; a divergence is an error.
func TestClassicalTrajectory(t *testing.T) {
	m, obs := wellMap(2), langevin.NewCoordinates(2, nil)
	q := []float64{0.5, -0.2}
	state, next, zero := make([]float64, m.Dim()), make([]float64, m.Dim()), make([]float64, m.Inputs())
	m.Init(state, q)
	at := 0
	err := langevin.ClassicalTrajectory(m, obs, q, []int{0, 1, 5, 12}, func(k int, values, got []float64) error {
		for ; at < k; at++ {
			m.Step(next, state, zero)
			state, next = next, state
		}
		if !slices.Equal(got, state) || values[0] != state[0] {
			t.Errorf("step %d: %v, by hand %v", k, got, state)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	bad := must(langevin.EulerMaruyamaConfig{Eta: 30, Temperature: 1}.New(langevin.Descent(quarticWell(1))))
	err = langevin.ClassicalTrajectory(bad, langevin.NewCoordinates(1, nil), []float64{3}, []int{50}, func(int, []float64, []float64) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "diverged at step") {
		t.Errorf("divergence gives %v", err)
	}
}

// TestAveragedTrajectory: on SGD for quadratic losses E_ξΦ is descent on the whole data
// set, exactly. The estimate agrees within its error, which is tested too: it is the
// known one, and its pulls have unit variance.
func TestAveragedTrajectory(t *testing.T) {
	const n, batch, h, eta, draws, repeats = 20, 4, 1.2, 0.3, 16, 8
	data := make([]float64, n)
	langevintest.NewSource(9, 0).Normals(data)
	mean := 0.0
	for _, x := range data {
		mean += x / n
	}
	var workers []langevin.Worker
	for range 2 {
		f := must(langevin.NewQuadraticData([]float64{h}, data, batch))
		workers = append(workers, langevin.Worker{Map: must(langevin.NewMinibatch(f, langevin.Player{Hi: 1, Eta: eta})),
			Observer: langevin.NewCoordinates(1, nil)})
	}
	var pulls []float64
	for run := range 200 {
		err := langevin.AveragedTrajectory(context.Background(), workers, []float64{2}, langevin.Averaging{Draws: draws, Repeats: repeats},
			func(i int) langevin.Source { return langevintest.NewSource(uint64(1000+run), i) }, []int{0, 6},
			func(step int, got, stderr, state []float64) error {
				want := mean + math.Pow(1-eta*h, float64(step))*(2-mean)
				if step == 0 {
					if got[0] != 2 || stderr[0] != 0 {
						t.Errorf("start: %v ± %v", got[0], stderr[0])
					}
					return nil
				}
				if math.Abs(state[0]-got[0]) > 1e-14 {
					t.Errorf("mean state %v, mean observable %v", state[0], got[0])
				}
				pulls = append(pulls, (got[0]-want)/stderr[0])
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
	}
	// Student's t with 7 degrees of freedom: variance 7/5
	square := 0.0
	for _, p := range pulls {
		square += p * p / float64(len(pulls)) * 5 / 7
	}
	if sd := math.Sqrt(square); !(sd > 0.85 && sd < 1.15) {
		t.Errorf("pulls have standard deviation %.3f", sd)
	}
	bad := langevin.Averaging{Draws: 0, Repeats: 2}
	if err := langevin.AveragedTrajectory(context.Background(), workers, []float64{2}, bad, sources, []int{1}, nil); err == nil {
		t.Error("no draws were accepted")
	}
}
