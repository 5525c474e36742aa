package otto

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/integrate/quad"

	"machlup/langevin"
)

// HermiteGalerkinConfig is the table of the system hermite-galerkin.
type HermiteGalerkinConfig struct {
	Modes int     `toml:"modes" range:"[1,12]" unit:"1" doc:"M Hermite modes of displacement; 1 is the shift, 2 the stretch"`
	Nodes int     `toml:"nodes" range:"[8,128]" unit:"1" doc:"nodes of the Gauss–Hermite quadrature"`
	Flow  string  `toml:"flow" enum:"saturating|literal-jprime|non-saturating|kl" doc:"the functional: 2 JSD − 2 log 2, J′, 2 KL(m‖p) or KL(q‖p)"`
	Mean  float64 `toml:"mean" unit:"data" doc:"mean of the data, which are Gaussian"`
	Std   float64 `toml:"std" range:"(0,inf)" unit:"data" doc:"their standard deviation"`
}

// DefaultHermiteGalerkin is three modes about the paper's data.
func DefaultHermiteGalerkin() HermiteGalerkinConfig {
	return HermiteGalerkinConfig{Modes: 3, Nodes: 40, Flow: "saturating", Mean: 8, Std: 1.25}
}

// HermiteGalerkin is a functional of q = T#p for p = N(m, σ²) and a displacement in Hermite
// modes,
//
//	T(x) = x + Σ_k a_k h_k(x),   h_k = He_{k−1}((x−m)/σ)/√((k−1)!),   k = 1 … M:
//
//	F(a) = Constant + ∫ p ψ(r) dx,   r = log p(x) − log T′(x) − log p(T(x)),
//
// by Gauss–Hermite quadrature. The modes are orthonormal in L²(p), so the W₂ metric ∫|Q̇|²du
// is Σȧ_k²: descent ȧ = −∇F is the flow projected on the modes, and a Langevin step of size
// η at temperature T has noise of variance 2ηT in each. At a = 0 the Hessian is
// diag(w(0)·k/σ²) exactly: ω_k² = k/2σ² for C, k/4σ² for J′.
//
// T must increase. Where T′ < 0.05 at a node, log T′ is continued by its second-order Taylor
// polynomial: the energy stays finite and twice differentiable there, but is no longer that
// of a law. Nodes far in the tails, whose weights are negligible, come first.
//
// It keeps scratch space and serves one goroutine.
type HermiteGalerkin struct {
	p         *Mixture
	mean, std float64
	flow      Flow
	modes     int
	x, weight []float64
	logP      []float64
	h, dh     []float64 // h_k and h_k′ at the nodes, node after node
	scratch   []float64
}

// NewHermiteGalerkin returns the functional, or an error for a count or scale out of range.
func NewHermiteGalerkin(c HermiteGalerkinConfig) (*HermiteGalerkin, error) {
	f, err := ParseFlow(c.Flow)
	switch {
	case err != nil:
		return nil, err
	case c.Modes < 1 || c.Nodes < 8:
		return nil, fmt.Errorf("otto: %d modes on %d nodes: at least 1 and 8 are needed", c.Modes, c.Nodes)
	case c.Nodes < 2*c.Modes+2:
		return nil, fmt.Errorf("otto: %d nodes do not integrate products of %d modes: at least %d are needed", c.Nodes, c.Modes, 2*c.Modes+2)
	case !(c.Std > 0) || math.IsInf(c.Std, 1) || math.IsNaN(c.Mean) || math.IsInf(c.Mean, 0):
		return nil, fmt.Errorf("otto: the data are N(%v, %v²): the mean must be finite and the standard deviation positive", c.Mean, c.Std)
	}
	g := &HermiteGalerkin{p: Normal(c.Mean, c.Std), mean: c.Mean, std: c.Std, flow: f, modes: c.Modes,
		x: make([]float64, c.Nodes), weight: make([]float64, c.Nodes), logP: make([]float64, c.Nodes),
		h: make([]float64, c.Nodes*c.Modes), dh: make([]float64, c.Nodes*c.Modes), scratch: make([]float64, c.Modes)}
	quad.Hermite{}.FixedLocations(g.x, g.weight, math.Inf(-1), math.Inf(1))
	for j, y := range g.x {
		xi := math.Sqrt2 * y
		g.x[j] = c.Mean + c.Std*xi
		g.weight[j] /= math.Sqrt(math.Pi)
		g.logP[j] = g.p.LogDensity(g.x[j])
		g.basis(g.h[j*c.Modes:(j+1)*c.Modes], g.dh[j*c.Modes:(j+1)*c.Modes], xi)
	}
	return g, nil
}

