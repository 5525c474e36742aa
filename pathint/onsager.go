package pathint

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mathext"

	"machlup/langevin"
)

// A System is anything with a configuration: a langevin.Map, a langevin.Recurrence, or
// both.
type System interface {
	Config() int
}

// A Positional system gives its step as a recurrence in positions, or the reason why, as
// configured, it has none (an optimizer that remembers the whole past, a player without
// noise).
type Positional interface {
	Recurrence() (langevin.Recurrence, error)
}

// OnsagerMachlup is the action of a langevin.Recurrence in positions,
//
//	S = Σ_k Σ_b [ ‖r_b‖²/2s_b² ] − ½ Σ log det F_b,
//	r_b = q'_b − q_b − β_b(q_b − q⁻_b) − v_b(q̃),
//
// with q̃ the configuration in which the blocks before b are already updated, ‖·‖ the
// metric's norm for a metric block, and q⁻ = q at step 0 (Onsager and Machlup 1953, Itô).
// With a free end the quadratic part is exactly ½χ² with K·n degrees of freedom whatever
// the drift is.
//
// The reference, which moves propose from, is a Gaussian walk: the drifts are those of the
// noise-free trajectory (Guide; none in one dimension), F is constant at its value F₀ at the
// start. Where F₀ is too dear to find (a block of more than 64 components of a system that
// is no MetricApplier) φI stands in, φ its geometric mean eigenvalue. Without a drift and
// with F = I it is the free action.
//
// Terms per block: quadratic, reference, log det F.
type OnsagerMachlup struct {
	sys    langevin.Recurrence
	metric langevin.MetricRecurrence // nil without metric blocks
	mid    *midpoint                 // nil for the explicit (Itô) recurrence
	step   langevin.Map              // nil when the system is only a Recurrence
	blocks []langevin.Block
	ref    []*reference // of each block
	refAt  []float64    // where it was taken
	n      int
	terms  []Term

	mix, res, back  []float64 // scratch, n each
	zero            []float64 // n zeros
	state, next, in []float64 // scratch of step
}

const (
	quadTerm, refTerm, logDetTerm = 0, 1, 2
	termsPerBlock                 = 3
)

// NewOnsagerMachlup returns the action of a system, or the reason why its paths have no
// density in positions.
func NewOnsagerMachlup(sys System) (*OnsagerMachlup, error) {
	if p, ok := sys.(Positional); ok {
		r, err := p.Recurrence()
		if err != nil {
			return nil, fmt.Errorf("pathint: onsager-machlup: %w", err)
		}
		sys = r
	}
	rec, ok := sys.(langevin.Recurrence)
	if !ok {
		return nil, fmt.Errorf("pathint: onsager-machlup: the system is not a recurrence of order ≤ 2 with additive Gaussian noise (langevin.Recurrence), so a path has no density in positions; use the innovation action")
	}
	a := &OnsagerMachlup{sys: rec, n: rec.Config()}
	a.blocks = append(a.blocks, rec.Blocks()...)
	if err := checkBlocks(a.blocks, a.n); err != nil {
		return nil, err
	}
	for _, b := range a.blocks {
		if b.Metric {
			if a.metric, ok = sys.(langevin.MetricRecurrence); !ok {
				return nil, fmt.Errorf("pathint: onsager-machlup: block %q has metric noise but the system does not compute its norm and log-determinant (langevin.MetricRecurrence)", b.Name)
			}
		}
		a.terms = append(a.terms,
			Term{Name: "quadratic_" + b.Name, Scaled: 1},
			Term{Name: "reference_" + b.Name, ReferenceScaled: 1},
			Term{Name: "log_det_" + b.Name})
		if b.Metric {
			a.terms[len(a.terms)-1].Fixed = -0.5
		}
		a.ref = append(a.ref, &reference{phi: 1})
	}
	a.mix, a.res, a.back, a.zero = make([]float64, a.n), make([]float64, a.n), make([]float64, a.n), make([]float64, a.n)
	if m, ok := sys.(langevin.Map); ok {
		a.step = m
		a.state, a.next = make([]float64, m.Dim()), make([]float64, m.Dim())
		a.in = make([]float64, m.Inputs())
	}
	return a, nil
}

func checkBlocks(blocks []langevin.Block, n int) error {
	at := 0
	for _, b := range blocks {
		switch {
		case b.Lo != at || b.Hi <= b.Lo || b.Hi > n:
			return fmt.Errorf("pathint: onsager-machlup: block %q covers [%d,%d) of %d components; blocks must follow each other from %d", b.Name, b.Lo, b.Hi, n, at)
		case !(b.Noise > 0) || math.IsInf(b.Noise, 0):
			return fmt.Errorf("pathint: onsager-machlup: block %q has noise %g; a density in positions needs noise > 0 on every moving component (a temperature > 0 for each player); use the innovation action", b.Name, b.Noise)
		case !(b.Momentum >= 0 && b.Momentum < 1):
			return fmt.Errorf("pathint: onsager-machlup: block %q has momentum %g; want 0 ≤ β < 1", b.Name, b.Momentum)
		}
		at = b.Hi
	}
	if at != n {
		return fmt.Errorf("pathint: onsager-machlup: blocks cover %d of %d components", at, n)
	}
	return nil
}

