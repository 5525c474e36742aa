package num

import "math"

// Tanh computes dst = tanh x. dst may be x. Error below 2.75 units in the last
// place.
func Tanh(dst, x []float64) {
	checkUnary(dst, x)
	if kernels != generic {
		tanhSIMD(dst, x)
		return
	}
	for i, v := range x {
		dst[i] = tanh(v)
	}
}

// TanhGrad computes dst = dy·(1−y²) with y = tanh(x). dst may be dy or y.
func TanhGrad(dst, dy, y []float64) {
	checkBinary(dst, dy, y)
	if kernels != generic {
		tanhGradSIMD(dst, dy, y)
		return
	}
	for i, t := range y {
		dst[i] = dy[i] * (1 - float64(t*t))
	}
}

const tanhLo = -80 // tanh is 1 to rounding where −2|x| is below −38

// tanh|x| = −E/(2+E) with E = e^{−2|x|} − 1, which loses nothing at small x.
func tanh(x float64) float64 {
	y := -2 * math.Abs(x)
	if y < tanhLo {
		y = tanhLo
	}
	t, n := expm1Reduced(y)
	s := power2(n + bias1)
	e := math.FMA(s, t, s-1)
	return math.Copysign(e/(2+e), x)
}
