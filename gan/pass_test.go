package gan

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"machlup/internal/num"
	"machlup/internal/rng"
)

// stream returns a test's random numbers.
func stream(t testing.TB, purpose string) *rng.Stream { return rng.New(1, 0, t.Name()+"/"+purpose, "") }

func normals(src *rng.Stream, n int) []float64 {
	x := make([]float64, n)
	src.Normals(x)
	return x
}

func mustMLP(t testing.TB, in int, hidden []int, out int, act string) *MLP {
	t.Helper()
	a, err := NewActivation(act, 0.2)
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewMLP(in, hidden, out, a)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// relative returns |a − b| / max(|b|, floor) in the Euclidean norm.
func relative(a, b []float64, floor float64) float64 {
	s := 0.0
	for i := range a {
		s += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(s) / math.Max(math.Sqrt(num.Norm2(b)), floor)
}

// within fails the test unless a and b agree to tol relative to the norm of b. NaN fails.
func within(t testing.TB, what string, a, b []float64, tol float64) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%s: %d numbers, want %d", what, len(a), len(b))
	}
	if e := relative(a, b, 1e-300); !(e <= tol) {
		t.Errorf("%s: relative error %.3g, allowed %.3g", what, e, tol)
	}
}

func near(t testing.TB, what string, a, b, tol float64) {
	t.Helper()
	if !(math.Abs(a-b) <= tol*math.Max(math.Abs(b), 1e-300)) {
		t.Errorf("%s: %.17g, want %.17g (allowed relative error %.3g)", what, a, b, tol)
	}
}

var shapes = []struct {
	in     int
	hidden []int
	out    int
}{{3, nil, 2}, {4, []int{5}, 1}, {1, []int{7}, 1}, {3, []int{6, 5}, 2}, {2, []int{4, 3, 5}, 3}}

var activations = []string{"tanh", "softplus", "relu", "leaky-relu"}

func forEachNetwork(t *testing.T, f func(t *testing.T, net *MLP)) {
	for _, act := range activations {
		for _, s := range shapes {
			t.Run(fmt.Sprintf("%s/%d-%v-%d", act, s.in, s.hidden, s.out), func(t *testing.T) {
				f(t, mustMLP(t, s.in, s.hidden, s.out, act))
			})
		}
	}
}

// central differentiates a vector function along v: (f(x+hv) − f(x−hv))/2h, Richardson
// extrapolated to O(h⁴).
func central(f func(x []float64) []float64, x, v []float64, h float64) []float64 {
	at := func(s float64) []float64 {
		y := append([]float64(nil), x...)
		num.Axpy(s, v, y)
		return append([]float64(nil), f(y)...)
	}
	p1, m1, p2, m2 := at(h), at(-h), at(2*h), at(-2*h)
	d := make([]float64, len(p1))
	for i := range d {
		d[i] = (8*(p1[i]-m1[i]) - (p2[i] - m2[i])) / (12 * h)
	}
	return d
}

// TestForward compares the batched pass with the textbook loop; it kills a transposed
// weight, a lost bias and an activation on the output layer.
func TestForward(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, net *MLP) {
		src, rows := stream(t, ""), 6
		params, in := normals(src, net.Params()), normals(src, rows*net.In())
		out := make([]float64, rows*net.Out())
		newPass(net, rows).forward(out, params, in, rows)
		var want []float64
		for i := range rows {
			want = append(want, naiveForward(net, params, in[i*net.In():(i+1)*net.In()])...)
		}
		within(t, "outputs", out, want, 1e-13)
	})
}

