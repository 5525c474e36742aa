package gan

import (
	"math"
	"testing"
	"time"

	"machlup/internal/rng"
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
func BenchmarkTrainerStep(b *testing.B) {
	for _, name := range []string{"sgd", "adam", "natural", "natural-momentum"} {
		b.Run(name, func(b *testing.B) {
			step := stepper(paperTrainer(b, name, 128))
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(fastest(step)*1e9, "best-ns/op")
		})
	}
}
