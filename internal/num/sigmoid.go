package num

import "math"

// Sigmoid computes dst = 1/(1+e^{−x}). dst may be x. Error below 2 units in the last
// place, also for x → −∞ where the result is eˣ.
func Sigmoid(dst, x []float64) {
	checkUnary(dst, x)
	if kernels != generic {
		sigmoidSIMD(dst, x)
		return
	}
	for i, v := range x {
		dst[i] = sigmoid(v)
	}
}

// SigmoidGrad computes dst = dy·y·(1−y) with y = sigmoid(x). dst may be dy or y.
func SigmoidGrad(dst, dy, y []float64) {
	checkBinary(dst, dy, y)
	if kernels != generic {
		sigmoidGradSIMD(dst, dy, y)
		return
	}
	for i, s := range y {
		dst[i] = dy[i] * float64(s*(1-s))
	}
}

func sigmoid(x float64) float64 {
	u := exp(-math.Abs(x))
	if x < 0 {
		return u / (1 + u)
	}
	return 1 / (1 + u)
}
