package num

import "math"

// A Shallow is a network ℝ → ℝ with one hidden layer of leaky ReLUs,
//
//	y = C + Σ_j V_j σ(W_j x + B_j),  σ(h) = h for h ≥ 0, Slope·h below.
//
// So little is computed for each number that layers kept in memory, as the functions for
// general networks leave them, cost more than computing them anew: here nothing is kept.
// Sums over units and over rows are each in order.
type Shallow struct {
	W, B, V  []float64 // one for each hidden unit; at least one
	C, Slope float64
}

func (s *Shallow) check() {
	if len(s.W) == 0 || len(s.B) != len(s.W) || len(s.V) != len(s.W) {
		panic("num: Shallow: W, B and V must have one number for each hidden unit, and at least one")
	}
}

// Forward computes the outputs y of the inputs x, taking Slope to V_j rather than to h: an
// infinite input to a unit of slope 0 gives NaN. y may be x.
func (s *Shallow) Forward(y, x []float64) {
	s.check()
	checkUnary(y, x)
	if kernels != generic {
		s.forwardSIMD(y, x)
		return
	}
	b, v := s.B[:len(s.W)], s.V[:len(s.W)]
	for i, x := range x {
		sum := 0.0
		for j, w := range s.W {
			h, out := math.FMA(w, x, b[j]), v[j]
			if h < 0 {
				out *= s.Slope
			}
			sum = math.FMA(out, h, sum)
		}
		y[i] = sum + s.C
	}
}

// GradInput computes dx = dy·dy/dx at the inputs x, σ′(0) being Slope. dx may be dy or x.
func (s *Shallow) GradInput(dx, dy, x []float64) {
	s.check()
	checkBinary(dx, dy, x)
	if kernels != generic {
		s.gradInputSIMD(dx, dy, x)
		return
	}
	b, v := s.B[:len(s.W)], s.V[:len(s.W)]
	for i, x := range x {
		sum := 0.0
		for j, w := range s.W {
			g := v[j] * w
			if !(math.FMA(w, x, b[j]) > 0) {
				g = leak(s.Slope, g)
			}
			sum += g
		}
		dx[i] = dy[i] * sum
	}
}

// GradWeights computes the gradients of Σ_i dy_i y_i with respect to W, B and V, σ′(0) being
// Slope, and returns that with respect to C. As σ(h) = σ′(h)·h, that of V needs no sum of
// its own: V_j·dV_j = W_j·dW_j + B_j·dB_j; its rounding error is relative to the two terms.
func (s *Shallow) GradWeights(dw, db, dv, dy, x []float64) (dc float64) {
	s.check()
	checkUnary(dy, x)
	if n := len(s.W); len(dw) != n || len(db) != n || len(dv) != n {
		panic("num: Shallow: GradWeights: gradients must have one number for each hidden unit")
	}
	if kernels != generic && len(x) > 0 {
		s.gradWeightsSIMD(dw, db, dv, dy, x)
	} else {
		s.gradWeights(dw, db, dv, dy, x)
	}
	return sum(dy)
}

func (s *Shallow) gradWeights(dw, db, dv, dy, x []float64) {
	for j, w := range s.W {
		b, g, gx := s.B[j], 0.0, 0.0
		for i, x := range x {
			d := dy[i]
			if !(math.FMA(w, x, b) > 0) {
				d = leak(s.Slope, d)
			}
			g += d
			gx = math.FMA(d, x, gx)
		}
		dv[j] = math.FMA(b, g, w*gx)
		dw[j], db[j] = gx*s.V[j], g*s.V[j]
	}
}

// sum adds in four lanes.
func sum(x []float64) float64 {
	var s [4]float64
	for ; len(x) >= 4; x = x[4:] {
		s[0] += x[0]
		s[1] += x[1]
		s[2] += x[2]
		s[3] += x[3]
	}
	for l, v := range x {
		s[l] += v
	}
	return (s[0] + s[1]) + (s[2] + s[3])
}
