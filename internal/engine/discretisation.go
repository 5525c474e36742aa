package engine

import (
	"context"
	"fmt"
	"math"

	"machlup/internal/rng"
	"machlup/pathint"
)

// DiscretisationConfig configures the discretisation bias of thermodynamic integration run
// with plain Euler–Maruyama, between e^{−U/T} and e^{−cU/T}, or from the named prior.
type DiscretisationConfig struct {
	Reference string  `toml:"reference" enum:"potential|prior" doc:"potential: from U to cU; prior: from the system's named prior to U"`
	Scale     float64 `toml:"scale" range:"(0,inf)" unit:"1" doc:"c of U₁ = cU; not used with reference = \"prior\""`
	Rule      string  `toml:"rule" enum:"gauss-legendre|trapezoid" doc:"quadrature"`
	Points    int     `toml:"points" range:"[3,1000]" unit:"1" doc:"nodes"`
	Chains    int     `toml:"chains" range:"[2,1000]" unit:"1" doc:"chains at each node"`
	Burn      int     `toml:"burn" range:"[0,inf)" unit:"step" doc:"steps dropped"`
	Draws     int     `toml:"draws" range:"[50,inf)" unit:"1" doc:"draws of each chain, a step of the coarsest each"`
	Step      float64 `toml:"step" range:"(0,inf)" unit:"1" doc:"ε of the coarsest chain; others run at ε/2 and ε/4 on common random numbers"`
}

// DefaultDiscretisation is the configuration with no key set.
func DefaultDiscretisation() DiscretisationConfig {
	return DiscretisationConfig{Reference: "potential", Scale: 4, Rule: "gauss-legendre", Points: 6, Chains: 2, Burn: 200, Draws: 5000, Step: 0.1}
}

// discretisation is a node of integration a part.
type discretisation struct {
	freeEnergy
	cfg DiscretisationConfig
}

// NewDiscretisation checks the configuration against the model and binds it to a task.
func NewDiscretisation(cfg DiscretisationConfig, env Env, m *Model) (Runner, error) {
	like := DefaultFreeEnergy()
	like.Reference, like.Scale, like.Rule, like.Points, like.Step, like.Unadjusted = cfg.Reference, cfg.Scale, cfg.Rule, cfg.Points, cfg.Step, true
	r, err := NewFreeEnergy(like, env, m)
	if err != nil {
		return nil, err
	}
	return &discretisation{*r.(*freeEnergy), cfg}, nil
}

// DiscretisationPart is the slope of every chain at each of the three steps.
type DiscretisationPart struct{ Series [][][]float64 } // by chain, step and draw

func (d *discretisation) Parts() int     { return len(d.grid.Lambda) }
func (d *discretisation) NewResult() any { return new(DiscretisationPart) }
func (d *discretisation) Work(int) float64 {
	return float64(7 * d.cfg.Chains * (d.cfg.Burn + d.cfg.Draws))
}

// discretisationState is a part on its way: chains done, and the one that is running.
type discretisationState struct {
	Done   [][][]float64
	Steps  int
	Source *rng.Stream
	State  []float64
	Series [][]float64
}

