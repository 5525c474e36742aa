package num

// Linear is PyTorch's linear layer: y[batch×out] = x[batch×in]·w[out×in]ᵀ + bias[out].
// A nil bias is zero. y must not overlap the inputs.
func Linear(y, x, w, bias []float64, batch, out, in int) {
	p := linear(y, x, w, bias, batch, out, in)
	p.run()
}

// LinearLeakyReLU is LeakyReLU of Linear in one pass; slope 0 is ReLU. Where the slope is
// ≥ 0, y > 0 exactly where the pre-activation is, so y serves as the x of ReLUGrad and
// LeakyReLUGrad and the pre-activation need not be kept.
func LinearLeakyReLU(y, x, w, bias []float64, batch, out, in int, slope float64) {
	p := linear(y, x, w, bias, batch, out, in)
	p.act, p.slope = leaky, slope
	p.run()
}

func linear(y, x, w, bias []float64, batch, out, in int) product {
	checkMatrix(y, batch, out, out)
	checkMatrix(x, batch, in, in)
	checkMatrix(w, out, in, in)
	if bias != nil && len(bias) < out {
		panic("num: Linear: bias shorter than the output")
	}
	return product{m: batch, n: out, k: in, alpha: 1, a: x, rowA: in, colA: 1, b: w, rowB: 1, colB: in, c: y, ldc: out, bias: bias}
}

// LinearGradInput back-propagates through Linear: dx[batch×in] = dy[batch×out]·w[out×in].
func LinearGradInput(dx, dy, w []float64, batch, out, in int) {
	p := linearGradInput(dx, dy, w, batch, out, in)
	p.run()
}

// LinearGradInputLeakyReLU is LinearGradInput followed by LeakyReLUGrad in one pass: dx is
// multiplied by 1 where x > 0 and by slope elsewhere, x[batch×in] being the activated (or
// pre-activation) input of the layer. dx must not overlap x.
func LinearGradInputLeakyReLU(dx, dy, w, x []float64, batch, out, in int, slope float64) {
	checkMatrix(x, batch, in, in)
	p := linearGradInput(dx, dy, w, batch, out, in)
	p.act, p.slope, p.mask = leakyMask, slope, x
	p.run()
}

func linearGradInput(dx, dy, w []float64, batch, out, in int) product {
	checkMatrix(dx, batch, in, in)
	checkMatrix(dy, batch, out, out)
	checkMatrix(w, out, in, in)
	return product{m: batch, n: in, k: out, alpha: 1, a: dy, rowA: out, colA: 1, b: w, rowB: in, colB: 1, c: dx, ldc: in}
}

// LinearGradWeights computes the gradients dw[out×in] = dyᵀ·x + β·dw and, unless db is
// nil, db[out] = column sums of dy + β·db. β = 0 never reads dw and db.
func LinearGradWeights(dw, db, dy, x []float64, batch, out, in int, beta float64) {
	Gemm(true, false, out, in, batch, 1, dy, out, x, in, beta, dw, in)
	if db != nil {
		ColSum(db, dy, batch, out, beta)
	}
}

// ColSum computes dst[n] = β·dst + the column sums of a[m×n], the gradient of a bias.
// β = 0 never reads dst. Even and odd rows are summed in order, then added.
func ColSum(dst, a []float64, m, n int, beta float64) {
	checkMatrix(a, m, n, n)
	if len(dst) < n {
		panic("num: ColSum: dst shorter than a row")
	}
	vecMat(dst, one[:], 0, a, n, n, m, 1, beta)
}

var one = [1]float64{1}