func naiveForward(net *MLP, params, x []float64) []float64 {
	k := 0
	for l := 1; l < len(net.dims); l++ {
		in, out := net.dims[l-1], net.dims[l]
		y := make([]float64, out)
		for o := range out {
			y[o] = params[k+out*in+o]
			for i := range in {
				y[o] += params[k+o*in+i] * x[i]
			}
			if l < len(net.dims)-1 {
				switch v := y[o]; net.act.Name() {
				case "tanh":
					y[o] = math.Tanh(v)
				case "softplus":
					y[o] = math.Log1p(math.Exp(v))
				case "relu":
					y[o] = math.Max(v, 0)
				default:
					y[o] = math.Max(v, 0.2*v)
				}
			}
		}
		k += out*in + out
		x = y
	}
	return x
}

// network computes outputs and gradients of Σ c·out for fixed c, for finite differences.
type network struct {
	p       *pass
	c       []float64
	rows    int
	out     []float64
	grad    []float64
	inputs  []float64
	tangent []float64
}

func newNetwork(net *MLP, rows int, c []float64) *network {
	n := &network{p: newPass(net, rows), c: c, rows: rows, out: make([]float64, rows*net.Out()),
		grad: make([]float64, net.Params()), inputs: make([]float64, rows*net.In()), tangent: make([]float64, rows*net.Out())}
	n.p.enableTangents()
	return n
}

func (n *network) value(params, in []float64) float64 {
	n.p.forward(n.out, params, in, n.rows)
	return num.Dot(n.out, n.c)
}

// smoothPoint returns random parameters and inputs that keep every pre-activation so far
// from the kink of a piecewise linear activation that differences do not cross it.
func smoothPoint(src *rng.Stream, net *MLP, rows int) (params, in []float64) {
	n := newNetwork(net, rows, make([]float64, rows*net.Out()))
	for {
		params, in = normals(src, net.Params()), normals(src, rows*net.In())
		n.value(params, in)
		least := math.Inf(1)
		for l := range net.layers() - 1 {
			w, b := net.layer(params, l)
			x := make([]float64, rows*len(b))
			num.Linear(x, n.p.input(l), w, b, rows, len(b), net.dims[l])
			for _, v := range x {
				least = min(least, math.Abs(v))
			}
		}
		if least > 0.01 {
			return params, in
		}
	}
}

// TestGradients checks JVP and both VJPs of the network against central differences and
// against each other (adjoint identity, to rounding).
func TestGradients(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, net *MLP) {
		src, rows := stream(t, ""), 5
		params, in := smoothPoint(src, net, rows)
		v, rin, c := normals(src, net.Params()), normals(src, rows*net.In()), normals(src, rows*net.Out())
		n := newNetwork(net, rows, c)
		n.value(params, in)
		n.p.cotangents(params, c)
		n.p.gradient(n.grad)
		n.p.inputCotangent(n.inputs, params, 0, rows)

		x, dir := append(append([]float64(nil), params...), in...), append(append([]float64(nil), v...), rin...)
		out := func(x []float64) []float64 {
			m := newNetwork(net, rows, c)
			m.value(x[:net.Params()], x[net.Params():])
			return m.out
		}
		n.p.tangent(n.tangent, params, v, rin)
		within(t, "tangent against differences", n.tangent, central(out, x, dir, 1e-4), 1e-9)
		near(t, "⟨c, Jv⟩ against ⟨Jᵀc, v⟩", num.Dot(n.tangent, c), num.Dot(n.grad, v)+num.Dot(n.inputs, rin), 1e-11)
		n.p.tangent(n.tangent, params, v, nil)
		near(t, "parameters only", num.Dot(n.tangent, c), num.Dot(n.grad, v), 1e-11)
		n.p.tangent(n.tangent, params, nil, rin)
		near(t, "inputs only", num.Dot(n.tangent, c), num.Dot(n.inputs, rin), 1e-11)

		row := make([]float64, net.In())
		n.p.inputCotangent(row, params, rows-1, rows)
		within(t, "one row", row, n.inputs[(rows-1)*net.In():], 1e-13)

		quick := newNetwork(net, rows, c) // the stages that may leave nothing behind
		quick.p.evaluate(quick.out, params, in, rows)
		quick.p.backward(quick.grad, params, c)
		quick.p.backwardInput(quick.inputs, params, c)
		within(t, "evaluate", quick.out, n.out, 1e-13)
		within(t, "backward", quick.grad, n.grad, 1e-13)
		within(t, "backwardInput", quick.inputs, n.inputs, 1e-13)
		quick.p.forward(quick.out, params, in, rows)
		quick.p.use(2, rows)
		quick.p.backward(quick.grad, params, c[2*net.Out():])
		quick.p.backwardInput(quick.inputs, params, c[2*net.Out():])
		within(t, "inputs of the last rows", quick.inputs[:(rows-2)*net.In()], n.inputs[2*net.In():], 1e-13)
		clear(c[:2*net.Out()])
		n.p.cotangents(params, c)
		n.p.gradient(n.grad)
		within(t, "gradient of the last rows", quick.grad, n.grad, 1e-13)
	})
}

