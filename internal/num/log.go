package num

import "math"

// Log computes dst = log x, natural. log 0 = −Inf; negative x gives NaN. dst may be x.
func Log(dst, x []float64) {
	checkUnary(dst, x)
	for i, v := range x {
		dst[i] = math.Log(v)
	}
}
