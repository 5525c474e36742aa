package num

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// bench runs f under every kernel set of the machine.
func bench(b *testing.B, name string, flops int, f func()) {
	for k := generic; k <= available(); k++ {
		b.Run(name+"/"+setNames[k], func(b *testing.B) {
			use(b, k)
			measure(b, flops, f)
		})
	}
}

// measure reports the speed of the fastest batch of calls, in Gflop/s or, without flops to
// count, nothing else than its time: the mean that ns/op is suffers from other processes.
func measure(b *testing.B, flops int, f func()) float64 {
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
	t := fastest(f)
	b.ReportMetric(t*1e9, "best-ns/op")
	if flops > 0 {
		b.ReportMetric(float64(flops)/t/1e9, "Gflop/s")
	}
	return t
}

// fastest returns the seconds of one call in the fastest of many batches of ≥ 20 µs, at
// least three of them. Batches long enough to be interrupted are timed by the processor
// time of the process (gonum's goroutines included).
func fastest(f func()) float64 {
	calls, least, batches := 1, math.Inf(1), 0
	for end := time.Now().Add(50 * time.Millisecond); batches < 3 || time.Now().Before(end); {
		start, used := time.Now(), processorTime()
		for range calls {
			f()
		}
		t := time.Since(start)
		if t < 20*time.Microsecond {
			calls *= 2
			continue
		}
		if t > time.Millisecond {
			t = processorTime() - used
		}
		least = min(least, t.Seconds()/float64(calls))
		batches++
	}
	return least
}

func random(n int) []float64 {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	x := make([]float64, n)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return x
}

func BenchmarkGemm(b *testing.B) {
	for _, s := range []struct {
		transA, transB bool
		m, n, k        int
	}{
		{false, true, 128, 32, 16}, // forward, 16 → 32
		{true, false, 32, 16, 128}, // its weight gradient
		{false, true, 128, 1, 32},  // forward, 32 → 1
		{false, true, 128, 32, 1},  // forward, 1 → 32
		{true, false, 1, 32, 128},  // weight gradient, 32 → 1
		{true, false, 32, 1, 128},  // weight gradient, 1 → 32
		{false, true, 128, 256, 256},
		{true, false, 256, 256, 128},
		{false, false, 1024, 1024, 1024},
	} {
		name := fmt.Sprintf("%dx%dx%d", s.m, s.n, s.k)
		x, y, z := random(s.m*s.k), random(s.k*s.n), make([]float64, s.m*s.n)
		lda, ldb, tA, tB := s.k, s.n, blas.NoTrans, blas.NoTrans
		if s.transA {
			lda, tA = s.m, blas.Trans
		}
		if s.transB {
			ldb, tB = s.k, blas.Trans
		}
		flops := 2 * s.m * s.n * s.k
		bench(b, name, flops, func() { Gemm(s.transA, s.transB, s.m, s.n, s.k, 1, x, lda, y, ldb, 0, z, s.n) })
		b.Run(name+"/gonum", func(b *testing.B) {
			impl := blas64.Implementation()
			measure(b, flops, func() { impl.Dgemm(tA, tB, s.m, s.n, s.k, 1, x, lda, y, ldb, 0, z, s.n) })
		})
	}
}

func BenchmarkLinearLeakyReLU(b *testing.B) {
	for _, s := range [][3]int{{128, 32, 16}, {128, 32, 1}, {64, 32, 1}, {128, 256, 256}} {
		batch, out, in := s[0], s[1], s[2]
		x, w, bias, y := random(batch*in), random(out*in), random(out), make([]float64, batch*out)
		bench(b, fmt.Sprintf("%dx%dx%d", batch, out, in), 2*batch*out*in, func() { LinearLeakyReLU(y, x, w, bias, batch, out, in, 0.2) })
	}
}

func BenchmarkSyrk(b *testing.B) {
	for _, s := range [][2]int{{128, 577}, {512, 512}} {
		n, k := s[0], s[1]
		a, c := random(n*k), make([]float64, n*n)
		name := fmt.Sprintf("%dx%d", n, k)
		bench(b, name, n*(n+1)*k, func() { Syrk(c, n, a, k, n, k, 1, 0) })
		b.Run(name+"/gonum", func(b *testing.B) {
			impl := blas64.Implementation()
			measure(b, n*(n+1)*k, func() { impl.Dsyrk(blas.Lower, blas.NoTrans, n, k, 1, a, k, 0, c, n) })
		})
	}
}

