package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n   int
		z      float64
		lo, hi float64
	}{{0, 10, 2, 0, 4.0 / 14}, {10, 10, 2, 10.0 / 14, 1}, {5, 10, 2, 0.5 - math.Sqrt(14)/14, 0.5 + math.Sqrt(14)/14}, {0, 0, 1, 0, 1}} {
		lo, hi := Wilson(c.k, c.n, c.z)
		within(t, "lo", lo, c.lo, 1e-14)
		within(t, "hi", hi, c.hi, 1e-14)
	}
	// The ends are the p at which (k/n − p)² = z² p(1−p)/n.
	lo, hi := Wilson(3, 17, 1.3)
	for _, p := range []float64{lo, hi} {
		near(t, "score equation", math.Pow(3.0/17-p, 2), 1.3*1.3*p*(1-p)/17, 1e-12)
	}
}

// Coverage over the binomial law, summed exactly: close to the nominal 95 %.
func TestWilsonCoverage(t *testing.T) {
	const n, p = 40, 0.13
	cover := 0.0
	for k := 0; k <= n; k++ {
		if lo, hi := Wilson(k, n, 1.96); lo <= p && p <= hi {
			a, _ := math.Lgamma(n + 1)
			b, _ := math.Lgamma(float64(k + 1))
			c, _ := math.Lgamma(float64(n - k + 1))
			cover += math.Exp(a - b - c + float64(k)*math.Log(p) + float64(n-k)*math.Log(1-p))
		}
	}
	within(t, "coverage", cover, 0.95, 0.03)
}

// The 6-MP arm of Freireich et al. (1963), the textbook example: S and Greenwood errors
// as tabulated (Kalbfleisch and Prentice; Klein and Moeschberger, table 4.1B).
func TestKaplanMeier(t *testing.T) {
	times := []float64{10, 7, 32, 23, 22, 6, 16, 34, 32, 25, 11, 20, 19, 6, 17, 35, 6, 13, 9, 6, 10}
	free := map[int]bool{2: true, 7: true, 8: true, 9: true, 10: true, 11: true, 12: true, 14: true, 15: true, 18: true, 19: true, 20: true}
	escaped := make([]bool, len(times))
	for i := range escaped {
		escaped[i] = !free[i]
	}
	// 17 of index 14 is a censored one in this listing; the tables have 17+.
	curve, err := KaplanMeier(times, escaped)
	if err != nil {
		t.Fatal(err)
	}
	want := []SurvivalStep{{6, 21, 3, 0.857, 0.0764}, {7, 17, 1, 0.807, 0.0869}, {10, 15, 1, 0.753, 0.0963}, {13, 12, 1, 0.690, 0.1068},
		{16, 11, 1, 0.627, 0.1141}, {22, 7, 1, 0.538, 0.1282}, {23, 6, 1, 0.448, 0.1346}}
	if len(curve) != len(want) {
		t.Fatalf("%d steps, want %d", len(curve), len(want))
	}
	for i, w := range want {
		g := curve[i]
		if g.Time != w.Time || g.AtRisk != w.AtRisk || g.Events != w.Events || math.Abs(g.S-w.S) > 6e-4 || math.Abs(g.StdErr-w.StdErr) > 6e-5 {
			t.Errorf("step %d: %+v, want %+v", i, g, w)
		}
	}
	// Without censoring S is the empirical fraction and Greenwood is binomial; it ends at 0.
	curve, _ = KaplanMeier([]float64{3, 1, 2, 2}, []bool{true, true, true, true})
	near(t, "S(1)", curve[0].S, 0.75, 1e-15)
	near(t, "binomial", curve[1].StdErr, math.Sqrt(0.25*0.75/4), 1e-14)
	if last := curve[2]; last.S != 0 || last.StdErr != 0 {
		t.Errorf("end: %+v", last)
	}
	if curve, err := KaplanMeier(nil, nil); len(curve) != 0 || err != nil {
		t.Error("no replicas")
	}
	_, err = KaplanMeier([]float64{-1}, []bool{true})
	refused(t, "negative time", err, NotFinite)
}

// escapes draws exponential times of rate r, censored at the end of the run or earlier.
func escapes(rng *rand.Rand, n int, r, end float64) (times []float64, escaped []bool) {
	for i := 0; i < n; i++ {
		x, limit := rng.ExpFloat64()/r, end*(0.5+0.5*rng.Float64())
		times = append(times, math.Min(x, limit))
		escaped = append(escaped, x <= limit)
	}
	return times, escaped
}

