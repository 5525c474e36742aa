package gan

import (
	"math"

	"machlup/internal/num"
)

// A slopePenalty is the storage of penalties on the slope of the discriminator's output,
//
//	P = mean_i w(|∇ₓD(x_i)| − k)²,
//
// over points x[rows×d]. With g = ∇ₓD and u = ∂P/∂g held fixed, ∇P is the derivative along u
// of ∇D, in ψ and in x alike, because ∇ψ(u·∇ₓD) = R{∇ψD} with R the derivative along rin = u
// (double backpropagation, Drucker and LeCun, IEEE Trans. Neural Netw. 3, 991, 1992). So the
// stages of a pass give it exactly. Where σ″ is zero almost everywhere (relu) the curvature
// in x is, too, and what remains is how the weights multiply.
//
// At g = 0, where |g| has a kink, u is zero.
type slopePenalty struct {
	p     stages
	mixed mixedDerivatives // of product; nil without
	d     int
	rows  int // of the last evaluate
	w, k  float64
	x     []float64 // [cap×d] the points; the caller fills x[rows×d]
	g, u  []float64 // [cap×d] ∇ₓD and ∂P/∂g
	g2    []float64 // [cap×d] derivatives of g and u along a direction
	logit []float64 // [cap]
	one   []float64 // [cap]
	zero  []float64 // [cap]
}

func newSlopePenalty(net Network, rows int, w, k float64) *slopePenalty {
	s := &slopePenalty{p: net.newStages(rows), d: net.In(), w: w, k: k}
	s.p.enableTangents()
	s.x, s.g, s.u, s.g2 = make([]float64, rows*s.d), make([]float64, rows*s.d), make([]float64, rows*s.d), make([]float64, rows*s.d)
	s.logit, s.one, s.zero = make([]float64, rows), make([]float64, rows), make([]float64, rows)
	fill(s.one, 1)
	return s
}

// evaluate leaves g and u at the first rows points and returns P.
func (s *slopePenalty) evaluate(psi []float64, rows int) float64 {
	s.rows = rows
	s.p.forward(s.logit[:rows], psi, s.x[:rows*s.d], rows)
	s.p.cotangents(psi, s.one[:rows])
	s.p.inputCotangent(s.g, psi, 0, rows)
	p, scale := 0.0, 2*s.w/float64(rows)
	for i := range rows {
		g, u := s.row(s.g, i), s.row(s.u, i)
		if s.k == 0 {
			p += num.Norm2(g)
			scaled(u, scale, g)
			continue
		}
		r := math.Sqrt(num.Norm2(g))
		p += (r - s.k) * (r - s.k)
		if r == 0 {
			clear(u)
			continue
		}
		scaled(u, scale*(1-s.k/r), g)
	}
	return s.w * p / float64(rows)
}

func (s *slopePenalty) row(of []float64, i int) []float64 { return of[i*s.d : (i+1)*s.d] }

// gradient writes ∂P/∂ψ after evaluate.
func (s *slopePenalty) gradient(grad, psi []float64) {
	s.along(psi)
	s.p.tangentGradient(grad, nil)
}

// pointGradient writes ∂P/∂x[rows×d] after gradient or product.
func (s *slopePenalty) pointGradient(dx, psi []float64) {
	s.p.tangentInputCotangent(dx, psi, nil, 0, s.rows)
}

// along differentiates the backward pass along u.
func (s *slopePenalty) along(psi []float64) {
	rows := s.rows
	s.p.tangent(s.logit[:rows], psi, nil, s.u[:rows*s.d])
	s.p.tangentCotangents(psi, nil, s.zero[:rows])
}

// product writes the derivative of ∂P/∂ψ along (v, dx), a direction of the parameters and of
// the points, after evaluate; nil is zero. pointProduct reads off that of ∂P/∂x.
func (s *slopePenalty) product(grad, psi, v, dx []float64) {
	rows := s.rows
	s.p.tangent(s.logit[:rows], psi, v, dx)
	s.p.tangentCotangents(psi, v, s.zero[:rows])
	s.p.tangentInputCotangent(s.g2, psi, v, 0, rows)
	s.curve(rows)
	s.mixed.second(v, dx)
	s.along(psi)
	s.mixed.run(psi, s.u, s.g2)
	s.mixed.gradient(grad)
}

func (s *slopePenalty) pointProduct(dx, psi []float64) { s.mixed.inputCotangent(dx, psi) }

// curve turns the derivative of g in g2 into that of u: (2w/rows)[(1 − k/r) + k ggᵀ/r³] g2.
func (s *slopePenalty) curve(rows int) {
	scale := 2 * s.w / float64(rows)
	for i := range rows {
		g, g2 := s.row(s.g, i), s.row(s.g2, i)
		if s.k == 0 {
			scaled(g2, scale, g2)
			continue
		}
		r := math.Sqrt(num.Norm2(g))
		if r == 0 {
			clear(g2)
			continue
		}
		along := s.k * num.Dot(g, g2) / (r * r * r)
		scaled(g2, scale*(1-s.k/r), g2)
		num.Axpy(scale*along, g, g2)
	}
}
