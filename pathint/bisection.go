package pathint

import (
	"fmt"
	"math"

	"machlup/internal/num"
)

// Bisection redraws segments of slices by the multilevel Lévy construction: the middle of a
// segment first, then the middles of its halves, and so on, each from the reference walk
// conditional on what is there already (Lévy 1954; Ceperley, Rev. Mod. Phys. 67, 279 (1995),
// V.F). After each level but the last the proposal is tried with the action of the slices
// drawn so far, their drift held over the gaps, and dropped there if it fails; the product of
// the levels' ratios is the exact one, so the law is exact whatever the coarse actions are.
// Step, mixing with the old values and tiling are those of Staging: without rejection a
// proposal has staging's law. The drifts of the first block at coarse slices are used again;
// those of later blocks, which see the blocks before them updated, are not.
type Bisection struct {
	Block  string  `toml:"block" doc:"name of the block to move; empty: all at once"`
	Levels int     `toml:"levels" range:"[1,6]" unit:"1" doc:"levels of bisection: segments of 2^levels − 1 slices"`
	Step   float64 `toml:"step" range:"(0,1]" unit:"1" doc:"b: share of fresh noise in a proposal; the start value where warm-up adapts it"`
	Target float64 `toml:"target" range:"[0,1)" unit:"1" doc:"acceptance that warm-up adapts the step to; 0 keeps the step"`
}

const maxLevels = 6

func (m Bisection) Name() string {
	if m.Block != "" {
		return "bisection-" + m.Block
	}
	return "bisection"
}

func (m Bisection) Tuning() (step, target float64) { return m.Step, m.Target }

func (m Bisection) Bind(p *Path) (Kernel, error) {
	if m.Levels < 1 || m.Levels > maxLevels {
		return nil, fmt.Errorf("pathint: move %s: %d levels; want 1 to %d (segments of 1 to %d slices)", m.Name(), m.Levels, maxLevels, 1<<maxLevels-1)
	}
	t, err := newTiling(p, m, m.Block, 1<<m.Levels-1)
	if err != nil {
		return nil, err
	}
	t.fast = nil // which decides proposals whole
	t.start = 0  // left to the moves that redraw a slice whole
	k := &bisection{tiling: t, pair: make([]float64, 2)}
	for _, blk := range t.act.blocks {
		var by [3][]levy
		for beyond := range by {
			by[beyond] = make([]levy, t.length+1)
			for n := 1; n <= t.length; n++ {
				by[beyond][n] = newLevy(blk.Momentum, n, beyond)
			}
		}
		k.levies = append(k.levies, by)
	}
	rows := t.length + 1 // slice lo−1 and the segment
	k.drift = [2][]float64{make([]float64, rows*p.n), make([]float64, rows*p.n)}
	k.look = [2][]float64{make([]float64, rows), make([]float64, rows)}
	k.obs = make([]float64, p.nobs)
	k.level = make([]int, rows)
	k.delta, k.jump = make([]float64, p.n), make([]float64, p.n)
	return k, nil
}

// bisection is the kernel: a tiling whose proposals are made and tried level by level.
type bisection struct {
	*tiling
	levies [][3][]levy // of each block, by links beyond the segment and its length
	pair   []float64

	// Of the known slices of a segment, lo−1 first: drift at the slice and tilting observable,
	// old [0] and new [1]; the level at which each is known, 0 for lo−1.
	drift       [2][]float64
	look        [2][]float64
	obs         []float64
	level       []int
	delta, jump []float64 // scratch
}

func (t *bisection) Propose(p *Path, i int, step float64, src Source) float64 {
	lo, hi := t.segment(i)
	p.Touch(Change{Lo: lo, Hi: hi, B0: t.b0, B1: t.b1})
	beyond := min(2, p.steps-(hi-1))
	keep := math.Sqrt(1 - step*step)
	for b := t.b0; b < t.b1; b++ {
		blk := &t.act.blocks[b]
		f := t.bridges[b]
		w := blk.Hi - blk.Lo
		u, z := f.work[:(hi-lo)*w], f.z[:(hi-lo)*w]
		src.Normals(z)
		t.act.ref[b].colour(z, w)
		f.pull(u, p, lo, hi-lo, blk.Lo, blk.Hi)
		if p.guide != nil {
			f.steer(u, p, lo, hi-lo, blk.Lo, blk.Hi)
		}
		t.levies[b][beyond][hi-lo].forward(u, w)
		gain := step * blk.Noise / math.Sqrt(p.kappa)
		for i, x := range u {
			u[i] = (1-keep)*x + gain*z[i]
		}
	}
	tree := &t.levies[t.b0][beyond][hi-lo]
	t.level[0] = 0
	for _, nd := range tree.nodes {
		t.level[nd.slice+1] = nd.level
	}
	before := 0.0 // change of the coarse action at the level before
	for level := 1; level <= tree.levels; level++ {
		t.place(p, lo, hi, beyond, level, keep)
		if level == tree.levels {
			break
		}
		t.evaluate(p, lo, hi, level)
		now := t.coarse(p, lo, hi, level)
		if !Metropolis(before-now, exponential(src, t.pair)) {
			return math.Inf(-1)
		}
		before = now
	}
	return p.Reference() + before
}

