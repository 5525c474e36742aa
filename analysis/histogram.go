package analysis

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// A Histogram counts draws in equal bins [lo+i·w, lo+(i+1)·w), the last one closed, in
// fixed memory. Draws outside are counted as under- or overflow and take part in the
// normalisation: Σ Density·Width = 1 − the fraction outside.
type Histogram struct {
	lo, hi                float64
	count                 []int
	under, over, rejected int
	total                 int // finite draws
}

// NewHistogram returns an empty histogram of bins equal bins on [lo, hi]. It panics
// unless lo < hi are finite and bins ≥ 1.
func NewHistogram(lo, hi float64, bins int) *Histogram {
	if !(lo < hi) || math.IsInf(hi-lo, 0) || bins < 1 {
		panic("analysis: NewHistogram needs finite lo < hi and at least one bin")
	}
	return &Histogram{lo: lo, hi: hi, count: make([]int, bins)}
}

// Add counts one draw. NaN is counted by Rejected and in nothing else.
func (h *Histogram) Add(x float64) {
	if math.IsNaN(x) {
		h.rejected++
		return
	}
	h.total++
	switch {
	case x < h.lo:
		h.under++
	case x > h.hi:
		h.over++
	default:
		i := int((x - h.lo) / (h.hi - h.lo) * float64(len(h.count)))
		h.count[min(i, len(h.count)-1)]++
	}
}

// Merge adds the counts of o, which must have the same bins.
func (h *Histogram) Merge(o *Histogram) error {
	if h.lo != o.lo || h.hi != o.hi || len(h.count) != len(o.count) {
		return fmt.Errorf("analysis: Histogram.Merge: bins [%g, %g]/%d against [%g, %g]/%d: histograms to merge must share their bins",
			h.lo, h.hi, len(h.count), o.lo, o.hi, len(o.count))
	}
	for i, c := range o.count {
		h.count[i] += c
	}
	h.under += o.under
	h.over += o.over
	h.rejected += o.rejected
	h.total += o.total
	return nil
}

// Bins returns the number of bins, N the number of draws (outside ones included, NaN
// not), Under and Over those outside, Rejected the number of NaN.
func (h *Histogram) Bins() int     { return len(h.count) }
func (h *Histogram) N() int        { return h.total }
func (h *Histogram) Under() int    { return h.under }
func (h *Histogram) Over() int     { return h.over }
func (h *Histogram) Rejected() int { return h.rejected }

// Count returns the number of draws in bin i.
func (h *Histogram) Count(i int) int { return h.count[i] }

// Edges returns the limits of bin i.
func (h *Histogram) Edges(i int) (low, high float64) {
	n := float64(len(h.count))
	return h.lo + (h.hi-h.lo)*float64(i)/n, h.lo + (h.hi-h.lo)*float64(i+1)/n
}

// Density returns count/(N·width), 0 before the first draw.
func (h *Histogram) Density(i int) float64 {
	if h.total == 0 {
		return 0
	}
	return float64(h.count[i]) / float64(h.total) / h.width()
}

// DensityErr returns the standard error of Density(i): binomial, with N/(2τ) effective
// draws. τ is that of the indicator of the bin; in a reversible process the slowest mode's
// is an upper bound. The bin's probability enters as (k+½)/(n+1) in effective
// counts, so that an empty bin has an error and not a false certainty. +Inf before the
// first draw. It panics unless tau > 0.
func (h *Histogram) DensityErr(i int, tau float64) float64 {
	if !(tau > 0) {
		panic("analysis: Histogram.DensityErr needs tau > 0")
	}
	if h.total == 0 {
		return math.Inf(1)
	}
	n := float64(h.total) / (2 * tau)
	p := (float64(h.count[i])/(2*tau) + 0.5) / (n + 1)
	return math.Sqrt(p*(1-p)/n) / h.width()
}

func (h *Histogram) width() float64 { return (h.hi - h.lo) / float64(len(h.count)) }

const histogramVersion = 1

// MarshalBinary saves bins and counts.
func (h *Histogram) MarshalBinary() ([]byte, error) {
	b := []byte{histogramVersion}
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(h.lo))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(h.hi))
	for _, c := range append([]int{h.under, h.over, h.rejected, h.total}, h.count...) {
		b = binary.LittleEndian.AppendUint64(b, uint64(c))
	}
	return b, nil
}

// UnmarshalBinary restores a histogram saved by MarshalBinary, bins included.
func (h *Histogram) UnmarshalBinary(b []byte) error {
	const head = 1 + 8*6
	if len(b) < head+8 || (len(b)-head)%8 != 0 || b[0] != histogramVersion {
		return errors.New("analysis: Histogram: not a saved state of this version")
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(b[1+8*i:]) }
	*h = *NewHistogram(math.Float64frombits(word(0)), math.Float64frombits(word(1)), (len(b)-head)/8)
	h.under, h.over, h.rejected, h.total = int(word(2)), int(word(3)), int(word(4)), int(word(5))
	for i := range h.count {
		h.count[i] = int(word(6 + i))
	}
	return nil
}
