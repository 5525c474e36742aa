package num

// LU32 factors a[n×n], row-major, in single precision, in place: PA = LU with partial
// pivoting, L of unit diagonal below it. pivot[n] receives the row swapped with each. It
// returns false, leaving a half-done, where a pivot is zero or not finite. It is for
// experiments on rounding, not for speed: each product and sum is rounded to float32, in the
// same order on every processor (LAPACK's sgetrf sums in another).
func LU32(a []float32, pivot []int, n int) bool {
	for k := range n {
		best := k
		for i := k + 1; i < n; i++ {
			if abs32(a[i*n+k]) > abs32(a[best*n+k]) {
				best = i
			}
		}
		pivot[k] = best
		top := a[k*n : k*n+n]
		if best != k {
			other := a[best*n : best*n+n]
			for j := range top {
				top[j], other[j] = other[j], top[j]
			}
		}
		p := top[k]
		if p == 0 || p-p != 0 {
			return false
		}
		tail := top[k+1:]
		for i := k + 1; i < n; i++ {
			row := a[i*n+k : i*n+n]
			m := row[0] / p
			row[0] = m
			if m == 0 {
				continue
			}
			row = row[1:][:len(tail)]
			for j, u := range tail {
				row[j] -= float32(m * u) // the conversion forbids a fused multiply-add
			}
		}
	}
	return true
}

// LUSolve32 replaces b[n] by the solution of Ax = b for the factors and pivots of LU32.
func LUSolve32(lu []float32, pivot []int, n int, b []float32) {
	for k, p := range pivot[:n] {
		b[k], b[p] = b[p], b[k]
	}
	for i := range n {
		s := b[i]
		for j, l := range lu[i*n : i*n+i] {
			s -= float32(l * b[j])
		}
		b[i] = s
	}
	for i := n - 1; i >= 0; i-- {
		s := b[i]
		for j, u := range lu[i*n+i+1 : i*n+n] {
			s -= float32(u * b[i+1+j])
		}
		b[i] = s / lu[i*n+i]
	}
}

func abs32(x float32) float32 {
	if x < 0 {
		return -x
	}
	return x
}
