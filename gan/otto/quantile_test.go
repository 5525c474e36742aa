package otto

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"machlup/langevin"
)

// Both particle representations are Potentials with exact second derivatives.
var (
	_ langevin.HessianVector = (*Quantile)(nil)
	_ langevin.HessianVector = (*HermiteGalerkin)(nil)
)

func newQuantile(t testing.TB, p Density, f Flow, n int, origin []float64) *Quantile {
	t.Helper()
	q, err := NewQuantile(p, f, n, origin)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// checkDerivatives compares gradient and Hessian-vector product with central differences.
func checkDerivatives(t *testing.T, what string, u langevin.HessianVector, x []float64, tol float64) {
	t.Helper()
	n := u.Dim()
	const h = 1e-5
	g, up, down, v, hv := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	closeTo(t, what+": energy of Gradient", u.Gradient(g, x), u.Energy(x), 1e-14)
	y := append([]float64(nil), x...)
	for i := range x {
		y[i] = x[i] + h
		e := u.Energy(y)
		y[i] = x[i] - h
		closeTo(t, what+": gradient", g[i], (e-u.Energy(y))/(2*h), tol)
		y[i] = x[i]
	}
	for i := range v {
		v[i] = math.Sin(float64(3*i + 1))
		y[i] = x[i] + h*v[i]
	}
	u.Gradient(up, y)
	for i := range v {
		y[i] = x[i] - h*v[i]
	}
	u.Gradient(down, y)
	u.HessVec(hv, x, v)
	for i := range hv {
		closeTo(t, what+": Hessian", hv[i], (up[i]-down[i])/(2*h), 10*tol)
	}
}

func TestQuantileDerivatives(t *testing.T) {
	for _, f := range Flows() {
		for _, p := range []*Mixture{Normal(0.4, 1.2), Pair(1.7)} {
			q := newQuantile(t, p, f, 7, []float64{0.1, 0, 0, 0, 0, 0, -0.2})
			checkDerivatives(t, f.String(), q, []float64{-1.9, -1.1, -0.3, 0.2, 0.9, 1.4, 2.5}, 2e-8)
			checkDerivatives(t, f.String()+" crossed", q, []float64{0.9, -1.1, 1.4, 0.2, -1.9, -0.3, 2.5}, 2e-8)
			q = newQuantile(t, p, f, 2, nil)
			checkDerivatives(t, f.String()+" N=2", q, []float64{0.7, -0.4}, 2e-8)
		}
	}
}

// A permutation of the particles changes nothing but labels; no allocation.
func TestQuantileIsSymmetric(t *testing.T) {
	q := newQuantile(t, Pair(1), NonSaturating, 6, nil)
	rapid.Check(t, func(r *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-3, 3), 6, 6).Draw(r, "x")
		order := rapid.Permutation([]int{0, 1, 2, 3, 4, 5}).Draw(r, "order")
		y, g, gy := make([]float64, 6), make([]float64, 6), make([]float64, 6)
		for i, j := range order {
			y[i] = x[j]
		}
		a, b := q.Gradient(g, x), q.Gradient(gy, y)
		if math.IsInf(a, 1) && math.IsInf(b, 1) {
			return
		}
		if a != b {
			r.Fatalf("energy %v becomes %v", a, b)
		}
		distinct := true
		for i := range x {
			for j := range i {
				distinct = distinct && x[i] != x[j]
			}
		}
		for i, j := range order {
			if distinct && gy[i] != g[j] {
				r.Fatalf("gradient of particle %d: %v and %v", j, g[j], gy[i])
			}
		}
	})
	x, g := []float64{1, 2, 0, 5, 4, 3}, make([]float64, 6)
	if n := testing.AllocsPerRun(10, func() { q.Gradient(g, x); q.HessVec(g, x, x); q.Energy(x) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Coinciding particles: kl and non-saturating are +Inf, C and J′ are finite.
func TestCoincidingParticles(t *testing.T) {
	for _, f := range Flows() {
		q := newQuantile(t, Normal(0, 1), f, 3, nil)
		e, g := 0.0, make([]float64, 3)
		e = q.Gradient(g, []float64{0.5, 0.5, 1})
		if want := f == KL || f == NonSaturating; math.IsInf(e, 1) != want || math.IsNaN(e) || q.Energy([]float64{0.5, 0.5, 1}) != e {
			t.Errorf("%s: energy %v of coinciding particles", f, e)
		}
		for _, v := range g {
			if math.IsNaN(v) {
				t.Errorf("%s: gradient %v", f, g)
			}
		}
	}
}

// The particle functional tends to the integral.
func TestQuantileConverges(t *testing.T) {
	p, q := Normal(0.5, 1.2), Normal(0, 0.9)
	for _, f := range Flows() {
		var e [3]float64
		for k := range e {
			n := 50 << (2 * k)
			u := newQuantile(t, p, f, n, Quantiles(q, n))
			e[k] = math.Abs(u.Functional(make([]float64, n)) - f.Value(q, p, Breaks(p, q)))
		}
		if !(e[1] < e[0]/2.5 && e[2] < e[1]/2.5 && e[2] < 2e-3) {
			t.Errorf("%s: errors %.3g at N = 50, 200, 800: not of first order in 1/N", f, e)
		}
	}
}

// The Hessian at rest tends to w(0)·k/σ², slowly: the tails are cut.
func TestQuantileSpectrum(t *testing.T) {
	for _, c := range []struct {
		n    int
		want [3]float64
		tol  float64
	}{{20, [3]float64{1, 2, 3}, 0.06}, {80, [3]float64{1, 2, 3}, 0.045}} {
		u := newQuantile(t, Normal(0, 1), Saturating, c.n, Quantiles(Normal(0, 1), c.n))
		x := make([]float64, c.n)
		j, err := NewJKO(u, 100)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if err := j.Step(x, x); err != nil {
				t.Fatal(err)
			}
		}
		h := mat.NewSymDense(c.n, nil)
		e, col := make([]float64, c.n), make([]float64, c.n)
		for i := range e {
			clear(e)
			e[i] = 1
			u.HessVec(col, x, e)
			for k := 0; k <= i; k++ {
				h.SetSym(k, i, col[k])
			}
		}
		var eig mat.EigenSym
		if !eig.Factorize(h, false) {
			t.Fatal("no eigenvalues")
		}
		values := eig.Values(nil)
		t.Logf("N = %d: 2ω² = %.4f", c.n, []float64{2 * values[0], 2 * values[1], 2 * values[2], 2 * values[3]})
		for k, w := range c.want {
			closeTo(t, "2ω²", 2*values[k], w, c.tol)
		}
	}
}

func TestHermiteDerivatives(t *testing.T) {
	for _, f := range Flows() {
		g, err := NewHermiteGalerkin(HermiteGalerkinConfig{Modes: 4, Nodes: 32, Flow: f.String(), Mean: 0.3, Std: 1.2})
		if err != nil {
			t.Fatal(err)
		}
		checkDerivatives(t, f.String(), g, []float64{0.4, -0.2, 0.01, 0.003}, 1e-8)
		checkDerivatives(t, f.String()+" past the fold", g, []float64{0.4, -0.2, 0.3, -0.2}, 1e-6)
	}
}

// At p the Hessian is diag(w(0) k/σ²): ω² = k/2σ² for C and k/4σ² for J′, to rounding, and
// by central differences of the gradient for k ≤ 3.
func TestHermiteSpectrum(t *testing.T) {
	const modes, std = 5, 1.25
	for _, f := range Flows() {
		g, err := NewHermiteGalerkin(HermiteGalerkinConfig{Modes: modes, Nodes: 40, Flow: f.String(), Mean: 8, Std: std})
		if err != nil {
			t.Fatal(err)
		}
		x, v, h := make([]float64, modes), make([]float64, modes), make([]float64, modes)
		closeTo(t, f.String()+" minimum", g.Gradient(h, x), f.Minimum(), 1e-14)
		for k := range modes {
			closeTo(t, f.String()+" gradient at rest", h[k], 0, 1e-13)
		}
		want := map[Flow]float64{Saturating: 0.5, LiteralJPrime: 0.25, NonSaturating: 0.5, KL: 1}[f]
		for k := range modes {
			clear(v)
			v[k] = 1
			g.HessVec(h, x, v)
			for l := range modes {
				exact := 0.0
				if k == l {
					exact = want * float64(k+1) / (std * std)
				}
				closeTo(t, f.String()+" Hessian", h[l], exact, 1e-12)
			}
			closeTo(t, "Frequency2", g.Frequency2(k+1), want*float64(k+1)/(std*std), 1e-15)
			if k < 3 {
				up, down := make([]float64, modes), make([]float64, modes)
				v[k] = 1e-4
				g.Gradient(up, v)
				v[k] = -1e-4
				g.Gradient(down, v)
				closeTo(t, f.String()+" ω² by differences", (up[k]-down[k])/2e-4, want*float64(k+1)/(std*std), 1e-6)
			}
		}
	}
}

// Shift and stretch are Gaussians again, where the functional is known.
func TestHermiteShiftAndStretch(t *testing.T) {
	for _, f := range Flows() {
		g, err := NewHermiteGalerkin(HermiteGalerkinConfig{Modes: 2, Nodes: 100, Flow: f.String(), Mean: 1, Std: 1.25})
		if err != nil {
			t.Fatal(err)
		}
		p, q := Normal(1, 1.25), Normal(1.6, 1)
		closeTo(t, f.String(), g.Energy([]float64{0.6, -0.25}), f.Value(q, p, Breaks(p, q)), 1e-9)
	}
}

// JKO of kl from a Gaussian has a closed form for the mean, m/(1+τ/σ²), which particles
// reach as N grows; and steps converge to the flow with order 1 in τ.
func TestJKOOrder(t *testing.T) {
	const n, time = 24, 0.5
	for _, f := range Flows() {
		p := Normal(0, 1)
		u := newQuantile(t, p, f, n, Quantiles(Normal(1.2, 0.8), n))
		exact := make([]float64, n)
		Descend(u, exact, time, 4000)
		var e [3]float64
		for k := range e {
			steps := 8 << k
			j, err := NewJKO(u, time/float64(steps))
			if err != nil {
				t.Fatal(err)
			}
			x := make([]float64, n)
			for range steps {
				before := u.Functional(x)
				y := append([]float64(nil), x...)
				if err := j.Step(x, x); err != nil {
					t.Fatal(err)
				}
				if now := u.Functional(x) + distance2(x, y)/(2*time/float64(steps)); now > before+1e-14 {
					t.Errorf("%s: the step's objective rises from %v to %v", f, before, now)
				}
			}
			e[k] = math.Sqrt(distance2(x, exact))
		}
		if a, b := math.Log2(e[0]/e[1]), math.Log2(e[1]/e[2]); a < 0.85 || b < 0.92 || b > 1.08 || e[2] > 0.01 {
			t.Errorf("%s: errors %.3g, orders %.3f and %.3f, want 1", f, e, a, b)
		}
	}
}

func distance2(x, y []float64) float64 {
	sum := 0.0
	for i := range x {
		sum += (x[i] - y[i]) * (x[i] - y[i])
	}
	return sum / float64(len(x))
}

// JKO on J′ is not the paper's flow with −∇φ: near q = p it is half as fast.
func TestJKOOnLiteralFunctional(t *testing.T) {
	const n, tau = 60, 0.01
	p := Normal(0, 1)
	rate := func(f Flow) float64 {
		u := newQuantile(t, p, f, n, Quantiles(p, n))
		rest := make([]float64, n)
		j, err := NewJKO(u, 50)
		if err != nil {
			t.Fatal(err)
		}
		for range 6 {
			if err := j.Step(rest, rest); err != nil {
				t.Fatal(err)
			}
		}
		x := make([]float64, n)
		for i := range x {
			x[i] = rest[i] + 1e-3
		}
		if j, err = NewJKO(u, tau); err != nil {
			t.Fatal(err)
		}
		if err := j.Step(x, x); err != nil {
			t.Fatal(err)
		}
		return (1e-3/(mean(x)-mean(rest)) - 1) / tau
	}
	closeTo(t, "speed of JKO on J′ over that on C", rate(LiteralJPrime)/rate(Saturating), 0.5, 0.01)
}

func mean(x []float64) float64 { return sum(x) / float64(len(x)) }

// Particles and the finite-volume solver follow the same equation: their distance falls with
// N, slowly because of the tails.
func TestParticlesFollowThePDE(t *testing.T) {
	for _, f := range Flows() {
		p, start := Normal(0, 1), Normal(0.8, 0.9)
		const time = 0.4
		v, q := onGrid(t, f, 400, p, start)
		begin := append([]float64(nil), q...)
		for range 100 {
			if err := v.Implicit(q, q, time/100); err != nil {
				t.Fatal(err)
			}
		}
		moved := v.Grid().W2(q, begin)
		var off [2]float64
		for k := range off {
			n := 80 << (2 * k)
			u := newQuantile(t, p, f, n, Quantiles(start, n))
			x := make([]float64, n)
			j, err := NewJKO(u, time/100)
			if err != nil {
				t.Fatal(err)
			}
			for range 100 {
				if err := j.Step(x, x); err != nil {
					t.Fatal(err)
				}
			}
			u.Positions(x, x)
			for i := range x { // W₂ of the particles and the cells, at the particles' u
				d := x[i] - gridQuantile(v.Grid(), q, (float64(i)+0.5)/float64(n))
				off[k] += d * d / float64(n)
			}
		}
		a, b := math.Sqrt(off[0])/moved, math.Sqrt(off[1])/moved
		if !(b < a/1.5 && b < 0.09) {
			t.Errorf("%s: particles are off by %.3g (N = 80) and %.3g (N = 320) of the way", f, a, b)
		}
	}
}

func gridQuantile(g Grid, q []float64, u float64) float64 {
	for i, v := range q {
		if m := v * g.Width(); u > m {
			u -= m
		} else {
			return g.Edge(i) + u/v
		}
	}
	return g.Hi
}

// Inertia: stability limits of both discretisations, the heavy-ball map, the overdamped
// limit in rescaled time.
func TestInertialStability(t *testing.T) {
	for _, literal := range []bool{false, true} {
		for _, g := range []float64{0.1, 1, 1.9, 2.5, 10} {
			i := Inertial{Step: 0.3, Friction: g / 0.3, Literal: literal}
			limit := i.Limit()
			if literal && g >= 2 {
				if limit != 0 || i.SpectralRadius(1e-3) <= 1 {
					t.Errorf("γΔt = %v: the paper's friction is stable: limit %v, radius %v", g, limit, i.SpectralRadius(1e-3))
				}
				continue
			}
			if i.SpectralRadius(limit*0.999) >= 1 || i.SpectralRadius(limit*1.001) <= 1 {
				t.Errorf("literal %v, γΔt = %v: radius %v below and %v above the limit", literal, g, i.SpectralRadius(limit*0.999), i.SpectralRadius(limit*1.001))
			}
		}
	}
	i, err := FromMomentum(0.9, 0.02)
	if err != nil {
		t.Fatal(err)
	}
	beta, eta := i.Coefficients()
	closeTo(t, "β", beta, 0.9, 1e-14)
	closeTo(t, "η", eta, 0.02, 1e-14)
	if _, err := FromMomentum(1, 0.1); err == nil {
		t.Error("β = 1 is accepted")
	}
}

func TestInertialRun(t *testing.T) {
	g, err := NewHermiteGalerkin(DefaultHermiteGalerkin())
	if err != nil {
		t.Fatal(err)
	}
	const time, a0 = 2.0, 0.01
	end := func(gamma float64) float64 { // a₁ at the rescaled time
		dt := 0.002
		x := []float64{a0, 0, 0}
		if err := (Inertial{Step: dt, Friction: gamma}).Run(g, x, int(math.Round(gamma*time/dt))); err != nil {
			t.Fatal(err)
		}
		return x[0]
	}
	flow := []float64{a0, 0, 0}
	Descend(g, flow, time, 200)
	e8, e16 := math.Abs(end(8)-flow[0]), math.Abs(end(16)-flow[0])
	if order := math.Log2(e8 / e16); order < 1.85 || order > 2.15 {
		t.Errorf("overdamped errors %.3g and %.3g at γ = 8, 16: order %.3f in 1/γ, want 2", e8, e16, order)
	}
	// The scheme heavy-ball makes the same steps.
	i := Inertial{Step: 0.2, Friction: 1.5}
	beta, eta := i.Coefficients()
	hb, err := langevin.HeavyBallConfig{Eta: eta, Momentum: beta}.New(langevin.Descent(g))
	if err != nil {
		t.Fatal(err)
	}
	x := []float64{0.3, -0.1, 0.01}
	state, next, xi := make([]float64, hb.Dim()), make([]float64, hb.Dim()), make([]float64, hb.Inputs())
	hb.Init(state, x)
	for range 20 {
		hb.Step(next, state, xi)
		state, next = next, state
	}
	if err := i.Run(g, x, 20); err != nil {
		t.Fatal(err)
	}
	for k := range x {
		closeTo(t, "heavy ball", state[k], x[k], 1e-14)
	}
	x = []float64{0.3, -0.1, 0.01}
	if err := (Inertial{Step: 1, Friction: 30, Literal: true}).Run(g, x, 2000); err == nil {
		t.Error("the paper's friction at γΔt = 30 stays finite")
	}
}

// In quantile coordinates too the motion with inertia tends to the flow, in the time t/γ.
func TestInertiaOfParticles(t *testing.T) {
	const n, time, dt = 8, 0.5, 0.0005
	u := newQuantile(t, Pair(1), NonSaturating, n, Quantiles(Normal(0.5, 1), n))
	flow := make([]float64, n)
	Descend(u, flow, time, 500)
	var off [2]float64
	for k := range off {
		gamma := float64(int(10) << k)
		x := make([]float64, n)
		if err := (Inertial{Step: dt, Friction: gamma}).Run(u, x, int(math.Round(gamma*time/dt))); err != nil {
			t.Fatal(err)
		}
		off[k] = math.Sqrt(distance2(x, flow))
	}
	if order := math.Log2(off[0] / off[1]); order < 1.85 || order > 2.15 {
		t.Errorf("distances %.3g at γ = 10 and 20: order %.3f in 1/γ, want 2", off, order)
	}
}

// The step of a scheme on V = N·F has the noise 2ηTN of temperature T on the metric I/N.
func TestQuantileNoiseConvention(t *testing.T) {
	const n, eta, temperature = 5, 0.01, 0.003
	u := newQuantile(t, Normal(0, 1), KL, n, Quantiles(Normal(0, 1), n))
	m, err := langevin.EulerMaruyamaConfig{Eta: eta, Temperature: temperature * n}.New(langevin.Descent(u))
	if err != nil {
		t.Fatal(err)
	}
	x, g := make([]float64, n), make([]float64, n)
	u.Gradient(g, x)
	xi, next := []float64{1, 0, 0, 0, 0}, make([]float64, n)
	m.Step(next, x, xi)
	closeTo(t, "step of particle 0", next[0], -eta*g[0]+math.Sqrt(2*eta*temperature*n), 1e-15)
	const h = 1e-6 // and −g is −N ∂F/∂x
	y := append([]float64(nil), x...)
	y[0] += h
	up := u.Functional(y)
	y[0] -= 2 * h
	closeTo(t, "N ∂F/∂x", g[0], n*(up-u.Functional(y))/(2*h), 1e-7)
}

func TestConfigsRefuse(t *testing.T) {
	for _, c := range []QuantileConfig{
		{Particles: 1, Flow: "kl", Origin: "zero", MixtureConfig: DefaultMixture()},
		{Particles: 3, Flow: "klx", Origin: "zero", MixtureConfig: DefaultMixture()},
		{Particles: 3, Flow: "kl", Origin: "there", MixtureConfig: DefaultMixture()},
		{Particles: 3, Flow: "kl", Origin: "normal", MixtureConfig: DefaultMixture()},
		{Particles: 3, Flow: "kl", Origin: "zero"},
	} {
		if _, err := c.New(); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
	if u, err := DefaultQuantile().New(); err != nil || u.Dim() != 40 {
		t.Errorf("the default: %v", err)
	}
	for _, c := range []HermiteGalerkinConfig{
		{Modes: 0, Nodes: 20, Flow: "kl", Std: 1}, {Modes: 3, Nodes: 20, Flow: "x", Std: 1},
		{Modes: 10, Nodes: 12, Flow: "kl", Std: 1}, {Modes: 3, Nodes: 20, Flow: "kl"},
	} {
		if _, err := NewHermiteGalerkin(c); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
	if _, err := NewQuantile(Normal(0, 1), KL, 3, []float64{1}); err == nil {
		t.Error("an origin of another length is accepted")
	}
	if _, err := NewJKO(newQuantile(t, Normal(0, 1), KL, 3, nil), 0); err == nil {
		t.Error("τ = 0 is accepted")
	}
}
