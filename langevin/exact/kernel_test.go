package exact

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func TestLawOfNormal(t *testing.T) {
	l := NewLaw(func(x float64) float64 { return -(x - 1) * (x - 1) / 8 }, -17, 19, 241)
	mean, v := l.Moments()
	near(t, "mean", mean, 1, 1e-13)
	near(t, "variance", v, 4, 1e-12)
	for _, x := range []float64{-3.21, 0.4, 1, 2.7, 6.05} {
		near(t, "cdf", l.CDF(x), 0.5*math.Erfc((1-x)/math.Sqrt(8)), 1e-11)
		near(t, "density", l.At(x), math.Exp(-(x-1)*(x-1)/8)/math.Sqrt(8*math.Pi), 1e-12)
	}
}

// TestKernelOfOU compares both kernels with the Gaussian laws of x' = ax + sξ.
func TestKernelOfOU(t *testing.T) {
	const a, s, x0 = 0.8, 0.5, 1.5
	kernels := map[string]*Kernel{
		"gaussian": NewGaussianKernel(func(x float64) float64 { return a * x }, func(float64) float64 { return s }, -9, 9, 181),
		"map":      NewMapKernel(func(x, xi float64) float64 { return a*x + s*xi }, -9, 9, 181),
	}
	for name, k := range kernels {
		mean, v := k.Stationary().Moments()
		if math.Abs(mean) > 1e-12 {
			t.Errorf("%s: mean %v", name, mean)
		}
		near(t, name+" variance", v, s*s/(1-a*a), 1e-11)
		mean, v = k.After(x0, 7).Moments()
		near(t, name+" mean after 7", mean, math.Pow(a, 7)*x0, 1e-11)
		near(t, name+" variance after 7", v, s*s*(1-math.Pow(a, 14))/(1-a*a), 1e-11)
		for i, e := range k.Eigenvalues(4) {
			near(t, name+" eigenvalue", e, math.Pow(a, float64(i)), 1e-9)
		}
		b := OUBridge{A: a, S: s, Start: x0, End: -0.7, Steps: 7}
		free := FreeEndLogZ(1, 7, s, 1)
		near(t, name+" O2", free+PinnedLogZ(k, x0, -0.7, 7), b.LogZ(), 1e-11)
	}
}

func doubleWell(x float64) (g, h float64) { return 4*x*(x*x-1) - 0.25, 12*x*x - 4 }

// TestGeneratorRates: an oscillator has rates 0, k, 2k; for the double well the sinc
// basis agrees with a Markov jump process on a grid, and −ln λ₂/η of the Euler–Maruyama
// kernel goes to the gap linearly in η.
func TestGeneratorRates(t *testing.T) {
	r := GeneratorRates(func(x float64) float64 { return 1.3 * x }, func(float64) float64 { return 1.3 }, 0.6, -9, 9, 121, 4)
	for i, v := range r {
		if math.Abs(v-1.3*float64(i)) > 1e-10 {
			t.Errorf("oscillator rate %d is %v", i, v)
		}
	}
	const temp = 0.3
	gradient := func(x float64) float64 { g, _ := doubleWell(x); return g }
	curvature := func(x float64) float64 { _, h := doubleWell(x); return h }
	rates := GeneratorRates(gradient, curvature, temp, -2.6, 2.6, 161, 2)
	if math.Abs(rates[0]) > 1e-9 {
		t.Errorf("the lowest rate is %v, not 0", rates[0])
	}
	jump := (4*jumpGap(temp, 801) - jumpGap(temp, 401)) / 3
	near(t, "double well gap", rates[1], jump, 1e-6)

	gap := func(eta float64) float64 {
		k := NewGaussianKernel(func(x float64) float64 { return x - eta*gradient(x) },
			func(float64) float64 { return math.Sqrt(2 * temp * eta) }, -2.6, 2.6, 241)
		return -math.Log(k.Eigenvalues(2)[1]) / eta
	}
	e1, e2 := gap(0.01)/rates[1]-1, gap(0.005)/rates[1]-1
	if !(math.Abs(e1) > 1e-3 && math.Abs(e1/e2-2) < 0.15) {
		t.Errorf("error of −ln λ₂/η is %v at η and %v at η/2: not linear", e1, e2)
	}
	near(t, "extrapolated", rates[1]*(1+2*e2-e1), rates[1], 1e-3)
}

