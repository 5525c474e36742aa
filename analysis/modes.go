package analysis

import (
	"fmt"
	"math"
)

// Modes is the structure of a mixture Σ w_k N(μ_k, s_k² I) of separate modes, against which
// samples are counted. A sample belongs to the mode whose mean is nearest in units of the
// mode's own s (Mahalanobis distance) and is of high quality within a radius, 3 by
// convention, of it.
type Modes struct {
	dim               int
	weight, mean, std []float64
}

// NewModes copies weights [K], normalised to sum 1, means [K×dim] and standard deviations
// [K]. It returns an error unless all are finite, weights and standard deviations positive
// and the lengths fit.
func NewModes(dim int, weight, mean, std []float64) (*Modes, error) {
	k := len(weight)
	if dim < 1 || k == 0 || len(mean) != k*dim || len(std) != k {
		return nil, fmt.Errorf("analysis: modes have %d weights, %d mean coordinates and %d standard deviations in %d dimension(s); give one, %d and one a mode",
			k, len(mean), len(std), dim, dim)
	}
	m := &Modes{dim: dim, mean: append([]float64(nil), mean...), std: append([]float64(nil), std...)}
	total := 0.0
	for i, w := range weight {
		if !(w > 0 && std[i] > 0) || math.IsInf(w, 0) || math.IsInf(std[i], 0) {
			return nil, fmt.Errorf("analysis: mode %d has weight %v and standard deviation %v, allowed are finite numbers > 0", i, w, std[i])
		}
		total += w
	}
	for i, x := range mean {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("analysis: mean coordinate %d of the modes is %v, allowed are finite numbers", i, x)
		}
	}
	for _, w := range weight {
		m.weight = append(m.weight, w/total)
	}
	return m, nil
}

// Len is the number K of modes.
func (m *Modes) Len() int { return len(m.weight) }

// Dim is the dimension of a sample.
func (m *Modes) Dim() int { return m.dim }

// Weight, Mean and Std of mode k.
func (m *Modes) Weight(k int) float64 { return m.weight[k] }

// Mean is the centre of mode k; it must not be changed.
func (m *Modes) Mean(k int) []float64 { return m.mean[k*m.dim : (k+1)*m.dim] }

// Std is the standard deviation of mode k in every direction.
func (m *Modes) Std(k int) float64 { return m.std[k] }

// Nearest returns the mode that x [dim] belongs to and its distance in standard deviations
// of that mode; of equally near modes the first.
func (m *Modes) Nearest(x []float64) (mode int, distance float64) {
	best := math.Inf(1)
	for k, s := range m.std {
		square := 0.0
		for c, v := range x {
			d := v - m.mean[k*m.dim+c]
			square += d * d
		}
		if square /= s * s; square < best {
			mode, best = k, square
		}
	}
	return mode, math.Sqrt(best)
}

// Count adds to count [K] how many of the samples [rows×dim] are of high quality in each
// mode: within radius standard deviations of the nearest.
func (m *Modes) Count(count []int, samples []float64, radius float64) {
	if len(count) != m.Len() || len(samples)%m.dim != 0 {
		panic("analysis: Count: wrong length of counts or samples")
	}
	for i := 0; i < len(samples); i += m.dim {
		if k, d := m.Nearest(samples[i : i+m.dim]); d <= radius {
			count[k]++
		}
	}
}

// ModeScores say how samples cover the modes. q̂ is the share of each mode among the
// high-quality samples, w the weights of the mixture; natural logarithms.
type ModeScores struct {
	Covered   float64 // modes with at least the minimum count of high-quality samples
	Quality   float64 // high-quality samples as a fraction of all
	Entropy   float64 // −Σ q̂ log q̂; NaN, as the next three, without a high-quality sample
	ReverseKL float64 // KL(q̂‖w) = Σ q̂ log(q̂/w)
	ForwardKL float64 // KL(w‖q̂); +Inf if a mode has no sample
	JSD       float64 // ½KL(q̂‖m) + ½KL(w‖m), m = (q̂+w)/2; at most log 2
}

