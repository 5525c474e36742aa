package otto

import (
	"math"
	"testing"

	"machlup/analysis"
)

// close reports a relative deviation above tol (absolute below 1).
func closeTo(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*math.Max(1, math.Abs(want))) {
		t.Errorf("%s = %.15g, want %.15g (off by %.2g, allowed %.2g)", what, got, want, got-want, tol)
	}
}

// integrand is p·g(s) written from the definition of each functional.
func integrand(f Flow, q, p float64) float64 {
	d := p / (p + q)
	switch f {
	case Saturating:
		return p*math.Log(d) + q*math.Log(1-d)
	case LiteralJPrime:
		return q * math.Log(1-d)
	case NonSaturating:
		m := (p + q) / 2
		return 2 * m * math.Log(m/p)
	}
	return q * math.Log(q/p)
}

// ψ, μ, w and G are what the definitions say: values, and derivatives of each other.
func TestFlowFunctions(t *testing.T) {
	const p, h = 0.7, 1e-5
	for _, f := range Flows() {
		for _, r := range []float64{-6, -1.3, 0, 0.4, 2.5, 7} {
			s := math.Exp(r)
			q := p * s
			closeTo(t, f.String()+" p g", q*f.Psi(r)+p*f.Constant(), integrand(f, q, p), 1e-13)
			slope := (integrand(f, q*(1+h), p) - integrand(f, q*(1-h), p)) / (2 * h * q)
			closeTo(t, f.String()+" μ", f.Variation(r), slope, 1e-8)
			closeTo(t, f.String()+" w", f.Weight(r), (f.Variation(r+h)-f.Variation(r-h))/(2*h), 1e-9)
			closeTo(t, f.String()+" ψ′", f.PsiSlope(r), (f.Psi(r+h)-f.Psi(r-h))/(2*h), 1e-9)
			closeTo(t, f.String()+" ψ″", f.PsiCurvature(r), (f.PsiSlope(r+h)-f.PsiSlope(r-h))/(2*h), 1e-9)
			closeTo(t, f.String()+" G′", f.weightAt(s), (f.primitive(s*(1+h))-f.primitive(s*(1-h)))/(2*h*s), 1e-8)
			closeTo(t, f.String()+" w(s)", f.weightAt(s), f.Weight(r), 1e-14)
		}
		closeTo(t, f.String()+" minimum", f.Constant()+f.Psi(0), f.Minimum(), 1e-15)
	}
}

// Far from q = p nothing overflows or cancels, and branches meet.
func TestFlowLimits(t *testing.T) {
	for _, f := range Flows() {
		for _, r := range []float64{-800, -40, 40, 800} {
			for what, v := range map[string]float64{"ψ": f.Psi(r), "μ": f.Variation(r), "w": f.Weight(r), "ψ′": f.PsiSlope(r)} {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Errorf("%s %s(%v) = %v", f, what, r, v)
				}
			}
		}
		for _, s := range []float64{1e-3} {
			closeTo(t, f.String()+" G", f.primitive(s*(1-1e-12))/s/s, f.primitive(s*(1+1e-12))/s/s, 1e-8)
		}
		if f.primitive(1e-9) <= 0 {
			t.Errorf("%s: G(1e−9) = %v", f, f.primitive(1e-9))
		}
	}
	closeTo(t, "log(1+s)/s", log1pRatio(-18.001)/log1pRatio(-17.999), 1, 1e-10)
}

func TestFlowNames(t *testing.T) {
	for _, f := range Flows() {
		if g, err := ParseFlow(f.String()); err != nil || g != f {
			t.Errorf("%s parses as %v, %v", f, g, err)
		}
	}
	if _, err := ParseFlow("saturated"); err == nil {
		t.Error("an unknown flow is accepted")
	}
}

// Functionals of Gaussians: closed forms and known decimals.
func TestValues(t *testing.T) {
	for _, c := range []struct{ m, s, jsd float64 }{
		{1, 1, 0.111421482185}, {0, 2, 0.092733381666}, {8, 1.25, 0.692593579697},
	} {
		q, p := Normal(0, 1), Normal(c.m, c.s)
		at := Breaks(q, p)
		closeTo(t, "JSD", JSD(q, p, at), c.jsd, 2e-12)
		closeTo(t, "JSD of the samples' package", JSD(q, p, at), analysis.JSDGaussian(0, 1, c.m, c.s), 1e-13)
		closeTo(t, "C", Saturating.Value(q, p, at), 2*c.jsd-2*math.Ln2, 4e-12)
		closeTo(t, "KL", KL.Value(q, p, at), math.Log(c.s)+(1+c.m*c.m)/(2*c.s*c.s)-0.5, 1e-12)
		// 2KL(m‖p) + 2KL(m‖q) + … : the four are tied by C − J′ = E_p log D* = −log 2 − KL(p‖m) …
		j := LiteralJPrime.Value(q, p, at)
		expect := -math.Ln2 + Expect(q, at, func(x float64) float64 { // −log 2 + KL(q‖m)
			lq, lp := q.LogDensity(x), p.LogDensity(x)
			return lq - (math.Max(lq, lp) + math.Log1p(math.Exp(-math.Abs(lq-lp))) - math.Ln2)
		})
		closeTo(t, "J′", j, expect, 1e-12)
	}
	for _, f := range Flows() {
		p := Pair(2)
		closeTo(t, f.String()+" at q = p", f.Value(p, p, Breaks(p)), f.Minimum(), 1e-13)
	}
}

