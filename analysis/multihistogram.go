package analysis

import "math"

// A SweptEnsemble is one sampled point of a sweep, for reweighting: draws as in
// TransitionDraws, all with an energy, and their autocorrelation time.
type SweptEnsemble struct {
	Control float64
	M, E    [][]float64
	Tau     float64 // in draws
}

// A Multihistogram reweights ensembles of one size, drawn at several values of a control
// parameter λ that enters the law as e^{−f(λ)E}, to values in between: MBAR, which is the
// multiple-histogram method of Ferrenberg and Swendsen without bins.
//
// Source: A. M. Ferrenberg and R. H. Swendsen, Phys. Rev. Lett. 63 (1989) 1195; MBAR.
type Multihistogram struct {
	states       *MultiState
	f            func(control float64) float64
	powers       [][]float64 // m, |m|, m², m⁴, E, E² of the pooled draws
	blocks       []int       // block of each pooled draw, at least 10τ long and of one chain
	ensemble     []int       // of each block
	free         [][]float64 // influence of each block on the free energies
	inefficiency float64     // largest 2τ of the ensembles, in pooled draws
	Controls     []float64   // of the ensembles, rising
	Adjacent     []float64   // overlap of each ensemble with the next
}

// maxReweighted bounds the pooled draws of a Multihistogram: more make a curve no better
// than its points, and cost time.
const maxReweighted = 60000

// NewMultihistogram solves for the free energies. The ensembles must come in rising order
// of λ. It refuses fewer than two, and (LowOverlap) neighbours that do not overlap.
func NewMultihistogram(ensembles []SweptEnsemble, f func(control float64) float64) (*Multihistogram, error) {
	if len(ensembles) < 2 {
		return nil, &Refusal{TooShort, "reweighted curve", float64(len(ensembles)), 2, "one point of the control parameter makes no curve: sweep it"}
	}
	h := &Multihistogram{f: f, powers: make([][]float64, 6)}
	var n []int
	for _, e := range ensembles {
		if k := len(h.Controls); k > 0 && !(e.Control > h.Controls[k-1]) {
			panic("analysis: NewMultihistogram: the control parameter must rise")
		}
		h.Controls = append(h.Controls, e.Control)
		n = append(n, h.pool(e, maxReweighted/len(ensembles)))
	}
	energy := h.powers[4]
	u := make([][]float64, len(ensembles))
	for k, e := range ensembles {
		u[k] = make([]float64, len(energy))
		for i, v := range energy {
			u[k][i] = f(e.Control) * v
		}
	}
	var err error
	if h.states, err = MBAR(u, n); err != nil {
		return nil, err
	}
	h.Adjacent = h.states.Adjacent
	for _, x := range h.states.Influence() {
		sums := make([]float64, len(h.ensemble))
		for n, v := range x {
			sums[h.blocks[n]] += v
		}
		h.free = append(h.free, sums)
	}
	return h, nil
}

// pool adds the draws of an ensemble, thinned to at most so many.
func (h *Multihistogram) pool(e SweptEnsemble, most int) int {
	total := 0
	for _, x := range e.M {
		total += len(x)
	}
	stride, n := max(1, (total+most-1)/most), 0
	size := (BlockLength(e.Tau) + stride - 1) / stride
	h.inefficiency = math.Max(h.inefficiency, 2*e.Tau/float64(stride))
	for c, x := range e.M {
		for k, i := 0, 0; i < len(x); k, i = k+1, i+stride {
			m, u := x[i], e.E[c][i]
			for q, v := range []float64{m, math.Abs(m), m * m, m * m * m * m, u, u * u} {
				h.powers[q] = append(h.powers[q], v)
			}
			if k%size == 0 {
				h.ensemble = append(h.ensemble, len(h.Controls)-1)
			}
			h.blocks = append(h.blocks, len(h.ensemble)-1)
			n++
		}
	}
	return n
}

// Range is the interval of λ that was sampled.
func (h *Multihistogram) Range() (lo, hi float64) {
	return h.Controls[0], h.Controls[len(h.Controls)-1]
}

// At returns the statistics at λ; ess is the effective number of draws behind them (Kish's, as if
// they were independent). Errors come from the influence of each draw on the averages, through
// the weights and through the free energies, summed over blocks of 10τ: they hold for
// correlated draws. It refuses λ outside the sampled range, where nothing tells of missing
// draws, and fewer than 10 effective draws.
func (h *Multihistogram) At(control float64, norms TransitionNorms) (t TransitionStatistics, ess float64, err error) {
	if lo, hi := h.Range(); !(control >= lo && control <= hi) {
		return t, 0, &Refusal{LowOverlap, "reweighted average", control, hi, "the control parameter lies outside the sampled range"}
	}
	w := h.weights(control)
	if ess = 1 / dot(w, w); !(ess >= 10) {
		return t, ess, &Refusal{HeavyWeights, "reweighted averages (effective draws)", ess, 10, "the value lies too far from the sampled ones"}
	}
	mean := make([]float64, len(h.powers))
	for q, x := range h.powers {
		mean[q] = dot(w, x)
	}
	const n = transitionQuantities
	value := make([]float64, n)
	transitionOf(value, mean, norms)
	cov, jacobian := h.covariance(w, mean), transitionJacobian(mean, norms)
	t.Value, t.Cov = make([]Estimate, n), make([]float64, n*n)
	for i := range n {
		for j := range n {
			for a, ja := range jacobian[i] {
				for b, jb := range jacobian[j] {
					t.Cov[i*n+j] += ja * jb * cov[a*len(mean)+b]
				}
			}
		}
		t.Value[i] = Estimate{value[i], math.Sqrt(math.Max(0, t.Cov[i*n+i]))}
	}
	return t, ess, nil
}

