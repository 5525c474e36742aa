package num

import "math"

// GramAccumulate adds one layer to the Gram matrix K = J·Jᵀ of a multilayer perceptron's
// Jacobian without forming J: for j ≤ i
//
//	gram[i,j] += (h_i·h_j + bias)·(δ_i·δ_j)
//
// with h[n×hk] the layer's inputs, δ[n×dk] the derivatives of one output with respect to
// its pre-activations, and bias 1 if the layer has one, else 0. gram is n×n; its strict
// upper triangle is not touched.
func GramAccumulate(gram []float64, n int, h []float64, hk int, bias float64, delta []float64, dk int) {
	checkMatrix(gram, n, n, n)
	checkMatrix(h, n, hk, hk)
	checkMatrix(delta, n, dk, dk)
	if n == 0 {
		return
	}
	if kernels == generic {
		gramGeneric(gram, n, h, hk, bias, delta, dk)
		return
	}
	gramTiles(gram, n, h, hk, bias, delta, dk)
}

// gramGeneric sums as Gemm does, a block of δ·δ being multiplied by all of h·h + bias.
func gramGeneric(gram []float64, n int, h []float64, hk int, bias float64, delta []float64, dk int) {
	for i := range n {
		hi, di := h[i*hk:][:hk], delta[i*dk:][:dk]
		for j := range i + 1 {
			hj, dj := h[j*hk:][:hk], delta[j*dk:][:dk]
			s := blockDot(hi, hj, 0) + bias
			for q0 := kBlock; q0 < hk; q0 += kBlock {
				s += blockDot(hi, hj, q0)
			}
			for q0 := 0; q0 < dk; q0 += kBlock {
				gram[i*n+j] += float64(blockDot(di, dj, q0) * s)
			}
		}
	}
}

// blockDot sums x·y in order over the block of terms that starts at q0.
func blockDot(x, y []float64, q0 int) float64 {
	var s float64
	for q := q0; q < min(q0+kBlock, len(x)); q++ {
		s = math.FMA(x[q], y[q], s)
	}
	return s
}

// gramTiles forms h·h + bias for a strip of columns at a time and lets the matrix kernel
// multiply δ·δ by it.
func gramTiles(gram []float64, n int, h []float64, hk int, bias float64, delta []float64, dk int) {
	lanes, ld := lanes(), leadingDimension(n)
	hb, db := max(hk, 1), min(max(dk, 1), kBlock)
	s := borrow((hb+db)*ld + (n+lanes)*3*lanes + 3*lanes)
	ht, dt := s.cut(hb*ld), s.cut(db*ld)
	hh, biases := s.cut((n+lanes)*3*lanes), s.cut(3*lanes)
	for i := range biases {
		biases[i] = bias
	}
	transpose(ht, ld, h, hk, n, hk)
	padColumns(ht, ld, hk, n)
	for q0 := 0; q0 < dk; q0 += kBlock {
		kb := min(kBlock, dk-q0)
		transpose(dt, ld, delta[q0:], dk, n, kb)
		padColumns(dt, ld, kb, n)
		st := triangleStrip(n, ld, kb, 1, 1)
		st.mode |= modeTimes
		for j := 0; j < n; {
			vecs := stripWidth(n-j, lanes)
			gramFactors(hh, ht, ld, n, hk, biases, j, vecs, lanes)
			st.belowDiagonal(gram, n, dt, n, j, vecs, lanes, hh)
			j += vecs * lanes
		}
	}
	s.giveBack()
}

// gramFactors computes h_i·h_j + bias for the rows i ≥ j of a strip of columns.
func gramFactors(hh, ht []float64, ld, n, hk int, biases []float64, j, vecs, lanes int) {
	st := strip{rowA: 8, colA: 8 * ld, blockA: 8 * lanes, a: &ht[j], b: &ht[j], rowB: 8 * ld, c: &hh[0], rowC: 8 * vecs * lanes,
		m: n - j, mode: modeBias, bias: &biases[0], last: lanes}
	for q0 := 0; q0 == 0 || q0 < hk; q0 += kBlock {
		st.k = min(kBlock, hk-q0)
		runStrip(&st, vecs)
		if q0+kBlock < hk {
			st.mode, st.beta = modeAdd, 1
			st.a, st.b = &ht[(q0+kBlock)*ld+j], &ht[(q0+kBlock)*ld+j]
		}
	}
}
