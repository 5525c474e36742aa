package otto

import (
	"fmt"
	"math"
	"strings"
)

// A Flow is one of the four functionals ∫ p g(q/p) with its W₂ gradient flow. All of them
// are given by functions of r = log(q/p), s = eʳ:
//
//	functional   ∫ p g(s) dx = Constant + ∫ q ψ(r) dx     ψ = (g(s) − g(0))/s
//	μ = g′(s)    first variation; ∂q/∂t = ∇·(q∇μ)
//	w = s g″(s)  weight of the velocity: −∇μ = −w ∇log(q/p)
//	G = ∫₀ˢ w    the flow is ∂q/∂t = ∇·(p ∇G(q/p))
//
// D* = 1/(1+s), so w is D*, D*², 1−D* and 1. At q = p, w·gap is the slowest rate, where gap
// is the spectral gap of the overdamped Langevin generator of p at unit temperature.
type Flow int

// The four flows.
const (
	Saturating    Flow = iota // C, the minimax game with the optimal discriminator
	LiteralJPrime             // the paper's J′
	NonSaturating             // 2 KL((p+q)/2 ‖ p), the listing's loss
	KL                        // KL(q‖p), the Fokker–Planck equation
)

var flowNames = []string{"saturating", "literal-jprime", "non-saturating", "kl"}

// Flows lists the flows in the order of their names.
func Flows() []Flow { return []Flow{Saturating, LiteralJPrime, NonSaturating, KL} }

// FlowNames lists the names that ParseFlow knows.
func FlowNames() []string { return append([]string(nil), flowNames...) }

// ParseFlow returns the flow of a name.
func ParseFlow(name string) (Flow, error) {
	for i, n := range flowNames {
		if n == name {
			return Flow(i), nil
		}
	}
	return 0, fmt.Errorf("otto: flow is %q: allowed are %s", name, strings.Join(flowNames, ", "))
}

// String returns the flow's name.
func (f Flow) String() string { return flowNames[f] }

// Functional names the functional that decays along the flow.
func (f Flow) Functional() string {
	return [...]string{"C = 2 JSD(p,q) − 2 log 2", "J′ = E_q log(1−D*)", "2 KL((p+q)/2 ‖ p)", "KL(q‖p)"}[f]
}

// Minimum is the functional's value at q = p.
func (f Flow) Minimum() float64 { return [...]float64{-2 * math.Ln2, -math.Ln2, 0, 0}[f] }

// Constant is g(0), the functional's value for q and p with disjoint supports less the
// part ∫ q ψ: −log 2 for the non-saturating functional, else 0.
func (f Flow) Constant() float64 {
	if f == NonSaturating {
		return -math.Ln2
	}
	return 0
}

// Psi returns ψ(r).
func (f Flow) Psi(r float64) float64 {
	switch f {
	case Saturating:
		return -softplus(-r) - log1pRatio(r)
	case LiteralJPrime:
		return -softplus(-r)
	case NonSaturating:
		return softplus(r) + log1pRatio(r) - math.Ln2
	}
	return r
}

// PsiSlope returns ψ′(r) = μ − ψ.
func (f Flow) PsiSlope(r float64) float64 {
	switch f {
	case Saturating:
		return log1pRatio(r)
	case LiteralJPrime:
		return logistic(-r)
	case NonSaturating:
		return 1 - log1pRatio(r)
	}
	return 1
}

// PsiCurvature returns ψ″(r) = w − ψ′.
func (f Flow) PsiCurvature(r float64) float64 { return f.Weight(r) - f.PsiSlope(r) }

// Variation returns μ(r), the first variation.
func (f Flow) Variation(r float64) float64 {
	switch f {
	case Saturating:
		return -softplus(-r)
	case LiteralJPrime:
		return -softplus(-r) + logistic(-r)
	case NonSaturating:
		return softplus(r) - math.Ln2 + 1
	}
	return r + 1
}

// Weight returns w(r) = dμ/dr.
func (f Flow) Weight(r float64) float64 {
	switch f {
	case Saturating:
		return logistic(-r)
	case LiteralJPrime:
		d := logistic(-r)
		return d * d
	case NonSaturating:
		return logistic(r)
	}
	return 1
}

// primitive returns G(s), s ≥ 0.
func (f Flow) primitive(s float64) float64 {
	switch f {
	case Saturating:
		return math.Log1p(s)
	case LiteralJPrime:
		return s / (1 + s)
	case NonSaturating:
		if s < 1e-3 { // s − log(1+s) without cancellation
			return s * s * (0.5 - s*(1.0/3-s*(0.25-s*(0.2-s/6))))
		}
		return s - math.Log1p(s)
	}
	return s
}

// weightAt is w as a function of s.
func (f Flow) weightAt(s float64) float64 {
	switch f {
	case Saturating:
		return 1 / (1 + s)
	case LiteralJPrime:
		return 1 / ((1 + s) * (1 + s))
	case NonSaturating:
		return s / (1 + s)
	}
	return 1
}

// Discriminator returns D* = p/(p+q) at r = log(q/p).
func Discriminator(r float64) float64 { return logistic(-r) }

// Section returns φ = log(1−D*) at r = log(q/p): the value at q of the paper's section of
// the bundle W₂ × C^∞ (prop. 4.2). It is the first variation of C.
func Section(r float64) float64 { return -softplus(-r) }

// Connection returns the paper's A = ∇φ = D* ∇log(q/p) (def. 5.1) for given scores of q
// and p. The saturating flow moves mass with velocity −A.
func Connection(r, scoreQ, scoreP float64) float64 { return logistic(-r) * (scoreQ - scoreP) }

// softplus is log(1+eʳ) without overflow.
func softplus(r float64) float64 {
	if r > 0 {
		return r + math.Log1p(math.Exp(-r))
	}
	return math.Log1p(math.Exp(r))
}

// logistic is 1/(1+e⁻ʳ) without overflow.
func logistic(r float64) float64 {
	if r < 0 {
		e := math.Exp(r)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-r))
}

// log1pRatio is log(1+s)/s at s = eʳ.
func log1pRatio(r float64) float64 {
	switch {
	case r < -18: // s < 2e−8
		return 1 - math.Exp(r)/2
	case r > 700:
		return math.Min(r, 1e4) * math.Exp(-r)
	}
	s := math.Exp(r)
	return math.Log1p(s) / s
}
