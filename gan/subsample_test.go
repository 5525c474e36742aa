package gan

import (
	"math"
	"strings"
	"testing"

	"machlup/internal/rng"
)

// The drift on the whole quenched batch of a game whose loss is a mean over samples is the
// mean of the drifts on its two halves; Subsample has the first, and what cannot be had is refused.
func TestSubsample(t *testing.T) {
	cfg := func(rows int) Config {
		g, _ := GeneratorConfig{Latent: 2, Hidden: []int{3}, Activation: "tanh"}.Network(1)
		d, _ := DiscriminatorConfig{Hidden: []int{3}, Activation: "tanh"}.Network(1)
		target, _ := GaussianConfig{MeanValue: 1, StdValue: 0.8}.Target()
		loss, _ := NewLoss("non-saturating")
		sgd, _ := DefaultOptimizer("sgd")
		return Config{Generator: g, Discriminator: d, Target: target, Loss: loss, OptimizerD: sgd, OptimizerG: sgd,
			Batch: 8, Noise: Noise{Kind: "injected", TD: 1, TG: 1, Quenched: rows}, QuenchedSource: rng.New(5, 0, "quenched", "")}
	}
	whole, err := New(cfg(8))
	if err != nil {
		t.Fatal(err)
	}
	part, err := whole.Subsample(4)
	if err != nil {
		t.Fatal(err)
	}
	first := part.(*Trainer)
	second := whole.Fork() // the other half, by hand
	half, err := second.Subsample(4)
	if err != nil {
		t.Fatal(err)
	}
	rest := half.(*Trainer)
	copy(rest.x[:4*rest.dim], whole.x[4*whole.dim:8*whole.dim])
	copy(rest.zD, whole.zD[4*whole.latent:])
	copy(rest.zG, whole.zG[4*whole.latent:])
	q := make([]float64, whole.Config())
	whole.InitConfig(q, rng.New(5, 0, "start", ""))
	drift := func(tr *Trainer, b int) []float64 {
		r, err := tr.Recurrence()
		if err != nil {
			t.Fatal(err)
		}
		v := make([]float64, r.Blocks()[b].Hi-r.Blocks()[b].Lo)
		r.Drift(v, b, q)
		return v
	}
	for b := range 2 {
		all, one, two := drift(whole, b), drift(first, b), drift(rest, b)
		same := true
		for i := range all {
			if mean := (one[i] + two[i]) / 2; math.Abs(all[i]-mean) > 1e-13*(1+math.Abs(mean)) {
				t.Errorf("block %d, component %d: drift %g, mean of the halves %g", b, i, all[i], mean)
			}
			same = same && all[i] == one[i]
		}
		if same {
			t.Errorf("block %d: half of the batch has the drift of all of it", b)
		}
	}
	fresh := cfg(0)
	fresh.Noise = Noise{Kind: "minibatch"}
	mini, err := New(fresh)
	if err != nil {
		t.Fatal(err)
	}
	for want, err := range map[string]error{
		"no quenched batch": second2(mini.Subsample(2)), "fewer than all": second2(whole.Subsample(8)),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func second2[T any](_ T, err error) error { return err }
