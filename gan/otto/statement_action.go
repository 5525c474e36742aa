package otto

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
)

// modes is the paper's data displaced in one Hermite mode, the shift: an oscillator of
// frequency ω² = w(0)/σ².
func shiftMode(f Flow) *HermiteGalerkin {
	g, err := NewHermiteGalerkin(HermiteGalerkinConfig{Modes: 1, Nodes: 24, Flow: f.String(), Mean: 8, Std: 1.25})
	if err != nil {
		panic("otto: the shift mode of the paper's data is not built")
	}
	return g
}

// Section 7: Lagrangian, dissipation, the equation of motion.
func actionStatements() []Statement {
	const gamma = 0.2
	overdamped := func() float64 { // x(t)/x(0) from rest
		h := shiftMode(LiteralJPrime).Frequency2(1)
		root := math.Sqrt(slowFriction*slowFriction/4 - h)
		slow, fast := h/(slowFriction/2+root), slowFriction/2+root
		return (fast*math.Exp(-slow*slowTime) - slow*math.Exp(-fast*slowTime)) / (fast - slow)
	}
	return []Statement{
		{ID: "thm-7.4-sign", Claim: "δS/δP + ∂F/∂Ṗ = 0 gives friction", Right: false,
			Quantity: "growth rate of a shift's amplitude under δS/δP + ∂F/∂Ṗ = 0, γ = 0.2: the printed sign is antifriction",
			Paper:    is(-gamma / 2), Exact: is(gamma / 2), Measure: func() (float64, error) { return oscillation(gamma), nil }, Bound: 1e-6},
		{ID: "thm-7.4-motion", Claim: "(with δS/δP − ∂F/∂Ṗ = 0) the motion is ∇_Ṗ Ṗ + γṖ = −grad", Right: true,
			Quantity: "growth rate of a shift's amplitude, γ = 0.2",
			Paper:    is(-gamma / 2), Exact: is(-gamma / 2), Measure: func() (float64, error) { return oscillation(-gamma), nil }, Bound: 1e-6},
		{ID: "thm-7.4-overdamped", Claim: "as γ → ∞ the motion becomes the gradient flow", Right: false,
			Quantity: "what is left of a shift at t = 2, γ = 1000: in its own time nothing moves",
			Paper:    func() float64 { return math.Exp(-shiftMode(LiteralJPrime).Frequency2(1) * slowTime) }, Exact: overdamped, Measure: func() (float64, error) {
				x := []float64{1e-3}
				err := Inertial{Step: 0.01, Friction: slowFriction}.Run(shiftMode(LiteralJPrime), x, slowTime*100)
				return x[0] / 1e-3, err
			}, Bound: 1e-6},
		{ID: "thm-7.4-rescaled", Claim: "(in time s = t/γ) as γ → ∞ the motion becomes the gradient flow", Right: true,
			Quantity: "order in 1/γ of the distance to the gradient flow, from γ = 16 and 32",
			Paper:    none, Exact: is(2), Measure: rescaledOrder, Bound: 0.03},
	}
}

const slowFriction, slowTime = 1000.0, 2

// oscillation is the growth rate over one period of ẍ = cẋ − ∇F.
func oscillation(c float64) float64 {
	u := shiftMode(LiteralJPrime)
	period := 2 * math.Pi / math.Sqrt(u.Frequency2(1)-c*c/4)
	const start = 1e-5
	return math.Log(motion(u, c, start, period, 4000)/start) / period
}

// motion returns x(t) of ẍ = cẋ − ∇F from rest at x, by Runge–Kutta: another integrator
// than Inertial.
func motion(u *HermiteGalerkin, c, x, t float64, steps int) float64 {
	g, at := make([]float64, 1), make([]float64, 1)
	force := func(x, v float64) float64 {
		at[0] = x
		u.Gradient(g, at)
		return c*v - g[0]
	}
	v, dt := 0.0, t/float64(steps)
	for range steps {
		a1 := force(x, v)
		v2 := v + dt/2*a1
		a2 := force(x+dt/2*v, v2)
		v3 := v + dt/2*a2
		a3 := force(x+dt/2*v2, v3)
		v4 := v + dt*a3
		a4 := force(x+dt*v3, v4)
		x, v = x+dt/6*(v+2*v2+2*v3+v4), v+dt/6*(a1+2*a2+2*a3+a4)
	}
	return x
}

