package report

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"machlup/internal/engine"
)

// ringRun is a run of the estimator collapse on a ring of four modes, two points of three
// seeds; the generator of the second point knows half of the modes.
func ringRun(t *testing.T, dir string) {
	s := newSynthetic(t, dir)
	const key = "trainer.generator.optimizer"
	for i, opt := range []string{"adam", "natural"} {
		for seed := range 3 {
			task := fmt.Sprintf("collapse/optimizer=%s/r%d", opt, seed)
			s.add(tasksSchema(key), task, "h", seed, "ok", nil, opt)
			scores := func(sampler string, step any, modes, quality, kl, jsd, w2 float64, exact bool) {
				for _, v := range []struct {
					metric, unit string
					value        float64
				}{{"modes_covered", "1", modes}, {"quality", "1", quality}, {"reverse_kl", "nat", kl}, {"mode_jsd", "nat", jsd}, {"sliced_w2", "data", w2}} {
					var reference, value any
					if exact && v.metric != "sliced_w2" {
						reference = v.value
					}
					if finite(v.value) {
						value = v.value * 1.001
					}
					s.add(engine.ModeTable, task, sampler, step, v.metric, value, 0.003, 0.01, reference, nil, 16.0, v.unit, "ok")
				}
			}
			for _, step := range []int{0, 500, 1000} {
				m := float64(step) / 1000 * float64(4-2*i)
				kl := nan
				if step > 0 {
					kl = math.Log(4 / m)
				}
				scores("generator", step, m, 0.1+float64(step)/2000+0.01*float64(seed), kl, kl/3, 0.3, false)
				for mode := range 4 {
					sin, cos := math.Sincos(math.Pi / 2 * float64(mode))
					covered := 0.0
					if float64(mode) < m {
						covered = 1
					}
					s.add(engine.Occupancy(2), task, "generator", step, mode, 0.25, 0.02, covered/4, 0.01, nil, nil, 40000.0, covered, cos, sin)
				}
			}
			scores("perfect", nil, 4, 0.98889, 0.0006, 0.0001, 0.05, true)
			scores("uniform", nil, 3.3, 0.012, 0.2, 0.05, 0.2, true)
			for k := range 200 {
				sin, cos := math.Sincos(math.Pi / 2 * float64(k%(4-2*i)))
				s.add(engine.Samples(2), task, 1000, cos+0.03*s.rnd.NormFloat64(), sin+0.03*s.rnd.NormFloat64())
			}
			s.add(engine.Samples(2), task, 1000, 1e9, 0.0) // far outside
		}
		for _, o := range []string{"modes_covered", "quality", "reverse_kl"} {
			s.add(engine.Phase, "collapse/optimizer="+opt, 100.0, o, 1.0+float64(i), 0.1, nil, 3.0, nil)
		}
	}
	s.commit()
}

func TestFiguresOfModes(t *testing.T) {
	dir := t.TempDir()
	ringRun(t, dir)
	figures(t, dir)
	if d := cmp.Diff([]string{"modes", "phase", "samples"}, made(t, dir)); d != "" {
		t.Error(d)
	}
	checkFigures(t, dir)
	r := open(dir)
	p := samplesFigure(r)
	if len(p.panels()) != 6 || r.err != nil {
		t.Fatalf("%d panels of samples, want one a task (%v)", len(p.panels()), r.err)
	}
	for i, x := range p.panels() {
		if math.Abs((x.X.Max-x.X.Min)-(x.Y.Max-x.Y.Min)) > 1e-12 || x.X.Max < 1 || x.X.Max > 2 {
			t.Errorf("panel %d spans %v to %v and %v to %v", i, x.X.Min, x.X.Max, x.Y.Min, x.Y.Max)
		}
	}
	if h := p.panels()[3].heading.text; h != "natural\n2.0 of 4 modes, 60 %" {
		t.Errorf("heading %q", h)
	}
}

// Samples of an ensemble have no modes to show; on the line there is no plane.
func TestSamplesWithoutModes(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	for range 300 {
		s.add(engine.Samples(2), "ensemble/r0", 7, 5+s.rnd.NormFloat64(), 20*s.rnd.NormFloat64())
	}
	s.commit()
	figures(t, dir)
	if d := cmp.Diff([]string{"samples"}, made(t, dir)); d != "" {
		t.Error(d)
	}
	checkFigures(t, dir)
	line := t.TempDir()
	s = newSynthetic(t, line)
	s.add(engine.Samples(1), "ensemble/r0", 7, 5.0)
	s.commit()
	figures(t, line)
	if got := made(t, line); got != nil {
		t.Errorf("figures of samples on the line: %v", got)
	}
}

// The closing table has the generator of each point, then the fixed samplers, exact where
// they are known, and leaves the same numbers out of the table of order parameters.
func TestClosingModes(t *testing.T) {
	dir := t.TempDir()
	ringRun(t, dir)
	text := closing(t, dir)
	want := `Modes covered      seeds              modes        quality [%]   reverse KL [nat]          JSD [nat]   sliced W₂ [data]
  adam                 3  4.00 [4.00, 4.00]  61.1 [60.1, 62.1]  0.00 [0.00, 0.00]  0.00 [0.00, 0.00]  0.30 [0.30, 0.30]
  natural              3  2.00 [2.00, 2.00]  61.1 [60.1, 62.1]  0.69 [0.69, 0.69]  0.23 [0.23, 0.23]  0.30 [0.30, 0.30]
  perfect sampler                         4              98.89             0.0006             0.0001         0.0500(30)
  uniform box                           3.3                1.2                0.2               0.05         0.2002(30)
`
	if !strings.Contains(text, "Modes covered") || strings.Contains(text, "Collapse ") {
		t.Errorf("closing table:\n%s", text)
	}
	if d := cmp.Diff(want, text[:strings.Index(text, "\n\n")+1]); d != "" {
		t.Error(d)
	}
}

// A game of two is drawn in the plane of its parameters, with its start and its end; lists
// of names are words.
func TestOrbit(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	const key = "trainer.regularisers"
	for i, value := range []string{"[]", `["r1"]`, `["r1", "weight-decay"]`} {
		task := "ensemble/regularisers=" + value + "/r0"
		s.add(tasksSchema(key), task, "h", 0, "ok", nil, value)
		for k := range 300 {
			sin, cos := math.Sincos(float64(k) / 20)
			radius := math.Exp(-float64(k*i) / 100)
			s.add(traceSchema("theta_0", "psi_0"), task, 0, k, k, float64(k), radius*cos, radius*sin)
		}
	}
	s.commit()
	figures(t, dir)
	if d := cmp.Diff([]string{"orbit"}, made(t, dir)); d != "" {
		t.Error(d)
	}
	checkFigures(t, dir)
	var headings []string
	for _, p := range orbitFigure(open(dir)).panels() {
		headings = append(headings, p.heading.text)
		if p.X.Min != -p.X.Max || p.X.Max != p.Y.Max || p.X.Max < 1 {
			t.Errorf("panel spans %v to %v and %v to %v", p.X.Min, p.X.Max, p.Y.Min, p.Y.Max)
		}
	}
	if d := cmp.Diff([]string{"no regularisers", "r1", "r1 + weight-decay"}, headings); d != "" {
		t.Error(d)
	}
	for value, want := range map[string]string{"[1.0, 2.0]": "", "adam": "", "[": ""} {
		if words, ok := plainList(value); ok || words != want {
			t.Errorf("%s is the list %q", value, words)
		}
	}
}
