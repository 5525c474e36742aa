package exact

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// precision is BᵀB/s² of slices 1..K of x' = ax + sξ from x₀ = 0; with pinned true,
// slice K is left out.
func precision(a, s float64, steps int, pinned bool) *mat.SymDense {
	return momentumPrecision(a, 0, s, steps, pinned)
}

// momentumPrecision is the same for x' = a x + b x⁻ + sξ, x₋₁ = x₀ = 0.
func momentumPrecision(a, b, s float64, steps int, pinned bool) *mat.SymDense {
	step := mat.NewDense(steps, steps, nil)
	for i := range steps {
		step.Set(i, i, 1/s)
		if i > 0 {
			step.Set(i, i-1, -a/s)
		}
		if i > 1 {
			step.Set(i, i-2, -b/s)
		}
	}
	n := steps
	if pinned {
		n--
	}
	var p mat.Dense
	p.Mul(step.T(), step)
	sym := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i + 1 {
			sym.SetSym(i, j, p.At(i, j))
		}
	}
	return sym
}

func inverse(t *testing.T, p *mat.SymDense) (*mat.SymDense, float64) {
	t.Helper()
	var c mat.Cholesky
	if !c.Factorize(p) {
		t.Fatal("the precision is not positive definite")
	}
	var inv mat.SymDense
	if err := c.InverseTo(&inv); err != nil {
		t.Fatal(err)
	}
	return &inv, c.LogDet()
}

// TestBridges compares O3 and O4 with the inverse and the determinant of the precision.
func TestBridges(t *testing.T) {
	const s, steps = 0.4, 9
	for _, a := range []float64{1, 0.85, 1.1, -0.3} {
		p := precision(a, s, steps, true)
		cov, logDet := inverse(t, p)
		b := OUBridge{A: a, S: s, Start: 0.8, End: -1.1, Steps: steps}
		for i := 1; i < steps; i++ {
			for j := 1; j < steps; j++ {
				near(t, "O4 covariance", b.Covariance(i, j), cov.At(i-1, j-1), 1e-11)
				if a == 1 {
					near(t, "O3 covariance", FreeBridgeCovariance(s, i, j, steps), cov.At(i-1, j-1), 1e-11)
				}
			}
		}
		// the mean solves P x = boundary terms: a x₀/s² at slice 1, a x_K/s² at slice K−1
		rhs := mat.NewVecDense(steps-1, nil)
		rhs.SetVec(0, a*b.Start/(s*s))
		rhs.SetVec(steps-2, rhs.AtVec(steps-2)+a*b.End/(s*s))
		var mean mat.VecDense
		mean.MulVec(cov, rhs)
		action, before := 0.0, b.Start
		for i := 1; i <= steps; i++ {
			x := b.End
			if i < steps {
				x = mean.AtVec(i - 1)
				near(t, "O4 mean", b.Mean(i), x, 1e-11)
			}
			action += (x - a*before) * (x - a*before) / (2 * s * s)
			before = x
		}
		near(t, "O4 log Z", b.LogZ(), 0.5*float64(steps-1)*math.Log(2*math.Pi)-logDet/2-action, 1e-12)
	}
}

func TestFreeEnd(t *testing.T) {
	_, logDet := inverse(t, precision(0.7, 0.4, 6, false))
	near(t, "O1", FreeEndLogZ(1, 6, 0.4, 1), 0.5*6*math.Log(2*math.Pi)-logDet/2, 1e-12)
	near(t, "O1 tempered", FreeEndLogZ(3, 6, 0.4, 2), 9*math.Log(2*math.Pi*0.16/2), 1e-12)
	near(t, "O1 action", FreeEndAction(3, 6), 9, 0)
}

func TestStationaryOU(t *testing.T) {
	const lambda, eta, d = 1.3, 0.4, 0.7
	ito, mid := StationaryOU(lambda, eta, d)
	near(t, "O5 Itô", ito, d/(lambda*(1-eta*lambda/2)), 1e-14)
	// midpoint: x'(1+ηλ/2) = x(1−ηλ/2) + sξ
	a, s2 := (1-eta*lambda/2)/(1+eta*lambda/2), 2*d*eta/((1+eta*lambda/2)*(1+eta*lambda/2))
	near(t, "O5 midpoint", mid, s2/(1-a*a), 1e-13)
}

