package engine

import (
	"context"
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/gonum/mat"

	"machlup/analysis"
	"machlup/internal/record"
	"machlup/internal/rng"
)

// GradientNoiseConfig configures the measurement of minibatch noise along a training.
type GradientNoiseConfig struct {
	At          []int `toml:"at" range:"[0,inf)" unit:"step" doc:"steps at which the noise is measured, from the start with the trainer's own noise"`
	Rows        int   `toml:"rows" range:"[64,1000000]" unit:"1" doc:"rows (data, generated samples) of which each gradient is taken; the covariance of a row is measured from them"`
	Eigenvalues int   `toml:"eigenvalues" range:"[1,10000]" unit:"1" doc:"leading eigenvalues of the covariance that are written"`
	Batches     int   `toml:"batches" range:"[0,1000000]" unit:"1" doc:"fresh minibatches whose gradients are tested for normality and tails; 0: none, else at least 320"`
	Directions  int   `toml:"directions" range:"[1,1000]" unit:"1" doc:"random directions on which they are projected, besides the mean gradient"`
	Dense       int   `toml:"dense" range:"[0,5000]" unit:"1" doc:"most parameters of a player for which Hessian and metric are made, for the alignment"`
}

// DefaultGradientNoise is the configuration with no key set.
func DefaultGradientNoise() GradientNoiseConfig {
	return GradientNoiseConfig{At: []int{0}, Rows: 512, Eigenvalues: 20, Batches: 400, Directions: 3, Dense: 1000}
}

// GradientNoiseTable is the measured noise.
var GradientNoiseTable = record.Schema{Name: "gradient_noise", Doc: "covariance C of the gradient of one row, noise C/B of a minibatch, and what it looks like, by player and step",
	Columns: []record.Column{colTask, text("player", "discriminator or generator"), colStep,
		text("quantity", "trace, batch_trace, eigenvalue, participation, gradient_norm2, noise_scale, hessian_cosine, hessian_excess, metric_cosine, metric_excess, temperature, temperature_hessian, temperature_metric; of projections kurtosis, normality_p, stable_index, row_kurtosis, row_tail_index, row_stable_index"),
		integer("index", "1", "rank of an eigenvalue from 1, or the direction of a projection (0: the mean gradient); empty elsewhere"),
		float("value", "see unit", "value"), float("stderr", "see unit", "standard error"), reference("see unit"), colZ,
		text("unit", "unit of value"), colESS, colStatus}}

// A GradientProbe takes gradients row by row, players 0 (discriminator) and 1.
type GradientProbe interface {
	Draw(src *rng.Stream)
	Params(player int) int
	Populations(player int) int
	Rows(dst []float64, player int, q []float64)
	Gradient(dst []float64, player int, q []float64)
	Hessian(dst []float64, player int, q []float64)
	Metric(dst []float64, player int, q []float64)
}

// A GradientPlayer is what the estimator needs to know of a player.
type GradientPlayer struct {
	Name    string
	Eta     float64
	Noise   float64 // s² of a step at temperature 1
	Damping float64 // of a natural player; 0 for others
	NoTemp  string  // why the noise has no temperature
}

// A GradientModel is a game whose gradients can be taken row by row.
type GradientModel struct {
	Batch   int // rows of a minibatch, the discriminator's in each population
	Players [2]GradientPlayer
	Probe   func(rows int) (GradientProbe, error)
}

type gradientNoise struct {
	cfg   GradientNoiseConfig
	env   Env
	model *GradientModel
}

// NewGradientNoise checks that the model has gradients of rows and binds the estimator.
func NewGradientNoise(cfg GradientNoiseConfig, env Env, m *Model) (Runner, error) {
	switch {
	case m.Gradients == nil:
		return nil, fmt.Errorf("the system %s has no minibatches of data and generated samples whose gradients could be measured", m.Kind)
	case cfg.Batches > 0 && cfg.Batches < 320:
		return nil, &KeyError{"batches", fmt.Sprint(cfg.Batches), "0, or at least 320 for a tail index"}
	case len(cfg.At) == 0:
		return nil, &KeyError{"at", "none", "at least one step"}
	}
	cfg.At = append([]int(nil), cfg.At...)
	sort.Ints(cfg.At)
	cfg.At = compact(cfg.At)
	return &gradientNoise{cfg, env, m.Gradients}, nil
}

// GradientNoisePart is what was measured.
type GradientNoisePart struct {
	Rows     []NoiseRow
	Diverged int // −1 if not
}

// A NoiseRow is a row of GradientNoiseTable.
type NoiseRow struct {
	Player, Step, Index int // Index −1: none
	Quantity            string
	Value, Err          float64
	Reference           float64 // NaN: none
	ReferenceErr        float64
	Unit, Status        string
}

