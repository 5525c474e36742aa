package num

import "math"

// Cholesky overwrites the lower triangle of the symmetric a[n×n] by L with L·Lᵀ = a. It
// reports false, leaving the lower triangle undefined, when a pivot is not positive and
// finite: the matrix is then not positive definite to rounding, or has a NaN or an Inf.
func Cholesky(a []float64, n int) bool {
	checkMatrix(a, n, n, n)
	if kernels == generic {
		return choleskyGeneric(a, n)
	}
	return choleskyBlocked(a, n)
}

const (
	pivotBlock = 8   // columns factored together
	panelWidth = 128 // columns whose products are subtracted from the rest at once
)

// choleskyGeneric goes by blocks of columns. From each element it subtracts the sum of the
// products with the columns left of its block, in blocks of panelWidth terms, then those
// with the columns of its block one by one.
func choleskyGeneric(a []float64, n int) bool {
	for j0 := 0; j0 < n; j0 += pivotBlock {
		var inverse [pivotBlock]float64
		for i := j0; i < n; i++ {
			row := a[i*n+j0:][:min(pivotBlock, n-j0, i-j0+1)]
			left := product{alpha: -1, a: a[i*n:], colA: 1, b: a[j0*n:], rowB: 1, colB: n}
			for q0 := 0; q0 < j0; q0 += panelWidth {
				var sums [pivotBlock]float64
				left.rowSums(sums[:len(row)], 0, 0, q0, min(q0+panelWidth, j0))
				addScaled(row, sums[:len(row)], 1)
			}
			for j := range row {
				d := row[j]
				for q, l := range a[(j0+j)*n+j0:][:j] {
					d = math.FMA(-l, row[q], d)
				}
				if j0+j < i {
					row[j] = d * inverse[j]
				} else if !(d > 0 && d <= math.MaxFloat64) {
					return false
				} else {
					row[j] = math.Sqrt(d)
					inverse[j] = row[j] * (1 / d) // 1/√d by operations that need not wait for each other
				}
			}
		}
	}
	return true
}

// choleskyBlocked works on the transpose, U = Lᵀ, where the vectors lie along rows: a
// panel of rows of U is copied out of a, factored, copied back, and its products are
// subtracted from the rest of a.
func choleskyBlocked(a []float64, n int) bool {
	for p := 0; p < n; p += panelWidth {
		rest, w := n-p, min(panelWidth, n-p)
		ld := leadingDimension(rest)
		rows := (w + pivotBlock - 1) &^ (pivotBlock - 1)
		s := borrow(rows * ld)
		u := s.cut(rows * ld)
		corner := a[p*n+p:]
		transposeLower(u, ld, corner, n, rest, w)
		ok := factorPanel(u, ld, rest, w)
		if ok {
			restoreLower(corner, n, u, ld, rest, w)
			if w < rest {
				shifted := u[w:]
				triangle(corner[w*n+w:], n, shifted, ld, rest-w, w, -1, 1)
			}
		}
		s.giveBack()
		if !ok {
			return false
		}
	}
	return true
}

// factorPanel overwrites the w×n upper trapezoid u by the first w rows of U.
func factorPanel(u []float64, ld, n, w int) bool {
	lanes := lanes()
	st := triangleStrip(ld, ld, 0, -1, 1)
	var inverse [pivotBlock]float64
	for r := 0; r < w; r += pivotBlock {
		row := u[r*ld:]
		if st.k, st.m = r, pivotBlock; r > 0 {
			for j := r; j < n; {
				vecs := stripWidth(n-j, lanes)
				st.a, st.b, st.c = &u[r], &u[j], &row[j]
				runStrip(&st, vecs)
				j += vecs * lanes
			}
		}
		if !factorBlock(row[r:], ld, min(pivotBlock, w-r), &inverse) {
			return false
		}
		if j := r + pivotBlock; j < n {
			solveBlock(row[r:], ld, &inverse, (n-j+lanes-1)/lanes)
		}
	}
	return true
}

// factorBlock overwrites the upper triangle of the leading w×w block of u by its factor
// and sets inverse[r] = 1/u_rr.
func factorBlock(u []float64, ld, w int, inverse *[pivotBlock]float64) bool {
	for r := range w {
		d := u[r*ld+r]
		if !(d > 0 && d <= math.MaxFloat64) {
			return false
		}
		root := math.Sqrt(d)
		inv := root * (1 / d)
		u[r*ld+r], inverse[r] = root, inv
		row := u[r*ld : r*ld+w]
		for j := r + 1; j < w; j++ {
			row[j] *= inv
		}
		for q := r + 1; q < w; q++ {
			x, lower := -row[q], u[q*ld:q*ld+w]
			for j := q; j < w; j++ {
				lower[j] = math.FMA(x, row[j], lower[j])
			}
		}
	}
	return true
}

