package report

import (
	"fmt"
	"math"
	"sort"
	"strings"
)

// hysteresisFigure shows the loops of the first task, a colour for each rate, and the area of
// all loops against the rate.
func hysteresisFigure(r *run) *page {
	type leg struct{ x, y, e []float64 }
	loops := map[float64]map[string]*leg{}
	var tasks ordered
	var rates []float64
	observable := ""
	r.each("hysteresis", func(w row) {
		if tasks.add(w.text("task")) > 0 {
			return
		}
		rate, direction := w.float("rate"), w.text("direction")
		observable = w.text("observable")
		if loops[rate] == nil {
			loops[rate] = map[string]*leg{"there": {}, "back": {}}
			rates = append(rates, rate)
		}
		if l := loops[rate][direction]; l != nil {
			l.x, l.y, l.e = append(l.x, w.float("control")), append(l.y, w.float("mean")), append(l.e, w.float("stderr"))
		}
	})
	if len(rates) == 0 {
		return nil
	}
	sort.Float64s(rates)
	p := newPanel("loops", scale{label: "control parameter", unit: "1"}, scale{label: "mean of " + nameOf(observable), unit: "1"})
	page := &page{}
	for i, rate := range rates {
		l := look{color: ramp(i, len(rates)), width: 1.4, shade: 0.2}
		for _, direction := range []string{"there", "back"} {
			s := loops[rate][direction]
			p.band(l, s.x, minusErr(s.y, s.e, -1), minusErr(s.y, s.e, 1))
			line := l
			if direction == "back" {
				line.dashes = dashed
			}
			p.curve(line, s.x, s.y)
		}
		page.legend = append(page.legend, entry{fmt.Sprintf("rate %.2g per step", rate), l})
	}
	panels := []*panel{p}
	if area := r.areaPanel(tasks); area != nil {
		panels = append(panels, area)
	}
	legend := page.legend
	page = tileIn(len(panels), panels)
	page.legend = append(legend, entry{"back", look{color: grey, width: 1.4, dashes: dashed}})
	page.note = "Bands and error bars: ± 1 standard error over independent loops."
	page.selection(1, len(tasks.list), "tasks")
	return page
}

// areaPanel is the area against the rate, both logarithmic: a series for each task.
func (r *run) areaPanel(tasks ordered) *panel {
	p := newPanel("area", scale{label: "rate of the ramp", unit: "1/step", log: true, zero: math.Inf(-1)}, scale{label: "log_{10} of the loop's area", unit: "1"})
	type series struct{ x, y, e []float64 }
	of := make([]series, len(tasks.list))
	n := 0
	r.each("hysteresis_area", func(w row) {
		k := tasks.add(w.text("task"))
		a, e := math.Abs(w.float("area")), w.float("stderr")
		if k < len(of) && a > 0 && finite(e) {
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
