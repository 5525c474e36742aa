package build

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// Levels of replica exchange are points of a sweep over T: on independent harmonic coordinates
// ⟨m²⟩ of the mean is T/kN, ⟨|m|⟩ = √(2⟨m²⟩/π), U₄ = 0 and the heat capacity N/2, for every
// size and temperature.
func TestTemperingOrder(t *testing.T) {
	const text = `name = "t"
seed = 4
[system]
kind = "harmonic"
[system.harmonic]
stiffness = [2.0]
[trainer]
start = [1.5]
[trainer.euler-maruyama]
eta = 0.05
temperature = 0.5
[observables]
names = ["mean_x"]
[estimator.tempering]
observable = "mean_x"
size = "system.harmonic.dim"
symmetric = true
temperature_top = 4.0
levels = 4
ladders = 4
draws = 1500
curve = 5
[sweep.grid]
"system.harmonic.dim" = [1, 3]
`
	rows := pooledTables(t, text)
	seen := 0
	for _, r := range rows["transition"] {
		n, temperature := number(t, r["size"]), number(t, r["control"])
		square := temperature / (2 * n)
		want, known := map[string]float64{"m2": square, "abs_m": math.Sqrt(2 * square / math.Pi), "binder": 0, "heat_capacity": 0.5}[r["quantity"]]
		if !known {
			continue
		}
		seen++
		got, err := number(t, r["value"]), number(t, r["stderr"])
		if z := (got - want) / err; !(math.Abs(z) < 4) || !(err < 0.1*math.Max(want, 0.6)) {
			t.Errorf("N = %v, T = %v: %s = %v ± %v, want %v", n, temperature, r["quantity"], got, err, want)
		}
		if label := fmt.Sprintf("tempering/dim=%v,T=%.4g", n, temperature); r["task"] != label || r["chains"] != "4" {
			t.Errorf("%v, want %s", r, label)
		}
	}
	if seen != 2*4*4 {
		t.Errorf("%d numbers", seen)
	}
	for set, want := range map[string]string{
		"estimator.tempering.observable=x7":                      "one of the selected observables",
		"estimator.tempering.chi_norm=two":                       "one or size",
		"estimator.tempering.size=\"system.harmonic.stiffness\"": "swept",
	} {
		if _, err := parse(text, set); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--set %s: %v, want %s", set, err, want)
		}
	}
	if _, err := parse(strings.Replace(text, "observable = \"mean_x\"\n", "", 1)); err == nil || !strings.Contains(err.Error(), "an order parameter") {
		t.Errorf("a size without an order parameter: %v", err)
	}
}
