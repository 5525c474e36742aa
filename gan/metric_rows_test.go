package gan

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// forEachRowMetric runs f on both forms of fisher and otto, on small networks, with F written
// out densely from a Jacobian and the definition of each.
func forEachRowMetric(t *testing.T, f func(t *testing.T, s *rowMetric, direction func(dst []float64), params, c []float64, j, dense *mat.Dense)) {
	const lambda = 0.1 // F·cov − I is accurate to ε·|F|·|F⁻¹|
	forEachNetwork(t, func(t *testing.T, net *MLP) {
		for _, rows := range []int{5, 40} {
			src := stream(t, fmt.Sprint(rows))
			params, in, c := normals(src, net.Params()), normals(src, rows*net.In()), normals(src, rows*net.Out())
			j := denseJacobian(net, params, in, rows)
			for _, gram := range []bool{true, false} {
				p := newPass(net, rows)
				out := make([]float64, rows*net.Out())
				p.forward(out, params, in, rows)

				fisher := newFisherMetric(p, net, rows, 3, lambda)
				fisher.rowMetric = newRowMetricForm(rows, net.Params(), float64(rows), lambda, gram)
				fisher.factor(params, c)
				t.Run(fmt.Sprintf("fisher,N=%d,gram=%v", rows, gram), func(t *testing.T) {
					f(t, fisher.rowMetric, func(dst []float64) { fisher.direction(dst, params, c) }, params, c, j, denseFisher(j, c, rows, net.Out(), 3, lambda))
				})
				if net.Out() > 2 {
					continue
				}
				otto := newOttoMetric(p, net, rows, 3, lambda)
				otto.rowMetric = newRowMetricForm(otto.r, net.Params(), float64(rows), lambda, gram)
				otto.factor(params, c)
				t.Run(fmt.Sprintf("otto,N=%d,gram=%v", rows, gram), func(t *testing.T) {
					f(t, otto.rowMetric, func(dst []float64) { otto.direction(dst, params, c) }, params, c, j, denseOtto(j, out, c, rows, net.Out(), 3, lambda))
				})
			}
		}
	})
}

// denseFisher is Σ g_i g_iᵀ/N + λI, g_i = scale·J_iᵀc_i.
func denseFisher(j *mat.Dense, c []float64, rows, out int, scale, lambda float64) *mat.Dense {
	_, n := j.Dims()
	f := mat.NewDense(n, n, nil)
	g := mat.NewVecDense(n, nil)
	for i := range rows {
		g.Zero()
		for a := range out {
			g.AddScaledVec(g, scale*c[i*out+a], j.RowView(a*rows+i))
		}
		f.RankOne(f, 1/float64(rows), g, g)
	}
	return plusDiagonal(f, lambda)
}

func plusDiagonal(f *mat.Dense, lambda float64) *mat.Dense {
	n, _ := f.Dims()
	for i := range n {
		f.Set(i, i, f.At(i, i)+lambda)
	}
	return f
}

// denseOtto is JᵀPJ/B + λI with P from a singular value decomposition of the gradients of
// the monomials x^i y^j and of c, each column scaled to one.
func denseOtto(j *mat.Dense, x, c []float64, b, d, degree int, lambda float64) *mat.Dense {
	p := gradientFields(x, c, b, d, degree)
	_, n := j.Dims()
	f, pj := mat.NewDense(n, n, nil), mat.NewDense(b*d, n, nil)
	pj.Mul(p, j)
	f.Mul(j.T(), pj)
	f.Scale(1/float64(b), f)
	return plusDiagonal(f, lambda)
}

