package pathint

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// gaussian is the exact law of a path of x' = ax + β(x − x⁻) + sξ (first slice x0, q₋₁ = q₀)
// under exp(−κQ − tΣx²), for the slices 1..K or, pinned, for those before the pinned ones. It
// is computed densely from the definition: nothing of it is shared with the sampler.
type gaussian struct {
	mean []float64
	cov  *mat.SymDense
	logZ float64 // log ∫ exp(−κQ − tΣx²) dx over the free slices; pinned ones contribute their x² too
}

// linearPath has pins fixed slices at the end, in order.
func linearPath(steps int, a, beta, s, kappa, tilt, x0 float64, pins ...float64) gaussian {
	n := steps - len(pins)
	value := func(k int) (float64, bool) { // the fixed slices
		switch {
		case k <= 0:
			return x0, true
		case k > n:
			return pins[k-n-1], true
		}
		return 0, false
	}
	prec := mat.NewSymDense(n, nil)
	lin := make([]float64, n) // exponent = −½xᵀPx + linᵀx + c
	c := 0.0
	for k := range steps { // residual k: Σ coefficient·slice
		coef := map[int]float64{}
		coef[k+1]++
		coef[k] -= a + beta
		coef[max(k-1, 0)] += beta
		fixed := 0.0
		for i, ci := range coef {
			if v, ok := value(i); ok {
				fixed += ci * v
			}
		}
		w := kappa / (s * s)
		c -= 0.5 * w * fixed * fixed
		for i, ci := range coef {
			if _, ok := value(i); ok {
				continue
			}
			lin[i-1] -= w * ci * fixed
			for j, cj := range coef {
				if _, ok := value(j); !ok && j <= i {
					prec.SetSym(i-1, j-1, prec.At(i-1, j-1)+w*ci*cj)
				}
			}
		}
	}
	for i := range n {
		prec.SetSym(i, i, prec.At(i, i)+2*tilt)
	}
	for _, v := range pins {
		c -= tilt * v * v
	}
	var ch mat.Cholesky
	if !ch.Factorize(prec) {
		panic("test: the tilted path is not normalisable")
	}
	g := gaussian{cov: mat.NewSymDense(n, nil)}
	if err := ch.InverseTo(g.cov); err != nil {
		panic(err)
	}
	m := mat.NewVecDense(n, nil)
	m.MulVec(g.cov, mat.NewVecDense(n, lin))
	g.mean = m.RawVector().Data
	g.logZ = 0.5*float64(n)*math.Log(2*math.Pi) - 0.5*ch.LogDet() + c + 0.5*mat.Dot(mat.NewVecDense(n, lin), m)
	return g
}

// The dense oracle reproduces the closed forms of ORACLES to rounding.
func TestOracleClosedForms(t *testing.T) {
	const K, a, s, x0, xK = 9, 0.8, 0.7, 1.3, -0.4
	g := linearPath(K, a, 0, s, 1, 0, x0, xK) // O4
	sq := func(n int) float64 { return 1 - math.Pow(a, 2*float64(n)) }
	for i := 1; i < K; i++ {
		want := (math.Pow(a, float64(i))*sq(K-i)*x0 + math.Pow(a, float64(K-i))*sq(i)*xK) / sq(K)
		near(t, "O4 mean", g.mean[i-1], want, 1e-12)
		for j := i; j < K; j++ {
			want := s * s * math.Pow(a, float64(j-i)) * sq(i) * sq(K-j) / ((1 - a*a) * sq(K))
			near(t, "O4 covariance", g.cov.At(i-1, j-1), want, 1e-12)
		}
	}
	v := s * s * sq(K) / (1 - a*a)
	dev := xK - math.Pow(a, K)*x0
	near(t, "O4 log Z", g.logZ, 0.5*K*math.Log(2*math.Pi*s*s)-0.5*math.Log(2*math.Pi*v)-dev*dev/(2*v), 1e-12)

	free := linearPath(K, 1, 0, s, 1, 0, 0, 0) // O3
	for i := 1; i < K; i++ {
		for j := i; j < K; j++ {
			near(t, "O3", free.cov.At(i-1, j-1), s*s*float64(i*(K-j))/K, 1e-12)
		}
	}
	for _, beta := range []float64{0, 0.5} { // Z of a free end
		near(t, "O1 log Z", linearPath(K, a, beta, s, 2, 0, x0).logZ, 0.5*K*math.Log(2*math.Pi*s*s/2), 1e-12)
	}
	const tilt = 0.3 // O7
	b := 1 + a*a + 2*tilt*s*s
	mu := (b + math.Sqrt(b*b-4*a*a)) / 2
	rate := func(n int) float64 {
		return linearPath(n, a, 0, s, 1, tilt, x0).logZ - linearPath(n, a, 0, s, 1, 0, x0).logZ
	}
	near(t, "O7 SCGF", rate(61)-rate(60), -0.5*math.Log(mu), 1e-10)
}

// near fails unless got is want to a relative (or, below 1, absolute) tolerance.
func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*math.Max(1, math.Abs(want))) {
		t.Errorf("%s: got %.15g, want %.15g", what, got, want)
	}
}

// within fails unless a Monte Carlo mean is within 4 standard errors and the standard error
// within its cap.
func within(t *testing.T, what string, got, stderr, want, cap float64) {
	t.Helper()
	if !(stderr <= cap) {
		t.Errorf("%s: standard error %.3g above its cap %.3g", what, stderr, cap)
	}
	if z := (got - want) / stderr; !(math.Abs(z) < 4) {
		t.Errorf("%s: got %.6g ± %.2g, want %.6g (z = %.1f)", what, got, stderr, want, z)
	}
}
