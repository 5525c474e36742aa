package pathint

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"machlup/analysis"
)

// Check is one number against its exact value.
type Check struct {
	Name                       string
	Exact, Estimate, StdErr, Z float64
	Tau                        float64 // of the series behind it, ½ for independent draws
	ESS                        float64
}

func checkOf(name string, exact float64, t analysis.Tau) Check {
	return Check{name, exact, t.Mean, t.StdErr, (t.Mean - exact) / t.StdErr, t.Tau, t.ESS}
}

// O1Report is the certificate O1: with a free end κQ is ½χ² with a known number of degrees
// of freedom whatever the drift, so its mean and variance are both half of that, and the
// whitened residuals are iid N(0,1). It certifies the sampler and its accounts, never the
// drift.
type O1Report struct {
	Degrees        int   // K × noisy components
	Mean, Variance Check // of κQ; the exact value of both is Degrees/2
	// StartZ is the worst (κQ − Degrees/2)/√(Degrees/2) of the paths the chains started from:
	// a certificate from a path that was typical already is a tautology.
	StartZ float64
	// KS compares the residuals of the chains' last paths, Residuals of them, with N(0,1);
	// a metric block contributes one χ² number per step.
	KS, KSP   float64
	Residuals int
	// Err says why the chains are not to be believed (drift, R̂, fewer than 50 τ).
	Err error
}

// Passed says whether both moments are within 4 standard errors and KS has p > 1e−4.
func (r O1Report) Passed() bool {
	return r.Err == nil && math.Abs(r.Mean.Z) < analysis.MaxZ && math.Abs(r.Variance.Z) < analysis.MaxZ && r.KSP > 1e-4
}

// O1 runs untilted chains with a free end and returns the certificate. Start them from
// deliberately wrong paths.
func O1(chains []*Chain, srcs []Source, s Sampling) (O1Report, error) {
	var r O1Report
	quad := make([][]float64, len(chains))
	var u []float64
	for i, c := range chains {
		p := c.path
		act, ok := p.action.(Normalised)
		switch {
		case !ok:
			return r, fmt.Errorf("pathint: O1: the %s action has no exact law", p.action.Name())
		case p.ends.pins > 0 || p.ends.ring || p.s != 0:
			return r, fmt.Errorf("pathint: O1 holds for a free end and no tilt; found %d pinned slices and s = %g", p.ends.pins, p.s)
		}
		r.Degrees = p.steps * act.Degrees()
		half := float64(r.Degrees) / 2
		if z := (p.kappa*p.Quadratic() - half) / math.Sqrt(half); math.Abs(z) >= math.Abs(r.StartZ) {
			r.StartZ = z
		}
		c.run(s, srcs[i], func() {
			quad[i] = append(quad[i], p.kappa*p.Quadratic())
		})
		u = act.Uniforms(u, p, p.kappa)
	}
	startZ := r.StartZ
	r = CertifyO1(r.Degrees, quad, u)
	r.StartZ = startZ
	return r, nil
}

// CertifyO1 makes the certificate of series of κQ, one for each chain, of paths with that
// many degrees of freedom, and of the uniforms of whitened residuals (Normalised), which it
// sorts.
func CertifyO1(degrees int, quad [][]float64, uniforms []float64) O1Report {
	r := O1Report{Degrees: degrees, Residuals: len(uniforms)}
	half := float64(degrees) / 2
	r.Mean = checkOf("mean", half, analysis.AutocorrelationChains(quad))
	r.Variance = checkOf("variance", half, about(quad, half))
	r.Err = analysis.CheckEquilibration(quad)
	slices.Sort(uniforms)
	r.KS, r.KSP = analysis.KS(uniforms, func(x float64) float64 { return x }, float64(len(uniforms)))
	return r
}

// about is the autocorrelation analysis of (x − mid)².
func about(series [][]float64, mid float64) analysis.Tau {
	sq := make([][]float64, len(series))
	for i, x := range series {
		for _, v := range x {
			sq[i] = append(sq[i], (v-mid)*(v-mid))
		}
	}
	return analysis.AutocorrelationChains(sq)
}

