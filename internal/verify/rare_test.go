package verify

import (
	"context"
	"math"
	"sort"
	"testing"
)

// The committor along sampled transition paths is that of the discrete scheme on a grid: each
// slice within its binomial error, and the errors of the right size.
func TestCommittorAlongPaths(t *testing.T) {
	text := wellText("committor", `[path]
steps = 200
action = "innovation"
[move.shooting]
count = 4
[move.pcn]
step = 0.4
[estimator.transition-paths]
draws = 300
paths = 12
shots = 200
`)
	o := compute(context.Background(), text, t.TempDir(), Options{})
	if _, err := o.row(Cell{Table: "summary", Row: map[string]string{"quantity": "transition time"}}); err != nil {
		t.Fatal(err)
	}
	rows, err := readTable(o.dir + "/csv/committor.csv")
	if err != nil {
		t.Fatal(err)
	}
	k := wellKernel(wellEta, wellD)
	x, q := k.Nodes(), k.Committor(inA, inB)
	sum, n := 0.0, 0.0
	for _, row := range rows {
		at, _ := number(row, "mean_x")
		p, err := number(row, "committor")
		if err != nil {
			t.Fatal(err)
		}
		if at < -0.5 || at > 0.5 {
			if p != math.Round(p) {
				t.Errorf("committor %v inside a set (x = %v)", p, at)
			}
			continue
		}
		i := sort.SearchFloat64s(x, at)
		f := (at - x[i-1]) / (x[i] - x[i-1])
		exact := (1-f)*q[i-1] + f*q[i]
		z := (p - exact) / math.Sqrt(exact*(1-exact)/200)
		if math.Abs(z) > 4 {
			t.Errorf("x = %v: committor %v, by the kernel %v (z = %.1f)", at, p, exact, z)
		}
		sum, n = sum+z*z, n+1
	}
	if n < 100 || math.Abs(sum/n-1) > 4*math.Sqrt(2/n) {
		t.Errorf("Σz²/n = %.3f over %v slices", sum/n, n)
	}
}

// O8: p_t(f|i)/p_t(i|f) = e^{−ΔU/D} for a gradient drift, by the discrete kernel carried to η → 0.
func TestRatioOfTransitions(t *testing.T) {
	const d, f = 0.3, 0.8
	ratio := func(eta float64) float64 {
		k := wellKernel(eta, d)
		steps := int(math.Round(1 / eta))
		return k.After(-1, steps).At(f) / k.After(f, steps).At(-1)
	}
	u := func(x float64) float64 { return (x*x-1)*(x*x-1) - wellTilt*x }
	a, b, c := ratio(0.02), ratio(0.01), ratio(0.005)
	got, want := a/3-2*b+8*c/3, math.Exp(-(u(f)-u(-1))/d)
	if math.Abs(got/want-1) > 1e-3 || math.Abs(c/want-1) < 1e-3 {
		t.Errorf("ratio %v, at η = 0.005 %v; exactly %v", got, c, want)
	}
}