// LogZ is ln Z(λ)/Z(λ₀), λ₀ the lowest of the sampled values, with its error as in At.
func (h *Multihistogram) LogZ(control float64) Estimate {
	w := h.logWeights(control)
	f := LogSumExp(w)
	sums := make([]float64, len(h.ensemble))
	for i, v := range w {
		w[i] = math.Exp(v - f)
		sums[h.blocks[i]] += w[i]
	}
	for j := 1; j < len(h.Controls); j++ {
		c := float64(h.states.n[j]) * dot(w, h.states.weights[j])
		for b, v := range h.free[j] {
			sums[b] -= c * v
		}
	}
	return Estimate{f, math.Sqrt(math.Max(0, h.blockCovariance(sums, 1)[0]))}
}

// weights of the pooled draws at λ; they sum to 1.
func (h *Multihistogram) weights(control float64) []float64 {
	w := h.logWeights(control)
	f := LogSumExp(w)
	for i, v := range w {
		w[i] = math.Exp(v - f)
	}
	return w
}

// logWeights are the logarithms of the weights; their sum is Z(λ)/Z(λ₀).
func (h *Multihistogram) logWeights(control float64) []float64 {
	w := h.energies(control)
	for i, v := range w {
		w[i] = -v - h.states.logDen[i]
	}
	return w
}

// covariance of the means of the powers. A draw n moves ⟨a⟩ by w_n(a_n − ⟨a⟩) and, through the
// free energies in the weights' denominators, by −Σ_k c_k·(its influence on F_k) with
// c_k = Σ_m w_m(a_m − ⟨a⟩)N_kW_mk. Blocks are centred within their ensemble, whose number of
// draws is fixed.
func (h *Multihistogram) covariance(w, mean []float64) []float64 {
	q, k := len(mean), len(h.Controls)
	sums := make([]float64, len(h.ensemble)*q)
	c := make([]float64, k)
	for a, x := range h.powers {
		for j := range c {
			c[j] = 0
			for n, v := range w {
				c[j] += v * (x[n] - mean[a]) * h.states.weights[j][n]
			}
			c[j] *= float64(h.states.n[j])
		}
		for n, v := range w {
			sums[h.blocks[n]*q+a] += v * (x[n] - mean[a])
		}
		for j := 1; j < k; j++ {
			for b, v := range h.free[j] {
				sums[b*q+a] -= c[j] * v
			}
		}
	}
	return h.blockCovariance(sums, q)
}

// blockCovariance sums the products of the blocks' sums (blocks × q), centred by ensemble. A
// block that the end of a chain cut short counts as it is.
func (h *Multihistogram) blockCovariance(sums []float64, q int) []float64 {
	length := make([]float64, len(h.ensemble))
	for _, b := range h.blocks {
		length[b]++
	}
	cov := make([]float64, q*q)
	for e := range h.Controls {
		total, n, blocks := make([]float64, q), 0.0, 0.0
		for b, of := range h.ensemble {
			if of == e {
				n, blocks = n+length[b], blocks+1
				for a := range total {
					total[a] += sums[b*q+a]
				}
			}
		}
		if blocks < 2 {
			continue
		}
		for b, of := range h.ensemble {
			if of != e {
				continue
			}
			for i := range q {
				for j := range q {
					di, dj := sums[b*q+i]-total[i]*length[b]/n, sums[b*q+j]-total[j]*length[b]/n
					cov[i*q+j] += di * dj * blocks / (blocks - 1)
				}
			}
		}
	}
	return cov
}

func (h *Multihistogram) energies(control float64) []float64 {
	u := make([]float64, len(h.powers[4]))
	f := h.f(control)
	for i, v := range h.powers[4] {
		u[i] = f * v
	}
	return u
}

// transitionJacobian are the derivatives of transitionOf.
func transitionJacobian(mean []float64, norms TransitionNorms) [transitionQuantities][6]float64 {
	var j [transitionQuantities][6]float64
	for i := range 4 {
		j[i][i] = 1
	}
	j[OrderChi][1], j[OrderChi][2] = -2*norms.Chi*mean[1], norms.Chi
	j[OrderBinder][2], j[OrderBinder][3] = 2*mean[3]/(3*mean[2]*mean[2]*mean[2]), -1/(3*mean[2]*mean[2])
	j[EnergyMean][4] = 1
	j[EnergyHeat][4], j[EnergyHeat][5] = -2*norms.Heat*mean[4], norms.Heat
	return j
}

// Law returns the law of m at λ over the bins, with errors by the effective number of draws.
func (h *Multihistogram) Law(control float64, bins Bins) OrderLaw {
	law, square := OrderLaw{Bins: bins, P: make([]float64, bins.N), StdErr: make([]float64, bins.N)}, 0.0
	for i, w := range h.weights(control) {
		square += w * w
		if b := bins.Index(h.powers[0][i]); b >= 0 {
			law.P[b] += w
		}
	}
	law.finish(1 / (square * math.Max(1, h.inefficiency)))
	return law
}
