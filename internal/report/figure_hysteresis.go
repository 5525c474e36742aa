package report

import (
	"fmt"
	"math"
	"sort"
	"strings"
)

// A rampGroup is the ramps of one number with one order parameter: a loop by dwell and direction
// of the first task, and all tasks.
type rampGroup struct {
	observable, key string
	tasks           ordered
	loops           map[float64]map[string]*rampLeg
}

type rampLeg struct{ x, y, e []float64 }

// rampGroups reads hysteresis.csv, and all dwells, rising.
func (r *run) rampGroups() (groups []*rampGroup, dwells []float64) {
	var keys ordered
	r.each("hysteresis", func(w row) {
		k := keys.add(w.text("observable") + "\x00" + w.text("key"))
		if k == len(groups) {
			groups = append(groups, &rampGroup{observable: w.text("observable"), key: w.text("key"), loops: map[float64]map[string]*rampLeg{}})
		}
		g, dwell := groups[k], w.float("dwell")
		if i := sort.SearchFloat64s(dwells, dwell); i == len(dwells) || dwells[i] != dwell {
			dwells = append(dwells[:i], append([]float64{dwell}, dwells[i:]...)...)
		}
		if g.tasks.add(w.text("task")) > 0 {
			return
		}
		if g.loops[dwell] == nil {
			g.loops[dwell] = map[string]*rampLeg{"there": {}, "back": {}}
		}
		if l := g.loops[dwell][w.text("direction")]; l != nil {
			l.x, l.y, l.e = append(l.x, w.float("control")), append(l.y, w.float("mean")), append(l.e, w.float("stderr"))
		}
	})
	return groups, dwells
}

// hysteresisFigure shows, for each number that is ramped, the loops of the first task, a colour for
// each rate, and the area of the loops of all tasks against the rate.
func hysteresisFigure(r *run) *page {
	groups, dwells := r.rampGroups()
	if len(groups) == 0 {
		return nil
	}
	at := func(i int) look { return look{color: ramp(len(dwells)-1-i, len(dwells)), width: 1.4, shade: 0.2} }
	var panels []*panel
	areas := true
	for _, g := range groups {
		control := scale{label: "control parameter", unit: "1"}
		if g.key != "" {
			control.label = r.short(g.key)
		}
		p := newPanel("ramp of the "+control.label, control, scale{label: "mean of " + nameOf(g.observable), unit: "1"})
		for i, dwell := range dwells {
			for _, direction := range []string{"there", "back"} {
				s := g.loops[dwell][direction]
				if s == nil {
					continue
				}
				p.band(at(i), s.x, minusErr(s.y, s.e, -1), minusErr(s.y, s.e, 1))
				line := at(i)
				if direction == "back" {
					line.dashes = dashed
				}
				p.curve(line, s.x, s.y)
			}
		}
		area := r.areaPanel(g.tasks)
		areas = areas && area != nil
		panels = append(panels, p, area)
	}
	if !areas {
		kept := panels[:0]
		for _, p := range panels {
			if p != nil {
				kept = append(kept, p)
			}
		}
		panels = kept
	}
	page := tileIn(min(2, len(panels)), panels)
	for i := len(dwells) - 1; i >= 0; i-- {
		page.legend = append(page.legend, entry{fmt.Sprintf("%.4g steps at each value", dwells[i]), at(i)})
	}
	page.legend = append(page.legend, entry{"back", look{color: grey, width: 1.4, dashes: dashed}})
	page.note = "Bands and error bars: ± 1 standard error over independent loops. Areas: those of all sizes, a colour and shape each."
	page.selection(1, len(groups[0].tasks.list), "tasks")
	return page
}

// areaPanel is the area against the rate, both logarithmic: a series for each task.
func (r *run) areaPanel(tasks ordered) *panel {
	p := newPanel("area", scale{label: "rate of the ramp", unit: "1/step", log: true, zero: math.Inf(-1)}, scale{label: "log_{10} of the loop's area", unit: "1"})
	of := make([]rampLeg, len(tasks.list))
	n := 0
	r.each("hysteresis_area", func(w row) {
		k, known := tasks.index[w.text("task")]
		a, e := math.Abs(w.float("area")), w.float("stderr")
		if known && a > 0 && finite(e) {
			of[k].x, of[k].y, of[k].e = append(of[k].x, math.Log10(w.float("rate"))), append(of[k].y, math.Log10(a)), append(of[k].e, e/a/math.Ln10)
			n++
		}
	})
	if n == 0 {
		return nil
	}
	for k, s := range of {
		p.dots(look{color: cycle[k%len(cycle)], glyph: shapes[k%len(shapes)], size: 3, bar: 1.3}, s.x, s.y, s.e)
	}
	return p
}

// arrheniusFigure shows ln rate against 1/T with the fitted line and its band.
func arrheniusFigure(r *run) *page {
	type series struct{ x, y, e, fx, fit, lo, hi []float64 }
	var keys ordered
	var all []*series
	r.each("arrhenius", func(w row) {
		if strings.HasPrefix(w.text("status"), "not in the fit") || !finite(w.float("inverse_temperature")) || !finite(w.float("log_rate")) {
			return
		}
		name := fmt.Sprintf("size %v", w.float("size"))
		if title := r.title(parseLabel(w.text("task")).point); title != "" {
			name = title + ", " + name
		}
		k := keys.add(name)
		if k == len(all) {
			all = append(all, &series{})
		}
		s, x := all[k], w.float("inverse_temperature")
		s.x, s.y, s.e = append(s.x, x), append(s.y, w.float("log_rate")), append(s.e, w.float("log_rate_stderr"))
		if fit := w.float("fit"); finite(fit) {
			s.fx, s.fit = append(s.fx, x), append(s.fit, fit)
			s.lo, s.hi = append(s.lo, fit-w.float("fit_stderr")), append(s.hi, fit+w.float("fit_stderr"))
		}
	})
	some := false
	p := newPanel("", scale{label: "inverse temperature 1/T", unit: "1"}, scale{label: "ln of the escape rate", unit: "1/step"})
	page := tile([]*panel{p})
	for k, s := range all {
		l := look{color: cycle[k%len(cycle)], glyph: shapes[k%len(shapes)], size: 3.2, bar: 1.4, width: 1.2, shade: 0.2}
		p.band(l, s.fx, s.lo, s.hi)
		p.curve(l, s.fx, s.fit)
		p.dots(l, s.x, s.y, s.e)
		for i := range s.y {
			some = some || finite(s.x[i]) && finite(s.y[i])
		}
		page.legend = append(page.legend, entry{keys.list[k], l})
	}
	if !some {
		return nil
	}
	page.note = "Error bars: ± 1 standard error. Line and band: fit ln rate = ln A − ΔU/T, ± 1 standard error."
	return page
}
