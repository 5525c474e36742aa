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

// ArrheniusCounts fits rates r = A e^{−ΔU/T} to numbers of escapes in times watched, by the likelihood of
// Poisson numbers: temperatures with one escape or none count as they are. The line is that of ln r against 1/T, its
// errors are from the information; ChiSq is the deviance, whose P is approximate for few escapes. It refuses
// temperatures that are not positive, times that are not, and escapes at fewer than two temperatures.
//
// Source: P. McCullagh and J. A. Nelder, Generalized Linear Models (1989), chapter 6.
func ArrheniusCounts(temperature, escapes, watched []float64) (Line, error) {
	if len(temperature) != len(escapes) || len(temperature) != len(watched) {
		panic("analysis: ArrheniusCounts: lengths differ")
	}
	x, with, total, time, mean := make([]float64, len(temperature)), 0, 0.0, 0.0, 0.0
	for i, t := range temperature {
		if !(t > 0) || !(watched[i] > 0) || !(escapes[i] >= 0) {
			return Line{}, &Refusal{BadGrid, "Arrhenius fit", t, 0, "temperatures and times watched must be positive"}
		}
		if x[i] = 1 / t; escapes[i] > 0 {
			with++
		}
		total, time, mean = total+escapes[i], time+watched[i], mean+x[i]*escapes[i]
	}
	if with < 2 {
		return Line{}, &Refusal{TooShort, "Arrhenius fit", float64(with), 2, "temperatures with an escape: a slope needs two"}
	}
	mean /= total // a centre, where intercept and slope are nearly independent
	a, b := math.Log(total/time), 0.0
	var k, kx, kxx float64
	for range 200 {
		var ga, gb float64
		k, kx, kxx = 0, 0, 0
		for i := range x {
			d := x[i] - mean
			m := watched[i] * math.Exp(a+b*d)
			ga, gb = ga+escapes[i]-m, gb+d*(escapes[i]-m)
			k, kx, kxx = k+m, kx+m*d, kxx+m*d*d
		}
		det := k*kxx - kx*kx
		da, db := (kxx*ga-kx*gb)/det, (k*gb-kx*ga)/det
		if !(det > 0) || da-da != 0 || db-db != 0 {
			return Line{}, &Refusal{NotConverged, "Arrhenius fit", det, 0, "the escapes do not determine a slope: more temperatures"}
		}
		largest := math.Abs(da)
		for _, v := range x {
			largest = math.Max(largest, math.Abs(da+db*(v-mean)))
		}
		damp := math.Min(1, 1/largest) // ln r moves by at most 1
		a, b = a+damp*da, b+damp*db
		if largest < 1e-12 {
			break
		}
	}
	det := k*kxx - kx*kx
	va, vb, cov := kxx/det, k/det, -kx/det
	l := Line{Slope: Estimate{b, math.Sqrt(vb)}, Free: len(x) - 2, P: math.NaN()}
	l.Intercept = Estimate{a - b*mean, math.Sqrt(va - 2*mean*cov + mean*mean*vb)}
	l.Cov = cov - mean*vb
	for i, v := range x {
		m := watched[i] * math.Exp(a+b*(v-mean))
		l.ChiSq += 2 * (m - escapes[i])
		if escapes[i] > 0 {
			l.ChiSq += 2 * escapes[i] * math.Log(escapes[i]/m)
		}
	}
	if l.Free > 0 {
		l.P = mathext.GammaIncRegComp(float64(l.Free)/2, math.Max(0, l.ChiSq)/2)
	}
	return l, nil
}
