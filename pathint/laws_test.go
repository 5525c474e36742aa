package pathint

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"machlup/analysis"
	"machlup/internal/rng"
)

// Gaussian paths: mean and covariance of every pair of slices against the dense oracle,
// which equals the closed forms O3 and O4. From a wrong start.
func TestGaussianPaths(t *testing.T) {
	const K, s = 8, 0.6
	for _, tc := range []struct {
		name           string
		a, beta, kappa float64
		tilt, x0       float64
		pins           []float64
		move           Move
	}{
		{"O3 free particle bridge", 1, 0, 1, 0, 0, []float64{0}, SingleSlice{Step: 1}},
		{"O4 OU bridge, single slice", 0.8, 0, 1, 0, 1.3, []float64{-0.4}, SingleSlice{Step: 1}},
		{"O4 OU bridge, staging", 0.8, 0, 1, 0, 1.3, []float64{-0.4}, Staging{Length: 5, Step: 0.7}},
		{"tempered OU, free end", 0.7, 0, 2.5, 0, 1, nil, Staging{Length: 4, Step: 1}},
		{"tilted OU, free end", 0.8, 0, 1, 0.4, 1, nil, Staging{Length: 3, Step: 1}},
		{"momentum, free end", 0.9, 0.6, 1, 0, 1, nil, Staging{Length: 4, Step: 1}},
		{"momentum, pinned position", 0.9, 0.6, 1, 0.2, 1, []float64{-0.5}, Staging{Length: 4, Step: 0.8}},
		{"OU bridge, bisection", 0.8, 0, 1, 0.2, 1.3, []float64{-0.4}, Bisection{Levels: 2, Step: 1}},
		{"tilted OU, free end, bisection", 0.7, 0, 1.4, 0.4, 1, nil, Bisection{Levels: 3, Step: 0.8}},
		{"tilted OU, delayed by the linear drift", 0.7, 0, 1.4, 0.4, 1, nil, Delayed{Inner: Staging{Length: 5, Step: 0.8}, Cheap: "linear"}},
		{"momentum, free end, bisection", 0.9, 0.6, 1, 0.2, 1, nil, Bisection{Levels: 3, Step: 1}},
		{"momentum, pinned pair", 0.9, 0.6, 1, 0, 1, []float64{0.3, -0.5}, Staging{Length: 4, Step: 1}},
		{"momentum, pinned pair, single slice", 0.95, 0.3, 1.5, 0.1, 1, []float64{0.3, -0.5}, SingleSlice{Step: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sys := linear(tc.a, tc.beta, s)
			ends := FreeEnd([]float64{tc.x0})
			switch len(tc.pins) {
			case 1:
				ends = Pinned([]float64{tc.x0}, tc.pins)
			case 2:
				ends = PinnedPair([]float64{tc.x0}, tc.pins[:1], tc.pins[1:])
			}
			c := mustChain(t, Spec{Action: mustAction(t, sys), Ends: ends, Steps: K, Observer: sys,
				Tilt: Tilt{"x2", tc.tilt}, Beta: tc.kappa, Moves: []Move{tc.move}})
			src := rng.New(21, 0, tc.name, "")
			if err := c.StartForward(2, src); err != nil {
				t.Fatal(err)
			}
			want := linearPath(K, tc.a, tc.beta, s, tc.kappa, tc.tilt, tc.x0, tc.pins...)
			n := len(want.mean)
			series := make([][]float64, n)
			c.run(Sampling{Burn: 500, Draws: 20000, Thin: 2}, src, func() {
				for i := range series {
					series[i] = append(series[i], c.path.Slice(i + 1)[0])
				}
			})
			product := make([]float64, len(series[0]))
			for i := range n {
				m := analysis.Autocorrelation(series[i])
				sd := math.Sqrt(want.cov.At(i, i))
				within(t, fmt.Sprintf("mean of slice %d", i+1), m.Mean, m.StdErr, want.mean[i], 0.05*sd)
				for j := i; j < n; j++ {
					for d := range product {
						product[d] = (series[i][d] - want.mean[i]) * (series[j][d] - want.mean[j])
					}
					// The error with the exact variance of the product: an estimated one is low
					// where the estimate is low, and the tails of z heavy.
					cij, cc := want.cov.At(i, j), want.cov.At(i, i)*want.cov.At(j, j)
					v := analysis.Autocorrelation(product)
					stderr := math.Sqrt(2 * v.Tau * (cc + cij*cij) / float64(v.N))
					within(t, fmt.Sprintf("covariance (%d,%d)", i+1, j+1), v.Mean, stderr, cij, 0.05*math.Sqrt(cc))
				}
			}
		})
	}
}

