package num

import "math"

// Exp computes dst = eˣ. dst may be x. Error below 0.9 units in the last place; it
// overflows to +Inf above 709.78, is denormal below −708.4 and 0 below −745.13.
func Exp(dst, x []float64) {
	checkUnary(dst, x)
	if kernels != generic {
		expSIMD(dst, x)
		return
	}
	for i, v := range x {
		dst[i] = exp(v)
	}
}

// e^r = 1 + r + r²·q(r) on |r| ≤ ½ log 2, a minimax polynomial (relative error 2^−57.9).
const (
	expQ0 = 0x1.000000000000ap-1
	expQ1 = 0x1.55555555554f9p-3
	expQ2 = 0x1.555555555083ep-5
	expQ3 = 0x1.1111111127d14p-7
	expQ4 = 0x1.6c16c18438b79p-10
	expQ5 = 0x1.a01a012a0d248p-13
	expQ6 = 0x1.a01999e256f02p-16
	expQ7 = 0x1.71df25b824940p-19
	expQ8 = 0x1.28ad9b8cf1c58p-22
	expQ9 = 0x1.ad7f364a50838p-26

	log2e = 0x1.71547652b82fep+0
	ln2Hi = 0x1.62e42feep-1       // 33 bits, so that n·ln2Hi is exact
	ln2Lo = 0x1.a39ef35793c76p-33 // log 2 − ln2Hi
	round = 0x1.8p52              // adding it rounds to an integer, in the low bits
	expLo = -746                  // below: 0
	expHi = 710                   // above: +Inf
	bias1 = round + 1023          // the same with the exponent's bias added
)

// exp, like the other scalar functions here, is operation by operation what the vector
// code does, fused where that is fused: all kernel sets return the same bits.
func exp(x float64) float64 {
	if x < expLo {
		x = expLo
	}
	if x > expHi {
		x = expHi
	}
	t, n := expm1Reduced(x)
	return scaleBy2(1+t, n)
}

// expm1Reduced splits x = n·log 2 + r and returns eʳ − 1 and n.
func expm1Reduced(x float64) (t, n float64) {
	n = math.FMA(x, log2e, round) - round
	r1 := math.FMA(-n, ln2Hi, x)
	r := math.FMA(-n, ln2Lo, r1)
	tail := math.FMA(-n, ln2Lo, r1-r)
	q := float64(expQ9)
	for _, c := range [...]float64{expQ8, expQ7, expQ6, expQ5, expQ4, expQ3, expQ2, expQ1, expQ0} {
		q = math.FMA(q, r, c)
	}
	return r + math.FMA(float64(r*r), q, tail), n
}

// scaleBy2 returns y·2ⁿ for integral |n| ≤ 1076, rounded once: two factors, neither of
// which overflows, the first of which is exact.
func scaleBy2(y, n float64) float64 {
	half := math.FMA(n, 0.5, bias1)
	rest := (n - (half - bias1)) + bias1
	return float64(y*power2(half)) * power2(rest)
}

// power2 returns 2^m from m + bias1.
func power2(biased float64) float64 {
	return math.Float64frombits(math.Float64bits(biased) << 52)
}
