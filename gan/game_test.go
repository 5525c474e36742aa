package gan

import (
	"fmt"
	"math"
	"math/cmplx"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"machlup/internal/num"
	"machlup/internal/rng"
)

func smallGame(t testing.TB, c GameConfig, data Target) *Game {
	t.Helper()
	g, err := c.Game(data)
	if err != nil {
		t.Fatal(err)
	}
	return &g
}

// TestGameConformance holds every small game, under every dynamics and several optimizers and
// regularisers, to the suite of every Map.
func TestGameConformance(t *testing.T) {
	r1, err := R1Config{0.7}.Regulariser()
	if err != nil {
		t.Fatal(err)
	}
	atFakes, err := R2Config{0.4}.Regulariser() // penalised where the generator puts them
	if err != nil {
		t.Fatal(err)
	}
	between, err := WGANGPConfig{0.3}.Regulariser()
	if err != nil {
		t.Fatal(err)
	}
	configs := map[string]*Game{
		"dirac":       smallGame(t, &DiracConfig{0.8, -0.5, 0}, nil),
		"noisy dirac": smallGame(t, &DiracConfig{0.8, -0.5, 0.6}, nil),
		"bilinear":    smallGame(t, &BilinearConfig{3, []float64{1, -0.5, 2}, []float64{0.3}, []float64{1, 2, 3}}, nil),
		"lq":          smallGame(t, &LQConfig{Latent: 2}, planar(t)),
	}
	for name, g := range configs {
		for _, d := range someDynamics(t) {
			for _, opt := range []string{"momentum", "adam", "natural"} {
				for _, noise := range []Noise{{Kind: "minibatch"}, {Kind: "injected", TD: 1e-3, TG: 1e-3, Quenched: 6}} {
					s := game{small: g, batch: 5, dynamics: d, noise: noise, d: optimizer(t, opt), g: optimizer(t, opt), regs: []Regulariser{r1, decay(t, 0.2, 0.1), atFakes, between}}
					s.d.Direction.Damping, s.g.Direction.Damping = 0.1, 0.05
					if name == "bilinear" {
						s.loss = "wasserstein"
					}
					if _, err := New(s.config(t)); err != nil {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s/%s/%s", name, d.Name(), opt, noise.Kind), func(t *testing.T) { conform(t, s) })
				}
			}
		}
	}
}

// TestGameParameters: theta_i and psi_i are the parameters by their names.
func TestGameParameters(t *testing.T) {
	s := game{small: smallGame(t, &LQConfig{Latent: 2}, planar(t)), observe: []string{"psi_0", "psi_5", "theta_0", "theta_5", "mean_square_psi", "mean_square_theta"}}
	tr := s.trainer(t)
	q, got := start(t, tr), make([]float64, 6)
	tr.Observe(got, q)
	psi, theta := tr.Psi(q), tr.Theta(q)
	within(t, "parameters", got, []float64{psi[0], psi[5], theta[0], theta[5], num.Norm2(psi) / 6, num.Norm2(theta) / 6}, 1e-14)
}

// stepMatrix is the Jacobian of a noise-free step by central differences.
func stepMatrix(tr *Trainer, state []float64) *mat.Dense {
	n := tr.Dim()
	m := mat.NewDense(n, n, nil)
	xi := make([]float64, tr.Inputs())
	for j := range n {
		unit := make([]float64, n)
		unit[j] = 1
		m.SetCol(j, central(func(x []float64) []float64 {
			next := make([]float64, n)
			tr.Step(next, x, xi)
			return next
		}, state, unit, 1e-3))
	}
	return m
}

func eigenvalues(t testing.TB, m *mat.Dense) []complex128 {
	t.Helper()
	var e mat.Eigen
	if !e.Factorize(m, mat.EigenNone) {
		t.Fatal("eigenvalues did not converge")
	}
	v := e.Values(nil)
	slices.SortFunc(v, func(a, b complex128) int {
		switch {
		case math.Abs(real(a)-real(b)) > 1e-7 && real(a) < real(b), math.Abs(real(a)-real(b)) <= 1e-7 && imag(a) < imag(b):
			return -1
		}
		return 1
	})
	return v
}

func sameEigenvalues(t testing.TB, what string, got []complex128, want ...complex128) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d eigenvalues, want %d", what, len(got), len(want))
	}
	for i := range got {
		if cmplx.Abs(got[i]-want[i]) > 1e-8 {
			t.Errorf("%s: eigenvalues %v, want %v", what, got, want)
			return
		}
	}
}

