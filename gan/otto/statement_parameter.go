package otto

import (
	"math"
)

// Section 8 and the listing: parameters, discrete time, what the code does.
func parameterStatements() []Statement {
	const growthStep = 1.0
	runaway := Inertial{Step: growthStep, Friction: 2.5 / growthStep, Literal: true}
	listing := Normal(0, 0.5)
	speed := func(f Flow) float64 {
		at := Breaks(listing, exampleData)
		return -f.Slope(listing, exampleData, at, func(float64) float64 { return 1 })
	}
	return []Statement{
		{ID: "asm-8.1", Claim: "θ ↦ P_θ is an embedding", Right: false,
			Quantity: "change of a ReLU network's output along its rescaling orbit, per change of θ: an immersion has none that vanishes",
			Paper:    none, Exact: is(0), Measure: rescalingOrbit, Bound: 1e-8},
		{ID: "def-8.2-listing", Claim: "the listing's JᵀJ/B is the pull-back of the Otto metric", Right: false,
			Quantity: "W₂²/|δ|² for x = a·z and δ ⊥ a; the listing's metric has 1",
			Paper:    is(1), Exact: is(0), Measure: func() (float64, error) { return pullback(true), nil }, Bound: 1e-5},
		{ID: "def-8.2", Claim: "the Otto metric pulls back to a metric on parameters", Right: true,
			Quantity: "W₂²/|δ|² for x = a·z and δ ∥ a: aaᵀ/|a|²",
			Paper:    is(1), Exact: is(1), Measure: func() (float64, error) { return pullback(false), nil }, Bound: 1e-4},
		{ID: "def-8.2-fisher", Claim: "the pull-back is (related to) the Fisher information", Right: false,
			Quantity: "Fisher over Otto along a for x = a·z, |a| = 2: 2/|a|², another tensor",
			Paper:    none, Exact: is(0.5), Measure: fisherOverOtto, Bound: 1e-4},
		{ID: "lem-8.3", Claim: "the steepest descent is the natural gradient g⁻¹∇J", Right: true,
			Quantity: "direction of steepest descent of C in W₂ at N(7,1), angle in (mean, std)",
			Paper:    naturalAngle, Exact: naturalAngle, Measure: steepestAngle, Bound: 2e-3},
		{ID: "prop-8.4", Claim: "forward differences give β = 1−γΔt, η = Δt²", Right: true,
			Quantity: "order in Δt of their distance to the motion with inertia",
			Paper:    is(1), Exact: is(1), Measure: literalOrder, Bound: 5e-3},
		{ID: "prop-8.4-limit", Claim: "the update may be used as γΔt grows", Right: false,
			Quantity: "growth per step of a shift at γΔt = 2.5, Δt = 1: stable is below 1",
			Paper:    none, Exact: func() float64 { return runaway.SpectralRadius(shiftMode(Saturating).Frequency2(1)) }, Measure: func() (float64, error) {
				early, late := []float64{1e-10}, []float64{1e-10}
				if err := runaway.Run(shiftMode(Saturating), early, 20); err != nil {
					return 0, err
				}
				err := runaway.Run(shiftMode(Saturating), late, 30)
				return math.Pow(math.Abs(late[0]/early[0]), 0.1), err
			}, Bound: 1e-3},
		{ID: "prop-8.4-christoffel", Claim: "the covariant acceleration is the second difference", Right: false,
			Quantity: "gain of W₂ speed of free motion in log std, from 1 to e^½: a geodesic keeps its speed",
			Paper:    is(1), Exact: is(math.Sqrt(math.E)), Measure: freeMotion, Bound: 1e-6},
		{ID: "thm-8.5", Claim: "Euler's method on the flow in parameters is natural gradient descent", Right: true,
			Quantity: "rate of an excess std under it, per ηk: 1/σ²",
			Paper:    is(0.64), Exact: is(0.64), Measure: func() (float64, error) { return descentRate(true), nil }, Bound: 1e-3},
		{ID: "thm-8.5-metric", Claim: "g → I approximates the same flow", Right: false,
			Quantity: "rate in log std with g = I over that with g: another metric, another flow",
			Paper:    is(1), Exact: is(1.25 * 1.25), Measure: func() (float64, error) { return descentRate(false) / descentRate(true), nil }, Bound: 2e-3},
		{ID: "listing-loss", Claim: "the listing trains the objective of eq. 1", Right: false,
			Quantity: "speed of the mean at a start like the listing's, N(0, 0.5²), under its loss −log D, D optimal; paper: under eq. 1",
			Paper:    func() float64 { return speed(Saturating) }, Exact: func() float64 { return speed(NonSaturating) }, Measure: func() (float64, error) {
				const e = 1e-3
				at := Breaks(listing, exampleData)
				return -(NonSaturating.Value(Normal(e, 0.5), exampleData, at) - NonSaturating.Value(Normal(-e, 0.5), exampleData, at)) / (2 * e), nil
			}, Bound: 1e-4},
		{ID: "listing-saturating", Claim: "(eq. 1, with its D optimal) the generator would hardly move from there", Right: true,
			Quantity: "speed of the mean at N(0, 0.5²) under eq. 1, D optimal",
			Paper:    none, Exact: func() float64 { return speed(Saturating) }, Measure: func() (float64, error) {
				const e = 1e-3
				at := Breaks(listing, exampleData)
				return -(Saturating.Value(Normal(e, 0.5), exampleData, at) - Saturating.Value(Normal(-e, 0.5), exampleData, at)) / (2 * e), nil
			}, Bound: 1e-10},
		{ID: "sec-9.2", Claim: "momentum is compared at the same learning rate", Right: false,
			Quantity: "rate with momentum 0.9 over rate without, η = 0.001: effective learning rates differ by 1/(1−β)",
			Paper:    is(1), Exact: momentumGain, Measure: measureMomentumGain, Bound: 1e-4},
	}
}

