package gan

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// Solved in float32 the direction is that of the dense solve to single precision times the
// condition number, and no better: the rounding is really there.
func TestNaturalDirectionFloat32(t *testing.T) {
	forEachMetric(t, func(t *testing.T, m *l2Metric, params, in []float64, j, dense *mat.Dense) {
		c := normals(stream(t, "c"), m.m)
		var g, want mat.VecDense
		g.MulVec(j.T(), mat.NewVecDense(m.m, toJacobianRows(c, m.rows, m.out)))
		if err := want.SolveVec(dense, &g); err != nil {
			t.Fatal(err)
		}
		m.single = newSingle32(m.size())
		m.factor(params, nil)
		got := make([]float64, m.n)
		m.direction(got, params, c)
		worst, scale := 0.0, 0.0
		for i, w := range want.RawVector().Data {
			worst, scale = math.Max(worst, math.Abs(got[i]-w)), math.Max(scale, math.Abs(w))
		}
		if rel := worst / scale; rel < 1e-10 || rel > 1e-2 {
			t.Errorf("off by %g of the largest component, want single precision", rel)
		}
		if n := testing.AllocsPerRun(10, func() { m.factor(params, nil); m.direction(got, params, c) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// The key reaches the trainer; where there is no such solve it is refused.
func TestPrecision(t *testing.T) {
	optimizer := func(metric, precision string) Optimizer {
		c := DefaultNatural()
		c.Metric, c.Precision = metric, precision
		o, err := c.Optimizer()
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	final := func(precision string) []float64 {
		tr := game{g: optimizer("l2", precision)}.trainer(t)
		state, next, src := start(t, tr), make([]float64, tr.Dim()), stream(t, "same")
		xi := make([]float64, tr.Inputs())
		for range 5 {
			src.Normals(xi)
			tr.Step(next, state, xi)
			state, next = next, state
		}
		return state
	}
	double, named, single := final(""), final("float64"), final("float32")
	differ := 0.0
	for i := range double {
		if double[i] != named[i] {
			t.Fatal(`"float64" is not the default`)
		}
		differ = math.Max(differ, math.Abs(single[i]-double[i]))
	}
	if differ == 0 || differ > 1e-3 {
		t.Errorf("after 5 steps in float32 parameters differ by %g, want a rounding", differ)
	}
	for _, metric := range []string{"otto", "fisher"} {
		if _, err := New(game{g: optimizer(metric, "float32")}.config(t)); err == nil {
			t.Errorf("float32 with metric %s was not refused", metric)
		}
	}
	if o := optimizer("l2", "float64"); true {
		o.Direction.Precision = "half"
		if o.Validate() == nil {
			t.Error("an unknown precision was not refused")
		}
	}
}
