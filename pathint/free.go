package pathint

import "math"

// bridge draws segments of slices from the reference walk conditional on everything outside
// the segment: q_{k+1} = q_k + β(q_k − q_{k−1}) + u_k + σF₀^{-1/2}ξ, u_k fixed. The precision of
// slices j..e given the rest is CᵀC ⊗ F₀/σ², where C holds the coefficients (1, −(1+β), β) of
// the links j−1..min(e+1, K−1): tridiagonal without momentum, pentadiagonal with. Links
// beyond the end of the path do not exist, so a free end and pinned ends differ only in the
// last two rows: the Cholesky factor of every length is a prefix of one long factor, plus
// those two rows.
type bridge struct {
	beta float64
	long []band    // rows of a segment without an end
	tail [3][]band // by links beyond the segment: rows e−1, e of length n at 2n−2, 2n−1
	work []float64 // segment rows of a proposal
	z    []float64 // its normals
}

// band is one row of a lower-triangular factor: 1/L_ii, L_{i,i−1}, L_{i,i−2}.
type band struct{ inv, one, two float64 }

// below returns the row of the factor under the rows up (i−1) and upup (i−2), for the
// matrix entries a_ii, a_{i,i−1}, a_{i,i−2}; absent rows are zero.
func below(up, upup band, a0, a1, a2 float64) band {
	l2 := a2 * upup.inv
	l1 := (a1 - l2*up.one) * up.inv
	return band{1 / math.Sqrt(a0-l1*l1-l2*l2), l1, l2}
}

// newBridge serves segments of up to maxLen slices of up to width components.
func newBridge(beta float64, maxLen, width int) *bridge {
	f := &bridge{beta: beta, work: make([]float64, maxLen*width), z: make([]float64, maxLen*width)}
	g := 1 + beta
	inner := 1 + g*g + beta*beta
	row := func(i int) band {
		if i < 0 {
			return band{}
		}
		return f.long[i]
	}
	for i := range maxLen {
		f.long = append(f.long, below(row(i-1), row(i-2), inner, -g*g, beta))
	}
	for beyond := range f.tail {
		prev, last, side := 1+g*g, 1.0, -g
		if beyond >= 1 {
			prev, last, side = inner, 1+g*g, -g*g
		}
		if beyond >= 2 {
			last = inner
		}
		for n := 1; n <= maxLen; n++ {
			up := band{}
			if n >= 2 {
				up = below(row(n-3), row(n-4), prev, -g*g, beta)
			}
			f.tail[beyond] = append(f.tail[beyond], up, below(up, row(n-3), last, side, beta))
		}
	}
	return f
}

// rows returns the factor of a segment of n slices: n−min(n,2) rows of body, then end.
func (f *bridge) rows(n, beyond int) (body, end []band) {
	t := f.tail[beyond]
	if n == 1 {
		return nil, t[1:2]
	}
	return f.long[:n-2], t[2*n-2 : 2*n]
}

// propose replaces components [lo, hi) of slices j..j+n−1 of an open proposal by
// new = m + √(1−b²)(old − m) + b·fresh, with m and the law of fresh those of the walk of
// spread σ and metric F₀, conditional on the rest. The map is reversible with respect to
// it.
func (f *bridge) propose(p *Path, j, n, lo, hi int, sigma, b float64, ref *reference, src Source) {
	w := hi - lo
	u, z := f.work[:n*w], f.z[:n*w]
	src.Normals(z)
	ref.colour(z, w)
	f.pull(u, p, j, n, lo, hi)
	if p.guide != nil {
		f.steer(u, p, j, n, lo, hi)
	}
	l := f.factor(n, min(2, p.steps-(j+n-1)))
	l.forward(u, w)
	keep := math.Sqrt(1 - b*b)
	for i, x := range u { // √(1−b²)·old + L⁻ᵀ[(1 − √(1−b²))u + bσz]
		u[i] = (1-keep)*x + b*sigma*z[i]
	}
	l.backward(u, w)
	for i := range n {
		q := p.Slice(j + i)[lo:hi]
		for c, x := range u[i*w : (i+1)*w] {
			q[c] = keep*q[c] + x
		}
	}
}

// proposeStart is propose for slice 0 of a path whose start moves: links 0 and, with momentum, 1
// hold it. Its density is left to the weight.
func (f *bridge) proposeStart(p *Path, lo, hi int, sigma, b float64, ref *reference, src Source) {
	w := hi - lo
	h, z := f.work[:w], f.z[:w]
	src.Normals(z)
	ref.colour(z, w)
	q, one := p.Slice(0)[lo:hi], p.Slice(1)[lo:hi]
	copy(h, one)
	f.axpyGuide(h, -1, p, 0, lo, hi)
	precision := 1.0
	if f.beta != 0 && p.steps > 1 {
		precision += f.beta * f.beta
		axpy(f.beta*(1+f.beta), one, h)
		axpy(-f.beta, p.Slice(2)[lo:hi], h)
		f.axpyGuide(h, f.beta, p, 1, lo, hi)
	}
	keep, gain := math.Sqrt(1-b*b), b*sigma/math.Sqrt(precision)
	for i := range q {
		q[i] = keep*q[i] + (1-keep)*h[i]/precision + gain*z[i]
	}
}

