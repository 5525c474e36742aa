package pathint

import (
	"fmt"
	"math"
	"strings"

	"machlup/langevin"
)

// Tilt multiplies the weight of a path by exp(−S·O), O = Σ_{k=1..K} o(q_k).
type Tilt struct {
	Observable string // name of an observable of the chain's observer, empty for none
	S          float64
}

// Spec describes a chain. It is not changed by the chain.
type Spec struct {
	Action     Action
	Ends       Ends
	Steps      int               // K
	Observer   langevin.Observer // may be nil without tilt
	Tilt       Tilt
	Sets       *Sets   // conditions on the ends; nil for none
	Beta, Hbar float64 // 0 means 1; κ = β/ħ scales the quadratic part
	Moves      []Move  // one sweep applies each in order
}

// Chain is a Markov chain of paths that leaves the weight of its Spec invariant.
type Chain struct {
	path    *Path
	moves   []bound
	warmed  int // warm-up sweeps done
	started bool
}

// bound is a move at work on a path.
type bound struct {
	move   Move
	kernel Kernel
	step   float64
	target float64
	stats  counters
	e      []float64 // exponentials that decide a sweep's proposals
	pairs  []float64 // what they are made of
}

type counters struct {
	proposed, accepted, diverged int64
	cost                         Cost
}

// NewChain checks that the parts fit together. Give the chain a path by one of the Start
// methods, or UnmarshalBinary, before sweeping.
func NewChain(spec Spec) (*Chain, error) {
	if spec.Action == nil {
		return nil, fmt.Errorf("pathint: chain: no action")
	}
	beta, hbar := orOne(spec.Beta), orOne(spec.Hbar)
	if !(beta > 0) || !(hbar > 0) || math.IsInf(beta/hbar, 0) {
		return nil, fmt.Errorf("pathint: chain: β = %g, ħ = %g; both must be positive", beta, hbar)
	}
	p, err := newPath(spec.Action, spec.Ends, spec.Steps, spec.Observer)
	if err != nil {
		return nil, err
	}
	if p.tilt, err = findTilt(spec); err != nil {
		return nil, err
	}
	if spec.Sets != nil {
		if p.sets, err = newMembership(*spec.Sets, p); err != nil {
			return nil, err
		}
	}
	c := &Chain{path: p}
	for _, m := range spec.Moves {
		if err := checkTuning(m); err != nil {
			return nil, err
		}
		k, err := m.Bind(p)
		if err != nil {
			return nil, err
		}
		b := bound{move: m, kernel: k}
		b.step, b.target = m.Tuning()
		c.moves = append(c.moves, b)
	}
	p.setKappa(beta / hbar)
	if a, ok := spec.Action.(poser); ok {
		if err := a.WellPosed(spec.Ends, spec.Steps, p.kappa); err != nil {
			return nil, err
		}
	}
	p.s = spec.Tilt.S
	return c, nil
}

func orOne(x float64) float64 {
	if x == 0 {
		return 1
	}
	return x
}

func findTilt(spec Spec) (int, error) {
	name := spec.Tilt.Observable
	if name == "" {
		if spec.Tilt.S != 0 {
			return 0, fmt.Errorf("pathint: tilt: s = %g without an observable", spec.Tilt.S)
		}
		return -1, nil
	}
	if spec.Observer == nil {
		return 0, fmt.Errorf("pathint: tilt: the system has no observables, so %q cannot tilt it", name)
	}
	if math.IsNaN(spec.Tilt.S) || math.IsInf(spec.Tilt.S, 0) {
		return 0, fmt.Errorf("pathint: tilt: s = %g; want a finite number", spec.Tilt.S)
	}
	var names []string
	for i, o := range spec.Observer.Observables() {
		if o.Name == name {
			return i, nil
		}
		names = append(names, o.Name)
	}
	return 0, fmt.Errorf("pathint: tilt: no observable %q; the system has %s", name, strings.Join(names, ", "))
}

// Path returns the current path. It is valid until the next sweep.
func (c *Chain) Path() *Path { return c.path }

// Sweep applies every move once.
func (c *Chain) Sweep(src Source) {
	c.ready()
	for i := range c.moves {
		c.moves[i].sweep(c.path, src, false)
	}
}

// SweepBack is the time reversal of Sweep: the same proposals in the opposite order.
func (c *Chain) SweepBack(src Source) {
	c.ready()
	for i := len(c.moves) - 1; i >= 0; i-- {
		c.moves[i].sweep(c.path, src, true)
	}
}

func (c *Chain) ready() {
	if !c.started {
		panic("pathint: sweep of a chain without a path; call one of its Start methods")
	}
}

