package analysis

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// The numbers that a collapse is judged by.
const (
	MaxCollapseS     = 5.0  // above, the curves do not collapse
	CollapseDecay    = 0.5  // exponent that corrections are taken to fall with
	collapseEdge     = 0.01 // share of the swept range that is its edge
	collapseExponent = 2.0  // errors by which a must differ from 0
)

// inflation is what the statistical errors are multiplied with: the root of χ² per degree of
// freedom, where that is above 1.
func (c Collapse) inflation() float64 {
	if c.Terms <= c.Free {
		return 1
	}
	return math.Max(1, math.Sqrt(c.S*float64(c.Terms)/float64(c.Terms-c.Free)))
}

// CorrectedCollapse is DataCollapse with errors for use: statistical ones times the root of χ² per
// degree of freedom where that is above 1, and in quadrature what corrections to scaling may have
// moved the parameters by. It refuses, with the fit, a collapse that gives no number: see refuse.
// It says in words what the errors hold. src makes a source for each fit.
//
// Corrections bias the fit of all sizes, and of any subset too, so that a change when sizes are left
// out is not the bias. Let sizes grow by a factor s, and corrections fall as size^−decay. Between the
// fits without the largest and without the smallest size all sizes grow by s, and the fit of all is
// half of that step from either: every such half leaves r = s^−decay/2 of the bias of an exponent, and
// s^−(decay + a)/2 of that of the critical value, which corrections shift by size^−a more. The steps to come
// are a geometric series: the bias is 1/(1−r) times the change without the smallest size, and r/(1−r)
// times that without the largest. The root of the mean square of the two is the error: each is small
// by chance at times. Noise in them is magnified too, for nothing tells it from bias.
//
// decay ½ is the 1/√N of mean field; on a lattice of N = L^d it is ω/d, about 0.28 in the Ising model of three
// dimensions, and ½ to 1 in two. Corrections that fall more slowly than given are allowed for too little.
// Source of the form size^−ω: F. J. Wegner, Phys. Rev. B 5 (1972) 4529; the series is ours.
func CorrectedCollapse(curves []SizedCurve, start [3]float64, free [3]bool, window, decay float64, resamples int, src func(string) rand.Source) (Collapse, string, error) {
	c, err := DataCollapse(curves, start, free, window, resamples, src("all"))
	if err != nil {
		return c, "", err
	}
	said := c.correct(curves, free, window, decay, src)
	return c, said, c.refuse(curves)
}

func (c *Collapse) correct(curves []SizedCurve, free [3]bool, window, decay float64, src func(string) rand.Source) string {
	to := []*Estimate{&c.Critical, &c.A, &c.B}
	var statistical, systematic [3]float64
	start := [3]float64{}
	for i, e := range to {
		start[i], statistical[i] = e.Value, e.StdErr
	}
	said := "statistical error alone: two sizes do not show corrections to scaling"
	if n := len(curves); n > 2 {
		left := func(decay float64) float64 {
			return math.Pow(curves[n-1].Size/curves[0].Size, -decay/float64(2*(n-1)))
		}
		r := [3]float64{left(decay + math.Max(0, start[1])), left(decay), left(decay)}
		var held, failed []string
		found := 0.0
		for _, v := range []struct {
			name   string
			curves []SizedCurve
			factor func(r float64) float64
		}{
			{"smallest", curves[1:], func(r float64) float64 { return 1 / (1 - r) }},
			{"largest", curves[:n-1], func(r float64) float64 { return r / (1 - r) }},
		} {
			part, err := DataCollapse(v.curves, start, free, window, 10, src(v.name)) // its errors are not used
			if err != nil {
				failed = append(failed, fmt.Sprintf("not without the %s size: %v", v.name, err))
				continue
			}
			for i, e := range []Estimate{part.Critical, part.A, part.B} {
				bias := (e.Value - start[i]) * v.factor(r[i])
				systematic[i] += bias * bias
			}
			found++
			held = append(held, fmt.Sprintf("without the %s size (critical %.5g, a %.3g)", v.name, part.Critical.Value, part.A.Value))
		}
		said = "statistical error alone"
		for i := range systematic {
			systematic[i] /= math.Max(1, found)
		}
		if len(held) > 0 {
			said = "the error holds the changes " + strings.Join(held, " and ") + fmt.Sprintf(", taken on to infinite size as size^−%.3g", decay)
		}
		if len(failed) > 0 {
			said += "; " + strings.Join(failed, "; ")
		}
	}
	scale := c.inflation()
	for i, e := range to {
		e.StdErr = math.Hypot(scale*statistical[i], math.Sqrt(systematic[i]))
	}
	if scale > 1 {
		said += fmt.Sprintf("; statistical errors × %.2g for χ² per degree of freedom", scale)
	}
	return said
}

// refuse says why a fit gives no number: the curves do not collapse, the critical point was not
// swept across, or the curves do not move with the size. Nil where it does.
func (c Collapse) refuse(curves []SizedCurve) error {
	if !(c.S <= MaxCollapseS) {
		return &Refusal{NotConverged, "data collapse (S)", c.S, MaxCollapseS, "the curves do not collapse: narrow collapse_window or use larger sizes"}
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range curves {
		for _, x := range v.X {
			lo, hi = math.Min(lo, x), math.Max(hi, x)
		}
	}
	edge := collapseEdge * (hi - lo)
	switch {
	case !(c.Critical.Value > lo+edge):
		return &Refusal{NotConverged, "data collapse (critical value)", c.Critical.Value, lo, "the best fit has it outside the sweep or at its lower end: sweep across the transition"}
	case !(c.Critical.Value < hi-edge):
		return &Refusal{NotConverged, "data collapse (critical value)", c.Critical.Value, hi, "the best fit has it outside the sweep or at its upper end: sweep across the transition"}
	case !(c.Critical.StdErr < (hi-lo)/2):
		return &Refusal{NotConverged, "data collapse (error of the critical value)", c.Critical.StdErr, (hi - lo) / 2, "it is not known to lie in the sweep: more draws, or more sizes"}
	case !(c.A.Value > collapseExponent*c.A.StdErr):
		return &Refusal{NotConverged, "data collapse (a)", c.A.Value, collapseExponent * c.A.StdErr, "a is not told apart from 0, so the curves are not known to scale: more draws, or sizes further apart"}
	}
	return nil
}