// basis writes h_k and dh_k/dx at x = m + σξ, by ξ He_n = He_{n+1} + n He_{n−1}.
func (g *HermiteGalerkin) basis(h, dh []float64, xi float64) {
	h[0], dh[0] = 1, 0
	for n := 1; n < len(h); n++ {
		h[n] = xi * h[n-1] / math.Sqrt(float64(n))
		if n > 1 {
			h[n] -= math.Sqrt(float64(n-1)/float64(n)) * h[n-2]
		}
		dh[n] = math.Sqrt(float64(n)) * h[n-1] / g.std
	}
}

// Dim returns the number of modes.
func (g *HermiteGalerkin) Dim() int { return g.modes }

// Data returns the data density, Flow the functional.
func (g *HermiteGalerkin) Data() Density { return g.p }

// Flow returns the flow whose functional this is.
func (g *HermiteGalerkin) Flow() Flow { return g.flow }

// Frequency2 returns ω_k² = w(0)·k/σ², k = 1 … M, the Hessian at a = 0.
func (g *HermiteGalerkin) Frequency2(k int) float64 {
	return g.flow.Weight(0) * float64(k) / (g.std * g.std)
}

// Normalisable returns an error for a functional that is bounded.
func (g *HermiteGalerkin) Normalisable() error { return normalisable(g.flow) }

// Growth: C and J′ are bounded; how the others grow along all directions is not known.
func (g *HermiteGalerkin) Growth() langevin.Growth { return growth(g.flow) }

// Energy returns F(a).
func (g *HermiteGalerkin) Energy(a []float64) float64 {
	total := g.flow.Constant()
	for j := range g.x {
		n := g.node(j, a)
		total += g.weight[j] * g.flow.Psi(n.r)
	}
	return total
}

// Gradient writes ∇F and returns F.
func (g *HermiteGalerkin) Gradient(dst, a []float64) float64 {
	clear(dst[:g.modes])
	total := g.flow.Constant()
	for j := range g.x {
		n := g.node(j, a)
		total += g.weight[j] * g.flow.Psi(n.r)
		slope := g.weight[j] * g.flow.PsiSlope(n.r)
		for k := range dst[:g.modes] {
			dst[k] += slope * n.dr(k)
		}
	}
	return total
}

// HessVec writes ∇²F(a)·v.
func (g *HermiteGalerkin) HessVec(dst, a, v []float64) {
	out := g.scratch
	clear(out)
	for j := range g.x {
		n := g.node(j, a)
		slope, curvature := g.weight[j]*g.flow.PsiSlope(n.r), g.weight[j]*g.flow.PsiCurvature(n.r)
		along, h, dh := 0.0, 0.0, 0.0
		for k, vk := range v[:g.modes] {
			along += n.dr(k) * vk
			h += n.h[k] * vk
			dh += n.dh[k] * vk
		}
		bend := g.p.Curvature(n.t)
		for k := range out {
			out[k] += curvature*n.dr(k)*along - slope*(n.logBend*n.dh[k]*dh+bend*n.h[k]*h)
		}
	}
	copy(dst, out)
}

// hermiteNode is the displaced node j.
type hermiteNode struct {
	r, t              float64 // log(q/p) at T(x), T(x)
	logSlope, logBend float64 // of log T′ by T′
	score             float64
	h, dh             []float64
}

func (n hermiteNode) dr(k int) float64 { return -n.logSlope*n.dh[k] - n.score*n.h[k] }

// least T′ at which the logarithm is its own.
const leastSlope = 0.05

func (g *HermiteGalerkin) node(j int, a []float64) hermiteNode {
	n := hermiteNode{t: g.x[j], h: g.h[j*g.modes : (j+1)*g.modes], dh: g.dh[j*g.modes : (j+1)*g.modes]}
	slope := 1.0
	for k, ak := range a[:g.modes] {
		n.t += ak * n.h[k]
		slope += ak * n.dh[k]
	}
	log := 0.0
	if slope >= leastSlope {
		log, n.logSlope, n.logBend = math.Log(slope), 1/slope, -1/(slope*slope)
	} else {
		d := (slope - leastSlope) / leastSlope
		log, n.logSlope, n.logBend = math.Log(leastSlope)+d-d*d/2, (1-d)/leastSlope, -1/(leastSlope*leastSlope)
	}
	n.score = g.p.Score(n.t)
	n.r = g.logP[j] - log - g.p.LogDensity(n.t)
	return n
}
