package pathint

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/langevin"
)

// The gradient of the weight, tilt included, against central differences of the weight, in
// both coordinates.
func TestGradient(t *testing.T) {
	for _, b := range benches() {
		for _, m := range []Move{HMC{Leapfrog: 1, Step: 1}, InnovationHMC{Leapfrog: 1, Step: 1}} {
			if !b.has(m) {
				continue
			}
			t.Run(b.name+"/"+m.Name(), func(t *testing.T) {
				c := b.chain(t, m)
				p, src := c.path, rng.New(31, 0, "gradient", b.name)
				b.draw(c, src)
				k := c.moves[0].kernel.(*hamiltonian)
				p.pull(k.pull)
				k.act.Gradient(k.grad, p, k.pull)
				lo, hi := 0, len(k.grad)
				if p.inputs == 0 {
					first, last := p.Movable()
					lo, hi = first*p.n, last*p.n
				}
				for i := lo; i < hi; i++ {
					x := p.coordinate(i)
					was := *x
					const h = 1e-4
					var u [2]float64
					for side, d := range []float64{h, -h} {
						*x = was + d
						p.refresh()
						u[side] = p.NegLogWeight()
					}
					*x = was
					p.refresh()
					near(t, fmt.Sprintf("component %d", i), k.grad[i], (u[0]-u[1])/(2*h), 2e-6*(1+math.Abs(k.grad[i])))
				}
			})
		}
	}
}

// coordinate returns the i-th number that the chain moves.
func (p *Path) coordinate(i int) *float64 {
	if p.inputs > 0 {
		return &p.xi[i/p.inputs][i%p.inputs]
	}
	return &p.slices[i]
}

// The whitened coordinates are iid N(0,1) under the reference walk: forward draws of a
// recurrence that has only the reference's drift, with a free and with pinned ends.
func TestFrame(t *testing.T) {
	for _, b := range benches()[:2] {
		for _, ends := range []Ends{FreeEnd(b.start), Pinned(b.start, b.start), PinnedPair(b.start, b.start, b.start)} {
			t.Run(fmt.Sprintf("%s/%d pins", b.name, ends.Pins()), func(t *testing.T) {
				c := mustChain(t, Spec{Action: mustAction(t, b.sys), Ends: ends, Steps: benchSteps, Beta: b.kappa,
					Moves: []Move{Staging{Length: benchSteps, Step: 1}, HMC{Leapfrog: 1, Step: 1}}})
				p, src := c.path, rng.New(32, ends.Pins(), "frame", b.name)
				if err := c.StartForward(1, src); err != nil {
					t.Fatal(err)
				}
				f := c.moves[1].kernel.(*hamiltonian).frame
				y, z := make([]float64, f.size()), make([]float64, f.size())
				f.enter(y, p)
				before := append([]float64(nil), p.slices...)
				f.leave(p, y)
				for i, x := range p.slices {
					near(t, "slice", x, before[i], 1e-12*(1+math.Abs(x)))
				}
				// ½|y|² is the reference action up to a constant of the chain.
				p.refresh()
				reference := func() float64 {
					u := 0.0
					for k := range p.steps {
						for i, w := range p.ref {
							u += w * p.Terms(k)[i]
						}
					}
					return u
				}
				offset := reference() - half(y)
				for range 5 {
					src.Normals(z)
					f.leave(p, z)
					p.refresh()
					near(t, "reference action", reference()-half(z), offset, 1e-9*(1+math.Abs(offset)))
					f.enter(y, p)
					for i := range y {
						near(t, "whitened", y[i], z[i], 1e-9)
					}
				}
			})
		}
	}
}

func half(y []float64) float64 {
	s := 0.0
	for _, v := range y {
		s += 0.5 * v * v
	}
	return s
}

// O9: ⟨e^{−ΔH}⟩ = 1 from equilibrium, the energy error falls as the square of the step at
// fixed angle, and a trajectory run backwards returns.
func TestHamiltonian(t *testing.T) {
	t.Parallel()
	for _, b := range benches()[:2] {
		for _, inn := range []bool{false, true} {
			move := func(n int) Move {
				if inn {
					return InnovationHMC{Leapfrog: n, Step: 1}
				}
				return HMC{Leapfrog: n, Step: 1}
			}
			t.Run(b.name+"/"+move(1).Name(), func(t *testing.T) {
				src := rng.New(33, 0, "energy", b.name)
				c := b.chain(t, move(2))
				var jarzynski analysis.Moments
				mean := 0.0
				for range 4000 {
					w := b.draw(c, src)
					k := c.moves[0].kernel
					k.Begin(c.path, src)
					ratio := k.Propose(c.path, 0, 0.3, src)
					jarzynski.Add(w * (math.Exp(ratio-c.path.Delta()) - 1))
					mean += w / 4000
					c.path.restore()
				}
				within(t, "⟨e^{−ΔH}⟩ − 1", jarzynski.Mean()/mean, jarzynski.StdErr()/mean, 0, 0.03)

				var errs [2]float64
				for i, n := range []int{8, 16} {
					c, src := b.chain(t, move(n)), rng.New(34, 0, "order", b.name)
					b.draw(c, src)
					k := c.moves[0].kernel
					for range 40 {
						ratio := k.Propose(c.path, 0, 1.2/float64(n), src)
						errs[i] += math.Abs(ratio - c.path.Delta())
						c.path.restore()
					}
				}
				if r := errs[0] / errs[1]; r < 3 || r > 5 {
					t.Errorf("halving the step divides the energy error by %.2f, want 4", r)
				}

				m := c.moves[0].kernel.(*hamiltonian)
				b.draw(c, src)
				var start, end [looks]float64
				look(start[:], c)
				m.Propose(c.path, 0, 0.6, src)
				c.path.keep()
				m.trajectory(c.path, -1, 0.6) // the velocity turned round
				c.path.keep()
				look(end[:], c)
				for i := range start {
					near(t, "reversed", end[i], start[i], 1e-9*(1+math.Abs(start[i])))
				}
			})
		}
	}
}

