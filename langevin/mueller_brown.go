package langevin

import (
	"fmt"
	"math"
)

// MuellerBrownConfig is the Müller–Brown surface times a scale.
type MuellerBrownConfig struct {
	Scale float64 `toml:"scale" range:"(0,inf)" unit:"1" doc:"factor of the energy; 1 gives the published surface, whose barriers are about 40 and 100"`
}

// MuellerBrown is the two-dimensional surface with three minima,
// U = c Σ_k A_k exp(a_k(x−X_k)² + b_k(x−X_k)(y−Y_k) + c_k(y−Y_k)²).
// Its deepest minimum is U = −146.69951720995 at (−0.55822363, 1.44172584) for c = 1.
//
// Müller & Brown, Theor. Chim. Acta 53 (1979) 75, footnote 7.
type MuellerBrown struct{ scale float64 }

// NewMuellerBrown returns the potential.
func NewMuellerBrown(c MuellerBrownConfig) (*MuellerBrown, error) {
	if !(c.Scale > 0) || math.IsInf(c.Scale, 1) {
		return nil, fmt.Errorf("langevin: mueller-brown: scale is %v: it must be positive and finite", c.Scale)
	}
	return &MuellerBrown{c.Scale}, nil
}

var muellerBrown = [4]struct{ amp, a, b, c, x, y float64 }{
	{-200, -1, 0, -10, 1, 0},
	{-100, -1, 0, -10, 0, 0.5},
	{-170, -6.5, 11, -6.5, -0.5, 1.5},
	{15, 0.7, 0.6, 0.7, -1, 1},
}

func (u *MuellerBrown) Dim() int { return 2 }

// Energy returns U(x).
func (u *MuellerBrown) Energy(x []float64) float64 {
	sum := 0.0
	for _, t := range muellerBrown {
		dx, dy := x[0]-t.x, x[1]-t.y
		sum += t.amp * math.Exp(t.a*dx*dx+t.b*dx*dy+t.c*dy*dy)
	}
	return u.scale * sum
}

// Gradient writes ∇U and returns U.
func (u *MuellerBrown) Gradient(dst, x []float64) float64 {
	var sum, gx, gy float64
	for _, t := range muellerBrown {
		dx, dy := x[0]-t.x, x[1]-t.y
		e := t.amp * math.Exp(t.a*dx*dx+t.b*dx*dy+t.c*dy*dy)
		sum += e
		gx += e * (2*t.a*dx + t.b*dy)
		gy += e * (t.b*dx + 2*t.c*dy)
	}
	dst[0], dst[1] = u.scale*gx, u.scale*gy
	return u.scale * sum
}

// HessVec writes ∇²U·v.
func (u *MuellerBrown) HessVec(dst, x, v []float64) {
	var xx, xy, yy float64
	for _, t := range muellerBrown {
		dx, dy := x[0]-t.x, x[1]-t.y
		e := t.amp * math.Exp(t.a*dx*dx+t.b*dx*dy+t.c*dy*dy)
		px, py := 2*t.a*dx+t.b*dy, t.b*dx+2*t.c*dy
		xx += e * (px*px + 2*t.a)
		xy += e * (px*py + t.b)
		yy += e * (py*py + 2*t.c)
	}
	dst[0] = u.scale * (xx*v[0] + xy*v[1])
	dst[1] = u.scale * (xy*v[0] + yy*v[1])
}
