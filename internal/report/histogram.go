package report

import (
	"gonum.org/v1/gonum/interp"
)

// histogram is one histogram of histogram.csv.
type histogram struct {
	label
	observable string
	step       float64
	low, high  []float64
	count      []float64
	density    []float64
	err        []float64
	predicted  []float64 // NaN without a prediction
}

// histograms reads those that keep asks for, of the last recorded step of each task and
// observable, in file order.
func (r *run) histograms(keep func(l label, observable string) bool) []*histogram {
	type key struct{ task, observable string }
	byKey := map[key]*histogram{}
	wanted := map[key]bool{}
	var out []*histogram
	r.each("histogram", func(w row) {
		k := key{w.text("task"), w.text("observable")}
		want, known := wanted[k]
		if !known {
			want = keep(parseLabel(k.task), k.observable)
			wanted[k] = want
		}
		if !want {
			return
		}
		h, step := byKey[k], w.float("step")
		if h == nil {
			h = &histogram{label: parseLabel(k.task), observable: k.observable, step: step}
			byKey[k] = h
			out = append(out, h)
		}
		switch {
		case step < h.step:
			return
		case step > h.step:
			*h = histogram{label: h.label, observable: h.observable, step: step}
		}
		h.low, h.high = append(h.low, w.float("bin_low")), append(h.high, w.float("bin_high"))
		h.count, h.density = append(h.count, w.float("count")), append(h.density, w.float("density"))
		h.err, h.predicted = append(h.err, w.float("density_stderr")), append(h.predicted, w.float("predicted_density"))
	})
	return out
}

// centres of the bins.
func (h *histogram) centres() []float64 {
	out := make([]float64, len(h.low))
	for i := range out {
		out[i] = (h.low[i] + h.high[i]) / 2
	}
	return out
}

func (h *histogram) hasPrediction() bool {
	for _, v := range h.predicted {
		if finite(v) {
			return true
		}
	}
	return false
}

// The looks of histograms.
var (
	sampled   = look{color: blue, glyph: shapes[0], size: 2, bar: 1.2, shade: 0.15}
	predicted = look{color: vermillion, width: 1.5}
)

// histogram draws bars with their errors, and the predicted density as a curve.
func (p *panel) histogram(h *histogram) {
	n := len(h.low)
	edges, top, zero := make([]float64, 0, n+1), make([]float64, 0, n+1), make([]float64, n+1)
	for i := range n {
		edges, top = append(edges, h.low[i]), append(top, h.density[i])
	}
	edges, top = append(edges, h.high[n-1]), append(top, h.density[n-1])
	p.stepBand(look{color: sampled.color, shade: sampled.shade}, edges, zero, top)
	x := h.centres()
	filled := append([]float64(nil), h.density...)
	for i, c := range h.count {
		if c == 0 { // an empty bin has no error to show
			filled[i] = nan
		}
	}
	p.dots(sampled, x, filled, h.err)
	if h.hasPrediction() {
		xs, ys := smooth(x, h.predicted)
		p.curve(predicted, xs, ys)
	}
	p.Y.Min = 0
}

// inverse of a unit.
func inverse(unit string) string {
	if unit == "" || unit == "1" {
		return unit
	}
	return "1/" + unit
}

// smooth passes Akima's curve through the points (J. ACM 17 (1970) 589), which keeps to
// the shape of the data, and never below zero.
func smooth(xs, ys []float64) (x, y []float64) {
	var px, py []float64
	for i := range xs {
		if finite(xs[i]) && finite(ys[i]) && (len(px) == 0 || xs[i] > px[len(px)-1]) {
			px, py = append(px, xs[i]), append(py, ys[i])
		}
	}
	var f interp.AkimaSpline
	if len(px) < 5 || f.Fit(px, py) != nil {
		return px, py
	}
	const per = 8
	for i := range len(px) - 1 {
		for j := range per {
			v := px[i] + (px[i+1]-px[i])*float64(j)/per
			x, y = append(x, v), append(y, max(0, f.Predict(v)))
		}
	}
	return append(x, px[len(px)-1]), append(y, py[len(py)-1])
}
