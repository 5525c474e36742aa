package otto

import (
	"math"
)

// Section 5: the connection, the flow, its energy and its variational steps.
func flowStatements() []Statement {
	gradients := func() float64 { return math.Sqrt(interior(LiteralJPrime) / interior(Saturating)) }
	pairing := func() float64 { // ∫D*|∇φ|²q / ∫|∇φ|²q
		at := exampleBreaks()
		return LiteralJPrime.Slope(exampleFake, exampleData, at, exampleConnection) / Saturating.Dissipation(exampleFake, exampleData, at)
	}
	return []Statement{
		{ID: "def-5.1", Claim: "A = grad J′ = ∇φ", Right: false, Quantity: "‖grad J′‖ on 4000 particles over ‖∇φ‖, u from 1 % to 99 %",
			Paper: is(1), Exact: gradients, Measure: func() (float64, error) { return particleGradient(LiteralJPrime) }, Bound: 1e-4},
		{ID: "def-5.1-corrected", Claim: "∇φ is the W₂ gradient of C", Right: true, Quantity: "‖grad C‖ on 4000 particles over ‖∇φ‖, u from 1 % to 99 %",
			Paper: is(1), Exact: is(1), Measure: func() (float64, error) { return particleGradient(Saturating) }, Bound: 1e-4},
		{ID: "def-5.2", Claim: "moving mass with velocity −A is the equation ∂q/∂t = ∇·(qA)", Right: true,
			Quantity: "way of the mean up to t = 0.5, moving particles; reference: the equation on cells",
			Paper:    cellMean, Exact: cellMean, Measure: particleMean, Bound: 5e-4},
		{ID: "asm-5.3", Claim: "J′ is geodesically λ-convex for some λ", Right: false,
			Quantity: "λ that a narrow bump at 20 from N(0,1) allows, over that at 10: no λ serves all",
			Paper:    is(1), Exact: func() float64 { return bumpConvexity(20) / bumpConvexity(10) }, Measure: measureConvexity, Bound: 1e-3},
		{ID: "rem-1", Claim: "functionals of Jensen–Shannon type satisfy the convexity", Right: false,
			Quantity: "d²C/dt² per mass of a disc in the plane that dilates as 1+t, q/p = 10: below 0 at any radius, so λ → −∞ for small ones",
			Paper:    none, Exact: func() float64 {
				r := math.Log(10)
				return 4*Saturating.PsiCurvature(r) + 2*Saturating.PsiSlope(r)
			}, Measure: dilation, Bound: 1e-6},
		{ID: "prop-5.4", Claim: "dJ′/dt = −‖∇φ‖² along the flow", Right: false, Quantity: "dJ′/dt over −∫|∇φ|²q, on cells",
			Paper: is(1), Exact: pairing, Measure: func() (float64, error) { return decayRatio(LiteralJPrime) }, Bound: 5e-4},
		{ID: "prop-5.4-corrected", Claim: "dC/dt = −‖∇φ‖² along the flow", Right: true, Quantity: "dC/dt over −∫|∇φ|²q, on cells",
			Paper: is(1), Exact: is(1), Measure: func() (float64, error) { return decayRatio(Saturating) }, Bound: 5e-4},
		{ID: "prop-5.4-monotone", Claim: "J′ never rises along the flow", Right: true, Quantity: "steps of 4000 at which J′ rises, from N(0,1)",
			Paper: is(0), Exact: is(0), Measure: risesOfJPrime, Bound: 0},
		{ID: "thm-5.5-weak", Claim: "the weak form has +⟨∇φ,∇ζ⟩", Right: false,
			Quantity: "[∫∫∂ζ/∂t dP dt + ∫ζ(0)dP₀] over ∫∫⟨∇φ,∇ζ⟩dP dt",
			Paper:    is(-1), Exact: is(1), Measure: weakForm, Bound: 2e-3},
		{ID: "thm-5.5-apriori", Claim: "J′(P_k) + Σ W₂²/2τ ≤ J′(P₀) for JKO steps on J′", Right: true,
			Quantity: "fall of J′ over ΣW₂²/2τ as τ → 0: must be at least 1",
			Paper:    none, Exact: is(2), Measure: jkoBudget, Bound: 0.01},
		{ID: "thm-5.5-jko", Claim: "JKO steps on J′ converge to the flow of −∇φ", Right: false,
			Quantity: "speed of the mean in JKO steps on J′ over that of −∇φ",
			Paper:    is(1), Exact: func() float64 {
				at := exampleBreaks()
				shift := func(float64) float64 { return 1 }
				return LiteralJPrime.Slope(exampleFake, exampleData, at, shift) / Saturating.Slope(exampleFake, exampleData, at, shift)
			}, Measure: jkoSpeed, Bound: 1e-3},
		{ID: "thm-5.5-corrected", Claim: "JKO steps on C converge to the flow of −∇φ", Right: true,
			Quantity: "order in τ of the W₂ distance between JKO steps on C and the flow, 24 particles",
			Paper:    none, Exact: is(1), Measure: jkoOrder, Bound: 0.05},
	}
}

