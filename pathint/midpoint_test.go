package pathint

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/langevin"
)

func mustMidpoint(t testing.TB, sys System) *OnsagerMachlup {
	t.Helper()
	a, err := NewMidpoint(sys)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// bent is a drift of two components that is neither linear nor a gradient.
func bent() *toy {
	return newToy(2, []langevin.Block{{Name: "x", Hi: 2, Noise: 0.5}}, func(dst []float64, _ int, q []float64) {
		dst[0] = -0.5*q[0]*q[0]*q[0]/(1+q[0]*q[0]) + 0.4*math.Sin(q[1])
		dst[1] = -0.3*q[1] - 0.6*math.Tanh(q[0]*q[1])
	})
}

// O5: the stationary variance of the implicit midpoint is D/λ for any step, and with a fixed
// start, a tilt and every move the whole law is that of the Gaussian recurrence.
func TestMidpointOU(t *testing.T) {
	t.Parallel()
	const K, rate, s = 6, 1.2, 0.8 // rate is ηλ, s² = 2Dη
	sys := newToy(1, []langevin.Block{{Name: "x", Hi: 1, Noise: s}}, func(dst []float64, _ int, q []float64) { dst[0] = -rate * q[0] })
	a, se := (1-rate/2)/(1+rate/2), s/(1+rate/2)
	near(t, "stationary variance", se*se/(1-a*a), s*s/(2*rate), 1e-14)
	for _, m := range []Move{SingleSlice{Step: 1}, Staging{Length: 4, Step: 0.8}, Bisection{Levels: 2, Step: 1}, Delayed{Inner: Staging{Length: 4, Step: 1}, Cheap: "linear"}} {
		for _, kappa := range []float64{1, 1.7} {
			c := mustChain(t, Spec{Action: mustMidpoint(t, sys), Ends: FreeEnd([]float64{1.5}), Steps: K, Observer: sys,
				Beta: kappa, Tilt: Tilt{"x2", 0.2}, Moves: []Move{m}})
			src := rng.New(29, 0, "midpoint", m.Name())
			if err := c.StartForward(2, src); err != nil {
				t.Fatal(err)
			}
			want := linearPath(K, a, 0, se, kappa, 0.2, 1.5)
			series := make([][]float64, 2*K)
			c.run(Sampling{Burn: 200, Draws: 8000, Thin: 2}, src, func() {
				for k := range K {
					x := c.path.Slice(k + 1)[0] - want.mean[k]
					series[k], series[K+k] = append(series[k], x), append(series[K+k], x*x)
				}
			})
			for k := range K {
				v := want.cov.At(k, k)
				for i, exact := range []float64{0, v} {
					r := analysis.Autocorrelation(series[i*K+k])
					within(t, m.Name()+" at a slice", r.Mean, r.StdErr, exact, 0.05*math.Max(v, math.Sqrt(v)))
				}
			}
		}
	}
}

// The determinant is that of the map from noise to slice, against one of differences by LU; the
// forward simulation solves the implicit step.
func TestMidpointDeterminant(t *testing.T) {
	sys := bent()
	c := mustChain(t, Spec{Action: mustMidpoint(t, sys), Ends: FreeEnd([]float64{0.7, -1.1}), Steps: 5, Moves: []Move{Staging{Length: 3, Step: 1}}})
	src := rng.New(29, 1, "midpoint", "")
	if err := c.StartForward(1.5, src); err != nil {
		t.Fatal(err)
	}
	p := c.path
	mid, up, down := make([]float64, 2), make([]float64, 2), make([]float64, 2)
	for k := range p.steps {
		j := mat.NewDense(2, 2, nil)
		for i := range mid {
			mid[i] = (p.Slice(k)[i] + p.Slice(k + 1)[i]) / 2
		}
		for i, x := range mid {
			mid[i] = x + 1e-6
			sys.drift(up, 0, mid)
			mid[i] = x - 1e-6
			sys.drift(down, 0, mid)
			mid[i] = x
			for r := range 2 {
				j.Set(r, i, -(up[r]-down[r])/4e-6)
			}
			j.Set(i, i, j.At(i, i)+1)
		}
		near(t, "log det(I − ½∂v)", p.Terms(k)[logDetTerm], math.Log(mat.Det(j)), 1e-7)
	}
	if n := testing.AllocsPerRun(20, func() { c.Sweep(src) }); n != 0 {
		t.Errorf("%g allocations per sweep", n)
	}
	if err := c.StartForward(0, src); err != nil {
		t.Fatal(err)
	}
	near(t, "residuals of the noise-free trajectory", p.Quadratic(), 0, 1e-20)
}

// O1 from wrong paths, and what O10 asks: chains have the law of the implicit recurrence run
// forward. The determinant varies, so that a law without it is another one.
func TestMidpointLaw(t *testing.T) {
	t.Parallel()
	const K = 4
	var chains []*Chain
	var srcs []Source
	for i, scale := range []float64{2.5, 0} {
		c := mustChain(t, Spec{Action: mustMidpoint(t, bent()), Ends: FreeEnd([]float64{1.2, -1}), Steps: K, Observer: bent(),
			Moves: []Move{Staging{Length: K, Step: 0.7, Target: 0.4}, SingleSlice{Step: 1}}})
		src := rng.New(29, 2+i, "midpoint", "")
		if err := c.StartForward(scale, src); err != nil {
			t.Fatal(err)
		}
		chains, srcs = append(chains, c), append(srcs, src)
	}
	o1, err := O1(chains, srcs, Sampling{Warm: 200, Burn: 200, Draws: 6000, Thin: 2})
	if err != nil || !o1.Passed() || o1.Degrees != 2*K || o1.Mean.StdErr > 0.05*float64(K) {
		t.Errorf("O1: %+v, %v", o1, err)
	}
	law, err := ChainLaw("positions", chains, srcs, Sampling{Draws: 8000, Thin: 2})
	if err != nil {
		t.Fatal(err)
	}
	forth, err := ForwardLaw(chains[0], 16000, srcs[0])
	if err != nil {
		t.Fatal(err)
	}
	if r, err := O10(forth, law); err != nil || !r.Passed() {
		t.Errorf("O10: %v, %v", r, err)
	}
}

// What has no implicit midpoint is refused with the reason.
func TestMidpointRefusals(t *testing.T) {
	block := langevin.Block{Name: "x", Hi: 1, Noise: 1}
	heavy, metric := block, block
	heavy.Momentum, metric.Metric = 0.5, true
	large := block
	large.Hi = 33
	rest := func(dst []float64, _ int, _ []float64) { clear(dst) }
	for want, sys := range map[string]System{
		"one after the other":  coupled(0, false),
		"derivatives of F":     newToy(1, []langevin.Block{metric}, rest),
		"two slices before it": newToy(1, []langevin.Block{heavy}, rest),
		"33 components":        newToy(33, []langevin.Block{large}, rest),
		"gives no derivatives": bare{newToy(1, []langevin.Block{block}, rest)},
	} {
		if _, err := NewMidpoint(sys); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	_, err := NewChain(Spec{Action: mustMidpoint(t, bent()), Ends: FreeEnd([]float64{0, 0}), Steps: 3, Moves: []Move{HMC{Leapfrog: 2, Step: 0.1}}})
	if err == nil || !strings.Contains(err.Error(), "second derivatives of the drift") {
		t.Errorf("hmc at the midpoint: %v", err)
	}
}

// bare hides everything but the recurrence.
type bare struct{ langevin.Recurrence }
