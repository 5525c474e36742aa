package langevin_test

import (
	"context"
	"math"
	"testing"

	"machlup/langevin"
	"machlup/langevin/exact"
	"machlup/langevin/langevintest"
)

func quarticWell(dim int) *langevin.DoubleWell {
	return must(langevin.NewDoubleWell(langevin.DoubleWellConfig{Dim: dim, Barrier: 1, Minimum: 1, Tilt: 0.25}))
}

// TestSingularEnergy: ⟨U⟩/T = Σ 1/p of U = ½|x|⁴, from the stationary law of each scheme's
// own Step. The error of ⟨x²⟩ is of first order in η for Euler–Maruyama and of second for
// Leimkuhler–Matthews.
func TestSingularEnergy(t *testing.T) {
	const temp = 0.5
	f := langevin.Descent(must(langevin.NewSingular(langevin.SingularConfig{Dim: 1, Power: []float64{4}})))
	want := exact.SingularMeanEnergy([]float64{4})
	exactSquare := exact.NewLaw(func(x float64) float64 { return -x * x * x * x / (2 * temp) }, -4, 4, 801).Mean(square)
	euler := func(eta float64) (energy, x2 float64) {
		m := must(langevin.EulerMaruyamaConfig{Eta: eta, Temperature: temp}.New(f))
		law := exact.NewMapKernel(stepOf(m), -4, 4, 161).Stationary()
		return law.Mean(func(x float64) float64 { return x * x * x * x / (2 * temp) }), law.Mean(square)
	}
	// With y = x − aξ, a = √(ηT/2), y' depends on y and ξ alone; x = y + aξ.
	lm := func(eta float64) (energy, x2 float64) {
		m := must(langevin.LeimkuhlerMatthewsConfig{Eta: eta, Temperature: temp}.New(f))
		a := math.Sqrt(eta * temp / 2)
		next, zero := make([]float64, 2), []float64{0}
		law := exact.NewMapKernel(func(y, xi float64) float64 {
			m.Step(next, []float64{y + a*xi, xi}, zero)
			return next[0]
		}, -4, 4, 161).Stationary()
		// ⟨(y+aξ)⁴⟩ = ⟨y⁴⟩ + 6a²⟨y²⟩ + 3a⁴
		return law.Mean(func(y float64) float64 { return (y*y*y*y + 6*a*a*y*y + 3*a*a*a*a) / (2 * temp) }), law.Mean(square) + a*a
	}
	for _, c := range []struct {
		name   string
		energy func(float64) (energy, x2 float64)
		cap    float64
		ratio  float64
	}{{"euler-maruyama", euler, 0.05, 2}, {"leimkuhler-matthews", lm, 1e-4, 4}} {
		u1, x1 := c.energy(0.04)
		_, x2 := c.energy(0.02)
		e1, e2 := x1/exactSquare-1, x2/exactSquare-1
		if !(math.Abs(u1/want-1) < c.cap) {
			t.Errorf("%s: ⟨U⟩/T is %v, for an unbiased sampler %v", c.name, u1, want)
		}
		if !(math.Abs(e1/e2/c.ratio-1) < 0.15) {
			t.Errorf("%s: relative error of ⟨x²⟩ is %.3g at η and %.3g at η/2; their ratio should be near %v", c.name, e1, e2, c.ratio)
		}
	}
}

func square(x float64) float64 { return x * x }

// TestEscape: the occupation of the left well by an ensemble started in the right one is,
// at each recorded step, that of the kernel on a grid; and −ln λ₂/η of the kernel of Step
// is near the gap of the generator, which Kramers' formula is not.
func TestEscape(t *testing.T) {
	const temp, eta, replicas, start = 0.3, 0.01, 3000, 1.04
	u := quarticWell(1)
	f := langevin.Descent(u)
	m := must(langevin.EulerMaruyamaConfig{Eta: eta, Temperature: temp}.New(f))
	kernel := exact.NewMapKernel(stepOf(m), -2.6, 2.6, 201) // 1.04 is a node
	gradient := func(x float64) float64 {
		var g [1]float64
		u.Gradient(g[:], []float64{x})
		return g[0]
	}
	curvature := func(x float64) float64 {
		var h [1]float64
		u.HessVec(h[:], []float64{x}, []float64{1})
		return h[0]
	}
	gap := exact.GeneratorRates(gradient, curvature, temp, -2.6, 2.6, 161, 2)[1]
	near(t, "−ln λ₂/η and the gap", -math.Log(kernel.Eigenvalues(2)[1])/eta, gap, 0.02)

	e := langevin.NewEnsemble(m, []float64{start}, replicas, func(i int) langevin.Source { return langevintest.NewSource(3, i) })
	steps := []int{100, 400, 1600}
	err := e.Run(context.Background(), []langevin.Worker{{Map: m, Observer: langevin.NewCoordinates(1, nil)}}, steps,
		func(step int, values []float64) error {
			law := kernel.After(start, step)
			left := 0.0
			square := make([]float64, replicas)
			for i := range replicas {
				x := values[3*i] // x0, mean_x, mean_square_x
				if x < 0 {
					left += 1.0 / replicas
				}
				square[i] = values[3*i+2]
			}
			p := law.CDF(0)
			stderr := math.Sqrt(p * (1 - p) / replicas)
			if z := (left - p) / stderr; !(math.Abs(z) < 4) || !(stderr < 0.01) {
				t.Errorf("step %d: %v in the left well, exact %v ± %v, z = %.2f", step, left, p, stderr, z)
			}
			mean, stderr := meanError(square)
			want := law.Mean(func(x float64) float64 { return x * x })
			if z := (mean - want) / stderr; !(math.Abs(z) < 4) || !(stderr < 0.012) {
				t.Errorf("step %d: ⟨x²⟩ = %v ± %v, exact %v, z = %.2f", step, mean, stderr, want, z)
			}
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
}

// TestMuellerBrown checks the published minima and saddle points.
func TestMuellerBrown(t *testing.T) {
	u := must(langevin.NewMuellerBrown(langevin.MuellerBrownConfig{Scale: 1}))
	for _, p := range []struct{ x, y, energy float64 }{
		{-0.55822363, 1.44172584, -146.69951721},
		{0.62349941, 0.02803776, -108.16672412},
		{-0.05001082, 0.46669410, -80.76781812},
		{-0.82200156, 0.62431280, -40.66484351},
		{0.21248658, 0.29298833, -72.24894011},
	} {
		var g [2]float64
		e := u.Gradient(g[:], []float64{p.x, p.y})
		near(t, "energy", e, p.energy, 1e-9)
		if math.Hypot(g[0], g[1]) > 1e-4 {
			t.Errorf("gradient at (%v, %v) is %v", p.x, p.y, g)
		}
	}
}
