//go:build !amd64

package num

func normalsSIMD(dst []float64, masks []uint16, s *philoxSchedule) {
	panic("num: no SIMD kernels on this architecture")
}
