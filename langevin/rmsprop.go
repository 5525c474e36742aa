package langevin

import (
	"fmt"
	"math"
)

// RMSPropConfig is SGLD preconditioned by RMSProp's running mean square of the gradient.
type RMSPropConfig struct {
	Eta         float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"step η"`
	Temperature float64 `toml:"temperature" range:"[0,inf)" unit:"1" doc:"T; the noise variance of a step is 2ηTG"`
	Alpha       float64 `toml:"alpha" range:"[0,1)" unit:"1" doc:"decay of the mean square V' = αV + (1−α)ĝ²"`
	Lambda      float64 `toml:"lambda" range:"(0,inf)" unit:"1" doc:"λ of G = 1/(λ + √V')"`
	Correction  string  `toml:"correction" enum:"none|published|adiabatic" doc:"Γ: none; published: ∂G through the gradient of this step alone, as in the paper, (1−α) of the next; adiabatic: ∂G with V = g², its value as η → 0 at fixed α, which alone keeps exp(-U/T) there"`
}

// New returns the scheme for a drift and the estimate of its gradient.
func (c RMSPropConfig) New(f Drift, g GradientConfig) (*RMSProp, error) { return NewRMSProp(f, c, g) }

// RMSProp is preconditioned SGLD,
//
//	V' = αV + (1−α)ĝ²,   G = 1/(λ + √V'),   x' = x + η[Gĝ + TΓ] + √(2ηTG) ξ,
//
// component by component, ĝ the estimate of f = −∇U. V depends on x, so noise of covariance G
// needs Γ_i = ∂_iG_i = −cG_i²ĝ_i∂_iĝ_i/√V'_i for e^{−U/T}. The paper differentiates this
// step's part of V' only, c = 1−α, and then leaves Γ out since 1−α is small. But as η → 0 at
// fixed α, V follows g² and the law is that of the metric G(g(x)), in one dimension
//
//	none e^{−U/T}/G,   published e^{−U/T}/G^α,   adiabatic (c = 1) e^{−U/T}.
//
// So RMSProp's bias without Γ is not small in 1−α unless the step is small against 1−α the
// other way round: V averaged over so many steps that it no longer follows x.
//
// The memory of a state is V, the square of the first gradient at the start (exact, so that
// the start does not depend on noise), and that of the estimate.
//
// Li, Chen, Carlson & Carin, AAAI 2016, algorithm 1 and eq. 8.
type RMSProp struct {
	cfg        RMSPropConfig
	c          float64
	g          GradientEstimator
	drift      Drift
	derivative DriftDerivative
	n          int
	f, e, d    []float64 // scratch
}

// NewRMSProp returns the scheme. Γ needs the derivative of the gradient that is followed: a
// drift with derivatives, and no batches.
func NewRMSProp(f Drift, c RMSPropConfig, gradient GradientConfig) (*RMSProp, error) {
	if err := checkStep("rmsprop-sgld", c.Eta, c.Temperature); err != nil {
		return nil, err
	}
	if err := checkAtOnce("rmsprop-sgld", f); err != nil {
		return nil, err
	}
	if !(c.Alpha >= 0 && c.Alpha < 1) || !(c.Lambda > 0) || math.IsInf(c.Lambda, 1) {
		return nil, fmt.Errorf("langevin: rmsprop-sgld: alpha %v and lambda %v: alpha must be in [0, 1), lambda positive and finite", c.Alpha, c.Lambda)
	}
	g, err := gradient.New(f)
	if err != nil {
		return nil, err
	}
	m := &RMSProp{cfg: c, g: g, drift: f, n: f.Dim(), f: make([]float64, f.Dim()), e: make([]float64, f.Dim()), d: make([]float64, f.Dim())}
	switch c.Correction {
	case "none":
		return m, nil
	case "published":
		m.c = 1 - c.Alpha
	case "adiabatic":
		m.c = 1
	default:
		return nil, fmt.Errorf(`langevin: rmsprop-sgld: correction is %q: allowed are "none", "published" and "adiabatic"`, c.Correction)
	}
	var ok bool
	if m.derivative, ok = f.(DriftDerivative); !ok {
		return nil, fmt.Errorf("langevin: rmsprop-sgld: Γ needs the derivative of the drift, which this one does not have: use correction \"none\"")
	}
	if gradient.Batches() {
		return nil, fmt.Errorf("langevin: rmsprop-sgld: Γ needs the derivative of the gradient of the batch, not of the sum: use correction \"none\", or gradient full or gaussian")
	}
	return m, nil
}

func (m *RMSProp) Dim() int    { return 2*m.n + m.g.Memory() }
func (m *RMSProp) Config() int { return m.n }
func (m *RMSProp) Inputs() int { return m.g.Inputs() + m.n }

// Init writes q, V = f(q)² and the estimate's memory.
func (m *RMSProp) Init(state, q []float64) {
	n := m.n
	copy(state[:n], q[:n])
	m.drift.Drift(m.f, q)
	for i, f := range m.f {
		state[n+i] = f * f
	}
	m.g.InitMemory(state[2*n:], q[:n])
}

// Step writes the next state.
func (m *RMSProp) Step(next, state, xi []float64) {
	n, used, t := m.n, m.g.Inputs(), m.cfg.Temperature
	m.g.Sample(m.f, next[2*n:], state[:n], state[2*n:], xi[:used])
	for i, f := range m.f {
		v := m.cfg.Alpha*state[n+i] + (1-m.cfg.Alpha)*f*f
		root := math.Sqrt(v)
		g := 1 / (m.cfg.Lambda + root)
		move := g * f
		if m.c > 0 && v > 0 {
			move -= t * m.c * g * g * f * m.slope(state[:n], i) / root
		}
		next[n+i] = v
		next[i] = state[i] + m.cfg.Eta*move + math.Sqrt(2*m.cfg.Eta*t*g)*xi[used+i]
	}
}

// slope is ∂_i f_i.
func (m *RMSProp) slope(q []float64, i int) float64 {
	m.e[i] = 1
	m.derivative.DriftJVP(m.d, q, m.e)
	m.e[i] = 0
	return m.d[i]
}