// run warms a chain up, discards the burn-in and calls draw once per draw.
func (c *Chain) run(s Sampling, src Source, draw func()) {
	c.Warm(s.Warm, src)
	for range s.Burn {
		c.Sweep(src)
	}
	for range s.Draws {
		for range max(s.Thin, 1) {
			c.Sweep(src)
		}
		draw()
	}
}

// Law holds draws of every observable at every slice 1..K, by one sampler.
type Law struct {
	Label  string
	Steps  int // K
	Names  []string
	Series [][][]float64 // (slice−1)·observables + observable → chain → draws
}

// Merge adds the chains of another part of the same law.
func (l *Law) Merge(o *Law) {
	for i := range l.Series {
		l.Series[i] = append(l.Series[i], o.Series[i]...)
	}
}

func newLaw(label string, p *Path, chains int) (*Law, error) {
	if p.observer == nil {
		return nil, fmt.Errorf("pathint: O10: the %s chain observes nothing; give its Spec an Observer", label)
	}
	l := &Law{Label: label, Steps: p.steps}
	for _, o := range p.observer.Observables() {
		l.Names = append(l.Names, o.Name)
	}
	l.Series = make([][][]float64, l.Steps*len(l.Names))
	for i := range l.Series {
		l.Series[i] = make([][]float64, chains)
	}
	return l, nil
}

// NewLaw returns an empty law of the slices of one chain, to be filled by Add.
func NewLaw(label string, c *Chain) (*Law, error) { return newLaw(label, c.path, 1) }

// Add records the chain's current path.
func (l *Law) Add(c *Chain) { l.add(0, c.path) }

func (l *Law) add(chain int, p *Path) {
	for k := range l.Steps {
		for i, o := range p.Observe(k + 1) {
			s := &l.Series[k*len(l.Names)+i][chain]
			*s = append(*s, o)
		}
	}
}

// ForwardLaw simulates independent exact trajectories: the law every chain must reproduce.
// The chain supplies the system; its path is replaced.
func ForwardLaw(c *Chain, draws int, src Source) (*Law, error) {
	l, err := newLaw("forward", c.path, 1)
	if err != nil {
		return nil, err
	}
	for range draws {
		if err := c.StartForward(1/math.Sqrt(c.path.kappa), src); err != nil {
			return nil, err
		}
		l.add(0, c.path)
	}
	return l, nil
}

// ChainLaw runs chains and collects their law.
func ChainLaw(label string, chains []*Chain, srcs []Source, s Sampling) (*Law, error) {
	l, err := newLaw(label, chains[0].path, len(chains))
	if err != nil {
		return nil, err
	}
	for i, c := range chains {
		c.run(s, srcs[i], func() { l.add(i, c.path) })
	}
	return l, nil
}

// O10Report is the certificate O10: every observable at every slice has one law by every
// sampler. Unlike O1 it sees the drift. Laws are compared by location and spread of their
// normal scores (ranks within both samples together, mapped to normal quantiles), whose
// errors can be trusted where the moments of a skewed observable have heavy tails.
type O10Report struct {
	Comparisons int
	WorstZ      float64 // largest |z|
	Where       string  // what was compared there
	// P is the chance of a |z| as large among as many comparisons (Bonferroni, an upper
	// bound: neighbouring slices are correlated).
	P float64
	// Chi2PerZ is the mean of z²: about 1 if the error bars are right on average.
	Chi2PerZ float64
	// MinESS is the smallest effective sample size that took part. Errors from fewer than
	// minESS effective draws are themselves too uncertain for a worst z to mean anything: a
	// chain that short can miss a slow mode altogether.
	MinESS float64
}

const minESS = 200

// Passed says whether the worst deviation is one that chance explains, P > 1e−3, between
// samples large enough to tell.
func (r O10Report) Passed() bool { return r.Comparisons > 0 && r.P > 1e-3 && r.MinESS >= minESS }

