package num

// Syrk computes the lower triangle of C[n×n] = α·A·Aᵀ + β·C with A[n×k] row major.
// β = 0 never reads C. C must not overlap A.
func Syrk(c []float64, ldc int, a []float64, lda, n, k int, alpha, beta float64) {
	checkMatrix(c, n, n, ldc)
	checkMatrix(a, n, k, lda)
	if n == 0 || alpha == 0 || k == 0 {
		for i := range n {
			scale(c[i*ldc:i*ldc+i+1], beta)
		}
		return
	}
	if kernels == generic {
		syrkGeneric(c, ldc, a, lda, n, k, alpha, beta)
		return
	}
	ld := leadingDimension(n)
	s := borrow(min(k, kBlock) * ld)
	t := s.cut(min(k, kBlock) * ld)
	for q0 := 0; q0 < k; q0 += kBlock {
		kb := min(kBlock, k-q0)
		transpose(t, ld, a[q0:], lda, n, kb)
		padColumns(t, ld, kb, n)
		triangle(c, ldc, t, ld, n, kb, alpha, beta)
		beta = 1
	}
	s.giveBack()
}

// syrkGeneric sums as Gemm does.
func syrkGeneric(c []float64, ldc int, a []float64, lda, n, k int, alpha, beta float64) {
	for i := range n {
		p := product{m: 1, n: i + 1, k: k, alpha: alpha, a: a[i*lda:], rowA: lda, colA: 1, b: a, rowB: 1, colB: lda, beta: beta, c: c[i*ldc:], ldc: ldc}
		p.generic()
	}
}

// rowBlock rows of the left factor of a triangle stay in the second-level cache while the
// strips of columns pass. A multiple of the widest strip, so that no strip straddles it.
const rowBlock = 192

// triangle computes the lower triangle of C[n×n] = α·Tᵀ·T + β·C for T[k×n], k ≤ kBlock,
// whose leading dimension leaves room for whole vectors. What pads T's rows is read but
// does not reach the result.
func triangle(c []float64, ldc int, t []float64, ldt, n, k int, alpha, beta float64) {
	st := triangleStrip(ldc, ldt, k, alpha, beta)
	lanes := lanes()
	for i0 := 0; i0 < n; i0 += rowBlock {
		i1 := min(i0+rowBlock, n)
		for j := 0; j < i1; j += 3 * lanes {
			st.below(c, ldc, t, i0, i1, j, lanes, nil)
		}
	}
}

// triangleStrip returns a strip for products of a transposed factor with itself.
func triangleStrip(ldc, ldt, k int, alpha, beta float64) strip {
	lanes := lanes()
	st := strip{rowA: 8, colA: 8 * ldt, blockA: 8 * lanes, k: k, rowB: 8 * ldt, rowC: 8 * ldc, alpha: alpha, beta: beta, last: lanes}
	if alpha != 1 {
		st.mode |= modeScale
	}
	if beta != 0 {
		st.mode |= modeAdd
	}
	return st
}

// below runs the rows i0 ≤ i < i1 of the strip of columns j…j+3·lanes of C that are not
// above the diagonal. x, unless nil, holds the factors of these rows, 3·lanes a row.
func (st *strip) below(c []float64, ldc int, t []float64, i0, i1, j, lanes int, x []float64) {
	first := max(i0, j)
	place := func(i, v int) { // row i, vector v of the strip
		st.a, st.b, st.c = &t[i], &t[j+v*lanes], &c[i*ldc+j+v*lanes]
		if x != nil {
			st.x = &x[((i-first)*3+v)*lanes]
		}
	}
	i := first
	for v := 0; v < 3 && i == j+v*lanes && i < i1; v++ {
		st.m = min(lanes, i1-i)
		if v > 0 {
			place(i, 0)
			runStrip(st, v)
		}
		place(i, v)
		runDiagonal(st)
		i += lanes
	}
	if i < i1 {
		st.m = i1 - i
		place(i, 0)
		runStrip(st, 3)
	}
}
