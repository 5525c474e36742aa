package num

import "math"

// Softplus computes dst = log(1+eˣ) = max(x,0) + log1p(e^{−|x|}), without overflow and
// without PyTorch's linear branch above x = 20. dst may be x. Error below 2 units in the
// last place, also for x → −∞ where the result is eˣ.
func Softplus(dst, x []float64) {
	checkUnary(dst, x)
	if kernels != generic {
		softplusSIMD(dst, x)
		return
	}
	for i, v := range x {
		dst[i] = softplus(v)
	}
}

// SoftplusGrad computes dst = dy·sigmoid(x). dst may be dy or x.
func SoftplusGrad(dst, dy, x []float64) {
	checkBinary(dst, dy, x)
	if kernels != generic {
		softplusGradSIMD(dst, dy, x)
		return
	}
	for i, v := range x {
		dst[i] = dy[i] * sigmoid(v)
	}
}

// As logP, for 1 ≤ 1+f ≤ 2, so that log1p needs no reduction (relative error 2^−59.4).
const (
	log1pP0 = 0x1.5555555555535p-1
	log1pP1 = 0x1.99999999a085bp-2
	log1pP2 = 0x1.24924920848fep-2
	log1pP3 = 0x1.c71c742002e97p-3
	log1pP4 = 0x1.745cb38a56003p-3
	log1pP5 = 0x1.3b1de49e99a20p-3
	log1pP6 = 0x1.10675481a0992p-3
	log1pP7 = 0x1.efdecb2c83c03p-4
	log1pP8 = 0x1.55968d473299ep-4
	log1pP9 = 0x1.5c8fd2593776bp-3
)

func softplus(x float64) float64 {
	u := exp(-math.Abs(x))
	s := u / (2 + u)
	z := float64(s * s)
	p := float64(log1pP9)
	for _, c := range [...]float64{log1pP8, log1pP7, log1pP6, log1pP5, log1pP4, log1pP3, log1pP2, log1pP1, log1pP0} {
		p = math.FMA(p, z, c)
	}
	h := float64(float64(0.5*u) * u)
	w := math.FMA(z, p, h)
	l := u - math.FMA(-s, w, h)
	if x > 0 {
		return x + l
	}
	return l
}
