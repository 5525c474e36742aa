package gan

import (
	"math"
	"strings"
	"testing"

	"machlup/internal/num"
)

// TestClassicalStep: for injected noise it is the noise-free step; for minibatches the mean
// of independent steps, whose error bar is checked against a second, larger estimate.
func TestClassicalStep(t *testing.T) {
	s := game{hidden: []int{4}, noise: Noise{Kind: "injected", TD: 1, TG: 1, Quenched: 6}}
	tr := s.trainer(t)
	state, got, want := start(t, tr), make([]float64, tr.Dim()), make([]float64, tr.Dim())
	stderr := normals(stream(t, "junk"), tr.Dim())
	if n := tr.ClassicalStep(got, stderr, state, 10, stream(t, "draws")); n != 1 || num.Norm2(stderr) != 0 {
		t.Errorf("%d draws, errors %v", n, num.Norm2(stderr))
	}
	tr.Step(want, state, make([]float64, tr.Inputs()))
	within(t, "injected", got, want, 0)

	s = game{hidden: []int{4}, g: optimizer(t, "natural-momentum"), d: optimizer(t, "adam")}
	tr = s.trainer(t)
	state = start(t, tr)
	count := tr.gen.mem - 1
	state[count] = 3 // Adam's counter
	for i := tr.dis.mem + tr.dis.net.Params(); i < count; i++ {
		state[i] = math.Abs(state[i]) // Adam's second moments
	}
	a, b := make([]float64, tr.Dim()), make([]float64, tr.Dim())
	errA, errB := make([]float64, tr.Dim()), make([]float64, tr.Dim())
	tr.ClassicalStep(a, errA, state, 400, stream(t, "a"))
	tr.ClassicalStep(b, errB, state, 1600, stream(t, "b"))
	chi2, n, ratio := 0.0, 0, 0.0
	for i := range a {
		if i == count {
			continue
		}
		n++
		chi2 += (a[i] - b[i]) * (a[i] - b[i]) / (errA[i]*errA[i] + errB[i]*errB[i])
		ratio += errA[i] / errB[i]
	}
	if a[count] != 4 || errA[count] != 0 {
		t.Errorf("Adam's counter is %v ± %v, want 4", a[count], errA[count])
	}
	// Components are correlated: a mean square near 1, not a χ² law.
	if m := chi2 / float64(n); !(m > 0.2 && m < 3) {
		t.Errorf("mean squared pull %v", m)
	}
	if r := ratio / float64(n); !(r > 1.8 && r < 2.2) {
		t.Errorf("a quarter of the draws has %v times the error, want 2", r)
	}
	s.noise = Noise{Kind: "minibatch+injected", TD: 100, TG: 100} // must not be averaged in
	s.trainer(t).ClassicalStep(b, nil, state, 400, stream(t, "a"))
	within(t, "injected noise left out", b, a, 0)
}

// TestGenerate: samples of more latents than a batch, and a Fork gives the same.
func TestGenerate(t *testing.T) {
	tr := game{hidden: []int{4}, target: planar(t), noise: Noise{Kind: "none", Quenched: 5}}.trainer(t)
	q := start(t, tr)
	z := normals(stream(t, "z"), 23*tr.Latent())
	x := make([]float64, 23*tr.SampleDim())
	tr.Generate(x, q, z)
	var want []float64
	for i := range 23 {
		want = append(want, naiveForward(tr.gen.net.(*MLP), tr.Theta(q), z[i*tr.latent:(i+1)*tr.latent])...)
	}
	within(t, "samples", x, want, 1e-13)
	y := make([]float64, len(x))
	tr.Fork().Generate(y, q, z)
	within(t, "samples of a fork", y, x, 0)
}

