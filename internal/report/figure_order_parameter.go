package report

import (
	"fmt"
	"image/color"
)

// orderParameterFigure shows ρ(t): a thin line per replica, coloured by what became of it.
func orderParameterFigure(r *run) *page {
	groups, members := r.traces("rho")
	var shown []string
	var data [][]*trajectory
	for i, g := range groups.list {
		if has(members[i], "rho") {
			shown, data = append(shown, g), append(data, members[i])
		}
	}
	if len(shown) == 0 {
		return nil
	}
	fate := map[string]string{} // by task
	r.each("summary", func(w row) {
		if w.text("quantity") == "final_rho" {
			fate[w.text("task")] = w.text("status")
		}
	})
	kinds := []struct {
		status, text string
		color        color.NRGBA
	}{{"", "replica", blue}, {"never below low", "never collapsed", green}, {"escaped", "collapsed, then escaped", blue}, {"collapsed", "collapsed at the end", vermillion}}
	used := map[string]bool{}
	headings := r.headings(shown)
	var panels []*panel
	for _, i := range spreadOut(len(shown), maxPanels) {
		p := newPanel(headings[i], stepAxis, scale{label: nameOf("rho"), unit: "1"})
		p.Add(rule{look: look{color: black, width: 0.9, dashes: dashed}, at: 1})
		p.Y.Min, p.Y.Max = 0, 1.1
		for _, kind := range kinds {
			for _, t := range data[i] {
				if fate[t.text] != kind.status {
					continue
				}
				used[kind.status] = true
				p.curve(look{color: alpha(kind.color, 0.75), width: 0.9}, t.step, t.values["rho"])
			}
		}
		p.Y.Max = min(p.Y.Max, 3)
		panels = append(panels, p)
	}
	page := tile(panels)
	page.outerLabels()
	page.sameRange(true, true)
	for _, kind := range kinds {
		if used[kind.status] {
			page.legend = append(page.legend, entry{kind.text, look{color: kind.color, width: 1.4}})
		}
	}
	page.legend = append(page.legend, entry{"width of the data, ρ = 1", look{color: black, width: 0.9, dashes: dashed}})
	page.selection(len(panels), len(shown), "sweep points")
	if n := len(data[0]); n > 1 && page.note == "" {
		page.note = fmt.Sprintf("One line per replica (%d in the first panel).", n)
	}
	return page
}
