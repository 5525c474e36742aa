package gan

import "machlup/internal/num"

// A pass is the stages of a perceptron for batches of up to cap rows.
//
// With R{·} the derivative along a direction (v for the parameters, rin for the inputs),
//
//	h_l = y_{l−1}W_lᵀ + b_l,  y_l = σ(h_l)      R h_l = R y_{l−1}W_lᵀ + y_{l−1}V_lᵀ + v_l
//	δ_{l−1} = σ′(h_{l−1}) ∘ (δ_l W_l)           R δ_{l−1} = σ′ ∘ (R δ_l W_l + δ_l V_l) + σ″ ∘ R h_{l−1} ∘ (δ_l W_l)
type pass struct {
	net  *MLP
	cap  int
	lo   int // the stages work on rows lo … lo+rows of the last forward
	rows int
	n    uint64      // forward passes so far
	in   []float64   // inputs of the last forward; the caller's
	out  []float64   // its outputs; the caller's
	x, y [][]float64 // hidden pre-activations and outputs [rows×width]; shared where the activation allows
	d    [][]float64 // cotangents of the pre-activations; the last one is the caller's dOut

	rin     []float64 // tangent of the inputs, nil for zero
	rx, ry  [][]float64
	dy      [][]float64 // cotangents of hidden outputs, kept for σ″
	rd      [][]float64
	seconds secondTangents
}

func (m *MLP) newStages(rows int) stages { return newPass(m, rows) }

func newPass(net *MLP, rows int) *pass {
	p := &pass{net: net, cap: rows}
	p.x = p.hidden()
	p.y = p.x
	if net.act != nil && !net.act.InPlace() {
		p.y = p.hidden()
	}
	p.d = append(p.hidden(), nil)
	return p
}

// enableTangents allocates what tangent and the R-backward stages need.
func (p *pass) enableTangents() {
	if p.rx == nil {
		p.rx, p.ry, p.dy = p.hidden(), p.hidden(), p.hidden()
		p.rd = append(p.hidden(), nil)
	}
}

// hidden allocates one [cap×width] buffer a hidden layer.
func (p *pass) hidden() [][]float64 {
	b := make([][]float64, p.net.layers()-1)
	for l := range b {
		b[l] = make([]float64, p.cap*p.net.dims[l+1])
	}
	return b
}

// input returns the [rows×width] input of layer l.
func (p *pass) input(l int) []float64 {
	if l == 0 {
		return p.in[p.lo*p.net.dims[0]:]
	}
	return p.inUse(p.y, l-1)
}

// inUse returns the rows in use of what forward left for hidden layer l.
func (p *pass) inUse(of [][]float64, l int) []float64 {
	w := p.net.dims[l+1]
	return of[l][p.lo*w : (p.lo+p.rows)*w]
}

// use restricts the stages that follow to the rows lo ≤ row < hi of the last forward.
func (p *pass) use(lo, hi int) { p.lo, p.rows = lo, hi-lo }

func (p *pass) runs() uint64 { return p.n }

func (p *pass) outputs() []float64 {
	o := p.net.Out()
	return p.out[p.lo*o : (p.lo+p.rows)*o]
}

func (p *pass) inputs() []float64 {
	i := p.net.In()
	return p.in[p.lo*i : (p.lo+p.rows)*i]
}

// forward writes the outputs [rows×out] of the inputs in[rows×in], which must stay
// unchanged until the stages that follow are done.
func (p *pass) forward(out, params, in []float64, rows int) {
	net := p.net
	p.lo, p.rows, p.in, p.out, p.rin = 0, rows, in, out, nil
	p.n++
	fused, _ := net.act.(fusedLayer)
	last := net.layers() - 1
	for l := range last {
		w, b := net.layer(params, l)
		i, o := net.dims[l], net.dims[l+1]
		x, y := p.x[l][:rows*o], p.y[l][:rows*o]
		if fused != nil {
			fused.layer(y, p.input(l), w, b, rows, o, i)
			continue
		}
		num.Linear(x, p.input(l), w, b, rows, o, i)
		net.act.Apply(y, x)
	}
	w, b := net.layer(params, last)
	num.Linear(out, p.input(last), w, b, rows, net.dims[last+1], net.dims[last])
}

