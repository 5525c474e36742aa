package exact_test

import (
	"math"
	"testing"

	"machlup/langevin/exact"
)

// TestPlaneGap: a separable potential has the gap of the slower coordinate, to the accuracy
// that is told; the one-dimensional gap comes from the other method (sinc basis).
func TestPlaneGap(t *testing.T) {
	const temp = 0.5
	u := func(x float64) float64 { return (x*x-1)*(x*x-1) - 0.25*x }
	want := exact.GeneratorRates(func(x float64) float64 { return 4*x*(x*x-1) - 0.25 },
		func(x float64) float64 { return 12*x*x - 4 }, temp, -3, 3, 161, 2)[1]
	gap, extrapolated := exact.PlaneGap(func(x, y float64) float64 { return u(x) + 2*y*y },
		temp, [2]float64{-2.2, -2.5}, [2]float64{2.3, 2.5}, 60, 24)
	if d := math.Abs(gap/want - 1); d > 2e-4 || math.Abs(gap-want) > extrapolated {
		t.Errorf("gap %.6f (extrapolation made %.2g), in one dimension %.6f", gap, extrapolated, want)
	}
	// turned by an angle the box's axes no longer are the potential's
	c, s := math.Cos(0.6), math.Sin(0.6)
	turned, _ := exact.PlaneGap(func(x, y float64) float64 { a, b := c*x+s*y, c*y-s*x; return u(a) + 2*b*b },
		temp, [2]float64{-2.6, -2.6}, [2]float64{2.6, 2.6}, 60, 60)
	if d := math.Abs(turned/want - 1); d > 1e-3 {
		t.Errorf("turned: gap %.6f, want %.6f", turned, want)
	}
}

// TestMeanFirstPassage: as the step goes to 0 the discrete mean tends to the continuous one,
// (1/T)∫ dy e^{U/T}∫ dz e^{−U/T}, with the shift of a wall seen only at steps, 0.5826 s, removed.
func TestMeanFirstPassage(t *testing.T) {
	const temp, eta, x0, wall = 0.4, 0.002, -1.0, 0.0
	u := func(x float64) float64 { return (x*x - 1) * (x*x - 1) }
	s := math.Sqrt(2 * eta * temp)
	const h = 0.02
	// nodes x0 + jh, the wall midway
	lo := wall - h/2 - h*120
	k := exact.NewGaussianKernel(func(x float64) float64 { return x - eta*4*x*(x*x-1) }, func(float64) float64 { return s }, lo, lo+h*241, 242)
	start := lo + h*math.Round((x0-lo)/h)
	got := eta * k.MeanFirstPassage(start, wall)
	effective, inner, outer := wall+0.5826*s, 0.0, 0.0
	const dy = 1e-4
	for y := -3.0; y < effective; y += dy {
		inner += math.Exp(-u(y+dy/2)/temp) * dy
		if y >= start {
			outer += math.Exp(u(y+dy)/temp) * inner * dy / temp
		}
	}
	if d := math.Abs(got/outer - 1); d > 0.01 {
		t.Errorf("mean first passage %v, continuous %v", got, outer)
	}
}
