package langevin

import (
	"context"
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// A Source is a stream of independent standard normals.
type Source interface {
	Normals(dst []float64)
}

// A Worker is what one goroutine needs: its own copy of the map and, if anything is
// recorded, of the observer (they may keep scratch space).
type Worker struct {
	Map      Map
	Observer Observer
}

// An Ensemble is N replicas of one Map from one configuration, each with a stream of its
// own. Replicas move together from one recorded step to the next, so memory is
// N × Dim() whatever the number of steps, and results do not depend on the workers.
//
// A replica whose configuration becomes non-finite has diverged: it stops there, draws
// no more numbers, and its observables are NaN from then on.
type Ensemble struct {
	replicas, dim, config, inputs int
	step                          int
	states                        []float64 // replicas × dim
	diverged                      []int     // step at which each diverged, or −1
	sources                       []Source
	buffers                       [][]float64 // per worker: a state and the inputs
	slice                         int         // steps between looks at the context
}

// NewEnsemble returns replicas of m at configuration q (memory as Init makes it);
// source(i) is the stream of replica i.
func NewEnsemble(m Map, q []float64, replicas int, source func(i int) Source) *Ensemble {
	e := &Ensemble{replicas: replicas, dim: m.Dim(), config: m.Config(), inputs: m.Inputs()}
	e.states = make([]float64, replicas*e.dim)
	for i := range replicas {
		m.Init(e.State(i), q)
		e.diverged = append(e.diverged, -1)
		e.sources = append(e.sources, source(i))
	}
	return e
}

// Step is the number of steps done.
func (e *Ensemble) Step() int { return e.step }

// Replicas is N.
func (e *Ensemble) Replicas() int { return e.replicas }

// State is the state of replica i, not a copy.
func (e *Ensemble) State(i int) []float64 { return e.states[i*e.dim : (i+1)*e.dim : (i+1)*e.dim] }

// Diverged is the step at which replica i diverged, or −1.
func (e *Ensemble) Diverged(i int) int { return e.diverged[i] }

// Run advances to each of the recorded steps (ascending, none before Step()) and calls
// emit with the observables of all replicas, row-major replicas × observables; emit must
// not keep the slice. If ctx is done it stops with ctx's error, all replicas at the same
// Step(), and can be run again with the records that are left.
func (e *Ensemble) Run(ctx context.Context, workers []Worker, record []int, emit func(step int, values []float64) error) error {
	if err := checkSteps(record); err != nil {
		return err
	}
	if record[0] < e.step {
		return fmt.Errorf("langevin: ensemble is at step %d: it cannot record step %d", e.step, record[0])
	}
	values := make([]float64, e.replicas*len(workers[0].Observer.Observables()))
	for _, k := range record {
		if err := e.Advance(ctx, workers, k-e.step); err != nil {
			return err
		}
		e.Observe(workers, values)
		if err := emit(k, values); err != nil {
			return err
		}
	}
	return nil
}

// Advance takes k steps of every replica. It looks at ctx between slices of steps that
// take a few tens of milliseconds, and stops there with all replicas at the same step.
func (e *Ensemble) Advance(ctx context.Context, workers []Worker, k int) error {
	for len(e.buffers) < len(workers) {
		e.buffers = append(e.buffers, make([]float64, e.dim+e.inputs))
	}
	e.slice = max(e.slice, 1)
	for k > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, begin := min(e.slice, k), time.Now()
		e.each(len(workers), func(w, i int) { e.propagate(workers[w].Map, e.buffers[w], i, n) })
		e.step += n
		k -= n
		if n == e.slice && time.Since(begin) < 20*time.Millisecond {
			e.slice *= 2
		}
	}
	return nil
}

// propagate takes k steps of replica i, leaving its state in place.
func (e *Ensemble) propagate(m Map, buffer []float64, i, k int) {
	if e.diverged[i] >= 0 {
		return
	}
	home := e.State(i)
	now, next, xi := home, buffer[:e.dim], buffer[e.dim:]
	for s := range k {
		e.sources[i].Normals(xi)
		m.Step(next, now, xi)
		now, next = next, now
		if !finite(now[:e.config]) {
			e.diverged[i] = e.step + s + 1
			break
		}
	}
	if &now[0] != &home[0] {
		copy(home, now)
	}
}

