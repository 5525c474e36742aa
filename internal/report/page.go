package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// dpi of the PNG.
const dpi = 160

// A page is one figure: a grid of panels under one legend.
type page struct {
	grid   [][]*panel // rows of equal length; nil leaves a place free
	legend []entry
	note   string // small print below
	shared bool   // one label speaks for several panels
	width  vg.Length
	row    vg.Length // height of a row of panels
}

// entry is a line of the legend.
type entry struct {
	text string
	look look
}

// tile arranges panels in rows, in a number of columns that suits their number.
func tile(panels []*panel) *page {
	cols := []int{1, 1, 2, 3, 2, 3, 3, 4, 4, 3, 4, 4, 4}[min(len(panels), 12)]
	return tileIn(cols, panels)
}

func tileIn(cols int, panels []*panel) *page {
	p := &page{}
	for i, x := range panels {
		if i%cols == 0 {
			p.grid = append(p.grid, make([]*panel, cols))
		}
		p.grid[i/cols][i%cols] = x
	}
	p.width = []vg.Length{0, 6.2, 8, 9.6, 11.5, 13.5, 15.5}[min(cols, 6)] * vg.Inch
	p.row = []vg.Length{0, 3.4, 2.7, 2.35, 2.2, 2.1, 2.1}[min(cols, 6)] * vg.Inch
	if len(p.grid) == 1 && cols > 1 {
		p.row *= 1.25
	}
	return p
}

// outerLabels keeps the axis labels at the left and lower edge of the grid only, for
// panels that have the same axes; a power of ten in the label then holds for all of them.
func (p *page) outerLabels() {
	p.shared = true
	for r, row := range p.grid {
		for c, x := range row {
			if x == nil {
				continue
			}
			if c > 0 && row[0] != nil && row[0].y.label == x.y.label {
				x.y.hidden = true
			}
			if r+1 < len(p.grid) && p.grid[r+1][c] != nil && p.grid[r+1][c].x.label == x.x.label {
				x.x.hidden = true
			}
		}
	}
}

// selection notes that only some are shown.
func (p *page) selection(shown, of int, what string) { p.selectionBy(shown, of, what, "evenly chosen") }

// selectionBy says how they were chosen.
func (p *page) selectionBy(shown, of int, what, how string) {
	if shown == of {
		return
	}
	if p.note != "" {
		p.note += " "
	}
	p.note += fmt.Sprintf("Shown: %d of %d %s, %s.", shown, of, what, how)
}

// sameRange gives all panels the range of all, of x and of y as asked.
func (p *page) sameRange(x, y bool) {
	all := func(pick func(*panel) *plot.Axis) {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, q := range p.panels() {
			lo, hi = math.Min(lo, pick(q).Min), math.Max(hi, pick(q).Max)
		}
		for _, q := range p.panels() {
			pick(q).Min, pick(q).Max = lo, hi
		}
	}
	if x {
		all(func(q *panel) *plot.Axis { return &q.X })
	}
	if y {
		all(func(q *panel) *plot.Axis { return &q.Y })
	}
}

// sharePowers settles one power of ten for all axes that go by the same label.
func (p *page) sharePowers() {
	if !p.shared {
		return
	}
	largest := map[string]float64{}
	each := func(do func(s *scale, a *plot.Axis)) {
		for _, q := range p.panels() {
			do(&q.x, &q.X)
			do(&q.y, &q.Y)
		}
	}
	each(func(s *scale, a *plot.Axis) {
		s.spread(a)
		largest[s.label] = max(largest[s.label], math.Abs(a.Min), math.Abs(a.Max))
	})
	each(func(s *scale, a *plot.Axis) {
		e := labelExponent(largest[s.label])
		s.power = &e
	})
}

func (p *page) panels() []*panel {
	var out []*panel
	for _, row := range p.grid {
		for _, x := range row {
			if x != nil {
				out = append(out, x)
			}
		}
	}
	return out
}

