package langevintest

import (
	"testing"

	"machlup/langevin"
)

// steps is the length of the trajectories the suite compares.
const steps = 6

// CheckMap tests that Init and Step are pure functions of their arguments: nothing is
// remembered between calls, nothing outside next is written, next need not be
// initialised, arguments are not kept, a fresh copy continues a trajectory bit for bit,
// and a step allocates nothing.
func CheckMap(t testing.TB, newMap func() langevin.Map, q []float64) {
	t.Helper()
	m := newMap()
	if m.Config() != len(q) || m.Dim() < m.Config() || m.Inputs() < 0 {
		t.Fatalf("%s: Config %d, Dim %d, Inputs %d for a configuration of %d", label(m), m.Config(), m.Dim(), m.Inputs(), len(q))
	}
	path, inputs := checkTrajectory(t, m, q)
	checkRestart(t, newMap, path, inputs)
	checkForgetful(t, newMap(), path, inputs)
	state, xi, next := path[1], inputs[1], make([]float64, m.Dim())
	if a := testing.AllocsPerRun(10, func() { m.Step(next, state, xi) }); a != 0 {
		t.Errorf("Step allocates %v times", a)
	}
}

// checkTrajectory runs a trajectory with guarded and poisoned buffers.
func checkTrajectory(t testing.TB, m langevin.Map, q []float64) (path, inputs [][]float64) {
	t.Helper()
	first := newGuard(m.Dim())
	start := clone(q)
	m.Init(first.slice(), start)
	first.check(t, "Init: state")
	if !sameBits(start, q) || !sameBits(first.slice()[:len(q)], q) {
		t.Fatal("Init must copy q into the state and leave it alone")
	}
	path = append(path, clone(first.slice()))
	source := NewSource(11, 0)
	for k := range steps {
		xi, state, next := newGuard(m.Inputs()), newGuard(m.Dim()), newGuard(m.Dim())
		source.Normals(xi.slice())
		copy(state.slice(), path[k])
		copy(next.slice(), poisoned(m.Dim()))
		given := clone(xi.slice())
		m.Step(next.slice(), state.slice(), xi.slice())
		for what, g := range map[string]guard{"xi": xi, "state": state, "next": next} {
			g.check(t, "Step: "+what)
		}
		if !sameBits(state.slice(), path[k]) || !sameBits(xi.slice(), given) {
			t.Fatal("Step must not change state or xi")
		}
		for i, x := range next.slice() {
			if x != x || x == canary {
				t.Fatalf("Step %d left component %d of next unset or NaN (%v)", k, i, x)
			}
		}
		path, inputs = append(path, clone(next.slice())), append(inputs, given)
	}
	return path, inputs
}

// checkRestart continues from the middle with a fresh copy.
func checkRestart(t testing.TB, newMap func() langevin.Map, path, inputs [][]float64) {
	t.Helper()
	m := newMap()
	for k := steps / 2; k < steps; k++ {
		next := poisoned(m.Dim())
		m.Step(next, path[k], inputs[k])
		if !sameBits(next, path[k+1]) {
			t.Fatalf("a fresh map continued from step %d differs at step %d: the state is not complete", steps/2, k+1)
		}
	}
}

// checkForgetful takes the steps in another order and ruins every buffer after use.
func checkForgetful(t testing.TB, m langevin.Map, path, inputs [][]float64) {
	t.Helper()
	for k := steps - 1; k >= 0; k-- {
		state, xi, next := clone(path[k]), clone(inputs[k]), poisoned(m.Dim())
		m.Step(next, state, xi)
		if !sameBits(next, path[k+1]) {
			t.Fatalf("step %d depends on calls made before it", k)
		}
		for _, b := range [][]float64{state, xi, next} {
			copy(b, poisoned(len(b)))
		}
	}
}

// CheckObserver tests names, that Observe fills dst and leaves q alone, and the gradients
// of a GradientObserver against central differences.
func CheckObserver(t testing.TB, obs langevin.Observer, q []float64) {
	t.Helper()
	list := obs.Observables()
	seen := map[string]bool{}
	for _, o := range list {
		if o.Name == "" || o.Unit == "" || o.Doc == "" || seen[o.Name] {
			t.Errorf("observable %+v: name, unit and doc are needed, and names are unique", o)
		}
		seen[o.Name] = true
	}
	dst, given := newGuard(len(list)), clone(q)
	obs.Observe(dst.slice(), given)
	dst.check(t, "Observe: dst")
	for i, x := range dst.slice() {
		if x == canary {
			t.Errorf("Observe left %s unset", list[i].Name)
		}
	}
	if !sameBits(given, q) {
		t.Error("Observe must not change q")
	}
	g, ok := obs.(langevin.GradientObserver)
	if !ok {
		return
	}
	value := make([]float64, len(list))
	for i, o := range list {
		grad := poisoned(len(q))
		g.ObserveGradient(grad, i, q)
		v := normals(len(q), uint64(i))
		want := Derivative(q, v, func(x []float64) float64 {
			obs.Observe(value, x)
			return value[i]
		})
		if d := distance([]float64{dot(grad, v)}, []float64{want}, 1e-3*(1+norm(grad))); !(d < 1e-6) {
			t.Errorf("gradient of %s along v is %v, by differences %v", o.Name, dot(grad, v), want)
		}
	}
}
