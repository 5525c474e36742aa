package gan

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"machlup/internal/num"
	"machlup/internal/rng"
)

func initialised(t *testing.T, in int, hidden []int, out int, c InitConfig) *MLP {
	t.Helper()
	m, err := mustMLP(t, in, hidden, out, "tanh").WithInit(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestInits: every parameter is the stated function of its own draw, layer by layer, weights
// then biases; and the mean square of the weights is the documented variance.
func TestInits(t *testing.T) {
	for _, c := range []struct {
		c        InitConfig
		uniform  func(in, out float64) float64 // bound
		normal   func(in, out float64) float64 // standard deviation
		variance func(in, out float64) float64
	}{
		{c: InitConfig{Init: "pytorch"}, uniform: func(in, _ float64) float64 { return 1 / math.Sqrt(in) }, variance: func(in, _ float64) float64 { return 1 / (3 * in) }},
		{c: InitConfig{Init: "glorot-uniform"}, uniform: func(in, out float64) float64 { return math.Sqrt(6 / (in + out)) }, variance: func(in, out float64) float64 { return 2 / (in + out) }},
		{c: InitConfig{Init: "glorot-uniform", Gain: 2}, uniform: func(in, out float64) float64 { return 2 * math.Sqrt(6/(in+out)) }, variance: func(in, out float64) float64 { return 8 / (in + out) }},
		{c: InitConfig{Init: "glorot-normal", Gain: 0.5}, normal: func(in, out float64) float64 { return 0.5 * math.Sqrt(2/(in+out)) }, variance: func(in, out float64) float64 { return 0.5 / (in + out) }},
		{c: InitConfig{Init: "he-uniform"}, uniform: func(in, _ float64) float64 { return math.Sqrt(6 / in) }, variance: func(in, _ float64) float64 { return 2 / in }},
		{c: InitConfig{Init: "he-normal"}, normal: func(in, _ float64) float64 { return math.Sqrt(2 / in) }, variance: func(in, _ float64) float64 { return 2 / in }},
		{c: InitConfig{Init: "he-normal", Gain: 1}, normal: func(in, _ float64) float64 { return math.Sqrt(1 / in) }, variance: func(in, _ float64) float64 { return 1 / in }},
		{c: InitConfig{Init: "normal"}, normal: func(_, _ float64) float64 { return 0.02 }, variance: func(_, _ float64) float64 { return 0.0004 }},
		{c: InitConfig{Init: "normal", Std: 0.3}, normal: func(_, _ float64) float64 { return 0.3 }, variance: func(_, _ float64) float64 { return 0.09 }},
	} {
		net := initialised(t, 16, []int{300}, 2, c.c)
		params := normals(stream(t, "junk"), net.Params())
		net.Init(params, stream(t, "draws"))
		src := stream(t, "draws")
		for l := range net.layers() {
			w, b := net.layer(params, l)
			in, out := float64(net.dims[l]), float64(net.dims[l+1])
			want, bias := make([]float64, len(w)), make([]float64, len(b))
			if c.uniform == nil {
				src.Normals(want)
				scaled(want, c.normal(in, out), want)
			} else {
				for i := range want {
					want[i] = c.uniform(in, out) * (2*src.Uniform() - 1)
				}
			}
			if c.c.Init == "pytorch" {
				for i := range bias {
					bias[i] = c.uniform(in, out) * (2*src.Uniform() - 1)
				}
			}
			label := fmt.Sprintf("%+v, layer %d", c.c, l)
			within(t, label, w, want, 1e-15)
			if !slices.Equal(b, bias) {
				t.Errorf("%s: biases %v, want %v", label, b, bias)
			}
			n := float64(len(w)) // the variance of x² is 4/5 of the squared mean for uniforms, 2 for normals
			spread := math.Sqrt(2 / n)
			if c.uniform != nil {
				spread = math.Sqrt(0.8 / n)
			}
			if z := (num.Norm2(w)/n/c.variance(in, out) - 1) / spread; math.Abs(z) > 4 {
				t.Errorf("%s: mean square is %.2f standard errors from %v", label, z, c.variance(in, out))
			}
		}
	}
}

// TestOrthogonal: WᵀW or WWᵀ is gain²·I, and W is gain·Q of the QR factorisation of the drawn
// matrix with a positive diagonal of R, so it has Haar's law.
func TestOrthogonal(t *testing.T) {
	for _, s := range []struct{ in, out int }{{16, 32}, {32, 16}, {5, 5}, {1, 7}, {7, 1}, {64, 64}} {
		const gain = 1.7
		net := initialised(t, s.in, nil, s.out, InitConfig{Init: "orthogonal", Gain: gain})
		params := make([]float64, net.Params())
		net.Init(params, stream(t, fmt.Sprint(s)))
		w, b := net.layer(params, 0)
		drawn := normals(stream(t, fmt.Sprint(s)), s.in*s.out)
		n, length, at := s.out, s.in, func(x []float64, i, k int) float64 { return x[i*s.in+k] } // rows
		if s.out > s.in {
			n, length, at = s.in, s.out, func(x []float64, i, k int) float64 { return x[k*s.in+i] } // columns
		}
		dot := func(x []float64, i int, y []float64, j int) (sum float64) {
			for k := range length {
				sum += at(x, i, k) * at(y, j, k)
			}
			return sum
		}
		for i := range n {
			for j := range n {
				want := 0.0
				if i == j {
					want = gain * gain
				}
				if d := dot(w, i, w, j) - want; math.Abs(d) > 1e-12 {
					t.Errorf("%v: product of %d and %d is off by %v", s, i, j, d)
				}
				if r := dot(w, i, drawn, j); i > j && math.Abs(r) > 1e-11 || i == j && !(r > 0) {
					t.Errorf("%v: R[%d,%d] = %v", s, i, j, r)
				}
			}
		}
		if num.Norm2(b) != 0 {
			t.Errorf("%v: biases %v", s, b)
		}
	}
}

// TestInitGolden: these numbers must never change.
func TestInitGolden(t *testing.T) {
	for name, want := range goldenInits {
		net := initialised(t, 3, []int{2}, 1, InitConfig{Init: name})
		params := make([]float64, net.Params())
		net.Init(params, rng.New(7, 0, "golden init", ""))
		got := []float64{params[0], params[5], params[7], params[9]}
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-15 {
				t.Errorf("%q: {%.17g, %.17g, %.17g, %.17g},", name, got[0], got[1], got[2], got[3])
				break
			}
		}
	}
	if len(goldenInits) != len(Inits()) {
		t.Errorf("%d golden initialisations of %d", len(goldenInits), len(Inits()))
	}
}

func TestInitRefusals(t *testing.T) {
	m := mustMLP(t, 2, nil, 1, "tanh")
	for part, c := range map[string]InitConfig{
		`"xavier"`:            {Init: "xavier"},
		`"pytorch" has no ga`: {Gain: 1},
		`"normal" has no gai`: {Init: "normal", Gain: 1},
		`"orthogonal" has no`: {Init: "orthogonal", Std: 1},
		"gain of init":        {Init: "he-normal", Gain: -1},
		"std of init":         {Init: "normal", Std: math.Inf(1)},
	} {
		if _, err := m.WithInit(c); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not mention %q", err, part)
		}
	}
	var listed []string
	for _, e := range Inits() {
		listed = append(listed, e.Name)
	}
	field, _ := reflect.TypeFor[InitConfig]().FieldByName("Init")
	if enum := field.Tag.Get("enum"); enum != strings.Join(listed, "|") {
		t.Errorf("the key allows %s, the catalogue has %v", enum, listed)
	}
}

var goldenInits = map[string][]float64{
	"pytorch":        {0.36335178127199597, 0.37382210711306807, 0.36275848031637975, 0.41204707336516327},
	"glorot-uniform": {0.68941153241929187, 0.70927757892043553, 0, 0.88857317664258562},
	"glorot-normal":  {-0.14824968327175955, 0.1408718666647171, 0, 0.19193000463163692},
	"he-uniform":     {0.89002646124775087, 0.91567341699905469, 0, 1.0882754409491391},
	"he-normal":      {-0.19138951813068303, 0.18186479784720039, 0, 0.23506528883876124},
	"orthogonal":     {-0.25961326739662993, 0.35746056286629663, 0, 0.27922892952674266},
	"normal":         {-0.004688066615373231, 0.004454759569000535, 0, 0.0047013057767752251},
}
