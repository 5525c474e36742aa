package pathint_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"machlup/gan"
	"machlup/internal/rng"
	"machlup/pathint"
)

// tiny is a GAN of 20 parameters: 1-3-1 against 1-3-1, tanh.
func tiny(t testing.TB, optimizerG, optimizerD string, noise gan.Noise) *gan.Trainer {
	t.Helper()
	return tinyOf(t, 3, optimizerG, optimizerD, noise)
}

// tinyOf has so many hidden units in each network: 6h + 2 parameters.
func tinyOf(t testing.TB, hidden int, optimizerG, optimizerD string, noise gan.Noise) *gan.Trainer {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	g, err := gan.GeneratorConfig{Latent: 1, Hidden: []int{hidden}, Activation: "tanh"}.Network(1)
	must(err)
	d, err := gan.DiscriminatorConfig{Hidden: []int{hidden}, Activation: "tanh"}.Network(1)
	must(err)
	target, err := gan.GaussianConfig{MeanValue: 1, StdValue: 0.8}.Target()
	must(err)
	loss, err := gan.NewLoss("non-saturating")
	must(err)
	optG, err := gan.DefaultOptimizer(optimizerG)
	must(err)
	optD, err := gan.DefaultOptimizer(optimizerD)
	must(err)
	optG.Direction.Damping = math.Max(optG.Direction.Damping, 0.1)
	optD.Direction.Damping = math.Max(optD.Direction.Damping, 0.1)
	tr, err := gan.New(gan.Config{Generator: g, Discriminator: d, Target: target, Loss: loss, OptimizerD: optD, OptimizerG: optG,
		Batch: 8, Noise: noise, QuenchedSource: rng.New(71, 0, "quenched", ""), EvaluationSource: rng.New(71, 0, "evaluation", ""),
		Observables: []string{"gen_mean", "gen_std", "loss_d"}, EvaluationBatch: 16})
	must(err)
	return tr
}

// O1 from wrong paths and O10 on a GAN: positions, innovations and the trainer's own
// forward runs are one law; with momentum, natural gradients and metric noise.
func TestTrainerPaths(t *testing.T) {
	t.Parallel()
	injected := gan.Noise{Kind: "injected", TD: 0.5, TG: 0.5, Quenched: 8}
	metric := injected
	metric.MetricG, metric.TG = true, 0.1
	for _, tc := range []struct {
		g, d  string
		noise gan.Noise
	}{{"sgd", "sgd", injected}, {"natural-momentum", "momentum", injected}, {"natural", "sgd", metric}} {
		t.Run(fmt.Sprintf("%s,metric=%v", tc.g, tc.noise.MetricG), func(t *testing.T) {
			const K = 5
			tr := tiny(t, tc.g, tc.d, tc.noise)
			act, err := pathint.NewOnsagerMachlup(tr)
			if err != nil {
				t.Fatal(err)
			}
			inn, err := pathint.NewInnovation(tr)
			if err != nil {
				t.Fatal(err)
			}
			q := make([]float64, tr.Config())
			tr.InitConfig(q, rng.New(71, 0, "start", ""))
			chains := func(a pathint.Action, m ...pathint.Move) (cs []*pathint.Chain, ss []pathint.Source) {
				for i, scale := range []float64{3, 0} {
					c, err := pathint.NewChain(pathint.Spec{Action: a, Ends: pathint.FreeEnd(q), Steps: K, Observer: tr, Moves: m})
					if err != nil {
						t.Fatal(err)
					}
					src := rng.New(72, i, a.Name(), tc.g)
					if err := c.StartForward(scale, src); err != nil {
						t.Fatal(err)
					}
					cs, ss = append(cs, c), append(ss, src)
				}
				return
			}
			pos, ps := chains(act, &pathint.Staging{Length: K, Step: 0.5, Target: 0.5}, &pathint.SingleSlice{Step: 0.5, Target: 0.5})
			s := pathint.Sampling{Warm: 300, Burn: 200, Draws: 1500, Thin: 4}
			o1, err := pathint.O1(pos, ps, s)
			if err != nil {
				t.Fatal(err)
			}
			if !o1.Passed() || o1.Degrees != K*tr.Config() || o1.Mean.StdErr > 0.1*math.Sqrt(o1.Mean.Exact) {
				t.Errorf("O1: %+v", o1)
			}
			xi, xs := chains(inn, &pathint.PCN{Step: 0.9}, &pathint.Shooting{Count: 1, Step: 1})
			fwd, err := pathint.ForwardLaw(xi[0], 2000, rng.New(72, 0, "forward", tc.g))
			if err != nil {
				t.Fatal(err)
			}
			s.Warm, s.Burn = 0, 0 // the chains of O1 go on
			a, err := pathint.ChainLaw("positions", pos, ps, s)
			if err != nil {
				t.Fatal(err)
			}
			b, err := pathint.ChainLaw("innovations", xi, xs, pathint.Sampling{Burn: 10, Draws: 1500})
			if err != nil {
				t.Fatal(err)
			}
			o10, err := pathint.O10(fwd, a, b)
			if err != nil || !o10.Passed() {
				t.Errorf("O10: %v %v", o10, err)
			}
			t.Logf("O1 mean z %.1f, variance z %.1f, start %.0fσ away; O10 %v", o1.Mean.Z, o1.Variance.Z, o1.StartZ, o10)
		})
	}
}

// What has no density in positions is refused with the trainer's reason.
func TestTrainerRefusals(t *testing.T) {
	for what, tr := range map[string]*gan.Trainer{
		"Adam":        tiny(t, "sgd", "adam", gan.Noise{Kind: "injected", TD: 1, TG: 1, Quenched: 8}),
		"temperature": tiny(t, "sgd", "sgd", gan.Noise{Kind: "injected", TG: 1, Quenched: 8}),
		"minibatch":   tiny(t, "sgd", "sgd", gan.Noise{Kind: "minibatch"}),
	} {
		if _, err := pathint.NewOnsagerMachlup(tr); err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(what)) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
