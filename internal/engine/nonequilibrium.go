package engine

import (
	"context"
	"fmt"
	"math"
	"slices"

	"machlup/analysis"
	"machlup/internal/record"
	"machlup/internal/rng"
	"machlup/pathint"
)

// NonEquilibriumConfig configures entropy production, currents and fluctuation theorems.
type NonEquilibriumConfig struct {
	Chains  int `toml:"chains" range:"[1,100000]" unit:"1" doc:"independent chains, from the task's start"`
	Warmup  int `toml:"warmup" range:"[0,inf)" unit:"step" doc:"steps dropped at the beginning of each chain"`
	Windows int `toml:"windows" range:"[20,1000000]" unit:"1" doc:"windows of each chain; a window is one draw"`
	Window  int `toml:"window" range:"[1,inf)" unit:"step" doc:"steps of a window"`

	Runs   int     `toml:"runs" range:"[0,10000000]" unit:"1" doc:"trajectories of the fluctuation theorems, from normal draws about the start; 0: none"`
	Steps  int     `toml:"steps" range:"[1,10000]" unit:"step" doc:"steps of each of them"`
	Spread float64 `toml:"spread" range:"(0,inf)" unit:"1" doc:"standard deviation of their start, in units of a step's noise"`

	Extrapolate int `toml:"extrapolate" range:"[0,8]" unit:"1" doc:"p of the leading error η^p in the step: rates are extrapolated to step 0 over the points that differ in the step alone; 0: not"`

	Field []string  `toml:"field" doc:"two observables whose plane the current is shown on; empty: none"`
	Bins  int       `toml:"bins" range:"[2,200]" unit:"1" doc:"cells of the plane in each direction"`
	Low   []float64 `toml:"low" unit:"observable" doc:"lower edges of the plane, one for each of field"`
	High  []float64 `toml:"high" unit:"observable" doc:"upper edges of the plane, one for each of field"`
}

// DefaultNonEquilibrium is the configuration with no key set.
func DefaultNonEquilibrium() NonEquilibriumConfig {
	return NonEquilibriumConfig{Chains: 4, Warmup: 1000, Windows: 400, Window: 50, Runs: 4000, Steps: 1, Spread: 2, Bins: 12}
}

// The tables of the estimator.
var (
	NonEquilibrium = record.Schema{Name: "nonequilibrium", Doc: "entropy production, area rates, fluctuation theorems, temperatures and responses of a steady state",
		Columns: []record.Column{colTask, text("quantity", "what is quoted"),
			text("observable", "of the quantity; empty where it has none"), text("other", "the second observable of a current"),
			integer("lag", "step", "steps after the kick or force; empty where there is no lag"),
			float("value", "see unit", "estimate"), float("stderr", "see unit", "its standard error, corrected for autocorrelation"),
			colTau, colESS, reference("see unit"), colZ, text("unit", "unit of value"), colStatus}}

	Currents = record.Schema{Name: "currents", Doc: "probability current on the plane of two observables: displacement of a step, counted where its midpoint lies",
		Columns: []record.Column{colTask, colObservable, text("other", "the second observable"),
			float("x", "observable", "centre of the cell, first observable"), float("y", "observable", "centre of the cell, second observable"),
			float("density", "1/(observable·other)", "probability density of the midpoints"),
			float("current_x", "1/(other·step)", "current along the first observable: density times mean displacement of a step"),
			float("current_x_stderr", "1/(other·step)", "standard error over blocks of windows"),
			float("current_y", "1/(observable·step)", "current along the second observable"),
			float("current_y_stderr", "1/(observable·step)", "standard error over blocks of windows"),
			integer("count", "1", "steps whose midpoint lies in the cell")}}
)

// fieldBlocks is how many blocks of a chain give the errors of the current's cells.
const fieldBlocks = 10

type nonEquilibrium struct {
	cfg    NonEquilibriumConfig
	env    Env
	names  []string
	field  [2]int // observables of the plane
	eta    float64
	single bool // one block: the reversed process is the process
	status string
}

