package analysis

import "math"

// PrecisionRecall returns the improved precision and recall of generated samples: the
// fraction of them that lie within the manifold of the real ones, and the fraction of real
// ones within the manifold of the generated. A manifold is the union of balls about its
// samples that reach to the k-th nearest other sample of the same set (k = 3 in the source).
// Real and generated samples are [rows×dim]; all pairs of distances are taken, so hand over
// a subset of a large set. It panics unless both have more than k ≥ 1 rows.
//
// Source: Kynkäänniemi, Karras, Laine, Lehtinen and Aila, NeurIPS 2019, eqs. 1–2.
func PrecisionRecall(real, generated []float64, dim, k int) (precision, recall float64) {
	if k < 1 || len(real)/dim <= k || len(generated)/dim <= k {
		panic("analysis: PrecisionRecall needs more than k ≥ 1 samples of each kind")
	}
	return covered(real, generated, dim, k), covered(generated, real, dim, k)
}

// covered is the fraction of points within the manifold of the support.
func covered(support, points []float64, dim, k int) float64 {
	reach := neighbourSquares(support, dim, k)
	n := 0
	for i := 0; i < len(points); i += dim {
		for j, r := range reach {
			if squareDistance(points[i:i+dim], support[j*dim:(j+1)*dim]) <= r {
				n++
				break
			}
		}
	}
	return float64(n) / float64(len(points)/dim)
}

// neighbourSquares are the squared distances of each point to its k-th nearest other.
func neighbourSquares(x []float64, dim, k int) []float64 {
	n := len(x) / dim
	out, near := make([]float64, n), make([]float64, k) // near: the k smallest so far, rising
	for i := range n {
		for c := range near {
			near[c] = math.Inf(1)
		}
		for j := range n {
			if j == i {
				continue
			}
			d := squareDistance(x[i*dim:(i+1)*dim], x[j*dim:(j+1)*dim])
			for c := k - 1; c >= 0 && d < near[c]; c-- {
				if c < k-1 {
					near[c+1] = near[c]
				}
				near[c] = d
			}
		}
		out[i] = near[k-1]
	}
	return out
}

func squareDistance(a, b []float64) float64 {
	s := 0.0
	for i, v := range a {
		s += (v - b[i]) * (v - b[i])
	}
	return s
}
