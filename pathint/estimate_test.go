package pathint

import (
	"fmt"
	"math"
	"testing"

	"machlup/analysis"
	"machlup/internal/num"
	"machlup/internal/rng"
	"machlup/langevin"
)

// tilted returns ladders over the x2 tilt of a linear recurrence, each from another start.
func tilted(t *testing.T, sys *toy, steps int, x0 float64, inn bool, moves ...Move) (ls []Ladder, srcs []Source) {
	for i, scale := range []float64{1, 0, 2} {
		var act Action = mustAction(t, sys)
		if inn {
			var err error
			if act, err = NewInnovation(sys); err != nil {
				t.Fatal(err)
			}
		}
		c := mustChain(t, Spec{Action: act, Ends: FreeEnd([]float64{x0}), Steps: steps, Observer: sys,
			Tilt: Tilt{Observable: "x2"}, Moves: moves})
		src := rng.New(31, i, "tilted", fmt.Sprint(steps, inn))
		if err := c.StartForward(scale, src); err != nil {
			t.Fatal(err)
		}
		l, err := NewTilted(c)
		if err != nil {
			t.Fatal(err)
		}
		ls, srcs = append(ls, l), append(srcs, src)
	}
	return
}

// O7: log Z of a quadratic tilt is a determinant (block-tridiagonal, pentadiagonal with
// momentum). Integration on both grids, annealing both ways and the forward average agree
// with it and with each other, in both coordinates.
func TestTiltedPartitionFunction(t *testing.T) {
	t.Parallel()
	const a, s, x0, tilt = 0.8, 0.6, 1.0, 0.5
	for _, tc := range []struct {
		name  string
		beta  float64
		steps int
		inn   bool
		moves []Move
	}{
		{"first-order", 0, 8, false, []Move{Staging{Length: 6, Step: 0.8, Target: 0.5}, SingleSlice{Step: 1}}},
		{"momentum", 0.5, 6, false, []Move{Staging{Length: 6, Step: 0.8, Target: 0.5}, SingleSlice{Step: 1}}},
		{"innovation", 0.5, 6, true, []Move{PCN{Step: 0.5, Target: 0.4}, Shooting{Count: 3, Step: 1}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sys := linear(a, tc.beta, s)
			exact := linearPath(tc.steps, a, tc.beta, s, 1, tilt, x0).logZ - linearPath(tc.steps, a, tc.beta, s, 1, 0, x0).logZ
			ls, srcs := tilted(t, sys, tc.steps, x0, tc.inn, tc.moves...)
			var all []Estimate
			for _, rule := range []string{"gauss-legendre", "trapezoid"} {
				n := map[string]int{"gauss-legendre": 4, "trapezoid": 13}[rule]
				g, err := NewGrid(rule, 0, tilt, n)
				if err != nil {
					t.Fatal(err)
				}
				e, points := TI(g, ls, srcs, Sampling{Warm: 100, Burn: 100, Draws: 16000 / n, Thin: 2})
				all = append(all, e)
				if e.Err != nil {
					t.Errorf("%s refused: %v", rule, e.Err)
				}
				within(t, e.Estimator, e.LogZ, e.StdErr(), exact, 0.05)
				if len(points) != n || e.StatErr > 0.03 {
					t.Errorf("%s: %d points, statistical error %g", rule, len(points), e.StatErr)
				}
			}
			l, src := ls[0], srcs[0]
			l.SetLambda(tilt / 2)
			l.Warm(200, src)
			schedule := Ramp(0, tilt, 12)
			ais, logF, err := AIS(l, schedule, 1, 2000, src)
			if err != nil {
				t.Fatal(err)
			}
			fwd, _, err := ForwardAverage(l, tilt, 20000, src)
			if err != nil {
				t.Fatal(err)
			}
			logR := AISBack(ls[1], schedule, 1, 8, 2000, srcs[1])
			bar, bounds := Bidirectional(logF, logR)
			for i, e := range []Estimate{ais, fwd, bar} {
				if e.Err != nil {
					t.Errorf("%s refused: %v", e.Estimator, e.Err)
				}
				within(t, e.Estimator, e.LogZ, e.StdErr(), exact, []float64{0.02, 0.03, 0.02}[i])
			}
			if bounds.Lower-4*bounds.LowerErr > exact || bounds.Upper+4*bounds.UpperErr < exact || bounds.Lower >= bounds.Upper {
				t.Errorf("bounds [%g ± %g, %g ± %g] do not hold %g", bounds.Lower, bounds.LowerErr, bounds.Upper, bounds.UpperErr, exact)
			}
			if worst, err := CheckAgreement("log Z", append(all, ais, fwd, bar)...); err != nil || worst == 0 {
				t.Errorf("worst z %g: %v", worst, err)
			}
			// The control: a wrong value is refused.
			bad := ais
			bad.LogZ += 0.3
			if _, err := CheckAgreement("log Z", bad, fwd); err == nil {
				t.Error("estimates 0.3 apart agree")
			}
		})
	}
}

