package engine

import (
	"context"
	"fmt"
	"math"

	"machlup/internal/record"
	"machlup/langevin"
)

// LinearNoiseTable is where linear-noise theory holds and by how much it fails elsewhere.
var LinearNoiseTable = record.Schema{Name: "linear_noise", Doc: "linear-noise theory against measurement, by observable and step",
	Columns: []record.Column{colTask, colObservable, colStep,
		float("std", "observable", "standard deviation over chains"), float("std_stderr", "observable", "its standard error"),
		float("predicted_std", "observable", "linear-noise theory"),
		float("predicted_std_stderr", "observable", "its standard error; 0 where it is exact"),
		float("ratio", "1", "measured over predicted standard deviation"), float("ratio_stderr", "1", "its standard error, of both"),
		float("z_std", "1", "(std − predicted_std) / the error of both, as the z of the same chance: few repeats make heavy tails"),
		float("shift", "observable", "mean over chains minus the classical trajectory, which linear theory has as 0"),
		float("shift_stderr", "observable", "its standard error, of both"),
		float("z_mean", "1", "shift / shift_stderr, as the z of the same chance"), colESS, colStatus}}

// failing is the |z| above which a prediction has failed.
const failing = 4

// A comparison is what a row of LinearNoiseTable is made of.
type comparison struct {
	std, stdErr, predicted, predictedErr float64
	shift, meanErr, classicalErr         float64
	chains, repeats                      float64 // independent draws behind the measured and the predicted errors
	lost                                 int     // chains that have diverged
}

// z is difference over the error of both. Each error is itself estimated, from as many draws as there are chains or
// repeats, so the ratio follows Student's law with the degrees of freedom of Welch and Satterthwaite; it is carried to
// the normal quantile of the same chance (D. L. Wallace, Ann. Math. Stat. 30 (1959) 1124).
func (c comparison) z(difference, measured, predicted float64) float64 {
	a, b := measured*measured, predicted*predicted
	if a+b == 0 {
		return difference / math.Sqrt(a+b)
	}
	t2 := difference * difference / (a + b)
	free := (a + b) * (a + b) / (a*a/(c.chains-1) + b*b/(c.repeats-1))
	return math.Copysign((8*free+1)/(8*free+3)*math.Sqrt(free*math.Log1p(t2/free)), difference)
}

// predictable tells how linear theory of minibatch noise is to be had, or why not.
func (e *ensemble) predictable(m *Model) {
	_, smooth := m.Observer.(langevin.GradientObserver)
	switch {
	case e.quenched:
	case e.cfg.Tangents == 0:
		e.noTheory = "minibatch noise: set tangents ≥ 1 to estimate its covariance and derivatives along the trajectory"
	case m.NoBatchLinear != nil:
		e.noTheory = m.NoBatchLinear.Error()
	case !smooth:
		e.noTheory = "the observables have no gradients"
	case !e.cfg.Classical || m.BatchLinear == nil || e.cfg.Draws < 2:
		e.noTheory = "minibatch noise: it takes the classical trajectory (classical = true), of at least 2 draws"
	default:
		e.theory = e.cfg.Repeats
	}
}

// theoryWork is the cost of an estimate: the trajectory, once more by windows, the covariance, and an adjoint of three
// evaluations for each cotangent that is alive.
func (e *ensemble) theoryWork() float64 {
	work := 0
	for _, k := range e.at {
		work += k * len(e.cols) * 2 * e.cfg.Tangents * 3
	}
	return float64(work + 3*e.at[len(e.at)-1]*e.cfg.Draws)
}

// predict is one estimate of linear-noise theory of minibatches.
func (e *ensemble) predict(ctx context.Context, m *Model, part int, progress func(float64)) (any, error) {
	source := func(k int) langevin.Source { return e.env.Part(fmt.Sprintf("ensemble theory %d", part), k) }
	total, last := e.theoryWork(), float64(e.at[len(e.at)-1])
	p, err := langevin.LinearNoiseOfBatches(ctx, m.Map, m.BatchLinear, m.Start, m.Observer.(langevin.GradientObserver), e.at,
		langevin.BatchNoise{Draws: e.cfg.Draws, Tangents: e.cfg.Tangents}, source,
		func(done int) { progress(total * float64(done) / math.Max(1, last)) })
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil { // the chains go on without
		return &EnsemblePart{Classical: &ClassicalPart{NoTheory: err.Error()}}, nil
	}
	return &EnsemblePart{Theory: p}, nil
}

