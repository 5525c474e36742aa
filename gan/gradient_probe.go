package gan

import (
	"fmt"

	"machlup/internal/num"
)

// A GradientProbe measures the gradients of a game row by row: what the noise of a minibatch
// is made of. A row is a datum or a generated sample as the discriminator sees it, several with
// packing. Gradients are of the plain loss, without penalties and weight decay, both players
// at the same configuration, whatever the optimizers do with them. It may be slow.
type GradientProbe struct {
	t *Trainer
}

// NewGradientProbe draws populations of so many rows (a multiple of the packing) for the game
// of cfg.
func NewGradientProbe(cfg Config, rows int) (*GradientProbe, error) {
	if rows < 1 {
		return nil, fmt.Errorf("gan: a gradient probe of %d rows, allowed are integers ≥ 1", rows)
	}
	plain, err := DefaultSGD().Optimizer()
	if err != nil {
		return nil, err
	}
	cfg.OptimizerD, cfg.OptimizerG = plain, plain
	cfg.Noise = Noise{Kind: "none", Quenched: rows * cfg.pack()}
	cfg.Dynamics, cfg.Regularisers, cfg.Observables = nil, nil, nil
	cfg.QuenchedSource = zeros{}
	t, err := New(cfg)
	if err != nil {
		return nil, err
	}
	return &GradientProbe{t}, nil
}

// zeros is a Source that is never looked at.
type zeros struct{}

func (zeros) Normals(dst []float64) { clear(dst) }
func (zeros) Normal() float64       { return 0 }
func (zeros) Uniform() float64      { return 0.5 }

// Draw draws new populations.
func (p *GradientProbe) Draw(src Source) { p.t.quench(src) }

// Params is the number of parameters of a player, 0 the discriminator and 1 the generator.
func (p *GradientProbe) Params(player int) int { return p.t.player(player).net.Params() }

// Populations are the independent sets of rows whose mean gradients add up to a player's: the
// real and the fake ones of the discriminator, the fakes of the generator.
func (p *GradientProbe) Populations(player int) int { return 2 - player }

// Rows writes the gradient of every row's own loss, [populations×rows×n].
func (p *GradientProbe) Rows(dst []float64, player int, q []float64) {
	t, pl, n := p.t, p.t.player(player), p.Params(player)
	p.gradient(player, q)
	if player == 0 {
		rowsOf(pl, dst, t.Psi(q), t.c, float64(t.rowsD))
		return
	}
	m := t.rows / t.rowsD
	samples := dst
	if m > 1 {
		samples = make([]float64, t.rows*n)
	}
	rowsOf(pl, samples, t.Theta(q), t.cx, float64(t.rowsD))
	if m > 1 {
		clear(dst[:t.rowsD*n])
		for i := range t.rows {
			num.Axpy(1, samples[i*n:(i+1)*n], dst[i/m*n:(i/m+1)*n])
		}
	}
}

// rowsOf writes scale·J_iᵀc_i of each row of the player's last forward pass.
func rowsOf(pl *player, dst, params, c []float64, scale float64) {
	n, out := pl.net.Params(), pl.net.Out()
	rows := len(c) / out
	pl.p.forward(make([]float64, rows*out), params, pl.p.inputs(), rows) // what a direction runs may keep the inputs only
	if p, ok := pl.p.(*pass); ok {
		p.cotangents(params, c)
		p.rowGradients(dst, scale)
		return
	}
	pl.p.enableTangents()
	unit, t := make([]float64, n), make([]float64, len(c))
	for k := range n {
		unit[k] = 1
		pl.p.tangent(t, params, unit, nil)
		unit[k] = 0
		for i := range rows {
			dst[i*n+k] = scale * num.Dot(t[i*out:(i+1)*out], c[i*out:(i+1)*out])
		}
	}
}

func (p *GradientProbe) gradient(b int, q []float64) *player {
	r := recurrence{Trainer: p.t}
	return r.drive(b, q)
}

// Gradient writes the gradient of the mean over the rows.
func (p *GradientProbe) Gradient(dst []float64, player int, q []float64) {
	copy(dst, p.gradient(player, q).dir)
}

// Hessian writes that of the player's loss by its own parameters, [n×n].
func (p *GradientProbe) Hessian(dst []float64, player int, q []float64) {
	t, n := p.t, p.Params(player)
	h, hv, unit := newHessian(t), make([]float64, t.n), make([]float64, n)
	for i := range n {
		unit[i] = 1
		if player == 0 {
			h.productD(hv, t.Psi(q), t.Theta(q), unit, nil, false)
			copy(dst[i*n:(i+1)*n], t.Psi(hv))
		} else {
			h.productG(hv, t.Psi(q), t.Theta(q), nil, unit, false)
			copy(dst[i*n:(i+1)*n], t.Theta(hv))
		}
		unit[i] = 0
	}
}

// Metric writes JᵀJ/N of the player's network, [n×n], without damping: the l2 metric.
func (p *GradientProbe) Metric(dst []float64, player int, q []float64) {
	p.t.DenseMetric(dst, player, q, 0)
}
