package pathint

import (
	"errors"
	"fmt"
	"math"

	"machlup/analysis"
)

// Estimate is a value of log Z(λ₁)/Z(λ₀) by one estimator. StatErr is a standard deviation,
// QuadErr the size of the quadrature error (thermodynamic integration only). Neither
// contains the discretisation bias of a step η.
type Estimate struct {
	Estimator        string
	LogZ             float64
	StatErr, QuadErr float64
	ESS              float64 // effective draws behind the value
	Overlap          float64 // BAR: of the two ensembles, ½ at best; NaN otherwise
	ParetoK          float64 // of the weights; NaN without weights
	Caution          string  // what limits the error bar, though not the value
	Err              error   // why there is no estimate; LogZ is then not to be quoted
}

// StdErr returns both errors in quadrature.
func (e Estimate) StdErr() float64 { return math.Hypot(e.StatErr, e.QuadErr) }

// Status returns "ok" or "no-estimate".
func (e Estimate) Status() string {
	if e.Err != nil {
		return "no-estimate"
	}
	return "ok"
}

// Exponential estimates log E[w] from independent log weights (−Inf = zero weight): the
// estimator of annealed importance sampling and of the forward average. It refuses
// weights whose Pareto shape k̂ says that their mean (k̂ > 0.7) or its error (k̂ ≥ ½) is not
// to be had, and cautions where a finite variance is only likely.
func Exponential(estimator string, logw []float64) Estimate {
	e := Estimate{Estimator: estimator, Overlap: math.NaN()}
	e.LogZ, e.StatErr = analysis.LogMeanExp(logw)
	e.ESS = analysis.ESSWeights(logw)
	e.ParetoK = analysis.ParetoK(logw)
	err := analysis.CheckWeights(logw)
	if r, ok := analysis.Refused(err); ok && r.Reason == analysis.InfiniteVariance && e.ParetoK < 0.5 {
		e.Caution = err.Error()
		return e
	}
	e.Err = err
	return e
}

// Bounds are what the mean log weights of annealing in both directions say with certainty
// (Jensen): Lower ≤ log Z₁/Z₀ ≤ Upper in expectation.
type Bounds struct {
	Lower, LowerErr float64
	Upper, UpperErr float64
}

// Bidirectional combines log weights of annealing forward (from λ₀, logF) and backward
// (from equilibrium at λ₁, logR) by Bennett's acceptance ratio, and returns the bounds.
// The runs must be independent within each direction. It refuses an overlap below 0.03.
func Bidirectional(logF, logR []float64) (Estimate, Bounds) {
	wF, wR := negated(logF), negated(logR)
	dF, stderr, overlap, err := analysis.BAR(wF, wR)
	e := Estimate{
		Estimator: "bar", LogZ: -dF, StatErr: stderr, Overlap: overlap, ParetoK: math.NaN(),
		ESS: float64(len(logF) + len(logR)), Err: err,
	}
	var f, r analysis.Moments
	for _, w := range logF {
		f.Add(w)
	}
	for _, w := range logR {
		r.Add(-w)
	}
	return e, Bounds{f.Mean(), f.StdErr(), r.Mean(), r.StdErr()}
}

func negated(x []float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = -v
	}
	return y
}

// CheckAgreement says whether estimates of one log Z agree: every pair within 4 combined
// standard errors. Estimates that were refused take no part, and at least two must be
// left before a value is called converged.
func CheckAgreement(quantity string, estimates ...Estimate) (worst float64, err error) {
	var ok []Estimate
	for _, e := range estimates {
		if e.Err == nil {
			ok = append(ok, e)
		}
	}
	if len(ok) < 2 {
		return 0, fmt.Errorf("pathint: %s: %d estimators gave a value, two must agree before it is called converged", quantity, len(ok))
	}
	for i, a := range ok {
		for _, b := range ok[:i] {
			x, y := analysis.Estimate{Value: a.LogZ, StdErr: a.StdErr()}, analysis.Estimate{Value: b.LogZ, StdErr: b.StdErr()}
			if z := math.Abs(analysis.Agreement(x, y)); z > worst {
				worst = z
			}
			if e := analysis.CheckAgreement(quantity+" by "+b.Estimator+" and "+a.Estimator, x, y); e != nil {
				err = errors.Join(err, e)
			}
		}
	}
	return worst, err
}

// Reversed analyses annealing both ways: log weights of independent runs forward, and of runs
// back from draws of several chains at the last λ with the slope (∂U/∂λ) of each draw. It
// returns the estimate of the runs back alone, log Z₁/Z₀ = −log E[w], Bennett's ratio of both
// directions, and the bounds. Draws of one chain are correlated, so the errors contain τ.
// Chains that have not equilibrated refuse both estimates, and with them the upper bound.
func Reversed(logF []float64, logR, slopes [][]float64) (reverse, bar Estimate, bounds Bounds) {
	err := analysis.CheckEquilibration(slopes)
	if r, ok := analysis.Refused(err); ok && r.Reason == analysis.Constant {
		err = nil // nothing fluctuates, nothing can drift
	}
	var all []float64
	for _, series := range logR {
		all = append(all, series...)
	}
	reverse = Exponential("ais-reverse", all)
	weights := make([][]float64, len(logR))
	for c, series := range logR {
		for _, w := range series {
			weights[c] = append(weights[c], math.Exp(w-reverse.LogZ))
		}
	}
	if w := analysis.AutocorrelationChains(weights); w.Err == nil {
		reverse.StatErr = w.StdErr // of the mean weight over that mean
		reverse.ESS /= math.Max(1, 2*w.Tau)
	}
	reverse.LogZ = -reverse.LogZ
	t := analysis.AutocorrelationChains(logR)
	bar, bounds = Bidirectional(logF, all)
	bar.Estimator, bar.StatErr = "ais-bar", barError(logF, logR, bar.LogZ)
	if t.Err == nil {
		bounds.UpperErr = t.StdErr
		bar.ESS = float64(len(logF)) + t.ESS
	}
	if err != nil {
		reverse.Err, bar.Err = err, err
	}
	return reverse, bar, bounds
}

// barError is the standard error of Bennett's ratio where the runs back are correlated: that of
// the root of Σ_F f(M − w − ΔF) = Σ_R f(−M − w + ΔF), w log weights, f the Fermi function and
// M = ln n_F/n_R, from the variances of both sums.
func barError(logF []float64, logR [][]float64, logZ float64) float64 {
	nF, nR := float64(len(logF)), 0.0
	for _, s := range logR {
		nR += float64(len(s))
	}
	m := math.Log(nF / nR)
	fermi := func(x float64) float64 { return 1 / (1 + math.Exp(x)) }
	var f analysis.Moments
	information := 0.0
	for _, w := range logF {
		p := fermi(m - w + logZ)
		f.Add(p)
		information += p * (1 - p)
	}
	back := make([][]float64, len(logR))
	for c, s := range logR {
		for _, w := range s {
			p := fermi(-m - w - logZ)
			back[c] = append(back[c], p)
			information += p * (1 - p)
		}
	}
	t := analysis.AutocorrelationChains(back)
	return math.Hypot(nF*f.StdErr(), nR*t.StdErr) / information
}
