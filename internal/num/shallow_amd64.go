package num

// The kernels of asm/shallow.go.

func (s *Shallow) forwardSIMD(y, x []float64) {
	if len(x) == 0 {
		return
	}
	if kernels == avx512 {
		shallowForwardAVX512(&y[0], &x[0], len(x), &s.W[0], &s.B[0], &s.V[0], len(s.W), s.C, s.Slope)
	} else {
		shallowForwardAVX2(&y[0], &x[0], len(x), &s.W[0], &s.B[0], &s.V[0], len(s.W), s.C, s.Slope)
	}
}

func (s *Shallow) gradInputSIMD(dx, dy, x []float64) {
	if len(x) == 0 {
		return
	}
	if kernels == avx512 {
		shallowGradInputAVX512(&dx[0], &dy[0], &x[0], len(x), &s.W[0], &s.B[0], &s.V[0], len(s.W), s.Slope)
	} else {
		shallowGradInputAVX2(&dx[0], &dy[0], &x[0], len(x), &s.W[0], &s.B[0], &s.V[0], len(s.W), s.Slope)
	}
}

// gradWeightsSIMD needs a row.
func (s *Shallow) gradWeightsSIMD(dw, db, dv, dy, x []float64) {
	if kernels == avx512 {
		shallowGradWeightsAVX512(&dw[0], &db[0], &dv[0], &dy[0], &x[0], len(x), &s.W[0], &s.B[0], &s.V[0], len(s.W), s.Slope)
	} else {
		shallowGradWeightsAVX2(&dw[0], &db[0], &dv[0], &dy[0], &x[0], len(x), &s.W[0], &s.B[0], &s.V[0], len(s.W), s.Slope)
	}
}

//go:noescape
func shallowForwardAVX2(y, x *float64, n int, w, b, v *float64, hidden int, c, slope float64)

//go:noescape
func shallowForwardAVX512(y, x *float64, n int, w, b, v *float64, hidden int, c, slope float64)

//go:noescape
func shallowGradInputAVX2(dx, dy, x *float64, n int, w, b, v *float64, hidden int, slope float64)

//go:noescape
func shallowGradInputAVX512(dx, dy, x *float64, n int, w, b, v *float64, hidden int, slope float64)

//go:noescape
func shallowGradWeightsAVX2(dw, db, dv, dy, x *float64, n int, w, b, v *float64, hidden int, slope float64)

//go:noescape
func shallowGradWeightsAVX512(dw, db, dv, dy, x *float64, n int, w, b, v *float64, hidden int, slope float64)