// TestInspect compares the quantities kept for checks with each other and with Drift.
func TestInspect(t *testing.T) {
	forEachGame(t, func(t *testing.T, s game) {
		if s.act == "relu" || s.act == "leaky-relu" {
			return // differences step over kinks
		}
		s.d, s.g = optimizer(t, "natural"), optimizer(t, "natural-momentum")
		s.noise = Noise{Kind: "injected", TD: 1, TG: 1, Quenched: 6}
		tr := s.trainer(t)
		r, err := tr.Recurrence()
		if err != nil {
			t.Fatal(err)
		}
		q := start(t, tr)[:tr.Config()]
		for b, block := range r.Blocks() {
			n := block.Hi - block.Lo
			g, f, v, want := make([]float64, n), make([]float64, n*n), make([]float64, n), make([]float64, n)
			tr.BatchGradient(g, b, q)
			dir := make([]float64, tr.Config())
			copy(dir[block.Lo:], normals(stream(t, block.Name), n))
			slope := central(func(x []float64) []float64 { return []float64{tr.BatchLoss(b, x)} }, q, dir, 1e-3)[0]
			if a := num.Dot(g, dir[block.Lo:block.Hi]); math.Abs(a-slope) > 1e-8*(1+math.Abs(a)) {
				t.Errorf("%s: slope %v, differences %v", block.Name, a, slope)
			}
			if lo, hi := tr.BlockRange(b); lo != block.Lo || hi != block.Hi {
				t.Errorf("%s lies in [%d,%d), want [%d,%d)", block.Name, lo, hi, block.Lo, block.Hi)
			}
			lambda, natural := tr.BatchMetric(b)
			if lambda != 1e-4 || !natural {
				t.Errorf("%s: damping %v, natural %v", block.Name, lambda, natural)
			}
			tr.DenseMetric(f, b, q, lambda)
			r.Drift(v, b, q)
			tr.BatchDirection(want, b, q)
			within(t, block.Name+": −η·direction", times(-0.001, want), v, 1e-15)
			num.Gemm(false, false, n, 1, n, -1000, f, n, v, 1, 0, want, 1) // −F v/η = g
			within(t, block.Name+": F·drift", want, g, 1e-8)
		}
	})
}

