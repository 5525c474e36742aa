package num

// ReLU computes dst = max(x, 0). NaN stays NaN and −0 stays −0. dst may be x.
func ReLU(dst, x []float64) {
	checkUnary(dst, x)
	for i, v := range x {
		if v < 0 {
			v = 0
		}
		dst[i] = v
	}
}

// LeakyReLU computes dst = x where x > 0, slope·x elsewhere (NaN included; slope 0 is ReLU). dst may be x.
func LeakyReLU(dst, x []float64, slope float64) {
	if slope == 0 {
		ReLU(dst, x)
		return
	}
	checkUnary(dst, x)
	for i, v := range x {
		if !(v > 0) {
			v *= slope
		}
		dst[i] = v
	}
}

// ReLUGrad computes dst = dy where x > 0, 0 elsewhere (also where x is NaN). dst may be dy or x.
func ReLUGrad(dst, dy, x []float64) {
	checkBinary(dst, dy, x)
	for i, v := range x {
		g := dy[i]
		if !(v > 0) {
			g = 0
		}
		dst[i] = g
	}
}

// LeakyReLUGrad computes dst = dy where x > 0, slope·dy elsewhere. dst may be dy or x.
func LeakyReLUGrad(dst, dy, x []float64, slope float64) {
	if slope == 0 {
		ReLUGrad(dst, dy, x)
		return
	}
	checkBinary(dst, dy, x)
	for i, v := range x {
		g := dy[i]
		if !(v > 0) {
			g *= slope
		}
		dst[i] = g
	}
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
