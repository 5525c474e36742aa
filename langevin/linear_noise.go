package langevin

import (
	"errors"
	"fmt"
	"math"
)

// A NoiseLinearizer is a Linearizer that also pushes inputs forward. Without it the
// forward ensemble takes L·ξ from a central difference of Step.
type NoiseLinearizer interface {
	Linearizer
	// NoiseJVP writes L·xi, L = ∂Φ/∂ξ at (state, ξ = 0); len(dst) = Dim().
	NoiseJVP(dst, state, xi []float64)
}

// AsLinearizer returns the map as a Linearizer if it is one. A map whose derivative
// depends on what it was made of (its drift may have none) says so by a method
// Linear() bool; ask here rather than by a type assertion.
func AsLinearizer(m Map) (Linearizer, bool) {
	l, ok := m.(Linearizer)
	if c, has := m.(interface{ Linear() bool }); ok && has {
		ok = c.Linear()
	}
	return l, ok
}

// A Prediction is the linear-noise law of each observable at each chosen step.
type Prediction struct {
	Steps  []int
	Mean   [][]float64 // [step][observable]: the observable on the classical trajectory
	Std    [][]float64 // [step][observable]
	StdErr [][]float64 // Monte Carlo standard error of Std; nil when it is exact
}

// LinearNoise predicts each observable at each chosen step (ascending, from 0) from the
// linearised recurrence about the classical trajectory x_k (ξ = 0) of q,
//
//	δ' = M_k δ + L_k ξ,   Var O_K = Σ_{k<K} |L_kᵀ M_{k+1}ᵀ ⋯ M_{K−1}ᵀ ∇O(x_K)|²,
//
// by the adjoint: one backward sweep carries every observable of every chosen step, at a
// cost of steps × observables × K/2 products, exactly and without forming M. The
// classical states are kept at every √K-th step and recomputed between.
//
// The prediction is the leading order in the noise: for noise of scale s the error of
// Mean and the relative error of Std² are O(s²). Van Kampen, Stochastic Processes in
// Physics and Chemistry, ch. X.
func LinearNoise(m Map, q []float64, obs GradientObserver, steps []int) (*Prediction, error) {
	lin, ok := AsLinearizer(m)
	if !ok {
		return nil, errors.New("langevin: linear-noise prediction: this map has no derivative")
	}
	if err := checkSteps(steps); err != nil {
		return nil, err
	}
	a := newAdjoint(m, obs, steps)
	a.co = make([]float64, len(steps)*a.width*m.Dim())
	quiet, noise := make([]float64, m.Inputs()), make([]float64, m.Inputs())
	a.step = func(_ int, next, state []float64) { m.Step(next, state, quiet) }
	a.pull = func(_ int, state []float64, first int) error {
		for j := first; j < len(a.vr); j++ {
			c := a.co[j*m.Dim() : (j+1)*m.Dim()]
			lin.NoiseVJP(noise, state, c)
			for _, z := range noise {
				a.vr[j] += z * z
			}
			lin.VJP(a.next, state, c)
			copy(c, a.next)
		}
		return nil
	}
	if err := a.run(q); err != nil {
		return nil, err
	}
	return a.prediction()
}

// checkSteps refuses recorded steps that are not ascending from 0 or more.
func checkSteps(steps []int) error {
	last := -1
	for _, k := range steps {
		if k <= last {
			return fmt.Errorf("langevin: recorded steps must ascend from 0 or more: %d follows %d", k, last)
		}
		last = k
	}
	if len(steps) == 0 {
		return errors.New("langevin: no step to record")
	}
	return nil
}

// adjoint is one backward sweep along a trajectory.
type adjoint struct {
	m     Map
	obs   GradientObserver
	steps []int
	width int // number of observables

	// step is step k of the trajectory; the same k and state give the same.
	step func(k int, next, state []float64)
	// pull carries the cotangents from the first on from step k+1 to k and adds the noise of
	// step k to vr.
	pull func(k int, state []float64, first int) error

	stride int
	marks  [][]float64 // states at multiples of stride
	window [][]float64 // states within one stride
	co     []float64   // active cotangents, (step, observable) × Dim, from the last step on
	mean   []float64   // (step, observable)
	vr     []float64

	next []float64
}

