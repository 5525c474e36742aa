package engine

import (
	"context"
	"fmt"
	"math"

	"machlup/analysis"
	"machlup/internal/record"
	"machlup/langevin"
)

// StationaryConfig configures time averages along long chains.
type StationaryConfig struct {
	Chains int `toml:"chains" range:"[1,100000]" unit:"1" doc:"independent chains, from the task's start"`
	Warmup int `toml:"warmup" range:"[0,inf)" unit:"step" doc:"steps dropped at the beginning of each chain"`
	Steps  int `toml:"steps" range:"[1,inf)" unit:"step" doc:"steps averaged over, per chain"`
	Every  int `toml:"every" range:"[1,inf)" unit:"step" doc:"interval between draws"`

	TraceEvery int `toml:"trace_every" range:"[0,inf)" unit:"draw" doc:"interval of the draws in trace.csv; 0: none"`

	Extrapolate int `toml:"extrapolate" range:"[0,8]" unit:"1" doc:"p of the leading error η^p in the step: averages are extrapolated to step 0 over the points that differ in the step alone; 0: not"`

	Memory bool `toml:"memory" doc:"also average what the scheme names of its memory: velocity, acceptance, ratio of the acceptance test"`
}

// DefaultStationary is the configuration with no key set.
func DefaultStationary() StationaryConfig {
	return StationaryConfig{Chains: 4, Warmup: 1000, Steps: 10000, Every: 1}
}

type stationary struct {
	cfg  StationaryConfig
	env  Env
	cols []record.Column
	obs  int // leading columns, of the configuration
	size float64
	eta  float64 // time of a step
}

// NewStationary binds the estimator to a task.
func NewStationary(cfg StationaryConfig, env Env, m *Model) (Runner, error) {
	if cfg.Steps/cfg.Every < 100 {
		return nil, &KeyError{"steps", fmt.Sprintf("%d draws a chain (steps / every)", cfg.Steps/cfg.Every), "at least 100: fewer have no autocorrelation time"}
	}
	if m.NoStationary != nil {
		return nil, m.NoStationary
	}
	s := &stationary{cfg: cfg, env: env, cols: observableColumns(m.Observer), size: float64(m.Map.Config()), eta: m.Eta}
	s.obs = len(s.cols)
	if cfg.Memory {
		memory, ok := m.Map.(langevin.StateObserver)
		if !ok || len(memory.StateObservables()) == 0 {
			return nil, &KeyError{"memory", "true for a scheme whose memory has no observables", "false; or true with momentum, a splitting, sghmc, mala or hmc"}
		}
		for _, o := range memory.StateObservables() {
			s.cols = append(s.cols, record.Column{Name: o.Name, Unit: o.Unit, Doc: o.Doc})
		}
	}
	if cfg.Extrapolate > 0 {
		return &extrapolating{Runner: s, order: cfg.Extrapolate, eta: m.Eta, series: s.series, reference: boltzmannMeans(m), common: env.Coupling == ""}, nil
	}
	return s, nil
}

// series are the draws of each observable, chain by chain.
func (s *stationary) series(parts []any) []steppedSeries {
	var out []steppedSeries
	for o, col := range s.cols {
		q := steppedSeries{Name: col.Name}
		for _, p := range parts {
			q.Chains = append(q.Chains, p.(*StationaryPart).Series[o])
		}
		out = append(out, q)
	}
	return out
}

// StationaryPart is one chain.
type StationaryPart struct {
	DivergedStep int
	Series       [][]float64 // observable × draw
	Chain        int
	End          []float64 // last configuration, where it is kept
}

// FinalStates is the one, if it is kept.
func (p *StationaryPart) FinalStates() []FinalState {
	if p.End == nil {
		return nil
	}
	return []FinalState{{p.Chain, p.End}}
}

func (s *stationary) Parts() int       { return s.cfg.Chains }
func (s *stationary) Work(int) float64 { return float64(s.cfg.Warmup + s.cfg.Steps) }
func (s *stationary) NewResult() any   { return new(StationaryPart) }

