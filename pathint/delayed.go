package pathint

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"machlup/internal/num"
	"machlup/langevin"
)

// Delayed is delayed acceptance (Christen and Fox, J. Comput. Graph. Stat. 14, 795 (2005)): any
// move, proposed and tried on a cheaper action S̃ first; only what passes is tried with the exact
// one, by min(1, e^{−ΔS+ΔS̃}). The law is the exact one whatever S̃ is. It pays where S̃ rejects
// what S would, or carries many steps of a move that follows gradients, at a small price; a
// sweep begins by computing S̃ of the whole path.
type Delayed struct {
	Move  string `toml:"move" doc:"the move that proposes: a [move.NAME] table, or a move of the catalogue with its defaults"`
	Cheap string `toml:"cheap" enum:"linear|subsample" doc:"linear: the drift linearised at the start, without a gradient evaluation (at most 256 components, isotropic noise); subsample: the drift on the first rows of the quenched batch"`
	Rows  int    `toml:"rows" range:"[1,inf)" unit:"1" doc:"of subsample: samples of the part; an evaluation counts as rows/batch gradient evaluations"`
	// Inner is the move itself; nil for the one of the catalogue that Move names.
	Inner Move `toml:"-"`
}

func (m Delayed) Name() string { return "delayed" }

func (m Delayed) Tuning() (step, target float64) {
	if inner := m.Unwrap(); inner != nil {
		return inner.Tuning()
	}
	return 1, 0
}

// Unwrap returns the move that proposes, nil where there is none of the name.
func (m Delayed) Unwrap() Move {
	if m.Inner != nil {
		return m.Inner
	}
	for _, e := range Moves() {
		if e.Name == m.Move && e.Coordinates != Either {
			return e.New()
		}
	}
	return nil
}

func (m Delayed) Bind(p *Path) (Kernel, error) {
	inner := m.Unwrap()
	if inner == nil {
		return nil, fmt.Errorf("pathint: move %s: no move %q to propose", m.Name(), m.Move)
	}
	act, price, err := m.cheaper(p.action, p.ends.start)
	if err != nil {
		return nil, fmt.Errorf("pathint: move %s: cheap = %q: %w", m.Name(), m.Cheap, err)
	}
	d := &delayed{price: price, pair: make([]float64, 2)}
	if d.path, err = newPath(act, p.ends, p.steps, p.observer); err != nil {
		return nil, err
	}
	d.path.tilt = p.tilt
	if act.Inputs() != p.inputs {
		return nil, fmt.Errorf("pathint: move %s: cheap = %q: it draws %d normals a step, the system %d; they must be the same inputs", m.Name(), m.Cheap, act.Inputs(), p.inputs)
	}
	if d.inner, err = inner.Bind(d.path); err != nil {
		return nil, err
	}
	return d, nil
}

// cheaper returns the cheaper action and the price of its gradient in exact ones.
func (m Delayed) cheaper(exact Action, start []float64) (act Action, price float64, err error) {
	var sys System
	switch a := exact.(type) {
	case *OnsagerMachlup:
		sys = a.sys
	case *Innovation:
		sys = a.m
	default:
		return nil, 0, fmt.Errorf("there is none for the %s action", exact.Name())
	}
	var cheap langevin.Map
	switch m.Cheap {
	case "linear":
		cheap, err = newLinearised(sys, start)
	case "subsample":
		s, ok := sys.(langevin.Subsampler)
		if !ok {
			return nil, 0, errors.New("the system's drift is no mean over a fixed batch (langevin.Subsampler); use linear")
		}
		price = float64(m.Rows) / float64(s.Batch())
		cheap, err = s.Subsample(m.Rows)
	default:
		err = errors.New("want linear or subsample")
	}
	if err != nil {
		return nil, 0, err
	}
	switch om, _ := exact.(*OnsagerMachlup); {
	case om == nil:
		act, err = NewInnovation(cheap)
	case om.mid != nil:
		act, err = NewMidpoint(cheap)
	default:
		act, err = NewOnsagerMachlup(cheap)
	}
	return act, price, err
}

