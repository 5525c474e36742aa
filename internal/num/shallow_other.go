//go:build !amd64

package num

func (s *Shallow) forwardSIMD(y, x []float64) { panic("num: no SIMD kernels on this architecture") }
func (s *Shallow) gradInputSIMD(dx, dy, x []float64) {
	panic("num: no SIMD kernels on this architecture")
}
func (s *Shallow) gradWeightsSIMD(dw, db, dv, dy, x []float64) {
	panic("num: no SIMD kernels on this architecture")
}
