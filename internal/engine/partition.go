package engine

import (
	"context"
	"fmt"
	"math"
	"strings"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/pathint"
)

// TIConfig configures thermodynamic integration over the tilt s.
type TIConfig struct {
	Rule   string `toml:"rule" enum:"gauss-legendre|trapezoid" doc:"quadrature over s"`
	Points int    `toml:"points" range:"[3,1000]" unit:"1" doc:"values of s"`
	Chains int    `toml:"chains" range:"[2,1000]" unit:"1" doc:"chains at each s, from different starts"`
	Warm   int    `toml:"warm" range:"[0,inf)" unit:"sweep" doc:"sweeps in which step sizes adapt"`
	Burn   int    `toml:"burn" range:"[0,inf)" unit:"sweep" doc:"sweeps dropped after that"`
	Draws  int    `toml:"draws" range:"[50,inf)" unit:"1" doc:"draws kept of each chain"`
	Thin   int    `toml:"thin" range:"[1,inf)" unit:"sweep" doc:"sweeps between draws"`
}

// DefaultTI is the configuration with no key set.
func DefaultTI() TIConfig {
	return TIConfig{Rule: "gauss-legendre", Points: 6, Chains: 2, Warm: 100, Burn: 100, Draws: 500, Thin: 1}
}

// AISConfig configures annealed importance sampling over the tilt.
type AISConfig struct {
	Stages int `toml:"stages" range:"[1,100000]" unit:"1" doc:"equal steps of s from 0 to path.tilt"`
	Sweeps int `toml:"sweeps" range:"[0,10000]" unit:"sweep" doc:"sweeps at each intermediate s"`
	Runs   int `toml:"runs" range:"[50,10000000]" unit:"1" doc:"independent annealing runs, each from an exact forward draw"`

	Reverse bool `toml:"reverse" doc:"also anneal back, as often, from draws of chains at path.tilt; Bennett's ratio of both and bounds that hold on average are written too"`
	Chains  int  `toml:"chains" range:"[2,1000]" unit:"1" doc:"reverse: chains at path.tilt, from different starts"`
	Warm    int  `toml:"warm" range:"[0,inf)" unit:"sweep" doc:"reverse: sweeps in which the step sizes of those chains adapt"`
	Burn    int  `toml:"burn" range:"[0,inf)" unit:"sweep" doc:"reverse: sweeps dropped after that"`
	Spacing int  `toml:"spacing" range:"[1,inf)" unit:"sweep" doc:"reverse: sweeps between draws; the errors know of what correlation is left"`
}

// DefaultAIS is the configuration with no key set.
func DefaultAIS() AISConfig {
	return AISConfig{Stages: 8, Sweeps: 1, Runs: 500, Chains: 2, Warm: 100, Burn: 100, Spacing: 10}
}

// ForwardConfig configures the forward average of exp(−sO), the reference of both.
type ForwardConfig struct {
	Runs int `toml:"runs" range:"[50,10000000]" unit:"1" doc:"independent forward trajectories"`
}

// DefaultForward is the configuration with no key set.
func DefaultForward() ForwardConfig { return ForwardConfig{Runs: 2000} }

// partition is what the estimators of log Z(s)/Z(0) share.
type partition struct {
	name  string
	env   Env
	setup PathSetup
}

func newPartition(name string, setup PathSetup, env Env, m *Model) (partition, error) {
	p := partition{name, env, setup}
	if err := setup.needTilt(); err != nil {
		return p, err
	}
	if err := setup.check(m); err != nil {
		return p, err
	}
	return p, setup.normalisable(m, setup.Config.Steps)
}

// normalisable refuses a tilt at which Z(s) of a Gaussian law of paths of so many steps is
// infinite, where it is cheap to know.
func (p PathSetup) normalisable(m *Model, steps int) error {
	const work = 20000
	p.Config.Steps, p.Config.Sets = steps, PathSets{}
	if m.Recurrence == nil || !p.ofTheMap() || p.Config.Steps*len(m.Start)*len(m.Start) > work {
		return nil
	}
	c, err := p.chain(m, p.Config.Tilt, "onsager-machlup", nil)
	if err != nil {
		return nil
	}
	src := rng.New(1, 0, "is Z(s) finite?", "")
	if c.StartForward(0, src) != nil {
		return nil
	}
	r, ok := analysis.Refused(pathint.CheckNormalisable(c, work, src))
	if !ok {
		return nil
	}
	return &KeyError{"path.tilt", fmt.Sprint(p.Config.Tilt), fmt.Sprintf("s > %.6g: beyond, Z(s) of this Gaussian law of %d steps is infinite", r.Limit, steps)}
}

