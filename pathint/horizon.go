package pathint

import (
	"errors"
	"fmt"
	"math"

	"machlup/langevin"
)

// WellPosed returns nil if Z of paths with these ends is finite, else the reason why it is
// not, or cannot be known to be.
func (a *Euclidean) WellPosed(ends Ends, steps int, kappa float64) error {
	g, known := a.growth()
	if a.sign > 0 {
		switch {
		case !ends.ring || g.Confining: // q_0 is held, or has a normalised law
			return nil
		case !known:
			return errors.New("pathint: euclidean: a periodic path needs a potential that confines, which this one does not say (langevin.Grower); pin the path or fix its start")
		case g.Power == 0 && g.Harmonic:
			return errors.New("pathint: euclidean: the free ring has a zero mode: its centre of mass is everywhere with equal weight, so Z = tr e^{−βH} is infinite; add a confining potential, or pin the path")
		}
		return errors.New("pathint: euclidean: the potential does not confine (it is bounded), so Z = tr e^{−βH} of periodic paths is infinite; add a wall (path.euclidean.wall) or a prior, or pin or fix the start")
	}
	switch {
	case ends.ring:
		return errors.New("pathint: lagrangian: periodic paths have infinite Z: a constant path has the weight e^{+KΔtV}, which does not decay in any direction; fix the start")
	case !known || math.IsNaN(g.Power):
		return errors.New("pathint: lagrangian: e^{+ΣΔtV} is integrable up to a horizon if V grows like q², always if it grows more slowly, never if faster; this potential does not say how it grows (langevin.Grower), so it cannot be known; use a harmonic or a bounded one, or the euclidean action")
	case g.Power > 2:
		return errors.New("pathint: lagrangian: V grows faster than q², so e^{+ΣΔtV} outweighs every kinetic term and Z is infinite for any number of steps; use the euclidean action")
	case g.Power < 2:
		return nil
	case g.Curvature == nil:
		return errors.New("pathint: lagrangian: V grows like q² with a curvature that is not known, so neither is the horizon up to which Z is finite; use the euclidean action")
	}
	for i, k := range g.Curvature {
		if _, err := a.mode(i, -k, ends, kappa, steps).factor(); err == nil {
			continue
		}
		last := 0
		for last < steps {
			if _, err := a.mode(i, -k, ends, kappa, last+1).factor(); err != nil {
				break
			}
			last++
		}
		omega := math.Sqrt(k / a.mass[i])
		return fmt.Errorf("pathint: lagrangian: finite only up to a horizon: with ω = %.6g of component %d and Δt = %g, Z is infinite beyond K = %d steps (%s), found K = %d; the largest ω decides", omega, i, a.spec.Dt, last, a.horizon(ends), steps)
	}
	return nil
}

// horizon is the condition in words, α of sin(α/2) = ωΔt/2.
func (a *Euclidean) horizon(ends Ends) string {
	switch {
	case ends.density != nil:
		return "with the density of q_0 in it"
	case ends.pins == 2:
		return "(K−1)α < π, sin(α/2) = ωΔt/2"
	case ends.pins == 1:
		return "Kα < π, sin(α/2) = ωΔt/2"
	}
	return "(K+½)α < π/2, sin(α/2) = ωΔt/2"
}

func (a *Euclidean) growth() (langevin.Growth, bool) {
	g, ok := a.spec.Potential.(langevin.Grower)
	if !ok {
		return langevin.Growth{}, false
	}
	return g.Growth(), true
}

// LogZ returns log Z of a harmonic potential, exactly: of periodic paths with the measure
// Π (mκ/2πΔt)^{1/2}dq, per component −log 2 sinh(Kα/2) with sinh(α/2) = ωΔt/2; of others
// relative to the free particle with the same ends. It returns an error where V is not
// harmonic or Z is infinite.
func (a *Euclidean) LogZ(ends Ends, steps int, kappa float64) (float64, error) {
	if err := a.WellPosed(ends, steps, kappa); err != nil {
		return 0, err
	}
	g, _ := a.growth()
	if !g.Harmonic {
		return 0, errors.New("pathint: log Z is known exactly of a harmonic potential only")
	}
	z := 0.0
	for i, k := range g.Curvature {
		if ends.ring {
			z += ringLogZ(math.Sqrt(k/a.mass[i]), a.spec.Dt, steps)
			continue
		}
		with, err := a.mode(i, a.sign*k, ends, kappa, steps).at(g.Centre[i]).factor()
		if err != nil {
			return 0, err
		}
		free, err := a.mode(i, 0, ends, kappa, steps).factor()
		if err != nil {
			return 0, err
		}
		z += with - free
	}
	return z, nil
}

