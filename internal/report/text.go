package report

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// outlines is a text.Handler that fills the outlines of Liberation Sans: an SVG looks the
// same on every machine without a font installed or half a megabyte of font embedded, and
// the PNG is the same picture. ^{…} raises and _{…} lowers, as in 10^{−3} and U_{4}.
type outlines struct{ fonts *font.Cache }

var handler = outlines{font.NewCache(liberation.Collection())}

// sans is Liberation Sans of a size in points.
func sans(size float64, bold bool) font.Font {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
	if bold {
		f.Weight = xfont.WeightBold
	}
	return f
}

// Cache returns the fonts.
func (h outlines) Cache() *font.Cache { return h.fonts }

// Extents returns the extents of a font.
func (h outlines) Extents(f font.Font) font.Extents {
	face := h.fonts.Lookup(f, f.Size)
	return face.Extents()
}

// Lines splits at line ends.
func (h outlines) Lines(txt string) []string { return strings.Split(txt, "\n") }

// Box returns the extent of one line.
func (h outlines) Box(txt string, f font.Font) (width, height, depth vg.Length) {
	for _, s := range spans(txt) {
		face := h.fonts.Lookup(f, f.Size*s.scale)
		width += face.Width(s.text)
	}
	e := h.Extents(f)
	return width, e.Ascent, e.Descent
}

// Draw fills the text at pt, aligned and rotated as the style says.
func (h outlines) Draw(c vg.Canvas, txt string, sty text.Style, pt vg.Point) {
	c.SetColor(sty.Color)
	if sty.Rotation != 0 {
		c.Push()
		defer c.Pop()
		c.Rotate(sty.Rotation)
	}
	sin, cos := math.Sincos(sty.Rotation)
	pt.X, pt.Y = pt.X*vg.Length(cos)+pt.Y*vg.Length(sin), pt.Y*vg.Length(cos)-pt.X*vg.Length(sin)
	lines := h.Lines(txt)
	pt.Y += sty.Height(txt)*vg.Length(sty.YAlign) - h.Extents(sty.Font).Ascent
	for i, line := range lines {
		w, _, _ := h.Box(line, sty.Font)
		at := vg.Point{X: pt.X + vg.Length(sty.XAlign)*w, Y: pt.Y + vg.Length(len(lines)-i)*sty.Font.Size}
		for _, s := range spans(line) {
			face := h.fonts.Lookup(sty.Font, sty.Font.Size*s.scale)
			fill(c, face, vg.Point{X: at.X, Y: at.Y + s.rise*sty.Font.Size}, s.text)
			at.X += face.Width(s.text)
		}
	}
}

// scientific is a number as a config writes it, 2.5e-06; in figures it is 2.5·10⁻⁶.
var scientific = regexp.MustCompile(`\b([0-9]+(?:\.[0-9]+)?)e([+-]?[0-9]+)\b`)

// shifted is raised or lowered text.
var shifted = regexp.MustCompile(`[\^_]\{([^}]*)\}`)

// span is a stretch of text at one height; rise is in units of the font's size.
type span struct {
	text        string
	scale, rise vg.Length
}

func spans(line string) []span {
	var out []span
	line = scientific.ReplaceAllStringFunc(line, func(s string) string {
		m := scientific.FindStringSubmatch(s)
		exponent, err := strconv.Atoi(m[2])
		switch {
		case err != nil:
			return s
		case m[1] == "1":
			return power(exponent)
		}
		return m[1] + "·" + power(exponent)
	})
	for line != "" {
		m := shifted.FindStringSubmatchIndex(line)
		if m == nil {
			return append(out, span{line, 1, 0})
		}
		if m[0] > 0 {
			out = append(out, span{line[:m[0]], 1, 0})
		}
		rise := vg.Length(0.36)
		if line[m[0]] == '_' {
			rise = -0.16
		}
		out = append(out, span{line[m[2]:m[3]], 0.7, rise})
		line = line[m[1]:]
	}
	return out
}

// fill draws a string with its baseline starting at pt.
func fill(c vg.Canvas, face font.Face, pt vg.Point, str string) {
	var (
		buf  sfnt.Buffer
		path vg.Path
		em   = fixed.Int26_6(face.Face.UnitsPerEm()) // one unit of the design is one 26.6 unit
		unit = face.Font.Size / vg.Length(em)
		prev sfnt.GlyphIndex
	)
	for i, r := range str {
		glyph, err := face.Face.GlyphIndex(&buf, r)
		if err != nil {
			panic("report: the font has no glyph table")
		}
		if i > 0 {
			if kern, err := face.Face.Kern(&buf, prev, glyph, em, xfont.HintingNone); err == nil {
				pt.X += vg.Length(kern) * unit
			}
		}
		path = appendGlyph(path, &buf, face, glyph, em, pt, unit)
		advance, err := face.Face.GlyphAdvance(&buf, glyph, em, xfont.HintingNone)
		if err != nil {
			panic("report: the font has no advance table")
		}
		pt.X += vg.Length(advance) * unit
		prev = glyph
	}
	if len(path) > 0 {
		c.Fill(path)
	}
}

func appendGlyph(path vg.Path, buf *sfnt.Buffer, face font.Face, glyph sfnt.GlyphIndex, em fixed.Int26_6, pt vg.Point, unit vg.Length) vg.Path {
	segments, err := face.Face.LoadGlyph(buf, glyph, em, nil)
	if err != nil {
		panic("report: the font has a broken glyph")
	}
	at := func(p fixed.Point26_6) vg.Point { // the font's y points down
		return vg.Point{X: pt.X + vg.Length(p.X)*unit, Y: pt.Y - vg.Length(p.Y)*unit}
	}
	open := false
	for _, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if open {
				path.Close()
			}
			path.Move(at(s.Args[0]))
			open = true
		case sfnt.SegmentOpLineTo:
			path.Line(at(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			path.QuadTo(at(s.Args[0]), at(s.Args[1]))
		case sfnt.SegmentOpCubeTo:
			path.CubeTo(at(s.Args[0]), at(s.Args[1]), at(s.Args[2]))
		}
	}
	if open {
		path.Close()
	}
	return path
}