// axpyGuide adds c times the reference's drift of step k to h.
func (f *bridge) axpyGuide(h []float64, c float64, p *Path, k, lo, hi int) {
	if p.guide != nil {
		axpy(c, p.guide[k*p.n+lo:k*p.n+hi], h)
	}
}

// factor is the lower-triangular band L of one segment, n×n; its matrices have w columns,
// the components of a slice.
type factor struct{ body, end []band }

func (f *bridge) factor(n, beyond int) factor {
	body, end := f.rows(n, beyond)
	return factor{body, end}
}

func (l factor) row(i int) band {
	if i < len(l.body) {
		return l.body[i]
	}
	return l.end[i-len(l.body)]
}

// forward solves L x = u in place.
func (l factor) forward(u []float64, w int) {
	for i := range len(u) / w {
		r := l.row(i)
		ui := u[i*w : (i+1)*w]
		if i >= 2 && r.two != 0 {
			axpy(-r.two, u[(i-2)*w:(i-1)*w], ui)
		}
		if i >= 1 {
			axpy(-r.one, u[(i-1)*w:i*w], ui)
		}
		for c := range ui {
			ui[c] *= r.inv
		}
	}
}

// backward solves Lᵀ x = u in place.
func (l factor) backward(u []float64, w int) {
	n := len(u) / w
	for i := n - 1; i >= 0; i-- {
		ui := u[i*w : (i+1)*w]
		if i+2 < n {
			if two := l.row(i + 2).two; two != 0 {
				axpy(-two, u[(i+2)*w:(i+3)*w], ui)
			}
		}
		if i+1 < n {
			axpy(-l.row(i+1).one, u[(i+1)*w:(i+2)*w], ui)
		}
		inv := l.row(i).inv
		for c := range ui {
			ui[c] *= inv
		}
	}
}

// times writes Lᵀu in place.
func (l factor) times(u []float64, w int) {
	n := len(u) / w
	for i := range n {
		ui := u[i*w : (i+1)*w]
		inv := l.row(i).inv
		for c := range ui {
			ui[c] /= inv
		}
		if i+1 < n {
			axpy(l.row(i+1).one, u[(i+1)*w:(i+2)*w], ui)
		}
		if i+2 < n {
			if two := l.row(i + 2).two; two != 0 {
				axpy(two, u[(i+2)*w:(i+3)*w], ui)
			}
		}
	}
}

// steer adds Cᵀu to h: the pull of the reference's drifts u_k on slices j..j+n−1.
func (f *bridge) steer(h []float64, p *Path, j, n, lo, hi int) {
	w := hi - lo
	at := func(k int) []float64 { return p.guide[k*p.n+lo : k*p.n+hi] }
	for i := range n {
		k, row := j+i, h[i*w:(i+1)*w]
		axpy(1, at(k-1), row)
		if k < p.steps {
			axpy(-1-f.beta, at(k), row)
		}
		if k+1 < p.steps && f.beta != 0 {
			axpy(f.beta, at(k+1), row)
		}
	}
}

// pull writes h = −Cᵀ·(what slices outside the segment contribute to its links).
func (f *bridge) pull(h []float64, p *Path, j, n, lo, hi int) {
	w := hi - lo
	e := j + n - 1
	g, beta := 1+f.beta, f.beta
	clear(h)
	row := func(i int) []float64 { return h[i*w : (i+1)*w] }
	at := func(k int) []float64 { return p.Slice(max(k, 0))[lo:hi] }

	left := g
	if j < p.steps {
		left += g * beta
	}
	axpy(left, at(j-1), row(0))
	if beta != 0 {
		axpy(-beta, at(j-2), row(0))
	}
	if n >= 2 && beta != 0 {
		axpy(-beta, at(j-1), row(1))
	}
	if e+1 > p.steps {
		return
	}
	right := g
	if e+2 <= p.steps {
		right += g * beta
		if beta != 0 {
			axpy(-beta, at(e+2), row(n-1))
		}
	}
	axpy(right, at(e+1), row(n-1))
	if n >= 2 && beta != 0 {
		axpy(-beta, at(e+1), row(n-2))
	}
}

func axpy(a float64, x, y []float64) {
	for i, v := range x {
		y[i] += a * v
	}
}
