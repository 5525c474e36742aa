package engine

import (
	"context"
	"fmt"
	"math"

	"machlup/internal/rng"
	"machlup/pathint"
)

// SMCConfig configures sequential Monte Carlo over the tilt or over time.
type SMCConfig struct {
	Over      string  `toml:"over" enum:"tilt|time" doc:"tilt: particles are whole paths, reweighted from s = 0 to path.tilt and moved by sweeps; time: particles run forward and are weighted by exp(−s o) after every step, which needs no move"`
	Particles int     `toml:"particles" range:"[2,1000000]" unit:"1" doc:"particles of a pass"`
	Runs      int     `toml:"runs" range:"[50,1000000]" unit:"1" doc:"independent passes, whose spread is the error bar"`
	Threshold float64 `toml:"threshold" range:"[0,1]" unit:"1" doc:"resample when the effective number falls below this fraction of the particles"`
	Stages    int     `toml:"stages" range:"[0,100000]" unit:"1" doc:"over = \"tilt\": equal steps of s; 0: a schedule that a pilot pass finds and all others share"`
	Overlap   float64 `toml:"overlap" range:"(0,1)" unit:"1" doc:"over = \"tilt\", stages = 0: effective fraction of the particles after each stage of the pilot's schedule"`
	Sweeps    int     `toml:"sweeps" range:"[0,10000]" unit:"sweep" doc:"over = \"tilt\": sweeps at each intermediate s"`
}

// DefaultSMC is the configuration with no key set.
func DefaultSMC() SMCConfig {
	return SMCConfig{Over: "tilt", Particles: 32, Runs: 100, Threshold: 0.5, Overlap: 0.8, Sweeps: 1}
}

// Moveless tells that no move is needed over time.
func (c SMCConfig) Moveless() bool { return c.Over == "time" }

// smc is a batch of passes a part.
type smc struct {
	partition
	cfg     SMCConfig
	lengths []int // over time: steps at which a pass is read
}

const smcRunsPerPart = 16

// NewSMC checks the configuration against the model and binds it to a task.
func NewSMC(cfg SMCConfig, setup PathSetup, env Env, m *Model) (Runner, error) {
	name := "smc"
	if cfg.Over == "time" {
		name = "particle-filter"
	}
	p, err := newPartition(name, setup, env, m)
	if err != nil {
		return nil, err
	}
	if setup.Config.End != "free" {
		return nil, &KeyError{"path.end", fmt.Sprintf("%q", setup.Config.End), `"free": particles start from exact forward draws`}
	}
	if err := setup.drawable(m); err != nil {
		return nil, err
	}
	s := &smc{p, cfg, []int{setup.Config.Steps}}
	if cfg.Over == "time" {
		if !setup.ofTheMap() {
			return nil, &KeyError{"path.action", fmt.Sprintf("%q", setup.Config.Action), `"onsager-machlup" or "innovation", the law of the map's own forward steps, which are all that the filter makes`}
		}
		return s, s.tryFilter(m)
	}
	return s, nil
}

// ofTheMap tells whether the law of the paths is that of the system's forward map.
func (p PathSetup) ofTheMap() bool {
	return p.Config.Action == "onsager-machlup" || p.Config.Action == "innovation"
}

// tryFilter refuses a filter before a run: a pass of one step.
func (s *smc) tryFilter(m *Model) error {
	f, err := s.filter(m)
	if err != nil {
		return err
	}
	f.Particles, f.At = 2, []int{1}
	_, err = f.Run(rng.New(1, 0, "a filter of one step", ""))
	return err
}

// SMCPart is log Z of each pass at each length, and over time the mean of O.
type SMCPart struct {
	LogZ, Mean [][]float64 // by length and pass
	Resampled  int
}

func (s *smc) Parts() int     { return (s.cfg.Runs + smcRunsPerPart - 1) / smcRunsPerPart }
func (s *smc) NewResult() any { return new(SMCPart) }
func (s *smc) runs(part int) int {
	return min(smcRunsPerPart, s.cfg.Runs-part*smcRunsPerPart)
}

// Work takes a schedule of a pilot to have ten stages; a particle is recomputed at each.
func (s *smc) Work(part int) float64 {
	per := s.lengths[len(s.lengths)-1]
	if s.cfg.Over == "tilt" {
		stages := s.cfg.Stages
		if stages == 0 {
			stages = 10
		}
		per *= 1 + (stages-1)*(1+s.cfg.Sweeps*len(s.setup.Moves))
	}
	return float64(s.runs(part) * s.cfg.Particles * per)
}

// smcState is a part between two passes.
type smcState struct {
	Source *rng.Stream
	Result *SMCPart
}

