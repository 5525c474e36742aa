package langevin

import (
	"fmt"
	"math"
)

// PotentialOf returns the potential whose descent a drift is; ok is false for a drift that is
// no gradient, or not known to be one.
func PotentialOf(f Drift) (u Potential, ok bool) {
	switch f := f.(type) {
	case smoothDescent:
		return f.u, true
	case descent:
		return f.u, true
	case Potential:
		return f, true
	}
	return nil, false
}

// Metropolised is a chain with an acceptance test, which samples e^{−U/T} without any error
// of the step: the reference of the schemes without one. It is a Map of iid N(0,1) inputs:
// n for the proposal, and one, z, whose Φ(z) is the uniform number of the test.
//
// The memory of a state is the ratio of the last test, e^{−ΔH/T} of HMC, of which min(1, ·)
// is the probability of acceptance: StateObservables. Its mean is 1 in the stationary state,
// but where a force grows faster than linearly that mean is carried by states too rare to
// meet, and a run shows less.
// A proposal of infinite or undefined energy is rejected. The step is not differentiable at
// ξ = 0, so there is no Linearizer, and no Recurrence.
type Metropolised struct {
	u        Potential
	n        int
	step     float64
	leaps    int
	t        float64
	langevin bool // MALA: one Euler–Maruyama step in place of leaps

	p, g []float64 // scratch
}

// NewMALA returns the Metropolis-adjusted Langevin algorithm,
//
//	x* = x − η∇U(x) + √(2ηT) ξ,
//
// accepted with probability min(1, e^{−(U*−U)/T} q(x|x*)/q(x*|x)), at step eta > 0 and
// temperature T > 0. It returns an error for a drift without potential.
//
// Besag, J. R. Stat. Soc. B 56 (1994) 591; Roberts & Tweedie, Bernoulli 2 (1996) 341.
func NewMALA(f Drift, eta, temperature float64) (*Metropolised, error) {
	m, err := newMetropolised("mala", f, eta, temperature)
	if err == nil {
		m.langevin = true
	}
	return m, err
}

// NewHMC returns Hamiltonian Monte Carlo with unit mass: momenta drawn afresh from N(0, T),
// then leaps leapfrog steps of length delta > 0, accepted with probability min(1, e^{−ΔH/T}),
// T > 0. It returns an error for a drift without potential.
//
// Duane, Kennedy, Pendleton & Roweth, Phys. Lett. B 195 (1987) 216.
func NewHMC(f Drift, delta float64, leaps int, temperature float64) (*Metropolised, error) {
	m, err := newMetropolised("hmc", f, delta, temperature)
	if err != nil {
		return nil, err
	}
	if leaps < 1 {
		return nil, fmt.Errorf("langevin: hmc: %d leapfrog steps: there must be at least one", leaps)
	}
	m.leaps = leaps
	return m, nil
}

func newMetropolised(scheme string, f Drift, step, temperature float64) (*Metropolised, error) {
	if err := checkStep(scheme, step, temperature); err != nil {
		return nil, err
	}
	if temperature == 0 {
		return nil, fmt.Errorf("langevin: %s: temperature is 0: the acceptance test needs e^{−U/T}, T > 0", scheme)
	}
	u, ok := PotentialOf(f)
	if !ok {
		return nil, fmt.Errorf("langevin: %s: the drift has no potential, so there is no Boltzmann law for an acceptance test to keep: use a scheme without one", scheme)
	}
	n := f.Dim()
	return &Metropolised{u: u, n: n, step: step, t: temperature, p: make([]float64, n), g: make([]float64, n)}, nil
}

func (m *Metropolised) Dim() int    { return m.n + 1 }
func (m *Metropolised) Config() int { return m.n }
func (m *Metropolised) Inputs() int { return m.n + 1 }

// Init writes q and a ratio of 1.
func (m *Metropolised) Init(state, q []float64) {
	copy(state[:m.n], q[:m.n])
	state[m.n] = 1
}

// Step proposes, tests, and writes the next state.
func (m *Metropolised) Step(next, state, xi []float64) {
	var log float64
	if m.langevin {
		log = m.euler(next[:m.n], state[:m.n], xi)
	} else {
		log = m.leapfrog(next[:m.n], state[:m.n], xi)
	}
	if math.IsNaN(log) {
		log = math.Inf(-1)
	}
	next[m.n] = math.Exp(min(log, 700)) // finite
	if u := 0.5 * math.Erfc(-xi[m.n]/math.Sqrt2); !(u < next[m.n]) {
		copy(next[:m.n], state[:m.n])
	}
}

// euler writes MALA's proposal and returns the log of its ratio.
func (m *Metropolised) euler(x, from, xi []float64) float64 {
	s := math.Sqrt(2 * m.step * m.t)
	log := m.u.Gradient(m.g, from) / m.t
	for i := range x {
		x[i] = from[i] - m.step*m.g[i] + s*xi[i]
		log += xi[i] * xi[i] / 2
	}
	log -= m.u.Gradient(m.g, x) / m.t
	for i := range x {
		back := (from[i] - x[i] + m.step*m.g[i]) / s
		log -= back * back / 2
	}
	return log
}

// leapfrog writes HMC's proposal and returns −ΔH/T.
func (m *Metropolised) leapfrog(x, from, xi []float64) float64 {
	copy(x, from)
	s := math.Sqrt(m.t)
	log := m.u.Gradient(m.g, x) / m.t
	for i := range m.p {
		m.p[i] = s*xi[i] - 0.5*m.step*m.g[i]
		log += xi[i] * xi[i] / 2
	}
	for l := range m.leaps {
		addScaled(x, m.step, m.p)
		u := m.u.Gradient(m.g, x)
		if l < m.leaps-1 {
			addScaled(m.p, -m.step, m.g)
			continue
		}
		addScaled(m.p, -0.5*m.step, m.g)
		log -= u / m.t
	}
	for _, p := range m.p {
		log -= p * p / (2 * m.t)
	}
	return log
}

// StateObservables are the probability of acceptance and the ratio of the test.
func (m *Metropolised) StateObservables() []Observable {
	return []Observable{
		{"acceptance", "1", "probability min(1, ratio) with which the proposal was accepted"},
		{"metropolis_ratio", "1", "ratio of the acceptance test, e^{−ΔH/T}; its stationary mean is 1, which a run shows where forces are at most linear"},
	}
}

// ObserveState writes both.
func (m *Metropolised) ObserveState(dst, state []float64) {
	dst[0], dst[1] = min(1, state[m.n]), state[m.n]
}
