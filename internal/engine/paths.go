package engine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"sort"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"

	"machlup/analysis"
	"machlup/internal/record"
	"machlup/internal/rng"
	"machlup/pathint"
)

// PathsConfig configures the Metropolis sampling of trajectories, and the certificate O1
// where the law has it.
type PathsConfig struct {
	Chains int  `toml:"chains" range:"[2,1000]" unit:"1" doc:"chains of all moves together, and of each move alone"`
	Each   bool `toml:"each" doc:"also run each move alone, from paths that all together have brought to equilibrium, for the table that compares them"`
	Warm   int  `toml:"warm" range:"[0,inf)" unit:"sweep" doc:"sweeps in which step sizes adapt"`
	Burn   int  `toml:"burn" range:"[0,inf)" unit:"sweep" doc:"sweeps dropped after that"`
	Draws  int  `toml:"draws" range:"[50,inf)" unit:"1" doc:"draws kept of each chain"`
	Thin   int  `toml:"thin" range:"[1,inf)" unit:"sweep" doc:"sweeps between draws"`
	Tilted bool `toml:"tilted" doc:"sample the law tilted by path.tilt; otherwise the untilted one, which has the certificate O1"`
	Slices bool `toml:"slices" doc:"also write slices.csv: mean and covariance of the observables at each slice"`
	Bins   int  `toml:"bins" range:"[4,10000]" unit:"1" doc:"bins of the histogram of the action"`
}

// DefaultPaths is the configuration with no key set.
func DefaultPaths() PathsConfig {
	return PathsConfig{Chains: 2, Each: true, Warm: 100, Burn: 100, Draws: 500, Thin: 1, Bins: 30}
}

type paths struct {
	cfg   PathsConfig
	env   Env
	setup PathSetup
	sets  []moveSet
	cols  []record.Column
	tilt  float64
	n     float64 // degrees of freedom of the whole path; 0 without certificate
}

// moveSet is the moves of one family of chains.
type moveSet struct {
	name  string
	moves []pathint.Move
	names []string // tables of the moves
}

// NewPaths checks the configuration against the model and binds it to a task.
func NewPaths(cfg PathsConfig, setup PathSetup, env Env, m *Model) (Runner, error) {
	p := &paths{cfg: cfg, env: env, setup: setup, cols: observableColumns(m.Observer)}
	if err := setup.check(m); err != nil {
		return nil, err
	}
	if cfg.Tilted {
		p.tilt = setup.Config.Tilt
	}
	p.sets = []moveSet{{"all", setup.Moves, setup.Names}}
	if cfg.Each {
		for _, mv := range setup.Each {
			p.sets = append(p.sets, moveSet{mv.Name, []pathint.Move{mv.Move}, []string{mv.Name}})
		}
	}
	act, err := setup.Config.action(m, setup.Config.Action)
	if err != nil {
		return nil, err
	}
	if n, ok := act.(pathint.Normalised); ok && setup.Config.End == "free" && p.tilt == 0 && !setup.Config.Sets.given() {
		p.n = float64(n.Degrees() * setup.Config.Steps)
	}
	return p, nil
}

// PathsPart is one chain.
type PathsPart struct {
	Action   []float64 // quadratic part, a draw each
	Stats    []pathint.Stats
	Uniforms []float64   // whitened residuals as uniforms, subsampled
	Observed [][]float64 // (slice·observables + observable) × draw, with slices
}

func (p *paths) Parts() int     { return len(p.sets) * p.cfg.Chains }
func (p *paths) NewResult() any { return new(PathsPart) }

// Work counts a sweep as one gradient evaluation a slice and move.
func (p *paths) Work(part int) float64 {
	set := p.sets[part/p.cfg.Chains]
	return float64((p.cfg.Warm + p.cfg.Burn + p.cfg.Draws*p.cfg.Thin) * p.setup.Config.Steps * len(set.moves))
}

// pathsState is a part on its way.
type pathsState struct {
	Sweeps int // done
	Source *rng.Stream
	Chain  []byte
	Result *PathsPart
}

// A pathsRun is a part at work: sweeps of all moves that warm up and burn in, then, for a
// move alone, sweeps of that move that warm up, then the draws.
type pathsRun struct {
	*paths
	m      *Model
	set    moveSet
	src    *rng.Stream
	chain  *pathint.Chain
	result *PathsPart
	err    error
}

