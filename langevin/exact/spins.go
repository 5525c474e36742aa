package exact

import "math"

// SpinLaw is the exact law of the magnetisation and energy of a small spin system: levels
// (M, E) with the logarithm of their number.
type SpinLaw struct {
	N          int
	M, E, LogG []float64
}

// SpinMoments are exact averages of m = M/N and of the energy.
type SpinMoments struct {
	LogZ, Mean, Abs, M2, M4, Energy, EnergyVariance float64
}

// Chi is N(⟨m²⟩ − ⟨|m|⟩²) for the number of spins n; U4 is 1 − ⟨m⁴⟩/3⟨m²⟩²; Capacity is
// β²Var(E)/n.
func (s SpinMoments) Chi(n int) float64 { return float64(n) * (s.M2 - s.Abs*s.Abs) }

// U4 is Binder's cumulant.
func (s SpinMoments) U4() float64 { return 1 - s.M4/(3*s.M2*s.M2) }

// Capacity is the heat capacity per spin.
func (s SpinMoments) Capacity(beta float64, n int) float64 {
	return beta * beta * s.EnergyVariance / float64(n)
}

// CurieWeiss returns the law of E = −M²/2N by binomial sums. It panics unless n ≥ 1.
func CurieWeiss(n int) SpinLaw {
	if n < 1 {
		panic("exact: CurieWeiss needs n ≥ 1")
	}
	s := SpinLaw{N: n}
	top, _ := math.Lgamma(float64(n + 1))
	for up := 0; up <= n; up++ {
		a, _ := math.Lgamma(float64(up + 1))
		b, _ := math.Lgamma(float64(n - up + 1))
		m := float64(2*up - n)
		s.M, s.E, s.LogG = append(s.M, m), append(s.E, -m*m/(2*float64(n))), append(s.LogG, top-a-b)
	}
	return s
}

// Ising returns the law of the l×l lattice with periodic borders by enumeration of its
// 2^(l²) states. It panics unless 2 ≤ l ≤ 4.
func Ising(l int) SpinLaw {
	if l < 2 || l > 4 {
		panic("exact: Ising enumerates l = 2, 3 or 4")
	}
	n := l * l
	count := map[[2]int]float64{}
	for state := range 1 << n {
		spin := func(i int) int { return 2*(state>>i&1) - 1 }
		m, e := 0, 0
		for i := range n {
			x, y := i%l, i/l
			m += spin(i)
			e -= spin(i) * (spin(y*l+(x+1)%l) + spin((y+1)%l*l+x))
		}
		count[[2]int{m, e}]++
	}
	s := SpinLaw{N: n}
	for m := -n; m <= n; m++ {
		for e := -2 * n; e <= 2*n; e++ {
			if c := count[[2]int{m, e}]; c > 0 {
				s.M, s.E, s.LogG = append(s.M, float64(m)), append(s.E, float64(e)), append(s.LogG, math.Log(c))
			}
		}
	}
	return s
}

// At returns the exact averages at β in the field h.
func (s SpinLaw) At(beta, field float64) SpinMoments {
	top := math.Inf(-1)
	weight := make([]float64, len(s.M))
	for i := range weight {
		weight[i] = s.LogG[i] - beta*(s.E[i]-field*s.M[i])
		top = math.Max(top, weight[i])
	}
	var z, e, e2 float64
	var out SpinMoments
	for i, w := range weight {
		w = math.Exp(w - top)
		m, u := s.M[i]/float64(s.N), s.E[i]-field*s.M[i]
		z += w
		out.Mean += w * m
		out.Abs += w * math.Abs(m)
		out.M2 += w * m * m
		out.M4 += w * m * m * m * m
		e += w * u
		e2 += w * u * u
	}
	for _, v := range []*float64{&out.Mean, &out.Abs, &out.M2, &out.M4} {
		*v /= z
	}
	out.LogZ, out.Energy, out.EnergyVariance = top+math.Log(z), e/z, e2/z-e/z*e/z
	return out
}

// Crossing returns β where the Binder cumulants of two laws without a field cross, by
// bisection in [lo, hi]. It panics unless their difference changes sign there.
func Crossing(a, b SpinLaw, lo, hi float64) float64 {
	d := func(beta float64) float64 { return a.At(beta, 0).U4() - b.At(beta, 0).U4() }
	left := d(lo)
	if left*d(hi) > 0 {
		panic("exact: Crossing needs a change of sign")
	}
	for range 200 {
		mid := (lo + hi) / 2
		if v := d(mid); (v > 0) == (left > 0) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}
