package exact

import (
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want, rel float64) {
	t.Helper()
	if !(math.Abs(got-want) <= rel*math.Max(1e-300, math.Abs(want))) {
		t.Errorf("%s = %.12g, want %.12g", what, got, want)
	}
}

// The sum over M against the sum over all 2^N states, built spin by spin.
func TestCurieWeissAgainstEnumeration(t *testing.T) {
	const n, beta = 9, 1.3
	var z, e, e2, a, m2, m4 float64
	for s := 0; s < 1<<n; s++ {
		mag := 0.0
		for i := 0; i < n; i++ {
			mag += float64(2*(s>>i&1) - 1)
		}
		energy := -mag * mag / (2 * n)
		w, m := math.Exp(-beta*energy), mag/n
		z += w
		e += w * energy
		e2 += w * energy * energy
		a += w * math.Abs(m)
		m2 += w * m * m
		m4 += w * m * m * m * m
	}
	got := CurieWeiss(n, beta)
	near(t, "ln Z", got.LnZ, math.Log(z), 1e-12)
	near(t, "E/N", got.Energy, e/z/n, 1e-12)
	near(t, "C/N", got.Heat, beta*beta*(e2/z-e*e/z/z)/n, 1e-10)
	near(t, "χ", got.Chi, n*(m2/z-a*a/z/z), 1e-10)
	near(t, "U4", got.U4, 1-m4*z/(3*m2*m2), 1e-10)
}

// Printed decimals of N = 100 at β = 1 and of the crossings of U_N and U_2N.
func TestCurieWeissPublishedNumbers(t *testing.T) {
	c := CurieWeiss(100, 1)
	near(t, "ln Z", c.LnZ, 70.7862768, 1e-9)
	near(t, "U4", c.U4, 0.3055847, 2e-7)
	near(t, "χ", c.Chi, 3.2228866, 2e-8)
	near(t, "C/N", c.Heat, 0.3549231, 2e-7)
	near(t, "U*", CurieWeissU4, 0.270520, 2e-6)
	for n, beta := range map[int]float64{50: 1.02952, 200: 1.00739, 800: 1.00186} {
		if got := CurieWeissCrossing(n); math.Abs(got-beta) > 6e-6 {
			t.Errorf("crossing of %d = %.6f, want %.5f", n, got, beta)
		}
	}
	// U_N(β_c) → U* like N^{−1/2}: Richardson on N, 4N, 16N leaves O(1/N).
	u := func(n int) float64 { return CurieWeiss(n, 1).U4 }
	if lim := 2*u(64000) - u(16000); math.Abs(lim-CurieWeissU4) > 1e-4 {
		t.Errorf("U_N(β_c) → %.6f, want %.6f", lim, CurieWeissU4)
	}
}

func TestCurieWeissMagnetisation(t *testing.T) {
	m, p := CurieWeissMagnetisation(40, 1.1)
	var sum, m2 float64
	for i := range m {
		sum += p[i]
		m2 += p[i] * m[i] * m[i]
	}
	near(t, "Σp", sum, 1, 1e-12)
	near(t, "⟨m²⟩", m2, CurieWeiss(40, 1.1).M2, 1e-12)
}

// The L×L torus against Kaufman's transfer matrix: Z = tr T^L with the 2^L × 2^L matrix of
// row couplings, multiplied out.
func TestIsingAgainstTransferMatrix(t *testing.T) {
	for l := 1; l <= 4; l++ {
		model := Ising(l)
		for _, beta := range []float64{0, 0.2, 0.4406868, 0.8} {
			near(t, "ln Z", model(beta).LnZ, math.Log(transferTrace(l, beta)), 1e-12)
		}
		// −∂ ln Z/∂β = ⟨E⟩ and its derivative, by central differences.
		const b, h = 0.35, 1e-4
		d1 := (model(b+h).LnZ - model(b-h).LnZ) / (2 * h)
		d2 := (model(b+h).LnZ - 2*model(b).LnZ + model(b-h).LnZ) / (h * h)
		n := float64(l * l)
		near(t, "E/N", model(b).Energy, -d1/n, 1e-6)
		if want := b * b * d2 / n; math.Abs(model(b).Heat-want) > 1e-5 {
			t.Errorf("L=%d: C/N = %g, want %g", l, model(b).Heat, want)
		}
	}
	free := Ising(3)(0) // independent spins
	near(t, "⟨m²⟩ at β=0", free.M2, 1.0/9, 1e-12)
	near(t, "U4 at β=0", free.U4, 1-(3*9-2.0)*9/9/(3*9), 1e-12)
}

func transferTrace(l int, beta float64) float64 {
	size := 1 << l
	spin := func(s, i int) float64 { return float64(2*(s>>(i%l)&1) - 1) }
	row := func(s, r int) float64 {
		e := 0.0
		for i := 0; i < l; i++ {
			e += spin(s, i)*spin(s, i+1) + spin(s, i)*spin(r, i)
		}
		return math.Exp(beta * e)
	}
	trace := 0.0
	for start := 0; start < size; start++ {
		v := make([]float64, size)
		v[start] = 1
		for k := 0; k < l; k++ {
			next := make([]float64, size)
			for s := range v {
				for r := range next {
					next[r] += v[s] * row(s, r)
				}
			}
			v = next
		}
		trace += v[start]
	}
	return trace
}
