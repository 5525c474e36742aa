package langevintest

import (
	"testing"

	"machlup/langevin"
)

// Derivative is the derivative of f at x along v, by central differences with one
// extrapolation.
func Derivative(x, v []float64, f func([]float64) float64) float64 {
	return directional(x, v, func(y []float64) []float64 { return []float64{f(y)} })[0]
}

// directional is (4D(h) − D(2h))/3 with D(h) a central difference. h is chosen for a
// relative error near 1e−9 on smooth functions of order one.
func directional(x, v []float64, f func([]float64) []float64) []float64 {
	const step = 2e-4
	h := step / (1e-30 + norm(v)/(1+norm(x)))
	diff := func(h float64) []float64 {
		y := clone(x)
		for i := range y {
			y[i] = x[i] + h*v[i]
		}
		plus := clone(f(y))
		for i := range y {
			y[i] = x[i] - h*v[i]
		}
		minus := f(y)
		for i := range plus {
			plus[i] = (plus[i] - minus[i]) / (2 * h)
		}
		return plus
	}
	one, two := diff(h/2), diff(h)
	for i := range one {
		one[i] = (4*one[i] - two[i]) / 3
	}
	return one
}

// CheckLinearizer tests JVP, VJP and NoiseVJP (and NoiseJVP) at states of a noisy
// trajectory: JVP against differences of Step at ξ = 0, VJP and NoiseVJP as the transposes
// of JVP and of the derivative with respect to ξ, and that none allocates.
func CheckLinearizer(t testing.TB, m langevin.Map, q []float64) {
	t.Helper()
	lin, ok := langevin.AsLinearizer(m)
	if !ok {
		t.Fatalf("%s is no Linearizer", label(m))
	}
	state, next := make([]float64, m.Dim()), make([]float64, m.Dim())
	m.Init(state, q)
	source, xi := NewSource(13, 0), make([]float64, m.Inputs())
	for k := range 3 {
		checkDerivatives(t, m, lin, state, uint64(k))
		source.Normals(xi)
		m.Step(next, state, xi)
		state, next = next, state
	}
	v, w, in := normals(m.Dim(), 1), make([]float64, m.Dim()), make([]float64, m.Inputs())
	if a := testing.AllocsPerRun(10, func() {
		lin.JVP(w, state, v)
		lin.VJP(w, state, v)
		lin.NoiseVJP(in, state, v)
	}); a != 0 {
		t.Errorf("JVP, VJP and NoiseVJP allocate %v times", a)
	}
}

func checkDerivatives(t testing.TB, m langevin.Map, lin langevin.Linearizer, state []float64, seed uint64) {
	t.Helper()
	zero, out := make([]float64, m.Inputs()), make([]float64, m.Dim())
	v, w, u := normals(m.Dim(), 10+seed), normals(m.Dim(), 20+seed), normals(m.Inputs(), 30+seed)
	at := clone(state)

	mv := poisoned(m.Dim())
	lin.JVP(mv, at, v)
	want := directional(state, v, func(x []float64) []float64 { m.Step(out, x, zero); return out })
	if d := distance(mv, want, 0); !(d < 1e-7) {
		t.Fatalf("JVP differs from differences of Step by %.2g, relative", d)
	}
	mw := poisoned(m.Dim())
	lin.VJP(mw, at, w)
	if a, b := dot(w, mv), dot(mw, v); !(abs(a-b) < 1e-10*(norm(w)*norm(mv)+norm(mw)*norm(v))) {
		t.Fatalf("VJP is not the transpose of JVP: w·Mv = %v, Mᵀw·v = %v", a, b)
	}

	lu := directional(zero, u, func(x []float64) []float64 { m.Step(out, at, x); return out })
	lw := poisoned(m.Inputs())
	lin.NoiseVJP(lw, at, w)
	if a, b := dot(w, lu), dot(lw, u); !(abs(a-b) <= 1e-7*(norm(w)*norm(lu)+norm(lw)*norm(u))) {
		t.Fatalf("NoiseVJP is not the transpose of ∂Φ/∂ξ: w·Lu = %v, Lᵀw·u = %v", a, b)
	}
	if n, ok := lin.(langevin.NoiseLinearizer); ok {
		got := poisoned(m.Dim())
		n.NoiseJVP(got, at, u)
		if d := distance(got, lu, 1e-12); !(d < 1e-7) {
			t.Fatalf("NoiseJVP differs from differences of Step by %.2g, relative", d)
		}
	}
	if !sameBits(at, state) {
		t.Fatal("derivatives must not change the state")
	}
}

func abs(x float64) float64 { return max(x, -x) }

// CheckPotential tests the gradient and, if there is one, the Hessian-vector product of a
// potential against central differences at x, and that they allocate nothing.
func CheckPotential(t testing.TB, u langevin.Potential, x []float64) {
	t.Helper()
	if u.Dim() != len(x) {
		t.Fatalf("Dim is %d for %d coordinates", u.Dim(), len(x))
	}
	g, v := poisoned(len(x)), normals(len(x), 41)
	if e := u.Gradient(g, x); !(abs(e-u.Energy(x)) <= 1e-13*(1+abs(e))) {
		t.Errorf("Gradient returns U = %v, Energy %v", e, u.Energy(x))
	}
	if got, want := dot(g, v), Derivative(x, v, u.Energy); !(abs(got-want) < 1e-7*(norm(g)*norm(v))) && norm(g) > 0 {
		t.Errorf("gradient along v is %v, by differences %v", got, want)
	}
	dst := make([]float64, len(x))
	if h, ok := u.(langevin.HessianVector); ok {
		hv := poisoned(len(x))
		h.HessVec(hv, x, v)
		want := directional(x, v, func(y []float64) []float64 { u.Gradient(dst, y); return dst })
		if d := distance(hv, want, 1e-12); !(d < 1e-7) {
			t.Errorf("HessVec differs from differences of Gradient by %.2g, relative", d)
		}
	}
	if a := testing.AllocsPerRun(10, func() { u.Gradient(dst, x); u.Energy(x) }); a != 0 {
		t.Errorf("Gradient and Energy allocate %v times", a)
	}
}
