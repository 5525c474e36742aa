package report

import "fmt"

var stepAxis = scale{label: "training step k", unit: "step", tight: true}

// maxPanels of a page; of more sweep points an even selection is shown.
const maxPanels = 12

// lossFigure is Figure 1 of the paper: the losses against the step, a panel per sweep point,
// the median and the 10–90 % band over replicas.
func lossFigure(r *run) *page {
	series := []struct {
		observable string
		look       look
	}{
		{"loss_g", look{color: blue, width: 1.4, shade: 0.25}},
		{"loss_d", look{color: vermillion, width: 1.4, shade: 0.25}},
	}
	groups, members := r.traces("loss_g", "loss_d")
	var shown []string
	var data [][]*trajectory
	for i, g := range groups.list {
		if has(members[i], "loss_g") || has(members[i], "loss_d") {
			shown, data = append(shown, g), append(data, members[i])
		}
	}
	if len(shown) == 0 {
		return nil
	}
	headings := r.headings(shown)
	var panels []*panel
	replicas := 0
	used := map[string]bool{}
	for _, i := range spreadOut(len(shown), maxPanels) {
		p := newPanel(headings[i], stepAxis, scale{label: "loss", unit: r.unit("trace", "loss_g")})
		var visible []float64
		for _, s := range series {
			if !has(data[i], s.observable) {
				continue
			}
			used[s.observable] = true
			step, median, low, high := overMembers(data[i], s.observable)
			if len(data[i]) > 1 {
				p.band(s.look, step, low, high)
				visible = append(append(visible, low...), high...)
			}
			p.curve(s.look, step, median)
			visible = append(visible, median...)
		}
		p.Y.Min, p.Y.Max = clipRange(visible)
		replicas = max(replicas, len(data[i]))
		panels = append(panels, p)
	}
	page := tile(panels)
	page.outerLabels()
	page.sameRange(true, false)
	for _, s := range series {
		if used[s.observable] {
			if replicas < 2 {
				s.look.shade = 0
			}
			page.legend = append(page.legend, entry{nameOf(s.observable), s.look})
		}
	}
	if replicas > 1 {
		page.note = fmt.Sprintf("Line: median over replicas (up to %d a panel). Band: their 10–90 %% range.", replicas)
	}
	page.selection(len(panels), len(shown), "sweep points")
	return page
}

// selection notes that only some are shown.
func (p *page) selection(shown, of int, what string) {
	if shown == of {
		return
	}
	if p.note != "" {
		p.note += " "
	}
	p.note += fmt.Sprintf("Shown: %d of %d %s, evenly chosen.", shown, of, what)
}
