package report

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sizes in points, chosen so that a figure still reads at half size.
const (
	textSize  = 11.0
	tickSize  = 10.0
	smallSize = 9.0
)

// The colours of Okabe and Ito, which stay apart for all common kinds of colour vision
// (https://jfly.uni-koeln.de/color/).
var (
	black      = color.NRGBA{0, 0, 0, 255}
	orange     = color.NRGBA{230, 159, 0, 255}
	sky        = color.NRGBA{86, 180, 233, 255}
	green      = color.NRGBA{0, 158, 115, 255}
	blue       = color.NRGBA{0, 114, 178, 255}
	vermillion = color.NRGBA{213, 94, 0, 255}
	purple     = color.NRGBA{204, 121, 167, 255}
	grey       = color.NRGBA{110, 110, 110, 255}
	faint      = color.NRGBA{225, 225, 225, 255}
)

// cycle tells series without an order apart; shapes repeat the information of the colours.
var (
	cycle  = []color.NRGBA{blue, vermillion, green, orange, purple, sky, black}
	shapes = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, diamond{}, ring{}, draw.CrossGlyph{}, draw.PlusGlyph{}}
)

// ramp gives colour i of n for series with an order: from dark blue over green to yellow,
// rising in lightness, so that it also reads in grey and for the colour-blind (a stretch of
// viridis, without its palest end).
func ramp(i, n int) color.NRGBA {
	stops := []color.NRGBA{{68, 1, 84, 255}, {59, 82, 139, 255}, {33, 144, 141, 255}, {93, 200, 99, 255}, {210, 200, 30, 255}}
	if n < 2 {
		return blue
	}
	t := float64(i) / float64(n-1) * float64(len(stops)-1)
	k := min(int(t), len(stops)-2)
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + (t-float64(k))*(float64(b)-float64(a)))) }
	a, b := stops[k], stops[k+1]
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

// alpha makes a colour translucent.
func alpha(c color.NRGBA, a float64) color.NRGBA {
	c.A = uint8(math.Round(255 * a))
	return c
}

// style is the text style of a size.
func style(size float64, bold bool) text.Style {
	return text.Style{Color: black, Font: sans(size, bold), XAlign: draw.XLeft, YAlign: draw.YBottom, Handler: handler}
}

// diamond is a filled square on its corner.
type diamond struct{}

// DrawGlyph implements draw.GlyphDrawer.
func (diamond) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, pt vg.Point) {
	r := sty.Radius * 1.2
	var p vg.Path
	p.Move(vg.Point{X: pt.X - r, Y: pt.Y})
	p.Line(vg.Point{X: pt.X, Y: pt.Y - r})
	p.Line(vg.Point{X: pt.X + r, Y: pt.Y})
	p.Line(vg.Point{X: pt.X, Y: pt.Y + r})
	p.Close()
	c.Fill(p)
}

// ring is a circle filled with white.
type ring struct{}

// DrawGlyph implements draw.GlyphDrawer.
func (ring) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, pt vg.Point) {
	draw.CircleGlyph{}.DrawGlyph(c, sty, pt)
	c.SetColor(color.White)
	sty.Radius *= 0.6
	draw.CircleGlyph{}.DrawGlyph(c, sty, pt)
}
