package report

import (
	"math"

	"gonum.org/v1/plot/vg"
)

// flowLine is a flow at one sweep point.
type flowLine struct {
	name                              string
	t, functional, dissipation, w2, m []float64
}

// flowsFigure shows the ideal flows side by side: what decays, its dissipation, the distance to
// the data, the mass of the first mode, and how near JKO steps stay.
func flowsFigure(r *run) *page {
	var keys, points ordered
	var lines []*flowLine
	first := ""
	r.each("flow", func(w row) {
		points.add(w.text("task"))
		first = points.list[0]
		if w.text("task") != first {
			return
		}
		k := keys.add(w.text("flow"))
		if k == len(lines) {
			lines = append(lines, &flowLine{name: w.text("flow")})
		}
		l := lines[k]
		l.t, l.functional = append(l.t, w.float("time")), append(l.functional, w.float("functional"))
		l.dissipation, l.w2 = append(l.dissipation, decimal(w.float("dissipation"))), append(l.w2, decimal(w.float("w2")))
	})
	if len(lines) == 0 {
		return nil
	}
	r.each("flow_modes", func(w row) {
		if k, ok := keys.index[w.text("flow")]; ok && w.text("task") == first && w.float("mode") == 0 {
			lines[k].m = append(lines[k].m, w.float("mass"))
		}
	})
	time := scale{label: "time", unit: "1", tight: true}
	functional := newPanel("what decays", time, scale{label: "functional", unit: "1"})
	dissipation := newPanel("its dissipation", time, scale{label: "log_{10} of dissipation", unit: "1/time"})
	distance := newPanel("distance to the data", time, scale{label: "log_{10} of W_{2}", unit: "data"})
	mass := newPanel("mass of the first mode", time, scale{label: "mass", unit: "1"})
	var legend []entry
	for i, l := range lines {
		look := look{color: cycle[i%len(cycle)], width: 1.5, dashes: [][]vg.Length{nil, dashed, dotted, {9, 3, 1.5, 3}}[i%4]}
		functional.curve(look, l.t, l.functional)
		dissipation.curve(look, l.t, l.dissipation)
		distance.curve(look, l.t, l.w2)
		if len(l.m) == len(l.t) {
			mass.curve(look, l.t, l.m)
		}
		legend = append(legend, entry{l.name, look})
	}
	panels := []*panel{functional, dissipation, distance, mass}
	if p, entries := r.jkoPanel(first, time); p != nil {
		panels, legend = append(panels, p), append(legend, entries...)
	}
	page := tile(panels)
	page.legend = legend
	page.selection(1, len(points.list), "sweep points")
	return page
}

// jkoPanel is the distance of JKO steps to their flow, a curve for each length of a step of the
// flow that is first in the table; nil where there are none.
func (r *run) jkoPanel(task string, time scale) (p *panel, legend []entry) {
	var taus ordered
	var t, d [][]float64
	flow := ""
	r.each("flow_jko", func(w row) {
		if flow == "" {
			flow = w.text("flow")
		}
		if w.text("task") != task || w.text("flow") != flow {
			return
		}
		k := taus.add(w.text("tau"))
		if k == len(t) {
			t, d = append(t, nil), append(d, nil)
		}
		t[k], d[k] = append(t[k], w.float("time")), append(d[k], decimal(w.float("w2_to_flow")))
	})
	if len(t) == 0 {
		return nil, nil
	}
	p = newPanel("JKO steps to their flow, "+flow, time, scale{label: "log_{10} of W_{2}", unit: "data"})
	for k, tau := range taus.list {
		look := look{color: ramp(k, len(t)), width: 1.5}
		p.curve(look, t[k], d[k])
		legend = append(legend, entry{"JKO, τ = " + tau, look})
	}
	return p, legend
}

// decimal is the decimal logarithm, NaN where there is none.
func decimal(v float64) float64 {
	if !(v > 0) {
		return nan
	}
	return math.Log10(v)
}
