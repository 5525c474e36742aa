package engine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"sort"

	"machlup/analysis"
	"machlup/internal/record"
	"machlup/internal/rng"
	"machlup/pathint"
)

// TransitionPathsConfig configures the transition path ensemble: paths that start in A and end
// in B, and the committor along them.
type TransitionPathsConfig struct {
	Chains int `toml:"chains" range:"[2,1000]" unit:"1" doc:"independent chains, each from its own first path into B"`
	Warm   int `toml:"warm" range:"[0,inf)" unit:"sweep" doc:"sweeps in which step sizes adapt"`
	Burn   int `toml:"burn" range:"[0,inf)" unit:"sweep" doc:"sweeps dropped after that"`
	Draws  int `toml:"draws" range:"[50,inf)" unit:"1" doc:"draws kept of each chain"`
	Thin   int `toml:"thin" range:"[1,inf)" unit:"sweep" doc:"sweeps between draws"`
	Paths  int `toml:"paths" range:"[0,10000]" unit:"1" doc:"draws of each chain, evenly spaced, along which the committor is measured"`
	Slices int `toml:"slices" range:"[2,100000]" unit:"1" doc:"slices of each of them, evenly spaced from the last in A to the first in B"`
	Shots  int `toml:"shots" range:"[2,1000000]" unit:"1" doc:"forward trajectories from each slice"`
	Within int `toml:"within" range:"[0,inf)" unit:"step" doc:"steps in which a shot must reach A or B; 0: ten times path.steps"`
	Bins   int `toml:"bins" range:"[4,10000]" unit:"1" doc:"bins of the histogram of transition times"`
}

// DefaultTransitionPaths is the configuration with no key set.
func DefaultTransitionPaths() TransitionPathsConfig {
	return TransitionPathsConfig{Chains: 2, Warm: 100, Burn: 200, Draws: 1000, Thin: 1, Paths: 4, Slices: 9, Shots: 100, Bins: 30}
}

// Committor is the schema of committor.csv for the selected observables.
func Committor(observables []record.Column) record.Schema {
	return record.Schema{Name: "committor", Doc: "probability of reaching B before A, along sampled transition paths",
		Columns: append([]record.Column{colTask, colChain, integer("draw", "1", "draw of the chain"), integer("slice", "step", "slice k of its path"),
			float("committor", "1", "fraction of the shots that reached B before A"),
			float("committor_stderr", "1", "its standard error, binomial, with one shot added to either side so that it is never 0"),
			integer("shots", "1", "forward trajectories that reached A or B"), integer("undecided", "1", "those that reached neither in time"), colStatus}, observables...)}
}

type transitionPaths struct {
	cfg   TransitionPathsConfig
	env   Env
	setup PathSetup
	cols  []record.Column
	eta   float64
}

// NewTransitionPaths checks the configuration against the model and binds it to a task.
func NewTransitionPaths(cfg TransitionPathsConfig, setup PathSetup, env Env, m *Model) (Runner, error) {
	t := &transitionPaths{cfg: cfg, env: env, setup: setup, cols: observableColumns(m.Observer), eta: m.Eta}
	if t.cfg.Within == 0 {
		t.cfg.Within = 10 * setup.Config.Steps
	}
	if _, err := setup.Config.Sets.need(m); err != nil {
		return nil, err
	}
	if setup.Config.End != "free" || setup.Config.Hbar != 1 || setup.Config.Tilt != 0 {
		return nil, &KeyError{"path.tilt", fmt.Sprintf("end = %q, hbar = %v, tilt = %v", setup.Config.End, setup.Config.Hbar, setup.Config.Tilt), "a free end, ħ = 1 and no tilt: transition paths are those of the dynamics itself"}
	}
	if cfg.Paths > cfg.Draws {
		return nil, &KeyError{"paths", fmt.Sprint(cfg.Paths), fmt.Sprintf("at most draws = %d", cfg.Draws)}
	}
	if m.Map.Dim() > m.Map.Config() && setup.Config.Action != "innovation" && cfg.Paths > 0 {
		return nil, &KeyError{"path.action", fmt.Sprintf("%q", setup.Config.Action), `"innovation", or paths = 0: the committor belongs to the whole state, and slices of positions lack what the map remembers`}
	}
	return t, setup.check(m)
}

// TransitionPathsPart is one chain.
type TransitionPathsPart struct {
	Action, Time []float64 // a draw each: quadratic part, steps from the last slice in A to the first in B
	Stats        []pathint.Stats
	Shots        []ShotsPart
	Failed       string // why no path was found
}

