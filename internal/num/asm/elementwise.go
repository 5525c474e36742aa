package main

import "math"

// unary writes dst = f(x) for the n elements of x.
func (c *code) unary(name string, f func() func(x vec) vec) {
	c.begin(name, "func(dst, x *float64, n int)")
	body := f()
	c.each(c.arg("n"), []gp{c.arg("dst"), c.arg("x")}, func(load func(i int) vec, store func(i int, v vec)) {
		store(0, body(load(1)))
	})
}

// gradient writes dst = dy·f(x).
func (c *code) gradient(name string, f func() func(x vec) vec) {
	c.begin(name, "func(dst, dy, x *float64, n int)")
	body := f()
	c.each(c.arg("n"), []gp{c.arg("dst"), c.arg("dy"), c.arg("x")}, func(load func(i int) vec, store func(i int, v vec)) {
		dy := load(1)
		d := body(load(2))
		c.mul(d, dy, d)
		store(0, d)
	})
}

func leaky(c *code) {
	c.begin("leaky", "func(dst, x *float64, n int, slope float64)")
	slope, keep, zero := c.slope()
	c.each(c.arg("n"), []gp{c.arg("dst"), c.arg("x")}, func(load func(i int) vec, store func(i int, v vec)) {
		x := load(1)
		c.leak(x, x, lessThan, zero, slope, keep)
		store(0, x)
	})
}

func leakyGrad(c *code) {
	c.begin("leakyGrad", "func(dst, dy, x *float64, n int, slope float64)")
	slope, keep, zero := c.slope()
	c.each(c.arg("n"), []gp{c.arg("dst"), c.arg("dy"), c.arg("x")}, func(load func(i int) vec, store func(i int, v vec)) {
		dy := load(1)
		c.leak(dy, load(2), notGreaterThan, zero, slope, keep)
		store(0, dy)
	})
}

// slope returns the slope, all ones unless it is 0, and 0.
func (c *code) slope() (slope, keep, zero vec) {
	slope, keep, zero = c.broadcastArg("slope"), c.vec(), c.vec()
	c.clear(zero)
	ones := c.vec()
	c.VBROADCASTSD(c.u(math.MaxUint64).(literal).mem, ones)
	c.choose(keep, c.compare(equal, slope, zero), zero, ones)
	return
}

// Literals of num's exp.go, log.go and softplus.go, which document them.
const (
	log2e = 0x1.71547652b82fep+0
	ln2Hi = 0x1.62e42feep-1
	ln2Lo = 0x1.a39ef35793c76p-33
	round = 0x1.8p52
	bias1 = round + 1023

	sign       = 1 << 63
	mantissa   = 1<<52 - 1
	sqrtHalf   = 0x3fe6a09e667f3bcd
	expOffset  = 0x4330000000000000
	minNormal  = 0x1p-1022
	denormalUp = 0x1p54
)

var (
	expQ = []float64{
		0x1.ad7f364a50838p-26, 0x1.28ad9b8cf1c58p-22, 0x1.71df25b824940p-19, 0x1.a01999e256f02p-16, 0x1.a01a012a0d248p-13,
		0x1.6c16c18438b79p-10, 0x1.1111111127d14p-7, 0x1.555555555083ep-5, 0x1.55555555554f9p-3, 0x1.000000000000ap-1,
	}
	logP = []float64{
		0x1.2f07081e36b86p-3, 0x1.39a192f55f332p-3, 0x1.7466405e654f7p-3, 0x1.c71c5202a7305p-3, 0x1.24924941f8dcdp-2,
		0x1.999999997fd37p-2, 0x1.5555555555592p-1,
	}
	log1pP = []float64{
		0x1.5c8fd2593776bp-3, 0x1.55968d473299ep-4, 0x1.efdecb2c83c03p-4, 0x1.10675481a0992p-3, 0x1.3b1de49e99a20p-3,
		0x1.745cb38a56003p-3, 0x1.c71c742002e97p-3, 0x1.24924920848fep-2, 0x1.99999999a085bp-2, 0x1.5555555555535p-1,
	}
)

func exp(c *code) {
	c.unary("exp", func() func(x vec) vec {
		lo, hi := c.constant(-746), c.constant(710)
		return func(x vec) vec {
			c.maxNaN(x, lo, x)
			c.minNaN(x, hi, x)
			return c.expOf(x)
		}
	})
}

// expOf returns eˣ for |x| < 746 or NaN.
func (c *code) expOf(x vec) vec {
	t, n := c.expm1Reduced(x)
	c.add(t, t, c.f(1))
	return c.scaleBy2(t, n)
}

func (c *code) expm1Reduced(x vec) (t, n vec) {
	n, t = c.constant(log2e), c.vec()
	c.mulAdd(n, x, c.f(round))
	c.sub(n, n, c.f(round))
	r1, r, tail := c.vec(), c.vec(), c.vec()
	c.VMOVAPD(x, r1)
	c.subMul(r1, n, c.f(ln2Hi))
	c.VMOVAPD(r1, r)
	c.subMul(r, n, c.f(ln2Lo))
	c.sub(tail, r1, r)
	c.subMul(tail, n, c.f(ln2Lo))
	q := c.horner(r, expQ...)
	c.mul(t, r, r)
	c.mulAdd(t, q, tail)
	c.add(t, t, r)
	return t, n
}