func (p partition) stream(part int) *rng.Stream {
	return p.env.Part(p.name+"/"+p.setup.Config.Action, part)
}

func (p partition) PoolKey() string { return "log_z" }

// write adds the row of an estimate of log Z(s)/Z(0).
func (p partition) write(e pathint.Estimate, s float64, out *Output) Outcome {
	status := "ok"
	value, stat, quad, total := e.LogZ, e.StatErr, e.QuadErr, e.StdErr()
	switch {
	case e.Err != nil:
		status = "no-estimate: " + e.Err.Error()
		value, stat, quad, total = math.NaN(), math.NaN(), math.NaN(), math.NaN()
	case e.Caution != "":
		status = "ok; caution: " + e.Caution
	}
	out.Table(Partition).Add("log_z_ratio", e.Estimator, "s", s, p.setup.measure(), value, total, stat, quad, nil, nil, e.ESS, e.Overlap, status)
	if e.Err != nil {
		return None("%s: %v", e.Estimator, e.Err)
	}
	outcome := Done()
	outcome.LogZ = &analysis.Estimate{Value: e.LogZ, StdErr: total}
	return outcome
}

// estimated is a Runner that has a final estimate of log Z(path.tilt)/Z(0).
type estimated interface {
	estimate(parts []any) pathint.Estimate
	point() (action string, s float64)
}

func (p partition) point() (string, float64) { return p.setup.Config.Action, p.setup.Config.Tilt }

// Pool compares the estimates of one sweep point pairwise: two must agree before a value
// is called converged.
func (p partition) Pool(tasks []Finished, out *Output) error {
	return poolEstimates("log_z_ratio", tasks, out, finalEstimates)
}

// estimatesOf are a task's, which must be independent of each other.
func estimatesOf(r any, parts []any) []pathint.Estimate {
	if s, ok := r.(interface {
		estimates(parts []any) []pathint.Estimate
	}); ok {
		return s.estimates(parts)
	}
	return []pathint.Estimate{r.(estimated).estimate(parts)}
}

// finalEstimates are a task's, condensed or not.
func finalEstimates(t Finished) []pathint.Estimate {
	if _, ok := t.Parts[0].(pathint.Estimate); !ok {
		return estimatesOf(t.Runner, t.Parts)
	}
	var es []pathint.Estimate
	for _, e := range t.Parts {
		es = append(es, e.(pathint.Estimate))
	}
	return es
}

// poolEstimates writes the agreement of the tasks of each sweep point and replica.
func poolEstimates(quantity string, tasks []Finished, out *Output, estimates func(Finished) []pathint.Estimate) error {
	type key struct {
		group   string
		replica int
	}
	var order []key
	groups := map[key][]Finished{}
	for _, t := range tasks {
		k := key{t.Point, t.Replica}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], t)
	}
	for _, k := range order {
		var es []pathint.Estimate
		for _, t := range groups[k] {
			es = append(es, estimates(t)...)
		}
		label := strings.TrimSuffix("log_z/"+k.group, "/") + fmt.Sprintf("/r%d", k.replica)
		out.Table(Summary).AddAs(label, agreementRow(quantity, es)...)
	}
	return nil
}

// agreementRow has the worst pairwise z of the estimates and, where they agree, the weighted
// mean of those whose error bar is beyond doubt; of all if none is. It names who agrees.
func agreementRow(quantity string, es []pathint.Estimate) []any {
	worst, err := pathint.CheckAgreement(quantity, es...)
	var all, sure []analysis.Estimate
	var names, refused []string
	for _, e := range es {
		if e.Err != nil {
			refused = append(refused, e.Estimator)
			continue
		}
		v := analysis.Estimate{Value: e.LogZ, StdErr: e.StdErr()}
		all, names = append(all, v), append(names, e.Estimator)
		if e.Caution == "" {
			sure = append(sure, v)
		}
	}
	if err != nil {
		return []any{quantity, nil, nil, nil, worst, "1", "not converged: " + strings.ReplaceAll(err.Error(), "\n", "; ")}
	}
	status := fmt.Sprintf("converged: %d estimators agree, worst |z| = %.2f", len(all), worst)
	for i, a := range all {
		for j, b := range all[:i] {
			if worst > 0 && math.Abs(analysis.Agreement(a, b)) == worst {
				status += fmt.Sprintf(" (%s and %s)", names[j], names[i])
			}
		}
	}
	switch {
	case len(sure) == 0:
		sure, status = all, status+"; the error bar of each is in doubt"
	case len(sure) < len(all):
		status += fmt.Sprintf("; value of the %d whose error bar is not in doubt", len(sure))
	}
	status += "; " + strings.Join(names, ", ")
	if len(refused) > 0 {
		status += "; refused: " + strings.Join(refused, ", ")
	}
	mean, _ := analysis.WeightedMean(sure)
	return []any{quantity, mean.Value, mean.StdErr, nil, worst, "1", status}
}

