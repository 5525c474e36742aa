package build

import "machlup/langevin"

// Schemes beside those of toys.go: each a config of langevin with what a schemeConfig asks.
type (
	heunScheme     struct{ langevin.HeunConfig }
	nesterovScheme struct{ langevin.NesterovConfig }
	milsteinScheme struct {
		langevin.MilsteinConfig
		langevin.SineMetricConfig
	}
	stratonovichHeunScheme struct {
		langevin.StratonovichHeunConfig
		langevin.SineMetricConfig
	}
	malaScheme struct{ langevin.MALAConfig }
	hmcScheme  struct{ langevin.HMCConfig }
)

func (c *heunScheme) scheme(f langevin.Drift) (langevin.Map, error) { return c.New(f) }
func (c *heunScheme) step() float64                                 { return c.Eta }
func (c *heunScheme) temperature() float64                          { return coldest(c.Temperature, c.Temperatures) }

func (c *nesterovScheme) scheme(f langevin.Drift) (langevin.Map, error) { return c.New(f) }
func (c *nesterovScheme) step() float64                                 { return c.Eta }
func (c *nesterovScheme) temperature() float64                          { return coldest(c.Temperature, c.Temperatures) }

func (c *milsteinScheme) scheme(f langevin.Drift) (langevin.Map, error) {
	metric, err := langevin.NewSineMetric(c.SineMetricConfig)
	if err != nil {
		return nil, err
	}
	return c.New(f, metric)
}
func (c *milsteinScheme) step() float64        { return c.Eta }
func (c *milsteinScheme) temperature() float64 { return c.Temperature }

func (c *stratonovichHeunScheme) scheme(f langevin.Drift) (langevin.Map, error) {
	metric, err := langevin.NewSineMetric(c.SineMetricConfig)
	if err != nil {
		return nil, err
	}
	return c.New(f, metric)
}
func (c *stratonovichHeunScheme) step() float64        { return c.Eta }
func (c *stratonovichHeunScheme) temperature() float64 { return c.Temperature }

func (c *malaScheme) scheme(f langevin.Drift) (langevin.Map, error) { return c.New(f) }
func (c *malaScheme) step() float64                                 { return c.Eta }
func (c *malaScheme) temperature() float64                          { return c.Temperature }

func (c *hmcScheme) scheme(f langevin.Drift) (langevin.Map, error) { return c.New(f) }
func (c *hmcScheme) step() float64                                 { return c.Step * float64(c.Leaps) }
func (c *hmcScheme) temperature() float64                          { return c.Temperature }

var (
	heunChoice = choice[schemeConfig]{"heun", "predictor–corrector with additive noise (Itô and Stratonovich agree), second order", func() schemeConfig {
		return &heunScheme{langevin.HeunConfig{Eta: 0.01, Temperature: 1}}
	}}
	nesterovChoice = choice[schemeConfig]{"nesterov", "gradient at the look-ahead point, noise of variance 2(1−β)ηT", func() schemeConfig {
		return &nesterovScheme{langevin.NesterovConfig{Eta: 0.01, Momentum: 0.9, Temperature: 1}}
	}}
	milsteinChoice = choice[schemeConfig]{"milstein", "SGLD in the diagonal metric G = 1 + α sin κx to strong order one (Itô)", func() schemeConfig {
		return &milsteinScheme{langevin.MilsteinConfig{Eta: 0.01, Temperature: 1, Correction: "full"}, defaultMetric}
	}}
	stratonovichHeunChoice = choice[schemeConfig]{"stratonovich-heun", "predictor–corrector in the same metric, its noise read as Stratonovich's", func() schemeConfig {
		return &stratonovichHeunScheme{langevin.StratonovichHeunConfig{Eta: 0.01, Temperature: 1, Correction: "full"}, defaultMetric}
	}}
	malaChoice = choice[schemeConfig]{"mala", "Metropolis-adjusted Langevin: exp(-U/T) at any step, the reference of the others", func() schemeConfig {
		return &malaScheme{langevin.MALAConfig{Eta: 0.1, Temperature: 1}}
	}}
	hmcChoice = choice[schemeConfig]{"hmc", "Hamiltonian Monte Carlo: exp(-U/T) at any step, the reference of the others", func() schemeConfig {
		return &hmcScheme{langevin.HMCConfig{Step: 0.3, Leaps: 4, Temperature: 1}}
	}}
)
