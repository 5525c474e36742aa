package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"machlup/analysis"
	"machlup/internal/record"
	"machlup/internal/rng"
	"machlup/pathint"
)

// RateConfig configures the rate of transitions from A to B: the plateau of the time
// derivative of C(t) = Z_AB(t)/Z_A, by forward simulation and by paths through nested sets.
type RateConfig struct {
	Runs      int     `toml:"runs" range:"[0,1000000000]" unit:"1" doc:"forward trajectories; 0: none"`
	Ladders   int     `toml:"ladders" range:"[0,1000]" unit:"1" doc:"independent ladders of nested sets; 0: none"`
	Fraction  float64 `toml:"fraction" range:"[0.05,0.9]" unit:"1" doc:"share of the paths of one level that the next is placed to hold"`
	Levels    int     `toml:"levels" range:"[1,1000]" unit:"1" doc:"levels at most"`
	Warm      int     `toml:"warm" range:"[0,inf)" unit:"sweep" doc:"sweeps of each level in which step sizes adapt"`
	Burn      int     `toml:"burn" range:"[0,inf)" unit:"sweep" doc:"sweeps of each level dropped after that"`
	Place     int     `toml:"place" range:"[20,inf)" unit:"sweep" doc:"sweeps of each level that place the next; not used for its probability"`
	Draws     int     `toml:"draws" range:"[50,inf)" unit:"sweep" doc:"sweeps of each level that count"`
	From      int     `toml:"from" range:"[0,inf)" unit:"step" doc:"first step of the plateau, which ends at path.steps; 0: half of path.steps"`
	Tolerance float64 `toml:"tolerance" range:"(0,1]" unit:"1" doc:"relative change of the slope from the first half of the plateau to the second that is still called a plateau"`
}

// DefaultRate is the configuration with no key set.
func DefaultRate() RateConfig {
	return RateConfig{Runs: 10000, Ladders: 2, Fraction: 0.25, Levels: 60, Warm: 50, Burn: 50, Place: 200, Draws: 2000, Tolerance: 0.25}
}

// CorrelationTable is C(t) and its slope.
var CorrelationTable = record.Schema{Name: "correlation", Doc: "probability C(t) = Z_AB(t)/Z_A that a path that starts in A is in B at step k, and the slope whose plateau is the rate",
	Columns: []record.Column{colTask, text("estimator", "forward: the fraction of forward trajectories; nested-sets: paths through nested sets"), colStep,
		float("time", "kη", "flow time k·η"), float("c", "1", "C(t)"), float("stderr", "1", "its standard error"),
		float("slope", "1/time", "[C(t) − C(t₀)]/(t − t₀), t₀ the first step of the plateau"), float("slope_stderr", "1/time", "its standard error"),
		float("ess", "1", "effective number of trajectories or paths behind c"), colStatus}}

type rate struct {
	cfg         RateConfig
	env         Env
	setup       PathSetup
	eta         float64
	temperature float64 // of the noise; NaN where it has none
	from, mid   int
}

const rateChunks = 8 // parts of the forward trajectories

// NewRate checks the configuration against the model and binds it to a task.
func NewRate(cfg RateConfig, setup PathSetup, env Env, m *Model) (Runner, error) {
	r := &rate{cfg: cfg, env: env, setup: setup, eta: m.Eta, temperature: noiseTemperature(m)}
	steps := setup.Config.Steps
	if r.from = cfg.From; r.from == 0 {
		r.from = steps / 2
	}
	r.mid = (r.from + steps) / 2
	if _, err := setup.Config.Sets.need(m); err != nil {
		return nil, err
	}
	switch {
	case r.mid <= r.from || r.mid >= steps:
		return nil, &KeyError{"from", fmt.Sprint(cfg.From), fmt.Sprintf("at most path.steps − 2 = %d: two halves of the plateau are compared", steps-2)}
	case setup.Config.End != "free" || setup.Config.Hbar != 1 || setup.Config.Tilt != 0:
		return nil, &KeyError{"path.tilt", fmt.Sprintf("end = %q, hbar = %v, tilt = %v", setup.Config.End, setup.Config.Hbar, setup.Config.Tilt), "a free end, ħ = 1 and no tilt: a rate belongs to the dynamics itself"}
	case setup.Config.Start != "fixed":
		return nil, &KeyError{"path.start", fmt.Sprintf("%q", setup.Config.Start), `"fixed": Z_A is of paths from one state in A, and forward trajectories start there; for paths whose q_0 has a density in A use paths or transition-paths`}
	case cfg.Runs == 0 && cfg.Ladders == 0:
		return nil, &KeyError{"runs", "0 with ladders = 0", "one of them above 0"}
	case cfg.Runs > 0 && cfg.Runs < 100*rateChunks:
		return nil, &KeyError{"runs", fmt.Sprint(cfg.Runs), fmt.Sprintf("0, or at least %d", 100*rateChunks)}
	}
	return r, setup.check(m)
}

