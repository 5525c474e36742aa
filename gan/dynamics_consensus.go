package gan

import (
	"errors"
	"fmt"
	"math"

	"machlup/internal/num"
)

// ConsensusConfig is consensus optimization (Mescheder, Nowozin and Geiger,
// arXiv:1705.10461): both players also descend γ·½|g|², g = (g_D, g_G),
//
//	v = g + γ∇½|g|² = g + γHᵀg,  H = ∂g/∂q,
//	Hᵀg = ∇²L_D·(g_D, 0) + ∇²L_G·(0, g_G),
//
// with exact Hessian-vector products, both players at the same q. For a zero-sum game with
// step h this is the paper's method. |g|² is that of the batch, of which the mean exceeds the
// squared norm of the mean gradient by the gradient's variance.
type ConsensusConfig struct {
	Gamma float64 `toml:"gamma" range:"[0,inf)" unit:"1" doc:"weight γ of ½|g|²"`
}

// DefaultConsensus has γ = 0.1.
func DefaultConsensus() ConsensusConfig { return ConsensusConfig{Gamma: 0.1} }

// Dynamics returns consensus optimization.
func (c ConsensusConfig) Dynamics() (Dynamics, error) {
	if !(c.Gamma >= 0) || math.IsInf(c.Gamma, 0) {
		return nil, fmt.Errorf("gan: gamma of consensus is %v, allowed are finite numbers ≥ 0", c.Gamma)
	}
	return consensus{gamma: c.Gamma}, nil
}

type consensus struct {
	gamma float64
	*field
}

func (consensus) Name() string { return "consensus" }

func (c consensus) bind(t *Trainer) (play, error) {
	if err := t.plainOnly("½|g|² is in the Euclidean norm, and its gradient in the metric of a natural player would need the derivative of F"); err != nil {
		return nil, err
	}
	f, err := newField(t)
	return &consensus{c.gamma, f}, err
}

func (c *consensus) step(next, state, xi []float64) { c.follow(c, next, state, xi) }

func (c *consensus) directions(q []float64) {
	c.gradient(q)
	c.transposed(q)
	c.adjust(c.gamma, c.hg)
}

// A field is the game's vector field g at one configuration with products of its Jacobian H,
// for the dynamics that adjust g by them.
type field struct {
	t      *Trainer
	h      *hessian
	g      []float64 // [ψ|θ]
	hg     []float64 // [ψ|θ] Hᵀg
	direct []float64 // [ψ|θ] Hg
	hv     []float64
}

func newField(t *Trainer) (*field, error) {
	return &field{t: t}, t.twiceDifferentiable()
}

// gradient writes g and makes room at the first call.
func (f *field) gradient(q []float64) {
	if t := f.t; f.h == nil {
		f.h = newHessian(t)
		f.g, f.hg, f.direct, f.hv = make([]float64, t.n), make([]float64, t.n), make([]float64, t.n), make([]float64, t.n)
	}
	f.t.bothDirections(q)
	copy(f.t.Psi(f.g), f.t.dis.dir)
	copy(f.t.Theta(f.g), f.t.gen.dir)
}

// transposed writes Hᵀg = ∇½|g|².
func (f *field) transposed(q []float64) {
	t := f.t
	f.h.productD(f.hg, t.Psi(q), t.Theta(q), t.Psi(f.g), nil, true)
	f.h.productG(f.hv, t.Psi(q), t.Theta(q), nil, t.Theta(f.g), true)
	num.Axpy(1, f.hv, f.hg)
}

// times writes Hg.
func (f *field) times(q []float64) {
	t := f.t
	f.h.productD(f.direct, t.Psi(q), t.Theta(q), t.Psi(f.g), t.Theta(f.g), false)
	f.h.productG(f.direct, t.Psi(q), t.Theta(q), t.Psi(f.g), t.Theta(f.g), false)
}

// adjust leaves g + c·a as the players' directions.
func (f *field) adjust(c float64, a []float64) {
	num.Axpy(c, f.t.Psi(a), f.t.dis.dir)
	num.Axpy(c, f.t.Theta(a), f.t.gen.dir)
}

// follow is a step along the directions of p; there is no metric noise to draw at the state.
func (f *field) follow(p play, next, state, xi []float64) {
	f.t.batch(xi, 0)
	p.directions(state)
	f.t.drawBoth(state, xi)
	f.t.moveBoth(next, state)
}

func (*field) joint() bool { return true }

func (*field) linear() error {
	return errors.New("its derivative needs third derivatives of the losses")
}
