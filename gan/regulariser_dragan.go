package gan

import (
	"math"

	"machlup/internal/num"
)

// DRAGANConfig adds λE(|∇ₓD(x+δ)| − k)² around the data, δ ~ N(0, c·I), to the discriminator's
// loss. This is the equation of the paper (Kodali et al., "On convergence and stability of
// GANs", arXiv:1705.07215), in which c is a variance and does not follow the data. The
// authors' program is another variant (uniform noise of half the standard deviation of the
// batch), which is not here. D is the logit. δ are inputs of the step.
type DRAGANConfig struct {
	Lambda float64 `toml:"lambda" range:"[0,inf)" unit:"1" doc:"λ of λE(|∇D| − k)² around the data"`
	C      float64 `toml:"c" range:"[0,inf)" unit:"1" doc:"variance of the displacement of the data, in each coordinate"`
	K      float64 `toml:"k" range:"[0,inf)" unit:"1" doc:"slope aimed at"`
}

// DefaultDRAGAN returns λ = 10, k = 1 and a displacement of variance 1.
func DefaultDRAGAN() DRAGANConfig { return DRAGANConfig{Lambda: 10, C: 1, K: 1} }

// Regulariser returns the penalty.
func (c DRAGANConfig) Regulariser() (Regulariser, error) {
	for _, p := range []struct {
		name string
		x    float64
	}{{"lambda", c.Lambda}, {"c", c.C}, {"k", c.K}} {
		if err := checkWeight(p.name+" of dragan", p.x); err != nil {
			return nil, err
		}
	}
	return gradientPenalty{name: "dragan", w: c.Lambda, k: c.K, points: around{math.Sqrt(c.C)}}, nil
}

// around are the data displaced by normals.
type around struct{ std float64 }

func (around) normals(width int) int { return width }

func (a around) place(x []float64, v *view, _ int) {
	copy(x, v.real)
	num.Axpy(a.std, v.xi[:len(x)], x)
}

func (around) share(*view, int) float64 { return 0 }
