package otto

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// onGrid returns the flow of a data density on a grid that resolves p and q, and q's cells.
func onGrid(t *testing.T, f Flow, cells int, p, q Density) (*FiniteVolume, []float64) {
	t.Helper()
	g, err := GridFor(cells, 1e-12, p, q)
	if err != nil {
		t.Fatal(err)
	}
	average, start := make([]float64, cells), make([]float64, cells)
	g.Average(average, p)
	g.Average(start, q)
	v, err := NewFiniteVolume(g, average, f)
	if err != nil {
		t.Fatal(err)
	}
	return v, start
}

// The discrete first variation is the derivative of the discrete functional, and its value
// tends to the integral as h².
func TestFiniteVolumeFunctionals(t *testing.T) {
	p, q := Pair(1.5), Normal(0.4, 1.3)
	for _, f := range Flows() {
		v, start := onGrid(t, f, 60, p, q)
		mu := make([]float64, 60)
		v.Variation(mu, start)
		for _, i := range []int{24, 28, 33, 37} {
			d := 1e-4 * start[i]
			keep := start[i]
			start[i] = keep + d
			up := v.Value(start)
			start[i] = keep - d
			down := v.Value(start)
			start[i] = keep
			closeTo(t, f.String()+" μ", mu[i], (up-down)/(2*d*v.Grid().Width()), 1e-6)
		}
		exact := f.Value(q, p, Breaks(p, q))
		dissipation := f.Dissipation(q, p, Breaks(p, q))
		var e, d [2]float64
		for k := range e {
			v, start := onGrid(t, f, 150<<k, p, q)
			e[k], d[k] = math.Abs(v.Value(start)-exact), math.Abs(v.Dissipation(start)-dissipation)
		}
		for what, e := range map[string][2]float64{"value": e, "dissipation": d} {
			if order := math.Log2(e[0] / e[1]); order < 1.9 || order > 2.1 || e[1] > 2e-3 {
				t.Errorf("%s %s: errors %.3g, order %.3f in h, want 2", f, what, e, order)
			}
		}
	}
}

// dF/dt = −Dissipation identically, not only at small h.
func TestDiscreteDissipationIdentity(t *testing.T) {
	for _, f := range Flows() {
		v, q := onGrid(t, f, 31, Pair(2), Normal(1, 0.8))
		mu, dq := make([]float64, len(q)), make([]float64, len(q))
		v.Variation(mu, q)
		v.Velocity(dq, q)
		rate := 0.0
		for i := range mu {
			rate += v.Grid().Width() * mu[i] * dq[i]
		}
		closeTo(t, f.String()+" dF/dt", rate, -v.Dissipation(q), 1e-11)
		closeTo(t, f.String()+" ∫dq/dt", sum(dq)*v.Grid().Width(), 0, 1e-13)
	}
}

// Mass to rounding, no negative cell, decay at every step: from an overlapping start, from a
// collapsed mode with empty cells, and with the data out of reach.
func TestFiniteVolumeInvariants(t *testing.T) {
	for _, f := range Flows() {
		for name, c := range map[string]struct {
			p    *Mixture
			q    *Mixture
			wipe bool
		}{"near": {Pair(2), Normal(0, 1), false}, "collapsed": {Pair(2), Normal(-2, 1), true}, "far": {Normal(8, 1.25), Normal(0, 0.6), false}} {
			v, q := onGrid(t, f, 120, c.p, c.q)
			if c.wipe {
				for i := range q {
					if v.Grid().Centre(i) > 0 {
						q[i] = 0
					}
				}
				v.Grid().Normalise(q)
			}
			other := append([]float64(nil), q...)
			next := make([]float64, len(q))
			value := v.Value(q)
			for k := range 300 {
				v.Explicit(next, q, v.MaxStep())
				q, next = next, q
				if now := v.Value(q); now > value+1e-13 {
					t.Fatalf("%s %s: the functional rises from %v to %v at step %d", f, name, value, now, k)
				} else {
					value = now
				}
			}
			checkCells(t, f.String()+" "+name+" explicit", v, q)
			for range 30 {
				before := v.Value(other)
				if err := v.Implicit(other, other, 40*v.MaxStep()); err != nil {
					t.Fatalf("%s %s: %v", f, name, err)
				}
				if now := v.Value(other); now > before+1e-13 {
					t.Fatalf("%s %s: the functional rises from %v to %v", f, name, before, now)
				}
			}
			checkCells(t, f.String()+" "+name+" implicit", v, other)
		}
	}
}