func TestSurvivalErrorsAreCalibrated(t *testing.T) {
	const rate, end = 0.002, 600.0 // about 60 % escape
	calibrated(t, "rate", 400, rate, 0.2, func(rng *rand.Rand) Estimate {
		r, e := EscapeRate(escapes(rng, 100, rate, end))
		return Estimate{r, e}
	})
	calibrated(t, "S(300)", 400, math.Exp(-0.6), 0.2, func(rng *rand.Rand) Estimate {
		curve, err := KaplanMeier(escapes(rng, 150, rate, end))
		if err != nil {
			t.Fatal(err)
		}
		e := Estimate{}
		for _, s := range curve {
			if s.Time <= 300 {
				e = Estimate{s.S, s.StdErr}
			}
		}
		return e
	})
	calibrated(t, "exponential test", 400, 0, 0.2, func(rng *rand.Rand) Estimate {
		times, escaped := escapes(rng, 100, rate, end)
		z, p, err := ExponentialTest(times, escaped)
		if err != nil {
			t.Fatal(err)
		}
		within(t, "p", p, math.Erfc(math.Abs(z)/math.Sqrt2), 1e-12)
		return Estimate{z, 1}
	})
}

func TestEscapeRate(t *testing.T) {
	r, e := EscapeRate([]float64{2, 3, 5}, []bool{true, false, true})
	near(t, "rate", r, 0.2, 1e-15)
	near(t, "error", e, 0.2/math.Sqrt2, 1e-15)
	r, e = EscapeRate([]float64{2, 3}, []bool{false, false})
	if r != 0 || e != 0.2 {
		t.Errorf("no escape: %g ± %g", r, e)
	}
	if r, e = EscapeRate(nil, nil); r != 0 || !math.IsInf(e, 1) {
		t.Errorf("nothing observed: %g ± %g", r, e)
	}
}

// Garwood: P(N ≥ d; μ = lo·T) = P(N ≤ d; μ = hi·T) = α/2 for Poisson N.
func TestEscapeRateInterval(t *testing.T) {
	lo, hi := EscapeRateInterval([]float64{4, 6, 10}, []bool{true, true, true}, 0.9)
	poisson := func(mu float64, upTo int) float64 {
		s, term := 0.0, math.Exp(-mu)
		for k := 0; k <= upTo; k++ {
			s += term
			term *= mu / float64(k+1)
		}
		return s
	}
	within(t, "lower", 1-poisson(20*lo, 2), 0.05, 1e-9)
	within(t, "upper", poisson(20*hi, 3), 0.05, 1e-9)
	lo, hi = EscapeRateInterval([]float64{10}, []bool{false}, 0.9)
	if lo != 0 || math.Abs(hi-math.Log(20)/10) > 1e-9 {
		t.Errorf("no escape: [%g, %g]", lo, hi)
	}
	if lo, hi = EscapeRateInterval(nil, nil, 0.9); lo != 0 || !math.IsInf(hi, 1) {
		t.Error("nothing observed")
	}
}

func TestExponentialTest(t *testing.T) {
	// The score statistic of the Weibull shape at 1, by its definition.
	times, escaped := []float64{1, 2, 0.5, 4, 3, 7, 2.5}, []bool{true, true, true, true, false, true, false}
	z, _, err := ExponentialTest(times, escaped)
	if err != nil {
		t.Fatal(err)
	}
	d, total, ev, a, b := 0.0, 0.0, 0.0, 0.0, 0.0
	for i, x := range times {
		total += x
		a += x * math.Log(x)
		b += x * math.Log(x) * math.Log(x)
		if escaped[i] {
			d++
			ev += math.Log(x)
		}
	}
	l := d / total
	near(t, "z", z, (d+ev-l*a)/math.Sqrt(d+l*b-l*l*a*a/d), 1e-10)

	rng := rand.New(rand.NewPCG(12, 1))
	shape := func(k float64) []float64 { // Weibull
		return mapped(make([]float64, 200), func(float64) float64 { return math.Pow(rng.ExpFloat64(), 1/k) })
	}
	all := make([]bool, 200)
	for i := range all {
		all[i] = true
	}
	if z, p, _ := ExponentialTest(shape(1.5), all); z < 4 || p > 1e-4 {
		t.Errorf("rising hazard: z = %g", z)
	}
	if z, _, _ := ExponentialTest(shape(0.7), all); z > -4 {
		t.Errorf("falling hazard: z = %g", z)
	}
	_, _, err = ExponentialTest([]float64{1, 2, 3, 4}, []bool{true, true, true, true})
	refused(t, "few", err, TooShort)
	_, _, err = ExponentialTest([]float64{0, 1, 2, 3, 4, 5}, []bool{true, true, true, true, true, true})
	refused(t, "zero", err, BadGrid)
}
