package exact

import "math"

// This file holds the path integrals O1–O8: steps x' = x + ηf(x) + sξ, s² = 2Dη, weight
// exp(−S) with S = Σ|x'−x−ηf|²/2s² over K steps.

// FreeEndLogZ is the log of Z(β) for a fixed start and a free end, any drift (O1):
// (2πs²/β)^{1/2} for each step and noisy component, the quadratic part being multiplied
// by beta. components counts noisy components, each with standard deviation s.
func FreeEndLogZ(components, steps int, s, beta float64) float64 {
	return 0.5 * float64(components) * float64(steps) * math.Log(2*math.Pi*s*s/beta)
}

// FreeEndAction is the mean, equal to the variance, of the quadratic part of the action
// at β = 1 (O1): half the number of noisy components times steps, since 2S ~ χ².
func FreeEndAction(components, steps int) float64 { return 0.5 * float64(components) * float64(steps) }

// FreeBridgeCovariance is Cov(x_i, x_j) = s²i(K−j)/K, i ≤ j, of a free particle pinned at
// both ends (O3).
func FreeBridgeCovariance(s float64, i, j, steps int) float64 {
	i, j = min(i, j), max(i, j)
	return s * s * float64(i) * float64(steps-j) / float64(steps)
}

// An OUBridge is x' = ax + sξ pinned at x₀ and x_K (O4); a = 1 − ηλ.
type OUBridge struct {
	A, S       float64
	Start, End float64
	Steps      int
}

// geometric is 1 − a^{2k} over 1 − a², k when a = 1.
func (b OUBridge) geometric(k int) float64 {
	if b.A == 1 {
		return float64(k)
	}
	return (1 - math.Pow(b.A, float64(2*k))) / (1 - b.A*b.A)
}

// Mean is the mean of slice i.
func (b OUBridge) Mean(i int) float64 {
	k := b.Steps
	return (math.Pow(b.A, float64(i))*b.geometric(k-i)*b.Start + math.Pow(b.A, float64(k-i))*b.geometric(i)*b.End) / b.geometric(k)
}

// Covariance is the covariance of slices i and j.
func (b OUBridge) Covariance(i, j int) float64 {
	i, j = min(i, j), max(i, j)
	return b.S * b.S * math.Pow(b.A, float64(j-i)) * b.geometric(i) * b.geometric(b.Steps-j) / b.geometric(b.Steps)
}

// LogZ is the log of Z_pin = (2πs²)^{K/2} N(x_K; a^K x₀, s²(1−a^{2K})/(1−a²)), the
// integral of exp(−S) over the K−1 inner slices.
func (b OUBridge) LogZ() float64 {
	v := b.S * b.S * b.geometric(b.Steps)
	d := b.End - math.Pow(b.A, float64(b.Steps))*b.Start
	return 0.5*float64(b.Steps)*math.Log(2*math.Pi*b.S*b.S) - 0.5*math.Log(2*math.Pi*v) - d*d/(2*v)
}

// PinnedLogZ is the log of Z_pin/Z_free = p_K(x_K|x₀), any drift in one dimension (O2),
// from the kernel; both ends must be nodes of its grid.
func PinnedLogZ(k *Kernel, x0, xK float64, steps int) float64 {
	return math.Log(k.After(x0, steps).At(xK))
}

// StationaryOU is the variance of stationary OU paths, rate lambda and diffusion d at
// step eta (O5): d/[λ(1−ηλ/2)] for the Itô action, d/λ for the midpoint one.
func StationaryOU(lambda, eta, d float64) (ito, midpoint float64) {
	return EulerMaruyamaVariance(lambda, eta, d), d / lambda
}

// An Oscillator is the periodic Euclidean harmonic oscillator with P slices (O6):
// S = Σ τ[m(x_{i+1}−x_i)²/2τ² + mω²x_i²/2], τ = Beta/P, ħ = 1.
// Creutz & Freedman, Ann. Phys. 132 (1981) 427; Schweizer et al., J. Chem. Phys. 75 (1981) 1347.
type Oscillator struct {
	Mass, Omega, Beta float64
	P                 int
}

func (o Oscillator) tau() float64 { return o.Beta / float64(o.P) }

// alpha solves sinh(α/2) = ωτ/2.
func (o Oscillator) alpha() float64 { return 2 * math.Asinh(o.Omega*o.tau()/2) }