// transposeLower writes u[r·ld + i] = a[i·lda + r] for r < w, r ≤ i < n, and zeros in the
// padding; what it writes left of the diagonal is arbitrary.
func transposeLower(u []float64, ld int, a []float64, lda, n, w int) {
	for r := 0; r < w; r += pivotBlock {
		transpose(u[r*ld+r:], ld, a[r*lda+r:], lda, n-r, min(pivotBlock, w-r))
	}
	for r := range w {
		clear(u[r*ld+n : (r+1)*ld])
	}
	for r := w; r%pivotBlock != 0; r++ {
		clear(u[r*ld : (r+1)*ld])
	}
}

// restoreLower undoes transposeLower, writing only on and below the diagonal.
func restoreLower(a []float64, lda int, u []float64, ld, n, w int) {
	for r := 0; r < w; r += pivotBlock {
		b := min(pivotBlock, w-r)
		if b == pivotBlock {
			restoreDiagonalBlock(a[r*lda+r:], lda, u[r*ld+r:], ld)
		}
		for i := r; i < r+b%pivotBlock; i++ {
			for q := r; q <= i; q++ {
				a[i*lda+q] = u[q*ld+i]
			}
		}
		if i := r + b; i < n {
			transpose(a[i*lda+r:], lda, u[r*ld+i:], ld, b, n-i)
		}
	}
}

// CholSolve solves L·Lᵀ·x = b in place for the factor L that Cholesky left in a.
func CholSolve(a []float64, n int, b []float64) {
	CholSolveL(a, n, b)
	CholSolveLT(a, n, b)
}

// CholSolveL solves L·x = b in place.
func CholSolveL(a []float64, n int, b []float64) {
	checkTriangular(a, n, b)
	var known [pivotBlock]float64 // products with the blocks already solved
	for r := 0; r < n; r += pivotBlock {
		x := b[r:min(r+pivotBlock, n)]
		if r > 0 {
			rowDots(known[:len(x)], a[r*n:], n, b[:r])
		}
		for i := range x {
			x[i] -= known[i]
		}
		if l := a[r*n+r:]; kernels == generic || len(x) < pivotBlock {
			forward(x, l, n)
		} else {
			forwardSIMD(x, l, n)
		}
	}
}

// CholSolveLT solves Lᵀ·x = b in place.
func CholSolveLT(a []float64, n int, b []float64) {
	checkTriangular(a, n, b)
	for r := (n - 1) &^ (pivotBlock - 1); r >= 0; r -= pivotBlock {
		x := b[r:min(r+pivotBlock, n)]
		if l := a[r*n+r:]; kernels == generic || len(x) < pivotBlock {
			backward(x, l, n)
		} else {
			backwardSIMD(x, l, n)
		}
		vecMat(b, x, 1, a[r*n:], n, r, len(x), -1, 1)
	}
}

// forward solves L·x = b for a block on the diagonal. Reciprocals do not wait for x.
func forward(x, l []float64, ld int) {
	for q := range x {
		x[q] *= 1 / l[q*ld+q]
		for i := q + 1; i < len(x); i++ {
			x[i] = math.FMA(-l[i*ld+q], x[q], x[i])
		}
	}
}

// backward solves Lᵀ·x = b for a block on the diagonal.
func backward(x, l []float64, ld int) {
	for q := len(x) - 1; q >= 0; q-- {
		row := l[q*ld:][:q+1]
		x[q] *= 1 / row[q]
		for i, v := range row[:q] {
			x[i] = math.FMA(-v, x[q], x[i])
		}
	}
}

// CholLogDet returns log det(L·Lᵀ) = 2 Σ log L_ii.
func CholLogDet(a []float64, n int) float64 {
	checkMatrix(a, n, n, n)
	var s float64
	for i := range n {
		s += log(a[i*n+i])
	}
	return 2 * s
}

func checkTriangular(a []float64, n int, b []float64) {
	checkMatrix(a, n, n, n)
	if len(b) < n {
		panic("num: right-hand side shorter than the matrix")
	}
}
