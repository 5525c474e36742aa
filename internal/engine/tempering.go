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

// TemperingConfig configures replica exchange over the temperature of a potential.
type TemperingConfig struct {
	Top     float64 `toml:"temperature_top" range:"(0,inf)" unit:"energy" doc:"temperature of the last level; the first is that of the system; levels are equally spaced in log T"`
	Levels  int     `toml:"levels" range:"[3,256]" unit:"1" doc:"levels of the ladder, a chain each"`
	Prior   bool    `toml:"prior_level" doc:"with a named prior: one more level, the prior itself (T = ∞), so that log Z is relative to it"`
	Ladders int     `toml:"ladders" range:"[2,1000]" unit:"1" doc:"independent ladders; odd ones start opposite"`
	Start   string  `toml:"start" enum:"opposite|same|prior" doc:"opposite: even ladders at the system's start, odd ones at minus that; same: all at the start; prior: at draws of the named prior"`
	Warm    int     `toml:"warm" range:"[0,inf)" unit:"sweep" doc:"sweeps (a Metropolis-adjusted Langevin step each) in which step sizes adapt, one to each level, without exchanges"`
	Burn    int     `toml:"burn" range:"[0,inf)" unit:"sweep" doc:"sweeps dropped after that"`
	Draws   int     `toml:"draws" range:"[50,inf)" unit:"1" doc:"draws kept of each level of a ladder"`
	Thin    int     `toml:"thin" range:"[1,inf)" unit:"sweep" doc:"sweeps between draws; exchanges are offered after every sweep"`
	Step    float64 `toml:"step" range:"(0,inf)" unit:"1" doc:"ε of the step before it adapts"`
	TemperingOrderConfig
}

// DefaultTempering is the configuration with no key set.
func DefaultTempering() TemperingConfig {
	return TemperingConfig{Top: 4, Levels: 6, Ladders: 2, Start: "opposite", Warm: 500, Burn: 500, Draws: 1000, Thin: 2, Step: 0.2, TemperingOrderConfig: defaultTemperingOrder()}
}

// tempering runs ladders of chains e^{−λX}: λ = 1/T, X = U; with a named prior e^{−λX}·prior, X
// the functional. A part is one ladder.
type tempering struct {
	cfg    TemperingConfig
	env    Env
	lambda []float64
	prior  bool
	order  *temperingOrder // nil where no order parameter is followed
}

// NewTempering checks the configuration against the model and binds it to a task.
func NewTempering(cfg TemperingConfig, env Env, m *Model) (Runner, error) {
	if err := m.boltzmann("law e^{−U/T}", "exchange with over = \"hbar\" is the ladder over the noise of paths"); err != nil {
		return nil, err
	}
	switch {
	case m.Temperature <= 0:
		return nil, fmt.Errorf("the system is at temperature %v; a ladder over T starts at one above 0", m.Temperature)
	case cfg.Top == m.Temperature:
		return nil, &KeyError{"temperature_top", fmt.Sprint(cfg.Top), "another value than the system's temperature: the ladder goes from one to the other"}
	case cfg.Prior && m.Reference == nil:
		return nil, &KeyError{"prior_level", "true", "false: system " + m.Kind + " has no named prior"}
	case cfg.Start == "prior" && m.Reference == nil:
		return nil, &KeyError{"start", `"prior"`, `"opposite" or "same": system ` + m.Kind + " has no named prior"}
	case cfg.Prior && cfg.Top < m.Temperature:
		return nil, &KeyError{"prior_level", "true", "false, or a temperature_top above the system's: the prior is the law at T = ∞"}
	}
	t := &tempering{cfg: cfg, env: env, prior: m.Reference != nil}
	for _, x := range pathint.Ramp(math.Log(1/m.Temperature), math.Log(1/cfg.Top), cfg.Levels-1) {
		t.lambda = append(t.lambda, math.Exp(x))
	}
	if cfg.Prior {
		t.lambda = append(t.lambda, 0)
	}
	if cfg.Observable == "" {
		return t, cfg.TemperingOrderConfig.unused()
	}
	return newTemperingOrder(t, m)
}

