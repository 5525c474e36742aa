package num

// exponentialsSIMD runs the kernel of asm/exponentials.go on the groups of dst, at least one.
func exponentialsSIMD(dst []float64, s *philoxSchedule) {
	if kernels == avx512 {
		exponentialsAVX512(&dst[0], len(dst)/normalsGroup, s)
	} else {
		exponentialsAVX2(&dst[0], len(dst)/normalsGroup, s)
	}
}

//go:noescape
func exponentialsAVX2(dst *float64, groups int, s *philoxSchedule)

//go:noescape
func exponentialsAVX512(dst *float64, groups int, s *philoxSchedule)
