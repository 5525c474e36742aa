package langevin

import "fmt"

// A Part is a range of the configuration that is updated at once.
type Part struct {
	Name   string
	Lo, Hi int
}

// A Partitioned drift says which parts of its configuration are updated in turn, a later
// one seeing the earlier ones updated. A drift that is not Partitioned is one part, "x".
type Partitioned interface {
	Parts() []Part
}

// EulerMaruyamaConfig is x' = x + ηf(x) + √(2ηT) ξ, also called SGLD.
type EulerMaruyamaConfig struct {
	Eta          float64   `toml:"eta" range:"(0,inf)" unit:"1" doc:"step η"`
	Temperature  float64   `toml:"temperature" range:"[0,inf)" unit:"1" doc:"T; the noise variance of a step is 2ηT"`
	Temperatures []float64 `toml:"temperatures" range:"[0,inf)" unit:"1" doc:"one T for each block, in the order of update; empty: temperature for all"`
}

// New returns the scheme for a drift.
func (c EulerMaruyamaConfig) New(f Drift) (*SGLD, error) {
	return HeavyBallConfig{Eta: c.Eta, Temperature: c.Temperature, Temperatures: c.Temperatures}.New(f)
}

// HeavyBallConfig is x' = x + β(x − x⁻) + ηf(x) + √(2(1−β)ηT) ξ.
type HeavyBallConfig struct {
	Eta          float64   `toml:"eta" range:"(0,inf)" unit:"1" doc:"step η; the flow's time step is η/(1−β)"`
	Momentum     float64   `toml:"momentum" range:"[0,1)" unit:"1" doc:"β"`
	Temperature  float64   `toml:"temperature" range:"[0,inf)" unit:"1" doc:"T; the noise variance of a step is 2(1−β)ηT"`
	Temperatures []float64 `toml:"temperatures" range:"[0,inf)" unit:"1" doc:"one T for each block, in the order of update; empty: temperature for all"`
}

// New returns the scheme for a drift.
func (c HeavyBallConfig) New(f Drift) (*SGLD, error) {
	parts := partsOf(f)
	if len(c.Temperatures) != 0 && len(c.Temperatures) != len(parts) {
		return nil, fmt.Errorf("langevin: temperatures has %d values for %d blocks: give one each, or none", len(c.Temperatures), len(parts))
	}
	var players []Player
	for b, p := range parts {
		t := c.Temperature
		if len(c.Temperatures) != 0 {
			t = c.Temperatures[b]
		}
		players = append(players, Player{Name: p.Name, Lo: p.Lo, Hi: p.Hi, Eta: c.Eta, Temperature: t, Momentum: c.Momentum})
	}
	return NewSGLD(f, players...)
}

func partsOf(f Drift) []Part {
	if p, ok := f.(Partitioned); ok {
		return p.Parts()
	}
	return []Part{{"x", 0, f.Dim()}}
}

// MetricSGLDConfig is x' = x + η[Gf + cTΓ] + √(2ηT) G^{1/2} ξ, G = F⁻¹.
type MetricSGLDConfig struct {
	Eta         float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"step η"`
	Temperature float64 `toml:"temperature" range:"[0,inf)" unit:"1" doc:"T; the noise covariance of a step is 2ηTG"`
	Correction  string  `toml:"correction" enum:"none|half|full" doc:"multiple c of TΓ, Γ_i = Σ_j ∂_jG_ij: none samples exp(-U/T)/G, half exp(-U/T)/sqrt(G) (Riemannian volume), full exp(-U/T), as η → 0 in one dimension"`
}

// New returns the scheme for a drift and a metric on all of its configuration.
func (c MetricSGLDConfig) New(f Drift, metric Metric) (*SGLD, error) {
	correction, err := ParseCorrection(c.Correction)
	if err != nil {
		return nil, err
	}
	return NewSGLD(f, Player{Name: "x", Hi: f.Dim(), Eta: c.Eta, Temperature: c.Temperature, Metric: metric, Correction: correction})
}

// HanggiKlimontovichConfig is the metric scheme that averages F⁻¹ over both ends of a step.
type HanggiKlimontovichConfig struct {
	Eta         float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"step η"`
	Temperature float64 `toml:"temperature" range:"[0,inf)" unit:"1" doc:"T; samples exp(-U/T) as η → 0"`
}

