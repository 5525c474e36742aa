package gan

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// fixture is testdata/pytorch.json, written by testdata/make_pytorch.py with PyTorch's
// autograd and the code of the paper's Listing 1.
type fixture struct {
	Gradients map[string]struct {
		D           []float64 `json:"grad_d"`
		G           []float64 `json:"grad_g"`
		GSaturating []float64 `json:"grad_g_saturating"`
		NaturalG    []float64 `json:"natural_g"`
		NaturalD    []float64 `json:"natural_d"`
		HVPD        []float64 `json:"hvp_d"`
		HVPG        []float64 `json:"hvp_g"`
	}
	Trajectories map[string]struct {
		LossD []float64 `json:"loss_d"`
		LossG []float64 `json:"loss_g"`
		Psi   []float64
		Theta []float64
	}
}

func readFixture(t *testing.T) fixture {
	t.Helper()
	b, err := os.ReadFile("testdata/pytorch.json")
	if err != nil {
		t.Fatal(err)
	}
	var f fixture
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// hashed, bell and formulaInit are the formulas make_pytorch.py shares.
func hashed(salt, i int) uint32 {
	x := uint32(i) + uint32(salt*1000003)
	x ^= x >> 16
	x *= 0x85EBCA6B
	x ^= x >> 13
	x *= 0xC2B2AE35
	return x ^ x>>16
}

func bell(salt, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		var s uint64
		for j := range 4 {
			s += uint64(hashed(salt, 4*i+j))
		}
		x[i] = (float64(s)/(1<<32) - 2) * math.Sqrt(3)
	}
	return x
}

func formulaInit(net *MLP, params []float64, salt int) {
	for l := range net.layers() {
		w, b := net.layer(params, l)
		for k, p := range [][]float64{w, b} {
			for i := range p {
				p[i] = (2*(float64(hashed(salt+2*l+k, i))/(1<<32)) - 1) / math.Sqrt(float64(net.dims[l]))
			}
		}
	}
}

// TestPyTorchGradients compares gradients, natural gradients (Gram and full form) and
// Hessian-vector products with autograd, on the paper's networks and two others.
func TestPyTorchGradients(t *testing.T) {
	f := readFixture(t)
	for _, c := range []struct {
		name               string
		latent             int
		hidden             []int
		dim, batch         int
		actG, actD         string
		gramG, gramD, kink bool
	}{
		{"paper", 16, []int{32}, 1, 128, "relu", "leaky-relu", true, false, true},
		{"tanh-2d", 3, []int{5, 4}, 2, 9, "tanh", "softplus", true, true, false},
		{"wide-batch", 2, []int{3}, 2, 40, "softplus", "tanh", false, false, false},
	} {
		want, ok := f.Gradients[c.name]
		if !ok {
			t.Fatalf("%s is not in the fixture", c.name)
		}
		target, _ := DefaultGaussian().Target()
		if c.dim == 2 {
			target = planar(t)
		}
		build := func(loss, opt string) (*Trainer, []float64) {
			s := game{noise: Noise{Kind: "none", Quenched: c.batch}, target: target, loss: loss, d: optimizer(t, opt), g: optimizer(t, opt)}
			cfg := s.config(t)
			cfg.Generator, cfg.Discriminator = mustMLP(t, c.latent, c.hidden, c.dim, c.actG), mustMLP(t, c.dim, c.hidden, 1, c.actD)
			tr, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			for i, x := range bell(100, c.batch*c.dim) {
				tr.x[i] = 8 + 1.25*x
			}
			copy(tr.zD, bell(101, c.batch*c.latent))
			copy(tr.zG, bell(102, c.batch*c.latent))
			q := make([]float64, tr.Config())
			formulaInit(tr.gen.net.(*MLP), tr.Theta(q), 1)
			formulaInit(tr.dis.net.(*MLP), tr.Psi(q), 50)
			return tr, q
		}
		directions := func(loss, opt string) (d, g []float64) {
			tr, q := build(loss, opt)
			tr.directionD(tr.Psi(q), tr.Theta(q))
			tr.directionG(tr.Psi(q), tr.Theta(q))
			if opt == "natural" && (tr.dis.metric.(*l2Metric).gram != c.gramD || tr.gen.metric.(*l2Metric).gram != c.gramG) {
				t.Errorf("%s: the solved forms are gram = %v, %v", c.name, tr.dis.metric.(*l2Metric).gram, tr.gen.metric.(*l2Metric).gram)
			}
			return tr.dis.dir, tr.gen.dir
		}
		d, g := directions("non-saturating", "sgd")
		within(t, c.name+": gradient of D", d, want.D, 1e-10)
		within(t, c.name+": gradient of G", g, want.G, 1e-10)
		_, g = directions("saturating", "sgd")
		within(t, c.name+": saturating gradient of G", g, want.GSaturating, 1e-10)
		d, g = directions("non-saturating", "natural")
		within(t, c.name+": natural gradient of D", d, want.NaturalD, 1e-10)
		within(t, c.name+": natural gradient of G", g, want.NaturalG, 1e-10)

		tr, q := build("non-saturating", "sgd")
		h, hv := newHessian(tr), make([]float64, tr.Config())
		vPsi, vTheta := bell(103, len(tr.Psi(q))), bell(104, len(tr.Theta(q)))
		h.productD(hv, tr.Psi(q), tr.Theta(q), vPsi, vTheta, true)
		within(t, c.name+": ∇²L_D·v", hv, want.HVPD, 1e-10)
		h.productG(hv, tr.Psi(q), tr.Theta(q), vPsi, vTheta, true)
		within(t, c.name+": ∇²L_G·v", hv, want.HVPG, 1e-10)
	}
}