// NewNonEquilibrium binds the estimator to a task. It refuses what has no density in
// positions, and so no entropy production, with the reason.
func NewNonEquilibrium(cfg NonEquilibriumConfig, env Env, m *Model) (Runner, error) {
	switch {
	case m.NoStationary != nil:
		return nil, m.NoStationary
	case m.NoRecurrence != nil:
		return nil, fmt.Errorf("entropy production is the log ratio of the densities of a path and its reverse, and here paths have none: %w", m.NoRecurrence)
	case m.Recurrence == nil:
		return nil, fmt.Errorf("the system %s has no recurrence in positions, so there is no entropy production", m.Kind)
	}
	if cfg.Runs > 0 && !(cfg.Spread*cfg.Spread > float64(cfg.Steps)) {
		return nil, &KeyError{"spread", fmt.Sprint(cfg.Spread), fmt.Sprintf("more than √steps = %.3g: a start narrower than what %d steps add gives weights without variance", math.Sqrt(float64(cfg.Steps)), cfg.Steps)}
	}
	r, err := pathint.NewReversal(m.Recurrence)
	if err != nil {
		return nil, err
	}
	e := &nonEquilibrium{cfg: cfg, env: env, eta: m.Eta, single: len(r.Blocks()) == 1, status: "ok: no potential, so currents remain in the steady state"}
	if m.Potential != nil {
		e.status = "ok: a potential, so what there is comes of the finite step"
	}
	for _, o := range m.Observer.Observables() {
		e.names = append(e.names, o.Name)
	}
	if err := e.plane(); err != nil || cfg.Extrapolate == 0 {
		return e, err
	}
	return &extrapolating{Runner: e, order: cfg.Extrapolate, eta: m.Eta, series: e.rates, common: env.Coupling == ""}, nil
}

// rates are the draws of the rates per unit of time, chain by chain.
func (e *nonEquilibrium) rates(parts []any) []steppedSeries {
	out := []steppedSeries{{Name: "entropy production rate"}}
	for _, pair := range e.pairs() {
		out = append(out, steppedSeries{Name: "area rate of " + e.names[pair[0]] + ", " + e.names[pair[1]]})
	}
	for _, p := range parts[:e.cfg.Chains] {
		chain := p.(*NonEquilibriumPart)
		for i, s := range append([][]float64{chain.Entropy}, chain.Area...) {
			out[i].Chains = append(out[i].Chains, scaledBy(s, 1/e.eta))
		}
	}
	return out
}

// plane checks the keys of the field of currents.
func (e *nonEquilibrium) plane() error {
	c := &e.cfg
	if len(c.Field) == 0 {
		return nil
	}
	if len(c.Field) != 2 || c.Field[0] == c.Field[1] {
		return &KeyError{"field", fmt.Sprintf("%q", c.Field), "two different observables, or none"}
	}
	for i, name := range c.Field {
		if e.field[i] = slices.Index(e.names, name); e.field[i] < 0 {
			return &KeyError{"field", fmt.Sprintf("%q", name), fmt.Sprintf("two of the selected observables %q", e.names)}
		}
	}
	if len(c.Low) != 2 || len(c.High) != 2 {
		return &KeyError{"low", fmt.Sprintf("%v and high = %v", c.Low, c.High), "two edges each: the plane is not guessed from the data"}
	}
	for i := range 2 {
		if !(c.Low[i] < c.High[i]) {
			return &KeyError{"low", fmt.Sprintf("%v with high = %v", c.Low, c.High), "low < high"}
		}
	}
	return nil
}

