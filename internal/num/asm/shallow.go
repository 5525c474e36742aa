package main

import "github.com/mmcloughlin/avo/operand"

// rowVectors is how many vectors of rows go through the hidden units together.
func (c *code) rowVectors() int {
	if c.wide {
		return 4
	}
	return 3
}

// rowGroups runs group on the rows, first by rowVectors() vectors, then by single ones,
// the last under a mask. group may not move the pointers to the rows.
func (c *code) rowGroups(n gp, pointers []gp, group func(vectors int, m mask)) {
	step := func(vectors int, m mask) {
		group(vectors, m)
		for _, p := range pointers {
			c.ADDQ(imm(vectors*c.bytes()), p)
		}
	}
	for _, vectors := range []int{c.rowVectors(), 1} {
		loop, rest := c.label("rows"), c.label("rowsRest")
		rows := vectors * c.lanes()
		c.SUBQ(imm(rows), n)
		c.JL(to(rest))
		c.Label(loop)
		step(vectors, nil)
		c.SUBQ(imm(rows), n)
		c.JGE(to(loop))
		c.Label(rest)
		c.ADDQ(imm(rows), n)
	}
	done := c.label("rowsDone")
	c.TESTQ(n, n)
	c.JZ(to(done))
	step(1, c.tailMask(n, 0))
	c.Label(done)
}

// units runs body for each hidden unit with its numbers broadcast.
func (c *code) units(body func(w, b, v vec)) {
	pw, pb, pv, j := c.arg("w"), c.arg("b"), c.arg("v"), c.GP64()
	c.XORQ(j, j)
	unit := func(base gp) mem { return mem{Base: base, Index: j, Scale: 8} }
	w, b, v := c.vec(), c.vec(), c.vec()
	loop := c.label("unit")
	c.Label(loop)
	c.VBROADCASTSD(unit(pw), w)
	c.VBROADCASTSD(unit(pb), b)
	c.VBROADCASTSD(unit(pv), v)
	body(w, b, v)
	c.INCQ(j)
	hidden := c.arg("hidden")
	c.CMPQ(j, hidden)
	c.JLT(to(loop))
}

// affine returns b + w·x.
func (c *code) affine(w, x, b vec) vec {
	h := c.vec()
	c.VMOVAPD(b, h)
	c.addMul(h, w, x)
	return h
}

func (c *code) loads(from gp, n int, m mask) []vec {
	v := c.vecs(n)
	for r := range v {
		c.load(v[r], at(from, r*c.bytes()), m)
	}
	return v
}

func (c *code) zeros(n int) []vec {
	v := c.vecs(n)
	for r := range v {
		c.clear(v[r])
	}
	return v
}

// shallowForward writes y = c + Σ_j v_j σ(b_j + w_j x), lanes being rows.
func shallowForward(c *code) {
	c.begin("shallowForward", "func(y, x *float64, n int, w, b, v *float64, hidden int, c, slope float64)")
	y, x := c.arg("y"), c.arg("x")
	slope := c.broadcastArg("slope")
	c.rowGroups(c.arg("n"), []gp{y, x}, func(vectors int, m mask) {
		in, sum := c.loads(x, vectors, m), c.zeros(vectors)
		leaked := c.vec()
		c.units(func(w, b, v vec) {
			c.mul(leaked, v, slope)
			for r := range sum {
				h, t := c.affine(w, in[r], b), c.vec()
				c.choose(t, c.compare(lessThan, h, c.f(0)), leaked, v)
				c.addMul(sum[r], t, h)
			}
		})
		bias := c.broadcastArg("c")
		for r := range sum {
			c.add(sum[r], sum[r], bias)
			c.store(at(y, r*c.bytes()), sum[r], m)
		}
	})
	c.end()
}

