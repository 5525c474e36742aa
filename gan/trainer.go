package gan

import "fmt"

// Config is everything a Trainer is made of.
type Config struct {
	Generator     *MLP // latents → samples
	Discriminator *MLP // samples → one logit
	Target        Target
	Loss          Loss
	OptimizerD    Optimizer
	OptimizerG    Optimizer
	Batch         int // B, samples of one minibatch
	Noise         Noise

	// QuenchedSource draws the fixed batch (data, the discriminator's latents, the
	// generator's latents, in this order) when the noise model has one.
	QuenchedSource Source

	// Observables are the names Observe computes, in order; none means no observer.
	Observables []string
	// EvaluationSource draws the fixed evaluation batch of EvaluationBatch data, then
	// latents; 0 means DefaultEvaluationBatch.
	EvaluationSource Source
	EvaluationBatch  int
}

// A Trainer is one step of GAN training as a map of its state and of iid N(0,1) inputs: the
// discriminator moves on a batch of data and fakes, then the generator on fresh latents
// against the updated discriminator (the paper's Listing 1). It implements langevin.Map
// and, with observables, langevin.GradientObserver. It serves one goroutine; Fork makes
// another.
//
// The state is [ψ | θ | discriminator's memory | generator's memory], the configuration
// q = [ψ | θ]. The inputs of a step are
//
//	[data B·k | z_D B·latent | z_G B·latent]   for kinds with minibatch, k normals a datum
//	[noise_D | noise_G]                        for kinds with injected
//
// noise_D and noise_G each being absent at temperature 0, n normals for isotropic noise
// and N·d_out + n for metric noise (N = 2B, d_out = 1 for the discriminator).
type Trainer struct {
	cfg    Config
	rows   int // B, or the size of the quenched batch
	dim    int // d, dimension of a sample
	latent int
	dis    *player
	gen    *player
	n      int // length of the configuration
	state  int // length of the state
	inputs int

	z, zD, zG []float64 // quenched latents, zD then zG in z; nil for minibatches

	x     []float64 // [3B×d] data, fakes of z_D, fakes of z_G
	logit []float64 // [2B]
	c     []float64 // [2B] cotangents of the logits
	cx    []float64 // [B×d] cotangents of the fakes

	mean     *meanStep // scratch of ClassicalStep
	observer *observer
}

