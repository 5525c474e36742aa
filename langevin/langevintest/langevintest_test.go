package langevintest

import (
	"fmt"
	"testing"

	"machlup/langevin"
)

// recorder is a testing.TB that notes a failure instead of failing.
type recorder struct {
	testing.TB
	failed string
}

type stop struct{}

func (r *recorder) Helper()                   {}
func (r *recorder) Error(a ...any)            { r.failed = fmt.Sprint(a...) }
func (r *recorder) Errorf(f string, a ...any) { r.failed = fmt.Sprintf(f, a...) }
func (r *recorder) Fatal(a ...any)            { r.Error(a...); panic(stop{}) }
func (r *recorder) Fatalf(f string, a ...any) { r.Errorf(f, a...); panic(stop{}) }
func failure(check func(t testing.TB)) (s string) {
	r := &recorder{}
	defer func() {
		if e := recover(); e != nil && e != (stop{}) {
			panic(e)
		}
		s = r.failed
	}()
	check(r)
	return r.failed
}

// toy is a correct heavy ball in two dimensions on which the cases below plant mistakes.
type toy struct {
	*langevin.SGLD
	step   func(m langevin.Map, next, state, xi []float64)
	drift  func(dst []float64)
	vjp    func(dst []float64)
	jvp    func(dst []float64)
	lvjp   func(dst []float64)
	init   func(state []float64)
	config int
}

func newToy() *toy {
	u, err := langevin.NewDoubleWell(langevin.DoubleWellConfig{Dim: 2, Barrier: 1, Minimum: 1, Tilt: 0.2})
	if err != nil {
		panic(err)
	}
	m, err := langevin.HeavyBallConfig{Eta: 0.05, Momentum: 0.5, Temperature: 0.2}.New(langevin.Descent(u))
	if err != nil {
		panic(err)
	}
	return &toy{SGLD: m, config: 2}
}

func (m *toy) Config() int { return m.config }

func (m *toy) Init(state, q []float64) {
	m.SGLD.Init(state, q)
	apply(m.init, state)
}

func (m *toy) Step(next, state, xi []float64) {
	if m.step != nil {
		m.step(m.SGLD, next, state, xi)
		return
	}
	m.SGLD.Step(next, state, xi)
}

func (m *toy) Drift(dst []float64, b int, q []float64) {
	m.SGLD.Drift(dst, b, q)
	apply(m.drift, dst)
}

func (m *toy) JVP(dst, state, v []float64) {
	m.SGLD.JVP(dst, state, v)
	apply(m.jvp, dst)
}

func (m *toy) VJP(dst, state, w []float64) {
	m.SGLD.VJP(dst, state, w)
	apply(m.vjp, dst)
}

func (m *toy) NoiseVJP(dst, state, w []float64) {
	m.SGLD.NoiseVJP(dst, state, w)
	apply(m.lvjp, dst)
}

func apply(f func([]float64), x []float64) {
	if f != nil {
		f(x)
	}
}

func flip(x []float64) { x[0] = -x[0] }