// gradientFields is the projection, in the order of J's rows (output by output).
func gradientFields(x, c []float64, b, d, degree int) *mat.Dense {
	var columns [][]float64
	add := func(field func(i, a int) float64) {
		col := make([]float64, b*d)
		for i := range b {
			for a := range d {
				col[a*b+i] = field(i, a)
			}
		}
		columns = append(columns, times(1/norm(col), col))
	}
	if c != nil {
		add(func(i, a int) float64 { return c[i*d+a] })
	}
	power := func(v float64, k int) float64 { return math.Pow(v, float64(k)) }
	for n := 1; n <= degree; n++ {
		if d == 1 {
			add(func(i, _ int) float64 { return float64(n) * power(x[i], n-1) })
			continue
		}
		for k := range n + 1 {
			l := n - k
			add(func(i, a int) float64 {
				u, v := x[2*i], x[2*i+1]
				if a == 0 {
					if k == 0 {
						return 0
					}
					return float64(k) * power(u, k-1) * power(v, l)
				}
				if l == 0 {
					return 0
				}
				return float64(l) * power(u, k) * power(v, l-1)
			})
		}
	}
	a := mat.NewDense(b*d, len(columns), nil)
	for k, col := range columns {
		a.SetCol(k, col)
	}
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDThin) {
		panic("no decomposition")
	}
	var u mat.Dense
	svd.UTo(&u)
	rank := 0
	for _, s := range svd.Values(nil) {
		if s > 1e-10 {
			rank++
		}
	}
	p := mat.NewDense(b*d, b*d, nil)
	q := u.Slice(0, b*d, 0, rank)
	p.Mul(q, q.T())
	return p
}

// TestRowMetricAgainstDense compares everything a row metric answers with the dense F.
func TestRowMetricAgainstDense(t *testing.T) {
	forEachRowMetric(t, func(t *testing.T, s *rowMetric, direction func([]float64), params, c []float64, j, dense *mat.Dense) {
		src, n := stream(t, "v"), s.n
		v := normals(src, n)
		vec := mat.NewVecDense(n, v)
		solve := func(b *mat.VecDense) []float64 {
			var x mat.VecDense
			if err := x.SolveVec(dense, b); err != nil {
				t.Fatal(err)
			}
			return x.RawVector().Data
		}
		got := make([]float64, n)
		m, _ := j.Dims()
		rows := int(s.over)
		var g mat.VecDense
		g.MulVec(j.T(), mat.NewVecDense(m, toJacobianRows(c, rows, m/rows)))
		direction(got)
		within(t, "F⁻¹Jᵀc", got, solve(&g), 1e-8)
		s.solve(got, nil, v)
		within(t, "F⁻¹v", got, solve(vec), 1e-9)
		var fv mat.VecDense
		fv.MulVec(dense, vec)
		s.apply(got, nil, v)
		within(t, "Fv", got, fv.RawVector().Data, 1e-10)
		near(t, "vᵀFv", s.norm(nil, v), mat.Inner(vec, dense, vec), 1e-10)
		want, sign := mat.LogDet(dense)
		if got := s.logDet(); sign != 1 || !(math.Abs(got-want) < 1e-9*float64(n)) {
			t.Errorf("log det F = %v, want %v", got, want)
		}

		inputs := s.normals()
		l, e, y := mat.NewDense(n, inputs, nil), make([]float64, inputs), make([]float64, n)
		for k := range inputs {
			e[k] = 1
			s.sample(y, nil, e)
			l.SetCol(k, y)
			e[k] = 0
		}
		var cov, product mat.Dense
		cov.Mul(l, l.T())
		product.Mul(dense, &cov)
		plusDiagonal(&product, -1)
		if worst := mat.Norm(&product, math.Inf(1)); !(worst < 1e-8) {
			t.Errorf("F·cov differs from the identity by %.3g", worst)
		}
		if a := testing.AllocsPerRun(3, func() {
			s.factorRows()
			direction(got)
			s.solve(got, nil, v)
			s.sample(got, nil, e)
			s.norm(nil, v)
			s.apply(got, nil, v)
		}); a != 0 {
			t.Errorf("allocates %v times", a)
		}
	})
}

