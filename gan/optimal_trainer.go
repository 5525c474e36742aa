package gan

import (
	"fmt"

	"machlup/internal/rng"
	"machlup/langevin"
)

// OptimalGame is everything an Optimal trainer is made of.
type OptimalGame struct {
	Generator     Network // latents → samples on the line
	Discriminator *OptimalDiscriminator
	Target        Target
	Prior         Prior // nil: none
	Optimizer     Optimizer
	Batch         int   // latents of a minibatch
	Noise         Noise // of the generator; TD and MetricD must be zero

	// Temperature is T of the prior's term if the noise injects none (potentials under a
	// scheme of their own); otherwise it is Noise.TG.
	Temperature float64

	QuenchedSource   Source // draws the fixed latents when the noise model has them
	Observables      []string
	EvaluationSource Source
	EvaluationBatch  int
}

// Optimal is training against the exact discriminator: one player, the generator, descends
// U (ExactPotential) on a quenched batch of latents, or C_h of fresh minibatches, by any
// optimizer. It is a langevin.Map and langevin.GradientObserver; Recurrence, Linearizer and
// Potential give what else exists, or the reason. It serves one goroutine; Fork makes another.
//
// The configuration is x, the generator's parameters θ in the coordinates of the prior
// (θ itself but for a box); the state is [x | optimizer's memory]. The inputs of a step are
// [latents B·latent | noise], the former with minibatches, the latter at T_G > 0. The data
// enter through their exact smoothed density: there is no batch of them. A minibatch's C_h is
// that of its B samples, in which the mean over latents does not commute with the functional.
type Optimal struct {
	cfg    OptimalGame
	gen    *player
	u      *ExactPotential // of the quenched latents; shares nothing with the steps
	z      []float64       // quenched latents
	rows   int
	inputs int
	fresh  int // leading inputs that are latents

	f           *smoothing
	y, cy       []float64
	theta, sign []float64
	observer    *optimalObserver
}

