package langevin

import (
	"fmt"
	"math"
)

// LinearGameConfig is the drift f = −(aI + bJ)x on the plane, J = [[0, −1], [1, 0]].
type LinearGameConfig struct {
	Damping     float64 `toml:"damping" range:"[0,inf)" unit:"1" doc:"a: each player's own curvature"`
	Rotation    float64 `toml:"rotation" range:"(-inf,inf)" unit:"1" doc:"b: the zero-sum coupling, which turns (x, y) and has no potential"`
	Alternating bool    `toml:"alternating" doc:"update x first, then y with the updated x, instead of both at once"`
}

// LinearGame is the drift f = −(aI + bJ)x of a two-player game with a zero-sum coupling,
// the local form of adversarial training: f_x = −ax + by, f_y = −ay − bx. For b ≠ 0 it
// is no gradient and its steady state carries a current.
type LinearGame struct {
	a, b        float64
	alternating bool
}

// NewLinearGame returns the drift.
func NewLinearGame(c LinearGameConfig) (*LinearGame, error) {
	if !(c.Damping >= 0) || math.IsInf(c.Damping, 1) {
		return nil, fmt.Errorf("langevin: linear-game: damping is %v: it must be zero or positive, and finite", c.Damping)
	}
	if math.IsNaN(c.Rotation) || math.IsInf(c.Rotation, 0) {
		return nil, fmt.Errorf("langevin: linear-game: rotation is %v: it must be finite", c.Rotation)
	}
	return &LinearGame{c.Damping, c.Rotation, c.Alternating}, nil
}

func (f *LinearGame) Dim() int { return 2 }

// Parts is one block of both players, or x then y when alternating.
func (f *LinearGame) Parts() []Part {
	if f.alternating {
		return []Part{{"x", 0, 1}, {"y", 1, 2}}
	}
	return []Part{{"x", 0, 2}}
}

// Players are x and y, whichever way they move.
func (f *LinearGame) Players() []Part { return []Part{{"x", 0, 1}, {"y", 1, 2}} }

// Drift writes f(x).
func (f *LinearGame) Drift(dst, x []float64) {
	dst[0] = -f.a*x[0] + f.b*x[1]
	dst[1] = -f.a*x[1] - f.b*x[0]
}

// DriftJVP writes −(aI + bJ)v.
func (f *LinearGame) DriftJVP(dst, _, v []float64) { f.Drift(dst, v) }

// DriftVJP writes −(aI − bJ)w.
func (f *LinearGame) DriftVJP(dst, _, w []float64) {
	dst[0] = -f.a*w[0] - f.b*w[1]
	dst[1] = -f.a*w[1] + f.b*w[0]
}
