package pathint

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/langevin"
	"machlup/langevin/exact"
)

// quartic is a potential of two coupled components that is not harmonic.
type quartic struct{}

func (quartic) Dim() int                { return 2 }
func (quartic) Growth() langevin.Growth { return langevin.Growth{Confining: true, Power: 4} }
func (quartic) Energy(q []float64) float64 {
	x, y := q[0], q[1]
	return 0.55*x*x + 1.1*y*y + 0.3*x*y + 0.1*x*x*x*x + 0.05*y*y*y*y
}
func (q quartic) Gradient(dst, x []float64) float64 { return q.Energy(x) }

// cosine is a bounded potential.
type cosine struct{}

func (cosine) Dim() int                            { return 2 }
func (cosine) Growth() langevin.Growth             { return langevin.Growth{} }
func (c cosine) Gradient(dst, x []float64) float64 { return c.Energy(x) }
func (cosine) Energy(q []float64) float64          { return 0.4*math.Cos(1.5*q[0]) + 0.3*math.Sin(q[0]+q[1]) }

func springs(t testing.TB, k ...float64) *langevin.Harmonic {
	u, err := langevin.NewHarmonic(langevin.HarmonicConfig{Dim: len(k), Stiffness: k})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func imaginary(t testing.TB, sign float64, spec EuclideanSpec) *Euclidean {
	t.Helper()
	a, err := newEuclidean(spec, sign)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// A ringBench is a law of imaginary-time paths that can be drawn exactly up to weights.
type ringBench struct {
	name string
	sign float64
	spec EuclideanSpec
	ends Ends
}

func ringBenches() []ringBench {
	zero, end := []float64{0.1, -0.2}, []float64{0.4, 0.3}
	spec := EuclideanSpec{Potential: quartic{}, Dt: 0.25, Mass: []float64{1, 2}}
	ring := spec
	ring.Reference, ring.Centre = 1.1, []float64{0.1, 0}
	literal := spec
	literal.Potential = cosine{}
	return []ringBench{
		{"ring", 1, ring, Periodic(zero)},
		{"pinned", 1, spec, Pinned(zero, end)},
		{"pinned-pair", 1, spec, PinnedPair(zero, zero, end)},
		{"free", 1, spec, FreeEnd(zero)},
		{"literal", -1, literal, FreeEnd(zero)},
	}
}

var ringMoves = []Move{SingleSlice{Step: 1}, SingleSlice{Step: 0.5}, Staging{Length: 3, Step: 0.8}, Staging{Length: 9, Step: 0.5},
	NormalMode{Frequency: []float64{0}, Step: 0.6}, NormalMode{Window: 2, Frequency: []float64{0.9, 0.5}, Step: 1}, CentreOfMass{Width: 0.8, Step: 0.9}}

const ringSteps = 7

func (b ringBench) chain(t testing.TB, m Move) (*Chain, *Strength) {
	t.Helper()
	c := mustChain(t, Spec{Action: imaginary(t, b.sign, b.spec), Ends: b.ends, Steps: ringSteps, Hbar: 0.7, Moves: []Move{m}, Observer: squares{}, Tilt: Tilt{"cross", 0.1}})
	l, err := NewStrength(c)
	if err != nil {
		t.Fatal(err)
	}
	return c, l
}

func (b ringBench) has(m Move) bool {
	_, shift := m.(CentreOfMass)
	return !shift || b.ends.ring
}

// squares observes one product.
type squares struct{}

func (squares) Observables() []langevin.Observable { return []langevin.Observable{{Name: "cross"}} }
func (squares) Observe(dst, q []float64)           { dst[0] = q[0]*q[1] + q[0] }

// draw puts the chain at a draw of the reference and returns its weight under the law.
func (b ringBench) draw(c *Chain, l *Strength, src Source) float64 {
	c.SetTilt(0)
	if err := l.Draw(src); err != nil {
		panic(err)
	}
	w := math.Exp(-l.Work(1))
	l.SetLambda(1)
	c.SetTilt(0.1)
	return w * math.Exp(-0.1*c.Integral())
}

func (b ringBench) look(dst []float64, c *Chain) {
	p := c.path
	x := func(k, i int) float64 { return p.slices[2*k+i] }
	for i, v := range []float64{p.Quadratic(), x(1, 0), x(2, 1), x(ringSteps-2, 0) * x(1, 0), x(3, 0) * x(3, 0), x(4, 1) * x(4, 1), x(0, 0) * x(2, 0), x(2, 0) * x(3, 1), x(ringSteps, 1) * x(1, 1)} {
		dst[i] = v
	}
}

// Every move leaves the law invariant and is undone by its sweep backwards, on every kind of
// end; the price it quotes is that of the whole path; nothing allocates; a restored chain goes
// on bit for bit.
func TestRingMoves(t *testing.T) {
	for _, b := range ringBenches() {
		for i, m := range ringMoves {
			if !b.has(m) {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s-%d", b.name, m.Name(), i), func(t *testing.T) {
				c, l := b.chain(t, m)
				src := rng.New(21, i, "ring moves", b.name)
				b.prices(t, c, l, src)
				var change, spread [9]analysis.Moments
				var balance, size analysis.Moments
				var before, after [9]float64
				for range 4000 {
					w := b.draw(c, l, src)
					b.look(before[:], c)
					c.Sweep(src)
					b.look(after[:], c)
					for j := range before {
						change[j].Add(w * (after[j] - before[j]))
						spread[j].Add(before[j])
					}
					forth := w * (before[1]*after[4] - before[4]*after[1])
					w = b.draw(c, l, src)
					b.look(before[:], c)
					c.SweepBack(src)
					b.look(after[:], c)
					balance.Add(forth + w*(before[1]*after[4]-before[4]*after[1]))
					size.Add(w * before[1] * before[4])
				}
				for j := range change {
					if change[j].Std() > 0 {
						within(t, fmt.Sprintf("change of quantity %d", j), change[j].Mean(), change[j].StdErr(), 0, 0.05*spread[j].Std())
					}
				}
				within(t, "asymmetry of a sweep and its reversal", balance.Mean(), balance.StdErr(), 0, 0.1*size.Std())
				if st := c.Stats(0); st.Accepted == 0 || st.Accepted == st.Proposed {
					t.Errorf("accepted %d of %d proposals: the test needs both outcomes", st.Accepted, st.Proposed)
				}
				if n := testing.AllocsPerRun(10, func() { c.Sweep(src) }); n != 0 {
					t.Errorf("%g allocations per sweep", n)
				}
				b.restart(t, m, l, src)
			})
		}
	}
}

// prices compares the quoted change of weight with that of the whole path, computed from its
// slices, and sees that a ring stays closed.
func (b ringBench) prices(t *testing.T, c *Chain, l *Strength, src Source) {
	b.draw(c, l, src)
	p, k, act := c.path, c.moves[0].kernel, c.path.action.(*Euclidean)
	full := func() float64 {
		s := 0.0
		for k := range ringSteps {
			q, r := p.slices[2*k:2*k+2], p.slices[2*k+2:2*k+4]
			for i, m := range []float64{1, 2} {
				s += 0.5 * m * (r[i] - q[i]) * (r[i] - q[i]) / 0.25
			}
			s += 0.25 * b.sign * act.spec.Potential.Energy(r)
		}
		o := 0.0
		for k := 1; k <= ringSteps; k++ {
			o += p.slices[2*k]*p.slices[2*k+1] + p.slices[2*k]
		}
		return s/0.7 + 0.1*o
	}
	for range 5 {
		for j := range k.Begin(p, src) {
			before := full()
			near(t, "weight", p.NegLogWeight(), before, 1e-11)
			k.Propose(p, j, c.moves[0].step, src)
			near(t, "delta", p.Delta(), full()-before, 1e-10)
			if src.Uniform() < 0.5 {
				p.keep()
			} else if p.restore(); full() != before {
				t.Fatal("a rejected proposal left something behind")
			}
			if b.ends.ring && (p.slices[0] != p.slices[2*ringSteps] || p.slices[1] != p.slices[2*ringSteps+1]) {
				t.Fatal("the ring is open")
			}
		}
	}
}

func (b ringBench) restart(t *testing.T, m Move, l *Strength, src *rng.Stream) {
	saved, err := l.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	stream, _ := src.MarshalBinary()
	twin, twinL := b.chain(t, m)
	other := rng.New(0, 0, "", "")
	if err := twinL.UnmarshalBinary(saved); err != nil {
		t.Fatal(err)
	}
	if err := other.UnmarshalBinary(stream); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		l.Sweep(src)
		twin.Sweep(other)
	}
	one, _ := l.MarshalBinary()
	two, _ := twinL.MarshalBinary()
	if string(one) != string(two) {
		t.Error("a restored chain went another way")
	}
}

