package analysis_test

import (
	"math"
	"strings"
	"testing"

	"machlup/analysis"
	"machlup/langevin/exact"
)

// exactEvidence is what a sweep over [lo, hi] would see without noise: χ to 0.5 %, U₄ to 0.005 and P(m)
// to 10⁵ draws, all of them errors only.
func exactEvidence(laws []exact.SpinLaw, field, lo, hi float64) analysis.Evidence {
	const points = 41
	var e analysis.Evidence
	var x []float64
	var before []analysis.Estimate
	for i := range points {
		x = append(x, lo+(hi-lo)*float64(i)/(points-1))
	}
	for _, law := range laws {
		chi, at, low := 0.0, 0.0, math.Inf(1)
		var u []analysis.Estimate
		for _, beta := range x {
			m := law.At(beta, field)
			if c := m.Chi(law.N); c > chi {
				chi, at = c, beta
			}
			low = math.Min(low, m.U4())
			u = append(u, analysis.Estimate{Value: m.U4(), StdErr: 0.005})
		}
		e.Sizes = append(e.Sizes, float64(law.N))
		e.ChiMax = append(e.ChiMax, analysis.Estimate{Value: chi, StdErr: 0.005 * chi})
		e.Barrier = append(e.Barrier, lawOf(law, at, field).Barrier())
		e.BinderMin = append(e.BinderMin, analysis.Estimate{Value: low, StdErr: 0.005})
		e.BinderDip = append(e.BinderDip, analysis.Estimate{Value: math.Min(u[0].Value, u[points-1].Value) - low, StdErr: 0.007})
		if before != nil {
			if c, err := analysis.Crossing(x, before, u, true); err == nil {
				e.Crossings, e.Pairs = append(e.Crossings, c), e.Pairs+1
			} else if analysis.Uncrossed(before, u) {
				e.Pairs++
			}
		}
		before = u
	}
	return e
}

// lawOf is the exact P(m), a bin for each value of a spin more of one colour.
func lawOf(law exact.SpinLaw, beta, field float64) analysis.OrderLaw {
	p, logZ := map[float64]float64{}, law.At(beta, field).LogZ
	for i, m := range law.M {
		p[m] += math.Exp(law.LogG[i] - beta*(law.E[i]-field*law.M[i]) - logZ)
	}
	o := analysis.OrderLaw{ESS: 1e5}
	last := math.Inf(-1)
	for _, m := range law.M { // sorted
		if m > last {
			o.P, last = append(o.P, p[m]), m
		}
	}
	o.Bins.N = len(o.P)
	return o
}

// TestVerdictOfExactLaws: evidence without noise. The exponent of χ of two coexisting phases is above
// 1 by many errors at these sizes, for the |m| of the disordered one is N^−½.
func TestVerdictOfExactLaws(t *testing.T) {
	curieWeiss := func(int) func(int) exact.SpinLaw { return exact.CurieWeiss }
	potts := func(q int) func(int) exact.SpinLaw {
		return func(n int) exact.SpinLaw { return exact.Potts(n, q) }
	}
	for _, c := range []struct {
		name      string
		law       func(int) exact.SpinLaw
		field     float64
		sizes     []int
		lo, hi    float64
		want      analysis.Verdict
		xlo, xhi  float64 // of the exponent of χ
		firstLike string  // clues that must say first-order-like
	}{
		{"Curie–Weiss", curieWeiss(0), 0, []int{64, 128, 256}, 0.85, 1.15, analysis.ContinuousLike, 0.5, 0.62, ""},
		{"large Curie–Weiss", curieWeiss(0), 0, []int{1000, 4000, 16000}, 0.97, 1.06, analysis.ContinuousLike, 0.49, 0.54, ""},
		{"Curie–Weiss in a field", curieWeiss(0), 0.5, []int{64, 128, 256}, 0.2, 0.8, analysis.Crossover, -0.1, 0.06, ""},
		{"Curie–Weiss in a weaker field", curieWeiss(0), 0.2, []int{100, 200, 400}, 0.4, 1.2, analysis.Crossover, -0.1, 0.1, ""},
		{"Potts, 5 colours", potts(5), 0, []int{40, 80, 120}, 3.3, 3.85, analysis.FirstOrderLike, 1.1, 1.4, "barrier binder-minimum chi-exponent"},
		{"Potts, 6 colours", potts(6), 0, []int{30, 60, 120}, 3.7, 4.2, analysis.FirstOrderLike, 1.1, 1.4, "barrier binder-minimum chi-exponent"},
		{"Potts, 8 colours", potts(8), 0, []int{20, 40, 60}, 4.2, 4.7, analysis.FirstOrderLike, 1.1, 1.6, "barrier binder-minimum chi-exponent"},
		{"Potts, 2 colours", potts(2), 0, []int{64, 128, 256}, 1.7, 2.3, analysis.ContinuousLike, 0.5, 0.62, ""},
	} {
		var laws []exact.SpinLaw
		for _, n := range c.sizes {
			laws = append(laws, c.law(n))
		}
		v, clues := analysis.Judge(exactEvidence(laws, c.field, c.lo, c.hi))
		if v != c.want {
			t.Errorf("%s: %s, want %s: %+v", c.name, v, c.want, clues)
		}
		for _, k := range clues {
			if k.Name == "chi-exponent" && !(k.Estimate.Value > c.xlo && k.Estimate.Value < c.xhi) {
				t.Errorf("%s: χ ∼ N^%v", c.name, k.Estimate)
			}
			if (k.Supports == analysis.FirstOrderLike) != (c.firstLike != "" && strings.Contains(c.firstLike, k.Name)) {
				t.Errorf("%s: %+v", c.name, k)
			}
		}
	}
}