func exampleConnection(x float64) float64 {
	return Connection(exampleFake.LogDensity(x)-exampleData.LogDensity(x), exampleFake.Score(x), exampleData.Score(x))
}

func exampleParticles(f Flow, n int) (*Quantile, error) {
	return NewQuantile(exampleData, f, n, Quantiles(exampleFake, n))
}

// particleGradient is the norm of grad F over that of ∇φ, both over the particles from u = 1 %
// to 99 %: the outermost ones see cells that are cut off.
func particleGradient(f Flow) (float64, error) {
	const n = 4000
	u, err := exampleParticles(f, n)
	if err != nil {
		return 0, err
	}
	g := make([]float64, n)
	u.Gradient(g, make([]float64, n))
	return math.Sqrt(sumSquares(g[n/100:n-n/100]) / n / interior(Saturating)), nil
}

func sumSquares(x []float64) float64 { return distance(x, nil) * float64(len(x)) }

// interior is ∫|∇μ|²q over the same range of the example.
func interior(f Flow) float64 {
	lo, hi := exampleFake.Quantile(0.01), exampleFake.Quantile(0.99)
	return f.Dissipation(exampleFake, exampleData, []float64{lo, (lo + hi) / 2, hi})
}

// distance is the mean of (x−y)², y = 0 if nil: W₂² of ordered particles.
func distance(x, y []float64) float64 {
	sum := 0.0
	for i, v := range x {
		if y != nil {
			v -= y[i]
		}
		sum += v * v
	}
	return sum / float64(len(x))
}

const meanTime, meanSteps = 0.5, 100

func cellMean() float64 {
	v, q, err := exampleGrid(Saturating, 500, exampleData, exampleFake)
	if err != nil {
		return math.NaN()
	}
	from := v.Grid().Mean(q)
	for range meanSteps {
		if err := v.Implicit(q, q, meanTime/meanSteps); err != nil {
			return math.NaN()
		}
	}
	return v.Grid().Mean(q) - from
}

func particleMean() (float64, error) {
	const n = 500
	u, err := exampleParticles(Saturating, n)
	if err != nil {
		return 0, err
	}
	j, err := NewJKO(u, meanTime/meanSteps)
	if err != nil {
		return 0, err
	}
	x := make([]float64, n)
	for range meanSteps {
		if err := j.Step(x, x); err != nil {
			return 0, err
		}
	}
	return sum(x) / n, nil
}

// bumpConvexity is d²J′/dt² over ∫|v|²q for the shift of a narrow bump at distance l from
// N(0,1), of the mass that makes q = p at its centre: ∫q̂(ψ″x² + ψ′).
func bumpConvexity(l float64) float64 {
	bump, p := Normal(l, bumpWidth), Normal(0, 1)
	mass := p.LogDensity(l) - bump.LogDensity(l)
	return Expect(bump, Breaks(bump), func(x float64) float64 {
		r := mass + bump.LogDensity(x) - p.LogDensity(x)
		return LiteralJPrime.PsiCurvature(r)*x*x + LiteralJPrime.PsiSlope(r)
	})
}

const bumpWidth = 0.02

func measureConvexity() (float64, error) {
	second := func(l float64) float64 {
		p := Normal(0, 1)
		mass := p.LogDensity(l) - Normal(l, bumpWidth).LogDensity(l)
		value := func(e float64) float64 {
			bump := Normal(l+e, bumpWidth)
			return Expect(bump, Breaks(bump), func(x float64) float64 {
				return LiteralJPrime.Psi(mass + bump.LogDensity(x) - p.LogDensity(x))
			})
		}
		const e = 1e-3
		return (value(e) - 2*value(0) + value(-e)) / (e * e)
	}
	return second(20) / second(10), nil
}

