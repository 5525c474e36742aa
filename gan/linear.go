package gan

import (
	"fmt"
	"math"
	"slices"

	"machlup/internal/num"
)

// A Linear is a network linear in its parameters, out_a = Σ_k p_k φ_ka(x): the constant
// generators, linear maps, linear and quadratic critics of the small games.
type Linear struct {
	f     features
	start []float64 // initial parameters; nil draws them
}

// features are the maps φ of a Linear. They have no third derivatives.
type features interface {
	in() int
	out() int
	params() int
	// value writes φ[out×params] at the row x[in].
	value(phi, x []float64)
	// gradient writes ∂φ/∂x_i, [in×out×params].
	gradient(dphi, x []float64)
	// curvature writes Σ_j r_j ∂²φ/∂x_i∂x_j, [in×out×params].
	curvature(dphi, r []float64)
}

// newLinear returns the network; start is empty (drawn), one value for all parameters, or one
// each.
func newLinear(f features, start []float64) (*Linear, error) {
	n := f.params()
	for _, x := range start {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("found an initial parameter %v, allowed are finite numbers", x)
		}
	}
	switch len(start) {
	case 0:
		return &Linear{f: f}, nil
	case 1:
		return &Linear{f: f, start: repeat(start[0], n)}, nil
	case n:
		return &Linear{f: f, start: slices.Clone(start)}, nil
	}
	return nil, fmt.Errorf("found %d initial parameters, allowed are none (drawn), 1 (for all) or %d (one each)", len(start), n)
}

// In is the input dimension.
func (l *Linear) In() int { return l.f.in() }

// Out is the output dimension.
func (l *Linear) Out() int { return l.f.out() }

// Params is the number of parameters.
func (l *Linear) Params() int { return l.f.params() }

// Init writes the initial parameters of the configuration, or draws them uniformly on
// ±1/√params.
func (l *Linear) Init(params []float64, src Source) {
	if l.start != nil {
		copy(params, l.start)
		return
	}
	bound := 1 / math.Sqrt(float64(len(params)))
	for i := range params {
		params[i] = bound * (2*src.Uniform() - 1)
	}
}

func (l *Linear) newStages(rows int) stages {
	size := l.Out() * l.Params()
	return &linearPass{f: l.f, nIn: l.In(), nOut: l.Out(), n: l.Params(), phi: make([]float64, rows*size),
		slope: make([]float64, l.In()*size), bend: make([]float64, l.In()*size), flat: make([]float64, size)}
}

// A linearPass is the stages of a Linear. With φ the only function of x, the derivatives
// along (v, r) are R out = φv + ∂_rφ p, R∇_p = φᵀ(R c) + (∂_rφ)ᵀc and
// R∇_x = ∇φ·(p R c + v c) + ∇∂_rφ·p c.
type linearPass struct {
	f            features
	nIn, nOut, n int
	lo, rows     int
	count        uint64
	in, out      []float64 // the caller's
	phi          []float64 // [rows×out×params]
	d, rd, rin   []float64 // cotangents of the outputs, their tangents, tangents of the inputs; the caller's

	slope, bend []float64 // [in×out×params] ∇φ and ∇∂_rφ at one row
	flat        []float64 // [out×params] ∂_rφ at one row
}

func (p *linearPass) forward(out, params, in []float64, rows int) {
	p.lo, p.rows, p.in, p.out, p.rin = 0, rows, in, out, nil
	p.count++
	size := p.nOut * p.n
	for i := range rows {
		phi := p.phi[i*size : (i+1)*size]
		p.f.value(phi, in[i*p.nIn:(i+1)*p.nIn])
		for a := range p.nOut {
			out[i*p.nOut+a] = num.Dot(phi[a*p.n:(a+1)*p.n], params)
		}
	}
}

func (p *linearPass) evaluate(out, params, in []float64, rows int) { p.forward(out, params, in, rows) }

func (p *linearPass) use(lo, hi int)     { p.lo, p.rows = lo, hi-lo }
func (p *linearPass) runs() uint64       { return p.count }
func (p *linearPass) outputs() []float64 { return p.out[p.lo*p.nOut : (p.lo+p.rows)*p.nOut] }
func (p *linearPass) inputs() []float64  { return p.in[p.lo*p.nIn : (p.lo+p.rows)*p.nIn] }
func (p *linearPass) enableTangents()    {}

// features and input of row i of those in use.
func (p *linearPass) at(i int) []float64 {
	size := p.nOut * p.n
	return p.phi[(p.lo+i)*size : (p.lo+i+1)*size]
}
func (p *linearPass) row(i int) []float64 {
	return p.in[(p.lo+i)*p.nIn : (p.lo+i+1)*p.nIn]
}

