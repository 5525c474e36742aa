package gan

import (
	"errors"
	"fmt"
	"math"

	"machlup/internal/num"
)

// WeightDecayConfig adds ½·wd·|parameters|² to the loss of a player: wd times the parameters
// to its gradient (L2 regularisation, not the decoupled decay of AdamW). A natural player
// follows F⁻¹ of the whole gradient.
type WeightDecayConfig struct {
	Generator     float64 `toml:"generator" range:"[0,inf)" unit:"1" doc:"wd of the generator"`
	Discriminator float64 `toml:"discriminator" range:"[0,inf)" unit:"1" doc:"wd of the discriminator"`
}

// DefaultWeightDecay returns 1e-4 for both players.
func DefaultWeightDecay() WeightDecayConfig { return WeightDecayConfig{1e-4, 1e-4} }

// Regulariser returns weight decay.
func (c WeightDecayConfig) Regulariser() (Regulariser, error) {
	for _, p := range []struct {
		name string
		wd   float64
	}{{"generator", c.Generator}, {"discriminator", c.Discriminator}} {
		if !(p.wd >= 0) || math.IsInf(p.wd, 0) {
			return nil, fmt.Errorf("gan: weight decay of the %s is %v, allowed are finite numbers ≥ 0", p.name, p.wd)
		}
	}
	return weightDecay{coefficient: [2]float64{c.Discriminator, c.Generator}}, nil
}

// weightDecay needs no working storage: it is its own regularisation.
type weightDecay struct {
	unregularised
	coefficient [2]float64 // by player
}

func (weightDecay) Name() string                            { return "weight-decay" }
func (w weightDecay) bind(*Trainer) (regularisation, error) { return w, nil }

func (w weightDecay) value(v *view) float64 {
	return w.coefficient[v.player] / 2 * num.Norm2(v.own())
}

func (w weightDecay) gradient(dst []float64, v *view) {
	num.Axpy(w.coefficient[v.player], v.own(), dst)
}

func (w weightDecay) product(v *view, r *directional) {
	direction, dst := r.psi, r.hPsi
	if v.player == 1 {
		direction, dst = r.theta, r.hTheta
	}
	if direction != nil && dst != nil {
		num.Axpy(w.coefficient[v.player], direction, dst)
	}
}

// Confined returns nil where weight decay confines the parameters of both players, or why nothing
// is known to.
func (c Config) Confined() error {
	for _, r := range c.Regularisers {
		if w, ok := r.(weightDecay); ok && w.coefficient[0] > 0 && w.coefficient[1] > 0 {
			return nil
		}
	}
	return errors.New("no prior holds the parameters of two networks: where the losses are flat, as along a rescaling of relu layers, they diffuse without end, and training settles into no law; name weight-decay, of both players, in trainer.regularisers")
}

// own returns the parameters of the player whose step it is.
func (v *view) own() []float64 {
	if v.player == 1 {
		return v.theta
	}
	return v.psi
}
