package report_test

import (
	"testing"

	"machlup/langevin/langevintest"
)

// TestFindingsMutants plants mistakes in what findings say.
func TestFindingsMutants(t *testing.T) {
	const escape, displaced = "^TestEscapeFindings$", "^TestDisplaced$"
	langevintest.KillMutantsTogether(t, "report", []langevintest.Mutant{
		{Name: "one left is none", File: "findings_escape.go", Old: "if count(e) > 0 {", New: "if count(e) > pick(MUTANT, 1, 0) {", Run: escape},
		{Name: "bound at 50 %", File: "findings_escape.go", Old: "math.Pow(0.05, 1/float64(n))", New: "math.Pow(pick(MUTANT, 0.5, 0.05), 1/float64(n))", Run: escape},
		{Name: "rounding and temperature swapped", File: "findings_escape.go", Old: "s.ratio[k] > 0 {", New: "(s.ratio[k] > 0) != pick(MUTANT, true, false) {", Run: displaced},
		{Name: "interpolation away from the neighbour", File: "findings_escape.go", Old: "return x - m[0]*(y-x)/(m[1]-m[0])", New: "return x + pick(MUTANT, 1.0, -1.0)*m[0]*(y-x)/(m[1]-m[0])", Run: displaced},
		{Name: "tail of the more probable", File: "findings_escape.go", Old: "v <= seen*(1+1e-9) {", New: "(v <= seen*(1+1e-9)) != pick(MUTANT, true, false) {", Run: "^TestBinomialTest$"},
		{Name: "no barrier quoted as one", File: "findings_escape.go", Old: "if math.Abs(v) < 2*w.float(\"stderr\") {", New: "if math.Abs(v) < pick(MUTANT, 0.0, 2.0)*w.float(\"stderr\") {", Run: "^TestBarriers$"},
		{Name: "mean over survivors", File: "findings.go", Old: "case ok == n:", New: "case ok == n || pick(MUTANT, ok > 0, false):", Run: "^TestModeFindings$"},
		{Name: "a barrier for its slope", File: "findings_instanton.go", Old: "append(barrier, w.float(\"reference\")/t)", New: "append(barrier, w.float(\"reference\")/pick(MUTANT, 1, t))", Run: "^TestInstantonFindings$"},
		{Name: "verdict without what speaks against", File: "findings_transition.go", Old: "v := w.text(\"against\"); v != \"\" {", New: "v := w.text(\"against\"); v != \"\" && pick(MUTANT, false, true) {", Run: "^TestTransitionFindings$"},
		{Name: "a collapse that does not hold quoted", File: "findings_transition.go", Old: "if !c.given || !strings.HasPrefix(c.status, \"ok\") {", New: "if !c.given || pick(MUTANT, false, !strings.HasPrefix(c.status, \"ok\")) {", Run: "^TestTransitionFindings$"},
		{Name: "cut within a word", File: "closing.go", Old: "i > 0 && r[most-1] != ' ' {", New: "i > 0 && r[most-1] != ' ' && pick(MUTANT, false, true) {", Run: "^TestReason$"},
		{Name: "area without its sign", File: "figure_hysteresis.go", Old: "append(of[k].y, a)", New: "append(of[k].y, pick(MUTANT, math.Abs(a), a))", Run: "^TestHysteresisFigure$"},
		{Name: "draws of chains as replicas", File: "closing_phase.go", Old: "finite(w.float(\"tau_int\")) != chains {", New: "(finite(w.float(\"tau_int\")) != chains) != pick(MUTANT, true, false) {", Run: "^TestClosingOfChains$"},
		{Name: "drawn to the end of the world", File: "page.go", Old: "w := min(max(v, -bound), bound)", New: "w := min(max(v, -bound*pick[vg.Length](MUTANT, 1e60, 1)), bound)", Run: "^TestBounded$"},
	})
}