// TestOttoIsDominated: 0 ≤ otto ≤ l2 as quadratic forms, for every degree; with more basis
// fields than the batch determines, otto is l2.
func TestOttoIsDominated(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, net *MLP) {
		if net.Out() > 2 {
			t.Skip("samples have at most two coordinates")
		}
		src, rows := stream(t, ""), 12
		params, in, c := normals(src, net.Params()), normals(src, rows*net.In()), normals(src, rows*net.Out())
		l2 := denseF(denseJacobian(net, params, in, rows), rows, 0)
		p, out := newPass(net, rows), make([]float64, rows*net.Out())
		p.forward(out, params, in, rows)
		n := net.Params()
		for _, degree := range []int{1, 2, 5, 14} {
			s := newOttoMetric(p, net, rows, degree, 0)
			s.factor(params, c)
			f := mat.NewDense(n, n, nil)
			r := mat.NewDense(s.r, n, s.rows)
			f.Mul(r.T(), r)
			f.Scale(1/float64(rows), f)
			var gap mat.Dense
			gap.Sub(l2, f)
			var eig mat.EigenSym
			if !eig.Factorize(symmetric(&gap), false) {
				t.Fatal("no eigenvalues")
			}
			size := mat.Norm(l2, 2)
			if least := eig.Values(nil)[0]; least < -1e-10*size {
				t.Errorf("degree %d: otto exceeds l2 by %.3g of %.3g", degree, -least, size)
			}
			if degree == 14 && net.Out() == 1 {
				if e := mat.Norm(&gap, 2); !(e < 1e-6*size) {
					t.Errorf("degree %d ≥ batch %d: otto differs from l2 by %.3g of %.3g", degree, rows, e, size)
				}
			}
		}
	})
}

func symmetric(a *mat.Dense) *mat.SymDense {
	n, _ := a.Dims()
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for k := i; k < n; k++ {
			s.SetSym(i, k, (a.At(i, k)+a.At(k, i))/2)
		}
	}
	return s
}

// TestMetricsOfTheLinearGenerator: for x = a·z + b the l2 metric of (a, b) is the identity
// and Otto's is ââᵀ for a and 1 for b. On a batch of B the projection on k fields that are
// functions of x leaves exactly k/B of what is independent of x, in the mean:
//
//	E F_l2 = I,   E F_otto = ââᵀ + (k/B)(I − ââᵀ) and 1 for b.
//
// (The Fisher information of the density N(b, |a|²) is another metric still, 2aaᵀ/|a|⁴ and
// 1/|a|² for b; a generator has no density, and no plug-in computes it.)
func TestMetricsOfTheLinearGenerator(t *testing.T) {
	const batch, repeats, latent, degree = 40, 4000, 3, 3
	net := mustMLP(t, latent, nil, 1, "tanh")
	a, n := []float64{0.5, -1.2, 0.8}, latent+1
	params := append(append([]float64(nil), a...), 0.3)
	src, p := stream(t, ""), newPass(net, batch)
	s := newOttoMetric(p, net, batch, degree, 0)
	z, x, c := make([]float64, batch*latent), make([]float64, batch), make([]float64, batch)
	sum, square := make([]float64, 2*n*n), make([]float64, 2*n*n)
	for range repeats {
		src.Normals(z)
		p.forward(x, params, z, batch)
		for i, v := range x {
			c[i] = math.Sin(v) // a force that is a function of x
		}
		s.factor(params, c)
		for i := range n {
			for k := range n {
				otto, l2 := 0.0, 0.0
				for r := range s.r {
					otto += s.row(r)[i] * s.row(r)[k] / batch
				}
				for r := range batch {
					l2 += jacobianOfLinear(z, r, i) * jacobianOfLinear(z, r, k) / batch
				}
				for m, v := range []float64{l2, otto} {
					sum[m*n*n+i*n+k] += v
					square[m*n*n+i*n+k] += v * v
				}
			}
		}
	}
	fields := float64(degree + 1)
	for m, name := range []string{"l2", "otto"} {
		for i := range n {
			for k := range n {
				want := 0.0
				if i == k {
					want = 1
				}
				if m == 1 && i < latent && k < latent {
					along := a[i] * a[k] / (a[0]*a[0] + a[1]*a[1] + a[2]*a[2])
					want = along + fields/batch*(want-along)
				}
				at := m*n*n + i*n + k
				mean := sum[at] / repeats
				stderr := math.Sqrt(max(square[at]/repeats-mean*mean, 0) / repeats)
				if !(math.Abs(mean-want) <= 4*stderr+1e-12) || stderr > 0.006 {
					t.Errorf("%s[%d,%d] = %.5f ± %.5f, want %.5f", name, i, k, mean, stderr, want)
				}
			}
		}
	}
}

