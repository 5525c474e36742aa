package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
)

// U_λ = (1 + 4λ)x²/2: ⟨∂U/∂λ⟩ = 2/(1+4λ), ΔF = ½ ln 5.
func harmonicPoints(lambda []float64) []LambdaPoint {
	p := make([]LambdaPoint, len(lambda))
	for i, l := range lambda {
		p[i] = LambdaPoint{l, 2 / (1 + 4*l), 0.01 * (1 + l)}
	}
	return p
}

func grid(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i) / float64(n-1)
	}
	return x
}

func TestTrapezoid(t *testing.T) {
	// By hand, irregular and out of order: ½·1·(1+3)/… over 0, 1, 3.
	v, err := Trapezoid([]LambdaPoint{{3, 4, 0.3}, {0, 1, 0.1}, {1, 2, 0.2}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "value", v.Value, 1.5+6, 1e-14)
	near(t, "statistical", v.StatErr, math.Sqrt(0.05*0.05+0.3*0.3+0.3*0.3), 1e-14)
	// The interpolating parabola through (0,1), (1,2), (3,4) is the line itself.
	within(t, "quadrature", v.QuadErr, 0, 1e-14)

	for _, n := range []int{5, 6, 9, 17, 33} {
		v, _ := Trapezoid(harmonicPoints(grid(n)))
		bias := math.Abs(v.Value - 0.5*math.Log(5))
		if v.QuadErr < 0.5*bias || v.QuadErr > 3*bias {
			t.Errorf("n = %d: quadrature error %.2g, true %.2g", n, v.QuadErr, bias)
		}
		near(t, "total error", v.StdErr(), math.Hypot(v.StatErr, v.QuadErr), 1e-15)
	}
}

func TestGaussLegendre(t *testing.T) {
	x, w := GaussLegendreNodes(2, 0, 2)
	near(t, "node", x[0], 1-1/math.Sqrt(3), 1e-14)
	near(t, "weight", w[1], 1, 1e-14)
	for n := 3; n <= 16; n++ {
		x, w := GaussLegendreNodes(n, 0, 1)
		p := harmonicPoints(x)
		p[0], p[n-1] = p[n-1], p[0] // any order
		v, err := GaussLegendre(p, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		stat := 0.0
		for i := range w {
			stat += math.Pow(w[i]*0.01*(1+x[i]), 2)
		}
		near(t, "statistical", v.StatErr, math.Sqrt(stat), 1e-12)
		bias := math.Abs(v.Value - 0.5*math.Log(5))
		if v.QuadErr < bias-1e-15 || v.QuadErr > 30*bias+1e-13 {
			t.Errorf("n = %d: quadrature error %.2g, true %.2g", n, v.QuadErr, bias)
		}
	}
	// Exact to degree 2n−1.
	x, _ = GaussLegendreNodes(4, -1, 2)
	p := make([]LambdaPoint, 4)
	for i := range p {
		p[i] = LambdaPoint{x[i], math.Pow(x[i], 7), 0}
	}
	v, _ := GaussLegendre(p, -1, 2)
	near(t, "degree 7", v.Value, (256.0-1)/8, 1e-12)
}

// The rule without the middle node interpolates n−1 values: exact to degree n−2.
func TestRuleWithoutTheMiddleNode(t *testing.T) {
	for _, n := range []int{3, 4, 7, 8} {
		x, _ := GaussLegendreNodes(n, -1, 2)
		w := withoutMiddle(x, -1, 2)
		if w[n/2] != 0 {
			t.Errorf("n = %d: the middle node weighs %g", n, w[n/2])
		}
		for d := 0; d <= n-2; d++ {
			sum := 0.0
			for i := range x {
				sum += w[i] * math.Pow(x[i], float64(d))
			}
			p := float64(d + 1)
			near(t, "monomial", sum, (math.Pow(2, p)-math.Pow(-1, p))/p, 1e-11)
		}
	}
}

// Noise in the means is not mistaken for a quadrature error, and a real one is not hidden
// by noise smaller than it.
func TestQuadratureErrorUnderNoise(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	noisy := func(lambda []float64, sigma float64) []LambdaPoint {
		p := harmonicPoints(lambda)
		for i := range p {
			p[i].Mean += sigma * rng.NormFloat64()
			p[i].StdErr = sigma
		}
		return p
	}
	node, _ := GaussLegendreNodes(7, 0, 1)
	coarse, _ := Trapezoid(harmonicPoints(grid(5)))
	var fine, gauss, visible Moments
	for r := 0; r < 300; r++ {
		a, _ := Trapezoid(noisy(grid(65), 0.05))
		g, _ := GaussLegendre(noisy(node, 0.05), 0, 1)
		v, _ := Trapezoid(noisy(grid(5), 0.005))
		fine.Add(a.QuadErr / a.StatErr)
		gauss.Add(g.QuadErr / g.StatErr)
		visible.Add(v.QuadErr / coarse.QuadErr)
	}
	if fine.Mean() > 0.6 || gauss.Mean() > 0.6 {
		t.Errorf("noise alone gives quadrature errors of %.2f and %.2f statistical ones", fine.Mean(), gauss.Mean())
	}
	within(t, "a real error under small noise", visible.Mean(), 1, 0.1)
}

func TestIntegralRefuses(t *testing.T) {
	_, err := Trapezoid(harmonicPoints([]float64{0, 1}))
	refused(t, "two points", err, TooShort)
	_, err = Trapezoid(harmonicPoints([]float64{0, 0.5, 0.5, 1}))
	refused(t, "repeated λ", err, BadGrid)
	_, err = Trapezoid(harmonicPoints([]float64{0, 0, 0.5, 1}))
	refused(t, "repeated first λ", err, BadGrid)
	_, err = Trapezoid([]LambdaPoint{{0, 1, 1}, {1, math.NaN(), 1}, {2, 1, 1}})
	refused(t, "NaN", err, NotFinite)
	_, err = Trapezoid([]LambdaPoint{{0, 1, 1}, {1, 1, math.Inf(1)}, {2, 1, 1}})
	refused(t, "unknown error", err, NotFinite)
	_, err = GaussLegendre(harmonicPoints(grid(5)), 0, 1)
	refused(t, "uniform grid", err, BadGrid)
	v, _ := Trapezoid(harmonicPoints(grid(5)))
	v.StatErr = 0.001
	refused(t, "coarse grid", v.Check(1), NotConverged)
	v, _ = Trapezoid(harmonicPoints(grid(65)))
	if err := v.Check(1); err != nil {
		t.Error(err)
	}
}

// Exact sampling at the nodes, independent and correlated draws.
func TestThermodynamicIntegrationIsCalibrated(t *testing.T) {
	node, _ := GaussLegendreNodes(7, 0, 1)
	run := func(rng *rand.Rand, lambda []float64, alpha float64) []LambdaPoint {
		p := make([]LambdaPoint, len(lambda))
		for i, l := range lambda {
			k := 1 + 4*l
			du := mapped(ar1(rng, alpha, 700), func(x float64) float64 { return 2 * x * x / k })
			a := Autocorrelation(du)
			p[i] = LambdaPoint{l, a.Mean, a.StdErr}
		}
		return p
	}
	for _, alpha := range []float64{0, 0.8} {
		calibrated(t, "Gauss–Legendre", 500, 0.5*math.Log(5), 0.15, func(rng *rand.Rand) Estimate {
			v, err := GaussLegendre(run(rng, node, alpha), 0, 1)
			if err != nil {
				t.Fatal(err)
			}
			return Estimate{v.Value, v.StatErr}
		})
	}
	calibrated(t, "trapezoid", 200, 0.5*math.Log(5), 0.2, func(rng *rand.Rand) Estimate {
		v, err := Trapezoid(run(rng, grid(41), 0))
		if err != nil {
			t.Fatal(err)
		}
		return Estimate{v.Value, v.StatErr}
	})
}
