package report

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"gonum.org/v1/plot"

	"machlup/analysis"
)

// tiltKey is the swept key that is the abscissa of the figure; other keys make rows.
const tiltKey = "path.tilt"

// ladder is what partition.csv says of log Z(s)/Z(0) at one sweep point, tilts joined.
type ladder struct {
	heading   string
	nodes     []estimate // ⟨O⟩ at s
	estimates []estimate
}

// estimate is one number at one s.
type estimate struct {
	task, by      string
	s, value, err float64
	ess           float64
	status        string
}

// ladders reads partition.csv, a ladder per sweep point (whatever its tilt) and replica.
func (r *run) ladders() []*ladder {
	var keys ordered
	var out []*ladder
	replicas := 0
	for _, t := range r.tasks {
		replicas = max(replicas, t.replica)
	}
	r.each("partition", func(w row) {
		q := w.text("quantity")
		if q != "log_z_ratio" && q != "mean_tilt_observable" {
			return
		}
		l := parseLabel(w.text("task"))
		heading := r.title(l.point, tiltKey)
		if replicas > 0 {
			heading = strings.TrimPrefix(fmt.Sprintf("%s, replica %d", heading, l.replica), ", ")
		}
		k := keys.add(heading)
		if k == len(out) {
			out = append(out, &ladder{heading: heading})
		}
		e := estimate{w.text("task"), w.text("estimator"), w.float("value"), w.float("log_z"), w.float("stderr"), w.float("ess"), w.text("status")}
		if q == "log_z_ratio" {
			out[k].estimates = append(out[k].estimates, e)
		} else {
			out[k].nodes = append(out[k].nodes, e)
		}
	})
	for _, l := range out { // nodes by task, each in the direction of its tilt
		sort.SliceStable(l.nodes, func(i, j int) bool {
			a, b := l.nodes[i], l.nodes[j]
			return a.task < b.task || a.task == b.task && math.Abs(a.s) < math.Abs(b.s)
		})
	}
	return out
}

// logZFigure has a row per sweep point: the integrand ⟨O⟩ of thermodynamic integration, its
// running integral with the estimates of log Z(s)/Z(0), and the same estimates from near.
func logZFigure(r *run) *page {
	all := r.ladders()
	if len(all) == 0 {
		return nil
	}
	var by ordered
	for _, l := range all {
		for _, e := range l.estimates {
			by.add(e.by)
		}
	}
	var panels []*panel
	shown := spreadOut(len(all), 5)
	for _, i := range shown {
		l := all[i]
		panels = append(panels, l.integrand(), l.integral(by), l.near(by))
	}
	page := tileIn(3, panels)
	page.width *= 1.1
	page.outerLabels()
	page.legend = []entry{{"integrand", nodeLook}}
	for _, i := range shown {
		if all[i].refused() {
			page.legend = append(page.legend, entry{"must not be used (status in partition.csv)", refusedLook})
			break
		}
	}
	page.legend = append(page.legend, entry{"its integral, ± 1 standard error", integralLook})
	for i, name := range by.list {
		page.legend = append(page.legend, entry{name, estimateLook(i)})
	}
	page.note = "O: the tilt's observable summed over the path; weights exp(−S − sO). Estimators at the same s are drawn side by side."
	page.selection(len(shown), len(all), "sweep points")
	return page
}

var (
	nodeLook     = look{color: black, glyph: shapes[0], size: 2.2, bar: 1.3}
	refusedLook  = look{color: vermillion, glyph: ring{}, size: 3.2, bar: 1.3, width: 1.2, dashes: dashed}
	integralLook = look{color: grey, width: 1.4, shade: 0.25}
)

func estimateLook(i int) look {
	return look{color: cycle[i%len(cycle)], glyph: shapes[i%len(shapes)], size: 3.2, bar: 1.5}
}

var sAxis = scale{label: "tilt s", unit: "1"}

// refused tells whether a node must not be used.
func (l *ladder) refused() bool {
	for _, n := range l.nodes {
		if n.status != "ok" {
			return true
		}
	}
	return false
}

func (l *ladder) integrand() *panel {
	p := newPanel(l.heading, sAxis, scale{label: "mean of O at s", unit: "1"})
	var good, bad []estimate
	for _, n := range l.nodes {
		if n.status == "ok" {
			good = append(good, n)
		} else {
			bad = append(bad, n)
		}
	}
	for i, j := 0, 0; i < len(l.nodes); i = j { // a line for each task
		for j = i; j < len(l.nodes) && l.nodes[j].task == l.nodes[i].task; j++ {
		}
		xs, ys, _ := columns(l.nodes[i:j])
		p.curve(look{color: grey, width: 0.9}, xs, ys)
	}
	xs, ys, errs := columns(good)
	p.dots(nodeLook, xs, ys, errs)
	xs, ys, errs = columns(bad)
	p.dots(refusedLook, xs, ys, errs)
	p.X.Min, p.X.Max = math.Min(0, p.X.Min), math.Max(0, p.X.Max)
	return p
}

func (l *ladder) integral(by ordered) *panel {
	p := newPanel("", sAxis, scale{label: "log Z(s)/Z(0)", unit: "1"})
	s, value, err, ok := l.running()
	if !ok {
		p.curve(refusedLook, s, value)
		l.scatter(p, by, 0)
		return p
	}
	low, high := make([]float64, len(s)), make([]float64, len(s))
	for i := range s {
		low[i], high[i] = value[i]-err[i], value[i]+err[i]
	}
	p.band(integralLook, s, low, high)
	p.curve(integralLook, s, value)
	l.scatter(p, by, 0)
	return p
}

