package num

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// The errors stated in the documentation, in units in the last place of the exact result
// (among denormals, of the smallest number), against arithmetic of 200 bits.
func TestUlps(t *testing.T) {
	for _, c := range []struct {
		name   string
		f      func(dst, x []float64)
		exact  func(x float64) *big.Float
		lo, hi float64 // where the result is neither 0 nor infinite
		bound  float64
	}{
		{"Exp", Exp, bigExp, -745, 709.78, 0.9},
		{"Log", Log, func(x float64) *big.Float { return bigLog(precise(x), logOf(x)) }, math.SmallestNonzeroFloat64, math.MaxFloat64, 1},
		{"Sigmoid", Sigmoid, bigSigmoid, -745, 800, 2},
		{"Softplus", Softplus, bigSoftplus, -745, 1e6, 2},
		{"Tanh", Tanh, bigTanh, -40, 40, 2.75},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := arguments(c.lo, c.hi)
			y := make([]float64, len(x))
			c.f(y, x)
			var worst, where float64
			for i, v := range x {
				if e := ulps(y[i], c.exact(v)); !(e <= worst) {
					worst, where = e, v
				}
			}
			t.Logf("largest error %.3f ulp, at %v", worst, where)
			if !(worst < c.bound) {
				t.Errorf("error %.3f ulp at %v (%x), stated below %v", worst, where, where, c.bound)
			}
		})
	}
}

// arguments returns points between lo and hi: uniform, uniform in the exponent, and around
// the places where the algorithms change branch, exponent or sign.
func arguments(lo, hi float64) []float64 {
	rng := rand.New(rand.NewPCG(3, 7))
	var x []float64
	add := func(v float64) {
		if lo <= v && v <= hi {
			x = append(x, v)
		}
	}
	for range 4000 {
		add(rng.NormFloat64())
		add(40 * rng.NormFloat64())
		add(max(lo, -800) + rng.Float64()*(min(hi, 800)-max(lo, -800)))
		add(randomBits(rng))
		add(math.Copysign(math.Exp(20*rng.NormFloat64()), rng.NormFloat64()))
	}
	for _, v := range []float64{1, math.Sqrt2, math.Sqrt2 / 2, math.E, 20, 1e-8, 1e-15, lo, hi, 19.0615, -37, -708.39, -745.1, 709.7, 36.7} {
		aroundBits(v, add)
	}
	for k := -1000; k < 1000; k += 7 {
		aroundBits((float64(k)+0.5)*math.Ln2, add) // where exp changes its exponent
		aroundBits(float64(k)*math.Ln2, add)
	}
	for e := -1022; e < 1024; e += 13 {
		aroundBits(math.Ldexp(math.Sqrt2, e), add) // where log does
		aroundBits(math.Ldexp(1, e), add)
	}
	return x
}

// aroundBits adds ±v and its neighbours.
func aroundBits(v float64, add func(float64)) {
	for _, s := range []float64{v, -v} {
		add(s)
		add(math.Nextafter(s, math.Inf(1)))
		add(math.Nextafter(s, math.Inf(-1)))
	}
}

const precision = 200

func precise(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }

func bigOp() *big.Float { return new(big.Float).SetPrec(precision) }

var bigLn2, _ = bigOp().SetString("0.693147180559945309417232121458176568075500134360255254120680009493393621969694715605863326996418687")

// bigExp sums the Taylor series of e^{r/2^16}, r = x − k·log 2, and squares.
func bigExp(x float64) *big.Float { return bigExpOf(precise(x)) }

func bigExpOf(x *big.Float) *big.Float {
	f, _ := x.Float64()
	k := int(math.Round(f / math.Ln2))
	r := bigOp().Sub(x, bigOp().Mul(precise(float64(k)), bigLn2))
	r.SetMantExp(r, -16)
	sum, term := precise(1), precise(1)
	for n := 1; n < 14; n++ {
		term.Mul(term, r)
		term.Quo(term, precise(float64(n)))
		sum.Add(sum, term)
	}
	for range 16 {
		sum.Mul(sum, sum)
	}
	return sum.SetMantExp(sum, k)
}

// bigLog improves an estimate by one step of Halley's method, which cubes its error.
func bigLog(x *big.Float, estimate float64) *big.Float {
	y := precise(estimate)
	e := bigExpOf(y)
	d := bigOp().Quo(bigOp().Sub(x, e), bigOp().Add(x, e))
	return y.Add(y, d.SetMantExp(d, 1))
}

func bigSigmoid(x float64) *big.Float {
	d := bigOp().Add(precise(1), bigExp(-x))
	return d.Quo(precise(1), d)
}

func bigSoftplus(x float64) *big.Float {
	u := bigExp(-math.Abs(x))
	l := bigOp().Sub(u, bigOp().Mul(precise(0.5), bigOp().Mul(u, u)))
	if x > -60 && x < 60 {
		f, _ := u.Float64()
		l = bigLog(bigOp().Add(precise(1), u), math.Log1p(f))
	}
	if x > 0 {
		l.Add(l, precise(x))
	}
	return l
}

func bigTanh(x float64) *big.Float {
	if math.Abs(x) < 1e-15 {
		return precise(x)
	}
	e := bigExp(2 * x)
	return bigOp().Quo(bigOp().Sub(e, precise(1)), bigOp().Add(e, precise(1)))
}

// ulps returns |got − want| in units in the last place of want.
func ulps(got float64, want *big.Float) float64 {
	w, _ := want.Float64()
	_, exponent := math.Frexp(w)
	unit := math.Ldexp(1, max(exponent-53, -1074))
	if math.IsNaN(got) || math.IsInf(got, 0) {
		return math.Inf(1)
	}
	d := bigOp().Sub(precise(got), want)
	e, _ := d.Quo(d, precise(unit)).Float64()
	return math.Abs(e)
}