// The same for any q, empty cells included, any positive p, any step and all flows.
func TestFiniteVolumeProperties(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		f := rapid.SampledFrom(Flows()).Draw(r, "flow")
		n := rapid.IntRange(3, 12).Draw(r, "cells")
		p := rapid.SliceOfN(rapid.Float64Range(1e-6, 1), n, n).Draw(r, "p")
		q := rapid.SliceOfN(rapid.SampledFrom([]float64{0, 1e-9, 0.1, 1, 5}), n, n).Draw(r, "q")
		dt := rapid.Float64Range(1e-4, 10).Draw(r, "dt")
		g, _ := NewGrid(0, 2, n)
		if sum(q) == 0 {
			return
		}
		g.Normalise(q)
		v, err := NewFiniteVolume(g, p, f)
		if err != nil {
			r.Fatal(err)
		}
		explicit, implicit := make([]float64, n), make([]float64, n)
		v.Explicit(explicit, q, v.MaxStep())
		if err := v.Implicit(implicit, q, dt); err != nil {
			r.Fatal(err)
		}
		for name, next := range map[string][]float64{"explicit": explicit, "implicit": implicit} {
			if math.Abs(g.Mass(next)-1) > 1e-11 || slices.Min(next) < -1e-15 || v.Value(next) > v.Value(q)+1e-11 {
				r.Fatalf("%s %s: mass %v, least cell %v, functional %v after %v", f, name, g.Mass(next), slices.Min(next), v.Value(next), v.Value(q))
			}
		}
	})
}

func checkCells(t *testing.T, what string, v *FiniteVolume, q []float64) {
	t.Helper()
	closeTo(t, what+": mass", v.Grid().Mass(q), 1, 1e-12)
	for i, x := range q {
		if !(x >= 0) {
			t.Fatalf("%s: cell %d is %v", what, i, x)
		}
	}
}

// One Euler step beyond MaxStep by a factor can make a cell negative; at MaxStep none.
func TestMaxStepIsSharp(t *testing.T) {
	v, q := onGrid(t, KL, 40, Normal(0, 1), Normal(0, 1))
	clear(q)
	q[20] = 1 / v.Grid().Width()
	next := make([]float64, 40)
	v.Explicit(next, q, 2.2*v.MaxStep())
	if next[20] >= 0 {
		t.Error("a step far beyond the limit leaves the cell positive: the limit is not what it says")
	}
}

// The dissipation residual (F_{k+1}−F_k)/Δt + D_k of explicit Euler is of first order in the
// step: nothing else is left, the grid dissipates exactly.
func TestResidualOrder(t *testing.T) {
	for _, f := range Flows() {
		var worst [2]float64
		for k := range worst {
			v, q := onGrid(t, f, 80, Pair(1.5), Normal(0.5, 1))
			dt := v.MaxStep() / float64(int(1)<<k)
			next := make([]float64, len(q))
			for range 40 << k {
				v.Explicit(next, q, dt)
				residual := (v.Value(next)-v.Value(q))/dt + v.Dissipation(q)
				worst[k] = math.Max(worst[k], math.Abs(residual)/v.Dissipation(q))
				q, next = next, q
			}
		}
		if order := math.Log2(worst[0] / worst[1]); order < 0.9 || order > 1.1 || worst[1] > 0.3 {
			t.Errorf("%s: residuals %.3g, order %.3f in the step, want 1", f, worst, order)
		}
	}
}

