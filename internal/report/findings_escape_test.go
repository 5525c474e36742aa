package report

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"machlup/internal/engine"
)

// star writes a star about T = 0, B = 128 in double precision: each point with the steps after
// which its replicas escape (0: they stay; −1: they never collapse).
func star(t *testing.T, dir string, points []starPoint) {
	s := newSynthetic(t, dir)
	keys := []string{"noise.temperature_g", "trainer.batch", "trainer.generator.natural.precision"}
	for _, p := range points {
		point := fmt.Sprintf("phase/temperature_g=%s,batch=%s,precision=%s", p.t, p.b, p.precision)
		escaped := 0
		for i, wait := range p.waits {
			task := fmt.Sprintf("%s/r%d", point, i)
			s.add(tasksSchema(keys...), task, "0123456789abcdef", i, "ok", nil, p.t, p.b, p.precision)
			switch {
			case wait < 0:
				s.add(engine.Summary, task, "final_rho", 1.0, nil, nil, nil, "1", "never below low")
			case wait == 0:
				s.add(engine.Summary, task, "final_rho", 0.1, nil, nil, nil, "1", "collapsed")
				s.add(engine.Summary, task, "collapse_duration", 5000.0, nil, nil, nil, "step", "collapsed")
			default:
				escaped++
				s.add(engine.Summary, task, "final_rho", 0.9+p.shift, nil, nil, nil, "1", "escaped")
				s.add(engine.Summary, task, "collapse_duration", float64(wait), nil, nil, nil, "step", "escaped")
			}
		}
		law := "ok; an exponential law is not refuted (p = 0.2)"
		if escaped < 5 {
			law = "the exponential law was not tested: fewer than 5 escapes"
		}
		s.add(engine.Summary, point, "escape_rate", 1e-3, 1e-4, nil, nil, "1/step", law)
	}
	s.commit()
}

type starPoint struct {
	t, b, precision string
	waits           []int
	shift           float64
}

func repeat(n, wait int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = wait
	}
	return out
}

func TestEscapeFindings(t *testing.T) {
	dir := t.TempDir()
	star(t, dir, []starPoint{
		{"0.0", "128", "float64", append(repeat(4, 0), repeat(6, 2000)...), 0},
		{"0.001", "128", "float64", append(repeat(1, 0), repeat(9, 100)...), 0},
		{"0.01", "128", "float64", repeat(10, -1), 0},
		{"0.0", "64", "float64", append(repeat(8, 0), repeat(2, 2000)...), 0},
		{"0.0", "128", "float32", append(repeat(3, 0), repeat(7, 2000)...), 0},
		{"0.001", "128", "float32", append(repeat(1, 0), repeat(9, 100)...), 0.01},
	})
	want := []string{
		"Where a point does not say otherwise: batch = 128, precision = float64.",
		"T*, from which on no replica is left collapsed, is between 0.001, where 1 of 10 replicas stay collapsed (2 to 40 %), and 0.01, where none of 10 does (below 26 %). The temperature from which on none concentrates at all is between 0.001, where 10 of 10 replicas concentrate (72 to 100 %), and 0.01, where none of 10 does (below 26 %). Percentages are bounds at 95 %.",
		"Waits from the collapse to the escape do not refute one exponential law at temperature_g = 0.0 (0.00100(10) per step, 6 escapes, p = 0.2); temperature_g = 0.001 (0.00100(10) per step, 9 escapes, p = 0.2); temperature_g = 0.0, float32 (0.00100(10) per step, 7 escapes, p = 0.2); temperature_g = 0.001, float32 (0.00100(10) per step, 9 escapes, p = 0.2). With fewer than 20 escapes only gross departures would be seen.",
		"At 1 point with fewer than five escapes the law is not tested.",
		"Against batch, at temperature_g = 0.0: 64: 10 of 10 concentrate, 2 of these escape, ⟨rho⟩ at the end 0.26(11); 128: 10 of 10 concentrate, 6 of these escape, ⟨rho⟩ at the end 0.58(13).",
		"At temperature_g = 0.0: of 10 seeds run with the same random numbers in float32 and float64, 6 escape in both, 1 in float32 only, 0 in float64 only: the difference of the escaped shares is 0.100(95) (exact test of pairs: p = 1). ⟨rho⟩ at the end differs by 0.080(80).",
		"At temperature_g = 0.0: rounding lies below 0.001 on the temperature axis, the least at which the rate of escape is higher (9 escapes in 5900 steps); it is not told apart from none (7 escapes in 29000 collapsed steps in float32, 6 in 32000 in float64).",
		"At temperature_g = 0.001: of 10 seeds run with the same random numbers in float32 and float64, 9 escape in both, 0 in float32 only, 0 in float64 only: no seed changes its fate (a share below 26 % at 95 %). ⟨rho⟩ at the end differs by 0.0090(10).",
		"At temperature_g = 0.001: rounding cannot be placed on the temperature axis: its rate of escape is not told apart from that in float64 (9 escapes in 5900 collapsed steps in float32, 9 in 5900 in float64), and at no higher temperature is the rate higher than that.",
	}
	r := open(dir)
	if d := cmp.Diff(want, escapeFindings(r)); d != "" || r.err != nil {
		t.Error(d, r.err)
	}
}