// near shows the estimates relative to their weighted mean at the same s.
func (l *ladder) near(by ordered) *panel {
	p := newPanel("", sAxis, scale{label: "log Z − mean", unit: "1"})
	p.Add(rule{look: look{color: grey, width: 1}})
	mean := l.means()
	rel := &ladder{}
	for _, e := range l.estimates {
		e.value -= mean[e.s]
		rel.estimates = append(rel.estimates, e)
	}
	rel.scatter(p, by, 1)
	if len(mean) == 1 { // one tilt: the estimators themselves are the abscissa
		p.x = scale{label: "estimator", fixed: true}
		p.X.Min, p.X.Max = -0.5, float64(len(by.list))-0.5
		for i, name := range by.list {
			short := strings.TrimSuffix(name, "-gauss-legendre")
			if !l.hasEstimate(name) {
				short += " (none)"
			}
			p.x.ticks = append(p.x.ticks, plot.Tick{Value: float64(i), Label: short})
		}
	}
	return p
}

func (l *ladder) hasEstimate(by string) bool {
	for _, e := range l.estimates {
		if e.by == by && finite(e.value) {
			return true
		}
	}
	return false
}

// means is the weighted mean of the estimates at each s.
func (l *ladder) means() map[float64]float64 {
	at := map[float64][]analysis.Estimate{}
	for _, e := range l.estimates {
		if finite(e.value) && e.err > 0 {
			at[e.s] = append(at[e.s], analysis.Estimate{Value: e.value, StdErr: e.err})
		}
	}
	out := map[float64]float64{}
	for s, es := range at {
		m, _ := analysis.WeightedMean(es)
		out[s] = m.Value
	}
	return out
}

// scatter draws the estimates, those of one s side by side; apart = 1 spaces them by whole
// units where there is one s only.
func (l *ladder) scatter(p *panel, by ordered, apart float64) {
	distinct, widest := map[float64]bool{}, 0.0
	for _, e := range l.estimates {
		distinct[e.s] = true
		widest = math.Max(widest, math.Abs(e.s))
	}
	for i, name := range by.list {
		var mine []estimate
		for _, e := range l.estimates {
			if e.by != name {
				continue
			}
			if apart > 0 && len(distinct) == 1 {
				e.s = float64(i)
			} else {
				e.s += widest * 0.02 * (float64(i) - float64(len(by.list)-1)/2)
			}
			mine = append(mine, e)
		}
		xs, ys, errs := columns(mine)
		p.dots(estimateLook(i), xs, ys, errs)
	}
}

func columns(es []estimate) (s, value, err []float64) {
	sort.SliceStable(es, func(i, j int) bool { return es[i].s < es[j].s })
	for _, e := range es {
		s, value, err = append(s, e.s), append(value, e.value), append(err, e.err)
	}
	return s, value, err
}

// running is −∫₀ˢ⟨O⟩ on a grid of s with its statistical error, of the task with the
// largest tilt: at Gauss–Legendre nodes the integral of the polynomial through them, whose
// end is the estimate itself, otherwise of the straight lines between them. It is not ok if
// the estimate was refused.
func (l *ladder) running() (s, value, err []float64, ok bool) {
	end, task := 0.0, ""
	for _, e := range l.estimates {
		if strings.HasPrefix(e.by, "ti") && math.Abs(e.s) > math.Abs(end) {
			end, task, ok = e.s, e.task, finite(e.value)
		}
	}
	var x, y, sigma []float64
	for _, n := range l.nodes {
		if n.task == task && finite(n.value) && finite(n.err) {
			x, y, sigma = append(x, n.s), append(y, n.value), append(sigma, n.err)
		}
	}
	if len(x) < 2 {
		return nil, nil, nil, true
	}
	const points = 48
	for i := 0; i <= points; i++ {
		t := end * float64(i) / points
		sum, variance := 0.0, 0.0
		for k, w := range runningWeights(x, t, end) {
			sum += w * y[k]
			variance += w * w * sigma[k] * sigma[k]
		}
		s, value, err = append(s, t), append(value, -sum), append(err, math.Sqrt(variance))
	}
	return s, value, err, ok
}

// runningWeights are the weights of the values at the nodes x in the integral over [0, t].
func runningWeights(x []float64, t, end float64) []float64 {
	w := make([]float64, len(x))
	if t == 0 {
		return w
	}
	if inside := x[0] != 0 && x[len(x)-1] != end; !inside || len(x) > 40 {
		return trapezoidWeights(x, t)
	}
	at, weight := analysis.GaussLegendreNodes(len(x), math.Min(0, t), math.Max(0, t))
	for q, u := range at {
		for i := range x {
			lagrange := 1.0
			for j := range x {
				if j != i {
					lagrange *= (u - x[j]) / (x[i] - x[j])
				}
			}
			w[i] += math.Copysign(weight[q], t) * lagrange
		}
	}
	return w
}

func trapezoidWeights(x []float64, t float64) []float64 {
	w := make([]float64, len(x))
	sign := math.Copysign(1, t)
	for i := 0; i+1 < len(x) && sign*x[i] < sign*t; i++ {
		h := x[i+1] - x[i]
		f := math.Min(1, (t-x[i])/h)
		w[i] += h * f * (1 - f/2)
		w[i+1] += h * f * f / 2
	}
	return w
}
