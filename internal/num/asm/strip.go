package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of num's strip, in the order declared there.
const (
	stripA = 8 * iota
	stripRowA
	stripColA
	stripBlockA
	stripK
	stripB
	stripRowB
	stripC
	stripRowC
	stripM
	stripMode
	stripAlpha
	stripBeta
	stripBias
	stripX
	stripRowX
	stripLast
	stripSlope
	stripKeep = stripSlope + 32
)

const (
	modeScale = 1 << iota
	modeBias
	modeTimes
	modeAdd
	modeLeaky
	modeMask
)

// stripKernels writes the matrix kernel for strips of one, two and three vectors.
func stripKernels(c *code) {
	for width := 1; width <= 3; width++ {
		s := stripCode{code: c, width: width}
		s.write()
	}
}

// stripCode is the kernel for a strip of width vectors: it goes down the rows in blocks of
// as many rows as a vector has lanes, the rest in blocks of 4, 2 and 1, and holds a block
// of C in registers while it sums over k.
type stripCode struct {
	*code
	width int

	s, a, cRow, x, m gp
	last             mask
	acc              [][]vec // of the current block
}

func (s *stripCode) write() {
	s.begin(fmt.Sprintf("strip%d", s.width), "func(s *byte)")
	s.s = s.arg("s")
	s.a, s.cRow, s.x, s.m = s.field(stripA), s.field(stripC), s.field(stripX), s.field(stripM)
	if s.wide {
		s.last = s.tailMask(s.field(stripLast), 0)
	}
	done := s.label("done")
	for rows := s.lanes(); rows > 0; rows /= 2 {
		block, next := s.label("rows"), s.label("next")
		s.Label(block)
		s.CMPQ(s.m, imm(rows))
		s.JL(to(next))
		s.block(rows)
		s.SUBQ(imm(rows), s.m)
		s.JZ(to(done))
		if rows == s.lanes() {
			s.JMP(to(block))
		}
		s.Label(next)
	}
	s.Label(done)
	s.end()
}

func (s *stripCode) field(offset int) gp {
	r := s.GP64()
	s.MOVQ(at(s.s, offset), r)
	return r
}

func (s *stripCode) broadcastField(offset int) vec {
	v := s.vec()
	s.VBROADCASTSD(at(s.s, offset), v)
	return v
}

// block computes one block of rows of C and moves on to the next.
func (s *stripCode) block(rows int) {
	s.acc = make([][]vec, rows)
	for r := range s.acc {
		s.acc[r] = s.vecs(s.width)
		for _, v := range s.acc[r] {
			s.clear(v)
		}
	}
	s.sum(rows)
	s.finish()
	if rows == s.lanes() {
		s.ADDQ(at(s.s, stripBlockA), s.a)
	} else {
		s.LEAQ(mem{Base: s.a, Index: s.field(stripRowA), Scale: uint8(rows)}, s.a)
	}
}

// sum adds up the products over k.
func (s *stripCode) sum(rows int) {
	a, a4, row3A := s.GP64(), s.GP64(), s.GP64()
	rowA, colA, rowB := s.field(stripRowA), s.field(stripColA), s.field(stripRowB)
	s.MOVQ(s.a, a)
	s.LEAQ(mem{Base: rowA, Index: rowA, Scale: 2}, row3A)
	if rows > 4 {
		s.LEAQ(mem{Base: a, Index: rowA, Scale: 4}, a4)
	}
	b, k := s.field(stripB), s.field(stripK)
	loop, done := s.label("sum"), s.label("summed")
	s.TESTQ(k, k)
	s.JZ(to(done))
	s.Label(loop)
	bs := s.vecs(s.width)
	for j := range bs {
		s.load(bs[j], at(b, j*s.bytes()), nil)
	}
	for r, acc := range s.acc {
		base := a
		if r >= 4 {
			base = a4
		}
		element := mem{Base: base}
		switch r % 4 {
		case 1:
			element.Index, element.Scale = rowA, 1
		case 2:
			element.Index, element.Scale = rowA, 2
		case 3:
			element.Index, element.Scale = row3A, 1
		}
		if s.wide && s.width == 1 {
			s.VFMADD231PD_BCST(element, bs[0], acc[0])
			continue
		}
		x := s.vec()
		s.VBROADCASTSD(element, x)
		for j := range acc {
			s.addMul(acc[j], x, bs[j])
		}
	}
	s.ADDQ(colA, a)
	if rows > 4 {
		s.ADDQ(colA, a4)
	}
	s.ADDQ(rowB, b)
	s.DECQ(k)
	s.JNZ(to(loop))
	s.Label(done)
}

