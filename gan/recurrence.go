package gan

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"machlup/internal/num"
	"machlup/langevin"
)

// Recurrence returns the trainer as a recurrence of order ≤ 2 in positions, whose paths
// have a density; the value also implements langevin.MetricRecurrence if a player has
// metric noise, and is a langevin.Map and langevin.GradientObserver as the trainer is. It
// shares the trainer's working storage. It refuses, with the reason, what has no such law:
// minibatch noise, a player at temperature 0, Adam, a regulariser that projects.
func (t *Trainer) Recurrence() (langevin.Recurrence, error) {
	n := t.cfg.Noise
	if n.gaussian() {
		return nil, fmt.Errorf("gan: noise kind %q has no density in positions: C(x)/B has at most the rank of its rows, %d for the discriminator and %d for the generator, and it changes from slice to slice, so moves of single slices leave its range; sample the innovation action", n.Kind, 2*(t.rowsD-1), t.rowsD-1)
	}
	if n.Kind != "injected" {
		return nil, fmt.Errorf("gan: noise kind %q has no Gaussian density in positions; use kind injected, or sample the innovation action", n.Kind)
	}
	for i := range t.regs {
		if err := t.regs[i].gaussian(); err != nil {
			return nil, fmt.Errorf("gan: paths have no density in positions with regulariser %q: %w", t.regs[i].name, err)
		}
	}
	if t.stepsD > 1 {
		return nil, fmt.Errorf("gan: with steps_d = %d the density of a step in positions is an integral over the steps between; use steps_d = 1, or sample the innovation action", t.stepsD)
	}
	r := &recurrence{Trainer: t}
	metric := false
	for _, pl := range []*player{t.dis, t.gen} {
		eta, beta, err := pl.opt.Rule.Linear()
		if err != nil {
			return nil, fmt.Errorf("gan: the %s has no path density in positions: %w", pl.name, err)
		}
		if pl.s == 0 {
			return nil, fmt.Errorf("gan: the %s moves without noise (temperature 0), so a path in positions has no density; give it a temperature > 0 or sample the innovation action", pl.name)
		}
		if err := pl.gaussian(); err != nil {
			return nil, err
		}
		metric = metric || pl.ownF
		r.eta = append(r.eta, eta)
		r.blocks = append(r.blocks, langevin.Block{Name: pl.name, Lo: pl.lo, Hi: pl.hi, Momentum: beta, Noise: pl.s, Metric: pl.ownF})
	}
	if t.play.joint() {
		return r.join()
	}
	if metric {
		return &metricRecurrence{recurrence: r}, nil
	}
	return r, nil
}

type recurrence struct {
	*Trainer
	eta    []float64
	blocks []langevin.Block
	slope  *directionDerivative // made by HasAdjoint
	sum    []float64            // [ψ|θ] scratch of DriftAdjoint
}

// join makes one block of both players for dynamics in which both follow the same
// configuration: they must agree in all that a block has one of. Learning rates may differ.
func (r *recurrence) join() (langevin.Recurrence, error) {
	d, g := r.blocks[0], r.blocks[1]
	refuse := func(what string, d, g any) error {
		return fmt.Errorf("gan: with dynamics %q a step in positions is one block, which has one %s; found %v for the discriminator and %v for the generator: make them equal, use alternating, or sample the innovation action", r.cfg.dynamics().Name(), what, d, g)
	}
	switch {
	case d.Metric || g.Metric:
		return nil, refuse("isotropic noise (metric noise of two players has no joint metric)", d.Metric, g.Metric)
	case d.Momentum != g.Momentum:
		return nil, refuse("momentum", d.Momentum, g.Momentum)
	case math.Abs(d.Noise-g.Noise) > 1e-14*d.Noise: // η and T may differ and round differently
		return nil, refuse("standard deviation of the noise", d.Noise, g.Noise)
	}
	r.blocks = []langevin.Block{{Name: "players", Lo: 0, Hi: r.n, Momentum: d.Momentum, Noise: d.Noise}}
	return r, nil
}

func (r *recurrence) Blocks() []langevin.Block { return r.blocks }

// Drift writes −η·direction, with what corrects metric noise, of block b (0 the discriminator, 1 the generator; 0 both, if
// there is one block) at q̃.
func (r *recurrence) Drift(dst []float64, b int, qmix []float64) {
	if len(r.blocks) == 1 {
		r.play.directions(qmix)
		scaled(r.Psi(dst), -r.eta[0], r.dis.dir)
		scaled(r.Theta(dst), -r.eta[1], r.gen.dir)
		return
	}
	pl := r.drive(b, qmix)
	scaled(dst, -r.eta[b], pl.dir)
	pl.push(dst, qmix[pl.lo:pl.hi])
}

// drive computes the direction of block b at q̃ and returns its player.
func (r *recurrence) drive(b int, qmix []float64) *player {
	if b == 0 {
		r.directionD(r.Psi(qmix), r.Theta(qmix))
		return r.dis
	}
	r.directionG(r.Psi(qmix), r.Theta(qmix))
	return r.gen
}

