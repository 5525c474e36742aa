package engine

import (
	"context"
	"fmt"
	"math"

	"machlup/internal/record"
	"machlup/pathint"
)

// MinimumActionConfig configures the search for the path of least action between two states.
type MinimumActionConfig struct {
	To         string  `toml:"to" enum:"end_at|basin" doc:"end_at: the end that [path] pins; basin: where the noise-free dynamics comes to rest in B of [path.sets], found by a trajectory that got there"`
	Relax      int     `toml:"relax" range:"[0,100000000]" unit:"step" doc:"noise-free steps that bring the start, and the end of a basin, to rest; action counts only between states at rest"`
	Search     int     `toml:"search" range:"[1,1000000000]" unit:"step" doc:"steps of the trajectory that looks for the basin, at most"`
	Heat       float64 `toml:"heat" range:"(0,inf)" unit:"1" doc:"its noise is multiplied by this"`
	Tolerance  float64 `toml:"tolerance" range:"(0,1)" unit:"1" doc:"largest component of the gradient with respect to whitened slices at which the search has converged"`
	Iterations int     `toml:"iterations" range:"[1,10000000]" unit:"1" doc:"iterations of L-BFGS at most"`
	Snapshots  int     `toml:"snapshots" range:"[0,1000]" unit:"1" doc:"slices along the path whose generated samples are binned (density.csv) or kept (samples.csv)"`
	Samples    int     `toml:"samples" range:"[1,10000000]" unit:"1" doc:"samples of each"`
}

// DefaultMinimumAction is the configuration with no key set.
func DefaultMinimumAction() MinimumActionConfig {
	return MinimumActionConfig{To: "end_at", Search: 100000, Heat: 1, Tolerance: 1e-6, Iterations: 5000, Snapshots: 5, Samples: 2000}
}

// Moveless tells that it needs a path but no moves.
func (MinimumActionConfig) Moveless() bool { return true }

// MinimumPath is the schema of minimum_path.csv for the selected observables.
func MinimumPath(observables []record.Column) record.Schema {
	return record.Schema{Name: "minimum_path", Doc: "the path of least action between two states",
		Columns: append([]record.Column{colTask, colStep, float("time", "kη", "flow time k·η"),
			float("action", "1", "quadratic part of the action of the steps up to this one, in units of ħ: it falls as 1/T"),
			float("potential", "energy", "U; empty where there is none")}, observables...)}
}

type minimumAction struct {
	cfg         MinimumActionConfig
	env         Env
	setup       PathSetup
	cols        []record.Column
	eta         float64
	temperature float64
}

// NewMinimumAction checks the configuration against the model and binds it to a task.
func NewMinimumAction(cfg MinimumActionConfig, setup PathSetup, env Env, m *Model) (Runner, error) {
	a := &minimumAction{cfg: cfg, env: env, setup: setup, cols: observableColumns(m.Observer), eta: m.Eta, temperature: noiseTemperature(m)}
	if setup.Config.Action != "onsager-machlup" {
		return nil, &KeyError{"path.action", fmt.Sprintf("%q", setup.Config.Action), `"onsager-machlup": in innovations an end that is held is a surface of measure zero`}
	}
	if setup.Config.Start != "fixed" {
		return nil, &KeyError{"path.start", fmt.Sprintf("%q", setup.Config.Start), `"fixed": the path goes from one state to another`}
	}
	if _, err := a.action(m); err != nil {
		return nil, err
	}
	pins := setup.Config.pins()
	if cfg.To == "end_at" && pins == 0 {
		return nil, &KeyError{"path.end", fmt.Sprintf("%q", setup.Config.End), `"pinned" or "pinned-pair" with to = "end_at": with a free end the noise-free trajectory has action 0`}
	}
	if cfg.To == "basin" {
		if setup.Config.End != "free" {
			return nil, &KeyError{"path.end", fmt.Sprintf("%q", setup.Config.End), `"free" with to = "basin", which finds the end`}
		}
		_, err := setup.Config.Sets.need(m)
		return a, err
	}
	if err := setup.Config.Sets.refuse(`to = "end_at" goes to a given end`); err != nil {
		return nil, err
	}
	_, err := setup.ends(m)
	return a, err
}

