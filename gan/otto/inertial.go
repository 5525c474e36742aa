package otto

import (
	"fmt"
	"math"

	"machlup/langevin"
)

// Inertial is the flow with inertia, Ẍ + γẊ = −∇U, in the flat coordinates of a Quantile or
// HermiteGalerkin, discretised to x_{k+1} = x_k + β(x_k − x_{k−1}) − η∇U(x_k):
//
//	implicit   β = 1/(1+γΔt), η = Δt²/(1+γΔt): friction at the new velocity. For curvature h
//	           stable iff hΔt² < 4 + 2γΔt: in particular for any γΔt at η h < 2.
//	paper      β = 1−γΔt, η = Δt² (prop. 8.4): stable iff hΔt² < 4 − 2γΔt, so never for
//	           γΔt ≥ 2, the limit in which the paper takes it.
//
// Either is heavy ball: the scheme heavy-ball with this momentum and eta at temperature 0
// makes the same steps. As γ → ∞ in rescaled time s = t/γ, X(γs) tends to the gradient flow
// with an error of order γ⁻²; at fixed t nothing moves.
type Inertial struct {
	Step     float64 // Δt > 0
	Friction float64 // γ ≥ 0
	Literal  bool    // the paper's friction
}

// Coefficients returns momentum β and learning rate η.
func (i Inertial) Coefficients() (beta, eta float64) {
	g := i.Friction * i.Step
	if i.Literal {
		return 1 - g, i.Step * i.Step
	}
	return 1 / (1 + g), i.Step * i.Step / (1 + g)
}

// FromMomentum returns the inertial flow whose implicit discretisation has momentum β in
// (0, 1) and learning rate η: Δt² = η/β, γ = (1−β)/√(ηβ).
func FromMomentum(beta, eta float64) (Inertial, error) {
	if !(beta > 0 && beta < 1 && eta > 0) {
		return Inertial{}, fmt.Errorf("otto: momentum %v with learning rate %v is no inertial flow: 0 < β < 1 and η > 0 are needed", beta, eta)
	}
	return Inertial{Step: math.Sqrt(eta / beta), Friction: (1 - beta) / math.Sqrt(eta*beta)}, nil
}

// SpectralRadius returns the largest modulus of the roots of z² − (1+β−ηh)z + β, the growth
// of one step on curvature h; below 1 is stable.
func (i Inertial) SpectralRadius(h float64) float64 {
	beta, eta := i.Coefficients()
	half := (1 + beta - eta*h) / 2
	d := half*half - beta
	if d < 0 {
		return math.Sqrt(beta)
	}
	return math.Max(math.Abs(half+math.Sqrt(d)), math.Abs(half-math.Sqrt(d)))
}

// Limit returns the largest stable curvature, hΔt² = 4 ± 2γΔt; 0 if there is none.
func (i Inertial) Limit() float64 {
	g := 2 * i.Friction * i.Step
	if i.Literal {
		g = -g
	}
	return math.Max(0, (4+g)/(i.Step*i.Step))
}

// Run advances x by steps on the potential, from rest (x_{−1} = x_0). It returns an error at
// the first step that is not finite.
func (i Inertial) Run(u langevin.Potential, x []float64, steps int) error {
	n := u.Dim()
	beta, eta := i.Coefficients()
	previous, gradient := append([]float64(nil), x[:n]...), make([]float64, n)
	for k := range steps {
		u.Gradient(gradient, x)
		for c := range n {
			next := x[c] + beta*(x[c]-previous[c]) - eta*gradient[c]
			if math.IsNaN(next) || math.IsInf(next, 0) {
				return fmt.Errorf("otto: the inertial flow is not finite at step %d: β = %v, η = %v", k+1, beta, eta)
			}
			previous[c], x[c] = x[c], next
		}
	}
	return nil
}

// Descend follows ẋ = −∇U for a time t by steps of the classical fourth-order Runge–Kutta
// method.
func Descend(u langevin.Potential, x []float64, t float64, steps int) {
	n := u.Dim()
	h := t / float64(steps)
	at, k, total := make([]float64, n), make([]float64, n), make([]float64, n)
	for range steps {
		copy(at, x)
		clear(total)
		for stage, c := range [4]struct{ weight, ahead float64 }{{1, 0.5}, {2, 0.5}, {2, 1}, {1, 0}} {
			u.Gradient(k, at)
			for i := range total {
				total[i] += c.weight * k[i]
				if stage < 3 {
					at[i] = x[i] - h*c.ahead*k[i]
				}
			}
		}
		for i := range total {
			x[i] -= h / 6 * total[i]
		}
	}
}