func (p *linearPass) cotangents(_, dOut []float64) { p.d = dOut }

func (p *linearPass) gradient(grad []float64) {
	clear(grad)
	for i := range p.rows {
		phi := p.at(i)
		for a := range p.nOut {
			num.Axpy(p.d[i*p.nOut+a], phi[a*p.n:(a+1)*p.n], grad)
		}
	}
}

func (p *linearPass) backward(grad, params, dOut []float64) {
	p.cotangents(params, dOut)
	p.gradient(grad)
}

func (p *linearPass) backwardInput(dst, params, dOut []float64) {
	p.cotangents(params, dOut)
	p.inputCotangent(dst, params, 0, p.rows)
}

func (p *linearPass) inputCotangent(dst, params []float64, lo, hi int) {
	clear(dst[:(hi-lo)*p.nIn])
	for i := lo; i < hi; i++ {
		p.f.gradient(p.slope, p.row(i))
		p.contract(dst[(i-lo)*p.nIn:], p.slope, p.d[i*p.nOut:], params)
	}
}

// contract adds Σ_a c_a Σ_k p_k of[j,a,k] to dst[j].
func (p *linearPass) contract(dst, of, c, params []float64) {
	for j := range p.nIn {
		for a := range p.nOut {
			at := (j*p.nOut + a) * p.n
			dst[j] += c[a] * num.Dot(of[at:at+p.n], params)
		}
	}
}

func (p *linearPass) tangent(rout, params, v, rin []float64) {
	p.rin = rin
	for i := range p.rows {
		phi, dst := p.at(i), rout[i*p.nOut:(i+1)*p.nOut]
		clear(dst)
		if v != nil {
			for a := range dst {
				dst[a] = num.Dot(phi[a*p.n:(a+1)*p.n], v)
			}
		}
		if rin != nil {
			along := p.along(i, rin[i*p.nIn:])
			for a := range dst {
				dst[a] += num.Dot(along[a*p.n:(a+1)*p.n], params)
			}
		}
	}
}

// along returns ∂_rφ[out×params] at row i.
func (p *linearPass) along(i int, r []float64) []float64 {
	p.f.gradient(p.slope, p.row(i))
	clear(p.flat)
	for j := range p.nIn {
		num.Axpy(r[j], p.slope[j*len(p.flat):(j+1)*len(p.flat)], p.flat)
	}
	return p.flat
}

func (p *linearPass) tangentCotangents(_, _, rdOut []float64) { p.rd = rdOut }

func (p *linearPass) tangentGradient(rgrad, _ []float64) {
	clear(rgrad)
	for i := range p.rows {
		phi := p.at(i)
		for a := range p.nOut {
			num.Axpy(p.rd[i*p.nOut+a], phi[a*p.n:(a+1)*p.n], rgrad)
		}
		if p.rin != nil {
			along := p.along(i, p.rin[i*p.nIn:])
			for a := range p.nOut {
				num.Axpy(p.d[i*p.nOut+a], along[a*p.n:(a+1)*p.n], rgrad)
			}
		}
	}
}

func (p *linearPass) tangentInputCotangent(dst, params, v []float64, lo, hi int) {
	clear(dst[:(hi-lo)*p.nIn])
	for i := lo; i < hi; i++ {
		to, c := dst[(i-lo)*p.nIn:], p.d[i*p.nOut:]
		p.f.gradient(p.slope, p.row(i))
		p.contract(to, p.slope, p.rd[i*p.nOut:], params)
		if v != nil {
			p.contract(to, p.slope, c, v)
		}
		if p.rin != nil {
			p.f.curvature(p.bend, p.rin[i*p.nIn:(i+1)*p.nIn])
			p.contract(to, p.bend, c, params)
		}
	}
}

// linearMixed are the mixed derivatives of a Linear: those of ∇_p = φᵀc along
// (0,u) and (v,dx) with second derivative u₂ of the inputs are (∂_u∂_dxφ + ∂_u₂φ)ᵀc, and those
// of ∇_x are ∇∂_uφ·v c + ∇∂_u₂φ·p c.
type linearMixed struct {
	p     *linearPass
	v, dx []float64
	u, u2 []float64
}

func (m *linearMixed) second(v, dx []float64)           { m.v, m.dx = v, dx }
func (m *linearMixed) run(_ []float64, u, u2 []float64) { m.u, m.u2 = u, u2 }