// action is the model's, if its gradient can be had.
func (a *minimumAction) action(m *Model) (*pathint.OnsagerMachlup, error) {
	act, err := a.setup.Config.action(m, "onsager-machlup")
	if err != nil {
		return nil, err
	}
	om, ok := act.(*pathint.OnsagerMachlup)
	if !ok {
		return nil, fmt.Errorf("the %s action of this system is not one of a recurrence", act.Name())
	}
	if err := om.HasGradient(); err != nil {
		return nil, fmt.Errorf("the search follows the gradient of the action: %w", err)
	}
	return om, nil
}

// MinimumActionPart is the path.
type MinimumActionPart struct {
	Path     pathint.Minimum
	Action   []float64   // by step, cumulated
	Energy   []float64   // by slice; nil without a potential
	Observed [][]float64 // slice × observable
	Failed   string      // why there is no path
	Mark     systemMark
}

func (a *minimumAction) Parts() int       { return 1 }
func (a *minimumAction) NewResult() any   { return new(MinimumActionPart) }
func (a *minimumAction) Work(int) float64 { return 3 * 200 * float64(a.setup.Config.Steps) } // a guess: it stops when it has converged

func (a *minimumAction) Run(ctx context.Context, _ int, progress func(float64)) (any, error) {
	m, err := a.env.NewModel()
	if err != nil {
		return nil, err
	}
	act, err := a.action(m)
	if err != nil {
		return nil, err
	}
	m.Start = clone(m.Start)
	rest(m, m.Start, a.cfg.Relax)
	ends, failed, err := a.ends(ctx, m)
	if failed != "" || err != nil {
		return &MinimumActionPart{Failed: failed, Mark: markOf(m)}, err
	}
	n, calls := a.Work(0), 0
	set := pathint.MinimumSettings{Tolerance: a.cfg.Tolerance, Iterations: a.cfg.Iterations, Stop: func() error {
		calls++
		progress(math.Min(n, n*float64(calls)/200))
		return ctx.Err()
	}}
	min, err := pathint.Minimise(act, ends, a.setup.Config.Steps, nil, set)
	if err != nil {
		return nil, err
	}
	return a.describe(m, min)
}

// ends are those of the path, in words why the basin was not found.
func (a *minimumAction) ends(ctx context.Context, m *Model) (e pathint.Ends, failed string, err error) {
	if a.cfg.To == "end_at" {
		e, err = a.setup.ends(m)
		return e, "", err
	}
	sets, err := a.setup.Config.Sets.bind(m) // which looks at the start again, now at rest
	if err != nil {
		return e, "the start, brought to rest, has left A: " + err.Error(), nil
	}
	t, values := newTrajectory(m, a.env.Part("minimum-action", 0)), make([]float64, len(a.cols))
	for t.k < a.cfg.Search {
		if t.k%64 == 0 && ctx.Err() != nil {
			return e, "", ctx.Err()
		}
		if !t.heated(a.cfg.Heat) {
			return e, fmt.Sprintf("the trajectory that looks for B diverged at step %d: less heat", t.k), nil
		}
		m.Observer.Observe(values, t.config())
		if !sets.B.Has(values) {
			continue
		}
		end := clone(t.config())
		rest(m, end, a.cfg.Relax)
		if m.Observer.Observe(values, end); sets.B.Has(values) {
			return pathint.Pinned(m.Start, end), "", nil
		}
	}
	return e, fmt.Sprintf("no state at rest in B was found in %d steps: more steps (search), heat, or a larger B", a.cfg.Search), nil
}

// rest moves q by noise-free steps, memory dropped at the end.
func rest(m *Model, q []float64, steps int) {
	state, next := make([]float64, m.Map.Dim()), make([]float64, m.Map.Dim())
	xi := make([]float64, m.Map.Inputs())
	m.Map.Init(state, q)
	for range steps {
		m.Map.Step(next, state, xi)
		state, next = next, state
	}
	copy(q, state)
}

