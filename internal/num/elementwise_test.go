package num

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// special are arguments where elementwise functions go wrong.
var special = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, 20, -20, 36.8, -36.8, 700, -700, 709.7, 709.9, -708.3, -708.5, -744.4, -745.2, -746,
	1e300, -1e300, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64,
	0x1p-1022, -0x1p-1022, 0x1p-1023, 1e-17, -1e-17, math.Inf(1), math.Inf(-1), math.NaN(),
}

// values returns n arguments, a third of them special.
func (s source) values(name string, n int) buffer {
	b := s.vector(name, n)
	for i := range b.v {
		switch s.rng.IntN(3) {
		case 0:
			b.v[i] = special[s.rng.IntN(len(special))]
		case 1:
			b.v[i] *= math.Exp(10 * s.rng.NormFloat64())
		}
	}
	return b
}

// same compares bits, any NaN equal to any other.
func same(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
}

// close64 accepts a relative difference of tol, and a few units of the denormal range.
func close64(got, want, tol float64) bool {
	return same(got, want) || math.Abs(got-want) <= max(tol*math.Abs(want), 8*math.SmallestNonzeroFloat64)
}

// logOf is math.Log, whose amd64 version is wrong below the normal numbers.
func logOf(x float64) float64 {
	if 0 < x && x < 0x1p-1022 {
		return math.Log(x*0x1p54) - 54*math.Ln2
	}
	return math.Log(x)
}

// logistic is 1/(1+e^{−x}), which is eˣ to rounding below −40, where e^{−x} may overflow.
func logistic(x float64) float64 {
	if x < -40 {
		return math.Exp(x)
	}
	return 1 / (1 + math.Exp(-x))
}

func TestUnary(t *testing.T) {
	cases := []struct {
		name string
		f    func(dst, x []float64)
		want func(float64) float64
		tol  float64
	}{
		{"ReLU", ReLU, func(x float64) float64 {
			if x < 0 {
				return 0
			}
			return x
		}, 0},
		{"LeakyReLU", func(dst, x []float64) { LeakyReLU(dst, x, 0.2) }, func(x float64) float64 {
			if x > 0 {
				return x
			}
			return 0.2 * x
		}, 0},
		{"Exp", Exp, math.Exp, 0x1p-51},
		{"Log", Log, logOf, 0x1p-51},
		{"Tanh", Tanh, math.Tanh, 0x1p-50},
		{"Sigmoid", Sigmoid, logistic, 0x1p-50},
		{"Softplus", Softplus, func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }, 0x1p-50},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			eachSet(t, func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) {
					s := newSource(rt)
					x := s.values("x", s.size("n", 67))
					dst := newBuffer(len(x.v), s.size("dst offset", 7))
					c.f(dst.v, x.v)
					dst.check(s, c.name)
					x.check(s, c.name)
					for i, v := range x.v {
						if !close64(dst.v[i], c.want(v), c.tol) {
							s.Fatalf("%s(%v) = %v, want %v", c.name, v, dst.v[i], c.want(v))
						}
					}
					in := x.clone()
					c.f(in.v, in.v)
					for i := range in.v {
						if !same(in.v[i], dst.v[i]) {
							s.Fatalf("%s in place differs: %v, %v", c.name, in.v[i], dst.v[i])
						}
					}
				})
			})
		})
	}
}

func TestGradients(t *testing.T) {
	step := func(x, slope float64) float64 {
		if x > 0 {
			return 1
		}
		return slope
	}
	cases := []struct {
		name string
		f    func(dst, dy, x []float64)
		want func(dy, x float64) float64
		tol  float64
	}{
		{"ReLUGrad", ReLUGrad, func(dy, x float64) float64 {
			if x > 0 {
				return dy
			}
			return 0
		}, 0},
		{"LeakyReLUGrad", func(dst, dy, x []float64) { LeakyReLUGrad(dst, dy, x, 0.2) },
			func(dy, x float64) float64 { return dy * step(x, 0.2) }, 0},
		{"TanhGrad", TanhGrad, func(dy, y float64) float64 { return dy * (1 - y*y) }, 0},
		{"SigmoidGrad", SigmoidGrad, func(dy, y float64) float64 { return dy * (y * (1 - y)) }, 0},
		{"SoftplusGrad", SoftplusGrad, func(dy, x float64) float64 { return dy * logistic(x) }, 0x1p-50},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			eachSet(t, func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) {
					s := newSource(rt)
					n := s.size("n", 67)
					dy, x := s.vector("dy", n), s.values("x", n)
					dst := newBuffer(n, s.size("dst offset", 7))
					c.f(dst.v, dy.v, x.v)
					for _, b := range []buffer{dst, dy, x} {
						b.check(s, c.name)
					}
					for i, v := range x.v {
						if want := c.want(dy.v[i], v); !close64(dst.v[i], want, c.tol) {
							s.Fatalf("%s(%v, %v) = %v, want %v", c.name, dy.v[i], v, dst.v[i], want)
						}
					}
					overDy, overX := dy.clone(), x.clone()
					c.f(overDy.v, overDy.v, x.v)
					c.f(overX.v, dy.v, overX.v)
					for i, v := range dst.v {
						if !same(overDy.v[i], v) || !same(overX.v[i], v) {
							s.Fatalf("%s in place differs: %v, %v, %v", c.name, overDy.v[i], overX.v[i], v)
						}
					}
				})
			})
		})
	}
}

// randomBits returns a number of any sign and exponent, infinities and NaN included.
func randomBits(rng *rand.Rand) float64 { return math.Float64frombits(rng.Uint64()) }
