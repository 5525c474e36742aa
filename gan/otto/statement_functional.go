package otto

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Sections 3 and 4: objective, distance, metric, the role of the discriminator.
func functionalStatements() []Statement {
	return []Statement{
		{ID: "eq-1", Claim: "for a fixed generator V(D,G) is largest at D* = p/(p+q)", Right: true,
			Quantity: "max of V over discriminators with quadratic logit, p and q Gaussian (D* is one)",
			Paper:    exampleC, Exact: exampleC, Measure: largestV, Bound: 1e-9},
		{ID: "eq-2", Claim: "C(G) = max_D V = 2 JSD(p‖q)", Right: false, Quantity: "C − 2 JSD",
			Paper: is(0), Exact: is(-2 * math.Ln2), Measure: measureEq2, Bound: 1e-9},
		{ID: "def-3.1", Claim: "W₂ is the distance of optimal transport", Right: true, Quantity: "W₂(N(0,1), ½N(−2,1)+½N(2,1)) from cells",
			Paper: pairW2, Exact: pairW2, Measure: measurePairW2, Bound: 1e-5},
		{ID: "def-3.2", Claim: "∫|v|²q is the squared speed in W₂ of a law that moves with velocity v = −∇φ", Right: true,
			Quantity: "W₂(q_t, q_{t+dt})/dt over (∫|v|²q)^½",
			Paper:    is(1), Exact: is(1), Measure: measureSpeed, Bound: 5e-4},
	}
}

func exampleC() float64 { return Saturating.Value(exampleFake, exampleData, exampleBreaks()) }

// largestV maximises V over logits a + bx + cx² by Newton's method: V is concave in them.
func largestV() (float64, error) {
	at := exampleBreaks()
	theta := [3]float64{}
	basis := func(x float64) [3]float64 { y := x - 7.5; return [3]float64{1, y, y * y} }
	logit := func(x float64) float64 {
		b := basis(x)
		return theta[0]*b[0] + theta[1]*b[1] + theta[2]*b[2]
	}
	value := func() float64 {
		return Expect(exampleData, at, func(x float64) float64 { return -softplus(-logit(x)) }) +
			Expect(exampleFake, at, func(x float64) float64 { return -softplus(logit(x)) })
	}
	for range 30 {
		g, h := mat.NewVecDense(3, nil), mat.NewSymDense(3, nil)
		for i := range 3 {
			g.SetVec(i, Expect(exampleData, at, func(x float64) float64 { return logistic(-logit(x)) * basis(x)[i] })-
				Expect(exampleFake, at, func(x float64) float64 { return logistic(logit(x)) * basis(x)[i] }))
			for j := range i + 1 {
				curvature := func(x float64) float64 { l := logit(x); return logistic(l) * logistic(-l) * basis(x)[i] * basis(x)[j] }
				h.SetSym(i, j, Expect(exampleData, at, curvature)+Expect(exampleFake, at, curvature))
			}
		}
		var step mat.VecDense
		if err := step.SolveVec(h, g); err != nil {
			return 0, err
		}
		for i := range theta {
			theta[i] += step.AtVec(i)
		}
		if mat.Norm(&step, 2) < 1e-13 {
			break
		}
	}
	return value(), nil
}

// measureEq2 takes C from cells and the JSD from its own definition, on the same cells.
func measureEq2() (float64, error) {
	v, q, err := exampleGrid(Saturating, 400, exampleData, exampleFake)
	if err != nil {
		return 0, err
	}
	jsd := 0.0
	for i, p := range v.Target() {
		m := (p + q[i]) / 2
		jsd += v.Grid().Width() / 2 * (p*math.Log(p/m) + q[i]*math.Log(q[i]/m))
	}
	return v.Value(q) - 2*jsd, nil
}

func pairW2() float64 {
	normal, pair := Normal(0, 1), Pair(2)
	return math.Sqrt(Expect(normal, Breaks(normal), func(x float64) float64 {
		if math.Abs(x) > 8 {
			return 0 // 1e−15 of the mass
		}
		d := x - pair.Quantile(normal.Mass(math.Inf(-1), x))
		return d * d
	}))
}