// delayed is the kernel: a path of its own under the cheaper action follows the chain's and
// carries the inner move.
type delayed struct {
	inner   Kernel
	path    *Path
	price   float64
	pair    []float64
	pending bool // a proposal passed the first stage and awaits the second's verdict
}

// evaluations is the gradient evaluations of a count of the cheaper action's work.
func (d *delayed) evaluations(cheap int64) float64 {
	if d.path.inputs > 0 {
		return float64(cheap)
	}
	return float64(cheap) / float64(d.path.blk)
}

// charge books the cheaper path's work since before to the chain's path.
func (d *delayed) charge(p *Path, before Cost) {
	p.cost.Cheap += d.path.cost.Drifts + d.path.cost.Steps - before.Drifts - before.Steps
}

// Begin takes over the chain's path and law: other moves may have changed either.
func (d *delayed) Begin(p *Path, src Source) int {
	c := d.path
	if c.trial.open {
		c.keep()
	}
	d.pending = false
	c.setKappa(p.kappa)
	c.s = p.s
	if p.inputs > 0 {
		c.putStart(p.Slice(0)[:p.n])
		for k := range p.steps {
			copy(c.Input(k), p.Input(k))
		}
		p.cost.Cheap += int64(p.steps)
	} else {
		copy(c.slices, p.slices)
		p.cost.Cheap += int64(p.steps * c.blk)
	}
	c.refresh()
	return d.inner.Begin(c, src)
}

func (d *delayed) Propose(p *Path, i int, step float64, src Source) float64 {
	d.settle(p)
	c, before := d.path, d.path.cost
	ratio := d.inner.Propose(c, i, step, src)
	delta := math.Inf(1)
	if !math.IsInf(ratio, -1) {
		delta = c.Delta()
	}
	d.charge(p, before)
	if !Metropolis(ratio-delta, exponential(src, d.pair)) {
		c.restore()
		return math.Inf(-1)
	}
	p.Touch(c.trial.change)
	if c.trial.change.Lo < 0 {
		p.putStart(c.Slice(0)[:p.n])
	}
	d.each(p, func(now, cheap []float64) bool { copy(now, cheap); return true })
	d.pending = true
	return delta
}

// settle lets the cheaper path follow the verdict on the last proposal.
func (d *delayed) settle(p *Path) {
	if !d.pending {
		return
	}
	d.pending = false
	if d.each(p, func(now, cheap []float64) bool { return slices.Equal(now, cheap) }) {
		d.path.keep()
	} else {
		d.path.restore()
	}
}

// each calls do with the rows of both paths that the open proposal of the cheaper one changes
// (q_0 for the inputs before the first), until it returns false.
func (d *delayed) each(p *Path, do func(now, cheap []float64) bool) bool {
	t := &d.path.trial
	for k := t.change.Lo; k < t.change.Hi; k++ {
		now, cheap := p.Slice(max(k, 0))[:p.n], d.path.Slice(max(k, 0))[:p.n]
		if p.inputs > 0 && k >= 0 {
			now, cheap = p.Input(k), d.path.Input(k)
		}
		if !do(now, cheap) {
			return false
		}
	}
	return true
}

// maxLinearised is the largest configuration whose drift is worth linearising: beyond, n²
// multiplications cost about as much as the drift of a network of n parameters.
const maxLinearised = 256

// linearised is a recurrence with the drifts of another to first order about a point q_0,
//
//	v_b(q̃) = v_b(q_0) + J_b(q̃ − q_0),
//
// and, as a map, with the isotropic noise of its inputs.
type linearised struct {
	blocks []langevin.Block
	n      int
	at     []float64 // q_0
	v, j   []float64 // [n] drifts there, [n×n] derivatives, a row for each component of a drift
	x, mix []float64 // scratch
	step   []float64
}

