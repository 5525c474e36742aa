package langevin_test

import (
	"math"
	"testing"

	"machlup/langevin"
	"machlup/langevin/exact"
	"machlup/langevin/langevintest"
)

func near(t *testing.T, what string, got, want, rel float64) {
	t.Helper()
	if !(math.Abs(got-want) <= rel*math.Abs(want)) {
		t.Errorf("%s: got %.15g, want %.15g (relative error %.2g)", what, got, want, math.Abs(got/want-1))
	}
}

// linearMap recovers M, the covariance Q = LLᵀ of a step's noise and the mean image of 0
// of an affine map from its Step on unit vectors.
func linearMap(m langevin.Map) (mat, q []float64) {
	n, in := m.Dim(), m.Inputs()
	image := func(state, xi []float64) []float64 {
		next := make([]float64, n)
		m.Step(next, state, xi)
		return next
	}
	origin := image(make([]float64, n), make([]float64, in))
	mat, q = make([]float64, n*n), make([]float64, n*n)
	for j := range n {
		e := make([]float64, n)
		e[j] = 1
		for i, x := range image(e, make([]float64, in)) {
			mat[i*n+j] = x - origin[i]
		}
	}
	for j := range in {
		e := make([]float64, in)
		e[j] = 1
		l := image(make([]float64, n), e)
		for a := range n {
			for b := range n {
				q[a*n+b] += (l[a] - origin[a]) * (l[b] - origin[b])
			}
		}
	}
	return mat, q
}

// matrixDrift is −Hx with H not diagonal.
type matrixDrift struct {
	n int
	h []float64
}

func (f matrixDrift) Dim() int { return f.n }
func (f matrixDrift) Drift(dst, x []float64) {
	for i := range f.n {
		dst[i] = 0
		for j := range f.n {
			dst[i] -= f.h[i*f.n+j] * x[j]
		}
	}
}

// linearCase is a scheme on a linear system with exactly known second moments.
type linearCase struct {
	name   string
	make   func(copies int) langevin.Map // independent copies, for Monte Carlo
	want   []float64                     // variance of each component of one copy's state; NaN where unknown
	copies int
}

func harmonic(k float64, n int) langevin.Drift {
	return langevin.Descent(must(langevin.NewHarmonic(langevin.HarmonicConfig{Dim: n, Stiffness: []float64{k}})))
}

func linearCases() []linearCase {
	const k, eta, temp, beta, delta, gamma = 1.7, 0.3, 0.6, 0.7, 0.8, 0.9
	cases := []linearCase{
		{name: "euler-maruyama", make: func(n int) langevin.Map {
			return must(langevin.EulerMaruyamaConfig{Eta: eta, Temperature: temp}.New(harmonic(k, n)))
		}, want: []float64{exact.EulerMaruyamaVariance(k, eta, temp)}},
		{name: "euler-maruyama-ou", make: func(n int) langevin.Map {
			return must(langevin.EulerMaruyamaConfig{Eta: eta, Temperature: temp}.New(langevin.Descent(
				must(langevin.NewOU(langevin.OUConfig{Dim: n, Rate: []float64{k}})))))
		}, want: []float64{exact.EulerMaruyamaVariance(k, eta, temp)}},
		{name: "heavy-ball", make: func(n int) langevin.Map {
			return must(langevin.HeavyBallConfig{Eta: eta, Momentum: beta, Temperature: temp}.New(harmonic(k, n)))
		}, want: []float64{exact.MomentumVariance(k, eta, beta, temp), exact.MomentumVariance(k, eta, beta, temp)}},
		{name: "leimkuhler-matthews", make: func(n int) langevin.Map {
			return must(langevin.LeimkuhlerMatthewsConfig{Eta: eta, Temperature: temp}.New(harmonic(k, n)))
		}, want: []float64{exact.LeimkuhlerMatthewsVariance(k, eta, temp), 1}},
		{name: "heun", make: func(n int) langevin.Map {
			return must(langevin.HeunConfig{Eta: eta, Temperature: temp}.New(harmonic(k, n)))
		}, want: []float64{exact.HeunVariance(k, eta, temp)}},
		{name: "nesterov", make: func(n int) langevin.Map {
			return must(langevin.NesterovConfig{Eta: eta, Momentum: beta, Temperature: temp}.New(harmonic(k, n)))
		}, want: []float64{exact.NesterovVariance(k, eta, beta, temp), exact.NesterovVariance(k, eta, beta, temp)}},
		{name: "minibatch-gaussian", make: func(n int) langevin.Map {
			root := make([]float64, n*n)
			for i := range n {
				root[i*n+i] = 1.3
			}
			return must(langevin.NewMinibatch(must(langevin.NewGaussianGradient(harmonic(k, n), root)),
				langevin.Player{Name: "x", Hi: n, Eta: eta, Temperature: temp}))
		}, want: []float64{exact.MinibatchVariance(k, eta, temp, 1.3*1.3)}, copies: 60},
		{name: "minibatch-gaussian-momentum", make: func(n int) langevin.Map {
			root := make([]float64, n*n)
			for i := range n {
				root[i*n+i] = 1.3
			}
			return must(langevin.NewMinibatch(must(langevin.NewGaussianGradient(harmonic(k, n), root)),
				langevin.Player{Name: "x", Hi: n, Eta: eta, Momentum: beta}))
		}, want: func() []float64 {
			x, _ := exact.HeavyBallVariance(k, eta, beta, 1.3*1.3)
			return []float64{x, x}
		}(), copies: 60},
	}
	for _, scheme := range []string{"BAOAB", "BAOA", "ABOBA", "OBABO", "OABAO"} {
		x2, v2, _ := exact.SplittingMoments(scheme, k, delta)
		cases = append(cases, linearCase{name: scheme, make: func(n int) langevin.Map {
			return must(langevin.SplittingConfig{Scheme: scheme, Step: delta, Friction: gamma, Temperature: temp}.New(harmonic(k, n)))
		}, want: []float64{x2 * temp / k, v2 * temp}})
	}
	return cases
}