// O1 for every recurrence, from wrong paths, in both coordinates.
func TestO1(t *testing.T) {
	t.Parallel()
	q := []float64{0.3, -0.2, 0.5, 0, 1}
	// Long segments for the slow modes of the path, short ones for the fast: either alone
	// leaves a τ of hundreds of sweeps in the other.
	staging := []Move{Staging{Length: 6, Step: 0.5, Target: 0.4}, Staging{Length: 3, Step: 0.5, Target: 0.4}, SingleSlice{Step: 0.5, Target: 0.5}}
	for _, tc := range []struct {
		name  string
		sys   *toy
		start []float64
		kappa float64
		inn   bool
		moves []Move
	}{
		{"ou", linear(0.8, 0, 0.6), []float64{1}, 1, false, staging},
		{"ou tempered", linear(0.8, 0, 0.6), []float64{1}, 2.5, false, staging},
		{"two blocks", coupled(0, false), q, 1, false, staging},
		{"momentum", coupled(0.6, false), q, 1, false, staging},
		{"metric", coupled(0, true), q, 1.5, false, staging},
		{"metric with momentum", coupled(0.6, true), q, 1, false, staging},
		{"innovation", coupled(0.6, true), q, 2, true, []Move{PCN{Step: 0.7}, Shooting{Step: 1}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			const K = 6
			var chains []*Chain
			var srcs []Source
			for i, scale := range []float64{0.2, 2.5, 0, 1.7} {
				var act Action = mustAction(t, tc.sys)
				if tc.inn {
					var err error
					if act, err = NewInnovation(tc.sys); err != nil {
						t.Fatal(err)
					}
				}
				c := mustChain(t, Spec{Action: act, Ends: FreeEnd(tc.start), Steps: K, Beta: tc.kappa, Moves: tc.moves})
				src := rng.New(22, i, tc.name, "")
				if err := c.StartForward(scale, src); err != nil {
					t.Fatal(err)
				}
				chains, srcs = append(chains, c), append(srcs, src)
			}
			r, err := O1(chains, srcs, Sampling{Warm: 500, Burn: 700, Draws: 2500, Thin: 3})
			if err != nil {
				t.Fatal(err)
			}
			half := float64(K*tc.sys.n) / 2
			near(t, "exact value", r.Mean.Exact, half, 1e-12)
			within(t, "⟨κQ⟩", r.Mean.Estimate, r.Mean.StdErr, half, 0.06*math.Sqrt(half))
			within(t, "Var κQ", r.Variance.Estimate, r.Variance.StdErr, half, 0.08*half)
			if !r.Passed() {
				t.Errorf("not passed: %+v", r)
			}
			if math.Abs(r.StartZ) < 2 {
				t.Errorf("the start was not wrong: z = %.1f", r.StartZ)
			}
		})
	}
}

// O10 on nonlinear toys: forward simulation, positions and innovations have one law.
func TestO10(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		sys  *toy
	}{{"first-order", coupled(0, false)}, {"metric-momentum", coupled(0.5, true)}} {
		t.Run(tc.name, func(t *testing.T) {
			r := o10(t, tc.sys, tc.sys)
			t.Log(r)
			if !r.Passed() || r.Chi2PerZ > 2 {
				t.Errorf("not passed: %+v", r)
			}
			if want := 3 * 2 * 3 * 6; r.Comparisons != want {
				t.Errorf("%d comparisons, want %d", r.Comparisons, want)
			}
		})
	}
	t.Run("sees the drift", func(t *testing.T) { // which O1 does not
		wrong := coupled(0, false)
		right := wrong.drift
		wrong.drift = func(dst []float64, b int, q []float64) {
			right(dst, b, q)
			for i := range dst {
				dst[i] *= -3
			}
		}
		if r := o10(t, coupled(0, false), wrong); r.Passed() {
			t.Errorf("a drift multiplied by −3 passed: %v", r)
		}
	})
}

