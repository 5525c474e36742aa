package gan

import (
	"math"
	"testing"
)

// TestGradientProbe: the mean of the rows' gradients is the gradient, for the fast pass of a
// network ℝ → ℝ, with packing, and for a game that is linear in its parameters; the
// Hessian is symmetric and that of differences of the gradient.
func TestGradientProbe(t *testing.T) {
	lq, err := DefaultLQ().Game(planar(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]game{
		"relu":    {latent: 2, hidden: []int{5}, act: "relu"},
		"packing": {latent: 2, hidden: []int{5}, packing: 2, batch: 8, target: planar(t)},
		"lq":      {small: &lq},
	} {
		cfg := s.config(t)
		p, err := NewGradientProbe(cfg, 6)
		if err != nil {
			t.Fatal(err)
		}
		src := stream(t, "probe")
		p.Draw(src)
		q := start(t, s.trainer(t))[:p.t.Config()]
		for player := range 2 {
			n, pops := p.Params(player), p.Populations(player)
			rows, sum, gradient := make([]float64, pops*6*n), make([]float64, n), make([]float64, n)
			p.Rows(rows, player, q)
			p.Gradient(gradient, player, q)
			for i, x := range rows {
				sum[i%n] += x / 6
			}
			for i := range sum {
				if !(math.Abs(sum[i]-gradient[i]) < 1e-12*(1+math.Abs(gradient[i]))) {
					t.Fatalf("%s, player %d: the mean of the rows is %v in component %d, the gradient %v", name, player, sum[i], i, gradient[i])
				}
			}
			h := make([]float64, n*n)
			p.Hessian(h, player, q)
			lo, _ := p.t.BlockRange(player)
			x, up, down := clone(q), make([]float64, n), make([]float64, n)
			const step = 1e-6
			x[lo] += step
			p.Gradient(up, player, x)
			x[lo] -= 2 * step
			p.Gradient(down, player, x)
			for i := range up {
				want := (up[i] - down[i]) / (2 * step)
				if !(math.Abs(h[i]-want) < 1e-7*(1+math.Abs(want))) || !(math.Abs(h[i]-h[i*n]) < 1e-12*(1+math.Abs(h[i]))) {
					t.Fatalf("%s, player %d: the Hessian has %v and %v, by differences %v", name, player, h[i], h[i*n], want)
				}
			}
		}
	}
}