// Observe writes the observables of all replicas, replicas × observables.
func (e *Ensemble) Observe(workers []Worker, values []float64) {
	width := len(values) / e.replicas
	e.each(len(workers), func(w, i int) {
		row := values[i*width : (i+1)*width]
		if e.diverged[i] < 0 {
			workers[w].Observer.Observe(row, e.State(i)[:e.config])
			return
		}
		for j := range row {
			row[j] = math.NaN()
		}
	})
}

// each calls do(worker, replica) once for every replica. A panic in a worker is passed
// on to the caller, who can recover it.
func (e *Ensemble) each(workers int, do func(w, i int)) {
	if workers <= 1 {
		for i := range e.replicas {
			do(0, i)
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	var once sync.Once
	var failure any
	work := func(w int) {
		defer func() {
			if r := recover(); r != nil {
				once.Do(func() { failure = r })
			}
		}()
		for {
			i := int(next.Add(1)) - 1
			if i >= e.replicas {
				return
			}
			do(w, i)
		}
	}
	for w := 1; w < workers; w++ {
		wait.Go(func() { work(w) })
	}
	work(0) // the caller's own thread is awake already
	wait.Wait()
	if failure != nil {
		panic(failure)
	}
}

const ensembleVersion = 1

// MarshalBinary saves the step, the states and the sources, which must be
// encoding.BinaryMarshalers.
func (e *Ensemble) MarshalBinary() ([]byte, error) {
	out := []byte{ensembleVersion}
	for _, v := range []int{e.replicas, e.dim, e.step} {
		out = binary.LittleEndian.AppendUint64(out, uint64(v))
	}
	for _, d := range e.diverged {
		out = binary.LittleEndian.AppendUint64(out, uint64(d))
	}
	for _, x := range e.states {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(x))
	}
	for i, s := range e.sources {
		m, ok := s.(encoding.BinaryMarshaler)
		if !ok {
			return nil, fmt.Errorf("langevin: the source of replica %d cannot be saved: it is no encoding.BinaryMarshaler", i)
		}
		b, err := m.MarshalBinary()
		if err != nil {
			return nil, fmt.Errorf("langevin: saving the source of replica %d: %w", i, err)
		}
		out = binary.LittleEndian.AppendUint64(out, uint64(len(b)))
		out = append(out, b...)
	}
	return out, nil
}

// UnmarshalBinary restores into an ensemble made by NewEnsemble with the same map and
// number of replicas; the sources must be encoding.BinaryUnmarshalers. After an error
// the ensemble is not usable.
func (e *Ensemble) UnmarshalBinary(data []byte) error {
	if len(data) == 0 || data[0] != ensembleVersion {
		return errors.New("langevin: the saved ensemble has an unknown version: start over")
	}
	r := reader{data[1:]}
	replicas, dim, step := r.next(), r.next(), r.next()
	if int(replicas) != e.replicas || int(dim) != e.dim {
		return fmt.Errorf("langevin: the saved ensemble has %d replicas of %d components, not %d of %d: start over", replicas, dim, e.replicas, e.dim)
	}
	e.step = int(step)
	for i := range e.diverged {
		e.diverged[i] = int(r.next())
	}
	for i := range e.states {
		e.states[i] = math.Float64frombits(r.next())
	}
	for i, s := range e.sources {
		u, ok := s.(encoding.BinaryUnmarshaler)
		if !ok {
			return fmt.Errorf("langevin: the source of replica %d cannot be restored: it is no encoding.BinaryUnmarshaler", i)
		}
		b, ok := r.bytes(r.next())
		if !ok {
			return errors.New("langevin: the saved ensemble is cut short: start over")
		}
		if err := u.UnmarshalBinary(b); err != nil {
			return fmt.Errorf("langevin: restoring the source of replica %d: %w", i, err)
		}
	}
	if len(r.left) != 0 {
		return errors.New("langevin: the saved ensemble has bytes left over: start over")
	}
	return nil
}

// reader takes words off a byte slice; past the end it returns 0.
type reader struct{ left []byte }

func (r *reader) next() uint64 {
	if len(r.left) < 8 {
		r.left = nil
		return 0
	}
	v := binary.LittleEndian.Uint64(r.left)
	r.left = r.left[8:]
	return v
}

func (r *reader) bytes(n uint64) ([]byte, bool) {
	if n > uint64(len(r.left)) {
		return nil, false
	}
	b := r.left[:n]
	r.left = r.left[n:]
	return b, true
}