// finish applies what the mode asks for and stores the block.
func (s *stripCode) finish() {
	mode := s.field(stripMode)
	if s.wide {
		s.stages(mode, s.last)
		s.storeRows(s.last)
		return
	}
	// AVX2's masked stores are slow: two copies
	masked, done := s.label("masked"), s.label("stored")
	last := s.field(stripLast)
	s.CMPQ(last, imm(s.lanes()))
	s.JNE(to(masked))
	s.stages(mode, nil)
	s.storeRows(nil)
	s.JMP(to(done))
	s.Label(masked)
	s.stages(mode, last)
	s.storeRows(s.tailMask(last, 0))
	s.Label(done)
}

// stages writes the steps between sum and store, each behind a test of its bit. last is
// the mask of the last vector, or for AVX2 the number of its columns; nil if it is full.
func (s *stripCode) stages(mode gp, last reg.Register) {
	maskOf := func() mask {
		if last == nil || s.wide {
			return last
		}
		return s.tailMask(last.(gp), 0)
	}
	none := s.label("plain")
	s.TESTQ(mode, mode)
	s.JZ(to(none))
	s.stage(mode, modeScale, func() {
		alpha := s.broadcastField(stripAlpha)
		s.every(func(v vec) { s.mul(v, v, alpha) })
	})
	s.stage(mode, modeBias, func() {
		bias, v := s.field(stripBias), s.vec()
		m := maskOf()
		for j := range s.width {
			s.load(v, at(bias, j*s.bytes()), s.onLast(j, m))
			for r := range s.acc {
				s.add(s.acc[r][j], s.acc[r][j], v)
			}
		}
	})
	s.stage(mode, modeTimes, func() {
		s.against(s.x, stripRowX, maskOf(), func(acc, x vec) { s.mul(acc, acc, x) })
	})
	s.stage(mode, modeAdd, func() {
		beta := s.broadcastField(stripBeta)
		s.against(s.cRow, stripRowC, maskOf(), func(acc, y vec) { s.addMul(acc, beta, y) })
	})
	s.stage(mode, modeLeaky, func() {
		slope, keep, zero := literal{at(s.s, stripSlope)}, literal{at(s.s, stripKeep)}, s.f(0)
		s.every(func(v vec) { s.leak(v, v, lessThan, zero, slope, keep) })
	})
	s.stage(mode, modeMask, func() {
		slope, keep, zero := literal{at(s.s, stripSlope)}, literal{at(s.s, stripKeep)}, s.f(0)
		s.against(s.x, stripRowX, maskOf(), func(acc, x vec) { s.leak(acc, x, notGreaterThan, zero, slope, keep) })
	})
	s.stage(mode, modeTimes|modeMask, func() { // X has a row per row of C
		step := s.field(stripRowX)
		s.LEAQ(mem{Base: s.x, Index: step, Scale: uint8(len(s.acc))}, s.x)
	})
	s.Label(none)
}

func (s *stripCode) stage(mode gp, bit int, body func()) {
	skip := s.label("skip")
	s.TESTQ(imm(bit), mode)
	s.JZ(to(skip))
	body()
	s.Label(skip)
}

func (s *stripCode) every(f func(v vec)) {
	for _, row := range s.acc {
		for _, v := range row {
			f(v)
		}
	}
}

// onLast returns the mask for vector j of a row.
func (s *stripCode) onLast(j int, m mask) mask {
	if j == s.width-1 {
		return m
	}
	return nil
}