func TestConfigErrors(t *testing.T) {
	ok := game{hidden: []int{3}}
	for part, change := range map[string]func(c *Config){
		"needs a generator":         func(c *Config) { c.Loss = nil },
		"output(s), the target":     func(c *Config) { c.Generator = mustMLP(t, 3, nil, 2, "tanh") },
		"input(s), the generator":   func(c *Config) { c.Discriminator = mustMLP(t, 2, nil, 1, "tanh") },
		"allowed is 1":              func(c *Config) { c.Discriminator = mustMLP(t, 1, nil, 2, "tanh") },
		"batch size":                func(c *Config) { c.Batch = 0 },
		"no rule":                   func(c *Config) { c.OptimizerD = Optimizer{} },
		"damping":                   func(c *Config) { c.OptimizerG.Direction.Natural = true },
		"noise kind \"pink\"":       func(c *Config) { c.Noise.Kind = "pink" },
		"temperature of the disc":   func(c *Config) { c.Noise = Noise{Kind: "injected", TD: -1} },
		"injects none":              func(c *Config) { c.Noise.TG = 1 },
		"metric noise of the gen":   func(c *Config) { c.Noise = Noise{Kind: "injected", TG: 1, MetricG: true} },
		"quenched batch has size":   func(c *Config) { c.Noise = Noise{Kind: "none", Quenched: -1} },
		"source for its quenched":   func(c *Config) { c.Noise = Noise{Kind: "none"}; c.QuenchedSource = nil },
		"source for their eval":     func(c *Config) { c.Observables = []string{"rho"}; c.EvaluationSource = nil },
		"evaluation batch has size": func(c *Config) { c.Observables = []string{"rho"}; c.EvaluationBatch = -1 },
		"observable \"gen_mean_0\"": func(c *Config) { c.Observables = []string{"gen_mean_0"} },
		"\"rho\" is listed twice":   func(c *Config) { c.Observables = []string{"rho", "w2", "rho"} },
	} {
		cfg := ok.config(t)
		change(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not mention %q", err, part)
		}
	}
	for part, f := range map[string]func() error{
		"eta of sgd":          func() error { _, err := SGDConfig{0}.Optimizer(); return err },
		"eta of momentum":     func() error { _, err := MomentumConfig{Eta: -1}.Optimizer(); return err },
		"beta of momentum":    func() error { _, err := MomentumConfig{Eta: 1, Beta: 1}.Optimizer(); return err },
		"eta of adam":         func() error { _, err := AdamConfig{}.Optimizer(); return err },
		"beta1 and beta2":     func() error { _, err := AdamConfig{1, 1, 0, 0}.Optimizer(); return err },
		"eta of nesterov":     func() error { _, err := NesterovConfig{}.Optimizer(); return err },
		"beta of nesterov":    func() error { _, err := NesterovConfig{1, 1}.Optimizer(); return err },
		"eta of rmsprop":      func() error { _, err := RMSpropConfig{}.Optimizer(); return err },
		"alpha of rmsprop":    func() error { _, err := RMSpropConfig{Eta: 1, Alpha: 1}.Optimizer(); return err },
		"eps of rmsprop":      func() error { _, err := RMSpropConfig{Eta: 1, Eps: -1}.Optimizer(); return err },
		"of amsgrad":          func() error { _, err := AMSGradConfig{1, 0, 1, 0}.Optimizer(); return err },
		"eta of optimistic":   func() error { _, err := OptimisticConfig{-1}.Optimizer(); return err },
		"eps of adam":         func() error { _, err := AdamConfig{1, 0, 0, -1}.Optimizer(); return err },
		"eta of natural":      func() error { _, err := NaturalConfig{Damping: 1}.Optimizer(); return err },
		"damping of":          func() error { _, err := NaturalConfig{Eta: 1}.Optimizer(); return err },
		"beta of natural-mom": func() error { _, err := NaturalMomentumConfig{Eta: 1, Beta: -1, Damping: 1}.Optimizer(); return err },
		"damping":             func() error { _, err := NaturalMomentumConfig{Eta: 1}.Optimizer(); return err },
		"degree": func() error {
			_, err := NaturalConfig{Eta: 1, Damping: 1, Metric: "otto", Degree: -1}.Optimizer()
			return err
		},
		"metric \"wasser\"":   func() error { _, err := NaturalConfig{Eta: 1, Damping: 1, Metric: "wasser"}.Optimizer(); return err },
		"optimizer \"lion\"":  func() error { _, err := DefaultOptimizer("lion"); return err },
		"activation \"gelu\"": func() error { _, err := NewActivation("gelu", 0); return err },
		"slope":               func() error { _, err := NewActivation("leaky-relu", -0.1); return err },
		"width 0":             func() error { _, err := NewMLP(1, []int{0}, 1, tanhActivation{}); return err },
		"needs an activation": func() error { _, err := NewMLP(1, []int{2}, 1, nil); return err },
		"activation \"\"":     func() error { _, err := GeneratorConfig{Latent: 1}.Network(1); return err },
		"activation \"x\"":    func() error { _, err := DiscriminatorConfig{Activation: "x"}.Network(1); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not mention %q", err, part)
		}
	}
}

// TestPaperSettings holds the defaults to the listing's.
func TestPaperSettings(t *testing.T) {
	for name, want := range map[string]Optimizer{
		"sgd":              {"sgd", Direction{}, sgdRule{0.01}},
		"adam":             {"adam", Direction{}, adamRule{0.001, 0.5, 0.999, 1e-8}},
		"natural":          {"natural", Direction{Natural: true, Damping: 1e-4, Metric: "l2", Degree: 6, Precision: "float64"}, sgdRule{0.001}},
		"natural-momentum": {"natural-momentum", Direction{Natural: true, Damping: 1e-4, Metric: "l2", Degree: 6, Precision: "float64"}, momentumRule{0.001, 0.9}},
	} {
		if got := optimizer(t, name); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	tr := paperTrainer(t, "natural", 128)
	if n, m := tr.gen.net.Params(), tr.dis.net.Params(); n != 577 || m != 97 || tr.Inputs() != 128*33 {
		t.Errorf("%d and %d parameters, %d inputs", n, m, tr.Inputs())
	}
	q, none := DefaultNoise().Noise(), Noise{Kind: "none"}
	sgd, natural := optimizer(t, "sgd"), optimizer(t, "natural")
	if q.rows(128, sgd, natural) != 128 || none.rows(64, sgd, sgd) != 1024 || none.rows(64, sgd, natural) != 128 || none.rows(64, natural, sgd) != 128 {
		t.Error("the default quenched batch has the wrong size")
	}
}
