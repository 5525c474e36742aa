package report

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"machlup/internal/engine"
)

// Measured over exact, and over the gap, stand beside the factor that theory expects.
func TestFlowFindings(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	s.add(tasksSchema(), "w2-flow/r0", "0123456789abcdef", 0, "ok", nil)
	add := func(quantity string, value, reference any, status string) {
		s.add(engine.Summary, "w2-flow/r0", quantity, value, nil, reference, nil, "1", status)
	}
	add("spectral gap of the data on the grid", 0.1, 0.11, "reference")
	add("late rate of mode 1, saturating", 0.0505, 0.05, "ok")
	add("late rate of mode 1, kl", nil, 0.1, "not yet exponential: more steps")
	add("largest residual/dissipation, saturating", 0.0125, 0.0, "ok")
	add("largest W2 of JKO at tau = 0.5 to the flow, saturating", 0.04, 0.0, "ok")
	add("largest W2 of JKO at tau = 0.25 to the flow, saturating", 0.02, 0.0, "ok")
	s.commit()
	want := []string{
		"the spectral gap of the data is 0.1 on this grid (0.11 in the limit of fine grids).",
		"late rates of relaxation, without a free parameter: saturating 0.0505 = 0.505000·gap (0.5 expected), measured/exact − 1 = 1.0e−02; kl: not yet exponential: more steps.",
		"the balance dF/dt = −∫|∇μ|²q holds to a largest relative residual, of first order in the time step, of saturating 1.2 %.",
		"JKO steps of particles beside the flow of their functional, largest W₂ between the two: saturating 0.04 (τ = 0.5), 0.02 (τ = 0.25), as τ to the 1.00 between the two shortest.",
	}
	r := open(dir)
	if d := cmp.Diff(want, flowFindings(r)); d != "" || r.err != nil {
		t.Error(d, r.err)
	}
}

// Distances of JKO steps are judged by what one particle in the wrong place makes, and by whether
// shorter steps still help.
func TestJKODistancesAreJudged(t *testing.T) {
	d := func(w2 ...float64) (out []jkoDistance) {
		for i, v := range w2 {
			out = append(out, jkoDistance{math.Exp2(-float64(i)), v})
		}
		return out
	}
	flows := []string{"saturating", "kl"}
	for name, c := range map[string]struct {
		saturating, kl []jkoDistance
		across         float64
		want, not      string
	}{
		"near":          {d(0.2, 0.1), d(0.1, 0.05), 0.3, "at the shortest τ all stay nearer to their flow than that.", "help"},
		"one is far":    {d(0.2, 0.1), d(0.9, 0.6), 0.3, "at the shortest τ not nearer to their flow than that: kl, the worst as far as 4 particles", "help"},
		"none is near":  {d(0.8, 0.45), d(0.9, 0.6), 0.3, "none stays nearer to its flow than that, and the worst is as far as 4 particles in the wrong place make.", "all stay"},
		"at a floor":    {d(0.2, 0.19), d(0.1, 0.05), 0.3, "Shorter steps do not help saturating: what is left", "kl: what"},
		"without scale": {d(0.2, 0.1), d(0.1, 0.05), nan, "kl 0.1 (τ = 1), 0.05 (τ = 0.5), as τ to the 1.00 between the two shortest.", "nearer"},
		"one length":    {d(0.2), d(0.1), 0.3, "kl 0.1 (τ = 1). One particle", "shortest."},
	} {
		got := jkoText(flows, map[string][]jkoDistance{"saturating": c.saturating, "kl": c.kl}, c.across)
		if !strings.Contains(got, c.want) || strings.Contains(got, c.not) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
