package exact

import (
	"math"
	"strings"
)

// EulerMaruyamaVariance is the stationary variance T/(k(1−ηk/2)) of Euler–Maruyama (SGLD)
// on U = kx²/2 at step eta: fixed point of σ² = (1−ηk)²σ² + 2ηT. Panics unless ηk < 2.
func EulerMaruyamaVariance(k, eta, temperature float64) float64 {
	stable(eta * k)
	return temperature / (k * (1 - eta*k/2))
}

func stable(x float64) {
	if !(x > 0 && x < 2) {
		panic("exact: the step is unstable: step times curvature must be in (0, 2)")
	}
}

// MinibatchVariance is the stationary variance (2T+εC)/(h(2−εh)) of SGD at step eps on
// curvature h with gradient noise of variance c besides injected noise of temperature T.
func MinibatchVariance(h, eps, temperature, c float64) float64 {
	stable(eps * h)
	return (2*temperature + eps*c) / (h * (2 - eps*h))
}

// WithoutReplacement is the variance (σ²/B)(N−B)/(N−1) of the mean of a fresh batch of b
// out of n drawn without replacement, σ² the population variance (divisor N). Cochran,
// Sampling Techniques (1977), theorem 2.2. It does not hold for epoch shuffling.
func WithoutReplacement(sigma2 float64, n, b int) float64 {
	return sigma2 / float64(b) * float64(n-b) / float64(n-1)
}

// HeavyBallVariance is the stationary variance of x and of v for
// v ← μv − ε(hx + noise of variance sigma2), x ← x + v.
func HeavyBallVariance(h, eps, mu, sigma2 float64) (x, v float64) {
	d := 2*(1+mu) - eps*h
	positive("2(1+μ) − εh", d)
	return eps * sigma2 * (1 + mu) / (h * (1 - mu) * d), 2 * eps * eps * sigma2 / ((1 - mu) * d)
}

// MomentumVariance is the stationary variance (T/h)/(1−ηh/(2(1+β))) of
// x' = x + β(x−x⁻) − ηhx + √(2(1−β)ηT) ξ. β = 0 is EulerMaruyamaVariance.
func MomentumVariance(h, eta, beta, temperature float64) float64 {
	x, _ := HeavyBallVariance(h, eta, beta, 2*(1-beta)*temperature/eta)
	return x
}

// LeimkuhlerMatthewsVariance is T/k, at every stable step: Leimkuhler & Matthews, Appl.
// Math. Res. Express 2013, 34.
func LeimkuhlerMatthewsVariance(k, eta, temperature float64) float64 {
	stable(eta * k)
	return temperature / k
}

// SplittingMoments is (k⟨x²⟩/T, ⟨v²⟩/T) of a splitting of unit-mass Langevin dynamics on
// U = kx²/2 at step delta, any friction, with r = 1 − kΔ²/4; ok is false for a string it
// does not know. BAOAB and ABOBA: Leimkuhler & Matthews, J. Chem. Phys. 138 (2013)
// 174102; the others follow from the same invariant of the deterministic part.
func SplittingMoments(scheme string, k, delta float64) (x2, v2 float64, ok bool) {
	r := 1 - k*delta*delta/4
	positive("1 − kΔ²/4", r)
	switch scheme {
	case "BAOAB":
		return 1, r, true
	case "BAOA":
		return 1, 1, true
	case "ABOBA":
		return 1, 1 / r, true
	case "OBABO":
		return 1 / r, 1, true
	case "OABAO":
		return r, 1, true
	}
	return 0, 0, false
}

// MatrixSGDCovariance is the stationary covariance of x' = x − ε(Hx + noise of
// covariance C): the solution of HΣ + ΣH = ε(C + HΣH), H symmetric.
func MatrixSGDCovariance(h, c []float64, n int, eps float64) []float64 {
	m, q := identity(n), make([]float64, n*n)
	for i := range m {
		m[i] -= eps * h[i]
		q[i] = eps * eps * c[i]
	}
	return StationaryCovariance(m, q, n)
}

// MandtCovariance is the published small-step form HΣ + ΣH = εC of MatrixSGDCovariance:
// Mandt, Hoffman & Blei, JMLR 18 (2017) 134, sec. 3.2, with unit batch.
func MandtCovariance(h, c []float64, n int, eps float64) []float64 {
	q := make([]float64, n*n)
	for i := range q {
		q[i] = eps * c[i]
	}
	return ContinuousCovariance(h, q, n)
}

