package analysis

import "math"

// BAR is Bennett's acceptance ratio: ΔF = F₁ − F₀ in k_B T from independent works
// wF = u₁(x) − u₀(x) of draws x from state 0 and wR = u₀(x) − u₁(x) of draws from state 1
// (or forward and reverse non-equilibrium works). +Inf is allowed (a wall). The error is
// the asymptotic one, exact for independent draws: thin a correlated series with Subsample.
//
// overlap is ½·N·Σ W₀W₁ over the pooled draws, ½ for identical ensembles and 0 for
// disjoint ones; with equal numbers of draws it is the off-diagonal element of the overlap
// matrix. Below MinOverlap err is a *Refusal (LowOverlap), with the values set all the same.
// err is also non-nil, with stderr +Inf, for an empty side or NaN.
//
// Sources: C. H. Bennett, J. Comput. Phys. 22 (1976) 245; M. R. Shirts et al., Phys. Rev.
// Lett. 91 (2003) 140601, (8)–(10); P. V. Klimovich et al., J. Comput.-Aided Mol. Des. 29
// (2015) 397, for the overlap.
func BAR(wF, wR []float64) (dF, stderr, overlap float64, err error) {
	if len(wF) == 0 || len(wR) == 0 {
		return 0, math.Inf(1), 0, &Refusal{TooShort, "BAR free energy", float64(min(len(wF), len(wR))), 1, "both directions need works"}
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, side := range [][]float64{wF, wR} {
		for _, w := range side {
			if math.IsNaN(w) || math.IsInf(w, -1) {
				return 0, math.Inf(1), 0, &Refusal{NotFinite, "BAR free energy", w, 0, "a work is NaN or −Inf"}
			}
		}
	}
	for _, w := range wF {
		if !math.IsInf(w, 0) {
			lo, hi = math.Min(lo, w), math.Max(hi, w)
		}
	}
	for _, w := range wR {
		if !math.IsInf(w, 0) {
			lo, hi = math.Min(lo, -w), math.Max(hi, -w)
		}
	}
	if lo > hi {
		return 0, math.Inf(1), 0, &Refusal{LowOverlap, "BAR free energy", 0, MinOverlap, "no draw is allowed in the other state"}
	}
	dF = bennettRoot(wF, wR, lo, hi)
	nF, nR := float64(len(wF)), float64(len(wR))
	info := bennettInformation(wF, wR, dF)
	overlap = (nF + nR) / (2 * nF * nR) * info
	if !(info > 0) {
		return dF, math.Inf(1), 0, CheckOverlap([]float64{0})
	}
	stderr = math.Sqrt(math.Max(0, 1/info-(nF+nR)/(nF*nR)))
	return dF, stderr, overlap, CheckOverlap([]float64{overlap})
}

// bennettRoot solves Σ_F f(M+w_F−ΔF) = Σ_R f(−M+w_R+ΔF), f the Fermi function and
// M = ln n_F/n_R. The difference of the sides rises with ΔF, its slope is the information:
// Newton's steps, bisection where they leave the bracket.
func bennettRoot(wF, wR []float64, lo, hi float64) float64 {
	m := math.Log(float64(len(wF)) / float64(len(wR)))
	excess := func(d float64) float64 {
		s := 0.0
		for _, w := range wF {
			s += fermi(m + w - d)
		}
		for _, w := range wR {
			s -= fermi(w + d - m)
		}
		return s
	}
	for step := 1 + math.Abs(m); excess(lo) > 0; step *= 2 {
		lo -= step
	}
	for step := 1 + math.Abs(m); excess(hi) < 0; step *= 2 {
		hi += step
	}
	d := lo + (hi-lo)/2
	for i := 0; i < 200; i++ {
		e := excess(d)
		next := d - e/bennettInformation(wF, wR, d)
		if e == 0 || math.Abs(next-d) <= 1e-15*math.Abs(d) {
			return d
		}
		if e > 0 {
			hi = d
		} else {
			lo = d
		}
		if !(next > lo && next < hi) {
			next = lo + (hi-lo)/2
		}
		if next == d { // the bracket is down to neighbouring numbers
			return d
		}
		d = next
	}
	return d
}

// bennettInformation is Σ p(1−p) over all draws, p the posterior of state 1: the Fisher
// information of ΔF with the draws' labels as data.
func bennettInformation(wF, wR []float64, d float64) float64 {
	m := math.Log(float64(len(wF)) / float64(len(wR)))
	s := 0.0
	for _, w := range wF {
		p := fermi(m + w - d)
		s += p * (1 - p)
	}
	for _, w := range wR {
		p := fermi(w + d - m)
		s += p * (1 - p)
	}
	return s
}

func fermi(x float64) float64 { return 1 / (1 + math.Exp(x)) }
