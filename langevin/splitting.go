package langevin

import (
	"fmt"
	"math"
	"strings"
)

// Splitting integrates underdamped Langevin dynamics of unit mass,
//
//	dq = p dt,   dp = f(q) dt − γp dt + √(2γT) dW,
//
// by composing its three exactly solvable parts in the order of a string such as
// "BAOAB": A moves q by p, B kicks p by f(q), O is the exact Ornstein–Uhlenbeck flow of
// p. Each occurrence of a letter takes an equal share of the step Δ.
//
// The memory of a state is p, zero at the start; each O consumes Dim normals. It is a
// Linearizer if Linear reports so. It is not a Recurrence.
//
// Leimkuhler & Matthews, Molecular Dynamics (2015), ch. 7.
type Splitting struct {
	drift      Drift
	derivative DriftDerivative
	scheme     string
	n, os      int
	a, b       float64   // Δ over the number of A, of B
	keep       float64   // e^{−γΔ/#O}
	kick       []float64 // √(T_i(1−keep²)) per component

	f            []float64   // scratch
	q, p, gq, gp []float64   // scratch of the derivative
	frames       [][]float64 // q before each letter of a noise-free step
}

// NewSplitting returns the integrator at step delta > 0 and friction gamma > 0.
// temperature has one value for all components or one for each.
func NewSplitting(f Drift, scheme string, delta, gamma float64, temperature ...float64) (*Splitting, error) {
	m := &Splitting{drift: f, scheme: scheme, n: f.Dim(), os: strings.Count(scheme, "O")}
	m.derivative, _ = f.(DriftDerivative)
	as, bs := strings.Count(scheme, "A"), strings.Count(scheme, "B")
	if as == 0 || bs == 0 || m.os == 0 || as+bs+m.os != len(scheme) {
		return nil, fmt.Errorf(`langevin: splitting is %q: it must be made of the letters A, B and O, each at least once, such as "BAOAB"`, scheme)
	}
	if !(gamma > 0) || math.IsInf(gamma, 1) {
		return nil, fmt.Errorf("langevin: splitting %s: friction is %v: it must be positive and finite", scheme, gamma)
	}
	if err := checkAtOnce("splitting "+scheme, f); err != nil {
		return nil, err
	}
	if err := checkComponents("splitting "+scheme, m.n, delta, temperature); err != nil {
		return nil, err
	}
	m.a, m.b = delta/float64(as), delta/float64(bs)
	m.keep = math.Exp(-gamma * delta / float64(m.os))
	m.kick = make([]float64, m.n)
	for i := range m.kick {
		m.kick[i] = math.Sqrt(component(temperature, i) * -math.Expm1(-2*gamma*delta/float64(m.os)))
	}
	for _, s := range []*[]float64{&m.f, &m.q, &m.p, &m.gq, &m.gp} {
		*s = make([]float64, m.n)
	}
	for range scheme {
		m.frames = append(m.frames, make([]float64, m.n))
	}
	return m, nil
}

func (m *Splitting) Dim() int    { return 2 * m.n }
func (m *Splitting) Config() int { return m.n }
func (m *Splitting) Inputs() int { return m.n * m.os }

// Init writes q and p = 0.
func (m *Splitting) Init(state, q []float64) {
	copy(state[:m.n], q[:m.n])
	for i := m.n; i < 2*m.n; i++ {
		state[i] = 0
	}
}

// Step writes the next state; xi holds the normals of each O in the order of the string.
func (m *Splitting) Step(next, state, xi []float64) {
	n := m.n
	copy(next[:2*n], state[:2*n])
	q, p := next[:n], next[n:2*n]
	fresh := false // m.f = f(q)
	for i := range len(m.scheme) {
		switch m.scheme[i] {
		case 'A':
			addScaled(q, m.a, p)
			fresh = false
		case 'B':
			if !fresh {
				m.drift.Drift(m.f, q)
				fresh = true
			}
			addScaled(p, m.b, m.f)
		case 'O':
			for j := range p {
				p[j] = m.keep*p[j] + m.kick[j]*xi[j]
			}
			xi = xi[n:]
		}
	}
}

// Linear reports whether the drift has derivatives.
func (m *Splitting) Linear() bool { return m.derivative != nil }

// JVP writes M·v.
func (m *Splitting) JVP(dst, state, v []float64) {
	copy(dst[:2*m.n], v[:2*m.n])
	m.push(dst, state, nil)
}

// NoiseJVP writes L·xi.
func (m *Splitting) NoiseJVP(dst, state, xi []float64) {
	for i := range dst[:2*m.n] {
		dst[i] = 0
	}
	m.push(dst, state, xi)
}

// push carries the tangent (dq, dp) in dst, and that of the inputs, through the letters.
func (m *Splitting) push(dst, state, xi []float64) {
	m.trace(state)
	n := m.n
	dq, dp := dst[:n], dst[n:2*n]
	for i := range len(m.scheme) {
		switch m.scheme[i] {
		case 'A':
			addScaled(dq, m.a, dp)
		case 'B':
			m.derivative.DriftJVP(m.f, m.frames[i], dq)
			addScaled(dp, m.b, m.f)
		case 'O':
			for j := range dp {
				dp[j] *= m.keep
				if xi != nil {
					dp[j] += m.kick[j] * xi[j]
				}
			}
			if xi != nil {
				xi = xi[n:]
			}
		}
	}
}

// VJP writes Mᵀ·w.
func (m *Splitting) VJP(dst, state, w []float64) {
	copy(dst[:2*m.n], w[:2*m.n])
	m.pull(dst[:m.n], dst[m.n:2*m.n], state, nil)
}

// NoiseVJP writes Lᵀ·w.
func (m *Splitting) NoiseVJP(dst, state, w []float64) {
	copy(m.gq, w[:m.n])
	copy(m.gp, w[m.n:2*m.n])
	m.pull(m.gq, m.gp, state, dst)
}

// pull carries the cotangent (gq, gp) back through the letters, and writes that of the
// inputs unless noise is nil.
func (m *Splitting) pull(gq, gp, state, noise []float64) {
	m.trace(state)
	n, o := m.n, m.os
	for i := len(m.scheme) - 1; i >= 0; i-- {
		switch m.scheme[i] {
		case 'A':
			addScaled(gp, m.a, gq)
		case 'B':
			m.derivative.DriftVJP(m.f, m.frames[i], gp)
			addScaled(gq, m.b, m.f)
		case 'O':
			o--
			for j := range gp {
				if noise != nil {
					noise[o*n+j] = m.kick[j] * gp[j]
				}
				gp[j] *= m.keep
			}
		}
	}
}

// trace fills frames with q before each letter of the noise-free step.
func (m *Splitting) trace(state []float64) {
	if m.derivative == nil {
		panic("langevin: Splitting has no derivative: its drift is not a DriftDerivative (see Linear)")
	}
	n := m.n
	q, p := m.q, m.p
	copy(q, state[:n])
	copy(p, state[n:2*n])
	for i := range len(m.scheme) {
		copy(m.frames[i], q)
		switch m.scheme[i] {
		case 'A':
			addScaled(q, m.a, p)
		case 'B':
			m.drift.Drift(m.f, q)
			addScaled(p, m.b, m.f)
		case 'O':
			for j := range p {
				p[j] *= m.keep
			}
		}
	}
}