// TestStationaryExactly compares the covariance of the linear map that Step is with the
// closed forms.
func TestStationaryExactly(t *testing.T) {
	for _, c := range linearCases() {
		m := c.make(1)
		mat, q := linearMap(m)
		sigma := exact.StationaryCovariance(mat, q, m.Dim())
		if m.Dim() != len(c.want) {
			t.Fatalf("%s: state of %d, %d variances", c.name, m.Dim(), len(c.want))
		}
		for i, want := range c.want {
			near(t, c.name, sigma[i*m.Dim()+i], want, 1e-10)
		}
	}
}

// TestStationaryMonteCarlo runs the same schemes on many independent coordinates. The
// standard error comes from the scatter between coordinates, so correlation in time does
// not matter.
func TestStationaryMonteCarlo(t *testing.T) {
	for i, c := range linearCases() {
		copies, rounds := 1000, 400
		if c.copies > 0 {
			copies, rounds = c.copies, 400_000/c.copies
		}
		m := c.make(copies)
		mean, stderr := timeMeanSquare(m, copies, 100, rounds, langevintest.NewSource(uint64(100+i), 0))
		want := c.want[0]
		z := (mean - want) / stderr
		if !(math.Abs(z) < 4) || !(stderr < 0.006*want) {
			t.Errorf("%s: ⟨x²⟩ = %v ± %v (cap %.2g), exact %v, z = %.2f", c.name, mean, stderr, 0.006*want, want, z)
		}
	}
}

// timeMeanSquare is the mean over copies of the time average of x², and its error.
func timeMeanSquare(m langevin.Map, copies, burn, rounds int, source langevin.Source) (mean, stderr float64) {
	state, next, xi := make([]float64, m.Dim()), make([]float64, m.Dim()), make([]float64, m.Inputs())
	square := make([]float64, copies)
	m.Init(state, make([]float64, m.Config()))
	for k := range burn + rounds {
		source.Normals(xi)
		m.Step(next, state, xi)
		state, next = next, state
		for i := range square {
			if k >= burn {
				square[i] += state[i] * state[i] / float64(rounds)
			}
		}
	}
	return meanError(square)
}

