package pathint

import (
	"fmt"
	"math"

	"machlup/langevin"
)

// EulerRefinement runs plain Euler–Maruyama chains of one law e^{−U_λ}, U_λ = (1−λ)U_0 + λU_1,
// at the steps ε, ε/2 and ε/4 side by side on common random numbers: the Brownian path of
// the finest drives all three, so that differences between their averages, the discretisation
// bias, have small errors.
type EulerRefinement struct {
	from, to langevin.Potential
	lambda   float64
	step     float64
	x        [3][]float64 // at ε, ε/2, ε/4
	z        [4][]float64 // normals of the finest steps
	g, g1    []float64
}

// NewEulerRefinement starts all three chains at x. Set λ before stepping; it stays 0 otherwise.
func NewEulerRefinement(from, to langevin.Potential, step float64, x []float64) (*EulerRefinement, error) {
	n := from.Dim()
	if to.Dim() != n || len(x) != n || !(step > 0) || math.IsInf(step, 0) {
		return nil, fmt.Errorf("pathint: euler refinement: dimensions %d, %d and %d, step %g; want equal dimensions and a positive step", n, to.Dim(), len(x), step)
	}
	e := &EulerRefinement{from: from, to: to, step: step, g: make([]float64, n), g1: make([]float64, n)}
	for i := range e.x {
		e.x[i] = append([]float64(nil), x...)
	}
	for i := range e.z {
		e.z[i] = make([]float64, n)
	}
	return e, nil
}

// SetLambda chooses the law.
func (e *EulerRefinement) SetLambda(lambda float64) { e.lambda = lambda }

// Sweep advances all chains by the time ε.
func (e *EulerRefinement) Sweep(src Source) {
	for _, z := range e.z {
		src.Normals(z)
	}
	for r, x := range e.x {
		steps := 1 << r
		per := 4 / steps // finest normals in one step
		h := e.step / float64(steps)
		amplitude := math.Sqrt(2 * h / float64(per))
		for s := range steps {
			e.gradient(x)
			for i := range x {
				noise := 0.0
				for _, z := range e.z[s*per : (s+1)*per] {
					noise += z[i]
				}
				x[i] += -h*e.g[i] + amplitude*noise
			}
		}
	}
}

func (e *EulerRefinement) gradient(x []float64) {
	e.from.Gradient(e.g, x)
	e.to.Gradient(e.g1, x)
	for i := range e.g {
		e.g[i] = (1-e.lambda)*e.g[i] + e.lambda*e.g1[i]
	}
}

// Slopes returns ∂U/∂λ = U_1 − U_0 at the states of the three chains.
func (e *EulerRefinement) Slopes() (s [3]float64) {
	for r, x := range e.x {
		s[r] = e.to.Energy(x) - e.from.Energy(x)
	}
	return
}

// Save appends the three states to buf, Restore puts them back.
func (e *EulerRefinement) Save(buf []float64) []float64 {
	for _, x := range e.x {
		buf = append(buf, x...)
	}
	return buf
}

// Restore panics unless the state has the length that Save gave it.
func (e *EulerRefinement) Restore(state []float64) {
	if len(state) != 3*len(e.g) {
		panic("pathint: restoring states of another length")
	}
	for _, x := range e.x {
		state = state[copy(x, state):]
	}
}
