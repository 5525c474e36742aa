package pathint

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// A Minimum is a minimum-action path: the pinned path of K steps that minimises the quadratic
// part of the Onsager–Machlup action, the most probable one as T → 0.
type Minimum struct {
	Slices       []float64 // [(K+1)×n]
	Steps        []float64 // [K] share of each step in the action
	Action       float64   // Q, with the noise of the recurrence: proportional to 1/T
	GradientNorm float64   // largest component of the whitened gradient, in units of √(action)
	Iterations   int
	Evaluations  int  // of the action and its gradient
	Converged    bool // the gradient norm reached the tolerance
	Status       string
	Cost         Cost
}

// MinimumSettings configure Minimise.
type MinimumSettings struct {
	// Tolerance of the largest component of the gradient with respect to whitened slices: Q
	// is then within about ½·n·K·Tolerance² of a local minimum.
	Tolerance  float64
	Iterations int // at most
	// Stop is asked after every iteration, nil for never; its error ends the search.
	Stop func() error
}

// Minimise finds the minimum-action path of an action with pinned ends from the straight line
// between them, or from given slices [(K+1)×n] if start is not nil, by L-BFGS (Nocedal, Math.
// Comp. 35 (1980) 773) with the exact gradient. The path moves in coordinates in which the
// reference walk pinned at both ends is white, so that the number of iterations does not grow
// with K. It needs isotropic noise and an adjoint of the drift; the quadratic part of a
// state-dependent metric has neither. The minimum is local: other starts may find lower
// ones.
func Minimise(act *OnsagerMachlup, ends Ends, steps int, start []float64, set MinimumSettings) (Minimum, error) {
	if err := act.HasGradient(); err != nil {
		return Minimum{}, fmt.Errorf("pathint: minimum action: %w", err)
	}
	if ends.Pins() == 0 {
		return Minimum{}, errors.New("pathint: minimum action: the end is free, and the noise-free trajectory has action 0; pin it")
	}
	if !(set.Tolerance > 0) || set.Iterations < 1 {
		return Minimum{}, fmt.Errorf("pathint: minimum action: tolerance %g and %d iterations; both must be positive", set.Tolerance, set.Iterations)
	}
	chain, err := NewChain(Spec{Action: act, Ends: ends, Steps: steps})
	if err != nil {
		return Minimum{}, err
	}
	if start == nil {
		err = chain.StartLine()
	} else {
		err = chain.StartSlices(start)
	}
	if err != nil {
		return Minimum{}, err
	}
	return newDescent(act, chain.path).run(set)
}

// descent is the action as a function of whitened slices.
type descent struct {
	act        *OnsagerMachlup
	p          *Path
	frame      *sliceFrame
	at         []float64 // y whose gradient is at hand
	g          []float64 // whitened
	grad, pull []float64 // in slices
	q          float64
	calls      int
}

func newDescent(act *OnsagerMachlup, p *Path) *descent {
	p.guide = nil
	f := newSliceFrame(act, p)
	n := f.size()
	return &descent{act: act, p: p, frame: f, at: make([]float64, n), g: make([]float64, n),
		grad: make([]float64, len(p.slices)), pull: make([]float64, len(p.slices))}
}

// evaluate computes the action and its gradient at y; both are asked for one after the other.
func (d *descent) evaluate(y []float64) {
	if d.calls > 0 && floats.Equal(y, d.at) {
		return
	}
	copy(d.at, y)
	d.frame.leave(d.p, y)
	lo, hi := d.p.Movable()
	d.act.Update(d.p, Change{Lo: lo, Hi: hi, B0: 0, B1: d.p.blk})
	d.q = d.p.Quadratic()
	clear(d.pull)
	d.act.Gradient(d.grad, d.p, d.pull)
	d.frame.gradient(d.g, d.grad, y)
	floats.Add(d.g, y) // the frame's is less the reference's share
	d.calls++
}

func (d *descent) run(set MinimumSettings) (Minimum, error) {
	before := d.p.cost
	y := make([]float64, d.frame.size())
	d.frame.enter(y, d.p)
	problem := optimize.Problem{
		Func: func(y []float64) float64 { d.evaluate(y); return d.q },
		Grad: func(grad, y []float64) { d.evaluate(y); copy(grad, d.g) },
	}
	result, err := optimize.Minimize(problem, y, &optimize.Settings{
		GradientThreshold: set.Tolerance, MajorIterations: set.Iterations, Converger: optimize.NeverTerminate{}, Recorder: stopper{set.Stop},
	}, &optimize.LBFGS{Store: 30})
	if set.Stop != nil {
		if stop := set.Stop(); stop != nil {
			return Minimum{}, stop
		}
	}
	if result == nil {
		return Minimum{}, fmt.Errorf("pathint: minimum action: %w", err)
	}
	d.evaluate(result.X)
	m := Minimum{Slices: append([]float64(nil), d.p.slices...), Action: d.q, GradientNorm: floats.Norm(d.g, math.Inf(1)),
		Iterations: result.Stats.MajorIterations, Evaluations: d.calls}
	for k := range d.p.steps {
		sum := 0.0
		for c, t := range d.act.Terms() {
			sum += t.Scaled * d.p.Terms(k)[c]
		}
		m.Steps = append(m.Steps, sum)
	}
	m.Cost.add(d.p.cost, before)
	// Where rounding ends the line search, what the gradient still promises is lost in the action.
	rounding := err != nil && math.Pow(floats.Norm(d.g, 2), 2) <= 1e-12*m.Action
	m.Converged = m.GradientNorm <= set.Tolerance || rounding
	switch {
	case !finite([]float64{m.Action, m.GradientNorm}):
		return Minimum{}, fmt.Errorf("pathint: minimum action: the action is %g", m.Action)
	case m.Converged && rounding:
		m.Status = fmt.Sprintf("ok; rounding ends the search at gradient norm %.2g", m.GradientNorm)
	case m.Converged:
		m.Status = "ok"
	case err != nil: // a line search that rounding stops
		m.Status = fmt.Sprintf("not converged: %v after %d iterations at gradient norm %.3g", err, m.Iterations, m.GradientNorm)
	default:
		m.Status = fmt.Sprintf("not converged: gradient norm %.3g after %d iterations; more iterations or another tolerance", m.GradientNorm, m.Iterations)
	}
	return m, nil
}

// stopper asks whether to go on.
type stopper struct{ stop func() error }

func (s stopper) Init() error { return nil }
func (s stopper) Record(_ *optimize.Location, op optimize.Operation, _ *optimize.Stats) error {
	if s.stop == nil || op != optimize.MajorIteration {
		return nil
	}
	return s.stop()
}
