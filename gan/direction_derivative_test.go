package gan

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"machlup/langevin"
)

// The adjoint of every block's drift against central differences of the drift, for plain
// and natural players, in both forms of the metric, for one and two dimensions.
func TestDriftAdjoint(t *testing.T) {
	ring, err := RingConfig{Modes: 3, Radius: 1, StdDev: 0.3}.Target()
	if err != nil {
		t.Fatal(err)
	}
	decay, err := WeightDecayConfig{Generator: 0.3, Discriminator: 0.2}.Regulariser()
	if err != nil {
		t.Fatal(err)
	}
	simultaneous, err := DefaultDynamics("simultaneous")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		d, g string
		game game
	}{
		{"sgd", "sgd", "sgd", game{}},
		{"natural generator", "sgd", "natural", game{}},
		{"both natural", "natural", "natural-momentum", game{}},
		{"large batch", "natural", "natural", game{hidden: []int{2}, noise: Noise{Quenched: 40}}},
		{"two hidden layers, packed", "natural", "natural", game{hidden: []int{3, 2}, packing: 2}},
		{"plane", "natural", "natural", game{target: ring}},
		{"simultaneous", "sgd", "natural", game{dynamics: simultaneous, noise: Noise{TG: 10}}},
		{"weight decay", "natural", "natural", game{regs: []Regulariser{decay}}},
	} {
		for _, act := range []string{"tanh", "softplus"} {
			t.Run(tc.name+"/"+act, func(t *testing.T) {
				s := tc.game
				if s.hidden == nil {
					s.hidden = []int{4}
				}
				if s.noise.Quenched == 0 {
					s.noise.Quenched = 6
				}
				s.act, s.d, s.g = act, optimizer(t, tc.d), optimizer(t, tc.g)
				s.d.Direction.Damping, s.g.Direction.Damping = max(s.d.Direction.Damping, 0.1), max(s.g.Direction.Damping, 0.1)
				s.noise = Noise{Kind: "injected", TD: 1, TG: max(1, s.noise.TG), Quenched: s.noise.Quenched}
				tr := s.trainer(t)
				rec, err := tr.Recurrence()
				if err != nil {
					t.Fatal(err)
				}
				adj := rec.(langevin.AdjointRecurrence)
				if err := adj.HasAdjoint(); err != nil {
					t.Fatal(err)
				}
				src := stream(t, "adjoint")
				q := normals(src, rec.Config())
				for i := range q {
					q[i] *= 0.7
				}
				got := make([]float64, len(q))
				for b, blk := range rec.Blocks() {
					w := normals(src, blk.Hi-blk.Lo)
					adj.DriftAdjoint(got, b, q, w)
					size := 0.0
					for _, x := range got {
						size = max(size, math.Abs(x))
					}
					plus, minus := make([]float64, len(w)), make([]float64, len(w))
					for i := range q {
						const h = 1e-5
						x := q[i]
						q[i] = x + h
						rec.Drift(plus, b, q)
						q[i] = x - h
						rec.Drift(minus, b, q)
						q[i] = x
						want := 0.0
						for j := range w {
							want += w[j] * (plus[j] - minus[j]) / (2 * h)
						}
						if math.Abs(got[i]-want) > 1e-7*size {
							t.Errorf("block %d, component %d: %g, want %g (largest %g)", b, i, got[i], want, size)
						}
					}
				}
				last := len(rec.Blocks()) - 1
				w := normals(src, rec.Blocks()[last].Hi-rec.Blocks()[last].Lo)
				if n := testing.AllocsPerRun(5, func() { adj.DriftAdjoint(got, last, q, w) }); n != 0 {
					t.Errorf("%g allocations", n)
				}
			})
		}
	}
}

// Metrics other than l2, and dynamics that follow second derivatives, say why there is no
// derivative here.
func TestDriftAdjointRefuses(t *testing.T) {
	s := game{hidden: []int{3}, d: optimizer(t, "sgd"), g: optimizer(t, "natural"), noise: Noise{Kind: "injected", TD: 1, TG: 1, Quenched: 5}}
	refused := func(s game, change func(*Trainer), want string) {
		t.Helper()
		tr := s.trainer(t)
		rec, err := tr.Recurrence()
		if err != nil {
			t.Fatal(err)
		}
		change(tr)
		if err := rec.(langevin.AdjointRecurrence).HasAdjoint(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one about %s", err, want)
		}
	}
	refused(s, func(tr *Trainer) { tr.gen.opt.Direction.Metric = "other" }, fmt.Sprintf("%q", "other"))
	s.g = optimizer(t, "sgd")
	var err error
	if s.dynamics, err = DefaultDynamics("consensus"); err != nil {
		t.Fatal(err)
	}
	refused(s, func(*Trainer) {}, "consensus")
}