// noiseTemperature is T of the noise variance 2(1−β)ηT of the generator (the last block).
func noiseTemperature(m *Model) float64 {
	if m.Recurrence == nil || m.NoRecurrence != nil {
		return math.NaN()
	}
	blocks := m.Recurrence.Blocks()
	b := blocks[len(blocks)-1]
	return b.Noise * b.Noise / (2 * (1 - b.Momentum) * m.Eta)
}

// RatePart is a share of the forward trajectories, or a ladder.
type RatePart struct {
	Mark systemMark // in the first

	// Forward.
	Runs, Diverged int
	In, Joint      []int // by step: trajectories in B, and in B at the plateau's first step too
	Change, Square float64

	// Ladder.
	Levels    []float64 // relaxations, ∞ first, 0 last
	Fraction  []float64 // of paths of a level that are in the next
	FracErr   []float64
	FracESS   []float64
	Mean, Err []float64 // by step: h_B in the ensemble that visits B
	Slope     []float64 // by step, with its error
	SlopeErr  []float64
	Bend      float64 // second half's slope less the first's
	BendErr   float64
	Stats     []pathint.Stats // of the last level
	Failed    string          // why there is no value
}

func (r *rate) chunks() int {
	if r.cfg.Runs == 0 {
		return 0
	}
	return rateChunks
}

func (r *rate) Parts() int     { return r.chunks() + r.cfg.Ladders }
func (r *rate) NewResult() any { return new(RatePart) }

func (r *rate) Work(part int) float64 {
	if part < r.chunks() {
		return float64(r.cfg.Runs/rateChunks) * float64(r.setup.Config.Steps)
	}
	const levels = 8 // a guess: they are placed on the way
	return float64(levels*(r.cfg.Warm+r.cfg.Burn+r.cfg.Place+r.cfg.Draws)*len(r.setup.Moves)) * float64(r.setup.Config.Steps)
}

func (r *rate) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := r.env.NewModel()
	if err != nil {
		return nil, err
	}
	run := r.ladder
	if part < r.chunks() {
		run = r.forward
	}
	p, err := run(ctx, m, part, progress)
	if err == nil && part == 0 {
		p.Mark = markOf(m)
	}
	return p, err
}

// forwardRateState is a share of forward trajectories on its way.
type forwardRateState struct {
	Source *rng.Stream
	Part   *RatePart
}

// forward runs trajectories and counts where they are.
func (r *rate) forward(ctx context.Context, m *Model, part int, progress func(float64)) (*RatePart, error) {
	steps := r.setup.Config.Steps
	out, src := &RatePart{In: make([]int, steps+1), Joint: make([]int, steps+1)}, r.env.Part("rate/forward", part)
	session, saved := SessionOf(ctx), forwardRateState{}
	if session.Restore(&saved) {
		*src, out = *saved.Source, saved.Part
	}
	sets, err := r.setup.Config.Sets.bind(m)
	if err != nil { // after the steps before the start
		return &RatePart{Failed: err.Error()}, nil
	}
	lo, hi := part*r.cfg.Runs/rateChunks, (part+1)*r.cfg.Runs/rateChunks
	t, values, in := newTrajectory(m, src), make([]float64, len(m.Observer.Observables())), make([]bool, steps+1)
	for out.Runs < hi-lo {
		if out.Runs%64 == 0 {
			if err := session.Offer(ctx, func() any { return forwardRateState{src, out} }); err != nil {
				return nil, err
			}
			progress(float64(out.Runs * steps))
		}
		out.Runs++
		t.k = 0
		m.Map.Init(t.state, m.Start)
		finite := true
		for k := 1; k <= steps && finite; k++ {
			if finite = t.step(); finite {
				m.Observer.Observe(values, t.config())
				in[k] = sets.B.Has(values)
			}
		}
		if !finite {
			out.Diverged++
			continue
		}
		out.count(r, in)
	}
	return out, nil
}

