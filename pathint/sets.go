package pathint

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"machlup/langevin"
)

// A Bound is one inequality on an observable: o > Value if Above, else o < Value.
type Bound struct {
	Observable int // index in the observer's list
	Above      bool
	Value      float64
}

// A Region is the set of configurations that satisfy all its bounds; without bounds it is
// everything.
type Region []Bound

// ParseRegion reads inequalities such as "rho < 0.3", all of which must hold.
func ParseRegion(inequalities []string, observables []langevin.Observable) (Region, error) {
	var r Region
	for _, text := range inequalities {
		b, err := parseBound(text, observables)
		if err != nil {
			return nil, err
		}
		r = append(r, b)
	}
	return r, nil
}

func parseBound(text string, observables []langevin.Observable) (Bound, error) {
	at := strings.IndexAny(text, "<>")
	if at < 0 {
		return Bound{}, fmt.Errorf("%q is no inequality; write OBSERVABLE < NUMBER or OBSERVABLE > NUMBER", text)
	}
	name, number := strings.TrimSpace(text[:at]), strings.TrimSpace(text[at+1:])
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		return Bound{}, fmt.Errorf("%q compares with %q; want one < or > and a finite number after it", text, number)
	}
	var names []string
	for i, o := range observables {
		if o.Name == name {
			return Bound{i, text[at] == '>', value}, nil
		}
		names = append(names, o.Name)
	}
	return Bound{}, fmt.Errorf("%q names no selected observable; there are %s", text, strings.Join(names, ", "))
}

// Margin returns how far inside the region a configuration with these observables is: the
// smallest of o − Value (Above) or Value − o over the bounds, +Inf without bounds. It is
// inside if the margin is positive. NaN is outside.
func (r Region) Margin(observables []float64) float64 {
	margin := math.Inf(1)
	for _, b := range r {
		d := b.Value - observables[b.Observable]
		if b.Above {
			d = -d
		}
		if math.IsNaN(d) {
			return math.Inf(-1)
		}
		margin = min(margin, d)
	}
	return margin
}

// Has tells whether a configuration with these observables is in the region.
func (r Region) Has(observables []float64) bool { return r.Margin(observables) > 0 }

// Sets multiplies the weight of a path by h_A(q_0)·h_B(q_K), the indicators of its ends: the
// transition path ensemble (Dellago, Bolhuis, Csajka and Chandler, J. Chem. Phys. 108 (1998)
// 1964). With Visit the path need not end in B, one of its slices 1..K must be there.
//
// B is nested in the regions whose margin exceeds −c: Relax = c > 0 takes one of these
// instead of B itself, +Inf takes everything.
type Sets struct {
	A, B  Region
	Visit bool
	Relax float64
}

// membership is the sets of one path and how far its slices are inside B.
type membership struct {
	Sets
	margin []float64 // of each slice in B; only of slice K unless Visit
	obs    []float64 // scratch, one slice
}

func newMembership(s Sets, p *Path) (*membership, error) {
	if p.observer == nil {
		return nil, fmt.Errorf("pathint: sets: the system has no observables to bound")
	}
	for _, b := range append(append(Region{}, s.A...), s.B...) {
		if b.Observable < 0 || b.Observable >= p.nobs {
			return nil, fmt.Errorf("pathint: sets: observable %d of %d", b.Observable, p.nobs)
		}
	}
	if !(s.Relax >= 0) {
		return nil, fmt.Errorf("pathint: sets: relaxed by %g; want 0 or more", s.Relax)
	}
	return &membership{s, make([]float64, p.steps+1), make([]float64, p.nobs)}, nil
}

// observe returns the observables of slice k of an open proposal or a settled path.
func (m *membership) observe(p *Path, k int) []float64 {
	if p.trial.open && p.trial.observed {
		return p.obs[k*p.nobs : (k+1)*p.nobs]
	}
	p.observer.Observe(m.obs, p.Slice(k)[:p.n])
	return m.obs
}