// rescalingOrbit differentiates Σ b_i relu(w_i z + c_i) along (w, c, b) = (w, c, −b).
func rescalingOrbit() (float64, error) {
	theta := [][3]float64{{0.7, 0.2, 1.3}, {-0.4, 0.5, 0.9}, {1.1, -0.3, -0.6}}
	output := func(e, z float64) float64 {
		y := 0.0
		for _, t := range theta {
			y += (t[2] - e*t[2]) * math.Max(0, (t[0]+e*t[0])*z+t[1]+e*t[1])
		}
		return y
	}
	length := 0.0
	for _, t := range theta {
		length += t[0]*t[0] + t[1]*t[1] + t[2]*t[2]
	}
	const e = 1e-5
	worst := 0.0
	for z := -2.0; z <= 2; z += 0.37 {
		worst = math.Max(worst, math.Abs(output(e, z)-output(-e, z))/(2*e*math.Sqrt(length)))
	}
	return worst, nil
}

// pullback is W₂(P_a, P_{a+δ})²/|δ|² for x = a·z in two dimensions, from quantiles.
func pullback(across bool) float64 {
	const length, e, n = 2.0, 1e-3, 20000
	other := length + e
	if across {
		other = math.Hypot(length, e)
	}
	return distance(Quantiles(Normal(0, other), n), Quantiles(Normal(0, length), n)) / (e * e)
}

// fisherOverOtto differentiates KL twice (Fisher) and takes W₂² (Otto) along a, |a| = 2.
func fisherOverOtto() (float64, error) {
	const e = 1e-3
	p := Normal(0, 2)
	kl := func(e float64) float64 { q := Normal(0, 2+e); return KL.Value(q, p, Breaks(q, p)) }
	return (kl(e) + kl(-e)) / (e * e), nil
}

// naturalAngle is −g⁻¹∇C in the coordinates (m, ℓ = log s), g = diag(1, s²), as a velocity in
// (m, s).
func naturalAngle() float64 {
	at := exampleBreaks()
	byMean := Saturating.Slope(exampleFake, exampleData, at, func(float64) float64 { return 1 })
	byLog := Saturating.Slope(exampleFake, exampleData, at, func(x float64) float64 { return x - 7 }) // s = 1
	const s = 1.0
	return math.Atan2(-s*byLog/(s*s), -byMean)
}

