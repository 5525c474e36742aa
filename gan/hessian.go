package gan

// A hessian computes exact Hessian-vector products of the two batch losses as functions of
// all coordinates (ψ,θ), through the composition D(G(z)) (Pearlmutter's R-operator). It
// uses the trainer's forward storage and quenched batch.
type hessian struct {
	t      *Trainer
	rx     []float64 // [2B×d] tangents of data (zero) and fakes
	rlogit []float64 // [2B]
	rc     []float64 // [2B] R of the logits' cotangents
	ddf    []float64 // [2B] second derivatives of the loss
	rcx    []float64 // [B×d] R of the fakes' cotangents
}

func newHessian(t *Trainer) *hessian {
	t.dis.p.enableTangents()
	t.gen.p.enableTangents()
	n := 2 * t.rows
	return &hessian{t: t, rx: make([]float64, n*t.dim), rlogit: make([]float64, n),
		rc: make([]float64, n), ddf: make([]float64, n), rcx: make([]float64, t.rows*t.dim)}
}

// productD writes ∇²L_D·(vPsi, vTheta) at the configuration q into hv=[ψ|θ], the ψ rows
// only unless all is set. A nil direction is zero.
func (h *hessian) productD(hv, q, vPsi, vTheta []float64, all bool) {
	t, b := h.t, h.t.rows
	fake := t.x[b*t.dim:]
	t.gen.p.forward(fake, t.Theta(q), t.zD, b)
	var rx []float64
	if vTheta != nil {
		rx = h.rx
		t.gen.p.tangent(rx[b*t.dim:], t.Theta(q), vTheta, nil)
	}
	t.dis.p.forward(t.logit, t.Psi(q), t.x, 2*b)
	t.dis.p.tangent(h.rlogit, t.Psi(q), vPsi, rx)
	t.cfg.Loss.Real(nil, t.c[:b], h.ddf[:b], t.logit[:b])
	t.cfg.Loss.Fake(nil, t.c[b:], h.ddf[b:], t.logit[b:])
	h.product(hv, t.Psi(q), t.Theta(q), vPsi, vTheta, true, all, 2*b)
}

// productG writes ∇²L_G·(vPsi, vTheta) at (psi, theta) into hv=[ψ|θ], the θ rows only
// unless all is set.
func (h *hessian) productG(hv, psi, theta, vPsi, vTheta []float64, all bool) {
	t, b := h.t, h.t.rows
	fake := t.x[b*t.dim:]
	t.gen.p.forward(fake, theta, t.zG, b)
	var rx []float64
	if vTheta != nil {
		rx = h.rx[b*t.dim:]
		t.gen.p.tangent(rx, theta, vTheta, nil)
	}
	t.dis.p.forward(t.logit, psi, fake, b)
	t.dis.p.tangent(h.rlogit, psi, vPsi, rx)
	t.cfg.Loss.Generator(nil, t.c[:b], h.ddf[:b], t.logit[:b])
	h.product(hv, psi, theta, vPsi, vTheta, all, true, b)
}

// product does both backward passes over the rows of the discriminator's forward pass, of
// which the last B are fakes.
func (h *hessian) product(hv, psi, theta, vPsi, vTheta []float64, wantPsi, wantTheta bool, rows int) {
	t, b := h.t, h.t.rows
	c, rc := t.c[:rows], h.rc[:rows]
	scaled(c, 1/float64(b), c)
	for i, d := range h.ddf[:rows] {
		rc[i] = d * h.rlogit[i] / float64(b)
	}
	dis, gen := t.dis.p, t.gen.p
	dis.cotangents(psi, c)
	dis.tangentCotangents(psi, vPsi, rc)
	if wantPsi {
		dis.tangentGradient(t.Psi(hv), vPsi)
	}
	if !wantTheta {
		return
	}
	dis.inputCotangent(t.cx, psi, rows-b, rows)
	dis.tangentInputCotangent(h.rcx, psi, vPsi, rows-b, rows)
	gen.cotangents(theta, t.cx)
	gen.tangentCotangents(theta, vTheta, h.rcx)
	gen.tangentGradient(t.Theta(hv), vTheta)
}