// cotangents backpropagates dOut[rows×out] to the pre-activations of every layer. dOut
// must stay unchanged until the stages that follow are done.
func (p *pass) cotangents(params, dOut []float64) {
	last := p.net.layers() - 1
	p.d[last] = dOut
	for l := last; l > 0; l-- {
		p.layerCotangent(p.d[l-1], p.d[l], params, l)
	}
}

// layerCotangent takes the cotangent delta of layer l's pre-activation to dst, that of
// layer l−1's.
func (p *pass) layerCotangent(dst, delta, params []float64, l int) {
	w, _ := p.net.layer(params, l)
	i, o := p.net.dims[l], p.net.dims[l+1]
	n := p.rows * i
	dst = dst[:n]
	dy := dst
	if p.dy != nil {
		dy = p.dy[l-1][:n]
	} else if fused, ok := p.net.act.(fusedLayer); ok {
		fused.gradInput(dst, delta, w, p.inUse(p.y, l-1), p.rows, o, i)
		return
	}
	num.Gemm(false, false, p.rows, i, o, 1, delta, o, w, i, 0, dy, i)
	p.net.act.Grad(dst, dy, p.inUse(p.x, l-1), p.inUse(p.y, l-1))
}

// gradient writes Jᵀ·dOut, the parameter gradient of the cotangents computed before.
func (p *pass) gradient(grad []float64) {
	for l := range p.net.layers() {
		w, b := p.net.layer(grad, l)
		i, o := p.net.dims[l], p.net.dims[l+1]
		num.Gemm(true, false, o, i, p.rows, 1, p.d[l], o, p.input(l), i, 0, w, i)
		num.ColSum(b, p.d[l], p.rows, o, 0)
	}
}

// evaluate is forward for callers whose next stages are backward or backwardInput only: of
// a network ℝ → ℝ it leaves nothing but the inputs.
func (p *pass) evaluate(out, params, in []float64, rows int) {
	n, ok := p.shallow(params)
	if !ok {
		p.forward(out, params, in, rows)
		return
	}
	p.lo, p.rows, p.in, p.out, p.rin = 0, rows, in, out, nil
	p.n++
	n.Forward(out[:rows], in[:rows])
}

// backward writes Jᵀ·dOut: cotangents and gradient in one, which may leave no cotangents.
func (p *pass) backward(grad, params, dOut []float64) {
	n, ok := p.shallow(params)
	if !ok {
		p.cotangents(params, dOut)
		p.gradient(grad)
		return
	}
	w, b := p.net.layer(grad, 0)
	v, c := p.net.layer(grad, 1)
	c[0] = n.GradWeights(w, b, v, dOut[:p.rows], p.input(0)[:p.rows])
}

// backwardInput writes the cotangents of the inputs in use, [rows×in].
func (p *pass) backwardInput(dst, params, dOut []float64) {
	n, ok := p.shallow(params)
	if !ok {
		p.cotangents(params, dOut)
		p.inputCotangent(dst, params, 0, p.rows)
		return
	}
	n.GradInput(dst[:p.rows], dOut[:p.rows], p.input(0)[:p.rows])
}

// shallow returns the network as num.Shallow has it, if it is of that kind: the
// discriminator of one-dimensional data.
func (p *pass) shallow(params []float64) (n num.Shallow, ok bool) {
	act, ok := p.net.act.(leakyReLU)
	if !ok || p.net.layers() != 2 || p.net.In() != 1 || p.net.Out() != 1 {
		return n, false
	}
	n.W, n.B = p.net.layer(params, 0)
	v, c := p.net.layer(params, 1)
	n.V, n.C, n.Slope = v, c[0], act.slope
	return n, true
}

// inputCotangent writes the cotangents of input rows lo ≤ row < hi, of those in use, into dst[(hi−lo)×in].
func (p *pass) inputCotangent(dst, params []float64, lo, hi int) {
	w, _ := p.net.layer(params, 0)
	i, o := p.net.dims[0], p.net.dims[1]
	num.Gemm(false, false, hi-lo, i, o, 1, p.d[0][lo*o:], o, w, i, 0, dst, i)
}

