package analysis

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/integrate/quad"
)

// JSD returns the Jensen–Shannon divergence ½KL(p‖m)+½KL(q‖m), m = (p+q)/2, in nats (at
// most log 2) of two densities given by their logarithms, integrated by 32-point
// Gauss–Legendre quadrature between consecutive breaks (any order). The breaks must cover
// both supports and resolve both densities; −Inf means zero density. It panics with fewer
// than two breaks.
func JSD(logP, logQ func(float64) float64, breaks []float64) float64 {
	if len(breaks) < 2 {
		panic("analysis: JSD needs at least two breaks")
	}
	at := append([]float64(nil), breaks...)
	sort.Float64s(at)
	half := func(lp, lq float64) float64 { // p log(2p/(p+q))
		if math.IsInf(lp, -1) {
			return 0
		}
		return math.Exp(lp) * (math.Ln2 - softplus(lq-lp))
	}
	var x, w [32]float64
	sum := 0.0
	for i := 1; i < len(at); i++ {
		if at[i] == at[i-1] {
			continue
		}
		quad.Legendre{}.FixedLocations(x[:], w[:], at[i-1], at[i])
		for k := range x {
			lp, lq := logP(x[k]), logQ(x[k])
			sum += w[k] / 2 * (half(lp, lq) + half(lq, lp))
		}
	}
	return math.Max(sum, 0)
}

// JSDGaussian returns the Jensen–Shannon divergence of N(m1, s1²) and N(m2, s2²) in nats,
// to about 1e−13. It panics unless both standard deviations are positive.
func JSDGaussian(m1, s1, m2, s2 float64) float64 {
	if !(s1 > 0 && s2 > 0) {
		panic("analysis: JSDGaussian needs positive standard deviations")
	}
	logNormal := func(m, s float64) func(float64) float64 {
		norm := math.Log(s) + 0.5*math.Log(2*math.Pi)
		return func(x float64) float64 { return -0.5*(x-m)*(x-m)/(s*s) - norm }
	}
	var breaks []float64
	for k := -20.0; k <= 20; k++ {
		breaks = append(breaks, m1+k*s1/2, m2+k*s2/2)
	}
	return JSD(logNormal(m1, s1), logNormal(m2, s2), breaks)
}

// softplus is log(1+e^x) without overflow or loss of small values.
func softplus(x float64) float64 {
	if x > 0 {
		return x + math.Log1p(math.Exp(-x))
	}
	return math.Log1p(math.Exp(x))
}
