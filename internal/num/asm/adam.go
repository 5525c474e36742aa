package main

import (
	"github.com/mmcloughlin/avo/operand"
)

// Offsets of num's adamRates.
const (
	rateW = 8 * iota
	rateB1
	rateB2
	rateW2
	rateStep
	rateRoot2
	rateEps
)

// adam writes one step: the variant whose gradient weighs less than a half, or the other.
func adam(c *code) {
	c.begin("adam", "func(p, grad, m, v *float64, n int, r *byte)")
	r := c.arg("r")
	rate := func(offset int) vec {
		v := c.vec()
		c.VBROADCASTSD(at(r, offset), v)
		return v
	}
	w, b1, b2, w2, step, root2, eps := rate(rateW), rate(rateB1), rate(rateB2), rate(rateW2), rate(rateStep), rate(rateRoot2), rate(rateEps)
	n, arrays := c.arg("n"), []gp{c.arg("p"), c.arg("grad"), c.arg("m"), c.arg("v")}
	heavy := c.label("heavy")
	bits := c.GP64()
	c.MOVQ(at(r, rateW), bits)
	half := c.GP64()
	c.MOVQ(operand.U64(0x3fe0000000000000), half)
	c.CMPQ(bits, half) // both positive: ordered as integers
	c.JGE(to(heavy))
	for _, light := range []bool{true, false} {
		if !light {
			c.Label(heavy)
		}
		c.each(n, arrays, func(load func(i int) vec, store func(i int, v vec)) {
			p, g, m, v := load(0), load(1), load(2), load(3)
			d := c.vec()
			c.sub(d, g, m)
			if light {
				c.mul(d, d, w)
				c.add(m, m, d)
			} else {
				c.mul(d, d, b1)
				c.sub(m, g, d)
			}
			store(2, m)
			c.mul(v, v, b2)
			c.mul(d, w2, g)
			c.mul(d, d, g)
			c.add(v, v, d)
			store(3, v)
			c.VSQRTPD(v, d)
			c.div(d, d, root2)
			c.add(d, d, eps)
			c.mul(m, step, m)
			c.div(m, m, d)
			c.sub(p, p, m)
			store(0, p)
		})
	}
}
