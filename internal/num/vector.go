package num

// Dot returns Σ x_i·y_i. The lengths must agree.
func Dot(x, y []float64) float64 {
	if len(x) != len(y) {
		panic("num: Dot: lengths differ")
	}
	return dotGeneric(x, y)
}

// Norm2 returns the sum of squares Σ x_i².
func Norm2(x []float64) float64 { return Dot(x, x) }

// Axpy computes y += α·x. The lengths must agree; y must be x or not overlap it.
func Axpy(alpha float64, x, y []float64) {
	if len(x) != len(y) {
		panic("num: Axpy: lengths differ")
	}
	axpyGeneric(alpha, x, y)
}

func dotGeneric(x, y []float64) float64 {
	y = y[:len(x)]
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(x); i += 4 {
		s0 += x[i] * y[i]
		s1 += x[i+1] * y[i+1]
		s2 += x[i+2] * y[i+2]
		s3 += x[i+3] * y[i+3]
	}
	for ; i < len(x); i++ {
		s0 += x[i] * y[i]
	}
	return (s0 + s1) + (s2 + s3)
}

func axpyGeneric(alpha float64, x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += alpha * v
	}
}
