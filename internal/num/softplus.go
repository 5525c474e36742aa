package num

import "math"

// Softplus computes dst = log(1+eˣ) = max(x,0) + log1p(e^{−|x|}), without overflow and
// without PyTorch's linear branch above x = 20. dst may be x.
func Softplus(dst, x []float64) {
	checkUnary(dst, x)
	for i, v := range x {
		dst[i] = max(v, 0) + math.Log1p(math.Exp(-math.Abs(v)))
	}
}

// SoftplusGrad computes dst = dy·sigmoid(x). dst may be dy or x.
func SoftplusGrad(dst, dy, x []float64) {
	checkBinary(dst, dy, x)
	for i, v := range x {
		dst[i] = dy[i] * sigmoid(v)
	}
}
