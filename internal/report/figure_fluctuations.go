package report

import (
	"fmt"
	"strings"
)

// fluctuationsFigure shows the law of each observable over the chains at the last recorded
// step against linear-noise theory: a row per sweep point, a column per observable.
func fluctuationsFigure(r *run) *page {
	histograms := r.histograms(func(l label, observable string) bool {
		return l.replica >= 0 && !strings.HasPrefix(observable, "action/")
	})
	var groups, observables ordered
	cells := map[[2]int]*histogram{} // first replica of a point
	for _, h := range histograms {
		k := [2]int{groups.add(h.group()), observables.add(h.observable)}
		if cells[k] == nil {
			cells[k] = h
		}
	}
	if len(cells) == 0 {
		return nil
	}
	classical, ratio := r.classical()
	headings := r.headings(groups.list)
	rows := spreadOut(len(groups.list), 6)
	var panels []*panel
	theory, base := false, false
	for _, g := range rows {
		for o, name := range observables.list {
			h := cells[[2]int{g, o}]
			if h == nil {
				panels = append(panels, nil)
				continue
			}
			heading := ""
			if len(rows) > 1 {
				heading = headings[g] + "\n"
			}
			key := h.text + "\x00" + name
			p := newPanel(strings.TrimSpace(heading+name+ratio[key]), scale{label: nameOf(name), unit: r.unit("trace", name)}, scale{label: "density", unit: inverse(r.unit("trace", name))})
			if v, ok := classical[key]; ok && finite(v) {
				p.Add(rule{look: classicalLook, at: v, vertical: true})
				base = true
			}
			p.histogram(h)
			theory = theory || h.hasPrediction()
			panels = append(panels, p)
		}
	}
	page := gridOf(panels, len(rows), len(observables.list))
	page.legend = []entry{{"chains, ± 1 standard error", sampled}}
	if theory {
		page.legend = append(page.legend, entry{"linear-noise theory", predicted})
	}
	if base {
		page.legend = append(page.legend, entry{"classical trajectory", classicalLook})
	}
	page.note = fmt.Sprintf("At step %.0f, the last one recorded.", histograms[0].step)
	page.selection(len(rows), len(groups.list), "sweep points")
	return page
}

var classicalLook = look{color: black, width: 1, dashes: dashed}

// classical reads the last recorded value on the classical trajectory, and the measured
// standard deviation in units of the predicted one as text, by task and observable.
func (r *run) classical() (value map[string]float64, ratio map[string]string) {
	value, ratio = map[string]float64{}, map[string]string{}
	r.each("fluctuations", func(w row) { // steps rise within a task
		key := w.text("task") + "\x00" + w.text("observable")
		value[key] = w.float("classical")
		ratio[key] = ""
		std, err, want := w.float("std"), w.float("std_stderr"), w.float("predicted_std")
		if want > 0 && finite(std) {
			ratio[key] = ", std/theory " + withError(std/want, err/want)
		}
	})
	return value, ratio
}

// gridOf keeps rows and columns where there are several rows, and otherwise tiles.
func gridOf(panels []*panel, rows, cols int) *page {
	if rows == 1 {
		return tile(panels)
	}
	return tileIn(cols, panels)
}
