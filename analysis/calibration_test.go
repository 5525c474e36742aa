package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
)

// near fails unless got is within rel of want (absolutely for |want| < 1e−300).
func near(t *testing.T, what string, got, want, rel float64) {
	t.Helper()
	if !(math.Abs(got-want) <= rel*math.Max(1e-300, math.Abs(want))) {
		t.Errorf("%s = %.14g, want %.14g", what, got, want)
	}
}

func within(t *testing.T, what string, got, want, abs float64) {
	t.Helper()
	if !(math.Abs(got-want) <= abs) {
		t.Errorf("%s = %.14g, want %.14g ± %g", what, got, want, abs)
	}
}

// refused fails unless err is a Refusal for the given reason.
func refused(t *testing.T, what string, err error, want Reason) {
	t.Helper()
	r, ok := Refused(err)
	if !ok || r.Reason != want {
		t.Errorf("%s: got %v, want refusal %s", what, err, want)
	}
}

// calibrated draws one estimate per repeat and checks that (value−exact)/stderr has a
// standard deviation in [0.85, 1.15] and a mean compatible with no bias beyond maxBias
// standard errors.
func calibrated(t *testing.T, what string, repeats int, exact, maxBias float64, draw func(*rand.Rand) Estimate) {
	t.Helper()
	rng := rand.New(rand.NewPCG(2024, uint64(repeats)))
	var pulls Moments
	for i := 0; i < repeats; i++ {
		e := draw(rng)
		pulls.Add((e.Value - exact) / e.StdErr)
	}
	if pulls.Rejected() > 0 {
		t.Errorf("%s: %d pulls not finite", what, pulls.Rejected())
	}
	if s := pulls.Std(); !(s >= 0.85 && s <= 1.15) {
		t.Errorf("%s: pulls have standard deviation %.3f", what, s)
	}
	if m := pulls.Mean(); !(math.Abs(m) <= maxBias+4*pulls.StdErr()) {
		t.Errorf("%s: pulls have mean %.3f", what, m)
	}
	t.Logf("%s: pulls %.3f ± %.3f, std %.3f", what, pulls.Mean(), pulls.StdErr(), pulls.Std())
}

// ar1 is x' = αx + √(1−α²)ξ from its stationary law N(0,1): ρ(d) = α^d.
func ar1(rng *rand.Rand, alpha float64, n int) []float64 {
	x := make([]float64, n)
	x[0] = rng.NormFloat64()
	s := math.Sqrt(1 - alpha*alpha)
	for i := 1; i < n; i++ {
		x[i] = alpha*x[i-1] + s*rng.NormFloat64()
	}
	return x
}

func ar1Tau(alpha float64) float64 { return 0.5 + alpha/(1-alpha) }

func normals(rng *rand.Rand, n int, mean, std float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = mean + std*rng.NormFloat64()
	}
	return x
}

func mapped(x []float64, f func(float64) float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = f(v)
	}
	return y
}

func normalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
