package main

import "github.com/mmcloughlin/avo/operand"

// rowDots writes the dot products of the rows of a matrix with a vector, each in eight
// lanes, blocks of rows together.
func rowDots(c *code) {
	c.begin("rowDots", "func(dst, mat *float64, ld int, v *float64, rows, k int)")
	dst, a, ld, rows := c.arg("dst"), c.arg("mat"), c.arg("ld"), c.arg("rows")
	ld3 := c.GP64()
	c.LEAQ(mem{Base: ld, Index: ld, Scale: 2}, ld3)
	block, rest, row, done := c.label("block"), c.label("rest"), c.label("row"), c.label("done")
	n := c.lanes()
	c.SUBQ(imm(n), rows)
	c.JL(to(rest))
	c.Label(block)
	sums := c.dotRows(a, ld, ld3, c.lanes())
	total := c.sumsOfLanes(sums)
	c.store(at(dst, 0), total, nil)
	c.ADDQ(imm(8*n), dst)
	c.LEAQ(mem{Base: a, Index: ld, Scale: uint8(n)}, a)
	c.SUBQ(imm(n), rows)
	c.JGE(to(block))
	c.Label(rest)
	c.ADDQ(imm(n), rows)
	c.JZ(to(done))
	c.Label(row)
	single := c.dotRows(a, ld, ld3, 1)
	one := c.sumOfLanes(single[0])
	c.VMOVSD(one.AsX(), at(dst, 0))
	c.ADDQ(imm(8), dst)
	c.ADDQ(ld, a)
	c.DECQ(rows)
	c.JNZ(to(row))
	c.Label(done)
	c.end()
}

// dotRows returns the lanes of the dot products of the next rows: one vector each, or two
// halves for AVX2.
func (c *code) dotRows(a, ld, ld3 gp, rows int) [][]vec {
	halves := 8 / c.lanes()
	sums := make([][]vec, rows)
	for r := range sums {
		sums[r] = c.vecs(halves)
		for _, v := range sums[r] {
			c.clear(v)
		}
	}
	p, v, k := c.GP64(), c.arg("v"), c.arg("k")
	c.MOVQ(a, p)
	loop, rest, done := c.label("dot"), c.label("dotRest"), c.label("dotDone")
	x := c.vec()
	eachRow := func(f func(r int, a mem)) {
		if rows == 1 {
			f(0, at(p, 0))
		} else {
			c.eachRow(p, ld, ld3, f)
		}
	}
	c.SUBQ(imm(8), k)
	c.JL(to(rest))
	c.Label(loop)
	for h := range halves {
		c.load(x, at(v, 32*h), nil)
		eachRow(func(r int, a mem) { c.addMul(sums[r][h], x, a.Offset(32*h)) })
	}
	c.ADDQ(imm(64), p)
	c.ADDQ(imm(64), v)
	c.SUBQ(imm(8), k)
	c.JGE(to(loop))
	c.Label(rest)
	c.ADDQ(imm(8), k)
	c.JZ(to(done))
	y := c.vec()
	for h := range halves {
		m := c.tailMask(k, 4*h)
		c.load(x, at(v, 32*h), m)
		eachRow(func(r int, a mem) {
			c.load(y, a.Offset(32*h), m)
			c.addMul(sums[r][h], x, y)
		})
	}
	c.Label(done)
	return sums
}

// sumsOfLanes adds up the lanes of as many rows as a vector has lanes, in num's order
// ((0+1)+(2+3)) + ((4+5)+(6+7)).
func (c *code) sumsOfLanes(sums [][]vec) vec {
	if !c.wide {
		halves := c.vecs(2)
		for h := range halves {
			p, q, low, high := c.vec(), c.vec(), c.vec(), c.vec()
			c.VHADDPD(sums[1][h], sums[0][h], p)
			c.VHADDPD(sums[3][h], sums[2][h], q)
			c.VPERM2F128(operand.Imm(0x20), q, p, low)
			c.VPERM2F128(operand.Imm(0x31), q, p, high)
			c.add(halves[h], low, high)
		}
		c.add(halves[0], halves[0], halves[1])
		return halves[0]
	}
	low, high := c.vec(), c.vec()
	pairs, quads := c.vecs(4), c.vecs(2)
	for i := range pairs {
		c.VUNPCKLPD(sums[2*i+1][0], sums[2*i][0], low)
		c.VUNPCKHPD(sums[2*i+1][0], sums[2*i][0], high)
		c.add(pairs[i], low, high)
	}
	halve := func(d, a, b vec) {
		c.VSHUFF64X2(operand.Imm(0x88), b, a, low)
		c.VSHUFF64X2(operand.Imm(0xdd), b, a, high)
		c.add(d, low, high)
	}
	halve(quads[0], pairs[0], pairs[1])
	halve(quads[1], pairs[2], pairs[3])
	halve(quads[0], quads[0], quads[1])
	return quads[0]
}

