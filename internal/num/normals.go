package num

import "math"

// Normals fills dst with the standard normals of words pos, pos+1, … of the Philox stream
// (key, nonce): NormalOfWord of each word. The bits do not depend on the kernel set.
func Normals(dst []float64, key, nonce, pos uint64) {
	normalsGeneric(dst, key, nonce, pos)
}

func normalsGeneric(dst []float64, key, nonce, pos uint64) {
	if pos&1 == 1 && len(dst) > 0 {
		_, w1 := Philox(key, nonce, pos>>1)
		dst[0] = NormalOfWord(w1)
		dst = dst[1:]
		pos++
	}
	for block := pos >> 1; len(dst) >= 2; block++ {
		w0, w1 := Philox(key, nonce, block)
		dst[0] = NormalOfWord(w0)
		dst[1] = NormalOfWord(w1)
		dst = dst[2:]
		pos += 2
	}
	if len(dst) > 0 {
		w0, _ := Philox(key, nonce, pos>>1)
		dst[0] = NormalOfWord(w0)
	}
}

// NormalOfWord maps a uniform 64-bit word to a standard normal by inverse CDF: the top
// 52 bits v give the two-sided tail probability a = (v+½)·2⁻⁵², the lowest bit the sign.
// The relative error is below 1e-15 over the whole range, |z| ≤ 8.21.
//
// With x = 1 − a and L = −log₂(1 − x²), z = x·P(L) and P is smooth (Giles, GPU Computing
// Gems Jade Edition, 2011, ch. 10). Only operations that IEEE 754 rounds correctly are
// used, in an order written out, so that every machine and the vector kernels give the
// same bits. normals_fit.py makes the coefficients.
func NormalOfWord(w uint64) float64 {
	x := math.Float64frombits(w>>12^0x3FFFFFFFFFFFFFFF) - (1 - 0x1p-53) // 1 − a, exactly
	y := math.FMA(-x, x, 1)                                             // ≥ 2⁻⁵²
	L := negLog2(y)
	var p float64
	if y >= 0x1p-8 { // all but one word in 512
		p = normalBulk(L)
	} else {
		p = normalTail(L)
	}
	return math.Float64frombits(math.Float64bits(x*p) ^ w<<63)
}

// negLog2 returns −log₂ y for a normal 0 < y ≤ 1, to about 2⁻⁵³ absolute or relative,
// whichever is larger.
func negLog2(y float64) float64 {
	const mantissa = 1<<52 - 1
	b := math.Float64bits(y)
	i := b >> 48 & 15
	r := math.FMA(math.Float64frombits(b&mantissa|0x3FF<<52), normalLogInv[i], -1)
	q := normalLogPoly[7]
	q = math.FMA(q, r, normalLogPoly[6])
	q = math.FMA(q, r, normalLogPoly[5])
	q = math.FMA(q, r, normalLogPoly[4])
	q = math.FMA(q, r, normalLogPoly[3])
	q = math.FMA(q, r, normalLogPoly[2])
	q = math.FMA(q, r, normalLogPoly[1])
	q = math.FMA(q, r, normalLogPoly[0])
	return math.FMA(q, r, normalLogTable[i]-float64(int64(b>>52)-0x3FF))
}

// normalBulk returns P(L) for 0 ≤ L ≤ 8. All coefficients are positive: no cancellation.
func normalBulk(L float64) float64 {
	n, d := normalNum[8], normalDen[8]
	n, d = math.FMA(n, L, normalNum[7]), math.FMA(d, L, normalDen[7])
	n, d = math.FMA(n, L, normalNum[6]), math.FMA(d, L, normalDen[6])
	n, d = math.FMA(n, L, normalNum[5]), math.FMA(d, L, normalDen[5])
	n, d = math.FMA(n, L, normalNum[4]), math.FMA(d, L, normalDen[4])
	n, d = math.FMA(n, L, normalNum[3]), math.FMA(d, L, normalDen[3])
	n, d = math.FMA(n, L, normalNum[2]), math.FMA(d, L, normalDen[2])
	n, d = math.FMA(n, L, normalNum[1]), math.FMA(d, L, normalDen[1])
	n, d = math.FMA(n, L, normalNum[0]), math.FMA(d, L, normalDen[0])
	return n / d
}

// normalTail returns P(L) for 8 ≤ L ≤ 1074.
func normalTail(L float64) float64 {
	t := math.Sqrt(L)
	switch {
	case t < 4.75:
		return horner(normalTail0[:], t-normalTailCentre0)
	case t < 7.25:
		return horner(normalTail1[:], t-normalTailCentre1)
	}
	return horner(normalFarNum[:], t) / horner(normalFarDen[:], t)
}

func horner(c []float64, t float64) float64 {
	p := c[len(c)-1]
	for i := len(c) - 2; i >= 0; i-- {
		p = math.FMA(p, t, c[i])
	}
	return p
}

// NormalQuantile returns the p-quantile of N(0,1) to about 1e-15 relative: −Inf at 0, 0
// at ½, +Inf at 1, NaN for NaN and outside [0, 1].
func NormalQuantile(p float64) float64 {
	switch {
	case !(p >= 0 && p <= 1):
		return math.NaN()
	case p > 0.5:
		return -NormalQuantile(1 - p) // 1 − p is exact here
	case p == 0:
		return math.Inf(-1)
	}
	a := 2 * p
	y := a * (2 - a)
	var L float64
	if y >= 0x1p-1000 {
		L = negLog2(y)
	} else { // y may be subnormal
		L = negLog2(0x1p100*y) + 100
	}
	if L <= 8 {
		return (a - 1) * normalBulk(L)
	}
	return (a - 1) * normalTail(L)
}
