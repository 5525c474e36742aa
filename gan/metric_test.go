package gan

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"machlup/internal/num"
)

// denseJacobian builds J[m×n] (row a·N + i: output a of sample i) column by column from the
// forward tangent, itself checked against differences in TestGradients.
func denseJacobian(net *MLP, params, in []float64, rows int) *mat.Dense {
	n := newNetwork(net, rows, nil)
	n.p.forward(n.out, params, in, rows)
	j := mat.NewDense(rows*net.Out(), net.Params(), nil)
	for k := range params {
		unit := make([]float64, len(params))
		unit[k] = 1
		n.p.tangent(n.tangent, params, unit, nil)
		for i := range rows {
			for a := range net.Out() {
				j.Set(a*rows+i, k, n.tangent[i*net.Out()+a])
			}
		}
	}
	return j
}

func denseF(j *mat.Dense, rows int, lambda float64) *mat.Dense {
	_, n := j.Dims()
	f := mat.NewDense(n, n, nil)
	f.Mul(j.T(), j)
	f.Scale(1/float64(rows), f)
	for i := range n {
		f.Set(i, i, f.At(i, i)+lambda)
	}
	return f
}

// toJacobianRows reorders cotangents [N×d_out] to the rows of J.
func toJacobianRows(c []float64, rows, out int) []float64 {
	r := make([]float64, len(c))
	for i := range rows {
		for a := range out {
			r[a*rows+i] = c[i*out+a]
		}
	}
	return r
}

// forEachMetric runs f on both forms of the metric, for batches below and above n.
func forEachMetric(t *testing.T, f func(t *testing.T, m *l2Metric, params, in []float64, j, dense *mat.Dense)) {
	const lambda = 1e-2
	forEachNetwork(t, func(t *testing.T, net *MLP) {
		for _, rows := range []int{4, 70} {
			src := stream(t, fmt.Sprint(rows))
			params, in := normals(src, net.Params()), normals(src, rows*net.In())
			j := denseJacobian(net, params, in, rows)
			dense := denseF(j, rows, lambda)
			for _, gram := range []bool{true, false} {
				p := newPass(net, rows)
				p.enableTangents()
				m := newL2MetricForm(p, rows, lambda, gram)
				p.forward(make([]float64, rows*net.Out()), params, in, rows)
				m.factor(params, nil)
				t.Run(fmt.Sprintf("N=%d,gram=%v", rows, gram), func(t *testing.T) { f(t, m, params, in, j, dense) })
			}
		}
	})
}

// TestNaturalDirection compares both forms with a dense solve of F x = Jᵀc. It kills a lost
// 1/N or +1 of the biases, λ scaled by N, and outputs mixed up.
func TestNaturalDirection(t *testing.T) {
	forEachMetric(t, func(t *testing.T, m *l2Metric, params, in []float64, j, dense *mat.Dense) {
		c := normals(stream(t, "c"), m.m)
		var g, want mat.VecDense
		g.MulVec(j.T(), mat.NewVecDense(m.m, toJacobianRows(c, m.rows, m.out)))
		if err := want.SolveVec(dense, &g); err != nil {
			t.Fatal(err)
		}
		got := make([]float64, m.n)
		m.direction(got, params, c)
		within(t, "F⁻¹Jᵀc", got, want.RawVector().Data, 1e-9)
	})
}

// TestMetricNormAndLogDet compares rᵀFr and log det F with dense ones.
func TestMetricNormAndLogDet(t *testing.T) {
	forEachMetric(t, func(t *testing.T, m *l2Metric, params, in []float64, j, dense *mat.Dense) {
		r := normals(stream(t, "r"), m.n)
		v := mat.NewVecDense(m.n, r)
		near(t, "rᵀFr", m.norm(params, r), mat.Inner(v, dense, v), 1e-12)
		want, sign := mat.LogDet(dense)
		if got := m.logDet(); sign != 1 || !(math.Abs(got-want) < 1e-9*float64(m.n)) {
			t.Errorf("log det F = %v, want %v", got, want)
		}
	})
}

// TestMetricNoiseCovariance builds the linear map L of the noise from unit inputs and
// checks L Lᵀ = F⁻¹ exactly. White noise added before preconditioning (F⁻²), a lost 1/√N or
// √λ, and fresh or dropped inputs all fail.
func TestMetricNoiseCovariance(t *testing.T) {
	forEachMetric(t, func(t *testing.T, m *l2Metric, params, in []float64, j, dense *mat.Dense) {
		inputs := m.m + m.n
		l := mat.NewDense(m.n, inputs, nil)
		e, y := make([]float64, inputs), make([]float64, m.n)
		for k := range inputs {
			e[k] = 1
			m.sample(y, params, e)
			l.SetCol(k, y)
			e[k] = 0
		}
		var cov, product mat.Dense
		cov.Mul(l, l.T())
		product.Mul(dense, &cov)
		for i := range m.n {
			product.Set(i, i, product.At(i, i)-1)
		}
		if worst := mat.Norm(&product, math.Inf(1)); !(worst < 1e-9) {
			t.Errorf("F·cov differs from the identity by %.3g", worst)
		}
	})
}