func (g *gradientNoise) Parts() int     { return 1 }
func (g *gradientNoise) NewResult() any { return new(GradientNoisePart) }

// Work counts the training, and a gradient of one row as that of a batch over its rows.
func (g *gradientNoise) Work(int) float64 {
	last, n := float64(g.cfg.At[len(g.cfg.At)-1]), float64(len(g.cfg.At))
	return last + n*float64(g.cfg.Batches+20*g.cfg.Rows/max(1, g.model.Batch))
}

// gradientNoiseState is a part on its way.
type gradientNoiseState struct {
	Part       GradientNoisePart
	Trajectory TrajectoryState
}

func (g *gradientNoise) Run(ctx context.Context, _ int, progress func(float64)) (any, error) {
	m, err := g.env.NewModel()
	if err != nil {
		return nil, err
	}
	t, part, saved := newTrajectory(m, g.env.Own("gradient noise trajectory")), &GradientNoisePart{Diverged: -1}, gradientNoiseState{}
	if SessionOf(ctx).Restore(&saved) {
		*part = saved.Part
		if err := t.restore(saved.Trajectory); err != nil {
			return nil, err
		}
	}
	done := 0
	for i, k := range g.cfg.At {
		if len(part.Rows) > 0 && part.Rows[len(part.Rows)-1].Step >= k {
			continue // measured before the interruption
		}
		for ; t.k < k; done++ {
			if t.k%64 == 0 {
				if err := SessionOf(ctx).Offer(ctx, func() any { return gradientNoiseState{*part, t.save()} }); err != nil {
					return nil, err
				}
				progress(float64(done))
			}
			if !t.step() {
				part.Diverged = t.k
				return part, nil
			}
		}
		for player := range 2 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			rows, err := g.measure(player, k, i, t.config())
			if err != nil {
				return nil, err
			}
			part.Rows = append(part.Rows, rows...)
		}
	}
	return part, nil
}

// jackknifeBlocks of rows are left out in turn.
const jackknifeBlocks = 20

// measure takes everything of one player at configuration q.
func (g *gradientNoise) measure(player, step, i int, q []float64) ([]NoiseRow, error) {
	probe, err := g.model.Probe(g.cfg.Rows)
	if err != nil {
		return nil, err
	}
	pl, n, pops := g.model.Players[player], probe.Params(player), probe.Populations(player)
	r := &noiseRows{player: player, step: step}
	if n == 0 {
		return nil, nil
	}
	probe.Draw(g.env.Part(fmt.Sprintf("gradient noise rows of player %d", player), i))
	flat := make([]float64, pops*g.cfg.Rows*n)
	probe.Rows(flat, player, q)
	if !finite(flat) {
		r.add("trace", -1, math.NaN(), math.NaN(), "1", "gradients are not finite")
		return r.rows, nil
	}
	populations := make([][]float64, pops)
	for p := range populations {
		populations[p] = flat[p*g.cfg.Rows*n : (p+1)*g.cfg.Rows*n]
	}
	var hessian, metric []float64
	if n <= g.cfg.Dense {
		hessian, metric = make([]float64, n*n), make([]float64, n*n)
		probe.Hessian(hessian, player, q)
		probe.Metric(metric, player, q)
	}
	shape := newShape(n, hessian, metric, pl.Damping)
	if err := g.covariance(r, pl, populations, shape); err != nil {
		return nil, err
	}
	if err := g.projections(r, player, i, q, flat[:g.cfg.Rows*n], n); err != nil {
		return nil, err
	}
	return r.rows, nil
}

// A shape is what the covariance is compared with.
type shape struct {
	n                     int
	hessian, metric       []float64 // nil where there are too many parameters
	inverse               []float64 // (F + λI)⁻¹ of a natural player
	trHessian, trMetric   float64
	hessianSquare, square float64
}

func newShape(n int, hessian, metric []float64, damping float64) *shape {
	s := &shape{n: n, hessian: hessian, metric: metric}
	if hessian == nil {
		return s
	}
	for i := range n {
		s.trHessian += hessian[i*n+i]
		s.trMetric += metric[i*n+i]
	}
	for i, h := range hessian {
		s.hessianSquare += h * h
		s.square += metric[i] * metric[i]
	}
	if damping > 0 {
		f := mat.NewSymDense(n, clone(metric))
		for i := range n {
			f.SetSym(i, i, f.At(i, i)+damping)
		}
		var c mat.Cholesky
		var inverse mat.SymDense
		if c.Factorize(f) && c.InverseTo(&inverse) == nil {
			s.inverse = make([]float64, n*n)
			for i := range n {
				for j := range n {
					s.inverse[i*n+j] = inverse.At(i, j)
				}
			}
		}
	}
	return s
}