// steepestAngle looks for the lowest C on a small W₂ circle of Gaussians around N(7,1).
func steepestAngle() (float64, error) {
	at := exampleBreaks()
	const radius = 1e-3
	value := func(angle float64) float64 {
		s, c := math.Sincos(angle)
		return Saturating.Value(Normal(7+radius*c, 1+radius*s), exampleData, at)
	}
	lo, hi := -math.Pi, math.Pi
	best := lo
	for a := lo; a < hi; a += 0.4 {
		if value(a) < value(best) {
			best = a
		}
	}
	lo, hi = best-0.4, best+0.4
	for range 24 { // golden section
		const ratio = 0.6180339887498949
		a, b := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
		if value(a) < value(b) {
			hi = b
		} else {
			lo = a
		}
	}
	return (lo + hi) / 2, nil
}

// literalOrder compares the paper's update with the exact motion of a shift from rest.
func literalOrder() (float64, error) {
	const end, gamma, start = 3.0, 0.3, 1e-4
	u := shiftMode(Saturating)
	w := math.Sqrt(u.Frequency2(1) - gamma*gamma/4)
	s, c := math.Sincos(w * end)
	exact := start * math.Exp(-gamma*end/2) * (c + gamma/(2*w)*s)
	var off [2]float64
	for i := range off {
		steps := 300 << i
		x := []float64{start}
		if err := (Inertial{Step: end / float64(steps), Friction: gamma, Literal: true}).Run(u, x, steps); err != nil {
			return 0, err
		}
		off[i] = math.Abs(x[0] - exact)
	}
	return math.Log2(off[0] / off[1]), nil
}

// freeMotion makes the paper's steps for log s without force or friction.
func freeMotion() (float64, error) {
	const steps = 1000
	before, now := 0.0, 0.5/steps
	first := math.Abs(math.Exp(now) - math.Exp(before)) // W₂ of two Gaussians of one mean
	last := first
	for range steps {
		before, now = now, now+(now-before)
		last = math.Abs(math.Exp(now) - math.Exp(before))
	}
	return last / first, nil
}

// descentRate is the rate of s = σ ± 0.001 in one step of gradient descent on C in ℓ = log s,
// natural (g = s²) or not, averaged over the signs.
func descentRate(natural bool) float64 {
	const eta, offset, e = 1e-3, 1e-3, 1e-4
	rate := 0.0
	for _, sign := range []float64{-1, 1} {
		s := 1.25 + sign*offset
		value := func(l float64) float64 {
			q := Normal(8, math.Exp(l))
			return Saturating.Value(q, exampleData, Breaks(q, exampleData))
		}
		l := math.Log(s)
		gradient := (value(l+e) - value(l-e)) / (2 * e)
		if natural {
			gradient /= s * s
		}
		rate += (1 - (math.Exp(l-eta*gradient)-1.25)/(s-1.25)) / eta / 2
	}
	return rate
}

const gainEta, gainBeta = 0.001, 0.9

// momentumGain is the ratio of the slow rates log(1/z), z² − (1+β−ηh)z + β = 0.
func momentumGain() float64 {
	h := shiftMode(NonSaturating).Frequency2(1)
	half := (1 + gainBeta - gainEta*h) / 2
	return math.Log(half+math.Sqrt(half*half-gainBeta)) / math.Log1p(-gainEta*h)
}

func measureMomentumGain() (float64, error) {
	rate := func(beta float64) (float64, error) {
		u := shiftMode(NonSaturating)
		x, previous, g := []float64{1e-4}, 1e-4, make([]float64, 1)
		at := 0.0
		for k := range 3000 {
			u.Gradient(g, x)
			next := x[0] + beta*(x[0]-previous) - gainEta*g[0]
			previous, x[0] = x[0], next
			if k == 1999 {
				at = x[0]
			}
		}
		return math.Log(at/x[0]) / 1000, nil
	}
	with, err := rate(gainBeta)
	if err != nil {
		return 0, err
	}
	without, err := rate(0)
	return with / without, err
}
