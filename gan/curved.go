package gan

import (
	"fmt"
	"math"
)

// CurvedConfig is a generated point x = θ + (a/κ) sin κθ, a critic ψx, data at 0: the smallest game
// whose pull-back metric F = (1 + a cos κθ)² + λ depends on the parameter. With the Wasserstein
// loss, weight decay and a critic that does not move the generator has a potential in one
// dimension, U = γθ²/2 − ψx(θ), against which metric noise and its corrections are tested.
type CurvedConfig struct {
	Amplitude float64 `toml:"amplitude" range:"(-1,1)" unit:"1" doc:"a of x = θ + (a/κ) sin κθ"`
	Wave      float64 `toml:"wave" range:"(0,inf)" unit:"1" doc:"κ of x = θ + (a/κ) sin κθ"`
	Theta     float64 `toml:"theta" unit:"1" doc:"θ of step 0"`
	Psi       float64 `toml:"psi" unit:"1" doc:"ψ of step 0"`
}

// DefaultCurved starts at (0, 1).
func DefaultCurved() CurvedConfig { return CurvedConfig{Amplitude: 0.6, Wave: 1.5, Psi: 1} }

// Game returns the curved game.
func (c CurvedConfig) Game(Target) (Game, error) {
	if !(math.Abs(c.Amplitude) < 1) || !(c.Wave > 0) || math.IsInf(c.Wave, 1) {
		return Game{}, fmt.Errorf("gan: the curved game has amplitude %v and wave %v, allowed are |amplitude| < 1 and finite wave > 0", c.Amplitude, c.Wave)
	}
	g, err := Game{Target: origin{1}}.players(fixed{1}, []float64{c.Theta}, scaledInputs{[]float64{1}}, []float64{c.Psi})
	if err != nil {
		return g, err
	}
	g.Generator = curvedPoint{g.Generator, c}
	return g, nil
}

// curvedPoint is the generator x(θ), of no input.
type curvedPoint struct {
	Network // its shape and start
	c       CurvedConfig
}

func (n curvedPoint) newStages(rows int) stages { return &curvedPass{c: n.c} }

// A curvedPass is the stages of a curvedPoint: all rows are the same point.
type curvedPass struct {
	c           CurvedConfig
	rows, lo    int
	count       uint64
	in, out     []float64 // the caller's
	slope, bend float64   // x′ and x″
	d, rd       []float64 // cotangents and their tangents; the caller's
}

func (p *curvedPass) forward(out, params, in []float64, rows int) {
	p.lo, p.rows, p.in, p.out = 0, rows, in, out
	p.count++
	sin, cos := math.Sincos(p.c.Wave * params[0])
	fill(out[:rows], params[0]+p.c.Amplitude/p.c.Wave*sin)
	p.slope, p.bend = 1+p.c.Amplitude*cos, -p.c.Amplitude*p.c.Wave*sin
}

func (p *curvedPass) evaluate(out, params, in []float64, rows int) { p.forward(out, params, in, rows) }

func (p *curvedPass) use(lo, hi int)     { p.lo, p.rows = lo, hi-lo }
func (p *curvedPass) runs() uint64       { return p.count }
func (p *curvedPass) outputs() []float64 { return p.out[p.lo : p.lo+p.rows] }
func (p *curvedPass) inputs() []float64  { return nil }
func (p *curvedPass) enableTangents()    {}
func (p *curvedPass) enableSeconds()     {}

func (p *curvedPass) cotangents(_, dOut []float64) { p.d = dOut[:p.rows] }
func (p *curvedPass) gradient(grad []float64)      { grad[0] = p.slope * total(p.d) }

func (p *curvedPass) backward(grad, params, dOut []float64) {
	p.cotangents(params, dOut)
	p.gradient(grad)
}

func (p *curvedPass) backwardInput(_, _, _ []float64)                   {}
func (p *curvedPass) inputCotangent(_, _ []float64, _, _ int)           {}
func (p *curvedPass) tangentInputCotangent(_, _, _ []float64, _, _ int) {}

func (p *curvedPass) tangent(rout, _, v, _ []float64) {
	x := 0.0
	if v != nil {
		x = p.slope * v[0]
	}
	fill(rout[:p.rows], x)
}

func (p *curvedPass) tangentCotangents(_, _, rdOut []float64) { p.rd = rdOut[:p.rows] }

func (p *curvedPass) tangentGradient(rgrad, v []float64) {
	rgrad[0] = p.slope * total(p.rd)
	if v != nil {
		rgrad[0] += p.bend * v[0] * total(p.d)
	}
}

func (p *curvedPass) mixedTangent(out, _, v1, _, v2 []float64) {
	x := 0.0
	if v1 != nil {
		x = p.bend * v1[0] * v2[0]
	}
	fill(out[:p.rows], x)
}

func total(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum
}
