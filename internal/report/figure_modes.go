package report

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/vg"
)

// modeMetrics are the rows of the figure of modes.
var modeMetrics = []struct {
	metric string
	scale  scale
}{
	{"modes_covered", scale{label: "modes covered", unit: "1"}},
	{"quality", scale{label: "high-quality fraction", unit: "1"}},
	{"reverse_kl", scale{label: "reverse KL over modes", unit: "nat"}},
	{"w2", scale{label: "W_{2}", unit: "data"}},
}

// The looks of the figure of modes: fixed samplers are levels.
var (
	perfectLevel = look{color: black, width: 1.1, dashes: dashed}
	uniformLevel = look{color: vermillion, width: 1.1, dashes: dotted}
	trainedLook  = look{color: blue, width: 0.9, glyph: shapes[0], size: 1.8, bar: 0.9}
)

// modesFigure shows how the generator covers the modes along training, a column per sweep
// point, between the levels of a perfect sampler and of a uniform box.
func modesFigure(r *run) *page {
	groups, members := r.modeTable()
	if len(members) == 0 {
		return nil
	}
	headings := r.headings(groups.list)
	shown := spreadOut(len(members), 4)
	var panels []*panel
	for _, m := range modeMetrics {
		for _, g := range shown {
			heading := ""
			if m.metric == modeMetrics[0].metric {
				heading = headings[g]
			}
			metric, y := m.metric, m.scale
			if metric == "w2" && members[g][0].w2Metric() != metric {
				metric, y.label = members[g][0].w2Metric(), "sliced "+y.label
			}
			panels = append(panels, modesPanel(heading, metric, y, members[g]))
		}
	}
	page := tileIn(len(shown), panels)
	page.row = min(page.row, 2.2*vg.Inch)
	page.outerLabels()
	for i := range modeMetrics { // one range for a row
		at := panels[i*len(shown) : (i+1)*len(shown)]
		b := noBounds()
		for _, p := range at {
			b.hold(p.Y.Max)
		}
		for _, p := range at {
			p.Y.Min, p.Y.Max = 0, b.hi
		}
	}
	page.sameRange(true, false)
	seeds := 0
	for _, g := range shown {
		seeds = max(seeds, len(members[g]))
	}
	text := "generator, ± 1 standard error"
	if seeds > 1 {
		text += fmt.Sprintf(", a line for each of up to %d seeds", seeds)
	}
	page.legend = []entry{{text, trainedLook}, {"perfect sampler", perfectLevel}, {"uniform box", uniformLevel}}
	page.note = "Levels are expectations at the same number of samples. Without a high-quality sample there is no KL."
	page.selection(len(shown), len(members), "sweep points")
	return page
}

func modesPanel(heading, metric string, y scale, tasks []*modeScores) *panel {
	p := newPanel(heading, stepAxis, y)
	top := noBounds()
	for i, m := range tasks {
		step, value, err := m.along(metric)
		l := trainedLook
		l.color = alpha([]color.NRGBA{blue, green}[i%2], 0.75)
		p.curve(look{color: l.color, width: l.width}, step, value)
		p.dots(l, step, value, err)
		for _, v := range value {
			top.hold(v)
		}
		for _, s := range step {
			p.X.Max = max(p.X.Max, s)
		}
	}
	for _, fixed := range []struct {
		sampler string
		look    look
	}{{"perfect", perfectLevel}, {"uniform", uniformLevel}} {
		if s, ok := tasks[0].fixed[fixed.sampler][metric]; ok {
			if level, _ := s.best(); finite(level) {
				top.hold(level)
				p.Add(rule{look: fixed.look, at: level})
			}
		}
	}
	if p.Y.Min, p.Y.Max = 0, 1; top.hi > 0 {
		p.Y.Max = 1.05 * top.hi
	}
	p.y.fixed = true
	return p
}