const (
	margin  = vg.Length(10)
	swatch  = vg.Length(24)
	between = vg.Length(16) // legend entries, and panels
)

// height of the page and of the legend on top.
func (p *page) height() (total, legend vg.Length) {
	legend = vg.Length(len(p.legendRows())) * lineHeight(tickSize)
	if legend > 0 {
		legend += 6
	}
	rows := vg.Length(len(p.grid))
	total = 2*margin + legend + rows*p.row + (rows-1)*between
	if p.note != "" {
		total += vg.Length(len(p.noteLines()))*lineHeight(smallSize) + 4
	}
	return total, legend
}

// noteLines breaks the small print at spaces into lines that fit.
func (p *page) noteLines() []string {
	sty := style(smallSize, false)
	var lines []string
	for _, line := range strings.Split(p.note, "\n") {
		now := ""
		for _, word := range strings.Fields(line) {
			if now != "" && sty.Width(now+" "+word) > p.width-2*margin {
				lines, now = append(lines, now), ""
			}
			now = strings.TrimPrefix(now+" "+word, " ")
		}
		lines = append(lines, now)
	}
	return lines
}

func lineHeight(size float64) vg.Length { return vg.Length(size * 1.45) }

// legendRows breaks the legend into lines that fit.
func (p *page) legendRows() [][]entry {
	var rows [][]entry
	sty := style(tickSize, false)
	x := p.width
	for _, e := range p.legend {
		w := swatch + 6 + sty.Width(e.text) + between
		if x+w > p.width-2*margin+between {
			rows, x = append(rows, nil), 0
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], e)
		x += w
	}
	return rows
}

// draw fills the canvas.
func (p *page) draw(c draw.Canvas) {
	c.Canvas = bounded{c.Canvas}
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	c = draw.Crop(c, margin, -margin, margin, -margin)
	_, legend := p.height()
	p.drawLegend(c)
	body := draw.Crop(c, 0, 0, 0, -legend)
	if p.note != "" {
		sty := style(smallSize, false)
		sty.Color = grey
		lines := p.noteLines()
		for i, line := range lines {
			c.FillText(sty, vg.Point{X: c.Min.X, Y: c.Min.Y + vg.Length(len(lines)-1-i)*lineHeight(smallSize) + 2}, line)
		}
		body = draw.Crop(body, 0, 0, vg.Length(len(lines))*lineHeight(smallSize)+4, 0)
	}
	rows, cols := len(p.grid), len(p.grid[0])
	plots := make([][]*plot.Plot, rows)
	p.sharePowers()
	for r, row := range p.grid {
		plots[r] = make([]*plot.Plot, cols)
		for k, x := range row {
			if x != nil {
				x.finish((p.width-2*margin)/vg.Length(cols)-70, p.row-60)
				plots[r][k] = x.Plot
			}
		}
	}
	canvases := plot.Align(plots, draw.Tiles{Rows: rows, Cols: cols, PadX: between, PadY: between}, body)
	for r, row := range plots {
		for k, x := range row {
			if x != nil {
				x.Draw(canvases[r][k])
			}
		}
	}
}

// A bounded canvas moves what is far outside to its bound: the rasteriser takes time in proportion to how far a
// path reaches, and an error bar of a trainer that blows up reaches 1e50 pages.
type bounded struct{ vg.Canvas }

// bound is in points, ten pages away.
const bound = 1e4

// Fill implements vg.Canvas.
func (b bounded) Fill(p vg.Path) { b.Canvas.Fill(within(p)) }

// Stroke implements vg.Canvas.
func (b bounded) Stroke(p vg.Path) { b.Canvas.Stroke(within(p)) }

