package num

import "math"

// Log computes dst = log x, natural. log 0 = −Inf; negative x gives NaN. dst may be x.
// Error below 1 unit in the last place, denormals included.
func Log(dst, x []float64) {
	checkUnary(dst, x)
	if kernels != generic {
		logSIMD(dst, x)
		return
	}
	for i, v := range x {
		dst[i] = log(v)
	}
}

// log(1+f) = f − f²/2 + s·(f²/2 + z·P(z)) with s = f/(2+f), z = s². P is a minimax
// polynomial for √½ ≤ 1+f ≤ √2 (relative error 2^−59.5).
const (
	logP0 = 0x1.5555555555592p-1
	logP1 = 0x1.999999997fd37p-2
	logP2 = 0x1.24924941f8dcdp-2
	logP3 = 0x1.c71c5202a7305p-3
	logP4 = 0x1.7466405e654f7p-3
	logP5 = 0x1.39a192f55f332p-3
	logP6 = 0x1.2f07081e36b86p-3

	sqrtHalf   = 0x3fe6a09e667f3bcd // bits of √½
	expOffset  = 0x4330000000000000 // bits of 2^52: or-ing an integer below 2^52 adds it
	twoTo52    = 0x1p52
	minNormal  = 0x1p-1022
	denormalUp = 0x1p54
)

func log(x float64) float64 {
	y, bias := x, float64(twoTo52+1024)
	if x < minNormal {
		y, bias = x*denormalUp, twoTo52+1024+54
	}
	// y = 2ᵉ(1+f): the shift by √½ makes the exponent field round to the nearer power
	shifted := math.Float64bits(y) - sqrtHalf + 1024<<52
	e := math.Float64frombits(shifted>>52|expOffset) - bias
	f := math.Float64frombits(shifted&(1<<52-1)+sqrtHalf) - 1
	r := logReduced(f, e)
	switch {
	case !(x < math.Inf(1)):
		return x
	case x == 0:
		return math.Inf(-1)
	case x < 0:
		return math.NaN()
	}
	return r
}

// logReduced returns e·log 2 + log(1+f).
func logReduced(f, e float64) float64 {
	s := f / (2 + f)
	z := float64(s * s)
	p := float64(logP6)
	for _, c := range [...]float64{logP5, logP4, logP3, logP2, logP1, logP0} {
		p = math.FMA(p, z, c)
	}
	h := float64(float64(0.5*f) * f)
	w := math.FMA(z, p, h)
	v := math.FMA(s, w, float64(e*ln2Lo))
	return math.FMA(e, ln2Hi, f-(h-v))
}
