package gan

import (
	"cmp"
	"fmt"
)

// Config is everything a Trainer is made of.
type Config struct {
	Generator     Network // latents → samples
	Discriminator Network // m samples (Packing) → one logit
	Target        Target
	Loss          Loss
	OptimizerD    Optimizer
	OptimizerG    Optimizer
	Batch         int // B, samples of one minibatch
	Noise         Noise

	// Dynamics of the two players; nil is alternating, one step each.
	Dynamics Dynamics

	// Regularisers act in this order.
	Regularisers []Regulariser

	// Packing is m, the samples in a row of the discriminator (PacGAN, Lin et al.,
	// arXiv:1712.04086): its batch of 2B samples in m·d columns has 2B/m rows, over which
	// losses are means. m must divide B; 0 is 1.
	Packing int

	// QuenchedSource draws the fixed batch (data, the discriminator's latents, the
	// generator's latents, the regularisers' normals for the discriminator and for the
	// generator, in this order) when the noise model has one.
	QuenchedSource Source

	// Observables are the names Observe computes, in order; none means no observer.
	Observables []string
	// EvaluationSource draws the fixed evaluation batch of EvaluationBatch data, then
	// latents; 0 means DefaultEvaluationBatch.
	EvaluationSource Source
	EvaluationBatch  int
}

// A Trainer is one step of GAN training as a map of its state and of iid N(0,1) inputs: by
// default the discriminator moves on a batch of data and fakes, then the generator on fresh
// latents against the updated discriminator (the paper's Listing 1). It implements langevin.Map
// and, with observables, langevin.GradientObserver. It serves one goroutine; Fork makes
// another.
//
// The state is [ψ | θ | discriminator's memory | generator's memory], for minibatch-epoch with the
// order of the data and the position in the epoch behind, the configuration q = [ψ | θ]. The inputs of a step are
//
//	[data B·ν | z_D B·latent | z_G B·latent | r_D | r_G]   for kinds with minibatch, ν normals a datum
//	[w_D 2N/m | w_G N/m]                                   for kinds with minibatch-gaussian, N rows quenched
//	[noise_D | noise_G]                                    for kinds with injected
//
// r_D and r_G are what the regularisers take; with k > 1 steps of the discriminator data, z_D,
// r_D and noise_D are k blocks each. noise_D and noise_G are n normals for isotropic noise
// and a normal for each row of F besides for metric noise (l2: N·d_out rows, N = 2B/m and d_out = 1
// for the discriminator). At temperature 0 they are absent from kind injected; in sums they stay and weigh nothing, so
// that batches are the same at all temperatures.
type Trainer struct {
	cfg    Config
	rows   int // B, or the size of the quenched batch
	rowsD  int // B/m, rows of the discriminator in the data and in the fakes
	dim    int // d, dimension of a sample
	latent int
	dis    *player
	gen    *player
	n      int // length of the configuration
	state  int // length of the state
	inputs int
	fresh  int // leading inputs that are the batch of a minibatch

	// The batch in use: latents (zD then zG in z) and the regularisers' normals by player.
	// Quenched ones stay; those of a minibatch lie in the inputs of the step.
	z, zD, zG []float64
	xiReg     [2][]float64
	steps     float64 // number of the step that is being made; 0 otherwise

	x     []float64 // [3B×d] data, fakes of z_D, fakes of z_G
	logit []float64 // [2B/m]
	c     []float64 // [2B/m] cotangents of the logits
	cx    []float64 // [B×d] cotangents of the fakes

	play   play
	stepsD int // k, moves of the discriminator in a step

	regs       []bound
	regNormals [2]int // regularisers' inputs of each player
	perturbed  bool
	shown      []float64 // [2B×d] samples as the discriminator sees them, if perturbed
	view       view

	// The weights 1 + ω of the rows, by player, and where their inputs begin, for noise kind
	// minibatch-gaussian; weighted while a step is made.
	omega    [2][]float64
	gauss    [2]int
	weighted bool
	cw, cxw  []float64 // [2B/m] and [B×d] weighted cotangents

	epoch epoch // of minibatch-epoch

	mean     *meanStep // scratch of ClassicalStep
	observer *observer
}

