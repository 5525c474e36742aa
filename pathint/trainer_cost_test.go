package pathint_test

import (
	"testing"

	"machlup/gan"
	"machlup/internal/rng"
	"machlup/pathint"
)

// A local move on the trainer: gradient evaluations of a proposal are at most 2, at most 3 when
// both players move, exactly what the slices that it reaches need. Slice k enters the drifts of
// step k of both players and, as the discriminator that the generator follows, that of step k−1 of
// the generator; the last slice only the latter.
func TestTrainerMoveCost(t *testing.T) {
	const K, sweeps = 6, 20
	tr := tiny(t, "momentum", "sgd", gan.Noise{Kind: "injected", TD: 0.5, TG: 0.5, Quenched: 8})
	q := make([]float64, tr.Config())
	tr.InitConfig(q, rng.New(93, 0, "start", ""))
	for _, tc := range []struct {
		move        pathint.Move
		sweep, most float64 // of a sweep of K proposals; of one
	}{
		{pathint.SingleSlice{Step: 0.5, Block: "generator"}, K - 1, 1},
		{pathint.SingleSlice{Step: 0.5, Block: "discriminator"}, (K - 1) + 0.5, 2},
		{pathint.SingleSlice{Step: 0.5}, (K-1)*1.5 + 0.5, 3},
	} {
		act, err := pathint.NewOnsagerMachlup(tr)
		if err != nil {
			t.Fatal(err)
		}
		c, err := pathint.NewChain(pathint.Spec{Action: act, Ends: pathint.FreeEnd(q), Steps: K, Moves: []pathint.Move{tc.move}})
		if err != nil {
			t.Fatal(err)
		}
		src := rng.New(93, 0, "cost", tc.move.Name())
		if err := c.StartForward(1, src); err != nil {
			t.Fatal(err)
		}
		for range sweeps {
			c.Sweep(src)
		}
		st := c.Stats(0)
		if st.Proposed != K*sweeps || st.Gradients != tc.sweep*sweeps {
			t.Errorf("%s: %d proposals cost %g gradient evaluations, want %g for %d", tc.move.Name(), st.Proposed, st.Gradients, tc.sweep*sweeps, K*sweeps)
		}
		if tc.sweep/K > tc.most {
			t.Errorf("%s: %g gradient evaluations a proposal, want at most %g", tc.move.Name(), tc.sweep/K, tc.most)
		}
		if n := testing.AllocsPerRun(10, func() { c.Sweep(src) }); n != 0 {
			t.Errorf("%s: %g allocations per sweep", tc.move.Name(), n)
		}
	}
}
