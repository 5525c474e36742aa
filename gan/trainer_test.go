package gan

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"machlup/internal/num"
	"machlup/internal/rng"
	"machlup/langevin"
)

// game is a small trainer's description; fields left zero get defaults.
type game struct {
	latent  int
	hidden  []int
	act     string
	target  Target
	loss    string
	d, g    Optimizer
	batch   int
	noise   Noise
	observe []string
	eval    int
	regs    []Regulariser
	packing int

	dynamics Dynamics
	small    *Game // instead of perceptrons and target
}

func (s game) config(t testing.TB) Config {
	t.Helper()
	if s.latent == 0 {
		s.latent = 3
	}
	if s.act == "" {
		s.act = "tanh"
	}
	if s.target == nil {
		s.target, _ = DefaultGaussian().Target()
	}
	if s.loss == "" {
		s.loss = "non-saturating"
	}
	if s.batch == 0 {
		s.batch = 7
	}
	if s.noise.Kind == "" {
		s.noise.Kind = "minibatch"
	}
	if s.eval == 0 {
		s.eval = 40
	}
	for _, o := range []*Optimizer{&s.d, &s.g} {
		if o.Rule == nil {
			*o, _ = DefaultOptimizer("sgd")
		}
	}
	loss, err := NewLoss(s.loss)
	if err != nil {
		t.Fatal(err)
	}
	if s.small != nil {
		s.target = s.small.Target
	}
	cfg := Config{
		Generator:     mustMLP(t, s.latent, s.hidden, s.target.Dim(), s.act),
		Discriminator: mustMLP(t, s.target.Dim()*max(s.packing, 1), s.hidden, 1, s.act),
		Regularisers:  s.regs, Packing: s.packing, Dynamics: s.dynamics,
		Target: s.target, Loss: loss, OptimizerD: s.d, OptimizerG: s.g, Batch: s.batch, Noise: s.noise,
		QuenchedSource: stream(t, "quenched"), EvaluationSource: stream(t, "evaluation"), Observables: s.observe, EvaluationBatch: s.eval,
	}
	if s.small != nil {
		cfg.Generator, cfg.Discriminator = s.small.Generator, s.small.Discriminator
	}
	return cfg
}

