package exact

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func near(t *testing.T, what string, got, want, rel float64) {
	t.Helper()
	if !(math.Abs(got-want) <= rel*math.Abs(want)) {
		t.Errorf("%s: got %.15g, want %.15g (relative error %.2g)", what, got, want, math.Abs(got/want-1))
	}
}

// TestQuadraticVariances compares the closed forms with Lyapunov equations written here.
func TestQuadraticVariances(t *testing.T) {
	const h, eta, beta, temp = 1.7, 0.23, 0.6, 0.4
	near(t, "euler-maruyama", EulerMaruyamaVariance(h, eta, temp),
		StationaryCovariance([]float64{1 - eta*h}, []float64{2 * eta * temp}, 1)[0], 1e-12)
	near(t, "minibatch", MinibatchVariance(h, eta, temp, 0.9),
		StationaryCovariance([]float64{1 - eta*h}, []float64{2*eta*temp + eta*eta*0.9}, 1)[0], 1e-12)

	// (x, v): v' = βv − η(hx + σξ), x' = x + v'
	m := []float64{1 - eta*h, beta, -eta * h, beta}
	q := []float64{1, 1, 1, 1}
	for i := range q {
		q[i] *= eta * eta * 0.9
	}
	s := StationaryCovariance(m, q, 2)
	x, v := HeavyBallVariance(h, eta, beta, 0.9)
	near(t, "heavy ball x", x, s[0], 1e-12)
	near(t, "heavy ball v", v, s[3], 1e-12)
	near(t, "momentum", MomentumVariance(h, eta, beta, temp), temp/h/(1-eta*h/(2*(1+beta))), 1e-12)

	// (x, ξ): x' = (1−ηh)x + a(ξ + ξ'), a² = ηT/2
	a := math.Sqrt(eta * temp / 2)
	s = StationaryCovariance([]float64{1 - eta*h, a, 0, 0}, []float64{a * a, a, a, 1}, 2)
	near(t, "leimkuhler-matthews", LeimkuhlerMatthewsVariance(h, eta, temp), s[0], 1e-12)
}

func TestSplittingMoments(t *testing.T) {
	const k, delta, gamma, temp = 1.3, 0.7, 0.9, 0.6
	for _, scheme := range []string{"BAOAB", "BAOA", "ABOBA", "OBABO", "OABAO"} {
		count := map[rune]float64{}
		for _, c := range scheme {
			count[c]++
		}
		m, q := mat.NewDense(2, 2, identity(2)), mat.NewDense(2, 2, nil)
		for _, c := range scheme {
			step, add := mat.NewDense(2, 2, identity(2)), 0.0
			switch c {
			case 'A':
				step.Set(0, 1, delta/count['A'])
			case 'B':
				step.Set(1, 0, -k*delta/count['B'])
			case 'O':
				e := math.Exp(-gamma * delta / count['O'])
				step.Set(1, 1, e)
				add = temp * (1 - e*e)
			}
			var m1, q1, q2 mat.Dense
			m1.Mul(step, m)
			q1.Mul(step, q)
			q2.Mul(&q1, step.T())
			m.Copy(&m1)
			q.Copy(&q2)
			q.Set(1, 1, q.At(1, 1)+add)
		}
		s := StationaryCovariance(m.RawMatrix().Data, q.RawMatrix().Data, 2)
		x2, v2, ok := SplittingMoments(scheme, k, delta)
		if !ok {
			t.Fatalf("%s is not known", scheme)
		}
		near(t, scheme+" x", x2, k*s[0]/temp, 1e-11)
		near(t, scheme+" v", v2, s[3]/temp, 1e-11)
	}
	if _, _, ok := SplittingMoments("AB", 1, 0.1); ok {
		t.Error("AB has no thermostat and must not be known")
	}
}

// TestMatrixSGD checks the equation HΣ + ΣH = ε(C + HΣH) entry by entry.
func TestMatrixSGD(t *testing.T) {
	h, c, eps := []float64{2, 0.3, 0.3, 1}, []float64{1, -0.4, -0.4, 0.7}, 0.4
	s := MatrixSGDCovariance(h, c, 2, eps)
	var hs, sh, hsh mat.Dense
	hs.Mul(dense(h, 2), dense(s, 2))
	sh.Mul(dense(s, 2), dense(h, 2))
	hsh.Mul(&hs, dense(h, 2))
	for i := range 2 {
		for j := range 2 {
			near(t, "matrix SGD", hs.At(i, j)+sh.At(i, j), eps*(c[i*2+j]+hsh.At(i, j)), 1e-12)
		}
	}
	small := MandtCovariance(h, c, 2, 1e-7)
	for i, v := range MatrixSGDCovariance(h, c, 2, 1e-7) {
		near(t, "Mandt's limit", v, small[i], 1e-6)
	}
}

