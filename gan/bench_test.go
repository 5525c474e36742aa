package gan

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"machlup/internal/rng"
	"machlup/langevin"
)

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

// stepper returns one full step of a trainer from a random start: fresh normals,
// discriminator update, generator update.
func stepper(tr *Trainer) func() {
	src := rng.New(1, 0, "benchmark", "")
	state, next := make([]float64, tr.Dim()), make([]float64, tr.Dim())
	q := make([]float64, tr.Config())
	tr.InitConfig(q, src)
	tr.Init(state, q)
	xi := make([]float64, tr.Inputs())
	return func() {
		src.Normals(xi)
		tr.Step(next, state, xi)
		state, next = next, state
	}
}

// BenchmarkTrainerStep times one full step of the listing (16-32-1 against 1-32-1, batch
// 128, float64, one goroutine): fresh normals, discriminator update, generator update.
// natural-2d is natural with samples in the plane, 16-32-2 against 2-32-1.
func BenchmarkTrainerStep(b *testing.B) {
	bench := func(name string, tr *Trainer) {
		b.Run(name, func(b *testing.B) {
			step := stepper(tr)
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(fastest(step)*1e9, "best-ns/op")
		})
	}
	for _, name := range []string{"sgd", "adam", "natural", "natural-momentum"} {
		bench(name, paperTrainer(b, name, 128))
	}
	cfg := paperTrainer(b, "natural", 128).cfg
	cfg.Target = planar(b)
	bench("natural-2d", resized(b, cfg, 32))
}

// BenchmarkNaturalScaling times the natural-gradient step, without its random numbers, over
// batch and width of both networks, against the flops of its products (multiplications and
// additions), and fits time ∝ flops^exponent over all sizes and over those where the Gram
// matrix and its factor dominate.
func BenchmarkNaturalScaling(b *testing.B) {
	var all, large [][2]float64 // log flops, log seconds
	for _, batch := range []int{128, 256, 512} {
		for _, width := range []int{32, 64, 128, 256} {
			b.Run(fmt.Sprintf("batch=%d/width=%d", batch, width), func(b *testing.B) {
				tr := resized(b, paperTrainer(b, "natural", batch).cfg, width)
				state, next, xi := make([]float64, tr.Dim()), make([]float64, tr.Dim()), make([]float64, tr.Inputs())
				q, src := make([]float64, tr.Config()), rng.New(1, 0, "benchmark", "")
				tr.InitConfig(q, src)
				tr.Init(state, q)
				src.Normals(xi)
				step := func() {
					tr.Step(next, state, xi)
					state, next = next, state
				}
				b.ReportAllocs()
				for b.Loop() {
					step()
				}
				t, flops := fastest(step), naturalFlops(batch, width, tr.Latent())
				b.ReportMetric(t*1e9, "best-ns/op")
				b.ReportMetric(flops/t*1e-9, "Gflop/s")
				point := [2]float64{math.Log(flops), math.Log(t)}
				if all = append(all, point); flops > 1e7 {
					large = append(large, point)
				}
			})
		}
	}
	b.Run("fit", func(b *testing.B) {
		if len(large) < 2 {
			b.Skip("needs the sizes")
		}
		for b.Loop() {
			slope(all)
		}
		b.ReportMetric(slope(all), "exponent")
		b.ReportMetric(slope(large), "exponent-above-10-Mflop")
	})
}

// resized returns a trainer with both hidden layers of that width, for the target of cfg.
func resized(b *testing.B, cfg Config, width int) *Trainer {
	d := cfg.Target.Dim()
	cfg.Generator = mustMLP(b, cfg.Generator.In(), []int{width}, d, "relu")
	cfg.Discriminator = mustMLP(b, d, []int{width}, 1, "leaky-relu")
	tr, err := New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	return tr
}

// naturalFlops counts the products of a step: forward passes of both players' fakes and of
// three batches of logits, their gradients, the Gram matrix of two layers, its Cholesky
// factor and the solves.
func naturalFlops(batch, width, latent int) float64 {
	n, w, l := float64(batch), float64(width), float64(latent)
	generator := 2 * n * w * (l + 1) // one batch forward; as much for the gradient of the weights
	discriminator := 4 * n * w       // likewise
	gram := n * (n + 1) * (l + w + w + 1)
	return 3*generator + n*w + 3*discriminator + 3*discriminator + gram + n*n*n/3 + 2*n*n
}

// slope is that of the least-squares line through points.
func slope(points [][2]float64) float64 {
	var x, y, xx, xy float64
	for _, p := range points {
		x, y, xx, xy = x+p[0], y+p[1], xx+p[0]*p[0], xy+p[0]*p[1]
	}
	n := float64(len(points))
	return (n*xy - x*y) / (n*xx - x*x)
}

// BenchmarkEnsemble times 100 steps of 16 replicas of the listing's SGD trainer through
// langevin.Ensemble, observables at the end, with one worker and with two; speedup is the
// ratio of the fastest runs, taken in turns.
func BenchmarkEnsemble(b *testing.B) {
	const replicas, steps = 16, 100
	run := func(workers int) func() {
		w := []langevin.Worker{ensembleWorker(b)}
		for len(w) < workers {
			w = append(w, ensembleWorker(b))
		}
		tr := w[0].Map.(*Trainer)
		q := make([]float64, tr.Config())
		tr.InitConfig(q, rng.New(1, 0, "benchmark", ""))
		e := langevin.NewEnsemble(tr, q, replicas, func(i int) langevin.Source { return rng.New(1, i, "replica", "") })
		return func() {
			if err := e.Run(context.Background(), w, []int{e.Step() + steps}, func(int, []float64) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	}
	for workers := 1; workers <= 2; workers++ {
		b.Run(fmt.Sprintf("%d-workers", workers), func(b *testing.B) {
			one, these := run(1), run(workers)
			b.ReportAllocs()
			for b.Loop() {
				these()
			}
			alone, together := math.Inf(1), math.Inf(1)
			for range 60 {
				alone, together = min(alone, seconds(one)), min(together, seconds(these))
			}
			b.ReportMetric(together*1e9/(replicas*steps), "best-ns/step")
			b.ReportMetric(alone/together, "speedup")
		})
	}
}

func ensembleWorker(b *testing.B) langevin.Worker {
	cfg := paperTrainer(b, "sgd", 128).cfg
	cfg.Observables, cfg.EvaluationSource = []string{"gen_mean", "gen_std"}, rng.New(1, 0, "evaluation", "")
	tr, err := New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	return langevin.Worker{Map: tr, Observer: tr}
}

func seconds(f func()) float64 {
	start := time.Now()
	f()
	return time.Since(start).Seconds()
}
