package langevin_test

import (
	"math"
	"testing"

	"machlup/langevin"
	"machlup/langevin/exact"
	"machlup/langevin/langevintest"
)

// TestLinearNoiseExact: on linear systems the adjoint prediction is the covariance
// recursion of the map made of Step on unit vectors.
func TestLinearNoiseExact(t *testing.T) {
	game := func(alternating bool) langevin.Drift {
		return must(langevin.NewLinearGame(langevin.LinearGameConfig{Damping: 0.4, Rotation: 1.3, Alternating: alternating}))
	}
	ou := langevin.Descent(must(langevin.NewOU(langevin.OUConfig{Dim: 2, Rate: []float64{0.7, 2}, Mean: 1.5})))
	maps := map[string]langevin.Map{
		"ou":                     must(langevin.EulerMaruyamaConfig{Eta: 0.2, Temperature: 0.4}.New(ou)),
		"ou-heavy-ball":          must(langevin.HeavyBallConfig{Eta: 0.2, Momentum: 0.8, Temperature: 0.4}.New(ou)),
		"ou-leimkuhler-matthews": must(langevin.LeimkuhlerMatthewsConfig{Eta: 0.2, Temperature: 0.4}.New(ou)),
		"ou-BAOAB":               must(langevin.SplittingConfig{Scheme: "BAOAB", Step: 0.5, Friction: 0.7, Temperature: 0.4}.New(ou)),
		"game":                   must(langevin.EulerMaruyamaConfig{Eta: 0.2, Temperature: 0.4}.New(game(false))),
		"game-alternating": must(langevin.HeavyBallConfig{Eta: 0.1, Momentum: 0.5,
			Temperatures: []float64{0.3, 0.9}}.New(game(true))),
	}
	obs := langevin.NewCoordinates(2, nil)
	steps := []int{0, 1, 2, 7, 23, 24, 60}
	q := []float64{0.6, -1.1}
	for name, m := range maps {
		p, err := langevin.LinearNoise(m, q, obs, steps)
		if err != nil {
			t.Fatal(err)
		}
		tangent, err := langevin.TangentEnsemble(m, q, obs, steps, 4000, func(i int) langevin.Source { return langevintest.NewSource(21, i) })
		if err != nil {
			t.Fatal(err)
		}
		mat, noise := linearMap(m)
		for s, k := range steps {
			n := m.Dim()
			sigma := exact.Covariance(mat, noise, n, k)
			xx, xy, yy := sigma[0], sigma[1], sigma[n+1]
			x, y := p.Mean[s][0], p.Mean[s][1]
			want := []float64{math.Sqrt(xx), math.Sqrt(yy), math.Sqrt(xx+2*xy+yy) / 2,
				math.Sqrt(x*x*xx + 2*x*y*xy + y*y*yy)} // ∇(x²+y²)/2 = (x, y)
			for i, o := range obs.Observables() {
				near(t, name+" "+o.Name, p.Std[s][i], want[i], 1e-10)
				if k == 0 {
					continue
				}
				z := (tangent.Std[s][i] - want[i]) / tangent.StdErr[s][i]
				if !(math.Abs(z) < 4) || !(tangent.StdErr[s][i] < 0.02*want[i]) {
					t.Errorf("%s %s, step %d: tangent ensemble %v ± %v, exact %v, z = %.2f", name, o.Name, k, tangent.Std[s][i], tangent.StdErr[s][i], want[i], z)
				}
				near(t, name+" mean", tangent.Mean[s][i], p.Mean[s][i], 1e-13)
			}
		}
	}
}

// TestLinearNoiseNonlinear: on a double well the prediction misses the exact law of the
// discrete process (a grid kernel) by a relative O(T) in the variance and O(T) in the
// mean, and by nothing less: the error at T/4 is a quarter.
func TestLinearNoiseNonlinear(t *testing.T) {
	const eta, start, steps = 0.02, 0.5, 30
	errors := func(temp float64) (mean, variance float64) {
		m := must(langevin.EulerMaruyamaConfig{Eta: eta, Temperature: temp}.New(langevin.Descent(quarticWell(1))))
		p, err := langevin.LinearNoise(m, []float64{start}, langevin.NewCoordinates(1, nil), []int{steps})
		if err != nil {
			t.Fatal(err)
		}
		law := exact.NewMapKernel(stepOf(m), -0.6, 1.8, 481).After(start, steps)
		em, ev := law.Moments()
		return p.Mean[0][0] - em, p.Std[0][0]*p.Std[0][0]/ev - 1
	}
	m1, v1 := errors(0.02)
	m2, v2 := errors(0.005)
	if !(math.Abs(m1/m2/4-1) < 0.1) || !(math.Abs(v1/v2/4-1) < 0.15) {
		t.Errorf("errors are (%.3g, %.3g) at T and (%.3g, %.3g) at T/4: they should fall by 4", m1, v1, m2, v2)
	}
	if !(math.Abs(v1) > 0.01 && math.Abs(v2) < 0.02) {
		t.Errorf("relative error of the variance is %.3g at T and %.3g at T/4: the toy is not weakly non-linear", v1, v2)
	}
}