// New checks a configuration and allocates all that its trainer will ever need.
func New(cfg Config) (*Trainer, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	t := &Trainer{cfg: cfg}
	t.rows = cfg.Noise.rows(cfg.Batch, cfg.OptimizerD, cfg.OptimizerG)
	t.allocate()
	if !cfg.Noise.minibatch() {
		t.quench(cfg.QuenchedSource)
	}
	if len(cfg.Observables) > 0 {
		var err error
		if t.observer, err = newObserver(t, cfg); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (cfg Config) validate() error {
	g, d := cfg.Generator, cfg.Discriminator
	switch {
	case g == nil || d == nil || cfg.Target == nil || cfg.Loss == nil:
		return fmt.Errorf("gan: a trainer needs a generator, a discriminator, a target and a loss")
	case g.Out() != cfg.Target.Dim():
		return fmt.Errorf("gan: the generator has %d output(s), the target %q has dimension %d; they must agree", g.Out(), cfg.Target.Name(), cfg.Target.Dim())
	case d.In() != g.Out():
		return fmt.Errorf("gan: the discriminator has %d input(s), the generator %d output(s); they must agree", d.In(), g.Out())
	case d.Out() != 1:
		return fmt.Errorf("gan: the discriminator has %d outputs, allowed is 1 (a logit)", d.Out())
	case cfg.Batch < 1:
		return fmt.Errorf("gan: the batch size is %d, allowed are integers ≥ 1", cfg.Batch)
	}
	if err := cfg.OptimizerD.Validate(); err != nil {
		return err
	}
	if err := cfg.OptimizerG.Validate(); err != nil {
		return err
	}
	if err := cfg.Noise.validate(cfg.OptimizerD, cfg.OptimizerG); err != nil {
		return err
	}
	if !cfg.Noise.minibatch() && cfg.QuenchedSource == nil {
		return fmt.Errorf("gan: noise kind %q needs a source for its quenched batch", cfg.Noise.Kind)
	}
	return nil
}

// allocate lays out state and inputs and makes the working storage.
func (t *Trainer) allocate() {
	cfg, b := t.cfg, t.rows
	t.dim, t.latent = cfg.Target.Dim(), cfg.Generator.In()
	t.dis = newPlayer("discriminator", cfg.Discriminator, cfg.OptimizerD, 2*b, 2*b)
	t.gen = newPlayer("generator", cfg.Generator, cfg.OptimizerG, b, 2*b)

	at := 0
	next := func(n int) (lo, hi int) { lo, at = at, at+n; return lo, at }
	t.dis.lo, t.dis.hi = next(t.dis.net.Params())
	t.gen.lo, t.gen.hi = next(t.gen.net.Params())
	t.n = at
	t.dis.mem, t.dis.end = next(cfg.OptimizerD.Rule.Memory(t.dis.net.Params()))
	t.gen.mem, t.gen.end = next(cfg.OptimizerG.Rule.Memory(t.gen.net.Params()))
	t.state = at

	at = 0
	if cfg.Noise.minibatch() {
		next(b * (cfg.Target.Normals() + 2*t.latent))
	}
	t.dis.xi, t.dis.xiEnd = next(t.dis.inject(cfg.Noise.TD, cfg.Noise.MetricD))
	t.gen.xi, t.gen.xiEnd = next(t.gen.inject(cfg.Noise.TG, cfg.Noise.MetricG))
	t.inputs = at

	t.x = make([]float64, 3*b*t.dim)
	t.logit, t.c = make([]float64, 2*b), make([]float64, 2*b)
	t.cx = make([]float64, b*t.dim)
}

// quench draws the fixed batch. The data stay in the first half of x.
func (t *Trainer) quench(src Source) {
	xi := make([]float64, t.rows*t.cfg.Target.Normals())
	src.Normals(xi)
	t.cfg.Target.Sample(t.x[:t.rows*t.dim], xi)
	n := t.rows * t.latent
	t.z = make([]float64, 2*n)
	t.zD, t.zG = t.z[:n], t.z[n:]
	src.Normals(t.zD)
	src.Normals(t.zG)
}

// Fork returns a Trainer of the same map, quenched and evaluation batches included, with
// working storage of its own.
func (t *Trainer) Fork() *Trainer {
	f := &Trainer{cfg: t.cfg, rows: t.rows, z: t.z, zD: t.zD, zG: t.zG}
	f.allocate()
	copy(f.x, t.x)
	if t.observer != nil {
		f.observer = t.observer.fork(f)
	}
	return f
}

// Dim is the length of the state.
func (t *Trainer) Dim() int { return t.state }

// Config is the length of the configuration [ψ | θ].
func (t *Trainer) Config() int { return t.n }

// Inputs is the number of standard normals a step consumes.
func (t *Trainer) Inputs() int { return t.inputs }

// Batch is the number of data, and of latents of each player, a step uses.
func (t *Trainer) Batch() int { return t.rows }

// Psi returns the discriminator's parameters within a state or configuration.
func (t *Trainer) Psi(state []float64) []float64 { return state[t.dis.lo:t.dis.hi] }

// Theta returns the generator's parameters within a state or configuration.
func (t *Trainer) Theta(state []float64) []float64 { return state[t.gen.lo:t.gen.hi] }

// InitConfig draws initial parameters: the generator's first, then the discriminator's, as
// the listing constructs them.
func (t *Trainer) InitConfig(q []float64, src Source) {
	t.gen.net.Init(t.Theta(q), src)
	t.dis.net.Init(t.Psi(q), src)
}

// Init writes the state before step 0: the configuration q and the optimizers' initial
// memories.
func (t *Trainer) Init(state, q []float64) {
	copy(state[:t.n], q)
	t.cfg.OptimizerD.Rule.Init(state[t.dis.mem:t.dis.end])
	t.cfg.OptimizerG.Rule.Init(state[t.gen.mem:t.gen.end])
}

// Step writes Φ(state, xi) into next. It allocates nothing.
func (t *Trainer) Step(next, state, xi []float64) {
	if len(next) != t.state || len(state) != t.state || len(xi) != t.inputs {
		panic("gan: Step: wrong length of state or inputs")
	}
	b, psi, theta := t.rows, t.Psi(state), t.Theta(state)
	t.gen.p.forward(t.x[b*t.dim:], theta, t.batch(xi), 2*b) // θ makes both players' fakes
	t.followD(psi)
	t.dis.step(next, state, xi)
	t.gen.p.use(b, 2*b)
	t.followG(t.Psi(next), theta, t.x[2*b*t.dim:])
	t.gen.step(next, state, xi)
}

// batch puts the step's data into x and returns its latents, z_D then z_G.
func (t *Trainer) batch(xi []float64) (z []float64) {
	if t.z != nil {
		return t.z
	}
	k, l := t.rows*t.cfg.Target.Normals(), t.rows*t.latent
	t.cfg.Target.Sample(t.x[:t.rows*t.dim], xi[:k])
	return xi[k : k+2*l]
}

// directionD leaves the discriminator's direction in dis.dir, over the data in x and the
// fakes of latents z.
func (t *Trainer) directionD(psi, theta, z []float64) {
	t.gen.p.forward(t.x[t.rows*t.dim:], theta, z, t.rows)
	t.followD(psi)
}

// followD is directionD once the fakes are in x: the gradient of mean real + mean fake.
func (t *Trainer) followD(psi []float64) {
	b := t.rows
	t.dis.outputs(t.logit, psi, t.x, 2*b)
	t.cfg.Loss.Real(nil, t.c[:b], nil, t.logit[:b])
	t.cfg.Loss.Fake(nil, t.c[b:], nil, t.logit[b:])
	scaled(t.c, 1/float64(b), t.c)
	t.dis.direction(t.dis.dir, psi, t.c)
}

// directionG leaves the generator's direction against psi in gen.dir.
func (t *Trainer) directionG(psi, theta, z []float64) {
	fake := t.x[t.rows*t.dim:]
	t.gen.p.forward(fake, theta, z, t.rows)
	t.followG(psi, theta, fake)
}

// followG is directionG once the rows in use of the generator's pass have made the fakes.
func (t *Trainer) followG(psi, theta, fake []float64) {
	b := t.rows
	logit, c := t.logit[:b], t.c[:b]
	t.dis.p.evaluate(logit, psi, fake, b)
	t.cfg.Loss.Generator(nil, c, nil, logit)
	scaled(c, 1/float64(b), c)
	t.dis.p.backwardInput(t.cx, psi, c)
	t.gen.direction(t.gen.dir, theta, t.cx)
}