// place writes the new slices of one level.
func (t *bisection) place(p *Path, lo, hi, beyond, level int, keep float64) {
	for b := t.b0; b < t.b1; b++ {
		blk := &t.act.blocks[b]
		w := blk.Hi - blk.Lo
		u := t.bridges[b].work[:(hi-lo)*w]
		tree := &t.levies[b][beyond][hi-lo]
		tree.backward(u, w, level)
		for _, nd := range tree.nodes {
			if nd.level != level {
				continue
			}
			q, old := p.Slice(lo + nd.slice)[blk.Lo:blk.Hi], p.Was(lo + nd.slice)[blk.Lo:blk.Hi]
			for c, x := range u[nd.slice*w : (nd.slice+1)*w] {
				q[c] = keep*old[c] + x
			}
		}
	}
}

// evaluate computes drifts and observables of the slices that became known at a level, before
// and after the move, in this order, since the new drift overwrites the cached one; slice
// lo−1 with the first level.
func (t *bisection) evaluate(p *Path, lo, hi, level int) {
	n := p.n
	for i, l := range t.level[:hi-lo+1] {
		if l != level && !(l == 0 && level == 1) {
			continue
		}
		k := lo - 1 + i
		if i == 0 {
			t.evaluateSlice(p, k, t.drift[0][:n], p.Slice(k), true)
			copy(t.drift[1][:n], t.drift[0][:n])
			continue
		}
		for side, q := range [2][]float64{p.Was(k), p.Slice(k)} {
			if k < p.steps {
				t.evaluateSlice(p, k, t.drift[side][i*n:(i+1)*n], q, side == 0)
			}
			if p.s != 0 {
				p.observer.Observe(t.obs, q)
				t.look[side][i] = t.obs[p.tilt]
			}
		}
	}
}

// evaluateSlice writes the drift of every block at slice k. That of the first block is what
// the action has cached for a slice as it was, and caches for a slice as it is.
func (t *bisection) evaluateSlice(p *Path, k int, dst, q []float64, cached bool) {
	for b, blk := range t.act.blocks {
		v := dst[blk.Lo:blk.Hi]
		first := b == 0 && t.act.explicit()
		if first && cached {
			copy(v, p.Cache(k)[:blk.Hi])
			continue
		}
		t.act.sys.Drift(v, b, q)
		p.cost.Drifts++
		if first && !blk.Metric {
			copy(p.Cache(k)[:blk.Hi], v)
			p.trial.ahead[k] = true
		}
	}
}

// coarse is the change of the coarse action at a level: between the known slices a and c, m
// apart, a walk of m steps with the drift at a in excess of the reference's,
//
//	κ/2s² [m|δ|² − 2(1−β)δ·R],  R = q_c − q_a − Σ u_k,
//
// which is what the exact action adds to the reference where δ is constant, and the tilt of
// the known slices. It is a function of the known slices alone.
func (t *bisection) coarse(p *Path, lo, hi, level int) float64 {
	d := 0.0
	last := min(hi, p.steps) - lo + 1 // the slice that closes the last gap, counted from lo−1
	for a := 0; a < last; {
		c := a + 1
		for c < last && t.level[c] > level {
			c++
		}
		d += t.gap(p, lo-1, a, c, 1) - t.gap(p, lo-1, a, c, 0)
		if a > 0 {
			d += p.s * float64(c-a) * (t.look[1][a] - t.look[0][a])
		}
		a = c
	}
	if hi > p.steps {
		d += p.s * (t.look[1][last] - t.look[0][last])
	}
	return d
}

// gap is the coarse action between slices from+a and from+c, old (side 0) or new (1).
func (t *bisection) gap(p *Path, from, a, c, side int) float64 {
	at := func(i int) []float64 {
		if k := from + i; side == 0 && k >= p.trial.q0 && k < p.trial.q1 {
			return p.Was(k)
		}
		return p.Slice(from + i)
	}
	qa, qc := at(a), at(c)
	sum, m := 0.0, float64(c-a)
	for b, blk := range t.act.blocks {
		delta, jump := t.delta[:blk.Hi-blk.Lo], t.jump[:blk.Hi-blk.Lo]
		copy(delta, t.drift[side][a*p.n+blk.Lo:])
		for i := range jump {
			jump[i] = qc[blk.Lo+i] - qa[blk.Lo+i]
		}
		if p.guide != nil {
			axpy(-1, p.guide[(from+a)*p.n+blk.Lo:(from+a)*p.n+blk.Hi], delta)
			for k := from + a; k < from+c; k++ {
				axpy(-1, p.guide[k*p.n+blk.Lo:k*p.n+blk.Hi], jump)
			}
		}
		for i, x := range jump {
			jump[i] = m*delta[i] - 2*(1-blk.Momentum)*x
		}
		sum += 0.5 * p.coef[b*termsPerBlock+quadTerm] / (blk.Noise * blk.Noise) * t.act.ref[b].inner(delta, jump)
	}
	return sum
}

