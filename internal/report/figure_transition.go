package report

import (
	"fmt"
	"sort"

	"gonum.org/v1/plot/vg/draw"

	"machlup/analysis"
)

// A sweepCurve is a quantity against the control parameter for one series and size.
type sweepCurve struct {
	series, quantity string
	size             float64
	x, y, err        []float64
}

// sweepCurves reads transition.csv or reweighted.csv.
func (r *run) sweepCurves(table string) []*sweepCurve {
	var keys ordered
	var out []*sweepCurve
	r.each(table, func(w row) {
		series := w.text("series")
		if table == "reweighted" {
			series = w.text("task")
		}
		size, x, y := w.float("size"), w.float("control"), w.float("value")
		if !finite(x) || !finite(y) {
			return
		}
		k := keys.add(fmt.Sprint(series, "\x00", w.text("quantity"), "\x00", size))
		if k == len(out) {
			out = append(out, &sweepCurve{series: series, quantity: w.text("quantity"), size: size})
		}
		c := out[k]
		c.x, c.y, c.err = append(c.x, x), append(c.y, y), append(c.err, w.float("stderr"))
	})
	for _, c := range out {
		sort.Sort(byControl{c})
	}
	return out
}

// byControl sorts a curve by its control parameter.
type byControl struct{ *sweepCurve }

func (b byControl) Len() int           { return len(b.x) }
func (b byControl) Less(i, j int) bool { return b.x[i] < b.x[j] }
func (b byControl) Swap(i, j int) {
	b.x[i], b.x[j] = b.x[j], b.x[i]
	b.y[i], b.y[j] = b.y[j], b.y[i]
	b.err[i], b.err[j] = b.err[j], b.err[i]
}

// sizesOf lists the sizes of curves of one series, rising.
func sizesOf(curves []*sweepCurve, series string) []float64 {
	var sizes []float64
	for _, c := range curves {
		i := sort.SearchFloat64s(sizes, c.size)
		if c.series == series && (i == len(sizes) || sizes[i] != c.size) {
			sizes = append(sizes[:i], append([]float64{c.size}, sizes[i:]...)...)
		}
	}
	return sizes
}

// sizeLook is the look of a size: lightness in the order of sizes.
func sizeLook(size float64, sizes []float64) look {
	i := sort.SearchFloat64s(sizes, size)
	l := look{color: ramp(i, len(sizes)), glyph: shapes[i%len(shapes)], size: 3, bar: 1.3, width: 1.3, shade: 0.22}
	return l
}

// controlLabel is the axis of the control parameter: the swept key that the points vary, if it
// is one, else a word.
func (r *run) controlLabel(values []float64) scale {
	for _, key := range r.swept {
		seen := map[float64]bool{}
		for _, t := range r.tasks {
			if v := r.number(t.point, key); finite(v) {
				seen[v] = true
			}
		}
		all := len(values) > 0
		for _, v := range values {
			all = all && seen[v]
		}
		if all {
			return scale{label: r.short(key), unit: r.unit("tasks", key)}
		}
	}
	for _, t := range r.tasks {
		if t.estimator == "tempering" {
			return scale{label: "temperature T", unit: "energy"}
		}
	}
	return scale{label: "control parameter", unit: "1"}
}

// transitionNames are the quantities that are drawn, with what they are.
var transitionNames = []struct{ name, text string }{
	{"abs_m", "mean of |m|"}, {"chi", "susceptibility χ"}, {"binder", "Binder cumulant U_{4}"}, {"heat_capacity", "heat capacity C/N"}}

// seriesOf is the first series of curves and how many there are: a figure shows one.
func seriesOf(curves []*sweepCurve) (first string, n int) {
	var series ordered
	for _, c := range curves {
		series.add(c.series)
	}
	if len(series.list) == 0 {
		return "", 0
	}
	return series.list[0], len(series.list)
}