// Warm does the given number of sweeps during which step sizes adapt (Robbins–Monro on
// log b towards the move's target acceptance), then resets the statistics.
func (c *Chain) Warm(sweeps int, src Source) {
	c.ready()
	for range sweeps {
		c.warmed++
		gain := 2 / math.Sqrt(float64(c.warmed))
		for i := range c.moves {
			m := &c.moves[i]
			before := m.stats
			m.sweep(c.path, src, false)
			if n := m.stats.proposed - before.proposed; m.target > 0 && n > 0 {
				rate := float64(m.stats.accepted-before.accepted) / float64(n)
				m.step = min(1, m.step*math.Exp(gain*(rate-m.target)))
			}
		}
	}
	c.ResetStats()
}

// swapSteps exchanges the step sizes of the moves with those of a chain of the same spec.
func (c *Chain) swapSteps(other *Chain) {
	for i := range c.moves {
		c.moves[i].step, other.moves[i].step = other.moves[i].step, c.moves[i].step
	}
}

// sweep makes the proposals of one sweep, in order or back, and decides each.
func (m *bound) sweep(p *Path, src Source, back bool) {
	before := p.cost
	n := m.kernel.Begin(p, src)
	e := m.decisions(n, src)
	if b, ok := m.kernel.(batch); ok && b.sweepAll(p, e, m.step, src, back, &m.stats) {
		m.stats.cost.add(p.cost, before)
		return
	}
	for j := range n {
		i := j
		if back {
			i = n - 1 - j
		}
		m.try(p, i, e[j], src)
	}
	m.stats.cost.add(p.cost, before)
}

// try makes proposal i of a sweep and decides it by an exponential variate.
func (m *bound) try(p *Path, i int, exponential float64, src Source) {
	ratio := m.kernel.Propose(p, i, m.step, src)
	m.stats.proposed++
	if math.IsInf(ratio, -1) {
		p.restore()
		return
	}
	delta := p.Delta()
	if (math.IsNaN(delta) || math.IsInf(delta, 1)) && !p.trial.outside {
		m.stats.diverged++
	}
	if Metropolis(ratio-delta, exponential) {
		m.stats.accepted++
		p.keep()
	} else {
		p.restore()
	}
}

// decisions draws the exponentials of a sweep's n decisions, before anything is proposed: in
// bulk they cost a fraction.
func (m *bound) decisions(n int, src Source) []float64 {
	if n > len(m.e) {
		m.e, m.pairs = make([]float64, n+1), make([]float64, 2*(n+1)) // tilings differ by one
	}
	exponentials(m.e[:n], src, m.pairs[:2*n])
	return m.e[:n]
}

// add adds the cost since before.
func (c *Cost) add(now, before Cost) {
	c.Drifts += now.Drifts - before.Drifts
	c.Steps += now.Steps - before.Steps
	c.Metrics += now.Metrics - before.Metrics
	c.Cheap += now.Cheap - before.Cheap
}

// batch is a kernel that can make and decide all proposals of a sweep at once, exactly as
// the loop in sweep would; proposal j is decided by e[j]. It returns false when the path is
// not of its kind.
type batch interface {
	sweepAll(p *Path, e []float64, step float64, src Source, back bool, c *counters) bool
}

// Stats returns the record of move i since the last reset.
func (c *Chain) Stats(i int) Stats {
	m := &c.moves[i]
	s := Stats{
		Move: m.move.Name(), Step: m.step,
		Proposed: m.stats.proposed, Accepted: m.stats.accepted, Diverged: m.stats.diverged,
		Gradients: c.path.Gradients(m.stats.cost), Metrics: m.stats.cost.Metrics,
	}
	if d, ok := m.kernel.(*delayed); ok {
		s.Cheap = d.evaluations(m.stats.cost.Cheap)
		s.Gradients += d.price * s.Cheap
	}
	return s
}

// Moves returns how many moves a sweep applies.
func (c *Chain) Moves() int { return len(c.moves) }

// ResetStats forgets the moves' records, not their step sizes.
func (c *Chain) ResetStats() {
	for i := range c.moves {
		c.moves[i].stats = counters{}
	}
}

// SetTilt changes s; later sweeps leave the new weight invariant.
func (c *Chain) SetTilt(s float64) {
	if c.path.tilt < 0 && s != 0 {
		panic("pathint: tilt of a chain without a tilting observable")
	}
	c.path.setTilt(s)
}

// Tilt returns the current s.
func (c *Chain) Tilt() float64 { return c.path.s }

// Integral returns the tilting observable's O = Σ_{k=1..K} o(q_k).
func (c *Chain) Integral() float64 {
	if c.path.tilt < 0 {
		panic("pathint: integral of a chain without a tilting observable")
	}
	return c.path.Total(c.path.tilt)
}
