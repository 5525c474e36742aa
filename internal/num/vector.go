package num

import "math"

// Dot returns Σ x_i·y_i. The lengths must agree. The order of summation is fixed: 32 lanes,
// lane l taking the elements i ≡ l mod 32 (of the last 31 or fewer, i ≡ l mod 8), added
// pairwise.
func Dot(x, y []float64) float64 {
	if len(x) != len(y) {
		panic("num: Dot: lengths differ")
	}
	if kernels != generic {
		return dotSIMD(x, y)
	}
	var s [4][8]float64
	for len(x) >= 32 {
		for l := range 32 {
			s[l/8][l%8] = math.FMA(x[l], y[l], s[l/8][l%8])
		}
		x, y = x[32:], y[32:]
	}
	for i, v := range x {
		s[0][i%8] = math.FMA(v, y[i], s[0][i%8])
	}
	padLanes(&s[0], len(x))
	var t [8]float64
	for l := range t {
		t[l] = (s[0][l] + s[1][l]) + (s[2][l] + s[3][l])
	}
	return sumLanes(&t)
}

// Norm2 returns the sum of squares Σ x_i².
func Norm2(x []float64) float64 { return Dot(x, x) }

// Axpy computes y += α·x, fused. The lengths must agree; y must be x or not overlap it.
func Axpy(alpha float64, x, y []float64) {
	if len(x) != len(y) {
		panic("num: Axpy: lengths differ")
	}
	if kernels != generic {
		axpySIMD(alpha, x, y)
		return
	}
	for i, v := range x {
		y[i] = math.FMA(alpha, v, y[i])
	}
}
