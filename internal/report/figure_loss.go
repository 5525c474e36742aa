package report

import "fmt"

var stepAxis = scale{label: "training step k", unit: "step", tight: true}

// maxPanels of a page; of more sweep points an even selection is shown.
const maxPanels = 12

// losses are the series of the figure of losses.
var losses = []struct {
	observable string
	look       look
}{
	{"loss_g", look{color: blue, width: 1.4, shade: 0.25}},
	{"loss_d", look{color: vermillion, width: 1.4, shade: 0.25}},
}

// lossFigure is Figure 1 of the paper: the losses against the step, a panel per sweep point,
// the median and the 10–90 % band over replicas.
func lossFigure(r *run) *page {
	shown, of := r.families("loss_g", "loss_d")
	if len(shown) == 0 {
		return nil
	}
	unit := r.unit("trace", "loss_g")
	var panels []*panel
	replicas := 0
	used := map[string]bool{}
	for _, f := range shown {
		panels = append(panels, f.lossPanel(unit))
		replicas = max(replicas, len(f.members))
		for _, s := range losses {
			used[s.observable] = used[s.observable] || f.has(s.observable)
		}
	}
	page := tile(panels)
	page.outerLabels()
	page.sameRange(true, false)
	for _, s := range losses {
		if replicas < 2 {
			s.look.shade = 0
		}
		if used[s.observable] {
			page.legend = append(page.legend, entry{nameOf(s.observable), s.look})
		}
	}
	if replicas > 1 {
		page.note = fmt.Sprintf("Line: median over replicas (up to %d a panel). Band: their 10–90 %% range.", replicas)
	}
	page.selection(len(shown), of, "sweep points")
	return page
}

func (f family) lossPanel(unit string) *panel {
	p := newPanel(f.heading, stepAxis, scale{label: "loss", unit: unit})
	var visible []float64
	for _, s := range losses {
		step, median, low, high := f.overMembers(s.observable)
		if len(f.members) > 1 {
			p.band(s.look, step, low, high)
			visible = append(append(visible, low...), high...)
		}
		p.curve(s.look, step, median)
		visible = append(visible, median...)
	}
	p.Y.Min, p.Y.Max = clipRange(visible)
	return p
}
