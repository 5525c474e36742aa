package num

import "math"

// Cholesky overwrites the lower triangle of the symmetric a[n×n] by L with L·Lᵀ = a. It
// reports false, leaving the lower triangle undefined, when a pivot is not positive and
// finite: the matrix is then not positive definite to rounding, or has a NaN or an Inf.
func Cholesky(a []float64, n int) bool {
	checkMatrix(a, n, n, n)
	return choleskyGeneric(a, n)
}

func choleskyGeneric(a []float64, n int) bool {
	for i := range n {
		ri := a[i*n : i*n+i+1]
		for j := range i {
			rj := a[j*n : j*n+j+1]
			ri[j] = (ri[j] - dotGeneric(ri[:j], rj[:j])) / rj[j]
		}
		d := ri[i] - dotGeneric(ri[:i], ri[:i])
		if !(d > 0 && d <= math.MaxFloat64) {
			return false
		}
		ri[i] = math.Sqrt(d)
	}
	return true
}

// CholSolve solves L·Lᵀ·x = b in place for the factor L that Cholesky left in a.
func CholSolve(a []float64, n int, b []float64) {
	CholSolveL(a, n, b)
	CholSolveLT(a, n, b)
}

// CholSolveL solves L·x = b in place.
func CholSolveL(a []float64, n int, b []float64) {
	checkTriangular(a, n, b)
	for i := range n {
		b[i] = (b[i] - dotGeneric(a[i*n:i*n+i], b[:i])) / a[i*n+i]
	}
}

// CholSolveLT solves Lᵀ·x = b in place.
func CholSolveLT(a []float64, n int, b []float64) {
	checkTriangular(a, n, b)
	for i := n - 1; i >= 0; i-- {
		b[i] /= a[i*n+i]
		axpyGeneric(-b[i], a[i*n:i*n+i], b[:i])
	}
}

// CholLogDet returns log det(L·Lᵀ) = 2 Σ log L_ii.
func CholLogDet(a []float64, n int) float64 {
	checkMatrix(a, n, n, n)
	var s float64
	for i := range n {
		s += math.Log(a[i*n+i])
	}
	return 2 * s
}

func checkTriangular(a []float64, n int, b []float64) {
	checkMatrix(a, n, n, n)
	if len(b) < n {
		panic("num: right-hand side shorter than the matrix")
	}
}