// ShotsPart is one slice that was shot from.
type ShotsPart struct {
	Draw, Slice         int
	Toward, Back, Still int
	Observed            []float64
}

func (t *transitionPaths) Parts() int     { return t.cfg.Chains }
func (t *transitionPaths) NewResult() any { return new(TransitionPathsPart) }
func (t *transitionPaths) sweeps() int    { return t.cfg.Warm + t.cfg.Burn + t.cfg.Draws*t.cfg.Thin }

// Work guesses that a shot is decided in a tenth of the path's steps.
func (t *transitionPaths) Work(int) float64 {
	return float64(t.sweeps()*len(t.setup.Moves)*t.setup.Config.Steps) + float64(t.cfg.Paths*t.cfg.Slices*t.cfg.Shots*t.setup.Config.Steps)/10
}

// transitionState is a chain on its way.
type transitionState struct {
	Sweeps        int
	Source, Shots *rng.Stream
	Chain         []byte
	Result        *TransitionPathsPart
}

// A transitionRun is a chain at work.
type transitionRun struct {
	*transitionPaths
	m          *Model
	chain      *pathint.Chain
	src, shots *rng.Stream
	sets       *pathint.Sets
	result     *TransitionPathsPart
}

func (t *transitionPaths) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := t.env.NewModel()
	if err != nil {
		return nil, err
	}
	sets, err := t.setup.Config.Sets.bind(m)
	if err != nil { // after the steps before the start
		return &TransitionPathsPart{Failed: err.Error()}, nil
	}
	r := &transitionRun{transitionPaths: t, m: m, sets: sets, src: t.env.Part("transition-paths", part), shots: t.env.Part("transition-paths shots", part), result: &TransitionPathsPart{}}
	if r.chain, err = t.setup.Chain(m, 0); err != nil {
		return nil, err
	}
	from, saved := 0, transitionState{}
	if SessionOf(ctx).Restore(&saved) {
		*r.src, *r.shots, r.result, from = *saved.Source, *saved.Shots, saved.Result, saved.Sweeps
		if err := r.chain.Relaxed(0, saved.Chain); err != nil {
			return nil, &StaleError{err}
		}
	} else if failed, err := r.start(ctx, part); failed != "" || err != nil {
		return &TransitionPathsPart{Failed: failed}, err
	}
	n := t.sweeps()
	err = sweepsFrom(ctx, from, n, r.sweep, func(done int) any {
		return transitionState{done, r.src, r.shots, marshal(r.chain), r.result}
	}, func(i int) {
		SessionOf(ctx).accept(r.chain)
		progress(t.Work(part) * float64(i) / float64(n))
	})
	if err != nil {
		return nil, err
	}
	for i := range r.chain.Moves() {
		r.result.Stats = append(r.result.Stats, r.chain.Stats(i))
	}
	return r.result, nil
}

// start finds the first path, even chains from a trajectory, odd ones from one without noise;
// where there is none it says why.
func (r *transitionRun) start(ctx context.Context, part int) (failed string, err error) {
	scale := float64((part + 1) % 2)
	if err := r.chain.StartForward(scale, r.src); err != nil {
		return "", startDiverged(r.chain, err)
	}
	for done := 0; done < r.setup.Config.Sets.Reach; done += 8 { // in slices, to be stopped between
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if err = r.chain.Reach(8, r.src); err == nil {
			return "", nil
		}
	}
	return err.Error(), nil
}

// sweep is sweep number i.
func (r *transitionRun) sweep(i int) {
	if i < r.cfg.Warm {
		r.chain.Warm(1, r.src)
		return
	}
	r.chain.Sweep(r.src)
	if i < r.cfg.Warm+r.cfg.Burn {
		r.chain.ResetStats()
		return
	}
	after := i - r.cfg.Warm - r.cfg.Burn + 1
	if after%r.cfg.Thin != 0 {
		return
	}
	draw, p := after/r.cfg.Thin-1, r.chain.Path()
	from, to := r.crossing(p)
	r.result.Action = append(r.result.Action, p.Quadratic())
	r.result.Time = append(r.result.Time, float64(to-from))
	if n := r.cfg.Paths; n > 0 && (draw+1)*n/r.cfg.Draws > draw*n/r.cfg.Draws {
		for j := range r.cfg.Slices {
			r.shoot(p, draw, from+j*(to-from)/(r.cfg.Slices-1))
		}
	}
}

// crossing returns the first slice in B and, before it, the last in A.
func (r *transitionRun) crossing(p *pathint.Path) (from, to int) {
	for to = 1; to < p.Steps() && !r.sets.B.Has(p.Observe(to)); to++ {
	}
	for from = to - 1; from > 0 && !r.sets.A.Has(p.Observe(from)); from-- {
	}
	return from, to
}