// Without a drift besides the reference's and without a tilt nothing is integrated in error:
// every proposal is accepted (O9).
func TestHamiltonianOfReference(t *testing.T) {
	free := newToy(2, []langevin.Block{{Name: "x", Hi: 2, Noise: 0.4, Momentum: 0.3}}, func(dst []float64, _ int, _ []float64) { clear(dst) })
	for _, ends := range []Ends{FreeEnd([]float64{1, 2}), Pinned([]float64{1, 2}, []float64{0, 3})} {
		c := mustChain(t, Spec{Action: mustAction(t, free), Ends: ends, Steps: 12, Moves: []Move{HMC{Leapfrog: 5, Step: 1}}})
		src := rng.New(35, 0, "free", "")
		if err := c.StartForward(3, src); err != nil {
			t.Fatal(err)
		}
		for range 300 {
			c.Sweep(src)
		}
		if s := c.Stats(0); s.Accepted != s.Proposed {
			t.Errorf("%d of %d proposals of a free path accepted", s.Accepted, s.Proposed)
		}
	}
}

// O1 and the Gaussian laws by gradients alone.
func TestGradientMovesOnLaws(t *testing.T) {
	t.Parallel()
	sys := linear(0.9, 0.6, 0.5)
	const K = 8
	want := linearPath(K, 0.9, 0.6, 0.5, 1.5, 0.2, 1, -0.5)
	c := mustChain(t, Spec{Action: mustAction(t, sys), Ends: Pinned([]float64{1}, []float64{-0.5}), Steps: K, Observer: sys,
		Tilt: Tilt{"x2", 0.2}, Beta: 1.5, Moves: []Move{HMC{Leapfrog: 4, Step: 0.5, Target: 0.8, Jitter: 0.3}}})
	src := rng.New(36, 0, "pinned", "")
	if err := c.StartForward(2, src); err != nil {
		t.Fatal(err)
	}
	series := make([][]float64, 2*len(want.mean))
	c.run(Sampling{Warm: 200, Burn: 200, Draws: 20000}, src, func() {
		for i := range want.mean {
			x := c.path.Slice(i + 1)[0]
			series[2*i] = append(series[2*i], x)
			series[2*i+1] = append(series[2*i+1], (x-want.mean[i])*(x-want.mean[i]))
		}
	})
	for i := range want.mean {
		v := want.cov.At(i, i)
		m, sq := analysis.Autocorrelation(series[2*i]), analysis.Autocorrelation(series[2*i+1])
		within(t, fmt.Sprintf("mean of slice %d", i+1), m.Mean, m.StdErr, want.mean[i], 0.05*math.Sqrt(v))
		within(t, fmt.Sprintf("variance of slice %d", i+1), sq.Mean, sq.StdErr, v, 0.05*v)
	}
}

// What has no gradient is refused with the reason.
func TestGradientRefusals(t *testing.T) {
	metric := coupled(0, true)
	q := []float64{0.3, -0.2, 0.5, 0, 1}
	bare := struct{ langevin.Recurrence }{coupled(0, false)}
	for _, tc := range []struct {
		sys  System
		move Move
		want string
	}{
		{metric, HMC{Leapfrog: 2, Step: 1}, "metric noise"},
		{bare, MALA{Step: 1}, "langevin.AdjointRecurrence"},
		{coupled(0, false), InnovationHMC{Leapfrog: 2, Step: 1}, "works on innovations"},
		{coupled(0, false), HMC{Leapfrog: 0, Step: 1}, "leapfrog"},
	} {
		a, err := NewOnsagerMachlup(tc.sys)
		if err != nil {
			t.Fatal(err)
		}
		_, err = NewChain(Spec{Action: a, Ends: FreeEnd(q), Steps: 4, Moves: []Move{tc.move}})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one about %q", tc.move.Name(), err, tc.want)
		}
	}
}
