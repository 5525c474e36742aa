package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"sort"

	"machlup/analysis"
	"machlup/internal/record"
	"machlup/langevin"
)

// EnsembleConfig configures the forward ensemble: independent trajectories from the
// same start, and their fluctuations around the classical trajectory.
type EnsembleConfig struct {
	Chains             int   `toml:"chains" range:"[1,inf)" unit:"1" doc:"trajectories, all from the task's start with its quenched batch"`
	Steps              int   `toml:"steps" range:"[1,inf)" unit:"step" doc:"length of each trajectory"`
	At                 []int `toml:"at" range:"[0,inf)" unit:"step" doc:"steps at which fluctuations are recorded; empty: four equal intervals"`
	Classical          bool  `toml:"classical" doc:"compute the classical trajectory (and linear-noise theory where there is one)"`
	TraceEvery         int   `toml:"trace_every" range:"[0,inf)" unit:"step" doc:"interval of trace.csv; 0: no trace"`
	TraceChain         int   `toml:"trace_chains" range:"[0,inf)" unit:"1" doc:"how many chains are traced"`
	Bins               int   `toml:"bins" range:"[4,10000]" unit:"1" doc:"bins of histograms and densities"`
	Samples            int   `toml:"samples" range:"[0,inf)" unit:"1" doc:"generated samples at the end of the first trajectory, for density.csv and the final_ rows of summary.csv; 0: none"`
	KeepSample         int   `toml:"keep_samples" range:"[0,inf)" unit:"1" doc:"how many of them are written to samples.csv"`
	langevin.Averaging       // of the classical trajectory under minibatch noise
	Tangents           int   `toml:"tangents" range:"[0,1000]" unit:"1" doc:"linear-noise theory of minibatch noise: minibatches over which the derivative of a step is averaged, twice, in each of the repeats; the covariance is that of the draws; 0: no prediction"`
	TraceRows          int   `toml:"trace_rows" range:"[2,inf)" unit:"1" doc:"most rows of a chain in trace.csv: the interval is the least multiple of trace_every that keeps to it"`
}

// DefaultEnsemble is the configuration with no key set.
func DefaultEnsemble() EnsembleConfig {
	return EnsembleConfig{Chains: 64, Steps: 100, Classical: true, TraceEvery: 1, TraceChain: 1, Bins: 24, KeepSample: 1000, TraceRows: 100000,
		Averaging: langevin.Averaging{Draws: 16, Repeats: 4}}
}

// partSteps is the length of a part in trainer steps: long enough to amortise its
// start, short enough to resume and to balance workers.
const partSteps = 8192

// ensemble is the Runner. Part 0 is the classical trajectory, then come those of linear-noise
// theory of minibatches, the others hold chains.
type ensemble struct {
	cfg   EnsembleConfig
	env   Env
	cols  []record.Column // observables
	at    []int
	chunk int

	quenched bool // the classical trajectory is the map with ξ = 0
	theory   int  // parts 1 … theory are estimates of minibatch linear-noise theory
	noTheory string
	every    int       // interval of the trace
	failures []failure // of linear theory, by observable, while rows are written
}

// NewEnsemble checks the configuration against the model and binds it to a task.
func NewEnsemble(cfg EnsembleConfig, env Env, m *Model) (Runner, error) {
	if !m.Quenched && m.NoAverage != nil {
		return nil, m.NoAverage
	}
	e := &ensemble{cfg: cfg, env: env, cols: observableColumns(m.Observer), at: cfg.At, quenched: m.Quenched}
	if len(e.at) == 0 {
		for i := 1; i <= 4; i++ {
			e.at = append(e.at, cfg.Steps*i/4)
		}
	}
	e.at = append([]int(nil), e.at...)
	sort.Ints(e.at)
	e.at = compact(e.at)
	if last := e.at[len(e.at)-1]; last > cfg.Steps {
		return nil, &KeyError{"at", fmt.Sprintf("step %d", last), fmt.Sprintf("steps up to steps = %d", cfg.Steps)}
	}
	if cfg.Samples > 0 && m.Generator == nil {
		return nil, &KeyError{"samples", fmt.Sprint(cfg.Samples), "0: system " + m.Kind + " generates no samples"}
	}
	e.chunk = min(cfg.Chains, max(1, partSteps/cfg.Steps))
	e.predictable(m)
	if e.every = cfg.TraceEvery; e.every > 0 {
		intervals := cfg.TraceRows - 1
		e.every *= max(1, (cfg.Steps/cfg.TraceEvery+intervals-1)/intervals)
	}
	return e, nil
}

