package gan

// Generate writes the samples [rows×d] of latents z[rows×latent] under the generator of
// the configuration q (or a state); any number of rows.
func (t *Trainer) Generate(dst, q, z []float64) {
	rows := len(dst) / t.dim
	if len(z) != rows*t.latent || len(dst) != rows*t.dim {
		panic("gan: Generate: wrong length of samples or latents")
	}
	for lo := 0; lo < rows; lo += t.rows {
		n := min(t.rows, rows-lo)
		t.gen.p.forward(dst[lo*t.dim:], t.Theta(q), z[lo*t.latent:], n)
	}
}

// Latent is the dimension of a latent.
func (t *Trainer) Latent() int { return t.latent }

// SampleDim is the dimension of a sample.
func (t *Trainer) SampleDim() int { return t.dim }

// GeneratorLosses writes the generator's loss of each of the samples [rows×d] against the
// discriminator of the configuration q: their mean over generated samples is the loss. With
// packing m the m samples of a row of the discriminator share its loss; samples that are left
// over at the end share a row with the first ones.
func (t *Trainer) GeneratorLosses(dst, q, samples []float64) {
	m := t.cfg.pack()
	if len(samples) != len(dst)*t.dim {
		panic("gan: GeneratorLosses: wrong length of losses or samples")
	}
	whole := len(dst) - len(dst)%m
	t.packedLosses(dst[:whole], q, samples[:whole*t.dim])
	if left := len(dst) - whole; left > 0 {
		row, losses := make([]float64, m*t.dim), make([]float64, m)
		for i := range row {
			row[i] = samples[(whole*t.dim+i)%len(samples)]
		}
		t.packedLosses(losses, q, row)
		copy(dst[whole:], losses[:left])
	}
}

// packedLosses is GeneratorLosses of whole rows of the discriminator.
func (t *Trainer) packedLosses(dst, q, samples []float64) {
	m := t.cfg.pack()
	for lo := 0; lo < len(dst); lo += t.rows {
		n := min(t.rows, len(dst)-lo)
		logit := t.logit[:n/m]
		t.dis.p.forward(logit, t.Psi(q), samples[lo*t.dim:(lo+n)*t.dim], n/m)
		t.cfg.Loss.Generator(t.c[:n/m], nil, nil, logit)
		for i := range n {
			dst[lo+i] = t.c[i/m]
		}
	}
}
