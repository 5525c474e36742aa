package pathint

import (
	"fmt"
	"math"
	"testing"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/langevin"
)

// started is a chain of the x2 tilt on its noise-free path.
func started(t *testing.T, sys *toy, inn bool, ends Ends, steps int, s float64) *Chain {
	t.Helper()
	var act Action = mustAction(t, sys)
	if inn {
		var err error
		if act, err = NewInnovation(sys); err != nil {
			t.Fatal(err)
		}
	}
	c := mustChain(t, Spec{Action: act, Ends: ends, Steps: steps, Observer: sys, Tilt: Tilt{Observable: "x2", S: s}})
	if err := c.StartForward(0, rng.New(51, 0, "laplace", "")); err != nil {
		t.Fatal(err)
	}
	return c
}

// O7: Laplace's method is exact for a quadratic tilt of a linear recurrence: first order,
// momentum, innovations, a pinned end.
func TestLaplaceIsExactForGaussians(t *testing.T) {
	const a, s, x0, tilt, steps = 0.8, 0.6, 1.0, 0.5, 9
	src := rng.New(51, 1, "laplace", "")
	for _, beta := range []float64{0, 0.5} {
		for _, inn := range []bool{false, true} {
			want := linearPath(steps, a, beta, s, 1, tilt, x0).logZ - linearPath(steps, a, beta, s, 1, 0, x0).logZ
			e, err := Laplace(started(t, linear(a, beta, s), inn, FreeEnd([]float64{x0}), steps, tilt), 100, src)
			if err != nil || !e.Gaussian {
				t.Fatalf("β = %g: %v, %+v", beta, err, e)
			}
			near(t, fmt.Sprintf("β = %g, innovation %v", beta, inn), e.Corrected.LogZ, want, 1e-7)
		}
		pinned := Pinned([]float64{x0}, []float64{-0.4})
		want := linearPath(steps, a, beta, s, 1, tilt, x0, -0.4).logZ - linearPath(steps, a, beta, s, 1, 0, x0, -0.4).logZ
		e, err := Laplace(started(t, linear(a, beta, s), false, pinned, steps, tilt), 100, src)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "pinned and tilted", e.Corrected.LogZ, want, 1e-7)
		want = linearPath(steps, a, beta, s, 1, 0, x0, -0.4).logZ - linearPath(steps, a, beta, s, 1, 0, x0).logZ
		e, err = LaplacePinned(started(t, linear(a, beta, s), false, pinned, steps, tilt), 100, src)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "density of the pinned end", e.Corrected.LogZ, want, 1e-7)
	}
}

// The Hessian of two coupled players with momentum is that of brute force, in its band.
func TestHessianBand(t *testing.T) {
	sys := coupled(0.5, false)
	c := started(t, sys, false, FreeEnd(make([]float64, 5)), 5, 0.3)
	u, err := newPathLandscape(c.path)
	if err != nil {
		t.Fatal(err)
	}
	x := u.take()
	for i := range x {
		x[i] += 0.1 * math.Sin(float64(3*i))
	}
	if got := coupling(c.path); got != 2 {
		t.Errorf("slices are coupled to the %d-th neighbour, want 2", got)
	}
	m := newHessian(u).at(x, true)
	g := [2][]float64{make([]float64, u.n), make([]float64, u.n)}
	for j := range x {
		const h = 1e-4
		for s, sign := range []float64{1, -1} {
			y := append([]float64(nil), x...)
			y[j] += sign * h
			u.put(y)
			u.gradient(g[s])
		}
		for i := range x {
			want, got := (g[0][i]-g[1][i])/(2*h), 0.0
			if lo, hi := min(i, j), max(i, j); hi-lo <= m.p {
				got = m.row(hi)[lo-hi+m.p]
			}
			if math.Abs(got-want) > 1e-4*math.Abs(m.row(j)[m.p]) {
				t.Fatalf("H[%d,%d] = %g, want %g", i, j, got, want)
			}
		}
	}
}

// A quartic tilt is not Gaussian: the saddle point misses, the corrected value is that of
// quadrature, with error bars calibrated over 200 repeats. The weights are bounded, as the tilt
// falls off faster than its Gaussian.
func TestLaplaceCorrection(t *testing.T) {
	const steps, s, x0, tilt = 3, 0.5, 1.0, 0.6
	sys := linear(0.8, 0, s)
	sys.look = func(dst, q []float64) { dst[0], dst[1] = math.Pow(q[0], 4), q[0] }
	want := math.Log(tiltedMean(func(x float64) float64 { return 0.8 * x }, s, x0, steps, func(x float64) float64 { return tilt * math.Pow(x, 4) }))
	c := started(t, sys, false, FreeEnd([]float64{x0}), steps, tilt)
	src := rng.New(52, 0, "laplace", "")
	var pulls, saddle analysis.Moments
	for range 200 {
		e, err := Laplace(c, 500, src)
		if err != nil || e.Gaussian || e.Saddle.Caution == "" {
			t.Fatal(err, e)
		}
		pulls.Add((e.Corrected.LogZ - want) / e.Corrected.StatErr)
		saddle.Add(math.Abs(e.Saddle.LogZ-want) / e.Corrected.StatErr)
	}
	calibrated(t, "laplace", &pulls)
	if saddle.Mean() < 1.5 {
		t.Errorf("the saddle point is off by %.1f errors only: nothing is corrected", saddle.Mean())
	}
}

