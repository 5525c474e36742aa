package gan

import (
	"testing"

	"machlup/internal/rng"
)

// BenchmarkTrainerStep times one full step of the listing (16-32-1 against 1-32-1, batch
// 128, float64, one goroutine): fresh normals, discriminator update, generator update.
func BenchmarkTrainerStep(b *testing.B) {
	for _, name := range []string{"sgd", "adam", "natural", "natural-momentum"} {
		b.Run(name, func(b *testing.B) {
			tr := paperTrainer(b, name, 128)
			src := rng.New(1, 0, "benchmark", "")
			state, next := make([]float64, tr.Dim()), make([]float64, tr.Dim())
			q := make([]float64, tr.Config())
			tr.InitConfig(q, src)
			tr.Init(state, q)
			xi := make([]float64, tr.Inputs())
			b.ReportAllocs()
			for b.Loop() {
				src.Normals(xi)
				tr.Step(next, state, xi)
				state, next = next, state
			}
		})
	}
}
