package analysis

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/mathext"
)

// A Diagnosis holds the convergence diagnostics of one observable over chains of one
// target.
type Diagnosis struct {
	RHat       float64 // the larger of the next two
	RHatBulk   float64 // split, rank-normalised: location
	RHatFolded float64 // the same of |x − median|: scale
	ESSBulk    float64 // effective draws for the centre, rank-normalised split chains
	ESSTail    float64 // the smaller of those of the 5 % and 95 % quantile indicators
}

// Convergence diagnoses chains, each of the same number of draws, at least 4. Each chain
// is split in two halves, so a single chain is diagnosed against itself. R̂ is +Inf if the
// halves are all constant but not equal. It refuses unequal lengths, fewer than 4 draws,
// values that are not finite, and chains that all hold one value.
//
// Source: A. Vehtari, A. Gelman, D. Simpson, B. Carpenter, P.-C. Bürkner, Bayesian
// Analysis 16 (2021) 667; the numbers are those of ArviZ.
func Convergence(chains [][]float64) (Diagnosis, error) {
	if err := diagnosable(chains); err != nil {
		return Diagnosis{}, err
	}
	halves := splitChains(chains)
	z := rankNormalise(halves)
	d := Diagnosis{
		RHatBulk:   splitRHat(z),
		RHatFolded: splitRHat(rankNormalise(fold(halves))),
		ESSBulk:    geyerESS(z),
		ESSTail:    math.Min(quantileESS(chains, 0.05), quantileESS(chains, 0.95)),
	}
	d.RHat = math.Max(d.RHatBulk, d.RHatFolded)
	return d, nil
}

// RHat returns the larger of split rank-normalised and folded R̂. Where Convergence
// refuses it returns +Inf: not converged as far as anyone can tell.
func RHat(chains [][]float64) float64 {
	d, err := Convergence(chains)
	if err != nil {
		return math.Inf(1)
	}
	return d.RHat
}

// ESSBulk returns the bulk effective sample size, 0 where Convergence refuses.
func ESSBulk(chains [][]float64) float64 {
	d, _ := Convergence(chains)
	return d.ESSBulk
}

// ESSTail returns the tail effective sample size, 0 where Convergence refuses.
func ESSTail(chains [][]float64) float64 {
	d, _ := Convergence(chains)
	return d.ESSTail
}

func diagnosable(chains [][]float64) error {
	if len(chains) == 0 {
		return &Refusal{TooShort, "R̂", 0, 1, "there are no chains"}
	}
	n := len(chains[0])
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, x := range chains {
		if len(x) != n {
			return &Refusal{TooShort, "R̂", float64(len(x)), float64(n), "chains must have equal lengths: cut to the shortest"}
		}
		for _, v := range x {
			if v-v != 0 {
				return &Refusal{NotFinite, "R̂", v, 0, "a chain holds NaN or an infinity"}
			}
			lo, hi = math.Min(lo, v), math.Max(hi, v)
		}
	}
	switch {
	case n < 4:
		return &Refusal{TooShort, "R̂", float64(n), 4, "draw more"}
	case lo == hi:
		return &Refusal{Constant, "R̂", 0, 0, "no chain ever changed"}
	}
	return nil
}

// splitChains returns first and last halves; the middle draw of an odd chain is dropped.
func splitChains(chains [][]float64) [][]float64 {
	var s [][]float64
	for _, x := range chains {
		h := len(x) / 2
		s = append(s, x[:h], x[len(x)-h:])
	}
	return s
}

// rankNormalise replaces values by Φ⁻¹((rank − 3/8)/(S + ¼)), average ranks for ties.
func rankNormalise(chains [][]float64) [][]float64 {
	type place struct {
		v    float64
		c, i int
	}
	var all []place
	z := make([][]float64, len(chains))
	for c, x := range chains {
		z[c] = make([]float64, len(x))
		for i, v := range x {
			all = append(all, place{v, c, i})
		}
	}
	sort.Slice(all, func(a, b int) bool { return all[a].v < all[b].v })
	size := float64(len(all))
	for a := 0; a < len(all); {
		b := a + 1
		for b < len(all) && all[b].v == all[a].v {
			b++
		}
		rank := float64(a+b+1) / 2 // mean of a+1 … b
		q := mathext.NormalQuantile((rank - 0.375) / (size + 0.25))
		for ; a < b; a++ {
			z[all[a].c][all[a].i] = q
		}
	}
	return z
}

