package exact

import (
	"math"
	"testing"
)

// TestCurieWeissSums: the sums against published numbers of the model, its limit and the
// crossings of sizes N and 2N.
func TestCurieWeissSums(t *testing.T) {
	m := CurieWeiss(100).At(1, 0)
	near(t, "ln Z", m.LogZ, 70.7862768, 1e-8)
	near(t, "U", m.U4(), 0.3055847, 1e-6)
	near(t, "χ", m.Chi(100), 3.2228866, 1e-7)
	near(t, "C/N", m.Capacity(1, 100), 0.3549231, 1e-6)
	for n, want := range map[int]float64{50: 1.02952, 200: 1.00739, 800: 1.00186} {
		near(t, "crossing", Crossing(CurieWeiss(n), CurieWeiss(2*n), 0.9, 1.2), want, 1e-5)
	}
	limit := 1 - math.Pow(math.Gamma(0.25), 4)/(24*math.Pi*math.Pi)
	near(t, "U*", limit, 0.270520, 1e-5)
	near(t, "U at β = 1 of many spins", CurieWeiss(400000).At(1, 0).U4(), limit, 2e-3)
}

// TestIsingEnumeration: 2^N states; the partition function of L = 2 in closed form
// (2e^{8β} + 12 + 2e^{−8β}), high temperature, and symmetry.
func TestIsingEnumeration(t *testing.T) {
	for l := 2; l <= 4; l++ {
		m := Ising(l).At(0, 0)
		near(t, "ln Z(0)", m.LogZ, float64(l*l)*math.Ln2, 1e-13)
		near(t, "⟨m²⟩ of free spins", m.M2, 1/float64(l*l), 1e-12)
		near(t, "Var E of free spins", m.EnergyVariance, map[int]float64{2: 16, 3: 18, 4: 32}[l], 1e-12)
	}
	m := Ising(2).At(0.3, 0)
	near(t, "ln Z of L = 2", m.LogZ, math.Log(2*math.Exp(2.4)+12+2*math.Exp(-2.4)), 1e-13)
	if up := Ising(3).At(0.4, 0.1); !(up.Mean > 0.1) {
		t.Errorf("⟨m⟩ in a field is %v", up.Mean)
	}
	// dlnZ/dβ = −⟨E⟩, d⟨E⟩/dβ = −Var E.
	const b, h = 0.4, 1e-5
	law := Ising(4)
	near(t, "−dlnZ/dβ", -(law.At(b+h, 0).LogZ-law.At(b-h, 0).LogZ)/(2*h), law.At(b, 0).Energy, 1e-8)
	near(t, "−d⟨E⟩/dβ", -(law.At(b+h, 0).Energy-law.At(b-h, 0).Energy)/(2*h), law.At(b, 0).EnergyVariance, 1e-8)
}
