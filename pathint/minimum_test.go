package pathint

import (
	"math"
	"strings"
	"testing"

	"machlup/langevin"
)

// descending is x' = x − ηU′(x) + √(2ηD)ξ.
func descending(eta, d float64, gradient func(float64) float64) *toy {
	return newToy(1, []langevin.Block{{Name: "x", Hi: 1, Noise: math.Sqrt(2 * eta * d)}},
		func(dst []float64, _ int, q []float64) { dst[0] = -eta * gradient(q[0]) })
}

var fine = MinimumSettings{Tolerance: 1e-9, Iterations: 5000}

// O8 of a discrete OU process: S = ΔU(1 − ηλ/2)/D/(1 − a^2K) from the bottom, 0 downhill.
func TestMinimumActionOU(t *testing.T) {
	const eta, lambda, d, x, steps = 0.05, 1.3, 0.4, 1.7, 40
	sys := descending(eta, d, func(x float64) float64 { return lambda * x })
	a := 1 - eta*lambda
	m, err := Minimise(mustAction(t, sys), Pinned([]float64{0}, []float64{x}), steps, nil, fine)
	if err != nil {
		t.Fatal(err)
	}
	want := lambda * x * x / 2 * (1 - eta*lambda/2) / d / (1 - math.Pow(a, 2*steps))
	if !m.Converged || math.Abs(m.Action/want-1) > 1e-8 {
		t.Errorf("action %v, exactly %v: %s", m.Action, want, m.Status)
	}
	for _, k := range []int{0, 7, 20, steps} { // the path of a linear system is known too
		exact := x * (math.Pow(a, float64(steps-k)) - math.Pow(a, float64(steps+k))) / (1 - math.Pow(a, 2*steps))
		near(t, "slice", m.Slices[k], exact, 1e-8)
	}
	down, err := Minimise(mustAction(t, sys), Pinned([]float64{x}, []float64{math.Pow(a, steps) * x}), steps, nil, fine)
	if err != nil || down.Action > 1e-14 {
		t.Errorf("downhill the action is %v, want 0: %v", down.Action, err)
	}
}

// With momentum and several components the minimum is a stationary point by differences of
// the action that the gradient does not share, and its action is below that of the line.
func TestMinimumActionCoupled(t *testing.T) {
	sys := coupled(0.5, false)
	act := mustAction(t, sys)
	q0, q1 := []float64{0.3, -0.2, 0.5, 0, 1}, []float64{-0.5, 0.6, -0.2, 0.4, 0.1}
	const steps = 12
	m, err := Minimise(act, PinnedPair(q0, q1, q1), steps, nil, MinimumSettings{Tolerance: 1e-6, Iterations: 2000})
	if err != nil || !m.Converged {
		t.Fatalf("%v %s", err, m.Status)
	}
	value := func(q []float64) float64 { v, _ := fullAction(sys, q, steps); return v }
	base := value(m.Slices)
	near(t, "action", m.Action, base, 1e-10*base)
	for k := 1; k < steps-1; k++ {
		for i := range 5 {
			const h = 1e-4
			at := append([]float64(nil), m.Slices...)
			at[k*5+i] += h
			up := value(at)
			at[k*5+i] -= 2 * h
			if slope := (up - value(at)) / (2 * h); math.Abs(slope) > 3e-4 {
				t.Errorf("slice %d, component %d: slope %g", k, i, slope)
			}
		}
	}
}

func TestMinimumActionRefuses(t *testing.T) {
	if _, err := Minimise(mustAction(t, linear(0.9, 0, 1)), FreeEnd([]float64{0}), 4, nil, fine); err == nil || !strings.Contains(err.Error(), "pin it") {
		t.Errorf("a free end: %v", err)
	}
	q := []float64{0.3, -0.2, 0.5, 0, 1}
	if _, err := Minimise(mustAction(t, coupled(0, true)), Pinned(q, q), 4, nil, fine); err == nil || !strings.Contains(err.Error(), "isotropic") {
		t.Errorf("a metric: %v", err)
	}
	m, err := Minimise(mustAction(t, descending(0.05, 1, func(x float64) float64 { return 4 * x * (x*x - 1) })), Pinned([]float64{-1}, []float64{1}), 200, nil, MinimumSettings{Tolerance: 1e-9, Iterations: 2})
	if err != nil || m.Converged || !strings.Contains(m.Status, "not converged") {
		t.Errorf("two iterations: %v %q", err, m.Status)
	}
}
