package gan

import (
	"math"

	"machlup/internal/num"
)

// An l2Metric is F = JᵀJ/N + λI of a perceptron on the N rows of a forward pass, J having a
// row per sample and output: m = N·d_out rows of n columns. It works with the smaller of
//
//	A = K/N + λI (m×m), K = JJᵀ = Σ_layers (h_i·h_j + 1)(δ_i·δ_j) without forming J, and
//	F itself (n×n), accumulated from blocks of Jᵀ,
//
// by the push-through identity F⁻¹Jᵀ = JᵀA⁻¹ (docs/physics.md). So a natural-gradient step
// is the ordinary backpropagation of the preconditioned cotangent A⁻¹c.
//
// Rows of J are ordered output by output: row a·N + i is output a of sample i. Cotangents
// outside this file are [N×d_out].
type l2Metric struct {
	p      *pass
	lambda float64
	rows   int // N
	out    int // d_out
	m, n   int
	gram   bool      // A rather than F is factored
	a      []float64 // Cholesky factor, lower triangle, of A or F
	ok     bool      // the last factorisation succeeded
	single *single32 // solves of direction in float32; nil in float64

	delta [][]float64   // per layer [m×width]: δ of each row of J
	rowsD [][][]float64 // rowsD[a][l] = rows of output a in delta[l]
	h     [][]float64   // per layer but the last [m×width] inputs, repeated for each output; nil if d_out = 1
	own   []float64     // [N×N] the last layer's part of an output's block; nil if d_out = 1
	ones  []float64     // [N]
	c     []float64     // [m] preconditioned cotangent
	t     []float64     // [m] tangent
	cOut  []float64     // [N×d_out]
	back  []float64     // [n] of solve

	block  int       // samples a block of Jᵀ, when F is accumulated
	jt     []float64 // [n×block]
	deltaT []float64 // [widest×block]
	hT     []float64
}

const metricBlock = 64

// newL2Metric chooses the smaller system.
func newL2Metric(p *pass, rows int, lambda float64) *l2Metric {
	return newL2MetricForm(p, rows, lambda, rows*p.net.Out() <= p.net.Params())
}

func newL2MetricForm(p *pass, rows int, lambda float64, gram bool) *l2Metric {
	net := p.net
	s := &l2Metric{p: p, lambda: lambda, rows: rows, out: net.Out(), n: net.Params(), gram: gram}
	s.m = rows * s.out
	s.a = make([]float64, s.size()*s.size())
	for l := range net.layers() {
		s.delta = append(s.delta, make([]float64, s.m*net.dims[l+1]))
	}
	for a := range s.out {
		var byLayer [][]float64
		for l := range net.layers() {
			w := net.dims[l+1] * rows
			byLayer = append(byLayer, s.delta[l][a*w:(a+1)*w])
		}
		s.rowsD = append(s.rowsD, byLayer)
		for i := range rows { // the output layer's own δ never changes
			byLayer[net.layers()-1][i*s.out+a] = 1
		}
	}
	if s.out > 1 && gram {
		for l := range net.layers() - 1 {
			s.h = append(s.h, make([]float64, s.m*net.dims[l]))
		}
		s.own, s.ones = make([]float64, rows*rows), make([]float64, rows)
		fill(s.ones, 1)
	}
	s.c, s.t, s.cOut = make([]float64, s.m), make([]float64, s.m), make([]float64, s.m)
	if s.gram {
		s.back = make([]float64, s.n)
	} else {
		s.block = min(metricBlock, rows)
		widest := 0
		for _, d := range net.dims {
			widest = max(widest, d)
		}
		s.jt = make([]float64, s.n*s.block)
		s.deltaT, s.hT = make([]float64, widest*s.block), make([]float64, widest*s.block)
	}
	return s
}

// size is that of the matrix that is factored.
func (s *l2Metric) size() int {
	if s.gram {
		return s.m
	}
	return s.n
}

// factor builds and factors A or F after p.forward of rows samples with params.
func (s *l2Metric) factor(params, _ []float64) {
	if s.p.rows != s.rows {
		panic("gan: metric: the forward pass has another number of rows")
	}
	s.unitCotangents(params)
	if s.gram {
		s.buildGram()
		s.ok = s.single.factor(s.a, s.m) && num.Cholesky(s.a, s.m)
	} else {
		s.buildFull()
		s.ok = s.single.factor(s.a, s.n) && num.Cholesky(s.a, s.n)
	}
}

// unitCotangents backpropagates the unit cotangent of each output: δ of every row of J.
func (s *l2Metric) unitCotangents(params []float64) {
	for _, d := range s.rowsD {
		for l := s.p.net.layers() - 1; l > 0; l-- {
			s.p.layerCotangent(d[l-1], d[l], params, l)
		}
	}
}