// SingularMeanEnergy is ⟨U⟩/T = Σ 1/p_i under e^{−U/T} for U = ½ Σ |w_i|^{p_i}
// (equipartition for homogeneous functions).
func SingularMeanEnergy(powers []float64) float64 {
	sum := 0.0
	for _, p := range powers {
		sum += 1 / p
	}
	return sum
}

// HarmonicLogZRatio is ln Z₁/Z₀ = −½ ln(k₁/k₀) per dimension, Z = ∫e^{−kx²/2T}.
func HarmonicLogZRatio(k0, k1 float64) float64 { return -0.5 * math.Log(k1/k0) }

// EulerMaruyamaTIBias is what thermodynamic integration over k adds to
// HarmonicLogZRatio per dimension when ⟨x²⟩ is sampled by Euler–Maruyama at step eta:
// −½ ln[(1−ηk₀/2)/(1−ηk₁/2)].
func EulerMaruyamaTIBias(k0, k1, eta float64) float64 {
	stable(eta * k0)
	stable(eta * k1)
	return -0.5 * math.Log((1-eta*k0/2)/(1-eta*k1/2))
}

// HeunVariance is the stationary variance (T/k)(1−y/2)/(1−y/2+y²/4), y = ηk, of the
// predictor–corrector scheme x* = x − ηkx + sξ, x' = x − ½ηk(x + x*) + sξ: the fixed point of
// σ² = (1−y+y²/2)²σ² + 2ηT(1−y/2)². Panics unless y < 2.
func HeunVariance(k, eta, temperature float64) float64 {
	y := eta * k
	stable(y)
	return temperature / k * (1 - y/2) / (1 - y/2 + y*y/4)
}

// NesterovVariance is the stationary variance of y = x + β(x−x⁻),
// x' = y − ηhy + √(2(1−β)ηT) ξ: with c = 1−ηh the AR(2) process of coefficients (1+β)c and
// −βc, s²(1+βc)/[(1−βc)(1−c)(1+(1+2β)c)] (Box & Jenkins, Time Series Analysis, sec. 3.2.4).
// Panics unless 0 < ηh and 1 + (1+2β)c > 0.
func NesterovVariance(h, eta, beta, temperature float64) float64 {
	c := 1 - eta*h
	positive("ηh", eta*h)
	positive("1 + (1+2β)(1−ηh)", 1+(1+2*beta)*c)
	return 2 * (1 - beta) * eta * temperature * (1 + beta*c) / ((1 - beta*c) * (1 - c) * (1 + (1+2*beta)*c))
}

// SplittingCovariance is the stationary (⟨x²⟩, ⟨xv⟩, ⟨v²⟩) of any splitting of unit-mass
// Langevin dynamics on U = kx²/2, as a product of the 2×2 matrices of its letters, the step
// shared equally among the occurrences of each. Panics for other letters and where there is
// no stationary state.
func SplittingCovariance(scheme string, k, delta, gamma, temperature float64) (xx, xv, vv float64) {
	share := func(letter string) float64 { return delta / float64(strings.Count(scheme, letter)) }
	m, q := identity(2), make([]float64, 4)
	for _, letter := range scheme {
		l, noise := identity(2), 0.0
		switch letter {
		case 'A':
			l[1] = share("A")
		case 'B':
			l[2] = -k * share("B")
		case 'O':
			l[3] = math.Exp(-gamma * share("O"))
			noise = temperature * (1 - l[3]*l[3])
		default:
			panic("exact: a splitting is made of A, B and O")
		}
		m, q = multiply(l, m), multiply(multiply(l, q), []float64{l[0], l[2], l[1], l[3]})
		q[3] += noise
	}
	sigma := StationaryCovariance(m, q, 2)
	return sigma[0], sigma[1], sigma[3]
}

// multiply is the product of two 2×2 matrices.
func multiply(a, b []float64) []float64 {
	return []float64{a[0]*b[0] + a[1]*b[2], a[0]*b[1] + a[1]*b[3], a[2]*b[0] + a[3]*b[2], a[2]*b[1] + a[3]*b[3]}
}
