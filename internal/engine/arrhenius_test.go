package engine

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// TestEscapeFit: rates of exactly e^{−ΔU/T}/50 give ΔU back, with the censored waits in the
// time at risk, and a single escape counted as it is; a temperature below arrhenius_from and one of 0 are not in the
// fit, and say why; that escapes are faster there than at the lowest of the fit is said.
func TestEscapeFit(t *testing.T) {
	const barrier = 0.3
	z, at := &sweepSize{size: 7}, map[[2]float64]*escapeTimes{}
	add := func(temperature, rate float64, escapes int) {
		z.points = append(z.points, &sweepPoint{control: temperature})
		e := &escapeTimes{}
		for range escapes {
			e.times, e.escaped = append(e.times, 0.5/rate), append(e.escaped, true)
		}
		e.times, e.escaped = append(e.times, 0.5*float64(escapes)/rate), append(e.escaped, false)
		at[[2]float64{7, temperature}] = e
	}
	add(0, 1, 9)
	add(0.01, 0.5, 9)
	for _, temperature := range []float64{0.1, 0.15, 0.2, 0.3} {
		add(temperature, math.Exp(-barrier/temperature)/50, 9)
	}
	add(0.5, math.Exp(-barrier/0.5)/50, 1)
	dir := t.TempDir()
	out := NewOutput(dir, "phase")
	writeEscapeFit("phase", z, at, 0.05, out)
	if err := out.Commit(); err != nil {
		t.Fatal(err)
	}
	tables := tablesIn(t, dir)
	number := func(cell string) float64 {
		v, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for i, want := range []float64{barrier, -math.Log(50)} {
		if v := number(tables["summary"][i]["value"]); math.Abs(v-want) > 1e-10 {
			t.Errorf("%s: %v, want %v", tables["summary"][i]["quantity"], v, want)
		}
	}
	if status := tables["summary"][0]["status"]; !strings.Contains(status, "at T = 0.01 the rate is 0.5") {
		t.Errorf("the rate at low temperatures: %q", status)
	}
	want := []string{"not in the fit: a temperature must be positive", "not in the fit: below arrhenius_from = 0.05", "", "", "", "", ""}
	for i, row := range tables["arrhenius"] {
		in := i >= 2
		if !in && row["status"] != want[i] || in != (row["status"][:2] == "ok") {
			t.Errorf("T = %s: %q, want %q", row["control"], row["status"], want[i])
		}
		if rate := row["rate"]; in && math.Abs(number(rate)/(math.Exp(-barrier/number(row["control"]))/50)-1) > 1e-10 {
			t.Errorf("T = %s: rate %s", row["control"], rate)
		}
		if fit := row["fit"]; (fit != "") != (i >= 2) {
			t.Errorf("T = %s: fit %q", row["control"], fit)
		}
	}
	if n := len(tables["arrhenius"]); n != 7 {
		t.Error(fmt.Sprint(n, " rows"))
	}
}