func (d *discretisation) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	src, result := d.env.Part("discretisation", part), &DiscretisationPart{}
	var saved *discretisationState
	if s := new(discretisationState); SessionOf(ctx).Restore(s) {
		saved, result.Series, *src = s, s.Done, *s.Source
	}
	n := d.cfg.Burn + d.cfg.Draws
	for c := len(result.Series); c < d.cfg.Chains; c++ {
		spec, start, err := d.spec()
		if err != nil {
			return nil, err
		}
		e, err := pathint.NewEulerRefinement(spec.From, spec.To, d.cfg.Step, start)
		if err != nil {
			return nil, err
		}
		e.SetLambda(d.grid.Lambda[part])
		series, from := make([][]float64, 3), 0
		if saved != nil {
			e.Restore(saved.State)
			series, from, saved = saved.Series, saved.Steps, nil
		}
		diverged := -1
		err = sweepsFrom(ctx, from, n, func(i int) {
			e.Sweep(src)
			for r, v := range e.Slopes() {
				if i >= d.cfg.Burn {
					series[r] = append(series[r], v)
				}
				if diverged < 0 && math.IsNaN(v-v) {
					diverged = i + 1
				}
			}
		}, func(i int) any { return discretisationState{result.Series, i, src, e.Save(nil), series} },
			func(i int) { progress(float64(7 * (c*n + i))) })
		if err != nil {
			return nil, err
		}
		if diverged >= 0 {
			return nil, &Divergence{What: fmt.Sprintf("plain Euler–Maruyama at λ = %.3g; lower step (it is stable below 2 over the largest curvature)", d.grid.Lambda[part]), Step: diverged}
		}
		result.Series = append(result.Series, series)
	}
	return result, nil
}

// combination is the integral of a combination of the three slopes.
func (d *discretisation) combination(parts []any, weight [3]float64) pathint.Estimate {
	var points []pathint.Point
	for i, p := range parts {
		var series [][]float64
		for _, c := range p.(*DiscretisationPart).Series {
			x := make([]float64, len(c[0]))
			for r, w := range weight {
				for k, v := range c[r] {
					x[k] += w * v
				}
			}
			series = append(series, x)
		}
		points = append(points, pathint.Summarise(d.grid.Lambda[i], series))
	}
	return d.grid.Integrate(points)
}

// remainder is the size of what an extrapolation with terms c₁ε + c₂ε² leaves out, twice
// |c₃ε³|/8 with c₃ as if the coefficients fell geometrically.
func (d *discretisation) remainder(parts []any) float64 {
	first, second := d.combination(parts, [3]float64{1, -1, 0}).LogZ, d.combination(parts, [3]float64{0, 1, -1}).LogZ
	two := 8.0 / 3 * (first - 2*second)
	one := 2*first - 1.5*two
	return math.Min(two*two/math.Abs(one), math.Abs(two)) / 4
}

// Finish writes log Z as each step gives it, the bias of each, as the difference from the value
// extrapolated to ε = 0 with terms of order ε and ε² (Richardson), and that value.
func (d *discretisation) Finish(parts []any, out *Output) (Outcome, error) {
	zero := [3]float64{1.0 / 3, -2, 8.0 / 3}
	var refused error
	left := d.remainder(parts)
	row := func(quantity string, step float64, weight [3]float64, remainder float64, status string) {
		e := d.combination(parts, weight)
		e.QuadErr = math.Hypot(e.QuadErr, remainder)
		value, stat, quad, total := e.LogZ, e.StatErr, e.QuadErr, e.StdErr()
		if e.Err != nil {
			status, refused = "no-estimate: "+e.Err.Error(), e.Err
			value, stat, quad, total = math.NaN(), math.NaN(), math.NaN(), math.NaN()
		}
		out.Table(Partition).Add(quantity, e.Estimator, "step", step, d.measure, value, total, stat, quad, nil, nil, e.ESS, nil, status)
	}
	const extrapolated = "; extrapolated with terms of order ε and ε² on common random numbers, the remainder is in quadrature_error"
	for r := range 3 {
		step := d.cfg.Step / float64(int(1)<<r)
		var own, bias [3]float64
		own[r] = 1
		for i, w := range zero {
			bias[i] = own[i] - w
		}
		row("log_z_at_step", step, own, 0, "ok; contains the discretisation bias of Euler–Maruyama at this step")
		row("discretisation_bias", step, bias, left, "ok"+extrapolated)
	}
	row("log_z_extrapolated", 0, zero, left, "ok"+extrapolated)
	if refused != nil {
		return None("discretisation: %v", refused), nil
	}
	return Done(), nil
}
