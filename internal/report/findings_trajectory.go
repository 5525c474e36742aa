package report

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"machlup/analysis"
)

// tiltCurve is what reweighting gives along the tilt for paths of one length.
type tiltCurve struct {
	point    string
	steps    float64 // K
	s        []float64
	logZ     []analysis.Estimate // of some s
	zs       []float64
	mean, vr []analysis.Estimate // ⟨O⟩_s and Var_s(O) at s
}

// tiltCurves reads log Z, ⟨O⟩ and Var(O) along the tilt from partition.csv, in order of K.
func (r *run) tiltCurves() []*tiltCurve {
	var points ordered
	var out []*tiltCurve
	r.each("partition", func(w row) {
		l, q := parseLabel(w.text("task")), w.text("quantity")
		mbar := w.text("estimator") == "mbar" && w.text("parameter") == "s"
		v, e := w.float("log_z"), w.float("stderr")
		if !mbar || !finite(v) || q != "tilt_mean" && q != "tilt_variance" && q != "log_z_profile" && q != "log_z_ratio" {
			return
		}
		k := points.add(l.point)
		if k == len(out) {
			out = append(out, &tiltCurve{point: l.point, steps: r.number(l.point, "path.steps"), zs: []float64{0}, logZ: []analysis.Estimate{{}}})
		}
		c, at := out[k], w.float("value")
		switch q {
		case "tilt_mean":
			c.s, c.mean = append(c.s, at), append(c.mean, analysis.Estimate{Value: v, StdErr: e})
		case "tilt_variance":
			c.vr = append(c.vr, analysis.Estimate{Value: v, StdErr: e})
		default:
			c.zs, c.logZ = append(c.zs, at), append(c.logZ, analysis.Estimate{Value: v, StdErr: e})
		}
	})
	var complete []*tiltCurve
	for _, c := range out {
		if len(c.s) > 2 && len(c.vr) == len(c.s) && c.steps > 0 {
			sort.Sort(byTilt{c})
			complete = append(complete, c)
		}
	}
	sort.SliceStable(complete, func(i, j int) bool { return complete[i].steps < complete[j].steps })
	return complete
}

// byTilt sorts log Z by s; means and variances rise in s already.
type byTilt struct{ *tiltCurve }

func (b byTilt) Len() int           { return len(b.zs) }
func (b byTilt) Less(i, j int) bool { return b.zs[i] < b.zs[j] }
func (b byTilt) Swap(i, j int) {
	b.zs[i], b.zs[j] = b.zs[j], b.zs[i]
	b.logZ[i], b.logZ[j] = b.logZ[j], b.logZ[i]
}

// sharpest is the index of the largest variance.
func (c *tiltCurve) sharpest() int {
	top := 0
	for i, v := range c.vr {
		if v.Value > c.vr[top].Value {
			top = i
		}
	}
	return top
}

// farEnd is log Z at the tilt farthest from 0 where it is known; NaN where it is nowhere.
func (c *tiltCurve) farEnd() (s float64, logZ analysis.Estimate) {
	logZ = analysis.Estimate{Value: nan, StdErr: nan}
	for i, at := range c.zs {
		if math.Abs(at) > math.Abs(s) {
			s, logZ = at, c.logZ[i]
		}
	}
	return s, logZ
}

// trajectoryFindings says what ln Z(s)/K is, where ln Z(s)/K bends most, how that grows with K, and what the limit of
// long paths is.
func trajectoryFindings(r *run) []string {
	curves := r.tiltCurves()
	if len(curves) == 0 {
		return nil
	}
	var parts []string
	var lengths []float64
	var bends []analysis.Estimate
	ends := false
	for _, c := range curves {
		k, i := c.steps, c.sharpest()
		bend := analysis.Estimate{Value: c.vr[i].Value / k, StdErr: c.vr[i].StdErr / k}
		first, last := c.mean[0].Value/k, c.mean[len(c.mean)-1].Value/k
		width := math.Abs(last-first) / bend.Value
		where := "s = " + number("%.3g", c.s[i])
		switch {
		case c.s[i] == 0:
			where = "s = 0"
		case i == 0 || i == len(c.s)-1:
			where, ends = where+", the end of the ladder", true
		}
		value := ""
		if s, z := c.farEnd(); finite(z.Value) {
			value = fmt.Sprintf("ln Z/K is %s at s = %s, ", withError(z.Value/k, z.StdErr/k), number("%.3g", s))
		}
		parts = append(parts, fmt.Sprintf("K = %.0f: "+value+"∂²(ln Z/K)/∂s² is largest at %s, %s; ⟨o⟩_s goes from %s to %s between s = %s and %s, a crossover of width %s = %s/K", k, where,
			withError(bend.Value, bend.StdErr), withError(first, c.mean[0].StdErr/k), withError(last, c.mean[len(c.mean)-1].StdErr/k),
			number("%.3g", c.s[0]), number("%.3g", c.s[len(c.s)-1]), number("%.3g", width), number("%.3g", width*k)))
		lengths, bends = append(lengths, k), append(bends, bend)
	}
	text := []string{strings.Join(parts, ". ") + "."}
	law := bendLaw(lengths, bends)
	if ends {
		law += " Where the largest bend is at the end of the ladder there may be a larger one beyond."
	}
	text = append(text, law)
	return append(text, r.limits()...)
}

