package num

import "math"

// Sigmoid computes dst = 1/(1+e^{−x}). dst may be x.
func Sigmoid(dst, x []float64) {
	checkUnary(dst, x)
	for i, v := range x {
		dst[i] = sigmoid(v)
	}
}

// SigmoidGrad computes dst = dy·y·(1−y) with y = sigmoid(x). dst may be dy or y.
func SigmoidGrad(dst, dy, y []float64) {
	checkBinary(dst, dy, y)
	for i, s := range y {
		dst[i] = dy[i] * (s * (1 - s))
	}
}

// sigmoid never overflows, and keeps its relative accuracy for x → −∞.
func sigmoid(x float64) float64 {
	if x < 0 {
		e := math.Exp(x)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-x))
}
