package num

// Syrk computes the lower triangle of C[n×n] = α·A·Aᵀ + β·C with A[n×k] row major.
// β = 0 never reads C. C must not overlap A.
func Syrk(c []float64, ldc int, a []float64, lda, n, k int, alpha, beta float64) {
	checkMatrix(c, n, n, ldc)
	checkMatrix(a, n, k, lda)
	for i := range n {
		ci := c[i*ldc : i*ldc+i+1]
		scale(ci, beta)
		gemmRowDots(ci, k, alpha, a[i*lda:i*lda+k], 1, a, lda)
	}
}