// count adds a trajectory.
func (p *RatePart) count(r *rate, in []bool) {
	for k, now := range in {
		if now {
			p.In[k]++
			if in[r.from] {
				p.Joint[k]++
			}
		}
	}
	b := r.bend(func(k int) float64 { return indicator(in[k]) })
	p.Change += b
	p.Square += b * b
}

func indicator(in bool) float64 {
	if in {
		return 1
	}
	return 0
}

// bend is the slope of the second half of the plateau less that of the first.
func (r *rate) bend(h func(k int) float64) float64 {
	end := r.setup.Config.Steps
	return (h(end)-h(r.mid))/(float64(end-r.mid)*r.eta) - (h(r.mid)-h(r.from))/(float64(r.mid-r.from)*r.eta)
}

// A rateLadder is one ladder at work: level by level, each warmed, placed and counted.
type rateLadder struct {
	*rate
	chain *pathint.Chain
	src   *rng.Stream
	rateLadderState
}

// rateLadderState is a ladder on its way, the chain apart.
type rateLadderState struct {
	Part   *RatePart
	Source *rng.Stream
	Chain  []byte
	Sweep  int     // done, of this level
	Relax  float64 // of this level
	Next   float64 // of the next, once placed
	Place  []float64
	Hits   []float64
	Held   []byte      // a path of the next level
	In     [][]float64 // by step: h_B of each draw of the last level
	Done   bool
}

func (r *rate) ladder(ctx context.Context, m *Model, part int, progress func(float64)) (*RatePart, error) {
	if _, err := r.setup.Config.Sets.bind(m); err != nil {
		return &RatePart{Failed: err.Error()}, nil
	}
	spec, err := r.setup.spec(m, 0, r.setup.Config.Action, r.setup.Moves)
	if err != nil {
		return nil, err
	}
	spec.Sets.Visit = true
	l := &rateLadder{rate: r, src: r.env.Part("rate/ladder", part-r.chunks())}
	if l.chain, err = pathint.NewChain(spec); err != nil {
		return nil, err
	}
	session := SessionOf(ctx)
	if session.Restore(&l.rateLadderState) {
		*l.src = *l.Source
		if err := l.chain.Relaxed(l.Relax, l.Chain); err != nil {
			return nil, &StaleError{err}
		}
	} else {
		l.rateLadderState = rateLadderState{Part: &RatePart{Levels: []float64{math.Inf(1)}}, Relax: math.Inf(1)}
		if err := l.chain.StartForward(1, l.src); err != nil {
			return nil, startDiverged(l.chain, err)
		}
	}
	state := func() any {
		s := l.rateLadderState
		s.Source, s.Chain = l.src, marshal(l.chain)
		return s
	}
	perSweep := r.Work(part) / 8 / float64(r.counting()+r.cfg.Draws)
	for n := 0; !l.Done; n++ {
		if n%8 == 0 {
			if err := session.Offer(ctx, state); err != nil {
				return nil, err
			}
			session.accept(l.chain)
			progress(math.Min(r.Work(part), perSweep*float64(len(l.Part.Fraction)*(r.counting()+r.cfg.Draws)+l.Sweep)))
		}
		if err := l.sweep(); err != nil {
			return nil, err
		}
	}
	return l.Part, nil
}

func (r *rate) placing() int  { return r.cfg.Warm + r.cfg.Burn }
func (r *rate) counting() int { return r.placing() + r.cfg.Place }

func (l *rateLadder) sweep() error {
	i, last := l.Sweep, l.Relax == 0
	l.Sweep++
	if last && i == l.placing() {
		i, l.Sweep = l.counting(), l.counting()+1 // nothing to place
	}
	if i < l.cfg.Warm {
		l.chain.Warm(1, l.src)
		return nil
	}
	if i == l.counting() {
		l.chain.ResetStats()
	}
	l.chain.Sweep(l.src)
	at := l.chain.Progress()
	switch {
	case i < l.placing():
	case i < l.counting():
		if l.Place = append(l.Place, at); i == l.counting()-1 {
			l.place()
		}
	case last:
		l.look()
	default:
		hit := at > -l.Next
		l.Hits = append(l.Hits, indicator(hit))
		if hit && (l.Held == nil || i >= l.counting()+l.cfg.Draws-20) {
			l.Held = marshal(l.chain)
		}
	}
	if l.Sweep < l.counting()+l.cfg.Draws || l.Done {
		return nil
	}
	if last {
		l.finish()
		return nil
	}
	return l.climb()
}

