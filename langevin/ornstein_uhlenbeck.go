package langevin

// OUConfig is the Ornstein–Uhlenbeck drift f = −λ(x − m).
type OUConfig struct {
	Dim  int       `toml:"dim" range:"[1,1000000]" unit:"1" doc:"number of coordinates"`
	Rate []float64 `toml:"rate" range:"(0,inf)" unit:"1" doc:"relaxation rate λ: one value for all coordinates, or one each"`
	Mean float64   `toml:"mean" range:"(-inf,inf)" unit:"1" doc:"m, the mean of every coordinate"`
}

// OU is U = ½ Σ λ_i (x_i − m)², the Ornstein–Uhlenbeck process.
type OU struct {
	rate []float64
	mean float64
}

// NewOU returns the process, or an error for a rate that is not positive or a list of
// the wrong length.
func NewOU(c OUConfig) (*OU, error) {
	rate, err := perCoordinate("ou: rate", c.Rate, c.Dim, 0)
	if err != nil {
		return nil, err
	}
	return &OU{rate, c.Mean}, nil
}

func (u *OU) Dim() int { return len(u.rate) }

// Energy returns U(x).
func (u *OU) Energy(x []float64) float64 {
	sum := 0.0
	for i, k := range u.rate {
		d := x[i] - u.mean
		sum += k * d * d
	}
	return sum / 2
}

// Gradient writes λ(x − m) and returns U.
func (u *OU) Gradient(dst, x []float64) float64 {
	sum := 0.0
	for i, k := range u.rate {
		d := x[i] - u.mean
		dst[i] = k * d
		sum += k * d * d
	}
	return sum / 2
}

// GradientRows writes λ(x − m) for each row.
func (u *OU) GradientRows(dst, x []float64) {
	if len(u.rate) == 1 {
		k, mean := u.rate[0], u.mean
		dst = dst[:len(x)]
		for i, xi := range x {
			dst[i] = k * (xi - mean)
		}
		return
	}
	for n := len(u.rate); len(x) >= n; dst, x = dst[n:], x[n:] {
		for i, k := range u.rate {
			dst[i] = k * (x[i] - u.mean)
		}
	}
}

// HessVec writes λv.
func (u *OU) HessVec(dst, _, v []float64) {
	for i, k := range u.rate {
		dst[i] = k * v[i]
	}
}
