package report

import (
	"image/color"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"
	"pgregory.net/rapid"

	"machlup/analysis"
)

// strokes draws a plotter on a canvas of 100 × 100 points with axes from 0 to 10 and gives
// back the vertices of all strokes and the first of all fills.
func strokes(p plot.Plotter) (lines [][]vg.Point, fills []vg.Point) {
	plt := plot.New()
	plt.X.Min, plt.X.Max, plt.Y.Min, plt.Y.Max = 0, 10, 0, 10
	var c recorder.Canvas
	p.Plot(draw.NewCanvas(&c, 100, 100), plt)
	for _, a := range c.Actions {
		switch a := a.(type) {
		case *recorder.Stroke:
			var line []vg.Point
			for _, v := range a.Path {
				line = append(line, v.Pos)
			}
			lines = append(lines, line)
		case *recorder.Fill:
			fills = append(fills, a.Path[0].Pos)
		}
	}
	return lines, fills
}

func TestErrorBarsSpanTheError(t *testing.T) {
	l := look{color: blue, glyph: draw.BoxGlyph{}, size: 2, bar: 1}
	lines, fills := strokes(&dots{look: l, points: plotter.XYs{{X: 5, Y: 4}, {X: 8, Y: 9}, {X: 9, Y: 20}}, errs: []float64{2, 3, 1}})
	want := [][]vg.Point{{{X: 50, Y: 20}, {X: 50, Y: 60}}, {{X: 80, Y: 60}, {X: 80, Y: 100}}} // the second is cut at the axis
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
	if len(fills) != 2 || math.Abs(float64(fills[0].X-50)) > 2 || math.Abs(float64(fills[0].Y-40)) > 2 {
		t.Errorf("glyphs at %v, want two, the first at (50, 40); the third point is outside", fills)
	}
}

func TestRuleCrossesThePanel(t *testing.T) {
	lines, _ := strokes(rule{look: look{color: black, width: 1}, at: 3, vertical: true})
	if d := cmp.Diff([][]vg.Point{{{X: 30, Y: 0}, {X: 30, Y: 100}}}, lines); d != "" {
		t.Error(d)
	}
	if lines, _ := strokes(rule{look: look{color: black, width: 1}, at: 11}); lines != nil {
		t.Errorf("a rule outside the axis drew %v", lines)
	}
}

func TestUnbrokenCutsAtMissingNumbers(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5}
	got := unbroken(x, []float64{1, nan, 3, 4, nan})
	if d := cmp.Diff([]plotter.XYs{{{X: 1, Y: 1}}, {{X: 3, Y: 3}, {X: 4, Y: 4}}}, got); d != "" {
		t.Error(d)
	}
	ring := unbroken(x[:2], []float64{1, 2}, []float64{3, 4})
	if d := cmp.Diff([]plotter.XYs{{{X: 1, Y: 1}, {X: 2, Y: 2}, {X: 2, Y: 4}, {X: 1, Y: 3}}}, ring); d != "" {
		t.Error(d)
	}
}

func TestStaircaseHoldsTheValue(t *testing.T) {
	got := staircase(plotter.XYs{{X: 0, Y: 1}, {X: 2, Y: 0.5}})
	if d := cmp.Diff(plotter.XYs{{X: 0, Y: 1}, {X: 2, Y: 1}, {X: 2, Y: 0.5}}, got); d != "" {
		t.Error(d)
	}
}

// Thinning keeps ends, extremes and order, and bounds the size.
func TestThin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 5*maxVertices).Draw(t, "n")
		line := make(plotter.XYs, n)
		for i := range line {
			line[i] = plotter.XY{X: float64(i), Y: math.Sin(float64(i*i) * 0.1)}
		}
		spike := rapid.IntRange(0, n-1).Draw(t, "spike")
		line[spike].Y = 100
		out := thin(line)
		if len(out) > maxVertices || out[0] != line[0] || out[len(out)-1] != line[n-1] {
			t.Fatalf("%d points of %d, ends %v %v", len(out), n, out[0], out[len(out)-1])
		}
		found := false
		for i, p := range out {
			found = found || p == line[spike]
			if i > 0 && p.X <= out[i-1].X {
				t.Fatalf("order lost at %d", i)
			}
		}
		if !found {
			t.Fatal("the spike is gone")
		}
	})
}

func labels(ticks []plot.Tick) (out []string) {
	for _, t := range ticks {
		if t.Label != "" {
			out = append(out, t.Label)
		}
	}
	return out
}

func TestLinearTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi   float64
		n        int
		want     string
		exponent int
	}{
		{0, 6000, 7, "0 1000 2000 3000 4000 5000 6000", 0},
		{-1, 1, 5, "−1.0 −0.5 0.0 0.5 1.0", 0},
		{0.61, 0.648, 5, "0.61 0.62 0.63 0.64", 0},
		{0, 6.4e-3, 4, "0 2 4 6", -3},
		{0, 3.2e6, 4, "0 1 2 3", 6},
		{7.9812, 7.9838, 3, "7.982 7.983", 0},
		{0, 10, 1, "0 10", 0},
	} {
		exponent := labelExponent(max(math.Abs(c.lo), math.Abs(c.hi)))
		ticks := linearTicks(c.lo, c.hi, c.n, exponent)
		if got := strings.Join(labels(ticks), " "); got != c.want || exponent != c.exponent {
			t.Errorf("[%v, %v], at most %d: %s × 10^%d, want %s × 10^%d", c.lo, c.hi, c.n, got, exponent, c.want, c.exponent)
		}
	}
}

// Ticks are inside, evenly spaced and as few as asked for; there is always a label unless
// the range is too short for a step.
func TestLinearTicksProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lo := rapid.Float64Range(-1e6, 1e6).Draw(t, "lo")
		width := math.Pow(10, rapid.Float64Range(-5, 7).Draw(t, "log width"))
		n := rapid.IntRange(2, 8).Draw(t, "n")
		ticks := linearTicks(lo, lo+width, n, 0)
		count := 0
		for i, tick := range ticks {
			if tick.Value < lo-1e-6*width || tick.Value > lo+width*(1+1e-6) {
				t.Fatalf("tick %v outside [%v, %v]", tick.Value, lo, lo+width)
			}
			if i > 0 && !(tick.Value > ticks[i-1].Value) {
				t.Fatal("ticks do not rise")
			}
			if tick.Label != "" {
				count++
			}
		}
		if count < 1 || count > n+1 {
			t.Fatalf("%d labels for at most %d", count, n)
		}
	})
}

func TestLogTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		n      int
		zero   float64
		want   string
	}{
		{-6, -3, 5, math.Inf(-1), "10^{−6} 10^{−5} 10^{−4} 10^{−3}"},
		{-12, 0, 4, math.Inf(-1), "10^{−12} 10^{−8} 10^{−4} 10^{0}"},
		{math.Log10(30), math.Log10(700), 5, math.Inf(-1), "50 100 200 500"},
		{-6.75, -4, 5, -6.75, "0 10^{−6} 10^{−5} 10^{−4}"},
	} {
		if got := strings.Join(labels(logTicks(c.lo, c.hi, c.n, c.zero)), " "); got != c.want {
			t.Errorf("[10^%v, 10^%v]: %s, want %s", c.lo, c.hi, got, c.want)
		}
	}
}

func TestText(t *testing.T) {
	sty := style(10, false)
	if w, plain := sty.Width("10^{−3}"), sty.Width("10−3"); !(w < plain && w > sty.Width("10")) {
		t.Errorf("10⁻³ is %v wide, 10−3 is %v", w, plain)
	}
	if sty.Width("2.5e-06") != sty.Width("2.5·10^{−6}") {
		t.Error("2.5e-06 is not set as 2.5·10⁻⁶")
	}
	if d := cmp.Diff([]span{{"a_b^", 1, 0}, {"x", 0.7, -0.16}}, spans("a_b^_{x}"), cmp.AllowUnexported(span{})); d != "" {
		t.Error(d)
	}
	// An I of 10 points: its lower edge on the baseline, its height the capital height.
	var c recorder.Canvas
	handler.Draw(&c, "I", style(10, false), vg.Point{X: 3, Y: 7})
	lowest, highest := vg.Length(1e9), vg.Length(-1e9)
	for _, a := range c.Actions {
		if f, ok := a.(*recorder.Fill); ok {
			for _, v := range f.Path {
				if v.Type != vg.CloseComp {
					lowest, highest = min(lowest, v.Pos.Y), max(highest, v.Pos.Y)
				}
			}
		}
	}
	descent := sty.FontExtents().Descent
	if h := highest - lowest; h < 6.5 || h > 7.5 || math.Abs(float64(lowest-7)) > float64(descent) {
		t.Errorf("I from %v to %v, want about 7 high from the baseline near 7", lowest, highest)
	}
}

// The ordered colours rise in lightness, so that they read in grey.
func TestRampRises(t *testing.T) {
	last := -1.0
	for i := range 9 {
		c := ramp(i, 9)
		l := 0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B)
		if l <= last {
			t.Errorf("colour %d of 9 is not lighter than the one before", i)
		}
		last = l
	}
	if ramp(0, 1) != blue || alpha(blue, 0.5) != (color.NRGBA{0, 114, 178, 128}) {
		t.Error("a single series is blue")
	}
}

