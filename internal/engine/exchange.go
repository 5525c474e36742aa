package engine

import (
	"context"
	"fmt"
	"math"
	"sort"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/pathint"
)

// ExchangeConfig configures replica exchange over the tilt s or over ħ.
type ExchangeConfig struct {
	Over    string  `toml:"over" enum:"s|hbar" doc:"the parameter of the ladder: s from 0 to path.tilt, or ħ from path.hbar to hbar_top"`
	HbarTop float64 `toml:"hbar_top" range:"(0,inf)" unit:"1" doc:"ħ of the last level; levels are equally spaced in 1/ħ"`
	Levels  int     `toml:"levels" range:"[3,256]" unit:"1" doc:"levels of the ladder, a chain each"`
	Ladders int     `toml:"ladders" range:"[2,1000]" unit:"1" doc:"independent ladders, from different starts"`
	Warm    int     `toml:"warm" range:"[0,inf)" unit:"sweep" doc:"sweeps in which step sizes adapt, without exchanges"`
	Burn    int     `toml:"burn" range:"[0,inf)" unit:"sweep" doc:"sweeps dropped after that"`
	Draws   int     `toml:"draws" range:"[50,inf)" unit:"1" doc:"draws kept of each level of a ladder"`
	Thin    int     `toml:"thin" range:"[1,inf)" unit:"sweep" doc:"sweeps between draws; exchanges are offered after every sweep"`
}

// DefaultExchange is the configuration with no key set.
func DefaultExchange() ExchangeConfig {
	return ExchangeConfig{Over: "s", HbarTop: 2, Levels: 6, Ladders: 2, Warm: 100, Burn: 100, Draws: 500, Thin: 1}
}

// exchange runs ladders of chains; a part is one ladder.
type exchange struct {
	name   string
	env    Env
	setup  PathSetup
	cfg    ExchangeConfig
	rung   pathint.Rung
	lambda []float64
}

// NewExchange checks the configuration against the model and binds it to a task.
func NewExchange(cfg ExchangeConfig, setup PathSetup, env Env, m *Model) (Runner, error) {
	x := &exchange{name: "exchange", env: env, setup: setup, cfg: cfg}
	if cfg.Over == "s" {
		x.lambda = pathint.Ramp(0, setup.Config.Tilt, cfg.Levels-1)
		if err := setup.needTilt(); err != nil {
			return nil, err
		}
	} else {
		x.rung = pathint.RungKappa
		x.lambda = pathint.Ramp(1/setup.Config.Hbar, 1/cfg.HbarTop, cfg.Levels-1)
		if err := setup.Config.Sets.refuse("Z(ħ) is relative to paths with a free end"); err != nil {
			return nil, err
		}
		if cfg.HbarTop == setup.Config.Hbar {
			return nil, &KeyError{"estimator.exchange.hbar_top", fmt.Sprint(cfg.HbarTop), "another value than path.hbar: the ladder goes from one to the other"}
		}
	}
	if err := setup.check(m); err != nil || cfg.Over != "s" {
		return x, err
	}
	return tiltExchange{x}, nil
}

// ExchangePart is X by level and draw, and how the exchanges went.
type ExchangePart struct {
	Series     [][]float64
	Order      [][]float64 // order parameter by level and draw, where one is followed
	Acceptance []float64   // between neighbours
	Trips      int64       // of chains from the first level to the last and back
}

func (x *exchange) Parts() int     { return x.cfg.Ladders }
func (x *exchange) NewResult() any { return new(ExchangePart) }

func (x *exchange) sweeps() int { return x.cfg.Warm + x.cfg.Burn + x.cfg.Draws*x.cfg.Thin }
func (x *exchange) Work(int) float64 {
	return float64(x.sweeps()*x.cfg.Levels*x.setup.Config.Steps) * float64(len(x.setup.Moves))
}

// exchangeState is a ladder on its way.
type exchangeState struct {
	Sweeps   int
	Sources  []*rng.Stream // of the chains, then of the exchanges
	Chains   [][]byte
	Replicas []byte
	Series   [][]float64
}