// NonEquilibriumPart is one chain, or the trajectories of the fluctuation theorems.
type NonEquilibriumPart struct {
	DivergedStep int
	Entropy      []float64   // S_rev − S_fwd of each window, per step
	Area         [][]float64 // area rate of each window, for each pair of observables
	Cells        [][]float64 // of each block: three numbers a cell: count, Σ dx, Σ dy
	Integral     []float64   // log weights of the integral theorem
	Detailed     []float64   // entropy with the start's own density at both ends
	Source       *rng.Stream
	State        *TrajectoryState
	Ring         [][]float64
	Sums         []float64 // of the window at work: entropy, areas
	Taken        int       // steps or runs measured
}

func (e *nonEquilibrium) Parts() int {
	if e.cfg.Runs > 0 {
		return e.cfg.Chains + 1
	}
	return e.cfg.Chains
}

// Work counts the step, and the drift of the reversed step.
func (e *nonEquilibrium) Work(part int) float64 {
	if part == e.cfg.Chains {
		return 3 * float64(e.cfg.Runs*e.cfg.Steps)
	}
	return 3 * float64(e.cfg.Warmup+e.cfg.Windows*e.cfg.Window)
}

func (e *nonEquilibrium) NewResult() any { return new(NonEquilibriumPart) }

func (e *nonEquilibrium) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := e.env.NewModel()
	if err != nil {
		return nil, err
	}
	r, err := pathint.NewReversal(m.Recurrence)
	if err != nil {
		return nil, err
	}
	if part == e.cfg.Chains {
		return e.theorems(ctx, m, r, progress)
	}
	return e.chain(ctx, m, r, part, progress)
}

// pairs is the number of pairs of the first observables, of which at most 4 are paired.
func (e *nonEquilibrium) pairs() [][2]int {
	var out [][2]int
	for i := range min(len(e.names), 4) {
		for j := range i {
			out = append(out, [2]int{j, i})
		}
	}
	return out
}

func (e *nonEquilibrium) newPart() *NonEquilibriumPart {
	p := &NonEquilibriumPart{DivergedStep: -1, Area: make([][]float64, len(e.pairs()))}
	if len(e.cfg.Field) > 0 {
		p.Cells = make([][]float64, fieldBlocks)
		for i := range p.Cells {
			p.Cells[i] = make([]float64, 3*e.cfg.Bins*e.cfg.Bins)
		}
	}
	return p
}

// chain runs one chain; the step measured lies in the middle of four slices.
func (e *nonEquilibrium) chain(ctx context.Context, m *Model, r *pathint.Reversal, part int, progress func(float64)) (any, error) {
	t := newTrajectory(m, e.env.Part("non-equilibrium", part))
	n := m.Map.Config()
	p, session := e.newPart(), SessionOf(ctx)
	w := &window{e: e, r: r, m: m, pairs: e.pairs(), before: make([]float64, len(e.names)), now: make([]float64, len(e.names))}
	p.Sums = make([]float64, 1+len(w.pairs))
	for range 4 {
		p.Ring = append(p.Ring, make([]float64, n))
	}
	if saved := (NonEquilibriumPart{}); session.Restore(&saved) {
		p = &saved
		if err := t.restore(*saved.State); err != nil {
			return nil, err
		}
		if len(p.Area) != len(w.pairs) || len(p.Ring) != 4 {
			return nil, &StaleError{fmt.Errorf("a part of %d pairs, of %d", len(p.Area), len(w.pairs))}
		}
	}
	state := func() any { s := t.save(); p.State = &s; return *p }
	rest := e.cfg.Warmup + 3 // the ring is full
	for t.k < rest+e.cfg.Windows*e.cfg.Window {
		if t.k%1024 == 0 {
			if err := session.Offer(ctx, state); err != nil {
				return nil, err
			}
			progress(3 * float64(t.k))
		}
		if !t.step() {
			p.DivergedStep = t.k
			return p, nil
		}
		p.Ring[0], p.Ring[1], p.Ring[2], p.Ring[3] = p.Ring[1], p.Ring[2], p.Ring[3], p.Ring[0]
		copy(p.Ring[3], t.config())
		if t.k > rest {
			w.add(p)
		}
	}
	p.State, p.Ring, p.Sums = nil, nil, nil
	return p, nil
}

