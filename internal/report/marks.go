package report

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A look is how a series is drawn, in the panel and in the legend alike. The zero value of
// a field leaves that part out.
type look struct {
	color  color.NRGBA
	width  float64 // of the line, in points
	dashes []vg.Length
	shade  float64          // opacity of the band
	glyph  draw.GlyphDrawer // of the points
	size   float64          // radius of the glyph, in points
	bar    float64          // width of the error bars, in points
}

func (l look) line() draw.LineStyle {
	return draw.LineStyle{Color: l.color, Width: vg.Points(l.width), Dashes: l.dashes}
}

// Thumbnail draws the look in a legend.
func (l look) Thumbnail(c *draw.Canvas) {
	m := c.Center()
	if l.shade > 0 {
		h := (c.Max.Y - c.Min.Y) * 0.38
		c.FillPolygon(alpha(l.color, l.shade), []vg.Point{{X: c.Min.X, Y: m.Y - h}, {X: c.Max.X, Y: m.Y - h}, {X: c.Max.X, Y: m.Y + h}, {X: c.Min.X, Y: m.Y + h}})
	}
	if l.width > 0 {
		c.StrokeLine2(l.line(), c.Min.X, m.Y, c.Max.X, m.Y)
	}
	if l.bar > 0 {
		h := (c.Max.Y - c.Min.Y) * 0.45
		c.StrokeLine2(draw.LineStyle{Color: l.color, Width: vg.Points(l.bar)}, m.X, m.Y-h, m.X, m.Y+h)
	}
	if l.glyph != nil {
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: l.color, Radius: vg.Points(l.size), Shape: l.glyph}, m)
	}
}

var (
	dashed = []vg.Length{vg.Points(5), vg.Points(3)}
	dotted = []vg.Length{vg.Points(1.5), vg.Points(2)}
)

// curve adds a line through the points, broken where a number is missing.
func (p *panel) curve(l look, xs, ys []float64) {
	for _, run := range unbroken(xs, ys) {
		if len(run) > 1 {
			p.line(l, thin(run))
		} else {
			p.Add(&plotter.Scatter{XYs: run, GlyphStyle: draw.GlyphStyle{Color: l.color, Radius: vg.Points(l.width), Shape: draw.CircleGlyph{}}})
		}
	}
}

func (p *panel) line(l look, points plotter.XYs) {
	p.drawn = append(p.drawn, points)
	p.Add(&plotter.Line{XYs: points, LineStyle: l.line()})
}

// pull brings what lies far outside the range of the axis, as after a divergence, close to
// it: clipping works with differences and would lose its numbers there.
func (p *panel) pull() {
	d := 2 * (p.Y.Max - p.Y.Min)
	for _, points := range p.drawn {
		for i := range points {
			points[i].Y = min(max(points[i].Y, p.Y.Min-d), p.Y.Max+d)
		}
	}
}

// steps adds a line that keeps its value until the next point.
func (p *panel) steps(l look, xs, ys []float64) {
	for _, run := range unbroken(xs, ys) {
		p.line(l, staircase(run))
	}
}

// band shades between lo and hi.
func (p *panel) band(l look, xs, lo, hi []float64) {
	p.shade(l, unbroken(xs, lo, hi))
}

// stepBand is band for values that hold until the next point.
func (p *panel) stepBand(l look, xs, lo, hi []float64) {
	runs := unbroken(xs, lo, hi)
	for i, r := range runs {
		h := len(r) / 2
		upper := reversed(r[h:])
		runs[i] = append(staircase(r[:h]), reversed(staircase(upper))...)
	}
	p.shade(l, runs)
}

func (p *panel) shade(l look, rings []plotter.XYs) {
	for _, ring := range rings {
		if len(ring) > 2 {
			p.drawn = append(p.drawn, ring)
			p.Add(&plotter.Polygon{XYs: []plotter.XYs{ring}, Color: alpha(l.color, l.shade)})
		}
	}
}

// dots adds points with vertical error bars; a missing error has no bar.
func (p *panel) dots(l look, xs, ys, errs []float64) {
	d := &dots{look: l}
	for i := range xs {
		if finite(xs[i]) && finite(ys[i]) {
			e := 0.0
			if errs != nil && finite(errs[i]) {
				e = errs[i]
			}
			d.points, d.errs = append(d.points, plotter.XY{X: xs[i], Y: ys[i]}), append(d.errs, e)
		}
	}
	if len(d.points) > 0 {
		p.Add(d)
	}
}

// dots is a plotter of points with error bars without caps.
type dots struct {
	look   look
	points plotter.XYs
	errs   []float64
}

