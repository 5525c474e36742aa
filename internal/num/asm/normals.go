package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Constants of num's normals_philox.go and normals.go, which document them.
const (
	philoxM0     = 0xD2511F53
	philoxM1     = 0xCD9E8D57
	philoxRounds = 10
	normalBulk   = 8
)

// normals writes the kernel of num.Normals: groups of 16 words, from the first word of a
// block, and their normals. Lanes with L > normalBulk, one in 512, are left as ±x for the
// caller; their bits in the group's mask are clear.
func normals(c *code) {
	c.begin("normals", "func(dst *float64, groups int, s *uint64, masks *uint16)")
	n := &normalsCode{code: c, dst: c.arg("dst"), schedule: c.arg("s"), masks: c.arg("masks"), counter: c.vec()}
	groups := c.arg("groups")
	n.firstBlocks()
	if c.wide {
		n.pipelined(groups)
	} else {
		n.plain(groups)
	}
	c.end()
}

type normalsCode struct {
	*code
	dst, schedule, masks gp
	counter              vec            // the next blocks; only the low halves are used
	lead                 map[string]vec // AVX-512: leading coefficients
	bits                 gp             // AVX2: the mask of the group so far
	table                [2]gp          // AVX2: addresses of the tables of logarithms
}

// pipelined interleaves the words of a group with the logarithms of the group before and
// the quotients of the one before that, so that no operation waits for the one above it.
// The last two groups of words are computed in vain.
func (c *normalsCode) pipelined(groups gp) {
	c.lead = map[string]vec{}
	for _, name := range []string{"normalNum", "normalDen", "normalLogPoly"} {
		c.lead[name] = c.vec()
		c.VBROADCASTSD(variable(name, degrees[name]), c.lead[name])
	}
	w, x, L := c.vecs(2), c.vecs(2), c.vecs(2)
	c.words(w).write()
	merge(c.logarithm(x[0], L[0], w[0]), c.logarithm(x[1], L[1], w[1])).write()
	c.words(w).write()
	loop := c.label("loop")
	c.Label(loop)
	nextX, nextL := c.vecs(2), c.vecs(2)
	quotients := merge(c.quotient(x[0], L[0], 0), c.quotient(x[1], L[1], 1))
	logarithms := merge(c.logarithm(nextX[0], nextL[0], w[0]), c.logarithm(nextX[1], nextL[1], w[1]))
	merge(quotients, merge(logarithms, c.words(w))).write() // reads w first, writes it last
	for j := range x {
		c.VMOVAPD(nextX[j], x[j])
		c.VMOVAPD(nextL[j], L[j])
	}
	c.nextGroup(groups, loop)
}

// plain does one group after the other, two vectors at a time. dst holds the words.
func (c *normalsCode) plain(groups gp) {
	c.bits = c.GP64()
	for i, name := range logTables {
		c.table[i] = c.GP64()
		c.LEAQ(variable(name, 0), c.table[i])
	}
	loop := c.label("loop")
	c.Label(loop)
	for i := range 2 {
		w := c.vecs(2)
		c.words(w).write()
		c.VMOVUPD(w[0], at(c.dst, 64*i))
		c.VMOVUPD(w[1], at(c.dst, 64*i+32))
	}
	c.XORQ(c.bits, c.bits)
	for j := 0; j < 4; j += 2 {
		var lanes [2]steps
		for k := range lanes {
			x, L, w := c.vec(), c.vec(), c.vec()
			lanes[k].do(func() { c.VMOVUPD(at(c.dst, 32*(j+k)), w) })
			lanes[k] = append(append(lanes[k], c.logarithm(x, L, w)...), c.quotient(x, L, j+k)...)
		}
		merge(lanes[0], lanes[1]).write()
	}
	c.MOVW(c.bits.As16(), at(c.masks, 0))
	c.nextGroup(groups, loop)
}

func (c *normalsCode) nextGroup(groups gp, loop string) {
	c.ADDQ(imm(128), c.dst)
	c.ADDQ(imm(2), c.masks)
	c.DECQ(groups)
	c.JNE(to(loop))
}

// steps are instructions to be written in this order, perhaps with others in between.
type steps []func()

func (s *steps) do(f func()) { *s = append(*s, f) }

func (s steps) write() {
	for _, f := range s {
		f()
	}
}

// merge spreads two sequences evenly over each other.
func merge(a, b steps) (s steps) {
	for i, j := 0, 0; i < len(a) || j < len(b); {
		if j == len(b) || i < len(a) && i*len(b) <= j*len(a) {
			s.do(a[i])
			i++
		} else {
			s.do(b[j])
			j++
		}
	}
	return s
}

