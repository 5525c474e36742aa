package verify

import (
	"math"
	"testing"
)

// The covariance of the discrete step tends to T[[2/γ, −1/ω], [−1/ω, 2/γ + γ/ω²]] in (ψ, θ) as
// h → 0, linearly in h.
func TestDiracCovarianceContinuum(t *testing.T) {
	const gamma, temperature, omega = 0.5, 0.3, 0.5
	at := func(h float64) [3]float64 { return diracCovariance(h, gamma, temperature, int(200/h)) }
	fine, coarse := at(0.001), at(0.002)
	want := [3]float64{temperature * 2 / gamma, -temperature / omega, temperature * (2/gamma + gamma/omega/omega)}
	for i, w := range want {
		if got := 2*fine[i] - coarse[i]; math.Abs(got-w) > 1e-5 {
			t.Errorf("component %d extrapolates to %v, want %v", i, got, w)
		}
		if shift := fine[i] - w; math.Abs(shift) < 1e-5 {
			t.Errorf("component %d: the step of h = 0.001 is %v from the continuum, the test of the limit sees nothing", i, shift)
		}
	}
}
