package pathint

import (
	"fmt"
	"math"
)

// NormalMode redraws the normal modes of the free action of a euclidean or lagrangian path:
// Fourier modes of a ring, sine modes between fixed ends or from a fixed start to a free end.
// An amplitude is mixed with a fresh one from the Gaussian that it has in a harmonic potential
// of the given frequency, a' = √(1−b²)a + bσ_kξ, σ_k² = ħΔt/m(λ_k + ω²Δt²), λ_k the mode's
// eigenvalue; with the potential's own frequency every proposal is accepted. At frequency 0 the
// centre of mass of a ring (λ = 0) is left to the move centre-of-mass.
type NormalMode struct {
	Window    int       `toml:"window" range:"[0,inf)" unit:"1" doc:"modes redrawn at once, the slowest first; 0: all"`
	Frequency []float64 `toml:"frequency" range:"[0,inf)" unit:"1" doc:"ω of the Gaussian the amplitudes are drawn from: one value for all components, or one each; about the system's start on a ring, about the straight line otherwise"`
	Step      float64   `toml:"step" range:"(0,1]" unit:"1" doc:"b: share of fresh noise in a proposal; the start value where warm-up adapts it"`
	Target    float64   `toml:"target" range:"[0,1)" unit:"1" doc:"acceptance that warm-up adapts the step to; 0 keeps the step"`
}

func (m NormalMode) Name() string                   { return "normal-mode" }
func (m NormalMode) Tuning() (step, target float64) { return m.Step, m.Target }

func (m NormalMode) Bind(p *Path) (Kernel, error) {
	if err := needs(p, m.Name(), Positions); err != nil {
		return nil, err
	}
	act, ok := p.action.(*Euclidean)
	if !ok {
		return nil, fmt.Errorf("pathint: move %s works on the euclidean and lagrangian actions, whose kinetic part has normal modes; this is %s", m.Name(), p.action.Name())
	}
	if f := len(m.Frequency); f != 1 && f != p.n {
		return nil, fmt.Errorf("pathint: move %s: %d frequencies for %d components; give one, or one each", m.Name(), f, p.n)
	}
	t, err := newModes(p, act, p.ends.start)
	if err != nil {
		return nil, fmt.Errorf("pathint: move %s: %w", m.Name(), err)
	}
	k := &normalMode{modes: t}
	for i := range p.n {
		f := m.Frequency[i%len(m.Frequency)]
		k.frequency = append(k.frequency, f)
		if f == 0 && p.ends.ring {
			k.first = 1
		}
	}
	k.window = m.Window
	if k.window == 0 {
		k.window = t.n - k.first
	}
	k.moved = make([]float64, t.n)
	return k, nil
}

type normalMode struct {
	*modes
	frequency []float64
	first     int // mode
	window    int
	moved     []float64 // change of a window's amplitudes
}

func (m *normalMode) Begin(*Path, Source) int {
	return (m.n - m.first + m.window - 1) / m.window
}

func (m *normalMode) Propose(p *Path, i int, step float64, src Source) float64 {
	lo, hi := p.Movable()
	p.Touch(Change{Lo: lo, Hi: hi, B0: 0, B1: 1})
	a := m.first + i*m.window
	return m.redraw(p, a, min(a+m.window, m.n), m.frequency, math.Sqrt(1-step*step), step, src)
}

// redraw mixes the amplitudes of modes a..b−1 with fresh ones and returns the log proposal
// ratio.
func (m *normalMode) redraw(p *Path, a, b int, frequency []float64, keep, gain float64, src Source) float64 {
	ratio := 0.0
	moved := m.moved[:b-a]
	for c := range p.n {
		for k := a; k < b; k++ {
			s2 := m.variance(p, k, c, frequency[c])
			old := m.amplitude(p, k, c)
			now := keep*old + gain*math.Sqrt(s2)*src.Normal()
			ratio += (now*now - old*old) / (2 * s2)
			moved[k-a] = now - old
		}
		for k, d := range moved {
			e := m.vector(a + k)
			for j, x := range e {
				p.slices[(m.lo+j)*p.n+c] += d * x
			}
		}
	}
	return ratio
}

// modes are the orthonormal normal modes of the free action of the movable slices.
type modes struct {
	act    *Euclidean
	lo, n  int
	centre []float64 // of a ring
	lambda []float64 // eigenvalues of the mesh Laplacian, ascending
	table  []float64 // n × n, a mode a row
}

// maxModes is the longest path whose modes are tabulated.
const maxModes = 2048

