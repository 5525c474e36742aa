package main

// dot writes Σ x·y in 32 lanes.
func dot(c *code) {
	c.begin("dot", "func(x, y *float64, n int) float64")
	x, y, n := c.arg("x"), c.arg("y"), c.arg("n")
	perGroup := 8 / c.lanes() // vectors of 8 lanes
	sums := c.vecs(4 * perGroup)
	for _, v := range sums {
		c.clear(v)
	}
	v, w := c.vec(), c.vec()
	accumulate := func(count int) {
		loop, rest := c.label("loop"), c.label("rest")
		elements := count * c.lanes()
		c.SUBQ(imm(elements), n)
		c.JL(to(rest))
		c.Label(loop)
		for i := range count {
			c.load(v, at(x, i*c.bytes()), nil)
			c.addMul(sums[i], v, at(y, i*c.bytes()))
		}
		c.ADDQ(imm(8*elements), x)
		c.ADDQ(imm(8*elements), y)
		c.SUBQ(imm(elements), n)
		c.JGE(to(loop))
		c.Label(rest)
		c.ADDQ(imm(elements), n)
	}
	accumulate(4 * perGroup)
	accumulate(perGroup)
	done := c.label("done")
	c.TESTQ(n, n)
	c.JZ(to(done))
	for h := range perGroup {
		m := c.tailMask(n, 4*h)
		c.load(v, at(x, 32*h), m)
		c.load(w, at(y, 32*h), m)
		c.addMul(sums[h], v, w)
	}
	c.Label(done)
	total := make([]vec, perGroup)
	for h := range perGroup {
		g := func(i int) vec { return sums[i*perGroup+h] }
		c.add(g(0), g(0), g(1))
		c.add(g(2), g(2), g(3))
		c.add(g(0), g(0), g(2))
		total[h] = g(0)
	}
	s := c.sumOfLanes(total)
	c.Store(s.AsX(), c.ReturnIndex(0))
	c.end()
}

// axpy writes y += α·x.
func axpy(c *code) {
	c.begin("axpy", "func(alpha float64, x, y *float64, n int)")
	alpha := c.broadcastArg("alpha")
	c.each(c.arg("n"), []gp{c.arg("x"), c.arg("y")}, func(load func(i int) vec, store func(i int, v vec)) {
		x, y := load(0), load(1)
		c.addMul(y, alpha, x)
		store(1, y)
	})
}
