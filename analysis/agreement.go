package analysis

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// An Estimate is a value with its standard error (one standard deviation, autocorrelation
// included, +Inf when unknown).
type Estimate struct {
	Value, StdErr float64
}

// Agreement returns z = (a−b)/√(σ_a²+σ_b²) of two independent estimates. Two exact values
// (both errors zero) give 0 if equal and ±Inf if not; an unknown error gives 0, so cap the
// error as well as z.
func Agreement(a, b Estimate) float64 {
	d, s := a.Value-b.Value, math.Hypot(a.StdErr, b.StdErr)
	switch {
	case d == 0 || math.IsInf(s, 1):
		return 0
	case s == 0:
		return math.Inf(int(math.Copysign(1, d)))
	}
	return d / s
}

// ChiSquare returns Σz² of independent z-scores and the probability of a larger one; an
// empty list gives 0 and 1.
func ChiSquare(z []float64) (chi2, p float64) {
	for _, v := range z {
		chi2 += v * v
	}
	if len(z) == 0 {
		return 0, 1
	}
	return chi2, mathext.GammaIncRegComp(float64(len(z))/2, chi2/2)
}

// TwoSided returns the probability of a standard normal beyond ±|z|.
func TwoSided(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }

// WeightedMean combines independent estimates with weights 1/σ² and returns the χ²
// probability that they agree. Estimates with infinite error carry no weight; at least one
// must be finite, otherwise the result has StdErr +Inf and p = 1. An estimate with StdErr 0
// is exact and is returned as it is, with p from the others' agreement with it.
func WeightedMean(e []Estimate) (mean Estimate, p float64) {
	exact := -1
	var sw, swx float64
	for i, v := range e {
		if v.StdErr == 0 {
			exact = i
			continue
		}
		w := 1 / (v.StdErr * v.StdErr)
		sw += w
		if w > 0 {
			swx += w * v.Value
		}
	}
	switch {
	case exact >= 0:
		mean = e[exact]
	case sw == 0:
		return Estimate{0, math.Inf(1)}, 1
	default:
		mean = Estimate{swx / sw, 1 / math.Sqrt(sw)}
	}
	var z []float64
	for i, v := range e {
		if i != exact && !math.IsInf(v.StdErr, 1) {
			z = append(z, Agreement(v, Estimate{Value: mean.Value}))
		}
	}
	chi2, _ := ChiSquare(z)
	dof := len(z)
	if exact < 0 {
		dof--
	}
	if dof == 0 {
		return mean, 1
	}
	return mean, mathext.GammaIncRegComp(float64(dof)/2, chi2/2)
}