// describe computes what is written of a path.
func (a *minimumAction) describe(m *Model, min pathint.Minimum) (*MinimumActionPart, error) {
	p := &MinimumActionPart{Path: min, Mark: markOf(m), Action: make([]float64, a.setup.Config.Steps+1)}
	n := len(m.Start)
	for k, sum := 0, 0.0; k < len(p.Action); k++ {
		if k > 0 {
			sum += min.Steps[k-1]
		}
		p.Action[k] = sum
		q := min.Slices[k*n : (k+1)*n]
		values := make([]float64, len(a.cols))
		m.Observer.Observe(values, q)
		p.Observed = append(p.Observed, values)
		if m.Potential != nil {
			p.Energy = append(p.Energy, m.Potential.Energy(q))
		}
	}
	return p, nil
}

// barrier is the highest energy on the path above that of its start, over T: the action of a
// climb that takes for ever, where the drift is −∇U. NaN without a potential.
func (a *minimumAction) barrier(p *MinimumActionPart) float64 {
	top := math.Inf(-1)
	for _, u := range p.Energy {
		top = math.Max(top, u)
	}
	if len(p.Energy) == 0 {
		return math.NaN()
	}
	return (top - p.Energy[0]) / a.temperature
}

// Finish writes minimum_path.csv, snapshots and what the search came to.
func (a *minimumAction) Finish(parts []any, out *Output) (Outcome, error) {
	p := parts[0].(*MinimumActionPart)
	if p.Failed != "" {
		out.Table(Summary).Add("S_min", nil, nil, nil, nil, "1", "no-estimate: "+p.Failed)
		return None("minimum action: %s", p.Failed), nil
	}
	m, err := a.env.NewModel()
	if err != nil {
		return Outcome{}, err
	}
	table, values := out.Table(MinimumPath(a.cols)), make([]float64, 3+len(a.cols))
	for k, action := range p.Action {
		values[0], values[1], values[2] = float64(k)*a.eta, action, math.NaN()
		if p.Energy != nil {
			values[2] = p.Energy[k]
		}
		copy(values[3:], p.Observed[k])
		table.AddFloats([]int{k}, values)
	}
	a.snapshots(m, p, out)
	value, scaled := p.Path.Action, p.Path.Action*a.temperature
	if !p.Path.Converged {
		value, scaled = math.NaN(), math.NaN()
	}
	sum := out.Table(Summary)
	sum.Add("S_min", value, nil, a.barrier(p), nil, "1", p.Path.Status+barrierNote(p))
	sum.Add("S_min·T", scaled, nil, a.barrier(p)*a.temperature, nil, "energy", p.Path.Status)
	sum.Add("S_min: largest component of the whitened gradient", p.Path.GradientNorm, nil, 0.0, nil, "1", p.Path.Status)
	sum.Add("S_min: iterations", float64(p.Path.Iterations), nil, nil, nil, "1", fmt.Sprintf("%d evaluations of action and gradient", p.Path.Evaluations))
	if !p.Path.Converged {
		return None("minimum action: %s", p.Path.Status), nil
	}
	phase := func(observable string, v float64) {
		if !math.IsNaN(v) {
			out.Table(Phase).Add(float64(m.Size), observable, v, nil, nil, nil, nil) // of one path, to the tolerance of its search
		}
	}
	phase("s_min", value)
	phase("barrier_over_t", a.barrier(p))
	for i, c := range a.cols {
		phase("from_"+c.Name, p.Observed[0][i])
		phase("to_"+c.Name, p.Observed[len(p.Observed)-1][i])
	}
	return Done(), nil
}

func barrierNote(p *MinimumActionPart) string {
	if p.Energy == nil {
		return ""
	}
	return "; reference: the highest U on the path less U of its start, over T, which is reached as η → 0 and the path grows long"
}

// snapshots writes what the generator makes along the path.
func (a *minimumAction) snapshots(m *Model, p *MinimumActionPart, out *Output) {
	if m.Generator == nil {
		return
	}
	d, n := m.Generator.DataDim(), len(m.Start)
	samples := make([]float64, a.cfg.Samples*d)
	for i := range a.cfg.Snapshots {
		k := i * a.setup.Config.Steps / max(1, a.cfg.Snapshots-1)
		m.Generator.Generate(samples, p.Path.Slices[k*n:(k+1)*n], a.env.Own("minimum-action samples"))
		if d == 1 {
			writeDensity(m, a.env, k, samples, 60, out)
			continue
		}
		for row := range a.cfg.Samples {
			out.Table(Samples(d)).AddFloats([]int{k}, samples[row*d:(row+1)*d])
		}
	}
}