// roots of λ² − bλ + c.
func roots(b, c float64) [2]complex128 {
	d := cmplx.Sqrt(complex(b*b/4-c, 0))
	r := [2]complex128{complex(b/2, 0) - d, complex(b/2, 0) + d}
	if real(r[0]) > real(r[1]) || imag(r[0]) > imag(r[1]) {
		r[0], r[1] = r[1], r[0]
	}
	return r
}

// TestDiracEigenvalues: at the equilibrium the step has the eigenvalues of the literature,
// with ω = f′(0) = ½: 1 ± ih/2 simultaneously, the roots of λ² − (2 − h²/4)λ + 1 alternately,
// and with R1 those of (ψ, θ)' = −(ωJ + γ) (ψ, θ) in the same two orders.
func TestDiracEigenvalues(t *testing.T) {
	g := smallGame(t, &DiracConfig{}, nil)
	for _, loss := range []string{"saturating", "non-saturating"} {
		for _, h := range []float64{0.1, 0.7, 2.5, 5} {
			rule := Optimizer{Name: "sgd", Rule: sgdRule{h}}
			s := game{small: g, loss: loss, d: rule, g: rule, noise: Noise{Kind: "none", Quenched: 3}}
			at := func(d Dynamics, regs ...Regulariser) []complex128 {
				s.dynamics, s.regs = d, regs
				tr := s.trainer(t)
				l, err := tr.Linearizer()
				m := stepMatrix(tr, make([]float64, 2))
				if err == nil { // the exact one, too
					for j := range 2 {
						unit, col := make([]float64, 2), make([]float64, 2)
						unit[j] = 1
						l.JVP(col, make([]float64, 2), unit)
						within(t, "column of the Jacobian", col, mat.Col(nil, j, m), 1e-9)
					}
				}
				return eigenvalues(t, m)
			}
			sameEigenvalues(t, "simultaneous", at(simultaneous{}), complex(1, -h/2), complex(1, h/2))
			r := roots(2-h*h/4, 1)
			sameEigenvalues(t, "alternating", at(alternating{k: 1}), r[:]...)
			if bounded := cmplx.Abs(r[0]) < 1+1e-12 && cmplx.Abs(r[1]) < 1+1e-12; bounded != (h < 4) {
				t.Errorf("alternating at h = %v is bounded: %v", h, bounded)
			}
			const gamma = 0.9
			r1, _ := R1Config{gamma}.Regulariser()
			c := roots(-gamma, 0.25) // −γ/2 ± √(γ²/4 − ¼)
			sameEigenvalues(t, "R1", at(simultaneous{}, r1), 1+complex(h, 0)*c[0], 1+complex(h, 0)*c[1])
			r = roots(2-h*gamma-h*h/4, 1-h*gamma)
			sameEigenvalues(t, "alternating R1", at(alternating{k: 1}, r1), r[:]...)
		}
	}
}

