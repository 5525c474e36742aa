package report

import (
	"fmt"
	"image/color"
)

// densityFigure is Figure 2 of the paper: the density of the generated samples at the end,
// a panel per sweep point with its seeds on top of each other, against the data's.
func densityFigure(r *run) *page {
	type curve struct {
		step                  float64
		x, density, err, data []float64
	}
	curves := map[string]*curve{}
	var groups ordered
	var tasks [][]string
	r.each("density", func(w row) {
		name := w.text("task")
		c := curves[name]
		if c == nil {
			c = &curve{step: nan}
			curves[name] = c
			g := groups.add(parseLabel(name).group())
			if g == len(tasks) {
				tasks = append(tasks, nil)
			}
			tasks[g] = append(tasks[g], name)
		}
		switch step := w.float("step"); {
		case step < c.step:
			return // rows of the last step only
		case step != c.step:
			*c = curve{step: step}
		}
		c.x, c.density = append(c.x, w.float("x")), append(c.density, w.float("density"))
		c.err, c.data = append(c.err, w.float("density_stderr")), append(c.data, w.float("target_density"))
	})
	if len(tasks) == 0 {
		return nil
	}
	data := look{color: grey, width: 1.2, shade: 0.25}
	headings := r.headings(groups.list)
	seeds, known := 0, false
	var panels []*panel
	for _, g := range spreadOut(len(tasks), maxPanels) {
		p := newPanel(headings[g], scale{label: "x", unit: "data", tight: true}, scale{label: "density", unit: "1/data"})
		for i, name := range tasks[g] {
			c := curves[name]
			if i == 0 {
				zero := make([]float64, len(c.x))
				p.band(data, c.x, zero, c.data)
				p.curve(data, c.x, c.data)
				for _, v := range c.data {
					known = known || finite(v)
				}
			}
			l := seedLook(i, len(tasks[g]))
			p.curve(l, c.x, c.density)
			p.dots(l, c.x, c.density, c.err)
		}
		p.Y.Min = 0
		seeds = max(seeds, len(tasks[g]))
		panels = append(panels, p)
	}
	page := tile(panels)
	page.outerLabels()
	page.sameRange(true, false)
	if known {
		page.legend = append(page.legend, entry{"data", data})
	}
	if seeds == 1 {
		page.legend = append(page.legend, entry{"generated, ± 1 standard error", seedLook(0, 1)})
	} else {
		page.legend = append(page.legend, entry{fmt.Sprintf("generated, ± 1 standard error, one line for each of %d seeds", seeds), seedLook(0, seeds)})
	}
	page.selection(len(panels), len(tasks), "sweep points")
	return page
}

// seedLook is fainter the more seeds are on top of each other.
func seedLook(i, n int) look {
	if n == 1 {
		return look{color: blue, width: 1.2, bar: 1}
	}
	return look{color: alpha([]color.NRGBA{blue, green}[i%2], 0.7), width: 0.9, bar: 0.7}
}
