package rng

import (
	"math"

	"machlup/internal/num"
)

// NormalCDF returns Φ(x), the standard normal distribution function, to a few 1e-16
// relative in both tails, down to where it underflows at x < −38.5.
func NormalCDF(x float64) float64 {
	const (
		root    = 0x1.6a09e667f3bcdp-1   // √½, rounded
		residue = -0x1.bdd3413b26456p-55 // √½ − root
	)
	t := -x * root
	p := math.Erfc(t)
	if e := math.FMA(-x, root, -t) - x*residue; t > 0 && !math.IsInf(t, 0) { // −x√½ = t + e
		p -= 2 / math.SqrtPi * math.Exp(-t*t) * e // d erfc = −2/√π e^{−t²} dt
	}
	return 0.5 * p
}

// NormalQuantile returns Φ⁻¹(p) by the inverse CDF that makes the streams' normals, to
// about 1e-15 relative: −Inf at 0, 0 at ½, +Inf at 1, NaN outside [0, 1].
func NormalQuantile(p float64) float64 { return num.NormalQuantile(p) }