// against runs f on each vector of the block and the matching one of a matrix.
func (s *stripCode) against(base gp, stride int, m mask, f func(acc, x vec)) {
	row, step, x := s.GP64(), s.field(stride), s.vec()
	s.MOVQ(base, row)
	for r := range s.acc {
		for j := range s.width {
			s.load(x, at(row, j*s.bytes()), s.onLast(j, m))
			f(s.acc[r][j], x)
		}
		if r < len(s.acc)-1 {
			s.ADDQ(step, row)
		}
	}
}

func (s *stripCode) storeRows(m mask) {
	step := s.field(stripRowC)
	for r := range s.acc {
		for j := range s.width {
			s.store(at(s.cRow, j*s.bytes()), s.acc[r][j], s.onLast(j, m))
		}
		s.ADDQ(step, s.cRow)
	}
}

// leak sets v = slope·v and-ed with keep where "x predicate 0".
func (c *code) leak(v, x vec, predicate int, zero, slope, keep op) {
	m, t := c.compare(predicate, x, zero), c.vec()
	c.mul(t, v, slope)
	if c.wide {
		c.either(keep, c.VANDPD, c.VANDPD_BCST, t, m, v)
		return
	}
	c.and(t, t, keep)
	c.choose(v, m, t, v)
}

// diagonal writes the kernel for a block on the diagonal: rows r < m of C, columns 0 … r.
// A has at least as many columns as a vector has lanes.
func diagonal(c *code) {
	c.begin("diagonal", "func(s *byte)")
	s := stripCode{code: c, width: 1}
	s.s = s.arg("s")
	a, b, colA, rowB, k := s.field(stripA), s.field(stripB), s.field(stripColA), s.field(stripRowB), s.field(stripK)
	acc := s.vecs(s.lanes())
	for _, v := range acc {
		s.clear(v)
	}
	loop, summed, done := s.label("sum"), s.label("summed"), s.label("done")
	s.TESTQ(k, k)
	s.JZ(to(summed))
	s.Label(loop)
	v, x := s.vec(), s.vec()
	s.load(v, at(b, 0), nil)
	for r := range acc {
		s.VBROADCASTSD(at(a, 8*r), x)
		s.addMul(acc[r], x, v)
	}
	s.ADDQ(colA, a)
	s.ADDQ(rowB, b)
	s.DECQ(k)
	s.JNZ(to(loop))
	s.Label(summed)
	mode, m := s.field(stripMode), s.field(stripM)
	s.cRow, s.x = s.field(stripC), s.field(stripX)
	stepC, stepX := s.field(stripRowC), s.field(stripRowX)
	alpha, beta := s.broadcastField(stripAlpha), s.broadcastField(stripBeta)
	for r := range acc {
		s.CMPQ(m, imm(r))
		s.JLE(to(done))
		row := s.fixedMask(r + 1)
		s.stage(mode, modeScale, func() { s.mul(acc[r], acc[r], alpha) })
		s.stage(mode, modeTimes, func() { s.load(x, at(s.x, 0), nil); s.mul(acc[r], acc[r], x) })
		s.stage(mode, modeAdd, func() { s.load(x, at(s.cRow, 0), row); s.addMul(acc[r], beta, x) })
		s.storeFirst(at(s.cRow, 0), acc[r], r+1, row)
		s.ADDQ(stepC, s.cRow)
		s.ADDQ(stepX, s.x)
	}
	s.Label(done)
	s.end()
}

// fixedMask returns the mask of the first n lanes.
func (c *code) fixedMask(n int) mask {
	if c.wide {
		r, k := c.GP32(), c.K()
		c.MOVL(operand.U32(1<<n-1), r)
		c.KMOVB(r, k)
		return k
	}
	table, m := c.GP64(), c.vec()
	c.LEAQ(c.symbol(maskKey, "Mask"), table)
	c.VMOVUPD(at(table, 64-8*n), m)
	return m
}

// storeFirst stores the first n lanes.
func (c *code) storeFirst(a mem, v vec, n int, m mask) {
	if c.wide {
		c.store(a, v, m)
		return
	}
	low := v.AsX()
	switch n {
	case 1:
		c.VMOVSD(low, a)
	case 2:
		c.VMOVUPD(low, a)
	case 3:
		c.VMOVUPD(low, a)
		high := c.XMM()
		c.VEXTRACTF128(operand.Imm(1), v, high)
		c.VMOVSD(high, a.Offset(16))
	case 4:
		c.VMOVUPD(v, a)
	}
}

