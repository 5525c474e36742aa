//go:build !amd64

package num

func exponentialsSIMD(dst []float64, s *philoxSchedule) {
	panic("num: no SIMD kernels on this architecture")
}
