package num

// normalsSIMD runs the kernel of asm/normals.go on len(masks) > 0 groups.
func normalsSIMD(dst []float64, masks []uint16, s *philoxSchedule) {
	if kernels == avx512 {
		normalsAVX512(&dst[0], len(masks), s, &masks[0])
	} else {
		normalsAVX2(&dst[0], len(masks), s, &masks[0])
	}
}

//go:noescape
func normalsAVX2(dst *float64, groups int, s *philoxSchedule, masks *uint16)

//go:noescape
func normalsAVX512(dst *float64, groups int, s *philoxSchedule, masks *uint16)