// A KeyError refuses the value of a key of an estimator's or system's table.
type KeyError struct{ Key, Found, Allowed string }

func (e *KeyError) Error() string {
	return fmt.Sprintf("%s: found %s, allowed %s", e.Key, e.Found, e.Allowed)
}

func compact(sorted []int) []int {
	out := sorted[:1]
	for _, v := range sorted[1:] {
		if v != out[len(out)-1] {
			out = append(out, v)
		}
	}
	return out
}

func observableColumns(o langevin.Observer) []record.Column {
	var cols []record.Column
	for _, v := range o.Observables() {
		cols = append(cols, record.Column{Name: v.Name, Unit: v.Unit, Doc: v.Doc, Type: record.Float})
	}
	return cols
}

// EnsemblePart is the raw result of a part.
type EnsemblePart struct {
	Classical *ClassicalPart // part 0
	Theory    *langevin.BatchPrediction
	Chains    []ChainPart
}

// ClassicalPart holds the observables on the classical trajectory at the recorded steps
// and their predicted standard deviation (NaN where there is no linear theory).
type ClassicalPart struct {
	Mean, MeanErr [][]float64 // record × observable; the error is 0 where ξ = 0 is classical
	Std           [][]float64 // nil without linear theory
	StdErr        [][]float64 // nil where Std is exact
	NoTheory      string
}

// FinalStates are those that are kept.
func (p *EnsemblePart) FinalStates() []FinalState {
	var out []FinalState
	for _, c := range p.Chains {
		if c.End != nil {
			out = append(out, FinalState{c.Index, c.End})
		}
	}
	return out
}

// ChainPart is one trajectory.
type ChainPart struct {
	Index        int
	DivergedStep int         // −1 if finite throughout
	Values       [][]float64 // record × observable, as far as it is finite
	TraceStep    []int
	Trace        [][]float64
	Samples      []float64
	End          []float64 // last configuration, where it is kept
	Final        []float64 // mean, std, W2, loss, each with its error; 1-D data
}

func (e *ensemble) Parts() int     { return 1 + e.theory + (e.cfg.Chains+e.chunk-1)/e.chunk }
func (e *ensemble) NewResult() any { return new(EnsemblePart) }

func (e *ensemble) Work(part int) float64 {
	if part == 0 {
		switch {
		case !e.cfg.Classical:
			return 1
		case e.quenched:
			return float64(e.at[len(e.at)-1])
		}
		return float64(e.at[len(e.at)-1] * e.cfg.Draws * e.cfg.Repeats)
	}
	if part <= e.theory {
		return e.theoryWork()
	}
	lo, hi := e.chains(part)
	return float64((hi - lo) * e.cfg.Steps)
}

// chains is the range of chains of a part > theory.
func (e *ensemble) chains(part int) (lo, hi int) {
	lo = (part - 1 - e.theory) * e.chunk
	return lo, min(lo+e.chunk, e.cfg.Chains)
}

// ensembleState is a part on its way: chains done, and the one that is running.
type ensembleState struct {
	Done       []ChainPart
	Chain      ChainPart
	Trajectory TrajectoryState
}

