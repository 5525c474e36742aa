package analysis

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"

	"gonum.org/v1/gonum/optimize"
)

// A SizedCurve is a quantity measured at rising values of the control parameter for one size.
// Points must be independent of each other.
type SizedCurve struct {
	Size float64
	X    []float64
	Y    []Estimate
}

// A Collapse is a fit of y·L^B = g((x − Critical)·L^A) with an unknown function g: A = 1/ν in
// terms of the size L (1/(dν) if L counts particles). Errors are by parametric bootstrap.
type Collapse struct {
	Critical, A, B Estimate
	S              float64 // quality, about 1 for a good collapse, ≫ 1 for none
	Terms          int     // points that could be compared
	Points         int
	Free           int // parameters fitted
}

// DataCollapse fits the exponents by minimising Houdayer and Hartmann's S, from the given
// start; free says which of (Critical, A, B) are fitted. window, if positive, leaves out
// points with |x − Critical|·L^A above it, where scaling has corrections. Errors are the
// spread of fits to resamples y + σ·N(0,1). It refuses fewer than two sizes, and a minimum
// where fewer than half of the points can be compared.
//
// Source: J. Houdayer and A. K. Hartmann, Phys. Rev. B 70 (2004) 014418, appendix, (A1)–(A3).
func DataCollapse(curves []SizedCurve, start [3]float64, free [3]bool, window float64, resamples int, src rand.Source) (Collapse, error) {
	var c Collapse
	if len(curves) < 2 {
		return c, &Refusal{TooShort, "data collapse", float64(len(curves)), 2, "one size collapses onto itself: sweep the size"}
	}
	for _, v := range curves {
		for _, y := range v.Y {
			if !(y.StdErr > 0) || y.Value-y.Value != 0 || math.IsInf(y.StdErr, 1) {
				return c, &Refusal{NotFinite, "data collapse", y.StdErr, 0, "every point needs a value and a positive error"}
			}
		}
		c.Points += len(v.X)
	}
	for _, f := range free {
		if f {
			c.Free++
		}
	}
	fit := collapseFit{curves, free, window, c.Free}
	best := fit.search(start)
	s, terms := fit.quality(best)
	if s-s != 0 {
		return c, &Refusal{NotConverged, "data collapse (points compared)", float64(terms), math.Max(float64(c.Free+2), float64(c.Points)/2), "no exponents bring the curves of different sizes over one range: sweep a common range of the control parameter"}
	}
	c.S, c.Terms = s, terms
	if 2*terms < c.Points && window == 0 {
		return c, &Refusal{NotConverged, "data collapse (points compared)", float64(terms), float64(c.Points) / 2, "the curves overlap too little at the best exponents"}
	}
	spread, err := fit.bootstrap(best, resamples, rand.New(src))
	if err != nil {
		return c, err
	}
	for i, e := range []*Estimate{&c.Critical, &c.A, &c.B} {
		*e = Estimate{best[i], spread[i]}
	}
	return c, nil
}

// search minimises from the start, and where the curves do not collapse there, from other exponents
// too: S has local minima.
func (f collapseFit) search(start [3]float64) [3]float64 {
	const collapsed = 2.0
	best, s := f.minimise(start)
	for _, a := range []float64{0.4, 0.9} { // no round numbers: points that coincide hold a simplex
		for _, b := range []float64{-0.9, 0.1, 0.9} {
			if s <= collapsed {
				return best
			}
			from := start
			if f.free[1] {
				from[1] = a
			}
			if f.free[2] {
				from[2] = b
			}
			if p, v := f.minimise(from); v < s {
				best, s = p, v
			}
		}
	}
	return best
}

type collapseFit struct {
	curves []SizedCurve
	free   [3]bool
	window float64
	fitted int
}

