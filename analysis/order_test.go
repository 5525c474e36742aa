package analysis

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"

	"machlup/analysis/exact"
)

func TestOrderFormulas(t *testing.T) {
	near(t, "U4 of a Gaussian", Binder(2, 12), 0, 0)
	near(t, "U4 of ±1", Binder(1, 1), 2.0/3, 1e-15)
	near(t, "χ", Susceptibility(100, 0.5, 0.6), 14, 1e-12)
	near(t, "C", HeatCapacity(2, -3, 13), 1, 1e-14)
}

// Plain averages of a short series by hand, and the Curie–Weiss sums they must tend to.
func TestOrderParameterOnCurieWeiss(t *testing.T) {
	const n, beta = 100, 1.0
	want := exact.CurieWeiss(n, beta)
	m, p := exact.CurieWeissMagnetisation(n, beta)
	cum := make([]float64, len(p))
	s := 0.0
	for i, v := range p {
		s += v
		cum[i] = s
	}
	sample := func(rng *rand.Rand, draws int) []float64 {
		x := make([]float64, draws)
		for i := range x {
			x[i] = m[min(sort.SearchFloat64s(cum, rng.Float64()), len(m)-1)]
		}
		return x
	}
	rng := rand.New(rand.NewPCG(7, 1))
	o, err := OrderParameter([][]float64{sample(rng, 100000), sample(rng, 100000)}, n)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what     string
		got      Estimate
		want, up float64 // value, cap of the error
	}{
		{"⟨m⟩", o.Mean, 0, 2e-3}, {"⟨|m|⟩", o.Abs, want.Abs, 2e-3}, {"⟨m²⟩", o.M2, want.M2, 1e-3},
		{"⟨m⁴⟩", o.M4, want.M4, 4e-4}, {"χ", o.Chi, want.Chi, 0.04}, {"U4", o.U4, want.U4, 5e-3},
	} {
		if z := Agreement(c.got, Estimate{Value: c.want}); math.Abs(z) > 4 || c.got.StdErr > c.up {
			t.Errorf("%s = %.6g ± %.2g, want %.6g", c.what, c.got.Value, c.got.StdErr, c.want)
		}
	}
	// χ and U₄ share their data: the covariance of ⟨m²⟩ and ⟨m⁴⟩ is that of the law.
	near(t, "Cov(⟨m²⟩,⟨m⁴⟩)", o.Cov[2*6+3], lawCovariance(m, p)/200000, 0.05)

	calibrated(t, "U4 of Curie–Weiss", 200, want.U4, 0.1, func(rng *rand.Rand) Estimate {
		o, err := OrderParameter([][]float64{sample(rng, 4000)}, n)
		if err != nil {
			t.Fatal(err)
		}
		return o.U4
	})
}

func lawCovariance(m, p []float64) float64 {
	var m2, m4, m6 float64
	for i := range m {
		q := m[i] * m[i]
		m2 += p[i] * q
		m4 += p[i] * q * q
		m6 += p[i] * q * q * q
	}
	return m6 - m2*m4
}

// Gaussian m gives U₄ = 0 and χ = 1 − 2/π, here from correlated chains.
func TestOrderErrorsAreCalibrated(t *testing.T) {
	for what, pick := range map[string]func(Order) Estimate{
		"U4 of AR(1)": func(o Order) Estimate { return o.U4 },
		"χ of AR(1)":  func(o Order) Estimate { e := o.Chi; e.Value -= 1 - 2/math.Pi; return e },
	} {
		calibrated(t, what, 200, 0, 0.1, func(rng *rand.Rand) Estimate {
			o, err := OrderParameter([][]float64{ar1(rng, 0.8, 4000), ar1(rng, 0.8, 4000)}, 1)
			if err != nil {
				t.Fatal(err)
			}
			return pick(o)
		})
	}
}

func TestOrderParameterRefuses(t *testing.T) {
	o, err := OrderParameter([][]float64{{0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5}}, 1)
	refused(t, "frozen", err, Constant)
	if o.Mean.Value != 0.5 || o.M2.Value != 0.25 || !math.IsInf(o.Mean.StdErr, 1) || !math.IsInf(o.U4.StdErr, 1) {
		t.Errorf("frozen: %+v", o)
	}
	_, err = OrderParameter([][]float64{ar1(rand.New(rand.NewPCG(7, 2)), 0.9, 500)}, 1)
	refused(t, "short", err, TooShort)
	o, err = OrderParameter([][]float64{{1, 2, math.NaN(), 4, 5, 6, 7, 8}}, 1)
	refused(t, "NaN", err, NotFinite)
	if o.Mean.Value != 0 {
		t.Errorf("NaN leaks: %+v", o)
	}
	// ±1 telegraph: |m| and m² are constant, U₄ = 2/3 exactly, m itself moves.
	rng := rand.New(rand.NewPCG(7, 3))
	x := make([]float64, 4000)
	for i := range x {
		x[i] = math.Copysign(1, rng.NormFloat64())
	}
	o, err = OrderParameter([][]float64{x}, 1)
	if err != nil || math.Abs(o.U4.Value-2.0/3) > 1e-10 {
		t.Errorf("telegraph: %v, %v", o.U4, err)
	}
}
