package rng

import (
	"math"

	"machlup/internal/num"
)

// NormalCDF returns Φ(x), the standard normal distribution function, accurate in relative
// error in both tails.
func NormalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }

// NormalQuantile returns Φ⁻¹(p) by the inverse CDF that makes the streams' normals, to
// about 1e-15 relative: −Inf at 0, 0 at ½, +Inf at 1, NaN outside [0, 1]. A uniform variable
// keeps its lower tail better than its upper: 1 − p below 2⁻⁵³ cannot be told from 0.
func NormalQuantile(p float64) float64 { return num.NormalQuantile(p) }
