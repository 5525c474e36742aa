package engine

import (
	"context"
	"fmt"
	"math"
	"sort"
	"strconv"

	"machlup/analysis"
	"machlup/internal/record"
	"machlup/internal/rng"
	"machlup/langevin"
)

// CollapseConfig configures the metrics of mode collapse: one trajectory per replica, and
// at some of its steps generated samples counted against the modes of the target, beside a
// perfect sampler and a uniform box that go through the same code.
type CollapseConfig struct {
	Steps       int       `toml:"steps" range:"[1,inf)" unit:"step" doc:"length of the trajectory"`
	At          []int     `toml:"at" range:"[0,inf)" unit:"step" doc:"steps at which samples are drawn; empty: the start and ten equal intervals"`
	Samples     int       `toml:"samples" range:"[10,10000000]" unit:"1" doc:"n, generated samples of one draw; all metrics depend on it"`
	Draws       int       `toml:"draws" range:"[2,100000]" unit:"1" doc:"independent draws of n samples: values are their mean, errors their standard error (of quality: binomial over all samples); the perfect and the uniform sampler have at least 64"`
	MinCount    int       `toml:"min_count" range:"[1,inf)" unit:"1" doc:"a mode is covered by at least so many high-quality samples of a draw"`
	Radius      float64   `toml:"radius" range:"(0,inf)" unit:"std of the mode" doc:"a sample within it of the nearest mode (Mahalanobis distance) is of high quality"`
	Box         []float64 `toml:"box" unit:"data" doc:"box of the uniform sampler: low, high of all coordinates, or of each in turn; empty: the extent of the balls of the radius about the modes"`
	Projections int       `toml:"projections" range:"[1,100000]" unit:"1" doc:"random directions of the sliced W₂, the same for all samplers and steps; on the line W₂ is exact and needs none"`
	Subsample   int       `toml:"subsample" range:"[2,inf)" unit:"1" doc:"generated and real samples of a draw that precision and recall compare (all pairs)"`
	Neighbours  int       `toml:"neighbours" range:"[1,inf)" unit:"1" doc:"k of the k-nearest-neighbour balls of precision and recall"`
	KeepSamples int       `toml:"keep_samples" range:"[0,inf)" unit:"1" doc:"how many generated samples of the last step are written to samples.csv"`
	TraceEvery  int       `toml:"trace_every" range:"[0,inf)" unit:"step" doc:"interval of the observables in trace.csv; 0: no trace"`
}

// DefaultCollapse is the configuration with no key set: the usual 2 500 samples, 3 standard
// deviations, one hit.
func DefaultCollapse() CollapseConfig {
	return CollapseConfig{Steps: 5000, Samples: 2500, Draws: 16, MinCount: 1, Radius: 3, Projections: 32, Subsample: 500, Neighbours: 3,
		KeepSamples: 500, TraceEvery: 100}
}

// A ModeGenerator is a Generator whose data may be a mixture of known modes.
type ModeGenerator interface {
	Generator
	// Modes returns the modes of the data, or why there are none.
	Modes() (*analysis.Modes, error)
}

// The samplers of modes.csv, in the order of the parts: the trained generator, the target
// itself, and the uniform law on a box.
var samplers = []string{"generator", "perfect", "uniform"}

// collapse is the Runner.
type collapse struct {
	cfg    CollapseConfig
	env    Env
	cols   []record.Column // observables of the trace
	at     []int
	modes  *analysis.Modes
	lo, hi []float64 // the box
	size   float64
}

// NewCollapse checks the configuration against the model and binds it to a task.
func NewCollapse(cfg CollapseConfig, env Env, m *Model) (Runner, error) {
	g, ok := m.Generator.(ModeGenerator)
	if !ok {
		return nil, fmt.Errorf("found system %s, which generates no samples of a target with modes; collapse counts the modes of a mixture, ring or grid that a GAN is trained on", m.Kind)
	}
	modes, err := g.Modes()
	if err != nil {
		return nil, err
	}
	c := &collapse{cfg: cfg, env: env, cols: observableColumns(m.Observer), at: append([]int(nil), cfg.At...), modes: modes, size: float64(m.Size)}
	if len(c.at) == 0 {
		for i := range 11 {
			c.at = append(c.at, cfg.Steps*i/10)
		}
	}
	sort.Ints(c.at)
	c.at = compact(c.at)
	switch last := c.at[len(c.at)-1]; {
	case last > cfg.Steps:
		return nil, &KeyError{"at", fmt.Sprintf("step %d", last), fmt.Sprintf("steps up to steps = %d", cfg.Steps)}
	case cfg.Subsample > cfg.Samples:
		return nil, &KeyError{"subsample", fmt.Sprint(cfg.Subsample), fmt.Sprintf("up to samples = %d", cfg.Samples)}
	case cfg.Neighbours >= cfg.Subsample:
		return nil, &KeyError{"neighbours", fmt.Sprint(cfg.Neighbours), fmt.Sprintf("below subsample = %d", cfg.Subsample)}
	case cfg.MinCount > cfg.Samples:
		return nil, &KeyError{"min_count", fmt.Sprint(cfg.MinCount), fmt.Sprintf("up to samples = %d", cfg.Samples)}
	}
	if c.lo, c.hi, err = cfg.box(modes); err != nil {
		return nil, err
	}
	return c, nil
}

