package rng

import (
	"math"
	"testing"
)

// Exponentials are −ln of the uniforms of the same words, wherever the stream stands and
// whatever is drawn around them; their first moments are k!.
func TestExponentials(t *testing.T) {
	s, u := New(5, 0, "exponentials", ""), New(5, 0, "exponentials", "")
	var m [4]float64
	n := 0
	for round := range 4000 {
		e := make([]float64, round%67)
		s.Exponentials(e)
		for i, x := range e {
			if want := -math.Log(u.Uniform()); math.Abs(x-want) > 1e-15*max(1, want) {
				t.Fatalf("round %d: exponential %d is %v, its uniform gives %v", round, i, x, want)
			}
			n++
			p := 1.0
			for k := range m {
				p *= x
				m[k] += p
			}
		}
		if round%3 == 0 && (s.Normal() != u.Normal() || s.Uint64() != u.Uint64()) {
			t.Fatalf("round %d: the streams parted", round)
		}
	}
	factorial := func(k int) float64 { return math.Gamma(float64(k + 1)) }
	for k := 1; k <= len(m); k++ {
		stderr := math.Sqrt((factorial(2*k) - factorial(k)*factorial(k)) / float64(n))
		if z := (m[k-1]/float64(n) - factorial(k)) / stderr; math.Abs(z) > 4 {
			t.Errorf("moment %d is %.1f standard errors from %d!", k, z, k)
		}
	}
}