// join takes the estimates of minibatch theory together.
func (c *ClassicalPart) join(at []int, parts []any) {
	if c == nil || len(parts) == 0 || len(c.Mean) < len(at) {
		return
	}
	var estimates []*langevin.BatchPrediction
	for _, p := range parts {
		p := p.(*EnsemblePart)
		if p.Theory == nil {
			c.NoTheory = p.Classical.NoTheory
			return
		}
		estimates = append(estimates, p.Theory)
	}
	joint := langevin.JoinPredictions(at, estimates)
	c.Std, c.StdErr = joint.Std, joint.StdErr
}

// compare writes how theory and measurement differ.
func (e *ensemble) compare(out *Output, o, step int, c comparison) {
	if !(c.predicted > 0) {
		return
	}
	status := "ok"
	ratio := c.std / c.predicted
	ratioErr := ratio * math.Hypot(c.stdErr/c.std, c.predictedErr/c.predicted)
	zStd, zMean := c.z(c.std-c.predicted, c.stdErr, c.predictedErr), c.z(c.shift, c.meanErr, c.classicalErr)
	switch {
	case math.Abs(zStd) > failing && math.Abs(zMean) > failing:
		status = "std and mean differ from linear theory"
	case math.Abs(zStd) > failing:
		status = "std differs from linear theory"
	case math.Abs(zMean) > failing:
		status = "mean differs from linear theory"
	case math.IsNaN(zStd):
		status = "fewer than 8 chains: no error bar of std"
	}
	if c.lost > 0 {
		status = fmt.Sprintf("%s; of the chains that are left: %d had diverged", status, c.lost)
	}
	out.Table(LinearNoiseTable).Add(e.cols[o].Name, step, c.std, c.stdErr, c.predicted, c.predictedErr, ratio, ratioErr, zStd,
		c.shift, math.Hypot(c.meanErr, c.classicalErr), zMean, c.chains, status)
	e.note(o, step, ratio, ratioErr, zStd, zMean)
}

// A failure is where theory first fails for one observable.
type failure struct {
	compared             int
	std, mean            int     // first steps with |z| above failing; 0 for none
	ratio, ratioErr, far float64 // where |z_std| is largest
	at                   int
}

func (e *ensemble) note(o, step int, ratio, ratioErr, zStd, zMean float64) {
	if e.failures == nil {
		e.failures = make([]failure, len(e.cols))
	}
	f := &e.failures[o]
	f.compared++
	if f.std == 0 && math.Abs(zStd) > failing {
		f.std = step
	}
	if f.mean == 0 && math.Abs(zMean) > failing {
		f.mean = step
	}
	if f.compared == 1 || math.Abs(zStd) > math.Abs(f.far) {
		f.ratio, f.ratioErr, f.far, f.at = ratio, ratioErr, zStd, step
	}
}

// writeVerdict says for each observable where linear theory first fails, and by how much at
// worst.
func (e *ensemble) writeVerdict(out *Output) {
	for o, f := range e.failures {
		if f.compared == 0 {
			continue
		}
		name := e.cols[o].Name
		first := func(quantity string, step int) {
			var value any
			status := fmt.Sprintf("|z| ≤ %d at all %d recorded steps", failing, f.compared)
			if step > 0 {
				value, status = float64(step), fmt.Sprintf("first recorded step with |z| > %d", failing)
			}
			out.Table(Summary).Add(quantity+name, value, nil, nil, nil, "step", status)
		}
		first("linear theory fails in std: ", f.std)
		first("linear theory fails in mean: ", f.mean)
		out.Table(Summary).Add("worst std measured/predicted: "+name, f.ratio, f.ratioErr, 1.0, f.far, "1", fmt.Sprintf("at step %d", f.at))
	}
	e.failures = nil
}
