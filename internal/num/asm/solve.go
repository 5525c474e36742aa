package main

// solveBlock writes the solve of Uᵀ·X = B for an upper triangular 8×8 block U and the
// vectors of columns to its right, in place, a vector at a time.
func solveBlock(c *code) {
	c.begin("solveBlock", "func(u *float64, ld int, inverse *[8]float64, vecs int)")
	u, ld, inverse, vecs := c.arg("u"), c.arg("ld"), c.arg("inverse"), c.arg("vecs")
	columns := c.GP64()
	c.LEAQ(at(u, 64), columns)
	loop := c.label("columns")
	c.Label(loop)
	row := c.GP64()
	x := c.vecs(8)
	c.MOVQ(columns, row)
	for r := range 8 {
		c.load(x[r], at(row, 0), nil)
		if r < 7 {
			c.ADDQ(ld, row)
		}
	}
	diagonal := c.GP64()
	c.MOVQ(u, diagonal)
	c.MOVQ(columns, row)
	for r := range 8 {
		c.mulElement(x[r], at(inverse, 8*r))
		c.store(at(row, 0), x[r], nil)
		for q := r + 1; q < 8; q++ {
			c.subMulElement(x[q], x[r], at(diagonal, 8*q))
		}
		if r < 7 {
			c.ADDQ(ld, row)
			c.ADDQ(ld, diagonal)
		}
	}
	c.ADDQ(imm(c.bytes()), columns)
	c.DECQ(vecs)
	c.JNZ(to(loop))
	c.end()
}

// mulElement computes v·a for a single number in memory.
func (c *code) mulElement(v vec, a mem) {
	if c.wide {
		c.VMULPD_BCST(a, v, v)
		return
	}
	t := c.vec()
	c.VBROADCASTSD(a, t)
	c.mul(v, v, t)
}

// subMulElement computes v − x·a for a single number in memory.
func (c *code) subMulElement(v, x vec, a mem) {
	if c.wide {
		c.VFNMADD231PD_BCST(a, x, v)
		return
	}
	t := c.vec()
	c.VBROADCASTSD(a, t)
	c.subMul(v, x, t)
}
