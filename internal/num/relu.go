package num

// ReLU computes dst = 0 where x < 0, x elsewhere: NaN and −0 stay. dst may be x.
func ReLU(dst, x []float64) { LeakyReLU(dst, x, 0) }

// LeakyReLU computes dst = slope·x where x < 0, x elsewhere. Slope 0 gives +0 there, also
// at −Inf. dst may be x.
func LeakyReLU(dst, x []float64, slope float64) {
	checkUnary(dst, x)
	if kernels != generic {
		leakySIMD(dst, x, slope)
		return
	}
	for i, v := range x {
		if v < 0 {
			v = leak(slope, v)
		}
		dst[i] = v
	}
}

// ReLUGrad computes dst = dy where x > 0, 0 elsewhere (also where x is NaN). dst may be dy or x.
func ReLUGrad(dst, dy, x []float64) { LeakyReLUGrad(dst, dy, x, 0) }

// LeakyReLUGrad computes dst = dy where x > 0, slope·dy elsewhere (+0 for slope 0). dst
// may be dy or x.
func LeakyReLUGrad(dst, dy, x []float64, slope float64) {
	checkBinary(dst, dy, x)
	if kernels != generic {
		leakyGradSIMD(dst, dy, x, slope)
		return
	}
	for i, v := range x {
		g := dy[i]
		if !(v > 0) {
			g = leak(slope, g)
		}
		dst[i] = g
	}
}

// leak returns slope·x, and +0 for slope 0 whatever x.
func leak(slope, x float64) float64 {
	if slope == 0 {
		return 0
	}
	return slope * x
}

// checkUnary panics unless dst has room for a result per element of x.
func checkUnary(dst, x []float64) {
	if len(dst) != len(x) {
		panic("num: elementwise: lengths differ")
	}
}

func checkBinary(dst, dy, x []float64) {
	if len(dst) != len(x) || len(dy) != len(x) {
		panic("num: elementwise: lengths differ")
	}
}
