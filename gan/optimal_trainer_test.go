package gan

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"machlup/langevin"
	"machlup/langevin/langevintest"
)

// optimalGame describes a small trainer against the exact discriminator.
type optimalGame struct {
	latent    int
	hidden    []int
	act       string
	target    Target
	loss      string
	config    OptimalConfig
	prior     Prior
	optimizer Optimizer
	batch     int
	noise     Noise
	t         float64
	observe   []string
}

func (s optimalGame) game(t testing.TB) OptimalGame {
	t.Helper()
	if s.latent == 0 {
		s.latent = 2
	}
	if s.act == "" {
		s.act = "tanh"
	}
	if s.target == nil {
		s.target = bimodal(t)
	}
	if s.loss == "" {
		s.loss = "saturating"
	}
	if s.config.Bandwidth == 0 {
		s.config.Bandwidth = 0.4
	}
	if s.batch == 0 {
		s.batch = 6
	}
	if s.noise.Kind == "" {
		s.noise = Noise{Kind: "none", Quenched: 6}
	}
	if s.optimizer.Rule == nil {
		s.optimizer = optimizer(t, "sgd")
	}
	return OptimalGame{Generator: mustMLP(t, s.latent, s.hidden, 1, s.act), Discriminator: optimal(t, s.config, s.target, s.loss), Target: s.target,
		Prior: s.prior, Optimizer: s.optimizer, Batch: s.batch, Noise: s.noise, Temperature: s.t,
		QuenchedSource: stream(t, "quenched"), EvaluationSource: stream(t, "evaluation"), Observables: s.observe, EvaluationBatch: 20}
}