func BenchmarkGramAccumulate(b *testing.B) {
	for _, s := range [][3]int{{128, 16, 32}, {128, 32, 1}, {512, 256, 256}} {
		n, hk, dk := s[0], s[1], s[2]
		h, d, gram := random(n*hk), random(n*dk), make([]float64, n*n)
		bench(b, fmt.Sprintf("%dx%dx%d", n, hk, dk), n*(n+1)*(hk+dk+1), func() { GramAccumulate(gram, n, h, hk, 1, d, dk) })
	}
}

func BenchmarkCholesky(b *testing.B) {
	for _, n := range []int{32, 128, 512, 1024} {
		x, a, work := random(n*(n+8)), make([]float64, n*n), make([]float64, n*n)
		Syrk(a, n, x, n+8, n, n+8, 1, 0)
		flops := n * n * n / 3
		bench(b, fmt.Sprint(n), flops, func() {
			copy(work, a)
			if !Cholesky(work, n) {
				b.Fatal("not positive definite")
			}
		})
		b.Run(fmt.Sprint(n, "/gonum"), func(b *testing.B) {
			measure(b, flops, func() {
				copy(work, a)
				// gonum's lower triangle
				lapack64.Potrf(blas64.Symmetric{Uplo: blas.Lower, N: n, Data: work, Stride: n})
			})
		})
	}
}

func BenchmarkCholSolve(b *testing.B) {
	const n = 128
	x, a, rhs := random(n*(n+8)), make([]float64, n*n), random(n)
	Syrk(a, n, x, n+8, n, n+8, 1, 0)
	Cholesky(a, n)
	work := make([]float64, n)
	bench(b, fmt.Sprint(n), 2*n*n, func() { copy(work, rhs); CholSolve(a, n, work) })
}

// The roofs: the inner kernel of a product on data in the first-level cache, and the
// bandwidth of a sum (two streams read) and an update (one of them written) by size.
func BenchmarkTile(b *testing.B) {
	const k = 96
	x, y, c := random(8*k), random(24*k), random(8*24)
	for set := avx2; set <= available(); set++ {
		for width := 1; width <= 3; width++ {
			use(b, set)
			n := lanes()
			b.Run(fmt.Sprintf("%dx%d/%s", n, width*n, setNames[set]), func(b *testing.B) {
				use(b, set)
				measure(b, 2*n*n*width*k, func() {
					st := strip{a: &x[0], rowA: 8, colA: 8 * n, k: k, b: &y[0], rowB: 8 * n * width, c: &c[0], rowC: 8 * n * width, m: n, last: n}
					runStrip(&st, width)
				})
			})
		}
	}
}

func BenchmarkVector(b *testing.B) {
	a, sums := random(128*32), make([]float64, 32)
	for _, n := range []int{1 << 10, 1 << 14, 1 << 18, 1 << 22} {
		x, y := random(n), random(n)
		for k := generic; k <= available(); k++ {
			b.Run(fmt.Sprintf("Dot/%d/%s", n, setNames[k]), func(b *testing.B) {
				use(b, k)
				b.ReportMetric(16e-9*float64(n)/measure(b, 2*n, func() { Dot(x, y) }), "GB/s")
			})
			b.Run(fmt.Sprintf("Axpy/%d/%s", n, setNames[k]), func(b *testing.B) {
				use(b, k)
				b.ReportMetric(24e-9*float64(n)/measure(b, 2*n, func() { Axpy(1e-9, x, y) }), "GB/s")
			})
		}
	}
	bench(b, "ColSum/128x32", 128*32, func() { ColSum(sums, a, 128, 32, 0) })
}

func BenchmarkElementwise(b *testing.B) {
	const n = 4096
	x, dst := random(n), make([]float64, n)
	for _, e := range []struct {
		name string
		f    func(dst, x []float64)
	}{
		{"Exp", Exp}, {"Log", Log}, {"Sigmoid", Sigmoid}, {"Softplus", Softplus}, {"Tanh", Tanh}, {"ReLU", ReLU},
		{"LeakyReLU", func(dst, x []float64) { LeakyReLU(dst, x, 0.2) }},
		{"LeakyReLUGrad", func(dst, x []float64) { LeakyReLUGrad(dst, x, x, 0.2) }},
		{"SoftplusGrad", func(dst, x []float64) { SoftplusGrad(dst, x, x) }},
	} {
		bench(b, e.name+"/4096", 0, func() { e.f(dst, x) })
	}
}

func BenchmarkAdamStep(b *testing.B) {
	const n = 577
	p, g, m, v := random(n), random(n), make([]float64, n), make([]float64, n)
	bench(b, "577", 0, func() { AdamStep(p, g, m, v, 1e-3, 0.5, 0.999, 1e-8, 0.9, 0.9) })
}
