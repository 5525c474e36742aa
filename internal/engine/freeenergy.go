package engine

import (
	"context"
	"fmt"
	"math"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/langevin"
	"machlup/pathint"
)

// FreeEnergyConfig configures ln Z₁/Z₀ between e^{−U/T} and e^{−cU/T} of a potential,
// Z = ∫e^{−U/T}dx, or between its named prior and e^{−U/T}, by the same estimators that serve
// path tilts.
type FreeEnergyConfig struct {
	Method     string  `toml:"method" enum:"ti|ais|bidirectional|smc|laplace" doc:"thermodynamic integration; annealed importance sampling; annealing both ways with Bennett's ratio; annealing with resampling; or the Gaussian integrals about the minima near the start, with their correction"`
	Reference  string  `toml:"reference" enum:"potential|prior" doc:"potential: ln Z of cU relative to that of U; prior: ln Z of U relative to the system's named prior, normalised to 1"`
	Scale      float64 `toml:"scale" range:"(0,inf)" unit:"1" doc:"c of U₁ = cU; not used with reference = \"prior\""`
	Rule       string  `toml:"rule" enum:"gauss-legendre|trapezoid" doc:"quadrature of ti"`
	Points     int     `toml:"points" range:"[3,1000]" unit:"1" doc:"nodes of ti"`
	Chains     int     `toml:"chains" range:"[2,1000]" unit:"1" doc:"chains at each node of ti"`
	Draws      int     `toml:"draws" range:"[50,inf)" unit:"1" doc:"draws of each chain of ti"`
	Stages     int     `toml:"stages" range:"[1,100000]" unit:"1" doc:"stages of annealing"`
	Runs       int     `toml:"runs" range:"[50,10000000]" unit:"1" doc:"annealing runs (in each direction); passes of smc; draws of laplace"`
	Particles  int     `toml:"particles" range:"[2,1000000]" unit:"1" doc:"particles of a pass of smc"`
	Warm       int     `toml:"warm" range:"[0,inf)" unit:"sweep" doc:"sweeps that adapt the step size (a Metropolis-adjusted Langevin step each)"`
	Step       float64 `toml:"step" range:"(0,inf)" unit:"1" doc:"ε of the step; the start value where it adapts"`
	Unadjusted bool    `toml:"unadjusted" doc:"accept every step: Euler–Maruyama with its discretisation bias, for comparison"`
}

// DefaultFreeEnergy is the configuration with no key set.
func DefaultFreeEnergy() FreeEnergyConfig {
	return FreeEnergyConfig{Method: "ti", Reference: "potential", Scale: 4, Rule: "gauss-legendre", Points: 8, Chains: 4, Draws: 2000, Stages: 20, Runs: 1000, Particles: 20, Warm: 500, Step: 0.2}
}

type freeEnergy struct {
	cfg     FreeEnergyConfig
	env     Env
	grid    pathint.Grid
	measure string // what Z is relative to
}

// NewFreeEnergy checks the configuration against the model and binds it to a task.
func NewFreeEnergy(cfg FreeEnergyConfig, env Env, m *Model) (Runner, error) {
	if err := m.boltzmann("configurational Z", "path.tilt with ti or ais gives a path Z"); err != nil {
		return nil, err
	}
	prior := cfg.Reference == "prior"
	if prior && m.Reference == nil {
		return nil, &KeyError{"reference", `"prior"`, `"potential": system ` + m.Kind + " has no named prior"}
	}
	if !prior && cfg.Method != "ti" && cfg.Method != "laplace" && m.Draw == nil {
		return nil, &KeyError{"method", fmt.Sprintf("%q", cfg.Method), `"ti" or "laplace": annealing needs exact draws of e^{−U/T}, which system ` + m.Kind + " does not have"}
	}
	if cfg.Unadjusted && cfg.Method != "ti" {
		return nil, &KeyError{"unadjusted", "true", "false: annealing needs kernels that leave each law invariant"}
	}
	grid, err := pathint.NewGrid(cfg.Rule, 0, 1, cfg.Points)
	f := &freeEnergy{cfg: cfg, env: env, grid: grid, measure: "Z of the same potential at scale 1 (Lebesgue measure)"}
	if prior {
		f.measure = m.Reference.Measure
	}
	if cfg.Unadjusted {
		return f, err
	}
	return &pooledFreeEnergy{f}, err
}