// TestBilinear compares a step of every dynamics on θᵀAψ, which is linear, with its
// closed-form matrix: with H = [[0, A], [−A, 0]] in the order (ψ, θ), g = Hq.
func TestBilinear(t *testing.T) {
	a := []float64{1, -0.5, 2}
	g := smallGame(t, &BilinearConfig{3, a, []float64{0.3, -1, 2}, []float64{1, 2, -3}}, nil)
	const h, wd = 0.2, 0.15
	rule := Optimizer{Name: "sgd", Rule: sgdRule{h}}
	block := func(psiPsi, psiTheta, thetaPsi, thetaTheta func(a float64) float64) *mat.Dense {
		m := mat.NewDense(6, 6, nil)
		for k, x := range a {
			m.Set(k, k, psiPsi(x))
			m.Set(k, 3+k, psiTheta(x))
			m.Set(3+k, k, thetaPsi(x))
			m.Set(3+k, 3+k, thetaTheta(x))
		}
		return m
	}
	c := func(x float64) func(float64) float64 { return func(float64) float64 { return x } }
	times := func(x float64) func(float64) float64 { return func(a float64) float64 { return x * a } }
	for _, test := range []struct {
		name string
		d    Dynamics
		wd   float64
		want *mat.Dense
	}{
		{"simultaneous", simultaneous{}, 0, block(c(1), times(-h), times(h), c(1))},
		{"alternating", alternating{k: 1}, 0, block(c(1), times(-h), times(h), func(a float64) float64 { return 1 - h*h*a*a })},
		{"three of D", alternating{k: 3}, 0, block(c(1), times(-3*h), times(h), func(a float64) float64 { return 1 - 3*h*h*a*a })},
		{"simultaneous, decay", simultaneous{}, wd, block(c(1-h*wd), times(-h), times(h), c(1-h*wd))},
		{"alternating, decay", alternating{k: 1}, wd, block(c(1-h*wd), times(-h), times(h*(1-h*wd)), func(a float64) float64 { return 1 - h*wd - h*h*a*a })},
		// 1 − hH + h²H²
		{"extragradient", extragradient{}, 0, block(func(a float64) float64 { return 1 - h*h*a*a }, times(-h), times(h), func(a float64) float64 { return 1 - h*h*a*a })},
		// 1 − h(H + γHᵀH), HᵀH = A²
		{"consensus", consensus{gamma: 0.4}, 0, block(func(a float64) float64 { return 1 - h*0.4*a*a }, times(-h), times(h), func(a float64) float64 { return 1 - h*0.4*a*a })},
		// H is antisymmetric: AᵀH = HᵀH
		{"sga", sga{SGAConfig: SGAConfig{Lambda: 0.4}}, 0, block(func(a float64) float64 { return 1 - h*0.4*a*a }, times(-h), times(h), func(a float64) float64 { return 1 - h*0.4*a*a })},
		{"sga aligned", sga{SGAConfig: SGAConfig{0.4, true, 0.1}}, 0, block(func(a float64) float64 { return 1 - h*0.4*a*a }, times(-h), times(h), func(a float64) float64 { return 1 - h*0.4*a*a })},
	} {
		s := game{small: g, loss: "wasserstein", d: rule, g: rule, dynamics: test.d, noise: Noise{Kind: "none", Quenched: 3}}
		if test.wd > 0 {
			s.regs = []Regulariser{decay(t, test.wd, test.wd)}
		}
		tr := s.trainer(t)
		q, next := make([]float64, 6), make([]float64, 6)
		tr.InitConfig(q, nil)
		within(t, "start", q, []float64{1, 2, -3, 0.3, -1, 2}, 0)
		tr.Step(next, q, nil)
		var want mat.VecDense
		want.MulVec(test.want, mat.NewVecDense(6, q))
		within(t, test.name, next, want.RawVector().Data, 1e-12)
	}
}

// TestSGAStability: on the bilinear game the flow of SGA has eigenvalues −λ ± i, and its step
// is stable exactly for h < 2λ/(1 + λ²); extragradient for h < 1, simultaneous for no h.
func TestSGAStability(t *testing.T) {
	g := smallGame(t, &BilinearConfig{1, []float64{1}, []float64{1}, []float64{1}}, nil)
	radius := func(d Dynamics, h float64) (r float64, values []complex128) {
		rule := Optimizer{Name: "sgd", Rule: sgdRule{h}}
		tr := game{small: g, loss: "wasserstein", d: rule, g: rule, dynamics: d, noise: Noise{Kind: "none", Quenched: 1}}.trainer(t)
		values = eigenvalues(t, stepMatrix(tr, []float64{0.3, -0.2}))
		return max(cmplx.Abs(values[0]), cmplx.Abs(values[1])), values
	}
	for _, lambda := range []float64{0.3, 1, 2} {
		d := sga{SGAConfig: SGAConfig{Lambda: lambda, Align: true, Eps: 0.1}}
		_, v := radius(d, 0.1)
		sameEigenvalues(t, "sga", v, 1+0.1*complex(-lambda, -1), 1+0.1*complex(-lambda, 1))
		limit := 2 * lambda / (1 + lambda*lambda)
		below, _ := radius(d, limit*0.999)
		above, _ := radius(d, limit*1.001)
		if !(below < 1 && above > 1) {
			t.Errorf("λ = %v: |λ| = %v and %v below and above the limit %v", lambda, below, above, limit)
		}
	}
	below, _ := radius(extragradient{}, 0.999)
	above, _ := radius(extragradient{}, 1.001)
	grows, _ := radius(simultaneous{}, 0.1)
	if !(below < 1 && above > 1) {
		t.Errorf("extragradient: |λ| = %v and %v below and above h = 1", below, above)
	}
	near(t, "simultaneous: √(1+h²)", grows, math.Sqrt(1.01), 1e-9)
}

