package gan

// Generate writes the samples [rows×d] of latents z[rows×latent] under the generator of
// the configuration q (or a state); any number of rows.
func (t *Trainer) Generate(dst, q, z []float64) {
	rows := len(z) / t.latent
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