// minimise runs the simplex twice, the second time from where the first ended.
func (f collapseFit) minimise(start [3]float64) ([3]float64, float64) {
	var index []int
	for i, free := range f.free {
		if free {
			index = append(index, i)
		}
	}
	if len(index) == 0 {
		s, _ := f.quality(start)
		return start, s
	}
	// Steps of a fraction of the sampled range, and of an exponent.
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, c := range f.curves {
		for _, x := range c.X {
			lo, hi = math.Min(lo, x), math.Max(hi, x)
		}
	}
	scale := [3]float64{0.1 * (hi - lo), 0.1, 0.1}
	at := func(z []float64) [3]float64 {
		p := start
		for k, i := range index {
			p[i] += z[k] * scale[i]
		}
		return p
	}
	problem := optimize.Problem{Func: func(z []float64) float64 {
		s, _ := f.quality(at(z))
		if s-s != 0 {
			return 1e12
		}
		return s
	}}
	z := make([]float64, len(index))
	best := math.Inf(1)
	for range 2 {
		r, err := optimize.Minimize(problem, z, &optimize.Settings{MajorIterations: 300, FuncEvaluations: 800,
			Converger: &optimize.FunctionConverge{Absolute: 1e-7, Iterations: 30}}, &optimize.NelderMead{SimplexSize: 0.5})
		if r == nil || err != nil && r.X == nil {
			break
		}
		z, best = r.X, r.F
	}
	return at(z), best
}

// quality is S and the number of its terms; NaN where less than half can be compared, or no
// more than parameters and one: as many as parameters are matched whatever they are.
func (f collapseFit) quality(p [3]float64) (float64, int) {
	type scaled struct{ x, y, e float64 }
	sets := make([][]scaled, len(f.curves))
	total := 0
	for i, c := range f.curves {
		a, b := math.Pow(c.Size, p[1]), math.Pow(c.Size, p[2])
		for k, x := range c.X {
			s := scaled{(x - p[0]) * a, c.Y[k].Value * b, c.Y[k].StdErr * b}
			if f.window > 0 && math.Abs(s.x) > f.window {
				continue
			}
			sets[i] = append(sets[i], s)
			total++
		}
	}
	sum, terms := 0.0, 0
	for i, set := range sets {
		for _, v := range set {
			var k, kx, ky, kxx, kxy float64
			for j, other := range sets {
				if j == i {
					continue
				}
				n := sort.Search(len(other), func(n int) bool { return other[n].x > v.x })
				if n == 0 || n == len(other) {
					continue
				}
				for _, o := range other[n-1 : n+1] {
					w := 1 / (o.e * o.e)
					k, kx, ky, kxx, kxy = k+w, kx+w*o.x, ky+w*o.y, kxx+w*o.x*o.x, kxy+w*o.x*o.y
				}
			}
			delta := k*kxx - kx*kx
			if !(delta > 0) {
				continue
			}
			y := (kxx*ky-kx*kxy)/delta + v.x*(k*kxy-kx*ky)/delta
			variance := (kxx - 2*v.x*kx + v.x*v.x*k) / delta
			d := v.y - y
			sum += d * d / (v.e*v.e + variance)
			terms++
		}
	}
	if terms < 3 || terms < f.fitted+2 || 2*terms < total {
		return math.NaN(), terms
	}
	return sum / float64(terms), terms
}

func (f collapseFit) bootstrap(best [3]float64, resamples int, rng *rand.Rand) (spread [3]float64, err error) {
	if resamples < 10 {
		return spread, &Refusal{TooShort, "errors of the exponents", float64(resamples), 10, "ask for more resamples"}
	}
	var sum, square [3]float64
	n := 0.0
	for range resamples {
		g := f
		g.curves = make([]SizedCurve, len(f.curves))
		for i, c := range f.curves {
			y := make([]Estimate, len(c.Y))
			for k, v := range c.Y {
				y[k] = Estimate{v.Value + v.StdErr*rng.NormFloat64(), v.StdErr}
			}
			g.curves[i] = SizedCurve{c.Size, c.X, y}
		}
		p, s := g.minimise(best)
		if s-s != 0 || s >= 1e12 {
			continue
		}
		n++
		for i, v := range p {
			sum[i] += v - best[i]
			square[i] += (v - best[i]) * (v - best[i])
		}
	}
	if n < 0.9*float64(resamples) {
		return spread, &Refusal{NotConverged, "errors of the exponents", n, 0.9 * float64(resamples), "fits to resampled data fail: the data do not determine the exponents"}
	}
	for i := range spread {
		spread[i] = math.Sqrt(math.Max(0, (square[i]-sum[i]*sum[i]/n)/(n-1)))
	}
	return spread, nil
}

// String tells the fit in words.
func (c Collapse) String() string {
	return fmt.Sprintf("critical %.6g±%.2g, a %.4g±%.2g, b %.4g±%.2g, S %.3g over %d of %d points",
		c.Critical.Value, c.Critical.StdErr, c.A.Value, c.A.StdErr, c.B.Value, c.B.StdErr, c.S, c.Terms, c.Points)
}
