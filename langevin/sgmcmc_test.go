package langevin_test

import (
	"math"
	"strings"
	"testing"

	"machlup/langevin"
	"machlup/langevin/exact"
	"machlup/langevin/langevintest"
)

func quadraticSum(dim int, c float64) *langevin.QuadraticSum {
	return must(langevin.NewQuadraticSum(langevin.QuadraticSumConfig{Points: 24, Dim: dim, Stiffness: []float64{1.4}, Spread: 1, CurvatureSpread: c}))
}

// scalarSum reads h_i and a_i off the drifts of the data of a one-dimensional sum.
func scalarSum(u *langevin.QuadraticSum) exact.ScalarSum {
	var s exact.ScalarSum
	var zero, one [1]float64
	for i := range u.Terms() {
		u.TermDrift(zero[:], i, []float64{0})
		u.TermDrift(one[:], i, []float64{1})
		h := zero[0] - one[0]
		s.H, s.A = append(s.H, h), append(s.A, zero[0]/h)
	}
	return s
}

// TestQuadraticSum: the sum of the data's drifts is the drift, the minimum is at 0.
func TestQuadraticSum(t *testing.T) {
	u := must(langevin.NewQuadraticSum(langevin.QuadraticSumConfig{Points: 16, Dim: 3, Stiffness: []float64{1, 2, 0.5}, Angle: 0.4, Spread: 1.3, CurvatureSpread: 0.3}))
	at := []float64{0.3, -0.8, 1.1}
	langevintest.CheckPotential(t, u, at)
	sum, term, f := make([]float64, 3), make([]float64, 3), make([]float64, 3)
	for i := range u.Terms() {
		u.TermDrift(term, i, at)
		for j := range sum {
			sum[j] += term[j] / float64(u.Terms())
		}
	}
	u.Drift(f, at)
	for j := range sum {
		near(t, "drift", sum[j], f[j], 1e-12)
	}
}

// TestSGMCMCConforms runs the suite on the schemes of stochastic gradients, with each of them.
func TestSGMCMCConforms(t *testing.T) {
	for _, gradient := range []string{"full", "gaussian", "minibatch", "epoch", "control-variate", "svrg"} {
		g := langevin.GradientConfig{Gradient: gradient, Noise: 0.7, Batch: 6, Period: 3}
		for name, f := range map[string]func(f langevin.Drift) (langevin.Map, error){
			"constant": func(f langevin.Drift) (langevin.Map, error) {
				return langevin.SGMCMCConfig{Eta: 0.1, Temperature: 0.3, Schedule: "constant"}.New(f, g)
			},
			"polynomial": func(f langevin.Drift) (langevin.Map, error) {
				return langevin.SGMCMCConfig{Eta: 0.1, Temperature: 0.3, Schedule: "polynomial", Offset: 2, Power: 0.55}.New(f, g)
			},
			"cyclical": func(f langevin.Drift) (langevin.Map, error) {
				return langevin.SGMCMCConfig{Eta: 0.1, Temperature: 0.3, Schedule: "cyclical", Period: 4, Exploration: 0.25}.New(f, g)
			},
			"rmsprop": func(f langevin.Drift) (langevin.Map, error) {
				return langevin.RMSPropConfig{Eta: 0.1, Temperature: 0.3, Alpha: 0.9, Lambda: 0.1, Correction: "none"}.New(f, g)
			},
			"sghmc": func(f langevin.Drift) (langevin.Map, error) {
				return langevin.SGHMCConfig{Eta: 0.1, Friction: 0.3, Temperature: 0.3, Estimate: 0.49}.New(f, g)
			},
		} {
			t.Run(gradient+"/"+name, func(t *testing.T) {
				langevintest.Check(t, func() langevin.Map { return must(f(quadraticSum(2, 0.4))) }, nil, []float64{0.5, -0.8})
				_, err := f(harmonic(1, 2))
				if refused := g.Batches(); refused != (err != nil) || refused && !strings.Contains(err.Error(), "no sum over data") {
					t.Errorf("on a potential: %v", err)
				}
			})
		}
	}
	well := func() langevin.Drift {
		return langevin.Descent(must(langevin.NewDoubleWell(langevin.DoubleWellConfig{Dim: 2, Barrier: 1, Minimum: 1, Tilt: 0.25})))
	}
	for _, c := range []string{"published", "adiabatic"} {
		langevintest.Check(t, func() langevin.Map {
			return must(langevin.RMSPropConfig{Eta: 0.1, Temperature: 0.3, Alpha: 0.9, Lambda: 0.1, Correction: c}.New(well(), langevin.DefaultGradient()))
		}, nil, []float64{0.5, -0.8})
	}
	langevintest.Check(t, func() langevin.Map {
		return must(langevin.NaturalIsotropicConfig{Eta: 0.1, Temperature: 0.3}.New(well(), sineMetric(2)))
	}, nil, []float64{0.5, -0.8})
	langevintest.Check(t, func() langevin.Map {
		return must(langevin.NaturalIsotropicConfig{Eta: 0.1, Temperature: 0.3}.New(well(), newTurning()))
	}, nil, []float64{0.5, -0.8})
	langevintest.Check(t, func() langevin.Map {
		game := must(langevin.NewLinearGame(langevin.LinearGameConfig{Damping: 0.4, Rotation: 1.3, Alternating: true}))
		return must(langevin.SGMCMCConfig{Eta: 0.1, Temperatures: []float64{0.3, 0.9}, Schedule: "cyclical", Period: 4}.New(game, langevin.GradientConfig{Gradient: "gaussian", Noise: 1}))
	}, nil, []float64{0.5, -0.8})
}

