package report

import (
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
		"JKO steps of each functional stay near its flow; largest W₂ between the two: saturating 0.04 (τ = 0.5), 0.02 (τ = 0.25).",
	}
	r := open(dir)
	if d := cmp.Diff(want, flowFindings(r)); d != "" || r.err != nil {
		t.Error(d, r.err)
	}
}