// TestVerdictRules: the rules at their edges, one at a time.
func TestVerdictRules(t *testing.T) {
	of := func(err float64, v ...float64) (out []analysis.Estimate) {
		for _, x := range v {
			out = append(out, analysis.Estimate{Value: x, StdErr: err})
		}
		return out
	}
	power := func(x, relative float64) (out []analysis.Estimate) {
		for _, n := range []float64{100, 200, 400} {
			v := math.Pow(n/100, x) * 10
			out = append(out, analysis.Estimate{Value: v, StdErr: relative * v})
		}
		return out
	}
	crossing := []analysis.Crossed{{At: analysis.Estimate{Value: 1, StdErr: 0.01}, Value: analysis.Estimate{Value: 0.3, StdErr: 0.01}}}
	area := func(v, err float64) *analysis.Estimate { return &analysis.Estimate{Value: v, StdErr: err} }
	const first, continuous, crossover, undecided = analysis.FirstOrderLike, analysis.ContinuousLike, analysis.Crossover, analysis.Undecided
	grows, falls := of(0.1, 1, 2, 4), of(0.05, -0.3, -1, -3)
	for name, c := range map[string]struct {
		e    analysis.Evidence
		want analysis.Verdict
	}{
		"continuous":                           {analysis.Evidence{ChiMax: power(0.5, 0.01), Barrier: of(0.05, 0.9, 0.95, 1), BinderMin: of(0.01, 0.1, 0.05, 0.02), BinderDip: of(0.01, 0, 0.01, 0), Crossings: crossing, Pairs: 2}, continuous},
		"continuous without a crossing":        {analysis.Evidence{ChiMax: power(0.5, 0.01), Pairs: 2}, undecided},
		"an exponent known badly":              {analysis.Evidence{ChiMax: power(0.5, 0.12), Crossings: crossing, Pairs: 2}, undecided},
		"0.85 is not 1":                        {analysis.Evidence{ChiMax: power(0.85, 0.01), Crossings: crossing, Pairs: 2}, continuous},
		"first order by barrier and exponent":  {analysis.Evidence{ChiMax: power(1, 0.01), Barrier: grows}, first},
		"0.85 ± 0.09 may be ⅞":                 {analysis.Evidence{ChiMax: power(0.85, 0.09), Barrier: grows}, undecided},
		"0.96 ± 0.09 may be ⅞":                 {analysis.Evidence{ChiMax: power(0.96, 0.09), Barrier: grows}, undecided},
		"0.96 ± 0.03 is 1":                     {analysis.Evidence{ChiMax: power(0.96, 0.03), Barrier: grows}, first},
		"0.85 ± 0.09, two others":              {analysis.Evidence{ChiMax: power(0.85, 0.09), Barrier: grows, BinderMin: falls}, first},
		"0.85 ± 0.09 alone":                    {analysis.Evidence{ChiMax: power(0.85, 0.09), Crossings: crossing, Pairs: 2}, undecided},
		"first order above 1":                  {analysis.Evidence{ChiMax: power(1.25, 0.01), Barrier: grows}, first},
		"first order by barrier and U₄":        {analysis.Evidence{Barrier: grows, BinderMin: falls}, first},
		"first order by barrier alone":         {analysis.Evidence{Barrier: grows}, undecided},
		"exponent of first order alone":        {analysis.Evidence{ChiMax: power(1, 0.01), Crossings: crossing, Pairs: 2}, undecided},
		"first order against the exponent":     {analysis.Evidence{ChiMax: power(0.5, 0.01), Barrier: grows, BinderMin: falls, Crossings: crossing, Pairs: 2}, undecided},
		"a barrier that keeps its height":      {analysis.Evidence{ChiMax: power(1, 0.01), Barrier: of(0.02, 2, 2.1, 2.2)}, undecided},
		"a barrier of 3 ± 1":                   {analysis.Evidence{ChiMax: power(1, 0.01), Barrier: []analysis.Estimate{{Value: 0.5, StdErr: 0.01}, {Value: 1, StdErr: 0.01}, {Value: 3, StdErr: 1}}}, undecided},
		"a barrier that does not reach 1":      {analysis.Evidence{ChiMax: power(1, 0.01), Barrier: of(0.02, 0.2, 0.4, 0.8)}, undecided},
		"a low barrier that grows":             {analysis.Evidence{ChiMax: power(0.8, 0.01), Barrier: of(0.02, 0.2, 0.4, 0.8), Crossings: crossing, Pairs: 2}, undecided},
		"the same that keeps its height":       {analysis.Evidence{ChiMax: power(0.8, 0.01), Barrier: of(0.02, 0.7, 0.75, 0.8), Crossings: crossing, Pairs: 2}, continuous},
		"U₄ below 0 that does not fall":        {analysis.Evidence{ChiMax: power(1, 0.01), BinderMin: of(0.05, -1, -1, -1.1)}, undecided},
		"U₄ that falls to 0":                   {analysis.Evidence{ChiMax: power(1, 0.01), BinderMin: of(0.05, 0.4, 0.2, -0.1)}, undecided},
		"U₄ that falls below 0":                {analysis.Evidence{ChiMax: power(1, 0.01), BinderMin: of(0.05, 0.4, 0.2, -0.2)}, first},
		"a dip of U₄ that deepens":             {analysis.Evidence{ChiMax: power(0.8, 0.01), BinderMin: of(0.01, 0.3, 0.2, 0.1), BinderDip: of(0.01, 0.01, 0.05, 0.1), Crossings: crossing, Pairs: 2}, undecided},
		"a dip of U₄ that stays":               {analysis.Evidence{ChiMax: power(0.8, 0.01), BinderMin: of(0.01, 0.2, 0.2, 0.2), BinderDip: of(0.01, 0.1, 0.1, 0.11), Crossings: crossing, Pairs: 2}, continuous},
		"hysteresis that stays":                {analysis.Evidence{ChiMax: power(1, 0.01), SlowArea: area(0.5, 0.1), AreaExponent: area(0.1, 0.04)}, first},
		"hysteresis of an area of 0":           {analysis.Evidence{ChiMax: power(1, 0.01), SlowArea: area(0.2, 0.1), AreaExponent: area(0.1, 0.04)}, undecided},
		"hysteresis that may vanish":           {analysis.Evidence{ChiMax: power(1, 0.01), SlowArea: area(0.5, 0.1), AreaExponent: area(0.15, 0.04)}, undecided},
		"hysteresis without an exponent":       {analysis.Evidence{ChiMax: power(1, 0.01), SlowArea: area(0.5, 0.1)}, undecided},
		"crossover":                            {analysis.Evidence{ChiMax: power(0.02, 0.01), Pairs: 2}, crossover},
		"crossover of an exponent below 0":     {analysis.Evidence{ChiMax: power(-0.1, 0.01), Pairs: 2}, crossover},
		"crossover of one pair":                {analysis.Evidence{ChiMax: power(0.02, 0.01), Pairs: 1}, undecided},
		"crossover of unknown pairs":           {analysis.Evidence{ChiMax: power(0.02, 0.01)}, undecided},
		"no growth, but a crossing":            {analysis.Evidence{ChiMax: power(0.02, 0.01), Crossings: crossing, Pairs: 2}, undecided},
		"no crossover that ½ is not ruled out": {analysis.Evidence{ChiMax: power(0.25, 0.09), Pairs: 2}, undecided},
		"growth of 0.2, known well":            {analysis.Evidence{ChiMax: power(0.2, 0.01), Pairs: 2}, undecided},
		"a barrier in a crossover":             {analysis.Evidence{ChiMax: power(0.02, 0.01), Barrier: grows, Pairs: 2}, undecided},
		// one power does not fit: growth that ends, and growth that only begins
		"growth that ends":   {analysis.Evidence{ChiMax: of(0.1, 10, 14, 16), Pairs: 2}, crossover},
		"growth that begins": {analysis.Evidence{ChiMax: of(0.1, 10, 16, 30), Barrier: grows}, first},
	} {
		c.e.Sizes = []float64{100, 200, 400}
		if v, clues := analysis.Judge(c.e); v != c.want {
			t.Errorf("%s: %s, want %s: %+v", name, v, c.want, clues)
		}
	}
}

// TestUncrossed: what is known not to cross.
func TestUncrossed(t *testing.T) {
	of := func(err float64, v ...float64) (out []analysis.Estimate) {
		for _, x := range v {
			out = append(out, analysis.Estimate{Value: x, StdErr: err})
		}
		return out
	}
	zero := of(0, 0, 0, 0)
	for _, c := range []struct {
		b    []analysis.Estimate
		want bool
	}{
		{of(0.1, 0.05, 0.2, 0.35), true},     // apart, one way
		{of(0.1, -0.15, 0.2, 0.35), true},    // −1.5 errors are noise
		{of(0.1, -0.25, 0.2, 0.35), false},   // perhaps they cross
		{of(0.1, 0.05, 0.2, 0.25), false},    // not apart
		{of(0.01, 0.01, -0.01, 0.01), true},  // the same
		{of(0.03, 0.01, -0.01, 0.01), false}, // not known well enough
		{of(0.01, 0.05, -0.05, 0.05), false},
	} {
		if got := analysis.Uncrossed(zero, c.b); got != c.want {
			t.Errorf("%v: %v", c.b, got)
		}
	}
}