// TestSGMCMCVariances runs independent copies of each scheme on data and compares the second
// moment with its exact discrete value, errors over the copies.
func TestSGMCMCVariances(t *testing.T) {
	const eta, temp, batch, c = 0.4, 0.05, 6, 0.5
	flat, uneven := scalarSum(quadraticSum(1, 0)), scalarSum(quadraticSum(1, c))
	sigma2 := 0.0
	for _, a := range flat.A {
		sigma2 += a * a / float64(len(flat.A))
	}
	sgld := func(gradient string, c float64, temp float64) langevin.Map {
		return must(langevin.SGMCMCConfig{Eta: eta, Temperature: temp, Schedule: "constant"}.New(quadraticSum(1, c),
			langevin.GradientConfig{Gradient: gradient, Batch: batch, Period: 8}))
	}
	fresh := exact.WithoutReplacement(1.4*1.4*sigma2, 24, batch)
	cyclic := langevin.SGMCMCConfig{Eta: eta, Temperature: temp, Schedule: "cyclical", Period: 10, Exploration: 0.3}
	for name, v := range map[string]struct {
		m    langevin.Map
		want float64
	}{
		"fresh":           {sgld("minibatch", 0, temp), exact.MinibatchVariance(1.4, eta, temp, fresh)},
		"epoch":           {sgld("epoch", 0, 0), exact.EpochShuffledVariance(1.4, eta, sigma2, 24, batch)},
		"uneven":          {sgld("minibatch", c, temp), uneven.SGLDVariance(eta, temp, batch, false)},
		"control variate": {sgld("control-variate", c, temp), uneven.SGLDVariance(eta, temp, batch, true)},
		"svrg":            {sgld("svrg", c, temp), uneven.SVRGVariance(eta, temp, batch, 8)},
		"cyclical": {must(cyclic.New(quadraticSum(1, 0), langevin.DefaultGradient())), exact.ScheduledVariance(1.4, func(k int) (float64, float64) {
			if k < 3 {
				return eta * (1 + math.Cos(math.Pi*float64(k)/10)) / 2, 0
			}
			return eta * (1 + math.Cos(math.Pi*float64(k)/10)) / 2, temp
		}, 10)},
		"sghmc": {must(langevin.SGHMCConfig{Eta: 0.1, Friction: 0.5, Temperature: 0.3, Estimate: 1.2}.New(harmonic(1.4, 1),
			langevin.GradientConfig{Gradient: "gaussian", Noise: math.Sqrt(1.2)})), exact.MomentumVariance(1.4, 0.1, 0.5, 0.3)},
	} {
		square := make([]float64, 200)
		for i := range square {
			source := langevintest.NewSource(19, i)
			state, next, xi := make([]float64, v.m.Dim()), make([]float64, v.m.Dim()), make([]float64, v.m.Inputs())
			v.m.Init(state, []float64{2})
			for k := range 1360 {
				source.Normals(xi)
				v.m.Step(next, state, xi)
				state, next = next, state
				if k >= 160 { // a whole number of epochs, periods and cycles
					square[i] += state[0] * state[0] / 1200
				}
			}
		}
		mean, stderr := meanError(square)
		if z := (mean - v.want) / stderr; !(math.Abs(z) < 4) || !(stderr < 0.012*v.want) {
			t.Errorf("%s: ⟨x²⟩ = %v ± %v, exact %v, z = %.2f", name, mean, stderr, v.want, z)
		}
	}
	const slow = 0.02
	if e := exact.EpochShuffledVariance(1.4, slow, sigma2, 24, batch); e > 0.1*exact.MinibatchVariance(1.4, slow, 0, fresh) {
		t.Errorf("shuffled epochs have variance %v, fresh batches %v: not far less", e, exact.MinibatchVariance(1.4, slow, 0, fresh))
	}
}

