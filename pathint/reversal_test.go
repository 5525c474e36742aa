package pathint

import (
	"math"
	"testing"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/langevin"
	"machlup/langevin/exact"
)

// reversalToy is x'_b = x_b + β(x_b − x⁻_b) − η(Ax̃)_b + s_b ξ in the plane, one block or two.
func reversalToy(a [4]float64, eta, beta float64, noise ...float64) *toy {
	var blocks []langevin.Block
	for b, s := range noise {
		n := 2 / len(noise)
		blocks = append(blocks, langevin.Block{Name: string(rune('x' + b)), Lo: b * n, Hi: (b + 1) * n, Momentum: beta, Noise: s})
	}
	return newToy(2, blocks, func(dst []float64, b int, q []float64) {
		for i := range dst {
			row := 2 * (blocks[b].Lo + i)
			dst[i] = -eta * (a[row]*q[0] + a[row+1]*q[1])
		}
	})
}

// trajectoryOf runs the recurrence in positions and returns its slices.
func trajectoryOf(t *toy, start []float64, steps int, src Source) [][]float64 {
	path := [][]float64{append([]float64(nil), start...)}
	xi := make([]float64, t.n)
	for k := range steps {
		before, now := path[max(k-1, 0)], path[k]
		after := append([]float64(nil), now...)
		src.Normals(xi)
		for b, blk := range t.blocks {
			v := make([]float64, blk.Hi-blk.Lo)
			t.drift(v, b, after)
			for i := blk.Lo; i < blk.Hi; i++ {
				after[i] = now[i] + blk.Momentum*(now[i]-before[i]) + v[i-blk.Lo] + blk.Noise*xi[i]
			}
		}
		path = append(path, after)
	}
	return path
}

// windows returns the sums of S_rev − S_fwd over windows of a stationary walk.
func windows(t *testing.T, sys *toy, count, window int, seed uint64) analysis.Tau {
	t.Helper()
	r, err := NewReversal(sys)
	if err != nil {
		t.Fatal(err)
	}
	path := trajectoryOf(sys, []float64{0.1, -0.1}, 203+count*window, rng.New(seed, 0, "reversal", ""))
	sums := make([]float64, count)
	for i := range sums {
		for j := range window {
			k := 200 + i*window + j
			sums[i] += r.Step(path[k-1], path[k], path[k+1], path[k+2]) / float64(window)
		}
	}
	return analysis.Autocorrelation(sums)
}

func agrees(t *testing.T, got analysis.Tau, want, limit float64) {
	t.Helper()
	z := (got.Mean - want) / got.StdErr
	t.Logf("entropy production %.5g ± %.2g, exact %.5g, z = %.2f", got.Mean, got.StdErr, want, z)
	if !(math.Abs(z) < 4) || !(got.StdErr < limit) {
		t.Errorf("entropy production %g ± %g (cap %g), exact %g", got.Mean, got.StdErr, limit, want)
	}
}

// The steady state of the linear game: 4ε²b²/(1−ρ²) per step, in one block and with rotation
// and players that take turns, against the discrete law.
func TestEntropyProduction(t *testing.T) {
	const eta, a, b, s = 0.1, 1.0, 2.0, 0.3
	game := [4]float64{a, -b, b, a}
	t.Run("simultaneous", func(t *testing.T) {
		want := exact.LinearGameStepEntropy(a, b, eta)
		agrees(t, windows(t, reversalToy(game, eta, 0, s), 2000, 50, 1), want, 0.02*want)
	})
	t.Run("alternating", func(t *testing.T) {
		want := exact.AlternatingStepEntropy([]float64{1 - eta*a, eta * b, -eta * b, 1 - eta*a}, []int{1, 2}, []float64{s, 2 * s})
		agrees(t, windows(t, reversalToy(game, eta, 0, s, 2*s), 2000, 50, 2), want, 0.02*want)
	})
	t.Run("momentum", func(t *testing.T) {
		const beta, b = 0.5, 0.7 // inertia drives a fast rotation unstable
		want := momentumEntropy(a, b, eta, beta, s)
		agrees(t, windows(t, reversalToy([4]float64{a, -b, b, a}, eta, beta, s), 3000, 50, 3), want, 0.03*want)
	})
}

