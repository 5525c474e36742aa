package langevin_test

import (
	"context"
	"math"
	"testing"

	"machlup/langevin"
	"machlup/langevin/langevintest"
)

// onBatch is SGD with momentum on a quadratic data loss, whose derivative is the same on every
// batch.
type onBatch struct {
	*langevin.Minibatch
	h, eta, beta float64
}

func (onBatch) OnBatch([]float64) {}
func (m onBatch) JVP(dst, _, v []float64) {
	dst[0] = (1+m.beta-m.eta*m.h)*v[0] - m.beta*v[1]
	dst[1] = v[0]
}
func (m onBatch) VJP(dst, _, w []float64) {
	dst[0] = (1+m.beta-m.eta*m.h)*w[0] + w[1]
	dst[1] = -m.beta * w[0]
}
func (onBatch) NoiseVJP(_, _, _ []float64) { panic("not asked for") }

// TestLinearNoiseOfBatches: minibatches without replacement from a finite data set have
// C = (σ²/B)(N−B)/(N−1), so the variance along the trajectory is known; the estimate has it
// within its own error, with few draws, and none of a bias that more repeats would show.
func TestLinearNoiseOfBatches(t *testing.T) {
	const h, eta, beta, batch, last = 0.7, 0.3, 0.5, 3, 12
	data := []float64{-2, -1, 0.5, 1, 4}
	var mean, variance float64
	for _, a := range data {
		mean += a / 5
	}
	for _, a := range data {
		variance += (a - mean) * (a - mean) / 5
	}
	c := h * h * variance / batch * (5 - batch) / (5 - 1)

	u := must(langevin.NewQuadraticData([]float64{h}, data, batch))
	m := onBatch{must(langevin.NewMinibatch(u, langevin.Player{Name: "x", Hi: 1, Eta: eta, Momentum: beta})), h, eta, beta}
	obs, steps := langevin.NewCoordinates(1, nil), []int{0, 1, 5, last}
	var parts []*langevin.BatchPrediction
	for r := range 400 {
		p, err := langevin.LinearNoiseOfBatches(context.Background(), m, m, []float64{1.5}, obs, steps, langevin.BatchNoise{Draws: 3, Tangents: 1},
			func(k int) langevin.Source { return langevintest.NewSource(uint64(41+r), k) }, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p)
	}
	p := langevin.JoinPredictions(steps, parts)
	// x_K = Σ_j G_{K−1−j} η·noise_j with G the response of the heavy ball.
	response, before := 1.0, 0.0
	want := []float64{0}
	for range last {
		want = append(want, want[len(want)-1]+response*response*eta*eta*c)
		response, before = (1+beta-eta*h)*response-beta*before, response
	}
	for i, k := range steps {
		std := math.Sqrt(want[k])
		if k == 0 {
			near(t, "std at the start", p.Std[i][0], 0, 1e-300)
			continue
		}
		z := (p.Std[i][0] - std) / p.StdErr[i][0]
		if !(math.Abs(z) < 4) || !(p.StdErr[i][0] < 0.04*std) {
			t.Errorf("step %d: std %v ± %v, exact %v, z = %.2f", k, p.Std[i][0], p.StdErr[i][0], std, z)
		}
	}
}