// ti integrates ⟨O⟩_s; a part is one node.
type ti struct {
	partition
	cfg  TIConfig
	grid pathint.Grid
}

// NewTI checks the configuration against the model and binds it to a task.
func NewTI(cfg TIConfig, setup PathSetup, env Env, m *Model) (Runner, error) {
	p, err := newPartition("ti", setup, env, m)
	if err != nil {
		return nil, err
	}
	grid, err := pathint.NewGrid(cfg.Rule, 0, setup.Config.Tilt, cfg.Points)
	return &ti{p, cfg, grid}, err
}

// TIPart is ∂U/∂s at one node, a series for each chain.
type TIPart struct{ Series [][]float64 }

func (t *ti) Parts() int     { return len(t.grid.Lambda) }
func (t *ti) NewResult() any { return new(TIPart) }
func (t *ti) Work(int) float64 {
	return float64(t.cfg.Chains*(t.cfg.Warm+t.cfg.Burn+t.cfg.Draws*t.cfg.Thin)*t.setup.Config.Steps) * float64(len(t.setup.Moves))
}

// tiState is a part on its way: chains done, and the one that is running.
type tiState struct {
	Done   [][]float64
	Sweeps int
	Source *rng.Stream
	Chain  []byte
	Series []float64
}

func (t *ti) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := t.env.NewModel()
	if err != nil {
		return nil, err
	}
	src, result := t.stream(part), &TIPart{}
	var saved *tiState
	var s tiState
	if SessionOf(ctx).Restore(&s) {
		saved, result.Series, *src = &s, s.Done, *s.Source
	}
	for c := len(result.Series); c < t.cfg.Chains; c++ {
		series, err := t.chain(ctx, m, part, src, result.Series, saved, progress)
		if err != nil {
			return nil, err
		}
		result.Series, saved = append(result.Series, series), nil
	}
	return result, nil
}

// chain runs the chain that follows those done, from its start or from where it was saved.
func (t *ti) chain(ctx context.Context, m *Model, part int, src *rng.Stream, done [][]float64, saved *tiState, progress func(float64)) ([]float64, error) {
	var series []float64
	from, lambda := 0, t.grid.Lambda[part]
	c, err := t.setup.Chain(m, 0)
	if err != nil {
		return nil, err
	}
	if saved != nil {
		series, from, err = saved.Series, saved.Sweeps, unmarshal(c, saved.Chain)
	} else {
		err = t.setup.start(c, len(done), src)
	}
	if err != nil {
		return nil, err
	}
	l, err := pathint.NewTilted(c)
	if err != nil {
		return nil, err
	}
	if saved == nil {
		l.SetLambda(lambda)
	}
	n := t.cfg.Warm + t.cfg.Burn + t.cfg.Draws*t.cfg.Thin
	perSweep := t.Work(part) / float64(t.cfg.Chains*n)
	err = sweepsFrom(ctx, from, n, func(i int) {
		if i < t.cfg.Warm {
			l.Warm(1, src)
			return
		}
		l.Sweep(src)
		if draw := i + 1 - t.cfg.Warm - t.cfg.Burn; draw > 0 && draw%t.cfg.Thin == 0 {
			series = append(series, l.Slope())
		}
	}, func(i int) any { return tiState{done, i, src, marshal(c), series} }, func(i int) {
		SessionOf(ctx).accept(c)
		progress(float64(len(done)*n+i) * perSweep)
	})
	return series, err
}