// numbers of a covariance, in the order of covarianceNames.
func (g *gradientNoise) numbers(pl GradientPlayer, s *analysis.Scatter, sh *shape) []float64 {
	b, n := float64(g.model.Batch), float64(sh.n)
	rows := float64(g.cfg.Rows)
	norm2 := -s.Trace / rows
	for _, x := range s.Mean {
		norm2 += x * x
	}
	nan := math.NaN()
	out := []float64{s.Trace, s.Participation(), norm2, s.Trace / norm2, nan, nan, nan, nan, nan, nan, nan}
	if sh.hessian != nil {
		ch, cf := s.With(sh.hessian), s.With(sh.metric)
		out[4], out[5] = ch/math.Sqrt(s.Square*sh.hessianSquare), ch*n/(s.Trace*sh.trHessian)
		out[6], out[7] = cf/math.Sqrt(s.Square*sh.square), cf*n/(s.Trace*sh.trMetric)
	}
	if pl.NoTemp != "" {
		return out
	}
	scale := pl.Eta * pl.Eta / pl.Noise / b // of Tr(C·A)/Tr A: η²·variance = s²(T=1)·T
	if pl.Damping == 0 {
		out[8] = scale * s.Trace / n
		if sh.hessian != nil && sh.trHessian > 0 {
			out[9] = scale * s.With(sh.hessian) / sh.trHessian
		}
	} else if sh.inverse != nil {
		out[10] = scale * s.With(sh.inverse) / n
	}
	return out
}

var covarianceNames = [...][2]string{{"trace", "1"}, {"participation", "1"}, {"gradient_norm2", "1"}, {"noise_scale", "row"},
	{"hessian_cosine", "1"}, {"hessian_excess", "1"}, {"metric_cosine", "1"}, {"metric_excess", "1"}, {"temperature", "1"}, {"temperature_hessian", "1"}, {"temperature_metric", "1"}}

// covariance writes the numbers of the covariance with jackknife errors over blocks of rows.
func (g *gradientNoise) covariance(r *noiseRows, pl GradientPlayer, populations [][]float64, sh *shape) error {
	whole, err := analysis.NewScatter(sh.n, populations...)
	if err != nil {
		return err
	}
	top := min(g.cfg.Eigenvalues, len(whole.Eigenvalues))
	value := append(g.numbers(pl, whole, sh), whole.Eigenvalues[:top]...)
	sum, sum2 := make([]float64, len(value)), make([]float64, len(value))
	for b := range jackknifeBlocks {
		part, err := analysis.NewScatter(sh.n, without(populations, sh.n, b)...)
		if err != nil {
			return err
		}
		leave := append(g.numbers(pl, part, sh), padded(part.Eigenvalues, top)...)
		for i, x := range leave {
			sum[i] += x - value[i]
			sum2[i] += (x - value[i]) * (x - value[i])
		}
	}
	const n = jackknifeBlocks
	for i, v := range value {
		stderr := math.Sqrt((n - 1.0) / n * math.Max(0, sum2[i]-sum[i]*sum[i]/n))
		if i >= len(covarianceNames) {
			r.add("eigenvalue", i-len(covarianceNames)+1, v, stderr, "1", "ok")
			continue
		}
		name := covarianceNames[i]
		status := "ok"
		if name[0] == "temperature_metric" && pl.Damping == 0 {
			continue
		}
		switch {
		case !math.IsNaN(v):
		case i >= 8 && pl.NoTemp != "":
			status = pl.NoTemp
		case (i == 8 || i == 9) && pl.Damping > 0:
			status = "of a natural player: see temperature_metric"
		case sh.hessian == nil:
			status = fmt.Sprintf("the player has %d parameters, above dense = %d", sh.n, g.cfg.Dense)
		case i == 9:
			status = "the trace of the Hessian is not positive"
		default:
			status = "not finite"
		}
		r.add(name[0], -1, v, stderr, name[1], status)
	}
	return nil
}

func padded(x []float64, n int) []float64 {
	out := make([]float64, n)
	copy(out, x)
	return out
}

// without leaves block b of the rows out of each population.
func without(populations [][]float64, n, b int) [][]float64 {
	var out [][]float64
	for _, p := range populations {
		rows := len(p) / n
		lo, hi := b*rows/jackknifeBlocks*n, (b+1)*rows/jackknifeBlocks*n
		out = append(out, append(append([]float64(nil), p[:lo]...), p[hi:]...))
	}
	return out
}

