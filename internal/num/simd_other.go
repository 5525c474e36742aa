//go:build !amd64

package num

// Without assembly the kernel set is always generic and nothing below is reached.

func available() kernelSet { return generic }

func lanes() int { return 4 }

func runStrip(s *strip, vecs int) { panic("num: no SIMD kernels on this architecture") }
func runDiagonal(s *strip)        { panic("num: no SIMD kernels on this architecture") }
func transposeSIMD(dst *float64, ldd int, src *float64, lds, rows, cols int) {
	panic("num: no SIMD kernels on this architecture")
}
func solveBlock(u []float64, ld int, inverse *[pivotBlock]float64, vecs int) {
	panic("num: no SIMD kernels on this architecture")
}
func rowDotsSIMD(dst, mat []float64, ld int, v []float64) {
	panic("num: no SIMD kernels on this architecture")
}
func vecMatSIMD(y, x []float64, sx int, mat []float64, ld, k int, alpha, beta float64) {
	panic("num: no SIMD kernels on this architecture")
}
func dotSIMD(x, y []float64) float64              { panic("num: no SIMD kernels on this architecture") }
func axpySIMD(alpha float64, x, y []float64)      { panic("num: no SIMD kernels on this architecture") }
func adamSIMD(p, g, m, v []float64, r *adamRates) { panic("num: no SIMD kernels on this architecture") }
func leakySIMD(dst, x []float64, slope float64)   { panic("num: no SIMD kernels on this architecture") }
func leakyGradSIMD(dst, dy, x []float64, slope float64) {
	panic("num: no SIMD kernels on this architecture")
}
func expSIMD(dst, x []float64)              { panic("num: no SIMD kernels on this architecture") }
func logSIMD(dst, x []float64)              { panic("num: no SIMD kernels on this architecture") }
func sigmoidSIMD(dst, x []float64)          { panic("num: no SIMD kernels on this architecture") }
func softplusSIMD(dst, x []float64)         { panic("num: no SIMD kernels on this architecture") }
func tanhSIMD(dst, x []float64)             { panic("num: no SIMD kernels on this architecture") }
func sigmoidGradSIMD(dst, dy, x []float64)  { panic("num: no SIMD kernels on this architecture") }
func softplusGradSIMD(dst, dy, x []float64) { panic("num: no SIMD kernels on this architecture") }
func tanhGradSIMD(dst, dy, x []float64)     { panic("num: no SIMD kernels on this architecture") }
func runOuter(s *strip, vecs int)           { panic("num: no SIMD kernels on this architecture") }
func restoreDiagonalBlock(a []float64, lda int, u []float64, ldu int) {
	panic("num: no SIMD kernels on this architecture")
}
func forwardSIMD(x, l []float64, ld int)  { panic("num: no SIMD kernels on this architecture") }
func backwardSIMD(x, l []float64, ld int) { panic("num: no SIMD kernels on this architecture") }