// TestPolynomialSchedule: the step shrinks as Welling and Teh have it, and the variance follows
// the recursion exactly.
func TestPolynomialSchedule(t *testing.T) {
	const a, b, gamma, temp = 3.0, 20.0, 0.55, 0.5
	eta := func(k float64) float64 { return a * math.Pow(b+k, -gamma) }
	m := must(langevin.SGMCMCConfig{Eta: eta(0), Temperature: temp, Schedule: "polynomial", Offset: b, Power: gamma}.New(harmonic(1.1, 1), langevin.DefaultGradient()))
	for _, k := range []float64{0, 1, 50, 4000} {
		state, next := []float64{0.7, k}, []float64{0, 0}
		m.Step(next, state, []float64{0.3})
		near(t, "step", next[0], 0.7-eta(k)*1.1*0.7+math.Sqrt(2*eta(k)*temp)*0.3, 1e-13)
		if next[1] != k+1 {
			t.Errorf("step number %v after %v", next[1], k)
		}
	}
}

// TestRMSPropLaws: with α = 0 the scheme is a metric one, G = 1/(λ + |g|), whose kernel is
// known; and Γ makes e^{−U/T} of it as η → 0. With α > 0 and a small step V follows g², and
// the law is e^{−U/T}G^{c−1} with c = 0 (none), 1−α (published) and 1 (adiabatic).
func TestRMSPropLaws(t *testing.T) {
	const temp, lambda = 0.5, 0.7
	g := func(x float64) float64 { return 1 / (lambda + math.Abs(x)) }
	scheme := func(eta, alpha float64, correction string, n int) langevin.Map {
		return must(langevin.RMSPropConfig{Eta: eta, Temperature: temp, Alpha: alpha, Lambda: lambda, Correction: correction}.New(harmonic(1, n), langevin.DefaultGradient()))
	}
	target := func(c float64) float64 {
		_, v := exact.MetricTarget(func(x float64) float64 { return x * x / 2 }, g, temp, c, -6, 6, 4001).Moments()
		return v
	}
	for c, correction := range map[float64]string{0: "none", 1: "published"} {
		m, next := scheme(0.02, 0, correction, 1), make([]float64, 2)
		mean := func(x float64) float64 { m.Step(next, []float64{x, x * x}, []float64{0}); return next[0] }
		_, v := exact.NewGaussianKernel(mean, func(x float64) float64 { return math.Sqrt(2 * 0.02 * temp * g(x)) }, -6, 6, 401).Stationary().Moments()
		if d := math.Abs(v/target(c) - 1); d > 0.02 {
			t.Errorf("α = 0, %s: variance %.4f, e^{−U/T}G^%v has %.4f", correction, v, c-1, target(c))
		}
	}
	const alpha, eta, copies, rounds = 0.5, 0.02, 100, 9000
	for c, correction := range map[float64]string{0: "none", 1 - alpha: "published", 1: "adiabatic"} {
		mean, stderr := timeMeanSquare(scheme(eta, alpha, correction, copies), copies, 400, rounds, langevintest.NewSource(51, 0))
		if d := math.Abs(mean/target(c) - 1); d > 0.05 || stderr > 0.016*mean {
			t.Errorf("α = ½, %s: variance %.4f ± %.4f, e^{−U/T}G^%v has %.4f", correction, mean, stderr, c-1, target(c))
		}
	}
}

func TestSGMCMCRefusals(t *testing.T) {
	u := quadraticSum(1, 0)
	g := langevin.DefaultGradient()
	for says, f := range map[string]func() error{
		"divide the 24 data": func() error {
			_, err := langevin.SGMCMCConfig{Eta: 0.1, Schedule: "constant"}.New(u, langevin.GradientConfig{Gradient: "epoch", Batch: 5})
			return err
		},
		"1 to the 24 data": func() error {
			_, err := langevin.SGMCMCConfig{Eta: 0.1, Schedule: "constant"}.New(u, langevin.GradientConfig{Gradient: "minibatch", Batch: 25})
			return err
		},
		"at most 2αT/η": func() error {
			_, err := langevin.SGHMCConfig{Eta: 0.1, Friction: 0.1, Temperature: 1, Estimate: 3}.New(u, g)
			return err
		},
		"not of the sum": func() error {
			_, err := langevin.RMSPropConfig{Eta: 0.1, Alpha: 0.9, Lambda: 1, Correction: "published"}.New(u, langevin.GradientConfig{Gradient: "minibatch", Batch: 2})
			return err
		},
		"multiple of 4": func() error {
			_, err := langevin.NewQuadraticSum(langevin.QuadraticSumConfig{Points: 6, Dim: 1, Stiffness: []float64{1}})
			return err
		},
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
}