func (r O10Report) String() string {
	return fmt.Sprintf("worst |z| = %.2f of %d comparisons (%s); as large by chance with probability ≤ %.2g; smallest effective sample %.0f",
		r.WorstZ, r.Comparisons, r.Where, r.P, r.MinESS)
}

// O10 compares every pair of laws. An observable that has one value throughout both laws
// agrees and is not counted.
func O10(laws ...*Law) (O10Report, error) {
	r := O10Report{MinESS: math.Inf(1)}
	sum := 0.0
	for j, b := range laws {
		for _, a := range laws[:j] {
			if a.Steps != b.Steps || !slices.Equal(a.Names, b.Names) {
				return r, fmt.Errorf("pathint: O10: %s and %s observe different things", a.Label, b.Label)
			}
			for c := range a.Series {
				where := fmt.Sprintf("%s at slice %d, %s against %s", a.Names[c%len(a.Names)], c/len(a.Names)+1, a.Label, b.Label)
				zs, ess, err := compare(a.Series[c], b.Series[c])
				if err != nil {
					return r, fmt.Errorf("pathint: O10: %s: %w", where, err)
				}
				r.MinESS = min(r.MinESS, ess)
				for i, z := range zs {
					r.Comparisons++
					sum += z * z
					if z = math.Abs(z); !(z <= r.WorstZ) {
						r.WorstZ, r.Where = z, [2]string{"location", "spread"}[i]+" of "+where
					}
				}
			}
		}
	}
	r.P = min(1, float64(r.Comparisons)*analysis.TwoSided(r.WorstZ))
	r.Chi2PerZ = sum / float64(max(r.Comparisons, 1))
	return r, nil
}

// compare returns the z-scores of the differences of mean and mean square of the normal
// scores of two samples, and the smaller effective size; none if all draws are equal.
func compare(a, b [][]float64) (zs []float64, ess float64, err error) {
	if constant(append(slices.Clone(a), b...)) {
		return nil, math.Inf(1), nil
	}
	sa, sb := normalScores(a, b)
	ess = math.Inf(1)
	for range 2 { // location, then spread
		ta, tb := analysis.AutocorrelationChains(sa), analysis.AutocorrelationChains(sb)
		if err := errors.Join(ta.Err, tb.Err); err != nil {
			return nil, 0, err
		}
		zs = append(zs, analysis.Agreement(
			analysis.Estimate{Value: ta.Mean, StdErr: ta.StdErr},
			analysis.Estimate{Value: tb.Mean, StdErr: tb.StdErr}))
		ess = min(ess, ta.ESS, tb.ESS)
		square(sa)
		square(sb)
	}
	return zs, ess, nil
}

func square(series [][]float64) {
	for _, x := range series {
		for i, v := range x {
			x[i] = v * v
		}
	}
}

// normalScores replaces every draw of two samples by Φ⁻¹((rank − ½)/N), its rank taken in
// both together; equal draws share the mean rank.
func normalScores(a, b [][]float64) (sa, sb [][]float64) {
	var pool []float64
	for _, x := range append(slices.Clone(a), b...) {
		pool = append(pool, x...)
	}
	slices.Sort(pool)
	score := func(series [][]float64) [][]float64 {
		out := make([][]float64, len(series))
		for i, x := range series {
			for _, v := range x {
				lo, _ := slices.BinarySearch(pool, v)
				hi := lo + sort.Search(len(pool)-lo, func(j int) bool { return pool[lo+j] > v })
				u := (float64(lo+hi) / 2) / float64(len(pool))
				out[i] = append(out[i], math.Sqrt2*math.Erfinv(2*u-1))
			}
		}
		return out
	}
	return score(a), score(b)
}

func constant(series [][]float64) bool {
	for _, x := range series {
		for _, v := range x {
			if v != series[0][0] {
				return false
			}
		}
	}
	return true
}
