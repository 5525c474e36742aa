package gan

import (
	"fmt"
	"math"
	"slices"

	"machlup/internal/rng"
)

// samples is the empirical distribution of the user's rows. One normal a sample chooses
// the row ⌊Φ(ξ)·N⌋.
type samples struct {
	dim       int
	rows      []float64 // [N×dim]
	mean, std []float64
}

// NewSamples returns the distribution that gives each row equal weight; all rows must have
// the same length and hold finite numbers. The density is not known; the standard
// deviation is the rows' own (divided by N).
func NewSamples(rows [][]float64) (Target, error) {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return nil, fmt.Errorf("gan: the sample file has no values; give at least one row of one column")
	}
	d := len(rows[0])
	s := &samples{dim: d, mean: make([]float64, d), std: make([]float64, d)}
	for i, r := range rows {
		if len(r) != d {
			return nil, fmt.Errorf("gan: sample row %d has %d columns, the first has %d", i+1, len(r), d)
		}
		for c, v := range r {
			if err := checkFinite(fmt.Sprintf("sample row %d column %d", i+1, c+1), v); err != nil {
				return nil, err
			}
			s.mean[c] += v / float64(len(rows))
		}
		s.rows = append(s.rows, r...)
	}
	for i, v := range s.rows {
		dev := v - s.mean[i%d]
		s.std[i%d] += dev * dev / float64(len(rows))
	}
	for c, v := range s.std {
		if s.std[c] = math.Sqrt(v); s.std[c] == 0 {
			return nil, fmt.Errorf("gan: column %d of the samples is constant; a target needs some spread in every column", c+1)
		}
	}
	if d == 1 {
		return newSamples1D(s), nil
	}
	return s, nil
}

func (s *samples) Name() string       { return "samples" }
func (s *samples) Dim() int           { return s.dim }
func (s *samples) Normals() int       { return 1 }
func (s *samples) Mean(dst []float64) { copy(dst, s.mean) }
func (s *samples) Std(dst []float64)  { copy(dst, s.std) }

func (s *samples) Sample(dst, xi []float64) {
	n := len(s.rows) / s.dim
	for i := range len(dst) / s.dim {
		k := min(int(rng.NormalCDF(xi[i])*float64(n)), n-1)
		copy(dst[i*s.dim:(i+1)*s.dim], s.rows[k*s.dim:])
	}
}

// samples1D adds the quantile function. Its rows are sorted, so that a sample is a
// monotone function of its normal: x = Quantile(Φ(ξ)), a true inverse CDF.
type samples1D struct{ *samples }

func newSamples1D(s *samples) samples1D {
	slices.Sort(s.rows)
	return samples1D{s}
}

// Quantile is the left-continuous inverse of the empirical CDF away from its jumps.
func (s samples1D) Quantile(u float64) float64 {
	n := len(s.rows)
	return s.rows[min(int(u*float64(n)), n-1)]
}
