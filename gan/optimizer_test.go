package gan

import (
	"encoding/json"
	"fmt"
	"math"
	"math/cmplx"
	"os"
	"slices"
	"testing"
)

// follower walks a rule along directions.
type follower struct {
	rule                         Rule
	p, next, memory, nextMemory_ []float64
}

func follow(rule Rule, p []float64) *follower {
	m := rule.Memory(len(p))
	f := &follower{rule, slices.Clone(p), make([]float64, len(p)), make([]float64, m), make([]float64, m)}
	rule.Init(f.memory)
	return f
}

func (f *follower) step(direction []float64, s float64, w []float64) {
	f.rule.Step(f.next, f.nextMemory_, f.p, f.memory, direction, s, w)
	f.p, f.next, f.memory, f.nextMemory_ = f.next, f.p, f.nextMemory_, f.memory
}

// TestRules: a rule with a Linear form takes the step it states, for any directions, with
// noise; and every rule keeps Step free of allocations and of writes to what it reads.
func TestRules(t *testing.T) {
	for _, e := range Optimizers() {
		opt, err := e.New().Optimizer()
		if err != nil || opt.Name != e.Name {
			t.Fatalf("%s: %v %v", e.Name, opt.Name, err)
		}
		src := stream(t, e.Name)
		n := 5
		f := follow(opt.Rule, normals(src, n))
		before := slices.Clone(f.p)
		for k := range 4 {
			p, dir, w := slices.Clone(f.p), normals(src, n), normals(src, n)
			keep := slices.Concat(f.p, f.memory, dir, w)
			f.step(dir, 0.1, w)
			if !slices.Equal(keep, slices.Concat(f.next, f.nextMemory_, dir, w)) {
				t.Fatalf("%s writes to what it reads", e.Name)
			}
			if eta, beta, err := opt.Rule.Linear(); err == nil {
				want := make([]float64, n)
				for i := range want {
					want[i] = p[i] + 0.1*w[i] + beta*(p[i]-before[i]) - eta*dir[i]
				}
				within(t, fmt.Sprintf("%s, step %d", e.Name, k), f.p, want, 1e-13)
			}
			before = p
		}
		dir := normals(src, n)
		if a := testing.AllocsPerRun(5, func() { f.step(dir, 0.1, dir) }); a != 0 {
			t.Errorf("%s: Step allocates %v times", e.Name, a)
		}
	}
}

// TestAdamOnAConstantGradient: m = (1−β₁ᵗ)g, v = (1−β₂ᵗ)g², so every step is ηg/(|g| + ε);
// amsgrad's largest v is the last one then, and does the same.
func TestAdamOnAConstantGradient(t *testing.T) {
	for _, name := range []string{"adam", "amsgrad"} {
		src := stream(t, name)
		p, dir, w := normals(src, 5), normals(src, 5), normals(src, 5)
		f := follow(optimizer(t, name).Rule, p)
		for k := range 3 {
			f.step(dir, 0.1, w)
			for i := range p {
				p[i] += 0.1*w[i] - 0.001*dir[i]/(math.Abs(dir[i])+1e-8)
			}
			within(t, fmt.Sprintf("%s, step %d", name, k), f.p, p, 1e-13)
		}
	}
}

// rulesFixture is testdata/rules.json, written by testdata/make_rules.py.
type rulesFixture struct {
	Rules     map[string][]float64
	Schedules map[string]map[string][]float64
}