// TestMetricFormsAgree feeds both forms the same noise inputs: they are the same map.
func TestMetricFormsAgree(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, net *MLP) {
		src, rows := stream(t, ""), 6
		params, in := normals(src, net.Params()), normals(src, rows*net.In())
		e := normals(src, rows*net.Out()+net.Params())
		var y [2][]float64
		for k, gram := range []bool{true, false} {
			p := newPass(net, rows)
			p.enableTangents()
			m := newL2MetricForm(p, rows, 1e-4, gram)
			p.forward(make([]float64, rows*net.Out()), params, in, rows)
			m.factor(params, nil)
			y[k] = make([]float64, net.Params())
			m.sample(y[k], params, e)
		}
		within(t, "noise", y[0], y[1], 1e-8)
	})
}

// TestGramIsJJt checks the layer-by-layer Gram matrix against JJᵀ.
func TestGramIsJJt(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, net *MLP) {
		src, rows := stream(t, ""), 5
		params, in := normals(src, net.Params()), normals(src, rows*net.In())
		p := newPass(net, rows)
		m := newL2MetricForm(p, rows, 0.5, true)
		p.forward(make([]float64, rows*net.Out()), params, in, rows)
		m.unitCotangents(params)
		m.buildGram()
		j := denseJacobian(net, params, in, rows)
		var k mat.Dense
		k.Mul(j, j.T())
		for a := range m.m {
			for b := range a + 1 {
				want := k.At(a, b) / float64(rows)
				if a == b {
					want += 0.5
				}
				if got := m.a[a*m.m+b]; math.Abs(got-want) > 1e-12*(1+math.Abs(want)) {
					t.Fatalf("A[%d,%d] = %v, want %v", a, b, got, want)
				}
			}
		}
	})
}

// TestFailedFactorisation: parameters that are not numbers give a direction that is not.
func TestFailedFactorisation(t *testing.T) {
	net := mustMLP(t, 2, []int{3}, 1, "tanh")
	src := stream(t, "")
	params, in := normals(src, net.Params()), normals(src, 8)
	params[1] = math.NaN()
	p := newPass(net, 4)
	m := newL2Metric(p, 4, 1e-4)
	p.forward(make([]float64, 4), params, in, 4)
	m.factor(params, nil)
	dst := make([]float64, net.Params())
	m.direction(dst, params, normals(src, 4))
	if !math.IsNaN(num.Norm2(dst)) {
		t.Error("a failed factorisation went unnoticed")
	}
}

// TestMetricSolve compares F⁻¹v and Fv with dense ones, in place too, for both forms and for
// the Jacobian's, which must also give the same direction, noise, norm and determinant.
func TestMetricSolve(t *testing.T) {
	forEachMetric(t, func(t *testing.T, m *l2Metric, params, in []float64, j, dense *mat.Dense) {
		v, c, xi := normals(stream(t, "v"), m.n), normals(stream(t, "c"), m.m), normals(stream(t, "xi"), m.normals())
		var want mat.VecDense
		if err := want.SolveVec(dense, mat.NewVecDense(m.n, v)); err != nil {
			t.Fatal(err)
		}
		p := newPass(m.p.net, m.rows)
		p.forward(make([]float64, m.m), params, in, m.rows)
		other := newJacobianMetric(p, m.p.net, m.rows, m.lambda)
		other.factor(params, nil)
		for _, s := range []metric{m, other} {
			got := append([]float64(nil), v...)
			s.solve(got, params, got)
			within(t, "F⁻¹v", got, want.RawVector().Data, 1e-8)
			back := make([]float64, m.n)
			s.apply(back, params, got)
			within(t, "FF⁻¹v", back, v, 1e-8)
		}
		a, b := make([]float64, m.n), make([]float64, m.n)
		m.direction(a, params, c)
		other.direction(b, params, c)
		within(t, "direction", b, a, 1e-8)
		m.sample(a, params, xi)
		other.sample(b, params, xi)
		within(t, "noise", b, a, 1e-8)
		near(t, "norm", other.norm(params, v), m.norm(params, v), 1e-12)
		if x, y := other.logDet(), m.logDet(); !(math.Abs(x-y) < 1e-9*float64(m.n)) {
			t.Errorf("log det F = %v, want %v", x, y)
		}
	})
}
