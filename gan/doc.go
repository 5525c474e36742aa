// Package gan is the GAN trainer as a random map: state and iid N(0,1) inputs go in, the
// next state comes out, exactly, with no allocation and no hidden randomness.
//
// Assembly:
//
//	g, _ := gan.DefaultGenerator().Network(1)             // *MLP, parameters flat in PyTorch's order
//	d, _ := gan.DefaultDiscriminator().Network(1)
//	target, _ := gan.DefaultGaussian().Target()           // catalogue: Targets(), and NewSamples(rows)
//	loss, _ := gan.NewLoss("non-saturating")              // catalogue: Losses()
//	optG, _ := gan.DefaultOptimizer("natural-momentum")   // catalogue: Optimizers()
//	optD, _ := gan.DefaultOptimizer("adam")
//	t, err := gan.New(gan.Config{Generator: g, Discriminator: d, Target: target, Loss: loss,
//		OptimizerD: optD, OptimizerG: optG, Batch: 128, Noise: gan.DefaultNoise().Noise(),
//		Observables: []string{"loss_g", "rho"}, EvaluationSource: stream})
//
// Around these: WithOutput puts a bounded output of the discriminator into a loss or refuses,
// Scheduled gives a rule a schedule of its learning rate and temperature (catalogue
// Schedules()), MLP.WithInit other initial parameters (catalogue Inits()).
//
// A Trainer is a langevin.Map (Dim, Config, Inputs, Init, Step) and a
// langevin.GradientObserver (Observables, Observe, ObserveGradient). Where the law exists,
// t.Recurrence() is the same step in positions (a langevin.Recurrence, and a
// langevin.MetricRecurrence with metric noise), and t.Linearizer() its exact derivative;
// both refuse what has none, with the reason. t.ClassicalStep is the noise-free reference,
// t.Generate draws samples, t.InitConfig PyTorch's initial parameters, t.Fork a trainer of
// the same map for another goroutine; BatchLoss, BatchGradient, BatchDirection and
// DenseMetric show what a step is made of.
//
// Regularisers (Config.Regularisers; catalogue Regularisers()) act on a player's step. To
// write one: a config struct whose method Regulariser returns a value with Name and
// bind(trainer); bind checks what it needs and returns a regularisation with working storage
// of its own, embedding unregularised and writing what differs. In a step the trainer (1)
// lets each perturb the samples that the discriminator is about to see, (2) runs the player's
// network and loss on them, (3) lets each add the derivative of its value by the player's
// parameters, in the generator's step through v.cfake where they act through the fakes; a
// natural player follows F⁻¹ of the sum, (4) moves the player, (5) lets each project the new
// parameters. Its random inputs, normals(player) of them in v.xi, are part of the batch: fresh
// with minibatches, fixed with a quenched batch, so that its value is a function of (ψ, θ)
// there and the law of positions stays Gaussian. It writes product, the Hessian-vector product
// of that function, or refuses in smooth; it refuses in gaussian if it projects. The view has
// R = B/m rows of m·d columns with packing m; a value that is a mean divides by v.rows, or by
// 2·v.rows over real and fake. It never runs the players' stages, which the step still needs:
// trainer.dis.net.newStages(rows) makes others. BatchLoss includes value, the observables
// loss_d and loss_g do not. weight-decay is the example; TestRegularised* hold any to
// differences, conformance and the linearisation. A metric of the natural gradient is a line of metrics in
// natural.go.
//
// OptimalConfig.Discriminator is the exact discriminator of smoothed one-dimensional densities,
// NewOptimal the trainer of a generator against it, ExactPotential its potential, Priors() the
// normalised laws that make e^{−U/T} one.
//
// Config.Dynamics (catalogue AllDynamics()) says who sees whose parameters and what is added to
// the gradients; nil alternates. Games() are small games whose networks and data go into a
// Config like any others, with known eigenvalues and laws.
//
// Conventions: configuration q = [ψ | θ], state = [q | memory of D | memory of G]; D moves
// first, G sees the updated ψ; both players minimise; a batch loss is a mean; N(0,1) inputs
// become data by inverse CDF. Velocities: v' = βv − η·direction + s·w, θ' = θ + v'.
// Injected noise has s² = 2(1−β)ηT.
package gan
