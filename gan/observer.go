package gan

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"machlup/internal/num"
	"machlup/langevin"
)

// DefaultEvaluationBatch is the size of the evaluation batch when none is given.
const DefaultEvaluationBatch = 1024

// kind tells the observables apart.
type kind int

const (
	lossD kind = iota
	lossG
	genMean
	genStd
	rho
	wasserstein
	modeEntropy
	imbalance
	logitReal
	logitFake
	normTheta
	normPsi
	penaltyTerm
	squareTheta
	squarePsi
	parameterValue // a component of the configuration
)

// quantity is one observable: its kind and the output coordinate, or place in the
// configuration, it is of, if any.
type quantity struct {
	langevin.Observable
	kind  kind
	coord int
}

// AllObservables lists what a trainer of perceptrons on the target can observe, on a fixed
// evaluation batch of data and latents.
func AllObservables(target Target) []langevin.Observable {
	return Config{Target: target}.AllObservables()
}

// AllObservables lists what a trainer of this configuration can observe: of small games the
// parameters too, and no spread of a generator or of data that have none.
func (cfg Config) AllObservables() []langevin.Observable {
	var o []langevin.Observable
	for _, q := range cfg.quantities() {
		o = append(o, q.Observable)
	}
	return o
}

func quantities(target Target) []quantity { return Config{Target: target}.quantities() }

func (cfg Config) quantities() []quantity {
	target := cfg.Target
	std := make([]float64, target.Dim())
	target.Std(std)
	spread := cfg.Generator == nil || cfg.Generator.In() > 0
	list := []quantity{
		{langevin.Observable{Name: "loss_d", Unit: "1", Doc: "discriminator loss without regularisers, mean over the evaluation batch"}, lossD, 0},
		{langevin.Observable{Name: "loss_g", Unit: "1", Doc: "generator loss without regularisers, mean over the evaluation batch"}, lossG, 0},
	}
	for c := range target.Dim() {
		suffix, of := "", ""
		if target.Dim() > 1 {
			suffix, of = fmt.Sprintf("_%d", c), fmt.Sprintf(" of coordinate %d", c)
		}
		list = append(list,
			quantity{langevin.Observable{Name: "gen_mean" + suffix, Unit: "1", Doc: "mean of the generated samples" + of}, genMean, c})
		if spread {
			list = append(list, quantity{langevin.Observable{Name: "gen_std" + suffix, Unit: "1", Doc: "standard deviation of the generated samples" + of}, genStd, c})
		}
	}
	spread = spread && num.Norm2(std) > 0
	if spread {
		list = append(list, quantity{langevin.Observable{Name: "rho", Unit: "1",
			Doc: "spread of the generated samples over that of the target, √(Σ variances q / Σ variances p): 0 when collapsed, 1 at the target"}, rho, 0})
	}
	if _, ok := target.(QuantileTarget); ok && spread {
		list = append(list, quantity{langevin.Observable{Name: "w2", Unit: "1",
			Doc: "Wasserstein-2 distance of the generated samples to the target, sorted samples against quantiles at (i+½)/N"}, wasserstein, 0})
	}
	list = append(list, modeQuantities(target)...)
	list = append(list,
		quantity{langevin.Observable{Name: "d_logit_real", Unit: "1", Doc: "mean logit of the data"}, logitReal, 0},
		quantity{langevin.Observable{Name: "d_logit_fake", Unit: "1", Doc: "mean logit of the generated samples"}, logitFake, 0},
		quantity{langevin.Observable{Name: "norm_theta", Unit: "1", Doc: "Euclidean norm of the generator's parameters"}, normTheta, 0},
		quantity{langevin.Observable{Name: "norm_psi", Unit: "1", Doc: "Euclidean norm of the discriminator's parameters"}, normPsi, 0},
		quantity{langevin.Observable{Name: "penalty", Unit: "1", Doc: "what the regularisers add to the discriminator's loss, on the evaluation batch and random inputs of its own"}, penaltyTerm, 0})
	return append(list, cfg.parameters()...)
}

// parameters are the observables of a small game's configuration [ψ | θ].
func (cfg Config) parameters() []quantity {
	gen, dis := cfg.Generator, cfg.Discriminator
	for _, net := range []Network{gen, dis} {
		if _, perceptron := net.(*MLP); perceptron || net == nil {
			return nil
		}
	}
	var list []quantity
	for i := range gen.Params() {
		list = append(list, quantity{langevin.Observable{Name: fmt.Sprintf("theta_%d", i), Unit: "1", Doc: fmt.Sprintf("parameter %d of the generator", i)}, parameterValue, dis.Params() + i})
	}
	for i := range dis.Params() {
		list = append(list, quantity{langevin.Observable{Name: fmt.Sprintf("psi_%d", i), Unit: "1", Doc: fmt.Sprintf("parameter %d of the discriminator", i)}, parameterValue, i})
	}
	return append(list,
		quantity{langevin.Observable{Name: "mean_square_theta", Unit: "1", Doc: "mean square of the generator's parameters"}, squareTheta, 0},
		quantity{langevin.Observable{Name: "mean_square_psi", Unit: "1", Doc: "mean square of the discriminator's parameters"}, squarePsi, 0})
}