// window measures steps with the scratch that takes.
type window struct {
	e           *nonEquilibrium
	r           *pathint.Reversal
	m           *Model
	pairs       [][2]int
	before, now []float64
}

// add counts the middle step of the ring, and closes the window after its last.
func (w *window) add(p *NonEquilibriumPart) {
	q := p.Ring
	w.m.Observer.Observe(w.before, q[1])
	w.m.Observer.Observe(w.now, q[2])
	if p.Cells != nil {
		w.e.locate(p.Cells[len(p.Entropy)*fieldBlocks/w.e.cfg.Windows], w.before, w.now)
	}
	p.Sums[0] += w.r.Step(q[0], q[1], q[2], q[3])
	for i, pair := range w.pairs {
		p.Sums[i+1] += (w.before[pair[0]]*w.now[pair[1]] - w.before[pair[1]]*w.now[pair[0]]) / 2
	}
	if p.Taken++; p.Taken%w.e.cfg.Window > 0 {
		return
	}
	steps := float64(w.e.cfg.Window)
	p.Entropy = append(p.Entropy, p.Sums[0]/steps)
	for i, a := range p.Sums[1:] {
		p.Area[i] = append(p.Area[i], a/steps)
	}
	clear(p.Sums)
}

// locate adds a step to the cell where its midpoint lies.
func (e *nonEquilibrium) locate(cells, before, now []float64) {
	at := 0
	var d [2]float64
	for i, o := range e.field {
		d[i] = now[o] - before[o]
		u := ((now[o]+before[o])/2 - e.cfg.Low[i]) / (e.cfg.High[i] - e.cfg.Low[i])
		if !(u >= 0 && u < 1) {
			return
		}
		at = at*e.cfg.Bins + int(u*float64(e.cfg.Bins))
	}
	cells[3*at]++
	cells[3*at+1] += d[0]
	cells[3*at+2] += d[1]
}

// theorems runs trajectories from normal draws about the start. The integral theorem compares
// with a normal density about the end of the noise-free trajectory, the detailed one with the
// density of the start at both ends.
func (e *nonEquilibrium) theorems(ctx context.Context, m *Model, r *pathint.Reversal, progress func(float64)) (any, error) {
	src := e.env.Own("non-equilibrium/theorems")
	p, session, n := e.newPart(), SessionOf(ctx), m.Map.Config()
	if saved := (NonEquilibriumPart{}); session.Restore(&saved) {
		p = &saved
		*src = *saved.Source
	}
	state, next := make([]float64, m.Map.Dim()), make([]float64, m.Map.Dim())
	xi, path := make([]float64, m.Map.Inputs()), make([][]float64, e.cfg.Steps+1)
	for k := range path {
		path[k] = make([]float64, n)
	}
	run := func(noise bool) bool {
		m.Map.Init(state, path[0])
		for k := range e.cfg.Steps {
			if noise {
				src.Normals(xi)
			}
			m.Map.Step(next, state, xi)
			state, next = next, state
			copy(path[k+1], state)
		}
		return finite(state)
	}
	copy(path[0], m.Start)
	if !run(false) {
		return nil, &Divergence{What: "the noise-free trajectory of the fluctuation theorems", Step: e.cfg.Steps}
	}
	end := clone(path[e.cfg.Steps])
	// With free motion this width of ρ(x_K) makes the weights' variance the least: reversed, it
	// grows back to that of the start.
	wide := pathint.Normal{Mean: m.Start, Spread: e.cfg.Spread}
	narrow := pathint.Normal{Mean: end, Spread: math.Sqrt(e.cfg.Spread*e.cfg.Spread - float64(e.cfg.Steps))}
	for ; p.Taken < e.cfg.Runs; p.Taken++ {
		if p.Taken%64 == 0 {
			if err := session.Offer(ctx, func() any { p.Source = src; return *p }); err != nil {
				return nil, err
			}
			progress(3 * float64(p.Taken*e.cfg.Steps))
		}
		start := path[0]
		src.Normals(start)
		for _, b := range r.Blocks() {
			for i := b.Lo; i < b.Hi; i++ {
				start[i] = m.Start[i] + e.cfg.Spread*b.Noise*start[i]
			}
		}
		if !run(true) {
			return nil, &Divergence{What: "a trajectory of the fluctuation theorems", Step: e.cfg.Steps}
		}
		p.Integral = append(p.Integral, r.LogWeight(path, wide, narrow))
		p.Detailed = append(p.Detailed, -r.LogWeight(path, wide, wide))
	}
	p.Source = nil
	return p, nil
}