// shoot measures the committor of slice k.
func (r *transitionRun) shoot(p *pathint.Path, draw, k int) {
	s := ShotsPart{Draw: draw, Slice: k, Observed: clone(p.Observe(k))}
	t, values := newTrajectory(r.m, r.shots), make([]float64, len(r.cols))
	for range r.cfg.Shots {
		if state := p.Slice(k); len(state) == len(t.state) {
			copy(t.state, state)
		} else {
			r.m.Map.Init(t.state, state)
		}
		t.k = 0
		switch copy(values, s.Observed); r.fate(t, values) {
		case 1:
			s.Toward++
		case -1:
			s.Back++
		default:
			s.Still++
		}
	}
	r.result.Shots = append(r.result.Shots, s)
}

// fate follows a trajectory: 1 for B, −1 for A, 0 for neither in time.
func (r *transitionRun) fate(t *trajectory, values []float64) int {
	for {
		switch {
		case r.sets.B.Has(values):
			return 1
		case r.sets.A.Has(values):
			return -1
		case t.k == r.cfg.Within || !t.step():
			return 0
		}
		r.m.Observer.Observe(values, t.config())
	}
}

// Finish writes paths.csv, committor.csv, the histogram of transition times and their mean.
func (t *transitionPaths) Finish(parts []any, out *Output) (Outcome, error) {
	var actions, times [][]float64
	for i, part := range parts {
		p := part.(*TransitionPathsPart)
		if p.Failed != "" {
			out.Table(Summary).Add("transition time", nil, nil, nil, nil, "kη", "no-estimate: "+p.Failed)
			return None("transition paths: chain %d: %s", i, p.Failed), nil
		}
		actions, times = append(actions, p.Action), append(times, scaledBy(p.Time, t.eta))
	}
	bad := cmp.Or(analysis.CheckEquilibration(actions), analysis.CheckEquilibration(times))
	helper := &paths{cfg: PathsConfig{Chains: t.cfg.Chains, Bins: t.cfg.Bins}, setup: t.setup}
	for i, part := range parts {
		p := part.(*TransitionPathsPart)
		helper.writeChain(moveSet{"all", t.setup.Moves, t.setup.Names}, i, &PathsPart{Action: p.Action, Stats: p.Stats}, bad == nil, out)
		for _, s := range p.Shots {
			t.writeShots(i, s, out)
		}
	}
	tau := analysis.AutocorrelationChains(times)
	t.writeTimes(times, tau.ESS, out)
	if bad != nil {
		out.Table(Summary).Add("transition time", nil, nil, nil, nil, "kη", "no-estimate: "+bad.Error())
		return None("transition paths: %v", bad), nil
	}
	out.Table(Summary).Add("transition time", tau.Mean, tau.StdErr, nil, nil, "kη", fmt.Sprintf("from the last slice in A to the first in B; tau_int = %.3g draws, %.0f effective draws", tau.Tau, tau.ESS))
	return Done(), nil
}

func scaledBy(x []float64, by float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v * by
	}
	return out
}

func (t *transitionPaths) writeShots(chain int, s ShotsPart, out *Output) {
	n := float64(s.Toward + s.Back)
	p, smooth, status := float64(s.Toward)/n, (float64(s.Toward)+1)/(n+2), "ok"
	if s.Still > 0 {
		status = "no-estimate: shots that reached neither A nor B in time; within must be longer"
		p, smooth = math.NaN(), math.NaN()
	}
	row := []any{chain, s.Draw, s.Slice, p, math.Sqrt(smooth * (1 - smooth) / n), s.Toward + s.Back, s.Still, status}
	for _, v := range s.Observed {
		row = append(row, v)
	}
	out.Table(Committor(t.cols)).Add(row...)
}

// writeTimes bins transition times in whole numbers of steps.
func (t *transitionPaths) writeTimes(times [][]float64, ess float64, out *Output) {
	var all []float64
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, chain := range times {
		for _, v := range chain {
			all, lo, hi = append(all, v), math.Min(lo, v), math.Max(hi, v)
		}
	}
	sort.Float64s(all)
	width := math.Ceil((hi-lo)/t.eta/float64(t.cfg.Bins)+1e-9) * t.eta
	writeHistogram(out.Table(Histogram), "transition_time", t.setup.Config.Steps, all, lo-t.eta/2, lo-t.eta/2+width*float64(t.cfg.Bins), t.cfg.Bins, ess,
		func(_, _ float64) float64 { return math.NaN() })
}
