package langevin

import (
	"fmt"
	"math"
)

// A Player is one block of an SGLD recurrence with its own step, temperature and
// momentum. Blocks are updated in order, a later one seeing the earlier ones updated.
type Player struct {
	Name        string
	Lo, Hi      int        // components q[Lo:Hi]
	Eta         float64    // learning rate η > 0
	Temperature float64    // T ≥ 0; 0 is plain descent
	Momentum    float64    // β in [0, 1)
	Metric      Metric     // nil for F = I
	Correction  Correction // multiple of ηTΓ; needs a MetricDivergence unless zero
}

// SGLD is stochastic gradient Langevin dynamics in positions,
//
//	q' = q + β(q − q⁻) + η[G f(q̃) + c T Γ(q̃)] + s G^{1/2} ξ,   s² = 2(1−β)ηT, G = F⁻¹,
//
// for each block in turn. Without metric or momentum it is Euler–Maruyama for
// dx = f dt + √(2T) dW at step η. For curvature h and F = I the stationary variance is
// (T/h)/(1 − ηh/(2(1+β))). With momentum and a metric that depends on q there is no
// Boltzmann law, even as η → 0: the Christoffel terms are missing.
//
// The memory of a state is q⁻ of each block that has momentum, in block order;
// Init sets q⁻ = q. It is a Map, a Recurrence, a MetricRecurrence, and a Linearizer if
// Linear reports so.
//
// Welling & Teh, ICML 2011; Ma, Chen & Fox, NeurIPS 2015, eq. 3, for Γ.
type SGLD struct {
	drift      Drift
	derivative DriftDerivative // nil if the drift has none
	players    []Player
	blocks     []Block
	slots      []slot
	dim, n, in int

	f, v, w []float64 // scratch
	lin     sgldTangent
}

// slot is where a block's memory and inputs are.
type slot struct{ memory, input, normals int }

// NewSGLD returns the recurrence for a drift and the blocks that partition its
// configuration. It returns an error for blocks that leave a gap, for a step, temperature
// or momentum out of range, and for a correction whose metric has no divergence.
func NewSGLD(f Drift, players ...Player) (*SGLD, error) {
	m := &SGLD{drift: f, n: f.Dim(), players: append([]Player(nil), players...)}
	m.derivative, _ = f.(DriftDerivative)
	m.dim = m.n
	at := 0
	for _, p := range players {
		if err := p.check(at, m.n); err != nil {
			return nil, err
		}
		at = p.Hi
		s := slot{memory: m.dim, input: m.in, normals: p.Hi - p.Lo}
		if p.Metric != nil {
			s.normals = p.Metric.Normals()
		}
		if p.Momentum > 0 {
			m.dim += p.Hi - p.Lo
		}
		m.in += s.normals
		m.slots = append(m.slots, s)
		m.blocks = append(m.blocks, Block{Name: p.Name, Lo: p.Lo, Hi: p.Hi, Momentum: p.Momentum,
			Noise: math.Sqrt(2 * (1 - p.Momentum) * p.Eta * p.Temperature), Metric: p.Metric != nil})
	}
	if at != m.n {
		return nil, fmt.Errorf("langevin: the blocks cover components 0 to %d of %d: they must cover all", at, m.n)
	}
	m.f, m.v, m.w = make([]float64, m.n), make([]float64, m.n), make([]float64, m.n)
	m.lin = newSGLDTangent(m)
	return m, nil
}

func (p Player) check(at, n int) error {
	switch {
	case p.Lo != at || p.Hi <= p.Lo || p.Hi > n:
		return fmt.Errorf("langevin: block %q is [%d, %d): blocks must follow each other without gap, the next begins at %d, within %d components",
			p.Name, p.Lo, p.Hi, at, n)
	case !(p.Eta > 0) || math.IsInf(p.Eta, 1):
		return fmt.Errorf("langevin: block %q has learning rate %v: it must be positive and finite", p.Name, p.Eta)
	case !(p.Temperature >= 0) || math.IsInf(p.Temperature, 1):
		return fmt.Errorf("langevin: block %q has temperature %v: it must be zero or positive, and finite", p.Name, p.Temperature)
	case !(p.Momentum >= 0 && p.Momentum < 1):
		return fmt.Errorf("langevin: block %q has momentum %v: it must be in [0, 1)", p.Name, p.Momentum)
	}
	if p.Metric == nil {
		if p.Correction != NoCorrection {
			return fmt.Errorf("langevin: block %q has correction %v and no metric: leave the correction out", p.Name, p.Correction)
		}
		return nil
	}
	if p.Metric.Dim() != p.Hi-p.Lo {
		return fmt.Errorf("langevin: block %q has %d components and a metric of %d", p.Name, p.Hi-p.Lo, p.Metric.Dim())
	}
	if _, ok := p.Metric.(MetricDivergence); !ok && p.Correction != NoCorrection {
		return fmt.Errorf("langevin: block %q has correction %v, but its metric has no exact divergence: use correction \"none\" or the Hänggi–Klimontovich scheme", p.Name, p.Correction)
	}
	return nil
}