// Scores of n samples with the counts of high-quality ones per mode. A plug-in entropy is
// low, and a plug-in KL high, by about (K−1)/2N at N high-quality samples: compare with
// ExpectedScores.
func (m *Modes) Scores(count []int, n, minCount int) ModeScores {
	total := 0
	var s ModeScores
	for _, c := range count {
		total += c
		if c >= minCount {
			s.Covered++
		}
	}
	s.Quality = float64(total) / float64(n)
	if total == 0 {
		s.Entropy, s.ReverseKL, s.ForwardKL, s.JSD = math.NaN(), math.NaN(), math.NaN(), math.NaN()
		return s
	}
	for k, c := range count {
		s.add(1, float64(c)/float64(total), m.weight[k])
	}
	return s
}

// add adds a mode's terms, a share q of samples where the weight is w, times p.
func (s *ModeScores) add(p, q, w float64) {
	if q > 0 {
		s.Entropy -= p * q * math.Log(q)
		s.ReverseKL += p * q * math.Log(q/w)
		s.JSD += p * q * math.Log(2*q/(q+w)) / 2
	}
	s.ForwardKL += p * w * math.Log(w/q)
	s.JSD += p * w * math.Log(2*w/(q+w)) / 2
}

// ExpectedScores returns the exact expectation of Scores over n independent samples of a
// law that has probability cell[k] of a high-quality sample of mode k: sums over binomial
// counts; entropy, KL and JSD given at least one high-quality sample. ForwardKL is NaN: a
// mode is empty with positive probability, so it has no expectation.
func (m *Modes) ExpectedScores(cell []float64, n, minCount int) ModeScores {
	if len(cell) != m.Len() || n < 1 {
		panic("analysis: ExpectedScores needs a probability for each mode and n ≥ 1")
	}
	type kind struct{ cell, weight float64 } // modes of one kind have the same expectation
	modes := map[kind]float64{}
	var order []kind
	var s ModeScores
	for k, a := range cell {
		if modes[kind{a, m.weight[k]}] == 0 {
			order = append(order, kind{a, m.weight[k]})
		}
		modes[kind{a, m.weight[k]}]++
		s.Quality += a
	}
	for _, k := range order {
		lo, pmf := binomialLaw(n, k.cell)
		for i, p := range pmf {
			if lo+i >= minCount {
				s.Covered += modes[k] * p
			}
		}
	}
	s.expectShares(n, func(visit func(cell, weight, times float64)) {
		for _, k := range order {
			visit(k.cell, k.weight, modes[k])
		}
	})
	s.ForwardKL = math.NaN()
	return s
}

// expectShares adds the expectations of what depends on shares: given N of the n samples of
// high quality, a mode's count is binomial(N, cell/Σ cell).
func (s *ModeScores) expectShares(n int, each func(visit func(cell, weight, times float64))) {
	if s.Quality == 0 {
		s.Entropy, s.ReverseKL, s.JSD = math.NaN(), math.NaN(), math.NaN()
		return
	}
	lo, law := binomialLaw(n, math.Min(1, s.Quality))
	some := 1.0
	if lo == 0 {
		some = 1 - law[0]
	}
	for i, pN := range law {
		N := lo + i
		if N == 0 {
			continue
		}
		each(func(cell, weight, times float64) {
			first, pmf := binomialLaw(N, math.Min(1, cell/s.Quality))
			for j, p := range pmf {
				s.add(times*p*pN/some, float64(first+j)/float64(N), weight)
			}
		})
	}
}

// binomialLaw returns P(lo), P(lo+1), … of the binomial law, without the tails that are
// below 1e−18 of its largest value; they sum to 1 to rounding.
func binomialLaw(n int, p float64) (lo int, pmf []float64) {
	if p <= 0 {
		return 0, []float64{1}
	}
	if p >= 1 {
		return n, []float64{1}
	}
	const least = 1e-18
	mode := min(n, int(float64(n+1)*p))
	var below, above []float64
	for k, v := mode, 1.0; k > 0; k-- {
		if v *= float64(k) * (1 - p) / (float64(n-k+1) * p); v < least {
			break
		}
		below = append(below, v)
	}
	for k, v := mode, 1.0; k < n; k++ {
		if v *= float64(n-k) * p / (float64(k+1) * (1 - p)); v < least {
			break
		}
		above = append(above, v)
	}
	total := 1.0
	for i := len(below) - 1; i >= 0; i-- {
		pmf = append(pmf, below[i])
		total += below[i]
	}
	pmf = append(append(pmf, 1), above...)
	for _, v := range above {
		total += v
	}
	for i := range pmf {
		pmf[i] /= total
	}
	return mode - len(below), pmf
}