func (s optimalGame) trainer(t testing.TB) *Optimal {
	t.Helper()
	o, err := NewOptimal(s.game(t))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// somePriors are none, a normal and a box, which the points of the tests leave.
var somePriors = map[string]Prior{"none": nil, "weight-decay": gaussianPrior{2}, "box": boxPrior{0.6}}

// TestExactPotential holds gradient and Hessian product of U against central differences of
// fourth order, to 1e-8 and 1e-7 of the largest component, for every activation, functional
// and prior. A prior without T, a box without its signs, the gradient of a frozen q_h fail.
func TestExactPotential(t *testing.T) {
	for _, act := range []string{"tanh", "softplus", "relu", "leaky-relu", "linear"} {
		for _, loss := range []string{"saturating", "non-saturating"} {
			for name, prior := range somePriors {
				s := optimalGame{act: act, hidden: []int{4, 3}, loss: loss, prior: prior, t: 0.7, noise: Noise{Kind: "none", Quenched: 11}}
				if act == "linear" {
					s.act, s.hidden = "tanh", nil
				}
				u, err := s.trainer(t).Potential()
				if err != nil {
					t.Fatal(err)
				}
				n := u.Dim()
				src := stream(t, act+name)
				x, v := normals(src, n), normals(src, n)
				g, want, at := make([]float64, n), make([]float64, n), make([]float64, n)
				value := u.Gradient(g, x)
				near(t, "value beside the gradient", value, u.Energy(x), 1e-14)
				step := 1e-3
				if prior != nil && name == "box" || act == "relu" || act == "leaky-relu" {
					step = 2e-5 // stay on one side of the kinks
				}
				fourthOrder(want, func(dst []float64, k int, d float64) {
					copy(at, x)
					at[k] += d
					dst[k] = u.Energy(at)
				}, step)
				what := fmt.Sprintf("%s, %s, prior %s", act, loss, name)
				closeTo(t, "gradient, "+what, g, want, 1e-8)
				fourthOrder(want, func(dst []float64, k int, d float64) {
					for j := range at {
						at[j] = x[j] + d*v[j]
					}
					u.Gradient(g, at)
					dst[k] = g[k]
				}, step)
				u.HessVec(g, x, v)
				closeTo(t, "Hessian product, "+what, g, want, 1e-7)
			}
		}
	}
}

// TestPriors: each is normalised (trapezoid in one dimension), draws have its moments, its
// gradient is the derivative, and a box folds onto itself evenly.
func TestPriors(t *testing.T) {
	for _, e := range Priors() {
		p, err := e.New().Prior()
		if err != nil || (p == nil) != (e.Name == "none") || p != nil && p.Name() != e.Name {
			t.Fatalf("%s: %v, %v", e.Name, p, err)
		}
		if p == nil {
			continue
		}
		mass, second := 0.0, 0.0
		const n, span = 40000, 20.0
		for i := range n {
			x := []float64{span * ((float64(i)+0.5)/n - 0.5)}
			theta, sign := make([]float64, 1), []float64{1}
			if p.Fold(theta, sign, x) && math.Abs(theta[0]-x[0]) > 1e-12 {
				continue // another cell
			}
			w := math.Exp(-p.MinusLogDensity(x)) * span / n
			mass, second = mass+w, second+w*x[0]*x[0]
		}
		near(t, e.Name+": mass", mass, 1, 1e-6)
		draws := make([]float64, 20000)
		p.Draw(draws, stream(t, e.Name))
		m1, m2 := 0.0, 0.0
		for _, x := range draws {
			m1, m2 = m1+x/20000, m2+x*x/20000
		}
		if math.Abs(m1) > 4*math.Sqrt(second/20000) || math.Abs(m2/second-1) > 0.04 {
			t.Errorf("%s: draws have moments %v, %v, want 0, %v", e.Name, m1, m2, second)
		}
		if err := p.Holds([]float64{0.1, 3.9}); err != nil {
			t.Error(err)
		}
	}
	box := boxPrior{2}
	theta, sign := make([]float64, 6), make([]float64, 6)
	box.Fold(theta, sign, []float64{1.5, 2.5, 4.5, -2.5, 7, -9})
	if !slices.Equal(theta, []float64{1.5, 1.5, -0.5, -1.5, -1, -1}) || !slices.Equal(sign, []float64{1, -1, -1, -1, 1, 1}) {
		t.Errorf("box of half width 2 folds to %v with signs %v", theta, sign)
	}
	if box.Holds([]float64{0, 2.1}) == nil {
		t.Error("2.1 is outside a box of half width 2")
	}
	for _, bad := range []PriorConfig{&GaussianPriorConfig{0}, &BoxConfig{math.Inf(1)}} {
		if _, err := bad.Prior(); err == nil {
			t.Errorf("%+v accepted", bad)
		}
	}
}

// TestOptimalConformance runs the suite every langevin.Map must pass with every optimizer,
// noise and prior: purity, restart, allocations, positions against Step, metric noise,
// tangents, observables' gradients.
func TestOptimalConformance(t *testing.T) {
	noises := []Noise{
		{Kind: "minibatch"},
		{Kind: "none", Quenched: 5},
		{Kind: "injected", TG: 2e-3, Quenched: 5},
		{Kind: "injected", TG: 2e-3, MetricG: true, Quenched: 5},
		{Kind: "injected", TG: 2e-3, MetricG: true, Quenched: 30},
		{Kind: "minibatch+injected", TG: 2e-3},
	}
	var optimizers []Optimizer
	for _, g := range Optimizers() {
		optimizers = append(optimizers, optimizer(t, g.Name))
	}
	optimizers = append(optimizers, natural(t, "natural", "otto", 2), natural(t, "natural-momentum", "fisher", 0))
	for _, g := range optimizers {
		for i, noise := range noises {
			for name, prior := range somePriors {
				s := optimalGame{hidden: []int{3}, loss: []string{"saturating", "non-saturating"}[i%2], noise: noise, prior: prior, optimizer: g, batch: 5, t: 0.01}
				s.optimizer.Direction.Damping = 0.05
				if noise.validate(s.optimizer, s.optimizer) != nil {
					continue
				}
				for _, o := range OptimalObservables(bimodal(t), 13, noise.Kind == "injected" || noise.Kind == "none") {
					if o.Name != "w2" && o.Name != "grid_error" { // kinks; and ~1e-13 has no difference quotient
						s.observe = append(s.observe, o.Name)
					}
				}
				t.Run(fmt.Sprintf("%s%s/%s-%d/%s", g.Name, g.Direction.Metric, noise.Kind, i, name), func(t *testing.T) {
					o := s.trainer(t)
					q := normals(stream(t, "start"), o.Config())
					for k := range q { // no difference quotient may straddle a wall
						for d := math.Abs(math.Mod(q[k]+30.6, 1.2)); d < 0.1 || d > 1.1; d = math.Abs(math.Mod(q[k]+30.6, 1.2)) {
							q[k] += 0.07
						}
					}
					langevintest.Check(t, func() langevin.Map { return s.trainer(t) }, o, q)
					langevintest.CheckMap(t, func() langevin.Map { return o.Fork() }, q)
					if r, err := o.Recurrence(); err == nil {
						langevintest.CheckRecurrence(t, r.(langevin.Map), q)
					}
					if l, err := o.Linearizer(); err == nil {
						langevintest.CheckLinearizer(t, l.(langevin.Map), q)
					}
				})
			}
		}
	}
}

// TestOptimalDirection: the direction of a step is ∇U, or F⁻¹∇U with the prior's term in it,
// F being dense; and DenseMetric is the metric's.
func TestOptimalDirection(t *testing.T) {
	for _, name := range []string{"sgd", "l2", "otto", "fisher"} {
		for pname, prior := range somePriors {
			opt := optimizer(t, "sgd")
			if name != "sgd" {
				opt = natural(t, "natural", name, 3)
			}
			s := optimalGame{hidden: []int{3}, prior: prior, optimizer: opt, noise: Noise{Kind: "injected", TG: 0.3, Quenched: 7}}
			s.optimizer.Direction.Damping = 0.05
			o := s.trainer(t)
			n := o.Config()
			x, g, dir, f := normals(stream(t, pname), n), make([]float64, n), make([]float64, n), make([]float64, n*n)
			o.BatchGradient(g, 1, x)
			o.BatchDirection(dir, 1, x)
			if damping, natural := o.BatchMetric(1); natural {
				o.DenseMetric(f, 1, x, damping)
				back := make([]float64, n)
				for i := range n {
					for j := range n {
						back[i] += f[i*n+j] * dir[j]
					}
				}
				dir = back
			}
			within(t, name+", prior "+pname, dir, g, 1e-9)
		}
	}
}

// TestOptimalDriftAdjoint holds the derivatives of the drift, through F⁻¹ too, against
// differences of the drift.
func TestOptimalDriftAdjoint(t *testing.T) {
	for _, name := range []string{"sgd", "natural", "natural-momentum"} {
		for pname, prior := range somePriors {
			for _, rows := range []int{6, 30} {
				s := optimalGame{hidden: []int{3}, prior: prior, optimizer: optimizer(t, name), noise: Noise{Kind: "injected", TG: 0.3, Quenched: rows}}
				s.optimizer.Direction.Damping = 0.1
				rec, err := s.trainer(t).Recurrence()
				if err != nil {
					t.Fatal(err)
				}
				adj := rec.(langevin.AdjointRecurrence)
				if err := adj.HasAdjoint(); err != nil {
					t.Fatal(err)
				}
				n := rec.Config()
				src := stream(t, pname)
				x, w := normals(src, n), normals(src, n)
				got, want, at, v := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
				adj.DriftAdjoint(got, 0, x, w)
				fourthOrder(want, func(dst []float64, k int, d float64) {
					copy(at, x)
					at[k] += d
					rec.Drift(v, 0, at)
					for i := range v {
						dst[k] += w[i] * v[i]
					}
				}, 1e-4)
				closeTo(t, fmt.Sprintf("%s, prior %s, %d rows", name, pname, rows), got, want, 1e-7)
				if a := testing.AllocsPerRun(3, func() { adj.DriftAdjoint(got, 0, x, w) }); a != 0 {
					t.Errorf("%v allocations", a)
				}
			}
		}
	}
}

// TestGaussianGenerator: a linear generator of Gaussian latents has Gaussian samples; with
// B quantile latents C_h tends to that of two smoothed Gaussians, of quadrature, like 1/B.
func TestGaussianGenerator(t *testing.T) {
	const h, a, b = 0.5, 0.8, 1.3
	for _, loss := range []string{"saturating", "non-saturating"} {
		p := mixtureDensity([]float64{1}, []float64{2}, []float64{1.25}, h)
		q := mixtureDensity([]float64{1}, []float64{b}, []float64{a}, h)
		want := 0.0
		for x := -20.0; x < 20; x += 0.01 {
			lp, lq := p(x), q(x)
			lm := math.Max(lp, lq) + math.Log1p(math.Exp(-math.Abs(lp-lq)))
			if loss == "non-saturating" {
				want += 0.01 * math.Exp(lm) * (lm - math.Ln2 - lp)
			} else {
				want += 0.01 * (math.Exp(lp)*(lp-lm) + math.Exp(lq)*(lq-lm))
			}
		}
		var errors []float64
		for _, rows := range []int{100, 1600} {
			u, err := optimalGame{latent: 1, target: normalTarget(t, 2, 1.25), loss: loss, config: OptimalConfig{Bandwidth: h, Latents: "quantiles"},
				noise: Noise{Kind: "none", Quenched: rows}}.trainer(t).Potential()
			if err != nil {
				t.Fatal(err)
			}
			errors = append(errors, math.Abs(u.Energy([]float64{a, b})-want))
		}
		if !(errors[1] < 3e-4 && errors[1] < errors[0]/12) {
			t.Errorf("%s: errors %.2g with 100 and %.2g with 1600 latents", loss, errors[0], errors[1])
		}
	}
}

// TestOptimalLaws: what has no law is refused with the reason.
func TestOptimalLaws(t *testing.T) {
	hot := Noise{Kind: "injected", TG: 1, Quenched: 4}
	for _, c := range []struct {
		name                                          string
		game                                          optimalGame
		recurrence, linearizer, stationary, boltzmann []string
	}{
		{"minibatch", optimalGame{noise: Noise{Kind: "minibatch"}}, []string{"minibatch", "innovation"}, []string{"minibatch"}, nil, []string{"change every step"}},
		{"no prior", optimalGame{noise: hot}, nil, nil, []string{"no prior", "C_h lies between", "∞"}, []string{"C_h lies between", "weight-decay"}},
		{"no prior, 2KL", optimalGame{noise: hot, loss: "non-saturating"}, nil, nil, []string{"no prior", "infinite"}, []string{"no prior"}},
		{"none", optimalGame{prior: gaussianPrior{1}}, []string{"none"}, nil, nil, []string{"temperature 0"}},
		{"cold", optimalGame{noise: Noise{Kind: "injected", Quenched: 4}}, []string{"temperature 0"}, nil, nil, []string{"no prior"}},
		{"adam", optimalGame{noise: hot, prior: gaussianPrior{1}, optimizer: optimizer(t, "adam")}, []string{"whole past"}, []string{"adam"}, nil, []string{"adam"}},
		{"natural", optimalGame{noise: hot, prior: gaussianPrior{1}, optimizer: optimizer(t, "natural")}, nil, nil, nil, []string{"ηTΓ"}},
		{"fisher", optimalGame{noise: hot, prior: gaussianPrior{1}, optimizer: natural(t, "natural", "fisher", 0)}, nil, []string{"fisher", "l2"}, nil, []string{"ηTΓ"}},
		{"sgd", optimalGame{noise: hot, prior: gaussianPrior{1}}, nil, nil, nil, nil},
	} {
		o := c.game.trainer(t)
		_, err := o.Recurrence()
		refused(t, c.name+": Recurrence", err, c.recurrence)
		_, err = o.Linearizer()
		refused(t, c.name+": Linearizer", err, c.linearizer)
		refused(t, c.name+": Stationary", o.Stationary(), c.stationary)
		refused(t, c.name+": Boltzmann", o.Boltzmann(), c.boltzmann)
	}
	for part, change := range map[string]func(*OptimalGame){
		"discriminator has no parameters": func(g *OptimalGame) { g.Noise = Noise{Kind: "injected", TD: 1, TG: 1} },
		"outputs":                         func(g *OptimalGame) { g.Generator = mustMLP(t, 1, nil, 2, "tanh") },
		"quenched":                        func(g *OptimalGame) { g.QuenchedSource = nil },
		"dimension 2": func(g *OptimalGame) {
			g.Discriminator = optimal(t, OptimalConfig{Bandwidth: 1, Latents: "quantiles"}, bimodal(t), "saturating")
		},
		"batch":                  func(g *OptimalGame) { g.Batch = 0 },
		"allowed are functional": func(g *OptimalGame) { g.Observables = []string{"loss_d"} },
	} {
		g := optimalGame{}.game(t)
		change(&g)
		_, err := NewOptimal(g)
		refused(t, part, err, []string{part})
	}
	if l, signs := Multiplicity(mustMLP(t, 1, []int{3, 2}, 1, "tanh")); math.Abs(l-math.Log(12)) > 1e-13 || !signs {
		t.Errorf("log multiplicity %v, signs %v", l, signs)
	}
}

// TestOptimalBoltzmann: the trainer's SGLD on x = az + b has the means and variances of
// e^{−U/T} by quadrature on the plane, with the first-order correction of the step size
// (U − η|∇U|²/4 + ηT∇²U/2), for a normal prior and, without the correction and with a
// smaller step, for a box. Errors from 40 blocks, |z| < 4, standard errors capped at 6 % of
// the spread. Noise of half the variance, the planted mistake, fails.
func TestOptimalBoltzmann(t *testing.T) {
	const temperature, half, n = 0.25, 5.0, 100
	for _, c := range []struct {
		name  string
		prior Prior
		eta   float64
		wrong float64 // multiplies the noise
	}{{"weight-decay", gaussianPrior{1}, 0.2, 1}, {"box", boxPrior{1.5}, 0.05, 1}, {"half the noise", gaussianPrior{1}, 0.2, math.Sqrt(0.5)}} {
		sgd, err := SGDConfig{Eta: c.eta}.Optimizer()
		if err != nil {
			t.Fatal(err)
		}
		o := optimalGame{latent: 1, target: normalTarget(t, 1, 0.8), config: OptimalConfig{Bandwidth: 0.5, Latents: "quantiles"},
			prior: c.prior, optimizer: sgd, noise: Noise{Kind: "injected", TG: temperature, Quenched: 6}}.trainer(t)
		u, err := o.Potential()
		if err != nil {
			t.Fatal(err)
		}
		// Moments |a|, a², b, b² by quadrature.
		value := func(x []float64) []float64 { return []float64{math.Abs(x[0]), x[0] * x[0], x[1], x[1] * x[1]} }
		edge := half
		if b, ok := c.prior.(boxPrior); ok {
			edge = b.half
		}
		want, z, g, hv := make([]float64, 4), 0.0, make([]float64, 2), make([]float64, 2)
		for i := range n {
			for j := range n { // the midpoint rule
				x := []float64{edge * (2*(float64(i)+0.5)/n - 1), edge * (2*(float64(j)+0.5)/n - 1)}
				e := u.Gradient(g, x)
				if edge == half {
					e -= c.eta * (g[0]*g[0] + g[1]*g[1]) / 4
					u.HessVec(hv, x, []float64{1, 0})
					e += c.eta * temperature * hv[0] / 2
					u.HessVec(hv, x, []float64{0, 1})
					e += c.eta * temperature * hv[1] / 2
				}
				w := math.Exp(-e / temperature)
				z += w
				for k, v := range value(x) {
					want[k] += w * v
				}
			}
		}
		const blocks, block = 40, 1500
		src := stream(t, c.name)
		state, next, xi, theta := []float64{0.5, 0.5}, make([]float64, 2), make([]float64, 2), make([]float64, 2)
		sums, squares := make([]float64, 4), make([]float64, 4)
		for b := -1; b < blocks; b++ {
			in := make([]float64, 4)
			for range block {
				src.Normals(xi)
				scaled(xi, c.wrong, xi)
				o.Step(next, state, xi)
				state, next = next, state
				o.Theta(theta, state)
				for k, v := range value(theta) {
					in[k] += v / block
				}
			}
			for k, v := range in {
				if b >= 0 {
					sums[k], squares[k] = sums[k]+v/blocks, squares[k]+v*v/blocks
				}
			}
		}
		failed := false
		for k := range want {
			want[k] /= z
			stderr := math.Sqrt((squares[k] - sums[k]*sums[k]) / (blocks - 1))
			if zk := (sums[k] - want[k]) / stderr; math.Abs(zk) > 4 || stderr > 0.06 {
				failed = true
				if c.wrong == 1 {
					t.Errorf("%s: moment %d is %.4f(%.4f), want %.4f (z = %.1f)", c.name, k, sums[k], stderr, want[k], zk)
				}
			}
		}
		if failed != (c.wrong != 1) {
			t.Errorf("%s: failed %v", c.name, failed)
		}
	}
}
