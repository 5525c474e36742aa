package gan

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// friction returns the rule of γ, Δt and the 2×2 map of (θ, v) that its Step makes of the
// gradient hθ.
func friction(t *testing.T, form string, gamma, dt, h float64) (rule Rule, m [2][2]float64) {
	t.Helper()
	c := DefaultMomentum()
	c.FrictionConfig = FrictionConfig{form, gamma, dt}
	opt, err := c.Optimizer()
	if err != nil {
		t.Fatal(err)
	}
	return opt.Rule, heavyBallMap(opt.Rule, h)
}

func heavyBallMap(rule Rule, h float64) (m [2][2]float64) {
	next := make([]float64, 2)
	for j, x := range [][]float64{{1, 0}, {0, 1}} {
		rule.Step(next[:1], next[1:], x[:1], x[1:], []float64{h * x[0]}, 0, nil)
		m[0][j], m[1][j] = next[0], next[1]
	}
	return m
}

// moduli returns the two |λ|, or the two real eigenvalues, larger first.
func moduli(m [2][2]float64) (float64, float64) {
	half, det := (m[0][0]+m[1][1])/2, m[0][0]*m[1][1]-m[0][1]*m[1][0]
	if disc := half*half - det; disc >= 0 {
		far := half + math.Copysign(math.Sqrt(disc), half)
		return math.Abs(far), math.Abs(det / far)
	}
	return math.Sqrt(det), math.Sqrt(det)
}

// TestFriction: η and β of both forms in the rule, the map's characteristic polynomial
// λ² − (1 + β − ηh)λ + β in γ and Δt, and the limits of stability.
func TestFriction(t *testing.T) {
	for _, c := range []struct{ gamma, dt, h float64 }{{0.5, 0.1, 2}, {3, 0.4, 1}, {0.01, 0.3, 5}, {4.5, 0.4, 0.2}} {
		x := c.gamma * c.dt
		for form, want := range map[string]struct{ eta, beta, limit float64 }{
			"implicit": {c.dt * c.dt / (1 + x), 1 / (1 + x), 4 + 2*x},
			"paper":    {c.dt * c.dt, 1 - x, 2 * (2 - x)},
		} {
			label := fmt.Sprintf("%s, γ = %g, Δt = %g", form, c.gamma, c.dt)
			rule, m := friction(t, form, c.gamma, c.dt, c.h)
			eta, beta, err := rule.Linear()
			if err != nil {
				t.Fatal(err)
			}
			near(t, label+": η", eta, want.eta, 1e-15)
			near(t, label+": β", beta, want.beta, 1e-15)
			near(t, label+": trace", m[0][0]+m[1][1], 1+want.beta-want.eta*c.h, 1e-14)
			near(t, label+": determinant", m[0][0]*m[1][1]-m[0][1]*m[1][0], want.beta, 1e-13)
			for _, side := range []float64{0.999, 1.001} {
				_, m := friction(t, form, c.gamma, c.dt, side*want.limit/(c.dt*c.dt))
				if r, _ := moduli(m); (r < 1) != (side < 1) {
					t.Errorf("%s: |λ| = %v at %v times the limit of stability", label, r, side)
				}
			}
			if form == "implicit" { // inverse: Δt² = η/β, γ = (1−β)/√(ηβ)
				near(t, label+": Δt", math.Sqrt(eta/beta), c.dt, 1e-14)
				near(t, label+": γ", (1-beta)/math.Sqrt(eta*beta), c.gamma, 1e-11)
			}
		}
	}
}

// TestOverdampedLimit: at fixed Δt/γ the slow eigenvalue of implicit friction tends to that of
// gradient descent with learning rate Δt/γ, the correction being of order 1/γΔt; the paper's
// form has |λ| → γΔt − 1 there, and is refused.
func TestOverdampedLimit(t *testing.T) {
	const rate, h = 0.1, 2.0 // Δt/γ
	for _, x := range []float64{1e2, 1e4, 1e6} {
		gamma, dt := math.Sqrt(x/rate), math.Sqrt(x*rate)
		_, m := friction(t, "implicit", gamma, dt, h)
		slow, fast := moduli(m)
		if off := math.Abs(slow - (1 - rate*h)); !(off < 1/x) || !(fast < 2/x) {
			t.Errorf("implicit at γΔt = %g: λ = %v and %v, want %v and 0", x, slow, fast, 1-rate*h)
		}
		if r, _ := moduli(heavyBallMap(momentumRule{dt * dt, 1 - gamma*dt}, h)); !(r > x-1) {
			t.Errorf("paper at γΔt = %g: |λ| = %v, want above %v", x, r, x-1)
		}
	}
	// The number of the documentation: γΔt = 3 at Δt/γ = 0.1, h = 2.
	r, _ := moduli(heavyBallMap(momentumRule{0.3, -2}, h))
	near(t, "paper at γΔt = 3", r, 0.8+math.Sqrt(0.64+2), 1e-14)
	_, m := friction(t, "implicit", math.Sqrt(30), math.Sqrt(0.3), h)
	if r, _ = moduli(m); r >= 1 {
		t.Errorf("implicit at γΔt = 3: |λ| = %v", r)
	}
}

// TestFrictionRefusals: each pair alone, whole, and the paper's form where it is stable.
func TestFrictionRefusals(t *testing.T) {
	def, nat := DefaultMomentum(), DefaultNaturalMomentum()
	for part, f := range map[string]FrictionConfig{
		"gamma of momentum": {"implicit", 0, 0.1},
		"go together":       {"implicit", 1, 0},
		"< 2":               {"paper", 4, 0.5},
		"implicit\"":        {"paper", 4, 0.6},
		"without gamma":     {"paper", 0, 0},
		"is unknown":        {"dry", 1, 1},
		"undamped":          {"paper", 1e-10, 1e-10},
	} {
		c := def
		c.FrictionConfig = f
		if _, err := c.Optimizer(); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not mention %q", err, part)
		}
	}
	for _, change := range []func(c *NaturalMomentumConfig){func(c *NaturalMomentumConfig) { c.Eta = 0.01 }, func(c *NaturalMomentumConfig) { c.Beta = 0.5 }} {
		c := nat
		c.Gamma, c.Dt = 1, 0.1
		if o, err := c.Optimizer(); err != nil || o.Rule != (momentumRule{c.Dt * c.Dt / (1 + c.Dt), 1 / (1 + c.Dt)}) || !o.Direction.Natural {
			t.Errorf("%+v %v", o, err)
		}
		change(&c)
		if _, err := c.Optimizer(); err == nil || !strings.Contains(err.Error(), "one pair") {
			t.Errorf("both pairs: %v", err)
		}
	}
	if _, err := (MomentumConfig{FrictionConfig: FrictionConfig{Gamma: 1, Dt: 0.1}}).Optimizer(); err != nil {
		t.Errorf("η and β left zero in Go: %v", err)
	}
}
