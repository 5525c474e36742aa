package gan

import (
	"context"
	"fmt"
	"math"
	"testing"

	"machlup/internal/num"
	"machlup/langevin"
	"machlup/langevin/langevintest"
)

// TestGaussianMinibatch: the noise of a step has exactly the covariance that drawing B of the
// quenched batch's N rows with replacement gives, (1/NB)Σ(g_i − ḡ)(g_i − ḡ)ᵀ for each
// population, with g_i from a trainer of one row; in the natural form between F⁻¹ and F⁻ᵀ.
func TestGaussianMinibatch(t *testing.T) {
	for _, name := range []string{"sgd", "natural"} {
		const rows, batch = 6, 4
		s := game{latent: 2, hidden: []int{3}, batch: batch, noise: Noise{Kind: "minibatch-gaussian", Quenched: rows}, d: optimizer(t, name), g: optimizer(t, name)}
		s.d.Direction.Damping, s.g.Direction.Damping = 0.1, 0.1
		tr := s.trainer(t)
		q := start(t, tr)[:tr.Config()]
		state, next, base, xi := make([]float64, tr.Dim()), make([]float64, tr.Dim()), make([]float64, tr.Dim()), make([]float64, tr.Inputs())
		tr.Init(state, q)
		tr.Step(base, state, xi)
		for b, pl := range []*player{tr.dis, tr.gen} {
			eta, _, _ := pl.opt.Rule.Linear()
			n := pl.hi - pl.lo
			got, want := make([]float64, n*n), make([]float64, n*n)
			for j := range tr.gaussianRows(b) {
				clear(xi)
				xi[tr.gauss[b]+j] = 1
				tr.Step(next, state, xi)
				for i := range n {
					next[pl.lo+i] = (next[pl.lo+i] - base[pl.lo+i]) / -eta
				}
				outer(got, next[pl.lo:pl.hi], 1)
			}
			g := rowGradients(tr, b, base, q)
			if pl.metric != nil { // the metric of the noise-free step is still there
				pl.p.enableTangents()
				tr.Step(base, state, make([]float64, tr.Inputs()))
				for i := 0; i < len(g); i += n {
					if b == 0 {
						tr.directionD(tr.Psi(q), tr.Theta(q))
					}
					pl.metric.solve(g[i:i+n], params(tr, b, q), clone(g[i:i+n]))
				}
			}
			for lo := 0; lo < len(g); lo += rows * n {
				covariance(want, g[lo:lo+rows*n], n, 1/float64(rows*batch))
			}
			var diff, norm float64
			for i := range got {
				diff += (got[i] - want[i]) * (got[i] - want[i])
				norm += want[i] * want[i]
			}
			if !(diff < 1e-18*norm) {
				t.Errorf("%s, %s: the covariance differs by %.2g, relative", name, pl.name, math.Sqrt(diff/norm))
			}
		}
	}
}

func params(tr *Trainer, b int, q []float64) []float64 {
	if b == 0 {
		return tr.Psi(q)
	}
	return tr.Theta(q)
}

// rowGradients are those of player b's rows, each with a loss of its own: differences of the
// gradient by one row's weight would be the thing tested, so rows are run alone.
func rowGradients(tr *Trainer, b int, after, q []float64) []float64 {
	pl := tr.player(b)
	var out []float64
	grad := make([]float64, pl.hi-pl.lo)
	if b == 0 {
		tr.directionD(tr.Psi(q), tr.Theta(q))
		c := clone(tr.c)
		for i := range c {
			one := make([]float64, len(c))
			one[i] = c[i] * float64(tr.rowsD)
			pl.p.backward(grad, tr.Psi(q), one)
			out = append(out, grad...)
		}
		return out
	}
	tr.directionG(tr.Psi(after), tr.Theta(q))
	c := clone(tr.cx)
	for i := range c {
		one := make([]float64, len(c))
		one[i] = c[i] * float64(tr.rowsD)
		pl.p.backward(grad, tr.Theta(q), one)
		out = append(out, grad...)
	}
	return out
}

func outer(dst, v []float64, scale float64) {
	for i, x := range v {
		num.Axpy(scale*x, v, dst[i*len(v):(i+1)*len(v)])
	}
}