// firstBlocks numbers the blocks of the lanes. Unpacking puts the words of even lanes
// first.
func (c *normalsCode) firstBlocks() {
	symbol := operand.NewStaticSymbol("normalsBlocks" + c.suffix())
	c.StaticGlobal(symbol.Name)
	c.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range c.lanes() {
		c.AppendDatum(operand.U64(i/2 + i%2*c.lanes()/2))
	}
	c.VMOVUPD(operand.NewDataAddr(symbol, 0), c.counter)
	c.iadd(c.counter, c.counter, c.key(0))
}

// words computes the next 8 or 4 blocks and puts their words into w, in order. A lane of
// 64 bits holds one word of 32 in its low half; the high halves are not kept clean. What
// is the same in all lanes is folded into the keys of the first three rounds.
func (c *normalsCode) words(w []vec) (s steps) {
	var c0, c1, c2, c3, p0, p1 vec
	multiply := func(p, a *vec, by uint64) {
		*p = c.vec()
		c.either(c.u(by), c.VPMULUDQ, c.VPMULUDQ_BCST, *a, *p)
	}
	high := func(d, p *vec) {
		*d = c.vec()
		c.VMOVSHDUP(*p, *d)
	}
	s.do(func() { multiply(&c3, &c.counter, philoxM0) })
	s.do(func() { c.iadd(c.counter, c.counter, c.u(uint64(c.lanes()))) })
	s.do(func() { high(&c2, &c3) })
	s.do(func() { c.xor(c2, c.key(1)) })
	s.do(func() { multiply(&c1, &c2, philoxM1) })
	s.do(func() { c.xor(c3, c.key(3)) })
	s.do(func() { high(&c0, &c1) })
	s.do(func() { c.xor(c0, c.key(2)) })
	s.do(func() { c2 = c3 })
	for r := 2; r < philoxRounds-1; r++ {
		s.do(func() { multiply(&p1, &c2, philoxM1) })
		s.do(func() { multiply(&p0, &c0, philoxM0) })
		s.do(func() { high(&c0, &p1) })
		s.do(func() { high(&c2, &p0) })
		s.do(func() { c.xor3(c0, c1, c.key(2*r)); c1 = p1 })
		if r == 2 {
			s.do(func() { c.xor(c2, c.key(5)); c3 = p0 })
		} else {
			s.do(func() { c.xor3(c2, c3, c.key(2*r+1)); c3 = p0 })
		}
	}
	// The last products need not be taken apart.
	s.do(func() { multiply(&p1, &c2, philoxM1) })
	s.do(func() { multiply(&p0, &c0, philoxM0) })
	s.do(func() { c.shiftL(c1, c1, 32) })
	s.do(func() { c.shiftL(c3, c3, 32) })
	s.do(func() { c.xor3(p1, c1, c.key(2*philoxRounds-2)) })
	s.do(func() { c.xor3(p0, c3, c.key(2*philoxRounds-1)) })
	s.do(func() { c.VPUNPCKLQDQ(p0, p1, w[0]) })
	s.do(func() { c.VPUNPCKHQDQ(p0, p1, w[1]) })
	return s
}

// key returns an element of the schedule.
func (c *normalsCode) key(i int) op {
	if c.wide {
		return literal{at(c.schedule, 8*i)}
	}
	v := c.vec()
	c.VPBROADCASTQ(at(c.schedule, 8*i), v)
	return v
}

// xor computes d ^= a.
func (c *normalsCode) xor(d vec, a op) {
	if c.wide {
		c.either(a, c.VPXORQ, c.VPXORQ_BCST, d, d)
	} else {
		c.VPXOR(a, d, d)
	}
}

// xor3 computes d ^= a ^ b.
func (c *normalsCode) xor3(d, a vec, b op) {
	if c.wide {
		c.VPTERNLOGQ_BCST(operand.U8(0x96), b.(literal).mem, a, d)
	} else {
		c.xor(d, a)
		c.xor(d, b)
	}
}

// logarithm computes ±x and L = −log₂(1 − x²) from the words w, which it overwrites.
func (c *normalsCode) logarithm(x, L, w vec) (s steps) {
	y := c.vec()
	s.do(func() {
		c.either(c.u(mantissa), c.VANDNPD, c.VANDNPD_BCST, w, x)
		c.or(x, x, c.f(1))
	})
	s.do(func() { c.sub(x, x, c.f(1-0x1p-53)) })
	s.do(func() {
		c.VMOVAPD(x, y)
		c.either(c.f(1), c.VFNMADD213PD, c.VFNMADD213PD_BCST, x, y)
	})
	s.do(func() { c.and(w, w, c.u(1<<63)) })
	s.do(func() { c.or(x, x, w) })
	return append(s, c.negLog2(L, y)...)
}