func (t *tempering) Parts() int     { return t.cfg.Ladders }
func (t *tempering) NewResult() any { return new(ExchangePart) }
func (t *tempering) sweeps() int    { return t.cfg.Warm + t.cfg.Burn + t.cfg.Draws*t.cfg.Thin }
func (t *tempering) Work(int) float64 {
	return float64(t.sweeps() * len(t.lambda))
}

// functional is U of a potential at T without its prior: T·(U/T + log prior).
type functional struct {
	u, prior langevin.Potential
	t        float64
	scratch  []float64
}

func (f *functional) Dim() int                   { return f.u.Dim() }
func (f *functional) Energy(x []float64) float64 { return f.u.Energy(x) - f.t*f.prior.Energy(x) }
func (f *functional) Gradient(dst, x []float64) float64 {
	v := f.u.Gradient(dst, x) - f.t*f.prior.Gradient(f.scratch, x)
	for i, g := range f.scratch {
		dst[i] -= f.t * g
	}
	return v
}

// flat is no potential.
type flat int

func (f flat) Dim() int                 { return int(f) }
func (f flat) Energy([]float64) float64 { return 0 }
func (f flat) Gradient(dst, _ []float64) float64 {
	clear(dst)
	return 0
}

// sum of two potentials.
type sum struct {
	a, b    langevin.Potential
	scratch []float64
}

func (s *sum) Dim() int                   { return s.a.Dim() }
func (s *sum) Energy(x []float64) float64 { return s.a.Energy(x) + s.b.Energy(x) }
func (s *sum) Gradient(dst, x []float64) float64 {
	v := s.a.Gradient(dst, x) + s.b.Gradient(s.scratch, x)
	for i, g := range s.scratch {
		dst[i] += g
	}
	return v
}

// spec is the ladder of a model: U_λ = From + λ·(To − From).
func (t *tempering) spec(m *Model) pathint.PotentialsSpec {
	n := m.Potential.Dim()
	spec := pathint.PotentialsSpec{From: flat(n), To: m.Potential, Step: t.cfg.Step, Target: 0.6}
	if t.prior {
		x := &functional{m.Potential, m.Reference.Potential, m.Temperature, make([]float64, n)}
		spec.From, spec.To = m.Reference.Potential, &sum{m.Reference.Potential, x, make([]float64, n)}
	}
	return spec
}

// A temperingLadder is a ladder at work.
type temperingLadder struct {
	observer langevin.Observer
	members  []*pathint.Potentials
	sources  []*rng.Stream
	swap     *rng.Stream
	replicas *pathint.Replicas
	steps    []float64 // of each level, once warm
}

// temperingState is a ladder on its way.
type temperingState struct {
	Sweeps   int
	Sources  []*rng.Stream
	Members  [][]byte
	Replicas []byte
	Steps    []float64
	Series   [][]float64
	Order    [][]float64
}

func (t *tempering) start(m *Model, ladder int, l *pathint.Potentials, src *rng.Stream) {
	x := append([]float64(nil), m.Start...)
	switch {
	case t.cfg.Start == "prior":
		m.Reference.Draw(x, src)
	case t.cfg.Start == "opposite" && ladder%2 == 1:
		for i := range x {
			x[i] = -x[i]
		}
	}
	l.Start(x)
}

func (t *tempering) ladder(part int, saved *temperingState) (*temperingLadder, error) {
	l := &temperingLadder{swap: t.env.Part("tempering/exchanges", part)}
	var ladders []pathint.Ladder
	for k := range t.lambda {
		m, err := t.env.NewModel()
		if err != nil {
			return nil, err
		}
		l.observer = m.Observer
		p, err := pathint.NewPotentials(t.spec(m))
		if err != nil {
			return nil, err
		}
		src := t.env.Part(fmt.Sprintf("tempering/chain %d", k), part)
		if saved == nil {
			t.start(m, part, p, src)
		} else {
			src = saved.Sources[k]
			if err := unmarshal(p, saved.Members[k]); err != nil {
				return nil, err
			}
		}
		l.members, l.sources, ladders = append(l.members, p), append(l.sources, src), append(ladders, p)
	}
	var err error
	if l.replicas, err = pathint.ExchangeLadders(t.lambda, ladders); err != nil || saved == nil {
		return l, err
	}
	l.swap, l.steps = saved.Sources[len(t.lambda)], saved.Steps
	return l, unmarshal(l.replicas, saved.Replicas)
}