// New returns the scheme for a drift and a metric on all of its configuration.
func (c HanggiKlimontovichConfig) New(f Drift, metric Metric) (*HanggiKlimontovich, error) {
	return NewHanggiKlimontovich(f, metric, c.Eta, c.Temperature)
}

// LeimkuhlerMatthewsConfig is x' = x + ηf(x) + √(ηT/2)(ξ + ξ').
type LeimkuhlerMatthewsConfig struct {
	Eta          float64   `toml:"eta" range:"(0,inf)" unit:"1" doc:"step η"`
	Temperature  float64   `toml:"temperature" range:"[0,inf)" unit:"1" doc:"T"`
	Temperatures []float64 `toml:"temperatures" range:"[0,inf)" unit:"1" doc:"one T for each player, whose components all move at once; empty: temperature for all"`
}

// New returns the scheme for a drift.
func (c LeimkuhlerMatthewsConfig) New(f Drift) (*LeimkuhlerMatthews, error) {
	t, err := componentTemperatures(f, c.Temperature, c.Temperatures)
	if err != nil {
		return nil, err
	}
	return NewLeimkuhlerMatthews(f, c.Eta, t...)
}

// SplittingConfig is underdamped Langevin dynamics of unit mass by a splitting.
type SplittingConfig struct {
	Scheme       string    `toml:"scheme" doc:"order of A (move), B (kick) and O (friction and noise) in a step, such as BAOAB, OBABO, ABOBA, BAOA, OABAO"`
	Step         float64   `toml:"step" range:"(0,inf)" unit:"1" doc:"time step Δ; stable for ωΔ < 2 with each of the schemes named"`
	Friction     float64   `toml:"friction" range:"(0,inf)" unit:"1" doc:"γ"`
	Temperature  float64   `toml:"temperature" range:"[0,inf)" unit:"1" doc:"T"`
	Temperatures []float64 `toml:"temperatures" range:"[0,inf)" unit:"1" doc:"one T for each player, whose components all move at once; empty: temperature for all"`
}

// New returns the scheme for a force.
func (c SplittingConfig) New(f Drift) (*Splitting, error) {
	t, err := componentTemperatures(f, c.Temperature, c.Temperatures)
	if err != nil {
		return nil, err
	}
	return NewSplitting(f, c.Scheme, c.Step, c.Friction, t...)
}

// HeunConfig is the predictor–corrector scheme for additive noise.
type HeunConfig struct {
	Eta          float64   `toml:"eta" range:"(0,inf)" unit:"1" doc:"step η; each costs two gradients"`
	Temperature  float64   `toml:"temperature" range:"[0,inf)" unit:"1" doc:"T; the noise variance of a step is 2ηT"`
	Temperatures []float64 `toml:"temperatures" range:"[0,inf)" unit:"1" doc:"one T for each player, whose components all move at once; empty: temperature for all"`
}

// New returns the scheme for a drift.
func (c HeunConfig) New(f Drift) (*Heun, error) {
	t, err := componentTemperatures(f, c.Temperature, c.Temperatures)
	if err != nil {
		return nil, err
	}
	return NewHeun(f, c.Eta, t...)
}

// NesterovConfig is x' = y + ηf(y) + √(2(1−β)ηT) ξ with y = x + β(x − x⁻).
type NesterovConfig struct {
	Eta          float64   `toml:"eta" range:"(0,inf)" unit:"1" doc:"step η; the flow's time step is η/(1−β)"`
	Momentum     float64   `toml:"momentum" range:"[0,1)" unit:"1" doc:"β"`
	Temperature  float64   `toml:"temperature" range:"[0,inf)" unit:"1" doc:"T; the noise variance of a step is 2(1−β)ηT"`
	Temperatures []float64 `toml:"temperatures" range:"[0,inf)" unit:"1" doc:"one T for each block, in the order of update; empty: temperature for all"`
}