func (t *ti) points(parts []any) []pathint.Point {
	var points []pathint.Point
	for i, p := range parts {
		points = append(points, pathint.Summarise(t.grid.Lambda[i], p.(*TIPart).Series))
	}
	return points
}

func (t *ti) estimate(parts []any) pathint.Estimate { return t.grid.Integrate(t.points(parts)) }

// Finish writes the integrand, as rows of its own quantity, and the integral.
func (t *ti) Finish(parts []any, out *Output) (Outcome, error) {
	for _, p := range t.points(parts) {
		status := "ok"
		if p.Err != nil {
			status = "no-estimate: " + p.Err.Error()
		}
		out.Table(Partition).Add("mean_tilt_observable", "metropolis", "s", p.Lambda, t.setup.measure(), p.Mean, p.StdErr, p.StdErr, nil, nil, nil, p.ESS, nil, status)
	}
	return t.write(t.estimate(parts), t.setup.Config.Tilt, out), nil
}

// ais anneals from exact forward draws; a part is a batch of runs.
type ais struct {
	partition
	cfg AISConfig
}

const aisRunsPerPart = 64

// NewAIS checks the configuration against the model and binds it to a task.
func NewAIS(cfg AISConfig, setup PathSetup, env Env, m *Model) (Runner, error) {
	p, err := newPartition("ais", setup, env, m)
	if err == nil && setup.Config.End != "free" {
		err = &KeyError{"path.end", fmt.Sprintf("%q", setup.Config.End), `"free": annealing starts from exact forward draws`}
	}
	if err == nil {
		err = setup.drawable(m)
	}
	if a := (&ais{p, cfg}); cfg.Reverse {
		return &aisBothWays{a}, err
	} else {
		return a, err
	}
}

// NewForward is annealing with one stage: the forward average of exp(−sO).
func NewForward(cfg ForwardConfig, setup PathSetup, env Env, m *Model) (Runner, error) {
	r, err := NewAIS(AISConfig{Stages: 1, Runs: cfg.Runs}, setup, env, m)
	if err == nil {
		r.(*ais).name = "forward"
	}
	return r, err
}

// AISPart is the log weight of each run.
type AISPart struct{ LogW []float64 }

func (a *ais) Parts() int     { return (a.cfg.Runs + aisRunsPerPart - 1) / aisRunsPerPart }
func (a *ais) NewResult() any { return new(AISPart) }
func (a *ais) runs(part int) int {
	return min(aisRunsPerPart, a.cfg.Runs-part*aisRunsPerPart)
}
func (a *ais) Work(part int) float64 {
	return float64(a.runs(part) * a.setup.Config.Steps * (1 + (a.cfg.Stages-1)*a.cfg.Sweeps*len(a.setup.Moves)))
}

// aisState is a part between two runs. Each starts from a draw of its own, so the chain
// carries nothing over: step sizes do not adapt.
type aisState struct {
	Source *rng.Stream
	LogW   []float64
}

func (a *ais) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := a.env.NewModel()
	if err != nil {
		return nil, err
	}
	chain, err := a.setup.Chain(m, 0)
	if err != nil {
		return nil, err
	}
	l, err := pathint.NewTilted(chain)
	if err != nil {
		return nil, err
	}
	src, result, saved := a.stream(part), &AISPart{}, aisState{}
	if SessionOf(ctx).Restore(&saved) {
		*src, result.LogW = *saved.Source, saved.LogW
	}
	schedule := pathint.Ramp(0, a.setup.Config.Tilt, a.cfg.Stages)
	for i := len(result.LogW); i < a.runs(part); i++ {
		if err := SessionOf(ctx).Offer(ctx, func() any { return aisState{src, result.LogW} }); err != nil {
			return nil, err
		}
		w, err := pathint.Anneal(l, schedule, a.cfg.Sweeps, src)
		if err != nil {
			return nil, startDiverged(chain, err)
		}
		result.LogW = append(result.LogW, w)
		progress(a.Work(part) * float64(i+1) / float64(a.runs(part)))
	}
	return result, nil
}

func (a *ais) estimate(parts []any) pathint.Estimate {
	var logw []float64
	for _, p := range parts {
		logw = append(logw, p.(*AISPart).LogW...)
	}
	return pathint.Exponential(a.name, logw)
}

func (a *ais) Finish(parts []any, out *Output) (Outcome, error) {
	return a.write(a.estimate(parts), a.setup.Config.Tilt, out), nil
}
