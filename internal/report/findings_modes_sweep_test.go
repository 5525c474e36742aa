package report

import (
	"fmt"
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
		if p[0] != "0.004" { // one of its seeds has no entropy
			s.add(engine.Phase, task, 100.0, "mode_entropy", 1.5, 0.1, nil, 3.0, nil)
		}
	}
	s.commit()
	want := []string{
		"One key at a time, the others at eta = 0.001, batch = 128, temperature_g = 0.0.",
		"Against eta: 0.0002: 3.00(50) modes, entropy 1.50(10) nat; 0.001: 1.00(50) modes, entropy 1.50(10) nat; 0.004: 2.00(50) modes, no mode entropy (not all seeds have one).",
		"Against batch: 32: 4.00(50) modes, entropy 1.50(10) nat; 128: 1.00(50) modes, entropy 1.50(10) nat.",
		"Against temperature_g: 0.0: 1.00(50) modes, entropy 1.50(10) nat; 0.01: 5.00(50) modes, entropy 1.50(10) nat.",
	}
	r := open(dir)
	if d := cmp.Diff(want, modeSweepFindings(r)); d != "" || r.err != nil {
		t.Error(d, r.err)
	}
}

// A mean over the seeds that have a value is none: the most collapsed have no sample near a mode.
func TestModeFindings(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	for i, kl := range []any{nil, 2.0, nil} {
		for _, point := range []string{"0.001", "0.004"} {
			task := fmt.Sprintf("collapse/eta=%s/r%d", point, i)
			s.add(tasksSchema("eta"), task, "0123456789abcdef", i, "ok", nil, point)
			s.add(engine.ModeTable, task, "perfect", nil, "modes_covered", 8.0, nil, nil, 8.0, nil, 1.0, "1", "ok")
			s.add(engine.ModeTable, task, "generator", 100, "modes_covered", float64(i), 0.5, nil, nil, nil, 1.0, "1", "ok")
			v := kl
			if point == "0.001" {
				v = 1 + float64(i)
			}
			s.add(engine.ModeTable, task, "generator", 100, "reverse_kl", v, 0.25, nil, nil, nil, 1.0, "nat", "ok")
		}
	}
	s.commit()
	want := []string{
		"At eta = 0.001: 1.00(58) of 8 modes covered, reverse KL 2.00(58) nat; 3 seeds.",
		"At eta = 0.004: 1.00(58) of 8 modes covered, no reverse KL: 2 of 3 seeds, the most collapsed, have no sample near a mode; 3 seeds.",
	}
	r := open(dir)
	if d := cmp.Diff(want, modeFindings(r)); d != "" || r.err != nil {
		t.Error(d, r.err)
	}
}
