package report

import (
	"math"
	"sort"
	"strings"

	"gonum.org/v1/plot"
)

// phaseRow is a row of phase.csv.
type phaseRow struct {
	point     string
	mean, err float64
}

// phaseRows reads phase.csv by observable.
func (r *run) phaseRows() (observables, points ordered, rows [][]phaseRow) {
	r.each("phase", func(w row) {
		o := observables.add(w.text("observable"))
		if o == len(rows) {
			rows = append(rows, nil)
		}
		point := parseLabel(w.text("task")).point
		points.add(point)
		rows[o] = append(rows[o], phaseRow{point, w.float("mean"), w.float("stderr")})
	})
	return observables, points, rows
}

// phaseFigure shows phase.csv: a panel per observable, mean ± standard error against the
// swept number; other swept keys make series.
func phaseFigure(r *run) *page {
	observables, points, rows := r.phaseRows()
	if len(points.list) < 2 || !r.known(points.list[0]) {
		return nil // nothing to plot against; levels of a ladder are shown by the figure transition
	}
	key := r.abscissa(points.list)
	x := r.sweepAxis(points.list, key)
	var series ordered
	for _, p := range points.list {
		series.add(r.title(p, key))
	}
	var panels []*panel
	shown := spreadOut(len(observables.list), maxPanels)
	for _, o := range shown {
		name := observables.list[o]
		p := newPanel(name, x.scale, scale{label: phaseName(name), unit: r.phaseUnit(name)})
		p.X.Min, p.X.Max = x.min, x.max
		sort.SliceStable(rows[o], func(i, j int) bool { return x.at(rows[o][i].point) < x.at(rows[o][j].point) })
		for s, title := range series.list {
			var xs, ys, errs []float64
			for _, v := range rows[o] {
				if r.title(v.point, key) == title {
					xs, ys, errs = append(xs, x.at(v.point)), append(ys, v.mean), append(errs, v.err)
				}
			}
			if key != "" {
				p.curve(look{color: alpha(phaseLook(s).color, 0.5), width: 0.9}, xs, ys)
			}
			p.dots(phaseLook(s), xs, ys, errs)
		}
		if strings.HasSuffix(name, "_fraction") {
			p.Y.Min, p.Y.Max = 0, 1
		}
		panels = append(panels, p)
	}
	page := tile(panels)
	page.outerLabels()
	for s, title := range series.list {
		if title == "" {
			title = "centre"
		}
		if len(series.list) > 1 {
			page.legend = append(page.legend, entry{title, phaseLook(s)})
		}
	}
	page.note = "Error bars: ± 1 standard error. Lines guide the eye."
	if c := r.centreText(); c != "" {
		page.note += " Centre: " + c + "."
	}
	page.selection(len(shown), len(observables.list), "observables")
	return page
}

// known tells whether a point is one of the sweep.
func (r *run) known(point string) bool { return r.valuesAt(point) != nil }

func phaseLook(s int) look {
	return look{color: cycle[s%len(cycle)], glyph: shapes[s%len(shapes)], size: 3, bar: 1.3}
}

// phaseName adds the symbol to the names of derived statistics.
func phaseName(observable string) string {
	switch observable {
	case "rho":
		return "mean of ρ"
	case "abs_m":
		return "mean of |m|"
	case "heat_capacity":
		return "heat capacity C/N"
	case "chi":
		return "susceptibility χ"
	case "binder":
		return "Binder cumulant U_{4}"
	case "collapsed_fraction":
		return "collapsed fraction"
	case "escaped_fraction":
		return "escaped fraction"
	case "tilt_mean_per_step":
		return "⟨O⟩/K at the largest tilt"
	case "largest_tilt_variance_per_step":
		return "largest Var(O)/K"
	case "escape_rate":
		return "escapes over time at risk"
	case "first_passage":
		return "mean first passage"
	case "s_min":
		return "S_{min}"
	case "barrier_over_t":
		return "barrier ΔU/T"
	}
	for _, exact := range []string{"final_", "late_rate_", "from_", "to_"} {
		if strings.HasPrefix(observable, exact) {
			return strings.ReplaceAll(observable, "_", " ")
		}
	}
	if short, ok := modeNames[observable]; ok {
		return short
	}
	return "mean of " + observable
}

// modeNames are the metrics of modes.csv on an axis; they are means already.
var modeNames = map[string]string{
	"modes_covered": "modes covered",
	"quality":       "quality",
	"mode_entropy":  "mode entropy",
	"reverse_kl":    "reverse KL",
	"mode_jsd":      "JSD",
	"w2":            "W_{2}",
	"sliced_w2":     "sliced W_{2}",
	"precision":     "precision",
	"recall":        "recall",
}

// phaseUnit is the observable's own; χ, U_{4} and fractions have none.
func (r *run) phaseUnit(observable string) string {
	if u := r.unit("trace", observable); u != "" {
		return u
	}
	switch observable {
	case "mode_entropy", "reverse_kl", "forward_kl", "mode_jsd":
		return "nat"
	case "w2", "sliced_w2":
		return "data"
	case "first_passage":
		return "time"
	case "escape_rate":
		return "1/step"
	}
	return "1"
}

// abscissa is the swept key with the most different numbers; empty if none has two.
func (r *run) abscissa(points []string) string {
	best, most := "", 1
	for _, key := range r.varying() {
		seen := map[float64]bool{}
		for _, p := range points {
			if v := r.number(p, key); finite(v) {
				seen[v] = true
			}
		}
		if len(seen) > most {
			best, most = key, len(seen)
		}
	}
	return best
}

// axis places sweep points: by the value of a key, or one after the other without one.
type axis struct {
	scale    scale
	min, max float64
	at       func(point string) float64
}

// sweepAxis is logarithmic where positive values span more than a factor 30; a value 0 then
// has its own place at the left.
func (r *run) sweepAxis(points []string, key string) axis {
	if key == "" {
		return r.nominalAxis(points)
	}
	a := axis{scale: scale{label: key, unit: r.unit("tasks", key)}, min: math.Inf(1), max: math.Inf(-1),
		at: func(p string) float64 { return r.number(p, key) }}
	zero, smallest := false, math.Inf(1)
	for _, p := range points {
		v := a.at(p)
		if !finite(v) {
			continue
		}
		a.min, a.max = math.Min(a.min, v), math.Max(a.max, v)
		zero = zero || v == 0
		if v > 0 {
			smallest = math.Min(smallest, v)
		}
	}
	if a.min < 0 || !(a.max/smallest > 30) {
		return a
	}
	a.scale.log, a.min, a.max = true, math.Log10(smallest), math.Log10(a.max)
	a.scale.zero = math.Inf(-1)
	if zero {
		a.scale.zero = a.min - (a.max-a.min)/4
		a.min = a.scale.zero
	}
	a.at = func(p string) float64 { return max(math.Log10(r.number(p, key)), a.scale.zero) }
	return a
}

func (r *run) nominalAxis(points []string) axis {
	index := map[string]int{}
	a := axis{scale: scale{label: "sweep point", fixed: true}, min: -0.5, max: float64(len(points)) - 0.5}
	for i, p := range points {
		index[p] = i
		a.scale.ticks = append(a.scale.ticks, plot.Tick{Value: float64(i), Label: r.title(p)})
	}
	a.at = func(p string) float64 { return float64(index[p]) }
	return a
}