// HasAdjoint tells whether the directions have exact derivatives, or why not. Its first call
// allocates what DriftAdjoint needs.
func (r *recurrence) HasAdjoint() error {
	if r.slope != nil {
		return nil
	}
	if err := cmp.Or(r.dis.differentiable(), r.gen.differentiable()); err != nil {
		return err
	}
	d, err := newDirectionDerivative(r.Trainer)
	if err != nil {
		return fmt.Errorf("gan: the drift: %w", err)
	}
	r.slope, r.sum = d, make([]float64, r.n)
	return nil
}

// DriftAdjoint writes (∂v_b/∂q̃)ᵀw into dst=[ψ|θ], v_b = −η·direction; for players that are one
// block it is the sum of theirs.
func (r *recurrence) DriftAdjoint(dst []float64, b int, qmix, w []float64) {
	q := configuration{r.Psi(qmix), r.Theta(qmix)}
	if len(r.blocks) > 1 {
		r.slope.adjoint(dst, b, q, w)
		scaled(dst, -r.eta[b], dst)
		return
	}
	r.slope.adjoint(r.sum, 0, q, r.Psi(w))
	r.slope.adjoint(dst, 1, q, r.Theta(w))
	scaled(dst, -r.eta[1], dst)
	num.Axpy(-r.eta[0], r.sum, dst)
}

// A metricRecurrence keeps the forward pass and factorisation of each block for the calls
// at the same q̃ that follow: a path action asks for Drift, LogDet and MetricNorm in turn.
type metricRecurrence struct {
	*recurrence
	at [2]point
}

// A point says where the working storage of a block stands.
type point struct {
	q        []float64 // nil before the first call
	gen, dis uint64    // passes run when it was left
	factored bool
}

// Drift is recurrence's, remembered.
func (r *metricRecurrence) Drift(dst []float64, b int, qmix []float64) {
	r.recurrence.Drift(dst, b, qmix)
	r.remember(b, qmix, true)
}

// MetricNorm returns rᵀF(q̃)r of block b, |r|² for a block without metric noise.
func (r *metricRecurrence) MetricNorm(b int, qmix, res []float64) float64 {
	pl := r.player(b)
	if !pl.ownF {
		return num.Norm2(res)
	}
	r.evaluate(b, qmix)
	return pl.metric.norm(qmix[pl.lo:pl.hi], res)
}

// ApplyMetric writes F(q̃)v of block b, v itself for a block without metric noise.
func (r *metricRecurrence) ApplyMetric(dst []float64, b int, qmix, v []float64) {
	pl := r.player(b)
	if !pl.ownF {
		copy(dst, v)
		return
	}
	r.evaluate(b, qmix)
	pl.metric.apply(dst, qmix[pl.lo:pl.hi], v)
	r.at[b].factored = ofLoss(pl.metric)
}

// LogDet returns log det F(q̃) of block b, 0 for a block without metric noise.
func (r *metricRecurrence) LogDet(b int, qmix []float64) float64 {
	pl := r.player(b)
	if !pl.ownF {
		return 0
	}
	r.evaluate(b, qmix)
	if !r.at[b].factored {
		pl.metric.factor(qmix[pl.lo:pl.hi], nil)
		r.at[b].factored = true
	}
	return pl.metric.logDet()
}

// evaluate leaves the forward pass of block b at q in the working storage, and all of a
// metric that depends on the loss.
func (r *metricRecurrence) evaluate(b int, q []float64) {
	if at := &r.at[b]; at.gen == r.gen.p.runs() && at.dis == r.dis.p.runs() && slices.Equal(at.q, q[:r.n]) {
		return
	}
	if ofLoss(r.player(b).metric) {
		r.drive(b, q)
		r.remember(b, q, true)
		return
	}
	r.forward(b, q)
	r.remember(b, q, false)
}

func (r *metricRecurrence) remember(b int, q []float64, factored bool) {
	at := &r.at[b]
	at.q = append(at.q[:0], q[:r.n]...)
	at.gen, at.dis, at.factored = r.gen.p.runs(), r.dis.p.runs(), factored
}

func (t *Trainer) player(b int) *player {
	if b == 0 {
		return t.dis
	}
	return t.gen
}

// forward runs the forward pass on the quenched batch that the metric of block b is of.
func (t *Trainer) forward(b int, q []float64) {
	fake := t.x[t.rows*t.dim:]
	if b == 1 {
		t.gen.p.forward(fake, t.Theta(q), t.zG, t.rows)
		return
	}
	t.gen.p.forward(fake, t.Theta(q), t.zD, t.rows)
	t.dis.p.forward(t.logit, t.Psi(q), t.look(0, t.Psi(q), t.Theta(q), t.x[:2*t.rows*t.dim]), 2*t.rowsD)
}