// LogZ is −log(2 sinh(Pα/2)) with the prefactor (m/2πτ)^{P/2} included in Z_P.
func (o Oscillator) LogZ() float64 {
	return -math.Log(2 * math.Sinh(float64(o.P)*o.alpha()/2))
}

// LogMeasure is the log of the prefactor (m/2πτ)^{P/2}: the bare integral ∫e^{−S} dx has
// the log LogZ − LogMeasure.
func (o Oscillator) LogMeasure() float64 {
	return 0.5 * float64(o.P) * math.Log(o.Mass/(2*math.Pi*o.tau()))
}

// MeanSquare is ⟨x²⟩.
func (o Oscillator) MeanSquare() float64 {
	wt := o.Omega * o.tau()
	return 1 / (math.Tanh(float64(o.P)*o.alpha()/2) * 2 * o.Mass * o.Omega * math.Sqrt(1+wt*wt/4))
}

// Energy is mω²⟨x²⟩, the virial estimator's mean.
func (o Oscillator) Energy() float64 { return o.Mass * o.Omega * o.Omega * o.MeanSquare() }

// Correlation is ⟨x_0x_n⟩/⟨x²⟩.
func (o Oscillator) Correlation(n int) float64 {
	half := float64(o.P) / 2
	return math.Cosh(o.alpha()*(half-float64(n))) / math.Cosh(o.alpha()*half)
}

// TiltedSCGF is lim K⁻¹ log⟨e^{−tΣx²}⟩ of x' = ax + sξ (O7): −½ ln μ₊ with μ₊ the larger
// root of μ² − (1+a²+2ts²)μ + a² = 0. Panics unless t > −(1−a)²/2s², where it exists.
func TiltedSCGF(a, s, t float64) float64 {
	positive("t + (1−a)²/2s²", t+(1-a)*(1-a)/(2*s*s))
	b := 1 + a*a + 2*t*s*s
	return -0.5 * math.Log((b+math.Sqrt(b*b-4*a*a))/2)
}

// BarrierAction is the minimum of S over paths of infinite duration and small step up a
// potential difference rise at diffusion d: rise/d, and 0 downhill (O8; Freidlin &
// Wentzell, ch. 4). For the Euler discretisation of an OU process of rate lambda it is
// rise(1−ηλ/2)/d; see OUMinimumAction.
func BarrierAction(rise, d float64) float64 { return max(0, rise) / d }

// OUMinimumAction is the minimum of S over K-step paths from the bottom of U = λx²/2 to
// height rise, at diffusion d and step eta: (rise/d)(1−ηλ/2)/(1−a^{2K}), a = 1−ηλ (O8).
func OUMinimumAction(rise, d, lambda, eta float64, steps int) float64 {
	a := 1 - eta*lambda
	return rise / d * (1 - eta*lambda/2) / (1 - math.Pow(a, float64(2*steps)))
}

// PCNCorrelation is the lag-n correlation (1−b²)^{n/2} of pCN with zero potential (O9).
func PCNCorrelation(b float64, lag int) float64 { return math.Pow(1-b*b, float64(lag)/2) }

// A Literal is the Euclidean-looking action ΣΔt(½ẋ² − V) with harmonic V = ω²x²/2, which
// is finite only up to a horizon; sin(α/2) = ωΔt/2. With several modes the largest ω decides.
type Literal struct {
	Omega, Dt float64
	Steps     int
}

func (l Literal) alpha() float64 { return 2 * math.Asin(l.Omega*l.Dt/2) }

// FixedEnds is the determinant of the quadratic form over the inner slices, relative to
// V = 0: sin Kα/(K sin α); ok is false past the horizon Kα ≥ π, where Z is infinite.
func (l Literal) FixedEnds() (ratio float64, ok bool) {
	k := float64(l.Steps)
	if !(l.Omega*l.Dt < 2) || k*l.alpha() >= math.Pi {
		return 0, false
	}
	return math.Sin(k*l.alpha()) / (k * math.Sin(l.alpha())), true
}

// FreeEnd is the same for a fixed start and a free end, V on slices 1 to K:
// cos((K+½)α)/cos(α/2); ok is false past the horizon (K+½)α ≥ π/2, near time π/2ω.
func (l Literal) FreeEnd() (ratio float64, ok bool) {
	k := float64(l.Steps) + 0.5
	if !(l.Omega*l.Dt < 2) || k*l.alpha() >= math.Pi/2 {
		return 0, false
	}
	return math.Cos(k*l.alpha()) / math.Cos(l.alpha()/2), true
}