func (e *ensemble) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := e.env.NewModel()
	if err != nil {
		return nil, err
	}
	if part == 0 {
		return e.classical(ctx, m)
	}
	if part <= e.theory {
		return e.predict(ctx, m, part, progress)
	}
	var saved *ensembleState
	result, s := &EnsemblePart{}, ensembleState{}
	if SessionOf(ctx).Restore(&s) {
		saved, result.Chains = &s, s.Done
	}
	lo, hi := e.chains(part)
	for c := lo + len(result.Chains); c < hi; c++ {
		report := func(step int) { progress(float64((c-lo)*e.cfg.Steps + step)) }
		chain, err := e.chain(ctx, m, c, result.Chains, saved, report)
		if err != nil {
			return nil, err
		}
		result.Chains, saved = append(result.Chains, chain), nil
	}
	return result, nil
}

// chain runs trajectory c, after those that are done, from its start or from where it was
// saved.
func (e *ensemble) chain(ctx context.Context, m *Model, c int, done []ChainPart, saved *ensembleState, report func(int)) (ChainPart, error) {
	t, part := newTrajectory(m, e.env.Part("ensemble", c)), ChainPart{Index: c, DivergedStep: -1}
	if saved != nil {
		part = saved.Chain
		if err := t.restore(saved.Trajectory); err != nil {
			return part, err
		}
	}
	state := func() any { return ensembleState{done, part, t.save()} }
	for {
		if t.k%64 == 0 {
			if err := SessionOf(ctx).Offer(ctx, state); err != nil {
				return part, err
			}
			report(t.k)
		}
		if record := len(part.Values); record < len(e.at) && e.at[record] == t.k {
			part.Values = append(part.Values, t.observe(len(e.cols)))
		}
		if c < e.cfg.TraceChain && e.every > 0 && t.k%e.every == 0 {
			part.TraceStep = append(part.TraceStep, t.k)
			part.Trace = append(part.Trace, t.observe(len(e.cols)))
		}
		if t.k == e.cfg.Steps {
			break
		}
		if !t.step() {
			part.DivergedStep = t.k
			return part, nil
		}
	}
	if keepFinal(c, len(t.config())) {
		part.End = clone(t.config())
	}
	if c == 0 && e.cfg.Samples > 0 {
		e.samples(m, t.config(), &part)
	}
	return part, nil
}

// classical computes the classical trajectory and linear-noise theory about it.
func (e *ensemble) classical(ctx context.Context, m *Model) (any, error) {
	if !e.cfg.Classical {
		return &EnsemblePart{}, nil
	}
	c := &ClassicalPart{}
	if !m.Quenched {
		c.NoTheory = e.noTheory
		err := e.averaged(ctx, m, c)
		var stale *StaleError
		if err == nil || errors.As(err, &stale) {
			return &EnsemblePart{Classical: c}, err
		}
		return c.until(ctx, err)
	}
	err := langevin.ClassicalTrajectory(m.Map, m.Observer, m.Start, e.at, func(_ int, values, _ []float64) error {
		c.Mean, c.MeanErr = append(c.Mean, clone(values)), append(c.MeanErr, make([]float64, len(values)))
		return nil
	})
	if err != nil {
		return c.until(ctx, err)
	}
	obs, smooth := m.Observer.(langevin.GradientObserver)
	switch {
	case m.NoLinear != nil:
		c.NoTheory = m.NoLinear.Error()
	case !smooth:
		c.NoTheory = "the observables have no gradients"
	default:
		p, err := langevin.LinearNoise(m.Linear.(langevin.Map), m.Start, obs, e.at)
		if err != nil {
			c.NoTheory = err.Error()
			break
		}
		c.Std = p.Std
	}
	return &EnsemblePart{Classical: c}, ctx.Err()
}

// averagedState is the averaged trajectory on its way.
type averagedState struct {
	Ensemble      []byte
	Mean, MeanErr [][]float64
}

