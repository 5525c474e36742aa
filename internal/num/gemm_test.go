package num

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestGemm(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			s := newSource(rt)
			testGemm(s, s.size("m", 37), s.size("n", 37), s.size("k", 37))
		})
	})
}

func testGemm(s source, m, n, k int) {
	transA, transB := s.flag("transA"), s.flag("transB")
	alpha, beta := s.factor("alpha"), s.factor("beta")
	ra, ca, rb, cb := m, k, k, n
	if transA {
		ra, ca = k, m
	}
	if transB {
		rb, cb = n, k
	}
	a, lda := s.matrix("a", ra, ca)
	b, ldb := s.matrix("b", rb, cb)
	c, ldc := s.matrix("c", m, n)
	if beta == 0 {
		for i := range c.v {
			c.v[i] = guard // β = 0 must not read C
		}
	}
	old := c.clone()
	Gemm(transA, transB, m, n, k, alpha, a.v, lda, b.v, ldb, beta, c.v, ldc)
	a.check(s, "a")
	b.check(s, "b")
	c.check(s, "c")
	for i := range m {
		for j := range n {
			var sum sum2
			for p := range k {
				if alpha != 0 {
					sum.add(alpha*at(a.v, lda, transA, i, p), at(b.v, ldb, transB, p, j))
				}
			}
			if beta != 0 {
				sum.add(beta, old.v[i*ldc+j])
			}
			near(s, fmt.Sprintf("c[%d,%d]", i, j), c.v[i*ldc+j], sum.value(), sum.size, k+4)
		}
		for j := n; j < ldc && i < m-1; j++ {
			if !isGuard(c.v[i*ldc+j]) {
				s.Fatalf("wrote between the rows of c")
			}
		}
	}
}

// A NaN anywhere in a used row or column reaches the result, also times zero.
func TestGemmPropagatesNaN(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		const n = 9
		a, b, c := make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
		b[4*n+7] = math.NaN()
		Gemm(false, false, n, n, n, 1, a, n, b, n, 0, c, n)
		for i, v := range c {
			if math.IsNaN(v) != (i%n == 7) {
				t.Fatalf("c[%d,%d] = %v", i/n, i%n, v)
			}
		}
	})
}

func TestLinear(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			s := newSource(rt)
			batch, out, in := s.size("batch", 37), s.size("out", 37), s.size("in", 37)
			y, x, w, bias := s.vector("y", batch*out), s.vector("x", batch*in), s.vector("w", out*in), s.vector("bias", out)
			bs, withBias := bias.v, s.flag("bias")
			if !withBias {
				bs = nil
			}
			slope := rapid.SampledFrom([]float64{0, 0.2, 1}).Draw(rt, "slope")
			act := s.vector("activated", batch*out)
			Linear(y.v, x.v, w.v, bs, batch, out, in)
			LinearLeakyReLU(act.v, x.v, w.v, bs, batch, out, in, slope)
			for _, b := range []buffer{y, x, w, bias, act} {
				b.check(s, "Linear")
			}
			for i := range batch {
				for o := range out {
					var sum sum2
					for p := range in {
						sum.add(x.v[i*in+p], w.v[o*in+p])
					}
					if withBias {
						sum.add(1, bias.v[o])
					}
					got := y.v[i*out+o]
					near(s, fmt.Sprintf("y[%d,%d]", i, o), got, sum.value(), sum.size, in+4)
					if got <= 0 {
						got *= slope
					}
					if act.v[i*out+o] != got {
						s.Fatalf("fused activation: %v, want %v", act.v[i*out+o], got)
					}
				}
			}
		})
	})
}

func TestColSum(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			s := newSource(rt)
			m, n, beta := s.size("m", 37), s.size("n", 37), s.factor("beta")
			dst, a := s.vector("dst", n), s.vector("a", m*n)
			if beta == 0 {
				for i := range dst.v {
					dst.v[i] = guard
				}
			}
			old := dst.clone()
			ColSum(dst.v, a.v, m, n, beta)
			dst.check(s, "dst")
			for j := range n {
				var sum sum2
				if beta != 0 {
					sum.add(beta, old.v[j])
				}
				for i := range m {
					sum.add(1, a.v[i*n+j])
				}
				near(s, "sum", dst.v[j], sum.value(), sum.size, m+2)
			}
		})
	})
}