// projections tests the gradients of fresh minibatches, and those of single rows of the first
// population, on the mean gradient and on random directions.
func (g *gradientNoise) projections(r *noiseRows, player, i int, q, rows []float64, n int) error {
	if g.cfg.Batches == 0 {
		return nil
	}
	src := g.env.Part(fmt.Sprintf("gradient noise batches of player %d", player), i)
	directions := make([][]float64, g.cfg.Directions+1)
	for d := range directions {
		directions[d] = make([]float64, n)
		src.Normals(directions[d])
	}
	clear(directions[0])
	for k, x := range rows {
		directions[0][k%n] += x
	}
	probe, err := g.model.Probe(g.model.Batch)
	if err != nil {
		return err
	}
	batches, single := make([][]float64, len(directions)), make([][]float64, len(directions))
	gradients, gradient := make([]float64, 0, g.cfg.Batches*n), make([]float64, n)
	for range g.cfg.Batches {
		probe.Draw(src)
		probe.Gradient(gradient, player, q)
		gradients = append(gradients, gradient...)
		for d, v := range directions {
			batches[d] = append(batches[d], dot(gradient, v))
		}
	}
	for k := 0; k < len(rows); k += n {
		for d, v := range directions {
			single[d] = append(single[d], dot(rows[k:k+n], v))
		}
	}
	r.batchTrace(gradients, n, float64(g.model.Batch))
	for d := range directions {
		r.law(d, "", batches[d])
		r.law(d, "row_", single[d])
	}
	return nil
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}

// batchTrace writes the trace of the covariance of whole minibatch gradients, which is Tr C/B
// if rows are independent: the reference, whose own error is in z.
func (r *noiseRows) batchTrace(gradients []float64, n int, batch float64) {
	mean, count := make([]float64, n), float64(len(gradients)/n)
	for i, x := range gradients {
		mean[i%n] += x / count
	}
	var m analysis.Moments
	for k := 0; k < len(gradients); k += n {
		sum := 0.0
		for i, x := range gradients[k : k+n] {
			sum += (x - mean[i]) * (x - mean[i])
		}
		m.Add(sum * count / (count - 1))
	}
	trace := r.rows[0]
	r.rows = append(r.rows, NoiseRow{r.player, r.step, -1, "batch_trace", m.Mean(), m.StdErr(), trace.Value / batch, trace.Err / batch, "1", "ok"})
}

// law writes what the law of projections looks like.
func (r *noiseRows) law(d int, prefix string, x []float64) {
	var m analysis.Moments
	for _, v := range x {
		m.Add(v)
	}
	if s, err := m.Summary(float64(len(x))); err == nil {
		r.reference(prefix+"kurtosis", d, s.ExcessKurtosis.Value, s.ExcessKurtosis.StdErr, 0)
	} else {
		r.add(prefix+"kurtosis", d, math.NaN(), math.NaN(), "1", err.Error())
		return
	}
	tail := func(name string, e analysis.Estimate, err error, reference float64) {
		if err != nil {
			r.add(prefix+name, d, math.NaN(), math.NaN(), "1", err.Error())
			return
		}
		r.reference(prefix+name, d, e.Value, e.StdErr, reference)
	}
	e, err := analysis.StableIndex(x)
	tail("stable_index", e, err, 2)
	if prefix == "" {
		sorted := clone(x)
		sort.Float64s(sorted)
		_, p := analysis.Normality(sorted)
		r.add("normality_p", d, p, math.NaN(), "1", "Anderson-Darling with mean and variance of the draws")
		return
	}
	e, err = analysis.HillIndex(x, 0)
	tail("tail_index", e, err, math.NaN())
}

// noiseRows collects rows of one player and step.
type noiseRows struct {
	player, step int
	rows         []NoiseRow
}

func (r *noiseRows) add(quantity string, index int, value, err float64, unit, status string) {
	r.rows = append(r.rows, NoiseRow{r.player, r.step, index, quantity, value, err, math.NaN(), 0, unit, status})
}

func (r *noiseRows) reference(quantity string, index int, value, err, reference float64) {
	r.rows = append(r.rows, NoiseRow{r.player, r.step, index, quantity, value, err, reference, 0, "1", "ok"})
}