func TestQuantileAndBand(t *testing.T) {
	if got := quantile([]float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.1); got != 1 {
		t.Errorf("10 %% quantile of 0 … 10 is %v", got)
	}
	if got := quantile([]float64{2, 4}, 0.5); got != 3 {
		t.Errorf("median of 2, 4 is %v", got)
	}
	a := &trajectory{step: []float64{0, 10}, values: map[string][]float64{"o": {1, 2}}}
	b := &trajectory{step: []float64{0, 10, 20}, values: map[string][]float64{"o": {3, nan, 6}}}
	step, median, low, high := family{members: []*trajectory{a, b}}.overMembers("o")
	got := [][]float64{step, median, low, high}
	want := [][]float64{{0, 10, 20}, {2, 2, 6}, {1.2, 2, 6}, {2.8, 2, 6}}
	for i := range want {
		for k := range want[i] {
			if math.Abs(got[i][k]-want[i][k]) > 1e-12 {
				t.Errorf("row %d: %v, want %v", i, got[i], want[i])
			}
		}
	}
}

func TestClipRangeDropsADivergence(t *testing.T) {
	var v []float64
	for i := range 1000 {
		v = append(v, float64(i)/1000)
	}
	if lo, hi := clipRange(v); lo != 0 || hi != 0.999 {
		t.Errorf("bounded values are clipped to [%v, %v]", lo, hi)
	}
	if _, hi := clipRange(append(v, 1e300, 1e301)); hi > 1.5 {
		t.Errorf("the axis goes to %v", hi)
	}
}

// The running integral of a polynomial through Gauss–Legendre nodes is exact, and its end
// is the quadrature; between trapezoid nodes it is exact for a straight line.
func TestRunningIntegral(t *testing.T) {
	for _, end := range []float64{2, -3} {
		x, w := analysis.GaussLegendreNodes(6, math.Min(0, end), math.Max(0, end))
		if end < 0 {
			for i, j := 0, 5; i < j; i, j = i+1, j-1 {
				x[i], x[j] = x[j], x[i]
			}
		}
		f := func(s float64) float64 { return 1 + s - 3*s*s*s + s*s*s*s*s }
		integral := func(s float64) float64 { return s + s*s/2 - 3*s*s*s*s/4 + math.Pow(s, 6)/6 }
		for _, t1 := range []float64{0, 0.3 * end, end} {
			sum := 0.0
			for i, weight := range runningWeights(x, t1, end) {
				sum += weight * f(x[i])
			}
			if math.Abs(sum-integral(t1)) > 1e-10 {
				t.Errorf("∫ to %v: %v, want %v", t1, sum, integral(t1))
			}
		}
		for i, weight := range runningWeights(x, end, end) {
			if math.Abs(math.Abs(weight)-w[i]) > 1e-10 {
				t.Errorf("weight %d at the end: %v, want %v", i, weight, w[i])
			}
		}
	}
	x := []float64{0, 0.5, 2}
	for _, t1 := range []float64{0.2, 0.5, 1.7, 2} {
		sum := 0.0
		for i, weight := range runningWeights(x, t1, 2) {
			sum += weight * (3 - 2*x[i])
		}
		if math.Abs(sum-(3*t1-t1*t1)) > 1e-12 {
			t.Errorf("trapezoid to %v: %v, want %v", t1, sum, 3*t1-t1*t1)
		}
	}
}

// log Z(s)/Z(0) = −∫⟨O⟩, and independent errors add in quadrature.
func TestLadderRuns(t *testing.T) {
	l := &ladder{nodes: []estimate{{task: "a", s: 0, value: 2, err: 0.3}, {task: "a", s: 1, value: 2, err: 0.4}, {task: "b", s: 0.5, value: 99}},
		estimates: []estimate{{task: "a", by: "ti-trapezoid", s: 1, value: -2}}}
	s, value, err, ok := l.running()
	end := len(s) - 1
	if !ok || s[end] != 1 || math.Abs(value[end]+2) > 1e-12 || math.Abs(err[end]-0.25) > 1e-12 {
		t.Errorf("log Z(%v)/Z(0) = %v ± %v, want −2 ± 0.25 at 1", s[end], value[end], err[end])
	}
	l.estimates[0].value = nan
	if _, _, _, ok := l.running(); ok {
		t.Error("a refused estimate is ok")
	}
}