func (c *code) scaleBy2(y, n vec) vec {
	if c.wide {
		c.VSCALEFPD(n, y, y)
		return y
	}
	half, rest := c.vec(), c.vec()
	c.mul(half, n, c.f(0.5))
	c.add(half, half, c.f(bias1))
	c.sub(rest, half, c.f(bias1))
	c.sub(rest, n, rest)
	c.add(rest, rest, c.f(bias1))
	c.shiftL(half, half, 52)
	c.shiftL(rest, rest, 52)
	c.mul(y, y, half)
	c.mul(y, y, rest)
	return y
}

func log_(c *code) {
	c.unary("log", func() func(x vec) vec {
		return func(x vec) vec {
			y, bias, t := c.vec(), c.vec(), c.vec()
			tiny := c.compare(lessThan, x, c.f(minNormal))
			c.mul(t, x, c.f(denormalUp))
			c.choose(y, tiny, t, x)
			c.choose(bias, tiny, c.f(0x1p52+1024+54), c.constant(0x1p52+1024))
			sqrtHalfConst := c.vec()
			c.VBROADCASTSD(c.u(sqrtHalf).(literal).mem, sqrtHalfConst)
			c.isub(y, y, sqrtHalfConst)
			c.iadd(y, y, c.u(1024<<52))
			e, f := c.vec(), c.vec()
			c.shiftR(e, y, 52)
			c.or(e, e, c.u(expOffset))
			c.sub(e, e, bias)
			c.and(f, y, c.u(mantissa))
			c.iadd(f, f, sqrtHalfConst)
			c.sub(f, f, c.f(1))
			r := c.logReduced(f, e)
			c.choose(r, c.compare(notLess, x, c.f(math.Inf(1))), x, r)
			c.choose(r, c.compare(equal, x, c.f(0)), c.f(math.Inf(-1)), r)
			c.choose(r, c.compare(lessThan, x, c.f(0)), c.f(math.NaN()), r)
			return r
		}
	})
}

func (c *code) logReduced(f, e vec) vec {
	s, z, h := c.vec(), c.vec(), c.vec()
	c.add(s, f, c.f(2))
	c.div(s, f, s)
	c.mul(z, s, s)
	w := c.horner(z, logP...)
	c.mul(h, f, c.f(0.5))
	c.mul(h, h, f)
	c.mulAdd(w, z, h)
	v, r := c.vec(), c.vec()
	c.mul(v, e, c.f(ln2Lo))
	c.addMul(v, s, w)
	c.sub(r, h, v)
	c.sub(r, f, r)
	c.addMul(r, e, c.f(ln2Hi))
	return r
}

// expOfMinusAbs returns e^{−|x|}.
func (c *code) expOfMinusAbs(x, lo vec) vec {
	y := c.vec()
	c.or(y, x, c.u(sign))
	c.maxNaN(y, lo, y)
	return c.expOf(y)
}

func (c *code) sigmoidOf(x, lo vec) vec {
	u, n := c.expOfMinusAbs(x, lo), c.vec()
	c.choose(n, c.compare(lessThan, x, c.f(0)), u, c.constant(1))
	c.add(u, u, c.f(1))
	c.div(u, n, u)
	return u
}

func sigmoid(c *code) {
	c.unary("sigmoid", func() func(x vec) vec {
		lo := c.constant(-746)
		return func(x vec) vec { return c.sigmoidOf(x, lo) }
	})
}

func sigmoidGrad(c *code) {
	c.gradient("sigmoidGrad", func() func(y vec) vec {
		one := c.constant(1)
		return func(y vec) vec {
			d := c.vec()
			c.sub(d, one, y)
			c.mul(d, y, d)
			return d
		}
	})
}

func softplus(c *code) {
	c.unary("softplus", func() func(x vec) vec {
		lo, zero := c.constant(-746), c.vec()
		c.clear(zero)
		return func(x vec) vec {
			u := c.expOfMinusAbs(x, lo)
			s, z, h := c.vec(), c.vec(), c.vec()
			c.add(s, u, c.f(2))
			c.div(s, u, s)
			c.mul(z, s, s)
			w := c.horner(z, log1pP...)
			c.mul(h, u, c.f(0.5))
			c.mul(h, h, u)
			c.mulAdd(w, z, h)
			c.subMul(h, s, w)
			c.sub(u, u, h)
			positive := c.vec()
			c.maxNaN(positive, x, zero)
			c.add(u, u, positive)
			return u
		}
	})
}

func softplusGrad(c *code) {
	c.gradient("softplusGrad", func() func(x vec) vec {
		lo := c.constant(-746)
		return func(x vec) vec { return c.sigmoidOf(x, lo) }
	})
}

func tanh(c *code) {
	c.unary("tanh", func() func(x vec) vec {
		lo := c.constant(-80)
		return func(x vec) vec {
			y, s, e := c.vec(), c.vec(), c.vec()
			c.or(y, x, c.u(sign))
			c.add(y, y, y)
			c.maxNaN(y, lo, y)
			t, n := c.expm1Reduced(y)
			c.add(s, n, c.f(bias1))
			c.shiftL(s, s, 52)
			c.sub(e, s, c.f(1))
			c.addMul(e, s, t)
			c.add(s, e, c.f(2))
			c.div(e, e, s)
			c.and(e, e, c.u(sign-1)) // |tanh x|; e ≤ 0
			c.and(x, x, c.u(sign))
			c.or(e, e, x)
			return e
		}
	})
}

func tanhGrad(c *code) {
	c.gradient("tanhGrad", func() func(y vec) vec {
		one := c.constant(1)
		return func(y vec) vec {
			c.mul(y, y, y)
			c.sub(y, one, y)
			return y
		}
	})
}