func newAdjoint(m Map, obs GradientObserver, steps []int) *adjoint {
	a := &adjoint{m: m, obs: obs, steps: steps, width: len(obs.Observables())}
	last := steps[len(steps)-1]
	a.stride = max(1, int(math.Ceil(math.Sqrt(float64(last)))))
	for range last/a.stride + 1 {
		a.marks = append(a.marks, make([]float64, m.Dim()))
	}
	for range a.stride {
		a.window = append(a.window, make([]float64, m.Dim()))
	}
	a.mean = make([]float64, len(steps)*a.width)
	a.vr = make([]float64, len(steps)*a.width)
	a.next = make([]float64, m.Dim())
	return a
}

func (a *adjoint) run(q []float64) error {
	if err := a.checkpoints(q); err != nil {
		return err
	}
	return a.sweep()
}

// checkpoints runs the classical trajectory, keeping every stride-th state, the
// observables at the chosen steps and, as final cotangents, their gradients.
func (a *adjoint) checkpoints(q []float64) error {
	n, dim := a.m.Config(), a.m.Dim()
	state := make([]float64, dim)
	a.m.Init(state, q)
	at := 0
	for k := 0; ; k++ {
		if k%a.stride == 0 {
			copy(a.marks[k/a.stride], state)
		}
		if k == a.steps[at] {
			a.obs.Observe(a.mean[at*a.width:(at+1)*a.width], state[:n])
			for i := range a.width {
				c := a.co[(at*a.width+i)*dim:]
				a.obs.ObserveGradient(c[:n], i, state[:n])
			}
			if at++; at == len(a.steps) {
				return nil
			}
		}
		a.step(k, a.next, state)
		if !finite(a.next) {
			return fmt.Errorf("langevin: linear-noise prediction: the classical trajectory diverged at step %d", k+1)
		}
		state, a.next = a.next, state
	}
}

// sweep goes backward through the steps, window by window.
func (a *adjoint) sweep() error {
	last := a.steps[len(a.steps)-1]
	active := len(a.steps) // cotangents of steps[active:] are alive
	for w := (last - 1) / a.stride; w >= 0 && last > 0; w-- {
		lo, hi := w*a.stride, min((w+1)*a.stride, last)
		copy(a.window[0], a.marks[w])
		for k := lo + 1; k < hi; k++ {
			a.step(k-1, a.window[k-lo], a.window[k-lo-1])
		}
		for k := hi - 1; k >= lo; k-- {
			for active > 0 && a.steps[active-1] > k {
				active--
			}
			if err := a.pull(k, a.window[k-lo], active*a.width); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *adjoint) prediction() (*Prediction, error) {
	p := &Prediction{Steps: append([]int(nil), a.steps...)}
	for s := range a.steps {
		row := a.vr[s*a.width : (s+1)*a.width]
		if !finite(row) {
			return nil, fmt.Errorf("langevin: linear-noise prediction: the variance at step %d is not finite: the linearised recurrence is unstable over that time", a.steps[s])
		}
		std := make([]float64, a.width)
		for i, v := range row {
			std[i] = math.Sqrt(v)
		}
		p.Mean = append(p.Mean, a.mean[s*a.width:(s+1)*a.width])
		p.Std = append(p.Std, std)
	}
	return p, nil
}

// finite reports whether no component is NaN or infinite.
func finite(x []float64) bool {
	var a, b, c, d float64 // 0·v is 0 unless v is not finite; four sums hide the latency
	for len(x) >= 4 {
		a += x[0] * 0
		b += x[1] * 0
		c += x[2] * 0
		d += x[3] * 0
		x = x[4:]
	}
	for _, v := range x {
		a += v * 0
	}
	return a+b+c+d == 0
}