// The fast path in one dimension is the general kernel, on rings of even and odd size too.
func TestRingletIsGeneral(t *testing.T) {
	start := []float64{0.5}
	for _, ends := range []Ends{Periodic(start), FreeEnd(start), Pinned(start, start)} {
		for _, steps := range []int{3, 10, 11} {
			for _, m := range []Move{SingleSlice{Step: 1}, SingleSlice{Step: 0.3}, Staging{Length: 4, Step: 0.6}, Staging{Length: 40, Step: 0.4}} {
				name := fmt.Sprintf("ring=%v,pins=%d,K=%d,%s", ends.ring, ends.pins, steps, m.Name())
				var c [2]*Chain
				for i := range c {
					c[i] = mustChain(t, Spec{Action: imaginary(t, 1, EuclideanSpec{Potential: springs(t, 2.5), Dt: 0.8, Mass: []float64{1.5}}), Ends: ends, Steps: steps, Hbar: 0.8, Moves: []Move{m}})
					src := rng.New(22, 0, name, "")
					if err := c[i].StartForward(2, src); err != nil {
						t.Fatal(err)
					}
					kernel := c[i].moves[0].kernel.(*beads)
					if kernel.fast == nil {
						t.Fatal("no fast path in one dimension")
					}
					if i == 1 {
						kernel.fast = nil
					}
					for range 30 {
						c[i].Sweep(src)
						c[i].SweepBack(src)
					}
				}
				for j, x := range c[0].path.slices {
					near(t, name+": slice", x, c[1].path.slices[j], 1e-11)
				}
				for j, x := range c[0].path.terms {
					near(t, name+": term", x, c[1].path.terms[j], 1e-10)
				}
				if a, b := c[0].Stats(0), c[1].Stats(0); a != b || a.Accepted == a.Proposed {
					t.Errorf("%s: accounts %+v and %+v", name, a, b)
				}
			}
		}
	}
}

