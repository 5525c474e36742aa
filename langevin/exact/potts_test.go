package exact

import (
	"math"
	"testing"
)

// TestPottsPartitions: against all q^n states, and q = 2 against Curie–Weiss, whose β is half.
func TestPottsPartitions(t *testing.T) {
	for _, c := range []struct{ n, q int }{{6, 3}, {5, 4}, {7, 2}, {4, 6}, {1, 3}, {8, 3}} {
		const beta = 2.3
		var z, m1, m4, e1, e2 float64
		states := int(math.Round(math.Pow(float64(c.q), float64(c.n))))
		for state := range states {
			count := make([]int, c.q)
			for i, s := 0, state; i < c.n; i, s = i+1, s/c.q {
				count[s%c.q]++
			}
			top, energy := 0, 0.0
			for _, k := range count {
				top = max(top, k)
				energy -= float64(k*k) / (2 * float64(c.n))
			}
			m, w := float64(c.q*top-c.n)/float64(c.n*(c.q-1)), math.Exp(-beta*energy)
			z, m1, m4, e1, e2 = z+w, m1+w*m, m4+w*m*m*m*m, e1+w*energy, e2+w*energy*energy
		}
		got := Potts(c.n, c.q).At(beta, 0)
		near(t, "ln Z", got.LogZ, math.Log(z), 1e-13)
		near(t, "⟨m⟩", got.Mean, m1/z, 1e-12)
		near(t, "⟨m⁴⟩", got.M4, m4/z, 1e-12)
		near(t, "⟨E⟩", got.Energy, e1/z, 1e-12)
		near(t, "Var E", got.EnergyVariance, e2/z-e1/z*e1/z, 1e-11)
	}
	for _, n := range []int{9, 40} {
		p, c := Potts(n, 2).At(2.2, 0), CurieWeiss(n).At(1.1, 0)
		near(t, "ln Z of two colours", p.LogZ, c.LogZ+2.2*float64(n)/4, 1e-13)
		near(t, "U₄ of two colours", p.U4(), c.U4(), 1e-10)
		near(t, "χ of two colours", p.Chi(n), c.Chi(n), 1e-10)
		near(t, "⟨E⟩ of two colours", p.Energy, c.Energy/2-float64(n)/4, 1e-12)
	}
}

// TestPottsIsOfFirstOrder: of large systems, where χ is largest lies at the β of coexistence, and
// the two maxima of P(m) at 0 and (q − 2)/(q − 1).
func TestPottsIsOfFirstOrder(t *testing.T) {
	const n, q = 300, 4
	law := Potts(n, q)
	best, at := 0.0, 0.0
	for i := range 41 {
		beta := PottsBeta(q) * (1 + (float64(i)-20)*5e-4)
		if chi := law.At(beta, 0).Chi(n); chi > best {
			best, at = chi, beta
		}
	}
	near(t, "β of the largest χ", at, PottsBeta(q), 3e-3)
	if single := float64(n) * math.Pow(float64(q-2)/float64(q-1), 2) / 4; best < 0.5*single || best > single {
		t.Errorf("largest χ is %v, of two sharp phases it is %v", best, single)
	}
	p, logZ := map[float64]float64{}, law.At(at, 0).LogZ
	for i, m := range law.M {
		p[m/n] += math.Exp(law.LogG[i] - at*law.E[i] - logZ)
	}
	low, high := 0.0, 0.0
	for m, v := range p {
		if m < 0.3 && (low == 0 || v > p[low]) {
			low = m
		}
		if m > 0.5 && (high == 0 || v > p[high]) {
			high = m
		}
	}
	if low > 0.15 || math.Abs(high-2.0/3) > 0.05 || low == 0 {
		t.Errorf("P(m) is largest at %v and %v", low, high)
	}
}