// momentumEntropy is (1−β)⟨v(x_k)·(x_{k+1} − x_{k−1})⟩/s², which S_rev − S_fwd is up to
// differences of a function of state, by the stationary covariance of (x, x⁻).
func momentumEntropy(a, b, eta, beta, s float64) float64 {
	d, o := 1-eta*a+beta, eta*b
	m := []float64{d, o, -beta, 0, -o, d, 0, -beta, 1, 0, 0, 0, 0, 1, 0, 0}
	q := make([]float64, 16)
	q[0], q[5] = s*s, s*s
	c := exact.StationaryCovariance(m, q, 4)
	// E[x_{k+1} x_kᵀ] = top rows of M times the first columns of c; E[x_{k−1} x_kᵀ] is its transpose.
	next := func(i, j int) float64 {
		sum := 0.0
		for l := range 4 {
			sum += m[4*i+l] * c[4*l+j]
		}
		return sum
	}
	f := [4]float64{-eta * a, eta * b, -eta * b, -eta * a}
	sum := 0.0
	for i := range 2 {
		for j := range 2 {
			sum += f[2*i+j] * (next(i, j) - next(j, i))
		}
	}
	return (1 - beta) * sum / (s * s)
}

// In a quadratic potential at one temperature there is none, whether the players move at once
// or in turn, as long as the reversed process reverses the order too. In turn that is exact for
// equal curvatures; else the two Euler steps leave slightly different temperatures, and what
// flows between them is of second order in the step and known.
func TestPotentialProducesNoEntropy(t *testing.T) {
	const eta, s = 0.3, 0.5
	alternating := func(u [4]float64, eta float64) float64 {
		return exact.AlternatingStepEntropy([]float64{1 - eta*u[0], -eta * u[1], -eta * u[2], 1 - eta*u[3]}, []int{1, 2}, []float64{s, s})
	}
	equal, unequal := [4]float64{1, 0.6, 0.6, 1}, [4]float64{1, 0.6, 0.6, 2}
	for _, c := range []struct {
		name string
		sys  *toy
		want float64
	}{
		{"one block", reversalToy(unequal, eta, 0, s), 0},
		{"alternating", reversalToy(equal, eta, 0, s, s), 0},
		{"alternating unequal", reversalToy(unequal, eta, 0, s, s), alternating(unequal, eta)},
	} {
		t.Run(c.name, func(t *testing.T) { agrees(t, windows(t, c.sys, 1500, 100, 4), c.want, 5e-4) })
	}
	if got := alternating(equal, eta); math.Abs(got) > 1e-12 {
		t.Errorf("equal curvatures: exact entropy production %g, want 0", got)
	}
	// Per step of a time η it is of third order, so the rate is of second.
	if ratio := alternating(unequal, 0.02) / alternating(unequal, 0.01); math.Abs(ratio-8) > 0.3 {
		t.Errorf("unequal curvatures: %g when the step doubles, want about 8", ratio)
	}
}

// The integral fluctuation theorem far from the steady state, with a density of the end that
// is not that of the start: a certificate of the drift, the noise, the metric and the order.
func TestIntegralFluctuationTheorem(t *testing.T) {
	const steps, runs = 2, 40000
	start, end := Normal{[]float64{0, 0}, 2.4}, Normal{[]float64{0.1, -0.2}, 1.6}
	for _, c := range []struct {
		name string
		sys  *toy
	}{
		{"simultaneous", reversalToy([4]float64{1, -1, 1, 1}, 0.1, 0, 0.5)},
		{"alternating", reversalToy([4]float64{1, -1, 1, 1}, 0.1, 0, 0.6, 0.7)},
		{"momentum", reversalToy([4]float64{1, -0.6, 0.6, 1}, 0.1, 0.2, 0.6, 0.5)},
		{"metric", metricToy(0.1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := NewReversal(c.sys)
			if err != nil {
				t.Fatal(err)
			}
			src := rng.New(5, 0, "fluctuation theorem", "")
			logs := make([]float64, runs)
			for i := range logs {
				x0 := []float64{src.Normal(), src.Normal()}
				for j := range x0 {
					x0[j] *= start.Spread * c.sys.blocks[j*len(c.sys.blocks)/2].Noise
				}
				var path [][]float64
				if c.sys.chol == nil {
					path = trajectoryOf(c.sys, x0, steps, src)
				} else {
					path = metricTrajectory(c.sys, x0, steps, src)
				}
				logs[i] = r.LogWeight(path, start, end)
			}
			if k := analysis.ParetoK(logs); !(k < 0.5) {
				t.Fatalf("k̂ = %.2f: the weights have no variance", k)
			}
			value, stderr := analysis.LogMeanExp(logs)
			t.Logf("log of the mean %.4f ± %.4f", value, stderr)
			if !(math.Abs(value) < 4*stderr) || !(stderr < 0.03) {
				t.Errorf("log⟨e^{−R}⟩ = %g ± %g, exact 0", value, stderr)
			}
		})
	}
}

