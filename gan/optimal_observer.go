package gan

import (
	"fmt"
	"math"
	"slices"

	"machlup/internal/num"
	"machlup/langevin"
)

// maxNamedParameters is the largest generator whose parameters are observables one by one.
const maxNamedParameters = 8

// optimalKind tells the observables of training against the exact discriminator apart.
type optimalKind int

const (
	ofSamples optimalKind = iota // one of observer's
	functionalValue
	gridError
	energy
	quenchedFunctional
	parameter
	normParameters
)

type optimalQuantity struct {
	langevin.Observable
	kind    optimalKind
	samples quantity // ofSamples
	index   int      // parameter
}

// OptimalObservables lists what an Optimal trainer of a generator with n parameters can
// observe, on a fixed evaluation batch of latents; quenched tells that its noise has a fixed
// batch, whose potential is the observable energy.
func OptimalObservables(target Target, n int, quenched bool) []langevin.Observable {
	var o []langevin.Observable
	for _, q := range optimalQuantities(target, n, quenched) {
		o = append(o, q.Observable)
	}
	return o
}

func optimalQuantities(target Target, n int, quenched bool) []optimalQuantity {
	list := []optimalQuantity{
		{Observable: langevin.Observable{Name: "functional", Unit: "1", Doc: "C_h, or 2 KL(m_h‖p_h) with the non-saturating loss, of the evaluation batch of latents against the exact discriminator"}, kind: functionalValue},
		{Observable: langevin.Observable{Name: "grid_error", Unit: "1", Doc: "functional's sum over odd minus that over even points of the grid: its size is above the error of the quadrature"}, kind: gridError},
	}
	if quenched {
		list = append(list, optimalQuantity{Observable: langevin.Observable{Name: "energy", Unit: "1", Doc: "U = functional of the quenched batch of latents − T log prior"}, kind: energy},
			optimalQuantity{Observable: langevin.Observable{Name: "functional_quenched", Unit: "1", Doc: "functional of the quenched batch of latents, U without its prior: what 1/T multiplies in the law e^{−F/T}·prior"}, kind: quenchedFunctional})
	}
	for _, q := range quantities(target) {
		switch q.kind {
		case genMean, genStd, rho, wasserstein, modeEntropy, imbalance:
			list = append(list, optimalQuantity{Observable: q.Observable, kind: ofSamples, samples: q})
		}
	}
	list = append(list, optimalQuantity{Observable: langevin.Observable{Name: "norm_theta", Unit: "1", Doc: "Euclidean norm of the generator's parameters"}, kind: normParameters})
	if n <= maxNamedParameters {
		for i := range n {
			list = append(list, optimalQuantity{Observable: langevin.Observable{Name: fmt.Sprintf("theta_%d", i), Unit: "1", Doc: fmt.Sprintf("parameter %d of the generator, PyTorch's order", i)}, kind: parameter, index: i})
		}
	}
	return list
}

// optimalObserver computes the chosen observables. What depends on the samples alone is done
// by the observer of a trainer that is nothing but a generator.
type optimalObserver struct {
	o           *Optimal
	chosen      []optimalQuantity
	public      []langevin.Observable
	samples     *observer
	f           *smoothing
	theta, sign []float64
}

