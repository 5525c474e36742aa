package gan

import (
	"math"

	"machlup/langevin"
)

// modeQuantities are the observables of a target made of modes: how the generated samples are
// shared out among them, f_k = E_q[r_k], by the posterior probability r_k(x) of mode k under
// the target. It is smooth in the samples, and for separated modes the fraction of samples
// nearest to a mode. A bias of the target does not enter. Unlike the metrics of collapse it takes no notice of quality.
func modeQuantities(target Target) []quantity {
	t, ok := target.(ModeTarget)
	if !ok {
		return nil
	}
	weight, _, _ := t.Modes()
	if len(weight) < 2 {
		return nil
	}
	list := []quantity{{langevin.Observable{Name: "mode_entropy", Unit: "nat",
		Doc: "entropy −Σ f ln f of the modes' shares f of the generated samples, each sample shared out by the posterior of the target's modes: 0 on one mode, ln(modes) at equal shares"}, modeEntropy, 0}}
	if len(weight) == 2 {
		list = append(list, quantity{langevin.Observable{Name: "imbalance", Unit: "1",
			Doc: "share of the second mode minus share of the first, of the generated samples: ±1 when all are on one of the two modes"}, imbalance, 0})
	}
	return list
}

// occupancy shares samples out among the modes of a target.
type occupancy struct {
	dim             int
	log, mean, prec []float64 // log(w/s^d) and 1/s² of each mode; means [modes×d]
	r, f, slope     []float64 // of one sample, of all, ∂O/∂f: [modes] each
}

func newOccupancy(target Target) *occupancy {
	t := target.(ModeTarget)
	weight, mean, std := t.Modes()
	if s, ok := target.(sharer); ok {
		weight = s.shares()
	}
	o := &occupancy{dim: t.Dim(), mean: mean}
	for k, w := range weight {
		o.log = append(o.log, math.Log(w)-float64(o.dim)*math.Log(std[k]))
		o.prec = append(o.prec, 1/(std[k]*std[k]))
	}
	return o.fork()
}

// fork returns the same with working storage of its own.
func (o *occupancy) fork() *occupancy {
	f, k := *o, len(o.log)
	f.r, f.f, f.slope = make([]float64, k), make([]float64, k), make([]float64, k)
	return &f
}

// share writes the posterior of x[d] into o.r.
func (o *occupancy) share(x []float64) {
	top := math.Inf(-1)
	for k := range o.r {
		q := 0.0
		for c, v := range x {
			d := v - o.mean[k*o.dim+c]
			q += d * d
		}
		o.r[k] = o.log[k] - 0.5*o.prec[k]*q
		top = max(top, o.r[k])
	}
	sum := 0.0
	for k, l := range o.r {
		o.r[k] = math.Exp(l - top)
		sum += o.r[k]
	}
	for k := range o.r {
		o.r[k] /= sum
	}
}

// value of an observable of samples [n×d]; leaves the shares in o.f.
func (o *occupancy) value(c kind, samples []float64) float64 {
	clear(o.f)
	n := len(samples) / o.dim
	for i := range n {
		o.share(samples[i*o.dim : (i+1)*o.dim])
		for k, r := range o.r {
			o.f[k] += r / float64(n)
		}
	}
	if c == imbalance {
		return o.f[1] - o.f[0]
	}
	entropy := 0.0
	for _, f := range o.f {
		if f > 0 {
			entropy -= f * math.Log(f)
		}
	}
	return entropy
}

// cotangent writes the derivative of an observable by each coordinate of samples [n×d].
func (o *occupancy) cotangent(dst []float64, c kind, samples []float64) {
	o.value(c, samples)
	n := len(samples) / o.dim
	for k, f := range o.f {
		switch {
		case c == imbalance:
			o.slope[k] = float64(2*k-1) / float64(n)
		case f > 0:
			o.slope[k] = -(math.Log(f) + 1) / float64(n)
		default:
			o.slope[k] = 0
		}
	}
	for i := range n {
		x := samples[i*o.dim : (i+1)*o.dim]
		o.share(x)
		mean := 0.0
		for k, r := range o.r {
			mean += r * o.slope[k]
		}
		out := dst[i*o.dim : (i+1)*o.dim]
		clear(out)
		for k, r := range o.r { // ∂r_k/∂x = r_k (g_k − Σ r g), g_k = −(x − μ_k)/s_k²
			for a, v := range x {
				out[a] -= r * (o.slope[k] - mean) * o.prec[k] * (v - o.mean[k*o.dim+a])
			}
		}
	}
}
