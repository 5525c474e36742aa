package gan

// A fisherMetric is the empirical Fisher matrix of a player's loss,
//
//	F = (1/N) Σ_i g_i g_iᵀ + λI,    g_i = J_iᵀ u_i,
//
// with N the rows of the player's batch and u_i the derivative of row i's own loss by the
// outputs of row i: real(a_i) or fake(a_i) for one of the 2B rows of the discriminator, and
// B times the derivative of the batch mean by sample i for the generator. For the
// discriminator of the cross entropy, −log of the label's probability, it is the usual
// empirical Fisher of the classifier (Martens, JMLR 21(146), 2020, also on why it is not
// the Fisher matrix). For the generator it is that of its loss, not the Fisher
// information of a density: a generator has none. It depends on the loss, so on both
// players' parameters.
type fisherMetric struct {
	*rowMetric
	p     *pass
	scale float64   // samples of one mean of the loss: u = scale · c
	ones  []float64 // [r]
}

// newFisherMetric is for batches of rows rows in which the loss is a mean over scale
// samples.
func newFisherMetric(p *pass, rows int, scale, lambda float64) *fisherMetric {
	return &fisherMetric{rowMetric: newRowMetric(rows, p.net.Params(), float64(rows), lambda), p: p, scale: scale, ones: make([]float64, rows)}
}

// rowsOf fills R for the derivatives c[rows×out] of the batch loss.
func (s *fisherMetric) rowsOf(params, c []float64) {
	s.p.cotangents(params, c)
	s.p.rowGradients(s.rows, s.scale)
}

// direction writes F⁻¹Jᵀc for the c of the rows: Jᵀc is the sum of the rows of R over the
// scale.
func (s *fisherMetric) direction(dst, _, _ []float64) {
	fill(s.ones, 1/s.scale)
	s.pull(dst, s.ones)
}

// rowGradients writes scale times the gradient of each row in use into dst[rows×n], after
// cotangents.
func (p *pass) rowGradients(dst []float64, scale float64) {
	n := p.net.Params()
	for l := range p.net.layers() {
		in, out := p.net.dims[l], p.net.dims[l+1]
		h, d := p.input(l), p.d[l]
		for i := range p.rows {
			w, b := p.net.layer(dst[i*n:(i+1)*n], l)
			scaled(b, scale, d[i*out:(i+1)*out])
			for o, t := range b {
				scaled(w[o*in:(o+1)*in], t, h[i*in:(i+1)*in])
			}
		}
	}
}