// transitionFigure shows ⟨|m|⟩, χ, U₄ and the heat capacity against the control parameter: points of
// the sweep, and curves by reweighting with their bands.
func transitionFigure(r *run) *page {
	points, curves := r.sweepCurves("transition"), r.sweepCurves("reweighted")
	series, n := seriesOf(points)
	var at []float64
	var panels []*panel
	sizes := sizesOf(points, series)
	for _, c := range points {
		at = append(at, c.x...)
	}
	for _, q := range transitionNames {
		p, drawn := newPanel("", r.controlLabel(at), scale{label: q.text, unit: "1"}), false
		for _, c := range curves {
			if c.series == series && c.quantity == q.name {
				l := sizeLook(c.size, sizes)
				p.band(l, c.x, minusErr(c.y, c.err, -1), minusErr(c.y, c.err, 1))
				p.curve(l, c.x, c.y)
			}
		}
		for _, c := range points {
			if c.series == series && c.quantity == q.name && len(c.x) > 1 {
				p.dots(sizeLook(c.size, sizes), c.x, c.y, c.err)
				drawn = true
			}
		}
		if drawn {
			panels = append(panels, p)
		}
	}
	if len(panels) == 0 {
		return nil
	}
	starts := r.startsPanel(series, sizes, r.controlLabel(at))
	if starts != nil {
		panels = append(panels, starts)
	}
	page := tile(panels)
	page.sizeLegend(sizes)
	page.note = "Points: sweep points ± 1 standard error."
	if starts != nil {
		page.note += " Dashed: the limit of R̂, above which chains from different starts disagree."
	}
	if len(curves) > 0 {
		page.note += " Lines and bands: reweighted from all points of a size, ± 1 standard error."
	}
	page.selection(1, n, "series")
	return page
}

// startsPanel shows R̂ of the order parameter over chains and starts; nil where nothing has one.
func (r *run) startsPanel(series string, sizes []float64, control scale) *panel {
	p := newPanel("", control, scale{label: "R̂ over chains and starts", unit: "1"})
	x, y := make([][]float64, len(sizes)), make([][]float64, len(sizes))
	top := analysis.MaxRHat
	r.each("transition", func(w row) {
		v := w.float("rhat")
		if w.text("series") != series || w.text("quantity") != "abs_m" || !finite(v) {
			return
		}
		k := sort.SearchFloat64s(sizes, w.float("size"))
		if k < len(sizes) && sizes[k] == w.float("size") {
			x[k], y[k], top = append(x[k], w.float("control")), append(y[k], v), max(top, v)
		}
	})
	some := false
	for k, size := range sizes {
		l := sizeLook(size, sizes)
		l.bar = 0
		p.dots(l, x[k], y[k], make([]float64, len(x[k])))
		some = some || len(x[k]) > 0
	}
	if !some {
		return nil
	}
	p.Add(rule{look: look{color: grey, width: 0.9, dashes: dashed}, at: analysis.MaxRHat})
	p.Y.Min, p.Y.Max = min(1, p.Y.Min), 1+(top-1)*1.1
	return p
}

func minusErr(y, err []float64, sign float64) []float64 {
	out := make([]float64, len(y))
	for i := range y {
		out[i] = y[i] + sign*err[i]
	}
	return out
}

func (p *page) sizeLegend(sizes []float64) {
	for _, s := range sizes {
		p.legend = append(p.legend, entry{fmt.Sprintf("size %v", s), sizeLook(s, sizes)})
	}
}

// crossing is a row of crossings.csv.
type crossing struct{ a, b, x, xErr, u, uErr float64 }

