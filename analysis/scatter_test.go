package analysis

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
)

// TestScatter: Tr C and Tr C² are unbiased for skewed draws of few rows, over two populations;
// Tr(CA) and the eigenvalues are those of the dense covariance.
func TestScatter(t *testing.T) {
	const n, rows, repeats = 3, 6, 40000
	src := rand.New(rand.NewPCG(71, 1))
	draw := func(scale [n]float64) []float64 {
		x := make([]float64, rows*n)
		for i := range rows {
			e := src.ExpFloat64() - 1
			for j := range n {
				x[i*n+j] = scale[j]*e + 0.5*src.NormFloat64() + 3
			}
		}
		return x
	}
	one, two := [n]float64{1, 2, 0}, [n]float64{0, 1, -1}
	c := func(i, j int) float64 {
		v := one[i]*one[j] + two[i]*two[j]
		if i == j {
			v += 0.5
		}
		return v
	}
	var trace, square, weighted float64
	a := []float64{1, 0.3, 0, 0.3, 2, -1, 0, -1, 0.5}
	for i := range n {
		trace += c(i, i)
		for j := range n {
			square += c(i, j) * c(i, j)
			weighted += c(i, j) * a[i*n+j]
		}
	}
	var tr, sq, wa Moments
	for range repeats {
		s, err := NewScatter(n, draw(one), draw(two))
		if err != nil {
			t.Fatal(err)
		}
		tr.Add(s.Trace)
		sq.Add(s.Square)
		wa.Add(s.With(a))
	}
	for _, v := range []struct {
		name  string
		m     Moments
		exact float64
	}{{"Tr C", tr, trace}, {"Tr C²", sq, square}, {"Tr CA", wa, weighted}} {
		if z := (v.m.Mean() - v.exact) / v.m.StdErr(); !(math.Abs(z) < 4) || !(v.m.StdErr() < 0.02*v.exact) {
			t.Errorf("%s is %v ± %v, exact %v", v.name, v.m.Mean(), v.m.StdErr(), v.exact)
		}
	}
	s, err := NewScatter(2, []float64{1, 0, -1, 0, 0, 2, 0, -2}, []float64{3, 3, 5, 5, 3, 3, 5, 5})
	if err != nil {
		t.Fatal(err)
	}
	// (2/3)·diag(1,4) + (4/3)·(1 1; 1 1) has trace 6 and determinant 2·4−16/9 = 56/9.
	root := math.Sqrt(9 - 56.0/9)
	if !(math.Abs(s.Eigenvalues[0]-3-root) < 1e-12) || !(math.Abs(s.Eigenvalues[1]-3+root) < 1e-12) || len(s.Eigenvalues) != 2 {
		t.Errorf("eigenvalues %v, exact %v and %v", s.Eigenvalues, 3+root, 3-root)
	}
	// Components that are 0 change nothing, though the other small matrix is taken.
	x, y := draw(one), draw(two)
	few, err := NewScatter(n, x, y)
	if err != nil {
		t.Fatal(err)
	}
	wide := func(x []float64) (out []float64) {
		for i := 0; i < len(x); i += n {
			out = append(append(out, x[i:i+n]...), make([]float64, 20)...)
		}
		return out
	}
	many, err := NewScatter(n+20, wide(x), wide(y))
	if err != nil {
		t.Fatal(err)
	}
	same := func(a, b float64) bool { return math.Abs(a-b) < 1e-12*(1+math.Abs(a)) }
	if !same(few.Trace, many.Trace) || !same(few.Square, many.Square) || !same(few.Eigenvalues[0], many.Eigenvalues[0]) || !same(few.Eigenvalues[2], many.Eigenvalues[2]) {
		t.Errorf("by rows %+v, by components %+v", many.Eigenvalues, few.Eigenvalues)
	}
	if _, err := NewScatter(2, []float64{1, 2, 3, 4}); err == nil {
		t.Error("two rows were not refused")
	}
}

// TestTails: the index of stable draws (Chambers, Mallows and Stuck), normal draws included,
// of a Pareto law, and of Student's t, where Hill's tends to the degrees of freedom.
func TestTails(t *testing.T) {
	src := rand.New(rand.NewPCG(72, 1))
	stable := func(alpha float64) float64 {
		v, w := math.Pi*(src.Float64()-0.5), src.ExpFloat64()
		return math.Sin(alpha*v) / math.Pow(math.Cos(v), 1/alpha) * math.Pow(math.Cos((1-alpha)*v)/w, (1-alpha)/alpha)
	}
	const n = 20000
	for _, alpha := range []float64{1, 1.5, 1.9, 2} {
		x := make([]float64, n)
		for i := range x {
			x[i] = 7 + 3*stable(alpha)
		}
		e, err := StableIndex(x)
		if err != nil {
			t.Fatal(err)
		}
		if z := (e.Value - alpha) / e.StdErr; !(math.Abs(z) < 4) || !(e.StdErr < 0.03) {
			t.Errorf("stable index %v ± %v, exact %v", e.Value, e.StdErr, alpha)
		}
	}
	x := make([]float64, n)
	for i := range x { // symmetric Pareto
		x[i] = math.Pow(src.Float64(), -1/2.5)
		if src.IntN(2) == 0 {
			x[i] = -x[i]
		}
	}
	e, err := HillIndex(append(make([]float64, n+1), x...), 2000) // of median 0
	if err != nil {
		t.Fatal(err)
	}
	if z := (e.Value - 2.5) / e.StdErr; !(math.Abs(z) < 4) || !(e.StdErr < 0.06) {
		t.Errorf("Hill's index %v ± %v, exact 2.5", e.Value, e.StdErr)
	}
	for i := range x { // t with 3 degrees of freedom
		a, b, c := src.NormFloat64(), src.NormFloat64(), src.NormFloat64()
		x[i] = src.NormFloat64() / math.Sqrt((a*a+b*b+c*c)/3)
	}
	if e, err = HillIndex(x, 0); err != nil || !(math.Abs(e.Value-3) < 4*e.StdErr) {
		t.Errorf("Hill's index of t(3) is %v ± %v: %v", e.Value, e.StdErr, err)
	}
	if s, err := StableIndex(x); err != nil || !(s.Value < 1.9) {
		t.Errorf("the stable index of t(3) is %v: %v", s, err)
	}
}

// TestNormality: p is uniform for normal draws of any mean and variance, and small for
// uniform ones.
func TestNormality(t *testing.T) {
	src := rand.New(rand.NewPCG(73, 1))
	below := 0
	const repeats, n = 4000, 50
	draws := make([]float64, n)
	for range repeats {
		for i := range draws {
			draws[i] = 5 + 0.1*src.NormFloat64()
		}
		if _, p := Normality(sorted(draws)); p < 0.05 {
			below++
		}
	}
	if f := float64(below) / repeats; !(math.Abs(f-0.05) < 0.014) {
		t.Errorf("p < 0.05 in %v of normal samples", f)
	}
	wide := make([]float64, 500)
	for i := range wide {
		wide[i] = src.Float64()
	}
	if _, p := Normality(sorted(wide)); !(p < 1e-3) {
		t.Errorf("uniform draws have p = %v", p)
	}
}

func sorted(x []float64) []float64 {
	out := append([]float64(nil), x...)
	sort.Float64s(out)
	return out
}