// What the sweep cannot bracket is said, and a rate in single precision between two in double is placed.
func TestEscapePlaces(t *testing.T) {
	dir := t.TempDir()
	star(t, dir, []starPoint{
		{"0.0", "128", "float64", repeat(20, 0), 0},
		{"0.001", "128", "float64", repeat(20, 500), 0},
		{"0.01", "128", "float64", append(repeat(19, 10), 0), 0},
		{"0.0", "128", "float32", repeat(20, 1500), 0},
	})
	r := open(dir)
	text := escapeFindings(r)
	want := []string{
		"At float64: T*, from which on no replica is left collapsed, is not bracketed: 1 of 20 replicas stay collapsed at the highest temperature 0.01. The temperature from which on none concentrates at all is not bracketed: 20 of 20 replicas concentrate at the highest temperature 0.01. Percentages are bounds at 95 %.",
		"At temperature_g = 0.0: rounding lies between 0.0 and 0.001 on the temperature axis, by the rate of escape (20 escapes in 30000 collapsed steps in float32, 0 in 100000 in float64).",
	}
	for _, w := range want {
		found := false
		for _, s := range text {
			found = found || s == w
		}
		if !found {
			t.Errorf("not said: %s\n%v", w, cmp.Diff(w, text))
		}
	}
}

// Barriers of ladders of temperatures are quoted, or why there is none; a single temperature is not a fit.
func TestBarriers(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	s.add(tasksSchema("noise.temperature_g"), "phase/temperature_g=0.1/r0", "0123456789abcdef", 0, "ok", nil, "0.1")
	for i, c := range []struct {
		temperatures int
		barrier, err any
		status       string
	}{{3, 0.3, 0.01, "ok; rate = A·e^{−ΔU/T}"}, {3, 0.01, 0.02, "ok; rate = A·e^{−ΔU/T}"}, {2, nil, nil, "2 temperatures have a rate: three are needed for a barrier and its test"}, {1, nil, nil, "1 temperatures"}} {
		series, size := "phase", float64(int(64)<<i)
		for k := range c.temperatures {
			s.add(engine.ArrheniusTable, series, size, 0.1*float64(k+1), 1.0, 1.0, 0.1, 0.0, 0.1, nil, nil, "ok")
		}
		s.add(engine.Summary, series, fmt.Sprintf("arrhenius barrier, size %v", size), c.barrier, c.err, nil, nil, "control", c.status)
	}
	s.commit()
	want := []string{
		"At size 64: the rate of escape as e^{−ΔU/T} has ΔU = 0.300(10) (rate = A·e^{−ΔU/T}).",
		"At size 128: the rate of escape as e^{−ΔU/T} has ΔU = 0.010(20) (rate = A·e^{−ΔU/T}): not told apart from a rate that does not depend on T.",
		"At size 256: the rate of escape has no barrier: 2 temperatures have a rate: three are needed for a barrier and its test.",
	}
	r := open(dir)
	if d := cmp.Diff(want, r.barriers()); d != "" || r.err != nil {
		t.Error(d, r.err)
	}
}