// crossingsFigure shows U₄ around the crossings of pairs of sizes, each as a box of ± 1 standard
// error, and where the crossings go with the size.
func crossingsFigure(r *run) *page {
	curves, smooth := r.sweepCurves("reweighted"), true
	if len(curves) == 0 {
		curves, smooth = r.sweepCurves("transition"), false
	}
	series, n := seriesOf(curves)
	var found []crossing
	r.each("crossings", func(w row) {
		c := crossing{w.float("size_a"), w.float("size_b"), w.float("control"), w.float("control_stderr"), w.float("binder"), w.float("binder_stderr")}
		if w.text("task") == series && finite(c.x) && finite(c.xErr) {
			found = append(found, c)
		}
	})
	if len(found) == 0 {
		return nil
	}
	sizes := sizesOf(curves, series)
	var at []float64
	for _, c := range r.sweepCurves("transition") {
		at = append(at, c.x...)
	}
	axis := r.controlLabel(at)
	p := newPanel("U_{4} of the sizes", axis, scale{label: "Binder cumulant U_{4}", unit: "1"})
	lo, hi := found[0].x, found[0].x
	for _, c := range found {
		lo, hi = min(lo, c.x-6*c.xErr), max(hi, c.x+6*c.xErr)
	}
	for _, c := range curves {
		if c.series != series || c.quantity != "binder" {
			continue
		}
		l := sizeLook(c.size, sizes)
		var x, y, e []float64
		for i, v := range c.x {
			near := v >= lo && v <= hi || i+1 < len(c.x) && c.x[i+1] >= lo && v <= hi || i > 0 && c.x[i-1] <= hi && v >= lo
			if near {
				x, y, e = append(x, v), append(y, c.y[i]), append(e, c.err[i])
			}
		}
		if smooth {
			p.band(l, x, minusErr(y, e, -1), minusErr(y, e, 1))
		}
		p.curve(l, x, y)
		if !smooth {
			p.dots(l, x, y, e)
		}
	}
	drift := newPanel("crossings", scale{label: "1/size of the larger", unit: "1"}, scale{label: axis.label + " of the crossing", unit: axis.unit})
	var xs, ys, es []float64
	for _, c := range found {
		p.band(look{color: black, shade: 0.35}, []float64{c.x - c.xErr, c.x + c.xErr}, []float64{c.u - c.uErr, c.u - c.uErr}, []float64{c.u + c.uErr, c.u + c.uErr})
		xs, ys, es = append(xs, 1/c.b), append(ys, c.x), append(es, c.xErr)
	}
	drift.dots(crossingLook, xs, ys, es)
	drift.X.Min = 0
	page := tileIn(2, []*panel{p, drift})
	page.sizeLegend(sizes)
	page.legend = append(page.legend, entry{"crossing", crossingLook})
	page.note = "Boxes and error bars: ± 1 standard error. Bands: of the curves."
	page.selection(1, n, "series")
	return page
}

var crossingLook = look{color: black, glyph: draw.BoxGlyph{}, size: 3, bar: 1.3}

// scalingFigure shows the data collapse: scaled points of all sizes, a panel per quantity. Points that
// the fit left out are grey; collapses that were refused are named in the note.
func scalingFigure(r *run) *page {
	type set struct {
		size       float64
		x, y, e    []float64 // points of the fit
		ox, oy, oe []float64 // and those left out
	}
	var quantities, tasks ordered
	var sets [][]*set
	var sizes []float64
	out := false
	r.each("scaling_points", func(w row) {
		if tasks.add(w.text("task")) > 0 {
			return
		}
		q := quantities.add(w.text("quantity"))
		if q == len(sets) {
			sets = append(sets, nil)
		}
		size := w.float("size")
		if n := len(sets[q]); n == 0 || sets[q][n-1].size != size {
			sets[q] = append(sets[q], &set{size: size})
		}
		s := sets[q][len(sets[q])-1]
		if x, y, e := w.float("x"), w.float("y"), w.float("y_stderr"); w.float("used") == 0 {
			s.ox, s.oy, s.oe = append(s.ox, x), append(s.oy, y), append(s.oe, e)
			out = true
		} else {
			s.x, s.y, s.e = append(s.x, x), append(s.y, y), append(s.e, e)
		}
		if i := sort.SearchFloat64s(sizes, size); i == len(sizes) || sizes[i] != size {
			sizes = append(sizes[:i], append([]float64{size}, sizes[i:]...)...)
		}
	})
	if len(sets) == 0 {
		return nil
	}
	fits := map[string]string{}
	refused := map[string]bool{}
	missing := ""
	r.each("scaling", func(w row) {
		if w.text("task") != tasks.list[0] {
			return
		}
		if w.text("parameter") == "critical" && !finite(w.float("value")) {
			refused[w.text("quantity")] = true
			missing += fmt.Sprintf(" Not drawn: %s (%s).", quantityText(w.text("quantity")), reason(w.text("status")))
		}
		if refused[w.text("quantity")] {
			return
		}
		name := map[string]string{"critical": "critical", "a": "a", "b": "b", "quality": "S"}[w.text("parameter")]
		q := w.text("quantity")
		if fits[q] != "" {
			fits[q] += ", "
		}
		fits[q] += name + " = " + withError(w.float("value"), w.float("stderr"))
	})
	var panels []*panel
	for i, q := range quantities.list {
		text := quantityText(q)
		p := newPanel(fits[q], scale{label: "(control − critical)·size^{a}", unit: "1"}, scale{label: text + " · size^{b}", unit: "1"})
		for _, s := range sets[i] {
			p.dots(leftOut(sizeLook(s.size, sizes)), s.ox, s.oy, s.oe)
			p.dots(sizeLook(s.size, sizes), s.x, s.y, s.e)
		}
		panels = append(panels, p)
	}
	page := tile(panels)
	for _, s := range sizes {
		l := sizeLook(s, sizes)
		l.width, l.shade = 0, 0
		page.legend = append(page.legend, entry{fmt.Sprintf("size %v", s), l})
	}
	page.note = "Error bars: ± 1 standard error at fixed exponents. S about 1: the curves collapse within their errors."
	if out {
		page.note += " Grey: outside collapse_window, left out of the fit and of S."
	}
	page.note += missing
	page.selection(1, len(tasks.list), "series")
	return page
}

