package langevin_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"machlup/langevin"
	"machlup/langevin/exact"
	"machlup/langevin/langevintest"
)

// TestMoreSchemes runs the conformance suite on the schemes that not every system takes:
// what a scheme refuses of the systems is what it says it refuses.
func TestMoreSchemes(t *testing.T) {
	schemes := []struct {
		name    string
		refuses string // systems, a word of each
		make    func(f langevin.Drift) (langevin.Map, error)
	}{
		{"heun", "alternating", func(f langevin.Drift) (langevin.Map, error) {
			return langevin.HeunConfig{Eta: 0.07, Temperature: 0.3}.New(f)
		}},
		{"nesterov", "", func(f langevin.Drift) (langevin.Map, error) {
			return langevin.NesterovConfig{Eta: 0.05, Momentum: 0.6, Temperature: 0.3}.New(f)
		}},
		{"splitting-AOBBOA", "alternating", func(f langevin.Drift) (langevin.Map, error) {
			return langevin.SplittingConfig{Scheme: "AOBBOA", Step: 0.2, Friction: 0.8, Temperature: 0.3}.New(f)
		}},
		{"mala", "game", func(f langevin.Drift) (langevin.Map, error) {
			return langevin.MALAConfig{Eta: 0.07, Temperature: 0.3}.New(f)
		}},
		{"hmc", "game", func(f langevin.Drift) (langevin.Map, error) {
			return langevin.HMCConfig{Step: 0.3, Leaps: 3, Temperature: 0.3}.New(f)
		}},
		{"milstein", "alternating", func(f langevin.Drift) (langevin.Map, error) {
			return langevin.MilsteinConfig{Eta: 0.07, Temperature: 0.3, Correction: "half"}.New(f, sineMetric(f.Dim()))
		}},
		{"stratonovich-heun", "alternating", func(f langevin.Drift) (langevin.Map, error) {
			return langevin.StratonovichHeunConfig{Eta: 0.07, Temperature: 0.3, Correction: "full"}.New(f, sineMetric(f.Dim()))
		}},
	}
	for _, sc := range schemes {
		for _, s := range systems() {
			t.Run(sc.name+"/"+s.name, func(t *testing.T) {
				m, err := sc.make(driftOf(s.make()))
				if refused := sc.refuses != "" && strings.Contains(s.name, sc.refuses); refused != (err != nil) {
					t.Fatalf("error %v", err)
				}
				if err != nil {
					return
				}
				langevintest.Check(t, func() langevin.Map { return must(sc.make(driftOf(s.make()))) }, nil, s.at)
				if o, ok := m.(langevin.StateObserver); ok {
					checkStateObserver(t, m, o, s.at)
				}
			})
		}
	}
}

// checkStateObserver: every number of the memory is written, and the state is left alone.
func checkStateObserver(t *testing.T, m langevin.Map, o langevin.StateObserver, q []float64) {
	t.Helper()
	state, next, xi := make([]float64, m.Dim()), make([]float64, m.Dim()), make([]float64, m.Inputs())
	m.Init(state, q)
	langevintest.NewSource(3, 0).Normals(xi)
	m.Step(next, state, xi)
	dst, before := make([]float64, len(o.StateObservables())), append([]float64(nil), next...)
	for i := range dst {
		dst[i] = math.NaN()
	}
	o.ObserveState(dst, next)
	for i, v := range dst {
		if math.IsNaN(v) {
			t.Errorf("%s is not written", o.StateObservables()[i].Name)
		}
	}
	for i := range before {
		if before[i] != next[i] {
			t.Error("ObserveState changed the state")
		}
	}
}

