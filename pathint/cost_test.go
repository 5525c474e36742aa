package pathint

import (
	"testing"

	"machlup/internal/rng"
)

// Shooting from step k costs K−k steps of the map, and so does a window of pCN that begins there.
func TestShootingCost(t *testing.T) {
	const K = 9
	for _, m := range []Move{Shooting{Step: 1}, Shooting{Step: 0.5}, PCN{Step: 0.7, Window: 3}} {
		inn, err := NewInnovation(coupled(0.5, false))
		if err != nil {
			t.Fatal(err)
		}
		c := mustChain(t, Spec{Action: inn, Ends: FreeEnd(make([]float64, 5)), Steps: K, Moves: []Move{m}})
		src := rng.New(92, 0, "cost", m.Name())
		if err := c.StartForward(1, src); err != nil {
			t.Fatal(err)
		}
		p, k := c.path, c.moves[0].kernel
		seen := map[int]bool{}
		for range 300 {
			k.Begin(p, src)
			before := p.cost
			k.Propose(p, 0, c.moves[0].step, src)
			p.Delta()
			from := p.trial.change.Lo
			if got := p.cost.Steps - before.Steps; got != int64(K-from) || p.cost.Drifts != before.Drifts {
				t.Fatalf("%s from step %d costs %d steps, want K−k = %d", m.Name(), from, got, K-from)
			}
			seen[from] = true
			p.restore()
		}
		if len(seen) != K {
			t.Errorf("%s starts at %d of the %d steps", m.Name(), len(seen), K)
		}
	}
}

// A path in positions holds its slices and one cached drift for each step; a local move
// saves no more than the rows that it reaches. The reference's drifts, fixed for the chain, and
// three numbers a step and block come on top.
func TestPathMemory(t *testing.T) {
	const K, n, length = 64, 5, 4
	sys := coupled(0, false)
	c := mustChain(t, Spec{Action: mustAction(t, sys), Ends: FreeEnd(make([]float64, n)), Steps: K, Moves: []Move{SingleSlice{Step: 1}, Staging{Length: length, Step: 1}}})
	src := rng.New(92, 1, "memory", "")
	if err := c.StartForward(1, src); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		c.Sweep(src)
	}
	p := c.path
	for what, size := range map[string][2]int{
		"slices":           {cap(p.slices), (K + 1) * n},
		"cached drifts":    {cap(p.cache), K * n},
		"reference drifts": {cap(p.guide), K * n},
		"terms":            {cap(p.terms), K * 2 * termsPerBlock},
	} {
		if size[0] != size[1] {
			t.Errorf("%s: %d numbers, want %d", what, size[0], size[1])
		}
	}
	for what, size := range map[string]int{"slices": cap(p.trial.slices), "cached drifts": cap(p.trial.cache)} {
		if most := 2 * (length + 2) * n; size > most { // append rounds up
			t.Errorf("a proposal of %d slices holds %d numbers of %s, want at most %d", length, size, what, most)
		}
	}
}
