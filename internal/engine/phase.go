package engine

import (
	"context"
	"fmt"
	"math"
	"sort"
	"strings"

	"machlup/analysis"
	"machlup/internal/record"
)

// PhaseConfig configures the statistics of collapse: one trajectory per replica, and an
// order parameter over the replicas of each sweep point.
type PhaseConfig struct {
	Observable string  `toml:"observable" doc:"order parameter m, one of the selected observables"`
	Steps      int     `toml:"steps" range:"[1,inf)" unit:"step" doc:"length of each trajectory"`
	Every      int     `toml:"every" range:"[1,inf)" unit:"step" doc:"interval between records"`
	Window     int     `toml:"window" range:"[1,inf)" unit:"step" doc:"m of a replica is its mean over the last steps of this window"`
	Low        float64 `toml:"low" unit:"observable" doc:"a replica has collapsed once m < low"`
	High       float64 `toml:"high" unit:"observable" doc:"it has escaped once, after that, m > high"`
	ChiFactor  float64 `toml:"chi_factor" range:"(0,inf)" unit:"1" doc:"N_χ of χ = N_χ(⟨m²⟩ − ⟨|m|⟩²)"`
	Bins       int     `toml:"bins" range:"[4,10000]" unit:"1" doc:"bins of the histogram of m"`
	Arrhenius  bool    `toml:"arrhenius" doc:"control is a temperature: fit escape rates by A·e^{−ΔU/T}"`
	From       float64 `toml:"arrhenius_from" range:"[0,inf)" unit:"control" doc:"lowest temperature of that fit: below it other noise sets the rate"`
	SweepConfig
}

// DefaultPhase is the configuration with no key set.
func DefaultPhase() PhaseConfig {
	return PhaseConfig{Observable: "rho", Steps: 5000, Every: 10, Window: 500, Low: 0.3, High: 0.7, ChiFactor: 1, Bins: 30, SweepConfig: defaultSweep()}
}

type phase struct {
	cfg  PhaseConfig
	env  Env
	cols []record.Column
	obs  int
	size float64
}

// NewPhase checks the configuration against the model and binds it to a task.
func NewPhase(cfg PhaseConfig, env Env, m *Model) (Runner, error) {
	p := &phase{cfg: cfg, env: env, cols: observableColumns(m.Observer), size: float64(m.Size)}
	if p.obs = indexOf(p.cols, cfg.Observable); p.obs < 0 {
		return nil, &KeyError{"observable", fmt.Sprintf("%q", cfg.Observable), "one of the selected observables: " + columnNames(p.cols)}
	}
	if err := cfg.SweepConfig.check(); err != nil && (cfg.Control != "" || cfg.Size != "" || cfg.Starts != "") {
		return nil, err
	}
	if cfg.Arrhenius && cfg.Control == "" {
		return nil, &KeyError{"arrhenius", "true", "false, or control = the swept key that is the temperature"}
	}
	if !(cfg.Low < cfg.High) {
		return nil, &KeyError{"high", fmt.Sprint(cfg.High), fmt.Sprintf("above low = %v", cfg.Low)}
	}
	if cfg.Window > cfg.Steps || cfg.Window < cfg.Every {
		return nil, &KeyError{"window", fmt.Sprint(cfg.Window), fmt.Sprintf("from every = %d to steps = %d", cfg.Every, cfg.Steps)}
	}
	return p, nil
}

