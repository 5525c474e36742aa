// Package exact holds lattice models solved by finite sums, to certify the statistics of
// package analysis and the samplers built on it. Energies in units of the coupling, k_B = 1,
// natural logarithms.
package exact

import "math"

// Thermal holds exact canonical averages of a model of N spins with magnetisation per
// spin m at inverse temperature β.
type Thermal struct {
	LnZ         float64
	Energy      float64 // ⟨E⟩/N
	Heat        float64 // β²(⟨E²⟩−⟨E⟩²)/N
	Abs, M2, M4 float64 // ⟨|m|⟩, ⟨m²⟩, ⟨m⁴⟩
	Chi         float64 // N(⟨m²⟩−⟨|m|⟩²)
	U4          float64 // 1 − ⟨m⁴⟩/3⟨m²⟩²
}

// CurieWeissBeta is the critical inverse temperature of the infinite Curie–Weiss model, and
// CurieWeissU4 its Binder cumulant there, 1 − Γ(¼)⁴/(24π²).
const CurieWeissBeta = 1.0

var CurieWeissU4 = 1 - math.Pow(math.Gamma(0.25), 4)/(24*math.Pi*math.Pi)

// CurieWeiss sums the model E = −M²/2N of n Ising spins over the n+1 values of M. It
// panics unless n ≥ 1.
func CurieWeiss(n int, beta float64) Thermal {
	levels := make([]level, n+1)
	for k := range levels {
		m := float64(2*k - n)
		levels[k] = level{logBinomial(n, k), -m * m / (2 * float64(n)), m}
	}
	return canonical(levels, n, beta)
}

// CurieWeissMagnetisation returns the values m = M/n, rising, and their probabilities.
func CurieWeissMagnetisation(n int, beta float64) (m, p []float64) {
	m, p = make([]float64, n+1), make([]float64, n+1)
	lnZ := CurieWeiss(n, beta).LnZ
	for k := range m {
		total := float64(2*k - n)
		m[k] = total / float64(n)
		p[k] = math.Exp(logBinomial(n, k) + beta*total*total/(2*float64(n)) - lnZ)
	}
	return m, p
}

// CurieWeissCrossing returns the β ∈ (0.9, 1.5) at which the Binder cumulants of n and 2n
// spins are equal, by bisection. It panics unless n ≥ 2.
func CurieWeissCrossing(n int) float64 {
	if n < 2 {
		panic("exact: CurieWeissCrossing needs n ≥ 2")
	}
	lo, hi := 0.9, 1.5 // below, the larger system has the smaller U₄; above, the larger
	for hi-lo > 1e-13 {
		mid := (lo + hi) / 2
		if CurieWeiss(2*n, mid).U4 < CurieWeiss(n, mid).U4 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// A level is a set of states of one energy and magnetisation.
type level struct {
	logCount, energy, magnetisation float64
}

func canonical(levels []level, n int, beta float64) Thermal {
	if n < 1 {
		panic("exact: a model needs at least one spin")
	}
	size := float64(n)
	top := math.Inf(-1)
	for _, l := range levels {
		top = math.Max(top, l.logCount-beta*l.energy)
	}
	var z, e, e2 float64
	t := Thermal{}
	for _, l := range levels {
		w := math.Exp(l.logCount - beta*l.energy - top)
		m := math.Abs(l.magnetisation) / size
		z += w
		e += w * l.energy
		t.Abs += w * m
		t.M2 += w * m * m
		t.M4 += w * m * m * m * m
	}
	e /= z
	for _, l := range levels {
		w := math.Exp(l.logCount - beta*l.energy - top)
		e2 += w * (l.energy - e) * (l.energy - e)
	}
	t.LnZ = top + math.Log(z)
	t.Energy, t.Heat = e/size, beta*beta*e2/z/size
	t.Abs, t.M2, t.M4 = t.Abs/z, t.M2/z, t.M4/z
	t.Chi = size * (t.M2 - t.Abs*t.Abs)
	t.U4 = 1 - t.M4/(3*t.M2*t.M2)
	return t
}

func logBinomial(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}
