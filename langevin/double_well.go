package langevin

import (
	"fmt"
	"math"
)

// DoubleWellConfig is U = Σ_i [ h((x_i/a)² − 1)² − t x_i ].
type DoubleWellConfig struct {
	Dim     int     `toml:"dim" range:"[1,1000000]" unit:"1" doc:"number of independent coordinates"`
	Barrier float64 `toml:"barrier" range:"(0,inf)" unit:"1" doc:"h, height of the barrier when tilt = 0"`
	Minimum float64 `toml:"minimum" range:"(0,inf)" unit:"1" doc:"a, the minima are at ±a when tilt = 0"`
	Tilt    float64 `toml:"tilt" range:"(-inf,inf)" unit:"1" doc:"t of the linear term −tx; positive favours the right well"`
}

// DoubleWell is a quartic double well in each coordinate. With h = a = 1 and t = 0.25 it
// is (x² − 1)² − x/4.
type DoubleWell struct {
	n       int
	h, a, t float64
}

// NewDoubleWell returns the potential.
func NewDoubleWell(c DoubleWellConfig) (*DoubleWell, error) {
	switch {
	case c.Dim < 1:
		return nil, fmt.Errorf("langevin: double-well: dim is %d: it must be at least 1", c.Dim)
	case !(c.Barrier > 0) || math.IsInf(c.Barrier, 1):
		return nil, fmt.Errorf("langevin: double-well: barrier is %v: it must be positive and finite", c.Barrier)
	case !(c.Minimum > 0) || math.IsInf(c.Minimum, 1):
		return nil, fmt.Errorf("langevin: double-well: minimum is %v: it must be positive and finite", c.Minimum)
	case math.IsNaN(c.Tilt) || math.IsInf(c.Tilt, 0):
		return nil, fmt.Errorf("langevin: double-well: tilt is %v: it must be finite", c.Tilt)
	}
	return &DoubleWell{c.Dim, c.Barrier, c.Minimum, c.Tilt}, nil
}

func (u *DoubleWell) Dim() int { return u.n }

// Energy returns U(x).
func (u *DoubleWell) Energy(x []float64) float64 {
	sum := 0.0
	for _, xi := range x[:u.n] {
		y := xi / u.a
		d := y*y - 1
		sum += u.h*d*d - u.t*xi
	}
	return sum
}

// Gradient writes ∇U and returns U.
func (u *DoubleWell) Gradient(dst, x []float64) float64 {
	sum := 0.0
	for i, xi := range x[:u.n] {
		y := xi / u.a
		d := y*y - 1
		dst[i] = 4*u.h*d*y/u.a - u.t
		sum += u.h*d*d - u.t*xi
	}
	return sum
}

// GradientRows writes ∇U of each row: it treats every coordinate alike.
func (u *DoubleWell) GradientRows(dst, x []float64) {
	dst = dst[:len(x)]
	for i, xi := range x {
		y := xi / u.a
		d := y*y - 1
		dst[i] = 4*u.h*d*y/u.a - u.t
	}
}

// HessVec writes ∇²U·v.
func (u *DoubleWell) HessVec(dst, x, v []float64) {
	c := 4 * u.h / (u.a * u.a)
	for i, xi := range x[:u.n] {
		y := xi / u.a
		dst[i] = c * (3*y*y - 1) * v[i]
	}
}
