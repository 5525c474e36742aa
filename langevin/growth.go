package langevin

import (
	"math"
	"slices"
)

// A Growth says how a potential behaves far out, which decides whether path integrals of
// e^{−∫U} over closed paths, and of e^{+∫U}, are finite.
type Growth struct {
	// Confining: U → ∞ in every direction, so that e^{−U} is integrable at any temperature.
	Confining bool
	// Power: U = O(|x|^Power) where it grows fastest; 0 is bounded, +Inf faster than any power,
	// NaN unknown.
	Power float64
	// Curvature is ∂²U/∂x_i² far out for Power = 2, where U is Σ ½k_i(x_i − c_i)² plus
	// something bounded, or of lower power; nil where it is not of that form or not known.
	Curvature []float64
	// Harmonic: that something is a constant, and Centre is c.
	Harmonic bool
	Centre   []float64
}

// A Grower is a potential that knows its Growth.
type Grower interface{ Growth() Growth }

// Growth of ½Σkx².
func (u *Harmonic) Growth() Growth {
	return Growth{Confining: true, Power: 2, Curvature: slices.Clone(u.k), Harmonic: true, Centre: make([]float64, len(u.k))}
}

// Growth of ½Σλ(x − m)².
func (u *OU) Growth() Growth {
	centre := make([]float64, len(u.rate))
	for i := range centre {
		centre[i] = u.mean
	}
	return Growth{Confining: true, Power: 2, Curvature: slices.Clone(u.rate), Harmonic: true, Centre: centre}
}

// Growth of nothing.
func (u *Free) Growth() Growth {
	return Growth{Curvature: make([]float64, u.n), Harmonic: true, Centre: make([]float64, u.n)}
}

// Growth is quartic.
func (u *DoubleWell) Growth() Growth { return Growth{Confining: true, Power: 4} }

// Growth is that of the last of the four exponentials, whose quadratic form is positive.
func (u *MuellerBrown) Growth() Growth { return Growth{Confining: true, Power: math.Inf(1)} }

// Growth is that of the largest power.
func (u *Singular) Growth() Growth {
	g := Growth{Confining: true, Power: slices.Max(u.p)}
	if g.Power == 2 { // ½Σw², and lower powers
		g.Curvature, g.Centre = make([]float64, len(u.p)), make([]float64, len(u.p))
		g.Harmonic = slices.Min(u.p) == 2
		for i, p := range u.p {
			if p == 2 {
				g.Curvature[i] = 1
			}
		}
	}
	return g
}

// EnergyRows writes ½kx² of each number of a system of one coordinate.
func (u *Harmonic) EnergyRows(dst, x []float64) {
	half := 0.5 * u.k[0]
	dst = dst[:len(x)]
	for i, xi := range x {
		dst[i] = half * xi * xi
	}
}
