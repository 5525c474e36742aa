package langevintest

import (
	"testing"

	"machlup/langevin"
)

// CheckMetric tests a metric at the configuration q, on which it acts as a whole: Solve
// inverts the matrix behind Norm, Colour has that covariance, LogDet is its log
// determinant; and, where they exist, Γ and the derivative products against differences.
func CheckMetric(t testing.TB, g langevin.Metric, q []float64) {
	t.Helper()
	n := g.Dim()
	g.At(q)
	f := metricMatrix(normOnly{g}, 0, q, n)
	v, out := normals(n, 51), poisoned(n)
	g.Solve(out, v)
	if d := distance(times(f, out), v, 0); !(d < 1e-10) {
		t.Errorf("F·Solve(v) differs from v by %.2g, relative", d)
	}
	cov, xi := make([]float64, n*n), make([]float64, g.Normals())
	for j := range xi {
		clear(xi)
		xi[j] = 1
		g.Colour(out, xi)
		for a := range n {
			for b := range n {
				cov[a*n+b] += out[a] * out[b]
			}
		}
	}
	if d := distance(cov, f, 0); !(d < 1e-10) {
		t.Errorf("the covariance of Colour differs from F by %.2g, relative", d)
	}
	if got, want := g.LogDet(), logDet(f, n); !(abs(got-want) < 1e-10*(1+abs(want))) {
		t.Errorf("LogDet is %v, of the matrix behind Norm %v", got, want)
	}
	if d, ok := g.(langevin.MetricDivergence); ok {
		checkDivergence(t, d, q)
	}
	if d, ok := g.(langevin.MetricDerivative); ok {
		checkMetricDerivative(t, d, q)
	}
	w := make([]float64, n)
	if a := testing.AllocsPerRun(10, func() { g.At(q); g.Solve(out, v); g.Colour(w, xi); g.Norm(v); g.LogDet() }); a != 0 {
		t.Errorf("the metric allocates %v times", a)
	}
}

// normOnly lets metricMatrix read a Metric at its point.
type normOnly struct{ langevin.Metric }

func (normOnly) Config() int                                          { return 0 }
func (normOnly) Blocks() []langevin.Block                             { return nil }
func (normOnly) Drift([]float64, int, []float64)                      {}
func (m normOnly) MetricNorm(_ int, _ []float64, r []float64) float64 { return m.Norm(r) }
func (m normOnly) LogDet(int, []float64) float64                      { return m.Metric.LogDet() }

func times(a, x []float64) []float64 {
	n := len(x)
	y := make([]float64, n)
	for i := range n {
		y[i] = dot(a[i*n:(i+1)*n], x)
	}
	return y
}

// checkDivergence compares Γ_i with Σ_j ∂_j (G e_j)_i.
func checkDivergence(t testing.TB, g langevin.MetricDivergence, q []float64) {
	t.Helper()
	n := g.Dim()
	want, column, e := make([]float64, n), make([]float64, n), make([]float64, n)
	for j := range n {
		clear(e)
		e[j] = 1
		d := directional(q, e, func(x []float64) []float64 { g.At(x); g.Solve(column, e); return column })
		for i := range n {
			want[i] += d[i]
		}
	}
	got := poisoned(n)
	g.At(q)
	g.Divergence(got)
	if d := distance(got, want, 1e-9); !(d < 1e-7) {
		t.Errorf("Divergence differs from differences of Solve by %.2g, relative", d)
	}
}

func checkMetricDerivative(t testing.TB, g langevin.MetricDerivative, q []float64) {
	t.Helper()
	n := g.Dim()
	u, v, w, out := normals(n, 52), normals(n, 53), normals(n, 54), make([]float64, n)
	check := func(what string, want []float64, jvp func(dst []float64), vjp func(dst []float64)) {
		t.Helper()
		got, back := poisoned(n), poisoned(n)
		g.At(q)
		jvp(got)
		vjp(back)
		if d := distance(got, want, 1e-9); !(d < 1e-7) {
			t.Errorf("%sJVP differs from differences by %.2g, relative", what, d)
		}
		if a, b := dot(w, got), dot(back, v); !(abs(a-b) < 1e-10*(1+abs(a))) {
			t.Errorf("%sVJP is not the transpose of %sJVP: %v and %v", what, what, a, b)
		}
	}
	check("Solve", directional(q, v, func(x []float64) []float64 { g.At(x); g.Solve(out, u); return out }),
		func(dst []float64) { g.SolveJVP(dst, u, v) }, func(dst []float64) { g.SolveVJP(dst, u, w) })
	check("Divergence", directional(q, v, func(x []float64) []float64 { g.At(x); g.Divergence(out); return out }),
		func(dst []float64) { g.DivergenceJVP(dst, v) }, func(dst []float64) { g.DivergenceVJP(dst, w) })
	xi, back := normals(g.Normals(), 55), poisoned(g.Normals())
	g.At(q)
	g.Colour(out, xi)
	g.ColourT(back, w)
	if a, b := dot(w, out), dot(back, xi); !(abs(a-b) < 1e-12*(1+abs(a))) {
		t.Errorf("ColourT is not the transpose of Colour: %v and %v", a, b)
	}
}
