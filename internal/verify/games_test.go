package verify

import (
	"math"
	"testing"

	"machlup/langevin/exact"
)

// The finite-step covariance that games/r1-simultaneous quotes goes to that of the Langevin
// Dirac-GAN as h → 0: T[[2/γ, 1/ω], [1/ω, 2/γ + γ/ω²]] in the order (ψ, θ) where ψ̇ = ωθ − γψ, θ̇ = −ωψ (the sign of θψ follows that of ω).
func TestLangevinDiracLimit(t *testing.T) {
	const gamma, omega, temperature = 0.7, 1.3, 0.5
	want := []float64{2 * temperature / gamma, temperature / omega, temperature / omega, temperature * (2/gamma + gamma/(omega*omega))}
	last := math.Inf(1)
	for _, h := range []float64{1e-3, 1e-4, 1e-5} {
		s2 := 2 * h * temperature
		got := exact.StationaryCovariance([]float64{1 - h*gamma, h * omega, -h * omega, 1}, []float64{s2, 0, 0, s2}, 2)
		worst := 0.0
		for i := range got {
			worst = max(worst, math.Abs(got[i]-want[i]))
		}
		if !(worst < 10*h && worst < last/8) {
			t.Errorf("h = %g: %v is %g from %v", h, got, worst, want)
		}
		last = worst
	}
}
