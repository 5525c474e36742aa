package gan

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"machlup/internal/num"
)

func someFeatures() []features {
	return []features{fixed{1}, fixed{3}, affine{1, 1}, affine{2, 3}, scaledInputs{[]float64{1}}, scaledInputs{[]float64{0.5, -2}}, quadratic{1}, quadratic{2}, quadratic{3}}
}

// TestLinearStages holds every stage of the linear networks to central differences: the
// forward pass to its formula, first and second derivatives as for perceptrons.
func TestLinearStages(t *testing.T) {
	for _, f := range someFeatures() {
		t.Run(fmt.Sprintf("%T%d", f, f.in()), func(t *testing.T) {
			net, err := newLinear(f, nil)
			if err != nil {
				t.Fatal(err)
			}
			const rows = 4
			src := stream(t, "")
			np, ni, no := net.Params(), rows*net.In(), rows*net.Out()
			x := normals(src, np+ni+no) // parameters, inputs, cotangents
			out := func(x []float64) []float64 {
				y := make([]float64, no)
				net.newStages(rows).forward(y, x[:np], x[np:np+ni], rows)
				return y
			}
			within(t, "outputs", out(x), naiveLinear(f, x[:np], x[np:np+ni], rows), 1e-13)
			gradients := func(x []float64) []float64 {
				p := net.newStages(rows)
				y, g := make([]float64, no), make([]float64, np+ni)
				p.forward(y, x[:np], x[np:np+ni], rows)
				p.cotangents(x[:np], x[np+ni:])
				p.gradient(g[:np])
				p.inputCotangent(g[np:], x[:np], 0, rows)
				return g
			}
			loss := func(y []float64) []float64 { return []float64{num.Dot(out(y), x[np+ni:])} }
			for k := range np + ni {
				unit := make([]float64, len(x))
				unit[k] = 1
				if d := central(loss, x, unit, 1e-2)[0]; math.Abs(d-gradients(x)[k]) > 1e-9 {
					t.Errorf("gradient %d is %v, differences %v", k, gradients(x)[k], d)
				}
			}
			full := normals(src, len(x))
			for _, c := range [][2]bool{{true, true}, {true, false}, {false, true}, {false, false}} {
				dir := slices.Clone(full)
				v, rin := dir[:np], dir[np:np+ni]
				if !c[0] {
					clear(v)
					v = nil
				}
				if !c[1] || ni == 0 {
					clear(rin)
					rin = nil
				}
				p, y, tangent := net.newStages(rows), make([]float64, no), make([]float64, no)
				p.enableTangents()
				p.forward(y, x[:np], x[np:np+ni], rows)
				p.tangent(tangent, x[:np], v, rin)
				if c[0] || rin != nil {
					within(t, "tangent", tangent, central(out, x, dir, 1e-2), 1e-9)
				}
				g := make([]float64, np+ni)
				p.cotangents(x[:np], x[np+ni:])
				p.tangentCotangents(x[:np], v, dir[np+ni:])
				p.tangentGradient(g[:np], v)
				p.tangentInputCotangent(g[np:], x[:np], v, 0, rows)
				within(t, fmt.Sprint("second derivatives ", c), g, central(gradients, x, dir, 1e-2), 1e-9)
			}
			// the rows in use
			p, y, part := net.newStages(rows), make([]float64, no), make([]float64, np)
			p.forward(y, x[:np], x[np:np+ni], rows)
			p.use(1, 3)
			o := net.Out()
			c := x[np+ni : np+ni+2*o]
			p.backward(part, x[:np], c)
			whole := slices.Clone(x)
			clear(whole[np+ni:])
			copy(whole[np+ni+o:], c)
			within(t, "rows in use", part, gradients(whole)[:np], 1e-13)
			within(t, "their outputs", p.outputs(), y[o:3*o], 0)
		})
	}
}

// naiveLinear is the formula of each network.
func naiveLinear(f features, p, x []float64, rows int) []float64 {
	var out []float64
	for i := range rows {
		x := x[i*f.in() : (i+1)*f.in()]
		switch f := f.(type) {
		case fixed:
			out = append(out, p...)
		case affine:
			for a := range f.outputs {
				y := p[f.outputs*f.inputs+a]
				for j, z := range x {
					y += p[a*f.inputs+j] * z
				}
				out = append(out, y)
			}
		case scaledInputs:
			y := 0.0
			for k, a := range f.a {
				y += p[k] * a * x[k]
			}
			out = append(out, y)
		case quadratic:
			y, k := p[len(p)-1], 0
			for i := range x {
				for j := i; j < len(x); j++ {
					y += p[k] * x[i] * x[j]
					k++
				}
			}
			for i := range x {
				y += p[k+i] * x[i]
			}
			out = append(out, y)
		}
	}
	return out
}