// negLog2 computes L = −log₂ y and overwrites y.
func (c *normalsCode) negLog2(L, y vec) (s steps) {
	m, r, q := c.vec(), c.vec(), c.vec()
	s = c.lookUp(r, L, y)
	if c.wide {
		s.do(func() { c.VGETMANTPD(operand.U8(0), y, m) })
		s.do(func() { c.mulAdd(r, m, c.f(-1)) })
		s.do(func() { c.VGETEXPPD(y, y) })
	} else {
		s.do(func() { c.and(m, y, c.u(mantissa)); c.or(m, m, c.f(1)) })
		s.do(func() { c.mulAdd(r, m, c.f(-1)) })
		s.do(func() { c.shiftR(y, y, 52); c.or(y, y, c.f(0x1p52)) }) // the exponent as a mantissa
		s.do(func() { c.sub(y, y, c.f(0x1p52+0x3ff)) })
	}
	s.do(func() { c.sub(L, L, y) })
	s = append(s, c.polynomial(q, r, "normalLogPoly")...)
	s.do(func() { c.addMul(L, q, r) })
	return s
}

var logTables = [2]string{"normalLogInv", "normalLogTable"}

// lookUp sets r and L to the entries of the tables for y's sixteenth of an octave.
func (c *normalsCode) lookUp(r, L, y vec) (s steps) {
	i := c.vec()
	s.do(func() { c.shiftR(i, y, 48) })
	if c.wide {
		for j, v := range []vec{r, L} {
			s.do(func() {
				c.VMOVUPD(variable(logTables[j], 0), v)
				c.VPERMT2PD(variable(logTables[j], 8), i, v) // heeds the four lowest bits of i
			})
		}
		return s
	}
	var index [4]gp
	s.do(func() {
		c.and(i, i, c.u(15))
		high := c.XMM()
		c.VEXTRACTI128(operand.U8(1), i, high)
		for k, half := range []reg.Register{i.AsX(), high} {
			index[2*k], index[2*k+1] = c.GP64(), c.GP64()
			c.VMOVQ(half, index[2*k])
			c.VPEXTRQ(operand.U8(1), half, index[2*k+1])
		}
	})
	for j, v := range []vec{r, L} {
		s.do(func() {
			high := c.XMM()
			for k, half := range []reg.Register{v.AsX(), high} {
				c.VMOVSD(mem{Base: c.table[j], Index: index[2*k], Scale: 8}, half)
				c.VMOVHPD(mem{Base: c.table[j], Index: index[2*k+1], Scale: 8}, half, half)
			}
			c.VINSERTF128(operand.U8(1), high, v, v)
		})
	}
	return s
}

// quotient computes ±z = ±x·P(L) where L ≤ normalBulk and stores vector j of a group.
func (c *normalsCode) quotient(x, L vec, j int) (s steps) {
	n, d := c.vec(), c.vec()
	s = merge(c.polynomial(d, L, "normalDen"), c.polynomial(n, L, "normalNum"))
	s.do(func() { c.div(n, n, d) })
	var bulk mask
	s.do(func() { bulk = c.compare(notGreaterThan, L, c.f(normalBulk)) })
	if c.wide {
		s.do(func() { c.VMULPD(n, x, bulk, x) })
		s.do(func() { c.VMOVUPD(x, at(c.dst, 64*j)) })
		s.do(func() { c.KMOVB(bulk, at(c.masks, j)) })
		return s
	}
	s.do(func() { c.mul(n, n, x); c.choose(x, bulk, n, x) })
	s.do(func() { c.VMOVUPD(x, at(c.dst, 32*j)) })
	s.do(func() {
		four := c.GP64()
		c.VMOVMSKPD(bulk, four.As32())
		c.SHLQ(operand.U8(4*j), four)
		c.ORQ(four, c.bits)
	})
	return s
}

// degrees of the polynomials whose coefficients are variables of num.
var degrees = map[string]int{"normalLogPoly": 7, "normalNum": 8, "normalDen": 8}

// polynomial evaluates one by Horner's rule.
func (c *normalsCode) polynomial(p, x vec, name string) (s steps) {
	coefficient := func(i int) op {
		if c.wide {
			return literal{variable(name, i)}
		}
		v := c.vec()
		c.VBROADCASTSD(variable(name, i), v)
		return v
	}
	degree := degrees[name]
	s.do(func() {
		if lead, ok := c.lead[name]; ok {
			c.VMOVAPD(lead, p)
		} else {
			c.VBROADCASTSD(variable(name, degree), p)
		}
		c.mulAdd(p, x, coefficient(degree-1))
	})
	for i := degree - 2; i >= 0; i-- {
		s.do(func() { c.mulAdd(p, x, coefficient(i)) })
	}
	return s
}

// variable returns the address of element i of a []float64 variable of num.
func variable(name string, i int) mem {
	return operand.NewDataAddr(operand.Symbol{Name: "·" + name}, 8*i)
}