func (t *tempering) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	var saved *temperingState
	if s := new(temperingState); SessionOf(ctx).Restore(s) {
		saved = s
	}
	l, err := t.ladder(part, saved)
	if err != nil {
		return nil, err
	}
	result, from := &ExchangePart{Series: make([][]float64, len(t.lambda))}, 0
	if saved != nil {
		result.Series, result.Order, from = saved.Series, saved.Order, saved.Sweeps
	}
	n := t.sweeps()
	err = sweepsFrom(ctx, from, n, func(i int) { t.sweep(l, i, result) }, func(i int) any {
		s := temperingState{Sweeps: i, Sources: append(append([]*rng.Stream(nil), l.sources...), l.swap), Replicas: marshal(l.replicas), Steps: l.steps, Series: result.Series, Order: result.Order}
		for _, p := range l.members {
			s.Members = append(s.Members, marshal(p))
		}
		return s
	}, func(i int) { progress(t.Work(part) * float64(i) / float64(n)) })
	if err != nil {
		return nil, err
	}
	result.tally(l.replicas)
	return result, nil
}

// sweep is one step of every chain and, after warm-up, an exchange. A step size belongs to its
// level: what comes there takes it.
func (t *tempering) sweep(l *temperingLadder, i int, result *ExchangePart) {
	for c, p := range l.members {
		if i < t.cfg.Warm {
			p.Warm(1, l.sources[c])
		} else {
			p.Sweep(l.sources[c])
		}
	}
	if i < t.cfg.Warm {
		return
	}
	if l.steps == nil {
		for _, p := range l.members {
			l.steps = append(l.steps, p.Step())
		}
	}
	l.replicas.Exchange(l.swap)
	for k, step := range l.steps {
		l.members[l.replicas.At(k)].SetStep(step)
	}
	past := i + 1 - t.cfg.Warm - t.cfg.Burn
	if past == 0 {
		l.replicas.ResetStats()
	}
	if past > 0 && past%t.cfg.Thin == 0 {
		for k := range result.Series {
			result.Series[k] = append(result.Series[k], l.replicas.Conjugate(k))
		}
		t.order.see(l, result)
	}
}

// levels are the draws from the last level to the first, so that λ rises.
func (t *tempering) levels(parts []any) []pathint.LevelSample {
	var levels []pathint.LevelSample
	for k := len(t.lambda) - 1; k >= 0; k-- {
		s := pathint.LevelSample{Lambda: t.lambda[k]}
		for _, p := range parts {
			s.Series = append(s.Series, p.(*ExchangePart).Series[k])
		}
		levels = append(levels, s)
	}
	return levels
}

// measure says what Z is, and relative to what.
func (t *tempering) measure(top float64) string {
	z := "Z(T) = ∫e^{−U/T}dx"
	if t.prior {
		z = "Z(T) = the named prior's mean of e^{−X/T}, X the functional"
	}
	if top == 0 {
		return z + ", the prior normalised to 1"
	}
	return fmt.Sprintf("%s, relative to Z at T = %v", z, 1/top)
}

