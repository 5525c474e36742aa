package exact

import "math"

// Stationary laws of SGD and SGLD on sums over data.

// EpochShuffledVariance is the variance of x' = x − εh(x − ā_k), averaged over the steps of an
// epoch, where ā_k are the means of the n/b batches of a fresh random permutation of the data
// (population variance sigma2): within an epoch they have covariance −w/(m−1), w the variance
// of one of the m = n/b of them, since their sum is fixed. By the recursion of the second
// moment over an epoch. b must divide n.
func EpochShuffledVariance(h, eps, sigma2 float64, n, b int) float64 {
	stable(eps * h)
	if n%b != 0 {
		panic("exact: an epoch is whole: the batch must divide the data")
	}
	m := n / b
	if m == 1 {
		return 0
	}
	a, w := 1-eps*h, WithoutReplacement(sigma2, n, b)
	gain := make([]float64, m+1) // variance that k steps add
	s1, s2 := 0.0, 0.0
	for k := range m {
		p := math.Pow(a, float64(k))
		s1, s2 = s1+p, s2+p*p
		gain[k+1] = eps * eps * h * h * w * (s2 - (s1*s1-s2)/float64(m-1))
	}
	start := gain[m] / (1 - math.Pow(a, 2*float64(m)))
	mean := 0.0
	for k := 1; k <= m; k++ {
		mean += (math.Pow(a, 2*float64(k))*start + gain[k]) / float64(m)
	}
	return mean
}

// A ScalarSum is U = (1/N) Σ ½h_i(x − a_i)² in one dimension.
type ScalarSum struct{ H, A []float64 }

// moments are the mean of h, its population variance, the minimum x* and the variance of the
// gradient's data there, h_i(x* − a_i).
func (s ScalarSum) moments() (h, hh, x, gg float64) {
	n := float64(len(s.H))
	b := 0.0
	for i, v := range s.H {
		h += v / n
		b += v * s.A[i] / n
	}
	x = b / h
	for i, v := range s.H {
		hh += (v - h) * (v - h) / n
		g := v * (x - s.A[i])
		gg += g * g / n
	}
	return h, hh, x, gg
}

// SGLDVariance is the stationary variance of x' = x − ε∇Û(x) + √(2εT) ξ on fresh batches of b
// without replacement: x' − x* = (1−εĥ)(x − x*) − εĝ + …, ĥ and ĝ the batch's means of h_i
// and of the gradient at x*, E ĝ = 0. With anchored it is that with the control variate of the
// gradient at x*, which takes ĝ away and leaves ĥ.
func (s ScalarSum) SGLDVariance(eps, temperature float64, b int, anchored bool) float64 {
	h, hh, _, gg := s.moments()
	n := len(s.H)
	if anchored {
		gg = 0
	}
	contraction := (1-eps*h)*(1-eps*h) + eps*eps*WithoutReplacement(hh, n, b)
	positive("1 − E(1−εĥ)²", 1-contraction)
	return (2*eps*temperature + eps*eps*WithoutReplacement(gg, n, b)) / (1 - contraction)
}

// SVRGVariance is the variance of SVRG-LD on fresh batches of b, snapshots every period steps,
// averaged over a period: with e = x − x* and s its value at the snapshot,
// e' = e − ε[h̄s + ĥ(e − s)] + √(2εT) ξ, by the recursion of ⟨ee⟩, ⟨es⟩, ⟨ss⟩.
func (s ScalarSum) SVRGVariance(eps, temperature float64, b, period int) float64 {
	h, hh, _, _ := s.moments()
	w := eps * eps * WithoutReplacement(hh, len(s.H), b)
	ee, before := 0.0, -1.0
	for range 1_000_000 {
		es, ss, mean := ee, ee, 0.0
		for range period {
			ee = ((1-eps*h)*(1-eps*h)+w)*ee - 2*w*es + w*ss + 2*eps*temperature
			es *= 1 - eps*h
			mean += ee / float64(period)
		}
		if math.Abs(mean-before) < 1e-15*mean {
			return mean
		}
		before = mean
	}
	panic("exact: SVRG at this step has no stationary variance")
}

// ScheduledVariance is the variance of x' = (1−η_k h)x + √(2η_kT_k) ξ, averaged over a period
// of the schedule, in the periodic state.
func ScheduledVariance(h float64, schedule func(k int) (eta, temperature float64), period int) float64 {
	v, before := 0.0, -1.0
	for range 1_000_000 {
		mean := 0.0
		for k := range period {
			eta, t := schedule(k)
			v = (1-eta*h)*(1-eta*h)*v + 2*eta*t
			mean += v / float64(period)
		}
		if math.Abs(mean-before) < 1e-15*mean {
			return mean
		}
		before = mean
	}
	panic("exact: the schedule has no periodic state")
}
