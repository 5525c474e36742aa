package num

// Linear is PyTorch's linear layer: y[batch×out] = x[batch×in]·w[out×in]ᵀ + bias[out].
// A nil bias is zero. y must not overlap the inputs.
func Linear(y, x, w, bias []float64, batch, out, in int) {
	checkLinear(y, x, w, bias, batch, out, in)
	linearGeneric(y, x, w, bias, batch, out, in)
}

// LinearLeakyReLU is Linear followed by LeakyReLU of the given slope, in one pass; slope 0
// is ReLU. Since y > 0 exactly where the pre-activation is (slope ≥ 0), y serves as the x
// of ReLUGrad and LeakyReLUGrad and the pre-activation need not be kept.
func LinearLeakyReLU(y, x, w, bias []float64, batch, out, in int, slope float64) {
	checkLinear(y, x, w, bias, batch, out, in)
	linearGeneric(y, x, w, bias, batch, out, in)
	LeakyReLU(y[:batch*out], y[:batch*out], slope)
}

func linearGeneric(y, x, w, bias []float64, batch, out, in int) {
	for i := range batch {
		row := y[i*out : i*out+out]
		if bias == nil {
			clear(row)
		} else {
			copy(row, bias)
		}
		gemmRowDots(row, in, 1, x[i*in:i*in+in], 1, w, in)
	}
}

func checkLinear(y, x, w, bias []float64, batch, out, in int) {
	checkMatrix(y, batch, out, out)
	checkMatrix(x, batch, in, in)
	checkMatrix(w, out, in, in)
	if bias != nil && len(bias) < out {
		panic("num: Linear: bias shorter than the output")
	}
}

// ColSum computes dst[n] = β·dst + the column sums of a[m×n], the gradient of a bias.
// β = 0 never reads dst. Rows are added in order.
func ColSum(dst, a []float64, m, n int, beta float64) {
	checkMatrix(a, m, n, n)
	if len(dst) < n {
		panic("num: ColSum: dst shorter than a row")
	}
	scale(dst[:n], beta)
	for i := range m {
		axpyGeneric(1, a[i*n:i*n+n], dst[:n])
	}
}
