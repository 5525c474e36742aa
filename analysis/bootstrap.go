package analysis

import (
	"math"
	"math/rand/v2"
	"sort"
)

// A Bootstrapped result holds a statistic and its resampled values.
type Bootstrapped struct {
	Value      float64   // the statistic of the series itself
	StdErr     float64   // standard deviation of Replicates
	Replicates []float64 // sorted
}

// Interval returns the percentile interval that holds the given fraction, 0.6827 for
// "one sigma".
func (b Bootstrapped) Interval(level float64) (lo, hi float64) {
	r := [][]float64{b.Replicates}
	return quantile7(r, (1-level)/2), quantile7(r, (1+level)/2)
}

// BlockBootstrap resamples a stationary series in overlapping blocks of the given length
// (at least 10τ, but short against the series: the error is low by a factor of about
// √(1 − block/N)), for statistics without a formula (quantiles, fits). f gets a scratch series
// of len(x) draws that it must not keep but may reorder. It refuses fewer than MinBlocks
// blocks' worth of data, fewer than 2 resamples, and f that is not finite.
//
// Source: H. R. Künsch, Ann. Stat. 17 (1989) 1217.
func BlockBootstrap(x []float64, block, resamples int, src rand.Source, f func([]float64) float64) (Bootstrapped, error) {
	if block < 1 {
		panic("analysis: BlockBootstrap needs block ≥ 1")
	}
	if len(x) < MinBlocks*block {
		return Bootstrapped{}, &Refusal{TooShort, "block bootstrap", float64(len(x) / block), MinBlocks, "draw longer: too few blocks"}
	}
	if resamples < 2 {
		return Bootstrapped{}, &Refusal{TooShort, "block bootstrap", float64(resamples), 2, "ask for more resamples"}
	}
	rng := rand.New(src)
	y := append([]float64(nil), x...)
	out := Bootstrapped{Value: f(y), Replicates: make([]float64, resamples)}
	for r := range out.Replicates {
		for i := 0; i < len(y); i += block {
			at := rng.IntN(len(x) - block + 1)
			copy(y[i:], x[at:at+block])
		}
		out.Replicates[r] = f(y)
		if v := out.Replicates[r]; v-v != 0 {
			return out, &Refusal{NotFinite, "block bootstrap", v, 0, "the statistic is not finite on a resampled series"}
		}
	}
	_, v := meanVar(out.Replicates)
	out.StdErr = math.Sqrt(v)
	sort.Float64s(out.Replicates)
	return out, nil
}
