package num

// Gemm computes C = α·op(A)·op(B) + β·C for row-major matrices: op(A) is m×k, op(B) is
// k×n, C is m×n, op transposes where its flag is set. So A is stored m×k (k×m if transA)
// with leading dimension lda, and so on. β = 0 never reads C; α = 0 or k = 0 never reads
// A and B. C must not overlap A or B.
func Gemm(transA, transB bool, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if m < 0 || n < 0 || k < 0 {
		panic("num: Gemm: negative dimension")
	}
	if m == 0 || n == 0 {
		return
	}
	checkMatrix(c, m, n, ldc)
	if alpha == 0 || k == 0 {
		scaleMatrix(c, m, n, ldc, beta)
		return
	}
	checkOp(a, m, k, lda, transA)
	checkOp(b, k, n, ldb, transB)
	gemmGeneric(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

func gemmGeneric(transA, transB bool, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	scaleMatrix(c, m, n, ldc, beta)
	rowA, colA := lda, 1 // op(A)(i,p) = a[i·rowA + p·colA]
	if transA {
		rowA, colA = 1, lda
	}
	for i := range m {
		ci, ai := c[i*ldc:i*ldc+n], a[i*rowA:]
		if transB {
			gemmRowDots(ci, k, alpha, ai, colA, b, ldb)
		} else {
			gemmRowAxpys(ci, k, alpha, ai, colA, b, ldb)
		}
	}
}

// gemmRowAxpys adds α·Σ_p a[p·sa]·B[p,:] to a row of C, four rows of B at a time.
func gemmRowAxpys(c []float64, k int, alpha float64, a []float64, sa int, b []float64, ldb int) {
	n := len(c)
	p := 0
	for ; p+4 <= k; p += 4 {
		a0, a1, a2, a3 := alpha*a[p*sa], alpha*a[(p+1)*sa], alpha*a[(p+2)*sa], alpha*a[(p+3)*sa]
		b0, b1 := b[p*ldb:p*ldb+n], b[(p+1)*ldb:(p+1)*ldb+n]
		b2, b3 := b[(p+2)*ldb:(p+2)*ldb+n], b[(p+3)*ldb:(p+3)*ldb+n]
		for j := range c {
			c[j] += (a0*b0[j] + a1*b1[j]) + (a2*b2[j] + a3*b3[j])
		}
	}
	for ; p < k; p++ {
		axpyGeneric(alpha*a[p*sa], b[p*ldb:p*ldb+n], c)
	}
}

// gemmRowDots adds α·a·B[j,:] to c[j], four rows of B (columns of op(B)) at a time.
func gemmRowDots(c []float64, k int, alpha float64, a []float64, sa int, b []float64, ldb int) {
	j := 0
	for ; j+4 <= len(c); j += 4 {
		b0, b1 := b[j*ldb:j*ldb+k], b[(j+1)*ldb:(j+1)*ldb+k]
		b2, b3 := b[(j+2)*ldb:(j+2)*ldb+k], b[(j+3)*ldb:(j+3)*ldb+k]
		var s0, s1, s2, s3 float64
		for p := range k {
			x := a[p*sa]
			s0 += x * b0[p]
			s1 += x * b1[p]
			s2 += x * b2[p]
			s3 += x * b3[p]
		}
		c[j] += alpha * s0
		c[j+1] += alpha * s1
		c[j+2] += alpha * s2
		c[j+3] += alpha * s3
	}
	for ; j < len(c); j++ {
		bj := b[j*ldb : j*ldb+k]
		var s float64
		for p, y := range bj {
			s += a[p*sa] * y
		}
		c[j] += alpha * s
	}
}

// scaleMatrix computes C = β·C without reading C when β = 0.
func scaleMatrix(c []float64, m, n, ldc int, beta float64) {
	if beta == 1 {
		return
	}
	for i := range m {
		scale(c[i*ldc:i*ldc+n], beta)
	}
}

func scale(x []float64, beta float64) {
	switch beta {
	case 0:
		clear(x)
	case 1:
	default:
		for i := range x {
			x[i] *= beta
		}
	}
}

func checkOp(a []float64, rows, cols, ld int, trans bool) {
	if trans {
		rows, cols = cols, rows
	}
	checkMatrix(a, rows, cols, ld)
}

// checkMatrix panics unless a holds a rows×cols matrix of leading dimension ld.
func checkMatrix(a []float64, rows, cols, ld int) {
	if rows < 0 || cols < 0 {
		panic("num: negative dimension")
	}
	if ld < cols {
		panic("num: leading dimension shorter than a row")
	}
	if rows > 0 && len(a) < (rows-1)*ld+cols {
		panic("num: matrix longer than its slice")
	}
}