// Finish writes log Z(T) of the first level by each estimator, MBAR's profile, mean energy and
// heat capacity at every level and half-way between, and the overlaps.
func (t *tempering) Finish(parts []any, out *Output) (Outcome, error) {
	levels := t.levels(parts)
	e := pathint.Multistate(levels)
	last := len(levels) - 1
	measure := t.measure(levels[0].Lambda)
	row := func(quantity string, est pathint.Estimate, level int) {
		status, value, stderr, stat, quad := "ok", est.LogZ, est.StdErr(), est.StatErr, est.QuadErr
		if est.Err != nil {
			status = "no-estimate: " + est.Err.Error()
			value, stderr, stat, quad = math.NaN(), math.NaN(), math.NaN(), math.NaN()
		}
		out.Table(Partition).Add(quantity, est.Estimator, "T", 1/levels[level].Lambda, measure, value, stderr, stat, quad, nil, nil, est.ESS, est.Overlap, status)
	}
	for _, est := range []pathint.Estimate{e.Trapezoid, e.SteppingStone, e.BAR, e.MBAR} {
		row("log_z_ratio", est, last)
	}
	for k := 1; k < last && k < len(e.Profile); k++ {
		row("log_z_profile", e.Profile[k], k)
	}
	t.writeLevels(levels, e, parts, out)
	t.writeThermal(levels, e, out)
	if e.MBAR.Err != nil {
		return None("mbar: %v", e.MBAR.Err), nil
	}
	outcome := Done()
	outcome.LogZ = &analysis.Estimate{Value: e.MBAR.LogZ, StdErr: e.MBAR.StdErr()}
	return outcome, nil
}

func (t *tempering) writeLevels(levels []pathint.LevelSample, e pathint.LadderEstimate, parts []any, out *Output) {
	n := len(levels)
	for k, p := range e.Levels {
		status := "ok"
		if p.Err != nil {
			status = "no-estimate: " + p.Err.Error()
		}
		var acceptance, overlap any
		trips := 0
		for _, part := range parts {
			trips += int(part.(*ExchangePart).Trips)
		}
		if k+1 < n {
			a := 0.0
			for _, part := range parts {
				a += part.(*ExchangePart).Acceptance[n-2-k] / float64(len(parts))
			}
			acceptance = a
			if len(e.Overlap) > 0 {
				overlap = e.Overlap[k*n+k+1]
			}
		}
		out.Table(Ladder).Add("T", 1/levels[k].Lambda, p.Mean, p.StdErr, p.Tau, p.ESS, p.RHat, acceptance, overlap, trips, status)
		for j := range n {
			if len(e.Overlap) > 0 {
				out.Table(Overlap).Add("T", 1/levels[k].Lambda, 1/levels[j].Lambda, e.Overlap[k*n+j])
			}
		}
	}
}

// writeThermal writes ⟨X⟩ and the heat capacity Var X/T² by reweighting all draws to each
// temperature.
func (t *tempering) writeThermal(levels []pathint.LevelSample, e pathint.LadderEstimate, out *Output) {
	var swept []analysis.SweptEnsemble
	for k, s := range levels {
		swept = append(swept, analysis.SweptEnsemble{Control: s.Lambda, M: s.Series, E: s.Series, Tau: e.Levels[k].Tau})
	}
	h, err := analysis.NewMultihistogram(swept, func(lambda float64) float64 { return lambda })
	if e.MBAR.Err != nil {
		err = e.MBAR.Err
	}
	for k, s := range levels {
		at := []float64{s.Lambda}
		if k > 0 && levels[k-1].Lambda > 0 {
			at = []float64{math.Sqrt(s.Lambda * levels[k-1].Lambda), s.Lambda}
		}
		for _, lambda := range at {
			if lambda > 0 {
				t.thermalRow(h, err, lambda, out)
			}
		}
	}
}

func (t *tempering) thermalRow(h *analysis.Multihistogram, err error, lambda float64, out *Output) {
	var v analysis.TransitionStatistics
	ess := math.NaN()
	if err == nil {
		v, ess, err = h.At(lambda, analysis.TransitionNorms{Chi: 1, Heat: lambda * lambda})
	}
	for _, q := range []struct {
		name string
		i    int
	}{{"mean_energy", analysis.EnergyMean}, {"heat_capacity", analysis.EnergyHeat}} {
		status, value := "ok", analysis.Estimate{Value: math.NaN(), StdErr: math.NaN()}
		if err != nil {
			status = "no-estimate: " + err.Error()
		} else {
			value = v.Value[q.i]
		}
		out.Table(Partition).Add(q.name, "mbar", "T", 1/lambda, "the law at T", value.Value, value.StdErr, value.StdErr, nil, nil, nil, ess, nil, status)
	}
}