// dilation differentiates C of a uniform disc with q/p = 10 on flat data twice, by its
// definition p log D* + q log(1−D*) integrated over the disc of unit mass.
func dilation() (float64, error) {
	value := func(t float64) float64 {
		const p = 1.0
		area := 1 / (10 * p) * (1 + t) * (1 + t)
		q := 1 / area
		d := p / (p + q)
		return area * (p*math.Log(d) + q*math.Log(1-d))
	}
	const e = 1e-3
	fine := (value(e) - 2*value(0) + value(-e)) / (e * e)
	coarse := (value(2*e) - 2*value(0) + value(-2*e)) / (4 * e * e)
	return fine + (fine-coarse)/3, nil
}

// decayRatio is the rate of a functional along the saturating flow over −∫|∇φ|²q.
func decayRatio(f Flow) (float64, error) {
	v, q, err := exampleGrid(Saturating, 800, exampleData, exampleFake)
	if err != nil {
		return 0, err
	}
	other, err := NewFiniteVolume(v.Grid(), v.Target(), f)
	if err != nil {
		return 0, err
	}
	next, dt := make([]float64, len(q)), v.MaxStep()
	v.Explicit(next, q, dt)
	return (other.Value(next) - other.Value(q)) / dt / -Saturating.Dissipation(exampleFake, exampleData, exampleBreaks()), nil
}

func risesOfJPrime() (float64, error) {
	v, q, err := exampleGrid(Saturating, 200, exampleData, Normal(0, 1))
	if err != nil {
		return 0, err
	}
	j, err := NewFiniteVolume(v.Grid(), v.Target(), LiteralJPrime)
	if err != nil {
		return 0, err
	}
	next, rises, before := make([]float64, len(q)), 0.0, j.Value(q)
	for range 4000 {
		v.Explicit(next, q, v.MaxStep())
		q, next = next, q
		now := j.Value(q)
		if now > before+1e-15 {
			rises++
		}
		before = now
	}
	return rises, nil
}

// weakForm follows the flow and integrates both sides against ζ = (1−t/T)² e^{−(x−7.5)²/2}.
func weakForm() (float64, error) {
	v, q, err := exampleGrid(Saturating, 400, exampleData, exampleFake)
	if err != nil {
		return 0, err
	}
	const end, steps = 1.0, 400
	dt, h := end/steps, v.Grid().Width()
	zeta := func(i int) (value, slope float64) {
		y := v.Grid().Centre(i) - 7.5
		value = math.Exp(-y * y / 2)
		return value, -y * value
	}
	phi := make([]float64, len(q))
	// sides are ∫ζ q dx and ∫⟨∇φ,∇ζ⟩ q dx at one time.
	sides := func() (mass, force float64) {
		v.Variation(phi, q)
		for i := range q {
			z, dz := zeta(i)
			mass += h * z * q[i]
			if i > 0 && i < len(q)-1 {
				force += h * (phi[i+1] - phi[i-1]) / (2 * h) * dz * q[i]
			}
		}
		return mass, force
	}
	left, right := 0.0, 0.0
	for k := 0; k <= steps; k++ {
		t := float64(k) * dt
		weight := dt
		if k == 0 || k == steps {
			weight /= 2
		}
		mass, force := sides()
		if k == 0 {
			left += mass // ∫ζ(0)dP₀
		}
		left += weight * -2 * (1 - t/end) / end * mass
		right += weight * (1 - t/end) * (1 - t/end) * force
		if k < steps {
			if err := v.Implicit(q, q, dt); err != nil {
				return 0, err
			}
		}
	}
	return left / right, nil
}

func jkoBudget() (float64, error) {
	const n, tau, steps = 200, 0.005, 100
	u, err := exampleParticles(LiteralJPrime, n)
	if err != nil {
		return 0, err
	}
	j, err := NewJKO(u, tau)
	if err != nil {
		return 0, err
	}
	x, spent := make([]float64, n), 0.0
	before := append([]float64(nil), x...)
	start := u.Functional(x)
	for range steps {
		if err := j.Step(x, x); err != nil {
			return 0, err
		}
		spent += distance(x, before) / (2 * tau)
		copy(before, x)
	}
	return (start - u.Functional(x)) / spent, nil
}

