package analysis

import (
	"math"
	"sort"
)

// LogSumExp returns log Σ e^{x_i} without overflow; −Inf for no terms.
func LogSumExp(x []float64) float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = math.Max(top, v)
	}
	if math.IsInf(top, 0) || math.IsNaN(top) {
		return top
	}
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

// LogMeanExp returns log((1/n)Σ e^{logw}) of independent log weights with its jackknife
// error: the estimator of exponential averaging, AIS and Jarzynski. Its exponential is
// unbiased; the logarithm itself is low by about stderr²/2. The error means something only
// where CheckWeights does not refuse. Weights may be zero (logw = −Inf). Fewer than two
// non-zero weights give stderr +Inf; none, or no draws, give −Inf and +Inf.
func LogMeanExp(logw []float64) (value, stderr float64) {
	n := float64(len(logw))
	total := LogSumExp(logw)
	if math.IsInf(total, -1) || math.IsNaN(total) {
		return total, math.Inf(1)
	}
	value = total - math.Log(n)
	// Leave-one-out values relative to value: log((1−w_i/S)·n/(n−1)).
	rest := make([]float64, len(logw))
	mean := 0.0
	for i, l := range logw {
		share := math.Exp(l - total)
		rest[i] = math.Log1p(-share)
		if share > 0.5 { // 1−share has lost digits: sum the others
			rest[i] = LogSumExp(append(append([]float64(nil), logw[:i]...), logw[i+1:]...)) - total
		}
		if math.IsInf(rest[i], -1) {
			return value, math.Inf(1)
		}
		mean += rest[i] / n
	}
	ss := 0.0
	for _, r := range rest {
		ss += (r - mean) * (r - mean)
	}
	return value, math.Sqrt((n - 1) / n * ss)
}

// LogMeanExpBlocks does the same for a correlated stationary series of log weights, with
// the jackknife over blocks of size draws (at least 10τ of the weight). A last incomplete
// block is dropped.
func LogMeanExpBlocks(logw []float64, size int) (value, stderr float64) {
	if size < 1 {
		panic("analysis: LogMeanExpBlocks needs size ≥ 1")
	}
	blocks := make([]float64, len(logw)/size)
	for b := range blocks {
		blocks[b] = LogSumExp(logw[b*size:(b+1)*size]) - math.Log(float64(size))
	}
	return LogMeanExp(blocks)
}

// ESSWeights returns Kish's effective number of weights (Σw)²/Σw², between 1 and n; 0 for
// no weights or all zero. It is blind to weights that were never drawn: see ParetoK.
func ESSWeights(logw []float64) float64 {
	s := LogSumExp(logw)
	if math.IsInf(s, -1) || math.IsNaN(s) {
		return 0
	}
	sum := 0.0
	for _, l := range logw {
		sum += math.Exp(2 * (l - s))
	}
	return 1 / sum
}

// ParetoK returns the shape k̂ of the generalised Pareto law fitted to the
// ⌈min(S/5, 3√S)⌉ largest of S independent weights: moments of order < 1/k exist. +Inf when fewer
// than 5 weights lie in the tail (S ≤ 20, or nearly all tied), and −Inf when all weights
// are equal, the ideal case.
//
// Sources: A. Vehtari, D. Simpson, A. Gelman, Y. Yao, J. Gabry, JMLR 25(72) (2024), §2–3;
// J. Zhang and M. A. Stephens, Technometrics 51 (2009) 316. The numbers are those of ArviZ.
func ParetoK(logw []float64) float64 {
	k, _ := paretoTail(logw)
	return k
}