func TestOscillator(t *testing.T) {
	for p, want := range map[int]float64{10: 0.447273, 20: 0.485120, 40: 0.496185} {
		if e := (Oscillator{1, 1, 10, p}).Energy(); math.Abs(e-want) > 5e-7 {
			t.Errorf("E_%d = %v, known as %v", p, e, want)
		}
	}
	o := Oscillator{Mass: 1.3, Omega: 0.8, Beta: 3, P: 12}
	tau := o.Beta / float64(o.P)
	m := mat.NewSymDense(o.P, nil)
	for i := range o.P {
		m.SetSym(i, i, 2*o.Mass/tau+o.Mass*o.Omega*o.Omega*tau)
		m.SetSym(i, (i+1)%o.P, -o.Mass/tau)
	}
	cov, logDet := inverse(t, m)
	near(t, "O6 ⟨x²⟩", o.MeanSquare(), cov.At(0, 0), 1e-12)
	for n := range o.P {
		near(t, "O6 correlation", o.Correlation(n), cov.At(0, n)/cov.At(0, 0), 1e-11)
	}
	bare := 0.5*float64(o.P)*math.Log(2*math.Pi) - logDet/2
	near(t, "O6 log Z", o.LogZ(), o.LogMeasure()+bare, 1e-12)
}

// TestQuadraticTilt compares the recursion with determinants: block-tridiagonal, and
// pentadiagonal with momentum; and its rate with the SCGF.
func TestQuadraticTilt(t *testing.T) {
	const s, steps = 0.4, 9
	logMean := func(a, b, tilt float64) float64 {
		p := momentumPrecision(a, b, s, steps, false)
		_, d0 := inverse(t, p)
		for i := range steps {
			p.SetSym(i, i, p.At(i, i)+2*tilt)
		}
		_, d1 := inverse(t, p)
		return (d0 - d1) / 2
	}
	for _, tilt := range []float64{-0.05, 0.3, 4} {
		q := QuadraticTilt{Dim: 1, M: []float64{0.8}, N: []float64{s * s}, Q: []float64{2 * tilt}}
		got, ok := q.LogMean([]float64{0}, steps)
		if !ok {
			t.Fatal("the mean is finite")
		}
		near(t, "tridiagonal", got, logMean(0.8, 0, tilt), 1e-11)
		h := QuadraticTilt{Dim: 2, M: []float64{1.4, -0.6, 1, 0}, N: []float64{s * s, 0, 0, 0}, Q: []float64{2 * tilt, 0, 0, 0}}
		got, _ = h.LogMean([]float64{0, 0}, steps)
		near(t, "pentadiagonal", got, logMean(1.4, -0.6, tilt), 1e-10)

		long, _ := q.LogMean([]float64{0}, 4000)
		longer, _ := q.LogMean([]float64{0}, 4500)
		near(t, "SCGF", TiltedSCGF(0.8, s, tilt), (longer-long)/500, 1e-10)
	}
	// one step with everything on: E exp(−½y² q − cy − d), y = a x₀ + sξ, by quadrature
	q := QuadraticTilt{Dim: 1, M: []float64{0.8}, N: []float64{s * s}, Q: []float64{0.9}, Linear: []float64{-0.4}, Const: 0.2}
	got, _ := q.LogMean([]float64{1.5}, 1)
	normal := NewLaw(func(x float64) float64 { return -x * x / 2 }, -12, 12, 241)
	want := math.Log(normal.Mean(func(z float64) float64 {
		y := 0.8*1.5 + s*z
		return math.Exp(-0.45*y*y + 0.4*y - 0.2)
	}))
	near(t, "one step", got, want, 1e-11)
	if _, ok := (QuadraticTilt{Dim: 1, M: []float64{1}, N: []float64{1}, Q: []float64{-1.2}}).LogMean([]float64{0}, 1); ok {
		t.Error("an infinite mean was not refused")
	}
}

