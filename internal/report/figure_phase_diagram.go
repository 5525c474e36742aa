package report

import (
	"fmt"
	"math"
	"sort"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// phaseDiagramFigure shows statistics of phase.csv over two swept numbers as maps of cells. A cell
// whose error is above a quarter of the range of colours is crossed out; one without a
// number is empty. Of a star the plane with most points is shown, the other keys at the centre.
func phaseDiagramFigure(r *run) *page {
	observables, points, rows := r.phaseRows()
	keys, in := r.plane(points.list)
	if len(in) < 6 {
		return nil
	}
	var panels []*panel
	for _, o := range preferred(observables.list) {
		var of []phaseRow
		for _, v := range rows[o] {
			if in[v.point] {
				of = append(of, v)
			}
		}
		m := newCellMap(r, keys, of)
		if m == nil {
			continue
		}
		p := newPanel(fmt.Sprintf("%s, %.3g (dark) to %.3g (light)", phaseName(observables.list[o]), m.low, m.high), m.axis(r, keys[0], m.xs), m.axis(r, keys[1], m.ys))
		p.Add(m)
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -0.5, float64(len(m.xs))-0.5, -0.5, float64(len(m.ys))-0.5
		panels = append(panels, p)
	}
	if len(panels) == 0 {
		return nil
	}
	page := tile(panels)
	page.note = "A number in each cell of up to 60. Crossed out: the standard error is above a quarter of the range. Empty: no number."
	page.selectionBy(len(in), len(points.list), "sweep points", "all else as in most points")
	return page
}

// plane finds the two swept numbers over which most points lie, all other keys at the centre,
// and those points.
func (r *run) plane(points []string) (keys []string, in map[string]bool) {
	var numeric []string
	for _, key := range r.varying() {
		seen := map[float64]bool{}
		for _, p := range points {
			if v := r.number(p, key); finite(v) {
				seen[v] = true
			}
		}
		if len(seen) > 1 {
			numeric = append(numeric, key)
		}
	}
	if len(r.varying()) == 2 && len(numeric) == 2 {
		return numeric, setOf(points)
	}
	centre := r.centre()
	for i, a := range numeric {
		for _, b := range numeric[i+1:] {
			of := map[string]bool{}
			xs, ys := map[float64]bool{}, map[float64]bool{}
			for _, p := range points {
				at := true
				for _, key := range r.varying() {
					at = at && (key == a || key == b || r.value(p, key) == centre[key])
				}
				if at {
					of[p] = true
					xs[r.number(p, a)], ys[r.number(p, b)] = true, true
				}
			}
			if len(of) > len(in) && len(xs) > 1 && len(ys) > 1 {
				keys, in = []string{a, b}, of
			}
		}
	}
	if len(keys) == 2 {
		if full := r.without(r.without(in, keys[0], keys[1]), keys[1], keys[0]); len(full) >= 6 {
			in = full
		}
	}
	return keys, in
}

// without leaves out the points of a plane whose value of a key has but one value of the other: an arm that
// leaves the plane's rectangle.
func (r *run) without(in map[string]bool, key, other string) map[string]bool {
	seen := map[float64]map[float64]bool{}
	for p := range in {
		v := r.number(p, key)
		if seen[v] == nil {
			seen[v] = map[float64]bool{}
		}
		seen[v][r.number(p, other)] = true
	}
	out := map[string]bool{}
	for p := range in {
		if len(seen[r.number(p, key)]) > 1 {
			out[p] = true
		}
	}
	return out
}

func setOf(list []string) map[string]bool {
	out := map[string]bool{}
	for _, s := range list {
		out[s] = true
	}
	return out
}

// preferred are at most four observables, those of transitions first.
func preferred(names []string) []int {
	var out []int
	for _, want := range []string{"escaped_fraction", "rho", "abs_m", "chi", "binder", "collapsed_fraction"} {
		for i, n := range names {
			if n == want && len(out) < 4 {
				out = append(out, i)
			}
		}
	}
	for i := range names {
		known := false
		for _, o := range out {
			known = known || o == i
		}
		if !known && len(out) < 2 {
			out = append(out, i)
		}
	}
	return out
}

// A cellMap is a plotter of coloured cells on a grid of indices.
type cellMap struct {
	xs, ys    []float64
	value     map[[2]int][2]float64
	low, high float64
}

func newCellMap(r *run, keys []string, rows []phaseRow) *cellMap {
	m := &cellMap{value: map[[2]int][2]float64{}, low: math.Inf(1), high: math.Inf(-1)}
	for _, v := range rows {
		m.xs, m.ys = insert(m.xs, r.number(v.point, keys[0])), insert(m.ys, r.number(v.point, keys[1]))
	}
	for _, v := range rows {
		if finite(v.mean) {
			at := [2]int{sort.SearchFloat64s(m.xs, r.number(v.point, keys[0])), sort.SearchFloat64s(m.ys, r.number(v.point, keys[1]))}
			m.value[at] = [2]float64{v.mean, v.err}
			m.low, m.high = math.Min(m.low, v.mean), math.Max(m.high, v.mean)
		}
	}
	if len(m.xs) < 2 || len(m.ys) < 2 || len(m.value) == 0 {
		return nil
	}
	return m
}

// insert keeps a sorted list of different numbers.
func insert(list []float64, v float64) []float64 {
	i := sort.SearchFloat64s(list, v)
	if !finite(v) || i < len(list) && list[i] == v {
		return list
	}
	return append(list[:i], append([]float64{v}, list[i:]...)...)
}

// axis has a tick for each value.
func (m *cellMap) axis(r *run, key string, values []float64) scale {
	s := scale{label: r.short(key), unit: r.unit("tasks", key), fixed: true}
	for i, v := range values {
		s.ticks = append(s.ticks, plot.Tick{Value: float64(i), Label: minus(strconv.FormatFloat(v, 'g', 4, 64))})
	}
	return s
}

// Plot implements plot.Plotter.
func (m *cellMap) Plot(c draw.Canvas, plt *plot.Plot) {
	x, y := plt.Transforms(&c)
	for i := range m.xs {
		for j := range m.ys {
			v, ok := m.value[[2]int{i, j}]
			if !ok {
				continue
			}
			a, b := vg.Point{X: x(float64(i) - 0.48), Y: y(float64(j) - 0.48)}, vg.Point{X: x(float64(i) + 0.48), Y: y(float64(j) + 0.48)}
			shade := 0
			if m.high > m.low {
				shade = int(math.Round(100 * (v[0] - m.low) / (m.high - m.low)))
			}
			c.FillPolygon(ramp(shade, 101), []vg.Point{a, {X: b.X, Y: a.Y}, b, {X: a.X, Y: b.Y}})
			if !(v[1] <= (m.high-m.low)/4) {
				cross := draw.LineStyle{Color: vermillion, Width: 1.5}
				c.StrokeLine2(cross, a.X, a.Y, b.X, b.Y)
				c.StrokeLine2(cross, a.X, b.Y, b.X, a.Y)
			}
			if len(m.value) <= 60 {
				s := style(smallSize, false)
				s.XAlign, s.YAlign = draw.XCenter, draw.YCenter
				if shade < 50 {
					s.Color = faint
				}
				c.FillText(s, vg.Point{X: (a.X + b.X) / 2, Y: (a.Y + b.Y) / 2}, minus(strconv.FormatFloat(v[0], 'g', 2, 64)))
			}
		}
	}
}