// covariance adds scale·Σ(g_i − ḡ)(g_i − ḡ)ᵀ.
func covariance(dst, g []float64, n int, scale float64) {
	mean := make([]float64, n)
	for i, x := range g {
		mean[i%n] += x / float64(len(g)/n)
	}
	for i := 0; i < len(g); i += n {
		v := clone(g[i : i+n])
		num.Axpy(-1, mean, v)
		outer(dst, v, scale)
	}
}

// TestEpochs: every datum comes once an epoch, whatever the inputs; what is left over is
// dropped; the order is uniform; a run goes on from its state.
func TestEpochs(t *testing.T) {
	data, err := NewSamples([][]float64{{0}, {1}, {2}, {3}, {4}, {5}, {6}})
	if err != nil {
		t.Fatal(err)
	}
	s := game{latent: 2, hidden: []int{3}, batch: 2, target: data, noise: Noise{Kind: "minibatch-epoch"}}
	tr := s.trainer(t)
	langevintest.CheckMap(t, func() langevin.Map { return tr.Fork() }, start(t, tr)[:tr.Config()])
	state, next, xi := make([]float64, tr.Dim()), make([]float64, tr.Dim()), make([]float64, tr.Inputs())
	tr.Init(state, start(t, tr)[:tr.Config()])
	src := langevintest.NewSource(51, 0)
	first := make([]float64, 7) // how often a datum is the first of an epoch
	const epochs = 7000
	var square, fourth float64
	for range epochs {
		seen := map[float64]bool{}
		for k := range 3 {
			src.Normals(xi)
			tr.shuffle(next, state, xi)
			x := make([]float64, 2)
			tr.epoch.take(x, 0)
			if k == 0 {
				first[int(x[0])]++
				d := (x[0]+x[1])/2 - 3
				square += d * d / epochs
				fourth += d * d * d * d / epochs
			}
			seen[x[0]], seen[x[1]] = true, true
			copy(state[tr.epoch.lo:], next[tr.epoch.lo:])
		}
		if len(seen) != 6 {
			t.Fatalf("an epoch of 3 batches of 2 shows %d different data", len(seen))
		}
	}
	exact := 4.0 / 2 * (7 - 2) / (7 - 1) // (σ²/B)(N−B)/(N−1)
	if stderr := math.Sqrt((fourth - square*square) / epochs); !(math.Abs(square-exact) < 4*stderr) || !(stderr < 0.03*exact) {
		t.Errorf("the mean of a batch has variance %v ± %v, exact %v", square, stderr, exact)
	}
	for i, n := range first {
		if p := n / epochs; !(math.Abs(p-1.0/7) < 4*math.Sqrt(6.0/49/epochs)) {
			t.Errorf("datum %d is the first with probability %v, exact 1/7", i, p)
		}
	}
	if _, err := New(func() Config { c := s.config(t); c.Batch = 8; return c }()); err == nil {
		t.Error("8 data without replacement from 7 were not refused")
	}
	gaussian := game{noise: Noise{Kind: "minibatch-epoch"}}
	if _, err := New(gaussian.config(t)); err == nil {
		t.Error("epochs of an infinite set were not refused")
	}
}