// TestPyTorchTrajectories follows 50 steps of the paper's four trainings with the inputs of
// the listing's run: parameters at the end and both losses at every step (the listing's BCE
// of a sigmoid, taken where the listing takes them: D's before its step, G's after D's).
func TestPyTorchTrajectories(t *testing.T) {
	f := readFixture(t)
	if len(f.Trajectories) != 4 {
		t.Fatalf("the fixture has %d trajectories, want 4", len(f.Trajectories))
	}
	for name, want := range f.Trajectories {
		tr := paperTrainer(t, name, 128)
		state, next := make([]float64, tr.Dim()), make([]float64, tr.Dim())
		q := make([]float64, tr.Config())
		formulaInit(tr.gen.net.(*MLP), tr.Theta(q), 1)
		formulaInit(tr.dis.net.(*MLP), tr.Psi(q), 50)
		tr.Init(state, q)
		var lossD, lossG []float64
		for k := range want.LossD {
			xi := bell(200+k, tr.Inputs())
			tr.Step(next, state, xi)
			tr.batch(xi, 0)
			zD, zG := tr.zD, tr.zG
			data := tr.x[:tr.rows*tr.dim]
			d, _ := batchLosses(tr, tr.Psi(state), tr.Theta(state), data, zD)
			_, g := batchLosses(tr, tr.Psi(next), tr.Theta(state), data, zG)
			lossD, lossG = append(lossD, d), append(lossG, g)
			state, next = next, state
		}
		within(t, name+": ψ after the last step", tr.Psi(state), want.Psi, 1e-10)
		within(t, name+": θ after the last step", tr.Theta(state), want.Theta, 1e-10)
		within(t, name+": losses of D", lossD, want.LossD, 1e-10)
		within(t, name+": losses of G", lossG, want.LossG, 1e-10)
	}
}

// paperTrainer is the listing's training of that name: for the natural gradients D is
// trained by Adam.
func paperTrainer(t testing.TB, name string, batch int) *Trainer {
	t.Helper()
	d := "adam"
	if name == "sgd" {
		d = "sgd"
	}
	generator, err := DefaultGenerator().Network(1)
	if err != nil {
		t.Fatal(err)
	}
	discriminator, err := DefaultDiscriminator().Network(1)
	if err != nil {
		t.Fatal(err)
	}
	target, err := DefaultGaussian().Target()
	if err != nil {
		t.Fatal(err)
	}
	tr, err := New(Config{Generator: generator, Discriminator: discriminator, Target: target, Loss: NonSaturating{},
		OptimizerD: optimizer(t, d), OptimizerG: optimizer(t, name), Batch: batch, Noise: DefaultNoise().Noise()})
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", name, err))
	}
	return tr
}
