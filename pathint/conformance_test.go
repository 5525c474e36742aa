package pathint

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/langevin"
)

// conformance lists every setting of every move that the suite runs. A new move joins the
// catalogue and this list; TestCatalogueIsCovered insists.
var conformance = []Move{
	SingleSlice{Step: 1}, SingleSlice{Step: 0.4, Target: 0.5}, SingleSlice{Step: 0.7, Block: "theta"}, SingleSlice{Step: 1, Block: "psi"},
	Staging{Length: 3, Step: 1}, Staging{Length: 4, Step: 0.4}, Staging{Length: 9, Step: 0.3}, Staging{Length: 2, Step: 0.6, Block: "theta"},
	Bisection{Levels: 2, Step: 1}, Bisection{Levels: 3, Step: 0.5}, Bisection{Levels: 2, Step: 0.7, Block: "theta"},
	PCN{Step: 0.5}, PCN{Step: 1}, PCN{Step: 0.6, Window: 2},
	Shooting{Step: 1}, Shooting{Count: 2, Step: 0.5},
	HMC{Leapfrog: 3, Step: 0.5}, HMC{Leapfrog: 4, Step: 0.9, Jitter: 0.5}, MALA{Step: 0.8},
	Delayed{Cheap: "linear", Inner: Staging{Length: 4, Step: 0.6}}, Delayed{Cheap: "linear", Inner: HMC{Leapfrog: 3, Step: 0.5}},
	Delayed{Cheap: "linear", Inner: Bisection{Levels: 2, Step: 1}}, Delayed{Cheap: "linear", Inner: PCN{Step: 0.6, Window: 3}},
	InnovationHMC{Leapfrog: 2, Step: 0.8, Jitter: 0.3}, PCNLangevin{Step: 0.9},
	TwoWay{Step: 0.3}, TwoWay{Count: 2, Step: 0.05}, Shifting{Length: 3}, Shifting{Length: 9, Count: 2},
	CentreOfMass{Width: 0.3, Step: 0.8}, NormalMode{Frequency: []float64{0}, Step: 1}, // the latter in TestRingMoves
}

func TestCatalogueIsCovered(t *testing.T) {
	for _, e := range Moves() {
		covered := false
		for _, m := range conformance {
			covered = covered || m.Name() == e.Name
		}
		if !covered {
			t.Errorf("move %s is in the catalogue but not in the conformance suite", e.Name)
		}
		if got := e.New().Name(); got != e.Name {
			t.Errorf("move %s calls itself %s", e.Name, got)
		}
	}
}

// bench is a system with the tilt it is tested under: strong enough to reject often, weak
// enough for the weights of exact untilted draws.
type bench struct {
	name  string
	sys   *toy
	start []float64
	tilt  Tilt
	kappa float64
	free  float64 // standard deviation of q_0; 0: fixed
	// density of q_0 in place of a Gaussian: the law e^{−U/T} of a reversible system.
	density Density
}

func benches() []bench {
	q := []float64{0.3, -0.2, 0.5, 0, 1}
	return []bench{
		{"first-order", coupled(0, false), q, Tilt{"x2", 0.15}, 1.5, 0, nil},
		{"momentum", coupled(0.6, false), q, Tilt{"cross", 0.14}, 0.8, 0, nil},
		{"metric", coupled(0, true), q, Tilt{"x2", 0.15}, 1.6, 0, nil},
		{"metric-momentum", coupled(0.6, true), q, Tilt{"theta_mean", 0.5}, 1, 0, nil},
		{"free-start", coupled(0, false), q, Tilt{"x2", 0.15}, 1.5, 0.4, nil},
		{"free-start-momentum", coupled(0.6, false), q, Tilt{"cross", 0.14}, 0.8, 0.4, nil},
		reversibleBench(),
	}
}

const benchSteps = 6

func (b bench) chain(t testing.TB, m Move) *Chain {
	t.Helper()
	var act Action = mustAction(t, b.sys)
	for _, e := range Moves() {
		if innermost(m).Name() == e.Name && e.Coordinates == Innovations {
			inn, err := NewInnovation(b.sys)
			if err != nil {
				t.Fatal(err)
			}
			act = inn
		}
	}
	ends := FreeEnd(b.start)
	if b.density != nil {
		ends = ends.From(b.density)
	} else if b.free > 0 {
		g, err := NewGaussian(b.start, b.free)
		if err != nil {
			t.Fatal(err)
		}
		ends = ends.From(g)
	}
	return mustChain(t, Spec{Action: act, Ends: ends, Steps: benchSteps, Observer: b.sys,
		Tilt: b.tilt, Beta: b.kappa, Moves: []Move{m}})
}

