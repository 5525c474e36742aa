package engine

import (
	"fmt"
	"math"
	"testing"

	"machlup/langevin/exact"
)

// stepsOf runs the stationary estimator at three steps and pools them.
func stepsOf(t *testing.T, coupled bool) rows {
	t.Helper()
	var tasks []Finished
	for _, eta := range []float64{0.1, 0.4, 0.2} { // in any order
		o := ornstein{rates: []float64{1, 1, 1, 1}, eta: eta, temper: 0.7}
		env := o.env(0)
		label := fmt.Sprintf("stationary/temperature=0.2,eta=%v,discriminator.eta=%v/r0", eta, eta/2)
		if !coupled {
			env.Coupling = label
		}
		m, err := o.model()
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewStationary(StationaryConfig{Chains: 4, Warmup: 200, Steps: 4000, Every: 1, Extrapolate: 1}, env, m)
		if err != nil {
			t.Fatal(err)
		}
		tasks = append(tasks, Finished{Label: label, Runner: r, Parts: Condense(r, runAll(t, r)), Outcome: Done()})
	}
	dir := t.TempDir()
	out := NewOutput(dir, "unused")
	if err := tasks[0].Runner.(Pooler).Pool(tasks, out); err != nil {
		t.Fatal(err)
	}
	if err := out.Commit(); err != nil {
		t.Fatal(err)
	}
	return readRows(t, dir, "extrapolation").where("observable", "mean_square_x")
}

// Points that differ in the step alone are pooled under the rest of their label, also where another swept value
// happens to be the number of a step, and what they give is Richardson's combination of the exact averages at the three steps. Common random
// numbers make its error smaller or larger as the correlation of the points says.
func TestExtrapolationOverSteps(t *testing.T) {
	v := func(eta float64) float64 { return exact.EulerMaruyamaVariance(1, eta, 0.7) }
	want := (8*v(0.1) - 6*v(0.2) + v(0.4)) / 3
	for _, coupled := range []bool{false, true} {
		row := stepsOf(t, coupled)
		if len(row) != 1 || row[0]["task"] != "stationary/temperature=0.2,discriminator.eta=0.5η/r0" || row[0]["points"] != "3" || row[0]["status"] != "ok" {
			t.Fatalf("got %v", row)
		}
		value, stderr := row.number(t, "value"), row.number(t, "stderr")
		if z := (value - want) / stderr; math.Abs(z) > 4 || stderr > 0.07 {
			t.Errorf("coupled %t: %.4f ± %.4f, exact %.4f", coupled, value, stderr, want)
		}
		last := math.Abs(want - (2*v(0.1) - v(0.2))) // by the line without the coarsest step
		if truncation := row.number(t, "truncation"); math.Abs(truncation-last) > 4*stderr {
			t.Errorf("coupled %t: truncation %.4f, exact %.4f, with an error below %.4f", coupled, truncation, last, stderr)
		}
	}
}

// The quadrature of a Boltzmann law in one dimension.
func TestBoltzmannMeans(t *testing.T) {
	m, err := ornstein{rates: []float64{2}, mean: 3, start: -1, eta: 0.1, temper: 0.5}.model()
	if err != nil {
		t.Fatal(err)
	}
	means := boltzmannMeans(m)
	close10(t, "⟨x⟩", means("x0"), 3)
	close10(t, "⟨x²⟩", means("mean_square_x"), 9.25)
	close10(t, "⟨U⟩", means("energy"), 0.25)
}
