package analysis

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// A Reason names why a number is not given. Reasons are stable: outputs and tests may
// match on them.
type Reason string

const (
	Constant         Reason = "constant-series"   // no fluctuation, hence no τ, R̂ or shape
	TooShort         Reason = "too-short"         // fewer draws, blocks or events than the estimate needs
	NotFinite        Reason = "not-finite"        // NaN or an infinity among the data
	LowOverlap       Reason = "low-overlap"       // neighbouring ensembles do not overlap
	HeavyWeights     Reason = "heavy-weights"     // Pareto k̂ above its limit: the mean itself is unreliable
	InfiniteVariance Reason = "infinite-variance" // a finite variance of the weights cannot be claimed: no error bar
	NotEquilibrated  Reason = "not-equilibrated"  // drift within, or disagreement between, chains
	NotConverged     Reason = "not-converged"     // an iteration or a window did not close
	Disagreement     Reason = "disagreement"      // estimators that must agree do not
	BadGrid          Reason = "bad-grid"          // abscissae unfit for the quadrature rule
	InfiniteZ        Reason = "infinite-z"        // the integral itself does not exist
)

// A Refusal is the error of a number that cannot be given honestly: what was found, what
// is allowed, what to do about it.
type Refusal struct {
	Reason   Reason
	Quantity string  // what was asked for
	Found    float64 // the offending diagnostic
	Limit    float64 // its limit
	Advice   string  // what would help
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("analysis: %s refused (%s): found %.4g, limit %.4g; %s",
		r.Quantity, r.Reason, r.Found, r.Limit, r.Advice)
}

// Refused returns the Refusal within err, if there is one.
func Refused(err error) (*Refusal, bool) {
	var r *Refusal
	ok := errors.As(err, &r)
	return r, ok
}

// Limits beyond which an estimate is refused with the reason (docs/physics.md).
const (
	MinOverlap = 0.03 // adjacent overlap, 0.5 being identical ensembles
	MaxParetoK = 0.7  // PSIS shape of importance weights
	MaxRHat    = 1.05 // worst of split rank-normalised and folded R̂
	MaxZ       = 4.0  // |z| between estimates that must agree
)

// CheckOverlap refuses when any of the adjacent overlaps falls below MinOverlap.
// overlaps[i] is the overlap of state i with state i+1 as BAR and MBAR report it.
func CheckOverlap(overlaps []float64) error {
	for i, o := range overlaps {
		if !(o >= MinOverlap) {
			return &Refusal{LowOverlap, fmt.Sprintf("free energy between states %d and %d", i, i+1),
				o, MinOverlap, "put states in between or draw longer"}
		}
	}
	return nil
}

// CheckAgreement refuses unless two estimates of one quantity agree within MaxZ combined
// standard errors (independent estimates; pass the difference's own error as one StdErr
// and 0 as the other if they are correlated). An unknown error is refused as TooShort: it
// would agree with anything.
func CheckAgreement(quantity string, a, b Estimate) error {
	if s := math.Hypot(a.StdErr, b.StdErr); s-s != 0 {
		return &Refusal{TooShort, quantity, s, math.MaxFloat64, "an error bar is unknown, so agreement means nothing"}
	}
	if z := Agreement(a, b); !(z >= -MaxZ && z <= MaxZ) {
		return &Refusal{Disagreement, quantity, z, MaxZ,
			fmt.Sprintf("estimators give %.6g±%.2g and %.6g±%.2g", a.Value, a.StdErr, b.Value, b.StdErr)}
	}
	return nil
}

// CheckEquilibration refuses chains that drift (first fifth against last half, Geweke's
// comparison with Γ-method errors: |z| > MaxZ in one chain, in any of n the |z| that is as
// improbable for all together, 4.5 for eight), that disagree (R̂ > MaxRHat,
// two chains or more), or whose τ window never closed. A constant set of chains is
// refused as Constant.
//
// Source: J. Geweke, Bayesian Statistics 4 (1992) 169.
func CheckEquilibration(chains [][]float64) error {
	tau := AutocorrelationChains(chains)
	if tau.Err != nil {
		return tau.Err
	}
	if !tau.Converged {
		return &Refusal{NotConverged, "length of the chains in autocorrelation times", float64(tau.N) / tau.Tau, minTaus,
			"the chains are shorter than the required number of τ: run longer"}
	}
	if len(chains) > 1 {
		if c, err := Convergence(chains); err != nil {
			return err
		} else if !(c.RHat <= MaxRHat) {
			return &Refusal{NotEquilibrated, "stationary average", c.RHat, MaxRHat,
				"chains disagree (R̂): discard more or run longer"}
		}
	}
	limit := maxZOf(len(chains))
	for i, x := range chains {
		if z := geweke(x); !(z >= -limit && z <= limit) {
			return &Refusal{NotEquilibrated, fmt.Sprintf("stationary average of chain %d", i), z, limit,
				"its beginning and its end differ (z): discard more of the beginning"}
		}
	}
	return nil
}

// maxZOf is the |z| that the largest of n exceeds with the probability with which one exceeds MaxZ, by
// Bonferroni: many chains are many tests.
func maxZOf(n int) float64 {
	if n < 2 {
		return MaxZ
	}
	return -mathext.NormalQuantile(math.Erfc(MaxZ/math.Sqrt2) / 2 / float64(n))
}

// geweke returns the z-score between the first fifth and the last half of x; a part that
// is constant or too short to have an error contributes none.
func geweke(x []float64) float64 {
	a, b := Autocorrelation(x[:len(x)/5]), Autocorrelation(x[len(x)/2:])
	if a.Err != nil && b.Err != nil {
		return 0
	}
	return Agreement(Estimate{a.Mean, a.StdErr}, Estimate{b.Mean, b.StdErr})
}
