package engine

import (
	"fmt"
	"math"

	"machlup/langevin"
	"machlup/pathint"
)

// Imaginary is the table [path.euclidean] or [path.lagrangian]: the action
// ΣΔt(½‖q̇‖²_F ± strength·V) of the system's potential V, F = diag(mass).
type Imaginary struct {
	Dt        float64   `toml:"dt" range:"[0,inf)" unit:"time" doc:"Δt of a step; 0: time/path.steps"`
	Time      float64   `toml:"time" range:"[0,inf)" unit:"time" doc:"KΔt of the whole path, βħ of a periodic one; 0: path.steps·dt"`
	Mass      []float64 `toml:"mass" range:"(0,inf)" unit:"1" doc:"diagonal of the metric F: one value for all components, or one each; 1/N for quantile, whose coordinates are N particles of mass 1/N"`
	Strength  float64   `toml:"strength" range:"(0,inf)" unit:"1" doc:"multiplies V; 1/N for quantile, whose energy is N times the functional"`
	Wall      float64   `toml:"wall" range:"[0,inf)" unit:"1" doc:"R: beyond |q_i − start_i| = R a harmonic wall ½·wall_stiffness·(|q_i − start_i| − R)² is added to the strength times V; 0: none"`
	WallK     float64   `toml:"wall_stiffness" range:"(0,inf)" unit:"1" doc:"its stiffness"`
	Reference float64   `toml:"reference" range:"[0,inf)" unit:"1/time" doc:"ω of the harmonic potential about the start that log-z integrates from, needed on a ring, 0 otherwise: the free particle"`
}

// DefaultImaginary is the configuration with no key set.
func DefaultImaginary() Imaginary {
	return Imaginary{Mass: []float64{1}, Strength: 1, WallK: 1}
}

// quantum tells whether the action is one of imaginary time rather than a law of the trainer.
func (c PathConfig) quantum() bool { return c.Action == "euclidean" || c.Action == "lagrangian" }

// table is the configuration of the named action.
func (c PathConfig) table(name string) Imaginary {
	if name == "lagrangian" {
		return c.Lagrangian
	}
	return c.Euclidean
}

// imaginary returns the action of a model's potential.
func (c PathConfig) imaginary(m *Model, name string) (*pathint.Euclidean, error) {
	t, key := c.table(name), "path."+name
	if m.Potential == nil {
		why := "system " + m.Kind + " has none"
		if m.NoPotential != nil {
			why = m.NoPotential.Error()
		}
		return nil, &KeyError{"path.action", fmt.Sprintf("%q", name), `"onsager-machlup" or "innovation": the action needs a potential: ` + why}
	}
	dt := t.Dt
	switch {
	case dt > 0 && t.Time > 0 && math.Abs(dt*float64(c.Steps)-t.Time) > 1e-12*t.Time:
		return nil, &KeyError{key + ".time", fmt.Sprint(t.Time), fmt.Sprintf("0 with dt = %g, or %g = dt·path.steps", dt, dt*float64(c.Steps))}
	case dt == 0 && t.Time == 0:
		return nil, &KeyError{key + ".dt", "0", "a positive number, or time > 0"}
	case dt == 0:
		dt = t.Time / float64(c.Steps)
	}
	spec := pathint.EuclideanSpec{Potential: t.potential(m), Dt: dt, Mass: t.Mass, Reference: t.Reference, Centre: m.Start}
	if name == "lagrangian" {
		return pathint.NewLagrangian(spec)
	}
	return pathint.NewEuclidean(spec)
}

// potential is strength·V with the wall.
func (t Imaginary) potential(m *Model) langevin.Potential {
	if t.Strength == 1 && t.Wall == 0 {
		return m.Potential
	}
	return &walled{m.Potential, t, append([]float64(nil), m.Start...)}
}

// walled is a potential with a strength, in a box with harmonic walls.
type walled struct {
	u     langevin.Potential
	t     Imaginary
	start []float64
}

func (w *walled) Dim() int { return w.u.Dim() }

// beyond is how far a component is past its wall, signed.
func (w *walled) beyond(i int, x float64) float64 {
	if d := x - w.start[i]; w.t.Wall > 0 && math.Abs(d) > w.t.Wall {
		return d - math.Copysign(w.t.Wall, d)
	}
	return 0
}

func (w *walled) Energy(x []float64) float64 {
	e := w.t.Strength * w.u.Energy(x)
	for i, xi := range x {
		d := w.beyond(i, xi)
		e += 0.5 * w.t.WallK * d * d
	}
	return e
}

func (w *walled) Gradient(dst, x []float64) float64 {
	e := w.t.Strength * w.u.Gradient(dst, x)
	for i, xi := range x {
		d := w.beyond(i, xi)
		dst[i] = w.t.Strength*dst[i] + w.t.WallK*d
		e += 0.5 * w.t.WallK * d * d
	}
	return e
}

// Growth is that of V, and of the wall where there is one.
func (w *walled) Growth() langevin.Growth {
	v, ok := w.u.(langevin.Grower)
	if !ok {
		return langevin.Growth{Confining: w.t.Wall > 0, Power: math.NaN()}
	}
	g := v.Growth()
	for i := range g.Curvature {
		g.Curvature[i] *= w.t.Strength
	}
	if w.t.Wall == 0 {
		return g
	}
	if g.Power < 2 {
		g.Curvature, g.Centre = make([]float64, w.Dim()), w.start
	}
	for i := range g.Curvature {
		g.Curvature[i] += w.t.WallK
	}
	if !math.IsNaN(g.Power) {
		g.Power = max(g.Power, 2)
	}
	g.Confining, g.Harmonic = true, false
	return g
}