// Plot implements plot.Plotter.
func (d *dots) Plot(c draw.Canvas, plt *plot.Plot) {
	x, y := plt.Transforms(&c)
	if d.look.bar > 0 {
		sty := draw.LineStyle{Color: d.look.color, Width: vg.Points(d.look.bar)}
		for i, p := range d.points {
			if d.errs[i] > 0 && c.ContainsX(x(p.X)) {
				lo, hi := max(p.Y-d.errs[i], plt.Y.Min), min(p.Y+d.errs[i], plt.Y.Max)
				if lo < hi {
					c.StrokeLine2(sty, x(p.X), y(lo), x(p.X), y(hi))
				}
			}
		}
	}
	for _, p := range d.points {
		if p.Y < plt.Y.Min || p.Y > plt.Y.Max {
			continue
		}
		c.DrawGlyph(draw.GlyphStyle{Color: d.look.color, Radius: vg.Points(d.look.size), Shape: d.look.glyph}, vg.Point{X: x(p.X), Y: y(p.Y)})
	}
}

// DataRange implements plot.DataRanger.
func (d *dots) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax, ymin, ymax = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for i, p := range d.points {
		xmin, xmax = math.Min(xmin, p.X), math.Max(xmax, p.X)
		ymin, ymax = math.Min(ymin, p.Y-d.errs[i]), math.Max(ymax, p.Y+d.errs[i])
	}
	return xmin, xmax, ymin, ymax
}

// rule is a straight line across the whole panel; it does not widen the axes.
type rule struct {
	look     look
	at       float64
	vertical bool
}

// Plot implements plot.Plotter.
func (r rule) Plot(c draw.Canvas, plt *plot.Plot) {
	x, y := plt.Transforms(&c)
	if r.vertical {
		if at := x(r.at); c.ContainsX(at) {
			c.StrokeLine2(r.look.line(), at, c.Min.Y, at, c.Max.Y)
		}
	} else if at := y(r.at); c.ContainsY(at) {
		c.StrokeLine2(r.look.line(), c.Min.X, at, c.Max.X, at)
	}
}

// unbroken cuts a series into stretches where all numbers are there. With two values per
// x a stretch is the ring along the first and back along the second.
func unbroken(xs []float64, ys ...[]float64) []plotter.XYs {
	var runs []plotter.XYs
	from := 0
	for i := 0; i <= len(xs); i++ {
		ok := i < len(xs) && finite(xs[i])
		for _, y := range ys {
			ok = ok && finite(y[i])
		}
		if ok {
			continue
		}
		if i > from {
			runs = append(runs, stretch(xs[from:i], ys, from))
		}
		from = i + 1
	}
	return runs
}

func stretch(xs []float64, ys [][]float64, from int) plotter.XYs {
	var out plotter.XYs
	for i, x := range xs {
		out = append(out, plotter.XY{X: x, Y: ys[0][from+i]})
	}
	if len(ys) > 1 {
		for i := len(xs) - 1; i >= 0; i-- {
			out = append(out, plotter.XY{X: xs[i], Y: ys[1][from+i]})
		}
	}
	return out
}

func staircase(points plotter.XYs) plotter.XYs {
	var out plotter.XYs
	for i, p := range points {
		if i > 0 {
			out = append(out, plotter.XY{X: p.X, Y: points[i-1].Y})
		}
		out = append(out, p)
	}
	return out
}

func reversed(points plotter.XYs) plotter.XYs {
	out := make(plotter.XYs, len(points))
	for i, p := range points {
		out[len(points)-1-i] = p
	}
	return out
}

// maxVertices is more than a panel has pixels across.
const maxVertices = 1600

// thin keeps of a long line the first, lowest, highest and last point of equal stretches:
// what is drawn looks the same, in a file of bounded size.
func thin(line plotter.XYs) plotter.XYs {
	if len(line) <= maxVertices {
		return line
	}
	var out plotter.XYs
	stretches := maxVertices / 4
	for s := range stretches {
		a, b := s*len(line)/stretches, (s+1)*len(line)/stretches
		lo, hi := a, a
		for i := a; i < b; i++ {
			if line[i].Y < line[lo].Y {
				lo = i
			}
			if line[i].Y > line[hi].Y {
				hi = i
			}
		}
		last := -1
		for _, i := range []int{a, min(lo, hi), max(lo, hi), b - 1} {
			if i > last {
				out, last = append(out, line[i]), i
			}
		}
	}
	return out
}

// finite tells a number from a missing one.
func finite(x float64) bool { return x-x == 0 }
