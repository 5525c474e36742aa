package langevin

import (
	"math"
	"testing"

	"machlup/langevin/exact"
)

// m⟨v²⟩ of a heavy ball is T/(1 − ηh/2(1+β)), by the exact variance of its velocity.
func TestKineticMass(t *testing.T) {
	const h, eta, beta, temperature = 1.5, 0.4, 0.6, 0.7
	u, err := NewHarmonic(HarmonicConfig{Dim: 1, Stiffness: []float64{h}})
	if err != nil {
		t.Fatal(err)
	}
	ball, err := HeavyBallConfig{Eta: eta, Momentum: beta, Temperature: temperature}.New(Descent(u))
	if err != nil {
		t.Fatal(err)
	}
	mass, ok := KineticMass(ball)
	_, v2 := exact.HeavyBallVariance(h, eta, beta, 2*(1-beta)*temperature/eta)
	if want := temperature / (1 - eta*h/(2*(1+beta))); !ok || math.Abs(mass*v2-want) > 1e-12 {
		t.Errorf("m⟨v²⟩ = %.15g, want %.15g", mass*v2, want)
	}
	euler, err := EulerMaruyamaConfig{Eta: eta, Temperature: temperature}.New(Descent(u))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := KineticMass(euler); ok {
		t.Error("a first-order scheme has no velocity")
	}
}
