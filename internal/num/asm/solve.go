package main

import "github.com/mmcloughlin/avo/reg"

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

// forward and backward write the solves of L·x = b and Lᵀ·x = b for an 8×8 block, number
// by number: only the reciprocals of the diagonal can be had in parallel.
func forward(c *code) {
	c.solveScalar("forward", []int{0, 1, 2, 3, 4, 5, 6, 7}, func(q, i int) (row, column int) { return i, q })
}

func backward(c *code) {
	c.solveScalar("backward", []int{7, 6, 5, 4, 3, 2, 1, 0}, func(q, i int) (row, column int) { return q, i })
}

// solveScalar eliminates the unknowns in an order; place gives where the coefficient of
// unknown q in equation i is.
func (c *code) solveScalar(name string, order []int, place func(q, i int) (row, column int)) {
	if c.wide {
		return // the AVX2 version serves both
	}
	c.begin(name, "func(x, l *float64, ld int)")
	x, l, ld := c.arg("x"), c.arg("l"), c.arg("ld")
	rows := []gp{l}
	for range 7 {
		next := c.GP64()
		c.LEAQ(mem{Base: rows[len(rows)-1], Index: ld, Scale: 1}, next)
		rows = append(rows, next)
	}
	b := make([]reg.VecVirtual, 8)
	one := c.XMM()
	c.VMOVSD(c.f(1).(literal).mem, one)
	for i := range b {
		b[i] = c.XMM()
		c.VMOVSD(at(x, 8*i), b[i])
	}
	for n, q := range order {
		inverse := c.XMM()
		c.VDIVSD(at(rows[q], 8*q), one, inverse)
		c.VMULSD(inverse, b[q], b[q])
		c.VMOVSD(b[q], at(x, 8*q))
		for _, i := range order[n+1:] {
			row, column := place(q, i)
			c.VFNMADD231SD(at(rows[row], 8*column), b[q], b[i])
		}
	}
	c.end()
}
