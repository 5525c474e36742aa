package num

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// shallow draws a network, of 1 to 40 units, with everything it is given and gives back.
func (s source) shallow() (n *Shallow, rows int, x, dy buffer) {
	hidden := 1 + s.size("hidden", 39)
	n = &Shallow{W: s.vector("w", hidden).v, B: s.vector("b", hidden).v, V: s.vector("v", hidden).v, C: s.rng.NormFloat64(), Slope: s.slope()}
	rows = s.size("rows", 70)
	return n, rows, s.vector("x", rows), s.vector("dy", rows)
}

// A shallow network is a linear layer, a leaky ReLU and a linear layer, and so are its
// gradients; the sets agree to the bit and write nowhere else.
func TestShallow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newSource(rt)
		n, rows, x, dy := s.shallow()
		hidden := len(n.W)
		h, dh := make([]float64, rows*hidden), make([]float64, rows*hidden)
		y, dx, g := make([]float64, rows), make([]float64, rows), make([]float64, 3*hidden+1)
		LinearLeakyReLU(h, x.v, n.W, n.B, rows, hidden, 1, n.Slope)
		Linear(y, h, n.V, []float64{n.C}, rows, 1, hidden)
		LinearGradInputLeakyReLU(dh, dy.v, n.V, h, rows, 1, hidden, n.Slope)
		LinearGradInput(dx, dh, n.W, rows, hidden, 1)
		LinearGradWeights(g, g[hidden:], dh, x.v, rows, hidden, 1, 0)
		LinearGradWeights(g[2*hidden:], g[3*hidden:], dy.v, h, rows, 1, hidden, 0)

		size := 100 * float64(hidden+rows+1) // no sum of magnitudes is larger
		var want []buffer
		for k := generic; k <= available(); k++ {
			use(t, k)
			got := []buffer{newBuffer(rows, s.size("offset", 7)), newBuffer(rows, s.size("offset", 7)),
				newBuffer(hidden, s.size("offset", 7)), newBuffer(hidden, s.size("offset", 7)), newBuffer(hidden, s.size("offset", 7)), newBuffer(1, 0)}
			n.Forward(got[0].v, x.v)
			n.GradInput(got[1].v, dy.v, x.v)
			got[5].v[0] = n.GradWeights(got[2].v, got[3].v, got[4].v, dy.v, x.v)
			if want == nil {
				want = got
				for i, exact := range [][]float64{y, dx, g[:hidden], g[hidden : 2*hidden], g[2*hidden : 3*hidden], g[3*hidden:]} {
					for j, v := range exact {
						near(s, fmt.Sprintf("result %d[%d]", i, j), got[i].v[j], v, size, 4)
					}
				}
			}
			for i, b := range got {
				b.check(s, setNames[k])
				for j, v := range b.v {
					if !same(v, want[i].v[j]) {
						s.Fatalf("%s: result %d[%d] = %v, reference %v", setNames[k], i, j, v, want[i].v[j])
					}
				}
			}
		}
	})
}

// NaN and infinities stay visible; no rows give no gradient.
func TestShallowSpecials(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		n := &Shallow{W: []float64{1, -1}, B: []float64{0, 0}, V: []float64{2, 3}, C: 5}
		y := make([]float64, 4)
		n.Forward(y, []float64{math.NaN(), math.Inf(1), math.Inf(-1), -4})
		if !math.IsNaN(y[0]) || !math.IsNaN(y[1]) || !math.IsNaN(y[2]) || y[3] != 17 {
			t.Errorf("outputs %v, want three NaN and 17", y)
		}
		n.Slope = 0.5
		if n.Forward(y[:1], []float64{math.Inf(1)}); !math.IsNaN(y[0]) { // 2·∞ − 1.5·∞
			t.Errorf("output %v, want NaN", y[0])
		}
		n.V[1] = -3
		if n.Forward(y[:1], []float64{math.Inf(1)}); !math.IsInf(y[0], 1) {
			t.Errorf("output %v, want +Inf", y[0])
		}
		var dw, db, dv [2]float64
		if dc := n.GradWeights(dw[:], db[:], dv[:], nil, nil); dc != 0 || dw[1] != 0 || db[1] != 0 || dv[1] != 0 {
			t.Error("gradients of no rows are not 0")
		}
		if n.GradWeights(dw[:], db[:], dv[:], []float64{math.NaN()}, []float64{1}); !math.IsNaN(dw[0]) {
			t.Error("a NaN cotangent did not reach the gradient")
		}
	})
}

func BenchmarkShallow(b *testing.B) {
	const hidden, rows = 32, 256
	n := &Shallow{W: random(hidden), B: random(hidden), V: random(hidden), C: 1, Slope: 0.2}
	x, dy, y, g := random(rows), random(rows), make([]float64, rows), make([]float64, 3*hidden)
	name := fmt.Sprintf("%dx%d", rows, hidden)
	bench(b, "Forward/"+name, 4*rows*hidden, func() { n.Forward(y, x) })
	bench(b, "GradInput/"+name, 3*rows*hidden, func() { n.GradInput(y, dy, x) })
	bench(b, "GradWeights/"+name, 5*rows*hidden, func() { n.GradWeights(g[:hidden], g[hidden:2*hidden], g[2*hidden:], dy, x) })
}