// bendLaw fits the largest bend to a power of K.
func bendLaw(lengths []float64, bends []analysis.Estimate) string {
	if len(lengths) < 3 {
		return fmt.Sprintf("%d lengths of paths: three are needed to say whether it sharpens.", len(lengths))
	}
	line, err := analysis.PowerLaw(lengths, bends)
	if err != nil {
		return "How the largest bend grows with K is not known: " + err.Error() + "."
	}
	n := len(lengths) - 1
	local := math.Log(bends[n].Value/bends[n-1].Value) / math.Log(lengths[n]/lengths[n-1])
	localErr := math.Hypot(bends[n].StdErr/bends[n].Value, bends[n-1].StdErr/bends[n-1].Value) / math.Log(lengths[n]/lengths[n-1])
	s := fmt.Sprintf("The largest bend grows as K to the power %s between the two longest", withError(local, localErr))
	if line.P >= 1e-3 {
		s = fmt.Sprintf("The largest bend grows as K to the power %s over all lengths, %s between the two longest", withError(line.Slope.Value, line.Slope.StdErr), withError(local, localErr))
	}
	switch {
	case local-2*localErr > 1.2:
		s += ": faster than the 1 of paths that keep to one of two states. Fluctuations still add up along the path, or an instability makes them grow, and paths have not settled"
	case local+2*localErr >= 0.98:
		s += ": it still sharpens. The power is 1 while paths stay in the state that they chose, and 0 beyond the time of a hop"
	case local-2*localErr > 0.1:
		s += ": less than the 1 of paths that stay in the state that they chose. They begin to hop, and beyond the time of a hop it sharpens no more"
	default:
		s += ": it sharpens no more. Paths are longer than the time of a hop, and a kink in the limit K → ∞ needs a gap that closes"
	}
	return s + "."
}

// limits quotes the scaled cumulant generating function.
func (r *run) limits() []string {
	var parts, refused []string
	slope := map[string]string{}
	r.each("summary", func(w row) {
		if w.text("quantity") == "scgf_slope" && finite(w.float("value")) {
			slope[w.text("task")] = withError(w.float("value"), w.float("stderr"))
		}
	})
	r.each("summary", func(w row) {
		if w.text("quantity") != "scgf" {
			return
		}
		l := parseLabel(w.text("task"))
		s := r.value(l.point, "path.tilt")
		if v := w.float("value"); finite(v) {
			parts = append(parts, fmt.Sprintf("%s at s = %s (slope %s)", withError(v, w.float("stderr")), s, slope[w.text("task")]))
		} else {
			refused = append(refused, fmt.Sprintf("s = %s: %s", s, w.text("status")))
		}
	})
	var text []string
	if len(parts) > 0 {
		text = append(text, "In the limit of long paths, by the growth of log Z with K: ψ = "+strings.Join(parts, ", ")+".")
	}
	if len(refused) > 0 {
		text = append(text, "That limit is not known at "+strings.Join(refused, "; ")+".")
	}
	return text
}

// trajectoryFigure shows ln Z(s)/K and its derivatives against s, and the slope against sK.
func trajectoryFigure(r *run) *page {
	curves := r.tiltCurves()
	if len(curves) == 0 {
		return nil
	}
	s := scale{label: "tilt s", unit: "1/observable"}
	z := newPanel("", s, scale{label: "ln Z(s)/K", unit: "1"})
	slope := newPanel("", s, scale{label: "mean of o under the tilt", unit: "observable"})
	bend := newPanel("", s, scale{label: "its variance times K", unit: "observable²"})
	scaled := newPanel("", scale{label: "s·K", unit: "1/observable"}, scale{label: "mean of o under the tilt", unit: "observable"})
	var legend []entry
	for i, c := range curves {
		l := look{color: ramp(i, len(curves)), width: 1.3, shade: 0.22, glyph: shapes[i%len(shapes)], size: 2.4, bar: 1}
		points := look{color: l.color, glyph: l.glyph, size: l.size, bar: l.bar}
		add := func(p *panel, x []float64, e []analysis.Estimate, stretch float64) {
			xs, ys, errs := make([]float64, len(x)), make([]float64, len(x)), make([]float64, len(x))
			for k := range x {
				xs[k], ys[k], errs[k] = x[k]*stretch, e[k].Value/c.steps, e[k].StdErr/c.steps
			}
			p.curve(look{color: l.color, width: l.width}, xs, ys)
			p.dots(points, xs, ys, errs)
		}
		add(z, c.zs, c.logZ, 1)
		add(slope, c.s, c.mean, 1)
		add(bend, c.s, c.vr, 1)
		add(scaled, c.s, c.mean, c.steps)
		legend = append(legend, entry{fmt.Sprintf("K = %.0f", c.steps), l})
	}
	page := tileIn(2, []*panel{z, slope, bend, scaled})
	page.legend = legend
	page.note = "Points: replica exchange over s, reweighted (MBAR), ± 1 standard error. Lines guide the eye. o is the mean of O over the K steps."
	return page
}