// within is the path with all points within the bound; none if one is no number.
func within(p vg.Path) vg.Path {
	far := false
	clamp := func(v vg.Length) vg.Length {
		w := min(max(v, -bound), bound)
		far = far || w != v
		return w
	}
	out := make(vg.Path, len(p))
	for i, c := range p {
		c.Pos = vg.Point{X: clamp(c.Pos.X), Y: clamp(c.Pos.Y)}
		control := make([]vg.Point, len(c.Control))
		for k, q := range c.Control {
			control[k] = vg.Point{X: clamp(q.X), Y: clamp(q.Y)}
		}
		c.Control = control
		out[i] = c
		if c.Pos.X != c.Pos.X || c.Pos.Y != c.Pos.Y {
			return nil
		}
	}
	if !far {
		return p
	}
	return out
}

func (p *page) drawLegend(c draw.Canvas) {
	sty := style(tickSize, false)
	y := c.Max.Y
	for _, row := range p.legendRows() {
		y -= lineHeight(tickSize)
		x := c.Min.X
		for _, e := range row {
			icon := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + swatch, Y: y + lineHeight(tickSize)*0.8}}}
			e.look.Thumbnail(&icon)
			c.FillText(sty, vg.Point{X: x + swatch + 6, Y: y + 1}, e.text)
			x += swatch + 6 + sty.Width(e.text) + between
		}
	}
}

// png renders the page.
func (p *page) png() ([]byte, error) {
	h, _ := p.height()
	c := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(p.width, h), vgimg.UseDPI(dpi))}
	p.draw(draw.New(c))
	var b bytes.Buffer
	_, err := c.WriteTo(&b)
	return b.Bytes(), err
}

// svg renders the page, with its caption for readers that do not see it.
func (p *page) svg(caption string) ([]byte, error) {
	h, _ := p.height()
	c := vgsvg.New(p.width, h)
	p.draw(draw.New(c))
	var b, title bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, err
	}
	if err := xml.EscapeText(&title, []byte(caption)); err != nil {
		return nil, err
	}
	head := []byte("<g transform=")
	return bytes.Replace(b.Bytes(), head, fmt.Appendf(nil, "<title>%s</title>\n%s", title.Bytes(), head), 1), nil
}

// A panel is one pair of axes.
type panel struct {
	*plot.Plot
	x, y    scale
	heading *heading
	drawn   []plotter.XYs // lines and outlines of what was added
}

// scale describes an axis. The range is that of the data with a margin unless fixed.
type scale struct {
	label, unit string
	log         bool    // values are decimal logarithms
	zero        float64 // on such an axis: where 0 is drawn, −∞ if nowhere
	fixed       bool    // Min and Max are as set
	tight       bool    // no margin
	ticks       []plot.Tick
	hidden      bool // no label
	power       *int // the power of ten that tick labels leave out; nil: as suits the range
}

// newPanel is an empty panel with a heading of its own above it.
func newPanel(title string, x, y scale) *panel {
	p := &panel{Plot: plot.New(), x: x, y: y, heading: &heading{text: title}}
	p.TextHandler = handler
	p.Add(p.heading)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Padding = 0
		a.LineStyle = draw.LineStyle{Color: black, Width: 0.8}
		a.Tick.LineStyle = a.LineStyle
		a.Tick.Length = 5
		a.Label.TextStyle.Font, a.Label.TextStyle.Handler = sans(textSize, false), handler
		a.Tick.Label.Font, a.Tick.Label.Handler = sans(tickSize, false), handler
		a.Label.Padding = 2
	}
	return p
}

// finish settles ranges, ticks and labels of a panel of about this size.
func (p *panel) finish(width, height vg.Length) {
	tick := style(tickSize, false)
	p.heading.wrap(width + 32)
	settle(&p.X, &p.x, func(ticks []plot.Tick) bool {
		sum := vg.Length(0)
		for _, t := range ticks {
			if t.Label != "" {
				sum += tick.Width(t.Label) + 9
			}
		}
		return sum < width
	})
	settle(&p.Y, &p.y, func(ticks []plot.Tick) bool {
		n := 0
		for _, t := range ticks {
			if t.Label != "" {
				n++
			}
		}
		return vg.Length(n)*2*tickSize < height
	})
	p.pull()
}

