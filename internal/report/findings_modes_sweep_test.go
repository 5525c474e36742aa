package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"machlup/internal/engine"
)

// Each number of a star is varied by itself; points on two rays at once are left out.
func TestModeSweepFindings(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	keys := []string{"trainer.generator.adam.eta", "trainer.batch", "noise.temperature_g"}
	for i, p := range [][3]string{{"0.001", "128", "0.0"}, {"0.004", "128", "0.0"}, {"0.0002", "128", "0.0"}, {"0.001", "32", "0.0"}, {"0.001", "128", "0.01"}} {
		task := "collapse/eta=" + p[0] + ",batch=" + p[1] + ",temperature_g=" + p[2]
		s.add(tasksSchema(keys...), task+"/r0", "0123456789abcdef", 0, "ok", nil, p[0], p[1], p[2])
		s.add(engine.Phase, task, 100.0, "modes_covered", float64(i)+1, 0.5, nil, 3.0, nil)
		s.add(engine.Phase, task, 100.0, "mode_entropy", 1.5, 0.1, nil, 3.0, nil)
	}
	s.commit()
	want := []string{
		"One key at a time, the others at eta = 0.001, batch = 128, temperature_g = 0.0.",
		"Against eta: 0.0002: 3.00(50) modes, entropy 1.50(10) nat; 0.001: 1.00(50) modes, entropy 1.50(10) nat; 0.004: 2.00(50) modes, entropy 1.50(10) nat.",
		"Against batch: 32: 4.00(50) modes, entropy 1.50(10) nat; 128: 1.00(50) modes, entropy 1.50(10) nat.",
		"Against temperature_g: 0.0: 1.00(50) modes, entropy 1.50(10) nat; 0.01: 5.00(50) modes, entropy 1.50(10) nat.",
	}
	r := open(dir)
	if d := cmp.Diff(want, modeSweepFindings(r)); d != "" || r.err != nil {
		t.Error(d, r.err)
	}
}
