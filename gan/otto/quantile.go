package otto

import (
	"fmt"
	"math"

	"machlup/langevin"
)

// QuantileConfig is the table of the system quantile.
type QuantileConfig struct {
	Particles  int     `toml:"particles" range:"[2,100000]" unit:"1" doc:"N particles of mass 1/N: the quantile function at u = (i−½)/N"`
	Flow       string  `toml:"flow" enum:"saturating|literal-jprime|non-saturating|kl" doc:"the functional: 2 JSD − 2 log 2, J′, 2 KL(m‖p) or KL(q‖p)"`
	Origin     string  `toml:"origin" enum:"data|normal|zero" doc:"what coordinate 0 means: the particle at the data's quantile, at that of a normal, or at x = 0"`
	OriginMean float64 `toml:"origin_mean" unit:"data" doc:"mean of that normal"`
	OriginStd  float64 `toml:"origin_std" range:"(0,inf)" unit:"data" doc:"its standard deviation"`
	MixtureConfig
}

// DefaultQuantile is 40 particles under the saturating functional of the paper's data.
func DefaultQuantile() QuantileConfig {
	return QuantileConfig{Particles: 40, Flow: "saturating", Origin: "data", OriginStd: 1, MixtureConfig: DefaultMixture()}
}

// New returns the system and its data density.
func (c QuantileConfig) New() (*Quantile, error) {
	p, err := NewMixture(c.MixtureConfig)
	if err != nil {
		return nil, err
	}
	f, err := ParseFlow(c.Flow)
	if err != nil {
		return nil, err
	}
	var origin []float64
	switch c.Origin {
	case "data":
		origin = Quantiles(p, c.Particles)
	case "normal":
		if !(c.OriginStd > 0) || math.IsNaN(c.OriginMean) {
			return nil, fmt.Errorf("otto: the origin is N(%v, %v²): its standard deviation must be positive", c.OriginMean, c.OriginStd)
		}
		origin = Quantiles(Normal(c.OriginMean, c.OriginStd), c.Particles)
	case "zero":
	default:
		return nil, fmt.Errorf("otto: origin is %q: allowed are data, normal, zero", c.Origin)
	}
	return NewQuantile(p, f, c.Particles, origin)
}

// Quantile is a functional of the law of N particles on the line, each of mass 1/N: the
// quantile function Q(u) at u_i = (i−½)/N. Between neighbours the density is mass/spacing,
// 1/(N w); beyond the outermost particles lies half a cell, of mass 1/2N, with the density of
// the neighbouring one, taken at the particle. So
//
//	F(x) = Constant + (1/N) Σ' ψ(r_c),   r_c = −log(N w_c) − log p(x_c),
//
// with Σ' counting the two ends half, x_c the middle of a cell (the particle, at an end).
//
// It is a langevin.Potential with the energy V = N·F, for which the W₂ metric
// ∫|Q̇|²du = (1/N)Σẋ², F = I/N, becomes the identity: descent ẋ = −∇V is the W₂ gradient
// flow in its own time, and a Langevin step of size η at temperature τ moves a particle by
// −ηN ∂F/∂x + √(2ητ) ξ. That is the noise of variance 2ηTN of a temperature T on the metric
// I/N, if τ = TN. The Boltzmann law is e^{−V/τ} = e^{−F/T}. It is normalisable for `kl` and
// `non-saturating`; C and J′ are bounded, so for them it is not, and only the neighbourhood
// of q = p at small T is meant.
//
// Coordinates are displacements from an origin. V is a function of the sorted positions:
// particles that cross have exchanged labels, so the energy is finite on both sides, and a
// sampler's state always is a law; it counts each law N! times. `kl` and `non-saturating`
// repel (V = +Inf where two particles coincide), C and J′ do not.
//
// It keeps scratch space and serves one goroutine.
type Quantile struct {
	p      Density
	flow   Flow
	origin []float64
	sorted []float64
	label  []int // sorted[i] is particle label[i]
	grad   []float64
	diag   []float64
	off    []float64
}

// NewQuantile returns the functional for n ≥ 2 particles. origin holds the positions of
// coordinate 0, nil for zeros; it is copied.
func NewQuantile(p Density, f Flow, n int, origin []float64) (*Quantile, error) {
	if n < 2 {
		return nil, fmt.Errorf("otto: %d particles have no density: at least 2 are needed", n)
	}
	if origin != nil && len(origin) != n {
		return nil, fmt.Errorf("otto: the origin has %d positions for %d particles", len(origin), n)
	}
	q := &Quantile{p: p, flow: f, origin: make([]float64, n), sorted: make([]float64, n), label: make([]int, n),
		grad: make([]float64, n), diag: make([]float64, n), off: make([]float64, n-1)}
	copy(q.origin, origin)
	for i := range q.label {
		q.label[i] = i
	}
	return q, nil
}

// Quantiles returns the n quantiles of a density at u = (i−½)/n.
func Quantiles(d Density, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = d.Quantile((float64(i) + 0.5) / float64(n))
	}
	return x
}

// Dim returns the number of particles.
func (q *Quantile) Dim() int { return len(q.origin) }

// Data returns the data density, Flow the functional.
func (q *Quantile) Data() Density { return q.p }

// Flow returns the flow whose functional this is.
func (q *Quantile) Flow() Flow { return q.flow }

// Positions writes the sorted positions of the particles.
func (q *Quantile) Positions(dst, x []float64) {
	q.sort(x)
	copy(dst, q.sorted)
}

