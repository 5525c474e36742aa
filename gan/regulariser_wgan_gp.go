package gan

import (
	"machlup/internal/num"
	"machlup/internal/rng"
)

// WGANGPConfig adds λE(|∇ₓD(x̂)| − 1)², x̂ = (1−ε)·datum + ε·fake of the same row with ε uniform on
// (0,1), one for each row, to the discriminator's loss (Gulrajani et al., NeurIPS 2017, eq. 3). ε is Φ of
// an input of the step. D is the critic's output, the logit under a loss of logits.
type WGANGPConfig struct {
	Lambda float64 `toml:"lambda" range:"[0,inf)" unit:"1" doc:"λ of λE(|∇D| − 1)² between data and generated samples"`
}

// DefaultWGANGP returns λ = 10, the source's.
func DefaultWGANGP() WGANGPConfig { return WGANGPConfig{Lambda: 10} }

// Regulariser returns the penalty.
func (c WGANGPConfig) Regulariser() (Regulariser, error) {
	return gradientPenalty{name: "wgan-gp", w: c.Lambda, k: 1, points: between{}}, checkWeight("lambda of wgan-gp", c.Lambda)
}

// between are points on the lines from a datum to the fake of its row.
type between struct{}

func (between) normals(int) int { return 1 }

func (b between) place(x []float64, v *view, width int) {
	for i := range v.rows {
		e, to := b.share(v, i), x[i*width:(i+1)*width]
		scaled(to, 1-e, v.real[i*width:(i+1)*width])
		num.Axpy(e, v.fake[i*width:(i+1)*width], to)
	}
}

func (between) share(v *view, i int) float64 { return rng.NormalCDF(v.xi[i]) }
