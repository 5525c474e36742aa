package langevin

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// BatchNoise is how the linear-noise prediction of minibatch noise is estimated.
type BatchNoise struct {
	Draws    int // minibatches of a step: the trajectory averages over them, the covariance is theirs
	Tangents int // minibatches over which the derivative of a step is averaged, twice
}

// A BatchPrediction is one estimate of the law of small fluctuations.
type BatchPrediction struct {
	Mean     [][]float64 // [step][observable] on the averaged trajectory
	Variance [][]float64 // [step][observable]; an unbiased estimate may be negative
}

// LinearNoiseOfBatches predicts as LinearNoise does, for noise that is not small because it
// is scaled but because a minibatch is large. The reference is the trajectory x' = E_ξΦ(x,ξ),
// its derivative M = E_ξ ∂Φ/∂x, and the noise of a step Q = Cov_ξ Φ(x,ξ), all three measured
// at each step from minibatches of their own:
//
//	Var O_K = Σ_{k<K} w_{k+1}ᵀ Q_k w_{k+1},   w_k = M_kᵀ w_{k+1},   w_K = ∇O(x_K).
//
// Two cotangents w with independent derivatives are carried and the form is taken between
// them, so that the noise of M does not bias the variance. What remains is the trajectory's
// own error, a bias of order 1/Draws; and the theory's, of relative order 1/B.
//
// The estimate is one of several: their scatter is its error. source(k) is a stream for each
// k from 0 to twice the last step; the same k must give the same numbers.
func LinearNoiseOfBatches(ctx context.Context, m Map, lin BatchLinearizer, q []float64, obs GradientObserver, steps []int,
	b BatchNoise, source func(k int) Source, progress func(step int)) (*BatchPrediction, error) {
	if err := checkSteps(steps); err != nil {
		return nil, err
	}
	if b.Draws < 2 || b.Tangents < 1 {
		return nil, fmt.Errorf("langevin: linear-noise prediction of minibatches with %d draws and %d tangents: at least 2 and 1 are needed", b.Draws, b.Tangents)
	}
	s := newBatchSweep(m, lin, obs, steps, b)
	s.step = func(k int, next, state []float64) { s.average(next, state, source(2*k)) }
	s.pull = func(k int, state []float64, first int) error {
		progress(steps[len(steps)-1] - k)
		s.pullBack(state, first, source(2*k+1))
		return ctx.Err()
	}
	if err := s.checkpoints(q); err != nil {
		return nil, err
	}
	copy(s.other, s.co)
	if err := s.sweep(); err != nil {
		return nil, err
	}
	if !finite(s.vr) {
		return nil, errors.New("langevin: linear-noise prediction: a variance is not finite: the linearised recurrence is unstable over that time")
	}
	p := &BatchPrediction{}
	for i := range steps {
		p.Mean = append(p.Mean, s.mean[i*s.width:(i+1)*s.width])
		p.Variance = append(p.Variance, s.vr[i*s.width:(i+1)*s.width])
	}
	return p, nil
}

// batchSweep is the backward sweep with a second set of cotangents.
type batchSweep struct {
	*adjoint
	lin   BatchLinearizer
	b     BatchNoise
	other []float64
	draws []float64 // [Draws × Dim] deviations of the steps from their mean
	xi    []float64
	mean1 []float64
	sum   []float64
}

func newBatchSweep(m Map, lin BatchLinearizer, obs GradientObserver, steps []int, b BatchNoise) *batchSweep {
	s := &batchSweep{adjoint: newAdjoint(m, obs, steps), lin: lin, b: b}
	s.co = make([]float64, len(steps)*s.width*m.Dim())
	s.other = make([]float64, len(s.co))
	s.draws = make([]float64, b.Draws*m.Dim())
	s.xi = make([]float64, max(m.Inputs(), 1)*max(1, b.Tangents))
	s.mean1 = make([]float64, m.Dim())
	return s
}

// average writes the mean step over fresh minibatches and leaves their deviations in draws.
func (s *batchSweep) average(next, state []float64, src Source) {
	dim, in := s.m.Dim(), s.m.Inputs()
	clear(next)
	for j := range s.b.Draws {
		d := s.draws[j*dim : (j+1)*dim]
		src.Normals(s.xi[:in])
		s.m.Step(d, state, s.xi[:in])
		for i := range d {
			d[i] -= state[i]
			next[i] += d[i] / float64(s.b.Draws)
		}
	}
	for j := range s.draws {
		s.draws[j] -= next[j%dim]
	}
	for i, x := range state {
		next[i] += x
	}
}

// pullBack adds the noise of a step between the two cotangents and carries both back through
// averaged derivatives.
func (s *batchSweep) pullBack(state []float64, first int, src Source) {
	dim := s.m.Dim()
	s.average(s.mean1, state, src)
	for j := first; j < len(s.vr); j++ {
		a, b := s.co[j*dim:(j+1)*dim], s.other[j*dim:(j+1)*dim]
		for i := range s.b.Draws {
			d := s.draws[i*dim : (i+1)*dim]
			s.vr[j] += dotOf(a, d) * dotOf(b, d) / float64(s.b.Draws-1)
		}
	}
	for _, co := range [][]float64{s.co, s.other} {
		src.Normals(s.xi)
		s.carry(co, state, first)
	}
}

// carry pulls cotangents back through the derivative averaged over the batches in xi.
func (s *batchSweep) carry(co, state []float64, first int) {
	dim, in := s.m.Dim(), s.m.Inputs()
	active := co[first*dim:]
	sum := s.scratch(len(active))
	for i := range s.b.Tangents {
		s.lin.OnBatch(s.xi[i*in : (i+1)*in])
		for j := 0; j < len(active); j += dim {
			s.lin.VJP(s.next, state, active[j:j+dim])
			addScaled(sum[j:j+dim], 1/float64(s.b.Tangents), s.next)
		}
	}
	copy(active, sum)
}

// scratch returns n zeros.
func (s *batchSweep) scratch(n int) []float64 {
	if s.sum == nil {
		s.sum = make([]float64, len(s.co))
	}
	clear(s.sum[:n])
	return s.sum[:n]
}

func dotOf(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}

// JoinPredictions is the prediction of independent estimates of one law, with the standard
// error of Std from their scatter. A variance that comes out ≤ 0 has Std NaN: more draws are
// needed.
func JoinPredictions(steps []int, parts []*BatchPrediction) *Prediction {
	p := &Prediction{Steps: append([]int(nil), steps...)}
	n := float64(len(parts))
	for k := range steps {
		width := len(parts[0].Mean[k])
		mean, std, stderr := make([]float64, width), make([]float64, width), make([]float64, width)
		for i := range width {
			v, v2 := 0.0, 0.0
			for _, e := range parts {
				mean[i] += e.Mean[k][i] / n
				v += e.Variance[k][i] / n
			}
			for _, e := range parts {
				v2 += (e.Variance[k][i] - v) * (e.Variance[k][i] - v)
			}
			std[i] = math.Sqrt(v) // NaN below 0
			if v > 0 {
				stderr[i] = math.Sqrt(v2/(n*(n-1))) / (2 * std[i])
			}
		}
		p.Mean, p.Std, p.StdErr = append(p.Mean, mean), append(p.Std, std), append(p.StdErr, stderr)
	}
	return p
}
