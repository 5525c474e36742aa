package engine

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/integrate/quad"

	"machlup/gan/otto"
	"machlup/internal/record"
)

// W2FlowConfig configures flows on the Wasserstein space: the training of a GAN without
// networks, its discriminator optimal.
type W2FlowConfig struct {
	Flows     []string `toml:"flows" enum:"saturating|literal-jprime|non-saturating|kl" doc:"flows to follow, each from the same start"`
	Start     string   `toml:"start" enum:"gaussian|mode" doc:"a normal, or the data restricted to one of its modes (total collapse)"`
	StartMean float64  `toml:"start_mean" unit:"data" doc:"mean of the normal"`
	StartStd  float64  `toml:"start_std" range:"(0,inf)" unit:"data" doc:"its standard deviation"`
	Mode      int      `toml:"mode" range:"[0,1000]" unit:"1" doc:"the mode, from the left, the first is 0; modes end at minima of the data's density"`
	Cells     int      `toml:"cells" range:"[16,20000]" unit:"1" doc:"cells of the grid"`
	Tail      float64  `toml:"tail" range:"(0,0.001)" unit:"1" doc:"mass that the grid leaves out at either end of the data and of the start"`
	Solver    string   `toml:"solver" enum:"implicit|explicit" doc:"Euler's method in time; explicit needs steps of about half a cell's width squared"`
	Step      float64  `toml:"step" range:"(0,inf)" unit:"time" doc:"Δt; unit of time: ∂q/∂t = ∇·(q∇μ)"`
	Steps     int      `toml:"steps" range:"[1,100000000]" unit:"step" doc:"steps"`
	Every     int      `toml:"every" range:"[1,inf)" unit:"step" doc:"interval between records"`
	Rates     int      `toml:"rates" range:"[0,16]" unit:"1" doc:"how many eigenfunctions of the data's generator have their rates of decay measured"`
	W2FlowJKOConfig
}

// DefaultW2Flow is the configuration with no key set: all flows from N(0, 1).
func DefaultW2Flow() W2FlowConfig {
	return W2FlowConfig{Flows: otto.FlowNames(), Start: "gaussian", StartStd: 1, Cells: 400, Tail: 1e-12, Solver: "implicit",
		Step: 0.02, Steps: 1000, Every: 10, Rates: 1}
}

// The tables of w2-flow.
var (
	FlowTable = record.Schema{Name: "flow", Doc: "flows on the Wasserstein space",
		Columns: []record.Column{colTask, text("flow", "saturating, literal-jprime, non-saturating or kl"), colStep,
			float("time", "time", "time t of ∂q/∂t = ∇·(q∇μ)"),
			float("functional", "1", "what decays: C, J′, 2 KL((p+q)/2 ‖ p) or KL(q‖p)"),
			float("dissipation", "1/time", "∫|∇μ|²q on the grid; empty where a cell is empty and it is infinite"),
			float("residual", "1/time", "ΔF/Δt + dissipation (after the step if implicit, before it if explicit): of first order in Δt"),
			float("w2", "data", "Wasserstein-2 distance to the data"),
			float("jsd", "1", "Jensen–Shannon divergence to the data, nats"),
			float("mean", "data", "mean of q"), float("std", "data", "standard deviation of q")}}

	FlowModesTable = record.Schema{Name: "flow_modes", Doc: "mass of q in each mode of the data",
		Columns: []record.Column{colTask, text("flow", "saturating, literal-jprime, non-saturating or kl"), colStep, float("time", "time", "time of the flow"),
			integer("mode", "1", "mode of the data, from the left"),
			float("mass", "1", "∫q over the mode's basin"), float("target_mass", "1", "∫p over it")}}
)

type w2flow struct {
	cfg   W2FlowConfig
	flows []otto.Flow
	env   Env
}

// NewW2Flow checks the configuration against the model's data density and binds it to a task.
func NewW2Flow(cfg W2FlowConfig, env Env, m *Model) (Runner, error) {
	w := &w2flow{cfg: cfg, env: env}
	if len(cfg.Flows) == 0 {
		return nil, &KeyError{"flows", "none", "one or more of " + strings.Join(otto.FlowNames(), ", ")}
	}
	for i, name := range cfg.Flows {
		f, err := otto.ParseFlow(name)
		if err != nil {
			return nil, &KeyError{"flows", fmt.Sprintf("%q", name), strings.Join(otto.FlowNames(), ", ")}
		}
		if slices.Contains(cfg.Flows[:i], name) {
			return nil, &KeyError{"flows", fmt.Sprintf("%q twice", name), "each flow once"}
		}
		w.flows = append(w.flows, f)
	}
	s, err := w.setup(m)
	if err != nil {
		return nil, err
	}
	if n := len(s.basins) - 1; cfg.Start == "mode" && cfg.Mode >= n {
		return nil, &KeyError{"mode", fmt.Sprint(cfg.Mode), fmt.Sprintf("0 to %d: the data have %d on this grid", n-1, n)}
	}
	if limit := s.maxStep; cfg.Solver == "explicit" && cfg.Step > limit {
		return nil, &KeyError{"step", fmt.Sprint(cfg.Step), fmt.Sprintf("at most %.4g: beyond it explicit Euler can make a cell negative; or solver = \"implicit\"", limit)}
	}
	return w, cfg.checkJKO(cfg.Step*float64(cfg.Every), m)
}

