package pathint

import (
	"math"

	"machlup/langevin"
)

// scalar is the kernel of a tiling for a recurrence of one component without a tilt: the
// same segments, proposals and decisions as the general one, without the bookkeeping that
// in one dimension costs several times the arithmetic (BenchmarkPathSweep). The terms and
// drifts of a proposal are priced in scratch and written to the path on acceptance.
type scalar struct {
	sys     langevin.Recurrence
	bridge  *bridge
	beta    float64
	half    float64   // 1/2s²
	old     []float64 // the segment before
	drift   []float64 // its drifts after
	terms   []float64 // quadratic and reference term of each step after
	normals []float64 // of a whole sweep, in bulk: of each segment, then two to decide it
}

// newScalar returns nil for systems it does not serve.
func newScalar(t *tiling) *scalar {
	if t.act.n != 1 || t.act.metric != nil {
		return nil
	}
	blk := t.act.blocks[0]
	half := 0.5 / (blk.Noise * blk.Noise)
	return &scalar{
		sys: t.act.sys, bridge: t.bridges[0], beta: blk.Momentum, half: half,
		old: make([]float64, t.length), drift: make([]float64, t.length),
		terms: make([]float64, 2*(t.length+2)), normals: make([]float64, 3*(t.hi-t.lo)),
	}
}

// sweepAll makes the n proposals of a sweep, or says that it does not serve.
func (t *tiling) sweepAll(p *Path, n int, step float64, src Source, back bool, c *counters) bool {
	f := t.fast
	if f == nil || p.s != 0 {
		return false
	}
	z := f.normals[:t.hi-t.lo+2*n]
	src.Normals(z)
	sigma := t.act.blocks[0].Noise / math.Sqrt(p.kappa)
	keep := math.Sqrt(1 - step*step)
	for j := range n {
		i := j
		if back {
			i = n - 1 - j
		}
		lo := max(t.from+i*t.length, t.lo)
		hi := min(t.from+(i+1)*t.length, t.hi)
		m := hi - lo
		e := exponentialOf(z[m : m+2])
		if m == 1 && f.beta == 0 && hi <= p.steps {
			f.single(p, lo, keep, step*sigma*z[0], e, c)
		} else {
			f.propose(p.slices, lo, m, p.steps, keep, step*sigma, z[:m])
			f.decide(p, lo, m, e, c)
		}
		z = z[m+2:]
	}
	return true
}

// single proposes and decides one interior slice of a first-order recurrence.
func (f *scalar) single(p *Path, j int, keep, noise, e float64, c *counters) {
	q := p.slices[j-1 : j+2 : j+2]
	v := p.cache[j-1 : j+1 : j+1]
	t := p.terms[(j-1)*termsPerBlock : (j+1)*termsPerBlock]
	a, old, b := q[0], q[1], q[2]
	x := keep*old + (1-keep)*0.5*(a+b) + math.Sqrt2/2*noise
	q[1] = x
	f.sys.Drift(f.drift[:1:1], 0, q[1:2:2])
	drift := f.drift[0]
	q0, q1 := f.half*link(a, a, x, v[0], 0), f.half*link(a, x, b, drift, 0)
	f0, f1 := f.half*link(a, a, x, 0, 0), f.half*link(a, x, b, 0, 0)
	dq := q0 - t[quadTerm] + (q1 - t[termsPerBlock+quadTerm])
	df := f0 - t[refTerm] + (f1 - t[termsPerBlock+refTerm])
	p.cost.Drifts++
	c.proposed++
	ratio := p.kappa*df - p.kappa*dq
	if ratio != ratio {
		c.diverged++
	}
	if !Metropolis(ratio, e) {
		q[1] = old
		return
	}
	c.accepted++
	v[1] = drift
	t[quadTerm], t[refTerm] = q0, f0
	t[termsPerBlock+quadTerm], t[termsPerBlock+refTerm] = q1, f1
	p.stale[j] = true
}

// propose is bridge.propose for one component: q[j:j+n] becomes the proposal, f.old what it
// was.
func (f *scalar) propose(q []float64, j, n, steps int, keep, gain float64, z []float64) {
	g, beta := 1+f.beta, f.beta
	e := j + n - 1
	u := f.bridge.work[:n]
	clear(u)
	before := q[j-1]
	left := g
	if j < steps {
		left += g * beta
	}
	u[0] = left*before - beta*q[max(j-2, 0)]
	if n > 1 {
		u[1] -= beta * before
	}
	if e < steps {
		after := q[e+1]
		right := g
		if e+1 < steps {
			right += g * beta
			u[n-1] -= beta * q[e+2]
		}
		u[n-1] += right * after
		if n > 1 {
			u[n-2] -= beta * after
		}
	}
	body, end := f.bridge.rows(n, min(2, steps-e))
	var one, two float64 // u_{i−1}, u_{i−2}
	for i := range u {   // L u = h
		r := &end[max(i-len(body), 0)]
		if i < len(body) {
			r = &body[i]
		}
		two, one = one, (u[i]-r.one*one-r.two*two)*r.inv
		u[i] = one
	}
	copy(f.old, q[j:j+n])
	var up, upup band // rows i+1, i+2
	one, two = 0, 0   // x_{i+1}, x_{i+2}
	for i := n - 1; i >= 0; i-- {
		r := end[max(i-len(body), 0)]
		if i < len(body) {
			r = body[i]
		}
		x := ((1-keep)*u[i] + gain*z[i] - up.one*one - upup.two*two) * r.inv
		two, one = one, x
		upup, up = up, r
		q[j+i] = keep*q[j+i] + x
	}
}

// decide prices the proposal and keeps it or puts the old slices back.
func (f *scalar) decide(p *Path, j, n int, e float64, c *counters) {
	q, v, t := p.slices, p.cache, p.terms
	k0, k1 := j-1, min(j+n, p.steps)
	if f.beta != 0 {
		k1 = min(j+n+1, p.steps)
	}
	drifts := min(n, p.steps-j)
	for i := range drifts {
		f.sys.Drift(f.drift[i:i+1:i+1], 0, q[j+i:j+i+1:j+i+1])
	}
	var dq, df float64
	for k := k0; k < k1; k++ {
		vk := v[k]
		if k >= j && k < j+n {
			vk = f.drift[k-j]
		}
		now := q[k]
		free := link(q[max(k-1, 0)], now, q[k+1], 0, f.beta)
		quad := link(q[max(k-1, 0)], now, q[k+1], vk, f.beta)
		i := 2 * (k - k0)
		f.terms[i], f.terms[i+1] = f.half*quad, f.half*free
		dq += f.terms[i] - t[k*termsPerBlock+quadTerm]
		df += f.terms[i+1] - t[k*termsPerBlock+refTerm]
	}
	p.cost.Drifts += int64(drifts)
	c.proposed++
	ratio := p.kappa*df - p.kappa*dq
	if ratio != ratio {
		c.diverged++
	}
	if !Metropolis(ratio, e) {
		copy(q[j:j+n], f.old)
		return
	}
	c.accepted++
	copy(v[j:j+drifts], f.drift)
	for k := k0; k < k1; k++ {
		i := 2 * (k - k0)
		t[k*termsPerBlock+quadTerm], t[k*termsPerBlock+refTerm] = f.terms[i], f.terms[i+1]
	}
	for k := j; k < j+n; k++ {
		p.stale[k] = true
	}
}