// boltzmann refuses a model without a potential whose e^{−U/T} has an integral.
func (m *Model) boltzmann(what, instead string) error {
	if m.Potential == nil && m.NoPotential != nil {
		return fmt.Errorf("there is no %s: %w", what, m.NoPotential)
	}
	if m.Potential == nil {
		return fmt.Errorf("system %s has no potential, so there is no %s; %s", m.Kind, what, instead)
	}
	if u, ok := m.Potential.(interface{ Normalisable() error }); ok {
		return u.Normalisable()
	}
	return nil
}

// FreeEnergyPart is a node of TI, or the annealing runs.
type FreeEnergyPart struct {
	Series     [][]float64
	LogF, LogR []float64
	Laplace    *LaplacePart
}

func (f *freeEnergy) NewResult() any { return new(FreeEnergyPart) }

func (f *freeEnergy) Parts() int {
	if f.cfg.Method == "ti" {
		return len(f.grid.Lambda)
	}
	return 1
}

func (f *freeEnergy) Work(int) float64 {
	if f.cfg.Method == "ti" {
		return float64(f.cfg.Chains * (f.cfg.Warm + f.cfg.Draws))
	}
	switch f.cfg.Method {
	case "laplace":
		return float64(f.cfg.Runs)
	case "smc":
		return float64(f.cfg.Runs * f.cfg.Particles * f.cfg.Stages)
	}
	return float64(f.cfg.Runs * f.cfg.Stages)
}

// scaled is cU/T.
type scaled struct {
	u langevin.Potential
	c float64
}

func (s scaled) Dim() int                   { return s.u.Dim() }
func (s scaled) Energy(x []float64) float64 { return s.c * s.u.Energy(x) }
func (s scaled) Gradient(dst, x []float64) float64 {
	u := s.u.Gradient(dst, x)
	for i := range dst {
		dst[i] *= s.c
	}
	return s.c * u
}

func (f *freeEnergy) ladder() (*pathint.Potentials, error) {
	spec, _, err := f.spec()
	if err != nil {
		return nil, err
	}
	return pathint.NewPotentials(spec)
}

// spec is the ladder to be made, and where its chains start if not at the origin.
func (f *freeEnergy) spec() (spec pathint.PotentialsSpec, start []float64, err error) {
	m, err := f.env.NewModel()
	if err != nil {
		return spec, nil, err
	}
	spec = pathint.PotentialsSpec{From: scaled{m.Potential, 1 / m.Temperature}, To: scaled{m.Potential, f.cfg.Scale / m.Temperature},
		Step: f.cfg.Step, Target: 0.6, Unadjusted: f.cfg.Unadjusted}
	if f.cfg.Unadjusted {
		spec.Target = 0
	}
	draw := m.Draw
	if f.cfg.Reference == "prior" {
		spec.From, spec.To, draw = m.Reference.Potential, scaled{m.Potential, 1 / m.Temperature}, m.Reference.Draw
	}
	if draw != nil {
		spec.Draw = func(x []float64, src pathint.Source) { draw(x, src) }
	}
	return spec, m.Start, nil
}

// freeEnergyState is a part on its way: what is done, and the ladder at work.
type freeEnergyState struct {
	Done   *FreeEnergyPart
	Steps  int // of the chain that is running
	Series []float64
	Source *rng.Stream
	Ladder []byte
}