func measurePairW2() (float64, error) {
	g, err := NewGrid(-12, 12, 8000)
	if err != nil {
		return 0, err
	}
	a, b := make([]float64, g.Cells), make([]float64, g.Cells)
	g.Average(a, Normal(0, 1))
	g.Average(b, Pair(2))
	return g.W2(a, b), nil
}

func measureSpeed() (float64, error) {
	v, q, err := exampleGrid(Saturating, 1200, exampleData, exampleFake)
	if err != nil {
		return 0, err
	}
	dt, next := v.MaxStep(), make([]float64, len(q))
	const steps = 4
	start := append([]float64(nil), q...)
	for range steps {
		v.Explicit(next, q, dt)
		q, next = next, q
	}
	speed := math.Sqrt(Saturating.Dissipation(exampleFake, exampleData, exampleBreaks()))
	return v.Grid().W2(start, q) / (steps * dt) / speed, nil
}

// Section 4: the bundle and the two roles of the discriminator.
func geometryStatements() []Statement {
	shift := func(float64) float64 { return 1 }
	ratio := func() float64 {
		at := exampleBreaks()
		return LiteralJPrime.Slope(exampleFake, exampleData, at, shift) / Saturating.Slope(exampleFake, exampleData, at, shift)
	}
	concavity := func() float64 { // ∫ pq/(p+q)
		return Expect(exampleFake, exampleBreaks(), func(x float64) float64 {
			return Discriminator(exampleFake.LogDensity(x) - exampleData.LogDensity(x))
		})
	}
	return []Statement{
		{ID: "def-4.1", Claim: "the bundle W₂ × C^∞ with trivial group is not twisted", Right: true,
			Quantity: "circulation of A = dC around a closed loop of Gaussians away from p",
			Paper:    is(0), Exact: is(0), Measure: circulation, Bound: 1e-12},
		{ID: "prop-4.2-cotangent", Claim: "dJ′ is the cotangent vector given by φ = log(1−D*)", Right: false,
			Quantity: "dJ′(V) over ∫⟨∇φ,V⟩q for a shift V",
			Paper:    is(1), Exact: ratio, Measure: func() (float64, error) {
				const e = 1e-4
				at := exampleBreaks()
				dj := (LiteralJPrime.Value(Normal(7+e, 1), exampleData, at) - LiteralJPrime.Value(Normal(7-e, 1), exampleData, at)) / (2 * e)
				return dj / Expect(exampleFake, at, func(x float64) float64 {
					return Connection(exampleFake.LogDensity(x)-exampleData.LogDensity(x), exampleFake.Score(x), exampleData.Score(x))
				}), nil
			}, Bound: 1e-6},
		{ID: "prop-4.2-section", Claim: "D* and φ are unique: one section of the bundle", Right: true,
			Quantity: "−d²V/dε² when the logit of D* is raised by ε: V is strictly concave",
			Paper:    none, Exact: concavity, Measure: func() (float64, error) {
				at := exampleBreaks()
				v := func(e float64) float64 {
					logit := func(x float64) float64 { return exampleData.LogDensity(x) - exampleFake.LogDensity(x) + e }
					return Expect(exampleData, at, func(x float64) float64 { return -softplus(-logit(x)) }) +
						Expect(exampleFake, at, func(x float64) float64 { return -softplus(logit(x)) })
				}
				const e = 1e-3
				return -(v(e) - 2*v(0) + v(-e)) / (e * e), nil
			}, Bound: 1e-6},
	}
}

// circulation is ∮⟨∇φ, v⟩ around a circle in the plane of mean and standard deviation.
func circulation() (float64, error) {
	const n, radius = 48, 0.3
	total := 0.0
	for i := range n {
		s, c := math.Sincos(2 * math.Pi * float64(i) / n)
		mean, std := 7+radius*c, 1+radius*s
		q := Normal(mean, std)
		total += 2 * math.Pi / n * Saturating.Slope(q, exampleData, Breaks(q, exampleData), func(x float64) float64 {
			return radius * (-s + c*(x-mean)/std)
		})
	}
	return total, nil
}
