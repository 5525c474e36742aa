package langevin

import "math"

// SingularConfig is U = ½ Σ |w_i|^{p_i}, a model of minima that are not quadratic.
type SingularConfig struct {
	Dim   int       `toml:"dim" range:"[1,1000000]" unit:"1" doc:"number of coordinates"`
	Power []float64 `toml:"power" range:"(1,inf)" unit:"1" doc:"p of ½|w|^p: one value for all coordinates, or one each"`
}

// Singular is U = ½ Σ |w_i|^{p_i}. Under e^{−U/T}, ⟨U⟩/T = Σ 1/p_i: each coordinate
// counts 1/p_i in place of the ½ of a quadratic minimum. The Hessian is singular (p > 2)
// or infinite (p < 2) at w = 0, where it is taken to be 0.
type Singular struct{ p []float64 }

// NewSingular returns the potential, or an error for a power that is not above 1 (the
// gradient must be finite) or a list of the wrong length.
func NewSingular(c SingularConfig) (*Singular, error) {
	p, err := perCoordinate("singular: power", c.Power, c.Dim, 1)
	if err != nil {
		return nil, err
	}
	return &Singular{p}, nil
}

func (u *Singular) Dim() int { return len(u.p) }

// Energy returns U(x).
func (u *Singular) Energy(x []float64) float64 {
	sum := 0.0
	for i, p := range u.p {
		sum += math.Pow(math.Abs(x[i]), p)
	}
	return sum / 2
}

// Gradient writes ½p|w|^{p−1} sign w and returns U.
func (u *Singular) Gradient(dst, x []float64) float64 {
	sum := 0.0
	for i, p := range u.p {
		a := math.Abs(x[i])
		g := math.Pow(a, p-1)
		dst[i] = math.Copysign(0.5*p*g, x[i])
		sum += g * a
	}
	return sum / 2
}

// HessVec writes ½p(p−1)|w|^{p−2} v.
func (u *Singular) HessVec(dst, x, v []float64) {
	for i, p := range u.p {
		dst[i] = 0
		if x[i] != 0 {
			dst[i] = 0.5 * p * (p - 1) * math.Pow(math.Abs(x[i]), p-2) * v[i]
		}
	}
}
