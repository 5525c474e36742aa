package build

import (
	"machlup/gan/otto"
	"machlup/langevin"
)

// The systems on the Wasserstein space are toys: a potential with a config of its own.
type (
	quantileToy struct{ otto.QuantileConfig }
	hermiteToy  struct{ otto.HermiteGalerkinConfig }
)

func (c *quantileToy) system() (langevin.Drift, langevin.Potential, error) {
	return potential(c.New())
}

func (c *hermiteToy) system() (langevin.Drift, langevin.Potential, error) {
	return potential(otto.NewHermiteGalerkin(c.HermiteGalerkinConfig))
}

var (
	quantileChoice = choice[toyConfig]{"quantile",
		"N particles on the line under a functional of their law: the W₂ flow of an ideal GAN; energy is N·functional, temperature τ = TN",
		func() toyConfig { return &quantileToy{otto.DefaultQuantile()} }}
	hermiteChoice = choice[toyConfig]{"hermite-galerkin",
		"displacement of Gaussian data in Hermite modes: the W₂ flow of an ideal GAN near q = p, frequencies exact",
		func() toyConfig { return &hermiteToy{otto.DefaultHermiteGalerkin()} }}
)