// TestDisplaced: trajectories that move by 1e-3·√T·e^{u} with a u of the seed, and by 2e-6 (1±0.1) by rounding, place it
// at T = (2e-3)² = 4e-6, log₁₀ T = −5.398.
func TestDisplaced(t *testing.T) {
	point := func(name string, move func(k int) float64) *escapePoint {
		e := &escapePoint{point: "temperature_g=" + name, along: map[int][]float64{}}
		for k := range 13 {
			if k == 3 {
				continue // it diverged
			}
			for _, amplified := range []float64{0, 1, 30, 1e3} { // at the start nothing has moved
				e.along[k] = append(e.along[k], 0.5+amplified*move(k))
			}
		}
		return e
	}
	heat := func(temperature float64) func(int) float64 {
		return func(k int) float64 { return 1e-3 * math.Sqrt(temperature) * math.Exp(0.2*math.Sin(float64(k))) }
	}
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	for _, v := range []string{"0.0", "1e-07", "1e-06", "1e-05"} {
		s.add(tasksSchema("noise.temperature_g"), "phase/temperature_g="+v+"/r0", "0123456789abcdef", 0, "ok", nil, v)
	}
	s.commit()
	r := open(dir)
	cold := point("0.0", func(int) float64 { return 0 })
	ladder := []*escapePoint{cold, point("1e-07", heat(1e-7)), point("1e-06", heat(1e-6)), point("1e-05", heat(1e-5))}
	for _, c := range []struct {
		by   float64
		want string
	}{
		{2e-6, "rounding moves the trajectories of the same seeds more than a change of the temperature by 1e−06 does (12 of 12, p = 0.00049) and less than one by 1e−05 (12 of 12, p = 0.00049): by this measure it is worth a temperature between them, log₁₀ T = −5.400(43) by interpolation of the mean logarithm of the moves between 1e−06 and 1e−05."},
		{1e-8, "rounding moves the trajectories of the same seeds less than a change of the temperature by 1e−07 does (12 of 12, p = 0.00049): by this measure it is worth less than that on the temperature axis."},
		{1, "rounding moves the trajectories of the same seeds more than a change of the temperature by 1e−05 does (12 of 12, p = 0.00049): by this measure it is worth more than that on the temperature axis."},
	} {
		single := point("0.0", func(k int) float64 { return c.by * (1 + 0.1*math.Cos(float64(2*k))) })
		if d := cmp.Diff(c.want, r.displaced(single, cold, ladder, "noise.temperature_g")); d != "" {
			t.Error(d)
		}
	}
}

// binomialTest against sums by hand: 0 of 5 at ½ has 2/32; 1 of 4 at 0.2 is the most probable.
func TestBinomialTest(t *testing.T) {
	for _, c := range []struct {
		k, n    int
		p, want float64
	}{{0, 5, 0.5, 2.0 / 32}, {1, 5, 0.5, 12.0 / 32}, {1, 4, 0.2, 1}, {3, 4, 0.2, 4*0.008*0.8 + 0.0016}} {
		if got := binomialTest(c.k, c.n, c.p); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%d of %d at %v: %v, want %v", c.k, c.n, c.p, got, c.want)
		}
	}
}

// A map of a star shows its plane alone: the point at the other batch is not in the way.
func TestPlaneOfStar(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	keys := []string{"noise.temperature_g", "trainer.batch", "trainer.generator.natural.eta", "trainer.generator.natural.precision"}
	add := func(values ...string) {
		task := "phase/" + fmt.Sprint(values)
		s.add(tasksSchema(keys...), task+"/r0", "0123456789abcdef", 0, "ok", nil, values[0], values[1], values[2], values[3])
		s.add(engine.Phase, task, 593.0, "rho", 0.5, 0.1, nil, 16.0, nil)
	}
	for _, b := range []string{"64", "128"} {
		for _, temperature := range []string{"0.0", "0.001", "0.01"} {
			add(temperature, b, "0.001", "float64")
		}
	}
	add("0.0", "128", "0.002", "float64")
	add("0.0", "128", "0.001", "float32")
	s.commit()
	r := open(dir)
	_, points, _ := r.phaseRows()
	got, in := r.plane(points.list)
	if d := cmp.Diff(keys[:2], got); d != "" || len(in) != 6 {
		t.Error(d, in)
	}
	if title := r.title(points.list[6]); title != "temperature_g = 0.0, eta = 0.002" {
		t.Error(title) // batch and precision are as in most points
	}
}

// Of a star's survival curves the longest ladder is shown: temperatures at the batch that has most of them.
func TestLongestLadder(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	var groups []string
	for _, p := range [][2]string{{"0.1", "64"}, {"0.2", "64"}, {"0.1", "128"}, {"0.2", "128"}, {"0.3", "128"}, {"0.1", "256"}} {
		point := fmt.Sprintf("temperature_g=%s,batch=%s", p[0], p[1])
		s.add(tasksSchema("noise.temperature_g", "trainer.batch"), "phase/"+point+"/r0", "0123456789abcdef", 0, "ok", nil, p[0], p[1])
		groups = append(groups, "phase/"+point)
	}
	s.commit()
	if d := cmp.Diff([]int{2, 3, 4}, open(dir).longestLadder(groups)); d != "" {
		t.Error(d)
	}
}