// New checks a configuration and allocates all that its trainer will ever need.
func New(cfg Config) (*Trainer, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.counted()
	t := &Trainer{cfg: cfg}
	t.rows = cfg.Noise.rows(cfg.Batch, cfg.OptimizerD, cfg.OptimizerG)
	if t.rows%cfg.pack() != 0 {
		which, key := "batch", "trainer.batch"
		if !cfg.Noise.minibatch() {
			which, key = "quenched batch", "noise.quenched_batch"
		}
		return nil, fmt.Errorf("gan: packing puts %d samples in a row of the discriminator, which does not divide the %d of the %s; change trainer.packing or %s", cfg.pack(), t.rows, which, key)
	}
	if err := t.allocate(); err != nil {
		return nil, err
	}
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
	case cfg.Packing < 0:
		return fmt.Errorf("gan: packing is %d, allowed are integers ≥ 1", cfg.Packing)
	case d.In() != cfg.pack()*g.Out():
		return fmt.Errorf("gan: the discriminator has %d input(s), the generator %d output(s) and a row packs %d sample(s); the first must be the product of the others", d.In(), g.Out(), cfg.pack())
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

func (cfg Config) dynamics() Dynamics {
	if cfg.Dynamics == nil {
		return alternating{k: 1}
	}
	return cfg.Dynamics
}

// pack is the number of samples in a row of the discriminator.
func (cfg Config) pack() int { return max(cfg.Packing, 1) }

// allocate lays out state and inputs and makes the working storage.
func (t *Trainer) allocate() (err error) {
	cfg, b := t.cfg, t.rows
	t.rowsD = b / cfg.pack()
	t.dim, t.latent = cfg.Target.Dim(), cfg.Generator.In()
	if t.dis, err = newPlayer("discriminator", cfg.Discriminator, cfg.OptimizerD, 2*t.rowsD, 2*t.rowsD); err != nil {
		return err
	}
	if t.gen, err = newPlayer("generator", cfg.Generator, cfg.OptimizerG, b, 2*b); err != nil {
		return err
	}
	if err = t.bindRegularisers(); err != nil {
		return err
	}
	t.stepsD = 1
	if t.play, err = cfg.dynamics().bind(t); err != nil {
		return fmt.Errorf("gan: dynamics %q: %w", cfg.dynamics().Name(), err)
	}
	if err = cmp.Or(t.checkGaussian(), t.checkEpoch()); err != nil {
		return err
	}

	at := 0
	next := func(n int) (lo, hi int) { lo, at = at, at+n; return lo, at }
	t.dis.lo, t.dis.hi = next(t.dis.net.Params())
	t.gen.lo, t.gen.hi = next(t.gen.net.Params())
	t.n = at
	t.dis.mem, t.dis.end = next(cfg.OptimizerD.Rule.Memory(t.dis.net.Params()))
	t.gen.mem, t.gen.end = next(cfg.OptimizerG.Rule.Memory(t.gen.net.Params()))
	t.epoch.lo, t.epoch.hi = next(t.epochMemory())
	t.state = at

	at = 0
	if cfg.Noise.minibatch() {
		k := t.stepsD
		_, t.fresh = next(b*(k*cfg.Target.Normals()+(k+1)*t.latent) + k*t.regNormals[0] + t.regNormals[1])
	}
	if cfg.Noise.gaussian() {
		for b, moves := range [2]int{t.stepsD, 1} {
			n := t.gaussianRows(b)
			t.gauss[b], _ = next(moves * n)
			t.omega[b] = make([]float64, n)
		}
		t.cw, t.cxw = make([]float64, 2*t.rowsD), make([]float64, b*t.dim)
	}
	t.dis.xi, t.dis.xiEnd = next(t.dis.inject(cfg.Noise, cfg.Noise.TD, cfg.Noise.MetricD, t.stepsD))
	t.gen.xi, t.gen.xiEnd = next(t.gen.inject(cfg.Noise, cfg.Noise.TG, cfg.Noise.MetricG, 1))
	t.inputs = at
	if err = cmp.Or(t.dis.correct(cfg.Noise), t.gen.correct(cfg.Noise)); err != nil {
		return err
	}

	t.x = make([]float64, 3*b*t.dim)
	t.logit, t.c = make([]float64, 2*t.rowsD), make([]float64, 2*t.rowsD)
	t.cx = make([]float64, b*t.dim)
	return nil
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
	for player, n := range t.regNormals {
		t.xiReg[player] = make([]float64, n)
		src.Normals(t.xiReg[player])
	}
}

// quenched tells a fixed batch from minibatches.
func (t *Trainer) quenched() bool { return !t.cfg.Noise.minibatch() }

// Fork returns a Trainer of the same map, quenched and evaluation batches included, with
// working storage of its own.
func (t *Trainer) Fork() *Trainer {
	f := &Trainer{cfg: t.cfg, rows: t.rows}
	if err := f.allocate(); err != nil {
		panic("gan: Fork: " + err.Error()) // New did the same
	}
	if t.quenched() {
		f.z, f.zD, f.zG, f.xiReg = t.z, t.zD, t.zG, t.xiReg
		copy(f.x, t.x)
	}
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

// InjectedInputs are the inputs lo ≤ i < hi of a step that are injected noise.
func (t *Trainer) InjectedInputs() (lo, hi int) { return t.dis.xi, t.gen.xiEnd }

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
	t.epoch.begin(state)
}

// Step writes Φ(state, xi) into next. It allocates nothing.
func (t *Trainer) Step(next, state, xi []float64) {
	if len(next) != t.state || len(state) != t.state || len(xi) != t.inputs {
		panic("gan: Step: wrong length of state or inputs")
	}
	t.steps = t.count(state)
	t.shuffle(next, state, xi)
	t.play.step(next, state, xi)
	t.steps, t.weighted = 0, false
}

// batch takes the j-th batch of the discriminator, and the generator's, from the inputs of a
// step: data into x, latents and the regularisers' normals in place. z_D of the last batch
// and z_G adjoin in z.
func (t *Trainer) batch(xi []float64, j int) {
	if t.quenched() {
		if t.cfg.Noise.gaussian() {
			t.weigh(xi, j)
		}
		return
	}
	d, l, k := t.rows*t.cfg.Target.Normals(), t.rows*t.latent, t.stepsD
	if t.cfg.Noise.epochs() {
		t.epoch.take(t.x[:t.rows*t.dim], j)
	} else {
		t.cfg.Target.Sample(t.x[:t.rows*t.dim], xi[j*d:(j+1)*d])
	}
	z := xi[k*d : k*d+(k+1)*l]
	t.z, t.zD, t.zG = z[(k-1)*l:], z[j*l:(j+1)*l], z[k*l:]
	r := xi[k*d+(k+1)*l : t.fresh]
	n := t.regNormals[0]
	t.xiReg[0], t.xiReg[1] = r[j*n:(j+1)*n], r[k*n:]
}

// directionD leaves the discriminator's direction in dis.dir, over the data in x and the
// fakes of latents z_D.
func (t *Trainer) directionD(psi, theta []float64) {
	t.gen.p.forward(t.x[t.rows*t.dim:], theta, t.zD, t.rows)
	t.followD(psi, theta)
}

// followD is directionD once the fakes are in x: the gradient of mean real + mean fake.
func (t *Trainer) followD(psi, theta []float64) {
	r := t.rowsD
	x := t.look(0, psi, theta, t.x[:2*t.rows*t.dim])
	t.dis.outputs(t.logit, psi, x, 2*r)
	t.cfg.Loss.Real(nil, t.c[:r], nil, t.logit[:r])
	t.cfg.Loss.Fake(nil, t.c[r:], nil, t.logit[r:])
	scaled(t.c, 1/float64(r), t.c)
	t.regularise(t.dis, nil)
	t.dis.direction(psi, t.c, t.weights(0, t.c))
}

// directionG leaves the generator's direction against psi in gen.dir.
func (t *Trainer) directionG(psi, theta []float64) {
	fake := t.x[t.rows*t.dim : 2*t.rows*t.dim]
	t.gen.p.forward(fake, theta, t.zG, t.rows)
	t.followG(psi, theta, fake)
}

// followG is directionG once the rows in use of the generator's pass have made the fakes.
func (t *Trainer) followG(psi, theta, fake []float64) {
	r := t.rowsD
	logit, c := t.logit[:r], t.c[:r]
	t.dis.p.evaluate(logit, psi, t.look(1, psi, theta, fake), r)
	t.cfg.Loss.Generator(nil, c, nil, logit)
	scaled(c, 1/float64(r), c)
	t.dis.p.backwardInput(t.cx, psi, c)
	t.regularise(t.gen, t.cx)
	t.gen.direction(theta, t.cx, t.weightedFakes(t.cx))
}