func (x *exchange) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := x.env.NewModel()
	if err != nil {
		return nil, err
	}
	var saved *exchangeState
	if s := new(exchangeState); SessionOf(ctx).Restore(s) {
		saved = s
	}
	l, err := x.ladder(m, part, saved)
	if err != nil {
		return nil, err
	}
	result, from := &ExchangePart{Series: make([][]float64, x.cfg.Levels)}, 0
	if saved != nil {
		result.Series, from = saved.Series, saved.Sweeps
	}
	n := x.sweeps()
	err = sweepsFrom(ctx, from, n, func(i int) { x.sweep(l, i, result) }, func(i int) any {
		s := exchangeState{Sweeps: i, Sources: append(append([]*rng.Stream(nil), l.sources...), l.swap), Replicas: marshal(l.replicas), Series: result.Series}
		for _, c := range l.chains {
			s.Chains = append(s.Chains, marshal(c))
		}
		return s
	}, func(i int) {
		SessionOf(ctx).accept(l.chains[0])
		progress(x.Work(part) * float64(i) / float64(n))
	})
	if err != nil {
		return nil, err
	}
	result.tally(l.replicas)
	return result, nil
}

// tally takes over how the exchanges went.
func (r *ExchangePart) tally(x *pathint.Replicas) {
	for i := range x.Levels() - 1 {
		r.Acceptance = append(r.Acceptance, x.Acceptance(i))
	}
	r.Trips = x.Trips()
}

// sweep is one sweep of every chain and, after warm-up, an exchange.
func (x *exchange) sweep(l *ladder, i int, result *ExchangePart) {
	for c, chain := range l.chains {
		if i < x.cfg.Warm {
			chain.Warm(1, l.sources[c])
		} else {
			chain.Sweep(l.sources[c])
		}
	}
	if i < x.cfg.Warm {
		return
	}
	l.replicas.Exchange(l.swap)
	past := i + 1 - x.cfg.Warm - x.cfg.Burn
	if past == 0 {
		l.replicas.ResetStats()
	}
	if past > 0 && past%x.cfg.Thin == 0 {
		for k := range result.Series {
			result.Series[k] = append(result.Series[k], l.replicas.Conjugate(k))
		}
	}
}

// ladder is the working part: a chain and a stream for each level, and one stream for the
// exchanges.
type ladder struct {
	chains   []*pathint.Chain
	sources  []*rng.Stream
	swap     *rng.Stream
	replicas *pathint.Replicas
}

// ladder starts every chain of a ladder wrong in the same way, and the next ladder in the
// other, or restores them. Each chain has a model of its own: actions keep working storage.
func (x *exchange) ladder(m *Model, part int, saved *exchangeState) (*ladder, error) {
	l := &ladder{swap: x.stream(part, "exchanges")}
	for k := range x.cfg.Levels {
		if k > 0 {
			var err error
			if m, err = x.env.NewModel(); err != nil {
				return nil, err
			}
		}
		c, err := x.setup.Chain(m, 0)
		if err != nil {
			return nil, err
		}
		src := x.stream(part, fmt.Sprintf("chain %d", k))
		if saved == nil {
			if err := x.setup.start(c, part, src); err != nil {
				return nil, err
			}
		} else if err := unmarshal(c, saved.Chains[k]); err != nil {
			return nil, err
		} else {
			src = saved.Sources[k]
		}
		l.chains, l.sources = append(l.chains, c), append(l.sources, src)
	}
	var err error
	if l.replicas, err = pathint.NewReplicas(x.rung, x.lambda, l.chains); err != nil || saved == nil {
		return l, err
	}
	l.swap = saved.Sources[x.cfg.Levels]
	return l, unmarshal(l.replicas, saved.Replicas)
}

func (x *exchange) stream(part int, what string) *rng.Stream {
	return x.env.Part(x.name+"/"+x.setup.Config.Action+"/"+what, part)
}

