package exact

import "math"

// A Law is a probability density on a uniform grid. Its averages are trapezoidal sums,
// spectrally accurate for a smooth density that vanishes at both ends.
type Law struct {
	X []float64 // nodes
	P []float64 // density
}

// NewLaw normalises exp(logDensity) on n nodes of [lo, hi].
func NewLaw(logDensity func(x float64) float64, lo, hi float64, n int) Law {
	l := Law{grid(lo, hi, n), make([]float64, n)}
	top := math.Inf(-1)
	for i, x := range l.X {
		l.P[i] = logDensity(x)
		top = max(top, l.P[i])
	}
	for i := range l.P {
		l.P[i] = math.Exp(l.P[i] - top)
	}
	l.normalise()
	return l
}

func grid(lo, hi float64, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = lo + (hi-lo)*float64(i)/float64(n-1)
	}
	return x
}

func (l Law) spacing() float64 { return (l.X[len(l.X)-1] - l.X[0]) / float64(len(l.X)-1) }

func (l Law) normalise() {
	total := l.Mean(func(float64) float64 { return 1 })
	for i := range l.P {
		l.P[i] /= total
	}
}

// Mean is ⟨f⟩.
func (l Law) Mean(f func(x float64) float64) float64 {
	sum := 0.0
	for i, p := range l.P {
		sum += p * f(l.X[i])
	}
	return sum * l.spacing()
}

// Moments are the mean and the variance.
func (l Law) Moments() (mean, variance float64) {
	mean = l.Mean(func(x float64) float64 { return x })
	return mean, l.Mean(func(x float64) float64 { return (x - mean) * (x - mean) })
}

// At is the density at x, by sinc interpolation.
func (l Law) At(x float64) float64 {
	h, sum := l.spacing(), 0.0
	for i, p := range l.P {
		sum += p * sinc((x-l.X[i])/h)
	}
	return sum
}

func sinc(x float64) float64 {
	if math.Abs(x) < 1e-9 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// CDF is the probability below x.
func (l Law) CDF(x float64) float64 {
	h, sum := l.spacing(), 0.0
	for i, p := range l.P {
		sum += p * (0.5 + sineIntegral(math.Pi*(x-l.X[i])/h)/math.Pi)
	}
	return min(1, max(0, sum*h))
}

// sineIntegral is Si(x) = ∫₀ˣ sin t/t dt: its power series below 6, else the auxiliary
// continued fraction of E₁(ix) (Abramowitz & Stegun 5.2.8 and 5.1.22).
func sineIntegral(x float64) float64 {
	a := math.Abs(x)
	if a < 6 {
		sum, term := 0.0, a
		for k := 1; k < 60; k += 2 {
			sum += term / float64(k)
			term *= -a * a / float64((k+1)*(k+2))
		}
		return math.Copysign(sum, x)
	}
	b := complex(1, a)
	c, d := complex(1e300, 0), 1/b
	h := d
	for i := 1; i < 200; i++ {
		an := complex(-float64(i*i), 0)
		b += 2
		d = 1 / (an*d + b)
		c = b + an/c
		step := c * d
		h *= step
		if math.Abs(real(step)-1)+math.Abs(imag(step)) < 1e-16 {
			break
		}
	}
	h *= complex(math.Cos(a), -math.Sin(a))
	return math.Copysign(math.Pi/2+imag(h), x)
}

// Distance is the total variation distance ½∫|p − q| of two laws on the same grid.
func (l Law) Distance(o Law) float64 {
	sum := 0.0
	for i, p := range l.P {
		sum += math.Abs(p - o.P[i])
	}
	return sum * l.spacing() / 2
}

// MetricTarget is the density that metric Langevin dynamics with correction cTΓ samples
// as η → 0 in one dimension, e^{−U/T} G^{c−1}: c = 0 gives e^{−U/T}/G, ½ gives
// e^{−U/T}/√G and 1 gives e^{−U/T}. (From the stationary Fokker–Planck equation
// (GU' − cTG')p + T(Gp)' = 0.)
func MetricTarget(u, g func(x float64) float64, temperature, c, lo, hi float64, n int) Law {
	return NewLaw(func(x float64) float64 { return -u(x)/temperature + (c-1)*math.Log(g(x)) }, lo, hi, n)
}