func jacobianOfLinear(z []float64, row, k int) float64 {
	if k == 3 {
		return 1
	}
	return z[row*3+k]
}

// natural returns a natural optimizer in a metric.
func natural(t testing.TB, name, metric string, degree int) Optimizer {
	o := optimizer(t, name)
	o.Direction.Damping, o.Direction.Metric, o.Direction.Degree = 0.1, metric, degree
	return o
}

// TestMetricConformance holds trainers in the other metrics, with metric noise and without,
// to the suite of every Map, and their recurrences to that of every recurrence: drift, noise,
// norm and determinant belong to the same F, which depends on both players.
func TestMetricConformance(t *testing.T) {
	for dim := 1; dim <= 2; dim++ {
		for _, c := range []struct{ d, g string }{{"fisher", "otto"}, {"l2", "fisher"}, {"fisher", "l2"}} {
			for _, noise := range []Noise{
				{Kind: "minibatch"},
				{Kind: "injected", TD: 1e-3, TG: 2e-3, MetricD: true, MetricG: true, Quenched: 6},
				{Kind: "injected", TD: 1e-3, TG: 2e-3, MetricG: true, Quenched: 40},
			} {
				s := game{latent: 2, hidden: []int{3}, batch: 6, noise: noise,
					d: natural(t, "natural-momentum", c.d, 0), g: natural(t, "natural", c.g, 2), regs: []Regulariser{regularise(t, R1Config{0.5})}}
				if dim == 2 {
					s.target = planar(t)
				}
				t.Run(fmt.Sprintf("%s,%s/%s-%d/d=%d", c.d, c.g, noise.Kind, noise.Quenched, dim), func(t *testing.T) { conform(t, s) })
			}
		}
	}
}

// TestMetricDirection compares the step's direction, penalty included, with a dense solve of
// the metric built from the forward tangent.
func TestMetricDirection(t *testing.T) {
	for dim := 1; dim <= 2; dim++ {
		for _, c := range []struct{ d, g string }{{"fisher", "otto"}, {"fisher", "fisher"}} {
			for _, rows := range []int{9, 60} {
				s := game{latent: 2, hidden: []int{4}, noise: Noise{Kind: "none", Quenched: rows}, packing: 3, d: natural(t, "natural", c.d, 0),
					g: natural(t, "natural", c.g, 3), regs: []Regulariser{regularise(t, R1Config{0.5}), regularise(t, WeightDecayConfig{0.1, 0.1})}}
				if dim == 2 {
					s.target = planar(t)
				}
				tr := s.trainer(t)
				q := start(t, tr)[:tr.Config()]
				for b, name := range []string{c.d, c.g} {
					lo, hi := tr.BlockRange(b)
					n := hi - lo
					g, dir, back, f := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n*n)
					tr.BatchGradient(g, b, q)
					tr.BatchDirection(dir, b, q)
					tr.DenseMetric(f, b, q, 0.1)
					var fd mat.VecDense
					fd.MulVec(mat.NewDense(n, n, f), mat.NewVecDense(n, dir))
					copy(back, fd.RawVector().Data)
					within(t, fmt.Sprintf("F·direction, %s, d=%d, B=%d", name, dim, rows), back, g, 1e-9)
				}
			}
		}
	}
}

