package analysis

import (
	"encoding/binary"
	"errors"
	"math"
)

const maxOrder = 8 // errors of a fourth-order statistic need eighth moments

// Moments accumulates central moments of a stream in fixed memory: mean, standard
// deviation, skewness and excess kurtosis, with errors valid for any distribution. The
// zero value is empty and ready. Sums of powers up to eight are kept because the error of
// a fourth-order statistic contains the eighth moment.
//
// Merging is exact: parts merged in a fixed order give the same bits every time, and any
// order the same numbers to rounding.
//
// Values that are not finite are counted by Rejected and otherwise ignored; Summary
// refuses if there are any.
//
// Source: P. Pébay, Sandia SAND2008-6212 (2008), (2.1)–(2.10).
type Moments struct {
	n, rejected int
	mean        float64
	m           [maxOrder + 1]float64 // m[p] = Σ(x−mean)^p, p ≥ 2
}

// A MomentSummary holds moments about the mean. Std is the square root of the unbiased
// variance (divisor N−1); Skewness = m₃/m₂^{3/2} and ExcessKurtosis = m₄/m₂²−3 are the
// plain sample ratios (divisor N).
type MomentSummary struct {
	N                                   int
	Mean, Std, Skewness, ExcessKurtosis Estimate
}

var binomial = func() (c [maxOrder + 1][maxOrder + 1]float64) {
	for p := range c {
		c[p][0] = 1
		for k := 1; k <= p; k++ {
			c[p][k] = c[p-1][k-1] + c[p-1][k]
		}
	}
	return c
}()

// Add takes one draw.
func (m *Moments) Add(x float64) {
	if x-x != 0 {
		m.rejected++
		return
	}
	if m.n == 0 {
		m.n, m.mean = 1, x
		return
	}
	n := float64(m.n)
	d := (x - m.mean) / (n + 1)
	var old, own [maxOrder + 1]float64 // powers of the old draws' shift and of the new deviation
	old[0], own[0] = 1, 1
	for p := 1; p <= maxOrder; p++ {
		old[p], own[p] = -d*old[p-1], n*d*own[p-1]
	}
	for p := maxOrder; p >= 2; p-- {
		s := m.m[p] + n*old[p] + own[p]
		for k := 1; k <= p-2; k++ {
			s += binomial[p][k] * old[k] * m.m[p-k]
		}
		m.m[p] = s
	}
	m.n++
	m.mean += d
}

// Merge adds the draws of o, which is left unchanged.
func (m *Moments) Merge(o *Moments) {
	m.rejected += o.rejected
	switch {
	case o.n == 0:
	case m.n == 0:
		m.n, m.mean, m.m = o.n, o.mean, o.m
	default:
		c := *o
		m.combine(&c)
	}
}

// combine is Pébay's pairwise update of all orders at once. From the highest order down,
// so that lower ones are still those of the part.
func (m *Moments) combine(o *Moments) {
	na, nb := float64(m.n), float64(o.n)
	n := na + nb
	d := o.mean - m.mean
	da, db := -nb*d/n, na*d/n // shift of each part's mean
	for p := maxOrder; p >= 2; p-- {
		s := m.m[p] + o.m[p]
		pa, pb := 1.0, 1.0
		for k := 1; k <= p-2; k++ {
			pa *= da
			pb *= db
			s += binomial[p][k] * (pa*m.m[p-k] + pb*o.m[p-k])
		}
		s += na*pa*da*da + nb*pb*db*db
		m.m[p] = s
	}
	m.n += o.n
	m.mean += nb * d / n
}

// N returns the number of finite draws, Rejected the number of others.
func (m *Moments) N() int        { return m.n }
func (m *Moments) Rejected() int { return m.rejected }

// Mean returns the mean, 0 before the first draw.
func (m *Moments) Mean() float64 { return m.mean }

// Std returns the square root of the unbiased variance, 0 before the second draw.
func (m *Moments) Std() float64 {
	if m.n < 2 {
		return 0
	}
	return math.Sqrt(m.m[2] / float64(m.n-1))
}