func (f *freeEnergy) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	src := f.env.Part("free-energy/"+f.cfg.Method, part)
	if f.cfg.Method == "ti" {
		return f.node(ctx, f.grid.Lambda[part], src, progress)
	}
	if f.cfg.Method == "laplace" {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return f.expand(src)
	}
	l, err := f.ladder()
	if err != nil {
		return nil, err
	}
	result, saved := &FreeEnergyPart{}, freeEnergyState{}
	if SessionOf(ctx).Restore(&saved) {
		*src, result = *saved.Source, saved.Done
		if err := unmarshal(l, saved.Ladder); err != nil {
			return nil, err
		}
	} else {
		l.SetLambda(0.5)
		l.Warm(f.cfg.Warm, src)
	}
	state := func() any { return freeEnergyState{Done: result, Source: src, Ladder: marshal(l)} }
	schedule := pathint.Ramp(0, 1, f.cfg.Stages)
	for i := len(result.LogF); i < f.cfg.Runs; i++ {
		if i%64 == 0 {
			if err := SessionOf(ctx).Offer(ctx, state); err != nil {
				return nil, err
			}
			progress(float64(i * f.cfg.Stages))
		}
		w, err := f.forward(l, schedule, src)
		if err != nil {
			return nil, err
		}
		result.LogF = append(result.LogF, w)
	}
	if f.cfg.Method == "bidirectional" {
		if len(result.LogR) == 0 {
			l.SetLambda(1)
		}
		for i := len(result.LogR); i < f.cfg.Runs; i++ {
			if i%8 == 0 {
				if err := SessionOf(ctx).Offer(ctx, state); err != nil {
					return nil, err
				}
			}
			for range 50 { // to equilibrium at λ = 1 again
				l.Sweep(src)
			}
			result.LogR = append(result.LogR, pathint.AnnealBack(l, schedule, 1, src))
			l.SetLambda(1)
		}
	}
	return result, nil
}

// forward is the log weight of one run of annealing, or log Z of one pass of smc.
func (f *freeEnergy) forward(l *pathint.Potentials, schedule []float64, src *rng.Stream) (float64, error) {
	if f.cfg.Method != "smc" {
		return pathint.Anneal(l, schedule, 1, src)
	}
	v, _, err := pathint.SMC{Schedule: schedule, Particles: f.cfg.Particles, Sweeps: 1, Threshold: 0.5}.Run(l, src)
	return v, err
}

// expand is Laplace's method at both ends.
func (f *freeEnergy) expand(src *rng.Stream) (any, error) {
	spec, start, err := f.spec()
	if err != nil {
		return nil, err
	}
	e, err := pathint.LaplacePotentials(spec, start, f.cfg.Reference == "prior", f.cfg.Runs, src)
	return &FreeEnergyPart{Laplace: laplacePart(e, err)}, nil
}

// node runs the chains of one node of ti.
func (f *freeEnergy) node(ctx context.Context, lambda float64, src *rng.Stream, progress func(float64)) (any, error) {
	result, saved := &FreeEnergyPart{}, freeEnergyState{}
	resumed := SessionOf(ctx).Restore(&saved)
	if resumed {
		*src, result = *saved.Source, saved.Done
	}
	for c := len(result.Series); c < f.cfg.Chains; c++ {
		l, err := f.ladder()
		if err != nil {
			return nil, err
		}
		from, series := 0, []float64(nil)
		if resumed {
			from, series, err = saved.Steps, saved.Series, unmarshal(l, saved.Ladder)
			if err != nil {
				return nil, err
			}
			resumed = false
		} else {
			l.SetLambda(lambda)
		}
		n := f.cfg.Warm + f.cfg.Draws
		for i := from; i < n; i++ {
			if i%512 == 0 {
				state := func() any { return freeEnergyState{result, i, series, src, marshal(l)} }
				if err := SessionOf(ctx).Offer(ctx, state); err != nil {
					return nil, err
				}
				progress(float64(c*n + i))
			}
			if i < f.cfg.Warm {
				l.Warm(1, src)
				continue
			}
			l.Sweep(src)
			series = append(series, l.Slope())
		}
		result.Series = append(result.Series, series)
	}
	return result, nil
}