// sumOfLanes adds up the eight lanes of one row, in the same order, into the first lane.
func (c *code) sumOfLanes(sum []vec) vec {
	low, x := sum[0].AsY(), sum[0].AsX()
	var high op = c.YMM()
	if c.wide {
		c.VEXTRACTF64X4(operand.Imm(1), sum[0], high)
	} else {
		high = sum[1]
	}
	c.VHADDPD(high, low, low)
	top := c.XMM()
	c.VEXTRACTF128(operand.Imm(1), low, top)
	c.VADDPD(top, x, x)
	c.VUNPCKHPD(x, x, top)
	c.VADDSD(top, x, x)
	return sum[0]
}

// vecMat writes y = α·xᵀ·M + β·y: sums over even and over odd rows of M, four vectors of
// columns at a time.
func vecMat(c *code) {
	c.begin("vecMat", "func(y, x *float64, sx int, mat *float64, ld, n, k int, alpha, beta float64)")
	y, mat, ld, n := c.arg("y"), c.arg("mat"), c.arg("ld"), c.arg("n")
	done := c.label("done")
	for width := 4; width > 0; width /= 2 {
		strip, next := c.label("strip"), c.label("next")
		c.Label(strip)
		c.CMPQ(n, imm(width*c.lanes()))
		c.JL(to(next))
		c.vecMatStrip(y, mat, ld, width, nil)
		c.ADDQ(imm(width*c.bytes()), y)
		c.ADDQ(imm(width*c.bytes()), mat)
		c.SUBQ(imm(width*c.lanes()), n)
		if width == 4 {
			c.JMP(to(strip))
		}
		c.Label(next)
	}
	c.TESTQ(n, n)
	c.JZ(to(done))
	c.vecMatStrip(y, mat, ld, 1, c.tailMask(n, 0))
	c.Label(done)
	c.end()
}

func (c *code) vecMatStrip(y, mat, ld gp, width int, m mask) {
	even, odd := c.vecs(width), c.vecs(width)
	for j := range even {
		c.clear(even[j])
		c.clear(odd[j])
	}
	row, x, sx, k := c.GP64(), c.arg("x"), c.arg("sx"), c.arg("k")
	c.MOVQ(mat, row)
	loop, rest, summed := c.label("rows"), c.label("lastRow"), c.label("summed")
	add := func(sums []vec) {
		v, t := c.vec(), c.vec()
		c.VBROADCASTSD(at(x, 0), v)
		for j := range sums {
			if m == nil {
				c.addMul(sums[j], v, at(row, j*c.bytes()))
				continue
			}
			c.load(t, at(row, j*c.bytes()), m)
			c.addMul(sums[j], v, t)
		}
		c.ADDQ(sx, x)
		c.ADDQ(ld, row)
	}
	c.SUBQ(imm(2), k)
	c.JL(to(rest))
	c.Label(loop)
	add(even)
	add(odd)
	c.SUBQ(imm(2), k)
	c.JGE(to(loop))
	c.Label(rest)
	c.ADDQ(imm(2), k)
	c.JZ(to(summed))
	add(even)
	c.Label(summed)
	alpha := c.broadcastArg("alpha")
	for j := range even {
		c.add(even[j], even[j], odd[j])
		c.mul(even[j], even[j], alpha)
	}
	bits, store := c.GP64(), c.label("store")
	c.MOVQ(c.address("beta"), bits)
	c.ADDQ(bits, bits) // drops the sign: ±0
	c.JZ(to(store))
	beta, t := c.broadcastArg("beta"), c.vec()
	for j := range even {
		c.load(t, at(y, j*c.bytes()), m)
		c.addMul(even[j], beta, t)
	}
	c.Label(store)
	for j := range even {
		c.store(at(y, j*c.bytes()), even[j], m)
	}
}