// TestMinibatchPrediction: fluctuations of a training on true minibatches, and on their
// Gaussian model, have the predicted standard deviation.
func TestMinibatchPrediction(t *testing.T) {
	const steps, chains, repeats = 12, 1500, 16
	for i, c := range []struct {
		d, g string
		kind string
	}{{"sgd", "sgd", "minibatch"}, {"sgd", "natural-momentum", "minibatch"}, {"adam", "adam", "minibatch-gaussian"}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			s := game{latent: 2, hidden: []int{4}, batch: 200, noise: Noise{Kind: c.kind, Quenched: 50}, observe: []string{"gen_mean", "gen_std"}, d: optimizer(t, c.d), g: optimizer(t, c.g)}
			s.g.Direction.Damping = 0.05
			tr := s.trainer(t)
			q := start(t, tr)[:tr.Config()]
			var p *langevin.Prediction
			if c.kind == "minibatch" {
				lin, err := tr.BatchLinearizer()
				if err != nil {
					t.Fatal(err)
				}
				var parts []*langevin.BatchPrediction
				for r := range repeats {
					e, err := langevin.LinearNoiseOfBatches(context.Background(), tr, lin, q, tr, []int{steps}, langevin.BatchNoise{Draws: 24, Tangents: 1},
						func(k int) langevin.Source { return langevintest.NewSource(uint64(100*i+r), k) }, func(int) {})
					if err != nil {
						t.Fatal(err)
					}
					parts = append(parts, e)
				}
				p = langevin.JoinPredictions([]int{steps}, parts)
			} else {
				lin, err := tr.Linearizer()
				if err != nil {
					t.Fatal(err)
				}
				if p, err = langevin.LinearNoise(lin.(langevin.Map), q, tr, []int{steps}); err != nil {
					t.Fatal(err)
				}
				p.StdErr = [][]float64{make([]float64, 2)}
			}
			e := langevin.NewEnsemble(tr, q, chains, func(i int) langevin.Source { return langevintest.NewSource(61, i) })
			var sum, sum2 [2]float64
			if err := e.Run(context.Background(), []langevin.Worker{{Map: tr, Observer: tr}}, []int{steps}, func(_ int, v []float64) error {
				for j, x := range v {
					sum[j%2] += x / chains
				}
				for j, x := range v {
					sum2[j%2] += (x - sum[j%2]) * (x - sum[j%2]) / (chains - 1)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			for j := range 2 {
				std := math.Sqrt(sum2[j])
				stderr := math.Hypot(std/math.Sqrt(2*chains), p.StdErr[0][j])
				z := (std - p.Std[0][j]) / stderr
				t.Logf("observable %d: std %v, predicted %v ± %v, z = %.2f", j, std, p.Std[0][j], p.StdErr[0][j], z)
				if !(math.Abs(z) < 4) || !(stderr < 0.05*std) {
					t.Errorf("observable %d: std %v, predicted %v ± %v, z = %.2f", j, std, p.Std[0][j], p.StdErr[0][j], z)
				}
			}
		})
	}
}

// TestInputsDoNotDependOnTemperature: with common random numbers a step at T = 0 takes the
// batch of the step at T > 0, and is the step of the kind without injected noise.
func TestInputsDoNotDependOnTemperature(t *testing.T) {
	for _, base := range []string{"minibatch", "minibatch-gaussian"} {
		for _, metric := range []bool{false, true} {
			s := game{latent: 2, hidden: []int{3}, batch: 4, noise: Noise{Kind: base}, d: optimizer(t, "natural"), g: optimizer(t, "natural-momentum")}
			bare := s.trainer(t)
			s.noise.Kind += "+injected"
			s.noise.MetricD, s.noise.MetricG = metric, metric
			cold := s.trainer(t)
			s.noise.TD, s.noise.TG = 1e-16, 1e-16
			warm := s.trainer(t)
			if cold.Inputs() != warm.Inputs() || bare.Inputs() >= cold.Inputs() {
				t.Fatalf("%s, metric %v: %d inputs at T = 0, %d at T > 0, %d without injected noise", base, metric, cold.Inputs(), warm.Inputs(), bare.Inputs())
			}
			xi := make([]float64, cold.Inputs())
			for i := range xi {
				xi[i] = math.Sin(float64(3*i + 1))
			}
			q := start(t, cold)[:cold.Config()]
			step := func(tr *Trainer) []float64 {
				state, next := make([]float64, tr.Dim()), make([]float64, tr.Dim())
				tr.Init(state, q)
				tr.Step(next, state, xi[:tr.Inputs()])
				return next
			}
			a, b, c := step(bare), step(cold), step(warm)
			for i := range a {
				if a[i] != b[i] {
					t.Fatalf("%s, metric %v: component %d is %v at T = 0, %v without injected noise", base, metric, i, b[i], a[i])
				}
				if d := math.Abs(b[i] - c[i]); d > 1e-6 {
					t.Fatalf("%s, metric %v: component %d moves by %v at T = 1e-16", base, metric, i, d)
				}
			}
		}
	}
}