// flowSetup is what all flows of a task share.
type flowSetup struct {
	grid    otto.Grid
	p, q    []float64
	basins  []int
	maxStep float64
}

func (w *w2flow) setup(m *Model) (*flowSetup, error) {
	data, err := dataLaw(m)
	if err != nil {
		return nil, err
	}
	laws := []otto.Law{data}
	var start otto.Law
	if w.cfg.Start == "gaussian" {
		start = otto.Normal(w.cfg.StartMean, w.cfg.StartStd)
		laws = append(laws, start)
	}
	s := &flowSetup{}
	if s.grid, err = otto.GridFor(w.cfg.Cells, w.cfg.Tail, laws...); err != nil {
		return nil, err
	}
	s.p, s.q = make([]float64, w.cfg.Cells), make([]float64, w.cfg.Cells)
	s.grid.Average(s.p, data)
	s.basins = s.grid.Basins(s.p)
	v, err := otto.NewFiniteVolume(s.grid, s.p, otto.KL)
	if err != nil {
		return nil, err
	}
	s.maxStep = v.MaxStep()
	switch {
	case start != nil:
		s.grid.Average(s.q, start)
	case w.cfg.Mode < len(s.basins)-1:
		lo, hi := s.basins[w.cfg.Mode], s.basins[w.cfg.Mode+1]
		copy(s.q[lo:hi], s.p[lo:hi])
		s.grid.Normalise(s.q)
	}
	return s, nil
}

// dataLaw is the law of the model's data, if it has a known one on the line.
func dataLaw(m *Model) (otto.Law, error) {
	if d, ok := m.Potential.(interface{ Data() otto.Density }); ok {
		return d.Data(), nil
	}
	if m.Generator == nil {
		return nil, fmt.Errorf("system %s has no data density: use quantile, hermite-galerkin, or mlp with a target on the line", m.Kind)
	}
	_, density := m.Generator.TargetDensity(make([]float64, m.Generator.DataDim()))
	_, quantile := m.Generator.Quantile(0.5)
	if m.Generator.DataDim() != 1 || !density || !quantile {
		return nil, fmt.Errorf("the flows need data on the line with a known density and quantile function: use system.mlp.target = \"gaussian\" or \"mixture\" with dim = 1, or system.kind = \"quantile\"")
	}
	return generatorLaw{m.Generator}, nil
}

// generatorLaw is the law of a GAN's data.
type generatorLaw struct{ g Generator }

func (l generatorLaw) Quantile(u float64) float64 { x, _ := l.g.Quantile(u); return x }

func (l generatorLaw) Mass(a, b float64) float64 {
	return quad.Fixed(func(x float64) float64 {
		d, _ := l.g.TargetDensity([]float64{x})
		return d
	}, a, b, 8, quad.Legendre{}, 0)
}

// W2FlowPart is one flow.
type W2FlowPart struct {
	Flow    string
	Records []W2FlowRecord
	Target  []float64 // mass of each mode of the data
	Rates   []W2FlowRate
	Gap     float64 // λ₁ of the grid
	Limit   float64 // of fine grids, by Richardson extrapolation; first flow only
	JKO     []JKORecord
	Across  float64 // W₂ of one JKO particle carried across the data; 0 without JKO steps
}

// W2FlowRecord is a row of flow.csv.
type W2FlowRecord struct {
	Step                                                  int
	Functional, Dissipation, Residual, W2, JSD, Mean, Std float64
	Masses                                                []float64
}

// W2FlowRate is the measured decay of ∫u_k q.
type W2FlowRate struct {
	Rate      float64 // NaN if never in range
	Exact     float64 // w(0)·λ_k of the grid
	Amplitude float64 // of the last step that was used
	Drift     float64 // relative change of the rate since the amplitude was e times larger
}

func (w *w2flow) Parts() int       { return len(w.flows) }
func (w *w2flow) Work(int) float64 { return float64(w.cfg.Steps) }
func (w *w2flow) NewResult() any   { return new(W2FlowPart) }

