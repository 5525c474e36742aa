package gan

import "machlup/internal/num"

// secondTangents is the working storage of mixedTangent.
type secondTangents struct{ x2, y2, x12, y12 [][]float64 }

// mixedTangent writes the second derivative of the outputs [rows×out] along (v1, rin1) and
// along v2, which moves parameters only; v1 and rin1 may be nil for zero. It follows forward
// and leaves the tangents of the first direction. With subscripts for derivatives,
//
//	x₁₂ = y₁₂Wᵀ + y₁V₂ᵀ + y₂V₁ᵀ,   y₁₂ = σ′x₁₂ + σ″x₁x₂.
func (p *pass) mixedTangent(out, params, v1, rin1, v2 []float64) {
	p.tangent(out, params, v1, rin1)
	s, net := &p.seconds, p.net
	last := net.layers() - 1
	for l := range last {
		n := p.rows * net.dims[l+1]
		x2, y2, x12, y12 := s.x2[l][:n], s.y2[l][:n], s.x12[l][:n], s.y12[l][:n]
		x, y := p.inUse(p.x, l), p.inUse(p.y, l)
		p.mixedLayer(x12, params, v1, v2, l)
		vw, vb := net.layer(v2, l)
		i, o := net.dims[l], net.dims[l+1]
		num.Linear(x2, p.input(l), vw, vb, p.rows, o, i)
		if l > 0 {
			w, _ := net.layer(params, l)
			num.Gemm(false, true, p.rows, o, i, 1, s.y2[l-1], i, w, i, 1, x2, o)
		}
		net.act.Grad(y2, x2, x, y)
		net.act.Grad(y12, x12, x, y)
		net.act.Curvature(y12, x2, p.rx[l][:n], x, y)
	}
	p.mixedLayer(out[:p.rows*net.dims[last+1]], params, v1, v2, last)
}

// mixedLayer writes x₁₂ of layer l.
func (p *pass) mixedLayer(dst, params, v1, v2 []float64, l int) {
	s, net := &p.seconds, p.net
	i, o := net.dims[l], net.dims[l+1]
	clear(dst)
	add := func(a, v []float64) {
		w, _ := net.layer(v, l)
		num.Gemm(false, true, p.rows, o, i, 1, a, i, w, i, 1, dst, o)
	}
	if y1 := p.inputTangent(l, v1); y1 != nil {
		add(y1, v2)
	}
	if l > 0 {
		add(s.y12[l-1], params)
		if v1 != nil {
			add(s.y2[l-1], v1)
		}
	}
}

// enableSeconds allocates what mixedTangent needs.
func (p *pass) enableSeconds() {
	p.enableTangents()
	if s := &p.seconds; s.x2 == nil {
		s.x2, s.y2, s.x12, s.y12 = p.hidden(), p.hidden(), p.hidden(), p.hidden()
	}
}