// jumpGap is the gap of the reversible jump process with rates (T/h²)e^{−ΔU/2T}.
func jumpGap(temp float64, n int) float64 {
	u := func(x float64) float64 { return (x*x-1)*(x*x-1) - 0.25*x }
	x := grid(-2.6, 2.6, n)
	h := x[1] - x[0]
	m := mat.NewSymDense(n, nil)
	for i := range n - 1 {
		d := (u(x[i+1]) - u(x[i])) / (2 * temp)
		m.SetSym(i, i, m.At(i, i)+temp/(h*h)*math.Exp(-d))
		m.SetSym(i+1, i+1, m.At(i+1, i+1)+temp/(h*h)*math.Exp(d))
		m.SetSym(i, i+1, -temp/(h*h))
	}
	// inverse iteration orthogonal to the known ground state e^{−U/2T}
	ground, v := mat.NewVecDense(n, nil), mat.NewVecDense(n, nil)
	for i, y := range x {
		ground.SetVec(i, math.Exp(-u(y)/(2*temp)))
		v.SetVec(i, y*ground.AtVec(i))
	}
	shifted := mat.NewSymDense(n, nil)
	for i := range n {
		for j := max(0, i-1); j <= i; j++ {
			shifted.SetSym(i, j, m.At(i, j))
		}
		shifted.SetSym(i, i, m.At(i, i)+1e-3)
	}
	var c mat.Cholesky
	if !c.Factorize(shifted) {
		panic("not positive definite")
	}
	value := 0.0
	for range 60 {
		v.AddScaledVec(v, -mat.Dot(v, ground)/mat.Dot(ground, ground), ground)
		v.ScaleVec(1/mat.Norm(v, 2), v)
		var w mat.VecDense
		if err := c.SolveVecTo(&w, v); err != nil {
			panic(err)
		}
		value = 1/mat.Dot(v, &w) - 1e-3
		v.CopyVec(&w)
	}
	return value
}

// TestMetricTarget checks the densities against the kernels of the three schemes, whose
// laws differ from them by O(η): the extrapolated moments agree, those of the other
// corrections do not.
func TestMetricTarget(t *testing.T) {
	const temp, alpha, wave = 0.5, 0.6, 1.3
	g := func(x float64) float64 { return 1 + alpha*math.Sin(wave*x) }
	dg := func(x float64) float64 { return alpha * wave * math.Cos(wave*x) }
	moments := func(c, eta float64) (mean, v float64) {
		return NewGaussianKernel(func(x float64) float64 { return x - eta*g(x)*x + c*eta*temp*dg(x) },
			func(x float64) float64 { return math.Sqrt(2 * eta * temp * g(x)) }, -6, 6, 161).Stationary().Moments()
	}
	for _, c := range []float64{0, 0.5, 1} {
		m1, v1 := moments(c, 0.04)
		m2, v2 := moments(c, 0.02)
		for _, target := range []float64{0, 0.5, 1} {
			m, v := MetricTarget(func(x float64) float64 { return x * x / 2 }, g, temp, target, -6, 6, 301).Moments()
			off := math.Abs(2*m2-m1-m) + math.Abs(2*v2-v1-v)
			if agree := off < 4e-3; agree != (c == target) {
				t.Errorf("correction %v against the target of %v: the extrapolated moments are off by %.2g", c, target, off)
			}
		}
	}
}

// Tilted on a grid is the Riccati recursion of a linear tilt of an Ornstein–Uhlenbeck process.
func TestTiltedKernel(t *testing.T) {
	k := NewGaussianKernel(func(x float64) float64 { return 0.9 * x }, func(float64) float64 { return 0.4 }, -8, 8, 321)
	got := k.Tilted(func(x float64) float64 { return 0.3 * x }, 12)[160+20] // x = 1
	law := QuadraticTilt{Dim: 1, M: []float64{0.9}, N: []float64{0.16}, Q: []float64{0}, Linear: []float64{0.3}}
	want, ok := law.LogMean([]float64{1}, 12)
	if !ok || math.Abs(got-want) > 1e-9 {
		t.Errorf("log Z of the tilt is %v, want %v", got, want)
	}
}
