package report

import "math"

// noiseSeries is one observable of a task, or a player of one.
type noiseSeries struct{ x, y, err []float64 }

// linearNoiseFigure shows measured over predicted standard deviation against the step: a panel
// for each sweep point, a series for each observable.
func linearNoiseFigure(r *run) *page {
	var groups, observables ordered
	series := map[[2]int]*noiseSeries{}
	r.each("linear_noise", func(w row) {
		l := parseLabel(w.text("task"))
		if l.replica > 0 || !(w.float("step") > 0) {
			return
		}
		k := [2]int{groups.add(l.group()), observables.add(w.text("observable"))}
		if series[k] == nil {
			series[k] = &noiseSeries{}
		}
		series[k].add(math.Log10(w.float("step")), w.float("ratio"), w.float("ratio_stderr"))
	})
	if len(series) == 0 {
		return nil
	}
	headings := r.headings(groups.list)
	shown := spreadOut(len(groups.list), maxPanels)
	var panels []*panel
	for _, g := range shown {
		p := newPanel(headings[g], scale{label: "step", unit: "step", log: true, zero: math.Inf(-1)}, scale{label: "std, measured / predicted", unit: "1"})
		p.Add(rule{look: classicalLook, at: 1})
		for o := range observables.list {
			if s := series[[2]int{g, o}]; s != nil {
				s.draw(p, o)
			}
		}
		panels = append(panels, p)
	}
	page := tile(panels)
	page.outerLabels()
	for o, name := range observables.list {
		page.legend = append(page.legend, entry{nameOf(name), seriesLook(o)})
	}
	page.legend = append(page.legend, entry{"linear-noise theory", classicalLook})
	page.note = "Bars: ± 1 standard error of both."
	page.selection(len(shown), len(groups.list), "sweep points")
	return page
}

func (s *noiseSeries) add(x, y, err float64) {
	s.x, s.y, s.err = append(s.x, x), append(s.y, y), append(s.err, err)
}

// draw puts the series beside the others, a hair apart, so that bars do not cover each other.
func (s *noiseSeries) draw(p *panel, i int) {
	x := append([]float64(nil), s.x...)
	for k := range x {
		x[k] += 0.02 * float64(i)
	}
	p.dots(seriesLook(i), x, s.y, s.err)
}

func seriesLook(i int) look {
	return look{color: cycle[i%len(cycle)], glyph: shapes[i%len(shapes)], size: 3.2, bar: 1.2}
}

// spectrumFigure shows the leading eigenvalues of the gradient covariance against their rank:
// a panel for each sweep point and step, a series for each player.
func spectrumFigure(r *run) *page {
	var panelsOf, players ordered
	var headings []string
	series := map[[2]int]*noiseSeries{}
	r.each("gradient_noise", func(w row) {
		l := parseLabel(w.text("task"))
		if l.replica > 0 || w.text("quantity") != "eigenvalue" || !(w.float("value") > 0) {
			return
		}
		g := panelsOf.add(l.group() + "\x00" + w.text("step"))
		if g == len(headings) {
			title := r.title(l.point)
			if title != "" {
				title += ", "
			}
			headings = append(headings, title+"step "+w.text("step"))
		}
		k := [2]int{g, players.add(w.text("player"))}
		if series[k] == nil {
			series[k] = &noiseSeries{}
		}
		v := w.float("value")
		series[k].add(math.Log10(w.float("index")), math.Log10(v), w.float("stderr")/(v*math.Ln10))
	})
	if len(series) == 0 {
		return nil
	}
	shown := spreadOut(len(headings), maxPanels)
	var panels []*panel
	for _, g := range shown {
		p := newPanel(headings[g], scale{label: "rank", unit: "1", log: true, zero: math.Inf(-1)}, scale{label: "eigenvalue of C", unit: "1", log: true, zero: math.Inf(-1)})
		for o := range players.list {
			if s := series[[2]int{g, o}]; s != nil {
				p.dots(seriesLook(o), s.x, s.y, s.err)
			}
		}
		panels = append(panels, p)
	}
	page := tile(panels)
	page.outerLabels()
	for o, name := range players.list {
		page.legend = append(page.legend, entry{name, seriesLook(o)})
	}
	page.note = "Covariance of the gradient of one row; bars: ± 1 standard error (jackknife)."
	page.selection(len(shown), len(headings), "points and steps")
	return page
}