// O7 as a rate: −½ ln μ₊ per step from log Z at two lengths.
func TestScaledCumulantGeneratingFunction(t *testing.T) {
	const a, s, tilt = 0.7, 0.8, 0.3
	b := 1 + a*a + 2*tilt*s*s
	want := -0.5 * math.Log((b+math.Sqrt(b*b-4*a*a))/2)
	var e [2]Estimate
	for i, steps := range []int{10, 30} {
		ls, srcs := tilted(t, linear(a, 0, s), steps, 0, false, Staging{Length: 8, Step: 0.7, Target: 0.5}, SingleSlice{Step: 1})
		g, err := NewGrid("gauss-legendre", 0, tilt, 4)
		if err != nil {
			t.Fatal(err)
		}
		e[i], _ = TI(g, ls, srcs, Sampling{Warm: 100, Burn: 100, Draws: 2500, Thin: 2})
		if e[i].Err != nil {
			t.Error(e[i].Err)
		}
	}
	within(t, "SCGF", (e[1].LogZ-e[0].LogZ)/20, math.Hypot(e[0].StdErr(), e[1].StdErr())/20, want, 0.004)
}

// O2: the density of the end point, log p_K(b|x₀) − log p_K(a|x₀) = −∫⟨∂S/∂x_K⟩ dx_K over
// pinned chains, against the transfer matrix of the same nonlinear recurrence.
func TestPinnedDensity(t *testing.T) {
	const K, s, x0, from, to = 5, 0.5, -1.0, -0.9, 1.1
	f := func(x float64) float64 { return 0.6*x + 0.4*math.Tanh(2.5*x) } // two wells, near ±1
	sys := newToy(1, []langevin.Block{{Name: "x", Hi: 1, Noise: s}}, func(dst []float64, _ int, q []float64) { dst[0] = f(q[0]) - q[0] })
	g, err := NewGrid("gauss-legendre", from, to, 7)
	if err != nil {
		t.Fatal(err)
	}
	act := mustAction(t, sys)
	var points []Point
	for i, end := range g.Lambda {
		var series [][]float64
		for r := range 2 {
			c := mustChain(t, Spec{Action: act, Ends: Pinned([]float64{x0}, []float64{end}), Steps: K,
				Moves: []Move{Staging{Length: 4, Step: 1, Target: 0.4}, SingleSlice{Step: 1}}})
			src := rng.New(32, 2*i+r, "pinned", "")
			if err := c.StartForward(float64(2*r), src); err != nil {
				t.Fatal(err)
			}
			var x []float64
			c.run(Sampling{Warm: 100, Burn: 100, Draws: 5000}, src, func() {
				x = append(x, (end-f(c.path.Slice(K - 1)[0]))/(s*s))
			})
			series = append(series, x)
		}
		points = append(points, Summarise(end, series))
	}
	e := g.Integrate(points)
	if e.Err != nil {
		t.Error(e.Err)
	}
	want := math.Log(transferred(f, s, x0, K, to) / transferred(f, s, x0, K, from))
	within(t, "log p(b)/p(a)", e.LogZ, e.StdErr(), want, 0.05)
	if e.StatErr > 0.03 {
		t.Errorf("statistical error %g", e.StatErr)
	}
}