// TestSplittingStrings: any string over A, B and O is a scheme; its linear map has the
// covariance that the product of its letters gives, and the closed forms where they are known.
func TestSplittingStrings(t *testing.T) {
	const k, delta, gamma, temp = 1.3, 0.5, 0.7, 0.6
	random := rand.New(rand.NewPCG(4, 1))
	orders := []string{"BAOAB", "BAOA", "ABOBA", "OBABO", "OABAO", "OBA", "AOB", "BAAOOAB", "ABOBAOB"}
	for len(orders) < 40 {
		s := []byte("ABO")
		for range random.IntN(6) {
			s = append(s, "ABO"[random.IntN(3)])
		}
		random.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
		orders = append(orders, string(s))
	}
	for _, s := range orders {
		m := must(langevin.SplittingConfig{Scheme: s, Step: delta, Friction: gamma, Temperature: temp}.New(harmonic(k, 1)))
		mat, q := linearMap(m)
		got := exact.StationaryCovariance(mat, q, 2)
		xx, xv, vv := exact.SplittingCovariance(s, k, delta, gamma, temp)
		near(t, s+" ⟨x²⟩", got[0], xx, 1e-11)
		near(t, s+" ⟨v²⟩", got[3], vv, 1e-11)
		if math.Abs(got[1]-xv) > 1e-12 {
			t.Errorf("%s: ⟨xv⟩ is %v, want %v", s, got[1], xv)
		}
		if x2, v2, ok := exact.SplittingMoments(s, k, delta); ok {
			near(t, s+" closed ⟨x²⟩", got[0], x2*temp/k, 1e-11)
			near(t, s+" closed ⟨v²⟩", got[3], v2*temp, 1e-11)
		}
	}
	for _, s := range []string{"", "AB", "BAOABX", "baoab", "OOB"} {
		if _, err := (langevin.SplittingConfig{Scheme: s, Step: delta, Friction: gamma}).New(harmonic(k, 1)); err == nil || !mentions(err, fmt.Sprintf("%q", s)) {
			t.Errorf("splitting %q: %v", s, err)
		}
	}
}

func mentions(err error, part string) bool { return strings.Contains(err.Error(), part) }

// TestNesterovTemperatures: each player of a game has its own noise.
func TestNesterovTemperatures(t *testing.T) {
	game := must(langevin.NewLinearGame(langevin.LinearGameConfig{Damping: 0.4, Rotation: 1.3, Alternating: true}))
	m := must(langevin.NesterovConfig{Eta: 0.1, Momentum: 0.5, Temperatures: []float64{0.3, 0.9}}.New(game))
	_, q := linearMap(m)
	near(t, "noise of x", q[0], 2*0.5*0.1*0.3, 1e-13)
	near(t, "noise of y", q[5], 2*0.5*0.1*0.9+0.01*1.3*1.3*2*0.5*0.1*0.3, 1e-13)
	if _, err := (langevin.NesterovConfig{Eta: 0.1, Temperatures: []float64{1, 2, 3}}).New(game); err == nil {
		t.Error("three temperatures for two blocks")
	}
}

// TestMetropolisLeavesBoltzmannInvariant integrates one step of the code itself over a double
// well's Boltzmann law and over the noise of the proposal, the uniform number integrated
// exactly: every moment is as before, at a large step.
func TestMetropolisLeavesBoltzmannInvariant(t *testing.T) {
	const temp = 0.6
	u := must(langevin.NewDoubleWell(langevin.DoubleWellConfig{Dim: 1, Barrier: 1, Minimum: 1, Tilt: 0.25}))
	for name, m := range map[string]*langevin.Metropolised{
		"mala": must(langevin.MALAConfig{Eta: 0.25, Temperature: temp}.New(langevin.Descent(u))),
		"hmc":  must(langevin.HMCConfig{Step: 0.5, Leaps: 3, Temperature: temp}.New(langevin.Descent(u))),
	} {
		law := exact.NewLaw(func(x float64) float64 { return -u.Energy([]float64{x}) / temp }, -3, 3, 601)
		noise := exact.NewLaw(func(z float64) float64 { return -z * z / 2 }, -7, 7, 701)
		moment := func(x float64) [3]float64 { return [3]float64{x, x * x, math.Sin(3 * x)} }
		var before, after [3]float64
		total, rejected := 0.0, 0.0
		state, next := []float64{0, 1}, []float64{0, 0}
		for i, x := range law.X {
			if law.P[i] < 1e-13 {
				continue
			}
			for j, z := range noise.X {
				w := law.P[i] * noise.P[j]
				state[0] = x
				m.Step(next, state, []float64{z, -38}) // u = 0: accepted
				a := min(1, next[1])
				total, rejected = total+w, rejected+w*(1-a)
				old, new := moment(x), moment(next[0])
				for k := range old {
					before[k] += w * old[k]
					after[k] += w * (a*new[k] + (1-a)*old[k])
				}
			}
		}
		for k := range before {
			if d := (after[k] - before[k]) / total; math.Abs(d) > 1e-5 {
				t.Errorf("%s: a step changes moment %d by %.2g", name, k, d)
			}
		}
		if r := rejected / total; r < 0.05 {
			t.Errorf("%s: only %.2g is rejected: the test is not tested", name, r)
		}
	}
}