func meanError(x []float64) (mean, stderr float64) {
	n := float64(len(x))
	for _, v := range x {
		mean += v / n
	}
	for _, v := range x {
		stderr += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(stderr / (n * (n - 1)))
}

// TestMatrixSGD is HΣ + ΣH = ε(C + HΣH) with neither H nor C diagonal.
func TestMatrixSGD(t *testing.T) {
	h, root, eps := []float64{2, 0.3, 0.3, 1}, []float64{1, 0, -0.4, 0.7}, 0.4
	c := make([]float64, 4)
	for i := range 4 {
		c[i] = root[i/2*2]*root[i%2*2] + root[i/2*2+1]*root[i%2*2+1]
	}
	m := must(langevin.NewMinibatch(must(langevin.NewGaussianGradient(matrixDrift{2, h}, root)), langevin.Player{Hi: 2, Eta: eps}))
	mat, q := linearMap(m)
	want := exact.MatrixSGDCovariance(h, c, 2, eps)
	for i, v := range exact.StationaryCovariance(mat, q, 2) {
		near(t, "matrix SGD", v, want[i], 1e-10)
	}
}

// TestLinearGame: variance and entropy production of simultaneous steps, the exact map of
// alternating ones, and one temperature for each player.
func TestLinearGame(t *testing.T) {
	const a, b, eps, temp = 0.4, 1.3, 0.2, 0.7
	game := func(alternating bool, a, b float64) langevin.Drift {
		return must(langevin.NewLinearGame(langevin.LinearGameConfig{Damping: a, Rotation: b, Alternating: alternating}))
	}
	m := must(langevin.EulerMaruyamaConfig{Eta: eps, Temperature: temp}.New(game(false, a, b)))
	mat, q := linearMap(m)
	sigma := exact.StationaryCovariance(mat, q, 2)
	near(t, "variance of x", sigma[0], exact.LinearGameVariance(a, b, eps, temp), 1e-10)
	near(t, "variance of y", sigma[3], exact.LinearGameVariance(a, b, eps, temp), 1e-10)
	if math.Abs(sigma[1]) > 1e-14 {
		t.Errorf("correlation of x and y is %v, not 0", sigma[1])
	}
	near(t, "entropy per step", exact.StepEntropyProduction(mat, 2, math.Sqrt(2*eps*temp)), exact.LinearGameStepEntropy(a, b, eps), 1e-10)
	if !(mat[1] > 0 && mat[2] < 0) {
		t.Errorf("the step %v turns the wrong way: J is [[0, −1], [1, 0]]", mat)
	}

	// alternating without damping: λ² − (2−h²b²)λ + 1 (Dirac-GAN with b = ½)
	mat, _ = linearMap(must(langevin.EulerMaruyamaConfig{Eta: 0.8, Temperature: temp}.New(game(true, 0, 0.5))))
	near(t, "trace, alternating", mat[0]+mat[3], 2-0.8*0.8/4, 1e-14)
	near(t, "determinant, alternating", mat[0]*mat[3]-mat[1]*mat[2], 1, 1e-14)

	two := must(langevin.EulerMaruyamaConfig{Eta: eps, Temperatures: []float64{0.3, 0.9}}.New(game(true, a, b)))
	_, q = linearMap(two)
	near(t, "noise of x", q[0], 2*eps*0.3, 1e-13)
	near(t, "noise of y", q[3], 2*eps*0.9+eps*eps*b*b*2*eps*0.3, 1e-13) // y sees the updated x
	if bl := two.Blocks(); len(bl) != 2 || math.Abs(bl[1].Noise-math.Sqrt(2*eps*0.9)) > 1e-15 {
		t.Errorf("blocks %+v", bl)
	}
}

// TestMinibatchData: noise of batches without replacement, and SGD's stationary variance.
func TestMinibatchData(t *testing.T) {
	const n, batch, h, eta = 24, 6, 1.4, 0.5
	data := make([]float64, n)
	langevintest.NewSource(9, 0).Normals(data)
	mean, sigma2 := 0.0, 0.0
	for _, x := range data {
		mean += x / n
	}
	for _, x := range data {
		sigma2 += (x - mean) * (x - mean) / n
	}
	f := must(langevin.NewQuadraticData([]float64{h}, data, batch))
	c := h * h * exact.WithoutReplacement(sigma2, n, batch)
	source, xi := langevintest.NewSource(10, 0), make([]float64, batch)
	var noise [][]float64
	for range 2 {
		noise = append(noise, make([]float64, 40000))
	}
	var drift, g [1]float64
	at := []float64{0.3}
	f.Drift(drift[:], at)
	for i := range noise[0] {
		source.Normals(xi)
		f.SampleDrift(g[:], at, xi)
		noise[0][i], noise[1][i] = g[0]-drift[0], (g[0]-drift[0])*(g[0]-drift[0])
	}
	check := func(what string, got, stderr, want, cap float64) {
		t.Helper()
		if z := (got - want) / stderr; !(math.Abs(z) < 4) || !(stderr < cap) {
			t.Errorf("%s: %v ± %v (cap %v), exact %v, z = %.2f", what, got, stderr, cap, want, z)
		}
	}
	m, e := meanError(noise[0])
	check("mean of the noise", m, e, 0, 0.01)
	m, e = meanError(noise[1])
	check("variance of the noise", m, e, c, 0.01*c)

	// replicas: independent SGD runs, all from the mean
	sgd := must(langevin.NewMinibatch(f, langevin.Player{Hi: 1, Eta: eta}))
	final := make([]float64, 8000)
	for i := range final {
		source := langevintest.NewSource(77, i)
		state, next := []float64{mean}, []float64{0}
		for range 30 {
			source.Normals(xi)
			sgd.Step(next, state, xi)
			state, next = next, state
		}
		final[i] = (state[0] - mean) * (state[0] - mean)
	}
	m, e = meanError(final)
	want := exact.MinibatchVariance(h, eta, 0, c)
	check("stationary variance", m, e, want, 0.02*want)
}