// TestWithoutReplacement enumerates all subsets.
func TestWithoutReplacement(t *testing.T) {
	data := []float64{0.3, -1.2, 2.5, 0.7, -0.1, 1.9}
	const b = 3
	mean, sigma2 := 0.0, 0.0
	for _, x := range data {
		mean += x / 6
	}
	for _, x := range data {
		sigma2 += (x - mean) * (x - mean) / 6
	}
	sum, count := 0.0, 0.0
	for set := range 1 << 6 {
		m, k := 0.0, 0
		for i, x := range data {
			if set>>i&1 == 1 {
				m += x / b
				k++
			}
		}
		if k == b {
			sum += (m - mean) * (m - mean)
			count++
		}
	}
	near(t, "without replacement", WithoutReplacement(sigma2, 6, b), sum/count, 1e-12)
}

func TestLinearGame(t *testing.T) {
	const a, b, eps, d = 0.4, 1.3, 0.2, 0.7
	m := []float64{1 - eps*a, eps * b, -eps * b, 1 - eps*a}
	s2 := 2 * d * eps
	s := StationaryCovariance(m, []float64{s2, 0, 0, s2}, 2)
	near(t, "variance", LinearGameVariance(a, b, eps, d), s[0], 1e-12)
	near(t, "variance", LinearGameVariance(a, b, eps, d), s[3], 1e-12)
	if math.Abs(s[1]) > 1e-14 {
		t.Errorf("the components of the linear game correlate: %v", s[1])
	}
	near(t, "entropy per step", LinearGameStepEntropy(a, b, eps), StepEntropyProduction(m, 2, math.Sqrt(s2)), 1e-11)
	near(t, "entropy rate", LinearGameEntropyRate(a, b), EntropyProductionRate([]float64{a, -b, b, a}, 2, d), 1e-12)
	near(t, "entropy per time", LinearGameStepEntropy(a, b, 1e-7)/1e-7, LinearGameEntropyRate(a, b), 1e-5)
	near(t, "stability", SpectralRadius([]float64{1 - 2*a/(a*a+b*b)*a, 2 * a / (a*a + b*b) * b, -2 * a / (a*a + b*b) * b, 1 - 2*a/(a*a+b*b)*a}, 2), 1, 1e-12)
}

// TestLinearEntropy is the Dirac-GAN with R1: Σ = T[[2/γ+γ/ω², 1/ω],[1/ω, 2/γ]] and
// entropy production 4ω²/γ.
func TestLinearEntropy(t *testing.T) {
	const w, g, temp = 0.5, 0.8, 0.3
	a := []float64{0, w, -w, g}
	s := ContinuousCovariance(a, []float64{2 * temp, 0, 0, 2 * temp}, 2)
	for i, want := range []float64{2/g + g/(w*w), 1 / w, 1 / w, 2 / g} {
		near(t, "Dirac-GAN covariance", s[i], temp*want, 1e-12)
	}
	near(t, "Dirac-GAN entropy", EntropyProductionRate(a, 2, temp), 4*w*w/g, 1e-12)
	if e := EntropyProductionRate([]float64{1, 0.3, 0.3, 2}, 2, temp); math.Abs(e) > 1e-12 {
		t.Errorf("a gradient flow produces entropy %v", e)
	}
}

func TestCovarianceConverges(t *testing.T) {
	m, q := []float64{0.6, 0.2, -0.3, 0.7}, []float64{1, 0.2, 0.2, 0.5}
	far, want := Covariance(m, q, 2, 300), StationaryCovariance(m, q, 2)
	for i := range far {
		near(t, "covariance after many steps", far[i], want[i], 1e-12)
	}
	for i, v := range Covariance(m, q, 2, 1) {
		near(t, "covariance after one step", v, q[i], 1e-14)
	}
}