// inner returns aᵀF₀b; it overwrites b.
func (f *reference) inner(a, b []float64) float64 {
	if f.chol == nil {
		return f.phi * num.Dot(a, b)
	}
	n, s := len(a), 0.0
	y := f.y[:n]
	clear(y)
	for i, ai := range a { // y = Lᵀa
		axpy(ai, f.chol[i*n:i*n+i+1], y[:i+1])
	}
	for j := range n { // and Lᵀb, a component at a time
		x := 0.0
		for i := j; i < n; i++ {
			x += f.chol[i*n+j] * b[i]
		}
		s += y[j] * x
	}
	return s
}

// levy is the Lévy construction of a segment of n slices of the reference walk given the rest:
// the Cholesky factor of its precision with the slices in the order of the levels, finest
// first (nested dissection), so that solving Lᵀx = w backwards draws the coarsest first.
type levy struct {
	nodes  []levyNode // finest first
	levels int
}

// levyNode is a column of the factor: 1/L_ii, and the entries of the coarser slices.
type levyNode struct {
	slice, level int
	inv          float64
	coarser      []levyLink
}

type levyLink struct {
	slice int
	l     float64
}

// newLevy orders and factors the precision of n slices with so many links beyond them.
func newLevy(beta float64, n, beyond int) levy {
	level := make([]int, n)
	var bisect func(lo, hi, at int)
	bisect = func(lo, hi, at int) {
		if lo < hi {
			mid := (lo + hi) / 2
			level[mid] = at
			bisect(lo, mid, at+1)
			bisect(mid+1, hi, at+1)
		}
	}
	if beyond == 0 { // a free end comes first
		level[n-1] = 1
		bisect(0, n-1, 2)
	} else {
		bisect(0, n, 1)
	}
	var t levy
	for _, l := range level {
		t.levels = max(t.levels, l)
	}
	var order []int
	for l := t.levels; l >= 1; l-- {
		for i := range n {
			if level[i] == l {
				order = append(order, i)
			}
		}
	}
	a, prec := make([]float64, n*n), precision(beta, n, beyond)
	for i, s := range order {
		for j, r := range order {
			a[i*n+j] = prec[s*n+r]
		}
	}
	if !num.Cholesky(a, n) {
		panic("pathint: the precision of a reference walk is not positive definite")
	}
	for i, s := range order {
		nd := levyNode{slice: s, level: level[s], inv: 1 / a[i*n+i]}
		for j := i + 1; j < n; j++ {
			if l := a[j*n+i]; l != 0 {
				nd.coarser = append(nd.coarser, levyLink{order[j], l})
			}
		}
		t.nodes = append(t.nodes, nd)
	}
	return t
}

// precision is CᵀC of a segment: each link takes (1, −(1+β), β) of the slices after, at and
// before it.
func precision(beta float64, n, beyond int) []float64 {
	a := make([]float64, n*n)
	coef := [3]float64{beta, -1 - beta, 1}
	for link := -1; link < n-1+beyond; link++ {
		for x, cx := range coef {
			for y, cy := range coef {
				if i, j := link-1+x, link-1+y; i >= 0 && i < n && j >= 0 && j < n {
					a[i*n+j] += cx * cy
				}
			}
		}
	}
	return a
}

// forward solves L w = h in place; rows are slices of w components.
func (t *levy) forward(h []float64, w int) {
	for _, nd := range t.nodes {
		row := h[nd.slice*w : (nd.slice+1)*w]
		for c := range row {
			row[c] *= nd.inv
		}
		for _, k := range nd.coarser {
			axpy(-k.l, row, h[k.slice*w:(k.slice+1)*w])
		}
	}
}

// backward solves the rows of one level of Lᵀx = w in place, the coarser ones being solved.
func (t *levy) backward(u []float64, w, level int) {
	for i := len(t.nodes) - 1; i >= 0; i-- {
		nd := &t.nodes[i]
		if nd.level != level {
			continue
		}
		row := u[nd.slice*w : (nd.slice+1)*w]
		for _, k := range nd.coarser {
			axpy(-k.l, u[k.slice*w:(k.slice+1)*w], row)
		}
		for c := range row {
			row[c] *= nd.inv
		}
	}
}
