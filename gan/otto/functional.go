package otto

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
)

// Value returns the flow's functional of the densities q and p, by 32-point Gauss–Legendre
// quadrature between consecutive breaks, which must be sorted, cover q and p and resolve
// both. See Breaks.
func (f Flow) Value(q, p Density, breaks []float64) float64 {
	return f.Constant() + Expect(q, breaks, func(x float64) float64 {
		return f.Psi(q.LogDensity(x) - p.LogDensity(x))
	})
}

// JSD returns the Jensen–Shannon divergence ½KL(p‖m) + ½KL(q‖m), m = (p+q)/2, in nats:
// (C + 2 log 2)/2.
func JSD(q, p Density, breaks []float64) float64 {
	return math.Max(0, Saturating.Value(q, p, breaks)/2+math.Ln2)
}

// Dissipation returns ∫|∇μ|² q dx of the flow at q, minus the rate at which the functional
// decays along it.
func (f Flow) Dissipation(q, p Density, breaks []float64) float64 {
	return Expect(q, breaks, func(x float64) float64 {
		v := f.Weight(q.LogDensity(x)-p.LogDensity(x)) * (q.Score(x) - p.Score(x))
		return v * v
	})
}

// Slope returns ∫⟨∇μ, v⟩ q dx: the derivative of the functional at q when its mass moves
// with velocity v.
func (f Flow) Slope(q, p Density, breaks []float64, v func(x float64) float64) float64 {
	return Expect(q, breaks, func(x float64) float64 {
		return f.Weight(q.LogDensity(x)-p.LogDensity(x)) * (q.Score(x) - p.Score(x)) * v(x)
	})
}

// Expect returns ∫ h q dx by 32-point Gauss–Legendre quadrature between sorted breaks.
func Expect(q Density, breaks []float64, h func(x float64) float64) float64 {
	var x, w [32]float64
	sum := 0.0
	for i := 1; i < len(breaks); i++ {
		if !(breaks[i] > breaks[i-1]) {
			continue
		}
		quad.Legendre{}.FixedLocations(x[:], w[:], breaks[i-1], breaks[i])
		for k := range x {
			if d := math.Exp(q.LogDensity(x[k])); d > 0 {
				sum += w[k] * d * h(x[k])
			}
		}
	}
	return sum
}

// Breaks returns points that cover and resolve normal mixtures: every half standard
// deviation of each mode out to 20 of them, sorted.
func Breaks(mixtures ...*Mixture) []float64 {
	var at []float64
	for _, m := range mixtures {
		for k := range m.mean {
			for j := -40; j <= 40; j++ {
				at = append(at, m.mean[k]+float64(j)*m.std[k]/2)
			}
		}
	}
	sortFloats(at)
	return at
}
