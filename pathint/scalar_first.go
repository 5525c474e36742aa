package pathint

import "math"

// walk is the bridge of a first-order reference walk of one component in closed form: a
// segment q_0 … q_{n−1} between l and r is proposed as keep·q_i + y_i with
//
//	y_i = next_i·y_{i+1} + (1 − keep)·left_i·l + gain·spread_i·z_i,  y_n = (1 − keep)·r.
//
// Where the path ends with the segment, y_{n−1} = (1 − keep)·l + gain·√n·z_{n−1}.
type walk struct {
	next, left, spread []float64 // of each slice of a segment, whatever its length
}

func newWalk(length int) walk {
	w := walk{make([]float64, length), make([]float64, length), make([]float64, length)}
	for i := range length {
		n := float64(i)
		w.next[i], w.left[i], w.spread[i] = (n+1)/(n+2), 1/(n+2), math.Sqrt((n+1)/(n+2))
	}
	return w
}

// propose writes the proposal of slices lo … hi−1 into x.
func (w *walk) propose(x, q []float64, lo, hi, steps int, keep, gain float64, z []float64) {
	rest := 1 - keep
	i, left := hi-lo-1, rest*q[lo-1]
	var y float64
	if hi <= steps {
		y = rest * q[hi]
	} else {
		y = left + gain*math.Sqrt(float64(hi-lo))*z[i]
		x[i] = keep*q[hi-1] + y
		i--
	}
	n := i + 1
	x, q, z = x[:n], q[lo:lo+n], z[:n]
	next, lefts, spread := w.next[:n], w.left[:n], w.spread[:n]
	for ; i >= 0; i-- {
		y = next[i]*y + (left*lefts[i] + gain*spread[i]*z[i])
		x[i] = keep*q[i] + y
	}
}

// A colour is every other segment of a sweep of a first-order recurrence: its proposals do
// not reach each other, so they are made, their drifts computed, and then decided, one stage
// after the other.
type colour struct {
	t          *tiling
	p          *Path
	back       bool
	from, n    int       // proposals of the sweep
	z, e       []float64 // their normals and exponentials
	keep, gain float64
	scale      float64 // κ/2s²
}

// sweepColours makes the proposals of a sweep without momentum.
func (f *scalar) sweepColours(t *tiling, p *Path, e []float64, keep, gain float64, back bool, c *counters) {
	o := colour{t: t, p: p, back: back, z: f.normals, e: e, keep: keep, gain: gain, scale: p.kappa * f.half}
	o.n = (t.count + 1) / 2
	if back {
		o.n = t.count / 2
	}
	for range 2 {
		if t.length == 1 {
			f.singles(&o, c)
		} else {
			f.segments(&o, c)
		}
		o.from, o.e, o.n = o.from+o.n, o.e[o.n:], t.count-o.n
	}
	c.proposed += int64(t.count)
	p.cost.Drifts += int64(min(t.hi, p.steps) - t.lo)
	for k := t.lo; k < t.hi; k++ {
		p.stale[k] = true
	}
	f.price(p, t.lo-1, min(t.hi, p.steps))
}

// segment returns the slices of the colour's proposal j.
func (o *colour) segment(j int) (lo, hi int) {
	j += o.from
	if o.back {
		j = o.t.count - 1 - j
	}
	return o.t.segment(j)
}

// segments makes the proposals of a colour.
func (f *scalar) segments(o *colour, c *counters) {
	q, v, steps := o.p.slices, o.p.cache, o.p.steps
	at := 0
	for j := range o.n {
		lo, hi := o.segment(j)
		f.walk.propose(f.new[at:], q, lo, hi, steps, o.keep, o.gain, o.z[at:])
		at += hi - lo
	}
	f.drifts(at)
	at = 0
	for j := range o.n {
		lo, hi := o.segment(j)
		end := min(hi, steps) // slices with a drift
		new, drift := f.new[at:at+hi-lo], f.drift[at:at+end-lo]
		if c.decide(o.scale*decrease(q, v, new, drift, lo, hi, steps), o.e[j]) {
			copy(q[lo:hi], new)
			copy(v[lo:end], drift)
		}
		at += hi - lo
	}
	o.z = o.z[at:]
}