// Skewness returns m₃/m₂^{3/2}; 0 when all draws are equal, where it does not exist (see
// Summary).
func (m *Moments) Skewness() float64 {
	if !(m.m[2] > 0) {
		return 0
	}
	return m.alpha(3)
}

// ExcessKurtosis returns m₄/m₂²−3; 0 when all draws are equal, where it does not exist
// (see Summary).
func (m *Moments) ExcessKurtosis() float64 {
	if !(m.m[2] > 0) {
		return 0
	}
	return m.alpha(4) - 3
}

// StdErr returns the error of the mean of independent draws, +Inf before the second.
func (m *Moments) StdErr() float64 {
	if m.n < 2 {
		return math.Inf(1)
	}
	return m.Std() / math.Sqrt(float64(m.n))
}

// Summary returns all moments with errors for neff effective draws (N if independent, the
// ESS otherwise; for correlated draws the errors of the higher moments are then upper
// bounds if powers decorrelate faster than the draws, as in a Gaussian process). Errors are
// the delta method on the sample's own moments up to the eighth.
//
// It refuses fewer than 8 draws or effective draws, equal draws, and draws that were not finite.
func (m *Moments) Summary(neff float64) (MomentSummary, error) {
	s := MomentSummary{N: m.n}
	switch {
	case m.rejected > 0:
		return s, &Refusal{NotFinite, "moments", float64(m.rejected), 0, "draws with NaN or an infinity were added"}
	case m.n < minTauN || !(neff >= minTauN):
		return s, &Refusal{TooShort, "moments", math.Min(float64(m.n), neff), minTauN, "draw more"}
	case !(m.m[2] > 0):
		return s, &Refusal{Constant, "moments", 0, 0, "all draws are equal, so shape and errors are unknown"}
	}
	sd, g, k := m.Std(), m.alpha(3), m.alpha(4)
	// Influence functions of the statistics, polynomials in z = (x−mean)/std.
	s.Mean = Estimate{m.mean, sd / math.Sqrt(neff)}
	s.Std = Estimate{sd, sd * m.influence(neff, -0.5, 0, 0.5)}
	s.Skewness = Estimate{g, m.influence(neff, g/2, -3, -1.5*g, 1)}
	s.ExcessKurtosis = Estimate{k - 3, m.influence(neff, k, -4*g, -2*k, 0, 1)}
	return s, nil
}

// alpha returns the standardised central moment E z^p with divisor N.
func (m *Moments) alpha(p int) float64 {
	if p == 1 {
		return 0
	}
	n := float64(m.n)
	if p == 0 {
		return 1
	}
	return m.m[p] / n / math.Pow(m.m[2]/n, float64(p)/2)
}

// influence returns √(Var(Σ c_k z^k)/neff).
func (m *Moments) influence(neff float64, c ...float64) float64 {
	v := 0.0
	for i, ci := range c {
		for j, cj := range c {
			v += ci * cj * m.alpha(i+j)
		}
	}
	return math.Sqrt(math.Max(v, 0) / neff)
}

const momentsVersion = 1

// MarshalBinary saves the state; a restored one continues bit for bit.
func (m *Moments) MarshalBinary() ([]byte, error) {
	b := []byte{momentsVersion}
	b = binary.LittleEndian.AppendUint64(b, uint64(m.n))
	b = binary.LittleEndian.AppendUint64(b, uint64(m.rejected))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(m.mean))
	for _, v := range m.m[2:] {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b, nil
}

// UnmarshalBinary restores a state saved by MarshalBinary.
func (m *Moments) UnmarshalBinary(b []byte) error {
	if len(b) != 1+8*(3+maxOrder-1) || b[0] != momentsVersion {
		return errors.New("analysis: Moments: not a saved state of this version")
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(b[1+8*i:]) }
	*m = Moments{n: int(word(0)), rejected: int(word(1)), mean: math.Float64frombits(word(2))}
	for p := 2; p <= maxOrder; p++ {
		m.m[p] = math.Float64frombits(word(p + 1))
	}
	return nil
}
