package otto

import (
	"fmt"
	"math"
)

// FiniteVolume is the flow ∂q/∂t = ∇·(q∇μ) = ∇·(p ∇G(q/p)) on a grid with reflecting
// ends:
//
//	dq_i/dt = (J_{i−½} − J_{i+½})/h,   J_{i+½} = −P_{i+½} (G(s_{i+1}) − G(s_i))/h,   s_i = q_i/p_i.
//
// P_{i+½} = p_i p_{i+1}/Λ(p_i, p_{i+1}), Λ the logarithmic mean, is the weight of
// Scharfetter & Gummel (IEEE Trans. Electron Devices 16 (1969) 64): for `kl` this is their
// scheme, for the others it is theirs in the variable G(s). Because G increases:
//
//   - mass is conserved exactly (the fluxes telescope) and q = p is the only steady state;
//   - explicit Euler keeps q ≥ 0 up to MaxStep, implicit Euler at any step;
//   - the functional h Σ p_i g(s_i) decays at the rate Dissipation, identically in q:
//     dF/dt = −Σ P_{i+½} ΔG Δμ/h ≤ 0. Only the time step leaves a residual.
//
// It keeps scratch space and serves one goroutine.
type FiniteVolume struct {
	grid  Grid
	flow  Flow
	p     []float64 // cell averages of the data density, unit mass
	edge  []float64 // P_{i+½}, i = 0 … Cells−2
	step  float64
	s     []float64 // scratch
	prim  []float64
	lower []float64
	diag  []float64
	upper []float64
	delta []float64
	trial []float64
}

// NewFiniteVolume returns the flow for the cell averages p of the data density, which it
// copies and scales to unit mass. Every cell of p must be positive.
func NewFiniteVolume(g Grid, p []float64, f Flow) (*FiniteVolume, error) {
	if len(p) != g.Cells {
		return nil, fmt.Errorf("otto: the data density has %d cells and the grid %d", len(p), g.Cells)
	}
	for i, v := range p {
		if !(v > 1e-290) || math.IsInf(v, 1) {
			return nil, fmt.Errorf("otto: the data density is %v in the cell at x = %.4g: it must be above 1e-290 and finite; take a smaller domain", v, g.Centre(i))
		}
	}
	v := &FiniteVolume{grid: g, flow: f, p: append([]float64(nil), p...), edge: make([]float64, g.Cells-1)}
	g.Normalise(v.p)
	for i := range v.edge {
		v.edge[i] = v.p[i] * v.p[i+1] / logarithmicMean(v.p[i], v.p[i+1])
	}
	v.step = math.Inf(1)
	for i, p := range v.p {
		v.step = math.Min(v.step, g.Width()*g.Width()*p/(v.left(i)+v.right(i)))
	}
	for _, x := range []*[]float64{&v.s, &v.prim, &v.lower, &v.diag, &v.upper, &v.delta, &v.trial} {
		*x = make([]float64, g.Cells)
	}
	return v, nil
}

// logarithmicMean is (a−b)/log(a/b).
func logarithmicMean(a, b float64) float64 {
	x := (a - b) / (a + b)
	if math.Abs(x) < 1e-2 { // atanh(x)/x = 1 + x²/3 + x⁴/5 + …
		y := x * x
		return (a + b) / 2 / (1 + y*(1.0/3+y*(0.2+y*(1.0/7+y*(1.0/9+y/11)))))
	}
	return (a - b) / math.Log(a/b)
}

// left and right are P at the two edges of cell i, 0 at the ends.
func (v *FiniteVolume) left(i int) float64 {
	if i == 0 {
		return 0
	}
	return v.edge[i-1]
}

func (v *FiniteVolume) right(i int) float64 {
	if i == len(v.edge) {
		return 0
	}
	return v.edge[i]
}

// Grid returns the grid; Target the cell averages of the data, which the caller must not
// change.
func (v *FiniteVolume) Grid() Grid { return v.grid }

// Target returns the cell averages of p.
func (v *FiniteVolume) Target() []float64 { return v.p }

// Flow returns the flow.
func (v *FiniteVolume) Flow() Flow { return v.flow }

// MaxStep is the largest step h² min p_i/(P_{i−½}+P_{i+½}) at which explicit Euler keeps
// every cell non-negative (G(s) ≤ s for all flows); about h²/2.
func (v *FiniteVolume) MaxStep() float64 { return v.step }

// Value returns the functional h Σ p_i g(q_i/p_i).
func (v *FiniteVolume) Value(q []float64) float64 {
	total := 0.0
	for i, p := range v.p {
		if q[i] > 0 {
			total += q[i] * v.flow.Psi(math.Log(q[i]/p))
		}
	}
	return v.flow.Constant() + v.grid.Width()*total
}

