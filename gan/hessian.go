package gan

import "machlup/internal/num"

// A hessian computes exact Hessian-vector products of the two batch losses, regularisers
// included, as functions of all coordinates (ψ,θ), through the composition D(G(z))
// (Pearlmutter's R-operator). It uses the trainer's forward storage and batch in use.
type hessian struct {
	t      *Trainer
	rx     []float64 // [2B×d] tangents of data (zero) and fakes
	rlogit []float64 // [2B/m]
	rc     []float64 // [2B/m] R of the logits' cotangents
	ddf    []float64 // [2B/m] second derivatives of the loss
	rcx    []float64 // [B×d] R of the fakes' cotangents
	extra  []float64 // [ψ|θ] what regularisations add without going through the fakes
	dir    directional
}

func newHessian(t *Trainer) *hessian {
	t.dis.p.enableTangents()
	t.gen.p.enableTangents()
	n := 2 * t.rowsD
	return &hessian{t: t, rx: make([]float64, 2*t.rows*t.dim), rlogit: make([]float64, n),
		rc: make([]float64, n), ddf: make([]float64, n), rcx: make([]float64, t.rows*t.dim), extra: make([]float64, t.n)}
}

// productD writes ∇²L_D·(vPsi, vTheta) at (psi, theta) into hv=[ψ|θ], the ψ rows only unless
// all is set. A nil direction is zero.
func (h *hessian) productD(hv, psi, theta, vPsi, vTheta []float64, all bool) {
	t, r, fakes := h.t, h.t.rowsD, h.t.rows*h.t.dim
	t.gen.p.forward(t.x[fakes:], theta, t.zD, t.rows)
	var rx []float64
	if vTheta != nil {
		rx = h.rx
		t.gen.p.tangent(rx[fakes:], theta, vTheta, nil)
	}
	t.dis.p.forward(t.logit, psi, t.look(0, psi, theta, t.x[:2*fakes]), 2*r)
	t.dis.p.tangent(h.rlogit, psi, vPsi, rx)
	t.cfg.Loss.Real(nil, t.c[:r], h.ddf[:r], t.logit[:r])
	t.cfg.Loss.Fake(nil, t.c[r:], h.ddf[r:], t.logit[r:])
	h.product(hv, psi, theta, vPsi, vTheta, true, all, 2*r)
}

// productG writes ∇²L_G·(vPsi, vTheta) at (psi, theta) into hv=[ψ|θ], the θ rows only
// unless all is set.
func (h *hessian) productG(hv, psi, theta, vPsi, vTheta []float64, all bool) {
	t, r, fakes := h.t, h.t.rowsD, h.t.rows*h.t.dim
	fake := t.x[fakes : 2*fakes]
	t.gen.p.forward(fake, theta, t.zG, t.rows)
	var rx []float64
	if vTheta != nil {
		rx = h.rx[fakes:]
		t.gen.p.tangent(rx, theta, vTheta, nil)
	}
	t.dis.p.forward(t.logit, psi, t.look(1, psi, theta, fake), r)
	t.dis.p.tangent(h.rlogit, psi, vPsi, rx)
	t.cfg.Loss.Generator(nil, t.c[:r], h.ddf[:r], t.logit[:r])
	h.product(hv, psi, theta, vPsi, vTheta, all, true, r)
}

// product does both backward passes over the rows of the discriminator's forward pass, of
// which the last B/m are fakes.
func (h *hessian) product(hv, psi, theta, vPsi, vTheta []float64, wantPsi, wantTheta bool, rows int) {
	t, r := h.t, h.t.rowsD
	c, rc := t.c[:rows], h.rc[:rows]
	scaled(c, 1/float64(r), c)
	for i, d := range h.ddf[:rows] {
		rc[i] = d * h.rlogit[i] / float64(r)
	}
	dis, gen := t.dis.p, t.gen.p
	dis.cotangents(psi, c)
	dis.tangentCotangents(psi, vPsi, rc)
	if wantPsi {
		dis.tangentGradient(t.Psi(hv), vPsi)
	}
	if wantTheta {
		dis.inputCotangent(t.cx, psi, rows-r, rows)
		dis.tangentInputCotangent(h.rcx, psi, vPsi, rows-r, rows)
	}
	h.regularise(vPsi, vTheta, wantPsi, wantTheta)
	if wantTheta {
		gen.cotangents(theta, t.cx)
		gen.tangentCotangents(theta, vTheta, h.rcx)
		gen.tangentGradient(t.Theta(hv), vTheta)
	}
	if len(t.regs) == 0 {
		return
	}
	if wantPsi {
		num.Axpy(1, t.Psi(h.extra), t.Psi(hv))
	}
	if wantTheta {
		num.Axpy(1, t.Theta(h.extra), t.Theta(hv))
	}
}

// regularise lets the regularisations of the view add to the cotangents of the fakes, to
// their tangents and, in extra, to the rows of the product.
func (h *hessian) regularise(vPsi, vTheta []float64, wantPsi, wantTheta bool) {
	t := h.t
	if len(t.regs) == 0 {
		return
	}
	clear(h.extra)
	h.dir = directional{psi: vPsi, theta: vTheta}
	if vTheta != nil {
		h.dir.fake = h.rx[t.rows*t.dim:]
	}
	if wantPsi {
		h.dir.hPsi = t.Psi(h.extra)
	}
	if wantTheta {
		h.dir.hTheta, h.dir.cfake, t.view.cfake = t.Theta(h.extra), h.rcx, t.cx
	}
	for i := range t.regs {
		t.regs[i].product(t.viewOf(i), &h.dir)
	}
}
