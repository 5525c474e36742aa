package gan

// A penaltyObserver is what the regularisers add to the discriminator's loss, on the
// evaluation batch and on random inputs drawn with it. Samples are as they are: instance noise
// is left out, as in all observables.
type penaltyObserver struct {
	regs []regularisation
	xi   [][]float64 // inputs of each
	view view
}

// bindPenalty makes the working parts of the regularisers for the evaluation batch, with the
// inputs of another observer of the same batch if there is one, else drawn from src.
func (o *observer) bindPenalty(t *Trainer, of *penaltyObserver, src Source) error {
	p := new(penaltyObserver)
	batch := &Trainer{cfg: t.cfg, rows: o.rows, rowsD: o.rowsD, dim: t.dim, latent: t.latent, dis: t.dis, gen: t.gen}
	for i, r := range t.cfg.Regularisers {
		w, err := r.bind(batch)
		if err != nil {
			return err
		}
		p.regs = append(p.regs, w)
		if of != nil {
			p.xi = append(p.xi, of.xi[i])
			continue
		}
		xi := make([]float64, w.normals(0))
		src.Normals(xi)
		p.xi = append(p.xi, xi)
	}
	o.penalty = p
	return nil
}

// look sets the view of regularisation i at q, whose fakes are in x.
func (o *observer) look(i int, q []float64) *view {
	p, n := o.penalty, o.rows*o.t.dim
	p.view = view{player: 0, rows: o.rowsD, psi: o.t.Psi(q), theta: o.t.Theta(q), real: o.x[:n], fake: o.x[n : 2*n], xi: p.xi[i], cfake: p.view.cfake}
	return &p.view
}

// penaltyValue is the observable after the fakes have been made.
func (o *observer) penaltyValue(q []float64) float64 {
	sum := 0.0
	for i, r := range o.penalty.regs {
		sum += r.value(o.look(i, q))
	}
	return sum
}

// penaltyGradient writes its gradient.
func (o *observer) penaltyGradient(psi, theta, q []float64) {
	o.evaluate(q, true, false, false)
	clear(o.cx)
	o.penalty.view.cfake = o.cx
	for i, r := range o.penalty.regs {
		r.gradient(psi, o.look(i, q))
	}
	o.penalty.view.cfake = nil
	o.gen.cotangents(o.t.Theta(q), o.cx)
	o.gen.gradient(theta)
}
