package langevin

import (
	"fmt"
	"math"
)

// SGMCMCConfig is SGLD with a schedule on an estimate of the gradient,
//
//	x' = x + η_k ĝ(x) + √(2η_k T_k) ξ.
type SGMCMCConfig struct {
	Eta          float64   `toml:"eta" range:"(0,inf)" unit:"1" doc:"step η at the beginning"`
	Temperature  float64   `toml:"temperature" range:"[0,inf)" unit:"1" doc:"T of the injected noise, variance 2ηT; the gradient's own noise comes on top"`
	Temperatures []float64 `toml:"temperatures" range:"[0,inf)" unit:"1" doc:"one T for each block, in the order of update; empty: temperature for all"`
	Schedule     string    `toml:"schedule" enum:"constant|polynomial|cyclical" doc:"constant: η; polynomial: η(1 + k/offset)^−power, Welling and Teh's a(b + k)^−γ; cyclical: η/2·(1 + cos(πj/period)), j = k mod period, without noise in the first part of each cycle"`
	Offset       float64   `toml:"offset" range:"(0,inf)" unit:"step" doc:"b of polynomial"`
	Power        float64   `toml:"power" range:"(0,1]" unit:"1" doc:"γ of polynomial; Robbins and Monro ask for ½ < γ ≤ 1"`
	Period       int       `toml:"period" range:"[1,1000000000]" unit:"step" doc:"length of a cycle of cyclical"`
	Exploration  float64   `toml:"exploration" range:"[0,1)" unit:"1" doc:"leading fraction of each cycle of cyclical that has no noise"`
}

// DefaultSGMCMC is a constant step.
func DefaultSGMCMC() SGMCMCConfig {
	return SGMCMCConfig{Eta: 0.01, Temperature: 1, Schedule: "constant", Offset: 1000, Power: 0.55, Period: 1000, Exploration: 0.5}
}

// New returns the scheme for a drift and the estimate of its gradient.
func (c SGMCMCConfig) New(f Drift, g GradientConfig) (*SGMCMC, error) { return NewSGMCMC(f, c, g) }

// SGMCMC is SGLD with a schedule of its step. The memory of a state is the number of the step
// (none for a constant one) and that of the gradient's estimate; the inputs of a step are, for
// each block, those of the estimate, then a normal per component. Blocks of a drift that is
// updated in turn have a temperature each.
//
// With a polynomial schedule there is no stationary law; averages are to be weighted by η_k.
// With a cyclical one the law is periodic. Neither has a tangent in the step's number, so it is
// no Linearizer; with gradient full and a constant step it is Euler–Maruyama, which is one.
//
// Welling & Teh, ICML 2011; Zhang, Li, Zhang, Chen & Wilson, ICLR 2020 (cyclical), eq. 1 and
// algorithm 1.
type SGMCMC struct {
	cfg   SGMCMCConfig
	g     GradientEstimator
	parts []Part
	t     []float64 // temperature of each part
	n     int
	count int       // 1 if the state counts steps
	v     []float64 // scratch
}

// NewSGMCMC returns the scheme. It refuses a batch estimate for a drift whose blocks are
// updated in turn, since a batch's memory would belong to neither.
func NewSGMCMC(f Drift, c SGMCMCConfig, gradient GradientConfig) (*SGMCMC, error) {
	m := &SGMCMC{cfg: c, parts: partsOf(f), n: f.Dim(), v: make([]float64, f.Dim())}
	var err error
	if m.g, err = gradient.New(f); err != nil {
		return nil, err
	}
	switch {
	case len(c.Temperatures) != 0 && len(c.Temperatures) != len(m.parts):
		return nil, fmt.Errorf("langevin: temperatures has %d values for %d blocks: give one each, or none", len(c.Temperatures), len(m.parts))
	case len(m.parts) > 1 && m.g.Memory() > 0:
		return nil, fmt.Errorf("langevin: gradient %q has a memory, and the drift has %d blocks updated in turn: use full, gaussian or minibatch", gradient.Gradient, len(m.parts))
	}
	for b := range m.parts {
		t := c.Temperature
		if len(c.Temperatures) != 0 {
			t = c.Temperatures[b]
		}
		if err := checkStep("sgld", c.Eta, t); err != nil {
			return nil, err
		}
		m.t = append(m.t, t)
	}
	switch c.Schedule {
	case "constant":
	case "polynomial":
		if !(c.Offset > 0) || !(c.Power > 0 && c.Power <= 1) {
			return nil, fmt.Errorf("langevin: sgld: offset %v and power %v: a polynomial schedule needs offset > 0 and power in (0, 1]", c.Offset, c.Power)
		}
		m.count = 1
	case "cyclical":
		if c.Period < 1 || !(c.Exploration >= 0 && c.Exploration < 1) {
			return nil, fmt.Errorf("langevin: sgld: period %d and exploration %v: a cyclical schedule needs period ≥ 1 and exploration in [0, 1)", c.Period, c.Exploration)
		}
		m.count = 1
	default:
		return nil, fmt.Errorf("langevin: sgld: schedule is %q: allowed are constant, polynomial and cyclical", c.Schedule)
	}
	return m, nil
}

func (m *SGMCMC) Dim() int    { return m.n + m.count + m.g.Memory() }
func (m *SGMCMC) Config() int { return m.n }
func (m *SGMCMC) Inputs() int { return len(m.parts)*m.g.Inputs() + m.n }

// Init writes q, step 0 and the estimate's memory.
func (m *SGMCMC) Init(state, q []float64) {
	copy(state[:m.n], q[:m.n])
	clear(state[m.n : m.n+m.count])
	m.g.InitMemory(state[m.n+m.count:], q[:m.n])
}

// At returns η_k and the factor of T at step k.
func (m *SGMCMC) At(k float64) (eta, temperature float64) {
	switch m.cfg.Schedule {
	case "polynomial":
		return m.cfg.Eta * math.Pow(1+k/m.cfg.Offset, -m.cfg.Power), 1
	case "cyclical":
		j := math.Mod(k, float64(m.cfg.Period)) / float64(m.cfg.Period)
		if j >= m.cfg.Exploration {
			temperature = 1
		}
		return m.cfg.Eta * (1 + math.Cos(math.Pi*j)) / 2, temperature
	}
	return m.cfg.Eta, 1
}

// Step writes the next state.
func (m *SGMCMC) Step(next, state, xi []float64) {
	k := 0.0
	if m.count == 1 {
		k = state[m.n]
		next[m.n] = k + 1
	}
	eta, factor := m.At(k)
	q, used := next[:m.n], m.g.Inputs()
	copy(q, state[:m.n])
	for b, p := range m.parts {
		m.g.Sample(m.v, next[m.n+m.count:], q, state[m.n+m.count:], xi[:used])
		xi = xi[used:]
		s := math.Sqrt(2 * eta * m.t[b] * factor)
		for i := p.Lo; i < p.Hi; i++ {
			q[i] += eta*m.v[i] + s*xi[i-p.Lo]
		}
		xi = xi[p.Hi-p.Lo:]
	}
}