// Collapse onto one of two separate modes: JSD = ¾ log(4/3), and A = 0.
func TestDisjointModes(t *testing.T) {
	p, q := Pair(30), Normal(30, 1)
	at := Breaks(p)
	closeTo(t, "JSD", JSD(q, p, at), 0.75*math.Log(4.0/3), 1e-13)
	closeTo(t, "|A|²", Saturating.Dissipation(q, p, at), 0, 1e-25)
}

// D*, φ and A at a point, from their definitions.
func TestSectionAndConnection(t *testing.T) {
	q, p := Normal(0.3, 0.8), Pair(1.5)
	phi := func(x float64) float64 {
		dq, dp := math.Exp(q.LogDensity(x)), math.Exp(p.LogDensity(x))
		return math.Log(1 - dp/(dp+dq))
	}
	for _, x := range []float64{-1.2, 0, 0.7, 2} {
		r := q.LogDensity(x) - p.LogDensity(x)
		closeTo(t, "φ", Section(r), phi(x), 1e-13)
		closeTo(t, "1−D*", math.Log(1-Discriminator(r)), phi(x), 1e-13)
		closeTo(t, "A", Connection(r, q.Score(x), p.Score(x)), (phi(x+1e-5)-phi(x-1e-5))/2e-5, 1e-8)
	}
}

// The derivative of each functional along a displacement x → x + εv is ∫⟨∇μ, v⟩q, against
// central differences; −∫|∇μ|²q along the flow itself. The literal pairing (∇φ, J′) misses.
func TestSlope(t *testing.T) {
	p, q := Normal(1, 1.2), Normal(0, 0.9)
	at := Breaks(p, q)
	const e = 1e-4
	for _, f := range Flows() {
		shift := (f.Value(Normal(e, 0.9), p, at) - f.Value(Normal(-e, 0.9), p, at)) / (2 * e)
		closeTo(t, f.String()+" along a shift", f.Slope(q, p, at, func(float64) float64 { return 1 }), shift, 1e-7)
		stretch := (f.Value(Normal(0, 0.9*(1+e)), p, at) - f.Value(Normal(0, 0.9*(1-e)), p, at)) / (2 * e)
		closeTo(t, f.String()+" along a stretch", f.Slope(q, p, at, func(x float64) float64 { return x }), stretch, 1e-7)
		self := f.Slope(q, p, at, func(x float64) float64 {
			return -f.Weight(q.LogDensity(x)-p.LogDensity(x)) * (q.Score(x) - p.Score(x))
		})
		closeTo(t, f.String()+" along its flow", self, -f.Dissipation(q, p, at), 1e-12)
	}
}

func TestMixture(t *testing.T) {
	m, err := NewMixture(MixtureConfig{Weights: []float64{1, 3}, Means: []float64{-1, 2}, Stds: []float64{0.5, 1.5}})
	if err != nil {
		t.Fatal(err)
	}
	const h = 1e-5
	for _, x := range []float64{-4, -1, 0.3, 5} {
		closeTo(t, "score", m.Score(x), (m.LogDensity(x+h)-m.LogDensity(x-h))/(2*h), 1e-8)
		closeTo(t, "curvature", m.Curvature(x), (m.Score(x+h)-m.Score(x-h))/(2*h), 1e-8)
		closeTo(t, "density", m.Mass(x-h, x+h)/(2*h), math.Exp(m.LogDensity(x)), 1e-8)
	}
	for _, u := range []float64{1e-14, 0.01, 0.25, 0.5, 0.9, 1 - 1e-10} {
		x := m.Quantile(u)
		got := m.Mass(math.Inf(-1), x)
		if math.Abs(got-u) > 1e-13*math.Max(u, 1e-2) {
			t.Errorf("Mass up to Quantile(%v) = %v", u, got)
		}
	}
	at := Breaks(m)
	closeTo(t, "mean", Expect(m, at, func(x float64) float64 { return x }), m.Mean(), 1e-12)
	closeTo(t, "variance", Expect(m, at, func(x float64) float64 { return (x - m.Mean()) * (x - m.Mean()) }), m.Std()*m.Std(), 1e-12)
	for _, bad := range []MixtureConfig{
		{}, {Weights: []float64{1, 2}, Means: []float64{0}, Stds: []float64{1}}, {Weights: []float64{1}, Means: []float64{0}, Stds: []float64{0}},
		{Weights: []float64{-1}, Means: []float64{0}, Stds: []float64{1}}, {Weights: []float64{1}, Means: []float64{math.NaN()}, Stds: []float64{1}},
	} {
		if _, err := NewMixture(bad); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

// The non-saturating functional is displacement convex in any dimension for log-concave p
// (McCann: ψ″ + ψ′/d ≥ 0 for all d, ψ′ ≥ 0); C and J′ are not.
func TestConvexityOfNonSaturating(t *testing.T) {
	for r := -30.0; r <= 30; r += 0.1 {
		if NonSaturating.PsiCurvature(r) < -1e-12 || NonSaturating.PsiSlope(r) < 0 {
			t.Errorf("ψ″(%v) = %v, ψ′ = %v", r, NonSaturating.PsiCurvature(r), NonSaturating.PsiSlope(r))
		}
	}
	for _, f := range []Flow{Saturating, LiteralJPrime} {
		if r := math.Log(10); f.PsiCurvature(r)+f.PsiSlope(r)/2 >= 0 {
			t.Errorf("%s looks convex in two dimensions", f)
		}
	}
}