// buildGram writes the lower triangle of K/N + λI.
func (s *l2Metric) buildGram() {
	scale, beta, last := 1/float64(s.rows), 0.0, s.p.net.layers()-1
	for l := range last + 1 {
		i, o := s.p.net.dims[l], s.p.net.dims[l+1]
		h := s.p.input(l)
		switch {
		case s.out == 1:
			num.Gram(s.a, s.m, h, i, 1, s.delta[l], o, scale, beta)
		case l == last:
			s.addLastLayer(h, i, scale, beta)
		default:
			for a := range s.out {
				copy(s.h[l][a*s.rows*i:], h[:s.rows*i])
			}
			num.Gram(s.a, s.m, s.h[l], i, 1, s.delta[l], o, scale, beta)
		}
		beta = 1
	}
	for i := range s.m {
		s.a[i*s.m+i] += s.lambda
	}
}

// addLastLayer adds the layer whose δ are the unit vectors of the outputs: each output's own
// block gets the same matrix, those of two outputs nothing.
func (s *l2Metric) addLastLayer(h []float64, width int, scale, beta float64) {
	n := s.rows
	if beta == 0 {
		clear(s.a)
	}
	num.Gram(s.own, n, h, width, 1, s.ones, 1, scale, 0)
	for a := range s.out {
		for i := range n {
			num.Axpy(1, s.own[i*n:i*n+i+1], s.a[(a*n+i)*s.m+a*n:][:i+1])
		}
	}
}

// buildFull writes the lower triangle of JᵀJ/N + λI, a block of samples at a time.
func (s *l2Metric) buildFull() {
	clear(s.a)
	for i := range s.n {
		s.a[i*s.n+i] = s.lambda
	}
	for lo := 0; lo < s.rows; lo += s.block {
		r := min(s.block, s.rows-lo)
		for a := range s.out {
			s.blockTransposed(a, lo, r)
			num.Syrk(s.a, s.n, s.jt, s.block, s.n, r, 1/float64(s.rows), 1)
		}
	}
}

// blockTransposed writes the columns lo ≤ i < lo+r of output a of Jᵀ into jt[n×block].
func (s *l2Metric) blockTransposed(a, lo, r int) {
	net := s.p.net
	for l := range net.layers() {
		in, out := net.dims[l], net.dims[l+1]
		transpose(s.deltaT, s.block, s.rowsD[a][l][lo*out:], r, out)
		transpose(s.hT, s.block, s.p.input(l)[lo*in:], r, in)
		weight, bias := net.offset[l], net.offset[l]+out*in
		for o := range out {
			d := s.deltaT[o*s.block : o*s.block+r]
			for i := range in {
				h := s.hT[i*s.block : i*s.block+r]
				k := (weight + o*in + i) * s.block
				row := s.jt[k : k+r]
				for q := range row {
					row[q] = d[q] * h[q]
				}
			}
			copy(s.jt[(bias+o)*s.block:], d)
		}
	}
}

// transpose writes the transpose of a[rows×cols] into dst of leading dimension ld.
func transpose(dst []float64, ld int, a []float64, rows, cols int) {
	for i := range rows {
		for j := range cols {
			dst[j*ld+i] = a[i*cols+j]
		}
	}
}

// direction writes dst = F⁻¹Jᵀc for c[N×d_out], after factor. If the factorisation failed
// (non-finite parameters, or λ below the rounding of K/N) it writes NaN.
func (s *l2Metric) direction(dst, params, c []float64) {
	switch {
	case !s.ok:
		fill(dst, math.NaN())
	case s.gram:
		s.toRows(s.c, c)
		if !s.single.solve(s.c) {
			num.CholSolve(s.a, s.m, s.c)
		}
		s.backward(dst, params, s.c)
	default:
		s.p.backward(dst, params, c)
		if !s.single.solve(dst) {
			num.CholSolve(s.a, s.n, dst)
		}
	}
}

// solve writes F⁻¹v; in the Gram form that is [v − JᵀA⁻¹Jv/N]/λ, whose relative error is
// the condition number of F in units of rounding, as that of any solve.
func (s *l2Metric) solve(dst, params, v []float64) {
	switch {
	case !s.ok:
		fill(dst, math.NaN())
	case s.gram:
		s.p.tangent(s.cOut, params, v, nil)
		s.toRows(s.c, s.cOut)
		num.CholSolve(s.a, s.m, s.c)
		s.backward(s.back, params, s.c)
		for i, b := range s.back {
			dst[i] = (v[i] - b/float64(s.rows)) / s.lambda
		}
	default:
		copy(dst, v)
		num.CholSolve(s.a, s.n, dst)
	}
}

