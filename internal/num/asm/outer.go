package main

import "fmt"

// outerKernels writes the kernel for a single term, k = 1, where nothing is summed and the
// strip kernel would spend its time between the stages: a row at a time, for each of the
// modes that layers of one input or output use.
func outerKernels(c *code) {
	for width := 1; width <= 4; width++ {
		s := stripCode{code: c, width: width}
		s.outer()
	}
}

func (s *stripCode) outer() {
	s.begin(fmt.Sprintf("outer%d", s.width), "func(s *byte)")
	s.s = s.arg("s")
	s.a, s.cRow, s.m = s.field(stripA), s.field(stripC), s.field(stripM)
	mode := s.field(stripMode)
	if s.wide {
		s.last = s.tailMask(s.field(stripLast), 0)
	}
	b, from := s.vecs(s.width), s.field(stripB)
	for j := range b {
		s.load(b[j], at(from, j*s.bytes()), s.onLast(j, s.last))
	}
	for _, bits := range []int{0, modeBias, modeBias | modeLeaky, modeMask} {
		next := s.label("mode")
		s.CMPQ(mode, imm(bits))
		s.JNE(to(next))
		s.outerRows(bits, b)
		s.end()
		s.Label(next)
	}
	s.end()
}

// outerRows writes the loop over the rows for one mode.
func (s *stripCode) outerRows(mode int, b []vec) {
	rowA, rowC, rowX, x := s.field(stripRowA), s.field(stripRowC), s.GP64(), s.GP64()
	slope, keep, zero := literal{at(s.s, stripSlope)}, literal{at(s.s, stripKeep)}, s.f(0)
	bias := s.vecs(s.width)
	if mode&modeBias != 0 {
		from := s.field(stripBias)
		for j := range bias {
			s.load(bias[j], at(from, j*s.bytes()), s.onLast(j, s.last))
		}
	}
	if mode&modeMask != 0 {
		s.MOVQ(at(s.s, stripX), x)
		s.MOVQ(at(s.s, stripRowX), rowX)
	}
	loop := s.label("row")
	s.Label(loop)
	element, v, t := s.vec(), s.vec(), s.vec()
	s.VBROADCASTSD(at(s.a, 0), element)
	for j := range b {
		s.clear(v)
		s.addMul(v, element, b[j])
		switch mode {
		case modeBias:
			s.add(v, v, bias[j])
		case modeBias | modeLeaky:
			s.add(v, v, bias[j])
			s.leak(v, v, lessThan, zero, slope, keep)
		case modeMask:
			s.load(t, at(x, j*s.bytes()), s.onLast(j, s.last))
			s.leak(v, t, notGreaterThan, zero, slope, keep)
		}
		s.store(at(s.cRow, j*s.bytes()), v, s.onLast(j, s.last))
	}
	s.ADDQ(rowA, s.a)
	s.ADDQ(rowC, s.cRow)
	if mode&modeMask != 0 {
		s.ADDQ(rowX, x)
	}
	s.DECQ(s.m)
	s.JNZ(to(loop))
}