func newModes(p *Path, act *Euclidean, centre []float64) (*modes, error) {
	lo, hi := p.Movable()
	m := &modes{act: act, lo: lo, n: hi - lo, centre: centre}
	if m.n > maxModes {
		return nil, fmt.Errorf("%d slices; normal modes are for at most %d", m.n, maxModes)
	}
	m.lambda, m.table = make([]float64, m.n), make([]float64, m.n*m.n)
	n := float64(m.n)
	for k := range m.n {
		angle, phase, offset := 0.0, 0.0, 1.0 // of √c·sin(angle·(j + offset) + phase)
		scale := 1.0
		switch {
		case p.ends.ring: // 0, cos 1, sin 1, cos 2, …
			f := float64((k + 1) / 2)
			angle, offset, scale = 2*math.Pi*f/n, 0, math.Sqrt(2/n)
			if k%2 == 1 || k == 0 {
				phase = math.Pi / 2
			}
			if k == 0 || k == m.n-1 && m.n%2 == 0 {
				scale = math.Sqrt(1 / n)
			}
		case p.ends.pins > 0:
			angle, scale = math.Pi*float64(k+1)/(n+1), math.Sqrt(2/(n+1))
		default:
			angle, scale = math.Pi*(2*float64(k)+1)/(2*n+1), math.Sqrt(4/(2*n+1))
		}
		s := 2 * math.Sin(angle/2)
		m.lambda[k] = s * s
		for j, e := 0, m.vector(k); j < m.n; j++ {
			e[j] = scale * math.Sin(angle*(float64(j)+offset)+phase)
		}
	}
	return m, nil
}

func (m *modes) vector(k int) []float64 { return m.table[k*m.n : (k+1)*m.n] }

// variance is that of an amplitude of component c in a harmonic potential.
func (m *modes) variance(p *Path, k, c int, omega float64) float64 {
	w := omega * m.act.spec.Dt
	return m.act.spec.Dt / (m.act.mass[c] * p.kappa * (m.lambda[k] + w*w))
}

// amplitude is that of mode k of component c, from the straight line between the slices
// that hold the path, or from the centre of a ring.
func (m *modes) amplitude(p *Path, k, c int) float64 {
	a := 0.0
	if p.ends.ring {
		if k > 0 { // a constant is orthogonal to it
			for j, e := range m.vector(k) {
				a += e * p.slices[(m.lo+j)*p.n+c]
			}
			return a
		}
		for j, e := range m.vector(k) {
			a += e * (p.slices[(m.lo+j)*p.n+c] - m.centre[c])
		}
		return a
	}
	from := p.slices[(m.lo-1)*p.n+c]
	slope := 0.0
	if p.ends.pins > 0 {
		slope = (p.slices[(m.lo+m.n)*p.n+c] - from) / float64(m.n+1)
	}
	for j, e := range m.vector(k) {
		a += e * (p.slices[(m.lo+j)*p.n+c] - from - slope*float64(j+1))
	}
	return a
}

// CentreOfMass shifts a ring, or a path whose start moves, as a whole: the kinetic part does
// not notice, the potential and the density of q_0 decide.
type CentreOfMass struct {
	Width  float64 `toml:"width" range:"(0,inf)" unit:"1" doc:"standard deviation of a shift of each component at step 1"`
	Step   float64 `toml:"step" range:"(0,1]" unit:"1" doc:"b: the shift in units of the width; the start value where warm-up adapts it"`
	Target float64 `toml:"target" range:"[0,1)" unit:"1" doc:"acceptance that warm-up adapts the step to; 0 keeps the step"`
}

func (m CentreOfMass) Name() string                   { return "centre-of-mass" }
func (m CentreOfMass) Tuning() (step, target float64) { return m.Step, m.Target }
func (CentreOfMass) movesStart()                      {}

func (m CentreOfMass) Bind(p *Path) (Kernel, error) {
	if err := needs(p, m.Name(), Positions); err != nil {
		return nil, err
	}
	if p.ends.pins > 0 || !p.ends.ring && p.ends.density == nil {
		return nil, fmt.Errorf("pathint: move %s shifts the whole path, which a fixed slice forbids; it needs a periodic path, or a start with a density and a free end", m.Name())
	}
	if !(m.Width > 0) {
		return nil, fmt.Errorf("pathint: move %s: width %g; want a positive number", m.Name(), m.Width)
	}
	return &centreOfMass{m.Width, make([]float64, p.n)}, nil
}

type centreOfMass struct {
	width float64
	shift []float64
}

func (m *centreOfMass) Begin(*Path, Source) int { return 1 }

func (m *centreOfMass) Propose(p *Path, _ int, step float64, src Source) float64 {
	lo, hi := p.Movable()
	if p.ends.density != nil {
		lo = 0
	}
	p.Touch(Change{Lo: lo, Hi: hi, B0: 0, B1: p.blk})
	src.Normals(m.shift)
	for k := lo; k < hi; k++ {
		axpy(step*m.width, m.shift, p.Slice(k))
	}
	return 0
}
