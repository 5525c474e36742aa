package langevin

import (
	"fmt"
	"math"
)

// A DiagonalMetric is a metric with G = diag(G_i(q_i)), each entry a function of its own
// coordinate: the noise it makes is diagonal, which Milstein's scheme asks for.
type DiagonalMetric interface {
	Metric
	// Diagonal writes G_i and dG_i/dq_i at the point of At.
	Diagonal(g, dg []float64)
}

// Diagonal writes G and its derivative.
func (m *SineMetric) Diagonal(g, dg []float64) {
	copy(g, m.g)
	copy(dg, m.dg)
}

// diagonalScheme is what the schemes of diagonal noise share.
type diagonalScheme struct {
	drift       Drift
	metric      DiagonalMetric
	n           int
	eta, t, c   float64 // step, temperature, multiple of TΓ
	f, g, dg    []float64
	f2, g2, dg2 []float64
	end         []float64
}

func newDiagonalScheme(name string, f Drift, metric Metric, eta, temperature float64, c Correction) (*diagonalScheme, error) {
	if err := checkStep(name, eta, temperature); err != nil {
		return nil, err
	}
	if err := checkAtOnce(name, f); err != nil {
		return nil, err
	}
	d, ok := metric.(DiagonalMetric)
	if !ok {
		return nil, fmt.Errorf("langevin: %s needs diagonal noise, G_ii a function of q_i alone (langevin.DiagonalMetric): other noise needs iterated stochastic integrals", name)
	}
	if metric.Dim() != f.Dim() {
		return nil, fmt.Errorf("langevin: %s: %d components and a metric of %d", name, f.Dim(), metric.Dim())
	}
	m := &diagonalScheme{drift: f, metric: d, n: f.Dim(), eta: eta, t: temperature, c: float64(c)}
	for _, s := range []*[]float64{&m.f, &m.g, &m.dg, &m.f2, &m.g2, &m.dg2, &m.end} {
		*s = make([]float64, m.n)
	}
	return m, nil
}

func (m *diagonalScheme) Dim() int    { return m.n }
func (m *diagonalScheme) Config() int { return m.n }
func (m *diagonalScheme) Inputs() int { return m.n }

// Init copies q: there is no memory.
func (m *diagonalScheme) Init(state, q []float64) { copy(state[:m.n], q[:m.n]) }

// at writes the drift, G and G' at q.
func (m *diagonalScheme) at(f, g, dg, q []float64) {
	m.drift.Drift(f, q)
	m.metric.At(q)
	m.metric.Diagonal(g, dg)
}

// Milstein is metric Langevin dynamics with diagonal noise to strong order one, Itô:
//
//	x' = x + η[Gf + cTΓ] + √(2ηTG) ξ + ½ηTG'(ξ² − 1),   Γ = G'.
//
// The last term is ½bb'(ΔW² − η) with b = √(2TG). The multiple c of Γ names the law that is
// sampled as η → 0, as for SGLD. Its noise is not Gaussian, so it is no Recurrence; at ξ = 0
// its derivative would be that of another scheme (the term −½ηTG' stays), so it offers none.
//
// Kloeden & Platen, Numerical Solution of SDEs (1992), sec. 10.3, eq. 3.1 and 3.2.
type Milstein struct{ *diagonalScheme }

// NewMilstein returns the scheme. It returns an error for a metric that is not diagonal.
func NewMilstein(f Drift, metric Metric, eta, temperature float64, c Correction) (*Milstein, error) {
	d, err := newDiagonalScheme("milstein", f, metric, eta, temperature, c)
	if err != nil {
		return nil, err
	}
	return &Milstein{d}, nil
}

// Step writes the next state.
func (m *Milstein) Step(next, state, xi []float64) {
	m.at(m.f, m.g, m.dg, state)
	for i, g := range m.g {
		next[i] = state[i] + m.eta*(g*m.f[i]+m.c*m.t*m.dg[i]) + math.Sqrt(2*m.eta*m.t*g)*xi[i] +
			0.5*m.eta*m.t*m.dg[i]*(xi[i]*xi[i]-1)
	}
}

// StratonovichHeun is the predictor–corrector scheme for diagonal noise in Stratonovich's
// reading, b = √(2TG) averaged over both ends:
//
//	x* = x + ηa(x) + b(x)√η ξ,   x' = x + ½η[a(x) + a(x*)] + ½[b(x) + b(x*)]√η ξ,
//
// a = Gf + (c − ½)TΓ. Stratonovich's reading adds ½bb' = ½TΓ of itself, so c means the same
// as for the Itô schemes: c = 1 samples e^{−U/T}, c = ½ (a = Gf) e^{−U/T}/√G, c = 0
// e^{−U/T}/G as η → 0 in one dimension. Not Gaussian: no Recurrence.
//
// Rümelin, SIAM J. Numer. Anal. 19 (1982) 604.
type StratonovichHeun struct{ *diagonalScheme }

// NewStratonovichHeun returns the scheme. It returns an error for a metric that is not
// diagonal.
func NewStratonovichHeun(f Drift, metric Metric, eta, temperature float64, c Correction) (*StratonovichHeun, error) {
	d, err := newDiagonalScheme("stratonovich-heun", f, metric, eta, temperature, c)
	if err != nil {
		return nil, err
	}
	return &StratonovichHeun{d}, nil
}

// Step writes the next state.
func (m *StratonovichHeun) Step(next, state, xi []float64) {
	c, s := (m.c-0.5)*m.t, math.Sqrt(2*m.eta*m.t)
	m.at(m.f, m.g, m.dg, state)
	for i, g := range m.g {
		m.f[i] = g*m.f[i] + c*m.dg[i]
		m.end[i] = state[i] + m.eta*m.f[i] + s*math.Sqrt(g)*xi[i]
	}
	m.at(m.f2, m.g2, m.dg2, m.end)
	for i, g := range m.g2 {
		a := g*m.f2[i] + c*m.dg2[i]
		next[i] = state[i] + 0.5*m.eta*(m.f[i]+a) + 0.5*s*(math.Sqrt(m.g[i])+math.Sqrt(g))*xi[i]
	}
}
