package gan

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"machlup/internal/num"
)

// coupled uses every part of the hook: it adds σ·ξ to the samples of both players and
// κ·½|ψ|²·½ mean|fake|² to both losses, and can clip.
type coupled struct {
	sigma float64
	kappa [2]float64
	clip  float64
	size  [2]int // samples it sees, by player
}

func (coupled) Name() string { return "coupled" }

func (c coupled) bind(t *Trainer) (regularisation, error) {
	c.size = [2]int{2 * t.rows * t.dim, t.rows * t.dim}
	return c, nil
}

func (c coupled) normals(player int) int { return c.size[player] }
func (c coupled) perturbs() bool         { return true }

func (c coupled) perturb(v *view) {
	n := len(v.fake)
	num.Axpy(c.sigma, v.xi[:n], v.fake)
	if v.real != nil {
		num.Axpy(c.sigma, v.xi[n:], v.real)
	}
}

func (c coupled) value(v *view) float64 {
	return c.kappa[v.player] / 4 * num.Norm2(v.psi) * num.Norm2(v.fake) / float64(v.rows)
}

func (c coupled) gradient(dst []float64, v *view) {
	k := c.kappa[v.player] / 2 / float64(v.rows)
	if v.player == 0 {
		num.Axpy(k*num.Norm2(v.fake), v.psi, dst)
	}
	if v.cfake != nil {
		num.Axpy(k*num.Norm2(v.psi), v.fake, v.cfake)
	}
}

func (c coupled) product(v *view, r *directional) {
	k := c.kappa[v.player] / 2 / float64(v.rows)
	psiDot, fakeDot := 0.0, 0.0
	if r.psi != nil {
		psiDot = num.Dot(v.psi, r.psi)
	}
	if r.fake != nil {
		fakeDot = num.Dot(v.fake, r.fake)
	}
	if r.hPsi != nil {
		num.Axpy(2*k*fakeDot, v.psi, r.hPsi)
		if r.psi != nil {
			num.Axpy(k*num.Norm2(v.fake), r.psi, r.hPsi)
		}
	}
	if v.cfake != nil {
		num.Axpy(k*num.Norm2(v.psi), v.fake, v.cfake)
		num.Axpy(2*k*psiDot, v.fake, r.cfake)
		if r.fake != nil {
			num.Axpy(k*num.Norm2(v.psi), r.fake, r.cfake)
		}
	}
}

func (c coupled) project(player int, params []float64) {
	if c.clip > 0 {
		for i, x := range params {
			params[i] = math.Max(-c.clip, math.Min(c.clip, x))
		}
	}
}

func (c coupled) gaussian() error {
	if c.clip > 0 {
		return errors.New("clipped parameters have no density")
	}
	return nil
}

func (c coupled) smooth() error { return c.gaussian() }

