// Package langevintest is the conformance suite of every langevin.Map, and what tests of
// such maps share: a source of normals, numerical derivatives, and mutants.
//
// Call Check from the test of a new system; it runs every part that the system's
// interfaces ask for. Tolerances are relative to the size of what is compared.
package langevintest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"machlup/langevin"
)

// A Source is a stream of standard normals for tests, savable as ensembles need it.
type Source struct {
	pcg *rand.PCG
	rng *rand.Rand
}

// NewSource returns stream i of a seed.
func NewSource(seed uint64, i int) *Source {
	pcg := rand.NewPCG(seed, 0x9e3779b97f4a7c15*uint64(i+1))
	return &Source{pcg, rand.New(pcg)}
}

// Normals fills dst with standard normals.
func (s *Source) Normals(dst []float64) {
	for i := range dst {
		dst[i] = s.rng.NormFloat64()
	}
}

// Uniform returns a number in [0, 1).
func (s *Source) Uniform() float64 { return s.rng.Float64() }

// MarshalBinary and UnmarshalBinary save and restore the stream.
func (s *Source) MarshalBinary() ([]byte, error)    { return s.pcg.MarshalBinary() }
func (s *Source) UnmarshalBinary(data []byte) error { return s.pcg.UnmarshalBinary(data) }

// Check runs the suite on a map started at configuration q: CheckMap always,
// CheckRecurrence and CheckLinearizer if the map is one, CheckObserver if obs is not nil.
// newMap must return independent copies of the same map.
func Check(t *testing.T, newMap func() langevin.Map, obs langevin.Observer, q []float64) {
	t.Helper()
	t.Run("map", func(t *testing.T) { CheckMap(t, newMap, q) })
	m := newMap()
	if r, ok := m.(langevin.Recurrence); ok && noisy(r) {
		t.Run("recurrence", func(t *testing.T) { CheckRecurrence(t, m, q) })
	}
	if _, ok := langevin.AsLinearizer(m); ok {
		t.Run("linearizer", func(t *testing.T) { CheckLinearizer(t, m, q) })
	}
	if obs != nil {
		t.Run("observer", func(t *testing.T) { CheckObserver(t, obs, q) })
	}
}

// noisy reports whether every block has noise, without which positions have no density.
func noisy(r langevin.Recurrence) bool {
	for _, b := range r.Blocks() {
		if b.Noise == 0 {
			return false
		}
	}
	return true
}

// guard surrounds a slice of length n by canaries, so that a write out of bounds shows.
type guard struct{ all []float64 }

const margin = 3

func newGuard(n int) guard {
	g := guard{make([]float64, n+2*margin)}
	for i := range g.all {
		g.all[i] = canary
	}
	return g
}

const canary = -7.25e77

// slice keeps its spare capacity, so that an append or a re-slice past the end shows.
func (g guard) slice() []float64 { return g.all[margin : len(g.all)-margin] }

func (g guard) check(t testing.TB, what string) {
	t.Helper()
	for i := range margin {
		if g.all[i] != canary || g.all[len(g.all)-1-i] != canary {
			t.Errorf("%s was written outside its length", what)
			return
		}
	}
}

func sameBits(a, b []float64) bool {
	return bytes.Equal(bitsOf(a), bitsOf(b))
}

func bitsOf(x []float64) []byte {
	var out []byte
	for _, v := range x {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
	}
	return out
}

func poisoned(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = math.NaN()
	}
	return x
}

func clone(x []float64) []float64 { return append([]float64(nil), x...) }

func norm(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v * v
	}
	return math.Sqrt(s)
}

func dot(x, y []float64) float64 {
	s := 0.0
	for i, v := range x {
		s += v * y[i]
	}
	return s
}

// distance is |a − b| relative to scale + |b|.
func distance(a, b []float64, scale float64) float64 {
	d := make([]float64, len(a))
	for i := range d {
		d[i] = a[i] - b[i]
	}
	return norm(d) / (scale + norm(b))
}

func normals(n int, seed uint64) []float64 {
	x := make([]float64, n)
	NewSource(seed, 0).Normals(x)
	return x
}

func label(v any) string { return fmt.Sprintf("%T", v) }
