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
	checkMatrix(gram, n, n, n)
	checkMatrix(h, n, hk, hk)
	checkMatrix(delta, n, dk, dk)
	gramGeneric(gram, n, h, hk, bias, delta, dk)
}

func gramGeneric(gram []float64, n int, h []float64, hk int, bias float64, delta []float64, dk int) {
	for i := range n {
		hi, di := h[i*hk:i*hk+hk], delta[i*dk:i*dk+dk]
		row := gram[i*n : i*n+i+1]
		for j := range row {
			s, t := bias, 0.0
			hj, dj := h[j*hk:j*hk+hk], delta[j*dk:j*dk+dk]
			for p, x := range hi {
				s += x * hj[p]
			}
			for p, x := range di {
				t += x * dj[p]
			}
			row[j] += s * t
		}
	}
}
