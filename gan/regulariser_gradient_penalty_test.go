package gan

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"machlup/internal/num"
	"machlup/internal/rng"
)

// regularise returns the regulariser of a table.
func regularise(t testing.TB, c RegulariserConfig) Regulariser {
	t.Helper()
	r, err := c.Regulariser()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var penalties = []struct {
	name string
	regs []RegulariserConfig
}{
	{"r1", []RegulariserConfig{R1Config{0.7}}},
	{"r2", []RegulariserConfig{R2Config{0.7}}},
	{"wgan-gp", []RegulariserConfig{WGANGPConfig{0.4}}},
	{"dragan", []RegulariserConfig{DRAGANConfig{Lambda: 0.3, C: 0.5, K: 0.8}}},
	{"instance-noise", []RegulariserConfig{InstanceNoiseConfig{Sigma: 0.4}}},
	{"all", []RegulariserConfig{R1Config{0.7}, InstanceNoiseConfig{Sigma: 0.4}, WGANGPConfig{0.4}, WeightDecayConfig{0.1, 0.2}, R2Config{0.2}, DRAGANConfig{0.3, 0.5, 0.8}}},
}

func forEachPenalty(t *testing.T, f func(t *testing.T, s game, regs []RegulariserConfig)) {
	for i, p := range penalties {
		for _, packing := range []int{1, 3} {
			for dim := 1; dim <= 2; dim++ {
				s := game{latent: 2, hidden: []int{3}, act: activations[(i+packing)%2], batch: 6, eval: 42, packing: packing}
				if dim == 2 {
					s.target = planar(t)
				}
				for _, c := range p.regs {
					s.regs = append(s.regs, regularise(t, c))
				}
				t.Run(fmt.Sprintf("%s/m=%d/d=%d", p.name, packing, dim), func(t *testing.T) { f(t, s, p.regs) })
			}
		}
	}
}

// TestPenaltyConformance holds trainers with penalties to the suite of every Map: restart,
// forks, allocations, recurrence, and the derivative of the step, which needs the exact
// Hessians of the penalties.
func TestPenaltyConformance(t *testing.T) {
	forEachPenalty(t, func(t *testing.T, s game, _ []RegulariserConfig) {
		natural := optimizer(t, "natural")
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

// TestPenaltyLosses compares both players' losses with the regularisers' definitions written
// out in loops, and their gradients with central differences of the losses. It kills: γ for
// γ/2, a penalty in the generator's loss, points or noise mixed up between data and fakes, σ²
// for σ, c as a standard deviation.
func TestPenaltyLosses(t *testing.T) {
	forEachPenalty(t, func(t *testing.T, s game, regs []RegulariserConfig) {
		s.noise = Noise{Kind: "none", Quenched: 6}
		tr := s.trainer(t)
		q := start(t, tr)[:tr.Config()]
		for b := range 2 {
			near(t, "loss", tr.BatchLoss(b, q), definedLoss(tr, regs, b, q), 1e-9)
			lo, hi := tr.BlockRange(b)
			got := make([]float64, hi-lo)
			tr.BatchGradient(got, b, q)
			x := slices.Clone(q)
			want := gradientOf(func(p []float64) float64 {
				copy(x[lo:hi], p)
				return tr.BatchLoss(b, x)
			}, q[lo:hi], 3e-4)
			within(t, fmt.Sprintf("gradient of player %d", b), got, want, 1e-7)
		}
	})
}

// definedLoss is a player's loss on the quenched batch from the definitions.
func definedLoss(tr *Trainer, regs []RegulariserConfig, player int, q []float64) float64 {
	psi, theta := tr.Psi(q), tr.Theta(q)
	dis := func(x []float64) float64 { return naiveForward(tr.dis.net.(*MLP), psi, x)[0] }
	z := tr.zD
	if player == 1 {
		z = tr.zG
	}
	var real, fake []float64
	for i := range tr.rows {
		fake = append(fake, naiveForward(tr.gen.net.(*MLP), theta, z[i*tr.latent:(i+1)*tr.latent])...)
	}
	if player == 0 {
		real = slices.Clone(tr.x[:tr.rows*tr.dim])
	}
	width, xi := tr.dim*tr.cfg.pack(), tr.xiReg[player]
	rows := len(fake) / width
	take := func(n int) []float64 { x := xi[:n]; xi = xi[n:]; return x }
	var after []func() float64 // penalties see what instance noise has done
	slopes := func(x func(i int) []float64, phi func(g float64) float64) {
		if player == 0 {
			after = append(after, func() float64 {
				sum := 0.0
				for i := range rows {
					sum += phi(norm(gradientOf(dis, x(i), 1e-3))) / float64(rows)
				}
				return sum
			})
		}
	}
	row := func(x []float64, i int) []float64 { return x[i*width : (i+1)*width] }
	decay := 0.0
	for _, c := range regs {
		switch c := c.(type) {
		case InstanceNoiseConfig:
			for i, e := range take(len(fake)) {
				fake[i] += c.Sigma * e
			}
			for i, e := range take(len(real)) {
				real[i] += c.Sigma * e
			}
		case R1Config:
			slopes(func(i int) []float64 { return row(real, i) }, func(g float64) float64 { return c.Gamma / 2 * g * g })
		case R2Config:
			slopes(func(i int) []float64 { return row(fake, i) }, func(g float64) float64 { return c.Gamma / 2 * g * g })
		case WGANGPConfig:
			if player == 0 {
				e := take(rows)
				slopes(func(i int) []float64 {
					x := slices.Clone(row(real, i))
					for k, f := range row(fake, i) {
						x[k] += rng.NormalCDF(e[i]) * (f - x[k])
					}
					return x
				}, func(g float64) float64 { return c.Lambda * (g - 1) * (g - 1) })
			}
		case DRAGANConfig:
			if player == 0 {
				e := take(len(real))
				slopes(func(i int) []float64 {
					x := slices.Clone(row(real, i))
					num.Axpy(math.Sqrt(c.C), row(e, i), x)
					return x
				}, func(g float64) float64 { return c.Lambda * (g - c.K) * (g - c.K) })
			}
		case WeightDecayConfig:
			if player == 0 {
				decay = c.Discriminator / 2 * num.Norm2(psi)
			} else {
				decay = c.Generator / 2 * num.Norm2(theta)
			}
		}
	}
	sum := decay
	for _, p := range after {
		sum += p()
	}
	for i := range rows {
		if player == 1 {
			sum -= math.Log(sigma(dis(row(fake, i)))) / float64(rows)
			continue
		}
		sum -= (math.Log(sigma(dis(row(real, i)))) + math.Log(1-sigma(dis(row(fake, i))))) / float64(rows)
	}
	return sum
}

// TestPenaltiesLeaveTheGenerator: penalties of the discriminator do not enter the generator's
// loss or gradient; instance noise does.
func TestPenaltiesLeaveTheGenerator(t *testing.T) {
	s := game{hidden: []int{3}, noise: Noise{Kind: "none", Quenched: 6}}
	plain := s.trainer(t)
	q := start(t, plain)[:plain.Config()]
	want := make([]float64, len(plain.Theta(q)))
	plain.BatchGradient(want, 1, q)
	for _, p := range penalties[:5] {
		s.regs = []Regulariser{regularise(t, p.regs[0])}
		got := make([]float64, len(want))
		s.trainer(t).BatchGradient(got, 1, q)
		if same := slices.Equal(got, want); same == (p.name == "instance-noise") {
			t.Errorf("%s: the generator's gradient is the plain one: %v", p.name, same)
		}
	}
}

// TestWeightClipping: ψ' is the free step's, clipped; θ' answers to the clipped ψ'; what has
// no density or derivative is refused with the reason.
func TestWeightClipping(t *testing.T) {
	const c = 0.2
	s := game{hidden: []int{3}, noise: Noise{Kind: "injected", TD: 1, TG: 1, Quenched: 6}, d: Optimizer{Name: "sgd", Rule: sgdRule{0.3}}}
	free := s.trainer(t)
	s.regs = []Regulariser{regularise(t, WeightClippingConfig{c})}
	tr := s.trainer(t)
	state, next, want := start(t, tr), make([]float64, tr.Dim()), make([]float64, tr.Dim())
	xi := normals(stream(t, "xi"), tr.Inputs())
	tr.Step(next, state, xi)
	free.Step(want, state, xi)
	clipped := 0
	for i, x := range tr.Psi(want) {
		if w := math.Max(-c, math.Min(c, x)); tr.Psi(next)[i] != w {
			t.Errorf("ψ[%d] = %v, want %v", i, tr.Psi(next)[i], w)
		} else if w != x {
			clipped++
		}
	}
	if clipped == 0 || clipped == len(tr.Psi(want)) {
		t.Fatalf("%d parameters clipped: the test sees nothing", clipped)
	}
	gradient, q := make([]float64, len(tr.Theta(next))), slices.Concat(tr.Psi(next), tr.Theta(state))
	tr.BatchGradient(gradient, 1, q)
	for i, g := range gradient {
		eta, _, _ := tr.gen.opt.Rule.Linear()
		near(t, "θ'", tr.Theta(next)[i], tr.Theta(state)[i]-eta*g+tr.gen.s*xi[tr.gen.xi+i], 1e-12)
	}
	_, err := tr.Recurrence()
	refused(t, "Recurrence", err, []string{"weight-clipping", "atoms", "innovation"})
	_, err = tr.Linearizer()
	refused(t, "Linearizer", err, []string{"weight-clipping", "kink"})
}

// TestRegulariserRanges: every table refuses numbers out of range, with the key.
func TestRegulariserRanges(t *testing.T) {
	for _, c := range []struct {
		table RegulariserConfig
		key   string
	}{
		{R1Config{-1}, "gamma of r1"}, {R2Config{math.NaN()}, "gamma of r2"}, {WGANGPConfig{math.Inf(1)}, "lambda of wgan-gp"},
		{DRAGANConfig{1, -1, 1}, "c of dragan"}, {WeightClippingConfig{0}, "c of weight-clipping"}, {InstanceNoiseConfig{Sigma: -0.1}, "sigma of instance-noise"},
	} {
		_, err := c.table.Regulariser()
		refused(t, c.key, err, []string{c.key, "allowed"})
	}
}

// TestPenaltyObservable: on an evaluation batch that is the training batch, without instance
// noise, `penalty` is the loss with regularisers less that without. Its gradient and its forks
// are held to the conformance suite of TestPenaltyConformance.
func TestPenaltyObservable(t *testing.T) {
	forEachPenalty(t, func(t *testing.T, s game, regs []RegulariserConfig) {
		s.noise, s.eval, s.observe = Noise{Kind: "none", Quenched: 6}, 6, []string{"loss_d", "penalty"}
		tr := s.trainer(t)
		q := start(t, tr)[:tr.Config()]
		o := tr.observer
		for i, r := range tr.regs { // the evaluation batch
			copy(tr.xiReg[0][r.xi[0]:], o.penalty.xi[i])
			if r.name == "instance-noise" {
				clear(tr.xiReg[0][r.xi[0] : r.xi[0]+r.seen[0]])
			}
		}
		copy(tr.x, o.x[:tr.rows*tr.dim])
		copy(tr.zD, o.z)
		for _, f := range []*Trainer{tr, tr.Fork()} {
			got := make([]float64, 2)
			f.Observe(got, q)
			if want := tr.BatchLoss(0, q) - got[0]; math.Abs(got[1]-want) > 1e-13 {
				t.Errorf("penalty = %v, want %v", got[1], want)
			}
		}
	})
}

// TestInstanceNoiseSchedule: step k of annealed noise is a step of constant noise σ·f_k, from
// the counter in the state, with any rule of the generator; the suite of every Map holds; laws
// in positions are refused.
func TestInstanceNoiseSchedule(t *testing.T) {
	annealing := LinearSchedule{Initial: 1, Steps: 4}
	rate := ExponentialSchedule{Factor: 0.9}
	for name, g := range map[string]Optimizer{"momentum": optimizer(t, "momentum"), "scheduled": {Name: "sgd", Rule: Scheduled(sgdRule{0.1}, rate, nil)}} {
		s := game{hidden: []int{3}, target: planar(t), g: g, regs: []Regulariser{regularise(t, InstanceNoiseConfig{Sigma: 0.8, Annealing: annealing})}}
		tr := s.trainer(t)
		state, next := start(t, tr), make([]float64, tr.Dim())
		state[tr.gen.end-1] = 0
		xi := normals(stream(t, "xi"), tr.Inputs())
		for k := range 6 {
			if got := state[tr.gen.end-1]; got != float64(k) {
				t.Fatalf("%s: the counter is %v at step %d", name, got, k)
			}
			tr.Step(next, state, xi)
			s.regs = []Regulariser{regularise(t, InstanceNoiseConfig{Sigma: 0.8 * annealing.At(float64(k))})}
			fixed := s.trainer(t)
			want := make([]float64, fixed.Dim())
			fixed.Step(want, state[:fixed.Dim()], xi)
			within(t, fmt.Sprintf("%s, step %d", name, k), next[:fixed.Dim()], want, 1e-14)
			copy(state, next)
		}
	}
	s := game{hidden: []int{3}, noise: Noise{Kind: "injected", TD: 1, TG: 1, Quenched: 6},
		regs: []Regulariser{regularise(t, InstanceNoiseConfig{Sigma: 0.8, Annealing: annealing})}}
	conform(t, s)
	_, err := s.trainer(t).Recurrence()
	refused(t, "Recurrence", err, []string{"instance-noise", "linear", "step number", "innovation"})
	_, err = s.trainer(t).Linearizer()
	refused(t, "Linearizer", err, []string{"instance-noise", "step number"})
}

// TestInstanceNoiseOfTheDiracGAN: with noise of mean 0 and variance σ² on the batch exactly, the
// simultaneous step at the equilibrium has the eigenvalues 1 + h(−σ²/4 ± √(σ⁴/16 − ¼)) of
// Mescheder, Geiger and Nowozin; both data and generated points carry noise.
func TestInstanceNoiseOfTheDiracGAN(t *testing.T) {
	const h = 0.3
	rule := Optimizer{Name: "sgd", Rule: sgdRule{h}}
	for _, sigma := range []float64{0.5, 1.2, 1.9} { // oscillating, then over-damped
		s := game{small: smallGame(t, &DiracConfig{}, nil), d: rule, g: rule, dynamics: simultaneous{}, noise: Noise{Kind: "none", Quenched: 4},
			regs: []Regulariser{regularise(t, InstanceNoiseConfig{Sigma: sigma})}}
		tr := s.trainer(t)
		for player := range tr.xiReg {
			for i := range tr.xiReg[player] {
				tr.xiReg[player][i] = float64(1 - 2*(i%2))
			}
		}
		c := roots(-sigma*sigma/2, 0.25)
		sameEigenvalues(t, fmt.Sprintf("σ = %v", sigma), eigenvalues(t, stepMatrix(tr, make([]float64, 2))), 1+complex(h, 0)*c[0], 1+complex(h, 0)*c[1])
	}
}
