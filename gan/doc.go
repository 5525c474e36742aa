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
// A Trainer is a langevin.Map (Dim, Config, Inputs, Init, Step) and a
// langevin.GradientObserver (Observables, Observe, ObserveGradient). Where the law exists,
// t.Recurrence() is the same step in positions (a langevin.Recurrence, and a
// langevin.MetricRecurrence with metric noise), and t.Linearizer() its exact derivative;
// both refuse what has none, with the reason. t.ClassicalStep is the noise-free reference,
// t.Generate draws samples, t.InitConfig PyTorch's initial parameters, t.Fork a trainer of
// the same map for another goroutine; BatchLoss, BatchGradient, BatchDirection and
// DenseMetric show what a step is made of.
//
// Conventions: configuration q = [ψ | θ], state = [q | memory of D | memory of G]; D moves
// first, G sees the updated ψ; both players minimise; a batch loss is a mean; N(0,1) inputs
// become data by inverse CDF. Velocities: v' = βv − η·direction + s·w, θ' = θ + v'.
// Injected noise has s² = 2(1−β)ηT.
package gan