// Finish writes nonequilibrium.csv, currents.csv and the certificate O10 of the theorem.
func (e *nonEquilibrium) Finish(parts []any, out *Output) (Outcome, error) {
	chains := make([]*NonEquilibriumPart, e.cfg.Chains)
	for i := range chains {
		chains[i] = parts[i].(*NonEquilibriumPart)
		if k := chains[i].DivergedStep; k >= 0 {
			return Outcome{Status: Diverged, DivergedStep: k, Note: "a chain diverged: there is no steady state at this step size"}, nil
		}
	}
	outcome := Done()
	series := func(of func(*NonEquilibriumPart) []float64) [][]float64 {
		var out [][]float64
		for _, c := range chains {
			out = append(out, of(c))
		}
		return out
	}
	row := func(quantity, observable, other, unit string, scale float64, s [][]float64) {
		tau, status := analysis.AutocorrelationChains(s), e.status
		if err := analysis.CheckEquilibration(s); err != nil && e.drifts(s) {
			status = fmt.Sprintf("no-estimate: not a steady state: %v", err)
			tau.Mean, tau.StdErr = math.NaN(), math.NaN()
			outcome = None("%s: %v", quantity, err)
		}
		out.Table(NonEquilibrium).Add(quantity, observable, other, nil, tau.Mean*scale, tau.StdErr*scale, tau.Tau, tau.ESS, nil, nil, unit, status)
	}
	entropy := series(func(c *NonEquilibriumPart) []float64 { return c.Entropy })
	row("entropy production per step", "", "", "nat/step", 1, entropy)
	row("entropy production rate", "", "", "nat/kη", 1/e.eta, entropy)
	for i, pair := range e.pairs() {
		row("area rate", e.names[pair[0]], e.names[pair[1]], "observable·other/step", 1,
			series(func(c *NonEquilibriumPart) []float64 { return c.Area[i] }))
	}
	if len(e.cfg.Field) > 0 {
		e.writeField(chains, out.Table(Currents))
	}
	if e.cfg.Runs > 0 {
		if err := e.writeTheorems(parts[e.cfg.Chains].(*NonEquilibriumPart), out); err != nil {
			outcome = None("integral fluctuation theorem: %v", err)
		}
	}
	return outcome, nil
}

// drifts tells a series that has not come to rest from one whose windows are anticorrelated
// (sums of differences), for which the window of τ need not close.
func (e *nonEquilibrium) drifts(s [][]float64) bool {
	tau := analysis.AutocorrelationChains(s)
	return tau.Err != nil || tau.Tau > 0.5 || analysis.RHat(s) > analysis.MaxRHat
}

