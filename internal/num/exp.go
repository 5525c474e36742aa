package num

import "math"

// Exp computes dst = eˣ. dst may be x.
func Exp(dst, x []float64) {
	checkUnary(dst, x)
	for i, v := range x {
		dst[i] = math.Exp(v)
	}
}
