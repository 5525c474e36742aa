package gan

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Noise says what is random in a step (docs/physics.md).
type Noise struct {
	// Kind is one of
	//	minibatch            fresh data and latents every step: the true noise
	//	minibatch-epoch      the same, a finite set of data without replacement over an epoch
	//	minibatch-gaussian   normal noise of the covariance that minibatches of the quenched
	//	                     batch's rows have at the current point
	//	injected             drift on one quenched batch plus Gaussian noise
	//	none                 drift on the quenched batch
	// or one of the first three and "+injected", their sum.
	Kind string

	// TD and TG are the temperatures of the injected noise of the two players, of variance
	// s² = 2(1−β)ηT a step and component (2ηT for Adam). A player at 0 gets none.
	TD, TG float64

	// MetricD and MetricG give the injected noise the covariance s²F⁻¹, in the metric and on
	// the batch of that player's natural gradient. Directions outside the row space of J
	// carry variance s²/λ: a different experiment from isotropic noise.
	MetricD, MetricG bool

	// Correction of metric noise for the dependence of F on the player's own parameters, by its
	// Γ_i = Σ_j ∂(F⁻¹)_ij/∂p_j: "" and "none" add nothing, "half" ½ηTΓ and "full" ηTΓ
	// (langevin.Correction) to the Itô step, and Kinetic averages F⁻¹ over the noise's two ends.
	// With one player and a potential, full and Kinetic sample e^{−U/T} as η → 0.
	Correction string

	// Quenched is the size of the fixed batch of minibatch-gaussian, injected and none; 0 chooses 128 when a
	// player is natural, else 1024.
	Quenched int
}

// NoiseConfig is the [noise] table.
type NoiseConfig struct {
	Kind         string  `toml:"kind" enum:"minibatch|minibatch-epoch|minibatch-gaussian|injected|minibatch+injected|minibatch-epoch+injected|minibatch-gaussian+injected|none" doc:"what is random in a step"`
	TemperatureD float64 `toml:"temperature_d" range:"[0,inf)" unit:"1" doc:"temperature of the discriminator's injected noise, variance 2(1−β)ηT a step"`
	TemperatureG float64 `toml:"temperature_g" range:"[0,inf)" unit:"1" doc:"temperature of the generator's injected noise, variance 2(1−β)ηT a step"`
	MetricD      string  `toml:"metric_d" enum:"isotropic|natural" doc:"covariance of the discriminator's injected noise: identity or F⁻¹ (needs a natural optimizer)"`
	MetricG      string  `toml:"metric_g" enum:"isotropic|natural" doc:"covariance of the generator's injected noise: identity or F⁻¹ (needs a natural optimizer)"`
	Correction   string  `toml:"correction" enum:"none|half|full|hanggi-klimontovich" doc:"of metric noise for an F that depends on the parameters: multiple c of ηTΓ, Γ_i = Σ_j ∂_j(F⁻¹)_ij, computed exactly (up to 400 parameters), or F⁻¹ averaged over the noise's two ends; where there is a potential full and hanggi-klimontovich sample exp(-U/T), none exp(-U/T)/G and half exp(-U/T)/sqrt(G) in one dimension"`
	Quenched     int     `toml:"quenched_batch" range:"[0,inf)" unit:"1" doc:"size of the fixed batch of minibatch-gaussian, injected and none; 0: 128 when a player is natural, else 1024"`
}

// DefaultNoise returns minibatch noise.
func DefaultNoise() NoiseConfig {
	return NoiseConfig{Kind: "minibatch", MetricD: "isotropic", MetricG: "isotropic", Correction: "none"}
}

// Noise returns the noise model of the table.
func (c NoiseConfig) Noise() Noise {
	return Noise{Kind: c.Kind, TD: c.TemperatureD, TG: c.TemperatureG,
		MetricD: c.MetricD == "natural", MetricG: c.MetricG == "natural", Correction: c.Correction, Quenched: c.Quenched}
}

// base is the kind without "+injected".
func (n Noise) base() string { return strings.TrimSuffix(n.Kind, "+injected") }

// Fresh tells kinds whose batch changes from step to step from those of a fixed (quenched) one.
func (n Noise) Fresh() bool { return n.base() == "minibatch" || n.epochs() }

// Injected tells whether injected noise is part of the kind.
func (n Noise) Injected() bool { return strings.HasSuffix(n.Kind, "injected") }

func (n Noise) minibatch() bool { return n.Fresh() }
func (n Noise) injected() bool  { return n.Injected() }
func (n Noise) epochs() bool    { return n.base() == "minibatch-epoch" }
func (n Noise) gaussian() bool  { return n.base() == "minibatch-gaussian" }

// NoiseKinds are the kinds that there are.
func NoiseKinds() []string {
	return []string{"minibatch", "minibatch-epoch", "minibatch-gaussian", "injected",
		"minibatch+injected", "minibatch-epoch+injected", "minibatch-gaussian+injected", "none"}
}

func (n Noise) validate(d, g Optimizer) error {
	if !slices.Contains(NoiseKinds(), n.Kind) {
		return fmt.Errorf("gan: noise kind %q is unknown, allowed are %s", n.Kind, strings.Join(NoiseKinds(), ", "))
	}
	for _, p := range []struct {
		name   string
		T      float64
		metric bool
		opt    Optimizer
	}{{"discriminator", n.TD, n.MetricD, d}, {"generator", n.TG, n.MetricG, g}} {
		if !(p.T >= 0) || math.IsInf(p.T, 0) {
			return fmt.Errorf("gan: temperature of the %s is %v, allowed are finite numbers ≥ 0", p.name, p.T)
		}
		if p.T > 0 && !n.injected() {
			return fmt.Errorf("gan: temperature of the %s is %v but noise kind %q injects none; use injected or minibatch+injected", p.name, p.T, n.Kind)
		}
		if p.T > 0 {
			if err := n.Estimable(p.opt, p.T); err != nil {
				return fmt.Errorf("gan: noise_estimate of the %s: %w", p.name, err)
			}
		}
		if p.metric && !p.opt.Direction.Natural {
			return fmt.Errorf("gan: metric noise of the %s needs the metric of a natural optimizer, found %q; use natural or natural-momentum, or isotropic noise", p.name, p.opt.Name)
		}
	}
	if n.Corrected() && !(n.MetricD && n.TD > 0) && !(n.MetricG && n.TG > 0) {
		return fmt.Errorf("gan: noise.correction is %q and no player has metric noise at a temperature > 0, allowed is none: isotropic noise has no Γ; noise in RMSProp's metric has its Γ on toys only, it takes the diagonal of the Hessian of the batch's loss", n.Correction)
	}
	if n.Quenched < 0 {
		return fmt.Errorf("gan: the quenched batch has size %d, allowed are integers ≥ 0 (0: automatic)", n.Quenched)
	}
	return nil
}

// rows is the number of samples of one batch.
func (n Noise) rows(batch int, d, g Optimizer) int {
	switch {
	case n.minibatch():
		return batch
	case n.Quenched > 0:
		return n.Quenched
	case d.Direction.Natural || g.Direction.Natural:
		return 128
	}
	return 1024
}