// normals is the length of ε₁ and ε₂ together.
func (s *l2Metric) normals() int { return s.m + s.n }

// sample writes y = F⁻¹(Jᵀε₁/√N + √λ ε₂), of covariance F⁻¹, for xi = [ε₁ N×d_out | ε₂ n]. In
// the Gram form this is JᵀA⁻¹(ε₁/√N − Jε₂/(N√λ)) + ε₂/√λ, which does not lose digits as
// λ → 0 (docs/physics.md).
func (s *l2Metric) sample(dst, params, xi []float64) {
	e1, e2 := xi[:s.m], xi[s.m:s.m+s.n]
	root, rootLambda := 1/math.Sqrt(float64(s.rows)), math.Sqrt(s.lambda)
	switch {
	case !s.ok:
		fill(dst, math.NaN())
	case s.gram:
		s.p.tangent(s.cOut, params, e2, nil)
		for i, t := range s.cOut {
			s.cOut[i] = root*e1[i] - t*root*root/rootLambda
		}
		s.toRows(s.c, s.cOut)
		num.CholSolve(s.a, s.m, s.c)
		s.backward(dst, params, s.c)
		num.Axpy(1/rootLambda, e2, dst)
	default:
		scaled(s.cOut, root, e1)
		s.p.backward(dst, params, s.cOut)
		num.Axpy(rootLambda, e2, dst)
		num.CholSolve(s.a, s.n, dst)
	}
}

// sampleTransposed writes Sᵀw for the S of sample: ε₁ = A⁻¹Jw/√N and ε₂ = w/√λ − JᵀA⁻¹Jw/(N√λ) in
// the Gram form, else ε₁ = JF⁻¹w/√N and ε₂ = √λ F⁻¹w.
func (s *l2Metric) sampleTransposed(xi, params, w []float64) {
	e1, e2 := xi[:s.m], xi[s.m:]
	root, rootLambda := 1/math.Sqrt(float64(s.rows)), math.Sqrt(s.lambda)
	switch {
	case !s.ok:
		fill(xi, math.NaN())
	case s.gram:
		s.p.tangent(s.cOut, params, w, nil)
		s.toRows(s.c, s.cOut)
		num.CholSolve(s.a, s.m, s.c)
		s.fromRows(e1, s.c)
		s.backward(e2, params, s.c)
		for i, x := range e2 {
			e2[i] = (w[i] - root*root*x) / rootLambda
		}
		scaled(e1, root, e1)
	default:
		copy(e2, w)
		num.CholSolve(s.a, s.n, e2)
		s.p.tangent(e1, params, e2, nil)
		scaled(e1, root, e1)
		scaled(e2, rootLambda, e2)
	}
}

// backward writes Jᵀc for c in the order of J's rows.
func (s *l2Metric) backward(dst, params, c []float64) {
	out := c
	if s.out > 1 {
		out = s.cOut
		s.fromRows(out, c)
	}
	s.p.backward(dst, params, out)
}

// fromRows reorders c in the order of J's rows to [N×d_out].
func (s *l2Metric) fromRows(dst, c []float64) {
	for a := range s.out {
		for i := range s.rows {
			dst[i*s.out+a] = c[a*s.rows+i]
		}
	}
}

// toRows reorders c[N×d_out] to the order of J's rows.
func (s *l2Metric) toRows(dst, c []float64) {
	for a := range s.out {
		for i := range s.rows {
			dst[a*s.rows+i] = c[i*s.out+a]
		}
	}
}

// norm returns rᵀFr = |Jr|²/N + λ|r|², after p.forward.
func (s *l2Metric) norm(params, r []float64) float64 {
	s.p.tangent(s.t, params, r, nil)
	return num.Norm2(s.t)/float64(s.rows) + s.lambda*num.Norm2(r)
}

// apply writes Fv, after p.forward: one tangent and one backward pass.
func (s *l2Metric) apply(dst, params, v []float64) {
	s.p.tangent(s.t, params, v, nil)
	scaled(s.t, 1/float64(s.rows), s.t)
	s.p.cotangents(params, s.t)
	s.p.gradient(dst)
	num.Axpy(s.lambda, v, dst)
}

// logDet returns log det F after factor: in the Gram form log det A + (n−m) log λ.
func (s *l2Metric) logDet() float64 {
	switch {
	case !s.ok:
		return math.NaN()
	case s.gram:
		return num.CholLogDet(s.a, s.m) + float64(s.n-s.m)*math.Log(s.lambda)
	}
	return num.CholLogDet(s.a, s.n)
}

func fill(dst []float64, x float64) {
	for i := range dst {
		dst[i] = x
	}
}
