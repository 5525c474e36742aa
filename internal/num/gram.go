package num

// GramAccumulate adds one layer to the Gram matrix K = J·Jᵀ of a multilayer perceptron's
// Jacobian without forming J: for j ≤ i
//
//	gram[i,j] += (h_i·h_j + bias)·(δ_i·δ_j)
//
// with h[n×hk] the layer's inputs, δ[n×dk] the derivatives of one output with respect to
// its pre-activations, and bias 1 if the layer has one, else 0. gram is n×n; its strict
// upper triangle is not touched.
func GramAccumulate(gram []float64, n int, h []float64, hk int, bias float64, delta []float64, dk int) {
	Gram(gram, n, h, hk, bias, delta, dk, 1, 1)
}

// Gram is GramAccumulate with factors: gram[i,j] = α·(h_i·h_j + bias)·(δ_i·δ_j) + β·gram[i,j].
// β = 0 never reads gram.
func Gram(gram []float64, n int, h []float64, hk int, bias float64, delta []float64, dk int, alpha, beta float64) {
	checkMatrix(gram, n, n, n)
	checkMatrix(h, n, hk, hk)
	checkMatrix(delta, n, dk, dk)
	switch {
	case n == 0:
	case kernels == generic:
		gramGeneric(gram, n, h, hk, bias, delta, dk, alpha, beta)
	default:
		gramTiles(gram, n, h, hk, bias, delta, dk, alpha, beta)
	}
}

// gramGeneric sums as Gemm does.
func gramGeneric(gram []float64, n int, h []float64, hk int, bias float64, delta []float64, dk int, alpha, beta float64) {
	var hh, dd [64]float64
	for i := range n {
		for j0 := 0; j0 <= i; j0 += len(hh) {
			w := min(len(hh), i+1-j0)
			rowProductsGeneric(hh[:w], h, hk, bias, i, j0)
			rowProductsGeneric(dd[:w], delta, dk, 0, i, j0)
			for j, x := range hh[:w] {
				dd[j] = float64(alpha*dd[j]) * x
			}
			addScaled(gram[i*n+j0:][:w], dd[:w], beta)
		}
	}
}

// rowProductsGeneric computes x_i·x_j + bias for j ≥ j0, x_i being the rows of x[n×k].
func rowProductsGeneric(out, x []float64, k int, bias float64, i, j0 int) {
	p := product{alpha: 1, a: x, rowA: k, colA: 1, b: x, rowB: 1, colB: k}
	p.rowSums(out, i, j0, 0, min(k, kBlock))
	for j := range out {
		out[j] += bias
	}
	for q0 := kBlock; q0 < k; q0 += kBlock {
		var s [64]float64
		p.rowSums(s[:len(out)], i, j0, q0, min(k, q0+kBlock))
		addScaled(out, s[:len(out)], 1)
	}
}

// gramTiles forms h·h + bias for a block of rows and a strip of columns at a time and lets
// the matrix kernel multiply δ·δ by it.
func gramTiles(gram []float64, n int, h []float64, hk int, bias float64, delta []float64, dk int, alpha, beta float64) {
	lanes, ld := lanes(), leadingDimension(n)
	tile := rowBlock * 3 * lanes
	s := borrow((hk+dk+2)*ld + 2*tile + 6*lanes)
	ht, dt := s.transposed(h, n, hk, ld), s.transposed(delta, n, dk, ld)
	hh, dd := s.cut(tile), s.cut(tile)
	biases, zeros := s.cut(3*lanes), s.cut(3*lanes)
	for i := range biases {
		biases[i], zeros[i] = bias, 0
	}
	st := triangleStrip(n, ld, dk, alpha, beta)
	st.mode |= modeTimes
	st.rowX = 8 * 3 * lanes
	for i0 := 0; i0 < n; i0 += rowBlock {
		i1 := min(i0+rowBlock, n)
		for j := 0; j < i1; j += 3 * lanes {
			rowProducts(hh, ht, ld, hk, biases, i0, i1, j, lanes)
			if dk <= kBlock {
				st.below(gram, n, dt, i0, i1, j, lanes, hh)
				continue
			}
			rowProducts(dd, dt, ld, dk, zeros, i0, i1, j, lanes)
			for i := max(i0, j); i < i1; i++ {
				o, w := (i-max(i0, j))*3*lanes, min(3*lanes, i+1-j)
				for q, x := range hh[o:][:w] {
					dd[o+q] = float64(alpha*dd[o+q]) * x
				}
				addScaled(gram[i*n+j:][:w], dd[o:][:w], beta)
			}
		}
	}
	s.giveBack()
}

// transposed cuts a k×ld matrix off the scratch and fills it with the transpose of a[n×k].
func (s *scratch) transposed(a []float64, n, k, ld int) []float64 {
	t := s.cut(max(k, 1) * ld)
	transpose(t, ld, a, k, n, k)
	padColumns(t, ld, k, n)
	return t
}

// rowProducts computes t_i·t_j + bias_j for the rows i0 ≤ i < i1, i ≥ j, and the columns
// j…j+3·lanes, t_i being the columns of T[k×n]; vectors above the diagonal are left out.
func rowProducts(out, t []float64, ld, k int, biases []float64, i0, i1, j, lanes int) {
	first := max(i0, j)
	st := strip{rowA: 8, colA: 8 * ld, blockA: 8 * lanes, rowB: 8 * ld, rowC: 8 * 3 * lanes, mode: modeBias, bias: &biases[0], last: lanes}
	for q0 := 0; q0 == 0 || q0 < k; q0 += kBlock {
		st.k = min(kBlock, k-q0)
		for i := first; i < i1; i += st.m {
			width := 3
			if st.m = i1 - i; i < j+2*lanes { // beside the diagonal
				width, st.m = (i-j)/lanes+1, min(lanes, st.m)
			}
			st.a, st.b, st.c = &t[q0*ld+i], &t[q0*ld+j], &out[(i-first)*3*lanes]
			runStrip(&st, width)
		}
		st.mode, st.beta = modeAdd, 1
	}
}