// metricTrajectory runs one block with noise of covariance s²F⁻¹, F = LLᵀ: s L⁻ᵀξ.
func metricTrajectory(t *toy, start []float64, steps int, src Source) [][]float64 {
	path := [][]float64{start}
	for k := range steps {
		x, v := path[k], make([]float64, 2)
		t.drift(v, 0, x)
		l := t.factor(0, x)
		s, y1 := t.blocks[0].Noise, src.Normal()
		w1 := y1 / l[3]
		w0 := (src.Normal() - l[2]*w1) / l[0]
		path = append(path, []float64{x[0] + v[0] + s*w0, x[1] + v[1] + s*w1})
	}
	return path
}

// With a metric a step is the ratio of two normal densities of covariance s²F⁻¹, written out.
func TestReversalIsDensityRatio(t *testing.T) {
	sys := metricToy(0.7)
	r, err := NewReversal(sys)
	if err != nil {
		t.Fatal(err)
	}
	logDensity := func(to, from []float64) float64 {
		v, s := make([]float64, 2), sys.blocks[0].Noise
		sys.drift(v, 0, from)
		l := append([]float64(nil), sys.factor(0, from)...)
		r0, r1 := to[0]-from[0]-v[0], to[1]-from[1]-v[1]
		y0, y1 := l[0]*r0+l[2]*r1, l[3]*r1 // Lᵀr
		return math.Log(l[0]*l[3]) - (y0*y0+y1*y1)/(2*s*s)
	}
	x, y := []float64{0.3, -0.8}, []float64{1.1, 0.4}
	got, want := r.Step(nil, x, y, nil), logDensity(y, x)-logDensity(x, y)
	if math.Abs(got-want) > 1e-12*math.Abs(want) {
		t.Errorf("S_rev − S_fwd = %.15g, the log ratio of the densities is %.15g", got, want)
	}
}

// metricToy is one block in the metric F = LLᵀ, L_00 = 1 + amplitude·sin x.
func metricToy(amplitude float64) *toy {
	t := newToy(2, []langevin.Block{{Name: "x", Lo: 0, Hi: 2, Noise: 0.5, Metric: true}}, func(dst []float64, _ int, q []float64) {
		dst[0], dst[1] = -0.1*q[0]+0.1*q[1], -0.1*q[1]-0.05*q[0]
	})
	t.chol = func(dst []float64, _ int, q []float64) {
		dst[0], dst[1], dst[2], dst[3] = 1+amplitude*math.Sin(q[0]), 0, amplitude/2*math.Cos(q[1]), 1
	}
	return t
}

// What has no density has no entropy production, and the reason is given.
func TestReversalRefuses(t *testing.T) {
	silent := reversalToy([4]float64{1, 0, 0, 1}, 0.1, 0, 0.5, 0)
	if _, err := NewReversal(silent); err == nil {
		t.Error("a block without noise was accepted")
	}
}

func TestReversalAllocatesNothing(t *testing.T) {
	sys := newToy(2, []langevin.Block{{Name: "x", Lo: 0, Hi: 2, Noise: 1}}, func(dst []float64, _ int, q []float64) { dst[0], dst[1] = -q[0], -q[1] })
	r, err := NewReversal(sys)
	if err != nil {
		t.Fatal(err)
	}
	a, b := []float64{1, 2}, []float64{3, 4}
	if n := testing.AllocsPerRun(100, func() { r.Step(a, a, b, b); r.Step(b, b, a, a) }); n != 0 {
		t.Errorf("%v allocations a step", n)
	}
}
