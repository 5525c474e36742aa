package pathint

import (
	"errors"
	"fmt"

	"machlup/langevin"
)

// A Differentiable action gives the exact gradient of the weights of its paths, which
// Langevin and Hamiltonian moves follow.
type Differentiable interface {
	Action
	// Gradient writes the gradient of −log weight with respect to what the chain moves:
	// [(K+1)×n] slices, or [K×Inputs] inputs. The path must be up to date. pull holds the
	// derivatives of the tilt with respect to the slices, [(K+1)×n], and may be
	// overwritten.
	Gradient(dst []float64, p *Path, pull []float64)
	// HasGradient returns nil, or the reason why there is none.
	HasGradient() error
}

// gradientCost is what one adjoint of a drift is charged, in drifts: a Hessian-vector
// product is a forward pass with tangents and a backward pass with tangents.
const gradientCost = 2

// differentiable returns the path's action if its gradient, tilt included, can be had.
func differentiable(p *Path, move string) (Differentiable, error) {
	a, ok := p.action.(Differentiable)
	if !ok {
		return nil, fmt.Errorf("pathint: move %s follows the gradient of the action, the %s action has none", move, p.action.Name())
	}
	if err := a.HasGradient(); err != nil {
		return nil, fmt.Errorf("pathint: move %s follows the gradient of the action: %w", move, err)
	}
	if _, ok := p.observer.(langevin.GradientObserver); p.tilt >= 0 && !ok {
		return nil, fmt.Errorf("pathint: move %s: the tilting observable has no gradient (langevin.GradientObserver)", move)
	}
	return a, nil
}

// pull writes s∇o(q_k) of slices 1..K, and zero for slice 0, into dst[(K+1)×n].
func (p *Path) pull(dst []float64) {
	clear(dst)
	if p.s == 0 {
		return
	}
	o := p.observer.(langevin.GradientObserver)
	for k := 1; k <= p.steps; k++ {
		row := dst[k*p.n : (k+1)*p.n]
		o.ObserveGradient(row, p.tilt, p.Slice(k)[:p.n])
		for i := range row {
			row[i] *= p.s
		}
	}
}

var errMetricGradient = errors.New("the gradient of log det F and of the metric's norm is not available for metric noise; use isotropic noise, or a move without gradients (staging, single-slice, pcn, shooting)")

// adjointOf returns a recurrence's adjoint, or why it has none that a path could use.
func adjointOf(r langevin.Recurrence) (langevin.AdjointRecurrence, error) {
	for _, b := range r.Blocks() {
		if b.Metric {
			return nil, errMetricGradient
		}
	}
	a, ok := r.(langevin.AdjointRecurrence)
	if !ok {
		return nil, errors.New("the system gives no derivatives of its drift (langevin.AdjointRecurrence)")
	}
	return a, a.HasAdjoint()
}

// HasGradient tells whether the drift has an adjoint and the noise no metric.
func (a *OnsagerMachlup) HasGradient() error {
	if a.mid != nil {
		return errMidpointGradient
	}
	_, err := adjointOf(a.sys)
	return err
}

// Gradient adds to pull, block by block, the derivatives of κ|r|²/2s²: of the residual's own
// slices, and through the drift those of the mixed configuration that it saw.
func (a *OnsagerMachlup) Gradient(dst []float64, p *Path, pull []float64) {
	adj := a.sys.(langevin.AdjointRecurrence)
	n := a.n
	copy(dst, pull)
	at := func(k int) []float64 { return dst[k*n : (k+1)*n] }
	for k := range p.steps {
		for b := range a.blocks {
			blk := &a.blocks[b]
			lo, hi, beta := blk.Lo, blk.Hi, blk.Momentum
			r := a.res[:hi-lo]
			residual(r, p.Before(k)[lo:hi], p.Slice(k)[lo:hi], p.Slice(k + 1)[lo:hi], p.Cache(k)[lo:hi], beta)
			c := p.coef[b*termsPerBlock+quadTerm] / (blk.Noise * blk.Noise)
			for i := range r {
				r[i] *= c
			}
			axpy(1, r, at(k + 1)[lo:hi])
			axpy(-1-beta, r, at(k)[lo:hi])
			if k > 0 {
				axpy(beta, r, at(k - 1)[lo:hi])
			}
			adj.DriftAdjoint(a.back, b, a.mixed(p, k, b), r)
			p.cost.Drifts += gradientCost
			axpy(-1, a.back[:lo], at(k + 1)[:lo])
			axpy(-1, a.back[lo:], at(k)[lo:])
		}
	}
}

// HasGradient tells whether the map is a recurrence with isotropic noise whose inputs are
// that noise and whose drift has an adjoint: then derivatives with respect to the inputs
// follow from those with respect to the slices.
func (a *Innovation) HasGradient() error { return a.adjointErr }

// findAdjoint sets what Gradient needs, or why there is no gradient.
func (a *Innovation) findAdjoint() {
	var sys System = a.m
	if p, ok := sys.(Positional); ok {
		r, err := p.Recurrence()
		if err != nil {
			a.adjointErr = err
			return
		}
		sys = r
	}
	r, ok := sys.(langevin.Recurrence)
	if !ok {
		a.adjointErr = errors.New("the system is not a recurrence of order ≤ 2 in positions (langevin.Recurrence)")
		return
	}
	if a.adjoint, a.adjointErr = adjointOf(r); a.adjointErr != nil {
		return
	}
	if a.m.Inputs() != r.Config() {
		a.adjointErr = fmt.Errorf("the map draws %d normals a step for %d components; gradients need one each", a.m.Inputs(), r.Config())
		return
	}
	a.blocks = r.Blocks()
	a.mix, a.back = make([]float64, r.Config()), make([]float64, r.Config())
}

// Gradient runs the recurrence's adjoint backwards through the trajectory: pull becomes the
// total derivative with respect to each slice, and an input enters its slice with the
// block's noise. The blocks of a step go in reverse, since a later one sees the earlier.
func (a *Innovation) Gradient(dst []float64, p *Path, pull []float64) {
	n := p.n
	at := func(k int) []float64 { return pull[k*n : (k+1)*n] }
	for k := p.steps - 1; k >= 0; k-- {
		for b := len(a.blocks) - 1; b >= 0; b-- {
			blk := &a.blocks[b]
			lo, hi, beta := blk.Lo, blk.Hi, blk.Momentum
			g := at(k + 1)[lo:hi]
			copy(a.mix[:lo], p.Slice(k + 1)[:lo])
			copy(a.mix[lo:], p.Slice(k)[lo:n])
			a.adjoint.DriftAdjoint(a.back, b, a.mix, g)
			axpy(1+beta, g, at(k)[lo:hi])
			axpy(-beta, g, at(max(k-1, 0))[lo:hi])
			axpy(1, a.back[:lo], at(k + 1)[:lo])
			axpy(1, a.back[lo:], at(k)[lo:])
			xi := dst[k*n+lo : k*n+hi]
			for i := range xi {
				xi[i] = p.kappa*p.Input(k)[lo+i] + blk.Noise*g[i]
			}
		}
		p.cost.Steps += gradientCost
	}
}