func (s *smc) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := s.env.NewModel()
	if err != nil {
		return nil, err
	}
	pass, err := s.pass(m)
	if err != nil {
		return nil, err
	}
	n := len(s.lengths)
	src, result, saved := s.stream(part), &SMCPart{LogZ: make([][]float64, n), Mean: make([][]float64, n)}, smcState{}
	if SessionOf(ctx).Restore(&saved) {
		*src, result = *saved.Source, saved.Result
	}
	for i := len(result.LogZ[0]); i < s.runs(part); i++ {
		if err := SessionOf(ctx).Offer(ctx, func() any { return smcState{src, result} }); err != nil {
			return nil, err
		}
		points, resampled, err := pass(src)
		if err != nil {
			return nil, err
		}
		for j, p := range points {
			result.LogZ[j], result.Mean[j] = append(result.LogZ[j], p.LogZ), append(result.Mean[j], p.Mean)
		}
		result.Resampled += resampled
		progress(s.Work(part) * float64(i+1) / float64(s.runs(part)))
	}
	return result, nil
}

// pass returns what makes one pass.
func (s *smc) pass(m *Model) (func(src pathint.Source) ([]pathint.FilterPoint, int, error), error) {
	if s.cfg.Over == "time" {
		f, err := s.filter(m)
		if err != nil {
			return nil, err
		}
		return func(src pathint.Source) ([]pathint.FilterPoint, int, error) {
			p, err := f.Run(src)
			return p, 0, err
		}, nil
	}
	chain, err := s.setup.Chain(m, 0)
	if err != nil {
		return nil, err
	}
	l, err := pathint.NewTilted(chain)
	if err != nil {
		return nil, err
	}
	schedule := pathint.Ramp(0, s.setup.Config.Tilt, max(1, s.cfg.Stages))
	if s.cfg.Stages == 0 {
		// The pilot draws from a stream of its own: every part finds the same schedule.
		pilot := s.env.Own(s.name + "/" + s.setup.Config.Action + "/pilot")
		if schedule, err = pathint.AdaptSchedule(l, s.setup.Config.Tilt, max(64, s.cfg.Particles), s.cfg.Sweeps, s.cfg.Overlap, pilot); err != nil {
			return nil, startDiverged(chain, err)
		}
	}
	sampler := pathint.SMC{Schedule: schedule, Particles: s.cfg.Particles, Sweeps: s.cfg.Sweeps, Threshold: s.cfg.Threshold}
	return func(src pathint.Source) ([]pathint.FilterPoint, int, error) {
		v, resampled, err := sampler.Run(l, src)
		if err != nil {
			err = startDiverged(chain, err)
		}
		return []pathint.FilterPoint{{LogZ: v, Mean: math.NaN()}}, resampled, err
	}, nil
}

func (s *smc) filter(m *Model) (pathint.ParticleFilter, error) {
	c := s.setup.Config
	ends, err := s.setup.ends(m)
	if err != nil {
		return pathint.ParticleFilter{}, err
	}
	law, _ := ends.Density().(pathint.Drawable)
	return pathint.ParticleFilter{Map: m.Map, Start: m.Start, Density: law, Observer: m.Observer, Tilt: pathint.Tilt{Observable: c.Observable, S: c.Tilt},
		Hbar: c.Hbar, Particles: s.cfg.Particles, Threshold: s.cfg.Threshold, At: s.lengths}, nil
}

// points are those of all passes at length number i.
func (s *smc) points(parts []any, i int) []pathint.FilterPoint {
	var out []pathint.FilterPoint
	for _, p := range parts {
		r := p.(*SMCPart)
		for j := range r.LogZ[i] {
			out = append(out, pathint.FilterPoint{LogZ: r.LogZ[i][j], Mean: r.Mean[i][j]})
		}
	}
	return out
}

func (s *smc) estimate(parts []any) pathint.Estimate {
	e, _ := pathint.FilterEstimate(s.points(parts, len(s.lengths)-1))
	e.Estimator = s.name
	return e
}

// Finish writes the estimate, and over time the mean of O of the tilted paths.
func (s *smc) Finish(parts []any, out *Output) (Outcome, error) {
	e := s.estimate(parts)
	if s.cfg.Over == "time" && e.Err == nil {
		_, mean := pathint.FilterEstimate(s.points(parts, 0))
		s.meanRow("s", s.setup.Config.Tilt, mean.Value, mean.StdErr, e.ESS, out)
	}
	return s.write(e, s.setup.Config.Tilt, out), nil
}

func (s *smc) meanRow(parameter string, at, mean, stderr, ess float64, out *Output) {
	out.Table(Partition).Add("mean_tilt_observable", s.name, parameter, at, s.setup.measure(), mean, stderr, stderr, nil, nil, nil, ess, nil, "ok")
}