// Variation writes μ_i, the derivative of Value by the mass of cell i; −Inf may appear in
// an empty cell.
func (v *FiniteVolume) Variation(dst, q []float64) {
	for i, p := range v.p {
		dst[i] = v.flow.Variation(math.Log(q[i] / p))
	}
}

// Dissipation returns Σ P_{i+½} ΔG Δμ/h, the discrete ∫|∇μ|² q. It is +Inf beside an empty
// cell for a flow whose μ has no limit there.
func (v *FiniteVolume) Dissipation(q []float64) float64 {
	total := 0.0
	var g0, mu0 float64
	for i, p := range v.p {
		g, mu := v.flow.primitive(q[i]/p), v.flow.Variation(math.Log(q[i]/p))
		if i > 0 && g != g0 {
			total += v.edge[i-1] * (g - g0) * (mu - mu0)
		}
		g0, mu0 = g, mu
	}
	return total / v.grid.Width()
}

// Velocity writes dq/dt.
func (v *FiniteVolume) Velocity(dst, q []float64) {
	scale := 1 / (v.grid.Width() * v.grid.Width())
	flux, g0 := 0.0, v.flow.primitive(q[0]/v.p[0])
	for i, e := range v.edge {
		g := v.flow.primitive(q[i+1] / v.p[i+1])
		out := -e * (g - g0)
		dst[i] = scale * (flux - out)
		flux, g0 = out, g
	}
	dst[len(v.edge)] = scale * flux
}

// Explicit writes q + dt·dq/dt into next, which does not overlap q. It keeps q ≥ 0 for dt
// up to MaxStep.
func (v *FiniteVolume) Explicit(next, q []float64, dt float64) {
	v.Velocity(next, q)
	for i := range next[:v.grid.Cells] {
		next[i] = q[i] + dt*next[i]
	}
}

// Implicit writes the solution of next = q + dt·(dq/dt)(next) into next, by Newton's method
// on the tridiagonal system (a column diagonally dominant M-matrix, so that the solution is
// positive and has the mass of q). A step on which Newton does not converge is made of two
// halves; an error says that 2⁻¹⁶ of the step did not do either. next may be q.
func (v *FiniteVolume) Implicit(next, q []float64, dt float64) error {
	copy(v.trial, q)
	return v.implicit(next, dt, 16)
}

// implicit advances v.trial by dt and leaves the result in next and in v.trial.
func (v *FiniteVolume) implicit(next []float64, dt float64, halvings int) error {
	if v.newton(v.trial, next, dt) {
		copy(v.trial, next)
		return nil
	}
	if halvings == 0 {
		return fmt.Errorf("otto: implicit step of the %s flow does not converge, even at %.3g of its length; take smaller steps", v.flow, math.Ldexp(1, -16))
	}
	for range 2 {
		if err := v.implicit(next, dt/2, halvings-1); err != nil {
			return err
		}
	}
	return nil
}

// newton solves for next, starting at old; false if it does not converge.
func (v *FiniteVolume) newton(old, next []float64, dt float64) bool {
	n, c := v.grid.Cells, dt/(v.grid.Width()*v.grid.Width())
	copy(next, old)
	for range 80 {
		for i, p := range v.p {
			v.s[i] = next[i] / p
			v.prim[i] = v.flow.primitive(v.s[i])
		}
		for i, p := range v.p {
			l, r := v.left(i), v.right(i)
			w := c * v.flow.weightAt(v.s[i]) / p
			v.diag[i] = 1 + (l+r)*w
			rest := next[i] - old[i]
			if i > 0 {
				rest += c * l * (v.prim[i] - v.prim[i-1])
				v.upper[i-1] = -l * w // row i−1, column i
			}
			if i < n-1 {
				rest -= c * r * (v.prim[i+1] - v.prim[i])
				v.lower[i+1] = -r * w // row i+1, column i
			}
			v.delta[i] = -rest
		}
		solveTridiagonal(v.lower, v.diag, v.upper, v.delta)
		worst := 0.0
		for i, d := range v.delta {
			if math.IsNaN(d) {
				return false
			}
			q := next[i] + d
			if q < next[i]/10 { // Newton overshoots where G bends: stay positive
				q = next[i] / 10
			}
			worst = math.Max(worst, math.Abs(q-next[i])/(math.Abs(q)+1e-280))
			next[i] = q
		}
		if worst < 1e-13 {
			return true
		}
	}
	return false
}

// solveTridiagonal overwrites b with the solution; diag is destroyed. lower[0] and
// upper[n−1] are not used.
func solveTridiagonal(lower, diag, upper, b []float64) {
	n := len(b)
	for i := 1; i < n; i++ {
		m := lower[i] / diag[i-1]
		diag[i] -= m * upper[i-1]
		b[i] -= m * b[i-1]
	}
	b[n-1] /= diag[n-1]
	for i := n - 2; i >= 0; i-- {
		b[i] = (b[i] - upper[i]*b[i+1]) / diag[i]
	}
}
