package gan

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"machlup/internal/num"
)

func someDynamics(t testing.TB) []Dynamics {
	t.Helper()
	var out []Dynamics
	for _, c := range []DynamicsConfig{AlternatingConfig{3}, SimultaneousConfig{}, ExtragradientConfig{}, ConsensusConfig{0.3}, SGAConfig{0.4, true, 0.1}, SGAConfig{0.4, false, 0}} {
		d, err := c.Dynamics()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, d)
	}
	return out
}

// TestDynamicsConformance holds every dynamics, with every optimizer that it takes, fresh and
// quenched batches and a regulariser, to the suite of every Map.
func TestDynamicsConformance(t *testing.T) {
	for i, d := range someDynamics(t) {
		for _, name := range []string{"sgd", "momentum", "adam", "natural-momentum"} {
			for _, noise := range []Noise{{Kind: "minibatch"}, {Kind: "minibatch+injected", TD: 1e-3, TG: 2e-3}, {Kind: "injected", TD: 1e-3, TG: 1e-3, Quenched: 6},
				{Kind: "injected", TD: 1e-3, TG: 1e-3, MetricG: true, MetricD: true, Quenched: 6}} {
				s := game{latent: 2, hidden: []int{3}, batch: 5, dynamics: d, noise: noise, d: optimizer(t, name), g: optimizer(t, name)}
				s.d.Direction.Damping, s.g.Direction.Damping = 0.1, 0.05
				if noise.Kind == "injected" {
					s.regs = []Regulariser{coupled{sigma: 0.5, kappa: [2]float64{0.2, 0.6}}}
				}
				if _, err := New(s.config(t)); err != nil {
					continue // TestDynamicsRefusals says which
				}
				t.Run(fmt.Sprintf("%s-%d/%s/%s", d.Name(), i, name, noise.Kind), func(t *testing.T) { conform(t, s) })
			}
		}
	}
}

// TestJointRates: the players' learning rates may differ where their noise does not.
func TestJointRates(t *testing.T) {
	s := game{latent: 2, hidden: []int{3}, dynamics: simultaneous{}, noise: Noise{Kind: "injected", TD: 3e-3, TG: 1e-3, Quenched: 6}}
	s.d, _ = MomentumConfig{Eta: 0.01, Beta: 0.5}.Optimizer()
	s.g, _ = MomentumConfig{Eta: 0.03, Beta: 0.5}.Optimizer()
	if _, err := s.trainer(t).Recurrence(); err != nil {
		t.Fatal(err)
	}
	conform(t, s)
}

// TestField compares what the rules follow with matrices from central differences of the
// gradients: H, its transpose and its antisymmetric part dense, at n = 2 players jointly. It
// kills H for Hᵀ, a factor 2, a sign, the other player's latents or step, and a look-ahead
// with the wrong rate.
func TestField(t *testing.T) {
	forEachRegularised(t, func(t *testing.T, s game) {
		s.noise = Noise{Kind: "none", Quenched: 6}
		s.d, _ = SGDConfig{0.03}.Optimizer()
		s.g, _ = SGDConfig{0.07}.Optimizer()
		for _, d := range someDynamics(t) {
			s.dynamics = d
			tr := s.trainer(t)
			q := start(t, tr)[:tr.Config()]
			n := len(q)
			g := mat.NewVecDense(n, gameGradient(tr, q))
			h := mat.NewDense(n, n, nil)
			for j := range n {
				unit := make([]float64, n)
				unit[j] = 1
				h.SetCol(j, central(func(x []float64) []float64 { return gameGradient(tr, x) }, q, unit, 1e-4))
			}
			var hg, htg, want mat.VecDense
			hg.MulVec(h, g)
			htg.MulVec(h.T(), g)
			want.CloneFromVec(g)
			switch d := d.(type) {
			case extragradient:
				ahead := slices.Clone(q)
				num.Axpy(-0.03, tr.Psi(g.RawVector().Data), tr.Psi(ahead))
				num.Axpy(-0.07, tr.Theta(g.RawVector().Data), tr.Theta(ahead))
				want = *mat.NewVecDense(n, gameGradient(tr, ahead))
			case consensus:
				want.AddScaledVec(g, d.gamma, &htg)
			case sga:
				var a mat.VecDense
				a.SubVec(&htg, &hg)
				lambda := d.Lambda / 2
				if d.Align && mat.Dot(g, &htg)*mat.Dot(&a, &htg)/2/float64(n)+d.Eps < 0 {
					lambda = -lambda
				}
				want.AddScaledVec(g, lambda, &a)
			}
			got := make([]float64, n)
			tr.BatchField(got, q)
			within(t, d.Name(), got, want.RawVector().Data, 1e-8)
			if d.Name() == "alternating" {
				continue
			}
			state, next := make([]float64, tr.Dim()), make([]float64, tr.Dim())
			tr.Init(state, q)
			tr.Step(next, state, make([]float64, tr.Inputs()))
			expect := slices.Clone(q)
			num.Axpy(-0.03, tr.Psi(want.RawVector().Data), tr.Psi(expect))
			num.Axpy(-0.07, tr.Theta(want.RawVector().Data), tr.Theta(expect))
			within(t, d.Name()+": step", next[:n], expect, 1e-9)
		}
	})
}

