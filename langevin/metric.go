package langevin

import "fmt"

// A Metric is the positive definite matrix F(q) of one block, used through its inverse
// G = F⁻¹: a natural-gradient step is −ηG∇U and metric noise has covariance ∝ G.
//
// At sets the point (the whole mixed configuration q̃); the other methods refer to it, so
// that one factorisation serves them all. Vectors have the block's length Dim().
type Metric interface {
	Dim() int
	Normals() int // standard normals that Colour consumes, at least Dim()
	At(q []float64)
	Solve(dst, v []float64)   // G·v; dst may be v itself
	Colour(dst, xi []float64) // w = R·xi with R·Rᵀ = F: noise of covariance F
	Norm(r []float64) float64 // rᵀF r
	LogDet() float64          // log det F
}

// A MetricDivergence is a Metric with Γ_i = Σ_j ∂G_ij/∂q_j (j over the block), the drift
// that a state-dependent noise needs to keep e^{−U/T}. It must be exact: a stochastic
// estimate biases the law.
type MetricDivergence interface {
	Metric
	Divergence(dst []float64)
}

// A MetricDerivative is a Metric whose products with a vector can be differentiated, in
// directions v of the whole configuration. Linear-noise theory needs it.
type MetricDerivative interface {
	MetricDivergence
	SolveJVP(dst, u, v []float64)   // (∂_v G)·u, of block length; v of configuration length
	SolveVJP(dst, u, w []float64)   // ∇_q (wᵀG(q)u), of configuration length
	DivergenceJVP(dst, v []float64) // ∂_v Γ
	DivergenceVJP(dst, w []float64) // ∇_q (wᵀΓ(q)), of configuration length
	ColourT(dst, w []float64)       // Rᵀ·w, of length Normals()
}

// A Correction is the multiple of ηTΓ added to each step of a metric scheme, which
// decides the measure it samples as η → 0. In one dimension, with U = −∫f:
//
//	NoCorrection    e^{−U/T}/G
//	HalfCorrection  e^{−U/T}/√G, the Boltzmann law with respect to the Riemannian volume
//	FullCorrection  e^{−U/T}, the Boltzmann law with respect to dq (in any dimension)
type Correction float64

// The three named corrections.
const (
	NoCorrection   Correction = 0
	HalfCorrection Correction = 0.5
	FullCorrection Correction = 1
)

// ParseCorrection returns the correction of a config name.
func ParseCorrection(name string) (Correction, error) {
	switch name {
	case "none":
		return NoCorrection, nil
	case "half":
		return HalfCorrection, nil
	case "full":
		return FullCorrection, nil
	}
	return 0, fmt.Errorf(`langevin: correction is %q: allowed are "none", "half" and "full"`, name)
}

// String returns the config name.
func (c Correction) String() string {
	switch c {
	case NoCorrection:
		return "none"
	case HalfCorrection:
		return "half"
	case FullCorrection:
		return "full"
	}
	return fmt.Sprintf("%g", float64(c))
}

// Target says which density the correction samples as η → 0 (one dimension, no
// momentum), for outputs that must name their measure.
func (c Correction) Target() string {
	switch c {
	case NoCorrection:
		return "exp(-U/T)/G"
	case HalfCorrection:
		return "exp(-U/T)/sqrt(G)"
	case FullCorrection:
		return "exp(-U/T)"
	}
	return ""
}
