package report

// survivalFigure shows the Kaplan–Meier curves of all sweep points with Greenwood's error.
func survivalFigure(r *run) *page {
	type curve struct{ step, s, low, high []float64 }
	var groups ordered
	var curves []*curve
	end := 0.0
	r.each("survival", func(w row) {
		g := groups.add(w.text("task"))
		if g == len(curves) {
			curves = append(curves, &curve{})
		}
		c, s, e := curves[g], w.float("survival"), w.float("survival_stderr")
		if !finite(e) {
			e = 0
		}
		c.step, c.s = append(c.step, w.float("step")), append(c.s, s)
		c.low, c.high = append(c.low, max(0, s-e)), append(c.high, min(1, s+e))
		end = max(end, w.float("step"))
	})
	if len(curves) == 0 {
		return nil
	}
	p := newPanel("", scale{label: "steps since the collapse", unit: "step", tight: true}, scale{label: "fraction still collapsed", unit: "1"})
	headings := r.headings(groups.list)
	shown := spreadOut(len(curves), maxPanels)
	page := tile([]*panel{p})
	for n, i := range shown {
		c := curves[i]
		if last := len(c.step) - 1; c.s[last] > 0 && c.step[last] < end { // nothing changes after the last escape
			c.step, c.s = append(c.step, end), append(c.s, c.s[last])
			c.low, c.high = append(c.low, c.low[last]), append(c.high, c.high[last])
		}
		l := r.lookOf(n, len(shown))
		p.stepBand(look{color: l.color, shade: 0.15}, c.step, c.low, c.high)
		p.steps(l, c.step, c.s)
		l.shade = 0.15
		page.legend = append(page.legend, entry{headings[i], l})
	}
	p.Y.Min, p.Y.Max = 0, 1
	page.note = "Band: ± 1 standard error (Greenwood)."
	page.selection(len(shown), len(curves), "sweep points")
	return page
}

// lookOf is the look of series n of several: in order of lightness where one number is
// swept, else as different as can be.
func (r *run) lookOf(n, of int) look {
	l := look{width: 1.6, color: cycle[n%len(cycle)]}
	keys := r.varying()
	if of > len(cycle) || len(keys) == 1 && len(r.tasks) > 0 && finite(r.number(r.tasks[0].point, keys[0])) {
		l.color = ramp(n, of)
	}
	return l
}
