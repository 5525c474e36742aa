package analysis

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// WassersteinSorted returns W₂ of two sorted 1-D samples of equal weights, of any sizes:
// W₂² = ∫₀¹ |Q_a(u) − Q_b(u)|² du over the merged steps of the quantile functions. It panics
// if a sample is empty.
func WassersteinSorted(a, b []float64) float64 {
	if len(a) == 0 || len(b) == 0 {
		panic("analysis: WassersteinSorted needs non-empty samples")
	}
	// Steps end at i/len(a) and j/len(b); in units of 1/(len(a)·len(b)) they are integers.
	na, nb := len(a), len(b)
	sum, at := 0.0, 0
	for i, j := 0, 0; i < na && j < nb; {
		end := min((i+1)*nb, (j+1)*na)
		d := a[i] - b[j]
		sum += float64(end-at) * d * d
		at = end
		if end == (i+1)*nb {
			i++
		}
		if end == (j+1)*na {
			j++
		}
	}
	return math.Sqrt(sum / float64(na) / float64(nb))
}

// W2Gaussian returns W₂ of N(m1, s1²) and N(m2, s2²): √((m1−m2)²+(s1−s2)²), s the standard
// deviations.
func W2Gaussian(m1, s1, m2, s2 float64) float64 {
	return math.Hypot(m1-m2, math.Abs(s1)-math.Abs(s2))
}

// WassersteinGaussian returns W₂ of a sorted sample of equal weights and N(mean, std²),
// exactly, from the partial moments of the normal law between the quantiles i/n. A sample
// of n draws of that law itself has W₂² ≈ std²·(log log n)/n, not 0.
//
// It panics if the sample is empty.
func WassersteinGaussian(sorted []float64, mean, std float64) float64 {
	if len(sorted) == 0 {
		panic("analysis: WassersteinGaussian needs a non-empty sample")
	}
	n := float64(len(sorted))
	var sum float64
	phi0, zphi0 := 0.0, 0.0
	for i, x := range sorted {
		phi1, zphi1 := 0.0, 0.0
		if i < len(sorted)-1 {
			z1 := mathext.NormalQuantile(float64(i+1) / n)
			phi1 = math.Exp(-z1*z1/2) / math.Sqrt(2*math.Pi)
			zphi1 = z1 * phi1
		}
		// ∫(d − s z)² du with du = φ dz: ∫z du = φ₀−φ₁, ∫z² du = 1/n + z₀φ₀ − z₁φ₁.
		d := x - mean
		sum += d*d/n - 2*d*std*(phi0-phi1) + std*std*(1/n+zphi0-zphi1)
		phi0, zphi0 = phi1, zphi1
	}
	return math.Sqrt(math.Max(sum, 0))
}