func (a *OnsagerMachlup) Name() string {
	if a.mid != nil {
		return "onsager-machlup-midpoint"
	}
	return "onsager-machlup"
}

func (a *OnsagerMachlup) Coordinates() Coordinates { return Positions }
func (a *OnsagerMachlup) Config() int              { return a.n }
func (a *OnsagerMachlup) Width() int               { return a.n }
func (a *OnsagerMachlup) Inputs() int              { return 0 }
func (a *OnsagerMachlup) Blocks() int              { return len(a.blocks) }
func (a *OnsagerMachlup) Cached() int              { return a.n }
func (a *OnsagerMachlup) Terms() []Term            { return a.terms }
func (a *OnsagerMachlup) Degrees() int             { return a.n }

// find returns the index of the block of the given name.
func (a *OnsagerMachlup) find(name string) (int, error) {
	var names []string
	for b, blk := range a.blocks {
		if blk.Name == name {
			return b, nil
		}
		names = append(names, blk.Name)
	}
	return 0, fmt.Errorf("no block %q; the system has %s", name, strings.Join(names, ", "))
}

// Block returns block b of the recurrence.
func (a *OnsagerMachlup) Block(b int) langevin.Block { return a.blocks[b] }

// Init copies q0 and takes the metric of the reference there.
func (a *OnsagerMachlup) Init(slice, q0 []float64) {
	copy(slice, q0)
	if a.metric == nil || slices.Equal(a.refAt, q0) {
		return
	}
	a.refAt = slices.Clone(q0)
	for b, blk := range a.blocks {
		if blk.Metric {
			a.ref[b] = newReference(a.metric, b, blk, q0)
		}
	}
}

// Guide returns the drifts along the noise-free trajectory, K × n: with them the reference
// is a random walk about that trajectory rather than about rest, and moves propose where
// the path wants to be (a trainer's first steps are many noise amplitudes long). It is nil
// for one component, where it would not pay, and when the trajectory diverges.
func (a *OnsagerMachlup) Guide(q0 []float64, steps int) []float64 {
	if a.n == 1 {
		return nil
	}
	guide := make([]float64, steps*a.n)
	before, now, after := slices.Clone(q0), slices.Clone(q0), make([]float64, a.n)
	for k := range steps {
		v := guide[k*a.n : (k+1)*a.n]
		copy(after, now)
		for b, blk := range a.blocks {
			a.sys.Drift(v[blk.Lo:blk.Hi], b, after)
			for i := blk.Lo; i < blk.Hi; i++ {
				after[i] = now[i] + blk.Momentum*(now[i]-before[i]) + v[i]
			}
		}
		before, now, after = now, after, before
	}
	if !finite(now) {
		return nil
	}
	return guide
}

// Reach: slice k enters the steps k−1 and k, and k+1 through the momentum.
func (a *OnsagerMachlup) Reach(c Change, steps int) (lo, hi int) {
	lo, hi = c.Lo-1, c.Hi
	for _, blk := range a.blocks[c.B0:c.B1] {
		if blk.Momentum != 0 {
			hi = c.Hi + 1
		}
	}
	return max(lo, 0), min(hi, steps)
}

func (a *OnsagerMachlup) Update(p *Path, c Change) {
	lo, hi := a.Reach(c, p.steps)
	for k := lo; k < hi; k++ {
		for b := range a.blocks {
			if inputs, residual := a.affects(c, k, b); residual {
				a.update(p, k, b, inputs)
			}
		}
	}
}

// affects says whether a change reaches the mixed configuration q̃ of block b in step k
// (so that its drift is new) and whether it reaches its residual at all.
func (a *OnsagerMachlup) affects(c Change, k, b int) (inputs, residual bool) {
	at := func(slice int) bool { return c.Lo <= slice && slice < c.Hi }
	if a.mid != nil {
		inputs = at(k) || at(k+1)
		return inputs, inputs
	}
	has := c.B0 <= b && b < c.B1
	inputs = at(k) && b < c.B1 || at(k+1) && c.B0 < b
	residual = inputs || has && (at(k+1) || a.blocks[b].Momentum != 0 && at(k-1))
	return
}

