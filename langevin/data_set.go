package langevin

import "fmt"

// QuadraticData is the loss of a data set, U = (1/N) Σ_i ½ Σ_j h_j (x_j − a_ij)², with
// mini-batches of B points drawn without replacement, afresh at each step. Its gradient
// noise has covariance h(Σ_a)h · (1/B)(N−B)/(N−1), Σ_a the data's (population)
// covariance: the simplest mini-batch noise that is exactly known.
type QuadraticData struct {
	h     []float64
	data  []float64 // N × d
	mean  []float64
	batch *batch
}

// NewQuadraticData returns the loss for curvatures h (length d) and data (N × d,
// row-major).
func NewQuadraticData(h, data []float64, batch int) (*QuadraticData, error) {
	d := len(h)
	if d == 0 || len(data) == 0 || len(data)%d != 0 {
		return nil, fmt.Errorf("langevin: quadratic data: %d numbers do not make rows of %d", len(data), d)
	}
	n := len(data) / d
	if batch < 1 || batch > n {
		return nil, fmt.Errorf("langevin: quadratic data: batch is %d: it must be from 1 to the %d points there are", batch, n)
	}
	q := &QuadraticData{h: append([]float64(nil), h...), data: append([]float64(nil), data...),
		mean: make([]float64, d), batch: newBatch(n, batch)}
	for i := range n {
		addScaled(q.mean, 1/float64(n), data[i*d:(i+1)*d])
	}
	return q, nil
}

func (q *QuadraticData) Dim() int { return len(q.h) }

// Inputs is one normal per point of a batch.
func (q *QuadraticData) Inputs() int { return q.batch.size }

// Drift writes −∇U on all data.
func (q *QuadraticData) Drift(dst, x []float64) {
	for j, h := range q.h {
		dst[j] = -h * (x[j] - q.mean[j])
	}
}

// DriftJVP and DriftVJP write −hv.
func (q *QuadraticData) DriftJVP(dst, _, v []float64) {
	for j, h := range q.h {
		dst[j] = -h * v[j]
	}
}
func (q *QuadraticData) DriftVJP(dst, x, w []float64) { q.DriftJVP(dst, x, w) }

// SampleDrift writes −∇U on a batch: a partial Fisher–Yates shuffle driven by Φ(ξ).
func (q *QuadraticData) SampleDrift(dst, x, xi []float64) {
	d := len(q.h)
	clear(dst[:d])
	for _, i := range q.batch.draw(xi) {
		addScaled(dst[:d], 1, q.data[i*d:(i+1)*d])
	}
	q.batch.restore()
	for j, h := range q.h {
		dst[j] = h * (dst[j]/float64(q.batch.size) - x[j])
	}
}
