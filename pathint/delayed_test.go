package pathint

import (
	"math"
	"slices"
	"strings"
	"testing"

	"machlup/internal/rng"
	"machlup/langevin"
)

// On a linear drift the linearised one is the drift itself: what passes the first stage passes
// the second, and costs are those of the stages.
func TestDelayedLinear(t *testing.T) {
	for _, beta := range []float64{0, 0.5} {
		sys := newToy(2, []langevin.Block{{Name: "x", Hi: 2, Momentum: beta, Noise: 0.4}}, func(dst []float64, _ int, q []float64) {
			dst[0], dst[1] = -0.3*q[0]+0.4*q[1], -0.4*q[0]-0.2*q[1]
		})
		for _, inner := range []Move{Staging{Length: 5, Step: 1}, Bisection{Levels: 2, Step: 1}, HMC{Leapfrog: 3, Step: 0.2}} {
			c := mustChain(t, Spec{Action: mustAction(t, sys), Ends: FreeEnd([]float64{1, -2}), Steps: 7, Observer: sys,
				Tilt: Tilt{"x2", 0.4}, Moves: []Move{Delayed{Inner: inner, Cheap: "linear"}}})
			src := rng.New(27, 0, "delayed", inner.Name())
			if err := c.StartForward(2, src); err != nil {
				t.Fatal(err)
			}
			p, k := c.path, c.moves[0].kernel
			first, passed := 0, 0
			for range 300 {
				before := p.cost
				for i, n := 0, k.Begin(p, src); i < n; i++ {
					first++
					drifts := p.cost.Drifts
					ratio := k.Propose(p, i, c.moves[0].step, src)
					if math.IsInf(ratio, -1) {
						p.restore()
						if p.cost.Drifts != drifts {
							t.Fatal("a first stage that rejects evaluated the exact drift")
						}
						continue
					}
					passed++
					near(t, "log ratio of the second stage", ratio-p.Delta(), 0, 1e-9)
					p.keep()
				}
				if got := p.cost.Cheap - before.Cheap; got < int64(p.steps) {
					t.Fatalf("a sweep counts %d cheap drifts, at least %d were computed", got, p.steps)
				}
			}
			if passed == 0 || passed == first {
				t.Errorf("%s: %d of %d proposals passed the first stage; the test needs both", inner.Name(), passed, first)
			}
		}
	}
}

// What has no cheaper action is refused with the reason.
func TestDelayedRefusals(t *testing.T) {
	staging := Staging{Length: 3, Step: 1}
	large := newToy(300, []langevin.Block{{Name: "x", Hi: 300, Noise: 1}}, func(dst []float64, _ int, q []float64) {
		for i := range dst {
			dst[i] = -0.1 * q[i]
		}
	})
	for _, tc := range []struct {
		sys  *toy
		move Delayed
		want string
	}{
		{coupled(0, true), Delayed{Inner: staging, Cheap: "linear"}, "metric noise depends"},
		{large, Delayed{Inner: staging, Cheap: "linear"}, "300 components, more than the 256"},
		{coupled(0, false), Delayed{Inner: staging, Cheap: "subsample", Rows: 2}, "no mean over a fixed batch"},
		{coupled(0, false), Delayed{Inner: staging, Cheap: "prophecy"}, "want linear or subsample"},
		{coupled(0, false), Delayed{Move: "delayed", Cheap: "linear"}, `no move "delayed" to propose`},
		{coupled(0, false), Delayed{Inner: PCN{Step: 1}, Cheap: "linear"}, "works on innovations"},
	} {
		_, err := NewChain(Spec{Action: mustAction(t, tc.sys), Ends: FreeEnd(make([]float64, tc.sys.n)), Steps: 4, Moves: []Move{tc.move}})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v, want %q", err, tc.want)
		}
	}
}

// The cheaper path follows every verdict: it has the chain's slices, and the weight that they
// have afresh.
func TestDelayedFollows(t *testing.T) {
	b := benches()[0]
	c := b.chain(t, Delayed{Inner: Staging{Length: 2, Step: 1}, Cheap: "linear"})
	src := rng.New(28, 0, "follows", "")
	if err := c.StartForward(2, src); err != nil {
		t.Fatal(err)
	}
	p, d := c.path, c.moves[0].kernel.(*delayed)
	kept, restored := 0, 0
	for range 200 {
		for i, n := 0, d.Begin(p, src); i < n; i++ {
			ratio := d.Propose(p, i, 1, src)
			switch {
			case math.IsInf(ratio, -1):
				p.restore()
			case Metropolis(ratio-p.Delta(), src.Uniform()):
				p.keep()
				kept++
			default:
				p.restore()
				restored++
			}
			d.settle(p)
			weight := d.path.NegLogWeight()
			d.path.refresh()
			if !slices.Equal(d.path.slices, p.slices) || math.Abs(weight-d.path.NegLogWeight()) > 1e-9 {
				t.Fatalf("after a verdict the cheaper path has another path, or weight %g instead of %g", weight, d.path.NegLogWeight())
			}
		}
	}
	if kept == 0 || restored == 0 {
		t.Errorf("%d proposals kept and %d restored by the second stage; the test needs both", kept, restored)
	}
}