// update recomputes the terms of block b in step k, and its drift if its inputs changed.
func (a *OnsagerMachlup) update(p *Path, k, b int, inputs bool) {
	blk := &a.blocks[b]
	lo, hi := blk.Lo, blk.Hi
	mix := a.mixed(p, k, b)
	drift := p.Cache(k)[lo:hi]
	t := p.Terms(k)[b*termsPerBlock:]
	if inputs {
		if b > 0 || !p.trial.ahead[k] {
			a.sys.Drift(drift, b, mix)
			p.cost.Drifts++
		}
		switch {
		case blk.Metric:
			t[logDetTerm] = a.metric.LogDet(b, mix)
		case a.mid != nil:
			t[logDetTerm] = a.mid.logDet(mix)
			p.cost.Drifts += gradientCost * int64(a.n)
		}
	}
	before, now, after := p.Before(k)[lo:hi], p.Slice(k)[lo:hi], p.Slice(k + 1)[lo:hi]
	half := 0.5 / (blk.Noise * blk.Noise)
	r := a.res[:hi-lo]
	guide := a.zero[lo:hi]
	if p.guide != nil {
		guide = p.guide[k*a.n+lo : k*a.n+hi]
	}
	if a.ref[b].chol == nil {
		t[refTerm] = half * a.ref[b].phi * residualNorm(before, now, after, guide, blk.Momentum)
	} else {
		residual(r, before, now, after, guide, blk.Momentum)
		t[refTerm] = half * a.ref[b].norm(r)
	}
	if !blk.Metric {
		t[quadTerm] = half * residualNorm(before, now, after, drift, blk.Momentum)
		return
	}
	residual(r, before, now, after, drift, blk.Momentum)
	t[quadTerm] = half * a.metric.MetricNorm(b, mix, r)
	if !inputs {
		p.cost.Metrics++
	}
}

// explicit says whether the drift of the first block in step k is that at slice k.
func (a *OnsagerMachlup) explicit() bool { return a.mid == nil }

// mixed returns q̃ of block b in step k: slice k with the blocks before b from slice k+1, or the
// midpoint.
func (a *OnsagerMachlup) mixed(p *Path, k, b int) []float64 {
	if a.mid != nil {
		for i, x := range p.Slice(k) {
			a.mix[i] = 0.5 * (x + p.Slice(k + 1)[i])
		}
		return a.mix
	}
	if b == 0 {
		return p.Slice(k)
	}
	cut := a.blocks[b].Lo
	copy(a.mix[:cut], p.Slice(k + 1)[:cut])
	copy(a.mix[cut:], p.Slice(k)[cut:])
	return a.mix
}

// residual writes r = after − now − β(now − before) − v.
func residual(r, before, now, after, v []float64, beta float64) {
	for i := range r {
		r[i] = after[i] - now[i] - beta*(now[i]-before[i]) - v[i]
	}
}

// residualNorm returns |r|². The reference uses it too, so that it equals the quadratic part
// of a driftless system to the last bit.
func residualNorm(before, now, after, v []float64, beta float64) float64 {
	before, now, after = before[:len(v)], now[:len(v)], after[:len(v)]
	s := 0.0
	for i, vi := range v {
		s += link(before[i], now[i], after[i], vi, beta)
	}
	return s
}

// link is r² of one component of one step.
func link(before, now, after, v, beta float64) float64 {
	r := after - now - beta*(now-before) - v
	return r * r
}

func (a *OnsagerMachlup) Simulate(p *Path, scale float64, src Source) error {
	if a.mid != nil {
		return a.simulateMidpoint(p, scale, src)
	}
	if a.step != nil {
		a.simulateMap(p, scale, src)
		return nil
	}
	if a.metric != nil {
		return errors.New("pathint: onsager-machlup: a system with metric noise is run forward by its langevin.Map, which this one is not")
	}
	for k := range p.steps {
		for b := range a.blocks {
			blk := &a.blocks[b]
			lo, hi := blk.Lo, blk.Hi
			v, xi := p.Cache(k)[lo:hi], a.res[:hi-lo]
			a.sys.Drift(v, b, a.mixed(p, k, b))
			src.Normals(xi)
			before, now, after := p.Before(k)[lo:hi], p.Slice(k)[lo:hi], p.Slice(k + 1)[lo:hi]
			for i := range after {
				after[i] = now[i] + blk.Momentum*(now[i]-before[i]) + v[i] + scale*blk.Noise*xi[i]
			}
		}
	}
	return nil
}

func (a *OnsagerMachlup) simulateMap(p *Path, scale float64, src Source) {
	a.step.Init(a.state, p.Slice(0))
	for k := range p.steps {
		src.Normals(a.in)
		for i := range a.in {
			a.in[i] *= scale
		}
		a.step.Step(a.next, a.state, a.in)
		copy(p.Slice(k+1), a.next[:a.n])
		a.state, a.next = a.next, a.state
	}
}

// Uniforms appends Φ(√κ r/s) for every component of a block without a metric, and the χ²
// transform of 2κ‖r‖²/2s² for every step of a metric block.
func (a *OnsagerMachlup) Uniforms(dst []float64, p *Path, kappa float64) []float64 {
	for k := range p.steps {
		for b, blk := range a.blocks {
			lo, hi := blk.Lo, blk.Hi
			if blk.Metric {
				q := p.Terms(k)[b*termsPerBlock+quadTerm]
				dst = append(dst, mathext.GammaIncReg(float64(hi-lo)/2, kappa*q))
				continue
			}
			r := a.res[:hi-lo]
			residual(r, p.Before(k)[lo:hi], p.Slice(k)[lo:hi], p.Slice(k + 1)[lo:hi], p.Cache(k)[lo:hi], blk.Momentum)
			for _, x := range r {
				dst = append(dst, normalCDF(math.Sqrt(kappa)*x/blk.Noise))
			}
		}
	}
	return dst
}

func normalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
