package langevin_test

import (
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
