package num

import "math"

// matVec computes the product whose one factor is a matrix of rows M (row stride ld) and
// whose other is a vector v (stride sv): c[i·sc] = α·M_i·v + β·c[i·sc].
func (p *product) matVec(mat []float64, ld int, v []float64, sv, rows, sc int) {
	if sv == 1 && sc == 1 && p.alpha == 1 && p.beta == 0 {
		rowDots(p.c[:rows], mat, ld, v[:p.k])
	} else {
		p.matVecStrided(mat, ld, v, sv, rows, sc)
	}
	p.finishVector()
}

func (p *product) matVecStrided(mat []float64, ld int, v []float64, sv, rows, sc int) {
	s := borrow(p.k + 64)
	x, dots := s.cut(p.k), s.cut(64)
	for q := range x {
		x[q] = v[q*sv]
	}
	for i0 := 0; i0 < rows; i0 += len(dots) {
		d := dots[:min(len(dots), rows-i0)]
		rowDots(d, mat[i0*ld:], ld, x)
		for i, t := range d {
			c := &p.c[(i0+i)*sc]
			if t *= p.alpha; p.beta == 0 {
				*c = t
			} else {
				*c = math.FMA(p.beta, *c, t)
			}
		}
	}
	s.giveBack()
}

// finishVector adds the bias and applies the activation where C is a single row or column.
func (p *product) finishVector() {
	c := p.c
	if p.bias != nil {
		if p.n == 1 {
			for i := range c[:p.m] {
				c[i] += p.bias[0]
			}
		} else {
			Axpy(1, p.bias[:p.n], c[:p.n])
		}
	}
	switch p.act {
	case leaky:
		LeakyReLU(c[:p.m*p.n], c[:p.m*p.n], p.slope)
	case leakyMask:
		LeakyReLUGrad(c[:p.m*p.n], c[:p.m*p.n], p.mask[:p.m*p.n], p.slope)
	}
}

// rowDots computes dst[i] = M_i·v for the rows M_i (row stride ld) of a matrix. Each
// dot product is summed in eight lanes, lane l taking the elements q ≡ l mod 8 in order.
func rowDots(dst, mat []float64, ld int, v []float64) {
	if kernels != generic {
		rowDotsSIMD(dst, mat, ld, v)
		return
	}
	for i := range dst {
		var s [8]float64
		row, whole := mat[i*ld:][:len(v)], len(v)&^7
		fourLanes((*[4]float64)(s[:]), row[:whole], v[:whole], 0, 8)
		fourLanes((*[4]float64)(s[4:]), row[:whole], v[:whole], 4, 8)
		for q := whole; q < len(v); q++ {
			s[q%8] = math.FMA(row[q], v[q], s[q%8])
		}
		padLanes(&s, len(v))
		dst[i] = sumLanes(&s)
	}
}

// padLanes does to the lanes beyond n terms what the vector code does: adds a zero, which
// only turns −0 into 0.
func padLanes(s *[8]float64, n int) {
	for l := n % 8; n%8 != 0 && l < 8; l++ {
		s[l] += 0
	}
}

func sumLanes(s *[8]float64) float64 {
	return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
}

// vecMat computes y[j] = α·Σ_q x[q·sx]·M[q·ld + j] + β·y[j] for j < n, q < k: the sum over
// even q, plus the sum over odd q, each in order.
func vecMat(y, x []float64, sx int, mat []float64, ld, n, k int, alpha, beta float64) {
	if kernels != generic {
		vecMatSIMD(y[:n], x, sx, mat, ld, k, alpha, beta)
		return
	}
	var even, odd [64]float64
	for j0 := 0; j0 < n; j0 += len(even) {
		w := min(len(even), n-j0)
		sums := [2][]float64{even[:w], odd[:w]}
		clear(even[:])
		clear(odd[:])
		for q := range k {
			s, v := sums[q%2], x[q*sx]
			for j, t := range mat[q*ld+j0:][:w] {
				s[j] = math.FMA(v, t, s[j])
			}
		}
		for j := range w {
			even[j] = alpha * (even[j] + odd[j])
		}
		addScaled(y[j0:][:w], even[:w], beta)
	}
}