// gameGradient is g = (∂L_D/∂ψ, ∂L_G/∂θ).
func gameGradient(tr *Trainer, q []float64) []float64 {
	g := make([]float64, len(q))
	tr.BatchGradient(tr.Psi(g), 0, q)
	tr.BatchGradient(tr.Theta(g), 1, q)
	return g
}

// TestExtragradientSchedule: the look-ahead has the rate of the step, as PyTorch's optimizer
// that is stepped twice would.
func TestExtragradientSchedule(t *testing.T) {
	s := game{hidden: []int{3}, noise: Noise{Kind: "none", Quenched: 6}, dynamics: extragradient{}}
	plain := s.trainer(t)
	q := start(t, plain)
	s.d.Rule, s.g.Rule = Scheduled(sgdRule{0.01}, ExponentialSchedule{0.5}, nil), Scheduled(sgdRule{0.01}, ExponentialSchedule{0.5}, nil)
	tr := s.trainer(t)
	s.d.Rule, s.g.Rule = sgdRule{0.0025}, sgdRule{0.0025}
	slow := s.trainer(t)
	state, next, want := make([]float64, tr.Dim()), make([]float64, tr.Dim()), make([]float64, slow.Dim())
	tr.Init(state, q)
	state[tr.dis.end-1], state[tr.gen.end-1] = 2, 2
	tr.Step(next, state, nil)
	slow.Step(want, q, nil)
	within(t, "third step", next[:tr.Config()], want, 1e-14)
}

// TestAlignmentChangesSign: the criterion must be negative somewhere, or the test above says
// nothing about it.
func TestAlignmentChangesSign(t *testing.T) {
	signs := map[bool]int{}
	for seed := range 20 {
		s := game{latent: 2, hidden: []int{3}, noise: Noise{Kind: "none", Quenched: 6}, loss: "saturating"}
		var field [2][]float64
		for i, align := range []bool{true, false} {
			s.dynamics = sga{SGAConfig: SGAConfig{1, align, 0}}
			tr := s.trainer(t)
			q := normals(stream(t, fmt.Sprint(seed)), tr.Config())
			field[i] = make([]float64, len(q))
			tr.BatchField(field[i], q)
		}
		signs[relative(field[0], field[1], 1e-300) < 1e-12]++
	}
	if signs[true] == 0 || signs[false] == 0 {
		t.Errorf("λ keeps its sign %d times and changes it %d times; the draws decide nothing", signs[true], signs[false])
	}
}

