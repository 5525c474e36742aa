package engine

import (
	"math"
	"strings"
	"testing"

	"machlup/langevin/exact"
)

// The reference of each temperature is that of the scheme at its own step, solved from the
// tangent map, and the measurement agrees with it.
func TestTemperaturesAgainstTheSchemesOwn(t *testing.T) {
	o := ornstein{rates: []float64{1, 3}, mean: 0.4, start: 0.4, eta: 0.2, temper: 0.7}
	m, err := o.model()
	if err != nil {
		t.Fatal(err)
	}
	cfg := DefaultTemperatures()
	cfg.Chains, cfg.Lags = 2, []int{1, 6}
	r, err := NewTemperatures(cfg, o.env(0), m)
	if err != nil {
		t.Fatal(err)
	}
	dir, outcome := finish(t, r, "t", runAll(t, r))
	if outcome.Status != OK {
		t.Fatal(outcome.Note)
	}
	table := readRows(t, dir, "nonequilibrium")
	v := func(k float64) float64 { return exact.EulerMaruyamaVariance(k, o.eta, o.temper) }
	configurational := table.where("quantity", "configurational temperature")
	close10(t, "configurational temperature", configurational.number(t, "reference"), (v(1)+9*v(3))/4)
	for _, lag := range []string{"1", "6"} {
		row := table.where("quantity", "effective temperature over T", "observable", "x1", "lag", lag)
		close10(t, "effective temperature", row.number(t, "reference"), v(3)*3/o.temper)
	}
	for _, row := range table {
		if z := rows([]map[string]string{row}).number(t, "z"); math.Abs(z) > 4 {
			t.Errorf("z = %.2f: %v", z, row)
		}
	}
	if quadratic := table.where("observable", "mean_square_x", "lag", "1"); quadratic.number(t, "reference") == 0 || !math.IsNaN(quadratic.number(t, "reference")) {
		t.Error("an observable that is not linear has no reference")
	}
}

func TestTemperaturesRefuse(t *testing.T) {
	m, err := rotor(0, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(*TemperaturesConfig, *Model)
		want   string
	}{
		{func(c *TemperaturesConfig, _ *Model) { c.Lags = []int{3, 3} }, "ascending"},
		{func(c *TemperaturesConfig, _ *Model) { c.Kicks = 0 }, "no temperature is defined"},
		{func(_ *TemperaturesConfig, m *Model) { m.NoRecurrence = errTest }, "a reason"},
		{func(_ *TemperaturesConfig, m *Model) { m.NoStationary = errTest }, "a reason"},
	} {
		cfg, model := DefaultTemperatures(), *m
		c.change(&cfg, &model)
		if _, err := NewTemperatures(cfg, rotorEnv(0, 0.5), &model); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
