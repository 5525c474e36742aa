package num

import "math"

// AdamStep is one update of Adam (Kingma & Ba 2015, algorithm 1) in PyTorch's order of
// operations, for parameters p, gradient g and moments m, v, all of one length, updated
// in place:
//
//	m ← m + (1−b1)(g−m);  v ← b2·v + (1−b2)g²
//	p ← p − (lr/corr1)·m / (√v/√corr2 + eps)
//
// with corr_i = 1 − b_iᵗ at step t ≥ 1. For b1 ≤ ½ the first line reads g − b1(g−m), as
// torch.lerp has it.
func AdamStep(p, g, m, v []float64, lr, b1, b2, eps, corr1, corr2 float64) {
	n := len(p)
	if len(g) != n || len(m) != n || len(v) != n {
		panic("num: AdamStep: lengths differ")
	}
	step, root2 := lr/corr1, math.Sqrt(corr2)
	if kernels != generic {
		adamSIMD(p, g, m, v, &adamRates{w: 1 - b1, b1: 1 - (1 - b1), b2: b2, w2: 1 - b2, step: step, root2: root2, eps: eps})
		return
	}
	adamGeneric(p, g, m, v, step, b1, b2, eps, root2)
}

func adamGeneric(p, g, m, v []float64, step, b1, b2, eps, root2 float64) {
	w := 1 - b1
	g, m, v = g[:len(p)], m[:len(p)], v[:len(p)]
	for i, gi := range g {
		d := gi - m[i]
		if w < 0.5 {
			m[i] += float64(w * d)
		} else {
			m[i] = gi - float64(d*(1-w))
		}
		v[i] = float64(v[i]*b2) + float64((1-b2)*gi*gi)
		p[i] -= step * m[i] / (math.Sqrt(v[i])/root2 + eps)
	}
}

// adamRates are the constants of a step as the assembly reads them.
type adamRates struct {
	w, b1            float64 // weight of the gradient in m, and 1 − w
	b2, w2           float64
	step, root2, eps float64
}
