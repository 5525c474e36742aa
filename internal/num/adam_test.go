package num

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestAdamStep(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			s := newSource(rt)
			n := s.size("n", 67)
			b1 := rapid.SampledFrom([]float64{0, 0.3, 0.5, 0.9}).Draw(rt, "b1")
			const lr, b2, eps, step = 1e-3, 0.999, 1e-8, 7
			corr1, corr2 := 1-math.Pow(b1, step), 1-math.Pow(b2, step)
			p, g, m, v := s.vector("p", n), s.vector("g", n), s.vector("m", n), s.vector("v", n)
			for i := range v.v {
				v.v[i] *= v.v[i]
			}
			p0, m0, v0 := p.clone(), m.clone(), v.clone()
			AdamStep(p.v, g.v, m.v, v.v, lr, b1, b2, eps, corr1, corr2)
			for _, b := range []buffer{p, g, m, v} {
				b.check(s, "AdamStep")
			}
			for i, gi := range g.v {
				mi := b1*m0.v[i] + (1-b1)*gi
				vi := b2*v0.v[i] + (1-b2)*gi*gi
				pi := p0.v[i] - lr*(mi/corr1)/(math.Sqrt(vi/corr2)+eps)
				near(s, "m", m.v[i], mi, math.Abs(m0.v[i])+math.Abs(gi), 4)
				near(s, "v", v.v[i], vi, vi, 6)
				near(s, "p", p.v[i], pi, math.Abs(p0.v[i])+lr*100, 8)
			}
		})
	})
}

// The first step moves every parameter by lr·g/(|g|+eps), whatever the betas.
func TestAdamFirstStep(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		g := []float64{3, -0.01, 1e-9, 0, -250, 1, 2, 3, 4}
		for _, b1 := range []float64{0.5, 0.9} {
			p, m, v := make([]float64, len(g)), make([]float64, len(g)), make([]float64, len(g))
			AdamStep(p, g, m, v, 0.01, b1, 0.999, 1e-8, 1-b1, 1-0.999)
			for i, gi := range g {
				near(t, "p", p[i], -0.01*gi/(math.Abs(gi)+1e-8), 0.01, 8)
			}
		}
	})
}
