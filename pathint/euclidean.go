package pathint

import (
	"fmt"
	"math"

	"machlup/langevin"
)

// EuclideanSpec describes the action of a particle in a potential with constant metric
// F = diag(Mass).
type EuclideanSpec struct {
	Potential langevin.Potential
	Dt        float64   // Δt, imaginary time of a step
	Mass      []float64 // one value for all components, or one each
	// Reference is ω_r of the harmonic potential ½Σ m ω_r²(q − Centre)² from which a Strength
	// ladder leads to the potential; 0: the free particle.
	Reference float64
	Centre    []float64 // nil: the origin
}

// Euclidean is the action S = Σ_k Δt[½‖(q_{k+1} − q_k)/Δt‖²_F + V(q_{k+1})], F constant, in
// positions: the potential counts slices 1..K, so a ring counts each of its slices once and a
// path with fixed start none but those that move (and a constant at a pinned end). With a
// periodic end e^{−S/ħ} is the primitive approximation of the density matrix of
// H = p²/2m + V at inverse temperature β = KΔt/ħ (Barker 1979; Chandler and Wolynes 1981).
//
// The lagrangian action, as the paper's B.1 has it, has −V in place of V.
//
// The reference, which moves propose from, is the free action (V = 0). Terms per step:
// kinetic, potential V(q_{k+1})Δt, and the same of the harmonic reference potential.
type Euclidean struct {
	spec   EuclideanSpec
	sign   float64 // +1 euclidean, −1 lagrangian
	mass   []float64
	centre []float64
	n      int
	terms  []Term
}

const (
	kineticTerm, potentialTerm, harmonicTerm = 0, 1, 2
	euclideanTerms                           = 3
)

// NewEuclidean returns the action, or an error for a step, mass or frequency out of range.
func NewEuclidean(spec EuclideanSpec) (*Euclidean, error) { return newEuclidean(spec, 1) }

// NewLagrangian returns the action with −V.
func NewLagrangian(spec EuclideanSpec) (*Euclidean, error) { return newEuclidean(spec, -1) }

func newEuclidean(spec EuclideanSpec, sign float64) (*Euclidean, error) {
	a := &Euclidean{spec: spec, sign: sign, n: spec.Potential.Dim()}
	a.mass, a.centre = make([]float64, a.n), make([]float64, a.n)
	copy(a.centre, spec.Centre)
	if len(spec.Mass) != 1 && len(spec.Mass) != a.n {
		return nil, fmt.Errorf("pathint: %s: %d masses for %d components; give one, or one each", a.Name(), len(spec.Mass), a.n)
	}
	for i := range a.mass {
		a.mass[i] = spec.Mass[i%len(spec.Mass)]
		if !(a.mass[i] > 0) || math.IsInf(a.mass[i], 0) {
			return nil, fmt.Errorf("pathint: %s: mass %g; want a positive number", a.Name(), a.mass[i])
		}
	}
	if !(spec.Dt > 0) || math.IsInf(spec.Dt, 0) || !(spec.Reference >= 0) {
		return nil, fmt.Errorf("pathint: %s: step %g and reference frequency %g; want Δt > 0 and ω ≥ 0", a.Name(), spec.Dt, spec.Reference)
	}
	a.terms = []Term{{Name: "kinetic", Scaled: 1, ReferenceScaled: 1}, {Name: "potential", Scaled: sign}, {Name: "harmonic"}}
	return a, nil
}

func (a *Euclidean) Name() string {
	if a.sign < 0 {
		return "lagrangian"
	}
	return "euclidean"
}

func (a *Euclidean) Coordinates() Coordinates { return Positions }
func (a *Euclidean) Config() int              { return a.n }
func (a *Euclidean) Width() int               { return a.n }
func (a *Euclidean) Inputs() int              { return 0 }
func (a *Euclidean) Blocks() int              { return 1 }
func (a *Euclidean) Cached() int              { return 0 }
func (a *Euclidean) Terms() []Term            { return a.terms }
func (a *Euclidean) Closes() bool             { return true }

// Dt returns Δt, Mass the diagonal of F.
func (a *Euclidean) Dt() float64     { return a.spec.Dt }
func (a *Euclidean) Mass() []float64 { return a.mass }

// Potential returns V.
func (a *Euclidean) Potential() langevin.Potential { return a.spec.Potential }

// Init copies q0.
func (a *Euclidean) Init(slice, q0 []float64) { copy(slice, q0) }

// Reach: slice k enters the steps k−1 and k.
func (a *Euclidean) Reach(c Change, steps int) (lo, hi int) {
	return max(c.Lo-1, 0), min(c.Hi, steps)
}

func (a *Euclidean) Update(p *Path, c Change) {
	lo, hi := a.Reach(c, p.steps)
	for k := lo; k < hi; k++ {
		a.kinetic(p, k)
	}
	if p.ends.ring && c.Hi > p.steps && lo > 0 {
		a.kinetic(p, 0)
	}
	for k := max(c.Lo, 1); k < min(c.Hi, p.steps+1); k++ {
		a.price(p.Terms(k-1), p.Slice(k))
	}
	p.cost.Drifts += int64(max(0, min(c.Hi, p.steps+1)-max(c.Lo, 1)))
}

func (a *Euclidean) kinetic(p *Path, k int) {
	now, after := p.Slice(k), p.Slice(k+1)
	s := 0.0
	for i, m := range a.mass {
		d := after[i] - now[i]
		s += m * d * d
	}
	p.Terms(k)[kineticTerm] = 0.5 * s / a.spec.Dt
}

// price writes the potential terms of a slice.
func (a *Euclidean) price(terms, q []float64) {
	terms[potentialTerm] = a.spec.Dt * a.spec.Potential.Energy(q)
	if a.spec.Reference > 0 {
		terms[harmonicTerm] = a.spec.Dt * a.harmonic(q)
	}
}

// harmonic is the reference potential.
func (a *Euclidean) harmonic(q []float64) float64 {
	s := 0.0
	for i, m := range a.mass {
		d := q[i] - a.centre[i]
		s += m * d * d
	}
	return 0.5 * a.spec.Reference * a.spec.Reference * s
}

// Simulate writes a walk of the free particle from slice 0, closed on a ring by the bridge
// that takes its drift out. It is a start for a chain, not a draw of the law: see Exact.
func (a *Euclidean) Simulate(p *Path, scale float64, src Source) error {
	for k := range p.steps {
		now, after := p.Slice(k), p.Slice(k+1)
		for i, m := range a.mass {
			after[i] = now[i] + scale*math.Sqrt(a.spec.Dt/m)*src.Normal()
		}
	}
	if p.ends.ring {
		last := p.Slice(p.steps)
		for i := range a.mass {
			gap := last[i] - p.Slice(0)[i]
			for k := 1; k <= p.steps; k++ {
				p.Slice(k)[i] -= gap * float64(k) / float64(p.steps)
			}
		}
	}
	return nil
}

// Exact returns the reason why Simulate is no exact draw of the untilted law.
func (a *Euclidean) Exact() error {
	return fmt.Errorf("the %s action is not the law of a process that can be run forward; integrate from chains, or use the strength ladder, which has exact draws of its reference", a.Name())
}

// noise is the standard deviation of a free step of component i.
func (a *Euclidean) noise(p *Path, i int) float64 {
	return math.Sqrt(a.spec.Dt / (a.mass[i] * p.kappa))
}