// decay returns weight decay by its table.
func decay(t testing.TB, d, g float64) Regulariser {
	t.Helper()
	r, err := WeightDecayConfig{Discriminator: d, Generator: g}.Regulariser()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// forEachRegularised runs f on games with weight decay, with the test's own regulariser
// that uses every part of the hook, with both, and packed.
func forEachRegularised(t *testing.T, f func(t *testing.T, s game)) {
	wd, own := decay(t, 0.3, 0.7), coupled{sigma: 0.5, kappa: [2]float64{0.2, 0.6}}
	for i, regs := range [][]Regulariser{{wd}, {own}, {own, wd}, nil} {
		for _, packing := range []int{1, 3} {
			for dim := 1; dim <= 2; dim++ {
				s := game{latent: 2, hidden: []int{3}, batch: 6, eval: 42, regs: regs, packing: packing}
				if dim == 2 {
					s.target = planar(t)
				}
				t.Run(fmt.Sprintf("%d/m=%d/d=%d", i, packing, dim), func(t *testing.T) { f(t, s) })
			}
		}
	}
}

// TestRegularisedConformance holds regularised and packed trainers to the suite of every
// Map, with all kinds of noise: recurrence and linearisation included.
func TestRegularisedConformance(t *testing.T) {
	forEachRegularised(t, func(t *testing.T, s game) {
		natural := optimizer(t, "natural-momentum")
		natural.Direction.Damping = 0.1
		for _, noise := range []Noise{{Kind: "minibatch"}, {Kind: "injected", TD: 1e-3, TG: 2e-3, Quenched: 6}} {
			s.noise = noise
			s.d, s.g = optimizer(t, "momentum"), optimizer(t, "sgd")
			conform(t, s)
			s.d, s.g = natural, natural
			s.noise.MetricD = noise.Kind == "injected"
			conform(t, s)
		}
	})
}

// TestRegularisedGradient compares each player's gradient with differences of its loss, the
// loss with the textbook's, and a natural direction with F⁻¹ of the whole gradient.
func TestRegularisedGradient(t *testing.T) {
	forEachRegularised(t, func(t *testing.T, s game) {
		s.noise = Noise{Kind: "none", Quenched: 6}
		s.d, s.g = optimizer(t, "natural"), optimizer(t, "natural")
		tr := s.trainer(t)
		q := start(t, tr)[:tr.Config()]
		for b := range 2 {
			lo, hi := tr.BlockRange(b)
			near(t, "loss", tr.BatchLoss(b, q), naiveLoss(tr, b, q), 1e-12)
			g, v := make([]float64, hi-lo), make([]float64, tr.Config())
			tr.BatchGradient(g, b, q)
			copy(v[lo:hi], normals(stream(t, fmt.Sprint(b)), hi-lo))
			slope := central(func(x []float64) []float64 { return []float64{tr.BatchLoss(b, x)} }, q, v, 2e-4)[0]
			if a := num.Dot(g, v[lo:hi]); math.Abs(a-slope) > 1e-8*(1+math.Abs(a)) {
				t.Errorf("player %d: slope %v, differences %v", b, a, slope)
			}
			f, dir, back := make([]float64, len(g)*len(g)), make([]float64, len(g)), make([]float64, len(g))
			damping, _ := tr.BatchMetric(b)
			tr.DenseMetric(f, b, q, damping)
			tr.BatchDirection(dir, b, q)
			num.Gemm(false, false, len(g), 1, len(g), 1, f, len(g), dir, 1, 0, back, 1)
			within(t, "F·direction", back, g, 1e-7)
		}
	})
}

// naiveLoss is a player's loss by loops over the rows that the discriminator sees.
func naiveLoss(tr *Trainer, player int, q []float64) float64 {
	psi, theta := tr.Psi(q), tr.Theta(q)
	fakes := func(z []float64) []float64 {
		var x []float64
		for i := range tr.rows {
			x = append(x, naiveForward(tr.gen.net.(*MLP), theta, z[i*tr.latent:(i+1)*tr.latent])...)
		}
		return x
	}
	var fake, real []float64
	if player == 0 {
		real, fake = slices.Clone(tr.x[:tr.rows*tr.dim]), fakes(tr.zD)
	} else {
		fake = fakes(tr.zG)
	}
	extra := 0.0
	at := 0
	for _, r := range tr.cfg.Regularisers {
		switch r := r.(type) {
		case coupled:
			for i := range fake {
				fake[i] += r.sigma * tr.xiReg[player][at+i]
			}
			for i := range real {
				real[i] += r.sigma * tr.xiReg[player][at+len(fake)+i]
			}
			at += len(fake) + len(real)
			extra += r.kappa[player] / 4 * num.Norm2(psi) * num.Norm2(fake) / float64(tr.rows/tr.cfg.pack())
		case weightDecay:
			extra += r.coefficient[player] / 2 * num.Norm2(append(slices.Clone(psi), theta...)[player*len(psi):][:[]int{len(psi), len(theta)}[player]])
		}
	}
	w := tr.dim * tr.cfg.pack()
	loss := func(x []float64, f func(a float64) float64) float64 {
		sum := 0.0
		for i := 0; i < len(x); i += w {
			sum += f(naiveForward(tr.dis.net.(*MLP), psi, x[i:i+w])[0])
		}
		return sum * float64(w) / float64(max(len(x), 1))
	}
	minusLogD := func(a float64) float64 { return -math.Log(sigma(a)) }
	if player == 1 {
		return loss(fake, minusLogD) + extra
	}
	return loss(real, minusLogD) + loss(fake, func(a float64) float64 { return -math.Log(1 - sigma(a)) }) + extra
}

// TestProjection: constraints act after each player's step, G sees the constrained ψ, and
// what has then no law or no derivative is refused with the regulariser's reason.
func TestProjection(t *testing.T) {
	s := game{hidden: []int{3}, noise: Noise{Kind: "injected", TD: 1, TG: 1, Quenched: 6}, regs: []Regulariser{coupled{clip: 0.1}}}
	tr := s.trainer(t)
	state, next := start(t, tr), make([]float64, tr.Dim())
	tr.Step(next, state, normals(stream(t, "xi"), tr.Inputs()))
	for i, x := range next[:tr.Config()] {
		if math.Abs(x) > 0.1 {
			t.Fatalf("parameter %d is %v after clipping at 0.1", i, x)
		}
	}
	_, err := tr.Recurrence()
	refused(t, "Recurrence", err, []string{"coupled", "clipped"})
	_, err = tr.Linearizer()
	refused(t, "Linearizer", err, []string{"coupled", "clipped"})
}

// TestPackedLosses: the samples of a row share its loss, the last ones with the first.
func TestPackedLosses(t *testing.T) {
	tr := game{hidden: []int{4}, batch: 6, packing: 3, target: planar(t)}.trainer(t)
	q := start(t, tr)
	const n = 20
	x, got := normals(stream(t, "x"), 2*n), make([]float64, n)
	tr.GeneratorLosses(got, q, x)
	var want []float64
	for i := range n {
		row := make([]float64, 6)
		for j := range row {
			row[j] = x[(i/3*6+j)%len(x)]
		}
		want = append(want, -math.Log(sigma(naiveForward(tr.dis.net.(*MLP), tr.Psi(q), row)[0])))
	}
	within(t, "losses", got, want, 1e-12)
}

// TestPackingRefusals names the numbers that do not fit.
func TestPackingRefusals(t *testing.T) {
	cfg := game{batch: 7, packing: 2}.config(t)
	_, err := New(cfg)
	refused(t, "batch", err, []string{"2 samples in a row", "7 of the batch", "trainer.packing"})
	cfg.Batch, cfg.EvaluationBatch, cfg.Observables = 8, 9, []string{"rho"}
	_, err = New(cfg)
	refused(t, "evaluation", err, []string{"evaluation batch", "9", "2"})
	cfg.Packing = 1
	_, err = New(cfg)
	refused(t, "inputs", err, []string{"2 input", "packs 1"})
}
