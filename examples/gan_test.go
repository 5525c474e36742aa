package examples_test

import (
	"fmt"
	"math"

	"machlup/gan"
	"machlup/langevin"
	"machlup/pathint"
)

// leastSquares is a loss of one's own: L_D = mean (a(x)−1)² + mean a(G(z))²,
// L_G = mean (a(G(z))−1)², a the discriminator's output (Mao et al. 2017).
type leastSquares struct{}

func (leastSquares) Name() string                          { return "least-squares" }
func (leastSquares) Real(f, df, ddf, logit []float64)      { square(f, df, ddf, logit, 1) }
func (leastSquares) Fake(f, df, ddf, logit []float64)      { square(f, df, ddf, logit, 0) }
func (leastSquares) Generator(f, df, ddf, logit []float64) { square(f, df, ddf, logit, 1) }

// square writes (a−c)² and its two derivatives into those slices that are not nil.
func square(f, df, ddf, logit []float64, c float64) {
	for i, a := range logit {
		if f != nil {
			f[i] = (a - c) * (a - c)
		}
		if df != nil {
			df[i] = 2 * (a - c)
		}
		if ddf != nil {
			ddf[i] = 2
		}
	}
}

// uniform is a target of one's own, the uniform law on [0,1]: Φ of a standard normal.
type uniform struct{}

func (uniform) Name() string { return "uniform" }
func (uniform) Dim() int     { return 1 }
func (uniform) Normals() int { return 1 }
func (uniform) Sample(dst, xi []float64) {
	for i, z := range xi {
		dst[i] = math.Erfc(-z/math.Sqrt2) / 2
	}
}
func (uniform) Mean(dst []float64) { dst[0] = 0.5 }
func (uniform) Std(dst []float64)  { dst[0] = math.Sqrt(1.0 / 12) }

// newTrainer is a small GAN on them, both players by gradient descent with injected noise.
func newTrainer() (*gan.Trainer, error) {
	generator, err := gan.GeneratorConfig{Latent: 2, Hidden: []int{4}, Activation: "tanh"}.Network(1)
	if err != nil {
		return nil, err
	}
	discriminator, err := gan.DiscriminatorConfig{Hidden: []int{4}, Activation: "tanh"}.Network(1)
	if err != nil {
		return nil, err
	}
	sgd, err := gan.SGDConfig{Eta: 0.05}.Optimizer()
	if err != nil {
		return nil, err
	}
	return gan.New(gan.Config{
		Generator: generator, Discriminator: discriminator, Target: uniform{}, Loss: leastSquares{},
		OptimizerD: sgd, OptimizerG: sgd, Batch: 16,
		Noise:          gan.Noise{Kind: "injected", TD: 1e-3, TG: 1e-3, Quenched: 16},
		QuenchedSource: newSource(1),
		Observables:    []string{"gen_mean"}, EvaluationSource: newSource(2), EvaluationBatch: 32,
	})
}

// A loss and a target of one's own: linear-noise theory of the trainer, and the certificate
// O1 of its paths.
func Example_gan() {
	if err := train(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// std of gen_mean after 8 steps: predicted within 10 % true
	// O1 from wrong paths, exact mean 120: passed true
}

func train() error {
	t, err := newTrainer()
	if err != nil {
		return err
	}
	q := make([]float64, t.Config())
	t.InitConfig(q, newSource(3))

	// The law of small fluctuations, against 2000 trajectories.
	theory, err := t.Linearizer()
	if err != nil {
		return err
	}
	predicted, err := langevin.LinearNoise(theory.(langevin.Map), q, t, []int{8})
	if err != nil {
		return err
	}
	fmt.Printf("std of gen_mean after 8 steps: predicted within 10 %% %t\n", math.Abs(simulate(t, q, 2000)/predicted.Std[0][0]-1) < 0.1)

	// Whole trajectories in positions, from noise three times too large.
	chains, srcs := make([]*pathint.Chain, 2), make([]pathint.Source, 2)
	for i := range chains {
		action, err := pathint.NewOnsagerMachlup(t.Fork()) // an action serves one chain
		if err != nil {
			return err
		}
		if chains[i], err = pathint.NewChain(pathint.Spec{Action: action, Ends: pathint.FreeEnd(q), Steps: 8,
			Moves: []pathint.Move{pathint.Staging{Length: 8, Step: 0.3}, pathint.Staging{Length: 4, Step: 1}}}); err != nil {
			return err
		}
		srcs[i] = newSource(uint64(10 + i))
		if err := chains[i].StartForward(3, srcs[i]); err != nil {
			return err
		}
	}
	o1, err := pathint.O1(chains, srcs, pathint.Sampling{Burn: 300, Draws: 1500})
	if err != nil {
		return err
	}
	fmt.Printf("O1 from wrong paths, exact mean %g: passed %t\n", o1.Mean.Exact, o1.Passed())
	return nil
}

// simulate returns the standard deviation of the first observable after 8 steps.
func simulate(t *gan.Trainer, q []float64, trajectories int) float64 {
	state, next, xi := make([]float64, t.Dim()), make([]float64, t.Dim()), make([]float64, t.Inputs())
	src, value, sum, sum2 := newSource(4), make([]float64, 1), 0.0, 0.0
	for range trajectories {
		t.Init(state, q)
		for range 8 {
			src.Normals(xi)
			t.Step(next, state, xi)
			state, next = next, state
		}
		t.Observe(value, state)
		sum, sum2 = sum+value[0], sum2+value[0]*value[0]
	}
	mean := sum / float64(trajectories)
	return math.Sqrt(sum2/float64(trajectories) - mean*mean)
}
