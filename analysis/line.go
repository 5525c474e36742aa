package analysis

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// A Line is the weighted least-squares fit y = Intercept + Slope·x. Errors are those of the
// data; they are too small where P is small.
type Line struct {
	Intercept, Slope Estimate
	Cov              float64 // of intercept and slope
	ChiSq            float64
	Free             int     // degrees of freedom, points − 2
	P                float64 // probability of a larger χ²; NaN for two points
}

// FitLine fits points with errors σ of y. It refuses fewer than two points, equal x, and
// errors that are not positive and finite.
func FitLine(x, y, sigma []float64) (Line, error) {
	if len(x) != len(y) || len(x) != len(sigma) {
		panic("analysis: FitLine: lengths differ")
	}
	if len(x) < 2 {
		return Line{}, &Refusal{TooShort, "fit of a line", float64(len(x)), 2, "fewer than two points: sweep more"}
	}
	var k, kx, ky, mean float64
	for i := range x {
		if w := 1 / (sigma[i] * sigma[i]); !(w > 0) || math.IsInf(w, 1) || x[i]-x[i] != 0 || y[i]-y[i] != 0 {
			return Line{}, &Refusal{NotFinite, "fit of a line", sigma[i], 0, "a point or its error is not a positive finite number"}
		} else {
			k, kx, ky = k+w, kx+w*x[i], ky+w*y[i]
		}
	}
	mean = kx / k
	var sxx, sxy float64
	for i := range x {
		w, d := 1/(sigma[i]*sigma[i]), x[i]-mean
		sxx, sxy = sxx+w*d*d, sxy+w*d*y[i]
	}
	if !(sxx > 1e-24*k*mean*mean) {
		return Line{}, &Refusal{BadGrid, "fit of a line", sxx, 0, "all x are equal"}
	}
	l := Line{Free: len(x) - 2, P: math.NaN()}
	l.Slope = Estimate{sxy / sxx, 1 / math.Sqrt(sxx)}
	l.Intercept = Estimate{ky/k - l.Slope.Value*mean, math.Sqrt(1/k + mean*mean/sxx)}
	l.Cov = -mean / sxx
	for i := range x {
		r := (y[i] - l.Intercept.Value - l.Slope.Value*x[i]) / sigma[i]
		l.ChiSq += r * r
	}
	if l.Free > 0 {
		l.P = mathext.GammaIncRegComp(float64(l.Free)/2, l.ChiSq/2)
	}
	return l, nil
}

// At is the line at x with its error.
func (l Line) At(x float64) Estimate {
	v := l.Intercept.StdErr*l.Intercept.StdErr + 2*x*l.Cov + x*x*l.Slope.StdErr*l.Slope.StdErr
	return Estimate{l.Intercept.Value + l.Slope.Value*x, math.Sqrt(math.Max(0, v))}
}

// PowerLaw fits y = A·x^Slope: a line through (ln x, ln y), Intercept ln A. Points with y not
// above its error twice are refused: their logarithm has no normal error.
func PowerLaw(x []float64, y []Estimate) (Line, error) {
	var lx, ly, s []float64
	for i, v := range y {
		if !(x[i] > 0) || !(v.Value > 2*v.StdErr) {
			return Line{}, &Refusal{BadGrid, "fit of a power law", v.Value, 2 * v.StdErr, "a value is not positive by two errors: draw longer"}
		}
		lx, ly, s = append(lx, math.Log(x[i])), append(ly, math.Log(v.Value)), append(s, v.StdErr/v.Value)
	}
	return FitLine(lx, ly, s)
}

// Arrhenius fits rates r = A e^{−ΔU/T}: a line through (1/T, ln r) whose slope is −ΔU. It
// refuses temperatures that are not positive and rates that PowerLaw would refuse.
func Arrhenius(temperature []float64, rate []Estimate) (Line, error) {
	var x, y, s []float64
	for i, r := range rate {
		if !(temperature[i] > 0) {
			return Line{}, &Refusal{BadGrid, "Arrhenius fit", temperature[i], 0, "temperatures must be positive"}
		}
		if !(r.Value > 0) || !(r.StdErr < r.Value) {
			return Line{}, &Refusal{TooShort, "Arrhenius fit", r.Value, r.StdErr, "a rate without two escapes has no logarithm with an error"}
		}
		x, y, s = append(x, 1/temperature[i]), append(y, math.Log(r.Value)), append(s, r.StdErr/r.Value)
	}
	return FitLine(x, y, s)
}