// observer computes the chosen observables of a configuration on the evaluation batch.
type observer struct {
	t         *Trainer
	chosen    []quantity
	public    []langevin.Observable
	rows      int
	rowsD     int       // rows of the discriminator in the data and in the fakes: rows/m
	z         []float64 // [rows×latent]
	quantiles []float64 // [rows], w2 only
	stdP      float64   // √ Σ variances of the target

	needReal, needFake, needSamples, needSort bool

	gen, dis stages
	x        []float64 // [2·rows×d] data, then fakes
	logit, c []float64 // [2·rowsD]
	f        []float64 // [rowsD]
	cx       []float64 // [rows×d]
	sorted   []float64
	order    []int
	mean     []float64 // [d]
	std      []float64

	needPenalty bool
	penalty     *penaltyObserver
	modes       *occupancy // nil unless an observable needs it
}

func newObserver(t *Trainer, cfg Config) (*observer, error) {
	o := &observer{rows: cfg.EvaluationBatch}
	if o.rows == 0 {
		o.rows = DefaultEvaluationBatch
	}
	if o.rows < 1 {
		return nil, fmt.Errorf("gan: the evaluation batch has size %d, allowed are integers ≥ 1", o.rows)
	}
	if o.rows%cfg.pack() != 0 {
		return nil, fmt.Errorf("gan: the evaluation batch has %d samples, packing puts %d in a row of the discriminator; it must divide the batch", o.rows, cfg.pack())
	}
	if cfg.EvaluationSource == nil {
		return nil, fmt.Errorf("gan: observables need a source for their evaluation batch")
	}
	if err := o.choose(cfg); err != nil {
		return nil, err
	}
	o.allocate(t)
	xi := make([]float64, o.rows*cfg.Target.Normals())
	cfg.EvaluationSource.Normals(xi)
	cfg.Target.Sample(o.x[:o.rows*t.dim], xi)
	o.z = make([]float64, o.rows*t.latent)
	cfg.EvaluationSource.Normals(o.z)
	if o.needPenalty {
		if err := o.bindPenalty(t, nil, cfg.EvaluationSource); err != nil {
			return nil, err
		}
	}
	cfg.Target.Std(o.std)
	o.stdP = math.Sqrt(num.Norm2(o.std))
	if q, ok := cfg.Target.(QuantileTarget); ok && o.needSort {
		for i := range o.rows {
			o.quantiles = append(o.quantiles, q.Quantile((float64(i)+0.5)/float64(o.rows)))
		}
	}
	return o, nil
}

// choose resolves the names.
func (o *observer) choose(cfg Config) error {
	all := cfg.quantities()
	for _, name := range cfg.Observables {
		i := slices.IndexFunc(all, func(q quantity) bool { return q.Name == name })
		if i < 0 {
			return fmt.Errorf("gan: observable %q is unknown here, allowed are %s", name, names(all, func(q quantity) string { return q.Name }))
		}
		if slices.ContainsFunc(o.chosen, func(q quantity) bool { return q.Name == name }) {
			return fmt.Errorf("gan: observable %q is listed twice: %s", name, strings.Join(cfg.Observables, ", "))
		}
		q := all[i]
		o.chosen, o.public = append(o.chosen, q), append(o.public, q.Observable)
		switch q.kind {
		case lossD:
			o.needReal, o.needFake = true, true
		case lossG, logitFake:
			o.needFake = true
		case logitReal:
			o.needReal = true
		case wasserstein:
			o.needSort = true
		case penaltyTerm:
			o.needPenalty = true
		case modeEntropy, imbalance:
			o.modes = newOccupancy(cfg.Target)
		}
		o.needSamples = o.needSamples || o.needFake || o.needSort || o.needPenalty || o.modes != nil || q.kind == genMean || q.kind == genStd || q.kind == rho
	}
	return nil
}

func (o *observer) allocate(t *Trainer) {
	o.t = t
	n, d, r := o.rows, t.dim, o.rows/t.cfg.pack()
	o.rowsD = r
	o.gen, o.dis = t.gen.net.newStages(n), t.dis.net.newStages(2*r)
	o.x, o.cx = make([]float64, 2*n*d), make([]float64, n*d)
	o.logit, o.c, o.f = make([]float64, 2*r), make([]float64, 2*r), make([]float64, r)
	o.mean, o.std = make([]float64, d), make([]float64, d)
	if o.needSort {
		o.sorted, o.order = make([]float64, n), make([]int, n)
	}
	if o.modes != nil {
		o.modes = o.modes.fork()
	}
}

