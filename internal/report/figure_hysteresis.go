package report

import (
	"fmt"
	"math"
	"sort"
	"strings"
)

// A rampGroup is the ramps of one number with one order parameter: for each task a loop by dwell and
// direction.
type rampGroup struct {
	observable, key string
	tasks           ordered
	loops           []map[float64]map[string]*rampLeg // by task
}

type rampLeg struct{ x, y, e []float64 }

// rampGroups reads hysteresis.csv, and all dwells, rising.
func (r *run) rampGroups() (groups []*rampGroup, dwells []float64) {
	var keys ordered
	r.each("hysteresis", func(w row) {
		k := keys.add(w.text("observable") + "\x00" + w.text("key"))
		if k == len(groups) {
			groups = append(groups, &rampGroup{observable: w.text("observable"), key: w.text("key")})
		}
		g, dwell := groups[k], w.float("dwell")
		if i := sort.SearchFloat64s(dwells, dwell); i == len(dwells) || dwells[i] != dwell {
			dwells = append(dwells[:i], append([]float64{dwell}, dwells[i:]...)...)
		}
		n := g.tasks.add(w.text("task"))
		if n == len(g.loops) {
			g.loops = append(g.loops, map[float64]map[string]*rampLeg{})
		}
		if g.loops[n][dwell] == nil {
			g.loops[n][dwell] = map[string]*rampLeg{"there": {}, "back": {}}
		}
		if l := g.loops[n][dwell][w.text("direction")]; l != nil {
			l.x, l.y, l.e = append(l.x, w.float("control")), append(l.y, w.float("mean")), append(l.e, w.float("stderr"))
		}
	})
	return groups, dwells
}

// loopPanels is how many tasks a row of the figure shows the loops of.
const loopPanels = 3

// hysteresisFigure is a row for each number that is ramped: the loops of some tasks, a colour for
// each rate, and the area of the loops of all tasks against the rate.
func hysteresisFigure(r *run) *page {
	groups, dwells := r.rampGroups()
	if len(groups) == 0 {
		return nil
	}
	most, columns := 0, 1
	for _, g := range groups {
		most = max(most, len(g.tasks.list))
		if p, _ := r.areaPanel(g.tasks); p != nil {
			columns = 2
		}
	}
	columns += min(most, loopPanels) - 1
	var panels []*panel
	var legend []entry
	named := map[string]bool{}
	for _, g := range groups {
		shown := spreadOut(len(g.tasks.list), loopPanels)
		for _, k := range shown {
			panels = append(panels, r.loopPanel(g, k, dwells))
		}
		area, tasks := r.areaPanel(g.tasks)
		if area != nil {
			panels = append(panels, area)
		}
		for _, e := range tasks {
			if !named[e.text] {
				named[e.text], legend = true, append(legend, e)
			}
		}
		for len(panels)%columns != 0 {
			panels = append(panels, nil) // a row is one ramp
		}
	}
	page := tileIn(columns, panels)
	for i := len(dwells) - 1; i >= 0; i-- {
		page.legend = append(page.legend, entry{fmt.Sprintf("%.4g steps at each value", dwells[i]), dwellLook(i, len(dwells))})
	}
	page.legend = append(page.legend, entry{"back", look{color: grey, width: 1.4, dashes: dashed}})
	if most > 1 {
		page.legend = append(page.legend, legend...)
	}
	page.note = "Bands and error bars: ± 1 standard error over independent loops. Area: ∫(back − there), negative where a mean that falls along the ramp lags."
	page.selection(min(most, loopPanels), most, "loops")
	return page
}

func dwellLook(i, n int) look { return look{color: ramp(n-1-i, n), width: 1.4, shade: 0.2} }

// rampTask names a task among those ramped; empty where a run has one.
func (r *run) rampTask(task string) string {
	l := parseLabel(task)
	name := r.title(l.point)
	if l.replica > 0 {
		name = strings.TrimPrefix(fmt.Sprintf("%s, r%d", name, l.replica), ", ")
	}
	return name
}

// loopPanel is the loops of one task.
func (r *run) loopPanel(g *rampGroup, task int, dwells []float64) *panel {
	control := scale{label: "control parameter", unit: "1"}
	if g.key != "" {
		control.label = r.short(g.key)
	}
	title := "ramp of the " + control.label
	if name := r.rampTask(g.tasks.list[task]); name != "" {
		title += ", " + name
	}
	p := newPanel(title, control, scale{label: "mean of " + nameOf(g.observable), unit: "1"})
	for i, dwell := range dwells {
		for _, direction := range []string{"there", "back"} {
			s := g.loops[task][dwell][direction]
			if s == nil {
				continue
			}
			line := dwellLook(i, len(dwells))
			p.band(line, s.x, minusErr(s.y, s.e, -1), minusErr(s.y, s.e, 1))
			if direction == "back" {
				line.dashes = dashed
			}
			p.curve(line, s.x, s.y)
		}
	}
	return p
}

// areaPanel is the signed area against the logarithm of the rate: a series for each task, named in the
// legend. nil without an area.
func (r *run) areaPanel(tasks ordered) (*panel, []entry) {
	p := newPanel("area", scale{label: "rate of the ramp", unit: "1/step", log: true, zero: math.Inf(-1)}, scale{label: "area of the loop", unit: "1"})
	of := make([]rampLeg, len(tasks.list))
	lo, hi := math.Inf(1), math.Inf(-1)
	r.each("hysteresis_area", func(w row) {
		k, known := tasks.index[w.text("task")]
		x, a, e := math.Log10(w.float("rate")), w.float("area"), w.float("stderr")
		if known && finite(x) && finite(a) && finite(e) {
			of[k].x, of[k].y, of[k].e = append(of[k].x, x), append(of[k].y, a), append(of[k].e, e)
			lo, hi = math.Min(lo, x), math.Max(hi, x)
		}
	})
	if lo > hi {
		return nil, nil
	}
	p.curve(look{color: grey, width: 0.8}, []float64{lo, hi}, []float64{0, 0})
	var legend []entry
	for k, s := range of {
		l := look{color: cycle[k%len(cycle)], glyph: shapes[k%len(shapes)], size: 3, bar: 1.3}
		p.dots(l, s.x, s.y, s.e)
		legend = append(legend, entry{"area, " + r.rampTask(tasks.list[k]), l})
	}
	return p, legend
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
