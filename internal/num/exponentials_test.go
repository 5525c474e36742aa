package num

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Every set gives the exponentials of the stream's words, from any position, also across the
// carry of the counter's low half, and writes nothing else.
func TestExponentials(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newSource(rt)
		key, nonce := s.rng.Uint64(), s.rng.Uint64()
		pos := s.rng.Uint64() >> s.size("shift", 63)
		if s.flag("carry") {
			pos = s.rng.Uint64()&^(1<<33-1) - uint64(s.size("before", 300))
		}
		n := s.size("n", 300)
		for k := generic; k <= available(); k++ {
			use(t, k)
			b := newBuffer(n, s.size("offset", 7))
			Exponentials(b.v, key, nonce, pos)
			b.check(s, setNames[k])
			for i, e := range b.v {
				w := philoxWord(key, nonce, pos+uint64(i))
				if e != ExponentialOfWord(w) {
					s.Fatalf("%s: exponential %d of %d is %v, its word gives %v", setNames[k], i, n, e, ExponentialOfWord(w))
				}
				a := (float64(w&(1<<52-1)) + 0.5) * 0x1p-52
				if want := -math.Log(a); math.Abs(e-want) > 0x1p-51*max(1, want) {
					s.Fatalf("word %x: %v, want %v", w, e, want)
				}
			}
		}
	})
}

// The ends of the range: the smallest and largest uniform.
func TestExponentialEnds(t *testing.T) {
	if e := ExponentialOfWord(0); math.Abs(e-53*math.Ln2) > 1e-14 {
		t.Errorf("largest exponential %v, want 53 ln 2", e)
	}
	if e := ExponentialOfWord(1<<52 - 1); !(math.Abs(e) <= 0x1p-51) {
		t.Errorf("smallest exponential %v, want 2⁻⁵³", e)
	}
}

func BenchmarkExponentials(b *testing.B) {
	for _, n := range []int{16, 128, 4096} {
		dst := make([]float64, n)
		bench(b, fmt.Sprint(n), 0, func() { Exponentials(dst, 1, 2, 0) })
	}
}
