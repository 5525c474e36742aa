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

// restoreDiagonal writes the lower triangle of a block of a as the transpose of the upper
// triangle of a block of u.
func restoreDiagonal(c *code) {
	c.begin("restoreDiagonal", "func(a *float64, lda int, u *float64, ldu int)")
	a, lda, u, ldu := c.arg("a"), c.arg("lda"), c.arg("u"), c.arg("ldu")
	ldu3 := c.GP64()
	c.LEAQ(mem{Base: ldu, Index: ldu, Scale: 2}, ldu3)
	in := c.vecs(c.lanes())
	c.eachRow(u, ldu, ldu3, func(i int, row mem) { c.load(in[i], row, nil) })
	out := c.transposed(in)
	for r := range out {
		var m mask
		if c.wide {
			m = c.fixedMask(r + 1)
		}
		c.storeFirst(at(a, 0), out[r], r+1, m)
		if r < len(out)-1 {
			c.ADDQ(lda, a)
		}
	}
	c.end()
}
