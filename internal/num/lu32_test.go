package num

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Solved in float32, a system is off by a few units of float32's rounding, not of float64's:
// the same matrix and right side solved in float64 are the reference.
func TestLU32(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 2, 3, 7, 32, 129} {
		a, g := make([]float64, n*n), make([]float64, n*(n+3))
		for i := range g {
			g[i] = rnd.NormFloat64()
		}
		for i := range n {
			for j := range n {
				for k := range n + 3 {
					a[i*n+j] += g[i*(n+3)+k] * g[j*(n+3)+k] / float64(n+3)
				}
			}
			a[i*n+i] += 0.5
		}
		single, b, pivot, want := make([]float32, n*n), make([]float32, n), make([]int, n), make([]float64, n)
		for i, v := range a {
			single[i] = float32(v)
			a[i] = float64(single[i])
		}
		for i := range b {
			b[i] = float32(rnd.NormFloat64())
			want[i] = float64(b[i])
		}
		if !LU32(single, pivot, n) || !Cholesky(a, n) {
			t.Fatalf("n = %d: not factored", n)
		}
		LUSolve32(single, pivot, n, b)
		CholSolve(a, n, want)
		worst := 0.0
		for i := range b {
			worst = math.Max(worst, math.Abs(float64(b[i])-want[i]))
		}
		if worst > 3e-5 || n > 3 && worst < 1e-9 {
			t.Errorf("n = %d: off by %g, a few 1e-7 expected of single precision", n, worst)
		}
	}
}

// Rows must be exchanged, and what is singular is refused.
func TestLU32Pivots(t *testing.T) {
	a, pivot, b := []float32{0, 2, 1, 1, 1, 0, 3, 0, 1}, make([]int, 3), []float32{7, 3, 6} // x = (1, 2, 3)
	if !LU32(a, pivot, 3) {
		t.Fatal("not factored")
	}
	LUSolve32(a, pivot, 3, b)
	for i, want := range []float32{1, 2, 3} {
		if abs32(b[i]-want) > 1e-6 {
			t.Errorf("x[%d] = %g, want %g", i, b[i], want)
		}
	}
	if LU32([]float32{1, 2, 2, 4}, pivot, 2) {
		t.Error("a singular matrix was factored")
	}
	if LU32([]float32{float32(math.Inf(1)), 2, 2, 4}, pivot, 2) {
		t.Error("an infinite pivot was taken")
	}
}

func BenchmarkLU32(b *testing.B) {
	const n = 128
	a, work, x, pivot := make([]float32, n*n), make([]float32, n*n), make([]float32, n), make([]int, n)
	for i := range n {
		for j := range n {
			a[i*n+j] = 1 / (1 + abs32(float32(i-j)))
		}
		x[i] = 1
	}
	b.ReportAllocs()
	for b.Loop() {
		copy(work, a)
		LU32(work, pivot, n)
		LUSolve32(work, pivot, n, x)
	}
}
