package analysis

import (
	"math"
	"sort"
)

// Bins are N intervals of equal width from Lo. The first and the last end Trim short of that: where
// draws are on a lattice a density must not count points that there are none of.
type Bins struct {
	Lo, Width float64
	N         int
	Trim      float64
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
	lo, hi = b.Lo+float64(i)*b.Width, b.Lo+float64(i+1)*b.Width
	if i == 0 {
		lo += b.Trim
	}
	if i == b.N-1 {
		hi -= b.Trim
	}
	return lo, hi
}

// share is the width of bin i by that of the others.
func (b Bins) share(i int) float64 {
	if b.Trim == 0 {
		return 1
	}
	lo, hi := b.Edges(i)
	return (hi - lo) / b.Width
}

// OrderBins returns about n bins that hold all draws. Draws on a lattice (spins) get bins of a
// whole number of its points, fewer in the two end bins: others would make a comb of the law. Where the
// lattice is even and the draws have both signs bins are too, as is the law then.
func OrderBins(chains [][]float64, n int) Bins {
	var x []float64
	for _, c := range chains {
		x = append(x, c...)
	}
	sort.Float64s(x)
	if len(x) == 0 {
		return Bins{0, 1, 1, 0}
	}
	lo, hi := x[0], x[len(x)-1]
	if lo == hi {
		return Bins{lo - 0.5, 1, 1, 0}
	}
	if gap := latticeGap(x); gap > 0 {
		if twice := 2 * lo / gap; lo < 0 && hi > 0 && math.Abs(twice-math.Round(twice)) < 1e-6 {
			hi = math.Max(-lo, hi)
			lo = -hi
		}
		points := int(math.Round((hi-lo)/gap)) + 1
		per := max(1, int(math.Round(float64(points-1)/float64(n))))
		if per%2 == 0 && points%2 == 1 {
			per++ // an odd number of points has a middle one, whose bin needs one too
		}
		bins := (points + per - 1) / per
		if (bins*per-points)%2 == 1 {
			bins++
		}
		trim := float64((bins*per-points)/2) * gap
		return Bins{lo - gap/2 - trim, float64(per) * gap, bins, trim}
	}
	width := (hi - lo) / float64(n) * (1 + 1e-12)
	return Bins{lo, width, n, 0}
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

// Density is the probability of bin i by its width.
func (l OrderLaw) Density(i int) Estimate {
	w := l.Width * l.share(i)
	return Estimate{l.P[i] / w, l.StdErr[i] / w}
}

// NegLog is −log of the density of bin i with its error; NaN for a bin
// that was not visited.
func (l OrderLaw) NegLog(i int) Estimate {
	if l.P[i] == 0 {
		return Estimate{math.NaN(), math.NaN()}
	}
	d := l.Density(i)
	return Estimate{-math.Log(d.Value), d.StdErr / d.Value}
}

// Barrier is the height of the barrier of −log P between two maxima of P: log of the lower
// maximum over the lowest bin between, the pair of maxima chosen that makes it largest.
// Noise makes it positive for one maximum too, by about its error: it is bimodality only
// where it is several errors. Bins are counted with ½ more draw.
func (l OrderLaw) Barrier() Estimate {
	n := len(l.P)
	count := make([]float64, n)
	for i, p := range l.P {
		count[i] = p*l.ESS/l.share(i) + 0.5 // the ½ for noise: an empty end bin is no peak
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
