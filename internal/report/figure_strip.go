package report

import (
	"fmt"
	"image/color"
	"math"
	"sort"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// strip is the density of the generated samples at slices of a path: x against the slice.
type strip struct {
	slices []float64
	x      [][]float64 // by slice: middles of the bins
	q      [][]float64
	target [][]float64
}

// strips reads density.csv of minimum-action paths.
func (r *run) strips() (tasks ordered, all []*strip) {
	r.each("density", func(w row) {
		if parseLabel(w.text("task")).estimator != "minimum-action" {
			return
		}
		k := tasks.add(w.text("task"))
		if k == len(all) {
			all = append(all, &strip{})
		}
		s, step := all[k], w.float("step")
		if n := len(s.slices); n == 0 || s.slices[n-1] != step {
			s.slices = append(s.slices, step)
			s.x, s.q, s.target = append(s.x, nil), append(s.q, nil), append(s.target, nil)
		}
		n := len(s.slices) - 1
		s.x[n], s.q[n], s.target[n] = append(s.x[n], w.float("x")), append(s.q[n], w.float("density")), append(s.target[n], w.float("target_density"))
	})
	return tasks, all
}

// stripFigure shows paths of least action as strips of density snapshots, the data's density
// beside them, and the action along the path above.
func stripFigure(r *run) *page {
	tasks, all := r.strips()
	var panels []*panel
	for _, k := range spreadOut(len(all), 3) {
		s := all[k]
		if len(s.slices) < 2 {
			continue
		}
		panels = append(panels, s.panel(r, tasks.list[k]), r.stripAction(tasks.list[k]))
	}
	if len(panels) == 0 {
		return nil
	}
	page := tileIn(2, panels)
	page.row *= 1.15
	page.note = "Colour: density of the generated samples at a slice, dark 0 to light the largest of the strip; last column: the data, on the same scale. Whole path: from collapse at rest (left) to a state at rest (right)."
	page.selection(len(panels)/2, len(all), "paths")
	return page
}

// panel is one strip.
func (s *strip) panel(r *run, task string) *panel {
	m := &stripMap{strip: s}
	lo, hi := math.Inf(1), math.Inf(-1)
	for n := range s.slices {
		for i, v := range s.q[n] {
			m.top = math.Max(m.top, v)
			if v > 0 || s.target[n][i] > 0 {
				lo, hi = math.Min(lo, s.x[n][i]), math.Max(hi, s.x[n][i])
			}
		}
	}
	for _, v := range s.target[len(s.target)-1] {
		if finite(v) {
			m.top = math.Max(m.top, v)
		}
	}
	title := "density along the path"
	if t := r.title(parseLabel(task).point); t != "" {
		title = t
	}
	axis := scale{label: "slice", unit: "step", fixed: true}
	for _, i := range spreadOut(len(s.slices), 5) {
		if i == len(s.slices)-1 && len(s.slices) > 5 {
			i = (len(s.slices) - 1) * 9 / 10 // away from the data's label
		}
		axis.ticks = append(axis.ticks, plot.Tick{Value: float64(i), Label: fmt.Sprintf("%.0f", s.slices[i])})
	}
	axis.ticks = append(axis.ticks, plot.Tick{Value: dataColumn(len(s.slices)), Label: "data"})
	p := newPanel(title, axis, scale{label: "x", unit: "data", fixed: true})
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -0.5, dataColumn(len(s.slices))+2, lo, hi
	p.Add(m)
	return p
}

// dataColumn is where the data's density stands beside n slices.
func dataColumn(n int) float64 { return float64(n) + 2 }

// stripAction is the action so far against the slice.
func (r *run) stripAction(task string) *panel {
	p := newPanel("its action", scale{label: "slice", unit: "step", tight: true}, scale{label: "action so far, in ħ", unit: "1"})
	var x, y []float64
	r.each("minimum_path", func(w row) {
		if w.text("task") == task {
			x, y = append(x, w.float("step")), append(y, w.float("action"))
		}
	})
	p.curve(look{color: blue, width: 1.6}, x, y)
	p.Y.Min = 0
	return p
}

// stripMap is a plotter of columns of cells: slice i at x = i, the data a little further on.
type stripMap struct {
	*strip
	top float64
}

// Plot implements plot.Plotter.
func (m *stripMap) Plot(c draw.Canvas, plt *plot.Plot) {
	x, y := plt.Transforms(&c)
	const seam = vg.Length(0.3) // neighbours overlap, or the ground shows between them
	column := func(at, half float64, xs, density []float64) {
		width := xs[1] - xs[0]
		a, b := x(at-half), x(at+half)+seam
		fill := func(lo, hi, v float64) {
			lo, hi = math.Max(lo, plt.Y.Min), math.Min(hi, plt.Y.Max)
			if lo < hi {
				c.FillPolygon(m.shade(v), []vg.Point{{X: a, Y: y(lo)}, {X: b, Y: y(lo)}, {X: b, Y: y(hi) + seam}, {X: a, Y: y(hi) + seam}})
			}
		}
		fill(plt.Y.Min, plt.Y.Max, 0)
		for i, v := range density {
			if finite(v) && v > 0 {
				fill(xs[i]-width/2, xs[i]+width/2, v)
			}
		}
	}
	for n := range m.slices {
		if len(m.x[n]) > 1 {
			column(float64(n), 0.5, m.x[n], m.q[n])
		}
	}
	// The data's density is known at the bins of all slices: together they cover its range.
	type point struct{ x, p float64 }
	var data []point
	for n := range m.slices {
		for i, v := range m.target[n] {
			if finite(v) {
				data = append(data, point{m.x[n][i], v})
			}
		}
	}
	sort.Slice(data, func(i, j int) bool { return data[i].x < data[j].x })
	if len(data) < 2 {
		return
	}
	const bins = 80
	xs, ps := make([]float64, bins), make([]float64, bins)
	for i := range xs {
		xs[i] = plt.Y.Min + (float64(i)+0.5)*(plt.Y.Max-plt.Y.Min)/bins
		k := min(sort.Search(len(data), func(k int) bool { return data[k].x >= xs[i] }), len(data)-1)
		ps[i] = data[k].p
	}
	column(dataColumn(len(m.slices)), 1.5, xs, ps)
}

// shade is the colour of a density: the root brings out what is thin.
func (m *stripMap) shade(v float64) color.Color {
	return ramp(int(math.Round(100*math.Sqrt(v/m.top))), 101)
}