func newLinearised(sys System, at []float64) (langevin.Map, error) {
	if p, ok := sys.(Positional); ok {
		r, err := p.Recurrence()
		if err != nil {
			return nil, err
		}
		sys = r
	}
	r, ok := sys.(langevin.Recurrence)
	if !ok {
		return nil, errors.New("the system is not a recurrence of order ≤ 2 in positions (langevin.Recurrence)")
	}
	n := r.Config()
	if n > maxLinearised {
		return nil, fmt.Errorf("the system has %d components, more than the %d up to which a matrix is cheaper than a drift; use subsample", n, maxLinearised)
	}
	for _, b := range r.Blocks() {
		if b.Metric {
			return nil, errors.New("metric noise depends on the configuration through F, which a linearised drift does not know; use subsample")
		}
	}
	l := &linearised{blocks: r.Blocks(), n: n, at: slices.Clone(at), v: make([]float64, n), j: make([]float64, n*n),
		x: make([]float64, n), mix: make([]float64, n), step: make([]float64, n)}
	l.linearise(r)
	return l, nil
}

// linearise takes drifts and derivatives: exact ones where there are, else by differences, which
// are good enough, since any slope will do.
func (l *linearised) linearise(r langevin.Recurrence) {
	adj, exact := r.(langevin.AdjointRecurrence)
	exact = exact && adj.HasAdjoint() == nil
	up, down := make([]float64, l.n), make([]float64, l.n)
	copy(l.mix, l.at)
	for b, blk := range l.blocks {
		w := blk.Hi - blk.Lo
		r.Drift(l.v[blk.Lo:blk.Hi], b, l.at)
		for i := 0; exact && i < w; i++ {
			l.x[i] = 1
			adj.DriftAdjoint(l.row(blk.Lo+i), b, l.at, l.x[:w])
			l.x[i] = 0
		}
		for c := 0; !exact && c < l.n; c++ {
			h := 1e-5 * (1 + math.Abs(l.at[c]))
			l.mix[c] = l.at[c] + h
			r.Drift(up[:w], b, l.mix)
			l.mix[c] = l.at[c] - h
			r.Drift(down[:w], b, l.mix)
			l.mix[c] = l.at[c]
			for i := range w {
				l.row(blk.Lo + i)[c] = (up[i] - down[i]) / (2 * h)
			}
		}
	}
}

// row returns ∂v_i/∂q̃.
func (l *linearised) row(i int) []float64 { return l.j[i*l.n : (i+1)*l.n] }

func (l *linearised) Config() int              { return l.n }
func (l *linearised) Dim() int                 { return 2 * l.n }
func (l *linearised) Inputs() int              { return l.n }
func (l *linearised) Blocks() []langevin.Block { return l.blocks }

// Init writes (q, q⁻ = q).
func (l *linearised) Init(state, q []float64) {
	copy(state, q)
	copy(state[l.n:], q)
}

func (l *linearised) Drift(dst []float64, b int, qmix []float64) {
	for i, q := range qmix[:l.n] {
		l.x[i] = q - l.at[i]
	}
	lo := l.blocks[b].Lo
	for i := range dst {
		dst[i] = l.v[lo+i] + num.Dot(l.row(lo+i), l.x)
	}
}

func (l *linearised) HasAdjoint() error { return nil }

func (l *linearised) DriftAdjoint(dst []float64, b int, _, w []float64) {
	clear(dst)
	for i, x := range w {
		axpy(x, l.row(l.blocks[b].Lo+i), dst)
	}
}

func (l *linearised) Step(next, state, xi []float64) {
	q, before := state[:l.n], state[l.n:]
	copy(l.mix, q)
	for b, blk := range l.blocks {
		v := l.step[:blk.Hi-blk.Lo]
		l.Drift(v, b, l.mix)
		for i := range v {
			c := blk.Lo + i
			next[c] = q[c] + blk.Momentum*(q[c]-before[c]) + v[i] + blk.Noise*xi[c]
		}
		copy(l.mix[blk.Lo:blk.Hi], next[blk.Lo:blk.Hi])
	}
	copy(next[l.n:], q)
}
