package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// code writes one kernel for one instruction set: AVX-512 if wide, else AVX2 with FMA. Its
// methods take the destination first.
type code struct {
	*build.Context
	*constants
	wide bool
}

type (
	vec  = reg.VecVirtual
	gp   = reg.GPVirtual
	mask = reg.Register // a vector of all-ones or zero lanes, or a K register if wide
	op   = operand.Op
	mem  = operand.Mem
)

func (c *code) suffix() string {
	if c.wide {
		return "AVX512"
	}
	return "AVX2"
}

// lanes returns the float64s of a vector.
func (c *code) lanes() int {
	if c.wide {
		return 8
	}
	return 4
}

func (c *code) bytes() int { return 8 * c.lanes() }

// begin starts a function.
func (c *code) begin(name, signature string) {
	c.Function(name + c.suffix())
	c.Attributes(attr.NOSPLIT)
	c.SignatureExpr(signature)
}

// end returns from it.
func (c *code) end() {
	c.VZEROUPPER()
	c.RET()
}

func (c *code) vec() vec {
	if c.wide {
		return c.ZMM()
	}
	return c.YMM()
}

func (c *code) vecs(n int) []vec {
	v := make([]vec, n)
	for i := range v {
		v[i] = c.vec()
	}
	return v
}

func (c *code) arg(name string) gp { return c.Load(c.Param(name), c.GP64()).(gp) }

// broadcastArg returns a vector filled with a float64 argument.
func (c *code) broadcastArg(name string) vec {
	v := c.vec()
	c.VBROADCASTSD(c.address(name), v)
	return v
}