func paretoTail(logw []float64) (k float64, tail int) {
	s := float64(len(logw))
	x := append([]float64(nil), logw...)
	sort.Float64s(x)
	m := int(math.Ceil(math.Min(s/5, 3*math.Sqrt(s))))
	if len(x) == 0 || m+1 > len(x) || x[0]-x[0] != 0 && !math.IsInf(x[0], -1) || math.IsInf(x[len(x)-1], 0) {
		return math.Inf(1), 0
	}
	top := x[len(x)-1]
	if top == x[0] {
		return math.Inf(-1), len(x)
	}
	cutoff := math.Max(x[len(x)-m-1]-top, math.Log(0x1p-1022))
	var excess []float64
	for _, v := range x {
		if v-top > cutoff {
			excess = append(excess, math.Exp(v-top)-math.Exp(cutoff))
		}
	}
	if len(excess) <= 4 {
		return math.Inf(1), len(excess)
	}
	return gpdShape(excess), len(excess)
}

// gpdShape is Zhang and Stephens' posterior mean for sorted excesses, with the weak prior
// of PSIS that pulls k towards ½ as 10 observations would.
func gpdShape(x []float64) float64 {
	n := float64(len(x))
	m := 30 + int(math.Sqrt(n))
	b, logL := make([]float64, m), make([]float64, m)
	quartile := x[int(n/4+0.5)-1]
	shape := func(b float64) float64 {
		k := 0.0
		for _, v := range x {
			k += math.Log1p(-b * v)
		}
		return k / n
	}
	for i := range b {
		b[i] = (1-math.Sqrt(float64(m)/(float64(i)+0.5)))/(3*quartile) + 1/x[len(x)-1]
		k := shape(b[i])
		if k == 0 { // the exponential limit, −b/k → 1/mean, on a set of measure zero
			b[i] = math.Copysign(1e-8/x[len(x)-1], b[i])
			k = shape(b[i])
		}
		logL[i] = n * (math.Log(-b[i]/k) - k - 1)
	}
	total := LogSumExp(logL)
	mean, norm := 0.0, 0.0
	for i := range b {
		if w := math.Exp(logL[i] - total); w >= 10*0x1p-52 {
			mean += w * b[i]
			norm += w
		}
	}
	return (n*shape(mean/norm) + 5) / (n + 10)
}

// CheckParetoK refuses weights too heavy for their number to carry even a mean:
// HeavyWeights if k̂ > min(0.7, 1 − 1/log₁₀S), TooShort if there is no tail to fit.
//
// Source: Vehtari et al. (2024), §3.2.4.
func CheckParetoK(logw []float64) error {
	k, tail := paretoTail(logw)
	if math.IsInf(k, 1) {
		return &Refusal{TooShort, "importance-sampled log Z", float64(tail), 5, "too few distinct weights in the tail to judge: draw more"}
	}
	if limit := math.Min(MaxParetoK, 1-1/math.Log10(float64(len(logw)))); k > limit {
		return &Refusal{HeavyWeights, "importance-sampled log Z (Pareto k̂)", k, limit, "put states in between, or use BAR or TI"}
	}
	return nil
}

// CheckWeights refuses weights that cannot carry a log Z with an error bar: those of
// CheckParetoK, and (InfiniteVariance) those with k̂ + 2.5 standard errors ≥ ½, where a finite
// variance, and with it the error of LogMeanExp, cannot be claimed. At the border of infinite
// variance (Gaussian weights of k = ½, 300 to 30 000 draws) it fires in 98 % of the cases.
// The price: below about 1000 draws mild weights are refused too, for their tail was not seen.
//
// Source: the standard error is (1+k)/√tail, that of the maximum-likelihood shape.
func CheckWeights(logw []float64) error {
	if err := CheckParetoK(logw); err != nil {
		return err
	}
	k, tail := paretoTail(logw)
	if upper := k + 2.5*math.Max(1+k, 0)/math.Sqrt(float64(tail)); upper >= 0.5 {
		return &Refusal{InfiniteVariance, "error of importance-sampled log Z (Pareto k̂ + 2.5σ)", upper, 0.5,
			"the weights may have infinite variance: draw more, put states in between, or use BAR or TI"}
	}
	return nil
}
