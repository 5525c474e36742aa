package pathint

import (
	"fmt"
	"math"

	"machlup/langevin"
)

// Cost counts the work of an action.
type Cost struct {
	Drifts  int64 // drifts of single blocks
	Steps   int64 // steps of a Map
	Metrics int64 // metric norms that no drift at the same configuration preceded
	Cheap   int64 // drifts of single blocks, or steps, of the cheaper action of delayed acceptance
}

// A Path is a trajectory with everything that depends on it: slices 0..K, inputs, the
// action's cache and terms for each step, observables for each slice. A proposal is
// opened by Touch, written through Slice or Input, priced by Delta, and then kept or
// restored by the chain.
type Path struct {
	action        Action
	ends          Ends
	steps         int // K
	n, width      int
	inputs, blk   int
	cached, nterm int

	guide  []float64   // K × n, drift of the reference; nil for none
	slices []float64   // (K+1) × width
	xi     [][]float64 // K rows of inputs
	cache  []float64   // K × cached
	terms  []float64   // K × nterm

	observer langevin.Observer
	nobs     int
	obs      []float64 // (K+1) × nobs
	stale    []bool    // observables of slice k not computed yet
	first    float64   // −log density of q_0; 0 when it is fixed

	kappa     float64   // β/ħ
	coef, ref []float64 // of each term in −log weight and in the reference
	tilt      int       // index of the tilting observable, −1 for none
	s         float64
	sets      *membership // nil: ends without indicators

	cost  Cost
	trial trial
}

// trial is an open proposal: what it touches and the values it replaced.
type trial struct {
	open, updated, observed bool
	change                  Change
	k0, k1                  int // steps whose terms change
	q0, q1                  int // slices that change, and on a ring slice 0 with slice K
	first                   float64
	slices                  []float64
	cache, terms, obs       []float64
	margin                  []float64   // with sets, once priced
	outside                 bool        // of its sets
	xi                      [][]float64 // K rows of inputs: what was there, or to spare
	ahead                   []bool      // steps whose drift of the first block is in the cache already
}

// poser is an action whose Z need not be finite.
type poser interface {
	WellPosed(ends Ends, steps int, kappa float64) error
}

// closer is an action that knows what to do with a slice K that is slice 0.
type closer interface{ Closes() bool }

// inexact is an action whose Simulate is no draw of the untilted law, for the given reason.
type inexact interface{ Exact() error }

// drawable returns nil if the untilted law of the path can be drawn exactly.
func (p *Path) drawable() error {
	if a, ok := p.action.(inexact); ok {
		return fmt.Errorf("pathint: %w", a.Exact())
	}
	return p.ends.Drawable()
}

// guided is an action whose reference follows a drift that is fixed for the path.
type guided interface {
	Guide(q0 []float64, steps int) []float64
}

func newPath(a Action, ends Ends, steps int, observer langevin.Observer) (*Path, error) {
	if steps < 1 {
		return nil, fmt.Errorf("pathint: path: %d steps; want at least 1", steps)
	}
	if err := ends.check(a.Config(), steps, a.Coordinates()); err != nil {
		return nil, err
	}
	if c, ok := a.(closer); ends.ring && !(ok && c.Closes()) {
		return nil, fmt.Errorf("pathint: ends: a periodic path belongs to the trace of e^{−βH}; the steps of the %s action have a direction in time; use the euclidean or the lagrangian action", a.Name())
	}
	p := &Path{
		action: a, ends: ends, steps: steps,
		n: a.Config(), width: a.Width(), inputs: a.Inputs(), blk: a.Blocks(),
		cached: a.Cached(), nterm: len(a.Terms()), observer: observer, tilt: -1,
	}
	p.slices = make([]float64, (steps+1)*p.width)
	p.xi, p.trial.xi = newRows(steps, p.inputs), newRows(steps, p.inputs)
	p.cache = make([]float64, steps*p.cached)
	p.terms = make([]float64, steps*p.nterm)
	if observer != nil {
		p.nobs = len(observer.Observables())
	}
	p.obs = make([]float64, (steps+1)*p.nobs)
	p.stale = make([]bool, steps+1)
	p.trial.ahead = make([]bool, steps)
	p.coef = make([]float64, p.nterm)
	p.ref = make([]float64, p.nterm)
	p.setKappa(1)
	a.Init(p.Slice(0), ends.start)
	if g, ok := a.(guided); ok && !ends.ring {
		p.guide = g.Guide(ends.start, steps)
	}
	for k := range p.stale {
		p.stale[k] = true
	}
	return p, nil
}

