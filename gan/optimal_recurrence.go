package gan

import (
	"fmt"
	"slices"

	"machlup/langevin"
)

// Recurrence returns the trainer as a recurrence in positions x, of one block; the value is
// also a langevin.Map and langevin.GradientObserver, and a langevin.MetricRecurrence with
// metric noise. It shares the trainer's working storage. It refuses, with the reason,
// minibatch noise, temperature 0, and rules that remember more than one step.
func (o *Optimal) Recurrence() (langevin.Recurrence, error) {
	if o.cfg.Noise.Kind != "injected" {
		return nil, fmt.Errorf("gan: noise kind %q has no Gaussian density in positions; use kind injected, or sample the innovation action", o.cfg.Noise.Kind)
	}
	eta, beta, err := o.gen.opt.Rule.Linear()
	if err != nil {
		return nil, fmt.Errorf("gan: the generator has no path density in positions: %w", err)
	}
	if o.gen.s == 0 {
		return nil, fmt.Errorf("gan: the generator moves without noise (temperature 0), so a path in positions has no density; give it a temperature > 0 or sample the innovation action")
	}
	if err := o.gen.gaussian(); err != nil {
		return nil, err
	}
	r := &optimalRecurrence{Optimal: o, eta: eta,
		block: langevin.Block{Name: "generator", Hi: o.gen.hi, Momentum: beta, Noise: o.gen.s, Metric: o.gen.ownF}}
	if o.gen.ownF {
		return &optimalMetricRecurrence{optimalRecurrence: r}, nil
	}
	return r, nil
}

type optimalRecurrence struct {
	*Optimal
	eta   float64
	block langevin.Block
	slope *optimalSlope
}

func (r *optimalRecurrence) Blocks() []langevin.Block { return []langevin.Block{r.block} }

// Drift writes −η·direction at x, with what corrects metric noise.
func (r *optimalRecurrence) Drift(dst []float64, _ int, x []float64) {
	theta := r.direction(x, r.z)
	scaled(dst, -r.eta, r.gen.dir)
	r.gen.push(dst, theta) // no prior folds then
}

// An optimalMetricRecurrence keeps the forward pass and factorisation for the calls at the
// same x that follow.
type optimalMetricRecurrence struct {
	*optimalRecurrence
	at       []float64 // where the working storage stands; nil before the first call
	runs     uint64
	factored bool
	v        []float64
}

// Drift is optimalRecurrence's, remembered.
func (r *optimalMetricRecurrence) Drift(dst []float64, b int, x []float64) {
	r.optimalRecurrence.Drift(dst, b, x)
	r.remember(x, true)
}

// MetricNorm returns rᵀF(x)r.
func (r *optimalMetricRecurrence) MetricNorm(_ int, x, res []float64) float64 {
	theta := r.evaluate(x)
	return r.gen.metric.norm(theta, r.turned(res))
}

// ApplyMetric writes F(x)v.
func (r *optimalMetricRecurrence) ApplyMetric(dst []float64, _ int, x, v []float64) {
	theta := r.evaluate(x)
	r.gen.metric.apply(dst, theta, r.turned(v))
	hadamard(dst, dst, r.sign)
	r.factored = ofLoss(r.gen.metric)
}

// LogDet returns log det F(x); the signs of a fold drop out.
func (r *optimalMetricRecurrence) LogDet(_ int, x []float64) float64 {
	theta := r.evaluate(x)
	if !r.factored {
		r.gen.metric.factor(theta, nil)
		r.factored = true
	}
	return r.gen.metric.logDet()
}

// turned is v in the coordinates of θ.
func (r *optimalMetricRecurrence) turned(v []float64) []float64 {
	if r.v == nil {
		r.v = make([]float64, r.gen.hi)
	}
	hadamard(r.v, v, r.sign)
	return r.v
}

// evaluate leaves the forward pass at x in the working storage, and all of a metric that
// depends on the loss, and returns θ.
func (r *optimalMetricRecurrence) evaluate(x []float64) []float64 {
	theta := foldInto(r.cfg.Prior, r.theta, r.sign, x[:r.gen.hi])
	if r.runs == r.gen.p.runs() && slices.Equal(r.at, x[:r.gen.hi]) {
		return theta
	}
	if ofLoss(r.gen.metric) {
		r.direction(x, r.z)
		r.remember(x, true)
	} else {
		r.gen.p.forward(r.y, theta, r.z, r.rows)
		r.remember(x, false)
	}
	return theta
}

func (r *optimalMetricRecurrence) remember(x []float64, factored bool) {
	r.at = append(r.at[:0], x[:r.gen.hi]...)
	r.runs, r.factored = r.gen.p.runs(), factored
}