// TestSuiteNotices: the correct map passes, and each planted fault fails.
func TestSuiteNotices(t *testing.T) {
	q := []float64{0.4, -1.1}
	check := map[string]func(m func() *toy) string{
		"map": func(m func() *toy) string {
			return failure(func(t testing.TB) { CheckMap(t, func() langevin.Map { return m() }, q) })
		},
		"recurrence": func(m func() *toy) string {
			return failure(func(t testing.TB) { CheckRecurrence(t, m(), q) })
		},
		"linearizer": func(m func() *toy) string {
			return failure(func(t testing.TB) { CheckLinearizer(t, m(), q) })
		},
	}
	for name, f := range check {
		if s := f(newToy); s != "" {
			t.Errorf("%s: the correct map fails: %s", name, s)
		}
	}
	var kept []float64
	memory := 0.0
	for name, c := range map[string]struct {
		by    string
		plant func(m *toy)
	}{
		"hidden memory": {"map", func(m *toy) {
			m.step = func(s langevin.Map, next, state, xi []float64) {
				s.Step(next, state, xi)
				memory += 1e-9
				next[0] += memory
			}
		}},
		"changes xi": {"map", func(m *toy) {
			m.step = func(s langevin.Map, next, state, xi []float64) { s.Step(next, state, xi); xi[0]++ }
		}},
		"changes state": {"map", func(m *toy) {
			m.step = func(s langevin.Map, next, state, xi []float64) { s.Step(next, state, xi); state[3]++ }
		}},
		"past the end": {"map", func(m *toy) {
			m.step = func(s langevin.Map, next, state, xi []float64) {
				s.Step(next, state, xi)
				next[:min(5, cap(next))][min(4, cap(next)-1)]++
			}
		}},
		"allocates": {"map", func(m *toy) {
			m.step = func(s langevin.Map, next, state, xi []float64) {
				s.Step(next, state, xi)
				kept = append([]float64(nil), next...)
			}
		}},
		"leaves memory unset": {"map", func(m *toy) {
			m.step = func(s langevin.Map, next, state, xi []float64) {
				old := next[3]
				s.Step(next, state, xi)
				next[3] = old
			}
		}},
		"adds to next": {"map", func(m *toy) {
			m.step = func(s langevin.Map, next, state, xi []float64) {
				old := next[0]
				s.Step(next, state, xi)
				next[0] += old
			}
		}},
		"init moves q":        {"map", func(m *toy) { m.init = flip }},
		"wrong size":          {"map", func(m *toy) { m.config = 1 }},
		"drift of wrong sign": {"recurrence", func(m *toy) { m.drift = flip }},
		"memory at start":     {"recurrence", func(m *toy) { m.init = func(s []float64) { s[2] = 0 } }},
		"noise scale": {"recurrence", func(m *toy) {
			m.step = func(s langevin.Map, next, state, xi []float64) {
				s.Step(next, state, []float64{2 * xi[0], 2 * xi[1]})
			}
		}},
		"jvp":      {"linearizer", func(m *toy) { m.jvp = flip }},
		"vjp":      {"linearizer", func(m *toy) { m.vjp = flip }},
		"noiseVJP": {"linearizer", func(m *toy) { m.lvjp = flip }},
	} {
		faulty := func() *toy {
			m := newToy()
			c.plant(m)
			return m
		}
		if check[c.by](faulty) == "" {
			t.Errorf("%s went unnoticed by Check for a %s", name, c.by)
		}
	}
	_ = kept
}

// badMetric is the sine metric with one fault.
type badMetric struct {
	*langevin.SineMetric
	fault string
}

func (m badMetric) Colour(dst, xi []float64) {
	if m.SineMetric.Colour(dst, xi); m.fault == "colour" {
		m.Solve(dst, dst)
	}
}

func (m badMetric) Divergence(dst []float64) {
	if m.SineMetric.Divergence(dst); m.fault == "divergence" {
		flip(dst)
	}
}

func (m badMetric) LogDet() float64 {
	if m.fault == "logdet" {
		return -m.SineMetric.LogDet()
	}
	return m.SineMetric.LogDet()
}

func (m badMetric) SolveVJP(dst, u, w []float64) {
	if m.SineMetric.SolveVJP(dst, u, w); m.fault == "solveVJP" {
		flip(dst)
	}
}

func TestMetricSuiteNotices(t *testing.T) {
	for _, fault := range []string{"", "colour", "divergence", "logdet", "solveVJP"} {
		sine, err := langevin.NewSineMetric(langevin.SineMetricConfig{Dim: 2, Amplitude: 0.5, Wave: 1})
		if err != nil {
			t.Fatal(err)
		}
		s := failure(func(t testing.TB) { CheckMetric(t, badMetric{sine, fault}, []float64{0.4, -1.1}) })
		if (s == "") != (fault == "") {
			t.Errorf("fault %q: the suite says %q", fault, s)
		}
	}
}

// tilted is a potential whose gradient is off by a constant.
type tilted struct{ langevin.Potential }

func (u tilted) Gradient(dst, x []float64) float64 {
	e := u.Potential.Gradient(dst, x)
	dst[0] += 0.01
	return e
}

func TestPotentialSuiteNotices(t *testing.T) {
	u, err := langevin.NewMuellerBrown(langevin.MuellerBrownConfig{Scale: 0.01})
	if err != nil {
		t.Fatal(err)
	}
	at := []float64{-0.3, 0.9}
	if s := failure(func(t testing.TB) { CheckPotential(t, u, at) }); s != "" {
		t.Error(s)
	}
	if failure(func(t testing.TB) { CheckPotential(t, tilted{u}, at) }) == "" {
		t.Error("a wrong gradient went unnoticed")
	}
	if failure(func(t testing.TB) { CheckObserver(t, langevin.NewCoordinates(2, tilted{u}), at) }) == "" {
		t.Error("a wrong gradient of an observable went unnoticed")
	}
}