// Explicit and implicit Euler bracket the flow, and both converge to it with order 1.
func TestExplicitAndImplicitAgree(t *testing.T) {
	for _, f := range Flows() {
		var gap [2]float64
		for k := range gap {
			v, q := onGrid(t, f, 80, Pair(1.5), Normal(0.5, 1))
			dt, other, next := v.MaxStep()/float64(int(1)<<k), append([]float64(nil), q...), make([]float64, len(q))
			for range 50 << k {
				v.Explicit(next, q, dt)
				q, next = next, q
				if err := v.Implicit(other, other, dt); err != nil {
					t.Fatal(err)
				}
			}
			gap[k] = v.Grid().W2(q, other)
		}
		if order := math.Log2(gap[0] / gap[1]); order < 0.85 || order > 1.15 || gap[1] > 1e-2 {
			t.Errorf("%s: explicit and implicit differ by %.3g, order %.3f", f, gap, order)
		}
	}
}

// The paper's pairing: along the flow of −∇φ the functional J′ decays at ∫D*|∇φ|²q, not at
// ∫|∇φ|²q. Near q = p the ratio is ½.
func TestPaperPairingFails(t *testing.T) {
	v, q := onGrid(t, Saturating, 400, Normal(8, 1.25), Normal(8.01, 1.25))
	literal, err := NewFiniteVolume(v.Grid(), v.Target(), LiteralJPrime)
	if err != nil {
		t.Fatal(err)
	}
	next := make([]float64, len(q))
	dt := v.MaxStep()
	v.Explicit(next, q, dt)
	paper := (literal.Value(next) - literal.Value(q)) / dt
	right := (v.Value(next) - v.Value(q)) / dt
	closeTo(t, "dJ′/dt over −∫|∇φ|²q", paper/-v.Dissipation(q), 0.5, 2e-3)
	closeTo(t, "dC/dt over −∫|∇φ|²q", right/-v.Dissipation(q), 1, 2e-3)
}

// The linear regime: a shift decays at w(0)/σ² and an excess of variance at 2w(0)/σ².
func TestRelaxationRates(t *testing.T) {
	const sigma = 1.25
	for _, f := range Flows() {
		for _, c := range []struct {
			k int
			q *Mixture
		}{{1, Normal(0.001, sigma)}, {2, Normal(0, sigma*1.001)}} {
			v, q := onGrid(t, f, 400, Normal(0, sigma), c.q)
			offset := func() float64 {
				if c.k == 1 {
					return v.Grid().Mean(q) - v.Grid().Mean(v.Target())
				}
				return v.Grid().Variance(q) - v.Grid().Variance(v.Target())
			}
			before := offset()
			const dt = 0.02
			for range 20 {
				if err := v.Implicit(q, q, dt); err != nil {
					t.Fatal(err)
				}
			}
			rate := (math.Pow(before/offset(), 1.0/20) - 1) / dt // exact for implicit Euler
			closeTo(t, f.String(), rate, f.Weight(0)*float64(c.k)/(sigma*sigma), 3e-3)
		}
	}
}

func TestSpectrum(t *testing.T) {
	for _, c := range []struct {
		p    Density
		gap  float64
		tol  float64
		name string
	}{
		{Normal(3, 1.25), 1 / 1.5625, 1e-7, "Gaussian"},
		{Pair(2), 0.119, 5e-4, "a=2"}, {Pair(3), 0.0143, 5e-5, "a=3"}, {Pair(4), 6.2e-4, 5e-6, "a=4"},
	} {
		gap, correction, err := Gap(c.p, 400)
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, c.name, gap, c.gap, c.tol)
		again, _, err := Gap(c.p, 800)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(again-gap) > 1e-5*gap || math.Abs(correction) > 2e-3*gap {
			t.Errorf("%s: gap %v, on finer grids %v, correction %v", c.name, gap, again, correction)
		}
		t.Logf("%s: gap %.8g", c.name, again)
	}
	// Hermite modes: −L has eigenvalues k/σ², and eigenfunctions that decay at them.
	g, _ := NewGrid(-9, 9, 600)
	p := make([]float64, 600)
	g.Average(p, Normal(0, 1))
	s, err := NewSpectrum(g, p)
	if err != nil {
		t.Fatal(err)
	}
	for k := range 5 {
		closeTo(t, "eigenvalue", s.Eigenvalue(k), float64(k), 2e-3)
	}
	u := make([]float64, 600)
	if err := s.Eigenfunction(u, 2); err != nil {
		t.Fatal(err)
	}
	for _, x := range []float64{-2, 0, 1.5} {
		closeTo(t, "u₂", u[int((x+9)/0.03)], (x*x-1)/math.Sqrt2, 0.06)
	}
}

