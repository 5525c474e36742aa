package pathint

import (
	"fmt"
	"slices"
	"testing"

	"machlup/internal/rng"
)

// The change of weight that a proposal quotes is that of the whole path, q_0's density in and
// its observable not, and a rejected one leaves nothing behind.
func TestDeltaOfMovingStart(t *testing.T) {
	for _, b := range benches() {
		for i, m := range conformance {
			if b.free == 0 || !b.has(m) {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s-%d", b.name, m.Name(), i), func(t *testing.T) {
				c := b.chain(t, m)
				src := rng.New(15, i, "moving start", b.name)
				b.draw(c, src)
				p, k, moved := c.path, c.moves[0].kernel, 0
				for range 60 {
					for j := range k.Begin(p, src) {
						before, q0 := p.NegLogWeight(), slices.Clone(p.Slice(0)[:p.n])
						k.Propose(p, j, c.moves[0].step, src)
						if !p.trial.open {
							continue // given up on the way
						}
						delta := p.Delta()
						near(t, "delta", delta, p.NegLogWeight()-before, 1e-10)
						if !slices.Equal(p.Slice(0)[:p.n], q0) {
							moved++
						}
						if src.Uniform() < 0.5 {
							p.keep()
						} else if p.restore(); p.NegLogWeight() != before {
							t.Fatalf("a rejected proposal left −log weight %v, was %v", p.NegLogWeight(), before)
						}
					}
				}
				if moved == 0 {
					t.Error("the start never moved")
				}
			})
		}
	}
}

func TestEndsRefuse(t *testing.T) {
	sys := coupled(0, false)
	q := make([]float64, 5)
	for what, ends := range map[string]Ends{
		"nothing held":           {},
		"a ring with a start":    Periodic(q).From(boltzmann{}),
		"a ring of a random map": Periodic(q),
	} {
		if _, err := NewChain(Spec{Action: mustAction(t, sys), Ends: ends, Steps: 4}); err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
	if _, err := NewGaussian(q, 0); err == nil {
		t.Error("a density of no width was accepted")
	}
}