func readRules(t *testing.T) rulesFixture {
	t.Helper()
	b, err := os.ReadFile("testdata/rules.json")
	if err != nil {
		t.Fatal(err)
	}
	var f rulesFixture
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// fixtureRules have the settings of make_rules.py.
var fixtureRules = map[string]Rule{
	"sgd":      sgdRule{0.02},
	"momentum": momentumRule{0.02, 0.8},
	"nesterov": nesterovRule{0.02, 0.8},
	"rmsprop":  rmspropRule{0.02, 0.9, 1e-3},
	"adam":     adamRule{0.02, 0.5, 0.9, 1e-3},
	"amsgrad":  amsgradRule{0.02, 0.5, 0.9, 1e-3},
}

// fixturePath follows a rule along the gradients of make_rules.py.
func fixturePath(rule Rule, steps int) []float64 {
	const n = 4
	f, g, path := follow(rule, bell(399, n)), make([]float64, n), []float64(nil)
	for k := range steps {
		noise := bell(400+k, n)
		for i := range g {
			g[i] = (float64(i+1)/4*f.p[i] + noise[i]) * 4 / float64(4+k)
		}
		f.step(g, 0, nil)
		path = append(path, f.p...)
	}
	return path
}

// TestPyTorchRules follows PyTorch's optimizers step by step.
func TestPyTorchRules(t *testing.T) {
	f := readRules(t)
	if len(f.Rules) != len(fixtureRules) {
		t.Fatalf("the fixture has %d rules, want %d", len(f.Rules), len(fixtureRules))
	}
	for name, want := range f.Rules {
		within(t, name, fixturePath(fixtureRules[name], len(want)/4), want, 1e-13)
	}
	if e := relative(f.Rules["amsgrad"], f.Rules["adam"], 1); e < 1e-3 {
		t.Errorf("the fixture does not tell amsgrad from adam: %v", e)
	}
}

// TestOptimisticBilinear: on min_x max_y xy, both at once, the trajectory is that of the
// closed-form eigenvalues λ = [(1 + 2iη) ± √(1 − 4η²)]/2 of z = x + iy, whose gradient is
// −iz, from a first step of gradient descent z' = (1 + iη)z. So it contracts at
// |λ|² = (1 + √(1−4η²))/2, where gradient descent expands.
func TestOptimisticBilinear(t *testing.T) {
	for _, eta := range []float64{0.05, 0.2, 0.45} {
		rule := optimisticRule{eta}
		x, y := follow(rule, []float64{1}), follow(rule, []float64{0.5})
		root := math.Sqrt(1 - 4*eta*eta)
		fast, slow := complex((1+root)/2, eta), complex((1-root)/2, eta)
		if m := cmplx.Abs(fast) * cmplx.Abs(fast); math.Abs(m-(1+root)/2) > 1e-15 || m >= 1 {
			t.Errorf("|λ|² = %v", m)
		}
		z0 := complex(1, 0.5)
		z1 := z0 * complex(1, eta)
		a := (z1 - slow*z0) / (fast - slow)
		b := z0 - a
		for k := 1; k <= 60; k++ {
			gx, gy := y.p[0], -x.p[0]
			x.step([]float64{gx}, 0, nil)
			y.step([]float64{gy}, 0, nil)
			want := a*cmplx.Pow(fast, complex(float64(k), 0)) + b*cmplx.Pow(slow, complex(float64(k), 0))
			within(t, fmt.Sprintf("η = %g, step %d", eta, k), []float64{x.p[0], y.p[0]}, []float64{real(want), imag(want)}, 1e-12)
			if t.Failed() {
				return
			}
		}
	}
}

// TestOptimisticGAN: on the bilinear game of the trainer (a linear critic on linear samples
// under the Wasserstein loss, quenched batch, alternating players) the step is the matrix
// that the definition gives.
func TestOptimisticGAN(t *testing.T) {
	opt := optimizer(t, "optimistic")
	tr := game{latent: 2, loss: "wasserstein", noise: Noise{Kind: "none", Quenched: 5}, d: opt, g: opt}.trainer(t)
	q := start(t, tr)[:tr.Config()]
	state, next := make([]float64, tr.Dim()), make([]float64, tr.Dim())
	tr.Init(state, q)
	mean := func(x []float64, width, c int) (m float64) {
		for i := c; i < len(x); i += width {
			m += x[i] * float64(width) / float64(len(x))
		}
		return m
	}
	data := mean(tr.x[:tr.rows], 1, 0)
	zD, zG := []float64{mean(tr.zD, 2, 0), mean(tr.zD, 2, 1)}, []float64{mean(tr.zG, 2, 0), mean(tr.zG, 2, 1)}
	w, c, v, b := q[0], q[1], []float64{q[2], q[3]}, q[4] // V = wx + c, x = v·z + b
	eta := DefaultOptimistic().Eta
	var oldD, oldG []float64
	for k := range 30 {
		// L_D = −(w·data + c) + w(v·z̄_D + b) + c, L_G = −w'(v·z̄_G + b) − c.
		gD := []float64{v[0]*zD[0] + v[1]*zD[1] + b - data, 0}
		if oldD == nil {
			oldD = gD
		}
		w, c = w-2*eta*gD[0]+eta*oldD[0], c-2*eta*gD[1]+eta*oldD[1]
		gG := []float64{-w * zG[0], -w * zG[1], -w}
		if oldG == nil {
			oldG = gG
		}
		v = []float64{v[0] - 2*eta*gG[0] + eta*oldG[0], v[1] - 2*eta*gG[1] + eta*oldG[1]}
		b += -2*eta*gG[2] + eta*oldG[2]
		oldD, oldG = gD, gG
		tr.Step(next, state, nil)
		state, next = next, state
		within(t, fmt.Sprint("step ", k), state[:tr.Config()], []float64{w, c, v[0], v[1], b}, 1e-12)
	}
}

// stationary returns the variance of p under a linear rule's noise at temperature T in a
// parabola of curvature h: the rule's own step gives the linear map A and the noise's vector
// L of [p | memory], and Σ = Σ_k A^k LLᵀ A^kᵀ.
func stationary(t *testing.T, rule Rule, h, T float64) float64 {
	t.Helper()
	x, next := make([]float64, 1+rule.Memory(1)), make([]float64, 1+rule.Memory(1))
	if _, ok := rule.(optimisticRule); ok {
		x[2] = 1 // a step has been made
	}
	s, w, variance := math.Sqrt(rule.NoiseVariance(T)), []float64{1}, 0.0
	for range 10_000_000 {
		rule.Step(next[:1], next[1:], x[:1], x[1:], []float64{h * x[0]}, s, w)
		x, next = next, x
		s, w = 0, nil
		variance += x[0] * x[0]
		size := math.Abs(x[0])
		if len(x) > 1 {
			size += math.Abs(x[1])
		}
		if size < 1e-12*math.Sqrt(variance) {
			return variance
		}
	}
	t.Fatal("the rule is unstable")
	return 0
}

// TestNoiseVariance: s² leaves the variance T/h in a parabola as η → 0, and at finite η the
// closed form of each rule. It kills a factor 2, a lost 1−β, noise that enters nesterov once.
func TestNoiseVariance(t *testing.T) {
	const h, T = 0.7, 0.3
	nesterov := func(a, s2, beta float64) float64 { // ARMA(2,1), see errNesterovMemory
		f1, f2, b0, b1 := (1+beta)*(1-a), -beta*(1-a), 1+beta, -beta
		return s2 * (b0*b0 + b1*b1 + f1*b0*b1*(1+(1+f2)/(1-f2))) / (1 - f2*f2 - f1*f1*(1+f2)/(1-f2))
	}
	for _, eta := range []float64{1e-4, 0.3} {
		for name, c := range map[string]struct {
			rule Rule
			want float64
		}{
			"sgd":        {sgdRule{eta}, T / h / (1 - eta*h/2)},
			"momentum":   {momentumRule{eta, 0.8}, T / h / (1 - eta*h/(2*1.8))},
			"β < 0":      {momentumRule{eta, -0.4}, T / h / (1 - eta*h/(2*0.6))}, // the paper's friction at γΔt = 1.4
			"nesterov":   {nesterovRule{eta, 0.8}, nesterov(eta*h, 2*0.2*eta*T, 0.8)},
			"optimistic": {optimisticRule{eta}, T / h * 2 * (1 - eta*h) / ((1 + eta*h) * (2 - 3*eta*h))},
		} {
			got := stationary(t, c.rule, h, T)
			near(t, fmt.Sprintf("%s at η = %g", name, eta), got, c.want, 1e-9)
			if eta < 1e-3 && math.Abs(got*h/T-1) > 1e-3 {
				t.Errorf("%s: temperature %v as η → 0, want %v", name, got*h, T)
			}
		}
	}
	for name, want := range map[string]float64{"sgd": 0.02, "momentum": 2e-4, "nesterov": 2e-4, "adam": 2e-3, "amsgrad": 2e-3, "rmsprop": 2e-3, "optimistic": 0.02, "natural": 2e-3, "natural-momentum": 2e-4} {
		near(t, name, optimizer(t, name).Rule.NoiseVariance(1), want, 1e-14)
	}
}
