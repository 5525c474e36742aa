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
// harmonic oscillator, staging of an Ornstein–Uhlenbeck bridge, both of the oscillator's ring
// polymer (P = 128, one dimension),
// single slices of the paper's GAN trained by SGD (P = 16). It reports the time per slice.
//
// trainer is one-way shooting on the GAN's true minibatches (P = 64) and reports the share
// of its time in trainer steps, each with the fresh normals it takes.
func BenchmarkPathSweep(b *testing.B) {
	euler := langevin.EulerMaruyamaConfig{Eta: 0.05, Temperature: 1}
	b.Run("harmonic", func(b *testing.B) {
		u := must(langevin.NewHarmonic(langevin.HarmonicConfig{Dim: 1, Stiffness: []float64{1}}))
		slices(b, must(euler.New(langevin.Descent(u))), pathint.FreeEnd([]float64{0}), 128, pathint.SingleSlice{Step: 1})
	})
	b.Run("ou-bridge", func(b *testing.B) {
		f := must(langevin.NewOU(langevin.OUConfig{Dim: 1, Rate: []float64{1}}))
		slices(b, must(euler.New(langevin.Descent(f))), pathint.Pinned([]float64{0}, []float64{0.5}), 129, pathint.Staging{Length: 16, Step: 1})
	})
	for name, m := range map[string]pathint.Move{"ring-single-slice": pathint.SingleSlice{Step: 1}, "ring-staging": pathint.Staging{Length: 16, Step: 1}} {
		b.Run(name, func(b *testing.B) {
			u := must(langevin.NewHarmonic(langevin.HarmonicConfig{Dim: 1, Stiffness: []float64{1}}))
			act := must(pathint.NewEuclidean(pathint.EuclideanSpec{Potential: u, Dt: 10.0 / 128, Mass: []float64{1}}))
			sweeps(b, act, pathint.Periodic([]float64{0}), 128, m)
		})
	}
	b.Run("trainer-positions", func(b *testing.B) {
		tr, q := trainer(gan.Noise{Kind: "injected", TD: 1e-3, TG: 1e-3, Quenched: 128})
		slices(b, tr, pathint.FreeEnd(q), 16, pathint.SingleSlice{Step: 1})
	})
	b.Run("trainer", shooting)
}

// slices times sweeps of one move in positions of a recurrence.
func slices(b *testing.B, sys pathint.System, ends pathint.Ends, steps int, m pathint.Move) {
	sweeps(b, must(pathint.NewOnsagerMachlup(sys)), ends, steps, m)
}

// sweeps times sweeps of one move in positions.
func sweeps(b *testing.B, act pathint.Action, ends pathint.Ends, steps int, m pathint.Move) {
	src := rng.New(1, 0, "bench", "")
	c := must(pathint.NewChain(pathint.Spec{Action: act, Ends: ends, Steps: steps, Moves: []pathint.Move{m}}))
	if err := c.StartForward(1, src); err != nil {
		b.Fatal(err)
	}
	c.Warm(10, src)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		c.Sweep(src)
	}
	b.StopTimer()
	lo, hi := c.Path().Movable()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(hi-lo), "ns/slice")
	b.ReportMetric(fastest(func() { c.Sweep(src) })*1e9/float64(hi-lo), "best-ns/slice")
	b.ReportMetric(c.Stats(0).Acceptance(), "accepted")
	b.ReportMetric(c.Stats(0).Gradients/float64(c.Stats(0).Proposed), "gradients/proposal")
}

// shooting times sweeps of the innovations of a trainer.
func shooting(b *testing.B) {
	tr, q := trainer(gan.Noise{Kind: "minibatch"})
	m, src := &timedMap{Map: tr}, &timedSource{Stream: rng.New(1, 0, "bench", "")}
	c := must(pathint.NewChain(pathint.Spec{Action: must(pathint.NewInnovation(m)), Ends: pathint.FreeEnd(q), Steps: 64,
		Moves: []pathint.Move{pathint.Shooting{Count: 4, Step: 1}}}))
	if err := c.StartForward(1, src); err != nil {
		b.Fatal(err)
	}
	c.Warm(1, src)
	m.spent, src.spent = 0, 0
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		c.Sweep(src)
	}
	b.StopTimer()
	b.ReportMetric((m.spent+src.spent).Seconds()/b.Elapsed().Seconds(), "in-steps")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/c.Stats(0).Gradients, "ns/step")
}

// trainer is the paper's GAN, both players trained by SGD, and its start.
func trainer(noise gan.Noise) (*gan.Trainer, []float64) {
	sgd := must(gan.DefaultOptimizer("sgd"))
	tr := must(gan.New(gan.Config{
		Generator: must(gan.DefaultGenerator().Network(1)), Discriminator: must(gan.DefaultDiscriminator().Network(1)),
		Target: must(gan.DefaultGaussian().Target()), Loss: must(gan.NewLoss("non-saturating")),
		OptimizerD: sgd, OptimizerG: sgd, Batch: 128, Noise: noise, QuenchedSource: rng.New(1, 0, "quenched", ""),
	}))
	q := make([]float64, tr.Config())
	tr.InitConfig(q, rng.New(1, 0, "start", ""))
	return tr, q
}

// A timedMap knows how long its steps took, a timedSource how long its normals.
type timedMap struct {
	langevin.Map
	spent time.Duration
}

func (m *timedMap) Step(next, state, xi []float64) {
	begin := time.Now()
	m.Map.Step(next, state, xi)
	m.spent += time.Since(begin)
}

type timedSource struct {
	*rng.Stream
	spent time.Duration
}

func (s *timedSource) Normals(dst []float64) {
	begin := time.Now()
	s.Stream.Normals(dst)
	s.spent += time.Since(begin)
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

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
