package gan

import (
	"fmt"
	"math"

	"machlup/internal/num"
)

// An ottoMetric is the pull-back of Otto's metric to a generator x = G_θ(z) on its batch,
//
//	F = JᵀPJ/B + λI,
//
// P the orthogonal projection of velocities of the B samples on gradient fields: what moves
// the density and nothing else. A velocity that leaves the density as it is costs λ only.
// The l2 metric has P = I and so dominates it (Otto, Comm. PDE 26, 101, 2001; on
// parameters Li and Montúfar, Inf. Geom. 1, 181, 2018).
//
// P is the least-squares projection on the batch on the span of
//
//	∇φ for φ the polynomials of degree 1 to `degree` in the coordinates of x, and
//	the field u that drives the generator, u_i = B ∂L/∂x_i.
//
// On the line every function of x is a gradient, and the polynomials make P the regression
// on x, E[· | x]: that on functions of degree below `degree`, exact for the linear generator
// from degree 2 on. u is itself a gradient, of the loss as a function of x, wherever the
// discriminator judges samples one by one; with it Pu = u, so that no part of the loss's
// gradient falls where F is λ. As the degree grows beyond what B samples determine, P → I.
//
// Columns are orthonormalised by Gram–Schmidt, twice; one whose remainder is below 1e−8 of
// itself is dropped: its row of R is zero.
type ottoMetric struct {
	*rowMetric
	p      stages
	b, d   int
	degree int
	q      []float64 // [r][B×d] orthonormal columns, u's first
	s      []float64 // [B×d] standardised samples
	inv    []float64 // [d] 1/std
	h      []float64 // [d][degree+1] Hermite polynomials of one sample
	w      []float64 // [r]
}

const ottoDrop = 1e-8

// newOtto is the metric of a generator.
func newOtto(pl *player, rows int, lambda float64) (metric, error) {
	d, degree := pl.net.Out(), pl.opt.Direction.degree()
	switch fields := 1 + monomials(d, degree); {
	case pl.name == "discriminator":
		return nil, fmt.Errorf("it measures how the density of samples moves, and the discriminator makes none; use l2 or fisher")
	case d > 2:
		return nil, fmt.Errorf("its gradient fields are here for samples of dimension 1 and 2, found %d; use l2 or fisher", d)
	case fields >= rows*d:
		return nil, fmt.Errorf("%d fields (degree %d) span all %d velocities of a batch of %d samples, and the metric would be l2; lower the degree or enlarge the batch", fields, degree, rows*d, rows)
	}
	return newOttoMetric(pl.p, pl.net, rows, degree, lambda), nil
}

// DefaultOttoDegree is the degree of the polynomials when none is given.
const DefaultOttoDegree = 6

// degree is that of the polynomials of otto.
func (d Direction) degree() int {
	if d.Degree == 0 {
		return DefaultOttoDegree
	}
	return d.Degree
}

// newOttoMetric is for batches of b samples.
func newOttoMetric(p stages, net Network, b, degree int, lambda float64) *ottoMetric {
	d := net.Out()
	r := 1 + monomials(d, degree)
	return &ottoMetric{rowMetric: newRowMetric(r, net.Params(), float64(b), lambda), p: p, b: b, d: d, degree: degree,
		q: make([]float64, r*b*d), s: make([]float64, b*d), inv: make([]float64, d), h: make([]float64, d*(degree+1)), w: make([]float64, r)}
}

// direction writes F⁻¹Jᵀc for the c of the rows: with Pc = c, Jᵀc is RᵀQᵀc.
func (s *ottoMetric) direction(dst, _, c []float64) {
	for k := range s.w {
		s.w[k] = num.Dot(s.column(k), c)
	}
	s.pull(dst, s.w)
}

// monomials is the number of monomials of degree 1 to p in d variables.
func monomials(d, p int) int {
	n := 1
	for i := 1; i <= d; i++ {
		n = n * (p + i) / i
	}
	return n - 1
}

// column returns column k of P's basis.
func (s *ottoMetric) column(k int) []float64 { m := s.b * s.d; return s.q[k*m : (k+1)*m] }

