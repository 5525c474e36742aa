package analysis

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/mathext"
)

// Wilson returns the score interval of a fraction k/n at z standard deviations (z = 1 for
// 68 %). n = 0 gives (0, 1). It panics unless 0 ≤ k ≤ n.
//
// Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209.
func Wilson(k, n int, z float64) (lo, hi float64) {
	if k < 0 || n < k {
		panic("analysis: Wilson needs 0 ≤ k ≤ n")
	}
	if n == 0 {
		return 0, 1
	}
	m, p := float64(n), float64(k)/float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	lo, hi = math.Max(0, centre-half), math.Min(1, centre+half)
	if k == 0 {
		lo = 0
	}
	if k == n {
		hi = 1
	}
	return lo, hi
}

// A SurvivalStep is the Kaplan–Meier curve from Time on, up to the next step.
type SurvivalStep struct {
	Time   float64
	AtRisk int // not yet escaped or censored just before Time
	Events int // escapes at Time
	S      float64
	StdErr float64 // Greenwood's; 0 where S = 0
}

// KaplanMeier returns the survival curve, a step at each time with an escape. escaped[i]
// tells whether times[i] is an escape or the end of an observation without one; at equal
// times escapes come first. It panics if the lengths differ; a time that is negative or not
// finite is refused.
//
// Sources: E. L. Kaplan and P. Meier, J. Am. Stat. Assoc. 53 (1958) 457; M. Greenwood,
// Reports on Public Health and Medical Subjects 33 (1926) 1.
func KaplanMeier(times []float64, escaped []bool) ([]SurvivalStep, error) {
	if err := survivalInput(times, escaped); err != nil {
		return nil, err
	}
	order := make([]int, len(times))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return times[order[a]] < times[order[b]] })
	var curve []SurvivalStep
	s, greenwood := 1.0, 0.0
	for i := 0; i < len(order); {
		t, risk, events := times[order[i]], len(order)-i, 0
		for ; i < len(order) && times[order[i]] == t; i++ {
			if escaped[order[i]] {
				events++
			}
		}
		if events == 0 {
			continue
		}
		r, d := float64(risk), float64(events)
		step := SurvivalStep{Time: t, AtRisk: risk, Events: events}
		if s *= 1 - d/r; risk > events {
			greenwood += d / (r * (r - d))
			step.S, step.StdErr = s, s*math.Sqrt(greenwood)
		}
		curve = append(curve, step)
	}
	return curve, nil
}

func survivalInput(times []float64, escaped []bool) error {
	if len(times) != len(escaped) {
		panic("analysis: times and escaped differ in length")
	}
	for _, t := range times {
		if !(t >= 0) || math.IsInf(t, 1) {
			return &Refusal{NotFinite, "survival analysis", t, 0, "times must be finite and not negative"}
		}
	}
	return nil
}

// EscapeRate returns the maximum-likelihood rate of an exponential law with right
// censoring: escapes / total time observed, and its error rate/√escapes, from observed
// information. Times read off in steps are rounded up: the rate is then low by the fraction
// rate·step/2. Without an escape the rate is 0 and stderr is that of one escape, 1/total: an
// order of magnitude, see EscapeRateInterval; with no time observed stderr is +Inf. It
// panics if the lengths differ or a time is negative or not finite.
func EscapeRate(times []float64, escaped []bool) (rate, stderr float64) {
	if err := survivalInput(times, escaped); err != nil {
		panic("analysis: EscapeRate: times must be finite and not negative")
	}
	d, total := exposure(times, escaped)
	switch {
	case total == 0:
		return 0, math.Inf(1)
	case d == 0:
		return 0, 1 / total
	}
	return d / total, math.Sqrt(d) / total
}

func exposure(times []float64, escaped []bool) (events, total float64) {
	for i, t := range times {
		total += t
		if escaped[i] {
			events++
		}
	}
	return events, total
}

// EscapeRateInterval returns the χ² interval of the rate that holds the truth with at
// least the given probability, also for few or no escapes. (0, +Inf) if no time was observed.
//
// Source: F. Garwood, Biometrika 28 (1936) 437.
func EscapeRateInterval(times []float64, escaped []bool, level float64) (lo, hi float64) {
	d, total := exposure(times, escaped)
	if total == 0 {
		return 0, math.Inf(1)
	}
	if d > 0 {
		lo = mathext.GammaIncRegInv(d, (1-level)/2) / total
	}
	return lo, mathext.GammaIncRegInv(d+1, (1+level)/2) / total
}

