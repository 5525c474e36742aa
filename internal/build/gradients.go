package build

import (
	"machlup/gan"
	"machlup/internal/engine"
	"machlup/internal/rng"
)

// gradientModel is how the gradients of a game are taken row by row.
func gradientModel(cfg gan.Config) *engine.GradientModel {
	g := &engine.GradientModel{Batch: cfg.Batch / max(cfg.Packing, 1), Probe: func(rows int) (engine.GradientProbe, error) {
		p, err := gan.NewGradientProbe(cfg, rows)
		return gradientProbe{p}, err
	}}
	for i, o := range []gan.Optimizer{cfg.OptimizerD, cfg.OptimizerG} {
		pl := engine.GradientPlayer{Name: [2]string{"discriminator", "generator"}[i], Eta: o.Rule.Rate(), Noise: o.Rule.NoiseVariance(2) - o.Rule.NoiseVariance(1)}
		if o.Direction.Natural {
			pl.Damping = o.Direction.Damping
			if o.Direction.Metric != "" && o.Direction.Metric != "l2" {
				pl.NoTemp = "no temperature: it is defined here for the l2 metric"
			}
		}
		if _, _, err := o.Rule.Linear(); err != nil {
			pl.NoTemp = "no temperature: the step of " + o.Name + " is not linear in the gradient, or remembers it"
		}
		g.Players[i] = pl
	}
	return g
}

// gradientProbe adapts a probe to the engine's streams.
type gradientProbe struct{ *gan.GradientProbe }

func (p gradientProbe) Draw(src *rng.Stream) { p.GradientProbe.Draw(src) }