// place chooses the next level so that about the wanted share of paths is in it.
func (l *rateLadder) place() {
	slices.Sort(l.Place)
	at := l.Place[int((1-l.cfg.Fraction)*float64(len(l.Place)))]
	l.Next = math.Max(0, -at)
	if l.Next >= l.Relax {
		l.fail(fmt.Sprintf("level %d: %.0f%% of the paths are no nearer to B than the level itself (margin %.4g): its chain does not move, use more sweeps or other moves", len(l.Part.Levels), 100*l.cfg.Fraction, at))
	}
}

func (l *rateLadder) fail(why string) { l.Part.Failed, l.Done = why, true }

// climb closes a level and goes on from a path of the next.
func (l *rateLadder) climb() error {
	f := analysis.Autocorrelation(l.Hits)
	switch {
	case l.Held == nil || f.Mean == 0:
		l.fail(fmt.Sprintf("level %d: no path reached the next level; more draws", len(l.Part.Levels)))
		return nil
	case len(l.Part.Levels) > l.cfg.Levels:
		l.fail(fmt.Sprintf("B is not reached after %d levels", l.cfg.Levels))
		return nil
	case f.Mean == 1: // all of them: certain to within one effective draw
		f.StdErr, f.ESS = 1/float64(len(l.Hits)), float64(len(l.Hits))
	}
	p := l.Part
	p.Fraction, p.FracErr, p.FracESS = append(p.Fraction, f.Mean), append(p.FracErr, f.StdErr), append(p.FracESS, f.ESS)
	p.Levels = append(p.Levels, l.Next)
	l.Relax, l.Sweep, l.Place, l.Hits = l.Next, 0, nil, nil
	held := l.Held
	l.Held = nil
	return l.chain.Relaxed(l.Relax, held)
}

// look records where a path that visits B is in it.
func (l *rateLadder) look() {
	steps := l.setup.Config.Steps
	if l.In == nil {
		l.In = make([][]float64, steps+1)
	}
	for k := 1; k <= steps; k++ {
		l.In[k] = append(l.In[k], indicator(l.chain.Inside(k)))
	}
}

// finish closes the last level.
func (l *rateLadder) finish() {
	p, steps, h0 := l.Part, l.setup.Config.Steps, l.In[l.from]
	p.Mean, p.Err = make([]float64, steps+1), make([]float64, steps+1)
	p.Slope, p.SlopeErr = make([]float64, steps+1), make([]float64, steps+1)
	series := make([]float64, len(h0))
	for k := 1; k <= steps; k++ {
		p.Mean[k], p.Err[k] = meanOf(l.In[k])
		if k > l.from {
			for i, h := range l.In[k] {
				series[i] = (h - h0[i]) / (float64(k-l.from) * l.eta)
			}
			p.Slope[k], p.SlopeErr[k] = meanOf(series)
		}
	}
	for i := range series {
		series[i] = l.bend(func(k int) float64 { return l.In[k][i] })
	}
	p.Bend, p.BendErr = meanOf(series)
	for i := range l.chain.Moves() {
		p.Stats = append(p.Stats, l.chain.Stats(i))
	}
	l.Done = true
}

// meanOf is a mean with its autocorrelation-corrected error, 0 for a constant.
func meanOf(series []float64) (mean, stderr float64) {
	for _, v := range series {
		if v != series[0] {
			a := analysis.Autocorrelation(series)
			return a.Mean, a.StdErr
		}
	}
	return series[0], 0
}

// A correlation is C(t) by one estimator.
type correlation struct {
	name            string
	c, stderr       []float64
	slope, slopeErr []float64
	bend, bendErr   float64
	ess             float64
	logC            pathint.Estimate // of C at the last step
	err             error
}

func (r *rate) estimates(parts []any) []correlation {
	var out []correlation
	if n := r.chunks(); n > 0 {
		out = append(out, r.fromForward(parts[:n]))
	}
	if ladders := parts[r.chunks():]; len(ladders) > 0 {
		out = append(out, r.fromLadders(ladders))
	}
	return out
}

