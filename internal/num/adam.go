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
	adamGeneric(p, g, m, v, lr/corr1, b1, b2, eps, math.Sqrt(corr2))
}

func adamGeneric(p, g, m, v []float64, step, b1, b2, eps, root2 float64) {
	w := 1 - b1
	g, m, v = g[:len(p)], m[:len(p)], v[:len(p)]
	for i, gi := range g {
		mi := m[i]
		if w < 0.5 {
			mi += w * (gi - mi)
		} else {
			mi = gi - (gi-mi)*(1-w)
		}
		vi := v[i]*b2 + (1-b2)*gi*gi
		m[i], v[i] = mi, vi
		p[i] -= step * mi / (math.Sqrt(vi)/root2 + eps)
	}
}