// TestStepsD compares k steps of the discriminator with k trainers of one step each, on the
// k-th data, latents, regularisers' inputs and noise.
func TestStepsD(t *testing.T) {
	const k = 3
	for _, name := range []string{"sgd", "adam", "natural-momentum"} {
		s := game{latent: 2, hidden: []int{3}, batch: 4, d: optimizer(t, name), g: optimizer(t, name),
			noise: Noise{Kind: "minibatch+injected", TD: 1e-3, TG: 1e-3, MetricD: name == "natural-momentum"}, regs: []Regulariser{coupled{sigma: 0.1, clip: 3}}}
		one := s.trainer(t)
		s.dynamics = alternating{k: k}
		many := s.trainer(t)
		state, next := start(t, many), make([]float64, many.Dim())
		for i := many.Config(); i < many.Dim(); i++ {
			state[i] = math.Abs(state[i]) // Adam's second moments
		}
		xi := normals(stream(t, name), many.Inputs())
		many.Step(next, state, xi)

		b, latent := 4, 2
		part := func(at *int, n int) []float64 { *at += n; return xi[*at-n : *at] }
		var data, zD, rD, nD [k][]float64
		at := 0
		for j := range k {
			data[j] = part(&at, b)
		}
		for j := range k {
			zD[j] = part(&at, b*latent)
		}
		zG := part(&at, b*latent)
		for j := range k {
			rD[j] = part(&at, one.regNormals[0])
		}
		rG := part(&at, one.regNormals[1])
		for j := range k {
			nD[j] = part(&at, one.dis.xiEnd-one.dis.xi)
		}
		nG := part(&at, one.gen.xiEnd-one.gen.xi)
		if at != len(xi) {
			t.Fatalf("%s: %d inputs, want %d", name, len(xi), at)
		}
		want, x := make([]float64, one.Dim()), slices.Clone(state)
		for j := range k {
			one.Step(want, x, slices.Concat(data[j], zD[j], zG, rD[j], rG, nD[j], nG))
			if j < k-1 { // the generator waits
				copy(one.Theta(want), one.Theta(state))
				copy(want[one.gen.mem:one.gen.end], state[one.gen.mem:one.gen.end])
				want, x = x, want
			}
		}
		within(t, name, next, want, 1e-14)
	}
}

// TestDynamicsRefusals: what is not defined or has no law is refused with the reason.
func TestDynamicsRefusals(t *testing.T) {
	hot := Noise{Kind: "injected", TD: 1, TG: 1, Quenched: 4}
	natural, momentum := optimizer(t, "natural"), optimizer(t, "momentum")
	for _, c := range []struct {
		name                        string
		game                        game
		build, recurrence, linearly []string
	}{
		{"consensus natural", game{dynamics: consensus{gamma: 1}, g: natural}, []string{"consensus", "generator", "natural", "sgd"}, nil, nil},
		{"sga natural", game{dynamics: sga{}, d: natural}, []string{"sga", "discriminator", "Euclidean"}, nil, nil},
		{"sga clip", game{dynamics: sga{}, regs: []Regulariser{coupled{clip: 1}}}, []string{"Hessian", "coupled", "clipped"}, nil, nil},
		{"three steps", game{dynamics: alternating{k: 3}, noise: hot}, nil, []string{"steps_d = 3", "innovation"}, []string{"steps_d = 3"}},
		{"simultaneous", game{dynamics: simultaneous{}, noise: hot}, nil, nil, nil},
		{"momenta", game{dynamics: simultaneous{}, noise: hot, d: momentum}, nil, []string{"momentum", "0.9", "equal"}, nil},
		{"temperatures", game{dynamics: simultaneous{}, noise: Noise{Kind: "injected", TD: 1, TG: 2, Quenched: 4}}, nil, []string{"noise", "equal"}, nil},
		{"metric", game{dynamics: simultaneous{}, noise: Noise{Kind: "injected", TD: 1, TG: 1, MetricG: true, MetricD: true, Quenched: 4}, d: natural, g: natural}, nil, []string{"isotropic"}, nil},
		{"extragradient", game{dynamics: extragradient{}, noise: hot}, nil, nil, []string{"extragradient", "look-ahead", "simultaneous"}},
		{"consensus", game{dynamics: consensus{gamma: 1}, noise: hot}, nil, nil, []string{"third derivatives"}},
		{"sga", game{dynamics: sga{}, noise: hot}, nil, nil, []string{"third derivatives"}},
	} {
		tr, err := New(c.game.config(t))
		refused(t, c.name+": New", err, c.build)
		if err != nil {
			continue
		}
		r, err := tr.Recurrence()
		refused(t, c.name+": Recurrence", err, c.recurrence)
		if err == nil && len(r.Blocks()) != 1 {
			t.Errorf("%s: %d blocks", c.name, len(r.Blocks()))
		}
		_, err = tr.Linearizer()
		refused(t, c.name+": Linearizer", err, c.linearly)
	}
}
