package pathint

import (
	"math"

	"machlup/langevin"
)

// scalar is the kernel of a tiling for a recurrence of one component without a tilt: the
// same segments, proposals and decisions as the general one, without the bookkeeping that
// in one dimension costs many times the arithmetic (BenchmarkPathSweep).
type scalar struct {
	sys     langevin.Recurrence
	rows    langevin.RowRecurrence // sys, if it is one
	bridge  *bridge
	beta    float64
	half    float64   // 1/2s²
	normals []float64 // of a whole sweep, in bulk
	new     []float64 // proposed slices: of a colour; of a segment with momentum
	drift   []float64 // their drifts

	// With momentum only: the segment before, quadratic and reference terms of each step after.
	old, terms []float64

	// Without: the bridge in closed form.
	walk walk
}

// newScalar returns nil for systems it does not serve.
func newScalar(t *tiling) *scalar {
	if t.act.n != 1 || t.act.metric != nil || t.act.mid != nil {
		return nil
	}
	blk := t.act.blocks[0]
	n := t.hi - t.lo
	f := &scalar{sys: t.act.sys, bridge: t.bridges[0], beta: blk.Momentum, half: 0.5 / (blk.Noise * blk.Noise),
		normals: make([]float64, n), new: make([]float64, n), drift: make([]float64, n)}
	f.rows, _ = t.act.sys.(langevin.RowRecurrence)
	if f.beta == 0 {
		f.walk = newWalk(t.length)
	} else {
		f.old, f.terms = make([]float64, t.length), make([]float64, 2*(t.length+2))
	}
	return f
}

// sweepAll makes the proposals of a sweep, or says that it does not serve.
func (t *tiling) sweepAll(p *Path, e []float64, step float64, src Source, back bool, c *counters) bool {
	f := t.fast
	if f == nil || p.s != 0 || p.sets != nil {
		return false
	}
	src.Normals(f.normals)
	gain, keep := step*t.act.blocks[0].Noise/math.Sqrt(p.kappa), math.Sqrt(1-step*step)
	if f.beta == 0 {
		f.sweepColours(t, p, e, keep, gain, back, c)
		return true
	}
	z := f.normals
	for j := range e {
		i := j
		if back {
			i = len(e) - 1 - j
		}
		lo, hi := t.segment(i)
		f.propose(p.slices, lo, hi-lo, p.steps, keep, gain, z)
		f.decide(p, lo, hi-lo, e[j], c)
		z = z[hi-lo:]
	}
	return true
}

// drifts computes the drifts of the first n proposed slices.
func (f *scalar) drifts(n int) {
	if f.rows != nil {
		f.rows.DriftRows(f.drift[:n], 0, f.new[:n])
		return
	}
	for i := range n {
		f.sys.Drift(f.drift[i:i+1:i+1], 0, f.new[i:i+1:i+1])
	}
}

// propose is bridge.propose for one component with momentum: q[j:j+n] becomes the proposal,
// f.old what it was.
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
	copy(f.new, q[j:j+drifts])
	f.drifts(drifts)
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
	if !c.decide(p.kappa*df-p.kappa*dq, e) {
		copy(q[j:j+n], f.old)
		return
	}
	copy(v[j:j+drifts], f.drift[:drifts])
	for k := k0; k < k1; k++ {
		i := 2 * (k - k0)
		t[k*termsPerBlock+quadTerm], t[k*termsPerBlock+refTerm] = f.terms[i], f.terms[i+1]
	}
	for k := j; k < j+n; k++ {
		p.stale[k] = true
	}
}