func (x *exchange) levels(parts []any) []pathint.LevelSample {
	levels := make([]pathint.LevelSample, len(x.lambda))
	for k, v := range x.lambda {
		levels[k].Lambda = v
		for _, p := range parts {
			levels[k].Series = append(levels[k].Series, p.(*ExchangePart).Series[k])
		}
	}
	return levels
}

// Finish writes log Z by each estimator, MBAR's profile, and the overlaps of all levels.
func (x *exchange) Finish(parts []any, out *Output) (Outcome, error) {
	e := pathint.Multistate(x.levels(parts))
	last := len(x.lambda) - 1
	for _, est := range []pathint.Estimate{e.Trapezoid, e.SteppingStone, e.BAR, e.MBAR} {
		x.row(out, "log_z_ratio", est, last)
	}
	for k := 1; k < last && k < len(e.Profile); k++ {
		x.row(out, "log_z_profile", e.Profile[k], k)
	}
	for k, p := range e.Levels {
		status := "ok"
		if p.Err != nil {
			status = "no-estimate: " + p.Err.Error()
		}
		out.Table(Ladder).Add(x.parameter(), x.value(k), p.Mean, p.StdErr, p.Tau, p.ESS, p.RHat, x.acceptance(parts, k), x.overlap(e, k, k+1), x.trips(parts), status)
	}
	if x.rung != pathint.RungKappa {
		x.writeDerivatives(parts, e, out)
	}
	for i := range x.lambda {
		for j := range x.lambda {
			if len(e.Overlap) > 0 {
				out.Table(Overlap).Add(x.parameter(), x.value(i), x.value(j), x.overlap(e, i, j))
			}
		}
	}
	if e.MBAR.Err != nil {
		return None("mbar: %v", e.MBAR.Err), nil
	}
	return Done(), nil
}

// writeDerivatives writes −d log Z/ds = ⟨O⟩_s and d² log Z/ds² = Var_s(O) at every level and half-way
// between, by reweighting all draws.
func (x *exchange) writeDerivatives(parts []any, e pathint.LadderEstimate, out *Output) {
	var swept []analysis.SweptEnsemble
	var at []float64
	for k, l := range x.levels(parts) {
		if k > 0 {
			at = append(at, (x.lambda[k-1]+l.Lambda)/2)
		}
		at = append(at, l.Lambda)
		swept = append(swept, analysis.SweptEnsemble{Control: l.Lambda, M: l.Series, E: l.Series, Tau: e.Levels[k].Tau})
	}
	sort.Float64s(at)
	sort.Slice(swept, func(i, j int) bool { return swept[i].Control < swept[j].Control })
	h, err := analysis.NewMultihistogram(swept, func(s float64) float64 { return s })
	if e.MBAR.Err != nil {
		err = e.MBAR.Err
	}
	sharpest, whole := analysis.Estimate{}, true
	for _, s := range at {
		var v analysis.TransitionStatistics
		ess, failed := math.NaN(), err
		if failed == nil {
			v, ess, failed = h.At(s, analysis.TransitionNorms{Chi: 1, Heat: 1})
		}
		for _, q := range []struct {
			name string
			i    int
		}{{"tilt_mean", analysis.EnergyMean}, {"tilt_variance", analysis.EnergyHeat}} {
			status, value := "ok", analysis.Estimate{Value: math.NaN(), StdErr: math.NaN()}
			if failed != nil {
				status, whole = "no-estimate: "+failed.Error(), false
			} else {
				value = v.Value[q.i]
				if q.i == analysis.EnergyHeat && value.Value > sharpest.Value {
					sharpest = value
				}
			}
			out.Table(Partition).Add(q.name, "mbar", "s", s, "mean and variance of O = Σ_k o_k under the tilted law", value.Value, value.StdErr, value.StdErr, nil, nil, nil, ess, nil, status)
		}
	}
	if err != nil {
		return
	}
	k, top := float64(x.setup.Config.Steps), e.Levels[len(e.Levels)-1]
	out.Table(Phase).Add(k, "tilt_mean_per_step", top.Mean/k, top.StdErr/k, top.Tau, top.ESS, top.RHat)
	if whole { // where a value is missing it may be the largest
		out.Table(Phase).Add(k, "largest_tilt_variance_per_step", sharpest.Value/k, sharpest.StdErr/k, nil, nil, nil)
	}
}

