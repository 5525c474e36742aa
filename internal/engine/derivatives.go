package engine

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"machlup/langevin"
)

// DerivativesConfig configures the check of a trainer's analytic derivatives.
type DerivativesConfig struct {
	Difference float64 `toml:"difference" range:"(0,1)" unit:"1" doc:"step h of central differences"`
	Steps      int     `toml:"steps" range:"[0,1000000]" unit:"step" doc:"steps of the map before the configuration that is checked"`
}

// DefaultDerivatives is the configuration with no key set. The step suits piecewise
// linear networks: it is small enough to cross no kink and large enough for rounding.
func DefaultDerivatives() DerivativesConfig {
	return DerivativesConfig{Difference: 1e-6, Steps: 3}
}

// Differentiable is a trainer whose losses and directions on the quenched batch can be
// asked for, one player (block) at a time.
type Differentiable interface {
	BatchLoss(b int, q []float64) float64
	BatchGradient(dst []float64, b int, q []float64)
	BatchDirection(dst []float64, b int, q []float64)
	DenseMetric(dst []float64, b int, q []float64, lambda float64) // JᵀJ/N + λI, Jacobian column by column
	BatchMetric(b int) (damping float64, natural bool)
	BlockRange(b int) (lo, hi int)
}

type derivatives struct {
	cfg DerivativesConfig
	env Env
}

// NewDerivatives checks that the model can be asked and binds the estimator to a task.
func NewDerivatives(cfg DerivativesConfig, env Env, m *Model) (Runner, error) {
	if _, ok := m.Map.(Differentiable); (!ok || !m.Quenched) && m.Potential == nil {
		return nil, fmt.Errorf("derivatives are checked on a potential, or on the quenched batch of a GAN: set noise.kind to \"injected\" or \"none\"")
	}
	return &derivatives{cfg, env}, nil
}

// DerivativesPart is the relative error of each derivative.
type DerivativesPart struct {
	Names  []string
	Errors []float64
}

func (d *derivatives) Parts() int       { return 1 }
func (d *derivatives) Work(int) float64 { return 1000 }
func (d *derivatives) NewResult() any   { return new(DerivativesPart) }

func (d *derivatives) Run(context.Context, int, func(float64)) (any, error) {
	m, err := d.env.NewModel()
	if err != nil {
		return nil, err
	}
	if d.cfg.Steps > 0 {
		if err := Advance(m, d.cfg.Steps, d.env.Own("derivatives")); err != nil {
			return nil, err
		}
	}
	part := &DerivativesPart{}
	add := func(name string, err float64) {
		part.Names, part.Errors = append(part.Names, name), append(part.Errors, err)
	}
	if m.Potential != nil {
		d.potential(m, add)
	}
	t, trainer := m.Map.(Differentiable)
	for b, player := range []string{"discriminator", "generator"} {
		if !trainer || !hasParameters(t, b) {
			continue
		}
		gradient := d.centralGradient(t, b, m.Start)
		if damping, natural := t.BatchMetric(b); natural {
			exact := make([]float64, len(gradient))
			t.BatchGradient(exact, b, m.Start)
			add("gradient of the "+player, relative(exact, gradient))
			add("natural gradient of the "+player, relative(direction(t, b, m.Start), denseSolve(t, b, m.Start, damping, exact)))
			continue
		}
		add("gradient of the "+player, relative(direction(t, b, m.Start), gradient))
	}
	if m.NoLinear == nil {
		add("tangent of the step", d.tangent(m))
	}
	if o, ok := m.Observer.(langevin.GradientObserver); ok {
		for i, obs := range o.Observables() {
			add("gradient of "+obs.Name, d.observable(o, i, m.Start))
		}
	}
	return part, nil
}

// hasParameters is false for a discriminator that is solved for.
func hasParameters(t Differentiable, b int) bool {
	lo, hi := t.BlockRange(b)
	return lo < hi
}