// o10 compares forward and innovation laws of one system with the position law of another.
func o10(t *testing.T, sys, inPositions *toy) O10Report {
	const K = 6
	q := []float64{0.3, -0.2, 0.5, 0, 1}
	inn, err := NewInnovation(sys)
	if err != nil {
		t.Fatal(err)
	}
	make := func(a Action, obs *toy, m ...Move) ([]*Chain, []Source) {
		var cs []*Chain
		var ss []Source
		for i := range 3 {
			c := mustChain(t, Spec{Action: a, Ends: FreeEnd(q), Steps: K, Observer: obs, Moves: m})
			src := rng.New(23, i, "o10", a.Name())
			if err := c.StartForward(float64(i), src); err != nil {
				t.Fatal(err)
			}
			cs, ss = append(cs, c), append(ss, src)
		}
		return cs, ss
	}
	pos, ps := make(mustAction(t, inPositions), inPositions, Staging{Length: 6, Step: 0.5, Target: 0.4},
		Staging{Length: 3, Step: 0.5, Target: 0.4}, SingleSlice{Step: 1, Target: 0.4})
	xi, xs := make(inn, sys, PCN{Step: 0.8}, Shooting{Step: 1})
	fwd, err := ForwardLaw(xi[0], 4000, rng.New(23, 0, "forward", ""))
	if err != nil {
		t.Fatal(err)
	}
	a, err := ChainLaw("positions", pos, ps, Sampling{Warm: 300, Burn: 300, Draws: 2000, Thin: 8})
	if err != nil {
		t.Fatal(err)
	}
	b, err := ChainLaw("innovations", xi, xs, Sampling{Burn: 50, Draws: 3000})
	if err != nil {
		t.Fatal(err)
	}
	r, err := O10(fwd, a, b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// O9: without a drift staging accepts always, and so does pCN without a tilt: the log
// acceptance ratio is zero to the last bit, with momentum and whatever the ends.
func TestO9Acceptance(t *testing.T) {
	for _, beta := range []float64{0, 0.7} {
		for _, m := range []Move{SingleSlice{Step: 0.8}, Staging{Length: 5, Step: 1}, Staging{Length: 3, Step: 0.3, Block: "theta"}, Bisection{Levels: 2, Step: 1}, PCN{Step: 0.4}, Shooting{Step: 0.9}} {
			sys := coupled(beta, false)
			sys.drift = func(dst []float64, _ int, _ []float64) { clear(dst) }
			b := bench{sys: sys, start: []float64{1, 2, 3, 4, 5}, kappa: 1.3}
			c := b.chain(t, m)
			src := rng.New(24, 0, "o9", m.Name())
			if err := c.StartForward(2, src); err != nil {
				t.Fatal(err)
			}
			p, k := c.path, c.moves[0].kernel
			for range 200 {
				for i, n := 0, k.Begin(p, src); i < n; i++ {
					if r := k.Propose(p, i, c.moves[0].step, src) - p.Delta(); r != 0 {
						t.Fatalf("%s, β = %g: log acceptance ratio %g, want exactly 0", m.Name(), beta, r)
					}
					p.keep()
				}
			}
		}
	}
}

// The same in a constant metric, to rounding: proposals have its covariance.
func TestO9Metric(t *testing.T) {
	sys := coupled(0.5, true)
	sys.drift = func(dst []float64, _ int, _ []float64) { clear(dst) }
	varying := sys.chol
	sys.chol = func(l []float64, b int, _ []float64) { varying(l, b, []float64{1, 2, 3, 4, 5}) }
	for _, m := range []Move{SingleSlice{Step: 1}, Staging{Length: 4, Step: 0.5}, Bisection{Levels: 2, Step: 0.5}} {
		c := bench{sys: sys, start: make([]float64, 5), kappa: 1.3}.chain(t, m)
		src := rng.New(24, 1, "o9", m.Name())
		if err := c.StartForward(2, src); err != nil {
			t.Fatal(err)
		}
		p, k := c.path, c.moves[0].kernel
		for range 200 {
			for i, n := 0, k.Begin(p, src); i < n; i++ {
				near(t, m.Name()+": log acceptance ratio", k.Propose(p, i, c.moves[0].step, src)-p.Delta(), 0, 1e-11)
				p.keep()
			}
		}
	}
}

// O9: pCN correlations fall as (1−b²)^{n/2} on any mesh.
func TestO9Correlation(t *testing.T) {
	const b = 0.6
	for _, K := range []int{4, 400} {
		inn, err := NewInnovation(linear(0.9, 0, 1))
		if err != nil {
			t.Fatal(err)
		}
		c := mustChain(t, Spec{Action: inn, Ends: FreeEnd([]float64{0}), Steps: K, Moves: []Move{PCN{Step: b}}})
		src := rng.New(25, K, "pcn", "")
		if err := c.StartForward(1, src); err != nil {
			t.Fatal(err)
		}
		for _, lag := range []int{1, 2, 5} {
			var m analysis.Moments
			for range 200000 / K {
				before := slices.Concat(c.path.xi...)
				for range lag {
					c.Sweep(src)
				}
				dot := 0.0
				for i, x := range slices.Concat(c.path.xi...) {
					dot += x * before[i]
				}
				m.Add(dot / float64(K))
				if err := c.StartForward(1, src); err != nil {
					t.Fatal(err)
				}
			}
			within(t, fmt.Sprintf("K = %d, lag %d", K, lag), m.Mean(), m.StdErr(), math.Pow(1-b*b, float64(lag)/2), 0.004)
		}
	}
}
