package build

import (
	"fmt"

	"machlup/internal/engine"
	"machlup/langevin"
)

// quadraticSumToy is a sum over data, on which mini-batches are exactly known.
type quadraticSumToy struct{ langevin.QuadraticSumConfig }

func (c *quadraticSumToy) system() (langevin.Drift, langevin.Potential, error) {
	u, err := langevin.NewQuadraticSum(c.QuadraticSumConfig)
	if err != nil {
		return nil, nil, err
	}
	return u, u, nil
}

var quadraticSumChoice = choice[toyConfig]{"quadratic-sum", "U = (1/N) Σ ½h_i (x − a_i)ᵀH(x − a_i): a loss over data, for mini-batches", func() toyConfig {
	return &quadraticSumToy{langevin.QuadraticSumConfig{Points: 64, Dim: 1, Stiffness: []float64{1}, Spread: 1}}
}}

// The schemes of stochastic gradient MCMC.
type (
	sgldScheme struct {
		langevin.SGMCMCConfig
		langevin.GradientConfig
	}
	rmspropScheme struct {
		langevin.RMSPropConfig
		langevin.GradientConfig
	}
	sghmcScheme struct {
		langevin.SGHMCConfig
		langevin.GradientConfig
	}
	naturalIsotropicScheme struct {
		langevin.NaturalIsotropicConfig
		langevin.SineMetricConfig
	}
)

func (c *sgldScheme) scheme(f langevin.Drift) (langevin.Map, error) {
	return c.SGMCMCConfig.New(f, c.GradientConfig)
}
func (c *sgldScheme) step() float64                     { return c.Eta }
func (c *sgldScheme) temperature() float64              { return coldest(c.Temperature, c.Temperatures) }
func (c *sgldScheme) gradient() langevin.GradientConfig { return c.GradientConfig }
func (c *sgldScheme) stationary() error {
	if c.Schedule == "polynomial" {
		return fmt.Errorf("the step of a polynomial schedule shrinks for ever: there is no stationary law; record an ensemble, or use the schedule constant or cyclical")
	}
	return nil
}

func (c *rmspropScheme) scheme(f langevin.Drift) (langevin.Map, error) {
	return c.RMSPropConfig.New(f, c.GradientConfig)
}
func (c *rmspropScheme) step() float64                     { return c.Eta }
func (c *rmspropScheme) temperature() float64              { return c.Temperature }
func (c *rmspropScheme) gradient() langevin.GradientConfig { return c.GradientConfig }

func (c *sghmcScheme) scheme(f langevin.Drift) (langevin.Map, error) {
	return c.SGHMCConfig.New(f, c.GradientConfig)
}
func (c *sghmcScheme) step() float64                     { return c.Eta }
func (c *sghmcScheme) temperature() float64              { return coldest(c.Temperature, c.Temperatures) }
func (c *sghmcScheme) gradient() langevin.GradientConfig { return c.GradientConfig }

func (c *naturalIsotropicScheme) scheme(f langevin.Drift) (langevin.Map, error) {
	metric, err := langevin.NewSineMetric(c.SineMetricConfig)
	if err != nil {
		return nil, err
	}
	return c.New(f, metric)
}
func (c *naturalIsotropicScheme) step() float64        { return c.Eta }
func (c *naturalIsotropicScheme) temperature() float64 { return c.Temperature }

var (
	sgldChoice = choice[schemeConfig]{"sgld", "SGLD with a schedule, constant, polynomial or cyclical, on full, noisy or batch gradients, control variates or SVRG", func() schemeConfig {
		return &sgldScheme{langevin.DefaultSGMCMC(), langevin.DefaultGradient()}
	}}
	rmspropChoice = choice[schemeConfig]{"rmsprop-sgld", "SGLD preconditioned by RMSProp, with Γ and without", func() schemeConfig {
		return &rmspropScheme{langevin.RMSPropConfig{Eta: 0.01, Temperature: 1, Alpha: 0.99, Lambda: 0.1, Correction: "none"}, langevin.DefaultGradient()}
	}}
	sghmcChoice = choice[schemeConfig]{"sghmc", "stochastic gradient Hamiltonian Monte Carlo with a noise estimate", func() schemeConfig {
		return &sghmcScheme{langevin.SGHMCConfig{Eta: 0.01, Friction: 0.1, Temperature: 1}, langevin.DefaultGradient()}
	}}
	naturalIsotropicChoice = choice[schemeConfig]{"natural-isotropic", "natural gradient in the metric of metric-sgld with isotropic noise: not exp(-U/T)", func() schemeConfig {
		return &naturalIsotropicScheme{langevin.NaturalIsotropicConfig{Eta: 0.01, Temperature: 1}, defaultMetric}
	}}
)

// samplesGradient tells the model what a scheme's law, schedule and gradient mean for it.
func samplesGradient(m *engine.Model, scheme schemeConfig) {
	m.OtherLaw = otherLaw(scheme)
	if s, ok := scheme.(interface{ stationary() error }); ok && s.stationary() != nil {
		m.NoStationary = s.stationary()
	}
	if s, ok := scheme.(interface {
		gradient() langevin.GradientConfig
	}); ok {
		m.Quenched = !s.gradient().Batches()
		if s.gradient().Gradient == "epoch" {
			m.NoAverage = fmt.Errorf("the memory of gradient \"epoch\" is a permutation, of which there is no average, so no classical trajectory; use stationary, or gradient minibatch")
		}
	}
}

// noTangent is why a scheme has no tangent map.
func noTangent(scheme schemeConfig, system string) error {
	switch scheme.(type) {
	case *malaScheme, *hmcScheme:
		return fmt.Errorf("an acceptance test is not differentiable: there is no linear-noise theory of it")
	case *milsteinScheme, *stratonovichHeunScheme:
		return fmt.Errorf("this scheme offers no tangent: use metric-sgld or hanggi-klimontovich")
	case *sgldScheme, *rmspropScheme, *sghmcScheme:
		return fmt.Errorf("this scheme offers no tangent: use euler-maruyama or heavy-ball")
	}
	return fmt.Errorf("the drift of %s has no derivative", system)
}