// potential holds the gradient against differences of the energy, and the Hessian along a
// random direction against differences of the gradient.
func (d *derivatives) potential(m *Model, add func(name string, err float64)) {
	u, n := m.Potential, m.Potential.Dim()
	x, g, numeric := clone(m.Start[:n]), make([]float64, n), make([]float64, n)
	u.Gradient(g, x)
	for i := range x {
		numeric[i] = d.central(x, i, func() float64 { return u.Energy(x) })
	}
	add("gradient of the potential", relative(g, numeric))
	h, ok := u.(langevin.HessianVector)
	if !ok {
		return
	}
	v, up, down := make([]float64, n), make([]float64, n), make([]float64, n)
	d.env.Own("derivatives/Hessian direction").Normals(v)
	h.HessVec(g, x, v)
	for i := range x {
		x[i] = m.Start[i] + d.cfg.Difference*v[i]
	}
	u.Gradient(up, x)
	for i := range x {
		x[i] = m.Start[i] - d.cfg.Difference*v[i]
	}
	u.Gradient(down, x)
	for i := range numeric {
		numeric[i] = (up[i] - down[i]) / (2 * d.cfg.Difference)
	}
	add("Hessian of the potential", relative(g, numeric))
}

func direction(t Differentiable, b int, q []float64) []float64 {
	lo, hi := t.BlockRange(b)
	dst := make([]float64, hi-lo)
	t.BatchDirection(dst, b, q)
	return dst
}

// centralGradient differentiates the player's loss by its own parameters.
func (d *derivatives) centralGradient(t Differentiable, b int, q []float64) []float64 {
	lo, hi := t.BlockRange(b)
	x, g := clone(q), make([]float64, hi-lo)
	for i := lo; i < hi; i++ {
		g[i-lo] = d.central(x, i, func() float64 { return t.BatchLoss(b, x) })
	}
	return g
}

// central is (f(x+h) − f(x−h))/2h along coordinate i.
func (d *derivatives) central(x []float64, i int, f func() float64) float64 {
	keep := x[i]
	x[i] = keep + d.cfg.Difference
	up, xu := f(), x[i]
	x[i] = keep - d.cfg.Difference
	down, xd := f(), x[i]
	x[i] = keep
	return (up - down) / (xu - xd)
}

// denseSolve solves F x = g with the explicit metric.
func denseSolve(t Differentiable, b int, q []float64, damping float64, g []float64) []float64 {
	n := len(g)
	f := make([]float64, n*n)
	t.DenseMetric(f, b, q, damping)
	var chol mat.Cholesky
	if !chol.Factorize(mat.NewSymDense(n, f)) {
		return nil
	}
	var sol mat.VecDense
	if err := chol.SolveVecTo(&sol, mat.NewVecDense(n, g)); err != nil {
		return nil
	}
	return sol.RawVector().Data
}

// tangent compares M·v with a central difference of the noise-free step along a random v.
func (d *derivatives) tangent(m *Model) float64 {
	n := m.Map.Dim()
	state, v := make([]float64, n), make([]float64, n)
	m.Map.Init(state, m.Start)
	d.env.Own("derivatives/direction").Normals(v)
	analytic, up, down, x := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	m.Linear.JVP(analytic, state, v)
	xi := make([]float64, m.Map.Inputs())
	for _, side := range []struct {
		sign float64
		dst  []float64
	}{{1, up}, {-1, down}} {
		for i := range x {
			x[i] = state[i] + side.sign*d.cfg.Difference*v[i]
		}
		m.Map.Step(side.dst, x, xi)
	}
	for i := range up {
		up[i] = (up[i] - down[i]) / (2 * d.cfg.Difference)
	}
	return relative(analytic, up)
}

func (d *derivatives) observable(o langevin.GradientObserver, i int, q []float64) float64 {
	x, g, numeric := clone(q), make([]float64, len(q)), make([]float64, len(q))
	values := make([]float64, len(o.Observables()))
	o.ObserveGradient(g, i, q)
	for j := range x {
		numeric[j] = d.central(x, j, func() float64 { o.Observe(values, x); return values[i] })
	}
	return relative(g, numeric)
}

// relative is |a − b|/|b|; NaN if b is missing.
func relative(a, b []float64) float64 {
	if len(a) != len(b) {
		return math.NaN()
	}
	num, den := 0.0, 0.0
	for i := range a {
		num += (a[i] - b[i]) * (a[i] - b[i])
		den += b[i] * b[i]
	}
	return math.Sqrt(num / den)
}

// Finish writes the relative errors to summary.csv.
func (d *derivatives) Finish(parts []any, out *Output) (Outcome, error) {
	p := parts[0].(*DerivativesPart)
	for i, name := range p.Names {
		out.Table(Summary).Add("relative error: "+name, p.Errors[i], nil, 0.0, nil, "1",
			fmt.Sprintf("against central differences at h = %g", d.cfg.Difference))
	}
	return Done(), nil
}
