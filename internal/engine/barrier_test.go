package engine

import (
	"math"
	"testing"
)

// Rates at several temperatures belong to one system; other swept keys make systems of their own.
func TestRareLabel(t *testing.T) {
	for _, c := range []struct {
		swept map[string]string
		want  string
	}{
		{nil, "rare/r1"},
		{map[string]string{"trainer.euler-maruyama.temperature": "0.1", "trainer.euler-maruyama.eta": "0.1", "path.steps": "40"}, "rare/r1"},
		{map[string]string{"noise.temperature_g": "0.1", "noise.temperature_d": "0.1", "path.action": "innovation", "run.estimators": "[rate]"}, "rare/r1"},
		{map[string]string{"noise.temperature_g": "0.1", "system.double-well.tilt": "0.25", "trainer.batch": "8"}, "rare/batch=8/tilt=0.25/r1"},
		{map[string]string{"path.sets.b": "rho > 1"}, "rare/b=rho > 1/r1"},
	} {
		if got := rareLabel(Finished{Swept: c.swept, Replica: 1}); got != c.want {
			t.Errorf("%v: %q, want %q", c.swept, got, c.want)
		}
	}
}

// Of several durations the longest counts, at the finest step size; of one, the limit η → 0.
func TestWriteLeast(t *testing.T) {
	least := func(m ...minimumAt) float64 {
		return writeLeast(m, "rare/r0", NewOutput(t.TempDir(), "rare/r0")).st
	}
	if got := least(minimumAt{eta: 0.1, duration: 10, st: 3}, minimumAt{eta: 0.1, duration: 40, st: 1}, minimumAt{eta: 0.1, duration: 20, st: 2}, minimumAt{eta: 0.2, duration: 80, st: 0.5}); got != 1 {
		t.Errorf("of several durations: %v, want that of the longest at the finest step, 1", got)
	}
	line := func(eta float64) minimumAt { return minimumAt{eta: eta, duration: 10, st: 2 + 3*eta} }
	if got := least(line(0.1), line(0.2), line(0.4)); math.Abs(got-2) > 1e-12 {
		t.Errorf("as η → 0: %v, want 2", got)
	}
	if got := least(); !math.IsNaN(got) {
		t.Errorf("of nothing: %v", got)
	}
}

// Tasks of one η, of different streams and different drifts are not one system.
func TestSystemMarks(t *testing.T) {
	for _, c := range []struct {
		a, b   systemMark
		stream string // of b; a has that of "one"
		same   bool
	}{
		{systemMark{1, 0.1}, systemMark{1, 0.1}, "two", true},
		{systemMark{1, 0.1}, systemMark{2, 0.1}, "two", false},
		{systemMark{1, 0.1}, systemMark{2, 0.1}, "one", true},   // a prior, whose part is proportional to T
		{systemMark{1, 0.1}, systemMark{1.1, 0.2}, "two", true}, // alternating updates change with η
		{systemMark{0, 0.1}, systemMark{2, 0.1}, "two", true},   // no mark
	} {
		marks := systemMarks{}.add(c.a, Env{Coupling: "one"}).add(c.b, Env{Coupling: c.stream})
		if why := marks.differ(); (why == "") != c.same {
			t.Errorf("%v, %v: %q", c.a, c.b, why)
		}
	}
}
