package analysis

import (
	"math"
	"sort"
)

// Bins are N intervals of equal width from Lo.
type Bins struct {
	Lo, Width float64
	N         int
}

// Index is the bin of x, −1 outside.
func (b Bins) Index(x float64) int {
	i := int(math.Floor((x - b.Lo) / b.Width))
	if x < b.Lo || i >= b.N {
		return -1
	}
	return i
}

// Edges are the limits of bin i.
func (b Bins) Edges(i int) (lo, hi float64) {
	return b.Lo + float64(i)*b.Width, b.Lo + float64(i+1)*b.Width
}

// OrderBins returns about n bins that hold all draws. Draws on a lattice (spins) get bins of a
// whole number of its points: others would make a comb of the law.
func OrderBins(chains [][]float64, n int) Bins {
	var x []float64
	for _, c := range chains {
		x = append(x, c...)
	}
	sort.Float64s(x)
	if len(x) == 0 {
		return Bins{0, 1, 1}
	}
	lo, hi := x[0], x[len(x)-1]
	if lo == hi {
		return Bins{lo - 0.5, 1, 1}
	}
	if gap := latticeGap(x); gap > 0 {
		per := math.Max(1, math.Round((hi-lo)/gap/float64(n)))
		width := per * gap
		return Bins{lo - gap/2, width, int(math.Ceil((hi-lo+0.75*gap)/width - 1e-9))}
	}
	width := (hi - lo) / float64(n) * (1 + 1e-12)
	return Bins{lo, width, n}
}

// latticeGap is the spacing of sorted draws that lie on a lattice, 0 if they do not: many
// equal values, all at whole multiples of the smallest gap.
func latticeGap(x []float64) float64 {
	gap, distinct := math.Inf(1), 1
	for i := 1; i < len(x); i++ {
		if d := x[i] - x[i-1]; d > 1e-12*math.Abs(x[i]) {
			gap = math.Min(gap, d)
			distinct++
		}
	}
	if distinct*4 > len(x) {
		return 0
	}
	for _, v := range x {
		if k := (v - x[0]) / gap; math.Abs(k-math.Round(k)) > 1e-6*math.Max(1, k) {
			return 0
		}
	}
	return gap
}

// An OrderLaw is the law of an order parameter over bins: probabilities, which sum to 1 if
// the bins hold all, with their errors, and −log P of the bins that were visited.
type OrderLaw struct {
	Bins
	P, StdErr []float64
	ESS       float64 // effective number of draws
}

// NewOrderLaw counts the draws of chains. tau is their autocorrelation time, ½ if they are
// independent.
func NewOrderLaw(chains [][]float64, tau float64, bins Bins) OrderLaw {
	law, n := OrderLaw{Bins: bins, P: make([]float64, bins.N), StdErr: make([]float64, bins.N)}, 0
	for _, c := range chains {
		n += len(c)
	}
	for _, c := range chains {
		for _, v := range c {
			if b := bins.Index(v); b >= 0 {
				law.P[b] += 1 / float64(n)
			}
		}
	}
	law.finish(float64(n) / (2 * math.Max(tau, 0.5)))
	return law
}

// finish sets the errors: binomial, with (k+½)/(n+1) for the probability, so that an empty
// bin has an error too.
func (l *OrderLaw) finish(ess float64) {
	l.ESS = ess
	for i, p := range l.P {
		q := (p*ess + 0.5) / (ess + 1)
		l.StdErr[i] = math.Sqrt(q * (1 - q) / ess)
	}
}

// NegLog is −log P of bin i, up to the logarithm of the width, with its error; NaN for a bin
// that was not visited.
func (l OrderLaw) NegLog(i int) Estimate {
	if l.P[i] == 0 {
		return Estimate{math.NaN(), math.NaN()}
	}
	return Estimate{-math.Log(l.P[i] / l.Width), l.StdErr[i] / l.P[i]}
}

// Barrier is the height of the barrier of −log P between two maxima of P: log of the lower
// maximum over the lowest bin between, the pair of maxima chosen that makes it largest.
// Noise makes it positive for one maximum too, by about its error: it is bimodality only
// where it is several errors. Bins are counted with ½ more draw.
func (l OrderLaw) Barrier() Estimate {
	n := len(l.P)
	count := make([]float64, n)
	for i, p := range l.P {
		count[i] = p*l.ESS + 0.5
	}
	right := make([]float64, n+1)
	for i := n - 1; i >= 0; i-- {
		right[i] = math.Max(right[i+1], count[i])
	}
	best, left := Estimate{0, math.NaN()}, 0.0
	for i, c := range count {
		if peak := math.Min(left, right[i+1]); peak > c {
			if b := math.Log(peak / c); b > best.Value {
				best = Estimate{b, math.Sqrt(1/peak + 1/c)}
			}
		}
		left = math.Max(left, c)
	}
	if best.Value == 0 {
		top := 0.0
		for _, c := range count {
			top = math.Max(top, c)
		}
		best.StdErr = math.Sqrt(2 / top)
	}
	return best
}