// stationaryState is a part on its way.
type stationaryState struct {
	Trajectory TrajectoryState
	Series     [][]float64
}

func (s *stationary) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := s.env.NewModel()
	if err != nil {
		return nil, err
	}
	t := newTrajectory(m, s.env.Part("stationary", part))
	result := &StationaryPart{Chain: part, DivergedStep: -1, Series: make([][]float64, len(s.cols))}
	for o := range result.Series {
		result.Series[o] = make([]float64, 0, s.cfg.Steps/s.cfg.Every)
	}
	session, saved := SessionOf(ctx), stationaryState{}
	if session.Restore(&saved) {
		if err := t.restore(saved.Trajectory); err != nil {
			return nil, err
		}
		for o := range result.Series {
			result.Series[o] = append(result.Series[o], saved.Series[o]...)
		}
	}
	state := func() any { return stationaryState{t.save(), result.Series} }
	values := make([]float64, len(s.cols))
	for t.k < s.cfg.Warmup+s.cfg.Steps {
		if t.k%1024 == 0 {
			if err := session.Offer(ctx, state); err != nil {
				return nil, err
			}
			progress(float64(t.k))
		}
		if !t.step() {
			result.DivergedStep = t.k
			return result, nil
		}
		if t.k <= s.cfg.Warmup || (t.k-s.cfg.Warmup)%s.cfg.Every != 0 {
			continue
		}
		m.Observer.Observe(values[:s.obs], t.config())
		if s.cfg.Memory {
			m.Map.(langevin.StateObserver).ObserveState(values[s.obs:], t.state)
		}
		for o, v := range values {
			result.Series[o] = append(result.Series[o], v)
		}
	}
	if keepFinal(part, len(t.config())) {
		result.End = clone(t.config())
	}
	return result, nil
}

// Finish writes phase.csv: a row per observable, pooled over chains.
func (s *stationary) Finish(parts []any, out *Output) (Outcome, error) {
	for _, p := range parts {
		if k := p.(*StationaryPart).DivergedStep; k >= 0 {
			return Outcome{Status: Diverged, DivergedStep: k, Note: "a chain diverged: there is no stationary law at this step size"}, nil
		}
	}
	s.writeTrace(parts, out)
	outcome := Done()
	for o, col := range s.cols {
		chains := make([][]float64, len(parts))
		for i, p := range parts {
			chains[i] = p.(*StationaryPart).Series[o]
		}
		tau := analysis.AutocorrelationChains(chains)
		if err := analysis.CheckEquilibration(chains); err != nil { // what says so stays
			tau.Mean, tau.StdErr = math.NaN(), math.NaN()
			if outcome.Status == OK {
				outcome = None("%s: %v", col.Name, err)
			}
		}
		out.Table(Phase).Add(s.size, col.Name, tau.Mean, tau.StdErr, tau.Tau, tau.ESS, analysis.RHat(chains))
	}
	return outcome, nil
}

// writeTrace writes every TraceEvery-th draw of each chain.
func (s *stationary) writeTrace(parts []any, out *Output) {
	if s.cfg.TraceEvery == 0 {
		return
	}
	values := make([]float64, 1+len(s.cols))
	for c, p := range parts {
		series := p.(*StationaryPart).Series
		for i := s.cfg.TraceEvery - 1; i < len(series[0]); i += s.cfg.TraceEvery {
			step := s.cfg.Warmup + (i+1)*s.cfg.Every
			values[0] = float64(step) * s.eta
			for o := range s.cols {
				values[1+o] = series[o][i]
			}
			out.Table(Trace(s.cols)).AddFloats([]int{c, i, step}, values)
		}
	}
}

// Bytes counts the draws in the parts and in the trace: phase.csv has a row for each
// observable.
func (s *stationary) Bytes() float64 {
	draws := float64(s.cfg.Chains) * float64(s.cfg.Steps/s.cfg.Every) * float64(len(s.cols))
	bytes := partBytes * draws
	if s.cfg.TraceEvery > 0 {
		bytes += 2 * cellBytes * draws / float64(s.cfg.TraceEvery)
	}
	return bytes
}