// update recomputes the margins of slices [lo, hi) and tells whether slice 0, if among them,
// is in A.
func (m *membership) update(p *Path, lo, hi int) (startInside bool) {
	startInside = lo > 0 || m.A.Has(m.observe(p, 0))
	first := p.steps
	if m.Visit {
		first = 1
	}
	for k := max(lo, first); k < hi; k++ {
		m.margin[k] = m.B.Margin(m.observe(p, k))
	}
	return startInside
}

// progress is the margin that decides: of slice K, or the largest of slices 1..K.
func (m *membership) progress() float64 {
	last := len(m.margin) - 1
	if !m.Visit {
		return m.margin[last]
	}
	best := math.Inf(-1)
	for _, v := range m.margin[1:] {
		best = max(best, v)
	}
	return best
}

// reached tells whether the path meets the condition on B.
func (m *membership) reached() bool { return m.progress() > -m.Relax || math.IsInf(m.Relax, 1) }

// inside prices an open proposal: whether it is still in the sets.
func (p *Path) inside() bool {
	m, t := p.sets, &p.trial
	if len(t.margin) == 0 {
		t.margin = save(t.margin, m.margin, t.q0, t.q1, 1)
	}
	t.outside = !m.update(p, t.q0, t.q1) || !m.reached()
	return !t.outside
}

// Progress returns the margin in B that decides whether a path is in its sets: of q_K, or
// the largest of q_1..q_K when B need only be visited. It is positive in B.
func (c *Chain) Progress() float64 {
	if c.path.sets == nil {
		panic("pathint: progress of a chain without sets")
	}
	return c.path.sets.progress()
}

// SetRelax replaces B by the larger region of margin > −relax, 0 for B itself. The current
// path must be in it.
func (c *Chain) SetRelax(relax float64) error {
	m := c.path.sets
	if m == nil {
		panic("pathint: relaxed sets of a chain without sets")
	}
	was := m.Relax
	m.Relax = relax
	if c.started && !m.reached() {
		m.Relax = was
		return fmt.Errorf("pathint: sets: the path's margin in B is %g, not above %g", m.progress(), -relax)
	}
	return nil
}

// Reach moves a path that starts in A into B by relaxing B to wherever the path is and
// tightening after every sweep to where it has got. It takes at most the given number of
// sweeps, in which nothing adapts, and leaves Relax at 0.
func (c *Chain) Reach(sweeps int, src Source) error {
	c.ready()
	for i := 0; ; i++ {
		at := c.Progress()
		if at > 0 {
			return c.SetRelax(0)
		}
		if i == sweeps {
			return fmt.Errorf("pathint: sets: after %d sweeps no path has reached B, the nearest by a margin of %g; use longer paths (K = %d), a larger B or more sweeps", sweeps, at, c.path.steps)
		}
		if err := c.SetRelax(math.Nextafter(-at, math.Inf(1))); err != nil {
			return err
		}
		c.Sweep(src)
	}
}

// checkSets refuses a path that is outside its sets.
func (c *Chain) checkSets() error {
	p := c.path
	m := p.sets
	if m == nil {
		return nil
	}
	if !m.A.Has(m.observe(p, 0)) {
		return fmt.Errorf("pathint: sets: the start is not in A (margin %g)", m.A.Margin(m.observe(p, 0)))
	}
	if !m.reached() {
		return fmt.Errorf("pathint: sets: the path does not reach B (margin %g); start it relaxed (Relax = +Inf) and call Reach", m.progress())
	}
	return nil
}

// Inside tells whether slice k of a path that need only visit B is in B.
func (c *Chain) Inside(k int) bool {
	if m := c.path.sets; m == nil || !m.Visit {
		panic("pathint: inside of a chain whose path need not visit a set")
	}
	return c.path.sets.margin[k] > 0
}

// Relaxed restores a saved chain under B relaxed by the given amount, which the saved path
// must satisfy.
func (c *Chain) Relaxed(relax float64, saved []byte) error {
	if c.path.sets == nil {
		panic("pathint: relaxed sets of a chain without sets")
	}
	if err := c.UnmarshalBinary(saved); err != nil {
		return err
	}
	return c.SetRelax(relax)
}