// innermost is the move that a move wraps, or itself.
func innermost(m Move) Move {
	if d, ok := m.(Delayed); ok {
		return d.Unwrap()
	}
	return m
}

// followsGradient tells the moves that need the gradient of the action.
func followsGradient(m Move) bool {
	switch innermost(m).(type) {
	case HMC, MALA, InnovationHMC, PCNLangevin:
		return true
	}
	return false
}

// goesBack tells the moves that simulate backwards in time.
func goesBack(m Move) bool {
	switch m.(type) {
	case TwoWay, Shifting:
		return true
	}
	return false
}

// has tells whether a move applies: neither the gradient of a metric's determinant nor a
// linearised metric exists. A bench whose start moves is for the moves that move it.
func (b bench) has(m Move) bool {
	switch m.(type) {
	case NormalMode:
		return false
	case CentreOfMass:
		return b.free > 0
	}
	if b.free > 0 && !MovesStart(m) || (b.density != nil) != goesBack(m) {
		return false
	}
	_, linear := m.(Delayed)
	return !followsGradient(m) && !linear || !slices.ContainsFunc(b.sys.blocks, func(blk langevin.Block) bool { return blk.Metric })
}

// draw puts the chain at an exact draw of the untilted law and returns its weight under
// the tilted one.
func (b bench) draw(c *Chain, src Source) float64 {
	c.SetTilt(0)
	if err := c.StartForward(1/math.Sqrt(b.kappa), src); err != nil {
		panic(err)
	}
	c.SetTilt(b.tilt.S)
	return math.Exp(-b.tilt.S * c.Integral())
}

// look writes what the suite watches of a path: the action, the tilt and the first and last
// components of a few slices with their squares and products.
func look(dst []float64, c *Chain) {
	p := c.path
	i := 0
	put := func(v float64) { dst[i] = v; i++ }
	put(p.Quadratic())
	put(c.Integral())
	for _, k := range []int{1, 3, p.steps} {
		q := p.Slice(k)
		x, y := q[0], q[p.n-1]
		put(x)
		put(y)
		put(x * x)
		put(y * y)
		put(x * p.Slice(k - 1)[0])
		put(y * p.Slice(k - 1)[p.n-1])
	}
}

const looks = 20

// Metropolis accepts with probability min(1, eˣ), and never what is not a number.
func TestMetropolis(t *testing.T) {
	src := rng.New(14, 0, "metropolis", "")
	const n = 40000
	e, pairs := make([]float64, n), make([]float64, 2*n)
	for i, s := range []Source{src, struct{ Source }{src}} {
		name := []string{"exponentials", "pairs of normals"}[i]
		for _, x := range []float64{-5, -2, -1, -0.3, -0.01, 0, 0.5} {
			exponentials(e, s, pairs)
			accepted := 0.0
			for _, e := range e {
				if Metropolis(x, e) {
					accepted++
				}
			}
			want := math.Min(1, math.Exp(x))
			within(t, fmt.Sprintf("%s: acceptance at %g", name, x), accepted/n, math.Sqrt(want*(1-want)/n)+1e-9, want, 0.003)
		}
	}
	if Metropolis(math.NaN(), 1e300) || Metropolis(math.Inf(-1), 1e300) {
		t.Error("a log ratio that is NaN or −Inf was accepted")
	}
}

// Every move leaves the law invariant: exact draws of the untilted law, weighted to the
// tilted one, keep every moment through a sweep. Draws are independent, so the errors are
// those of plain means; the same draw before and after makes them small.
func TestInvariance(t *testing.T) {
	t.Parallel()
	for _, b := range benches() {
		for i, m := range conformance {
			if !b.has(m) {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s-%d", b.name, m.Name(), i), func(t *testing.T) {
				c := b.chain(t, m)
				src := rng.New(11, i, "invariance", b.name)
				reps := 6000
				if followsGradient(m) {
					reps = 9000 // a trajectory leaves little of the old path to compare with
				}
				var before, after [looks]float64
				var change, spread [looks]analysis.Moments
				for range reps {
					w := b.draw(c, src)
					look(before[:], c)
					c.Sweep(src)
					look(after[:], c)
					for j := range before {
						change[j].Add(w * (after[j] - before[j]))
						spread[j].Add(before[j])
					}
				}
				for j := range change {
					if change[j].Std() == 0 && strings.Contains(m.Name(), "-") && change[j].Mean() == 0 {
						continue // of a block that this move leaves alone
					}
					within(t, fmt.Sprintf("change of quantity %d", j), change[j].Mean(), change[j].StdErr(), 0, 0.03*spread[j].Std())
				}
				if st := c.Stats(0); st.Accepted == 0 || b.tilt.S != 0 && st.Accepted == st.Proposed {
					t.Errorf("accepted %d of %d proposals: the test needs both outcomes", st.Accepted, st.Proposed)
				}
			})
		}
	}
}

