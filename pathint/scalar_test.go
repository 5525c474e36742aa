package pathint

import (
	"fmt"
	"testing"

	"machlup/internal/rng"
)

// The fast path in one dimension is the general kernel: from the same numbers the same
// paths, decisions, terms and accounts.
func TestScalarIsGeneral(t *testing.T) {
	start := []float64{1}
	for _, beta := range []float64{0, 0.6} {
		for _, ends := range []Ends{FreeEnd(start), Pinned(start, start), PinnedPair(start, start, start)} {
			for _, m := range []Move{SingleSlice{Step: 1}, SingleSlice{Step: 0.3}, Staging{Length: 4, Step: 0.5}, Staging{Length: 2, Step: 1}, Staging{Length: 40, Step: 0.2}} {
				name := fmt.Sprintf("β=%g,pins=%d,%s", beta, ends.Pins(), m.Name())
				var c [2]*Chain
				for i := range c {
					c[i] = mustChain(t, Spec{Action: mustAction(t, linear(0.7, beta, 0.5)), Ends: ends, Steps: 11, Beta: 1.4, Moves: []Move{m}})
					src := rng.New(41, 0, name, "")
					if err := c[i].StartForward(1, src); err != nil {
						t.Fatal(err)
					}
					kernel := c[i].moves[0].kernel.(*tiling)
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
				// Terms as kept are those computed afresh, to the bit: a restart changes nothing.
				kept := append([]float64(nil), c[0].path.terms...)
				c[0].path.refresh()
				for j, x := range c[0].path.terms {
					if x != kept[j] {
						t.Fatalf("%s: term %d is %g, computed afresh %g", name, j, kept[j], x)
					}
				}
			}
		}
	}
}

// The segments of a sweep cover every movable slice once; those of a colour leave at least
// one slice between them.
func TestTilingCovers(t *testing.T) {
	src := rng.New(42, 0, "tiling", "")
	for slices := 1; slices <= 20; slices++ {
		for length := 1; length <= 7; length++ {
			p := mustChain(t, Spec{Action: mustAction(t, linear(0.7, 0, 0.5)), Ends: FreeEnd([]float64{1}), Steps: slices}).path
			tiles, err := newTiling(p, Staging{}, "", length)
			if err != nil {
				t.Fatal(err)
			}
			for range 8 {
				n := tiles.Begin(p, src)
				covered := make([]int, slices+1)
				last, turns := -1, 0
				for i := range n {
					lo, hi := tiles.segment(i)
					for k := lo; k < hi; k++ {
						covered[k]++
					}
					if lo <= last {
						turns++
						last = -1
					}
					if last >= 0 && lo == last {
						t.Fatalf("%d slices, length %d: segments %d and %d touch", slices, length, i-1, i)
					}
					last = hi
				}
				if turns > 1 || covered[0] != 0 {
					t.Fatalf("%d slices, length %d: %d colours, slice 0 moved %d times", slices, length, turns+1, covered[0])
				}
				for k, c := range covered[1:] {
					if c != 1 {
						t.Fatalf("%d slices, length %d: slice %d is in %d segments", slices, length, k+1, c)
					}
				}
			}
		}
	}
}
