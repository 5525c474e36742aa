package num

import "math"

// Tanh computes dst = tanh x. dst may be x.
func Tanh(dst, x []float64) {
	checkUnary(dst, x)
	for i, v := range x {
		dst[i] = math.Tanh(v)
	}
}

// TanhGrad computes dst = dy·(1−y²) with y = tanh(x). dst may be dy or y.
func TanhGrad(dst, dy, y []float64) {
	checkBinary(dst, dy, y)
	for i, t := range y {
		dst[i] = dy[i] * (1 - float64(t*t))
	}
}
