package report

import "gonum.org/v1/plot/vg/draw"

// rareSeries is what a table of rare paths says of one task (and estimator).
type rareSeries struct {
	name      string
	x, y, err []float64
}

// rareFigure shows what there is of C(t) with its error, of the committor along transition
// paths, and of the path of least action.
func rareFigure(r *run) *page {
	var panels []*panel
	page := &page{}
	for _, t := range []struct {
		table, title string
		x, y         scale
		x1, y1, e1   string
		key          string
		dots         bool
	}{
		{"correlation", "C(t) = Z_{AB}(t)/Z_{A}", scale{label: "time", unit: "kη", tight: true}, scale{label: "C(t)", unit: "1"}, "time", "c", "stderr", "estimator", false},
		{"committor", "Committor along transition paths", scale{label: "slice", unit: "step", tight: true}, scale{label: "committor", unit: "1"}, "slice", "committor", "committor_stderr", "", true},
		{"minimum_path", "Path of least action", scale{label: "time", unit: "kη", tight: true}, scale{label: "action so far", unit: "1"}, "time", "action", "", "", false},
	} {
		var keys ordered
		var series []*rareSeries
		r.each(t.table, func(w row) {
			name := w.text("task")
			if t.key != "" {
				name += ", " + w.text(t.key)
			}
			i := keys.add(name)
			if i == len(series) {
				series = append(series, &rareSeries{name: name})
			}
			s := series[i]
			s.x, s.y = append(s.x, w.float(t.x1)), append(s.y, w.float(t.y1))
			if t.e1 != "" {
				s.err = append(s.err, w.float(t.e1))
			}
		})
		if len(series) == 0 {
			continue
		}
		p := newPanel(t.title, t.x, t.y)
		shown := spreadOut(len(series), maxPanels)
		for n, i := range shown {
			s, l := series[i], r.lookOf(n, len(shown))
			switch {
			case t.dots:
				l = look{color: l.color, glyph: draw.CircleGlyph{}, size: 2.4, width: 0.6}
				p.dots(l, s.x, s.y, s.err)
			case s.err != nil:
				p.band(look{color: l.color, shade: 0.15}, s.x, edge(s.y, s.err, -1), edge(s.y, s.err, 1))
				p.curve(l, s.x, s.y)
				l.shade = 0.15
			default:
				p.curve(l, s.x, s.y)
			}
			page.legend = append(page.legend, entry{s.name, l})
		}
		panels = append(panels, p)
	}
	if len(panels) == 0 {
		return nil
	}
	legend := page.legend
	page = tile(panels)
	page.legend = legend
	page.note = "Bands and bars: ± 1 standard error."
	return page
}

// edge is y + sign·err.
func edge(y, err []float64, sign float64) []float64 {
	out := make([]float64, len(y))
	for i := range y {
		out[i] = y[i] + sign*err[i]
	}
	return out
}