// box is the uniform sampler's.
func (cfg CollapseConfig) box(m *analysis.Modes) (lo, hi []float64, err error) {
	d := m.Dim()
	switch len(cfg.Box) {
	case 0:
		lo, hi = m.Extent(cfg.Radius)
		return lo, hi, nil
	case 2, 2 * d:
		for c := range d {
			i := 2 * c % len(cfg.Box)
			lo, hi = append(lo, cfg.Box[i]), append(hi, cfg.Box[i+1])
			if !(lo[c] < hi[c]) {
				return nil, nil, &KeyError{"box", fmt.Sprintf("%v to %v", lo[c], hi[c]), "low below high"}
			}
		}
		return lo, hi, nil
	}
	return nil, nil, &KeyError{"box", fmt.Sprintf("%d numbers", len(cfg.Box)), fmt.Sprintf("none, 2 or %d: low, high of all coordinates, or of each in turn", 2*d)}
}

// CollapsePart is the result of one sampler.
type CollapsePart struct {
	DivergedStep int // −1 if finite throughout
	Records      []CollapseRecord
	TraceStep    []int
	Trace        [][]float64
	Samples      []float64 // of the generator at the last record
	End          []float64 // last configuration, of the trained generator
}

// FinalStates is the trained one, unless it diverged.
func (p *CollapsePart) FinalStates() []FinalState {
	if p.End == nil {
		return nil
	}
	return []FinalState{{0, p.End}}
}

// CollapseRecord holds the draws at one step (at none in particular for a fixed sampler).
type CollapseRecord struct {
	Step   int
	Scores [][]float64 // draw × metric
	Count  [][]int     // draw × mode: high-quality samples
}

func (c *collapse) PoolKey() string { return "collapse" }
func (c *collapse) Parts() int      { return len(samplers) }
func (c *collapse) NewResult() any  { return new(CollapsePart) }

// fixedDraws is the least number of draws of a sampler that is known: they are made once, and
// the spread of fewer is too uncertain for a z against an exact value.
const fixedDraws = 64

// draws of a part at one step.
func (c *collapse) draws(part int) int {
	if part == 0 {
		return c.cfg.Draws
	}
	return max(c.cfg.Draws, fixedDraws)
}

// Work counts a draw as a step.
func (c *collapse) Work(part int) float64 {
	if part == 0 {
		return float64(c.cfg.Steps + len(c.at)*c.draws(0))
	}
	return float64(c.draws(part))
}

func (c *collapse) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := c.env.NewModel()
	if err != nil {
		return nil, err
	}
	score := newScorer(c, m.Generator, c.draws(part))
	switch samplers[part] {
	case "perfect":
		src := c.env.Own("collapse perfect")
		r, err := score.record(ctx, -1, func(dst []float64) { m.Generator.TargetSamples(dst, src) })
		return &CollapsePart{DivergedStep: -1, Records: []CollapseRecord{r}}, err
	case "uniform":
		src := c.env.Own("collapse uniform")
		r, err := score.record(ctx, -1, func(dst []float64) { c.uniform(dst, src) })
		return &CollapsePart{DivergedStep: -1, Records: []CollapseRecord{r}}, err
	}
	return c.train(ctx, m, score, progress)
}

// uniform fills dst with samples of the uniform law on the box.
func (c *collapse) uniform(dst []float64, src langevin.Source) {
	src.Normals(dst)
	d := c.modes.Dim()
	for i, xi := range dst {
		dst[i] = c.lo[i%d] + (c.hi[i%d]-c.lo[i%d])*rng.NormalCDF(xi)
	}
}

// collapseState is the trajectory on its way.
type collapseState struct {
	Trajectory TrajectoryState
	Part       *CollapsePart
}