// transferred returns p_K(y|x₀) of x' = f(x) + sξ by quadrature on a grid.
func transferred(f func(float64) float64, s, x0 float64, steps int, y float64) float64 {
	const lo, h, n = -5.0, 0.02, 501
	gauss := func(y, x float64) float64 {
		z := (y - f(x)) / s
		return math.Exp(-z*z/2) / (s * math.Sqrt(2*math.Pi))
	}
	p := make([]float64, n)
	for i := range p {
		p[i] = gauss(lo+h*float64(i), x0)
	}
	step := func(y float64) (sum float64) {
		for j, pj := range p {
			sum += h * pj * gauss(y, lo+h*float64(j))
		}
		return
	}
	for range steps - 2 {
		next := make([]float64, n)
		for i := range next {
			next[i] = step(lo + h*float64(i))
		}
		copy(p, next)
	}
	return step(y)
}

// harmonic is U = ½k|x|².
type harmonic struct {
	n int
	k float64
}

func (u harmonic) Dim() int                   { return u.n }
func (u harmonic) Energy(x []float64) float64 { return 0.5 * u.k * num.Norm2(x) }
func (u harmonic) Gradient(dst, x []float64) float64 {
	for i, v := range x {
		dst[i] = u.k * v
	}
	return u.Energy(x)
}