// writeTheorems writes the certificate and the slope; its error is why the certificate fails.
func (e *nonEquilibrium) writeTheorems(p *NonEquilibriumPart, out *Output) error {
	value, stderr := analysis.LogMeanExp(p.Integral)
	status, z, ess := "ok", value/stderr, analysis.ESSWeights(p.Integral)
	err := analysis.CheckParetoK(p.Integral)
	caution := analysis.CheckWeights(p.Integral)
	switch {
	case err != nil:
		value, stderr, z = math.NaN(), math.NaN(), math.NaN()
		status = "no-estimate: " + err.Error()
	case caution != nil && analysis.ParetoK(p.Integral) >= 0.5:
		err, stderr, z = caution, math.NaN(), math.NaN()
		status = "no error bar: " + err.Error()
	case math.Abs(z) >= analysis.MaxZ:
		err = fmt.Errorf("ln⟨e^{−R}⟩ = %.3g ± %.2g, exact 0", value, stderr)
		status = "failed: " + err.Error()
	case caution != nil:
		status = "ok: caution: " + caution.Error()
	}
	out.Table(NonEquilibrium).Add("integral fluctuation theorem", "", "", nil, value, stderr, nil, ess, 0.0, z, "1", status)
	out.Table(Partition).Add("O10", "non-equilibrium", "ln⟨exp(−(S_rev − S_fwd)) ρ(x_K)/ρ(x_0)⟩", 0.0, "normal densities about both ends of the noise-free trajectory",
		value, stderr, stderr, nil, 0.0, z, ess, nil, status)
	if !e.single {
		out.Table(NonEquilibrium).Add("detailed fluctuation theorem: slope", "", "", nil, nil, nil, nil, nil, 1.0, nil, "1",
			"no-estimate: the players move in turn, so the reversed process is another one, whose trajectories are not sampled")
		return err
	}
	slope, slopeErr, n := detailedSlope(p.Detailed)
	status = "ok"
	if !(n >= 50) {
		status = fmt.Sprintf("no-estimate: the information of %.0f decided signs, at least 50", n)
		slope, slopeErr = math.NaN(), math.NaN()
	}
	out.Table(NonEquilibrium).Add("detailed fluctuation theorem: slope", "", "", nil, slope, slopeErr, nil, n, 1.0, (slope-1)/slopeErr, "1", status)
	return err
}

// detailedSlope fits P(R)/P(−R) = e^{λR}: given |R| the sign is + with probability
// 1/(1+e^{−λ|R|}), and λ is the maximum of that likelihood; no bins. n is the expected number
// of negative ones.
func detailedSlope(r []float64) (slope, stderr, n float64) {
	slope = 1
	for range 50 {
		gradient, information := 0.0, 0.0
		n = 0
		for _, v := range r {
			a := math.Abs(v)
			p := 1 / (1 + math.Exp(-slope*a))
			hit := 0.0
			if v > 0 {
				hit = 1
			}
			gradient += a * (hit - p)
			information += a * a * p * (1 - p)
			n += 1 - p
		}
		if !(information > 0) {
			return math.NaN(), math.NaN(), 0
		}
		step := gradient / information
		slope, stderr = slope+step, 1/math.Sqrt(information)
		if math.Abs(step) < 1e-10 {
			break
		}
	}
	return slope, stderr, n
}

// writeField pools the blocks of all chains.
func (e *nonEquilibrium) writeField(chains []*NonEquilibriumPart, table *Rows) {
	b := e.cfg.Bins
	steps := float64(e.cfg.Window*e.cfg.Windows) / fieldBlocks
	wx, wy := (e.cfg.High[0]-e.cfg.Low[0])/float64(b), (e.cfg.High[1]-e.cfg.Low[1])/float64(b)
	for at := range b * b {
		var sum, dx, dy analysis.Moments
		count := 0
		for _, c := range chains {
			for _, cells := range c.Cells {
				count += int(cells[3*at])
				sum.Add(cells[3*at] / steps / (wx * wy))
				dx.Add(cells[3*at+1] / steps / (wx * wy))
				dy.Add(cells[3*at+2] / steps / (wx * wy))
			}
		}
		table.Add(e.cfg.Field[0], e.cfg.Field[1], e.cfg.Low[0]+wx*(float64(at/b)+0.5), e.cfg.Low[1]+wy*(float64(at%b)+0.5),
			sum.Mean(), dx.Mean(), dx.StdErr(), dy.Mean(), dy.StdErr(), count)
	}
}