// Steps returns K; the path has slices 0..K.
func (p *Path) Steps() int { return p.steps }

// Config returns the length n of a configuration.
func (p *Path) Config() int { return p.n }

// Action returns the action the path belongs to.
func (p *Path) Action() Action { return p.action }

// Ends returns what holds the path.
func (p *Path) Ends() Ends { return p.ends }

// Movable returns the range [lo, hi) of slices that may move. Besides, slice 0 moves where
// the ends give it a density; on a ring it follows slice K.
func (p *Path) Movable() (lo, hi int) { return p.ends.movable(p.steps) }

// Kappa returns κ = β/ħ, the scale of the quadratic part.
func (p *Path) Kappa() float64 { return p.kappa }

// Slice returns slice k as a view: the configuration first, then the map's memory.
func (p *Path) Slice(k int) []float64 { return p.slices[k*p.width : (k+1)*p.width : (k+1)*p.width] }

// Before returns the slice before k, and slice 0 itself before the start (q₋₁ = q₀).
func (p *Path) Before(k int) []float64 { return p.Slice(max(k-1, 0)) }

// Input returns the inputs ξ_k of step k as a view, valid until the next proposal; empty in
// positions.
func (p *Path) Input(k int) []float64 { return p.xi[k] }

// coords returns what the chain moves, row by row: all slices, or the inputs of each step, and
// q_0 before them where it moves.
func (p *Path) coords() [][]float64 {
	if p.inputs > 0 && p.ends.density != nil {
		return append([][]float64{p.slices[:p.n]}, p.xi...)
	}
	if p.inputs > 0 {
		return p.xi
	}
	return [][]float64{p.slices}
}

// freedom returns how many numbers the chain moves.
func (p *Path) freedom() int {
	switch {
	case p.inputs > 0 && p.ends.density != nil:
		return p.n + p.steps*p.inputs
	case p.inputs > 0:
		return p.steps * p.inputs
	}
	return len(p.slices)
}

// Cache returns what the action cached for step k, as a view.
func (p *Path) Cache(k int) []float64 { return p.cache[k*p.cached : (k+1)*p.cached : (k+1)*p.cached] }

// Terms returns the action's terms of step k as a view.
func (p *Path) Terms(k int) []float64 { return p.terms[k*p.nterm : (k+1)*p.nterm : (k+1)*p.nterm] }

// Cost returns the work done on this path so far.
func (p *Path) Cost() Cost { return p.cost }

// Charge adds to the cost; actions call it.
func (p *Path) Charge(c Cost) {
	p.cost.Drifts += c.Drifts
	p.cost.Steps += c.Steps
	p.cost.Metrics += c.Metrics
	p.cost.Cheap += c.Cheap
}

// Gradients returns a cost in gradient evaluations: block drifts over the number of
// blocks, plus steps of the map.
func (p *Path) Gradients(c Cost) float64 {
	return float64(c.Drifts)/float64(p.blk) + float64(c.Steps)
}

// Quadratic returns the quadratic part Q of the action (β = ħ = 1): Σ over the terms
// that scale.
func (p *Path) Quadratic() float64 {
	return p.sum(func(t Term) float64 { return t.Scaled })
}

// Value returns the action S at β = ħ = 1, without the tilt.
func (p *Path) Value() float64 {
	return p.sum(func(t Term) float64 { return t.Scaled + t.Fixed })
}

// NegLogWeight returns −log of the path's unnormalised weight: κQ + rest + s·O, and −log of
// the density of q_0 where it has one.
func (p *Path) NegLogWeight() float64 {
	u := p.first
	for k := range p.steps {
		for c, t := range p.Terms(k) {
			u += p.coef[c] * t
		}
	}
	if p.s != 0 {
		u += p.s * p.Total(p.tilt)
	}
	return u
}

func (p *Path) sum(weight func(Term) float64) float64 {
	v := 0.0
	for c, t := range p.action.Terms() {
		if w := weight(t); w != 0 {
			for k := range p.steps {
				v += w * p.terms[k*p.nterm+c]
			}
		}
	}
	return v
}

// Observe returns the observables of slice k as a view, computing them if need be; empty
// without an observer.
func (p *Path) Observe(k int) []float64 {
	o := p.obs[k*p.nobs : (k+1)*p.nobs : (k+1)*p.nobs]
	if p.stale[k] && p.observer != nil {
		p.observer.Observe(o, p.Slice(k)[:p.n])
		p.stale[k] = false
	}
	return o
}