func (m *linearMixed) gradient(grad []float64) {
	p := m.p
	clear(grad)
	size := p.nOut * p.n
	for i := range p.rows {
		c := p.d[i*p.nOut:]
		u := m.u[i*p.nIn : (i+1)*p.nIn]
		along := p.along(i, m.u2[i*p.nIn:])
		if m.dx != nil {
			p.f.curvature(p.bend, m.dx[i*p.nIn:(i+1)*p.nIn])
			for j := range u {
				num.Axpy(u[j], p.bend[j*size:(j+1)*size], along)
			}
		}
		for a := range p.nOut {
			num.Axpy(c[a], along[a*p.n:(a+1)*p.n], grad)
		}
	}
}

func (m *linearMixed) inputCotangent(dst, params []float64) {
	p := m.p
	clear(dst[:p.rows*p.nIn])
	for i := range p.rows {
		to, c := dst[i*p.nIn:], p.d[i*p.nOut:]
		p.f.curvature(p.bend, m.u2[i*p.nIn:(i+1)*p.nIn])
		p.contract(to, p.bend, c, params)
		if m.v != nil {
			p.f.curvature(p.bend, m.u[i*p.nIn:(i+1)*p.nIn])
			p.contract(to, p.bend, c, m.v)
		}
	}
}

// fixed is x = p, of no input.
type fixed struct{ dim int }

func (fixed) in() int                        { return 0 }
func (f fixed) out() int                     { return f.dim }
func (f fixed) params() int                  { return f.dim }
func (fixed) gradient([]float64, []float64)  {}
func (fixed) curvature([]float64, []float64) {}

func (f fixed) value(phi, _ []float64) {
	clear(phi)
	for a := range f.dim {
		phi[a*f.dim+a] = 1
	}
}

// affine is Az + b, its parameters A[out×in] row by row, then b.
type affine struct{ inputs, outputs int }

func (f affine) in() int                   { return f.inputs }
func (f affine) out() int                  { return f.outputs }
func (f affine) params() int               { return f.outputs * (f.inputs + 1) }
func (affine) curvature(dphi, _ []float64) { clear(dphi) }

func (f affine) value(phi, x []float64) {
	clear(phi)
	for a := range f.outputs {
		row := phi[a*f.params():]
		copy(row[a*f.inputs:], x)
		row[f.outputs*f.inputs+a] = 1
	}
}

func (f affine) gradient(dphi, _ []float64) {
	clear(dphi)
	for i := range f.inputs {
		for a := range f.outputs {
			dphi[(i*f.outputs+a)*f.params()+a*f.inputs+i] = 1
		}
	}
}

// scaledInputs is Σ_k p_k a_k x_k.
type scaledInputs struct{ a []float64 }

func (f scaledInputs) in() int                   { return len(f.a) }
func (scaledInputs) out() int                    { return 1 }
func (f scaledInputs) params() int               { return len(f.a) }
func (scaledInputs) curvature(dphi, _ []float64) { clear(dphi) }

func (f scaledInputs) value(phi, x []float64) {
	for k, a := range f.a {
		phi[k] = a * x[k]
	}
}

func (f scaledInputs) gradient(dphi, _ []float64) {
	clear(dphi)
	for k, a := range f.a {
		dphi[k*len(f.a)+k] = a
	}
}

// quadratic is Σ_{i≤j} w_ij x_i x_j + Σ v_i x_i + c, its parameters in that order, w row by row.
type quadratic struct{ dim int }

func (f quadratic) in() int     { return f.dim }
func (quadratic) out() int      { return 1 }
func (f quadratic) params() int { return f.dim*(f.dim+1)/2 + f.dim + 1 }

func (f quadratic) value(phi, x []float64) {
	k := 0
	for i := range f.dim {
		for j := i; j < f.dim; j++ {
			phi[k] = x[i] * x[j]
			k++
		}
	}
	copy(phi[k:], x)
	phi[f.params()-1] = 1
}

// gradient of x_i x_j by x_i is x_j and by x_j is x_i, both adding up for i = j.
func (f quadratic) gradient(dphi, x []float64) {
	f.curvature(dphi, x)
	n := f.params()
	for i := range f.dim {
		dphi[i*n+n-1-f.dim+i] = 1
	}
}

// curvature has the form of the gradient of the quadratic part, which is linear in x.
func (f quadratic) curvature(dphi, r []float64) {
	clear(dphi)
	n, k := f.params(), 0
	for i := range f.dim {
		for j := i; j < f.dim; j++ {
			dphi[i*n+k] += r[j]
			dphi[j*n+k] += r[i]
			k++
		}
	}
}
