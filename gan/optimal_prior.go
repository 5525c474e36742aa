package gan

import (
	"fmt"
	"math"

	"machlup/internal/num"
	"machlup/internal/rng"
	"machlup/langevin"
)

// A Prior is a normalised law π of the generator's parameters. With it the exact potential
// U(θ) = C_h(θ) − T log π(θ) has the Boltzmann law e^{−U/T} ∝ e^{−C_h/T} π(θ), which exists
// though C_h is bounded and is π itself as T → ∞; log Z = log ∫e^{−C_h/T} π dθ is quoted
// relative to it.
//
// Samplers move coordinates x ∈ ℝⁿ; Fold says which parameters θ they stand for.
type Prior interface {
	Name() string
	// Formula is π in words, with its numbers.
	Formula() string
	// MinusLogDensity returns −log π at x.
	MinusLogDensity(x []float64) float64
	// AddGradient adds c·∇(−log π)(x) to dst, AddHessVec c·∇²(−log π)·v.
	AddGradient(dst []float64, c float64, x []float64)
	AddHessVec(dst []float64, c float64, x, v []float64)
	// Draw writes an exact draw of θ, made of len(θ) normals by inverse CDF.
	Draw(theta []float64, src langevin.Source)
	// Fold writes θ and dθ_i/dx_i = ±1 for x and reports true, or reports false if θ is x.
	Fold(theta, sign, x []float64) bool
	// Holds returns nil if θ is in the support, else what is not.
	Holds(theta []float64) error
}

// A PriorConfig is a prior's table in the configuration.
type PriorConfig interface{ Prior() (Prior, error) }

// A PriorEntry is a line of the catalogue of priors; New returns a pointer to a config
// struct holding the defaults.
type PriorEntry struct {
	Name, Doc string
	New       func() PriorConfig
}

var priors = []PriorEntry{
	{"none", "no prior: C_h alone, which has no stationary law", func() PriorConfig { return &NoPriorConfig{} }},
	{"weight-decay", "independent normals: T·precision·|θ|²/2 in the potential", func() PriorConfig { c := DefaultGaussianPrior(); return &c }},
	{"box", "uniform on |θ_i| ≤ half_width, walls that reflect", func() PriorConfig { c := DefaultBox(); return &c }},
}

// Priors returns the catalogue.
func Priors() []PriorEntry { return append([]PriorEntry(nil), priors...) }

// NoPriorConfig is the table of no prior: it is empty.
type NoPriorConfig struct{}

// Prior returns nil.
func (NoPriorConfig) Prior() (Prior, error) { return nil, nil }

// GaussianPriorConfig is the prior named weight-decay: θ_i ~ N(0, 1/precision).
type GaussianPriorConfig struct {
	Precision float64 `toml:"precision" range:"(0,inf)" unit:"1" doc:"λ of π ∝ exp(−λ|θ|²/2): θ_i has variance 1/λ; in the potential it is weight decay of strength Tλ"`
}

// DefaultGaussianPrior returns unit variance.
func DefaultGaussianPrior() GaussianPriorConfig { return GaussianPriorConfig{1} }

// Prior returns the normal law.
func (c GaussianPriorConfig) Prior() (Prior, error) {
	if err := checkPositive("precision of the prior weight-decay", c.Precision); err != nil {
		return nil, err
	}
	return gaussianPrior{c.Precision}, nil
}

type gaussianPrior struct{ precision float64 }

func (g gaussianPrior) Name() string    { return "weight-decay" }
func (g gaussianPrior) Formula() string { return fmt.Sprintf("independent N(0, 1/%v)", g.precision) }

func (g gaussianPrior) MinusLogDensity(x []float64) float64 {
	return g.precision/2*num.Norm2(x) + float64(len(x))*(halfLogTwoPi-math.Log(g.precision)/2)
}

func (g gaussianPrior) AddGradient(dst []float64, c float64, x []float64) {
	num.Axpy(c*g.precision, x, dst)
}

func (g gaussianPrior) AddHessVec(dst []float64, c float64, _, v []float64) {
	num.Axpy(c*g.precision, v, dst)
}

func (g gaussianPrior) Draw(theta []float64, src langevin.Source) {
	src.Normals(theta)
	scaled(theta, 1/math.Sqrt(g.precision), theta)
}

func (gaussianPrior) Fold(_, _, _ []float64) bool { return false }
func (gaussianPrior) Holds([]float64) error       { return nil }

// BoxConfig is the prior named box: θ_i uniform on [−half_width, half_width].
//
// Its walls reflect. Samplers see them as mirrors: they move x ∈ ℝⁿ in the potential
// U(θ(x)), θ(x) the triangle wave of period 4·half_width, which is the potential continued
// evenly across every wall. A step of any scheme in x is a step in θ that is reflected at
// the walls as often as it crosses them, velocities too; the noise stays Gaussian, so paths
// keep their density in positions (those of x), and Metropolis needs no special case. x
// itself wanders from cell to cell and has no stationary law; θ(x), of which all observables
// are functions, has. The gradient jumps at a wall where ∂U/∂θ ≠ 0.
type BoxConfig struct {
	HalfWidth float64 `toml:"half_width" range:"(0,inf)" unit:"1" doc:"L: θ_i is uniform on [−L, L]; walls reflect, see docs/physics.md"`
}

// DefaultBox returns a box that holds every initialisation.
func DefaultBox() BoxConfig { return BoxConfig{4} }

// Prior returns the uniform law.
func (c BoxConfig) Prior() (Prior, error) {
	if err := checkPositive("half_width of the prior box", c.HalfWidth); err != nil {
		return nil, err
	}
	return boxPrior{c.HalfWidth}, nil
}

type boxPrior struct{ half float64 }

func (b boxPrior) Name() string    { return "box" }
func (b boxPrior) Formula() string { return fmt.Sprintf("uniform on |theta_i| <= %v", b.half) }

func (b boxPrior) MinusLogDensity(x []float64) float64 {
	return float64(len(x)) * math.Log(2*b.half)
}

func (boxPrior) AddGradient([]float64, float64, []float64)           {}
func (boxPrior) AddHessVec([]float64, float64, []float64, []float64) {}

func (b boxPrior) Draw(theta []float64, src langevin.Source) {
	src.Normals(theta)
	for i, xi := range theta {
		theta[i] = b.half * (2*rng.NormalCDF(xi) - 1)
	}
}

// Fold is the triangle wave.
func (b boxPrior) Fold(theta, sign, x []float64) bool {
	for i, v := range x {
		r := math.Remainder(v, 4*b.half) // in [−2L, 2L]
		switch {
		case r > b.half:
			theta[i], sign[i] = 2*b.half-r, -1
		case r < -b.half:
			theta[i], sign[i] = -2*b.half-r, -1
		default:
			theta[i], sign[i] = r, 1
		}
	}
	return true
}

func (b boxPrior) Holds(theta []float64) error {
	for i, v := range theta {
		if !(math.Abs(v) <= b.half) {
			return fmt.Errorf("gan: parameter %d starts at %.4g, outside the box |θ_i| ≤ %v of the prior; raise half_width", i, v, b.half)
		}
	}
	return nil
}