// Dim, Config and Inputs are the sizes of a state, its configuration and the inputs of a step.
func (m *SGLD) Dim() int    { return m.dim }
func (m *SGLD) Config() int { return m.n }
func (m *SGLD) Inputs() int { return m.in }

// Blocks lists the blocks in the order of update. A block at temperature 0 has Noise 0.
func (m *SGLD) Blocks() []Block { return append([]Block(nil), m.blocks...) }

// Init writes q and q⁻ = q.
func (m *SGLD) Init(state, q []float64) {
	copy(state[:m.n], q[:m.n])
	for b, p := range m.players {
		if p.Momentum > 0 {
			copy(state[m.slots[b].memory:], q[p.Lo:p.Hi])
		}
	}
}

// Step writes the next state; xi holds each block's normals in block order.
func (m *SGLD) Step(next, state, xi []float64) {
	q := next[:m.n]
	copy(q, state[:m.n])
	for b := range m.players {
		p, s := &m.players[b], m.slots[b]
		k := p.Hi - p.Lo
		v, noise := m.v[:k], xi[s.input:s.input+s.normals]
		m.Drift(v, b, q)
		if p.Metric != nil {
			w := m.w[:k]
			p.Metric.Colour(w, noise) // Drift left the metric at q̃
			p.Metric.Solve(w, w)
			noise = w
		}
		if p.Momentum > 0 {
			momentumStep(q[p.Lo:p.Hi], next[s.memory:s.memory+k], state[s.memory:s.memory+k], v, noise, p.Momentum, m.blocks[b].Noise)
		} else {
			plainStep(q[p.Lo:p.Hi], v, noise, m.blocks[b].Noise)
		}
	}
}

func plainStep(q, v, noise []float64, s float64) {
	v, noise = v[:len(q)], noise[:len(q)]
	for i := range q {
		q[i] += v[i] + s*noise[i]
	}
}

func momentumStep(q, nextPrev, prev, v, noise []float64, beta, s float64) {
	for i, qi := range q {
		q[i] = qi + beta*(qi-prev[i]) + v[i] + s*noise[i]
		nextPrev[i] = qi
	}
}

// Drift writes v_b(q̃) = η[G f + cTΓ] of block b and leaves its metric at q̃.
func (m *SGLD) Drift(dst []float64, b int, qmix []float64) {
	p := &m.players[b]
	if p.Hi-p.Lo == m.n {
		m.drift.Drift(dst, qmix)
	} else {
		m.drift.Drift(m.f, qmix)
		copy(dst, m.f[p.Lo:p.Hi])
	}
	if p.Metric != nil {
		p.Metric.At(qmix)
		p.Metric.Solve(dst, dst)
		if p.Correction != NoCorrection {
			gamma := m.f[p.Lo:p.Hi]
			p.Metric.(MetricDivergence).Divergence(gamma)
			ct := float64(p.Correction) * p.Temperature
			for i := range dst {
				dst[i] += ct * gamma[i]
			}
		}
	}
	for i := range dst {
		dst[i] *= p.Eta
	}
}

// DriftRows writes the drifts of block b for many mixed configurations, the rows of qmix,
// with the bits of Drift one by one.
func (m *SGLD) DriftRows(dst []float64, b int, qmix []float64) {
	p := &m.players[b]
	n := p.Hi - p.Lo
	if n == m.n && p.Metric == nil {
		switch f := m.drift.(type) {
		case scaledRowDrift:
			f.driftRowsTimes(dst, qmix, p.Eta)
			return
		case RowDrift:
			f.DriftRows(dst, qmix)
			scaleRows(dst[:len(qmix)], p.Eta)
			return
		}
	}
	for ; len(qmix) >= m.n; dst, qmix = dst[n:], qmix[m.n:] {
		m.Drift(dst[:n:n], b, qmix[:m.n:m.n])
	}
}

// MetricNorm returns rᵀF_b(q̃)r, which is |r|² for a block without metric.
func (m *SGLD) MetricNorm(b int, qmix, r []float64) float64 {
	if metric := m.players[b].Metric; metric != nil {
		metric.At(qmix)
		return metric.Norm(r)
	}
	sum := 0.0
	for _, x := range r {
		sum += x * x
	}
	return sum
}

// LogDet returns log det F_b(q̃), zero for a block without metric.
func (m *SGLD) LogDet(b int, qmix []float64) float64 {
	if metric := m.players[b].Metric; metric != nil {
		metric.At(qmix)
		return metric.LogDet()
	}
	return 0
}
