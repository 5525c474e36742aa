package num

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestSyrk(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			s := newSource(rt)
			n, k := s.size("n", 70), s.size("k", 40)
			alpha, beta := s.factor("alpha"), s.factor("beta")
			a, lda := s.matrix("a", n, k)
			c, ldc := s.matrix("c", n, n)
			for i := range n {
				for j := range n {
					if j > i || beta == 0 {
						c.v[i*ldc+j] = guard
					}
				}
			}
			old := c.clone()
			Syrk(c.v, ldc, a.v, lda, n, k, alpha, beta)
			a.check(s, "a")
			c.check(s, "c")
			for i := range n {
				for j := 0; j <= i; j++ {
					var sum sum2
					if beta != 0 {
						sum.add(beta, old.v[i*ldc+j])
					}
					for p := range k {
						if alpha != 0 {
							sum.add(alpha*a.v[i*lda+p], a.v[j*lda+p])
						}
					}
					near(s, fmt.Sprintf("c[%d,%d]", i, j), c.v[i*ldc+j], sum.value(), sum.size, k+4)
				}
				for j := i + 1; j < ldc && i*ldc+j < len(c.v); j++ {
					if !isGuard(c.v[i*ldc+j]) {
						s.Fatalf("wrote above the diagonal, c[%d,%d]", i, j)
					}
				}
			}
		})
	})
}

func TestGramAccumulate(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			s := newSource(rt)
			n, hk, dk := s.size("n", 70), s.size("hk", 40), s.size("dk", 40)
			bias := rapid.SampledFrom([]float64{0, 1}).Draw(rt, "bias")
			h, d, g := s.vector("h", n*hk), s.vector("delta", n*dk), s.vector("gram", n*n)
			for i := range n {
				for j := i + 1; j < n; j++ {
					g.v[i*n+j] = guard
				}
			}
			alpha, beta := s.factor("alpha"), s.factor("beta")
			if beta == 0 {
				for i := range g.v {
					g.v[i] = guard
				}
			}
			old := g.clone()
			Gram(g.v, n, h.v, hk, bias, d.v, dk, alpha, beta)
			for _, b := range []buffer{h, d, g} {
				b.check(s, "gram")
			}
			for i := range n {
				for j := 0; j <= i; j++ {
					var hh, dd sum2
					hh.add(1, bias)
					for p := range hk {
						hh.add(h.v[i*hk+p], h.v[j*hk+p])
					}
					for p := range dk {
						dd.add(d.v[i*dk+p], d.v[j*dk+p])
					}
					var k sum2
					if beta != 0 {
						k.add(beta, old.v[i*n+j])
					}
					k.add(alpha*hh.value(), dd.value())
					size := math.Abs(alpha)*hh.size*dd.size + k.size
					near(s, fmt.Sprintf("gram[%d,%d]", i, j), g.v[i*n+j], k.value(), size, hk+dk+6)
				}
				for j := i + 1; j < n; j++ {
					if !isGuard(g.v[i*n+j]) {
						s.Fatalf("wrote above the diagonal, gram[%d,%d]", i, j)
					}
				}
			}
		})
	})
}

// The Gram matrix of a layer is J·Jᵀ of the explicit Jacobian δ_i ⊗ (h_i, 1).
func TestGramIsJacobianProduct(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			s := newSource(rt)
			const n, hk, dk = 13, 5, 3
			h, d := s.vector("h", n*hk), s.vector("delta", n*dk)
			jac := make([]float64, n*dk*(hk+1))
			for i := range n {
				for o := range dk {
					for p := range hk + 1 {
						x := 1.0
						if p < hk {
							x = h.v[i*hk+p]
						}
						jac[(i*dk+o)*(hk+1)+p] = d.v[i*dk+o] * x
					}
				}
			}
			var gram, want [n * n]float64
			GramAccumulate(gram[:], n, h.v, hk, 1, d.v, dk)
			Syrk(want[:], n, jac, dk*(hk+1), n, dk*(hk+1), 1, 0)
			for i := range gram {
				near(s, "gram", gram[i], want[i], 100, 20)
			}
		})
	})
}