// New returns the scheme for a drift.
func (c NesterovConfig) New(f Drift) (*Nesterov, error) {
	t := c.Temperatures
	if len(t) == 0 {
		t = []float64{c.Temperature}
	} else if parts := partsOf(f); len(t) != len(parts) {
		return nil, fmt.Errorf("langevin: temperatures has %d values for %d blocks: give one each, or none", len(t), len(parts))
	}
	return NewNesterov(f, c.Eta, c.Momentum, t...)
}

// MilsteinConfig is metric Langevin dynamics with diagonal noise to strong order one (Itô).
type MilsteinConfig struct {
	Eta         float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"step η"`
	Temperature float64 `toml:"temperature" range:"[0,inf)" unit:"1" doc:"T; the noise covariance of a step is 2ηTG to leading order"`
	Correction  string  `toml:"correction" enum:"none|half|full" doc:"multiple c of TΓ, as for metric-sgld"`
}

// New returns the scheme for a drift and a diagonal metric on all of its configuration.
func (c MilsteinConfig) New(f Drift, metric Metric) (*Milstein, error) {
	correction, err := ParseCorrection(c.Correction)
	if err != nil {
		return nil, err
	}
	return NewMilstein(f, metric, c.Eta, c.Temperature, correction)
}

// StratonovichHeunConfig is the predictor–corrector scheme for diagonal noise.
type StratonovichHeunConfig struct {
	Eta         float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"step η; each costs two gradients"`
	Temperature float64 `toml:"temperature" range:"[0,inf)" unit:"1" doc:"T"`
	Correction  string  `toml:"correction" enum:"none|half|full" doc:"multiple c of TΓ in Itô's sense, as for metric-sgld: half, exp(-U/T)/sqrt(G), is Stratonovich's reading of dx = Gf dt + sqrt(2TG) dW as it stands"`
}

// New returns the scheme for a drift and a diagonal metric on all of its configuration.
func (c StratonovichHeunConfig) New(f Drift, metric Metric) (*StratonovichHeun, error) {
	correction, err := ParseCorrection(c.Correction)
	if err != nil {
		return nil, err
	}
	return NewStratonovichHeun(f, metric, c.Eta, c.Temperature, correction)
}

// MALAConfig is the Metropolis-adjusted Langevin algorithm.
type MALAConfig struct {
	Eta         float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"step η of the proposal x − η∇U + √(2ηT) ξ"`
	Temperature float64 `toml:"temperature" range:"(0,inf)" unit:"1" doc:"T; samples exp(-U/T) at any step"`
}

// New returns the chain for the descent of a potential.
func (c MALAConfig) New(f Drift) (*Metropolised, error) { return NewMALA(f, c.Eta, c.Temperature) }

// HMCConfig is Hamiltonian Monte Carlo with unit mass.
type HMCConfig struct {
	Step        float64 `toml:"step" range:"(0,inf)" unit:"1" doc:"leapfrog step Δ"`
	Leaps       int     `toml:"leaps" range:"[1,100000]" unit:"1" doc:"leapfrog steps of a proposal"`
	Temperature float64 `toml:"temperature" range:"(0,inf)" unit:"1" doc:"T; samples exp(-U/T) at any step"`
}

// New returns the chain for the descent of a potential.
func (c HMCConfig) New(f Drift) (*Metropolised, error) {
	return NewHMC(f, c.Step, c.Leaps, c.Temperature)
}

// NaturalIsotropicConfig is natural gradient descent with isotropic noise.
type NaturalIsotropicConfig struct {
	Eta         float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"step η"`
	Temperature float64 `toml:"temperature" range:"[0,inf)" unit:"1" doc:"T; the noise variance of a step is 2ηT, without the metric: the law is exp(∫Gf/T) in one dimension, not exp(-U/T)"`
}

// New returns the scheme x' = x + ηGf + √(2ηT) ξ for a drift and a metric on all of its
// configuration.
func (c NaturalIsotropicConfig) New(f Drift, metric Metric) (*SGLD, error) {
	if err := checkAtOnce("natural-isotropic", f); err != nil {
		return nil, err
	}
	if metric.Dim() != f.Dim() {
		return nil, fmt.Errorf("langevin: natural-isotropic: %d components and a metric of %d", f.Dim(), metric.Dim())
	}
	return NewSGLD(Precondition(f, metric), Player{Name: "x", Hi: f.Dim(), Eta: c.Eta, Temperature: c.Temperature})
}