// The test accepts exactly where Φ(z) is below the ratio.
func TestAcceptanceUsesItsInput(t *testing.T) {
	m := must(langevin.MALAConfig{Eta: 1.2, Temperature: 1}.New(harmonic(1, 1)))
	state, next := []float64{0.5, 1}, []float64{0, 0}
	m.Step(next, state, []float64{1.4, 0})
	ratio := next[1]
	if !(ratio > 0.05 && ratio < 0.95) {
		t.Fatalf("ratio %v", ratio)
	}
	z := math.Sqrt2 * math.Erfinv(2*ratio-1)
	for _, c := range []struct {
		z        float64
		accepted bool
	}{{z - 1e-6, true}, {z + 1e-6, false}} {
		m.Step(next, state, []float64{1.4, c.z})
		if got := next[0] != state[0]; got != c.accepted || next[1] != ratio {
			t.Errorf("z = %v: accepted %v, ratio %v", c.z, got, next[1])
		}
	}
}

// TestMilsteinStrongOrder: on one Brownian path, halving the step halves Milstein's distance
// from the solution; Euler–Maruyama's falls by √2 only.
func TestMilsteinStrongOrder(t *testing.T) {
	const paths, fine, span, temp = 400, 4096, 1.0, 0.5
	metric := func() langevin.Metric { return sineMetric(paths) }
	f := harmonic(1, paths)
	schemes := map[string]func(eta float64) langevin.Map{
		"milstein": func(eta float64) langevin.Map {
			return must(langevin.MilsteinConfig{Eta: eta, Temperature: temp, Correction: "full"}.New(f, metric()))
		},
		"euler-maruyama": func(eta float64) langevin.Map {
			return must(langevin.MetricSGLDConfig{Eta: eta, Temperature: temp, Correction: "full"}.New(f, metric()))
		},
	}
	noise := make([]float64, fine*paths)
	langevintest.NewSource(8, 0).Normals(noise)
	end := func(make func(eta float64) langevin.Map, steps int) []float64 {
		m := make(span / float64(steps))
		state, next, xi := repeated(0.2, paths), repeated(0, paths), repeated(0, paths)
		every := fine / steps
		for k := range steps {
			clear(xi)
			for j := range every {
				for i := range xi {
					xi[i] += noise[(k*every+j)*paths+i] / math.Sqrt(float64(every))
				}
			}
			m.Step(next, state, xi)
			state, next = next, state
		}
		return state
	}
	want := end(schemes["milstein"], fine)
	for name, order := range map[string]float64{"milstein": 1, "euler-maruyama": 0.5} {
		var rms [2]float64
		for i, steps := range []int{32, 128} {
			for j, x := range end(schemes[name], steps) {
				rms[i] += (x - want[j]) * (x - want[j])
			}
		}
		if got := math.Log2(rms[0]/rms[1]) / 4; math.Abs(got-order) > 0.12 {
			t.Errorf("%s: strong order %.2f, want %v", name, got, order)
		}
	}
}

func repeated(x float64, n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = x
	}
	return s
}