// address returns where an argument is.
func (c *code) address(name string) mem {
	b, err := c.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// label returns a name unique within the file.
func (c *code) label(name string) string {
	c.labels++
	return fmt.Sprintf("%s%d", name, c.labels)
}

func to(label string) operand.LabelRef { return operand.LabelRef(label) }

// imm is an immediate of an integer instruction.
func imm(n int) op { return operand.I32(n) }

func at(base reg.Register, offset int) mem { return mem{Base: base, Disp: offset} }

// constants are the literals of a file, four copies of each for AVX2; AVX-512 broadcasts
// the first.
type constants struct {
	prefix string
	labels int
	bits   []uint64
	names  map[uint64]string
}

func (k *constants) define(ctx *build.Context) {
	for _, b := range k.bits {
		ctx.StaticGlobal(k.names[b])
		ctx.DataAttributes(attr.RODATA | attr.NOPTR)
		for range 4 {
			ctx.AppendDatum(operand.U64(b))
		}
	}
	if k.names[maskKey] != "" {
		ctx.StaticGlobal(k.names[maskKey])
		ctx.DataAttributes(attr.RODATA | attr.NOPTR)
		for i := range 16 {
			v := ^uint64(0)
			if i >= 8 {
				v = 0
			}
			ctx.AppendDatum(operand.U64(v))
		}
	}
}

const maskKey = 0x7ff8_0000_5ead_beef

func (k *constants) symbol(key uint64, name string) mem {
	if k.names == nil {
		k.names = map[uint64]string{}
	}
	if k.names[key] == "" {
		k.names[key] = k.prefix + name
		if key != maskKey {
			k.bits = append(k.bits, key)
		}
	}
	return operand.NewDataAddr(operand.NewStaticSymbol(k.names[key]), 0)
}

// f returns a constant as an operand.
func (k *constants) f(v float64) op { return k.u(math.Float64bits(v)) }

// u returns a constant given by its bits.
func (k *constants) u(bits uint64) op {
	return literal{k.symbol(bits, fmt.Sprintf("Const%016x", bits))}
}

// A literal is a constant of the file as an operand: a full vector for AVX2, one element to
// broadcast for AVX-512.
type literal struct{ mem }

// constant returns a vector filled with a literal.
func (c *code) constant(v float64) vec {
	d := c.vec()
	c.VBROADCASTSD(c.f(v).(literal).mem, d)
	return d
}

// either calls the form of an instruction that suits the kind of the operand x.
func (c *code) either(x op, plain, broadcast func(ops ...op), rest ...op) {
	if l, ok := x.(literal); ok {
		if c.wide {
			broadcast(append([]op{l.mem}, rest...)...)
			return
		}
		x = l.mem
	}
	plain(append([]op{x}, rest...)...)
}

// Arithmetic: the last argument may be memory or a literal.

func (c *code) add(d, a vec, b op)     { c.either(b, c.VADDPD, c.VADDPD_BCST, a, d) }
func (c *code) sub(d, a vec, b op)     { c.either(b, c.VSUBPD, c.VSUBPD_BCST, a, d) }
func (c *code) mul(d, a vec, b op)     { c.either(b, c.VMULPD, c.VMULPD_BCST, a, d) }
func (c *code) div(d, a vec, b op)     { c.either(b, c.VDIVPD, c.VDIVPD_BCST, a, d) }
func (c *code) and(d, a vec, b op)     { c.either(b, c.VANDPD, c.VANDPD_BCST, a, d) }
func (c *code) or(d, a vec, b op)      { c.either(b, c.VORPD, c.VORPD_BCST, a, d) }
func (c *code) iadd(d, a vec, b op)    { c.either(b, c.VPADDQ, c.VPADDQ_BCST, a, d) }
func (c *code) isub(d, a vec, b op)    { c.either(b, c.VPSUBQ, c.VPSUBQ_BCST, a, d) }
func (c *code) mulAdd(d, a vec, b op)  { c.either(b, c.VFMADD213PD, c.VFMADD213PD_BCST, a, d) }   // d·a + b
func (c *code) addMul(d, a vec, b op)  { c.either(b, c.VFMADD231PD, c.VFMADD231PD_BCST, a, d) }   // d + a·b
func (c *code) subMul(d, a vec, b op)  { c.either(b, c.VFNMADD231PD, c.VFNMADD231PD_BCST, a, d) } // d − a·b
func (c *code) maxNaN(d, a vec, b op)  { c.either(b, c.VMAXPD, c.VMAXPD_BCST, a, d) }             // b where either is NaN
func (c *code) minNaN(d, a vec, b op)  { c.either(b, c.VMINPD, c.VMINPD_BCST, a, d) }             // b where either is NaN
func (c *code) shiftL(d, a vec, n int) { c.VPSLLQ(operand.Imm(uint64(n)), a, d) }
func (c *code) shiftR(d, a vec, n int) { c.VPSRLQ(operand.Imm(uint64(n)), a, d) }

// horner evaluates a polynomial, highest coefficient first.
func (c *code) horner(x vec, coefficients ...float64) vec {
	p := c.constant(coefficients[0])
	for _, k := range coefficients[1:] {
		c.mulAdd(p, x, c.f(k))
	}
	return p
}

func (c *code) clear(v vec) { c.VXORPD(v, v, v) }

// Predicates of compare.
const (
	lessThan       = 0x11 // false for NaN
	notLess        = 0x15 // true for NaN
	greaterThan    = 0x1e // false for NaN
	notGreaterThan = 0x1a // true for NaN
	equal          = 0x00
)

// compare returns the mask of "a predicate b".
func (c *code) compare(predicate int, a vec, b op) mask {
	if c.wide {
		k := c.K()
		with := func(f func(ops ...op)) func(ops ...op) {
			return func(ops ...op) { f(append([]op{operand.Imm(uint64(predicate))}, ops...)...) }
		}
		c.either(b, with(c.VCMPPD), with(c.VCMPPD_BCST), a, k)
		return k
	}
	m := c.vec()
	if l, ok := b.(literal); ok {
		b = l.mem
	}
	c.VCMPPD(operand.Imm(uint64(predicate)), b, a, m)
	return m
}

// choose sets d = yes where the mask is set, else no.
func (c *code) choose(d vec, m mask, yes op, no vec) {
	if c.wide {
		c.either(yes, c.VBLENDMPD, c.VBLENDMPD_BCST, no, m, d)
		return
	}
	if l, ok := yes.(literal); ok {
		yes = l.mem
	}
	c.VBLENDVPD(m, yes, no, d)
}

// tailMask returns the mask of the first n lanes, 1 ≤ n ≤ lanes. first shifts it by as
// many lanes (AVX2 only): the mask of lanes first … n−1 moved to the front.
func (c *code) tailMask(n gp, first int) mask {
	if c.wide {
		bits, shift := c.GP64(), reg.RCX
		c.MOVQ(n, shift)
		c.MOVQ(operand.U32(1), bits)
		c.SHLQ(reg.CL, bits)
		c.DECQ(bits)
		k := c.K()
		c.KMOVB(bits.As32(), k)
		return k
	}
	table, offset := c.GP64(), c.GP64()
	c.LEAQ(c.symbol(maskKey, "Mask"), table)
	c.MOVQ(n, offset)
	c.NEGQ(offset)
	m := c.vec()
	c.VMOVUPD(mem{Base: table, Index: offset, Scale: 8, Disp: 64 + 8*first}, m)
	return m
}

// load and store move a vector; m masks it unless nil.
func (c *code) load(v vec, a mem, m mask) {
	switch {
	case m == nil:
		c.VMOVUPD(a, v)
	case c.wide:
		c.VMOVUPD_Z(a, m, v)
	default:
		c.VMASKMOVPD(a, m, v)
	}
}

func (c *code) store(a mem, v vec, m mask) {
	switch {
	case m == nil:
		c.VMOVUPD(v, a)
	case c.wide:
		c.VMOVUPD(v, m, a)
	default:
		c.VMASKMOVPD(v, m, a)
	}
}

// each runs body over vectors of n elements, then once over what remains under a mask.
// load and store address the arrays by their number.
func (c *code) each(n gp, arrays []gp, body func(load func(i int) vec, store func(i int, v vec))) {
	loop, rest, done := c.label("loop"), c.label("rest"), c.label("done")
	run := func(m mask) {
		body(func(i int) vec { v := c.vec(); c.load(v, at(arrays[i], 0), m); return v },
			func(i int, v vec) { c.store(at(arrays[i], 0), v, m) })
	}
	c.SUBQ(imm(c.lanes()), n)
	c.JL(to(rest))
	c.Label(loop)
	run(nil)
	for _, a := range arrays {
		c.ADDQ(imm(c.bytes()), a)
	}
	c.SUBQ(imm(c.lanes()), n)
	c.JGE(to(loop))
	c.Label(rest)
	c.ADDQ(imm(c.lanes()), n)
	c.JZ(to(done))
	run(c.tailMask(n, 0))
	c.Label(done)
	c.end()
}