// O9: normal modes of the potential's own frequency are always accepted, on a ring with its
// centre of mass.
func TestNormalModesAccept(t *testing.T) {
	for _, ends := range []Ends{Periodic([]float64{0}), Pinned([]float64{0}, []float64{0}), FreeEnd([]float64{0})} {
		act := imaginary(t, 1, EuclideanSpec{Potential: springs(t, 2), Dt: 0.3, Mass: []float64{0.5}})
		for _, steps := range []int{8, 9} {
			c := mustChain(t, Spec{Action: act, Ends: ends, Steps: steps, Hbar: 0.3, Moves: []Move{NormalMode{Frequency: []float64{2}, Step: 1}}})
			src := rng.New(23, 0, "modes", "")
			if err := c.StartForward(1, src); err != nil {
				t.Fatal(err)
			}
			for range 500 {
				c.Sweep(src)
			}
			if st := c.Stats(0); st.Accepted != st.Proposed {
				t.Errorf("ring %v, %d slices: accepted %d of %d", ends.ring, steps, st.Accepted, st.Proposed)
			}
		}
	}
}

// log Z of harmonic potentials: the product of discretised oscillators, and the literal
// determinant ratios up to the horizon, beyond which Z is refused.
func TestImaginaryLogZ(t *testing.T) {
	const omega, dt, mass = 1.3, 0.2, 0.8
	zero := []float64{0}
	u := springs(t, mass*omega*omega)
	logZ := func(sign float64, ends Ends, steps int, kappa float64) (float64, error) {
		return imaginary(t, sign, EuclideanSpec{Potential: u, Dt: dt, Mass: []float64{mass}}).LogZ(ends, steps, kappa)
	}
	for _, steps := range []int{3, 10, 25} {
		o := exact.Oscillator{Omega: omega, Mass: mass, Beta: dt * float64(steps), P: steps}
		z, err := logZ(1, Periodic(zero), steps, 1)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "ring", z, o.LogZ(), 1e-12)
	}
	for steps := 1; steps < 14; steps++ {
		l := exact.Literal{Omega: omega, Dt: dt, Steps: steps}
		for _, c := range []struct {
			what  string
			ends  Ends
			ratio func() (float64, bool)
			from  int
		}{{"fixed ends", Pinned(zero, zero), l.FixedEnds, 2}, {"free end", FreeEnd(zero), l.FreeEnd, 1}} {
			ratio, finite := c.ratio()
			if steps < c.from {
				continue
			}
			z, err := logZ(-1, c.ends, steps, 0.7)
			if (err == nil) != finite {
				t.Errorf("%s, %d steps: finite %v, error %v", c.what, steps, finite, err)
			}
			if finite {
				near(t, c.what, z, -0.5*math.Log(ratio), 1e-11)
			} else if !strings.Contains(err.Error(), "finite only up to a horizon") {
				t.Errorf("%s: %v", c.what, err)
			}
		}
	}
	// A path at rest costs ΔtV a step, or brings as much.
	for _, sign := range []float64{1, -1} {
		c := mustChain(t, Spec{Action: imaginary(t, sign, EuclideanSpec{Potential: u, Dt: dt, Mass: []float64{mass}}), Ends: FreeEnd([]float64{2}), Steps: 2, Hbar: 0.5})
		if err := c.StartLine(); err != nil {
			t.Fatal(err)
		}
		near(t, "path at rest", c.path.NegLogWeight(), sign*2*2*dt*2*mass*omega*omega, 1e-12)
	}
	// Starts and ends away from the centre, against brute force: one movable slice.
	act := imaginary(t, 1, EuclideanSpec{Potential: u, Dt: dt, Mass: []float64{mass}})
	z, err := act.LogZ(Pinned([]float64{0.7}, []float64{-0.4}), 2, 1.4)
	if err != nil {
		t.Fatal(err)
	}
	weight := func(strength float64) float64 {
		sum := 0.0
		for x := -8.0; x < 8; x += 1e-3 {
			v := strength * 0.5 * mass * omega * omega * (x*x + 0.16)
			sum += math.Exp(-1.4 * (0.5*mass/dt*((x-0.7)*(x-0.7)+(x+0.4)*(x+0.4)) + dt*v))
		}
		return sum
	}
	near(t, "off centre", z, math.Log(weight(1)/weight(0)), 1e-10)
}