// row writes one estimate; over ħ with a free end the exact value of Gaussian residuals is
// beside it: Z(κ) ∝ κ^{−Kn/2}.
func (x *exchange) row(out *Output, quantity string, e pathint.Estimate, level int) {
	status := "ok"
	value, stderr, stat, quad := e.LogZ, e.StdErr(), e.StatErr, e.QuadErr
	if e.Err != nil {
		status = "no-estimate: " + e.Err.Error()
		value, stderr, stat, quad = math.NaN(), math.NaN(), math.NaN(), math.NaN()
	}
	var exact, z any
	if v, ok := x.exact(level); ok {
		exact = v
		if e.Err == nil {
			z = (e.LogZ - v) / e.StdErr()
		}
	}
	measure := x.setup.measure()
	if x.rung == pathint.RungKappa {
		measure = fmt.Sprintf("Z at path.hbar = %g, the law of the trainer's paths, %s", x.setup.Config.Hbar, x.setup.Config.Action)
		if x.setup.Config.quantum() {
			measure = fmt.Sprintf("Z at path.hbar = %g of %s paths in the measure Π dq", x.setup.Config.Hbar, x.setup.Config.Action)
		}
	}
	out.Table(Partition).Add(quantity, e.Estimator, x.parameter(), x.value(level), measure, value, stderr, stat, quad, exact, z, e.ESS, e.Overlap, status)
}

// exact is log Z(λ_level)/Z(λ_0) where it is known.
func (x *exchange) exact(level int) (float64, bool) {
	if x.rung != pathint.RungKappa || x.setup.Config.End != "free" || x.setup.Config.Tilt != 0 {
		return 0, false
	}
	m, err := x.env.NewModel()
	if err != nil {
		return 0, false
	}
	act, err := x.setup.Config.action(m, x.setup.Config.Action)
	if err != nil {
		return 0, false
	}
	n, ok := act.(pathint.Normalised)
	if !ok {
		return 0, false
	}
	return -0.5 * float64(n.Degrees()*x.setup.Config.Steps) * math.Log(x.lambda[level]/x.lambda[0]), true
}

func (x *exchange) parameter() string {
	if x.rung == pathint.RungKappa {
		return "hbar"
	}
	return "s"
}

func (x *exchange) value(level int) float64 {
	if x.rung == pathint.RungKappa {
		return 1 / x.lambda[level]
	}
	return x.lambda[level]
}

// acceptance is that of exchanges between level k and the next, over all ladders.
func (x *exchange) acceptance(parts []any, k int) any {
	if k+1 == len(x.lambda) {
		return nil
	}
	a := 0.0
	for _, p := range parts {
		a += p.(*ExchangePart).Acceptance[k] / float64(len(parts))
	}
	return a
}

func (x *exchange) trips(parts []any) int {
	n := 0
	for _, p := range parts {
		n += int(p.(*ExchangePart).Trips)
	}
	return n
}

// overlap is an element of MBAR's matrix; nil beyond the last level.
func (x *exchange) overlap(e pathint.LadderEstimate, i, j int) any {
	n := len(x.lambda)
	if j >= n || len(e.Overlap) == 0 {
		return nil
	}
	return e.Overlap[i*n+j]
}

// tiltExchange takes part in the comparison of estimators of log Z(path.tilt)/Z(0).
type tiltExchange struct{ *exchange }

func (x tiltExchange) PoolKey() string { return "log_z" }

func (x tiltExchange) estimate(parts []any) pathint.Estimate {
	return pathint.Multistate(x.levels(parts)).MBAR
}

func (x tiltExchange) point() (string, float64) {
	return x.setup.Config.Action, x.setup.Config.Tilt
}

// Pool compares it with the others.
func (x tiltExchange) Pool(tasks []Finished, out *Output) error { return partition{}.Pool(tasks, out) }