// Quantile functions of piecewise constant densities are integrated exactly.
func TestGridW2(t *testing.T) {
	g, _ := NewGrid(0, 4, 4)
	closeTo(t, "unit shift", g.W2([]float64{1, 0, 0, 0}, []float64{0, 1, 0, 0}), 1, 1e-15)
	// Uniform on [0,2] to uniform on [0,1]: ∫(2u−u)² du = 1/3.
	closeTo(t, "stretch", g.W2([]float64{1, 1, 0, 0}, []float64{1, 0, 0, 0}), math.Sqrt(1.0/3), 1e-15)
	// Half at [0,1], half at [3,4] against [1,3]: ∫ over the halves.
	closeTo(t, "split", g.W2([]float64{1, 0, 0, 1}, []float64{0, 1, 1, 0}), 1, 1e-15)
	fine, _ := NewGrid(-12, 14, 4000)
	a, b := make([]float64, 4000), make([]float64, 4000)
	fine.Average(a, Normal(0, 1))
	fine.Average(b, Normal(1, 1.5))
	closeTo(t, "Gaussians", fine.W2(a, b), math.Sqrt(1.25), 1e-5)
	fine.Average(b, Pair(2))
	closeTo(t, "pair", fine.W2(a, b), 1.28316091, 2e-5)
}

func TestGridRefuses(t *testing.T) {
	if _, err := NewGrid(1, 1, 10); err == nil {
		t.Error("an empty interval is accepted")
	}
	if _, err := NewGrid(0, 1, 2); err == nil {
		t.Error("two cells are accepted")
	}
	g, _ := NewGrid(0, 1, 4)
	if _, err := NewFiniteVolume(g, []float64{1, 0, 1, 1}, KL); err == nil {
		t.Error("an empty cell of the data is accepted")
	}
	if _, err := NewFiniteVolume(g, []float64{1, 1, 1}, KL); err == nil {
		t.Error("a density of another grid is accepted")
	}
}

func TestBasins(t *testing.T) {
	g, _ := NewGrid(-9, 9, 90)
	p := make([]float64, 90)
	g.Average(p, Pair(3))
	if cuts := g.Basins(p); len(cuts) != 3 || cuts[1] != 45 {
		t.Errorf("basins of a pair: %v", cuts)
	}
	for n, want := range map[int]int{60: 30, 120: 60, 200: 100} { // symmetric grids cut in the middle
		g, _ := GridFor(n, 1e-12, Pair(2))
		p := make([]float64, n)
		g.Average(p, Pair(2))
		if cuts := g.Basins(p); len(cuts) != 3 || cuts[1] != want {
			t.Errorf("basins on %d cells: %v", n, cuts)
		}
	}
	g.Average(p, Normal(0, 1))
	if cuts := g.Basins(p); len(cuts) != 2 {
		t.Errorf("basins of a Gaussian: %v", cuts)
	}
}

func BenchmarkFiniteVolume(b *testing.B) {
	g, _ := NewGrid(-8, 8, 256)
	p, q := make([]float64, 256), make([]float64, 256)
	g.Average(p, Pair(2))
	g.Average(q, Normal(0, 1))
	v, _ := NewFiniteVolume(g, p, Saturating)
	next := make([]float64, 256)
	b.Run("explicit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v.Explicit(next, q, v.MaxStep())
		}
	})
	b.Run("implicit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := v.Implicit(next, q, 0.05); err != nil {
				b.Fatal(err)
			}
		}
	})
}