// factor fills R = QᵀJ for the samples of the forward pass and the derivatives c[B×d] of the
// loss by them, and factors.
func (s *ottoMetric) factor(params, c []float64) {
	copy(s.column(0), c)
	s.fields(s.p.outputs())
	for k := range s.r {
		q := s.column(k)
		if s.orthonormalise(k) {
			s.p.backward(s.row(k), params, q)
			continue
		}
		clear(q)
		clear(s.row(k))
	}
	s.factorRows()
}

// weigh writes P = QQᵀ.
func (s *ottoMetric) weigh(w []float64) {
	clear(w)
	m := s.b * s.d
	for f := range s.r {
		q := s.column(f)
		for i, x := range q {
			for k, y := range q {
				w[i*m+k] += x * y
			}
		}
	}
}

// orthonormalise makes column k a unit vector orthogonal to those before it; it reports
// whether there is one.
func (s *ottoMetric) orthonormalise(k int) bool {
	q := s.column(k)
	size := math.Sqrt(num.Norm2(q))
	for range 2 {
		for j := range k {
			num.Axpy(-num.Dot(s.column(j), q), s.column(j), q)
		}
	}
	left := math.Sqrt(num.Norm2(q))
	if !(left > ottoDrop*size) {
		return math.IsNaN(left) // numbers that are not pass on
	}
	scaled(q, 1/left, q)
	return true
}

// fields writes the gradients of products of Hermite polynomials of the standardised
// coordinates, which span the polynomials of the raw ones, into columns 1 on.
func (s *ottoMetric) fields(x []float64) {
	s.standardise(x)
	if s.d == 1 {
		for i, t := range s.s {
			h := s.hermite(0, t)
			for k := range s.degree { // he_{k+1}′ ∝ he_k
				s.column(1 + k)[i] = h[k]
			}
		}
		return
	}
	for i := range s.b {
		for a := range s.d {
			s.hermite(a, s.s[i*s.d+a])
		}
		s.products(i)
	}
}

// products writes the gradients of he_j(x₀)he_k(x₁), he_k′ = √k he_{k−1} and
// 1 ≤ j+k ≤ degree, at sample i.
func (s *ottoMetric) products(i int) {
	h0, h1 := s.h[:s.degree+1], s.h[s.degree+1:]
	col := 1
	for n := 1; n <= s.degree; n++ {
		for j := range n + 1 {
			k := n - j
			q := s.column(col)[i*2 : i*2+2]
			q[0], q[1] = 0, 0
			if j > 0 {
				q[0] = s.inv[0] * math.Sqrt(float64(j)) * h0[j-1] * h1[k]
			}
			if k > 0 {
				q[1] = s.inv[1] * math.Sqrt(float64(k)) * h0[j] * h1[k-1]
			}
			col++
		}
	}
}

// hermite returns he_k = He_k/√k!, k = 0 … degree, the normalised Hermite polynomials of t,
// for coordinate a.
func (s *ottoMetric) hermite(a int, t float64) []float64 {
	h := s.h[a*(s.degree+1) : (a+1)*(s.degree+1)]
	h[0] = 1
	if len(h) > 1 {
		h[1] = t
	}
	for k := 2; k < len(h); k++ {
		h[k] = (t*h[k-1] - math.Sqrt(float64(k-1))*h[k-2]) / math.Sqrt(float64(k))
	}
	return h
}

// standardise writes samples of mean 0 and standard deviation 1 a coordinate; a coordinate
// without spread is left at 0.
func (s *ottoMetric) standardise(x []float64) {
	for a := range s.d {
		mean, m2 := 0.0, 0.0
		for i := range s.b {
			mean += x[i*s.d+a]
		}
		mean /= float64(s.b)
		for i := range s.b {
			t := x[i*s.d+a] - mean
			m2 += t * t
		}
		s.inv[a] = 1
		if m2 > 0 {
			s.inv[a] = 1 / math.Sqrt(m2/float64(s.b))
		}
		for i := range s.b {
			s.s[i*s.d+a] = (x[i*s.d+a] - mean) * s.inv[a]
		}
	}
}