// decrease returns by how much a proposal of slices lo … hi−1 lowers Σ v(v − 2·link), which
// is 2s² times quadratic part less reference, over the links it changes.
func decrease(q, v, new, drift []float64, lo, hi, steps int) float64 {
	d := 2 * v[lo-1] * (new[0] - q[lo])
	n := min(hi, steps) - lo // links from the segment's slices
	if n == 0 {
		return d
	}
	old, v := q[lo:lo+n+1], v[lo:lo+n]
	drift = drift[:n]
	after := old[n]
	if n < len(new) {
		after = new[n]
	}
	for i := n - 1; i >= 0; i-- {
		now := new[i]
		d += v[i]*(v[i]-2*(old[i+1]-old[i])) - drift[i]*(drift[i]-2*(after-now))
		after = now
	}
	return d
}

// singles makes the proposals of a colour of single slices.
func (f *scalar) singles(o *colour, c *counters) {
	n, by := o.n, 2
	if n == 0 {
		return
	}
	k0, _ := o.segment(0)
	last, _ := o.segment(n - 1)
	if o.back {
		by = -2
	}
	z, e := o.z[:n], o.e[:n]
	o.z = o.z[n:]
	switch steps := o.p.steps; { // the free end has no successor
	case k0 == steps:
		f.freeEnd(o, z[0], e[0], c)
		k0, z, e = k0+by, z[1:], e[1:]
	case last == steps:
		f.freeEnd(o, z[n-1], e[n-1], c)
		z, e = z[:n-1], e[:n-1]
	}
	f.singlesWithin(o, k0, by, z, e, c)
}

// singlesWithin makes those at slices k0, k0 + by, … that have a slice after them, without
// branches: a decision is a mask.
func (f *scalar) singlesWithin(o *colour, k0, by int, z, e []float64, c *counters) {
	q, v := o.p.slices, o.p.cache
	x, drift := f.new[:len(z)], f.drift[:len(z)]
	mean, noise := 0.5*(1-o.keep), math.Sqrt2/2*o.gain
	for i, k := 0, k0; i < len(z); i, k = i+1, k+by {
		s := q[k-1 : k+2 : k+2]
		x[i] = o.keep*s[1] + mean*(s[0]+s[2]) + noise*z[i]
	}
	f.drifts(len(x))
	e = e[:len(x)]
	var accepted uint64
	for i, k := 0, k0; i < len(x); i, k = i+1, k+by {
		s, u := q[k:k+2:k+2], v[k-1:k+1:k+1]
		old, new, was, is := s[0], x[i], u[1], drift[i]
		ratio := o.scale * (2*u[0]*(new-old) + (was*(was-2*(s[1]-old)) - is*(is-2*(s[1]-new))))
		if !(ratio >= -math.MaxFloat64) {
			c.diverged++
		}
		var mask uint64
		if Metropolis(ratio, e[i]) {
			mask = ^uint64(0)
		}
		accepted += mask & 1
		s[0] = choose(mask, new, old)
		u[1] = choose(mask, is, was)
	}
	c.accepted += int64(accepted)
}

// choose returns yes where all bits of the mask are set, no where none is.
func choose(mask uint64, yes, no float64) float64 {
	n := math.Float64bits(no)
	return math.Float64frombits(n ^ (n^math.Float64bits(yes))&mask)
}

// freeEnd proposes and decides the last slice of a path alone.
func (f *scalar) freeEnd(o *colour, z, e float64, c *counters) {
	q, v := o.p.slices[o.p.steps-1:], o.p.cache[o.p.steps-1]
	new := o.keep*q[1] + (1-o.keep)*q[0] + o.gain*z
	if c.decide(o.scale*2*v*(new-q[1]), e) {
		q[1] = new
	}
}

// decide decides a proposal and counts what became of it.
func (c *counters) decide(ratio, e float64) bool {
	if !(ratio >= -math.MaxFloat64) {
		c.diverged++
	}
	ok := Metropolis(ratio, e)
	if ok {
		c.accepted++
	}
	return ok
}

// price brings the terms of the steps k0 … k1−1 up to date.
func (f *scalar) price(p *Path, k0, k1 int) {
	q := p.slices[k0 : k1+1]
	v, t := p.cache[k0:k1], p.terms[k0*termsPerBlock:k1*termsPerBlock]
	for i, vi := range v {
		now, after := q[i], q[i+1]
		t := t[i*termsPerBlock : i*termsPerBlock+termsPerBlock : i*termsPerBlock+termsPerBlock]
		t[quadTerm] = f.half * link(now, now, after, vi, 0)
		t[refTerm] = f.half * link(now, now, after, 0, 0)
	}
}
