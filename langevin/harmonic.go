package langevin

import (
	"fmt"
	"math"
)

// HarmonicConfig is the potential U = ½ Σ k_i x_i².
type HarmonicConfig struct {
	Dim       int       `toml:"dim" range:"[1,1000000]" unit:"1" doc:"number of coordinates"`
	Stiffness []float64 `toml:"stiffness" range:"(0,inf)" unit:"1" doc:"k of U = ½kx²: one value for all coordinates, or one each"`
}

// Harmonic is U = ½ Σ k_i x_i².
type Harmonic struct{ k []float64 }

// NewHarmonic returns the potential, or an error for a stiffness that is not positive or
// a list of the wrong length.
func NewHarmonic(c HarmonicConfig) (*Harmonic, error) {
	k, err := perCoordinate("harmonic: stiffness", c.Stiffness, c.Dim, 0)
	if err != nil {
		return nil, err
	}
	return &Harmonic{k}, nil
}

// perCoordinate expands one value to n, and refuses values that are not above min.
func perCoordinate(name string, values []float64, n int, min float64) ([]float64, error) {
	if n < 1 {
		return nil, fmt.Errorf("langevin: %s: dim is %d: it must be at least 1", name, n)
	}
	if len(values) != 1 && len(values) != n {
		return nil, fmt.Errorf("langevin: %s has %d values for %d coordinates: give one, or one each", name, len(values), n)
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = values[i%len(values)]
		if !(out[i] > min) || math.IsInf(out[i], 1) {
			return nil, fmt.Errorf("langevin: %s has the value %v: it must be above %v and finite", name, out[i], min)
		}
	}
	return out, nil
}

func (u *Harmonic) Dim() int { return len(u.k) }

// Energy returns U(x).
func (u *Harmonic) Energy(x []float64) float64 {
	sum := 0.0
	for i, k := range u.k {
		sum += k * x[i] * x[i]
	}
	return sum / 2
}

// Gradient writes kx and returns U.
func (u *Harmonic) Gradient(dst, x []float64) float64 {
	sum := 0.0
	dst, x = dst[:len(u.k)], x[:len(u.k)]
	for i, k := range u.k {
		g := k * x[i]
		dst[i] = g
		sum += g * x[i]
	}
	return sum / 2
}

// GradientRows writes kx for each row.
func (u *Harmonic) GradientRows(dst, x []float64) {
	if len(u.k) == 1 {
		k := u.k[0]
		dst = dst[:len(x)]
		for i, xi := range x {
			dst[i] = k * xi
		}
		return
	}
	for n := len(u.k); len(x) >= n; dst, x = dst[n:], x[n:] {
		u.HessVec(dst, nil, x)
	}
}

// HessVec writes kv.
func (u *Harmonic) HessVec(dst, _, v []float64) {
	for i, k := range u.k {
		dst[i] = k * v[i]
	}
}

// Draw writes an exact draw of e^{−U/T}.
func (u *Harmonic) Draw(x []float64, temperature float64, src Source) {
	src.Normals(x[:len(u.k)])
	for i, k := range u.k {
		x[i] *= math.Sqrt(temperature / k)
	}
}
