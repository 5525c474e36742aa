package otto

import (
	"fmt"
	"math"
)

// JKO makes the steps of Jordan, Kinderlehrer & Otto (SIAM J. Math. Anal. 29 (1998) 1),
//
//	q_{k+1} = argmin_q F(q) + W₂²(q, q_k)/2τ,
//
// on the particles of a Quantile, where W₂² = (1/N)Σ(y_i − x_i)² of the sorted positions is
// exact. As τ → 0 the steps follow the W₂ gradient flow of that F, with an error of first
// order in τ: the flow `saturating` for C. On J′ they follow `literal-jprime`, which is not
// the paper's equation with ∇φ.
//
// The minimum is found by Newton's method on the tridiagonal Hessian ∇²V + 1/τ (shifted
// where it is not positive definite), with a line search that keeps the order.
type JKO struct {
	q                *Quantile
	tau              float64
	from, at, trial  []float64
	grad, move       []float64
	diag, lower, upp []float64
}

// NewJKO returns the steps of length tau > 0 on q, whose scratch space it uses.
func NewJKO(q *Quantile, tau float64) (*JKO, error) {
	if !(tau > 0) || math.IsInf(tau, 1) {
		return nil, fmt.Errorf("otto: the JKO step τ is %v: it must be positive and finite", tau)
	}
	j := &JKO{q: q, tau: tau}
	for _, x := range []*[]float64{&j.from, &j.at, &j.trial, &j.grad, &j.move, &j.diag, &j.lower, &j.upp} {
		*x = make([]float64, q.Dim())
	}
	return j, nil
}

// Step writes q_{k+1} for q_k = x into next, particles in order. next may be x. It returns
// an error if the minimum is not found in 200 iterations.
func (j *JKO) Step(next, x []float64) error {
	for i, o := range j.q.origin {
		j.at[i] = x[i] + o
	}
	sortFloats(j.at)
	copy(j.from, j.at)
	for range 200 {
		if j.newton() {
			for i, o := range j.q.origin {
				next[i] = j.at[i] - o
			}
			return nil
		}
	}
	return fmt.Errorf("otto: a JKO step of τ = %v on %d particles does not find its minimum; take a smaller τ", j.tau, j.q.Dim())
}

// objective is V(y) + Σ(y − from)²/2τ at sorted positions: N times the functional.
func (j *JKO) objective(y []float64) float64 {
	sum := 0.0
	for i, v := range y {
		sum += (v - j.from[i]) * (v - j.from[i])
	}
	return j.energy(y) + sum/(2*j.tau)
}

// energy asks the potential at positions rather than coordinates.
func (j *JKO) energy(y []float64) float64 {
	j.coordinates(y)
	return j.q.Energy(j.move)
}

func (j *JKO) coordinates(y []float64) {
	for i, o := range j.q.origin {
		j.move[i] = y[i] - o
	}
}

// newton makes one step; true when the gradient has vanished or the step is rounding.
func (j *JKO) newton() bool {
	j.coordinates(j.at)
	j.q.Gradient(j.grad, j.move)
	j.q.hessian()
	norm, scale := 0.0, 0.0
	for i := range j.grad {
		scale = math.Max(scale, math.Abs(j.grad[i]))
		j.grad[i] += (j.at[i] - j.from[i]) / j.tau
		norm = math.Max(norm, math.Abs(j.grad[i]))
	}
	if norm <= 1e-12*math.Max(scale, 1) {
		return true
	}
	j.solve()
	before := j.objective(j.at)
	slope := 0.0
	for i := range j.grad {
		slope -= j.grad[i] * j.diag[i] // diag holds the solution
	}
	for step := 1.0; step > 1e-12; step /= 2 {
		ordered, moved := true, 0.0
		for i := range j.trial {
			j.trial[i] = j.at[i] - step*j.diag[i]
			moved = math.Max(moved, step*math.Abs(j.diag[i]))
			ordered = ordered && (i == 0 || j.trial[i] > j.trial[i-1])
		}
		// Where the decrement is below the rounding of the objective, Newton's step is taken
		// on trust: the gradient still knows the way.
		near := -slope <= 1e-11*math.Max(1, math.Abs(before))
		if ordered && (near || j.objective(j.trial) <= before+1e-4*step*slope) {
			copy(j.at, j.trial)
			return near && moved <= 1e-12*math.Max(1, math.Abs(j.at[0])+math.Abs(j.at[len(j.at)-1]))
		}
	}
	return false
}

// solve leaves (∇²V + 1/τ + shift)⁻¹ grad in diag, with the least shift of a ladder that
// makes the matrix positive definite.
func (j *JKO) solve() {
	n := j.q.Dim()
	for shift := 0.0; ; shift = 4*shift + 1/j.tau {
		positive := true
		for i := range n {
			j.lower[i], j.upp[i] = 0, 0
			if i > 0 {
				j.lower[i] = j.q.off[i-1]
			}
			if i < n-1 {
				j.upp[i] = j.q.off[i]
			}
			j.trial[i] = j.q.diag[i] + 1/j.tau + shift
			j.diag[i] = j.grad[i]
		}
		solveTridiagonal(j.lower, j.trial, j.upp, j.diag)
		for _, d := range j.trial { // solveTridiagonal leaves the pivots
			positive = positive && d > 0
		}
		if positive {
			return
		}
	}
}
