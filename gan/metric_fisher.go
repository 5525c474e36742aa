package gan

import "machlup/internal/num"

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
	p     stages
	out   int
	scale float64   // samples of one mean of the loss: u = scale · c
	ones  []float64 // [r]
	cot   []float64 // [rows×out] what factor was given
	unit  []float64 // [n] and
	t     []float64 // [rows×out], of networks that are no perceptrons
}

// newFisher is the metric of a player; the discriminator's loss is a sum of two means, over
// half of its rows each.
func newFisher(pl *player, rows int, lambda float64) (metric, error) {
	scale := float64(rows)
	if pl.name == "discriminator" {
		scale /= 2
	}
	return newFisherMetric(pl.p, pl.net, rows, scale, lambda), nil
}

// newFisherMetric is for batches of rows rows in which the loss is a mean over scale
// samples.
func newFisherMetric(p stages, net Network, rows int, scale, lambda float64) *fisherMetric {
	s := &fisherMetric{rowMetric: newRowMetric(rows, net.Params(), float64(rows), lambda), p: p, out: net.Out(), scale: scale,
		ones: make([]float64, rows), cot: make([]float64, rows*net.Out())}
	if _, ok := p.(*pass); !ok {
		p.enableTangents()
		s.unit, s.t = make([]float64, s.n), make([]float64, len(s.cot))
	}
	return s
}

// factor fills R for the derivatives c[rows×out] of the batch loss and factors.
func (s *fisherMetric) factor(params, c []float64) {
	copy(s.cot, c)
	if p, ok := s.p.(*pass); ok {
		p.cotangents(params, c)
		p.rowGradients(s.rows, s.scale)
	} else {
		s.columns(params)
	}
	s.factorRows()
}

// columns fills R column by column with the forward tangent.
func (s *fisherMetric) columns(params []float64) {
	for k := range s.n {
		s.unit[k] = 1
		s.p.tangent(s.t, params, s.unit, nil)
		s.unit[k] = 0
		for i := range s.r {
			s.rows[i*s.n+k] = s.scale * num.Dot(s.t[i*s.out:(i+1)*s.out], s.cot[i*s.out:(i+1)*s.out])
		}
	}
}

// weigh writes u_i u_iᵀ into the block of row i.
func (s *fisherMetric) weigh(w []float64) {
	clear(w)
	m := s.r * s.out
	for i := range s.r {
		for a := range s.out {
			for b := range s.out {
				w[(i*s.out+a)*m+i*s.out+b] = s.scale * s.scale * s.cot[i*s.out+a] * s.cot[i*s.out+b]
			}
		}
	}
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