func (w *w2flow) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := w.env.NewModel()
	if err != nil {
		return nil, err
	}
	s, err := w.setup(m)
	if err != nil {
		return nil, err
	}
	f := w.flows[part]
	v, err := otto.NewFiniteVolume(s.grid, s.p, f)
	if err != nil {
		return nil, err
	}
	spectrum, err := otto.NewSpectrum(s.grid, s.p)
	if err != nil {
		return nil, err
	}
	result := &W2FlowPart{Flow: f.String(), Target: basinMasses(s, v.Target()), Gap: spectrum.Eigenvalue(1)}
	if part == 0 {
		if result.Limit, err = w.fineGap(m, s); err != nil {
			return nil, err
		}
	}
	decays, err := newDecays(spectrum, s.grid, f, w.cfg)
	if err != nil {
		return nil, err
	}
	q, next := append([]float64(nil), s.q...), make([]float64, len(s.q))
	js, err := otto.NewFiniteVolume(s.grid, s.p, otto.Saturating)
	if err != nil {
		return nil, err
	}
	note := func(k int, residual float64) {
		result.Records = append(result.Records, W2FlowRecord{Step: k, Functional: v.Value(q), Dissipation: v.Dissipation(q), Residual: residual,
			W2: s.grid.W2(q, v.Target()), JSD: math.Max(0, js.Value(q)/2+math.Ln2), Mean: s.grid.Mean(q), Std: math.Sqrt(s.grid.Variance(q)),
			Masses: basinMasses(s, q)})
	}
	note(0, math.NaN())
	jko, err := w.cfg.startJKO(m, s, f)
	if err != nil {
		return nil, err
	}
	if n := w.cfg.Particles; n > 0 {
		result.Across = 2 * math.Sqrt(s.grid.Variance(v.Target())/float64(n))
	}
	for _, d := range decays {
		d.see(s.grid, q)
	}
	for k := 1; k <= w.cfg.Steps; k++ {
		if w.cfg.Solver == "explicit" {
			v.Explicit(next, q, w.cfg.Step)
		} else if err := v.Implicit(next, q, w.cfg.Step); err != nil {
			return nil, fmt.Errorf("step %d: %w", k, err)
		}
		record := k%w.cfg.Every == 0 || k == w.cfg.Steps
		residual := 0.0
		if record {
			at := next
			if w.cfg.Solver == "explicit" {
				at = q
			}
			residual = (v.Value(next)-v.Value(q))/w.cfg.Step + v.Dissipation(at)
		}
		q, next = next, q
		for _, d := range decays {
			d.see(s.grid, q)
		}
		if record {
			note(k, residual)
		}
		if k%w.cfg.Every == 0 {
			for _, j := range jko {
				if err := j.follow(float64(k)*w.cfg.Step, s.grid, q, result); err != nil {
					return nil, err
				}
			}
		}
		if k%64 == 0 {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			progress(float64(k))
		}
	}
	for _, d := range decays {
		result.Rates = append(result.Rates, d.rate())
	}
	return result, nil
}

// fineGap extrapolates the gap from this grid and one of twice the cells on the same domain.
func (w *w2flow) fineGap(m *Model, s *flowSetup) (float64, error) {
	data, err := dataLaw(m)
	if err != nil {
		return 0, err
	}
	var gap [2]float64
	for i := range gap {
		g, err := otto.NewGrid(s.grid.Lo, s.grid.Hi, s.grid.Cells<<i)
		if err != nil {
			return 0, err
		}
		p := make([]float64, g.Cells)
		g.Average(p, data)
		spectrum, err := otto.NewSpectrum(g, p)
		if err != nil {
			return 0, err
		}
		gap[i] = spectrum.Eigenvalue(1)
	}
	return gap[1] + (gap[1]-gap[0])/3, nil
}

func basinMasses(s *flowSetup, q []float64) []float64 {
	var out []float64
	for i := range len(s.basins) - 1 {
		total := 0.0
		for _, x := range q[s.basins[i]:s.basins[i+1]] {
			total += x
		}
		out = append(out, total*s.grid.Width())
	}
	return out
}

// decay measures the rate at which a = ∫u_k q falls. For Euler's method on a linear flow
// a_{j+1}/a_j is 1−λΔt or 1/(1+λΔt): inverted, the rate has no error from the time step.
type decay struct {
	u        []float64
	cfg      W2FlowConfig
	exact    float64
	series   []float64 // a at every step while it is in range
	finished bool
}

// amplitudes of ∫u_k q (u_k has unit variance under p) at which a rate is measured: above
// rounding, and small enough for the linear regime to be tested by the drift.
const leastAmplitude = 1e-8

