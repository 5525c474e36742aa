package langevin

import (
	"fmt"
	"math"
)

// SGHMCConfig is stochastic gradient Hamiltonian Monte Carlo with a noise estimate.
type SGHMCConfig struct {
	Eta          float64   `toml:"eta" range:"(0,inf)" unit:"1" doc:"η, the square of the time step"`
	Friction     float64   `toml:"friction" range:"(0,1]" unit:"1" doc:"α; 1 − α is the momentum"`
	Temperature  float64   `toml:"temperature" range:"[0,inf)" unit:"1" doc:"T that all noise of a step together is to have"`
	Estimate     float64   `toml:"noise_estimate" range:"[0,inf)" unit:"1" doc:"V̂, variance per component of the gradient's noise as known or estimated: so much less is injected, 2αηT − η²V̂; 0: the gradient's noise heats"`
	Temperatures []float64 `toml:"temperatures" range:"[0,inf)" unit:"1" doc:"one T for each player, whose components all move at once; empty: temperature for all"`
}

// New returns the scheme for a drift and the estimate of its gradient.
func (c SGHMCConfig) New(f Drift, g GradientConfig) (*SGHMC, error) { return NewSGHMC(f, c, g) }

// SGHMC is stochastic gradient Hamiltonian Monte Carlo,
//
//	v' = (1−α)v + ηĝ(x) + √(2αηT − η²V̂) ξ,   x' = x + v'.
//
// In the published letters V̂ is 2β̂T/η. Where V̂ is the variance of the gradient's noise, all
// noise of a step together is that of a heavy ball with β = 1 − α, whose stationary variance
// on curvature h it then has; with V̂ = 0 it is hotter. The memory of a state is v, 0 at the
// start, and that of the estimate.
//
// Chen, Fox & Guestrin, ICML 2014, eq. 15 (v updated before x, as in a heavy ball).
type SGHMC struct {
	cfg SGHMCConfig
	g   GradientEstimator
	n   int
	s   []float64 // of each component
	f   []float64
}

// NewSGHMC returns the scheme. It refuses an estimate above what the friction lets through,
// V̂ > 2αT/η: the gradient's noise alone would be hotter than T.
func NewSGHMC(f Drift, c SGHMCConfig, gradient GradientConfig) (*SGHMC, error) {
	t, err := componentTemperatures(f, c.Temperature, c.Temperatures)
	if err != nil {
		return nil, err
	}
	if err := checkComponents("sghmc", f.Dim(), c.Eta, t); err != nil {
		return nil, err
	}
	if err := checkAtOnce("sghmc", f); err != nil {
		return nil, err
	}
	if !(c.Friction > 0 && c.Friction <= 1) {
		return nil, fmt.Errorf("langevin: sghmc: friction is %v: it must be in (0, 1]", c.Friction)
	}
	s := make([]float64, f.Dim())
	for i, t := range t {
		left := 2*c.Friction*c.Eta*t - c.Eta*c.Eta*c.Estimate
		if !(left >= 0) {
			return nil, fmt.Errorf("langevin: sghmc: noise_estimate is %v: at most 2αT/η = %v, where the gradient's noise alone has temperature T: raise friction or lower eta",
				c.Estimate, 2*c.Friction*t/c.Eta)
		}
		s[i] = math.Sqrt(left)
	}
	g, err := gradient.New(f)
	if err != nil {
		return nil, err
	}
	return &SGHMC{cfg: c, g: g, n: f.Dim(), s: s, f: make([]float64, f.Dim())}, nil
}

func (m *SGHMC) Dim() int    { return 2*m.n + m.g.Memory() }
func (m *SGHMC) Config() int { return m.n }
func (m *SGHMC) Inputs() int { return m.g.Inputs() + m.n }

// Init writes q, v = 0 and the estimate's memory.
func (m *SGHMC) Init(state, q []float64) {
	copy(state[:m.n], q[:m.n])
	clear(state[m.n : 2*m.n])
	m.g.InitMemory(state[2*m.n:], q[:m.n])
}

// Step writes the next state.
func (m *SGHMC) Step(next, state, xi []float64) {
	n, used := m.n, m.g.Inputs()
	m.g.Sample(m.f, next[2*n:], state[:n], state[2*n:], xi[:used])
	for i, f := range m.f {
		v := (1-m.cfg.Friction)*state[n+i] + m.cfg.Eta*f + m.s[i]*xi[used+i]
		next[n+i] = v
		next[i] = state[i] + v
	}
}

// StateObservables is the velocity.
func (m *SGHMC) StateObservables() []Observable { return []Observable{meanSquareV} }

// ObserveState writes ⟨v²⟩ over the components.
func (m *SGHMC) ObserveState(dst, state []float64) { dst[0] = meanSquare(state[m.n : 2*m.n]) }
