package report

import (
	"sort"

	"gonum.org/v1/plot/vg/draw"
)

// survivalCurve is the Kaplan–Meier curve of a sweep point.
type survivalCurve struct {
	step, s, low, high []float64
	censored           []float64 // waits that ended without an escape
	end                float64   // the longest wait
}

// survivalFigure shows the Kaplan–Meier curves of all sweep points with Greenwood's error.
func survivalFigure(r *run) *page {
	groups, curves := r.survival()
	if len(curves) == 0 {
		return nil
	}
	p := newPanel("", scale{label: "steps since the collapse", unit: "step", tight: true}, scale{label: "fraction still collapsed", unit: "1"})
	headings := r.headings(groups.list)
	shown, chosen := r.longestLadder(groups.list), "the longest ladder in one key"
	if len(curves) <= crowd || len(shown) < 2 {
		shown, chosen = spreadOut(len(curves), maxPanels), "evenly chosen"
	}
	page := tile([]*panel{p})
	marks := false
	for n, i := range shown {
		c := curves[i]
		c.extend()
		l := r.lookOf(n, len(shown))
		p.stepBand(look{color: l.color, shade: 0.15}, c.step, c.low, c.high)
		p.steps(l, c.step, c.s)
		xs, ys := c.marks()
		p.dots(look{color: l.color, glyph: draw.PlusGlyph{}, size: 4}, xs, ys, nil)
		marks = marks || len(xs) > 0
		l.shade = 0.15
		page.legend = append(page.legend, entry{headings[i], l})
	}
	p.X.Min, p.Y.Min, p.Y.Max = 0, 0, 1
	page.note = "Band: ± 1 standard error (Greenwood)."
	if marks {
		page.note += " Crosses: replicas still collapsed at their end."
	}
	page.selectionBy(len(shown), len(curves), "sweep points", chosen)
	return page
}

// crowd is how many curves of a star can be told apart in one panel.
const crowd = 8

// longestLadder are the indices of the groups that differ in the most swept number alone; of several such, the most
// groups. Empty where no number is swept.
func (r *run) longestLadder(groups []string) (longest []int) {
	var points []string
	for _, g := range groups {
		points = append(points, parseLabel(g).point)
	}
	key := r.abscissa(points)
	if key == "" {
		return nil
	}
	ladders := map[string][]int{}
	for i, p := range points {
		rest := r.title(p, key)
		if ladders[rest] = append(ladders[rest], i); len(ladders[rest]) > len(longest) {
			longest = ladders[rest]
		}
	}
	return longest
}

// survival reads the curves, and from summary.csv how long each replica was watched.
func (r *run) survival() (groups ordered, curves []*survivalCurve) {
	r.each("survival", func(w row) {
		g := groups.add(w.text("task"))
		if g == len(curves) {
			curves = append(curves, &survivalCurve{})
		}
		c, step, s, e := curves[g], w.float("step"), w.float("survival"), w.float("survival_stderr")
		if !finite(e) {
			e = 0
		}
		c.step, c.s = append(c.step, step), append(c.s, s)
		c.low, c.high = append(c.low, max(0, s-e)), append(c.high, min(1, s+e))
		c.end = max(c.end, step)
	})
	r.each("summary", func(w row) {
		g, known := groups.index[parseLabel(w.text("task")).group()]
		if v := w.float("value"); known && w.text("quantity") == "collapse_duration" && finite(v) {
			curves[g].end = max(curves[g].end, v)
			if w.text("status") != "escaped" {
				curves[g].censored = append(curves[g].censored, v)
			}
		}
	})
	return groups, curves
}

// extend carries the curve on from the last escape to the end of observation.
func (c *survivalCurve) extend() {
	last := len(c.step) - 1
	if c.s[last] > 0 && c.step[last] < c.end {
		c.step, c.s = append(c.step, c.end), append(c.s, c.s[last])
		c.low, c.high = append(c.low, c.low[last]), append(c.high, c.high[last])
	}
}

// marks are the censored waits on the curve, one for each time.
func (c *survivalCurve) marks() (xs, ys []float64) {
	sort.Float64s(c.censored)
	for i, t := range c.censored {
		if i > 0 && t == c.censored[i-1] {
			continue
		}
		k := sort.Search(len(c.step), func(k int) bool { return c.step[k] > t }) - 1
		if k >= 0 {
			xs, ys = append(xs, t), append(ys, c.s[k])
		}
	}
	return xs, ys
}

// lookOf is the look of series n of several: in order of lightness where one number is
// swept, else as different as can be.
func (r *run) lookOf(n, of int) look {
	l := look{width: 1.6, color: cycle[n%len(cycle)]}
	keys := r.varying()
	if of > len(cycle) || len(keys) == 1 && finite(r.number(r.tasks[0].point, keys[0])) {
		l.color = ramp(n, of)
	}
	return l
}