// fold returns |x − median| over all chains.
func fold(chains [][]float64) [][]float64 {
	m := quantile7(chains, 0.5)
	f := make([][]float64, len(chains))
	for c, x := range chains {
		f[c] = make([]float64, len(x))
		for i, v := range x {
			f[c][i] = math.Abs(v - m)
		}
	}
	return f
}

// quantile7 is R's type 7 quantile of all draws together.
func quantile7(chains [][]float64, p float64) float64 {
	var all []float64
	for _, x := range chains {
		all = append(all, x...)
	}
	sort.Float64s(all)
	h := p * float64(len(all)-1)
	i := int(h)
	if i+1 >= len(all) {
		return all[len(all)-1]
	}
	g := h - float64(i)
	return (1-g)*all[i] + g*all[i+1]
}

// splitRHat is √((B/W + n − 1)/n) with B = n·Var(chain means), W = mean chain variance.
// Folded ranks of a two-valued symmetric sample may all tie: B = W = 0 says nothing
// against convergence and gives 1.
func splitRHat(chains [][]float64) float64 {
	n := float64(len(chains[0]))
	w, means := 0.0, make([]float64, len(chains))
	for c, x := range chains {
		m, v := meanVar(x)
		means[c] = m
		w += v / float64(len(chains))
	}
	_, between := meanVar(means)
	if w == 0 {
		if between == 0 {
			return 1
		}
		return math.Inf(1)
	}
	return math.Sqrt((between*n/w + n - 1) / n)
}

// meanVar returns mean and unbiased variance (0 for a single value).
func meanVar(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		variance += (v - mean) * (v - mean)
	}
	if len(x) > 1 {
		variance /= float64(len(x) - 1)
	}
	return mean, variance
}

// quantileESS is the effective sample size of the indicator x ≤ the p-quantile.
func quantileESS(chains [][]float64, p float64) float64 {
	q := quantile7(chains, p)
	ind := make([][]float64, len(chains))
	for c, x := range chains {
		ind[c] = make([]float64, len(x))
		for i, v := range x {
			if v <= q {
				ind[c][i] = 1
			}
		}
	}
	return geyerESS(splitChains(ind))
}

// geyerESS is the multi-chain effective sample size: Geyer's initial monotone sequence on
// autocorrelations that include the variance between chains, Vehtari et al. (10)–(13). A
// set of chains that holds one value counts every draw, as in ArviZ.
func geyerESS(chains [][]float64) float64 {
	m, n := len(chains), len(chains[0])
	total := float64(m * n)
	acov := make([]float64, n) // mean over chains, divisor n
	means := make([]float64, m)
	lo, hi := math.Inf(1), math.Inf(-1)
	for c, x := range chains {
		means[c], _ = meanVar(x)
		for t, g := range autocovariance(centred([][]float64{x}, means[c]), n) {
			acov[t] += g * float64(n-t) / float64(n) / float64(m)
		}
		for _, v := range x {
			lo, hi = math.Min(lo, v), math.Max(hi, v)
		}
	}
	if hi-lo < 1e-15 {
		return total
	}
	within := acov[0] * float64(n) / float64(n-1)
	plus := acov[0]
	if m > 1 {
		_, b := meanVar(means)
		plus += b
	}
	rho := func(t int) float64 { return 1 - (within-acov[t])/plus }
	tau := initialMonotone(rho, n)
	return total / math.Max(tau, 1/math.Log10(total))
}

// initialMonotone returns 1 + 2Σρ over Geyer's initial monotone sequence of pairs.
func initialMonotone(rho func(int) float64, n int) float64 {
	r := make([]float64, n)
	even, odd := 1.0, rho(1)
	r[0], r[1] = even, odd
	t := 1
	for t < n-3 && even+odd > 0 {
		even, odd = rho(t+1), rho(t+2)
		if even+odd >= 0 {
			r[t+1], r[t+2] = even, odd
		}
		t += 2
	}
	last := t - 2
	if even > 0 {
		r[last+1] = even
	}
	for t := 1; t <= last-2; t += 2 {
		if r[t+1]+r[t+2] > r[t-1]+r[t] {
			r[t+1] = (r[t-1] + r[t]) / 2
			r[t+2] = r[t+1]
		}
	}
	tau := -1.0
	for _, v := range r[:max(last+1, 0)] {
		tau += 2 * v
	}
	return tau + r[last+1]
}