func (f *freeEnergy) estimate(parts []any) pathint.Estimate {
	if f.cfg.Method == "ti" {
		var points []pathint.Point
		for i, p := range parts {
			points = append(points, pathint.Summarise(f.grid.Lambda[i], p.(*FreeEnergyPart).Series))
		}
		return f.grid.Integrate(points)
	}
	p := parts[0].(*FreeEnergyPart)
	switch f.cfg.Method {
	case "ais", "smc":
		e := pathint.Exponential(f.cfg.Method, p.LogF)
		if err := f.infiniteVariance(); err != nil && e.Err == nil {
			e.Err = err
		}
		return e
	case "laplace":
		return p.Laplace.estimate()
	}
	e, _ := pathint.Bidirectional(p.LogF, p.LogR)
	return e
}

// infiniteVariance refuses weights of which it is known: those of the first stage, from U to c₁U,
// have the second moment Z(2c₁−1)/Z(1), infinite for c₁ ≤ ½. Their tail may hide it.
func (f *freeEnergy) infiniteVariance() error {
	first := 1 + (f.cfg.Scale-1)/float64(f.cfg.Stages)
	if f.cfg.Reference == "prior" || first > 0.5 {
		return nil
	}
	return &analysis.Refusal{Reason: analysis.InfiniteVariance, Quantity: "annealing of a potential (its multiple after the first stage)", Found: first, Limit: 0.5,
		Advice: "the weights of the first stage have infinite variance: more stages, or go from the wide potential to the narrow one"}
}

func (f *freeEnergy) Finish(parts []any, out *Output) (Outcome, error) {
	e := f.estimate(parts)
	status, value, stat, quad, total := "ok", e.LogZ, e.StatErr, e.QuadErr, e.StdErr()
	if e.Err != nil {
		status = "no-estimate: " + e.Err.Error()
		value, stat, quad, total = math.NaN(), math.NaN(), math.NaN(), math.NaN()
	} else if e.Caution != "" {
		status = "ok; caution: " + e.Caution
	} else if f.cfg.Unadjusted {
		status = "ok; contains the discretisation bias of Euler–Maruyama at this step"
	}
	quantity, parameter, at := "log_z_ratio", "scale", any(f.cfg.Scale)
	if f.cfg.Reference == "prior" {
		quantity, parameter, at = "log_z", "", nil
	}
	if f.cfg.Method == "laplace" {
		parts[0].(*FreeEnergyPart).Laplace.writeSaddle(parameter, at, f.measure, out)
	}
	out.Table(Partition).Add(quantity, e.Estimator, parameter, at, f.measure,
		value, total, stat, quad, nil, nil, e.ESS, e.Overlap, status)
	if e.Err != nil {
		return None("free energy: %v", e.Err), nil
	}
	outcome := Done()
	outcome.LogZ = &analysis.Estimate{Value: e.LogZ, StdErr: e.StdErr()}
	return outcome, nil
}

// A pooledFreeEnergy is compared with others of the same ratio: two estimators must agree before
// it is called converged. Those with the bias of an unadjusted chain take no part.
type pooledFreeEnergy struct{ *freeEnergy }

// PoolKey is that of all estimates of one ratio.
func (f *pooledFreeEnergy) PoolKey() string {
	if f.cfg.Reference == "prior" {
		return "log_z relative to the prior"
	}
	return fmt.Sprintf("log_z relative to the potential at scale 1, scale %v", f.cfg.Scale)
}

// Pool compares the estimates of one sweep point and replica.
func (f *pooledFreeEnergy) Pool(tasks []Finished, out *Output) error {
	quantity := fmt.Sprintf("log_z_ratio at scale %v", f.cfg.Scale)
	if f.cfg.Reference == "prior" {
		quantity = "log_z"
	}
	return poolEstimates(quantity, tasks, out, func(t Finished) []pathint.Estimate {
		return []pathint.Estimate{t.Runner.(*pooledFreeEnergy).estimate(t.Parts)}
	})
}
