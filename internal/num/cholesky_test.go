package num

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// positive returns a random positive definite matrix with guards above the diagonal.
func (s source) positive(n int) buffer {
	x := s.vector("x", n*n)
	a := newBuffer(n*n, s.size("a offset", 7))
	for i := range n {
		for j := 0; j <= i; j++ {
			var sum sum2
			for p := range n {
				sum.add(x.v[i*n+p], x.v[j*n+p])
			}
			a.v[i*n+j] = sum.value() / float64(n)
		}
		a.v[i*n+i] += 0.1
	}
	return a
}

func TestCholesky(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			s := newSource(rt)
			n := s.size("n", 70)
			if s.size("one in twenty", 19) == 0 {
				// the sizes at and around the blocks
				n = rapid.SampledFrom([]int{96, 127, 128, 129, 191, 257}).Draw(rt, "block edge")
			}
			testCholesky(s, n)
		})
	})
}

func testCholesky(s source, n int) {
	a := s.positive(n)
	l := a.clone()
	if !Cholesky(l.v, n) {
		s.Fatalf("n=%d: refused a positive definite matrix", n)
	}
	l.check(s, "a")
	var logDet float64
	for i := range n {
		for j := 0; j <= i; j++ {
			var sum sum2
			for p := 0; p <= j; p++ {
				sum.add(l.v[i*n+p], l.v[j*n+p])
			}
			// backward error: |LLᵀ−A| ≤ γ_{n+1}|L||Lᵀ| (Higham 2002, theorem 10.3)
			near(s, fmt.Sprintf("LLᵀ[%d,%d]", i, j), sum.value(), a.v[i*n+j], sum.size, n+2)
		}
		for j := i + 1; j < n; j++ {
			if !isGuard(l.v[i*n+j]) {
				s.Fatalf("wrote above the diagonal")
			}
		}
		logDet += 2 * math.Log(l.v[i*n+i])
	}
	near(s, "log det", CholLogDet(l.v, n), logDet, float64(n+1)*10, n+2)
	testSolves(s, l, n)
}

// testSolves checks each triangular solve by its backward error.
func testSolves(s source, l buffer, n int) {
	b := s.vector("b", n)
	x, y, z := b.clone(), b.clone(), b.clone()
	CholSolveL(l.v, n, x.v)
	CholSolveLT(l.v, n, y.v)
	for i := range n {
		var low, up sum2
		for p := 0; p <= i; p++ {
			low.add(l.v[i*n+p], x.v[p])
		}
		for p := i; p < n; p++ {
			up.add(l.v[p*n+i], y.v[p])
		}
		near(s, "Lx", low.value(), b.v[i], low.size, n+2)
		near(s, "Lᵀy", up.value(), b.v[i], up.size, n+2)
	}
	CholSolve(l.v, n, z.v)
	CholSolveLT(l.v, n, x.v)
	for i := range n {
		if x.v[i] != z.v[i] {
			s.Fatalf("CholSolve differs from its halves: %v, %v", z.v[i], x.v[i])
		}
	}
	for _, buf := range []buffer{l, x, y, z} {
		buf.check(s, "solve")
	}
}

func TestCholeskyRefuses(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		for _, n := range []int{1, 2, 7, 33, 128, 150} {
			for _, bad := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1)} {
				for _, at := range []int{0, n / 2, n - 1} {
					a := make([]float64, n*n)
					for i := range n {
						a[i*n+i] = 4
					}
					a[at*n+at] = bad
					if Cholesky(a, n) {
						t.Errorf("n=%d: accepted %v at pivot %d", n, bad, at)
					}
				}
			}
		}
		// NaN below the diagonal reaches a pivot
		a := []float64{4, 0, math.NaN(), 4}
		if Cholesky(a, 2) {
			t.Error("accepted NaN below the diagonal")
		}
		if !Cholesky(nil, 0) {
			t.Error("refused the empty matrix")
		}
	})
}