// NewOptimal checks a configuration and allocates all that its trainer will need.
func NewOptimal(cfg OptimalGame) (*Optimal, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if cfg.Noise.injected() {
		cfg.Temperature = cfg.Noise.TG
	}
	o := &Optimal{cfg: cfg, rows: cfg.Noise.rows(cfg.Batch, cfg.Optimizer, cfg.Optimizer)}
	if o.quenched() {
		o.z = make([]float64, o.rows*cfg.Generator.In())
		if cfg.Discriminator.quantiles {
			for i := range o.z {
				o.z[i] = rng.NormalQuantile((float64(i) + 0.5) / float64(o.rows))
			}
		} else {
			cfg.QuenchedSource.Normals(o.z)
		}
	}
	if err := o.allocate(); err != nil {
		return nil, err
	}
	if len(cfg.Observables) > 0 {
		var err error
		if o.observer, err = newOptimalObserver(o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (cfg OptimalGame) validate() error {
	switch g := cfg.Generator; {
	case g == nil || cfg.Discriminator == nil || cfg.Target == nil:
		return fmt.Errorf("gan: a trainer against the optimal discriminator needs a generator, a discriminator and a target")
	case g.Out() != 1:
		return fmt.Errorf("gan: the generator has %d outputs, the optimal discriminator is on the line: 1 is allowed", g.Out())
	case cfg.Batch < 1:
		return fmt.Errorf("gan: the batch size is %d, allowed are integers ≥ 1", cfg.Batch)
	case cfg.Noise.epochs() || cfg.Noise.gaussian():
		return fmt.Errorf("gan: noise kind %q against the optimal discriminator: its functional of a batch is no mean over samples; use minibatch, injected, their sum or none", cfg.Noise.Kind)
	case cfg.Noise.TD != 0 || cfg.Noise.MetricD:
		return fmt.Errorf("gan: noise of the discriminator at temperature %v: the optimal discriminator has no parameters; set temperature_d to 0 and metric_d to isotropic", cfg.Noise.TD)
	case cfg.Discriminator.quantiles && g.In() != 1:
		return fmt.Errorf("gan: latents = \"quantiles\" with latents of dimension %d, allowed is 1; use random", g.In())
	case cfg.Discriminator.quantiles && cfg.Noise.minibatch():
		return fmt.Errorf("gan: latents = \"quantiles\" with noise kind %q: a minibatch is drawn; use random, or noise kind injected or none", cfg.Noise.Kind)
	case !cfg.Noise.minibatch() && !cfg.Discriminator.quantiles && cfg.QuenchedSource == nil:
		return fmt.Errorf("gan: noise kind %q needs a source for its quenched batch", cfg.Noise.Kind)
	}
	if err := cfg.Optimizer.Validate(); err != nil {
		return err
	}
	return cfg.Noise.validate(cfg.Optimizer, cfg.Optimizer)
}

func (o *Optimal) quenched() bool { return !o.cfg.Noise.minibatch() }

// allocate lays out state and inputs and makes the working storage.
func (o *Optimal) allocate() (err error) {
	cfg, n := o.cfg, o.cfg.Generator.Params()
	if o.gen, err = newPlayer("generator", cfg.Generator, cfg.Optimizer, o.rows, o.rows); err != nil {
		return err
	}
	if o.gen.hi = n; cfg.Prior != nil && cfg.Temperature > 0 {
		o.gen.regularised()
	}
	o.gen.mem, o.gen.end = n, n+cfg.Optimizer.Rule.Memory(n)
	if !o.quenched() {
		o.fresh = o.rows * cfg.Generator.In()
	}
	o.gen.xi = o.fresh
	o.gen.xiEnd = o.fresh + o.gen.inject(cfg.Noise, cfg.Noise.TG, cfg.Noise.MetricG, 1)
	o.inputs = o.gen.xiEnd
	if err = o.correct(); err != nil {
		return err
	}
	o.f = newSmoothing(cfg.Discriminator, o.rows)
	o.y, o.cy = make([]float64, o.rows), make([]float64, o.rows)
	o.theta, o.sign = make([]float64, n), make([]float64, n)
	if o.quenched() {
		o.u = newExactPotential(cfg.Generator, cfg.Discriminator, cfg.Prior, cfg.Temperature, o.z)
	}
	return nil
}

// correct makes the correction of metric noise. In the coordinates of a prior that folds, F
// jumps at its walls.
func (o *Optimal) correct() error {
	n := o.gen.hi
	if p := o.cfg.Prior; p != nil && o.gen.ownF && o.cfg.Noise.Corrected() && p.Fold(make([]float64, n), make([]float64, n), make([]float64, n)) {
		return fmt.Errorf("gan: found noise.correction = %q with the prior %q, allowed none: in its folded coordinates F⁻¹ jumps at the walls, where Γ has delta functions; use the prior weight-decay, or isotropic noise", o.cfg.Noise.Correction, p.Name())
	}
	return o.gen.correct(o.cfg.Noise)
}

// Fork returns a trainer of the same map, quenched and evaluation batches included, with
// working storage of its own.
func (o *Optimal) Fork() *Optimal {
	f := &Optimal{cfg: o.cfg, rows: o.rows, z: o.z}
	if err := f.allocate(); err != nil {
		panic("gan: Fork: " + err.Error()) // NewOptimal did the same
	}
	if o.observer != nil {
		f.observer = o.observer.fork(f)
	}
	return f
}

// Dim is the length of the state.
func (o *Optimal) Dim() int { return o.gen.end }

// Config is the length of the configuration.
func (o *Optimal) Config() int { return o.gen.hi }

// Inputs is the number of standard normals a step consumes.
func (o *Optimal) Inputs() int { return o.inputs }

// Batch is the number of latents a step uses.
func (o *Optimal) Batch() int { return o.rows }

// InitConfig draws the generator's initial parameters. They must lie in the prior's support.
func (o *Optimal) InitConfig(q []float64, src Source) error {
	o.cfg.Generator.Init(q, src)
	if o.cfg.Prior == nil {
		return nil
	}
	return o.cfg.Prior.Holds(q)
}

// Theta writes the generator's parameters that a configuration (or state) stands for.
func (o *Optimal) Theta(dst, q []float64) {
	copy(dst, foldInto(o.cfg.Prior, o.theta, o.sign, q[:o.gen.hi]))
}

// Init writes the state before step 0.
func (o *Optimal) Init(state, q []float64) {
	copy(state[:o.gen.hi], q)
	o.cfg.Optimizer.Rule.Init(state[o.gen.mem:o.gen.end])
}

// Step writes Φ(state, xi) into next. It allocates nothing, unless samples leave the grid
// further than they have before under the non-saturating loss.
func (o *Optimal) Step(next, state, xi []float64) {
	if len(next) != o.Dim() || len(state) != o.Dim() || len(xi) != o.inputs {
		panic("gan: Step: wrong length of state or inputs")
	}
	z := o.z
	if z == nil {
		z = xi[:o.fresh]
	}
	theta := o.direction(state[:o.gen.hi], z)
	var w []float64
	if g := o.gen; g.s > 0 {
		if w = xi[g.xi:g.xiEnd]; g.ownF {
			g.w = w
			g.colour(theta, state)
			hadamard(g.noise, g.noise, o.sign)
			w = g.noise
		}
	}
	n := o.gen.hi
	o.gen.opt.Rule.Step(next[:n], next[n:], state[:n], state[n:], o.gen.dir, o.gen.s, w)
}

// direction leaves in gen.dir what the rule follows at x on the latents z: ∇U, or F⁻¹∇U. In
// the coordinates of a folding prior F is SFS, S the signs. It returns θ.
func (o *Optimal) direction(x, z []float64) (theta []float64) {
	theta = foldInto(o.cfg.Prior, o.theta, o.sign, x)
	o.gen.outputs(o.y, theta, z, o.rows)
	o.f.gradient(o.cy, o.y)
	if o.gen.extra != nil {
		clear(o.gen.extra)
		o.cfg.Prior.AddGradient(o.gen.extra, o.cfg.Temperature, x)
		hadamard(o.gen.extra, o.gen.extra, o.sign)
	}
	o.gen.direction(theta, o.cy, o.cy)
	hadamard(o.gen.dir, o.gen.dir, o.sign)
	return theta
}

// Potential returns U on the quenched latents, with working storage of its own; with
// minibatches there is none.
func (o *Optimal) Potential() (*ExactPotential, error) {
	if o.u == nil {
		return nil, fmt.Errorf("gan: noise kind %q has no potential: the latents change every step; use kind injected or none", o.cfg.Noise.Kind)
	}
	return o.u.Fork(), nil
}

// Stationary returns the reason why the trainer has no stationary law, nil if it has one or
// nothing is known: without injected noise.
func (o *Optimal) Stationary() error {
	if o.cfg.Temperature == 0 || o.cfg.Prior != nil {
		return nil
	}
	return o.cfg.Discriminator.unbounded()
}

// Boltzmann returns nil if this optimizer's stationary law is e^{−U/T} as η → 0, else the
// reason why it is not.
func (o *Optimal) Boltzmann() error {
	if o.u == nil {
		_, err := o.Potential()
		return err
	}
	if err := o.u.Normalisable(); err != nil {
		return err
	}
	if _, _, err := o.gen.opt.Rule.Linear(); err != nil {
		return fmt.Errorf("gan: the law of optimizer %q is not e^{−U/T}: %w", o.gen.opt.Name, err)
	}
	if c := o.cfg.Noise.Correction; o.gen.ownF && o.gen.s > 0 && (c == langevin.FullCorrection.String() || c == Kinetic) {
		return nil
	}
	if o.gen.opt.Direction.Natural || o.gen.s == 0 {
		return fmt.Errorf("gan: optimizer %q with noise kind %q does not sample e^{−U/T}: that takes sgd or momentum with injected isotropic noise, or natural with noise in its metric and noise.correction = \"full\" or %q (the metric depends on θ, and its ηTΓ is not added)", o.gen.opt.Name, o.cfg.Noise.Kind, Kinetic)
	}
	return nil
}

// Generate writes the samples of latents z[rows×latent] under the configuration q.
func (o *Optimal) Generate(dst, q, z []float64) {
	l := o.cfg.Generator.In()
	theta := foldInto(o.cfg.Prior, o.theta, o.sign, q[:o.gen.hi])
	for lo := 0; lo < len(dst); lo += o.rows {
		n := min(o.rows, len(dst)-lo)
		o.gen.p.forward(dst[lo:], theta, z[lo*l:], n)
	}
}

// Latent is the dimension of a latent.
func (o *Optimal) Latent() int { return o.cfg.Generator.In() }

// SampleDim is the dimension of a sample, 1.
func (o *Optimal) SampleDim() int { return 1 }

// GeneratorLosses writes the generator's loss, smoothed by the kernel, of each of the
// samples against the D* of the quenched batch under q (of the samples themselves with
// minibatches).
func (o *Optimal) GeneratorLosses(dst, q, samples []float64) {
	batch := samples
	if o.z != nil {
		batch = make([]float64, o.rows)
		o.Generate(batch, q, o.z)
	}
	o.f.losses(dst, samples, batch)
}

var (
	_ langevin.Map              = (*Optimal)(nil)
	_ langevin.GradientObserver = (*Optimal)(nil)
	_ langevin.HessianVector    = (*ExactPotential)(nil)
)
