package gan

import (
	"errors"

	"machlup/internal/num"
)

// ExtragradientConfig has no settings. The extragradient method (Korpelevich, Matekon 13, 35,
// 1977; for GANs Gidel et al., arXiv:1802.10551) looks ahead by one plain step of both players,
//
//	q̄ = q − η·direction(q),  each player with its own η, by its schedule,
//
// without noise or memory, and gives the players' rules the directions at q̄, to move from q.
// Both are on the same batch. A natural player follows F(q̄)⁻¹g(q̄). Constraints of regularisers
// hold at q̄ too.
type ExtragradientConfig struct{}

// Dynamics returns the extragradient dynamics.
func (ExtragradientConfig) Dynamics() (Dynamics, error) { return extragradient{}, nil }

type extragradient struct {
	t     *Trainer
	ahead []float64 // q̄
}

func (extragradient) Name() string { return "extragradient" }

func (extragradient) bind(t *Trainer) (play, error) { return &extragradient{t: t}, nil }

func (e *extragradient) step(next, state, xi []float64) {
	e.t.batch(xi, 0)
	e.look(state, [2]float64{e.t.dis.rate(state), e.t.gen.rate(state)})
	e.t.drawBoth(state, xi) // metric noise has the F of the state
	e.t.bothDirections(e.ahead)
	e.t.moveBoth(next, state)
}

func (e *extragradient) directions(q []float64) {
	e.look(q, [2]float64{e.t.dis.opt.Rule.Rate(), e.t.gen.opt.Rule.Rate()})
	e.t.bothDirections(e.ahead)
}

// look writes q̄ for the players' rates.
func (e *extragradient) look(q []float64, rate [2]float64) {
	if e.ahead == nil {
		e.ahead = make([]float64, e.t.n)
	}
	e.t.bothDirections(q)
	copy(e.ahead, q)
	for b, pl := range [2]*player{e.t.dis, e.t.gen} {
		num.Axpy(-rate[b], pl.dir, e.ahead[pl.lo:pl.hi])
		e.t.project(b, e.ahead[pl.lo:pl.hi])
	}
}

func (*extragradient) joint() bool { return true }

func (*extragradient) linear() error {
	return errors.New("its derivative needs a second set of passes at the look-ahead")
}
