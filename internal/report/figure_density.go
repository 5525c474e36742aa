package report

import (
	"fmt"
	"image/color"
)

// densityCurve is the density of the samples of one task at its last recorded step.
type densityCurve struct {
	step                  float64
	x, density, err, data []float64
}

// densities reads density.csv, the tasks of a sweep point together.
func (r *run) densities() (groups ordered, curves [][]*densityCurve) {
	byTask := map[string]*densityCurve{}
	r.each("density", func(w row) {
		name := w.text("task")
		c := byTask[name]
		if c == nil {
			c = &densityCurve{step: nan}
			byTask[name] = c
			g := groups.add(parseLabel(name).group())
			if g == len(curves) {
				curves = append(curves, nil)
			}
			curves[g] = append(curves[g], c)
		}
		switch step := w.float("step"); {
		case step < c.step:
			return
		case step > c.step || !finite(c.step):
			*c = densityCurve{step: step, x: c.x[:0], density: c.density[:0], err: c.err[:0], data: c.data[:0]}
		}
		c.x, c.density = append(c.x, w.float("x")), append(c.density, w.float("density"))
		c.err, c.data = append(c.err, w.float("density_stderr")), append(c.data, w.float("target_density"))
	})
	return groups, curves
}

// densityFigure is Figure 2 of the paper: the density of the generated samples at the end,
// a panel per sweep point with its seeds on top of each other, against the data's.
func densityFigure(r *run) *page {
	groups, curves := r.densities()
	if len(curves) == 0 {
		return nil
	}
	headings := r.headings(groups.list)
	seeds := 0
	var panels []*panel
	for _, g := range spreadOut(len(curves), maxPanels) {
		p := newPanel(headings[g], scale{label: "x", unit: "data", tight: true}, scale{label: "density", unit: "1/data"})
		first := curves[g][0]
		p.band(dataLook, first.x, make([]float64, len(first.x)), first.data)
		p.curve(dataLook, first.x, first.data)
		for i, c := range curves[g] {
			l := seedLook(i, len(curves[g]))
			p.curve(l, c.x, c.density)
			p.dots(l, c.x, c.density, c.err)
		}
		p.Y.Min = 0
		seeds = max(seeds, len(curves[g]))
		panels = append(panels, p)
	}
	page := tile(panels)
	page.outerLabels()
	page.sameRange(true, false)
	text := "generated, ± 1 standard error"
	if seeds > 1 {
		text += fmt.Sprintf(", a line for each of up to %d seeds", seeds)
	}
	page.legend = []entry{{"data", dataLook}, {text, seedLook(0, seeds)}}
	page.selection(len(panels), len(curves), "sweep points")
	return page
}

var dataLook = look{color: grey, width: 1.2, shade: 0.25}

// seedLook is fainter where seeds are on top of each other.
func seedLook(i, n int) look {
	if n == 1 {
		return look{color: blue, width: 1.2, bar: 1}
	}
	return look{color: alpha([]color.NRGBA{blue, green}[i%2], 0.7), width: 0.9, bar: 0.7}
}