// transpose writes dst[j][i] = src[i][j] for whole blocks.
func transpose(c *code) {
	c.begin("transpose", "func(dst *float64, ldd int, src *float64, lds, rows, cols int)")
	dst, ldd, src, lds := c.arg("dst"), c.arg("ldd"), c.arg("src"), c.arg("lds")
	rows := c.arg("rows")
	n := c.lanes()
	ldd3, lds3 := c.GP64(), c.GP64()
	c.LEAQ(mem{Base: ldd, Index: ldd, Scale: 2}, ldd3)
	c.LEAQ(mem{Base: lds, Index: lds, Scale: 2}, lds3)
	down, across := c.label("down"), c.label("across")
	c.Label(down)
	d, s, cols := c.GP64(), c.GP64(), c.arg("cols")
	c.MOVQ(dst, d)
	c.MOVQ(src, s)
	c.Label(across)
	in := c.vecs(c.lanes())
	c.eachRow(s, lds, lds3, func(i int, a mem) { c.load(in[i], a, nil) })
	out := c.transposed(in)
	c.eachRow(d, ldd, ldd3, func(i int, a mem) { c.store(a, out[i], nil) })
	c.ADDQ(imm(c.bytes()), s)
	c.LEAQ(mem{Base: d, Index: ldd, Scale: uint8(n)}, d)
	c.SUBQ(imm(n), cols)
	c.JNZ(to(across))
	c.ADDQ(imm(c.bytes()), dst)
	c.LEAQ(mem{Base: src, Index: lds, Scale: uint8(n)}, src)
	c.SUBQ(imm(n), rows)
	c.JNZ(to(down))
	c.end()
}

// eachRow calls f with the address of each row of a block: base + i·ld.
func (c *code) eachRow(base, ld, ld3 gp, f func(i int, a mem)) {
	four := base
	for i := range c.lanes() {
		if i == 4 {
			four = c.GP64()
			c.LEAQ(mem{Base: base, Index: ld, Scale: 4}, four)
		}
		a := mem{Base: four}
		switch i % 4 {
		case 1:
			a.Index, a.Scale = ld, 1
		case 2:
			a.Index, a.Scale = ld, 2
		case 3:
			a.Index, a.Scale = ld3, 1
		}
		f(i, a)
	}
}

// transposed returns the columns of the square block whose rows are given.
func (c *code) transposed(in []vec) []vec {
	n := c.lanes()
	pairs, out := c.vecs(n), c.vecs(n)
	for i := 0; i < n; i += 2 {
		c.VUNPCKLPD(in[i+1], in[i], pairs[i])   // columns 0,2,4,6 of rows i,i+1
		c.VUNPCKHPD(in[i+1], in[i], pairs[i+1]) // columns 1,3,5,7
	}
	if !c.wide {
		for h := range 2 {
			c.VPERM2F128(operand.Imm(0x20), pairs[2+h], pairs[h], out[h])
			c.VPERM2F128(operand.Imm(0x31), pairs[2+h], pairs[h], out[2+h])
		}
		return out
	}
	quads := c.vecs(n)
	for h := range 2 {
		// 128-bit pieces: columns (0,4) then (2,6), plus h
		c.VSHUFF64X2(operand.Imm(0x88), pairs[2+h], pairs[h], quads[h])
		c.VSHUFF64X2(operand.Imm(0xdd), pairs[2+h], pairs[h], quads[2+h])
		c.VSHUFF64X2(operand.Imm(0x88), pairs[6+h], pairs[4+h], quads[4+h])
		c.VSHUFF64X2(operand.Imm(0xdd), pairs[6+h], pairs[4+h], quads[6+h])
	}
	for h := range 4 {
		c.VSHUFF64X2(operand.Imm(0x88), quads[4+h], quads[h], out[h])
		c.VSHUFF64X2(operand.Imm(0xdd), quads[4+h], quads[h], out[4+h])
	}
	return out
}