// TestLinearNoiseMetric: with metric noise on two blocks the forward and backward
// predictions agree, the forward one also when it has to difference Step.
func TestLinearNoiseMetric(t *testing.T) {
	f := langevin.Descent(must(langevin.NewDoubleWell(langevin.DoubleWellConfig{Dim: 2, Barrier: 1, Minimum: 1, Tilt: 0.2})))
	m := must(langevin.NewSGLD(f,
		langevin.Player{Name: "d", Lo: 0, Hi: 1, Eta: 0.05, Temperature: 0.01, Momentum: 0.5},
		langevin.Player{Name: "g", Lo: 1, Hi: 2, Eta: 0.03, Temperature: 0.02, Metric: offset{sineMetric(2)}, Correction: langevin.FullCorrection}))
	obs, q, steps := langevin.NewCoordinates(2, nil), []float64{0.4, -0.3}, []int{5, 20}
	p, err := langevin.LinearNoise(m, q, obs, steps)
	if err != nil {
		t.Fatal(err)
	}
	source := func(i int) langevin.Source { return langevintest.NewSource(22, i) }
	direct, err := langevin.TangentEnsemble(m, q, obs, steps, 3000, source)
	if err != nil {
		t.Fatal(err)
	}
	differenced, err := langevin.TangentEnsemble(noNoiseJVP{m, m}, q, obs, steps, 3000, source)
	if err != nil {
		t.Fatal(err)
	}
	for s := range steps {
		for i := range obs.Observables() {
			near(t, "differenced", differenced.Std[s][i], direct.Std[s][i], 1e-7)
			z := (direct.Std[s][i] - p.Std[s][i]) / direct.StdErr[s][i]
			if !(math.Abs(z) < 4) || !(direct.StdErr[s][i] < 0.02*p.Std[s][i]) {
				t.Errorf("step %d: tangent ensemble %v ± %v, adjoint %v, z = %.2f", steps[s], direct.Std[s][i], direct.StdErr[s][i], p.Std[s][i], z)
			}
		}
	}
}

// noNoiseJVP hides NoiseJVP.
type noNoiseJVP struct {
	langevin.Map
	langevin.Linearizer
}

// offset is the metric of component 1 alone.
type offset struct{ *langevin.SineMetric }

func (m offset) Dim() int                 { return 1 }
func (m offset) Normals() int             { return 1 }
func (m offset) Solve(dst, v []float64)   { m.one(dst, v, m.SineMetric.Solve) }
func (m offset) Colour(dst, xi []float64) { m.one(dst, xi, m.SineMetric.Colour) }
func (m offset) ColourT(dst, w []float64) { m.Colour(dst, w) }
func (m offset) Divergence(dst []float64) {
	m.one(dst, dst, func(d, _ []float64) { m.SineMetric.Divergence(d) })
}
func (m offset) one(dst, v []float64, f func(dst, v []float64)) {
	out := make([]float64, 2)
	f(out, []float64{0, v[0]})
	dst[0] = out[1]
}
func (m offset) SolveJVP(dst, u, v []float64) {
	m.one(dst, u, func(d, u []float64) { m.SineMetric.SolveJVP(d, u, v) })
}
func (m offset) SolveVJP(dst, u, w []float64) {
	m.SineMetric.SolveVJP(dst, []float64{0, u[0]}, []float64{0, w[0]})
}
func (m offset) DivergenceJVP(dst, v []float64) {
	m.one(dst, dst, func(d, _ []float64) { m.SineMetric.DivergenceJVP(d, v) })
}
func (m offset) DivergenceVJP(dst, w []float64) {
	m.SineMetric.DivergenceVJP(dst, []float64{0, w[0]})
}

func TestLinearNoiseRefuses(t *testing.T) {
	m := must(langevin.EulerMaruyamaConfig{Eta: 0.1, Temperature: 1}.New(matrixDrift{1, []float64{1}}))
	obs := langevin.NewCoordinates(1, nil)
	if _, err := langevin.LinearNoise(m, []float64{0}, obs, []int{1}); err == nil {
		t.Error("a drift without derivative was not refused")
	}
	if _, err := langevin.TangentEnsemble(m, []float64{0}, obs, []int{1}, 10, nil); err == nil {
		t.Error("a drift without derivative was not refused by the tangent ensemble")
	}
	unstable := must(langevin.EulerMaruyamaConfig{Eta: 30, Temperature: 1}.New(langevin.Descent(quarticWell(1))))
	if _, err := langevin.LinearNoise(unstable, []float64{3}, obs, []int{100}); err == nil {
		t.Error("a diverging trajectory was not refused")
	}
	ok := must(langevin.EulerMaruyamaConfig{Eta: 0.1, Temperature: 1}.New(harmonic(1, 1)))
	for _, steps := range [][]int{nil, {3, 3}, {-1}, {5, 2}} {
		if _, err := langevin.LinearNoise(ok, []float64{0}, obs, steps); err == nil {
			t.Errorf("steps %v were not refused", steps)
		}
		if _, err := langevin.TangentEnsemble(ok, []float64{0}, obs, steps, 10, func(int) langevin.Source { return langevintest.NewSource(1, 1) }); err == nil {
			t.Errorf("steps %v were not refused by the tangent ensemble", steps)
		}
	}
}