func (s game) trainer(t testing.TB) *Trainer {
	t.Helper()
	tr, err := New(s.config(t))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// start returns a state with random parameters and memory.
func start(t testing.TB, tr *Trainer) []float64 {
	q, state := make([]float64, tr.Config()), make([]float64, tr.Dim())
	src := stream(t, "start")
	tr.InitConfig(q, src)
	tr.Init(state, q)
	for i := tr.Config(); i < tr.Dim(); i++ {
		state[i] += 0.01 * src.Normal()
	}
	return state
}

func optimizer(t testing.TB, name string) Optimizer {
	t.Helper()
	o, err := DefaultOptimizer(name)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func planar(t testing.TB) Target {
	t.Helper()
	m, err := MixtureConfig{Dimension: 2, Weights: []float64{1, 2, 1}, Means: []float64{-1, 0, 1, 0.5, 0, 2}, Stds: []float64{0.3, 0.5, 0.4}}.Target()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// batchLosses evaluates both losses on a batch by the textbook formulas with a sigmoid and
// logarithms, as the listing's BCELoss does.
func batchLosses(tr *Trainer, psi, theta, data, z []float64) (d, g float64) {
	n := len(z) / tr.latent
	for i := range n {
		x := naiveForward(tr.gen.net.(*MLP), theta, z[i*tr.latent:(i+1)*tr.latent])
		real := sigma(naiveForward(tr.dis.net.(*MLP), psi, data[i*tr.dim:(i+1)*tr.dim])[0])
		fake := sigma(naiveForward(tr.dis.net.(*MLP), psi, x)[0])
		d += (-math.Log(real) - math.Log(1-fake)) / float64(n)
		if tr.cfg.Loss.Name() == "saturating" {
			g += math.Log(1-fake) / float64(n)
		} else {
			g -= math.Log(fake) / float64(n)
		}
	}
	return d, g
}

func sigma(a float64) float64 { return 1 / (1 + math.Exp(-a)) }

var games = []game{
	{hidden: []int{6}, act: "tanh"},
	{hidden: []int{6}, act: "relu", loss: "saturating"},
	{hidden: []int{4, 5}, act: "softplus"},
	{hidden: nil},
	{hidden: []int{5}, act: "leaky-relu", loss: "saturating"},
}

func forEachGame(t *testing.T, f func(t *testing.T, g game)) {
	for _, dim := range []int{1, 2} {
		for _, g := range games {
			if dim == 2 {
				g.target = planar(t)
			}
			t.Run(fmt.Sprintf("d=%d/%s%v/%s", dim, g.act, g.hidden, g.loss), func(t *testing.T) { f(t, g) })
		}
	}
}

// TestStepIsTheListing takes one SGD step of each player and compares it with central
// differences of the listing's losses (BCE of a sigmoid), the generator's at the updated
// discriminator and on its own latents. It kills: a simultaneous update, reused latents,
// swapped labels, a sum for a mean, a wrong sign.
func TestStepIsTheListing(t *testing.T) {
	forEachGame(t, func(t *testing.T, g game) {
		g.d, g.g = Optimizer{Name: "sgd", Rule: sgdRule{0.3}}, Optimizer{Name: "sgd", Rule: sgdRule{0.2}}
		tr := g.trainer(t)
		state, next := start(t, tr), make([]float64, tr.Dim())
		xi := normals(stream(t, "inputs"), tr.Inputs())
		tr.Step(next, state, xi)

		k, l := tr.rows*tr.cfg.Target.Normals(), tr.rows*tr.latent
		data := make([]float64, tr.rows*tr.dim)
		tr.cfg.Target.Sample(data, xi[:k])
		psi, theta := tr.Psi(state), tr.Theta(state)
		lossD := func(p []float64) float64 { d, _ := batchLosses(tr, p, theta, data, xi[k:k+l]); return d }
		lossG := func(p []float64) float64 { _, g := batchLosses(tr, tr.Psi(next), p, data, xi[k+l:]); return g }
		h, tol := 1e-3, 1e-8
		if g.act == "relu" || g.act == "leaky-relu" {
			h, tol = 3e-6, 1e-6 // close enough not to step over a kink
		}
		within(t, "ψ'−ψ", difference(tr.Psi(next), psi), times(-0.3, gradientOf(lossD, psi, h)), tol)
		within(t, "θ'−θ", difference(tr.Theta(next), theta), times(-0.2, gradientOf(lossG, theta, h)), tol)
	})
}

func difference(a, b []float64) []float64 {
	d := slices.Clone(a)
	num.Axpy(-1, b, d)
	return d
}

func times(c float64, x []float64) []float64 {
	y := make([]float64, len(x))
	scaled(y, c, x)
	return y
}

func gradientOf(f func([]float64) float64, x []float64, h float64) []float64 {
	g := make([]float64, len(x))
	e := make([]float64, len(x))
	for i := range x {
		e[i] = 1
		g[i] = central(func(x []float64) []float64 { return []float64{f(x)} }, x, e, h)[0]
		e[i] = 0
	}
	return g
}

// TestObservers checks values against direct formulas and gradients against differences.
func TestObservers(t *testing.T) {
	forEachGame(t, func(t *testing.T, g game) {
		g.target = g.config(t).Target
		for _, o := range AllObservables(g.target) {
			g.observe = append(g.observe, o.Name)
		}
		tr := g.trainer(t)
		q := start(t, tr)[:tr.Config()]
		values := func(q []float64) []float64 {
			v := make([]float64, len(tr.Observables()))
			tr.Observe(v, q)
			return v
		}
		got := map[string]float64{}
		v := values(q)
		for i, o := range tr.Observables() {
			got[o.Name] = v[i]
		}
		o := tr.observer
		d, gl := batchLosses(tr, tr.Psi(q), tr.Theta(q), o.x[:o.rows*tr.dim], o.z)
		near(t, "loss_d", got["loss_d"], d, 1e-12)
		near(t, "loss_g", got["loss_g"], gl, 1e-12)
		near(t, "norm_psi", got["norm_psi"], math.Sqrt(num.Norm2(tr.Psi(q))), 1e-14)
		near(t, "norm_theta", got["norm_theta"], math.Sqrt(num.Norm2(tr.Theta(q))), 1e-14)
		varP, varQ := 0.0, 0.0
		std := make([]float64, tr.dim)
		tr.cfg.Target.Std(std)
		for c := range tr.dim {
			var x []float64
			for i := range o.rows {
				x = append(x, naiveForward(tr.gen.net.(*MLP), tr.Theta(q), o.z[i*tr.latent:(i+1)*tr.latent])[c])
			}
			m := mean(x)
			s := 0.0
			for _, v := range x {
				s += (v - m) * (v - m) / float64(len(x))
			}
			suffix := ""
			if tr.dim > 1 {
				suffix = fmt.Sprintf("_%d", c)
			}
			near(t, "gen_mean"+suffix, got["gen_mean"+suffix], m, 1e-11)
			near(t, "gen_std"+suffix, got["gen_std"+suffix], math.Sqrt(s), 1e-12)
			varP, varQ = varP+std[c]*std[c], varQ+s
			if tr.dim == 1 {
				slices.Sort(x)
				w := 0.0
				for i, v := range x {
					u := (float64(i) + 0.5) / float64(len(x))
					w += math.Pow(v-8-1.25*rng.NormalQuantile(u), 2) / float64(len(x))
				}
				near(t, "w2", got["w2"], math.Sqrt(w), 1e-12)
			}
		}
		near(t, "rho", got["rho"], math.Sqrt(varQ/varP), 1e-12)
		dir := normals(stream(t, "direction"), tr.Config())
		slope := central(values, q, dir, 1e-5)
		grad := make([]float64, tr.Config())
		for i, ob := range tr.Observables() {
			tr.ObserveGradient(grad, i, q)
			if a := num.Dot(grad, dir); !(math.Abs(a-slope[i]) <= 1e-7*(1+math.Abs(a))) {
				t.Errorf("slope of %s: %v, differences give %v", ob.Name, a, slope[i])
			}
		}
		for _, ob := range tr.Observables() { // one by one, so that nothing needs a neighbour's forward pass
			g.observe = []string{ob.Name}
			one := g.trainer(t)
			v := make([]float64, 1)
			one.Observe(v, q)
			if v[0] != got[ob.Name] {
				t.Errorf("%s alone is %v, among others %v", ob.Name, v[0], got[ob.Name])
			}
		}
	})
}

var _ langevin.Map = (*Trainer)(nil)
var _ langevin.GradientObserver = (*Trainer)(nil)
