package pathint

import (
	"fmt"
	"math"
	"testing"

	"machlup/internal/rng"
)

// fullAction is the definition of the action, on its own: S_quad and −½ Σ log det F.
func fullAction(sys *toy, slices []float64, steps int) (quad, rest float64) {
	n := sys.n
	at := func(k int) []float64 { k = max(k, 0); return slices[k*n : (k+1)*n] }
	for k := range steps {
		mix := append([]float64(nil), at(k)...)
		for b, blk := range sys.blocks {
			w := blk.Hi - blk.Lo
			r := make([]float64, w)
			sys.drift(r, b, mix)
			for i := range r {
				c := blk.Lo + i
				r[i] = at(k + 1)[c] - at(k)[c] - blk.Momentum*(at(k)[c]-at(k - 1)[c]) - r[i]
			}
			norm := 0.0
			if blk.Metric {
				norm = sys.MetricNorm(b, mix, r)
				rest -= 0.5 * sys.LogDet(b, mix)
			} else {
				for _, x := range r {
					norm += x * x
				}
			}
			quad += norm / (2 * blk.Noise * blk.Noise)
			copy(mix[blk.Lo:blk.Hi], at(k + 1)[blk.Lo:blk.Hi])
		}
	}
	return quad, rest
}

func mustChain(t testing.TB, spec Spec) *Chain {
	t.Helper()
	c, err := NewChain(spec)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustAction(t testing.TB, sys System) *OnsagerMachlup {
	t.Helper()
	a, err := NewOnsagerMachlup(sys)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// After thousands of random local moves the cached action is the full action, and every
// proposal's Delta is the difference of two full actions, tilt included.
func TestDeltaIsFullDifference(t *testing.T) {
	for _, beta := range []float64{0, 0.6} {
		for _, metric := range []bool{false, true} {
			t.Run(fmt.Sprintf("beta=%g,metric=%v", beta, metric), func(t *testing.T) {
				sys := coupled(beta, metric)
				const K, s, kappa = 7, 0.4, 1.7
				c := mustChain(t, Spec{
					Action: mustAction(t, sys), Ends: FreeEnd([]float64{0.3, -0.2, 0.5, 0, 1}), Steps: K, Observer: sys,
					Tilt: Tilt{"cross", s}, Beta: kappa,
					Moves: []Move{SingleSlice{Step: 0.4}, SingleSlice{Step: 0.5, Block: "psi"}, SingleSlice{Step: 0.5, Block: "theta"},
						Staging{Length: 3, Step: 0.3}, Staging{Length: 5, Step: 0.3, Block: "psi"}, Staging{Length: 4, Step: 0.3, Block: "theta"}},
				})
				src := rng.New(5, 0, "delta", "")
				if err := c.StartForward(1, src); err != nil {
					t.Fatal(err)
				}
				p := c.path
				full := func() float64 {
					quad, rest := fullAction(sys, p.slices, K)
					o := 0.0
					for k := 1; k <= K; k++ {
						o += p.slices[5*k] * p.slices[5*k+2]
					}
					return kappa*quad + rest + s*o
				}
				kept, dropped := 0, 0
				for range 300 {
					for i := range c.moves {
						m := &c.moves[i]
						for j, n := 0, m.kernel.Begin(p, src); j < n; j++ {
							before := full()
							ratio := m.kernel.Propose(p, j, m.step, src)
							delta := p.Delta()
							near(t, "delta", delta, full()-before, 1e-10)
							if Metropolis(ratio-delta, -math.Log(src.Uniform())) {
								p.keep()
								kept++
							} else {
								p.restore()
								dropped++
								if full() != before {
									t.Fatal("a rejected proposal did not restore the path")
								}
							}
						}
					}
					quad, rest := fullAction(sys, p.slices, K)
					near(t, "quadratic", p.Quadratic(), quad, 1e-10)
					near(t, "action", p.Value(), quad+rest, 1e-10)
					near(t, "weight", p.NegLogWeight(), full(), 1e-10)
				}
				if kept < 500 || dropped < 500 {
					t.Errorf("%d proposals kept and %d dropped: the test needs both", kept, dropped)
				}
			})
		}
	}
}

// The reference of a proposal is the change of the action of a walk with the drifts of the
// noise-free trajectory, in the metric at the start for a metric block.
func TestReference(t *testing.T) {
	start := []float64{0.3, -0.2, 0.5, 0, 1}
	const K = 6
	for _, metric := range []bool{false, true} {
		sys, walk := coupled(0.6, metric), coupled(0.6, metric)
		// The drift of block b in step k along the noise-free trajectory is what is left of
		// its step when the momentum is taken away.
		calm := mustChain(t, Spec{Action: mustAction(t, sys), Ends: FreeEnd(start), Steps: K})
		if err := calm.StartForward(0, nothing{}); err != nil {
			t.Fatal(err)
		}
		call := 0 // fullAction asks block by block, step by step
		walk.drift = func(dst []float64, b int, _ []float64) {
			k := call / 2 % K
			call++
			before, now, after := calm.path.Before(k), calm.path.Slice(k), calm.path.Slice(k+1)
			for i := range dst {
				c := walk.blocks[b].Lo + i
				dst[i] = after[c] - now[c] - walk.blocks[b].Momentum*(now[c]-before[c])
			}
		}
		walk.chol = func(l []float64, b int, _ []float64) { sys.chol(l, b, start) }
		c := mustChain(t, Spec{Action: mustAction(t, sys), Ends: FreeEnd(start), Steps: K, Beta: 2,
			Moves: []Move{Staging{Length: 3, Step: 0.8}}})
		src := rng.New(6, 0, "reference", "")
		if err := c.StartForward(1, src); err != nil {
			t.Fatal(err)
		}
		p, m := c.path, &c.moves[0]
		for range 50 {
			for j, n := 0, m.kernel.Begin(p, src); j < n; j++ {
				before, _ := fullAction(walk, p.slices, K)
				ratio := m.kernel.Propose(p, j, 0.8, src)
				after, _ := fullAction(walk, p.slices, K)
				near(t, "log proposal ratio", ratio, 2*(after-before), 1e-10)
				p.keep()
			}
		}
	}
}

// nothing is a source of zeros.
type nothing struct{ Source }

func (nothing) Normals(dst []float64) { clear(dst) }

// Gradient evaluations are what the system was asked for, and no more than promised.
func TestCost(t *testing.T) {
	sys := coupled(0.6, true)
	act := mustAction(t, sys)
	const K = 9
	for _, tc := range []struct {
		move Move
		most float64 // gradient evaluations per proposal
	}{
		{SingleSlice{Step: 0.5}, 3}, {SingleSlice{Step: 0.5, Block: "psi"}, 2}, {SingleSlice{Step: 0.5, Block: "theta"}, 2},
		{Staging{Length: 4, Step: 0.5}, 5}, {Staging{Length: 4, Step: 0.5, Block: "theta"}, 4.5},
	} {
		c := mustChain(t, Spec{Action: act, Ends: FreeEnd(make([]float64, 5)), Steps: K, Moves: []Move{tc.move}})
		src := rng.New(7, 0, "cost", "")
		if err := c.StartForward(1, src); err != nil {
			t.Fatal(err)
		}
		sys.drifts = 0
		for range 40 {
			c.Sweep(src)
		}
		st := c.Stats(0)
		if got := float64(sys.drifts) / 2; got != st.Gradients {
			t.Errorf("%s: accounts say %g gradient evaluations, the system was asked for %g", st.Move, st.Gradients, got)
		}
		if per := st.Gradients / float64(st.Proposed); per > tc.most {
			t.Errorf("%s: %g gradient evaluations per proposal, promised ≤ %g", st.Move, per, tc.most)
		}
	}
	inn, err := NewInnovation(sys)
	if err != nil {
		t.Fatal(err)
	}
	c := mustChain(t, Spec{Action: inn, Ends: FreeEnd(make([]float64, 5)), Steps: K, Moves: []Move{PCN{Step: 0.5}, Shooting{Count: 4000, Step: 1}}})
	src := rng.New(7, 0, "cost", "")
	if err := c.StartLine(); err != nil {
		t.Fatal(err)
	}
	c.Sweep(src)
	if got := c.Stats(0).Gradients; got != K {
		t.Errorf("pcn on the whole path: %g gradient evaluations, want K = %d", got, K)
	}
	// Shooting from a uniform slice k costs K−k: (K+1)/2 on average, spread √((K²−1)/12).
	within(t, "steps per shot", c.Stats(1).Gradients/4000, math.Sqrt((K*K-1)/12.0/4000), (K+1)/2.0, 0.05)
}

// Systems whose paths have no density in positions are refused with the reason.
func TestRefusals(t *testing.T) {
	noiseless := linear(0.9, 0, 0)
	if _, err := NewOnsagerMachlup(noiseless); err == nil {
		t.Error("noise zero accepted")
	}
	if _, err := NewOnsagerMachlup(onlyMap{linear(0.9, 0, 1)}); err == nil {
		t.Error("a map that is no recurrence accepted")
	}
	sys := linear(0.9, 0, 1)
	act := mustAction(t, sys)
	inn, err := NewInnovation(sys)
	if err != nil {
		t.Fatal(err)
	}
	q := []float64{0}
	for name, spec := range map[string]Spec{
		"pinned innovations":     {Action: inn, Ends: Pinned(q, q), Steps: 4},
		"staging on innovations": {Action: inn, Ends: FreeEnd(q), Steps: 4, Moves: []Move{Staging{Length: 2, Step: 1}}},
		"pcn on positions":       {Action: act, Ends: FreeEnd(q), Steps: 4, Moves: []Move{PCN{Step: 1}}},
		"step above 1":           {Action: act, Ends: FreeEnd(q), Steps: 4, Moves: []Move{SingleSlice{Step: 1.5}}},
		"unknown block":          {Action: act, Ends: FreeEnd(q), Steps: 4, Moves: []Move{SingleSlice{Step: 1, Block: "y"}}},
		"tilt without observer":  {Action: act, Ends: FreeEnd(q), Steps: 4, Tilt: Tilt{"x2", 1}},
		"tilt by nothing known":  {Action: act, Ends: FreeEnd(q), Steps: 4, Observer: sys, Tilt: Tilt{"x3", 1}},
		"start of wrong length":  {Action: act, Ends: FreeEnd([]float64{0, 0}), Steps: 4},
		"nothing left to move":   {Action: act, Ends: PinnedPair(q, q, q), Steps: 2},
		"no steps":               {Action: act, Ends: FreeEnd(q), Steps: 0},
		"negative β":             {Action: act, Ends: FreeEnd(q), Steps: 4, Beta: -1},
	} {
		if _, err := NewChain(spec); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// onlyMap hides everything but the Map.
type onlyMap struct{ t *toy }

func (m onlyMap) Dim() int                       { return m.t.Dim() }
func (m onlyMap) Config() int                    { return m.t.Config() }
func (m onlyMap) Inputs() int                    { return m.t.Inputs() }
func (m onlyMap) Init(state, q []float64)        { m.t.Init(state, q) }
func (m onlyMap) Step(next, state, xi []float64) { m.t.Step(next, state, xi) }