// calibrated fails unless pulls have unit spread and no offset.
func calibrated(t *testing.T, name string, m *analysis.Moments) {
	t.Helper()
	if m.N() < 200 {
		t.Errorf("%s: %d repeats", name, int(m.N()))
	}
	if sd := m.Std(); sd < 0.85 || sd > 1.15 {
		t.Errorf("%s: pulls have standard deviation %.3f, want within [0.85, 1.15]", name, sd)
	}
	if z := m.Mean() / m.StdErr(); math.Abs(z) > 4 {
		t.Errorf("%s: pulls have mean %.3f (z = %.1f)", name, m.Mean(), z)
	}
	t.Logf("%s: pulls %.3f ± %.3f, spread %.3f", name, m.Mean(), m.StdErr(), m.Std())
}

// tiltedMean is the mean of e^{−Σo(x)} of x' = f(x) + sigma ξ by quadrature.
func tiltedMean(f func(float64) float64, sigma, x0 float64, steps int, o func(float64) float64) float64 {
	const lo, h, n = -5.0, 0.02, 501
	v := make([]float64, n)
	for i := range v {
		v[i] = 1
	}
	expect := func(x float64) (sum float64) {
		for j, vj := range v {
			y := lo + h*float64(j)
			z := (y - f(x)) / sigma
			sum += h * vj * math.Exp(-z*z/2-o(y)) / (sigma * math.Sqrt(2*math.Pi))
		}
		return
	}
	for range steps - 1 {
		next := make([]float64, n)
		for i := range next {
			next[i] = expect(lo + h*float64(i))
		}
		v = next
	}
	return expect(x0)
}

// Beyond the threshold of O7 the Gaussian integral is infinite: Laplace and the check of a
// tilt refuse, the check says where the limit is; short of it both let pass.
func TestInfiniteZIsRefused(t *testing.T) {
	const a, s, steps = 0.8, 0.5, 40
	limit := -(1 - a) * (1 - a) / (2 * s * s) // of K → ∞; of 40 steps it lies a little lower
	for _, beta := range []float64{0, 0.3} {
		src := rng.New(53, 0, "laplace", "")
		bad := started(t, linear(a, beta, s), false, FreeEnd([]float64{1}), steps, 1.3*limit)
		r, ok := analysis.Refused(CheckNormalisable(bad, 1e6, src))
		if !ok || r.Reason != analysis.InfiniteZ || beta == 0 && (r.Limit > limit || r.Limit < 1.2*limit) {
			t.Errorf("β = %g: %v; the limit is near %g", beta, r, limit)
		}
		if _, err := Laplace(bad, 50, src); err == nil {
			t.Error("a determinant of an indefinite matrix was given")
		}
		good := started(t, linear(a, beta, s), false, FreeEnd([]float64{1}), steps, 0.9*limit)
		if err := CheckNormalisable(good, 1e6, src); err != nil {
			t.Error(err)
		}
		if _, err := Laplace(good, 50, src); err != nil {
			t.Error(err)
		}
	}
	cubic := newToy(1, []langevin.Block{{Name: "x", Hi: 1, Noise: 0.1}}, func(dst []float64, _ int, q []float64) { dst[0] = 0.1 * (q[0] - q[0]*q[0]*q[0]) })
	if err := CheckNormalisable(started(t, cubic, false, FreeEnd([]float64{0}), 10, -20), 1e6, rng.New(53, 1, "laplace", "")); err != nil {
		t.Errorf("a law that is not Gaussian was judged: %v", err)
	}
}

// A direction without weight (a zero mode), a metric, and a Hessian too large are refused.
func TestLaplaceRefuses(t *testing.T) {
	flat := harmonic{2, 0}
	if _, err := LaplacePotentials(PotentialsSpec{From: flat, To: flat}, []float64{1, 1}, true, 50, rng.New(54, 0, "laplace", "")); err == nil {
		t.Error("a flat direction was accepted")
	}
	if err := checkHessian(&potentialLandscape{u: harmonic{3000, 1}}); err == nil {
		t.Error("a Hessian of nine million numbers was accepted")
	}
	c := started(t, coupled(0, true), false, FreeEnd(make([]float64, 5)), 4, 0.1)
	if _, err := Laplace(c, 50, rng.New(54, 1, "laplace", "")); err == nil {
		t.Error("metric noise has no gradient here")
	}
}

// The harmonic line of the free energies, by Laplace: −(n/2) ln(k₁/k₀).
func TestLaplaceHarmonic(t *testing.T) {
	e, err := LaplacePotentials(PotentialsSpec{From: harmonic{3, 1}, To: harmonic{3, 4}}, []float64{2, -1, 3}, false, 50, rng.New(55, 0, "laplace", ""))
	if err != nil || !e.Gaussian {
		t.Fatal(err, e)
	}
	near(t, "log Z", e.Corrected.LogZ, -1.5*math.Log(4), 1e-10)
}