// TestMinimumAction solves the least-squares problem of O8 for a discrete OU process.
func TestMinimumAction(t *testing.T) {
	const lambda, eta, d, end, steps = 1.3, 0.1, 0.5, 1.7, 12
	a, s := 1-eta*lambda, math.Sqrt(2*d*eta)
	// S* = x_K²/(2 Var x_K) for a Gaussian path from 0
	v := s * s * (1 - math.Pow(a, 2*steps)) / (1 - a*a)
	near(t, "O8", OUMinimumAction(lambda*end*end/2, d, lambda, eta, steps), end*end/(2*v), 1e-12)
	near(t, "O8, long and fine", OUMinimumAction(2, d, lambda, 1e-9, 1<<40), BarrierAction(2, d), 1e-8)
	if BarrierAction(-1, d) != 0 {
		t.Error("a downhill path costs nothing")
	}
}

// TestLiteral compares the horizons and determinants with the quadratic forms.
func TestLiteral(t *testing.T) {
	const omega, dt = 0.9, 0.2
	form := func(n int, w float64, freeEnd bool) (float64, bool) {
		m := mat.NewSymDense(n, nil)
		for i := range n {
			m.SetSym(i, i, 2/dt-w*w*dt)
			if i > 0 {
				m.SetSym(i, i-1, -1/dt)
			}
		}
		if freeEnd {
			m.SetSym(n-1, n-1, 1/dt-w*w*dt)
		}
		var c mat.Cholesky
		ok := c.Factorize(m)
		if !ok {
			return 0, false
		}
		return c.LogDet(), true
	}
	for steps := 2; steps < 24; steps++ {
		l := Literal{omega, dt, steps}
		for _, free := range []bool{false, true} {
			n := steps - 1
			ratio, ok := l.FixedEnds()
			if free {
				n = steps
				ratio, ok = l.FreeEnd()
			}
			got, finite := form(n, omega, free)
			flat, _ := form(n, 0, free)
			if ok != finite {
				t.Errorf("K = %d, free end %v: finite is %v, the form says %v", steps, free, ok, finite)
			} else if ok {
				near(t, "literal determinant", ratio, math.Exp(got-flat), 1e-10)
			}
		}
	}
}

func TestFreeEnergies(t *testing.T) {
	const k0, k1, eta = 0.7, 2.4, 0.1
	near(t, "harmonic ΔF", HarmonicLogZRatio(k0, k1), math.Log(math.Sqrt(k0/k1)), 1e-14)
	// TI: d ln Z/dk = −⟨x²⟩/2T, with the Euler–Maruyama variance, by Gauss–Legendre-free Simpson
	sum, n := 0.0, 4000
	for i := range n + 1 {
		w := 2.0
		if i == 0 || i == n {
			w = 1
		} else if i%2 == 1 {
			w = 4
		}
		k := k0 + (k1-k0)*float64(i)/float64(n)
		sum -= w * EulerMaruyamaVariance(k, eta, 1) / 2
	}
	near(t, "TI with Euler–Maruyama", HarmonicLogZRatio(k0, k1)+EulerMaruyamaTIBias(k0, k1, eta), sum*(k1-k0)/float64(n)/3, 1e-11)
}

func TestPlain(t *testing.T) {
	near(t, "pCN", PCNCorrelation(0.6, 4), 0.64*0.64, 1e-14)
	l := NewLaw(func(x float64) float64 { return -math.Pow(math.Abs(x), 4) / 2 }, -4, 4, 401)
	near(t, "singular", SingularMeanEnergy([]float64{4}), l.Mean(func(x float64) float64 { return x * x * x * x / 2 }), 1e-10)
}

func TestRefusals(t *testing.T) {
	for name, f := range map[string]func(){
		"unstable step":      func() { EulerMaruyamaVariance(1, 2, 1) },
		"unstable map":       func() { StationaryCovariance([]float64{1.01}, []float64{1}, 1) },
		"no scgf":            func() { TiltedSCGF(0.5, 1, -0.2) },
		"off the grid":       func() { NewGaussianKernel(math.Sin, math.Exp, -1, 1, 11).After(0.05, 1) },
		"unstable game":      func() { LinearGameStepEntropy(0.1, 2, 0.5) },
		"unstable splitting": func() { SplittingMoments("BAOAB", 4, 1.1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was not refused", name)
				}
			}()
			f()
		}()
	}
}