// ReferenceLogZ is LogZ of periodic paths in the harmonic reference potential.
func (a *Euclidean) ReferenceLogZ(steps int) float64 {
	return float64(a.n) * ringLogZ(a.spec.Reference, a.spec.Dt, steps)
}

// RingLogZ is LogZ of periodic paths in harmonic potentials of the given frequencies.
func (a *Euclidean) RingLogZ(omega []float64, steps int) float64 {
	z := 0.0
	for _, w := range omega {
		z += ringLogZ(w, a.spec.Dt, steps)
	}
	return z
}

// ringLogZ is −log 2 sinh(Kα/2).
func ringLogZ(omega, dt float64, steps int) float64 {
	x := float64(steps) * math.Asinh(omega*dt/2)
	return -x - math.Log1p(-math.Exp(-2*x))
}

// quadraticPath is −log of the weight of one component of an open path, ½xᵀAx − bᵀx + c with
// tridiagonal A, of the slices that move.
type quadraticPath struct {
	diag, b []float64
	off     float64 // between neighbours
	c       float64
	bend    float64 // κΔt·curvature
	pinned  []float64
	moves   int // x[0] is slice 0 where it moves; its potential does not count
}

// mode is component i with the curvature k of the potential, about 0.
func (a *Euclidean) mode(i int, k float64, ends Ends, kappa float64, steps int) *quadraticPath {
	stiff := kappa * a.mass[i] / a.spec.Dt
	q := &quadraticPath{off: -stiff, bend: kappa * a.spec.Dt * k}
	first := 1
	if ends.density != nil {
		first, q.moves = 0, 1
	}
	n := max(steps+1-ends.pins-first, 0)
	q.diag, q.b = make([]float64, n), make([]float64, n)
	for j := range q.diag {
		q.diag[j] = 2*stiff + q.bend
	}
	if n == 0 {
		return q
	}
	if first == 0 {
		precision, mean := startCurvature(ends.density, i, ends.start[i])
		q.diag[0] = stiff + precision
		q.b[0] += precision * mean
		q.c += 0.5 * precision * mean * mean
	} else {
		q.b[0] += stiff * ends.start[i]
		q.c += 0.5 * stiff * ends.start[i] * ends.start[i]
	}
	if ends.pins == 0 {
		q.diag[n-1] -= stiff
		return q
	}
	x := ends.tail[i]
	q.b[n-1] += stiff * x
	q.c += 0.5 * stiff * x * x
	for p := range ends.pins {
		q.pinned = append(q.pinned, ends.tail[p*a.n+i])
	}
	if ends.pins == 2 {
		d := ends.tail[a.n+i] - x
		q.c += 0.5 * stiff * d * d
	}
	return q
}

// startCurvature is the precision and mean of component i of a Gaussian q_0; NaN where the
// density is none.
func startCurvature(d Density, i int, start float64) (precision, mean float64) {
	switch d := d.(type) {
	case *Gaussian:
		return 1 / (d.Std * d.Std), d.Mean[i]
	case drawnBoltzmann:
		return startCurvature(d.boltzmann, i, start)
	case boltzmann:
		if u, ok := d.u.(langevin.Grower); ok {
			if g := u.Growth(); g.Curvature != nil {
				return g.Curvature[i] / d.temperature, g.Centre[i]
			}
		}
	}
	return math.NaN(), start
}

// at puts the potential's centre at m.
func (q *quadraticPath) at(m float64) *quadraticPath {
	for j := q.moves; j < len(q.b); j++ {
		q.b[j] += q.bend * m
		q.c += 0.5 * q.bend * m * m
	}
	for _, x := range q.pinned {
		q.c += 0.5 * q.bend * (x - m) * (x - m)
	}
	return q
}

var errHorizon = errors.New("pathint: a Gaussian integral over paths diverges")

// factor returns −½ log det A + ½bᵀA⁻¹b − c, or an error unless A is positive definite.
func (q *quadraticPath) factor() (float64, error) {
	z, pivot, y := -q.c, 0.0, 0.0
	for j, d := range q.diag {
		if j == 0 {
			pivot, y = d, q.b[0]
		} else {
			l := q.off / pivot
			pivot, y = d-l*q.off, q.b[j]-l*y
		}
		if !(pivot > 1e-12*math.Abs(q.off)) {
			return 0, errHorizon
		}
		z += 0.5*y*y/pivot - 0.5*math.Log(pivot)
	}
	return z, nil
}
