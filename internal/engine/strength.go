package engine

import (
	"context"
	"fmt"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/pathint"
)

// StrengthConfig configures log Z of a euclidean or lagrangian path by a ladder of the
// potential's strength, from an exactly known Gaussian law.
type StrengthConfig struct {
	Method string `toml:"method" enum:"ti|ais" doc:"thermodynamic integration over the strength, or annealed importance sampling from exact draws of the reference"`
	Points int    `toml:"points" range:"[3,1000]" unit:"1" doc:"Gauss–Legendre nodes of ti"`
	Chains int    `toml:"chains" range:"[2,1000]" unit:"1" doc:"chains at each node of ti, from independent draws of the reference"`
	Warm   int    `toml:"warm" range:"[0,inf)" unit:"sweep" doc:"sweeps of ti in which step sizes adapt"`
	Burn   int    `toml:"burn" range:"[0,inf)" unit:"sweep" doc:"sweeps of ti dropped after that"`
	Draws  int    `toml:"draws" range:"[50,inf)" unit:"1" doc:"draws of each chain of ti"`
	Stages int    `toml:"stages" range:"[1,100000]" unit:"1" doc:"stages of ais"`
	Sweeps int    `toml:"sweeps" range:"[0,10000]" unit:"sweep" doc:"sweeps of ais at each stage"`
	Runs   int    `toml:"runs" range:"[50,10000000]" unit:"1" doc:"runs of ais"`
}

// DefaultStrength is the configuration with no key set.
func DefaultStrength() StrengthConfig {
	return StrengthConfig{Method: "ti", Points: 6, Chains: 2, Warm: 50, Burn: 100, Draws: 1000, Stages: 8, Sweeps: 1, Runs: 1000}
}

type strength struct {
	cfg   StrengthConfig
	env   Env
	setup PathSetup
	grid  pathint.Grid
	from  float64 // log Z of the reference
	exact any     // of the potential, nil where it is not known
	limit bool    // exact only as ħ → 0: a product of small oscillations about the start
}

// NewStrength checks the configuration against the model and binds it to a task.
func NewStrength(cfg StrengthConfig, setup PathSetup, env Env, m *Model) (Runner, error) {
	if !setup.Config.quantum() {
		return nil, &KeyError{"path.action", fmt.Sprintf("%q", setup.Config.Action), `"euclidean" or "lagrangian": the ladder is over the strength of their potential`}
	}
	if setup.Config.Tilt != 0 || setup.Config.Start != "fixed" {
		return nil, &KeyError{"path.tilt", fmt.Sprintf("%g with path.start = %q", setup.Config.Tilt, setup.Config.Start), `0 with path.start = "fixed": Z is that of the potential alone`}
	}
	if err := setup.Config.Sets.refuse("Z is that of all paths"); err != nil {
		return nil, err
	}
	if err := setup.check(m); err != nil {
		return nil, err
	}
	s := &strength{cfg: cfg, env: env, setup: setup}
	c, err := setup.Chain(m, 0)
	if err != nil {
		return nil, err
	}
	if _, err := pathint.NewStrength(c); err != nil {
		key := "path." + setup.Config.Action + ".reference"
		return nil, &KeyError{key, fmt.Sprint(setup.Config.table(setup.Config.Action).Reference), err.Error()}
	}
	act := c.Path().Action().(*pathint.Euclidean)
	if c.Path().Ends().IsPeriodic() {
		s.from = act.ReferenceLogZ(setup.Config.Steps)
	}
	if v, err := act.LogZ(c.Path().Ends(), setup.Config.Steps, c.Path().Kappa()); err == nil {
		s.exact = v
	} else if w := smallOscillations(act, setup.Config, m); w != nil && setup.Config.End == "periodic" {
		s.exact, s.limit = act.RingLogZ(w, setup.Config.Steps)-c.Path().Kappa()*float64(setup.Config.Steps)*act.Dt()*act.Potential().Energy(m.Start), true
	}
	s.grid, err = pathint.NewGrid("gauss-legendre", 0, 1, cfg.Points)
	return s, err
}

// StrengthPart is a node of ti or a batch of annealing runs.
type StrengthPart struct {
	Series [][]float64
	LogW   []float64
}

func (s *strength) NewResult() any { return new(StrengthPart) }

func (s *strength) Parts() int {
	if s.cfg.Method == "ti" {
		return s.cfg.Points
	}
	return (s.cfg.Runs + aisRunsPerPart - 1) / aisRunsPerPart
}

func (s *strength) runs(part int) int { return min(aisRunsPerPart, s.cfg.Runs-part*aisRunsPerPart) }

func (s *strength) Work(part int) float64 {
	sweep := float64(s.setup.Config.Steps * len(s.setup.Moves))
	if s.cfg.Method == "ti" {
		return sweep * float64(s.cfg.Chains*(s.cfg.Warm+s.cfg.Burn+s.cfg.Draws))
	}
	return sweep * float64(s.runs(part)*max(1, (s.cfg.Stages-1)*s.cfg.Sweeps))
}

// strengthState is a part on its way: what is done, and the chain at work.
type strengthState struct {
	Done   *StrengthPart
	Sweeps int // of the chain at work; −1 before it starts
	Series []float64
	Source *rng.Stream
	Ladder []byte
}