// jkoSpeed is the first step's mean displacement over τ, extrapolated from τ and τ/2, over
// the mean of −∇φ.
func jkoSpeed() (float64, error) {
	const n = 2000
	u, err := exampleParticles(LiteralJPrime, n)
	if err != nil {
		return 0, err
	}
	speed := func(tau float64) (float64, error) {
		j, err := NewJKO(u, tau)
		if err != nil {
			return 0, err
		}
		x := make([]float64, n)
		err = j.Step(x, x)
		return sum(x) / n / tau, err
	}
	coarse, err := speed(0.002)
	if err != nil {
		return 0, err
	}
	fine, err := speed(0.001)
	if err != nil {
		return 0, err
	}
	return (2*fine - coarse) / -Expect(exampleFake, exampleBreaks(), exampleConnection), nil
}

// jkoOrder compares 16 and 32 steps until t = 0.5 with the flow of the same particles.
func jkoOrder() (float64, error) {
	const n, end = 24, 0.5
	u, err := exampleParticles(Saturating, n)
	if err != nil {
		return 0, err
	}
	flow := make([]float64, n)
	Descend(u, flow, end, 2000)
	var off [2]float64
	for i := range off {
		steps := 16 << i
		j, err := NewJKO(u, end/float64(steps))
		if err != nil {
			return 0, err
		}
		x := make([]float64, n)
		for range steps {
			if err := j.Step(x, x); err != nil {
				return 0, err
			}
		}
		off[i] = math.Sqrt(distance(x, flow))
	}
	return math.Log2(off[0] / off[1]), nil
}

// Section 6: equilibria.
func equilibriumStatements() []Statement {
	return []Statement{
		{ID: "thm-6.1-if", Claim: "q = p is a fixed point: A = 0", Right: true, Quantity: "∫|A|²q at q = p, on cells",
			Paper: is(0), Exact: is(0), Measure: func() (float64, error) {
				v, q, err := exampleGrid(Saturating, 300, Pair(2), Pair(2))
				if err != nil {
					return 0, err
				}
				return v.Dissipation(q), nil
			}, Bound: 1e-25},
		{ID: "thm-6.1-only-if", Claim: "A = 0 only at q = p", Right: false,
			Quantity: "JSD of total collapse onto one of two modes 60 apart, where ∫|A|²q < 1e−12",
			Paper:    is(0), Exact: is(0.75 * math.Log(4.0/3)), Measure: stationaryCollapse, Bound: 1e-6},
		{ID: "thm-6.1-connected", Claim: "(with p > 0 on a connected line) A = 0 only at q = p", Right: true,
			Quantity: "W₂ to p at t = 800 from total collapse, modes at ±2",
			Paper:    is(0), Exact: is(0), Measure: func() (float64, error) {
				v, q, err := collapsedGrid(Saturating, 200, 2)
				if err != nil {
					return 0, err
				}
				for range 400 {
					if err := v.Implicit(q, q, 2); err != nil {
						return 0, err
					}
				}
				return v.Grid().W2(q, v.Target()), nil
			}, Bound: 1e-8},
		{ID: "thm-6.1-flat", Claim: "equilibrium is the flatness of the connection", Right: false,
			Quantity: "∫|A|²q at N(7,1), where the connection is flat (def-4.1): trivial group, always flat",
			Paper:    is(0), Exact: func() float64 { return Saturating.Dissipation(exampleFake, exampleData, exampleBreaks()) }, Measure: func() (float64, error) {
				v, q, err := exampleGrid(Saturating, 800, exampleData, exampleFake)
				if err != nil {
					return 0, err
				}
				return v.Dissipation(q), nil
			}, Bound: 1e-4},
	}
}

// collapsedGrid is the flow of two modes at ±a with q all in the left one.
func collapsedGrid(f Flow, cells int, a float64) (*FiniteVolume, []float64, error) {
	v, q, err := exampleGrid(f, cells, Pair(a), Pair(a))
	if err != nil {
		return nil, nil, err
	}
	for i := range q {
		if v.Grid().Centre(i) > 0 {
			q[i] = 0
		}
	}
	v.Grid().Normalise(q)
	return v, q, nil
}

func stationaryCollapse() (float64, error) {
	p, q := Pair(30), Normal(-30, 1)
	at := Breaks(p, q)
	if a := Saturating.Dissipation(q, p, at); a > 1e-12 {
		return math.NaN(), nil
	}
	return JSD(q, p, at), nil
}
