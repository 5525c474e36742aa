package analysis

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/integrate"
	"gonum.org/v1/gonum/integrate/quad"
)

// A LambdaPoint is one ensemble of a thermodynamic integration: ⟨∂S/∂λ⟩ at λ with its
// autocorrelation-corrected error.
type LambdaPoint struct {
	Lambda, Mean, StdErr float64
}

// An Integral is ∫⟨∂S/∂λ⟩dλ = F(b) − F(a) = −log Z(b)/Z(a), with the parts of its error
// kept apart. Statistical and quadrature error are not of one kind: StatErr is a standard
// deviation, QuadErr an estimate of the size of a systematic error. It is judged from noisy
// means, so what their noise explains is taken off, and then it is not resolved below a
// third of StatErr. Discretisation bias (η) is in neither.
type Integral struct {
	Value   float64
	StatErr float64 // √Σ w_i² σ_i², points independent
	QuadErr float64
	Rule    string // "trapezoid" or "gauss-legendre"
}

// StdErr returns both errors in quadrature.
func (v Integral) StdErr() float64 { return math.Hypot(v.StatErr, v.QuadErr) }

// Check refuses an integral whose quadrature error exceeds limit times its statistical
// error (NotConverged): the stated error would be mostly a guess. A limit of 1 is usual.
func (v Integral) Check(limit float64) error {
	if !(v.QuadErr <= limit*v.StatErr) {
		return &Refusal{NotConverged, "thermodynamic integral (quadrature/statistical error)", v.QuadErr / v.StatErr, limit,
			"add points in λ or use Gauss–Legendre nodes"}
	}
	return nil
}

// Trapezoid integrates by the trapezoid rule over points in any order, at least 3, at
// different λ. The quadrature error is the difference from Simpson's rule on the same
// (irregular) points. It refuses fewer points, equal λ (BadGrid) and values not finite.
func Trapezoid(points []LambdaPoint) (Integral, error) {
	p, err := gridOf(points, 3)
	if err != nil {
		return Integral{}, err
	}
	x := make([]float64, len(p))
	v := Integral{Rule: "trapezoid"}
	w := make([]float64, len(p))
	for i, q := range p {
		x[i] = q.Lambda
		if i > 0 {
			w[i] += (q.Lambda - p[i-1].Lambda) / 2
		}
		if i < len(p)-1 {
			w[i] += (p[i+1].Lambda - q.Lambda) / 2
		}
		v.Value += w[i] * q.Mean
		v.StatErr = math.Hypot(v.StatErr, w[i]*q.StdErr)
	}
	d, systematic := difference(p, w, linearWeights(len(p), func(y []float64) float64 { return integrate.Simpsons(x, y) }))
	v.QuadErr = math.Min(d, math.Hypot(systematic, v.StatErr/3))
	return v, nil
}

// linearWeights are the weights of a rule that is linear in its n values.
func linearWeights(n int, rule func(y []float64) float64) []float64 {
	w, y := make([]float64, n), make([]float64, n)
	for i := range y {
		y[i] = 1
		w[i] = rule(y)
		y[i] = 0
	}
	return w
}

// difference returns |d| of two rules on the same points, and what the noise of the means
// does not explain of it, √max(0, d² − Var d): E d² is the square of the systematic
// difference plus the variance.
func difference(p []LambdaPoint, w, other []float64) (size, systematic float64) {
	d, variance, scale := 0.0, 0.0, 0.0
	for i, q := range p {
		dw := w[i] - other[i]
		d += dw * q.Mean
		variance += dw * dw * q.StdErr * q.StdErr
		scale += math.Abs(dw * q.Mean)
	}
	if math.Abs(d) <= 1e-13*scale { // rounding
		return 0, 0
	}
	return math.Abs(d), math.Sqrt(math.Max(0, d*d-variance))
}

// GaussLegendreNodes returns the n nodes and weights of Gauss–Legendre quadrature on
// [a, b], in rising order. It panics unless n ≥ 1 and a < b.
func GaussLegendreNodes(n int, a, b float64) (lambda, weight []float64) {
	if n < 1 || !(a < b) {
		panic("analysis: GaussLegendreNodes needs n ≥ 1 and a < b")
	}
	lambda, weight = make([]float64, n), make([]float64, n)
	quad.Legendre{}.FixedLocations(lambda, weight, a, b)
	slices.Reverse(lambda) // gonum lists them from b down; the weights are symmetric
	return lambda, weight
}