func newOptimalObserver(o *Optimal) (*optimalObserver, error) {
	cfg := o.cfg
	b := &optimalObserver{samples: &observer{rows: cfg.EvaluationBatch, needSamples: true}}
	if b.samples.rows == 0 {
		b.samples.rows = DefaultEvaluationBatch
	}
	if b.samples.rows < 1 {
		return nil, fmt.Errorf("gan: the evaluation batch has size %d, allowed are integers ≥ 1", b.samples.rows)
	}
	if cfg.EvaluationSource == nil {
		return nil, fmt.Errorf("gan: observables need a source for their evaluation batch")
	}
	all := optimalQuantities(cfg.Target, cfg.Generator.Params(), o.quenched())
	for _, name := range cfg.Observables {
		i := slices.IndexFunc(all, func(q optimalQuantity) bool { return q.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("gan: observable %q is unknown here, allowed are %s", name, names(all, func(q optimalQuantity) string { return q.Name }))
		}
		b.chosen, b.public = append(b.chosen, all[i]), append(b.public, all[i].Observable)
		b.samples.needSort = b.samples.needSort || all[i].samples.kind == wasserstein
		if k := all[i].samples.kind; k == modeEntropy || k == imbalance {
			b.samples.modes = newOccupancy(cfg.Target)
		}
	}
	b.allocate(o)
	b.samples.z = make([]float64, b.samples.rows*cfg.Generator.In())
	cfg.EvaluationSource.Normals(b.samples.z)
	std := make([]float64, 1)
	cfg.Target.Std(std)
	b.samples.stdP = math.Sqrt(num.Norm2(std))
	if q, ok := cfg.Target.(QuantileTarget); ok && b.samples.needSort {
		for i := range b.samples.rows {
			b.samples.quantiles = append(b.samples.quantiles, q.Quantile((float64(i)+0.5)/float64(b.samples.rows)))
		}
	}
	return b, nil
}

func (b *optimalObserver) allocate(o *Optimal) {
	n, s := o.cfg.Generator.Params(), b.samples
	b.o, b.f = o, newSmoothing(o.cfg.Discriminator, s.rows)
	b.theta, b.sign = make([]float64, n), make([]float64, n)
	s.t = &Trainer{dim: 1, dis: &player{}, gen: &player{hi: n}}
	s.gen = o.cfg.Generator.newStages(s.rows)
	s.x, s.cx = make([]float64, 2*s.rows), make([]float64, s.rows)
	s.mean, s.std = make([]float64, 1), make([]float64, 1)
	if s.needSort {
		s.sorted, s.order = make([]float64, s.rows), make([]int, s.rows)
	}
	if s.modes != nil {
		s.modes = s.modes.fork()
	}
}

// fork returns the same observer with working storage of its own.
func (b *optimalObserver) fork(o *Optimal) *optimalObserver {
	f, s := *b, *b.samples
	f.samples = &s
	f.allocate(o)
	return &f
}

// Observables lists the chosen observables.
func (o *Optimal) Observables() []langevin.Observable {
	if o.observer == nil {
		return nil
	}
	return o.observer.public
}

// Observe computes the chosen observables of the configuration q (or of a state, whose
// memory it ignores).
func (o *Optimal) Observe(dst, q []float64) {
	if len(dst) != len(o.Observables()) {
		panic("gan: Observe: dst has the wrong length")
	}
	if o.observer != nil {
		o.observer.observe(dst, q[:o.gen.hi])
	}
}

// run makes the samples of x and returns θ.
func (b *optimalObserver) run(x []float64) (theta, y []float64) {
	theta = foldInto(b.o.cfg.Prior, b.theta, b.sign, x)
	s := b.samples
	y = s.x[s.rows:]
	s.gen.forward(y, theta, s.z, s.rows)
	s.moments()
	return theta, y
}

func (b *optimalObserver) observe(dst, x []float64) {
	theta, y := b.run(x)
	for i, c := range b.chosen {
		switch c.kind {
		case ofSamples:
			dst[i] = b.samples.value(c.samples, theta)
		case functionalValue:
			dst[i] = b.f.value(y)
		case gridError:
			dst[i] = b.f.gridError(y)
		case energy:
			dst[i] = b.o.u.Energy(x)
		case quenchedFunctional:
			dst[i] = b.o.u.Functional(x)
		case parameter:
			dst[i] = theta[c.index]
		case normParameters:
			dst[i] = math.Sqrt(num.Norm2(theta))
		}
	}
}

// ObserveGradient writes the gradient of observable i with respect to the configuration.
// Where an observable has a kink it writes zero.
func (o *Optimal) ObserveGradient(dst []float64, i int, q []float64) {
	if len(dst) != o.gen.hi {
		panic("gan: ObserveGradient: dst has the wrong length")
	}
	o.observer.gradient(dst, o.observer.chosen[i], q[:o.gen.hi])
}

func (b *optimalObserver) gradient(dst []float64, c optimalQuantity, x []float64) {
	theta, y := b.run(x)
	s := b.samples
	switch c.kind {
	case energy:
		b.o.u.Gradient(dst, x)
		return
	case quenchedFunctional:
		if b.o.u.Gradient(dst, x); b.o.u.weighs() {
			b.o.cfg.Prior.AddGradient(dst, -b.o.cfg.Temperature, x)
		}
		return
	case parameter:
		clear(dst)
		dst[c.index] = 1
	case normParameters:
		clear(dst)
		unit(dst, theta)
	case ofSamples:
		s.sampleCotangent(c.samples)
		s.gen.backward(dst, theta, s.cx)
	case functionalValue:
		b.f.gradient(s.cx, y)
		s.gen.backward(dst, theta, s.cx)
	case gridError:
		b.f.gridErrorGradient(s.cx, y)
		s.gen.backward(dst, theta, s.cx)
	}
	hadamard(dst, dst, b.sign)
}
