package rng

import "math"

// NormalCDF returns Φ(x), the standard normal distribution function, accurate in relative
// error in both tails.
func NormalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }

// NormalQuantile returns Φ⁻¹(p); −Inf at 0, +Inf at 1, NaN outside [0, 1].
func NormalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }
