package num

// The assembly is generated: see asm/. Each kernel exists for AVX2+FMA and for AVX-512 and
// does the operations of the Go reference in the reference's order.

//go:generate go -C asm run . ..

// lanes returns how many float64s a vector of the kernel set in use holds.
func lanes() int {
	if kernels == avx512 {
		return 8
	}
	return 4
}

func runStrip(s *strip, vecs int) {
	if kernels == avx512 {
		switch vecs {
		case 1:
			strip1AVX512(s)
		case 2:
			strip2AVX512(s)
		case 3:
			strip3AVX512(s)
		}
		return
	}
	switch vecs {
	case 1:
		strip1AVX2(s)
	case 2:
		strip2AVX2(s)
	case 3:
		strip3AVX2(s)
	}
}

// runOuter is runStrip for one to four vectors, k = 1, and a mode that is outerMode.
func runOuter(s *strip, vecs int) {
	if kernels == avx512 {
		switch vecs {
		case 1:
			outer1AVX512(s)
		case 2:
			outer2AVX512(s)
		case 3:
			outer3AVX512(s)
		case 4:
			outer4AVX512(s)
		}
		return
	}
	switch vecs {
	case 1:
		outer1AVX2(s)
	case 2:
		outer2AVX2(s)
	case 3:
		outer3AVX2(s)
	case 4:
		outer4AVX2(s)
	}
}

func runDiagonal(s *strip) {
	if kernels == avx512 {
		diagonalAVX512(s)
	} else {
		diagonalAVX2(s)
	}
}

// transposeSIMD transposes whole blocks: rows and cols are multiples of lanes(), > 0.
func transposeSIMD(dst *float64, ldd int, src *float64, lds, rows, cols int) {
	if kernels == avx512 {
		transposeAVX512(dst, ldd, src, lds, rows, cols)
	} else {
		transposeAVX2(dst, ldd, src, lds, rows, cols)
	}
}

// solveBlock solves for the vecs vectors of columns right of the 8×8 block at u: Uᵀ·X = B
// in place, U being the block and 1/u_rr given.
func solveBlock(u []float64, ld int, inverse *[pivotBlock]float64, vecs int) {
	_ = u[(pivotBlock-1)*ld+pivotBlock+vecs*lanes()-1]
	if kernels == avx512 {
		solveBlockAVX512(&u[0], 8*ld, inverse, vecs)
	} else {
		solveBlockAVX2(&u[0], 8*ld, inverse, vecs)
	}
}

// restoreDiagonalBlock writes the lower triangle of an 8×8 block of a as the transpose of
// the upper triangle of one of u.
func restoreDiagonalBlock(a []float64, lda int, u []float64, ldu int) {
	_, _ = a[7*lda+7], u[7*ldu+7]
	if kernels == avx512 {
		restoreDiagonalAVX512(&a[0], 8*lda, &u[0], 8*ldu)
		return
	}
	restoreDiagonalAVX2(&a[0], 8*lda, &u[0], 8*ldu)
	transposeAVX2(&a[4*lda], 8*lda, &u[4], 8*ldu, 4, 4)
	restoreDiagonalAVX2(&a[4*lda+4], 8*lda, &u[4*ldu+4], 8*ldu)
}

// forwardSIMD and backwardSIMD are forward and backward for whole blocks.
func forwardSIMD(x, l []float64, ld int) {
	_, _ = x[7], l[7*ld+7]
	forwardAVX2(&x[0], &l[0], 8*ld)
}

func backwardSIMD(x, l []float64, ld int) {
	_, _ = x[7], l[7*ld+7]
	backwardAVX2(&x[0], &l[0], 8*ld)
}

func rowDotsSIMD(dst, mat []float64, ld int, v []float64) {
	if len(dst) == 0 {
		return
	}
	if len(v) == 0 {
		clear(dst)
		return
	}
	_ = mat[(len(dst)-1)*ld+len(v)-1]
	if kernels == avx512 {
		rowDotsAVX512(&dst[0], &mat[0], 8*ld, &v[0], len(dst), len(v))
	} else {
		rowDotsAVX2(&dst[0], &mat[0], 8*ld, &v[0], len(dst), len(v))
	}
}

func vecMatSIMD(y, x []float64, sx int, mat []float64, ld, k int, alpha, beta float64) {
	if len(y) == 0 {
		return
	}
	if k == 0 {
		scale(y, beta)
		return
	}
	_, _ = mat[(k-1)*ld+len(y)-1], x[(k-1)*sx]
	if kernels == avx512 {
		vecMatAVX512(&y[0], &x[0], 8*sx, &mat[0], 8*ld, len(y), k, alpha, beta)
	} else {
		vecMatAVX2(&y[0], &x[0], 8*sx, &mat[0], 8*ld, len(y), k, alpha, beta)
	}
}

func dotSIMD(x, y []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	if kernels == avx512 {
		return dotAVX512(&x[0], &y[0], len(x))
	}
	return dotAVX2(&x[0], &y[0], len(x))
}

func axpySIMD(alpha float64, x, y []float64) {
	if len(x) == 0 {
		return
	}
	if kernels == avx512 {
		axpyAVX512(alpha, &x[0], &y[0], len(x))
	} else {
		axpyAVX2(alpha, &x[0], &y[0], len(x))
	}
}

func adamSIMD(p, g, m, v []float64, r *adamRates) {
	if len(p) == 0 {
		return
	}
	if kernels == avx512 {
		adamAVX512(&p[0], &g[0], &m[0], &v[0], len(p), r)
	} else {
		adamAVX2(&p[0], &g[0], &m[0], &v[0], len(p), r)
	}
}

func leakySIMD(dst, x []float64, slope float64) {
	if len(x) == 0 {
		return
	}
	if kernels == avx512 {
		leakyAVX512(&dst[0], &x[0], len(x), slope)
	} else {
		leakyAVX2(&dst[0], &x[0], len(x), slope)
	}
}

func leakyGradSIMD(dst, dy, x []float64, slope float64) {
	if len(x) == 0 {
		return
	}
	if kernels == avx512 {
		leakyGradAVX512(&dst[0], &dy[0], &x[0], len(x), slope)
	} else {
		leakyGradAVX2(&dst[0], &dy[0], &x[0], len(x), slope)
	}
}

func expSIMD(dst, x []float64) {
	if len(x) == 0 {
		return
	}
	if kernels == avx512 {
		expAVX512(&dst[0], &x[0], len(x))
	} else {
		expAVX2(&dst[0], &x[0], len(x))
	}
}

func logSIMD(dst, x []float64) {
	if len(x) == 0 {
		return
	}
	if kernels == avx512 {
		logAVX512(&dst[0], &x[0], len(x))
	} else {
		logAVX2(&dst[0], &x[0], len(x))
	}
}

func sigmoidSIMD(dst, x []float64) {
	if len(x) == 0 {
		return
	}
	if kernels == avx512 {
		sigmoidAVX512(&dst[0], &x[0], len(x))
	} else {
		sigmoidAVX2(&dst[0], &x[0], len(x))
	}
}

func softplusSIMD(dst, x []float64) {
	if len(x) == 0 {
		return
	}
	if kernels == avx512 {
		softplusAVX512(&dst[0], &x[0], len(x))
	} else {
		softplusAVX2(&dst[0], &x[0], len(x))
	}
}

func tanhSIMD(dst, x []float64) {
	if len(x) == 0 {
		return
	}
	if kernels == avx512 {
		tanhAVX512(&dst[0], &x[0], len(x))
	} else {
		tanhAVX2(&dst[0], &x[0], len(x))
	}
}

func sigmoidGradSIMD(dst, dy, x []float64) {
	if len(x) == 0 {
		return
	}
	if kernels == avx512 {
		sigmoidGradAVX512(&dst[0], &dy[0], &x[0], len(x))
	} else {
		sigmoidGradAVX2(&dst[0], &dy[0], &x[0], len(x))
	}
}

func softplusGradSIMD(dst, dy, x []float64) {
	if len(x) == 0 {
		return
	}
	if kernels == avx512 {
		softplusGradAVX512(&dst[0], &dy[0], &x[0], len(x))
	} else {
		softplusGradAVX2(&dst[0], &dy[0], &x[0], len(x))
	}
}

func tanhGradSIMD(dst, dy, x []float64) {
	if len(x) == 0 {
		return
	}
	if kernels == avx512 {
		tanhGradAVX512(&dst[0], &dy[0], &x[0], len(x))
	} else {
		tanhGradAVX2(&dst[0], &dy[0], &x[0], len(x))
	}
}

//go:noescape
func strip1AVX2(s *strip)

//go:noescape
func strip2AVX2(s *strip)

//go:noescape
func strip3AVX2(s *strip)

//go:noescape
func diagonalAVX2(s *strip)

//go:noescape
func transposeAVX2(dst *float64, ldd int, src *float64, lds, rows, cols int)

//go:noescape
func solveBlockAVX2(u *float64, ld int, inverse *[pivotBlock]float64, vecs int)

//go:noescape
func rowDotsAVX2(dst, mat *float64, ld int, v *float64, rows, k int)

//go:noescape
func vecMatAVX2(y, x *float64, sx int, mat *float64, ld, n, k int, alpha, beta float64)

//go:noescape
func dotAVX2(x, y *float64, n int) float64

//go:noescape
func axpyAVX2(alpha float64, x, y *float64, n int)

//go:noescape
func adamAVX2(p, grad, m, v *float64, n int, r *adamRates)

//go:noescape
func leakyAVX2(dst, x *float64, n int, slope float64)

//go:noescape
func leakyGradAVX2(dst, dy, x *float64, n int, slope float64)

//go:noescape
func expAVX2(dst, x *float64, n int)

//go:noescape
func logAVX2(dst, x *float64, n int)

//go:noescape
func sigmoidAVX2(dst, x *float64, n int)

//go:noescape
func softplusAVX2(dst, x *float64, n int)

//go:noescape
func tanhAVX2(dst, x *float64, n int)

//go:noescape
func sigmoidGradAVX2(dst, dy, x *float64, n int)

//go:noescape
func softplusGradAVX2(dst, dy, x *float64, n int)

//go:noescape
func tanhGradAVX2(dst, dy, x *float64, n int)

//go:noescape
func strip1AVX512(s *strip)

//go:noescape
func strip2AVX512(s *strip)

//go:noescape
func strip3AVX512(s *strip)

//go:noescape
func diagonalAVX512(s *strip)

//go:noescape
func transposeAVX512(dst *float64, ldd int, src *float64, lds, rows, cols int)

//go:noescape
func solveBlockAVX512(u *float64, ld int, inverse *[pivotBlock]float64, vecs int)

//go:noescape
func rowDotsAVX512(dst, mat *float64, ld int, v *float64, rows, k int)

//go:noescape
func vecMatAVX512(y, x *float64, sx int, mat *float64, ld, n, k int, alpha, beta float64)

//go:noescape
func dotAVX512(x, y *float64, n int) float64

//go:noescape
func axpyAVX512(alpha float64, x, y *float64, n int)

//go:noescape
func adamAVX512(p, grad, m, v *float64, n int, r *adamRates)

//go:noescape
func leakyAVX512(dst, x *float64, n int, slope float64)

//go:noescape
func leakyGradAVX512(dst, dy, x *float64, n int, slope float64)

//go:noescape
func expAVX512(dst, x *float64, n int)

//go:noescape
func logAVX512(dst, x *float64, n int)

//go:noescape
func sigmoidAVX512(dst, x *float64, n int)

//go:noescape
func softplusAVX512(dst, x *float64, n int)

//go:noescape
func tanhAVX512(dst, x *float64, n int)

//go:noescape
func sigmoidGradAVX512(dst, dy, x *float64, n int)

//go:noescape
func softplusGradAVX512(dst, dy, x *float64, n int)

//go:noescape
func tanhGradAVX512(dst, dy, x *float64, n int)

//go:noescape
func outer1AVX2(s *strip)

//go:noescape
func outer2AVX2(s *strip)

//go:noescape
func outer3AVX2(s *strip)

//go:noescape
func outer4AVX2(s *strip)

//go:noescape
func restoreDiagonalAVX2(a *float64, lda int, u *float64, ldu int)

//go:noescape
func outer1AVX512(s *strip)

//go:noescape
func outer2AVX512(s *strip)

//go:noescape
func outer3AVX512(s *strip)

//go:noescape
func outer4AVX512(s *strip)

//go:noescape
func restoreDiagonalAVX512(a *float64, lda int, u *float64, ldu int)

//go:noescape
func forwardAVX2(x, l *float64, ld int)

//go:noescape
func backwardAVX2(x, l *float64, ld int)