func columnNames(cols []record.Column) string {
	var names []string
	for _, c := range cols {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// PhasePart is the trajectory of one replica.
type PhasePart struct {
	DivergedStep int
	Step         []int
	Values       [][]float64 // record × observable
	End          []float64   // last configuration
}

// FinalStates is the one, unless it diverged.
func (p *PhasePart) FinalStates() []FinalState {
	if p.End == nil {
		return nil
	}
	return []FinalState{{0, p.End}}
}

func (p *phase) PoolKey() string  { return "phase" }
func (p *phase) Parts() int       { return 1 }
func (p *phase) Work(int) float64 { return float64(p.cfg.Steps) }
func (p *phase) NewResult() any   { return new(PhasePart) }

// phaseState is a part on its way.
type phaseState struct {
	Trajectory TrajectoryState
	Part       *PhasePart
}

func (p *phase) Run(ctx context.Context, _ int, progress func(float64)) (any, error) {
	m, err := p.env.NewModel()
	if err != nil {
		return nil, err
	}
	t, part := newTrajectory(m, p.env.Part("phase", 0)), &PhasePart{DivergedStep: -1}
	session, saved := SessionOf(ctx), phaseState{}
	if session.Restore(&saved) {
		if err := t.restore(saved.Trajectory); err != nil {
			return nil, err
		}
		part = saved.Part
	}
	state := func() any { return phaseState{t.save(), part} }
	for {
		if t.k%64 == 0 {
			if err := session.Offer(ctx, state); err != nil {
				return nil, err
			}
			progress(float64(t.k))
		}
		if t.k%p.cfg.Every == 0 || t.k == p.cfg.Steps {
			part.Step, part.Values = append(part.Step, t.k), append(part.Values, t.observe(len(p.cols)))
		}
		if t.k == p.cfg.Steps {
			part.End = clone(t.config())
			return part, nil
		}
		if !t.step() {
			part.DivergedStep = t.k
			return part, nil
		}
	}
}

// fate is what became of a replica.
type fate struct {
	m         float64 // order parameter over the last window
	collapsed bool
	escaped   bool
	wait      float64 // steps from collapse to escape, or to the end (censored)
}

func (p *phase) fate(part *PhasePart) fate {
	var f fate
	n, from := 0, 0
	for i, step := range part.Step {
		v := part.Values[i][p.obs]
		switch {
		case !f.collapsed && v < p.cfg.Low:
			f.collapsed, from = true, step
		case f.collapsed && !f.escaped && v > p.cfg.High:
			f.escaped, f.wait = true, float64(step-from)
		}
		if step > p.cfg.Steps-p.cfg.Window {
			f.m += v
			n++
		}
	}
	f.m /= float64(n)
	if f.collapsed && !f.escaped {
		f.wait = float64(part.Step[len(part.Step)-1] - from)
	}
	return f
}

// Condense keeps the fate.
func (p *phase) Condense(parts []any) []any {
	if _, done := parts[0].(fate); done {
		return parts
	}
	return []any{p.fate(parts[0].(*PhasePart))}
}

// Finish writes the replica's trace and its fate.
func (p *phase) Finish(parts []any, out *Output) (Outcome, error) {
	part := parts[0].(*PhasePart)
	m, err := p.env.NewModel()
	if err != nil {
		return Outcome{}, err
	}
	values := make([]float64, 1+len(p.cols))
	for i, step := range part.Step {
		values[0] = float64(step) * m.Eta
		copy(values[1:], part.Values[i])
		out.Table(Trace(p.cols)).AddFloats([]int{0, i, step}, values)
	}
	if part.DivergedStep >= 0 {
		return Outcome{Status: Diverged, DivergedStep: part.DivergedStep, Note: "the trajectory diverged"}, nil
	}
	f := p.fate(part)
	status := "never below low"
	switch {
	case f.escaped:
		status = "escaped"
	case f.collapsed:
		status = "collapsed"
	}
	unit := p.cols[p.obs].Unit
	out.Table(Summary).Add("final_"+p.cols[p.obs].Name, f.m, nil, nil, nil, unit, status)
	if f.collapsed {
		out.Table(Summary).Add("collapse_duration", f.wait, nil, nil, nil, "step", status)
	}
	return Done(), nil
}

// Pool writes, for each sweep point, phase.csv, the histogram of m and the survival curve.
func (p *phase) Pool(tasks []Finished, out *Output) error {
	var order []string
	groups := map[string][]Finished{}
	for _, t := range tasks {
		if groups[t.Group] == nil {
			order = append(order, t.Group)
		}
		groups[t.Group] = append(groups[t.Group], t)
	}
	for _, g := range order {
		runner := groups[g][0].Runner.(*phase)
		var fates []fate
		for _, t := range groups[g] {
			if t.Outcome.Status == OK {
				fates = append(fates, runner.Condense(t.Parts)[0].(fate))
			}
		}
		if n := len(groups[g]) - len(fates); n > 0 {
			out.Table(Summary).AddAs(g, "replicas left out", float64(n), nil, nil, nil, "1", fmt.Sprintf("of %d: they diverged or failed, and may not have ended like the others", len(groups[g])))
		}
		runner.pool(g, fates, out)
	}
	poolPhases(tasks, out)
	return nil
}

func (p *phase) SweptKeys() map[string]string { return p.cfg.SweptKeys() }

func (p *phase) pool(group string, fates []fate, out *Output) {
	name, n := p.cols[p.obs].Name, float64(len(fates))
	if len(fates) < 3 { // χ and U₄ of two leave one out: their error would be 0
		out.Table(Summary).AddAs(group, name, nil, nil, nil, nil, "1", "fewer than three replicas: no error, so no number")
		return
	}
	blocks := make([][]float64, len(fates)) // the observable, and m², |m|, m⁴ of m = observable − offset, of each replica
	for i, f := range fates {
		m := f.m - p.cfg.Offset
		blocks[i] = []float64{f.m, m * m, math.Abs(m), m * m * m * m}
	}
	add := func(observable string, f func(mean []float64) float64) {
		v, err := analysis.Jackknife(blocks, f)
		out.Table(Phase).AddAs(group, p.size, observable, v, err, nil, n, nil)
	}
	add(name, func(m []float64) float64 { return m[0] })
	add("chi", func(m []float64) float64 { return p.cfg.ChiFactor * (m[1] - m[2]*m[2]) })
	add("binder", func(m []float64) float64 { return 1 - m[3]/(3*m[1]*m[1]) })
	unit := p.cols[p.obs].Unit
	out.Table(Summary).AddAs(group, "low", p.cfg.Low, nil, nil, nil, unit, "a replica has collapsed once the order parameter is below")
	out.Table(Summary).AddAs(group, "high", p.cfg.High, nil, nil, nil, unit, "it has escaped once, after that, the order parameter is above")
	p.poolEscapes(group, fates, out)
	p.poolHistogram(group, fates, out)
}

// poolEscapes writes the escaped fraction (of the replicas that had collapsed), the
// escape rate with censoring, and the survival curve.
func (p *phase) poolEscapes(group string, fates []fate, out *Output) {
	var times []float64
	var escaped []bool
	k := 0
	for _, f := range fates {
		if f.collapsed {
			times, escaped = append(times, f.wait), append(escaped, f.escaped)
			if f.escaped {
				k++
			}
		}
	}
	n := len(times)
	out.Table(Phase).AddAs(group, p.size, "collapsed_fraction", float64(n)/float64(len(fates)), wilsonHalf(n, len(fates)), nil, float64(len(fates)), nil)
	if n == 0 {
		out.Table(Summary).AddAs(group, "escape_rate", nil, nil, nil, nil, "1/step", "no replica collapsed")
		return
	}
	out.Table(Phase).AddAs(group, p.size, "escaped_fraction", float64(k)/float64(n), wilsonHalf(k, n), nil, float64(n), nil)
	if k > 0 {
		rate, err := analysis.EscapeRate(times, escaped)
		out.Table(Summary).AddAs(group, "escape_rate", rate, err, nil, nil, "1/step", escapeLaw(times, escaped))
		out.Table(Phase).AddAs(group, p.size, "escape_rate", rate, err, nil, float64(k), nil)
	} else {
		out.Table(Summary).AddAs(group, "escape_rate", nil, nil, nil, nil, "1/step", "no escape seen")
	}
	curve, err := analysis.KaplanMeier(times, escaped)
	if err != nil {
		return
	}
	out.Table(Survival).AddAs(group, 0, 1.0, 0.0, n)
	for _, s := range curve {
		out.Table(Survival).AddAs(group, int(s.Time), s.S, s.StdErr, s.AtRisk)
	}
}

// escapeLaw says whether an exponential law of the escape times is refuted.
func escapeLaw(times []float64, escaped []bool) string {
	switch p, refused := analysis.Exponential(times, escaped); {
	case refused != nil:
		return "the exponential law was not tested: fewer than 5 escapes"
	case p < notExponential:
		return fmt.Sprintf("not exponential (p = %.1g): an inverse mean time, not a rate", p)
	default:
		return fmt.Sprintf("ok; an exponential law is not refuted (p = %.2g)", p)
	}
}

// notExponential is the level at which an exponential law is refuted.
const notExponential = 0.01

// wilsonHalf is half the width of the 68.3 % Wilson interval: it does not vanish at 0 or 1.
func wilsonHalf(k, n int) float64 {
	lo, hi := analysis.Wilson(k, n, 1)
	return (hi - lo) / 2
}

func (p *phase) poolHistogram(group string, fates []fate, out *Output) {
	var m []float64
	for _, f := range fates {
		m = append(m, f.m)
	}
	sort.Float64s(m)
	lo, hi := math.Min(0, m[0]), math.Max(1.5, m[len(m)-1]*1.0001)
	t := out.Table(Histogram)
	label := t.label
	t.label = group
	writeHistogram(t, p.cols[p.obs].Name, p.cfg.Steps, m, lo, hi, p.cfg.Bins, float64(len(m)), func(_, _ float64) float64 { return math.NaN() })
	t.label = label
}

// Bytes counts the trace, in the part and in the table.
func (p *phase) Bytes() float64 {
	trace := float64(p.cfg.Steps/p.cfg.Every+1) * float64(len(p.cols)+4)
	return (partBytes + 2*cellBytes) * trace
}
