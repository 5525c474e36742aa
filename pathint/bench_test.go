package pathint

import (
	"testing"

	"machlup/internal/rng"
)

// BenchmarkPathSweep times one sweep of a path of 128 movable slices in one dimension and
// reports the time per slice update.
func BenchmarkPathSweep(b *testing.B) {
	const P = 128
	for _, bc := range []struct {
		name  string
		beta  float64
		steps int
		ends  Ends
		moves []Move
	}{
		{"harmonic", 0, P, FreeEnd([]float64{0}), []Move{SingleSlice{Step: 1}}},
		{"ou-bridge", 0, P + 1, Pinned([]float64{0}, []float64{0.5}), []Move{Staging{Length: 16, Step: 1}}},
	} {
		b.Run(bc.name, func(b *testing.B) {
			sys := linear(0.95, bc.beta, 0.3)
			c := mustChain(b, Spec{Action: mustAction(b, sys), Ends: bc.ends, Steps: bc.steps, Moves: bc.moves})
			src := rng.New(1, 0, "bench", "")
			if err := c.StartForward(1, src); err != nil {
				b.Fatal(err)
			}
			c.Warm(100, src)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				c.Sweep(src)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/P, "ns/slice")
			b.ReportMetric(c.Stats(0).Acceptance(), "accepted")
		})
	}
}
