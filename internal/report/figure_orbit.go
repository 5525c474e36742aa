package report

import "math"

// The looks of the figure of orbits.
var (
	orbitLook = look{color: blue, width: 0.9}
	startLook = look{color: green, glyph: ring{}, size: 4}
	endLook   = look{color: vermillion, glyph: shapes[1], size: 3.2}
	restLook  = look{color: black, glyph: shapes[6], size: 4}
)

// orbitFigure shows the parameters of a game of two, θ_0 against ψ_0 from start to end of the
// first trajectory, a panel per sweep point: who converges, who circles, who leaves.
func orbitFigure(r *run) *page {
	shown, _ := r.families("theta_0", "psi_0")
	var panels []*panel
	for _, f := range shown {
		if f.has("theta_0") && f.has("psi_0") {
			panels = append(panels, orbitPanel(f))
		}
	}
	if len(panels) == 0 {
		return nil
	}
	page := tile(panels)
	page.outerLabels()
	page.squarePanels()
	page.legend = []entry{{"trajectory", orbitLook}, {"start", startLook}, {"end", endLook}, {"origin", restLook}}
	page.selection(len(panels), len(shown), "sweep points")
	return page
}

func orbitPanel(f family) *panel {
	p := newPanel(f.heading, scale{label: "θ_{0}", unit: "1", tight: true}, scale{label: "ψ_{0}", unit: "1", tight: true})
	t := f.members[0]
	x, y := t.values["theta_0"], t.values["psi_0"]
	far := 0.0
	for i := range x {
		if finite(x[i]) && finite(y[i]) {
			far = math.Max(far, math.Max(math.Abs(x[i]), math.Abs(y[i])))
		}
	}
	if far == 0 {
		far = 1
	}
	p.curve(orbitLook, x, y)
	p.dots(restLook, []float64{0}, []float64{0}, nil)
	for i := range x { // the first and the last point that are numbers
		if finite(x[i]) && finite(y[i]) {
			p.dots(startLook, x[i:i+1], y[i:i+1], nil)
			break
		}
	}
	for i := len(x) - 1; i >= 0; i-- {
		if finite(x[i]) && finite(y[i]) {
			p.dots(endLook, x[i:i+1], y[i:i+1], nil)
			break
		}
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -1.12*far, 1.12*far, -1.12*far, 1.12*far
	return p
}
