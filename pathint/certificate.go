package pathint

import (
	"fmt"
	"math"
	"slices"

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
		case p.ends.pins > 0 || p.s != 0:
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

// O10Report is the certificate O10: every observable at every slice has the same mean and
// variance by every sampler. Unlike O1 it sees the drift.
type O10Report struct {
	Comparisons int
	WorstZ      float64 // largest |z|
	Where       string  // what was compared there
	// P is the chance of a |z| as large among as many comparisons (Bonferroni, an upper
	// bound: neighbouring slices are correlated).
	P float64
	// Chi2PerZ is the mean of z²: 1 if the error bars are right on average.
	Chi2PerZ float64
}

// Passed says whether the worst deviation is one that chance explains: P > 1e−3.
func (r O10Report) Passed() bool { return r.Comparisons > 0 && r.P > 1e-3 }

func (r O10Report) String() string {
	return fmt.Sprintf("worst |z| = %.2f of %d comparisons (%s); as large by chance with probability ≤ %.2g", r.WorstZ, r.Comparisons, r.Where, r.P)
}

// O10 compares every pair of laws. An observable that is constant in both laws is compared
// for equality and not counted.
func O10(laws ...*Law) (O10Report, error) {
	var r O10Report
	sum := 0.0
	for j, b := range laws {
		for _, a := range laws[:j] {
			if a.Steps != b.Steps || !slices.Equal(a.Names, b.Names) {
				return r, fmt.Errorf("pathint: O10: %s and %s observe different things", a.Label, b.Label)
			}
			for c := range a.Series {
				where := fmt.Sprintf("%s at slice %d, %s against %s", a.Names[c%len(a.Names)], c/len(a.Names)+1, a.Label, b.Label)
				zs, err := compare(a.Series[c], b.Series[c])
				if err != nil {
					return r, fmt.Errorf("pathint: O10: %s: %w", where, err)
				}
				for i, z := range zs {
					r.Comparisons++
					sum += z * z
					if z = math.Abs(z); !(z <= r.WorstZ) {
						r.WorstZ, r.Where = z, [2]string{"mean", "variance"}[i]+" of "+where
					}
				}
			}
		}
	}
	r.P = min(1, float64(r.Comparisons)*analysis.TwoSided(r.WorstZ))
	r.Chi2PerZ = sum / float64(max(r.Comparisons, 1))
	return r, nil
}

// compare returns the z-scores of the difference of mean and of mean square about the
// common mean, none if both series are the same constant.
func compare(a, b [][]float64) ([]float64, error) {
	ta, tb := analysis.AutocorrelationChains(a), analysis.AutocorrelationChains(b)
	if constant(a) && constant(b) && a[0][0] == b[0][0] {
		return nil, nil
	}
	if ta.Err != nil {
		return nil, ta.Err
	}
	if tb.Err != nil {
		return nil, tb.Err
	}
	mid := (ta.Mean + tb.Mean) / 2
	return []float64{difference(ta, tb), difference(about(a, mid), about(b, mid))}, nil
}

func difference(a, b analysis.Tau) float64 {
	return analysis.Agreement(analysis.Estimate{Value: a.Mean, StdErr: a.StdErr}, analysis.Estimate{Value: b.Mean, StdErr: b.StdErr})
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