// ExponentialTest is the Cox–Oakes score test of exponential escape times against Weibull
// ones, censoring included: z ~ N(0,1) for an exponential law, z > 0 if the hazard rises with
// time (a delay before escape), z < 0 if it falls (a mixture of fast and slow). It refuses
// fewer than 5 escapes and, as Constant, escapes all at one time with nothing censored.
// Times of 0 must not occur among escapes (BadGrid): count steps from 1.
//
// Source: D. R. Cox and D. Oakes, Analysis of Survival Data (1984), §3.7.
func ExponentialTest(times []float64, escaped []bool) (z, p float64, err error) {
	if err := survivalInput(times, escaped); err != nil {
		return 0, 1, err
	}
	d, total := exposure(times, escaped)
	if d < 5 {
		return 0, 1, &Refusal{TooShort, "test of exponential escape times", d, 5, "too few escapes: run longer or more replicas"}
	}
	// In units of the mean time per escape: the statistic is scale-free.
	var events, first, second float64 // Σ_escapes log t, Σ t log t, Σ t log² t
	for i, t := range times {
		if t == 0 {
			if escaped[i] {
				return 0, 1, &Refusal{BadGrid, "test of exponential escape times", 0, 0, "an escape at time 0: count steps from 1"}
			}
			continue
		}
		t *= d / total
		l := math.Log(t)
		first += t * l
		second += t * l * l
		if escaped[i] {
			events += l
		}
	}
	score := d + events - first
	info := d + second - first*first/d
	if !(info > 0) {
		return 0, 1, &Refusal{Constant, "test of exponential escape times", info, 0, "the times carry no information on the shape"}
	}
	z = score / math.Sqrt(info)
	return z, TwoSided(z), nil
}

// HomogeneousTest is Kuiper's test of a constant hazard. At an escape the time that all were watched until
// then, of all that they were watched, is uniform under an exponential law with independent censoring (the
// escapes are a Poisson process in the total time on test); v is the sum of the largest deviations of
// the empirical law to both sides. It sees what ExponentialTest does not: a delay together with some that never
// escape, whose hazards rise and fall. p is Stephens's approximation, good from 5 escapes on; it refuses fewer.
//
// Sources: R. E. Barlow and R. Campo, Reliability and Fault Tree Analysis (1975) 451; N. H. Kuiper, Proc. Kon. Ned.
// Akad. Wet. A 63 (1960) 38; M. A. Stephens, J. R. Stat. Soc. B 32 (1970) 115.
func HomogeneousTest(times []float64, escaped []bool) (v, p float64, err error) {
	if err := survivalInput(times, escaped); err != nil {
		return 0, 1, err
	}
	d, total := exposure(times, escaped)
	if d < 5 {
		return 0, 1, &Refusal{TooShort, "test of exponential escape times", d, 5, "too few escapes: run longer or more replicas"}
	}
	order := make([]int, len(times))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return times[order[a]] < times[order[b]] })
	var above, below, watched, before float64
	seen := 0.0
	for k, i := range order {
		watched += (times[i] - before) * float64(len(order)-k)
		before = times[i]
		if escaped[i] {
			u := watched / total
			below = math.Max(below, u-seen/d)
			seen++
			above = math.Max(above, seen/d-u)
		}
	}
	v = above + below
	return v, kuiper((math.Sqrt(d) + 0.155 + 0.24/math.Sqrt(d)) * v), nil
}

// kuiper is the probability of a larger statistic, 2 Σ (4j²x² − 1) e^{−2j²x²}.
func kuiper(x float64) float64 {
	if x < 0.4 {
		return 1
	}
	p := 0.0
	for j := 1.0; j < 40; j++ {
		t := 2 * (4*j*j*x*x - 1) * math.Exp(-2*j*j*x*x)
		if p += t; math.Abs(t) < 1e-14 {
			break
		}
	}
	return math.Min(1, math.Max(0, p))
}

// Exponential is the probability of escape times as far from an exponential law as these by ExponentialTest or
// HomogeneousTest, twice the smaller of theirs.
func Exponential(times []float64, escaped []bool) (p float64, err error) {
	_, a, err := ExponentialTest(times, escaped)
	if err != nil {
		return 1, err
	}
	_, b, err := HomogeneousTest(times, escaped)
	if err != nil {
		return 1, err
	}
	return math.Min(1, 2*math.Min(a, b)), nil
}
