package langevin_test

import (
	"context"
	"fmt"
	"testing"

	"machlup/internal/rng"
	"machlup/langevin"
)

// BenchmarkSGLDStep is one step of SGLD, normals included, on a harmonic potential in
// 1000 dimensions.
func BenchmarkSGLDStep(b *testing.B) {
	m := must(langevin.EulerMaruyamaConfig{Eta: 0.1, Temperature: 1}.New(harmonic(1, 1000)))
	state, next, xi := make([]float64, 1000), make([]float64, 1000), make([]float64, 1000)
	stream := rng.New(1, 0, "benchmark", "")
	b.ReportAllocs()
	for b.Loop() {
		stream.Normals(xi)
		m.Step(next, state, xi)
		state, next = next, state
	}
}

// BenchmarkEnsemble is 100 steps of 16 replicas of the same, observables at the end.
func BenchmarkEnsemble(b *testing.B) {
	for _, n := range []int{1, 2} {
		b.Run(fmt.Sprintf("%d-workers", n), func(b *testing.B) {
			var workers []langevin.Worker
			for range n {
				workers = append(workers, langevin.Worker{
					Map:      must(langevin.EulerMaruyamaConfig{Eta: 0.1, Temperature: 1}.New(harmonic(1, 1000))),
					Observer: langevin.NewCoordinates(1000, nil)})
			}
			e := langevin.NewEnsemble(workers[0].Map, make([]float64, 1000), 16, func(i int) langevin.Source {
				return rng.New(1, i, "benchmark", "")
			})
			b.ReportAllocs()
			for b.Loop() {
				err := e.Run(context.Background(), workers, []int{e.Step() + 100}, func(int, []float64) error { return nil })
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