func harmonicLadder(t *testing.T, n int, k0, k1 float64, spec PotentialsSpec) *Potentials {
	spec.From, spec.To = harmonic{n, k0}, harmonic{n, k1}
	spec.Draw = func(x []float64, src Source) {
		src.Normals(x)
		for i := range x {
			x[i] /= math.Sqrt(k0)
		}
	}
	l, err := NewPotentials(spec)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Harmonic free energy: log Z₁/Z₀ = −½n ln(k₁/k₀) by integration and annealing of the same
// Metropolis chain; the unadjusted chain adds −½n ln[(1−εk₀/2)/(1−εk₁/2)], no more, no less.
func TestHarmonicFreeEnergy(t *testing.T) {
	const n, k0, k1 = 2, 1.0, 4.0
	exact := -0.5 * n * math.Log(k1/k0)
	g, err := NewGrid("gauss-legendre", 0, 1, 6)
	if err != nil {
		t.Fatal(err)
	}
	run := func(spec PotentialsSpec) Estimate {
		var ls []Ladder
		var srcs []Source
		for i := range 3 {
			l := harmonicLadder(t, n, k0, k1, spec)
			l.Start([]float64{3 * float64(i), -3})
			ls, srcs = append(ls, l), append(srcs, rng.New(33, i, "harmonic", fmt.Sprint(spec.Unadjusted)))
		}
		e, _ := TI(g, ls, srcs, Sampling{Warm: 300, Burn: 300, Draws: 8000})
		if e.Err != nil {
			t.Error(e.Err)
		}
		return e
	}
	ti := run(PotentialsSpec{Step: 0.3, Target: 0.6})
	within(t, "TI", ti.LogZ, ti.StdErr(), exact, 0.02)

	const eps = 0.2
	biased := run(PotentialsSpec{Step: eps, Unadjusted: true})
	bias := -0.5 * n * math.Log((1-eps*k0/2)/(1-eps*k1/2))
	within(t, "TI of the unadjusted chain", biased.LogZ, biased.StdErr(), exact+bias, 0.03)
	if math.Abs(bias) < 5*biased.StdErr() {
		t.Errorf("the bias %g is not resolved", bias)
	}

	l, src := harmonicLadder(t, n, k0, k1, PotentialsSpec{Step: 0.3}), rng.New(33, 0, "harmonic", "ais")
	ais, _, err := AIS(l, Ramp(0, 1, 20), 2, 3000, src)
	if err != nil || ais.Err != nil {
		t.Error(err, ais.Err)
	}
	within(t, "AIS", ais.LogZ, ais.StdErr(), exact, 0.02)
	if _, err := CheckAgreement("ln Z", ti, ais); err != nil {
		t.Error(err)
	}
}

// One-sided exponential averaging from k₀ to k₁ ≤ k₀/2 has infinite variance: refused.
func TestHeavyWeightsAreRefused(t *testing.T) {
	l := harmonicLadder(t, 1, 1, 0.3, PotentialsSpec{Step: 0.3})
	e, _, err := ForwardAverage(l, 1, 20000, rng.New(34, 0, "heavy", ""))
	if err != nil {
		t.Fatal(err)
	}
	if e.Err == nil || e.Status() != "no-estimate" {
		t.Errorf("weights with k = 0.7 gave %+v", e)
	}
}

// E[w] of annealing is exact at any length: one stage, few stages, no sweeps.
func TestAnnealingIsUnbiased(t *testing.T) {
	const tilt = 0.4
	sys := linear(0.8, 0, 0.6)
	exact := linearPath(4, 0.8, 0, 0.6, 1, tilt, 1).logZ - linearPath(4, 0.8, 0, 0.6, 1, 0, 1).logZ
	for _, stages := range []int{1, 2, 5} {
		ls, srcs := tilted(t, sys, 4, 1, false, SingleSlice{Step: 1})
		logw := make([]float64, 20000)
		for i := range logw {
			var err error
			if logw[i], err = Anneal(ls[0], Ramp(0, tilt, stages), 1, srcs[0]); err != nil {
				t.Fatal(err)
			}
		}
		v, stderr := analysis.LogMeanExp(logw)
		within(t, fmt.Sprintf("%d stages", stages), v, stderr, exact, 0.01)
	}
}

// Error bars are right: over 200 repeats of each estimator the pulls have unit spread and no
// offset.
func TestErrorBars(t *testing.T) {
	t.Parallel()
	const repeats, steps, tilt = 200, 3, 0.4
	sys := linear(0.8, 0, 0.6)
	exact := linearPath(steps, 0.8, 0, 0.6, 1, tilt, 1).logZ - linearPath(steps, 0.8, 0, 0.6, 1, 0, 1).logZ
	g, err := NewGrid("gauss-legendre", 0, tilt, 3)
	if err != nil {
		t.Fatal(err)
	}
	ls, srcs := tilted(t, sys, steps, 1, false, SingleSlice{Step: 0.8})
	src, schedule := srcs[0], Ramp(0, tilt, 4)
	pulls := map[string]*analysis.Moments{}
	add := func(e Estimate) {
		if pulls[e.Estimator] == nil {
			pulls[e.Estimator] = new(analysis.Moments)
		}
		pulls[e.Estimator].Add((e.LogZ - exact) / e.StatErr)
	}
	for range repeats {
		ti, _ := TI(g, ls[:2], srcs, Sampling{Burn: 20, Draws: 500})
		add(ti)
		ais, logF, err := AIS(ls[0], schedule, 1, 200, src)
		if err != nil {
			t.Fatal(err)
		}
		add(ais)
		fwd, _, err := ForwardAverage(ls[0], tilt, 300, src)
		if err != nil {
			t.Fatal(err)
		}
		add(fwd)
		bar, _ := Bidirectional(logF, AISBack(ls[0], schedule, 1, 10, 200, src))
		add(bar)
	}
	for name, m := range pulls {
		if sd := m.Std(); sd < 0.85 || sd > 1.15 {
			t.Errorf("%s: pulls have standard deviation %.3f, want within [0.85, 1.15]", name, sd)
		}
		if z := m.Mean() / m.StdErr(); math.Abs(z) > 4 {
			t.Errorf("%s: pulls have mean %.3f (z = %.1f)", name, m.Mean(), z)
		}
		t.Logf("%s: pulls %.3f ± %.3f, spread %.3f", name, m.Mean(), m.StdErr(), m.Std())
	}
	if len(pulls) != 4 {
		t.Errorf("%d estimators", len(pulls))
	}
}

// Integration refuses chains that have not forgotten their start, and a grid that is none.
func TestIntegrationRefuses(t *testing.T) {
	ls, srcs := tilted(t, linear(0.99, 0, 0.05), 30, 3, false, SingleSlice{Step: 0.05})
	if p := Sample(ls, srcs, 0.5, Sampling{Draws: 60}); p.Err == nil {
		t.Errorf("60 draws of a stuck chain gave %+v", p)
	}
	for _, n := range []int{0, 2} {
		if _, err := NewGrid("trapezoid", 0, 1, n); err == nil {
			t.Errorf("%d points accepted", n)
		}
	}
	if _, err := NewGrid("simpson", 0, 1, 5); err == nil {
		t.Error("an unknown rule accepted")
	}
}
