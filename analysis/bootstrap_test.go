package analysis

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
)

func TestBlockBootstrapOfTheMean(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	x := normals(rng, 2000, 5, 2)
	mean := func(y []float64) float64 { m, _ := meanVar(y); return m }
	b, err := BlockBootstrap(x, 1, 4000, rand.NewPCG(1, 2), mean)
	if err != nil {
		t.Fatal(err)
	}
	m, v := meanVar(x)
	near(t, "value", b.Value, m, 1e-14)
	near(t, "error", b.StdErr, math.Sqrt(v/2000), 0.05)
	lo, hi := b.Interval(0.6827)
	near(t, "interval", (hi-lo)/2, b.StdErr, 0.06)
	if lo, hi := b.Interval(1); lo != b.Replicates[0] || hi != b.Replicates[3999] {
		t.Errorf("the whole range: [%g, %g]", lo, hi)
	}
	again, _ := BlockBootstrap(x, 1, 4000, rand.NewPCG(1, 2), mean)
	if again.StdErr != b.StdErr {
		t.Error("the same source must give the same result")
	}
}

// The median of a correlated series, for which there is no formula to hand.
func TestBlockBootstrapIsCalibrated(t *testing.T) {
	calibrated(t, "median of AR(1)", 200, 0, 0.1, func(rng *rand.Rand) Estimate {
		x := ar1(rng, 0.6, 1500)
		b, err := BlockBootstrap(x, BlockLength(ar1Tau(0.6)), 50, rand.NewPCG(rng.Uint64(), 1), func(y []float64) float64 {
			sort.Float64s(y)
			return y[len(y)/2]
		})
		if err != nil {
			t.Fatal(err)
		}
		return Estimate{b.Value, b.StdErr}
	})
}

func TestBlockBootstrapRefuses(t *testing.T) {
	one := func(y []float64) float64 { return y[0] }
	_, err := BlockBootstrap(make([]float64, 100), 10, 50, rand.NewPCG(1, 1), one)
	refused(t, "too few blocks", err, TooShort)
	_, err = BlockBootstrap(make([]float64, 100), 1, 1, rand.NewPCG(1, 1), one)
	refused(t, "one resample", err, TooShort)
	_, err = BlockBootstrap(make([]float64, 100), 1, 10, rand.NewPCG(1, 1), func(y []float64) float64 { return math.Log(y[0]) })
	refused(t, "not finite", err, NotFinite)
}
