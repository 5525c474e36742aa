package gan

import (
	"fmt"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// correctedGame is a small trainer with noise in the metric of both players. With wide networks F is
// factored in the Gram form, with narrow ones whole.
func correctedGame(t *testing.T, hidden int, act, correction string) *Trainer {
	s := game{latent: 2, hidden: []int{hidden}, act: act, d: optimizer(t, "natural"), g: optimizer(t, "natural"),
		noise: Noise{Kind: "injected", TD: 0.7, TG: 0.4, MetricD: true, MetricG: true, Quenched: 4, Correction: correction}}
	s.d.Direction.Damping, s.g.Direction.Damping = 0.3, 0.2
	s.target = ring(t)
	return s.trainer(t)
}

// ring is a target of two dimensions.
func ring(t *testing.T) Target {
	for _, e := range Targets() {
		if target, err := e.New().Target(); err == nil && target.Dim() == 2 {
			return target
		}
	}
	t.Fatal("no target in the plane")
	return nil
}

// inverseMetric is F⁻¹ of block b at q, column by column.
func inverseMetric(tr *Trainer, b int, q []float64) *mat.Dense {
	pl := tr.player(b)
	tr.forward(b, q)
	pl.p.enableTangents()
	pl.metric.factor(q[pl.lo:pl.hi], nil)
	n := pl.hi - pl.lo
	g, unit, col := mat.NewDense(n, n, nil), make([]float64, n), make([]float64, n)
	for j := range n {
		unit[j] = 1
		pl.metric.solve(col, q[pl.lo:pl.hi], unit)
		g.SetCol(j, col)
		unit[j] = 0
	}
	return g
}

// TestMetricDivergence holds Γ of both players against central differences of fourth order of
// F⁻¹, to 1e-8 of its largest component.
func TestMetricDivergence(t *testing.T) {
	for _, act := range []string{"tanh", "softplus"} {
		for _, hidden := range []int{1, 6} {
			tr := correctedGame(t, hidden, act, "full")
			q := normals(stream(t, "point"), tr.Config())
			for b := range 2 {
				pl := tr.player(b)
				n := pl.hi - pl.lo
				got, want, at, cell := make([]float64, n), make([]float64, n), make([]float64, len(q)), make([]float64, n)
				for i := range n {
					fourthOrder(cell, func(dst []float64, k int, d float64) { // ∂_k G_ik
						copy(at, q)
						at[pl.lo+k] += d
						dst[k] = inverseMetric(tr, b, at).At(i, k)
					}, 1e-3)
					for _, x := range cell {
						want[i] += x
					}
				}
				tr.forward(b, q)
				pl.metric.factor(q[pl.lo:pl.hi], nil)
				pl.gamma.divergence(got, q[pl.lo:pl.hi])
				closeTo(t, fmt.Sprintf("Γ of the %s, %s, %d hidden", pl.name, act, hidden), got, want, 1e-8)
			}
		}
	}
}

// TestCorrectedStep: a correction adds c·ηTΓ to every step, whatever the noise, and the same
// to the drift of the recurrence.
func TestCorrectedStep(t *testing.T) {
	plain := correctedGame(t, 6, "tanh", "none")
	state, xi := start(t, plain), normals(stream(t, "noise"), plain.Inputs())
	before, after := make([]float64, plain.Dim()), make([]float64, plain.Dim())
	plain.Step(before, state, xi)
	for name, c := range map[string]float64{"half": 0.5, "full": 1} {
		tr := correctedGame(t, 6, "tanh", name)
		tr.Step(after, state, xi)
		r, err := tr.Recurrence()
		if err != nil {
			t.Fatal(err)
		}
		r0, err := plain.Recurrence()
		if err != nil {
			t.Fatal(err)
		}
		n := tr.dis.hi // the discriminator's, which moves first
		want, got, drift, drift0 := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
		tr.forward(0, state)
		tr.dis.metric.factor(state[:n], nil)
		tr.dis.gamma.divergence(want, state[:n])
		scaled(want, c*tr.dis.opt.Rule.Rate()*0.7, want)
		r.Drift(drift, 0, state)
		r0.Drift(drift0, 0, state)
		for i := range got {
			got[i] = after[i] - before[i]
			drift[i] -= drift0[i]
		}
		closeTo(t, name+": the step of the discriminator", got, want, 1e-9)
		closeTo(t, name+": the drift of the discriminator", drift, want, 1e-9)
		// The generator's residual is its noise: q' − q − v(q̃) = s·y.
		mix := append(append([]float64(nil), after[:tr.gen.lo]...), state[tr.gen.lo:tr.gen.hi]...)
		n = tr.gen.hi - tr.gen.lo
		drift, want = make([]float64, n), make([]float64, n)
		y := make([]float64, n)
		r.Drift(drift, 1, mix)
		for i := range y {
			y[i] = after[tr.gen.lo+i] - state[tr.gen.lo+i] - drift[i]
		}
		tr.gen.metric.sample(want, mix[tr.gen.lo:tr.gen.hi], xi[tr.gen.xi:tr.gen.xiEnd])
		scaled(want, tr.gen.s, want)
		closeTo(t, name+": the residual of the generator", y, want, 1e-9)
		if n := testing.AllocsPerRun(5, func() { tr.Step(after, state, xi) }); n != 0 {
			t.Errorf("%s: a step allocates %v times", name, n)
		}
	}
}

// TestKineticStep writes the step out with dense matrices, for the discriminator.
func TestKineticStep(t *testing.T) {
	for _, hidden := range []int{1, 6} {
		plain, tr := correctedGame(t, hidden, "tanh", "none"), correctedGame(t, hidden, "tanh", Kinetic)
		state, xi := start(t, tr), normals(stream(t, "noise"), tr.Inputs())
		before, after := make([]float64, tr.Dim()), make([]float64, tr.Dim())
		plain.Step(before, state, xi)
		tr.Step(after, state, xi)
		n, s := tr.dis.hi, tr.dis.s
		y, got, want := make([]float64, n), make([]float64, n), make([]float64, n)
		g := inverseMetric(tr, 0, state)
		tr.dis.metric.sample(y, state[:n], xi[:tr.dis.xiEnd])
		var f mat.Dense
		if err := f.Inverse(g); err != nil {
			t.Fatal(err)
		}
		var w, end mat.VecDense
		w.MulVec(&f, mat.NewVecDense(n, y))
		far := append([]float64(nil), state...)
		for i := range y {
			far[i] += s * y[i]
		}
		end.MulVec(inverseMetric(tr, 0, far), &w)
		for i := range y {
			want[i], got[i] = s/2*(end.AtVec(i)-y[i]), after[i]-before[i]
		}
		closeTo(t, fmt.Sprintf("step of the discriminator, %d hidden", hidden), got, want, 1e-9)
		if a := testing.AllocsPerRun(5, func() { tr.Step(after, state, xi) }); a != 0 {
			t.Errorf("a step allocates %v times", a)
		}
		_, err := tr.Recurrence()
		refused(t, "Recurrence", err, []string{"not Gaussian", "innovation"})
		if _, err := tr.Linearizer(); err != nil {
			t.Error(err)
		}
	}
	_, err := correctedGame(t, 1, "tanh", "full").Linearizer()
	refused(t, "Linearizer", err, []string{"third derivatives"})
}

// TestScheduledCorrection: at rate f and temperature τ the corrected step is that of ηf and Tτ.
func TestScheduledCorrection(t *testing.T) {
	const f, tau = 0.3, 2.5
	for _, correction := range []string{"full", Kinetic} {
		s := optimalGame{latent: 1, hidden: []int{2}, prior: gaussianPrior{1}, optimizer: natural(t, "natural", "l2", 0),
			noise: Noise{Kind: "injected", TG: 0.4, MetricG: true, Quenched: 3, Correction: correction}}
		natural, err := NaturalConfig{Eta: 0.05 * f, Damping: 0.1}.Optimizer()
		if err != nil {
			t.Fatal(err)
		}
		s.optimizer = natural
		s.prior, s.noise.TG = nil, 0.4*tau
		direct := s.trainer(t)
		natural.Rule = Scheduled(sgdRule{0.05}, factor(f), factor(tau))
		s.optimizer, s.noise.TG = natural, 0.4
		scheduled := s.trainer(t)
		n := direct.Config()
		q, xi := normals(stream(t, "point"), n), normals(stream(t, "noise"), direct.Inputs())
		a, b, next := make([]float64, n), make([]float64, n+1), make([]float64, n+1)
		direct.Step(a, q, xi)
		scheduled.Init(b, q)
		scheduled.Step(next, b, xi)
		within(t, correction, next[:n], a, 1e-10)
	}
}

// factor is a schedule of one value.
type factor float64

func (factor) Name() string         { return "factor" }
func (f factor) At(float64) float64 { return float64(f) }

// TestCorrectionRefuses names the reason for each correction that does not exist.
func TestCorrectionRefuses(t *testing.T) {
	hot := func(c string) Noise {
		return Noise{Kind: "injected", TG: 1, MetricG: true, Quenched: 3, Correction: c}
	}
	for part, s := range map[string]optimalGame{
		"F jumps":                 {hidden: []int{3}, act: "relu", noise: hot("full")},
		"F jumps where":           {hidden: []int{3}, act: "leaky-relu", noise: hot(Kinetic)},
		"Christoffel":             {hidden: []int{3}, optimizer: natural(t, "natural-momentum", "l2", 0), noise: hot("half")},
		"the metric \"fisher\"":   {hidden: []int{3}, optimizer: natural(t, "natural", "fisher", 0), noise: hot("full")},
		"up to 400":               {hidden: []int{120}, noise: hot("full")},
		"at the walls":            {hidden: []int{3}, prior: boxPrior{1}, noise: hot("full")},
		"allowed are none, half,": {hidden: []int{3}, noise: hot("twice")},
		"isotropic noise has no":  {hidden: []int{3}, noise: Noise{Kind: "injected", TG: 1, Quenched: 3, Correction: "full"}},
	} {
		if s.optimizer.Rule == nil {
			s.optimizer = natural(t, "natural", "l2", 0)
		}
		_, err := NewOptimal(s.game(t))
		refused(t, part, err, []string{part})
	}
	wide := optimalGame{hidden: []int{120}, optimizer: natural(t, "natural", "l2", 0), noise: hot(Kinetic)}
	if _, err := NewOptimal(wide.game(t)); err != nil {
		t.Error(err)
	}
	linear := optimalGame{optimizer: natural(t, "natural", "l2", 0), noise: hot("full"), prior: gaussianPrior{1}}.trainer(t)
	if linear.gen.correction != nil || linear.Boltzmann() != nil {
		t.Error("a linear map has Γ = 0")
	}
}
