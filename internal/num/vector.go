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
	var s [32]float64
	whole := len(x) &^ 31
	for l := 0; l < 32; l += 4 {
		fourLanes((*[4]float64)(s[l:]), x[:whole], y[:whole], l, 32)
	}
	x, y = x[whole:], y[whole:]
	for i, v := range x {
		s[i%8] = math.FMA(v, y[i], s[i%8])
	}
	t := (*[8]float64)(s[:])
	padLanes(t, len(x))
	for l := range t {
		t[l] = (s[l] + s[l+8]) + (s[l+16] + s[l+24])
	}
	return sumLanes(t)
}

// fourLanes adds the products x_i·y_i of four lanes out of stride, i ≡ l … l+3.
func fourLanes(s *[4]float64, x, y []float64, l, stride int) {
	s0, s1, s2, s3 := s[0], s[1], s[2], s[3]
	for i := l; i+4 <= len(x); i += stride {
		a, b := x[i:i+4:i+4], y[i:i+4:i+4]
		s0 = math.FMA(a[0], b[0], s0)
		s1 = math.FMA(a[1], b[1], s1)
		s2 = math.FMA(a[2], b[2], s2)
		s3 = math.FMA(a[3], b[3], s3)
	}
	s[0], s[1], s[2], s[3] = s0, s1, s2, s3
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
