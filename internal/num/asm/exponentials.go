package main

import "math"

// exponentials writes the kernel of num.Exponentials: groups of 16 words, from the first
// word of a block, and −ln of the uniforms they are.
func exponentials(c *code) {
	c.begin("exponentials", "func(dst *float64, groups int, s *uint64)")
	n := &normalsCode{code: c, dst: c.arg("dst"), schedule: c.arg("s"), counter: c.vec()}
	groups := c.arg("groups")
	n.firstBlocks()
	loop := c.label("loop")
	if c.wide { // the words of a group are interleaved with the logarithms of the one before
		n.lead = map[string]vec{"normalLogPoly": c.vec()}
		c.VBROADCASTSD(variable("normalLogPoly", degrees["normalLogPoly"]), n.lead["normalLogPoly"])
		w := c.vecs(2)
		n.words(w).write()
		c.Label(loop)
		merge(merge(n.exponential(w[0], 0), n.exponential(w[1], 1)), n.words(w)).write()
	} else { // dst holds the words of two vectors
		for i, name := range logTables {
			n.table[i] = c.GP64()
			c.LEAQ(variable(name, 0), n.table[i])
		}
		c.Label(loop)
		for i := range 2 {
			w := c.vecs(2)
			n.words(w).write()
			c.store(at(n.dst, 64*i), w[0], nil)
			c.store(at(n.dst, 64*i+32), w[1], nil)
		}
		for j := 0; j < 4; j += 2 {
			v, w := c.vec(), c.vec()
			c.load(v, at(n.dst, 32*j), nil)
			c.load(w, at(n.dst, 32*j+32), nil)
			merge(n.exponential(v, j), n.exponential(w, j+1)).write()
		}
	}
	c.ADDQ(imm(128), n.dst)
	c.DECQ(groups)
	c.JNE(to(loop))
	c.end()
}

// exponential computes vector j of a group from its words, which it overwrites.
func (c *normalsCode) exponential(w vec, j int) (s steps) {
	y, L := c.vec(), c.vec()
	s.do(func() { c.and(y, w, c.u(mantissa)); c.or(y, y, c.f(1)) })
	s.do(func() { c.sub(y, y, c.f(1-0x1p-53)) })
	s = append(s, c.negLog2(L, y)...)
	s.do(func() { c.mul(L, L, c.f(math.Ln2)) })
	s.do(func() { c.store(at(c.dst, j*c.bytes()), L, nil) })
	return s
}