// GaussLegendre integrates over [a, b] from points at its Gauss–Legendre nodes (in any
// order, at least 3). The rule is exact up to degree 2n−1. The quadrature error is the
// Legendre coefficient c_{2n} of the integrand (times 2(b−a), for safety), extrapolated from
// the geometric decay of the c_k/(2k+1) that the points determine; where noise hides the
// decay, it is what noise does not explain of the difference from the interpolating rule
// without the middle node. It refuses points that are not the nodes (BadGrid) and values
// not finite.
//
// Source: L. N. Trefethen, Approximation Theory and Approximation Practice (2013), ch. 19.
func GaussLegendre(points []LambdaPoint, a, b float64) (Integral, error) {
	p, err := gridOf(points, 3)
	if err != nil {
		return Integral{}, err
	}
	node, weight := GaussLegendreNodes(len(p), a, b)
	v := Integral{Rule: "gauss-legendre"}
	for i, q := range p {
		if d := math.Abs(q.Lambda - node[i]); !(d <= 1e-9*(b-a)) {
			return Integral{}, &Refusal{BadGrid, fmt.Sprintf("Gauss–Legendre integral: distance of λ = %v from node %d", q.Lambda, i), d, 1e-9 * (b - a),
				fmt.Sprintf("the node is %v: sample at GaussLegendreNodes(%d, %v, %v)", node[i], len(p), a, b)}
		}
		v.Value += weight[i] * q.Mean
		v.StatErr = math.Hypot(v.StatErr, weight[i]*q.StdErr)
	}
	decay := 2 * (b - a) * float64(4*len(p)+1) * extrapolated(legendreCoefficients(p, node, weight, a, b))
	_, systematic := difference(p, weight, withoutMiddle(node, a, b))
	v.QuadErr = math.Min(decay, math.Hypot(systematic, v.StatErr/3))
	return v, nil
}

// extrapolated carries |a_{n−1}| on to |a_{2n}| at the rate of its last pairs; pairs,
// because every second coefficient of an even or odd function is zero.
func extrapolated(a []float64) float64 {
	n := len(a)
	last, before := math.Abs(a[n-1])+math.Abs(a[n-2]), math.Abs(a[n-2])+math.Abs(a[n-3])
	if last == 0 {
		return 0
	}
	r := math.Min(1, last/before)
	return math.Max(math.Abs(a[n-1]), r*math.Abs(a[n-2])) * math.Pow(r, float64(n+1))
}

// legendreCoefficients returns c_k/(2k+1), k < n, of Σ c_k P_k through the points at the nodes.
func legendreCoefficients(p []LambdaPoint, node, weight []float64, a, b float64) []float64 {
	c := make([]float64, len(p))
	for i, q := range p {
		t := (2*node[i] - a - b) / (b - a)
		before, now := 0.0, 1.0
		for k := range c {
			c[k] += weight[i] / (b - a) * q.Mean * now
			before, now = now, (float64(2*k+1)*t*now-float64(k)*before)/float64(k+1)
		}
	}
	return c
}

// withoutMiddle are the weights of the interpolating rule on all nodes but the middle one.
func withoutMiddle(node []float64, a, b float64) []float64 {
	n, skip := len(node), len(node)/2
	x, w := GaussLegendreNodes(n, a, b) // integrates the Lagrange polynomials exactly
	out := make([]float64, n)
	for i := range node {
		if i == skip {
			continue
		}
		for k, t := range x {
			l := 1.0
			for j := range node {
				if j != i && j != skip {
					l *= (t - node[j]) / (node[i] - node[j])
				}
			}
			out[i] += w[k] * l
		}
	}
	return out
}

// gridOf sorts a copy by λ and refuses what cannot be integrated.
func gridOf(points []LambdaPoint, least int) ([]LambdaPoint, error) {
	if len(points) < least {
		return nil, &Refusal{TooShort, "thermodynamic integral", float64(len(points)), float64(least), "use more points in λ: the quadrature error cannot be judged"}
	}
	p := append([]LambdaPoint(nil), points...)
	sort.Slice(p, func(i, j int) bool { return p[i].Lambda < p[j].Lambda })
	for i, q := range p {
		if s := q.Lambda + q.Mean + q.StdErr; s-s != 0 || q.StdErr < 0 {
			return nil, &Refusal{NotFinite, fmt.Sprintf("thermodynamic integral at λ = %v", q.Lambda), s, 0, "λ, mean and error must be finite, the error not negative"}
		}
		if i > 0 && q.Lambda == p[i-1].Lambda {
			return nil, &Refusal{BadGrid, "thermodynamic integral: equal λ", q.Lambda, q.Lambda, "combine repeats into one point first"}
		}
	}
	return p, nil
}