func (p *paths) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := p.env.NewModel()
	if err != nil {
		return nil, err
	}
	set := p.sets[part/p.cfg.Chains]
	src := p.env.Own(fmt.Sprintf("paths/%s/%s/chain %d", p.setup.Config.Action, set.name, part%p.cfg.Chains))
	r := &pathsRun{paths: p, m: m, set: set, src: src, result: &PathsPart{}}
	if p.cfg.Slices {
		r.result.Observed = make([][]float64, (p.setup.Config.Steps+1)*len(p.cols))
	}
	from, err := r.start(SessionOf(ctx), part%p.cfg.Chains)
	if err != nil {
		return nil, err
	}
	n := r.drawing() + p.cfg.Draws*p.cfg.Thin
	perSweep := p.Work(part) / float64(n)
	state := func(done int) any { return pathsState{done, src, marshal(r.chain), r.result} }
	err = sweepsFrom(ctx, from, n, r.sweep, state, func(i int) {
		SessionOf(ctx).accept(r.chain)
		progress(float64(i) * perSweep)
	})
	if err = cmp.Or(r.err, err); err != nil {
		return nil, err
	}
	for i := range r.chain.Moves() {
		r.result.Stats = append(r.result.Stats, r.chain.Stats(i))
	}
	if p.n > 0 {
		n := r.chain.Path().Action().(pathint.Normalised)
		r.result.Uniforms = n.Uniforms(nil, r.chain.Path(), r.chain.Path().Kappa())
	}
	return r.result, nil
}

// apart is the sweep before which a move goes on alone, drawing the one before which draws
// begin.
func (r *pathsRun) apart() int { return r.cfg.Warm + r.cfg.Burn }
func (r *pathsRun) drawing() int {
	if r.set.name == "all" {
		return r.apart()
	}
	return r.apart() + r.cfg.Warm
}

// start makes the chain, number i of its set, or restores it; it returns the sweeps done.
func (r *pathsRun) start(session *Session, i int) (from int, err error) {
	var saved pathsState
	if !session.Restore(&saved) {
		if r.chain, err = r.setup.chain(r.m, r.tilt, r.setup.Config.Action, r.setup.Moves); err != nil {
			return 0, err
		}
		return 0, r.setup.start(r.chain, i, r.src)
	}
	moves := r.setup.Moves
	if r.set.name != "all" && saved.Sweeps > r.apart() {
		moves = r.set.moves
	}
	if r.chain, err = r.setup.chain(r.m, r.tilt, r.setup.Config.Action, moves); err != nil {
		return 0, err
	}
	if saved.Result.Observed == nil {
		saved.Result.Observed = r.result.Observed
	}
	*r.src, r.result = *saved.Source, saved.Result
	return saved.Sweeps, unmarshal(r.chain, saved.Chain)
}

// sweep is sweep number i.
func (r *pathsRun) sweep(i int) {
	if r.err != nil {
		return
	}
	if i == r.apart() && r.set.name != "all" {
		if r.chain, r.err = r.alone(r.m, r.chain, r.set); r.err != nil {
			return
		}
	}
	if i == r.drawing() {
		r.chain.ResetStats()
	}
	if i < r.cfg.Warm || i >= r.apart() && i < r.drawing() {
		r.chain.Warm(1, r.src)
		return
	}
	r.chain.Sweep(r.src)
	if draw := i - r.drawing() + 1; draw > 0 && draw%r.cfg.Thin == 0 {
		r.result.Action = append(r.result.Action, r.chain.Path().Quadratic())
		r.observe(r.result, r.chain.Path())
	}
}

// alone is a chain of the set's moves on the path of another chain.
func (p *paths) alone(m *Model, from *pathint.Chain, set moveSet) (*pathint.Chain, error) {
	chain, err := p.setup.chain(m, p.tilt, p.setup.Config.Action, set.moves)
	if err != nil {
		return nil, err
	}
	path := from.Path()
	var flat []float64
	if path.Action().Inputs() > 0 {
		if path.Ends().Density() != nil {
			flat = append(flat, path.Slice(0)[:path.Config()]...)
		}
		for k := range path.Steps() {
			flat = append(flat, path.Input(k)...)
		}
		return chain, chain.StartInputs(flat)
	}
	for k := range path.Steps() + 1 {
		flat = append(flat, path.Slice(k)...)
	}
	return chain, chain.StartSlices(flat)
}

