package pathint

import (
	"math"
	"testing"

	"machlup/internal/rng"
	"machlup/langevin"
)

// Warm-up brings the acceptance near its target; sweeps leave the step alone.
func TestWarmUpAdapts(t *testing.T) {
	sys := linear(-0.6, 0, 0.3) // far from the free action
	for _, m := range []Move{Staging{Length: 12, Step: 1, Target: 0.4}, SingleSlice{Step: 0.01, Target: 0.7}} {
		c := mustChain(t, Spec{Action: mustAction(t, sys), Ends: FreeEnd([]float64{0}), Steps: 24, Moves: []Move{m}})
		src := rng.New(51, 0, "warm", m.Name())
		if err := c.StartForward(3, src); err != nil {
			t.Fatal(err)
		}
		c.Warm(600, src)
		if st := c.Stats(0); st.Proposed != 0 {
			t.Errorf("%s: warm-up proposals in the statistics: %+v", m.Name(), st)
		}
		step := c.Stats(0).Step
		for range 600 {
			c.Sweep(src)
		}
		st := c.Stats(0)
		if _, target := m.Tuning(); math.Abs(st.Acceptance()-target) > 0.08 {
			t.Errorf("%s: acceptance %.2f, aimed at %.2f", m.Name(), st.Acceptance(), target)
		}
		if st.Step != step || step == 1 || step == 0.01 {
			t.Errorf("%s: step %g after warm-up, %g after sweeps", m.Name(), step, st.Step)
		}
	}
}

// A trajectory that diverges has no weight: proposals are rejected and counted, exact draws
// annealed with weight zero.
func TestDivergedTrajectories(t *testing.T) {
	sys := newToy(1, []langevin.Block{{Name: "x", Hi: 1, Noise: 0.5}},
		func(dst []float64, _ int, q []float64) { dst[0] = 0.3 * q[0] * q[0] * q[0] })
	inn, err := NewInnovation(sys)
	if err != nil {
		t.Fatal(err)
	}
	c := mustChain(t, Spec{Action: inn, Ends: FreeEnd([]float64{0}), Steps: 12, Observer: sys,
		Tilt: Tilt{Observable: "x2"}, Moves: []Move{PCN{Step: 1}}})
	src := rng.New(52, 0, "diverged", "")
	if err := c.StartLine(); err != nil {
		t.Fatal(err)
	}
	for range 400 {
		c.Sweep(src)
		if !finite(c.path.slices) {
			t.Fatal("the chain took a diverged path")
		}
	}
	if st := c.Stats(0); st.Diverged == 0 || st.Accepted+st.Diverged != st.Proposed {
		t.Errorf("without a tilt pCN rejects what diverges and nothing else: %+v", st)
	}
	l, err := NewTilted(c)
	if err != nil {
		t.Fatal(err)
	}
	none := 0
	for range 400 {
		w, err := Anneal(l, []float64{0, 0.1}, 1, src)
		if err != nil || math.IsNaN(w) {
			t.Fatal(w, err)
		}
		if math.IsInf(w, -1) {
			none++
		}
	}
	if none == 0 || none == 400 {
		t.Errorf("%d of 400 draws had no weight", none)
	}
}

// A chain is started before it is swept, and by a path it can stand on.
func TestStarts(t *testing.T) {
	sys := linear(0.9, 0, 1)
	c := mustChain(t, Spec{Action: mustAction(t, sys), Ends: Pinned([]float64{1}, []float64{5}), Steps: 4, Moves: []Move{SingleSlice{Step: 1}}})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("sweeping without a path did not panic")
			}
		}()
		c.Sweep(rng.New(53, 0, "", ""))
	}()
	if err := c.StartLine(); err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{1, 2, 3, 4, 5} {
		near(t, "straight line", c.path.Slice(k)[0], want, 1e-14)
	}
	if err := c.StartSlices([]float64{9, 7, 8, 9, 9}); err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{1, 7, 8, 9, 5} {
		near(t, "given slices between fixed ends", c.path.Slice(k)[0], want, 0)
	}
	for what, err := range map[string]error{
		"too few slices":      c.StartSlices([]float64{1}),
		"inputs in positions": c.StartInputs([]float64{1, 2, 3, 4}),
		"NaN":                 c.StartSlices([]float64{1, math.NaN(), 3, 4, 5}),
	} {
		if err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	inn, err := NewInnovation(sys)
	if err != nil {
		t.Fatal(err)
	}
	c = mustChain(t, Spec{Action: inn, Ends: FreeEnd([]float64{1}), Steps: 3})
	if err := c.StartInputs([]float64{1, 0, -1}); err != nil {
		t.Fatal(err)
	}
	near(t, "given inputs", c.path.Slice(3)[0], 0.9*0.9*(0.9+1)-1, 1e-14)
	if err := c.StartSlices(make([]float64, 4)); err == nil {
		t.Error("slices in innovations: accepted")
	}
}