// TestQuadraticCriticOfTwoGaussians: log p/q of N(0,1) against N(μ,σ²) is a critic of the
// linear-quadratic game. Training D alone converges to it, up to the sampling error of its
// batch, which the test does without: it checks that the gradient of the expected loss, by
// quadrature of the game's own losses, vanishes there and nowhere near.
func TestQuadraticCriticOfTwoGaussians(t *testing.T) {
	const mu, sd = 0.7, 1.4
	data, err := (&GaussianConfig{0, 1}).Target()
	if err != nil {
		t.Fatal(err)
	}
	s := game{small: smallGame(t, &LQConfig{Latent: 1, Theta: []float64{sd, mu}, Psi: []float64{0}}, data),
		noise: Noise{Kind: "none", Quenched: 20001}, d: Optimizer{Name: "natural", Direction: Direction{Natural: true, Damping: 1e-9}, Rule: sgdRule{1}}}
	tr := s.trainer(t)
	// Equidistant quantiles in place of draws: a quadrature of both expectations.
	for i := range tr.rows {
		x := rng.NormalQuantile((float64(i) + 0.5) / float64(tr.rows))
		tr.x[i], tr.zD[i] = x, x
	}
	// log p/q = ½log σ² − x²/2 + (x−μ)²/2σ².
	want := []float64{-0.5 + 1/(2*sd*sd), -mu / (sd * sd), math.Log(sd) + mu*mu/(2*sd*sd)}
	q := make([]float64, tr.Config())
	tr.InitConfig(q, nil)
	within(t, "start", q, []float64{0, 0, 0, sd, mu}, 0)
	for range 60 { // D alone, by its natural gradient
		d := make([]float64, 3)
		tr.BatchDirection(d, 0, q)
		num.Axpy(-2, d, tr.Psi(q))
	}
	within(t, "D trained alone", tr.Psi(q), want, 2e-3)
	// Its loss there is 2 log 2 − 2 JSD.
	loss := tr.BatchLoss(0, q)
	jsd := gaussianJSD(mu, sd)
	near(t, "its loss", loss, 2*math.Ln2-2*jsd, 1e-4)
}

// gaussianJSD integrates JSD(N(0,1)‖N(μ,σ²)).
func gaussianJSD(mu, sd float64) float64 {
	const n, lo, hi = 40000, -14.0, 16.0
	sum := 0.0
	for i := range n {
		x := lo + (hi-lo)*(float64(i)+0.5)/n
		p, q := normalDensity(x), normalDensity((x-mu)/sd)/sd
		m := (p + q) / 2
		for _, f := range []float64{p, q} {
			if f > 0 {
				sum += f / 2 * math.Log(f/m) * (hi - lo) / n
			}
		}
	}
	return sum
}

// TestGameRefusals: numbers that a game does not have.
func TestGameRefusals(t *testing.T) {
	for _, c := range []struct {
		config GameConfig
		parts  []string
	}{
		{&BilinearConfig{2, []float64{1, 2, 3}, nil, nil}, []string{"3 couplings", "2"}},
		{&BilinearConfig{2, []float64{1}, []float64{1, 2, 3}, nil}, []string{"theta", "3 initial", "2 (one each)"}},
		{&BilinearConfig{0, []float64{1}, nil, nil}, []string{"dimension", "0"}},
		{&DiracConfig{Theta: math.NaN()}, []string{"theta", "NaN"}},
		{&LQConfig{}, []string{"0 latents"}},
	} {
		_, err := c.config.Game(nil)
		refused(t, fmt.Sprintf("%+v", c.config), err, c.parts)
	}
}