// Finish writes paths.csv, the histogram of the action, and O1.
func (p *paths) Finish(parts []any, out *Output) (Outcome, error) {
	var notes []string // chains that must not be quoted; their rows say so too
	for i, set := range p.sets {
		group := parts[i*p.cfg.Chains : (i+1)*p.cfg.Chains]
		var series [][]float64
		for _, part := range group {
			series = append(series, part.(*PathsPart).Action)
		}
		usable := analysis.CheckEquilibration(series) == nil
		for c, part := range group {
			p.writeChain(set, c, part.(*PathsPart), usable, out)
		}
		if err := analysis.CheckEquilibration(series); err != nil {
			notes = append(notes, fmt.Sprintf("move %s: %v", set.name, err))
		} else if z := p.deviation(series); math.Abs(z) > analysis.MaxZ && set.name != "all" {
			notes = append(notes, fmt.Sprintf("move %s alone: its mean action is %.1f claimed standard errors from the exact value: it leaves slow modes where they were, and its τ and error are too small", set.name, z))
		}
		p.writeHistogram(set, series, out)
		p.certify(set, series, group, out)
		p.writeSlices(set, group, out)
	}
	if len(notes) == len(p.sets) {
		return None("%s", strings.Join(notes, "; ")), nil
	}
	outcome := Done()
	outcome.Note = strings.Join(notes, "; ")
	return outcome, nil
}

func (p *paths) writeChain(set moveSet, chain int, part *PathsPart, usable bool, out *Output) {
	tau := analysis.Autocorrelation(part.Action)
	total := 0.0
	for _, s := range part.Stats {
		total += s.Gradients
	}
	if !usable { // empty cells: chains that have not equilibrated have no error bar
		tau.StdErr, tau.Tau, tau.ESS = math.NaN(), math.NaN(), math.NaN()
	}
	for i, s := range part.Stats {
		out.Table(Paths).Add(set.names[i], chain, "s", p.tilt, int(s.Proposed), int(s.Accepted),
			tau.Mean, tau.StdErr, tau.Tau, s.Gradients, s.Acceptance(), s.Step, total/tau.ESS, set.name)
	}
}

// writeHistogram bins the action; with a certificate the prediction is ½χ² with n degrees
// of freedom.
func (p *paths) writeHistogram(set moveSet, series [][]float64, out *Output) {
	var all []float64
	for _, s := range series {
		all = append(all, s...)
	}
	sort.Float64s(all)
	lo, hi := all[0], all[len(all)-1]
	predicted := func(_, _ float64) float64 { return math.NaN() }
	if p.n > 0 {
		mean, sd := p.n/2*p.setup.Config.Hbar, math.Sqrt(p.n/2)*p.setup.Config.Hbar
		lo, hi = math.Min(lo, mean-4*sd), math.Max(hi, mean+4*sd)
		chi := distuv.ChiSquared{K: p.n}
		predicted = func(a, b float64) float64 {
			return (chi.CDF(2*math.Max(0, b)/p.setup.Config.Hbar) - chi.CDF(2*math.Max(0, a)/p.setup.Config.Hbar)) / (b - a)
		}
	}
	if !(hi > lo) {
		return
	}
	ess := analysis.AutocorrelationChains(series).ESS
	writeHistogram(out.Table(Histogram), "action/"+set.name, p.setup.Config.Steps, all, lo, hi*(1+1e-12), p.cfg.Bins, ess, predicted)
}

// deviation is z of the mean action against its exact value, 0 where there is none.
func (p *paths) deviation(series [][]float64) float64 {
	if p.n == 0 {
		return 0
	}
	t := analysis.AutocorrelationChains(series)
	return (t.Mean - p.n/2*p.setup.Config.Hbar) / t.StdErr
}