// Total returns O_i = Σ_{k=1..K} o_i(q_k).
func (p *Path) Total(i int) float64 {
	t := 0.0
	for k := 1; k <= p.steps; k++ {
		t += p.Observe(k)[i]
	}
	return t
}

// Touch opens a proposal: it saves what the change c and its consequences replace. The
// caller then writes the new slices (positions) or inputs (innovations).
func (p *Path) Touch(c Change) {
	p.open(c)
	if p.inputs > 0 {
		for k := max(c.Lo, 0); k < c.Hi; k++ {
			copy(p.xi[k], p.trial.xi[k])
		}
	}
}

// Renew opens a proposal as Touch does, but for innovations only and leaving arbitrary
// numbers in the inputs of the change, which the caller must write in full from what they
// were (WasInput). It copies nothing.
func (p *Path) Renew(c Change) {
	if p.inputs == 0 {
		panic("pathint: renewal of inputs on a path of slices")
	}
	p.open(c)
}

// WasInput returns the inputs of step k before the open proposal touched them.
func (p *Path) WasInput(k int) []float64 { return p.trial.xi[k] }

// swapInputs exchanges the inputs of the open proposal's change with what was there.
func (p *Path) swapInputs() {
	t := &p.trial
	if p.inputs > 0 {
		for k := max(t.change.Lo, 0); k < t.change.Hi; k++ {
			p.xi[k], t.xi[k] = t.xi[k], p.xi[k]
		}
	}
}

func (p *Path) open(c Change) {
	t := &p.trial
	if t.open {
		panic("pathint: a proposal is already open")
	}
	t.q0, t.q1 = c.Lo, c.Hi
	lo, hi := p.Movable()
	if p.inputs > 0 {
		lo, hi = 0, p.steps
		t.q0, t.q1 = c.Lo+1, p.steps+1
	}
	if p.ends.density != nil {
		lo--
	}
	if c.Lo < lo || c.Hi > hi || c.Lo >= c.Hi {
		panic("pathint: a proposal touches slices that may not move")
	}
	t.open, t.updated, t.observed, t.outside, t.change = true, false, false, false, c
	t.margin = t.margin[:0]
	t.k0, t.k1 = p.action.Reach(c, p.steps)
	if p.ends.ring && t.q1 > p.steps { // the first step as well as the last
		t.k0, t.k1 = 0, p.steps
	}
	t.first = p.first
	t.slices = save(t.slices, p.slices, t.q0, t.q1, p.width)
	p.swapInputs()
	t.cache = save(t.cache, p.cache, t.k0, t.k1, p.cached)
	t.terms = save(t.terms, p.terms, t.k0, t.k1, p.nterm)
}

// Was returns the value slice k (positions) had before the open proposal touched it.
func (p *Path) Was(k int) []float64 {
	i := k - p.trial.q0
	return p.trial.slices[i*p.width : (i+1)*p.width]
}

// update brings terms, and observables if the tilt needs them, up to date with an open
// proposal. It is idempotent.
func (p *Path) update() {
	t := &p.trial
	if !t.open {
		panic("pathint: no proposal is open")
	}
	if t.updated {
		return
	}
	t.updated = true
	p.seal(t.q1)
	p.action.Update(p, t.change)
	if t.q0 == 0 && p.ends.density != nil {
		p.first = p.ends.density.NegLog(p.Slice(0)[:p.n])
	}
	if p.s == 0 {
		return
	}
	if !t.observed {
		t.obs = save(t.obs, p.obs, t.q0, t.q1, p.nobs)
		t.observed = true
	}
	for k := t.q0; k < t.q1; k++ {
		p.observer.Observe(p.obs[k*p.nobs:(k+1)*p.nobs], p.Slice(k)[:p.n])
	}
}

// reprice brings an open proposal up to date once more, after it has been written anew.
func (p *Path) reprice() {
	p.trial.updated = false
	p.update()
}

// Delta returns the change of −log weight made by the open proposal.
func (p *Path) Delta() float64 {
	p.update()
	t := &p.trial
	d := p.weigh(p.coef)
	if t.observed {
		do := 0.0
		i := p.tilt
		if t.q0 == 0 { // which O leaves out
			i += p.nobs
		}
		for old := t.obs; i < len(old); i += p.nobs {
			do += p.obs[t.q0*p.nobs+i] - old[i]
		}
		d += p.s * do
	}
	d += p.first - t.first
	if p.inputs > 0 && !finite(p.Slice(p.steps)) {
		return math.Inf(1) // a trajectory that diverged has no weight
	}
	if p.sets != nil && !p.inside() {
		return math.Inf(1)
	}
	return d
}