func (r *rate) fromForward(parts []any) correlation {
	steps := r.setup.Config.Steps
	sum := RatePart{In: make([]int, steps+1), Joint: make([]int, steps+1)}
	for _, part := range parts {
		p := part.(*RatePart)
		if p.Failed != "" {
			c := newCorrelation("forward", steps)
			c.err = errors.New(p.Failed)
			c.logC = pathint.Estimate{Estimator: c.name, Err: c.err}
			return c
		}
		sum.Runs, sum.Diverged = sum.Runs+p.Runs, sum.Diverged+p.Diverged
		sum.Change, sum.Square = sum.Change+p.Change, sum.Square+p.Square
		for k := range sum.In {
			sum.In[k], sum.Joint[k] = sum.In[k]+p.In[k], sum.Joint[k]+p.Joint[k]
		}
	}
	c, n := newCorrelation("forward", steps), float64(sum.Runs)
	c.ess = n
	for k := range sum.In {
		in, joint := float64(sum.In[k]), float64(sum.Joint[k])
		c.c[k], c.stderr[k] = in/n, math.Sqrt(in*(n-in)/n)/n
		if k > r.from {
			d, t := (in-float64(sum.In[r.from]))/n, float64(k-r.from)*r.eta
			square := (in + float64(sum.In[r.from]) - 2*joint) / n
			c.slope[k], c.slopeErr[k] = d/t, math.Sqrt(math.Max(0, square-d*d)/n)/t
		}
	}
	c.bend = sum.Change / n
	c.bendErr = math.Sqrt(math.Max(0, sum.Square/n-c.bend*c.bend) / n)
	switch hits := sum.In[steps]; {
	case sum.Diverged > 0:
		c.err = fmt.Errorf("%d of %d trajectories diverged", sum.Diverged, sum.Runs)
	case hits < 10:
		c.err = fmt.Errorf("%d of %d trajectories are in B at the last step, at least 10 are needed for an error bar", hits, sum.Runs)
	}
	c.logC = pathint.Estimate{Estimator: c.name, LogZ: math.Log(c.c[steps]), StatErr: c.stderr[steps] / c.c[steps], ESS: float64(sum.In[steps]), Overlap: math.NaN(), Err: c.err}
	return c
}

func newCorrelation(name string, steps int) correlation {
	n := steps + 1
	return correlation{name: name, c: make([]float64, n), stderr: make([]float64, n), slope: make([]float64, n), slopeErr: make([]float64, n)}
}

// fromLadders averages ladders: C(t) = P(visit B)·⟨h_B(t)⟩ of the paths that do. The two
// factors come from different levels, whose chains are nearly independent.
func (r *rate) fromLadders(parts []any) correlation {
	steps := r.setup.Config.Steps
	c, n := newCorrelation("nested-sets", steps), float64(len(parts))
	overlap := math.Inf(1)
	var visits []analysis.Estimate
	add := func(sum, variance *float64, p, relative, mean, err float64) {
		*sum += p * mean / n
		*variance += (math.Pow(p*mean*relative, 2) + math.Pow(p*err, 2)) / (n * n)
	}
	for _, part := range parts {
		l := part.(*RatePart)
		if l.Failed != "" {
			c.err = fmt.Errorf("%s", l.Failed)
			c.logC = pathint.Estimate{Estimator: c.name, Err: c.err}
			return c
		}
		p, relative := 1.0, 0.0
		for i, f := range l.Fraction {
			p, relative = p*f, relative+math.Pow(l.FracErr[i]/f, 2)
			overlap, c.ess = math.Min(overlap, f), cmp.Or(math.Min(cmp.Or(c.ess, math.Inf(1)), l.FracESS[i]), c.ess)
		}
		relative = math.Sqrt(relative)
		visits = append(visits, analysis.Estimate{Value: math.Log(p), StdErr: relative})
		for k := 1; k <= steps; k++ {
			add(&c.c[k], &c.stderr[k], p, relative, l.Mean[k], l.Err[k])
			if k > r.from {
				add(&c.slope[k], &c.slopeErr[k], p, relative, l.Slope[k], l.SlopeErr[k])
			}
		}
		add(&c.bend, &c.bendErr, p, relative, l.Bend, l.BendErr)
	}
	for k := range c.stderr {
		c.stderr[k], c.slopeErr[k] = math.Sqrt(c.stderr[k]), math.Sqrt(c.slopeErr[k])
	}
	c.bendErr = math.Sqrt(c.bendErr)
	for i, v := range visits[1:] {
		if err := analysis.CheckAgreement("ln P(visit B)", visits[0], v); err != nil && c.err == nil {
			c.err = fmt.Errorf("ladders 0 and %d disagree, their chains have not forgotten where they began: %w", i+1, err)
		}
	}
	if !(c.c[steps] > 0) && c.err == nil {
		c.err = fmt.Errorf("no path of the last level is in B at the last step")
	}
	c.logC = pathint.Estimate{Estimator: c.name, LogZ: math.Log(c.c[steps]), StatErr: c.stderr[steps] / c.c[steps], ESS: c.ess, Overlap: overlap, Err: c.err}
	return c
}