// certify writes O1 of the chains that started wrong, those of all moves together (a slow
// move alone, started in equilibrium, moves too little to judge its error): mean and variance of S_quad/ħ are both half the degrees of freedom,
// and the whitened residuals are standard normal.
func (p *paths) certify(set moveSet, series [][]float64, group []any, out *Output) {
	if p.n == 0 || set.name != "all" {
		return
	}
	scaled := make([][]float64, len(series))
	for i, s := range series {
		for _, v := range s {
			scaled[i] = append(scaled[i], v/p.setup.Config.Hbar)
		}
	}
	var uniforms []float64
	for _, part := range group {
		uniforms = append(uniforms, part.(*PathsPart).Uniforms...)
	}
	r := pathint.CertifyO1(int(p.n), scaled, uniforms)
	row := func(what string, c pathint.Check) {
		status := "ok"
		switch {
		case r.Err != nil:
			status = "no-estimate: " + r.Err.Error()
		case !(math.Abs(c.Z) < analysis.MaxZ):
			status = "disagrees with the exact value"
		}
		out.Table(Partition).Add("O1", "metropolis/"+set.name, what, p.tilt, "exact", c.Estimate, c.StdErr, c.StdErr, nil, c.Exact, c.Z, c.ESS, nil, status)
	}
	row("mean of S_quad/hbar", r.Mean)
	row("variance of S_quad/hbar", r.Variance)
	status := "ok"
	if !(r.KSP > 1e-4) {
		status = "residuals are not N(0,1)"
	}
	out.Table(Partition).Add("O1", "metropolis/"+set.name, "ks_p of whitened residuals", p.tilt,
		"exact", r.KSP, nil, nil, nil, nil, nil, float64(r.Residuals), nil, status)
}

// observe records the observables of all slices.
func (p *paths) observe(result *PathsPart, path *pathint.Path) {
	if !p.cfg.Slices {
		return
	}
	for k := range p.setup.Config.Steps + 1 {
		for o, v := range path.Observe(k) {
			i := k*len(p.cols) + o
			result.Observed[i] = append(result.Observed[i], v)
		}
	}
}

// writeSlices writes mean, variance and covariance with the middle slice.
func (p *paths) writeSlices(set moveSet, group []any, out *Output) {
	if !p.cfg.Slices {
		return
	}
	middle, last := p.setup.Config.Steps/2, p.setup.Config.Steps
	last -= p.setup.Config.pins()
	for o, col := range p.cols {
		for k := 1; k <= last; k++ {
			others := []int{k}
			if k != middle && middle > 0 {
				others = append(others, middle)
			}
			for _, l := range others {
				p.writeCovariance(set, col.Name, k, l, p.series(group, k, o), p.series(group, l, o), out)
			}
		}
	}
}

// series is observable o at slice k of each chain.
func (p *paths) series(group []any, k, o int) [][]float64 {
	var s [][]float64
	for _, part := range group {
		s = append(s, part.(*PathsPart).Observed[k*len(p.cols)+o])
	}
	return s
}

func (p *paths) writeCovariance(set moveSet, observable string, k, l int, a, b [][]float64, out *Output) {
	ta, tb := analysis.AutocorrelationChains(a), analysis.AutocorrelationChains(b)
	product := make([][]float64, len(a))
	for c := range a {
		for i := range a[c] {
			product[c] = append(product[c], (a[c][i]-ta.Mean)*(b[c][i]-tb.Mean))
		}
	}
	cov := analysis.AutocorrelationChains(product)
	out.Table(Slices).Add(set.name, observable, k, l, ta.Mean, ta.StdErr, cov.Mean, cov.StdErr, ta.Tau, ta.TauErr, ta.ESS)
}

// Bytes counts the draws in the parts, of the observables at each slice where they are kept,
// and the rows of slices.csv and of the histograms.
func (p *paths) Bytes() float64 {
	chains, draws := float64(p.Parts()), float64(p.cfg.Draws)
	values, cells := chains*draws, 9*float64(p.cfg.Bins*len(p.sets))
	if p.cfg.Slices {
		values += chains * draws * float64((p.setup.Config.Steps+1)*len(p.cols))
		cells += 11 * 2 * float64(len(p.sets)*p.setup.Config.Steps*len(p.cols))
	}
	return partBytes*values + 2*cellBytes*cells
}
