package gan

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"machlup/internal/num"
)

// slopeNetworks are discriminators of depth 1 to 3 (and the linear one) of one, two and
// packed samples.
func forEachDiscriminator(t *testing.T, f func(t *testing.T, net *MLP)) {
	for _, act := range activations {
		for _, hidden := range [][]int{nil, {5}, {4, 5}, {4, 3, 5}} {
			for _, in := range []int{1, 2, 6} { // 6: three packed samples of the plane
				t.Run(fmt.Sprintf("%s/%d-%v", act, in, hidden), func(t *testing.T) { f(t, mustMLP(t, in, hidden, 1, act)) })
			}
		}
	}
}

var slopeShapes = []struct{ w, k float64 }{{0.7, 0}, {1.3, 1}}

// directSlope evaluates P from central differences of the naive network: the penalty written
// out from its definition.
func directSlope(net *MLP, psi, x []float64, w, k float64) float64 {
	d := net.In()
	rows := len(x) / d
	p := 0.0
	for i := range rows {
		r := norm(gradientOf(func(y []float64) float64 { return naiveForward(net, psi, y)[0] }, x[i*d:(i+1)*d], 1e-3))
		p += w * (r - k) * (r - k) / float64(rows)
	}
	return p
}

// TestSlopePenalty compares the value with its definition, and the gradients with respect to
// the parameters and to the points with central differences of the value. A lost factor 2,
// a lost second-order term and σ″ in the wrong place all fail.
func TestSlopePenalty(t *testing.T) {
	forEachDiscriminator(t, func(t *testing.T, net *MLP) {
		src, rows := stream(t, ""), 4
		psi, x := smoothPoint(src, net, rows)
		for _, c := range slopeShapes {
			s := newSlopePenalty(net, rows+2, c.w, c.k)
			value := func(z []float64) []float64 {
				copy(s.x, z[net.Params():])
				return []float64{s.evaluate(z[:net.Params()], rows)}
			}
			z := append(append([]float64(nil), psi...), x...)
			p := value(z)[0]
			near(t, "P", p, directSlope(net, psi, x, c.w, c.k), 1e-8)
			got := make([]float64, len(z))
			s.gradient(got[:net.Params()], psi)
			s.pointGradient(got[net.Params():], psi)
			want := gradientOf(func(z []float64) float64 { return value(z)[0] }, z, 2e-4)
			for _, part := range []struct {
				name   string
				lo, hi int
			}{{"∂P/∂ψ", 0, net.Params()}, {"∂P/∂x", net.Params(), len(z)}} {
				scale := norm(want[part.lo:part.hi])
				if scale < 1e-9 { // no curvature in x: exactly zero
					scale = 1
				}
				if e := norm(difference(got[part.lo:part.hi], want[part.lo:part.hi])); !(e <= 1e-7*scale) {
					t.Errorf("%s: error %.3g of %.3g", part.name, e, scale)
				}
			}
			if a := testing.AllocsPerRun(5, func() {
				s.evaluate(psi, rows)
				s.gradient(got[:net.Params()], psi)
				s.pointGradient(got[net.Params():], psi)
			}); a != 0 {
				t.Errorf("allocates %v times", a)
			}
		}
	})
}

func norm(x []float64) float64 { return math.Sqrt(num.Norm2(x)) }

// TestSlopeProduct compares the Hessian of the penalty times a vector with central
// differences of its gradient along that vector, in parameters and points. A lost mixed term
// or a wrong σ‴ fails.
func TestSlopeProduct(t *testing.T) {
	forEachDiscriminator(t, func(t *testing.T, net *MLP) {
		src, rows, n := stream(t, ""), 4, net.Params()
		psi, x := smoothPoint(src, net, rows)
		z, full := slices.Concat(psi, x), normals(src, n+len(x))
		for _, c := range slopeShapes {
			s := newSlopePenalty(net, rows+2, c.w, c.k)
			var err error
			if s.mixed, err = mixedOf(s.p); err != nil {
				t.Fatal(err)
			}
			gradient := func(z []float64) []float64 {
				g := make([]float64, len(z))
				copy(s.x, z[n:])
				s.evaluate(z[:n], rows)
				s.gradient(g[:n], z[:n])
				s.pointGradient(g[n:], z[:n])
				return g
			}
			for _, along := range []struct {
				name        string
				psi, points bool
			}{{"both", true, true}, {"ψ", true, false}, {"x", false, true}} {
				dir := slices.Clone(full)
				v, dx := dir[:n], dir[n:]
				if !along.psi {
					clear(v)
					v = nil
				}
				if !along.points {
					clear(dx)
					dx = nil
				}
				want := central(gradient, z, dir, 1e-4)
				got := make([]float64, len(z))
				first := gradient(z)
				s.evaluate(psi, rows)
				s.product(got[:n], psi, v, dx)
				s.pointProduct(got[n:], psi)
				scale := max(norm(want), 1e-2)
				if e := norm(difference(got, want)); !(e <= 1e-7*scale) {
					t.Errorf("along %s: error %.3g of %.3g", along.name, e, scale)
				}
				again := make([]float64, len(x))
				s.pointGradient(again, psi)
				within(t, "∂P/∂x after product", append(first[:n:n], again...), first, 1e-14)
			}
		}
	})
}