// leftOut is the look of points that a fit did not use.
func leftOut(l look) look {
	l.color, l.bar = grey, 0.6
	return l
}

func quantityText(name string) string {
	for _, n := range transitionNames {
		if n.name == name {
			return n.text
		}
	}
	return name
}

// orderLawFigure shows −log P(m): a panel per size, lines in the order of the control parameter.
func orderLawFigure(r *run) *page {
	type law struct {
		control   float64
		x, lo, hi []float64
		y         []float64
	}
	var series, keys ordered
	var laws [][]*law
	var sizes []float64
	r.each("order_law", func(w row) {
		if w.text("method") != "points" || series.add(w.text("series")) > 0 {
			return
		}
		size, control := w.float("size"), w.float("control")
		k := keys.add(fmt.Sprint(size))
		if k == len(laws) {
			laws, sizes = append(laws, nil), append(sizes, size)
		}
		if n := len(laws[k]); n == 0 || laws[k][n-1].control != control {
			laws[k] = append(laws[k], &law{control: control})
		}
		l := laws[k][len(laws[k])-1]
		y, e := w.float("neg_log_p"), w.float("neg_log_p_stderr")
		l.x, l.y = append(l.x, (w.float("bin_low")+w.float("bin_high"))/2), append(l.y, y)
		l.lo, l.hi = append(l.lo, y-e), append(l.hi, y+e)
	})
	if len(laws) == 0 {
		return nil
	}
	var controls []float64
	for _, of := range laws {
		for _, l := range of {
			if i := sort.SearchFloat64s(controls, l.control); finite(l.control) && (i == len(controls) || controls[i] != l.control) {
				controls = append(controls[:i], append([]float64{l.control}, controls[i:]...)...)
			}
		}
	}
	at := func(l *law) look {
		return look{color: ramp(sort.SearchFloat64s(controls, l.control), len(controls)), width: 1.3, shade: 0.2}
	}
	var panels []*panel
	shown := spreadOut(len(laws), maxPanels)
	for _, k := range shown {
		p := newPanel(fmt.Sprintf("size %v", sizes[k]), scale{label: "order parameter m", unit: "1"}, scale{label: "−log P(m)", unit: "nat"})
		for _, l := range laws[k] {
			p.band(at(l), l.x, l.lo, l.hi)
			p.curve(at(l), l.x, l.y)
		}
		panels = append(panels, p)
	}
	page := tile(panels)
	page.outerLabels()
	label := r.controlLabel(controls).label
	for _, i := range spreadOut(len(controls), 8) {
		page.legend = append(page.legend, entry{fmt.Sprintf("%s = %.4g", label, controls[i]), at(&law{control: controls[i]})})
	}
	page.note = "Bands: ± 1 standard error. Bins without a draw are left out."
	page.selection(len(shown), len(laws), "sizes")
	return page
}