// Every move satisfies detailed balance, proposal by proposal and with the sweep run
// backwards: E[f(x)g(Kx)] = E[g(x)f(K*x)], K* = SweepBack, over exact draws.
func TestDetailedBalance(t *testing.T) {
	t.Parallel()
	all := benches()
	for _, b := range []bench{all[0], all[len(all)-2], all[len(all)-1]} {
		balance(t, b)
	}
}

func balance(t *testing.T, b bench) {
	at := func(c *Chain, k int) float64 {
		q := c.path.Slice(k)
		return q[0] - b.start[0] + q[4] - b.start[4]
	}
	f := func(c *Chain) float64 { return at(c, 2) }
	g := func(c *Chain) float64 { x := at(c, 3); return x + 0.5*x*x }
	for i, m := range conformance {
		if !b.has(m) {
			continue
		}
		t.Run(fmt.Sprintf("%s-%d", m.Name(), i), func(t *testing.T) {
			c := b.chain(t, m)
			src := rng.New(12, i, "balance", "")
			var d, size analysis.Moments
			for range 6000 {
				w := b.draw(c, src)
				f0, g0 := f(c), g(c)
				c.Sweep(src)
				forth := w * (f0*g(c) - g0*f(c))
				w = b.draw(c, src)
				f0, g0 = f(c), g(c)
				c.SweepBack(src)
				d.Add(forth + w*(f0*g(c)-g0*f(c)))
				size.Add(w * f0 * g0)
			}
			within(t, "asymmetry of a sweep and its reversal", d.Mean(), d.StdErr(), 0, 0.03*size.Std())

			kernel, step := c.moves[0].kernel, c.moves[0].step
			var one analysis.Moments
			for range 6000 {
				w := b.draw(c, src)
				f0, g0 := f(c), g(c)
				i := src.Intn(kernel.Begin(c.path, src))
				ratio := kernel.Propose(c.path, i, step, src)
				if !math.IsInf(ratio, -1) && Metropolis(ratio-c.path.Delta(), exponential(src, make([]float64, 2))) {
					c.path.keep()
				} else {
					c.path.restore()
				}
				one.Add(w * (f0*g(c) - g0*f(c)))
			}
			within(t, "asymmetry of one proposal", one.Mean(), one.StdErr(), 0, 0.03*size.Std())
		})
	}
}

// A sweep allocates nothing, and a restored chain continues bit for bit.
func TestAllocationsAndRestart(t *testing.T) {
	for _, b := range benches() {
		for i, m := range conformance {
			if !b.has(m) {
				continue
			}
			c := b.chain(t, m)
			src := rng.New(13, i, "restart", b.name)
			b.draw(c, src)
			c.Warm(5, src)
			for range 5 {
				c.Sweep(src)
			}
			saved, err := c.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			stream, _ := src.MarshalBinary()
			for range 20 {
				c.Sweep(src)
			}
			twin, other := b.chain(t, m), rng.New(0, 0, "", "")
			if err := twin.UnmarshalBinary(saved); err != nil {
				t.Fatal(err)
			}
			if err := other.UnmarshalBinary(stream); err != nil {
				t.Fatal(err)
			}
			for range 20 {
				twin.Sweep(other)
			}
			one, _ := c.MarshalBinary()
			two, _ := twin.MarshalBinary()
			if string(one) != string(two) {
				t.Errorf("%s/%s: a restored chain went another way", b.name, m.Name())
			}
			if c.path.NegLogWeight() != twin.path.NegLogWeight() {
				t.Errorf("%s/%s: restored weights differ", b.name, m.Name())
			}
			if err := twin.UnmarshalBinary(saved[:len(saved)-3]); err == nil {
				t.Errorf("%s/%s: a truncated file was accepted", b.name, m.Name())
			}
			if n := testing.AllocsPerRun(20, func() { c.Sweep(src) }); n != 0 {
				t.Errorf("%s/%s: %g allocations per sweep", b.name, m.Name(), n)
			}
		}
	}
}
