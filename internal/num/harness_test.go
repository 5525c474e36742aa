package num

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// eachSet runs a test once for every kernel set of this machine.
func eachSet(t *testing.T, test func(t *testing.T)) {
	for k := generic; k <= available(); k++ {
		t.Run(setNames[k], func(t *testing.T) {
			use(t, k)
			test(t)
		})
	}
}

// use selects a kernel set until the test or benchmark ends.
func use(t testing.TB, k kernelSet) {
	old := kernels
	kernels = k
	t.Cleanup(func() { kernels = old })
}

// guard is a NaN with a payload that no arithmetic produces.
var guard = math.Float64frombits(0x7ff8dead_beef1234)

func isGuard(v float64) bool { return math.Float64bits(v) == math.Float64bits(guard) }

// A buffer is a slice at an arbitrary alignment between guard values: reading them
// poisons a result, writing them is caught by check.
type buffer struct {
	v     []float64 // the slice under test
	whole []float64
	lo    int
}

const margin = 19 // more than two cache lines and one vector

// newBuffer returns n guard values at an offset of lo%8 words inside a larger slice.
func newBuffer(n, lo int) buffer {
	lo = margin + lo%8
	b := buffer{whole: make([]float64, lo+n+margin), lo: lo}
	for i := range b.whole {
		b.whole[i] = guard
	}
	b.v = b.whole[lo : lo+n : lo+n]
	return b
}

func (b buffer) check(t fataler, what string) {
	t.Helper()
	for i, v := range b.whole {
		if (i < b.lo || i >= b.lo+len(b.v)) && !isGuard(v) {
			t.Fatalf("%s: wrote outside its slice, at %d of %d", what, i-b.lo, len(b.v))
		}
	}
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// A source draws sizes, alignments and numbers for a property test.
type source struct {
	*rapid.T
	rng *rand.Rand
}

func newSource(t *rapid.T) source {
	return source{t, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))}
}

func (s source) size(name string, hi int) int { return rapid.IntRange(0, hi).Draw(s.T, name) }
func (s source) flag(name string) bool        { return rapid.Bool().Draw(s.T, name) }

// factor draws α or β: the special values more often than others.
func (s source) factor(name string) float64 {
	return rapid.SampledFrom([]float64{0, 1, -1, 0.3, -2.7}).Draw(s.T, name)
}

// vector returns n normals at a random alignment.
func (s source) vector(name string, n int) buffer {
	b := newBuffer(n, s.size(name+" offset", 7))
	for i := range b.v {
		b.v[i] = s.rng.NormFloat64()
	}
	return b
}

// matrix returns rows×cols normals with a random leading dimension, guards in the gaps.
func (s source) matrix(name string, rows, cols int) (buffer, int) {
	ld := cols + s.size(name+" gap", 5)
	b := newBuffer(max(0, (rows-1)*ld+cols), s.size(name+" offset", 7))
	for i := range rows {
		for j := range cols {
			b.v[i*ld+j] = s.rng.NormFloat64()
		}
	}
	return b, ld
}

// clone copies a buffer, its guards and its alignment.
func (b buffer) clone() buffer {
	c := buffer{whole: append([]float64(nil), b.whole...), lo: b.lo}
	c.v = c.whole[b.lo : b.lo+len(b.v) : b.lo+len(b.v)]
	return c
}

// at returns op(A)(i,j).
func at(a []float64, ld int, trans bool, i, j int) float64 {
	if trans {
		i, j = j, i
	}
	return a[i*ld+j]
}

// near fails unless |got−want| ≤ ops·2⁻⁵²·size, size the sum of the magnitudes added up:
// the a-priori bound of a sum of ops terms in any order.
func near(t fataler, what string, got, want, size float64, ops int) {
	t.Helper()
	if !(math.Abs(got-want) <= float64(ops)*0x1p-52*size) {
		t.Fatalf("%s: got %v, want %v, allowed difference %g", what, got, want, float64(ops)*0x1p-52*size)
	}
}

// sum2 is a dot product in twice the working precision (Ogita, Rump & Oishi 2005), and
// the sum of the magnitudes of its terms.
type sum2 struct{ hi, lo, size float64 }

func (s *sum2) add(x, y float64) {
	p := x * y
	e := math.FMA(x, y, -p)
	t := s.hi + p
	z := t - s.hi
	s.lo += (s.hi - (t - z)) + (p - z) + e
	s.hi = t
	s.size += math.Abs(p)
}

func (s *sum2) value() float64 { return s.hi + s.lo }
