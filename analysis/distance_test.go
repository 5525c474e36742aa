package analysis

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
)

func TestWassersteinSorted(t *testing.T) {
	near(t, "equal sizes", WassersteinSorted([]float64{0, 1, 5}, []float64{1, 1, 8}), math.Sqrt(10.0/3), 1e-14)
	// 2 against 3: pieces of 1/3, 1/6, 1/6, 1/3.
	near(t, "unequal", WassersteinSorted([]float64{0, 6}, []float64{1, 2, 4}), math.Sqrt(1.0/3+4.0/6+16.0/6+4.0/3), 1e-14)
	near(t, "one point", WassersteinSorted([]float64{2}, []float64{0, 1, 5}), math.Sqrt(14.0/3), 1e-14)

	// Any sizes: equal to both samples repeated to their common multiple.
	rng := rand.New(rand.NewPCG(13, 1))
	a, b := normals(rng, 12, 0, 1), normals(rng, 18, 1, 2)
	sort.Float64s(a)
	sort.Float64s(b)
	sum := 0.0
	for i := 0; i < 36; i++ {
		sum += math.Pow(a[i/3]-b[i/2], 2) / 36
	}
	near(t, "common multiple", WassersteinSorted(a, b), math.Sqrt(sum), 1e-13)
	near(t, "symmetric", WassersteinSorted(b, a), math.Sqrt(sum), 1e-13)
	if WassersteinSorted(a, a) != 0 {
		t.Error("distance to itself")
	}
}

func TestW2Gaussian(t *testing.T) {
	near(t, "3-4-5", W2Gaussian(1, 2, 4, 6), 5, 1e-15)
	// W₂ of the quantile functions on a fine grid.
	var a, b []float64
	const n = 200001
	for i := 0; i < n; i++ {
		z := math.Sqrt2 * math.Erfinv(2*(float64(i)+0.5)/n-1)
		a, b = append(a, 0.3+1.2*z), append(b, -1+0.5*z)
	}
	near(t, "by quantiles", WassersteinSorted(a, b), W2Gaussian(0.3, 1.2, -1, 0.5), 1e-4)
	near(t, "sample and Gaussian", WassersteinGaussian(a, -1, 0.5), W2Gaussian(0.3, 1.2, -1, 0.5), 1e-4)
}

func TestWassersteinGaussian(t *testing.T) {
	// A point mass: √((x−m)² + s²). Two points ±1 and N(0,1): √(1 + 1 − 2√(2/π)).
	near(t, "point", WassersteinGaussian([]float64{3}, 1, 2), math.Sqrt(8), 1e-14)
	near(t, "two points", WassersteinGaussian([]float64{-1, 1}, 0, 1), math.Sqrt(2-2*math.Sqrt(2/math.Pi)), 1e-12)
	// W₂(N(0,1), ½N(±2,1)) = 1.28316091, by the mixture's quantiles.
	var q []float64
	const n = 20000
	for i := 0; i < n; i++ {
		u, lo, hi := (float64(i)+0.5)/n, -10.0, 10.0
		for hi-lo > 1e-12 {
			if m := (lo + hi) / 2; (normalCDF(m-2)+normalCDF(m+2))/2 < u {
				lo = m
			} else {
				hi = m
			}
		}
		q = append(q, lo)
	}
	near(t, "mixture", WassersteinGaussian(q, 0, 1), 1.28316091, 1e-5)
}

func TestJSDGaussian(t *testing.T) {
	for _, c := range [][5]float64{
		{0, 1, 1, 1, 0.111421482185}, {0, 1, 0, 2, 0.092733381666}, {0, 1, 8, 1.25, 0.692593579697},
		{0, 1, 0, 1, 0}, {0, 1, 1000, 1, math.Ln2},
	} {
		within(t, "JSD", JSDGaussian(c[0], c[1], c[2], c[3]), c[4], 6e-13)
		within(t, "symmetric", JSDGaussian(c[2], c[3], c[0], c[1]), c[4], 6e-13)
	}
	// Small separation δ: JSD = δ²/8 + O(δ⁴).
	near(t, "small shift", JSDGaussian(0, 1, 1e-3, 1), 1e-6/8, 1e-5)
	// Scales far apart: direct trapezoid sum in units of the narrow one.
	sum, h := 0.0, 1e-6
	for x := -0.02; x <= 0.02; x += h {
		p, q := math.Exp(-x*x/2), 1000*math.Exp(-x*x*1e6/2)
		c := math.Sqrt(2 * math.Pi)
		sum += h / 2 / c * (p*math.Log(2*p/(p+q)) + q*math.Log(2*q/(p+q)+1e-300))
	}
	tail := 1 - math.Erf(0.02/math.Sqrt2) // there q = 0
	within(t, "narrow in wide", JSDGaussian(0, 1, 0, 1e-3), sum+tail*math.Ln2/2, 1e-6)
}

// Mode collapse onto one of two far, equal modes: JSD = ¾ log(4/3).
func TestJSDOfCollapse(t *testing.T) {
	logN := func(x, m float64) float64 { return -(x-m)*(x-m)/2 - 0.5*math.Log(2*math.Pi) }
	var breaks []float64
	for x := -30.0; x <= 30; x++ {
		breaks = append(breaks, x)
	}
	got := JSD(func(x float64) float64 { return LogSumExp([]float64{logN(x, 15), logN(x, -15)}) - math.Ln2 },
		func(x float64) float64 { return logN(x, 15) }, breaks)
	near(t, "collapse", got, 0.75*math.Log(4.0/3), 1e-12)
}