// rate is the slope of the plateau, or why there is none.
func (r *rate) plateau(c correlation) (value, stderr float64, err error) {
	steps := r.setup.Config.Steps
	value, stderr = c.slope[steps], c.slopeErr[steps]
	switch {
	case c.err != nil:
		return math.NaN(), math.NaN(), c.err
	case !(value > 3*stderr):
		return math.NaN(), math.NaN(), fmt.Errorf("the slope %.3g ± %.2g is not above 0 by three standard errors", value, stderr)
	case math.Abs(c.bend) > r.cfg.Tolerance*value+3*c.bendErr:
		return math.NaN(), math.NaN(), fmt.Errorf("no plateau: between steps %d–%d and %d–%d the slope changes by %.3g ± %.2g, of %.3g; start later (from), or use longer paths with t well below the relaxation time", r.from, r.mid, r.mid, steps, c.bend, c.bendErr, value)
	case c.bendErr > 0.5*value:
		return math.NaN(), math.NaN(), fmt.Errorf("undecided: the change of the slope over the plateau has an error of %.2g, of %.3g: too few transitions to see one", c.bendErr, value)
	}
	return value, stderr, nil
}

const rateMeasure = "Z_A: paths from the fixed start in A, a free end"

// Finish writes C(t), log C at the last step and the rate.
func (r *rate) Finish(parts []any, out *Output) (Outcome, error) {
	steps, outcome := r.setup.Config.Steps, Done()
	es := r.estimates(parts)
	var notes []string
	for _, c := range es {
		status := "ok"
		if c.err != nil {
			status = "no-estimate: " + c.err.Error()
		}
		for k := 1; k <= steps && c.err == nil; k++ {
			var slope, slopeErr any
			if k > r.from {
				slope, slopeErr = c.slope[k], c.slopeErr[k]
			}
			out.Table(CorrelationTable).Add(c.name, k, float64(k)*r.eta, c.c[k], c.stderr[k], slope, slopeErr, c.ess, status)
		}
		logC, logErr := c.logC.LogZ, c.logC.StatErr
		if c.err != nil {
			logC, logErr = math.NaN(), math.NaN()
		}
		out.Table(Partition).Add("log_z_ab", c.name, "step", float64(steps), rateMeasure, logC, logErr, logErr, 0.0, nil, nil, c.logC.ESS, c.logC.Overlap, status)
		value, stderr, err := r.plateau(c)
		status = fmt.Sprintf("plateau over steps %d–%d: the slope of its second half differs by %.2g ± %.2g", r.from, steps, c.bend, c.bendErr)
		if err != nil {
			status = "no-estimate: " + err.Error()
			notes = append(notes, c.name+": "+err.Error())
		}
		out.Table(Summary).Add("k_AB, "+c.name, value, stderr, nil, nil, "1/time", status)
		if c.name == "nested-sets" {
			r.writeMoves(parts[r.chunks():], out)
		}
	}
	if len(es) == 2 {
		out.Table(Summary).Add(agreementRow("log_z_ab", []pathint.Estimate{es[0].logC, es[1].logC})...)
	}
	if len(notes) == len(es) {
		return None("rate: %s", notes[0]), nil
	}
	if len(notes) > 0 {
		outcome.Note = notes[0]
	}
	return outcome, nil
}

// writeMoves tells what the moves of the last level did.
func (r *rate) writeMoves(ladders []any, out *Output) {
	for chain, part := range ladders {
		for i, s := range part.(*RatePart).Stats {
			out.Table(Paths).Add(r.setup.Names[i], chain, "s", 0.0, int(s.Proposed), int(s.Accepted), nil, nil, nil, s.Gradients, s.Acceptance(), s.Step, nil, "all")
		}
	}
}