// What is ill-posed is refused with the reason.
func TestImaginaryRefuses(t *testing.T) {
	q := []float64{0, 0}
	free, _ := langevin.NewFree(langevin.FreeConfig{Dim: 2})
	density, _ := NewGaussian(q, 3)
	for _, c := range []struct {
		sign  float64
		u     langevin.Potential
		ends  Ends
		steps int
		want  string
	}{
		{1, free, Periodic(q), 8, "zero mode"},
		{1, cosine{}, Periodic(q), 8, "does not confine"},
		{1, unknown{free}, Periodic(q), 8, "does not say"},
		{1, cosine{}, FreeEnd(q), 8, ""},
		{1, quartic{}, Periodic(q), 8, ""},
		{-1, springs(t, 1, 1), Periodic(q), 8, "constant path"},
		{-1, quartic{}, Pinned(q, q), 8, "faster than q²"},
		{-1, unknown{free}, FreeEnd(q), 8, "cannot be known"},
		{-1, cosine{}, FreeEnd(q), 800, ""},
		{-1, springs(t, 1, 9), FreeEnd(q), 4, ""},
		{-1, springs(t, 1, 9), FreeEnd(q), 5, "beyond K = 4 steps"},
		{-1, springs(t, 1, 9), Pinned(q, q), 10, ""},
		{-1, springs(t, 1, 9), Pinned(q, q), 11, "the largest ω decides"},
		{-1, springs(t, 1, 9), FreeEnd(q).From(density), 4, "with the density of q_0"},
		{-1, springs(t, 1, 9), FreeEnd(q).From(boltzmann{quartic{}, 1}), 2, "horizon"},
	} {
		act := imaginary(t, c.sign, EuclideanSpec{Potential: c.u, Dt: 0.1, Mass: []float64{1}})
		_, err := NewChain(Spec{Action: act, Ends: c.ends, Steps: c.steps})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T, %d steps: %v, want %q", c.u, c.steps, err, c.want)
		}
	}
}

type unknown struct{ langevin.Potential }

// TI and annealing over the strength of the potential give the exact log Z of a ring and of a
// literal path.
func TestStrength(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]struct {
		sign, k, reference float64
		ends               Ends
	}{"ring": {1, 1.6, 0.8, Periodic([]float64{0})}, "literal": {-1, 0.7, 0, FreeEnd([]float64{0.2})}, "pinned": {1, 1.6, 0, Pinned([]float64{0.3}, []float64{-0.5})}} {
		t.Run(name, func(t *testing.T) {
			act := imaginary(t, b.sign, EuclideanSpec{Potential: springs(t, b.k), Dt: 0.15, Mass: []float64{1}, Reference: b.reference})
			const steps = 6
			want, err := act.LogZ(b.ends, steps, 1/0.9)
			if err != nil {
				t.Fatal(err)
			}
			if b.ends.ring {
				want -= act.ReferenceLogZ(steps)
			}
			ladder := func() *Strength {
				c := mustChain(t, Spec{Action: act, Ends: b.ends, Steps: steps, Hbar: 0.9, Moves: []Move{Staging{Length: 3, Step: 1}, NormalMode{Frequency: []float64{1}, Step: 1}}})
				l, err := NewStrength(c)
				if err != nil {
					t.Fatal(err)
				}
				if err := l.Draw(rng.New(24, 0, "start", name)); err != nil {
					t.Fatal(err)
				}
				return l
			}
			grid, _ := NewGrid("gauss-legendre", 0, 1, 6)
			e, _ := TI(grid, []Ladder{ladder(), ladder()}, []Source{rng.New(24, 1, "ti", name), rng.New(24, 2, "ti", name)}, Sampling{Burn: 50, Draws: 1500})
			a, _, err := AIS(ladder(), Ramp(0, 1, 6), 1, 3000, rng.New(24, 3, "ais", name))
			if err != nil || e.Err != nil || a.Err != nil {
				t.Fatal(err, e.Err, a.Err)
			}
			within(t, "TI", e.LogZ, e.StdErr(), want, 0.02)
			within(t, "AIS", a.LogZ, a.StdErr(), want, 0.02)
		})
	}
}
