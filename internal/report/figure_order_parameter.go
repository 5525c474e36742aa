package report

import (
	"fmt"
	"image/color"
)

// fates of a replica by its status in summary.csv, in the order of drawing.
var fates = []struct {
	status, text string
	color        color.NRGBA
}{
	{"", "replica", blue},
	{"never below low", "never collapsed", green},
	{"escaped", "collapsed, then escaped", blue},
	{"collapsed", "collapsed at the end", vermillion},
}

// orderParameterFigure shows ρ(t): a thin line per replica, coloured by what became of it.
func orderParameterFigure(r *run) *page {
	shown, of := r.families("rho")
	if len(shown) == 0 {
		return nil
	}
	fate := map[string]string{} // by task
	r.each("summary", func(w row) {
		if w.text("quantity") == "final_rho" {
			fate[w.text("task")] = w.text("status")
		}
	})
	used := map[string]bool{}
	var panels []*panel
	for _, f := range shown {
		p := newPanel(f.heading, stepAxis, scale{label: nameOf("rho"), unit: "1"})
		p.Add(rule{look: dataWidth, at: 1})
		p.Y.Min, p.Y.Max = 0, 1.1
		for _, kind := range fates {
			for _, t := range f.members {
				if fate[t.text] == kind.status {
					used[kind.status] = true
					p.curve(look{color: alpha(kind.color, 0.75), width: 0.9}, t.step, t.values["rho"])
				}
			}
		}
		p.Y.Max = min(p.Y.Max, 3)
		panels = append(panels, p)
	}
	page := tile(panels)
	page.outerLabels()
	page.sameRange(true, true)
	for _, kind := range fates {
		if used[kind.status] {
			page.legend = append(page.legend, entry{kind.text, look{color: kind.color, width: 1.4}})
		}
	}
	page.legend = append(page.legend, entry{"width of the data, ρ = 1", dataWidth})
	if n := len(shown[0].members); n > 1 {
		page.note = fmt.Sprintf("One line per replica (%d in the first panel).", n)
	}
	page.selection(len(shown), of, "sweep points")
	return page
}

var dataWidth = look{color: black, width: 0.9, dashes: dashed}