// TestSecondOrder checks the R-operator of gradient and input cotangent against central
// differences of both, for a cotangent that moves too.
func TestSecondOrder(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, net *MLP) {
		src, rows := stream(t, ""), 5
		np, ni := net.Params(), rows*net.In()
		params, in := smoothPoint(src, net, rows)
		x := slices.Concat(params, in, normals(src, rows*net.Out())) // with cotangents
		full := normals(src, len(x))
		gradients := func(x []float64) []float64 {
			n := newNetwork(net, rows, nil)
			n.p.forward(n.out, x[:np], x[np:np+ni], rows)
			n.p.cotangents(x[:np], x[np+ni:])
			n.p.gradient(n.grad)
			n.p.inputCotangent(n.inputs, x[:np], 0, rows)
			return append(n.grad, n.inputs...)
		}
		for _, c := range []struct {
			name           string
			params, inputs bool
		}{{"both", true, true}, {"params", true, false}, {"inputs", false, true}, {"neither", false, false}} {
			dir := append([]float64(nil), full...)
			v, rin := dir[:np], dir[np:np+ni]
			if !c.params {
				clear(v)
				v = nil
			}
			if !c.inputs {
				clear(rin)
				rin = nil
			}
			n := newNetwork(net, rows, nil)
			n.p.forward(n.out, x[:np], x[np:np+ni], rows)
			n.p.tangent(n.tangent, x[:np], v, rin)
			n.p.cotangents(x[:np], x[np+ni:])
			n.p.tangentCotangents(x[:np], v, dir[np+ni:])
			n.p.tangentGradient(n.grad, v)
			n.p.tangentInputCotangent(n.inputs, x[:np], v, 0, rows)
			within(t, c.name, append(n.grad, n.inputs...), central(gradients, x, dir, 1e-4), 1e-8)
		}
	})
}

// TestInit checks bounds, order and the second moment 1/(3·fan_in) of the initialisation.
func TestInit(t *testing.T) {
	net := mustMLP(t, 16, []int{300}, 1, "relu")
	params := make([]float64, net.Params())
	net.Init(params, stream(t, ""))
	w, b := net.layer(params, 0)
	first := append(append([]float64(nil), w...), b...)
	w, b = net.layer(params, 1)
	second := append(append([]float64(nil), w...), b...)
	for _, c := range []struct {
		x     []float64
		fanIn float64
	}{{first, 16}, {second, 300}} {
		bound, m2 := 1/math.Sqrt(c.fanIn), 0.0
		for _, v := range c.x {
			if math.Abs(v) >= bound {
				t.Fatalf("parameter %v outside ±%v", v, bound)
			}
			m2 += v * v
		}
		n := float64(len(c.x)) // x² of U(±b) has mean b²/3 and standard deviation 2b²/√45
		if z := (m2/n - bound*bound/3) / (2 * bound * bound / math.Sqrt(45*n)); math.Abs(z) > 4 {
			t.Errorf("mean square is %.2f standard errors from 1/(3 fan_in)", z)
		}
	}
}