// shallowGradInput writes dx = dy·Σ_j v_j w_j σ′(b_j + w_j x), lanes being rows.
func shallowGradInput(c *code) {
	c.begin("shallowGradInput", "func(dx, dy, x *float64, n int, w, b, v *float64, hidden int, slope float64)")
	dx, dy, x := c.arg("dx"), c.arg("dy"), c.arg("x")
	slope, keep, _ := c.slope()
	c.rowGroups(c.arg("n"), []gp{dx, dy, x}, func(vectors int, m mask) {
		in, sum := c.loads(x, vectors, m), c.zeros(vectors)
		leaked := c.vec()
		c.units(func(w, b, v vec) {
			c.mul(v, v, w)
			c.mul(leaked, v, slope)
			c.and(leaked, leaked, keep)
			for r := range sum {
				h := c.affine(w, in[r], b)
				c.choose(h, c.compare(greaterThan, h, c.f(0)), v, leaked)
				c.add(sum[r], sum[r], h)
			}
		})
		for r := range sum {
			d := c.vec()
			c.load(d, at(dy, r*c.bytes()), m)
			c.mul(d, d, sum[r])
			c.store(at(dx, r*c.bytes()), d, m)
		}
	})
	c.end()
}

// shallowGradWeights writes dw_j = v_j Σ_i s_ij x_i, db_j = v_j Σ_i s_ij and
// dv_j = w_j Σ_i s_ij x_i + b_j Σ_i s_ij for s_ij = dy_i σ′(b_j + w_j x_i), lanes being
// hidden units.
func shallowGradWeights(c *code) {
	c.begin("shallowGradWeights", "func(dw, db, dv, dy, x *float64, n int, w, b, v *float64, hidden int, slope float64)")
	slope, keep, _ := c.slope()
	offset, hidden := c.GP64(), c.arg("hidden")
	c.XORQ(offset, offset)
	block := func(vectors int, m mask) {
		place := func(name string, r int) mem {
			return mem{Base: c.arg(name), Index: offset, Scale: 1, Disp: r * c.bytes()}
		}
		w, b := c.vecs(vectors), c.vecs(vectors)
		for r := range w {
			c.load(w[r], place("w", r), m)
			c.load(b[r], place("b", r), m)
		}
		dw, db := c.zeros(vectors), c.zeros(vectors)
		dy, x, n := c.arg("dy"), c.arg("x"), c.arg("n")
		in, d, leaked := c.vec(), c.vec(), c.vec()
		loop := c.label("row")
		c.Label(loop)
		c.VBROADCASTSD(at(x, 0), in)
		c.VBROADCASTSD(at(dy, 0), d)
		c.mul(leaked, d, slope)
		c.and(leaked, leaked, keep)
		for r := range w {
			s := c.affine(w[r], in, b[r])
			c.choose(s, c.compare(greaterThan, s, c.f(0)), d, leaked)
			c.add(db[r], db[r], s)
			c.addMul(dw[r], s, in)
		}
		c.ADDQ(operand.Imm(8), x)
		c.ADDQ(operand.Imm(8), dy)
		c.DECQ(n)
		c.JNZ(to(loop))
		for r := range w {
			c.mul(w[r], w[r], dw[r])
			c.addMul(w[r], b[r], db[r])
			c.store(place("dv", r), w[r], m)
			v := c.vec()
			c.load(v, place("v", r), m)
			c.mul(dw[r], dw[r], v)
			c.mul(db[r], db[r], v)
			c.store(place("dw", r), dw[r], m)
			c.store(place("db", r), db[r], m)
		}
		c.ADDQ(imm(vectors*c.bytes()), offset)
	}
	for _, vectors := range []int{c.lanes() / 2, 1} {
		loop, rest := c.label("block"), c.label("blockRest")
		units := vectors * c.lanes()
		c.SUBQ(imm(units), hidden)
		c.JL(to(rest))
		c.Label(loop)
		block(vectors, nil)
		c.SUBQ(imm(units), hidden)
		c.JGE(to(loop))
		c.Label(rest)
		c.ADDQ(imm(units), hidden)
	}
	done := c.label("blockDone")
	c.TESTQ(hidden, hidden)
	c.JZ(to(done))
	block(1, c.tailMask(hidden, 0))
	c.Label(done)
	c.end()
}
