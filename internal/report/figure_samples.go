package report

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/plot/vg"
)

// cloud is the generated samples of a task on the plane at its last step.
type cloud struct {
	task string
	step float64
	x, y []float64
}

// clouds reads samples.csv of tasks with two coordinates.
func (r *run) clouds() []*cloud {
	var out []*cloud
	byTask := map[string]*cloud{}
	r.each("samples", func(w row) {
		x, y, step := w.float("sample"), w.float("sample_1"), w.float("step")
		if !finite(x) || !finite(y) || !finite(step) {
			return
		}
		name := w.text("task")
		c := byTask[name]
		if c == nil {
			c = &cloud{task: name, step: step}
			byTask[name] = c
			out = append(out, c)
		}
		switch {
		case step < c.step:
			return
		case step > c.step:
			*c = cloud{task: name, step: step}
		}
		c.x, c.y = append(c.x, x), append(c.y, y)
	})
	return out
}

// The looks of the figure of samples.
var (
	sampleLook  = look{color: alpha(blue, 0.55), glyph: shapes[0], size: 1.1}
	coveredLook = look{color: green, glyph: ring{}, size: 4.6}
	missedLook  = look{color: vermillion, glyph: shapes[5], size: 4}
)

// maxClouds is four points of four seeds.
const maxClouds = 16

// samplesFigure shows the generated samples on the plane at the end, a panel per task, over
// the modes of the target.
func samplesFigure(r *run) *page {
	clouds := r.clouds()
	if len(clouds) == 0 {
		return nil
	}
	modes, scores := r.occupancy(), map[string]*modeScores{}
	_, members := r.modeTable()
	for _, group := range members {
		for _, m := range group {
			scores[m.text] = m
		}
	}
	shown := spreadOut(len(clouds), maxClouds)
	var panels []*panel
	covered, missed := false, false
	for _, i := range shown {
		c := clouds[i]
		p := newPanel(r.cloudHeading(c, scores[c.task], len(modes[c.task])), scale{label: "x", unit: "data", tight: true}, scale{label: "y", unit: "data", tight: true})
		for _, o := range modes[c.task] {
			if o.covered >= 0.5 {
				covered = true
				p.dots(coveredLook, []float64{o.x}, []float64{o.y}, nil)
			} else {
				missed = true
				p.dots(missedLook, []float64{o.x}, []float64{o.y}, nil)
			}
		}
		c.draw(p, modes[c.task])
		panels = append(panels, p)
	}
	page := tile(panels)
	page.outerLabels()
	page.squarePanels()
	page.legend = []entry{{"generated samples", look{color: blue, glyph: shapes[0], size: 2}}}
	if covered {
		page.legend = append(page.legend, entry{"mode, covered", coveredLook})
	}
	if missed {
		page.legend = append(page.legend, entry{"mode, missed", missedLook})
	}
	if covered || missed {
		page.note = "Above: modes covered, mean over draws, and the fraction of samples of high quality. "
	}
	page.note += "At the last step. Samples far outside the target are not shown."
	page.selection(len(shown), len(clouds), "tasks")
	return page
}

// cloudHeading names the point, and below it the replica and how it scored.
func (r *run) cloudHeading(c *cloud, m *modeScores, modes int) string {
	l := parseLabel(c.task)
	if m == nil {
		return r.taskName(l)
	}
	n, q := m.last("modes_covered"), m.last("quality")
	if !finite(n.value) || !finite(q.value) {
		return r.taskName(l)
	}
	scored := fmt.Sprintf("%.1f of %d modes, %.0f %%", n.value, modes, 100*q.value)
	if l.replica > 0 {
		scored = fmt.Sprintf("r%d: %s", l.replica, scored)
	}
	l.replica = 0
	return r.taskName(l) + "\n" + scored
}

// draw adds the samples within a square about the modes that holds the bulk of both.
func (c *cloud) draw(p *panel, modes []occupied) {
	bx, by := noBounds(), noBounds()
	for _, o := range modes {
		bx.hold(o.x)
		by.hold(o.y)
	}
	if len(modes) == 0 {
		bx, by = bulk(c.x), bulk(c.y)
	}
	half := math.Max(bx.hi-bx.lo, by.hi-by.lo) * 0.62
	if !(half > 0) {
		half = 1
	}
	mx, my := (bx.lo+bx.hi)/2, (by.lo+by.hi)/2
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = mx-half, mx+half, my-half, my+half
	var xs, ys []float64
	for i, x := range c.x {
		if math.Abs(x-mx) < half && math.Abs(c.y[i]-my) < half {
			xs, ys = append(xs, x), append(ys, c.y[i])
		}
	}
	p.dots(sampleLook, xs, ys, nil)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = mx-half, mx+half, my-half, my+half
}

// bulk is the range of all but the outermost two percent.
func bulk(values []float64) bounds {
	v := append([]float64(nil), values...)
	sort.Float64s(v)
	return bounds{quantile(v, 0.01), quantile(v, 0.99)}
}

// squarePanels makes rows as high as columns are wide, so that a circle is a circle.
func (p *page) squarePanels() {
	cols := vg.Length(len(p.grid[0]))
	const labels, above = 46, 74 // beside and above the axes, roughly
	p.row = (p.width-2*margin-(cols-1)*between)/cols - labels + above
}