func rescaledOrder() (float64, error) {
	const end, start = 2.0, 0.01
	u := shiftMode(Saturating)
	flow := []float64{start}
	Descend(u, flow, end, 400)
	var off [2]float64
	for i := range off {
		gamma := float64(int(16) << i)
		off[i] = math.Abs(motion(u, -gamma, start, gamma*end, int(100*gamma)) - flow[0])
	}
	return math.Log2(off[0] / off[1]), nil
}

// Section B: topology and the path integral.
func outlookStatements() []Statement {
	half := func() float64 { // C at q = ¾p₁+¼p₂, p = ½p₁+½p₂, disjoint
		c := 0.0
		for _, q := range []float64{0.75, 0.25} {
			c += integrandOfC(q, 0.5)
		}
		return c
	}
	return []Statement{
		{ID: "b1-path", Claim: "every law can be deformed continuously into p", Right: true,
			Quantity: "C half way along (1−t)q + tp from total collapse onto one of two disjoint modes",
			Paper:    none, Exact: half, Measure: func() (float64, error) {
				q, err := NewMixture(MixtureConfig{Weights: []float64{0.75, 0.25}, Means: []float64{-30, 30}, Stds: []float64{1}})
				if err != nil {
					return 0, err
				}
				p := Pair(30)
				return Saturating.Value(q, p, Breaks(p)), nil
			}, Bound: 1e-12},
		{ID: "b1-obstacle", Claim: "there is no global obstacle to learning", Right: false,
			Quantity: "mass in the lost one of two modes at ±8 at t = 100 of the flow from total collapse",
			Paper:    is(0.5), Exact: is(0), Measure: func() (float64, error) {
				v, q, err := collapsedGrid(Saturating, 300, 8)
				if err != nil {
					return 0, err
				}
				for range 100 {
					if err := v.Implicit(q, q, 1); err != nil {
						return 0, err
					}
				}
				cuts := v.Grid().Basins(v.Target())
				return sum(q[cuts[1]:]) * v.Grid().Width(), nil
			}, Bound: 1e-6},
		{ID: "def-b.1", Claim: "the gradient flow is the classical trajectory of S = ∫(T − J′)", Right: false,
			Quantity: "[S(gradient flow) − S(Newton's trajectory between the same ends)]/a² for a shift a, time 2",
			Paper:    is(0), Exact: actionExcess, Measure: measureActionExcess, Bound: 1e-6},
	}
}

func integrandOfC(q, p float64) float64 { return p*math.Log(p/(p+q)) + q*math.Log(q/(p+q)) }

const actionTime = 2.0

// newton returns the solution of ẍ = −ω²x that has the ends of e^{−ω²t}, with its velocity.
func newton(h float64) func(t float64) (x, v float64) {
	w := math.Sqrt(h)
	s, c := math.Sincos(w * actionTime)
	b := (math.Exp(-h*actionTime) - c) / s
	return func(t float64) (float64, float64) {
		s, c := math.Sincos(w * t)
		return c + b*s, w * (b*c - s)
	}
}

// actionExcess is ½∫(η̇² − ω²η²)dt for the difference η of the two paths: Newton's is
// stationary.
func actionExcess() float64 {
	h := shiftMode(LiteralJPrime).Frequency2(1)
	path := newton(h)
	return quad.Fixed(func(t float64) float64 {
		x, v := path(t)
		eta, rate := math.Exp(-h*t)-x, -h*math.Exp(-h*t)-v
		return (rate*rate - h*eta*eta) / 2
	}, 0, actionTime, 40, quad.Legendre{}, 0)
}

// measureActionExcess sums the discretised action of both paths with the functional itself.
func measureActionExcess() (float64, error) {
	const a, slices = 1e-2, 4000
	u := shiftMode(LiteralJPrime)
	h := u.Frequency2(1)
	path := newton(h)
	dt := actionTime / slices
	action := func(x func(t float64) float64) float64 {
		total := 0.0
		for k := range slices {
			t0, t1 := float64(k)*dt, float64(k+1)*dt
			v := a * (x(t1) - x(t0)) / dt
			total += dt * (v*v/2 - (u.Energy([]float64{a * (x(t0) + x(t1)) / 2}) - u.Flow().Minimum()))
		}
		return total
	}
	flow := action(func(t float64) float64 { return math.Exp(-h * t) })
	classical := action(func(t float64) float64 { x, _ := path(t); return x })
	return (flow - classical) / (a * a), nil
}