func (s *strength) ladder() (*pathint.Strength, error) {
	m, err := s.env.NewModel()
	if err != nil {
		return nil, err
	}
	c, err := s.setup.Chain(m, 0)
	if err != nil {
		return nil, err
	}
	return pathint.NewStrength(c)
}

func (s *strength) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	src, result, saved := s.env.Part("log-z/"+s.cfg.Method, part), &StrengthPart{}, strengthState{}
	resumed := SessionOf(ctx).Restore(&saved)
	if resumed {
		*src, result = *saved.Source, saved.Done
	}
	if s.cfg.Method == "ais" {
		return result, s.anneal(ctx, part, src, result, progress)
	}
	for c := len(result.Series); c < s.cfg.Chains; c++ {
		l, err := s.ladder()
		if err != nil {
			return nil, err
		}
		from, series := 0, []float64(nil)
		if resumed {
			from, series, err = saved.Sweeps, saved.Series, unmarshal(l, saved.Ladder)
		} else if err = l.Draw(src); err == nil {
			l.SetLambda(s.grid.Lambda[part])
		}
		if err != nil {
			return nil, err
		}
		resumed = false
		n := s.cfg.Warm + s.cfg.Burn + s.cfg.Draws
		err = sweepsFrom(ctx, from, n, func(i int) {
			if i < s.cfg.Warm {
				l.Warm(1, src)
				return
			}
			l.Sweep(src)
			if i >= s.cfg.Warm+s.cfg.Burn {
				series = append(series, l.Slope())
			}
		}, func(i int) any { return strengthState{result, i, series, src, marshal(l)} },
			func(i int) { progress(s.Work(part) * float64(c*n+i) / float64(n*s.cfg.Chains)) })
		if err != nil {
			return nil, err
		}
		result.Series = append(result.Series, series)
	}
	return result, nil
}

// anneal does the runs of a part; each starts from a draw of its own.
func (s *strength) anneal(ctx context.Context, part int, src *rng.Stream, result *StrengthPart, progress func(float64)) error {
	l, err := s.ladder()
	if err != nil {
		return err
	}
	schedule := pathint.Ramp(0, 1, s.cfg.Stages)
	for i := len(result.LogW); i < s.runs(part); i++ {
		if err := SessionOf(ctx).Offer(ctx, func() any { return strengthState{Done: result, Source: src} }); err != nil {
			return err
		}
		w, err := pathint.Anneal(l, schedule, s.cfg.Sweeps, src)
		if err != nil {
			return err
		}
		result.LogW = append(result.LogW, w)
		progress(s.Work(part) * float64(i+1) / float64(s.runs(part)))
	}
	return nil
}

// estimate is that of log Z: of the ratio to the reference, plus what the reference has.
func (s *strength) estimate(parts []any) pathint.Estimate {
	var e pathint.Estimate
	if s.cfg.Method == "ti" {
		var points []pathint.Point
		for i, p := range parts {
			points = append(points, pathint.Summarise(s.grid.Lambda[i], p.(*StrengthPart).Series))
		}
		e = s.grid.Integrate(points)
	} else {
		var logw []float64
		for _, p := range parts {
			logw = append(logw, p.(*StrengthPart).LogW...)
		}
		e = pathint.Exponential("ais", logw)
	}
	e.LogZ += s.from
	return e
}

// measure names what Z is relative to.
func (s *strength) measure() string {
	if s.setup.Config.End == "periodic" {
		return "Π (m/2πħΔt)^½ dq: Z = tr e^{−βH} of P slices"
	}
	return "Z of the free particle with the same ends" + s.setup.Config.endsMeasure()
}

func (s *strength) Finish(parts []any, out *Output) (Outcome, error) {
	e := s.estimate(parts)
	row := []any{"log_z", e.Estimator, "strength", 1.0, s.measure()}
	if e.Err != nil {
		out.Table(Partition).Add(append(row, nil, nil, nil, nil, s.exact, nil, e.ESS, e.Overlap, "no-estimate: "+e.Err.Error())...)
		return None("log-z: %v", e.Err), nil
	}
	var z any
	if v, ok := s.exact.(float64); ok {
		z = (e.LogZ - v) / e.StdErr()
	}
	status := "ok"
	if e.Caution != "" {
		status = "ok; caution: " + e.Caution
	}
	if s.limit {
		status += "; reference: as ħ → 0"
	}
	out.Table(Partition).Add(append(row, e.LogZ, e.StdErr(), e.StatErr, e.QuadErr, s.exact, z, e.ESS, e.Overlap, status)...)
	outcome := Done()
	outcome.LogZ = &analysis.Estimate{Value: e.LogZ, StdErr: e.StdErr()}
	return outcome, nil
}

// PoolKey is that of all estimates of log Z of a potential.
func (s *strength) PoolKey() string { return "log_z of imaginary-time paths" }

// Pool compares the estimates of one sweep point and replica.
func (s *strength) Pool(tasks []Finished, out *Output) error {
	return poolEstimates("log_z", tasks, out, finalEstimates)
}

func (s *strength) point() (string, float64) { return s.setup.Config.Action, 1 }
