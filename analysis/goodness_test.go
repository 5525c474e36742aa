package analysis

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
)

func TestKSStatistic(t *testing.T) {
	// Uniform, x = 0.1, 0.2, 0.7: F_n jumps to 2/3 at 0.2.
	d, _ := KS([]float64{0.1, 0.2, 0.7}, func(x float64) float64 { return x }, 3)
	near(t, "d", d, 2.0/3-0.2, 1e-14)
	d, _ = KS([]float64{0.8, 0.9}, func(x float64) float64 { return x }, 2)
	near(t, "d below", d, 0.8, 1e-14)
}

// Kolmogorov's law, both series, against its textbook quantiles and each other at x = 1.
func TestKolmogorovLaw(t *testing.T) {
	within(t, "10 %", kolmogorov(1.22384787), 0.10, 1e-8)
	within(t, "1 %", kolmogorov(1.62762361), 0.01, 1e-8)
	within(t, "95 %", kolmogorov(0.51961038), 0.95, 1e-8)
	near(t, "where the series meet", kolmogorov(1-1e-12), kolmogorov(1), 1e-10)
	if kolmogorov(0) != 1 || kolmogorov(0.05) != 1 {
		t.Error("small arguments")
	}
}

// A² against its integral n∫(F_n−F)²/(F(1−F))dF, piece by piece in closed form.
func TestAndersonDarlingStatistic(t *testing.T) {
	x := []float64{0.05, 0.3, 0.31, 0.6, 0.97}
	edges := append(append([]float64{0}, x...), 1)
	sum := 0.0
	for i := 1; i < len(edges); i++ {
		c := float64(i-1) / float64(len(x))
		// ∫(c−u)²/(u(1−u))du = c² ln u − (1−c)² ln(1−u) − u
		prim := func(u float64) float64 {
			s := -u
			if c > 0 {
				s += c * c * math.Log(u)
			}
			if c < 1 {
				s -= (1 - c) * (1 - c) * math.Log(1-u)
			}
			return s
		}
		sum += prim(edges[i]) - prim(edges[i-1])
	}
	a2, _ := AndersonDarling(x, func(x float64) float64 { return x }, 5)
	near(t, "A²", a2, 5*sum, 1e-12)
	half, _ := AndersonDarling(x, func(x float64) float64 { return x }, 2.5)
	near(t, "A² at half the effective size", half, 2.5*sum, 1e-12)
}

// Quantiles of the limit law: Anderson and Darling's 1.933, 2.492, 3.857.
func TestAndersonDarlingLaw(t *testing.T) {
	for a, p := range map[float64]float64{1.9329578: 0.10, 2.4923671: 0.05, 3.8781250: 0.01} {
		within(t, "p", 1-adLimit(a), p, 2e-5)
	}
	near(t, "where the pieces meet", adLimit(2-1e-12), adLimit(2), 1e-5)
	if adLimit(0) != 0 || adLimit(1e-3) > 1e-100 {
		t.Error("A² = 0 is a perfect fit")
	}
}

func TestGoodnessOfFitLevels(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	type test func([]float64, func(float64) float64, float64) (float64, float64)
	for i, f := range []test{KS, AndersonDarling} {
		name := []string{"KS", "AD"}[i]
		for _, n := range []int{8, 200} {
			var p []float64
			for r := 0; r < 2000; r++ {
				x := normals(rng, n, 0, 1)
				sort.Float64s(x)
				_, q := f(x, normalCDF, float64(n))
				p = append(p, q)
			}
			sort.Float64s(p)
			if _, q := KS(p, func(x float64) float64 { return x }, 2000); q < 1e-4 {
				t.Errorf("%s, n = %d: p is not uniform (%g)", name, n, q)
			}
		}
		// Correlated draws: with the effective size the test rejects 5 % at most or so; with
		// the number of draws far more.
		reject, naive := 0, 0
		for r := 0; r < 500; r++ {
			x := ar1(rng, 0.9, 4000)
			sort.Float64s(x)
			if _, q := f(x, normalCDF, 4000/(2*ar1Tau(0.9))); q < 0.05 {
				reject++
			}
			if _, q := f(x, normalCDF, 4000); q < 0.05 {
				naive++
			}
		}
		if reject > 45 || naive < 200 {
			t.Errorf("%s on AR(1): %d of 500 rejected at 5 %%, %d without the effective size", name, reject, naive)
		}
		// Power: a wrong variance by 20 % at n = 2000.
		x := normals(rng, 2000, 0, 1.2)
		sort.Float64s(x)
		if _, q := f(x, normalCDF, 2000); q > 1e-3 {
			t.Errorf("%s does not see a wrong variance: p = %g", name, q)
		}
		if _, q := f(nil, normalCDF, 0); q != 1 {
			t.Errorf("%s without draws: p = %g", name, q)
		}
		if a, q := f([]float64{-50, 50}, normalCDF, 2); a-a != 0 || !(q >= 0 && q < 1) {
			t.Errorf("%s outside the support: %g, p = %g", name, a, q)
		}
	}
}