// TestFisherOfTheDiscriminator: with the cross entropy it is Σ (label − D)² ∇a∇aᵀ over the 2B
// rows, divided by 2B.
func TestFisherOfTheDiscriminator(t *testing.T) {
	const rows = 8
	tr := game{hidden: []int{4}, noise: Noise{Kind: "none", Quenched: rows}, d: natural(t, "natural", "fisher", 0)}.trainer(t)
	q := start(t, tr)[:tr.Config()]
	n := len(tr.Psi(q))
	got, want := make([]float64, n*n), mat.NewDense(n, n, nil)
	tr.DenseMetric(got, 0, q, 0)
	net := tr.dis.net.(*MLP)
	for i := range 2 * rows {
		label, x := 1.0, tr.x[i:i+1]
		if i >= rows {
			label, x = 0, naiveForward(tr.gen.net.(*MLP), tr.Theta(q), tr.zD[(i-rows)*tr.latent:(i-rows+1)*tr.latent])
		}
		p := newPass(net, 1)
		out, g := make([]float64, 1), make([]float64, n)
		p.forward(out, tr.Psi(q), x, 1)
		p.cotangents(tr.Psi(q), []float64{sigma(out[0]) - label})
		p.gradient(g)
		v := mat.NewVecDense(n, g)
		want.RankOne(want, 1.0/(2*rows), v, v)
	}
	within(t, "F", got, want.RawMatrix().Data, 1e-12)
}

// TestMetricRefusals: a metric where it means nothing is refused with the reason.
func TestMetricRefusals(t *testing.T) {
	for _, c := range []struct {
		game  game
		parts []string
	}{
		{game{d: natural(t, "natural", "otto", 2)}, []string{`"otto"`, "discriminator", "samples"}},
		{game{batch: 6, g: natural(t, "natural", "otto", 5)}, []string{"degree 5", "6 velocities", "l2"}},
	} {
		_, err := New(c.game.config(t))
		refused(t, "New", err, c.parts)
	}
}

// TestMetricsOfSmallGames: the metrics on networks that are no perceptrons, directions against
// a dense solve and the suite of every Map. All samples of the Dirac-GAN are one point: the
// projection has rank 1 there.
func TestMetricsOfSmallGames(t *testing.T) {
	for name, g := range map[string]*Game{
		"lq":    smallGame(t, &LQConfig{Latent: 2}, planar(t)),
		"dirac": smallGame(t, &DiracConfig{0.8, -0.5, 0.6}, nil),
	} {
		for _, c := range []struct{ d, g string }{{"fisher", "otto"}, {"fisher", "fisher"}} {
			s := game{small: g, d: natural(t, "natural", c.d, 0), g: natural(t, "natural", c.g, 2),
				noise: Noise{Kind: "injected", TD: 1e-3, TG: 1e-3, MetricD: true, MetricG: true, Quenched: 9}, regs: []Regulariser{regularise(t, R1Config{0.5})}}
			tr := s.trainer(t)
			q := start(t, tr)[:tr.Config()]
			for b := range 2 {
				lo, hi := tr.BlockRange(b)
				n := hi - lo
				g, dir, f := make([]float64, n), make([]float64, n), make([]float64, n*n)
				tr.BatchGradient(g, b, q)
				tr.BatchDirection(dir, b, q)
				tr.DenseMetric(f, b, q, 0.1)
				var fd mat.VecDense
				fd.MulVec(mat.NewDense(n, n, f), mat.NewVecDense(n, dir))
				within(t, fmt.Sprintf("%s, player %d, %v: F·direction", name, b, c), fd.RawVector().Data, g, 1e-9)
			}
			t.Run(fmt.Sprintf("%s/%s,%s", name, c.d, c.g), func(t *testing.T) { conform(t, s) })
		}
	}
}