// train runs the trajectory and scores the generator along it. The samples of a step have a
// stream of their own: they do not depend on the other steps.
func (c *collapse) train(ctx context.Context, m *Model, score *scorer, progress func(float64)) (any, error) {
	t, part := newTrajectory(m, c.env.Part("collapse", 0)), &CollapsePart{DivergedStep: -1}
	session, saved := SessionOf(ctx), collapseState{}
	if session.Restore(&saved) {
		if err := t.restore(saved.Trajectory); err != nil {
			return nil, err
		}
		part = saved.Part
	}
	state := func() any { return collapseState{t.save(), part} }
	for {
		if t.k%64 == 0 {
			if err := session.Offer(ctx, state); err != nil {
				return nil, err
			}
			progress(float64(t.k + len(part.Records)*c.cfg.Draws))
		}
		if record := len(part.Records); record < len(c.at) && c.at[record] == t.k {
			latent := c.env.Own("collapse samples at " + strconv.Itoa(t.k))
			r, err := score.record(ctx, t.k, func(dst []float64) { m.Generator.Generate(dst, t.config(), latent) })
			if err != nil {
				if saved := session.Offer(ctx, state); saved != nil {
					return nil, saved
				}
				return nil, err
			}
			if r.Scores == nil {
				part.DivergedStep = t.k
				return part, nil
			}
			part.Records, part.Samples = append(part.Records, r), clone(score.samples)
		}
		if c.cfg.TraceEvery > 0 && t.k%c.cfg.TraceEvery == 0 {
			part.TraceStep, part.Trace = append(part.TraceStep, t.k), append(part.Trace, t.observe(len(c.cols)))
		}
		if t.k == c.cfg.Steps {
			part.End = clone(t.config())
			return part, nil
		}
		if !t.step() {
			part.DivergedStep = t.k
			return part, nil
		}
	}
}

// scorer turns draws of samples into the metrics; it is the same for all samplers.
type scorer struct {
	c       *collapse
	samples []float64   // of the last draw
	real    [][]float64 // draw: real samples for precision and recall; as many as draws
	line    *analysis.LineTransport
	sliced  *analysis.SlicedTransport
	spread  float64 // √ Σ variances of the target
}

func newScorer(c *collapse, g Generator, draws int) *scorer {
	d, n := c.modes.Dim(), c.cfg.Samples
	s := &scorer{c: c, samples: make([]float64, n*d)}
	src := c.env.Own("collapse real samples")
	for range draws {
		real := make([]float64, c.cfg.Subsample*d)
		g.TargetSamples(real, src)
		s.real = append(s.real, real)
	}
	if d == 1 {
		s.line = analysis.NewLineTransport(c.modes, n)
	} else {
		directions := make([]float64, c.cfg.Projections*d)
		c.env.Own("collapse directions").Normals(directions)
		s.sliced = analysis.NewSlicedTransport(c.modes, n, directions)
	}
	for i := range d {
		mean, square := 0.0, 0.0
		for k := range c.modes.Len() {
			w, x := c.modes.Weight(k), c.modes.Mean(k)[i]
			mean += w * x
			square += w * (x*x + c.modes.Std(k)*c.modes.Std(k))
		}
		s.spread += square - mean*mean
	}
	s.spread = math.Sqrt(s.spread)
	return s
}

// record scores all draws at a step. Samples that are not finite give no scores.
func (s *scorer) record(ctx context.Context, step int, fill func(dst []float64)) (CollapseRecord, error) {
	r := CollapseRecord{Step: step}
	for draw := range s.real {
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		fill(s.samples)
		if !finite(s.samples) {
			return CollapseRecord{Step: step}, nil
		}
		count := make([]int, s.c.modes.Len())
		s.c.modes.Count(count, s.samples, s.c.cfg.Radius)
		r.Count, r.Scores = append(r.Count, count), append(r.Scores, s.scores(draw, count))
	}
	return r, nil
}

// scores are the values of a draw in the order of metrics.
func (s *scorer) scores(draw int, count []int) []float64 {
	cfg, d := s.c.cfg, s.c.modes.Dim()
	values := modeValues(s.c.modes.Scores(count, cfg.Samples, cfg.MinCount))
	values = append(values, s.width()/s.spread)
	if d == 1 {
		sorted := clone(s.samples)
		sort.Float64s(sorted)
		values = append(values, s.line.W2(sorted))
	} else {
		values = append(values, s.sliced.W2(s.samples))
	}
	precision, recall := analysis.PrecisionRecall(s.real[draw], s.samples[:cfg.Subsample*d], d, cfg.Neighbours)
	return append(values, precision, recall)
}

// width is √ Σ variances of the samples.
func (s *scorer) width() float64 {
	d := s.c.modes.Dim()
	coordinate := make([]analysis.Moments, d)
	for i, x := range s.samples {
		coordinate[i%d].Add(x)
	}
	sum := 0.0
	for c := range coordinate {
		sum += coordinate[c].Std() * coordinate[c].Std()
	}
	return math.Sqrt(sum)
}

// modeValues is the head of the metrics, in their order.
func modeValues(s analysis.ModeScores) []float64 {
	return []float64{s.Covered, s.Quality, s.Entropy, s.ReverseKL, s.ForwardKL, s.JSD}
}

// metric is one quantity of modes.csv.
type metric struct{ name, unit string }

// metrics of a dimension: modeValues, then those of all samples.
func metrics(dim int) []metric {
	w2 := metric{"sliced_w2", "data"}
	if dim == 1 {
		w2.name = "w2"
	}
	return []metric{{"modes_covered", "1"}, {"quality", "1"}, {"mode_entropy", "nat"}, {"reverse_kl", "nat"}, {"forward_kl", "nat"}, {"mode_jsd", "nat"},
		{"rho", "1"}, w2, {"precision", "1"}, {"recall", "1"}}
}
