package report

// orderHistogramFigure shows the distribution over the replicas of a sweep point, where
// histogram.csv pools them: bistability is two humps.
func orderHistogramFigure(r *run) *page {
	histograms := r.histograms(func(l label, _ string) bool { return l.replica < 0 })
	if len(histograms) == 0 {
		return nil
	}
	var groups []string
	for _, h := range histograms {
		groups = append(groups, h.group())
	}
	headings := r.headings(groups)
	var panels []*panel
	shown := spreadOut(len(histograms), maxPanels)
	for _, i := range shown {
		h := histograms[i]
		p := newPanel(headings[i], scale{label: nameOf(h.observable), unit: r.unit("trace", h.observable)}, scale{label: "density", unit: inverse(r.unit("trace", h.observable))})
		if h.observable == "rho" {
			p.Add(rule{look: dataWidth, at: 1, vertical: true})
		}
		p.histogram(h)
		panels = append(panels, p)
	}
	page := tile(panels)
	page.outerLabels()
	page.sameRange(true, false)
	page.legend = []entry{{"replicas, ± 1 standard error", sampled}}
	if histograms[0].observable == "rho" {
		page.legend = append(page.legend, entry{"width of the data, ρ = 1", dataWidth})
	}
	page.selection(len(shown), len(histograms), "sweep points")
	return page
}
