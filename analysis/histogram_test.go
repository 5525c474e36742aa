package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestHistogramCounts(t *testing.T) {
	h := NewHistogram(-1, 1, 4)
	for _, x := range []float64{-1, -0.6, -0.5, 0, 0.49, 0.5, 1, -1.01, 2, 3, math.Inf(1), math.Inf(-1), math.NaN()} {
		h.Add(x)
	}
	for i, want := range []int{2, 1, 2, 2} {
		if h.Count(i) != want {
			t.Errorf("bin %d holds %d, want %d", i, h.Count(i), want)
		}
	}
	if h.Under() != 2 || h.Over() != 3 || h.N() != 12 || h.Rejected() != 1 || h.Bins() != 4 {
		t.Errorf("under %d, over %d, N %d, rejected %d", h.Under(), h.Over(), h.N(), h.Rejected())
	}
	if lo, hi := h.Edges(1); lo != -0.5 || hi != 0 {
		t.Errorf("edges of bin 1: %g, %g", lo, hi)
	}
	near(t, "density", h.Density(0), 2.0/12/0.5, 1e-14)
	// Effective counts at τ = 1.5: n = 4, k = 2/3.
	p := (2.0/3 + 0.5) / 5
	near(t, "error", h.DensityErr(0, 1.5), math.Sqrt(p*(1-p)/4)/0.5, 1e-14)
}

func TestHistogramMerge(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	a, b, all := NewHistogram(-2, 2, 7), NewHistogram(-2, 2, 7), NewHistogram(-2, 2, 7)
	for i := 0; i < 1000; i++ {
		x := 2 * rng.NormFloat64()
		all.Add(x)
		if i%3 == 0 {
			a.Add(x)
		} else {
			b.Add(x)
		}
	}
	if err := a.Merge(b); err != nil {
		t.Fatal(err)
	}
	saved, _ := a.MarshalBinary()
	var restored Histogram
	if err := restored.UnmarshalBinary(saved); err != nil {
		t.Fatal(err)
	}
	for _, h := range []*Histogram{a, &restored} {
		for i := 0; i < 7; i++ {
			if h.Count(i) != all.Count(i) {
				t.Errorf("bin %d: %d against %d", i, h.Count(i), all.Count(i))
			}
		}
		if h.Under() != all.Under() || h.Over() != all.Over() || h.N() != all.N() {
			t.Error("outside draws")
		}
	}
	if a.Merge(NewHistogram(-2, 2, 8)) == nil {
		t.Error("other bins must be refused")
	}
	if restored.UnmarshalBinary(saved[:20]) == nil {
		t.Error("a damaged state must be refused")
	}
}

func TestHistogramErrorsAreCalibrated(t *testing.T) {
	exact := func(lo, hi float64) float64 { return (normalCDF(hi) - normalCDF(lo)) / (hi - lo) }
	for _, bin := range []int{2, 6, 9} {
		var lo, hi float64
		calibrated(t, "independent", 300, exact(-3+0.5*float64(bin), -2.5+0.5*float64(bin)), 0.1, func(rng *rand.Rand) Estimate {
			h := NewHistogram(-3, 3, 12)
			for i := 0; i < 2000; i++ {
				h.Add(rng.NormFloat64())
			}
			lo, hi = h.Edges(bin)
			return Estimate{h.Density(bin), h.DensityErr(bin, 0.5)}
		})
		near(t, "edges", hi-lo, 0.5, 1e-12)
		// Correlated draws, with τ of the bin's own indicator.
		calibrated(t, "AR(1)", 300, exact(lo, hi), 0.1, func(rng *rand.Rand) Estimate {
			x := ar1(rng, 0.8, 6000)
			h := NewHistogram(-3, 3, 12)
			for _, v := range x {
				h.Add(v)
			}
			ind := mapped(x, func(v float64) float64 {
				if v >= lo && v < hi {
					return 1
				}
				return 0
			})
			return Estimate{h.Density(bin), h.DensityErr(bin, Autocorrelation(ind).Tau)}
		})
	}
}

func TestEmptyBinIsUncertain(t *testing.T) {
	h := NewHistogram(0, 1, 10)
	if !math.IsInf(h.DensityErr(3, 0.5), 1) || h.Density(3) != 0 {
		t.Error("before the first draw nothing is known")
	}
	for i := 0; i < 100; i++ {
		h.Add(0.05)
	}
	if e := h.DensityErr(3, 0.5); !(e > 0.05 && e < 0.1) {
		t.Errorf("error of an empty bin after 100 draws = %g", e)
	}
}
