package pathint_test

import (
	"math"
	"testing"
	"time"

	"machlup/gan"
	"machlup/internal/rng"
	"machlup/langevin"
	"machlup/pathint"
)

// BenchmarkPathSweep times one sweep of a path of P movable slices: single slices of a
// harmonic oscillator, staging of an Ornstein–Uhlenbeck bridge (P = 128, one dimension),
// single slices of the paper's GAN trained by SGD (P = 16). It reports the time per slice.
func BenchmarkPathSweep(b *testing.B) {
	must := func(err error) {
		if err != nil {
			b.Helper()
			b.Fatal(err)
		}
	}
	euler := langevin.EulerMaruyamaConfig{Eta: 0.05, Temperature: 1}
	b.Run("harmonic", func(b *testing.B) {
		u, err := langevin.NewHarmonic(langevin.HarmonicConfig{Dim: 1, Stiffness: []float64{1}})
		must(err)
		m, err := euler.New(langevin.Descent(u))
		must(err)
		sweep(b, m, pathint.FreeEnd([]float64{0}), 128, pathint.SingleSlice{Step: 1})
	})
	b.Run("ou-bridge", func(b *testing.B) {
		f, err := langevin.NewOU(langevin.OUConfig{Dim: 1, Rate: []float64{1}})
		must(err)
		m, err := euler.New(langevin.Descent(f))
		must(err)
		sweep(b, m, pathint.Pinned([]float64{0}, []float64{0.5}), 129, pathint.Staging{Length: 16, Step: 1})
	})
	b.Run("trainer", func(b *testing.B) {
		g, err := gan.DefaultGenerator().Network(1)
		must(err)
		d, err := gan.DefaultDiscriminator().Network(1)
		must(err)
		target, err := gan.DefaultGaussian().Target()
		must(err)
		loss, err := gan.NewLoss("non-saturating")
		must(err)
		sgd, err := gan.DefaultOptimizer("sgd")
		must(err)
		tr, err := gan.New(gan.Config{Generator: g, Discriminator: d, Target: target, Loss: loss, OptimizerD: sgd, OptimizerG: sgd, Batch: 128,
			Noise: gan.Noise{Kind: "injected", TD: 1e-3, TG: 1e-3, Quenched: 128}, QuenchedSource: rng.New(1, 0, "quenched", "")})
		must(err)
		q := make([]float64, tr.Config())
		tr.InitConfig(q, rng.New(1, 0, "start", ""))
		sweep(b, tr, pathint.FreeEnd(q), 16, pathint.SingleSlice{Step: 1})
	})
}

// fastest returns the seconds of one call in the fastest of many short batches: what the
// code costs when no other process interrupts it, which ns/op only shows on an idle machine.
func fastest(f func()) float64 {
	const batch = 100 * time.Microsecond
	calls, least := 1, math.Inf(1)
	for end, n := time.Now().Add(200*time.Millisecond), 0; n < 3 || time.Now().Before(end); {
		start := time.Now()
		for range calls {
			f()
		}
		t := time.Since(start)
		if t < batch/2 {
			calls *= 2
			continue
		}
		least = min(least, t.Seconds()/float64(calls))
		n++
	}
	return least
}

func sweep(b *testing.B, sys pathint.System, ends pathint.Ends, steps int, m pathint.Move) {
	act, err := pathint.NewOnsagerMachlup(sys)
	if err != nil {
		b.Fatal(err)
	}
	c, err := pathint.NewChain(pathint.Spec{Action: act, Ends: ends, Steps: steps, Moves: []pathint.Move{m}})
	if err != nil {
		b.Fatal(err)
	}
	src := rng.New(1, 0, "bench", "")
	if err := c.StartForward(1, src); err != nil {
		b.Fatal(err)
	}
	c.Warm(10, src)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		c.Sweep(src)
	}
	lo, hi := c.Path().Movable()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(hi-lo), "ns/slice")
	b.ReportMetric(fastest(func() { c.Sweep(src) })*1e9/float64(hi-lo), "best-ns/slice")
	b.ReportMetric(c.Stats(0).Acceptance(), "accepted")
	b.ReportMetric(c.Stats(0).Gradients/float64(c.Stats(0).Proposed), "gradients/proposal")
}