// Functional returns F(x) = V(x)/N.
func (q *Quantile) Functional(x []float64) float64 { return q.Energy(x) / float64(q.Dim()) }

// Normalisable returns an error for a functional that is bounded: e^{−V/τ} then has no
// finite integral.
func (q *Quantile) Normalisable() error { return normalisable(q.flow) }

// Growth: C and J′ are bounded; how the others grow along all directions is not known.
func (q *Quantile) Growth() langevin.Growth { return growth(q.flow) }

func growth(f Flow) langevin.Growth {
	if normalisable(f) != nil {
		return langevin.Growth{}
	}
	return langevin.Growth{Confining: true, Power: math.NaN()}
}

func normalisable(f Flow) error {
	if f == Saturating || f == LiteralJPrime {
		return fmt.Errorf("otto: %s is bounded, so its Boltzmann law is not normalisable; use kl or non-saturating", f.Functional())
	}
	return nil
}

// Energy returns V(x) = N·F(x).
func (q *Quantile) Energy(x []float64) float64 {
	q.sort(x)
	total := 0.0
	for c := range q.cells() {
		r, _, _ := q.cell(c)
		total += q.share(c) * q.flow.Psi(r)
	}
	return total + float64(q.Dim())*q.flow.Constant()
}

// Gradient writes ∇V and returns V. −∇V is the velocity of the W₂ gradient flow.
func (q *Quantile) Gradient(dst, x []float64) float64 {
	q.sort(x)
	clear(q.grad)
	total := 0.0
	for c := range q.cells() {
		r, a, b := q.cell(c)
		total += q.share(c) * q.flow.Psi(r)
		slope := q.share(c) * q.flow.PsiSlope(r)
		i := q.first(c)
		q.grad[i] += slope * a.slope
		q.grad[i+1] += slope * b.slope
	}
	for i, l := range q.label {
		dst[l] = q.grad[i]
	}
	return total + float64(q.Dim())*q.flow.Constant()
}

// HessVec writes ∇²V(x)·v. The Hessian is tridiagonal in sorted order.
func (q *Quantile) HessVec(dst, x, v []float64) {
	q.sort(x)
	q.hessian()
	n := q.Dim()
	for i, l := range q.label {
		s := q.diag[i] * v[l]
		if i > 0 {
			s += q.off[i-1] * v[q.label[i-1]]
		}
		if i < n-1 {
			s += q.off[i] * v[q.label[i+1]]
		}
		dst[l] = s
	}
}

// hessian fills diag and off at the sorted positions.
func (q *Quantile) hessian() {
	clear(q.diag)
	clear(q.off)
	for c := range q.cells() {
		r, a, b := q.cell(c)
		slope, curvature := q.share(c)*q.flow.PsiSlope(r), q.share(c)*q.flow.PsiCurvature(r)
		i := q.first(c)
		q.diag[i] += curvature*a.slope*a.slope + slope*a.own
		q.diag[i+1] += curvature*b.slope*b.slope + slope*b.own
		q.off[i] += curvature*a.slope*b.slope + slope*a.other
	}
}

// cells are numbered 0 (left end), 1 … N−1 (between neighbours), N (right end).
func (q *Quantile) cells() int { return q.Dim() + 1 }

// first is the left one of the two particles that cell c depends on.
func (q *Quantile) first(c int) int { return max(0, min(c-1, q.Dim()-2)) }

// share is the mass of cell c in units of 1/N.
func (q *Quantile) share(c int) float64 {
	if c == 0 || c == q.Dim() {
		return 0.5
	}
	return 1
}

// derivative holds those of r_c by one of its two particles.
type derivative struct{ slope, own, other float64 }

// smallest spacing that is told from 0: log and 1/w stay finite.
const coincident = 1e-150

// cell returns r_c with its derivatives by the particles on its left and right.
func (q *Quantile) cell(c int) (r float64, a, b derivative) {
	i := q.first(c)
	left, right := q.sorted[i], q.sorted[i+1]
	w := right - left
	if w < coincident {
		w = coincident
		if q.flow == KL || q.flow == NonSaturating {
			return math.Inf(1), derivative{}, derivative{}
		}
	}
	at, ta, tb := (left+right)/2, 0.5, 0.5 // where p is taken, and its dependence
	switch c {
	case 0:
		at, ta, tb = left, 1, 0
	case q.Dim():
		at, ta, tb = right, 0, 1
	}
	score, curvature := q.p.Score(at), q.p.Curvature(at)
	r = -math.Log(float64(q.Dim())*w) - q.p.LogDensity(at)
	a = derivative{1/w - score*ta, 1/(w*w) - curvature*ta*ta, -1/(w*w) - curvature*ta*tb}
	b = derivative{-1/w - score*tb, 1/(w*w) - curvature*tb*tb, a.other}
	return r, a, b
}

// sort writes the sorted positions and their labels, by insertion from the order of the
// last call: particles rarely cross.
func (q *Quantile) sort(x []float64) {
	for i, l := range q.label {
		v, j := x[l]+q.origin[l], i
		for ; j > 0 && (q.sorted[j-1] > v || q.sorted[j-1] == v && q.label[j-1] > l); j-- {
			q.sorted[j], q.label[j] = q.sorted[j-1], q.label[j-1]
		}
		q.sorted[j], q.label[j] = v, l
	}
}