// tangent writes R out[rows×out] along v (parameters) and rin[rows×in]; nil is zero for
// either. It follows forward.
func (p *pass) tangent(rout, params, v, rin []float64) {
	net := p.net
	p.rin = rin
	last := net.layers() - 1
	for l := range last {
		n := p.rows * net.dims[l+1]
		rx := p.rx[l][:n]
		p.layerTangent(rx, params, v, l)
		net.act.Grad(p.ry[l][:n], rx, p.inUse(p.x, l), p.inUse(p.y, l))
	}
	p.layerTangent(rout[:p.rows*net.dims[last+1]], params, v, last)
}

// inputTangent returns R of the input of layer l, nil for zero.
func (p *pass) inputTangent(l int, v []float64) []float64 {
	switch {
	case l == 0:
		return p.rin
	case v == nil && p.rin == nil:
		return nil
	}
	return p.ry[l-1][:p.rows*p.net.dims[l]]
}

func (p *pass) layerTangent(dst, params, v []float64, l int) {
	i, o := p.net.dims[l], p.net.dims[l+1]
	rh := p.inputTangent(l, v)
	beta := 0.0
	if v != nil {
		vw, vb := p.net.layer(v, l)
		num.Linear(dst, p.input(l), vw, vb, p.rows, o, i)
		beta = 1
	}
	if rh != nil {
		w, _ := p.net.layer(params, l)
		num.Gemm(false, true, p.rows, o, i, 1, rh, i, w, i, beta, dst, o)
	} else if v == nil {
		clear(dst)
	}
}

// tangentCotangents computes R of the cotangents for R dOut = rdOut[rows×out]. It follows
// tangent (same v) and cotangents.
func (p *pass) tangentCotangents(params, v, rdOut []float64) {
	last := p.net.layers() - 1
	p.rd[last] = rdOut
	for l := last; l > 0; l-- {
		i, o := p.net.dims[l], p.net.dims[l+1]
		n := p.rows * i
		rd := p.rd[l-1][:n]
		w, _ := p.net.layer(params, l)
		num.Gemm(false, false, p.rows, i, o, 1, p.rd[l], o, w, i, 0, rd, i)
		if v != nil {
			vw, _ := p.net.layer(v, l)
			num.Gemm(false, false, p.rows, i, o, 1, p.d[l], o, vw, i, 1, rd, i)
		}
		x, y := p.inUse(p.x, l-1), p.inUse(p.y, l-1)
		p.net.act.Grad(rd, rd, x, y)
		if p.inputTangent(l, v) != nil {
			p.net.act.Curvature(rd, p.dy[l-1][:n], p.rx[l-1][:n], x, y)
		}
	}
}

// tangentGradient writes R of gradient.
func (p *pass) tangentGradient(rgrad, v []float64) {
	for l := range p.net.layers() {
		w, b := p.net.layer(rgrad, l)
		i, o := p.net.dims[l], p.net.dims[l+1]
		num.Gemm(true, false, o, i, p.rows, 1, p.rd[l], o, p.input(l), i, 0, w, i)
		if rh := p.inputTangent(l, v); rh != nil {
			num.Gemm(true, false, o, i, p.rows, 1, p.d[l], o, rh, i, 1, w, i)
		}
		num.ColSum(b, p.rd[l], p.rows, o, 0)
	}
}

// tangentInputCotangent writes R of inputCotangent.
func (p *pass) tangentInputCotangent(dst, params, v []float64, lo, hi int) {
	i, o := p.net.dims[0], p.net.dims[1]
	w, _ := p.net.layer(params, 0)
	num.Gemm(false, false, hi-lo, i, o, 1, p.rd[0][lo*o:], o, w, i, 0, dst, i)
	if v != nil {
		vw, _ := p.net.layer(v, 0)
		num.Gemm(false, false, hi-lo, i, o, 1, p.d[0][lo*o:], o, vw, i, 1, dst, i)
	}
}
