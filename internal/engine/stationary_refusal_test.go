package engine

import (
	"math"
	"testing"
)

// TestStationaryThatDrifts: averages of chains that have not come to rest are not given; what tells so is.
func TestStationaryThatDrifts(t *testing.T) {
	o := ornstein{rates: []float64{0.01}, start: 50, eta: 0.1, temper: 0.1}
	m, err := o.model()
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewStationary(StationaryConfig{Chains: 4, Steps: 400, Every: 1}, o.env(0), m)
	if err != nil {
		t.Fatal(err)
	}
	dir, outcome := finish(t, r, "ou", runAll(t, r))
	row := readRows(t, dir, "phase").where("observable", "x0")
	if outcome.Status != NoEstimate || !math.IsNaN(row.number(t, "mean")) || !math.IsNaN(row.number(t, "stderr")) || !(row.number(t, "tau_int") > 1) {
		t.Errorf("%+v, %v", outcome, row)
	}
}
