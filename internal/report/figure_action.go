package report

import (
	"fmt"
	"strings"
)

// actionFigure shows the sampled quadratic action of each family of moves against ½χ² with
// all degrees of freedom, the exact law of a path with a free end.
func actionFigure(r *run) *page {
	histograms := r.histograms(func(_ label, observable string) bool { return strings.HasPrefix(observable, "action/") })
	if len(histograms) == 0 {
		return nil
	}
	var panels []*panel
	exact := false
	shown := spreadOut(len(histograms), maxPanels)
	for _, i := range shown {
		h := histograms[i]
		heading := strings.TrimPrefix(h.observable, "action/")
		if t := r.title(h.point); t != "" {
			heading = t + "\n" + heading
		}
		if h.replica > 0 {
			heading += fmt.Sprintf(", replica %d", h.replica)
		}
		p := newPanel(heading, scale{label: "action S", unit: "1"}, scale{label: "density", unit: "1"})
		p.histogram(h)
		exact = exact || h.hasPrediction()
		panels = append(panels, p)
	}
	page := tile(panels)
	page.outerLabels()
	page.legend = []entry{{"Metropolis, ± 1 standard error", sampled}}
	if exact {
		page.legend = append(page.legend, entry{"exact: ½χ² with all degrees of freedom", predicted})
	}
	page.note = "S: quadratic action of the whole path; for the innovation action ½Σ|ξ|². Headings name the moves."
	page.selection(len(shown), len(histograms), "histograms")
	return page
}
