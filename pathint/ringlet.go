package pathint

import (
	"math"

	"machlup/langevin"
)

// ringlet is the kernel of beads for a potential of one component without a tilt: the same
// segments, proposals and decisions, without the bookkeeping that in one dimension costs many
// times the arithmetic (BenchmarkPathSweep).
type ringlet struct {
	u       langevin.Potential
	rows    energyRows // u, if it is one
	normals []float64  // of a whole sweep, in bulk
	new, v  []float64  // proposed slices and their potential
}

// energyRows is a potential of one coordinate that computes many energies at once.
type energyRows interface{ EnergyRows(dst, x []float64) }

func newRinglet(b *beads, p *Path) *ringlet {
	n := b.hi - b.lo
	f := &ringlet{u: b.act.spec.Potential, normals: make([]float64, n), new: make([]float64, n), v: make([]float64, n)}
	f.rows, _ = f.u.(energyRows)
	return f
}

// energies computes the potential of the first n proposed slices.
func (f *ringlet) energies(n int) {
	if f.rows != nil {
		f.rows.EnergyRows(f.v[:n], f.new[:n])
		return
	}
	for i := range n {
		f.v[i] = f.u.Energy(f.new[i : i+1 : i+1])
	}
}

// sweepAll makes the proposals of a sweep, or says that it does not serve.
func (b *beads) sweepAll(p *Path, e []float64, step float64, src Source, back bool, c *counters) bool {
	f := b.fast
	if f == nil || p.s != 0 || p.sets != nil {
		return false
	}
	src.Normals(f.normals)
	s := ringSweep{f: f, p: p, lo: b.lo, hi: b.hi, keep: math.Sqrt(1 - step*step), gain: step * b.act.noise(p, 0),
		dt: b.act.spec.Dt, scale: p.coef[potentialTerm]}
	if p.ends.ring {
		p.seal(p.steps + 1)
	}
	if b.length == 1 {
		s.singles(b, e, back, c)
	} else {
		s.segments(b, e, back, c)
	}
	c.proposed += int64(b.count)
	p.cost.Drifts += int64(b.hi - b.lo)
	for k := range p.stale {
		p.stale[k] = true
	}
	half := 0.5 * b.act.mass[0] / b.act.spec.Dt
	q, t := p.slices, p.terms
	for k := range p.steps {
		d := q[k+1] - q[k]
		t[k*euclideanTerms+kineticTerm] = half * d * d
	}
	return true
}

// ringSweep is one sweep of a ringlet.
type ringSweep struct {
	f          *ringlet
	p          *Path
	lo, hi     int
	keep, gain float64
	dt, scale  float64 // Δt, and what the potential term costs
}

// segments proposes and decides one segment after the other.
func (s *ringSweep) segments(b *beads, e []float64, back bool, c *counters) {
	f, p, z := s.f, s.p, s.f.normals
	q := p.slices
	at := func(k int) float64 { return q[k] }
	for j := range e {
		i := j
		if back {
			i = len(e) - 1 - j
		}
		lo, hi := b.segment(i)
		n := hi - lo
		b.walk.bridge(f.new[:n], at, lo, hi, p.neighbour(hi), s.keep, s.gain, z)
		z = z[n:]
		f.energies(n)
		t := p.terms[(lo-1)*euclideanTerms:]
		d := 0.0
		for i, v := range f.v[:n] {
			d += v*s.dt - t[i*euclideanTerms+potentialTerm]
		}
		if !c.decide(-s.scale*d, e[j]) {
			continue
		}
		copy(q[lo:hi], f.new)
		for i, v := range f.v[:n] {
			t[i*euclideanTerms+potentialTerm] = v * s.dt
		}
		p.seal(hi)
	}
}

// singles proposes and decides every other slice, then those between. All slices of a colour
// go together, except that on a ring of an odd number of slices the first and the last of the
// first colour are neighbours: the last in the order of the sweep waits.
func (s *ringSweep) singles(b *beads, e []float64, back bool, c *counters) {
	n := b.count
	first := (n + 1) / 2
	z := s.f.normals
	for half := range 2 {
		from, count := 0, first
		if half == 1 != back { // the second colour
			from, count = first, n-first
		}
		wait := 0
		if from == 0 && n%2 == 1 && s.p.ends.ring {
			wait = 1
		}
		m, now, later := count-wait, from, from+count-wait
		if back {
			now, later = from+wait, from
		}
		s.colour(b, now, m, e[:m], z[:m], back, c)
		s.colour(b, later, wait, e[m:m+wait], z[m:m+wait], back, c)
		z, e = z[count:], e[count:]
	}
}

// colour proposes and decides the single slices of proposals from … from+m−1, no two of which
// are neighbours.
func (s *ringSweep) colour(b *beads, from, m int, e, z []float64, back bool, c *counters) {
	if m == 0 {
		return
	}
	f, p := s.f, s.p
	q, t := p.slices, p.terms
	k0, _ := b.segment(from)
	by := 2
	if back {
		k0, _ = b.segment(from + m - 1)
		by = -2
	}
	x, v := f.new[:m], f.v[:m]
	mean, noise := 0.5*(1-s.keep), math.Sqrt2/2*s.gain
	k := k0
	for i := range x {
		switch next := k + 1; {
		case next <= p.steps:
			x[i] = s.keep*q[k] + mean*(q[k-1]+q[next]) + noise*z[i]
		case p.ends.ring:
			x[i] = s.keep*q[k] + mean*(q[k-1]+q[1]) + noise*z[i]
		default: // a free end
			x[i] = s.keep*q[k] + (1-s.keep)*q[k-1] + s.gain*z[i]
		}
		k += by
	}
	f.energies(m)
	var accepted uint64
	k = k0
	for i := range x {
		old := &t[(k-1)*euclideanTerms+potentialTerm]
		is := v[i] * s.dt
		ratio := s.scale * (*old - is)
		if !(ratio >= -math.MaxFloat64) {
			c.diverged++
		}
		var mask uint64
		if Metropolis(ratio, e[i]) {
			mask = ^uint64(0)
		}
		accepted += mask & 1
		q[k] = choose(mask, x[i], q[k])
		*old = choose(mask, is, *old)
		k += by
	}
	c.accepted += int64(accepted)
	if s.p.ends.ring && (k-by == p.steps || k0 == p.steps) {
		q[0] = q[p.steps]
	}
}