// Finish writes the rows.
func (g *gradientNoise) Finish(parts []any, out *Output) (Outcome, error) {
	p := parts[0].(*GradientNoisePart)
	for _, r := range p.Rows {
		var index, value any
		if r.Index >= 0 {
			index = r.Index
		}
		if !math.IsNaN(r.Value) {
			value = r.Value
		}
		z := math.NaN()
		if !math.IsNaN(r.Reference) {
			z = (r.Value - r.Reference) / math.Hypot(r.Err, r.ReferenceErr)
		}
		out.Table(GradientNoiseTable).Add(g.model.Players[r.Player].Name, r.Step, r.Quantity, index, value, r.Err, r.Reference, z, r.Unit, g.draws(r), r.Status)
	}
	if p.Diverged >= 0 {
		return Outcome{Status: Diverged, DivergedStep: p.Diverged, Note: fmt.Sprintf("the training diverged at step %d", p.Diverged)}, nil
	}
	return Done(), nil
}

// draws are the independent rows or minibatches that a number is from.
func (g *gradientNoise) draws(r NoiseRow) float64 {
	switch r.Quantity {
	case "batch_trace", "kurtosis", "stable_index", "normality_p":
		return float64(g.cfg.Batches)
	}
	return float64(g.cfg.Rows)
}

// PoolKey takes all points together, for the exponents.
func (g *gradientNoise) PoolKey() string { return "gradient-noise" }

// Pool fits how the noise of a minibatch scales with its size and with the learning rate over
// tasks that differ in them:
//
//	ln(Tr C_B/Tr C) = const + a ln B   at the first measured step, each task at its own configuration,
//	ln T = const + b ln η              at the last one, if it is not step 0, where b = 1 is the definition of T,
//
// with errors of the tasks' own. Rows of a minibatch are independent, so a = −1. Where batch and rate both vary, each fit is over the tasks
// that share the other's first value.
func (g *gradientNoise) Pool(tasks []Finished, out *Output) error {
	for player := range 2 {
		var points []scaling
		for _, t := range tasks {
			r, ok := t.Runner.(*gradientNoise)
			if !ok || len(t.Parts) == 0 {
				continue
			}
			p := scaling{batch: float64(r.model.Batch), eta: r.model.Players[player].Eta}
			for _, row := range t.Parts[0].(*GradientNoisePart).Rows {
				if row.Player == player {
					p.take(row, r.cfg.At[0], r.cfg.At[len(r.cfg.At)-1])
				}
			}
			points = append(points, p)
		}
		g.fit(out, player, "noise_exponent_of_batch", g.cfg.At[0], points, -1,
			func(p scaling) (x, y, err, same float64) { return p.batch, p.trace, p.traceErr, p.eta })
		last := g.cfg.At[len(g.cfg.At)-1]
		if last == 0 {
			continue
		}
		g.fit(out, player, "temperature_exponent_of_eta", last, points, math.NaN(),
			func(p scaling) (x, y, err, same float64) {
				return p.eta, p.temperature, p.temperatureErr, p.batch
			})
	}
	return nil
}

// scaling is one task's point of the fits.
type scaling struct {
	batch, eta, trace, traceErr, // Tr C_B/Tr C
	temperature, temperatureErr float64
}

func (p *scaling) take(r NoiseRow, first, last int) {
	switch {
	case r.Quantity == "batch_trace" && r.Step == first:
		p.trace = r.Value / (r.Reference * p.batch)
		p.traceErr = p.trace * math.Hypot(r.Err/r.Value, r.ReferenceErr/r.Reference)
	case (r.Quantity == "temperature" || r.Quantity == "temperature_metric") && r.Step == last && r.Value > 0:
		p.temperature, p.temperatureErr = r.Value, r.Err
	}
}

// fit writes an exponent if at least three values of x differ.
func (g *gradientNoise) fit(out *Output, player int, name string, step int, points []scaling, expected float64, of func(scaling) (x, y, err, same float64)) {
	var xs, ys, sigmas []float64
	distinct := map[float64]bool{}
	var first float64
	for i, p := range points {
		x, y, err, same := of(p)
		if i == 0 {
			first = same
		}
		if !(y > 0) || !(err > 0) || same != first {
			continue
		}
		distinct[x] = true
		xs, ys, sigmas = append(xs, math.Log(x)), append(ys, math.Log(y)), append(sigmas, err/y)
	}
	if len(distinct) < 3 {
		return
	}
	quantity := g.model.Players[player].Name + ": " + name
	line, err := analysis.FitLine(xs, ys, sigmas)
	if err != nil {
		out.Table(Summary).AddAs("gradient-noise", quantity, nil, nil, expected, nil, "1", err.Error())
		return
	}
	z := (line.Slope.Value - expected) / line.Slope.StdErr
	out.Table(Summary).AddAs("gradient-noise", quantity, line.Slope.Value, line.Slope.StdErr, expected, z, "1",
		fmt.Sprintf("at step %d, %d tasks", step, len(xs)))
}
