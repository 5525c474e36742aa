package report

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// maxZ is the band of acceptance of a z.
const maxZ = 4

// certificate is a row of partition.csv whose exact value is known.
type certificate struct {
	label
	quantity, estimator, parameter, status string
	estimate, err, reference, z, ess       float64
}

// worst tells the certificates whose number is the largest |z| of many comparisons.
func (c certificate) worst() bool { return strings.HasPrefix(c.parameter, "worst |z|") }

// ok tells whether the row passed.
func (c certificate) ok() bool { return c.status == "ok" || strings.HasPrefix(c.status, "ok:") }

// certificates reads the rows of O1, O10 and their like: the quantities named O and a number.
func (r *run) certificates() []certificate {
	var out []certificate
	r.each("partition", func(w row) {
		q := w.text("quantity")
		if len(q) < 2 || q[0] != 'O' || strings.Trim(q[1:], "0123456789") != "" {
			return
		}
		out = append(out, certificate{label: parseLabel(w.text("task")), quantity: q, estimator: w.text("estimator"),
			parameter: w.text("parameter"), status: w.text("status"),
			estimate: w.float("log_z"), err: w.float("stderr"), reference: w.float("reference"), z: w.float("z"), ess: w.float("ess")})
	})
	return out
}

// zKinds are the kinds of points of the figure of certificates.
var zKinds = []struct {
	text string
	look look
	is   func(certificate) bool
}{
	{"one estimate against its exact value", look{color: blue, glyph: shapes[0], size: 3}, func(c certificate) bool { return c.ok() && !c.worst() }},
	{"largest |z| of many comparisons, judged by its chance", look{color: purple, glyph: shapes[3], size: 3}, func(c certificate) bool { return c.ok() && c.worst() }},
	{"did not pass", look{color: vermillion, glyph: shapes[2], size: 3.6}, func(c certificate) bool { return !c.ok() }},
}

// certificatesFigure shows every z on a line of its own; of more than fit the largest |z|.
func certificatesFigure(r *run) *page {
	rows, of := largestZ(r.certificates())
	if len(rows) == 0 {
		return nil
	}
	far := 0.0
	for _, c := range rows {
		far = max(far, math.Abs(c.z))
	}
	p := newPanel("", scale{label: "z = (estimate − exact) / standard error", unit: "1", fixed: true}, scale{fixed: true})
	p.X.Max = min(max(far*1.08, maxZ+1), 12)
	p.X.Min = -p.X.Max
	for z := -12; z <= 12; z += 2 {
		p.x.ticks = append(p.x.ticks, plot.Tick{Value: float64(z), Label: minus(fmt.Sprint(z))})
	}
	p.Y.Min, p.Y.Max = -0.6, float64(len(rows))-0.4
	band := look{color: green, shade: 0.12}
	p.band(band, []float64{-maxZ, maxZ}, []float64{p.Y.Min, p.Y.Min}, []float64{p.Y.Max, p.Y.Max})
	p.Add(rule{look: look{color: black, width: 0.9}, vertical: true})
	page := tile([]*panel{p})
	page.width, page.row = 10.5*vg.Inch, vg.Length(len(rows))*lineHeight(tickSize)+60
	page.legend = []entry{{fmt.Sprintf("|z| < %d", maxZ), band}}
	for _, kind := range zKinds {
		var xs, ys []float64
		for i, c := range rows {
			if kind.is(c) {
				xs = append(xs, math.Copysign(min(math.Abs(c.z), p.X.Max*0.985), c.z))
				ys = append(ys, float64(len(rows)-1-i))
			}
		}
		if p.dots(kind.look, xs, ys, nil); len(xs) > 0 {
			page.legend = append(page.legend, entry{kind.text, kind.look})
		}
	}
	for i, c := range rows {
		p.y.ticks = append(p.y.ticks, plot.Tick{Value: float64(len(rows) - 1 - i), Label: r.certificateName(c)})
	}
	if far > p.X.Max {
		page.note = fmt.Sprintf("Values beyond ±%.0f are drawn at the edge. ", p.X.Max)
	}
	if len(rows) < of {
		page.note += fmt.Sprintf("Shown: the %d largest |z| of %d.", len(rows), of)
	}
	return page
}

// largestZ keeps the certificates with a z, in file order, and of more than fit on a page
// the largest |z|, out of so many.
func largestZ(all []certificate) (rows []certificate, of int) {
	const most = 48
	var size []float64
	for _, c := range all {
		if finite(c.z) {
			size = append(size, math.Abs(c.z))
		}
	}
	sort.Sort(sort.Reverse(sort.Float64Slice(size)))
	least := 0.0
	if len(size) > most {
		least = size[most-1]
	}
	for _, c := range all {
		if math.Abs(c.z) >= least && len(rows) < most {
			rows = append(rows, c)
		}
	}
	return rows, len(size)
}

// certificateName is what, by which sampler, where.
func (r *run) certificateName(c certificate) string {
	parts := []string{c.quantity}
	if t := r.title(c.point); t != "" {
		parts = append(parts, t)
	}
	if c.replica > 0 {
		parts = append(parts, fmt.Sprintf("r%d", c.replica))
	}
	if c.worst() {
		return strings.Join(append(parts, "samplers agree"), " · ")
	}
	return strings.Join(append(parts, strings.TrimPrefix(c.estimator, "metropolis/"), certified(c.parameter)), " · ")
}

// certified writes the certified number with its symbols.
func certified(parameter string) string {
	return strings.ReplaceAll(parameter, "/hbar", "/ħ")
}