// averaged records the trajectory of the averaged map.
func (e *ensemble) averaged(ctx context.Context, m *Model, c *ClassicalPart) error {
	source := func(i int) langevin.Source { return e.env.Part("ensemble classical", i) }
	of := m.Map
	if m.MeanMap != nil {
		of = m.MeanMap
	}
	repeats, err := langevin.NewAveragedEnsemble([]langevin.Worker{{Map: of, Observer: m.Observer}}, m.Start, e.cfg.Averaging, source)
	if err != nil {
		return err
	}
	session, saved := SessionOf(ctx), averagedState{}
	if session.Restore(&saved) {
		if err := unmarshal(repeats, saved.Ensemble); err != nil {
			return err
		}
		c.Mean, c.MeanErr = saved.Mean, saved.MeanErr
	}
	state := func() any { return averagedState{marshal(repeats), c.Mean, c.MeanErr} }
	for _, at := range e.at[len(c.Mean):] {
		for repeats.Step() < at {
			if err := session.Offer(ctx, state); err != nil {
				return err
			}
			if err := repeats.Advance(ctx, min(64, at-repeats.Step())); err != nil {
				return cmp.Or(session.Offer(ctx, state), err)
			}
		}
		mean, stderr := make([]float64, len(e.cols)), make([]float64, len(e.cols))
		if err := repeats.Mean(mean, stderr); err != nil {
			return err
		}
		c.Mean, c.MeanErr = append(c.Mean, mean), append(c.MeanErr, stderr)
	}
	return nil
}

// until is the classical part as far as it came: it may diverge, and chains go on without.
func (c *ClassicalPart) until(ctx context.Context, err error) (any, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		c.NoTheory = err.Error()
	}
	return &EnsemblePart{Classical: c}, nil
}

func clone(x []float64) []float64 { return append([]float64(nil), x...) }

// samples draws the generated distribution at the end of a trajectory.
func (e *ensemble) samples(m *Model, q []float64, part *ChainPart) {
	part.Samples = make([]float64, e.cfg.Samples*m.Generator.DataDim())
	m.Generator.Generate(part.Samples, q, e.env.Own("samples"))
	if m.Generator.DataDim() > 1 {
		return
	}
	var mom, loss analysis.Moments
	losses := make([]float64, len(part.Samples))
	m.Generator.Loss(losses, q, part.Samples)
	for i, x := range part.Samples {
		mom.Add(x)
		loss.Add(losses[i])
	}
	n := float64(len(part.Samples))
	w2, w2err := w2ToQuantiles(part.Samples, m.Generator.Quantile)
	stdErr := mom.Std() / 2 * math.Sqrt(math.Max(0, mom.ExcessKurtosis()+2)/n) // Var(s²) = σ⁴(κ+2)/n
	part.Final = []float64{mom.Mean(), mom.Std() / math.Sqrt(n), mom.Std(), stdErr, w2, w2err, loss.Mean(), loss.Std() / math.Sqrt(n)}
}

// w2ToQuantiles is the Wasserstein-2 distance of samples to the law with the quantile
// function, and its standard error by the delta method: W₂² is, to first order, the mean
// over the samples of φ(x), φ' = 2(x − T(x)), T the transport map (del Barrio and Loubes,
// Ann. Probab. 47 (2019) 926). NaN where the quantile function is unknown.
func w2ToQuantiles(samples []float64, quantile func(float64) (float64, bool)) (w2, stderr float64) {
	sorted := clone(samples)
	sort.Float64s(sorted)
	n := float64(len(sorted))
	var square, phi, before, last float64
	var moments analysis.Moments
	for i, x := range sorted {
		q, ok := quantile((float64(i) + 0.5) / n)
		if !ok {
			return math.NaN(), math.NaN()
		}
		d := x - q
		square += d * d / n
		if i > 0 {
			phi += (d + before) * (x - last)
		}
		moments.Add(phi)
		before, last = d, x
	}
	w2 = math.Sqrt(square)
	return w2, moments.Std() / math.Sqrt(n) / (2 * w2)
}