// Akima's curve goes through the points, keeps the top of a symmetric hump round and stays
// positive.
func TestSmooth(t *testing.T) {
	x := []float64{-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5}
	y := make([]float64, len(x))
	for i := range x {
		y[i] = math.Exp(-x[i] * x[i] / 2)
	}
	xs, ys := smooth(x, y)
	top := 0.0
	for i := range xs {
		top = math.Max(top, ys[i])
		if ys[i] < 0 {
			t.Errorf("density %v at %v", ys[i], xs[i])
		}
	}
	if top < 0.95 || top > 1.1 {
		t.Errorf("top of the hump %v, want about 1", top)
	}
	if xs, _ := smooth([]float64{1, 2}, []float64{1, nan}); len(xs) != 1 {
		t.Errorf("missing numbers: %v", xs)
	}
}

// The escape of one of two replicas halves the curve, which goes on to the end of watching.
func TestSurvivalCurveEnds(t *testing.T) {
	c := &survivalCurve{step: []float64{0, 100}, s: []float64{1, 0.5}, low: []float64{1, 0.2}, high: []float64{1, 0.8}, censored: []float64{500, 50}, end: 500}
	c.extend()
	if d := cmp.Diff([]float64{0, 100, 500}, c.step); d != "" {
		t.Error(d)
	}
	xs, ys := c.marks()
	if d := cmp.Diff([][]float64{{50, 500}, {1, 0.5}}, [][]float64{xs, ys}); d != "" {
		t.Error(d)
	}
}

func TestSweepAxis(t *testing.T) {
	r := &run{swept: []string{"noise.t"}}
	var points []string
	for _, v := range []string{"0", "1e-6", "1e-4"} {
		points = append(points, "t="+v)
		r.tasks = append(r.tasks, task{label: parseLabel("phase/t=" + v + "/r0"), values: map[string]string{"noise.t": v}})
	}
	a := r.sweepAxis(points, "noise.t")
	if !a.scale.log || math.Abs(a.at("t=1e-4")+4) > 1e-12 || a.at("t=1e-6") != -6 || math.Abs(a.at("t=0")+6.5) > 1e-12 {
		t.Errorf("0, 10⁻⁶, 10⁻⁴ are at %v, %v, %v (logarithmic: %v)", a.at("t=0"), a.at("t=1e-6"), a.at("t=1e-4"), a.scale.log)
	}
	if a := r.sweepAxis(points[:1], "noise.t"); a.scale.log {
		t.Error("zero alone has no logarithm")
	}
	if key := r.abscissa(points); key != "noise.t" {
		t.Errorf("abscissa %q", key)
	}
}

// Panels under one label leave out one power of ten, whatever their own ranges.
func TestSharedPower(t *testing.T) {
	var panels []*panel
	for _, top := range []float64{0.0095, 0.012} {
		p := newPanel("", scale{label: "x"}, scale{label: "density"})
		p.curve(look{color: blue, width: 1}, []float64{0, 1}, []float64{0, top})
		panels = append(panels, p)
	}
	page := tile(panels)
	page.outerLabels()
	if _, err := page.svg("a test of panels"); err != nil {
		t.Fatal(err)
	}
	if page.grid[0][1].Y.Label.Text != "" || page.grid[0][0].Y.Label.Text != "density" {
		t.Errorf("labels %q and %q", page.grid[0][0].Y.Label.Text, page.grid[0][1].Y.Label.Text)
	}
	for i, p := range panels {
		top := labels(p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max))
		if last := top[len(top)-1]; !strings.HasPrefix(last, "0.0") {
			t.Errorf("panel %d: highest label %s, want a plain number like its neighbour's", i, last)
		}
	}
}

// TestBounded: a path that reaches 1e50 pages is drawn to ten pages, and one without a place is not drawn.
func TestBounded(t *testing.T) {
	var c recorder.Canvas
	b := bounded{&c}
	far := vg.Path{{Type: vg.MoveComp, Pos: vg.Point{X: 1, Y: 2}}, {Type: vg.LineComp, Pos: vg.Point{X: 3, Y: -1e50}}}
	b.Stroke(far)
	b.Fill(vg.Path{{Type: vg.MoveComp, Pos: vg.Point{X: vg.Length(math.NaN())}}})
	near := vg.Path{{Type: vg.MoveComp, Pos: vg.Point{X: 1, Y: 2}}}
	b.Fill(near)
	if s := c.Actions[0].(*recorder.Stroke).Path; s[0].Pos != far[0].Pos || s[1].Pos != (vg.Point{X: 3, Y: -bound}) {
		t.Errorf("drawn along %v", s)
	}
	if f := c.Actions[1].(*recorder.Fill).Path; len(f) != 0 {
		t.Errorf("filled %v", f)
	}
	if f := c.Actions[2].(*recorder.Fill).Path; f[0].Pos != near[0].Pos {
		t.Errorf("filled %v", f)
	}
}