func settle(a *plot.Axis, s *scale, fits func([]plot.Tick) bool) {
	s.spread(a)
	exponent := labelExponent(max(math.Abs(a.Min), math.Abs(a.Max)))
	if s.power != nil {
		exponent = *s.power
	}
	if s.log || s.ticks != nil {
		exponent = 0
	}
	ticks := s.ticks
	for n := 7; n > 0 && s.ticks == nil; n-- {
		if s.log {
			ticks = logTicks(a.Min, a.Max, n, s.zero)
		} else {
			ticks = linearTicks(a.Min, a.Max, n, exponent)
		}
		if fits(ticks) {
			break
		}
	}
	a.Tick.Marker = plot.ConstantTicks(ticks)
	if !s.hidden {
		a.Label.Text = s.label + bracket(s.unit, exponent)
	}
}

// bracket is the unit of an axis whose numbers leave out a power of ten.
func bracket(unit string, exponent int) string {
	switch {
	case exponent == 0 && unit == "":
		return ""
	case exponent == 0:
		return " [" + unit + "]"
	case unit == "" || unit == "1":
		return " [" + power(exponent) + "]"
	}
	return " [" + power(exponent) + " " + unit + "]"
}

// spread gives the data a margin, once.
func (s *scale) spread(a *plot.Axis) {
	if s.fixed {
		return
	}
	s.fixed = true
	if !finite(a.Max - a.Min) {
		a.Min, a.Max = 0, 1
	}
	d := (a.Max - a.Min) * 0.04
	if d <= 1e-12*math.Max(math.Abs(a.Min), math.Abs(a.Max)) {
		d = math.Max(0.5*math.Abs(a.Max), 1e-3)
	}
	if s.tight && a.Max > a.Min {
		return
	}
	if a.Min != 0 { // an axis that starts at zero keeps its foot
		a.Min -= d
	}
	a.Max += d
}

// heading draws what is below the data, the grid, and the title above the panel.
type heading struct{ text string }

// wrap breaks lines at commas to fit the width.
func (h *heading) wrap(width vg.Length) {
	sty := style(textSize, true)
	var lines []string
	for _, line := range strings.Split(h.text, "\n") {
		parts := strings.SplitAfter(line, ", ")
		now := parts[0]
		for _, p := range parts[1:] {
			if sty.Width(now+strings.TrimSpace(p)) > width {
				lines, now = append(lines, strings.TrimSpace(now)), ""
			}
			now += p
		}
		lines = append(lines, now)
	}
	h.text = strings.Join(lines, "\n")
}

// Plot implements plot.Plotter.
func (h *heading) Plot(c draw.Canvas, plt *plot.Plot) {
	x, y := plt.Transforms(&c)
	sty := draw.LineStyle{Color: faint, Width: 0.5}
	for _, t := range plt.X.Tick.Marker.Ticks(plt.X.Min, plt.X.Max) {
		if at := x(t.Value); t.Label != "" && c.ContainsX(at) {
			c.StrokeLine2(sty, at, c.Min.Y, at, c.Max.Y)
		}
	}
	for _, t := range plt.Y.Tick.Marker.Ticks(plt.Y.Min, plt.Y.Max) {
		if at := y(t.Value); t.Label != "" && c.ContainsY(at) {
			c.StrokeLine2(sty, c.Min.X, at, c.Max.X, at)
		}
	}
	c.FillText(style(textSize, true), vg.Point{X: c.Min.X, Y: c.Max.Y + 5}, h.text)
}

// GlyphBoxes reserves the place of the heading; it implements plot.GlyphBoxer.
func (h *heading) GlyphBoxes(*plot.Plot) []plot.GlyphBox {
	height := vg.Length(3)
	if h.text != "" {
		height = vg.Length(strings.Count(h.text, "\n")+1)*lineHeight(textSize) + 2
	}
	return []plot.GlyphBox{{X: 0, Y: 1, Rectangle: vg.Rectangle{Max: vg.Point{Y: height}}}}
}