// Reference returns the change of the reference action made by the open proposal. It is
// the log proposal ratio of a move that is reversible with respect to the reference.
func (p *Path) Reference() float64 {
	p.update()
	return p.weigh(p.ref)
}

// weigh sums w·(new − old) over the terms of the steps an open proposal reaches. Both
// callers sum in the same order, so that a term that equals its reference cancels exactly.
func (p *Path) weigh(w []float64) float64 {
	t := &p.trial
	now := p.terms[t.k0*p.nterm : t.k1*p.nterm]
	d := 0.0
	for c, wc := range w {
		if wc == 0 {
			continue
		}
		for i := c; i < len(now); i += p.nterm {
			d += wc * (now[i] - t.terms[i])
		}
	}
	return d
}

// keep makes an open proposal the path.
func (p *Path) keep() {
	t := &p.trial
	p.close()
	if !t.observed {
		for k := t.q0; k < t.q1; k++ {
			p.stale[k] = true
		}
	}
	if p.ends.ring && t.q1 > p.steps {
		p.stale[0] = true
	}
}

// close ends a proposal.
func (p *Path) close() {
	t := &p.trial
	t.open = false
	clear(t.ahead[t.k0:t.k1])
}

// restore undoes an open proposal.
func (p *Path) restore() {
	t := &p.trial
	if !t.open { // it was rejected before it was written
		return
	}
	p.close()
	copy(p.slices[t.q0*p.width:], t.slices)
	p.seal(t.q1)
	p.first = t.first
	p.swapInputs()
	copy(p.cache[t.k0*p.cached:], t.cache)
	copy(p.terms[t.k0*p.nterm:], t.terms)
	if p.sets != nil {
		copy(p.sets.margin[t.q0:], t.margin)
	}
	if t.observed {
		copy(p.obs[t.q0*p.nobs:], t.obs)
	}
}

// refresh recomputes everything from the slices (positions) or the inputs (innovations),
// without charging for it.
func (p *Path) refresh() {
	before := p.cost
	c := Change{Lo: 0, Hi: p.steps + 1, B0: 0, B1: p.blk}
	if p.inputs > 0 {
		c = Change{Lo: 0, Hi: p.steps}
	}
	p.seal(p.steps + 1)
	p.action.Update(p, c)
	if p.ends.density != nil {
		p.first = p.ends.density.NegLog(p.Slice(0)[:p.n])
	}
	p.cost = before
	for k := range p.stale {
		p.stale[k] = true
	}
	p.settle()
	if p.sets != nil {
		p.sets.update(p, 0, p.steps+1)
	}
}

// seal makes slice 0 of a ring what slice K is, if slices up to end−1 have changed.
func (p *Path) seal(end int) {
	if p.ends.ring && end > p.steps {
		copy(p.slices[:p.width], p.slices[p.steps*p.width:])
	}
}

// putStart writes slice 0 of a path whose start has a density.
func (p *Path) putStart(q []float64) {
	if p.inputs > 0 {
		p.action.Init(p.Slice(0), q)
		return
	}
	copy(p.Slice(0), q)
}

// putSaved completes slice 0 once the coordinates have been restored.
func (p *Path) putSaved() {
	switch {
	case p.ends.density == nil:
		p.action.Init(p.Slice(0), p.ends.start)
	case p.inputs > 0:
		p.action.Init(p.Slice(0), append([]float64(nil), p.slices[:p.n]...))
	}
}

// settle computes the observables a tilted chain must have at hand.
func (p *Path) settle() {
	if p.s == 0 {
		return
	}
	for k := range p.stale {
		p.Observe(k)
	}
}

func (p *Path) setKappa(kappa float64) {
	p.kappa = kappa
	for c, t := range p.action.Terms() {
		p.coef[c] = t.Scaled*kappa + t.Fixed
		p.ref[c] = t.ReferenceScaled * kappa
	}
}

// setTilt changes s and computes what the new value needs.
func (p *Path) setTilt(s float64) {
	p.s = s
	p.settle()
}

func newRows(n, width int) [][]float64 {
	flat, rows := make([]float64, n*width), make([][]float64, n)
	for k := range rows {
		rows[k] = flat[k*width : (k+1)*width : (k+1)*width]
	}
	return rows
}

// save copies rows [lo, hi) of a row-major array of the given width into buf.
func save(buf, a []float64, lo, hi, width int) []float64 {
	return append(buf[:0], a[lo*width:hi*width]...)
}

func finite(x []float64) bool {
	s := 0.0
	for _, v := range x {
		s += v * 0
	}
	return s == 0
}