// fork returns the same observer with working storage of its own.
func (o *observer) fork(t *Trainer) *observer {
	f := *o
	f.allocate(t)
	copy(f.x, o.x)
	if o.needPenalty {
		if err := f.bindPenalty(t, o.penalty, nil); err != nil {
			panic("gan: Fork: " + err.Error()) // the observer did the same
		}
	}
	return &f
}

// Observables lists the chosen observables.
func (t *Trainer) Observables() []langevin.Observable {
	if t.observer == nil {
		return nil
	}
	return t.observer.public
}

// Observe computes the chosen observables of the configuration q (or of a state, whose
// memory it ignores) on the evaluation batch. Means and standard deviations divide by the
// size of the batch.
func (t *Trainer) Observe(dst, q []float64) {
	if len(dst) != len(t.Observables()) {
		panic("gan: Observe: dst has the wrong length")
	}
	if t.observer != nil {
		t.observer.observe(dst, q)
	}
}

func (o *observer) observe(dst, q []float64) {
	o.evaluate(q, o.needSamples, o.needFake, o.needReal)
	for i, c := range o.chosen {
		dst[i] = o.value(c, q)
	}
}

// evaluate runs the forward passes that are needed.
func (o *observer) evaluate(q []float64, samples, fake, real bool) {
	n, d := o.rows, o.t.dim
	if samples {
		o.gen.forward(o.x[n*d:], o.t.Theta(q), o.z, n)
		o.moments()
	}
	r := o.rowsD
	lo, hi := 0, 2*r
	if !real {
		lo = r
	}
	if !fake {
		hi = r
	}
	if w := d * o.t.cfg.pack(); lo < hi {
		o.dis.forward(o.logit[lo:hi], o.t.Psi(q), o.x[lo*w:hi*w], hi-lo)
	}
}

// moments writes mean and standard deviation of the fakes, coordinate by coordinate.
func (o *observer) moments() {
	n, d := o.rows, o.t.dim
	clear(o.mean)
	clear(o.std)
	fake := o.x[n*d:]
	for i := range n {
		for c := range d {
			o.mean[c] += fake[i*d+c]
		}
	}
	for c := range d {
		o.mean[c] /= float64(n)
	}
	for i := range n {
		for c := range d {
			dev := fake[i*d+c] - o.mean[c]
			o.std[c] += dev * dev
		}
	}
	for c := range d {
		o.std[c] = math.Sqrt(o.std[c] / float64(n))
	}
}

// value reads one observable off the forward passes.
func (o *observer) value(c quantity, q []float64) float64 {
	n := o.rowsD
	switch c.kind {
	case lossD:
		o.t.cfg.Loss.Real(o.f, nil, nil, o.logit[:n])
		real := mean(o.f)
		o.t.cfg.Loss.Fake(o.f, nil, nil, o.logit[n:])
		return real + mean(o.f)
	case lossG:
		o.t.cfg.Loss.Generator(o.f, nil, nil, o.logit[n:])
		return mean(o.f)
	case genMean:
		return o.mean[c.coord]
	case genStd:
		return o.std[c.coord]
	case rho:
		return math.Sqrt(num.Norm2(o.std)) / o.stdP
	case wasserstein:
		return o.w2()
	case modeEntropy, imbalance:
		return o.modes.value(c.kind, o.x[o.rows*o.t.dim:])
	case logitReal:
		return mean(o.logit[:n])
	case logitFake:
		return mean(o.logit[n:])
	case penaltyTerm:
		return o.penaltyValue(q)
	case normTheta:
		return math.Sqrt(num.Norm2(o.t.Theta(q)))
	case squareTheta:
		return num.Norm2(o.t.Theta(q)) / float64(len(o.t.Theta(q)))
	case squarePsi:
		return num.Norm2(o.t.Psi(q)) / float64(len(o.t.Psi(q)))
	case parameterValue:
		return q[c.coord]
	}
	return math.Sqrt(num.Norm2(o.t.Psi(q)))
}

// w2 is √(Σ (x_(i) − Q((i+½)/N))²/N).
func (o *observer) w2() float64 {
	copy(o.sorted, o.x[o.rows:])
	slices.Sort(o.sorted)
	s := 0.0
	for i, x := range o.sorted {
		s += (x - o.quantiles[i]) * (x - o.quantiles[i])
	}
	return math.Sqrt(s / float64(o.rows))
}

func mean(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s / float64(len(x))
}