func newDecays(spectrum *otto.Spectrum, g otto.Grid, f otto.Flow, cfg W2FlowConfig) ([]*decay, error) {
	var out []*decay
	for k := 1; k <= cfg.Rates; k++ {
		d := &decay{u: make([]float64, g.Cells), cfg: cfg, exact: f.Weight(0) * spectrum.Eigenvalue(k)}
		if err := spectrum.Eigenfunction(d.u, k); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

func (d *decay) see(g otto.Grid, q []float64) {
	if d.finished {
		return
	}
	a := 0.0
	for i, u := range d.u {
		a += u * q[i]
	}
	a *= g.Width()
	if math.Abs(a) < leastAmplitude {
		d.finished = true
		return
	}
	d.series = append(d.series, a)
}

func (d *decay) rate() W2FlowRate {
	out := W2FlowRate{Rate: math.NaN(), Exact: d.exact, Drift: math.Inf(1)}
	n := len(d.series)
	if n < 2 {
		return out
	}
	at := func(j int) float64 { // rate of step j → j+1
		ratio := d.series[j+1] / d.series[j]
		if d.cfg.Solver == "explicit" {
			return (1 - ratio) / d.cfg.Step
		}
		return (1/ratio - 1) / d.cfg.Step
	}
	out.Rate, out.Amplitude = at(n-2), math.Abs(d.series[n-2])
	for j := n - 3; j >= 0; j-- {
		if math.Abs(d.series[j]) >= math.E*out.Amplitude {
			out.Drift = math.Abs(at(j)/out.Rate - 1)
			break
		}
	}
	return out
}

// largestDrift is the relative change of a rate, while its mode falls by a factor e, up to
// which it counts as the rate of the linear regime.
const largestDrift = 0.01

// Finish writes flow.csv, flow_modes.csv and the rates to summary.csv.
func (w *w2flow) Finish(parts []any, out *Output) (Outcome, error) {
	outcome := Done()
	for i, part := range parts {
		p := part.(*W2FlowPart)
		if i == 0 {
			out.Table(Summary).Add("spectral gap of the data on the grid", p.Gap, nil, p.Limit, nil, "1/time",
				"reference: in the limit of fine grids, by Richardson extrapolation; late rates refer to the grid")
		}
		worst := 0.0
		for _, r := range p.Records {
			t := float64(r.Step) * w.cfg.Step
			out.Table(FlowTable).Add(p.Flow, r.Step, t, r.Functional, r.Dissipation, r.Residual, r.W2, r.JSD, r.Mean, r.Std)
			for mode, mass := range r.Masses {
				out.Table(FlowModesTable).Add(p.Flow, r.Step, t, mode, mass, p.Target[mode])
			}
			if relative := math.Abs(r.Residual) / r.Dissipation; relative > worst && r.Dissipation > 1e-10 {
				worst = relative
			}
		}
		if i == 0 && p.Across > 0 {
			out.Table(Summary).Add(jkoAcross, p.Across, nil, nil, nil, "data", fmt.Sprintf("two standard deviations of the data over √N, N = %d: a larger distance to the flow is more than one particle in the wrong place", w.cfg.Particles))
		}
		writeJKO(p, w.cfg.Particles, out)
		last := p.Records[len(p.Records)-1]
		out.Table(Summary).Add("largest residual/dissipation, "+p.Flow, worst, nil, 0.0, nil, "1", fmt.Sprintf("of first order in the step %g", w.cfg.Step))
		out.Table(Summary).Add("final W2 to the data, "+p.Flow, last.W2, nil, 0.0, nil, "data", "ok")
		phase := func(observable string, v float64) {
			out.Table(Phase).Add(float64(w.cfg.Cells), observable+"_"+p.Flow, v, nil, nil, nil, nil) // of a grid: exact
		}
		phase("final_std", last.Std)
		phase("final_w2", last.W2)
		if len(last.Masses) == 2 {
			phase("final_imbalance", last.Masses[1]-last.Masses[0])
		}
		for k, r := range p.Rates {
			quantity := fmt.Sprintf("late rate of mode %d, %s", k+1, p.Flow)
			switch {
			case math.IsNaN(r.Rate):
				out.Table(Summary).Add(quantity, nil, nil, r.Exact, nil, "1/time", fmt.Sprintf("the mode's amplitude is below %g from the start", leastAmplitude))
			case !(r.Drift <= largestDrift):
				note := fmt.Sprintf("not yet exponential: the rate %.4g still changes by %.3g of itself per e-fold at amplitude %.2g; more steps", r.Rate, r.Drift, r.Amplitude)
				out.Table(Summary).Add(quantity, nil, nil, r.Exact, nil, "1/time", note)
				outcome = None("%s: %s", quantity, note)
			default:
				out.Table(Summary).Add(quantity, r.Rate, nil, r.Exact, nil, "1/time",
					fmt.Sprintf("changes by %.2g of itself per e-fold at amplitude %.2g", r.Drift, r.Amplitude))
				phase(fmt.Sprintf("late_rate_%d", k+1), r.Rate)
			}
		}
	}
	return outcome, nil
}
