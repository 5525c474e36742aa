package pathint

import (
	"fmt"
	"math"

	"machlup/internal/num"
)

// HMC is Hamiltonian Monte Carlo of the whole path with the exact gradient of the action,
// on slices. The velocity has the law of the reference walk's fluctuations, and the
// reference is integrated exactly as a rotation, so that only what the drift adds to it, and
// the tilt, is integrated in error (Beskos, Pinski, Sanz-Serna and Stuart 2011): acceptance
// does not fall with the number of slices for a fixed duration. A step of angle h is half a
// kick, a rotation by h, half a kick. A proposal costs Leapfrog drifts and Leapfrog+1
// adjoints of every step, an adjoint counted as two drifts.
type HMC struct {
	Leapfrog int     `toml:"leapfrog" range:"[1,inf)" unit:"1" doc:"steps of a trajectory"`
	Step     float64 `toml:"step" range:"(0,1]" unit:"rad" doc:"h, angle of one step; a trajectory of angle π/2 forgets the reference's part of the path; the start value where warm-up adapts it"`
	Target   float64 `toml:"target" range:"[0,1)" unit:"1" doc:"acceptance that warm-up adapts the step to; 0 keeps the step"`
	Jitter   float64 `toml:"jitter" range:"[0,1)" unit:"1" doc:"every trajectory takes its own step, uniform on h·[1−jitter, 1], against resonances"`
}

func (m HMC) Name() string                   { return "hmc" }
func (m HMC) Tuning() (step, target float64) { return m.Step, m.Target }
func (m HMC) Bind(p *Path) (Kernel, error) {
	return newHamiltonian(p, m.Name(), Positions, m.Leapfrog, m.Jitter)
}

// MALA is the Metropolis-adjusted Langevin move on the slices of a path: HMC of one step.
type MALA struct {
	Step   float64 `toml:"step" range:"(0,1]" unit:"rad" doc:"h, the angle between old and new path without drift; the start value where warm-up adapts it"`
	Target float64 `toml:"target" range:"[0,1)" unit:"1" doc:"acceptance that warm-up adapts the step to; 0 keeps the step"`
}

func (m MALA) Name() string                   { return "mala" }
func (m MALA) Tuning() (step, target float64) { return m.Step, m.Target }
func (m MALA) Bind(p *Path) (Kernel, error)   { return newHamiltonian(p, m.Name(), Positions, 1, 0) }

// InnovationHMC is HMC on a map's inputs: the rotation leaves exp(−κ½|ξ|²) alone and the
// kicks are those of the tilt, by the adjoint of the whole trajectory. Without a tilt every
// proposal is accepted.
type InnovationHMC struct {
	Leapfrog int     `toml:"leapfrog" range:"[1,inf)" unit:"1" doc:"steps of a trajectory"`
	Step     float64 `toml:"step" range:"(0,1]" unit:"rad" doc:"h, angle of one step; the start value where warm-up adapts it"`
	Target   float64 `toml:"target" range:"[0,1)" unit:"1" doc:"acceptance that warm-up adapts the step to; 0 keeps the step"`
	Jitter   float64 `toml:"jitter" range:"[0,1)" unit:"1" doc:"every trajectory takes its own step, uniform on h·[1−jitter, 1], against resonances"`
}

func (m InnovationHMC) Name() string                   { return "innovation-hmc" }
func (m InnovationHMC) Tuning() (step, target float64) { return m.Step, m.Target }
func (m InnovationHMC) Bind(p *Path) (Kernel, error) {
	return newHamiltonian(p, m.Name(), Innovations, m.Leapfrog, m.Jitter)
}

// PCNLangevin is the Langevin version of pCN: InnovationHMC of one step, in which a share
// b = sin h of the inputs is fresh and the tilt's gradient steers (the ∞-MALA of Beskos,
// Girolami, Lan, Farrell and Stuart 2017).
type PCNLangevin struct {
	Step   float64 `toml:"step" range:"(0,1]" unit:"rad" doc:"h: b = sin h is the share of fresh noise; the start value where warm-up adapts it"`
	Target float64 `toml:"target" range:"[0,1)" unit:"1" doc:"acceptance that warm-up adapts the step to; 0 keeps the step"`
}

func (m PCNLangevin) Name() string                   { return "pcn-langevin" }
func (m PCNLangevin) Tuning() (step, target float64) { return m.Step, m.Target }
func (m PCNLangevin) Bind(p *Path) (Kernel, error) {
	return newHamiltonian(p, m.Name(), Innovations, 1, 0)
}

// hamiltonian integrates H = Φ + ½|y|² + ½|w|² in coordinates y that are standard normal
// under the reference; Φ is what −log weight has besides it.
type hamiltonian struct {
	act      Differentiable
	leapfrog int
	jitter   float64
	scale    float64 // of the step, drawn for the sweep
	frame    frame
	change   Change
	y, w, g  []float64 // whitened path, velocity and gradient
	grad     []float64 // gradient in the chain's coordinates
	pull     []float64 // [(K+1)×n]
}

// frame maps a path to coordinates that are iid N(0,1) under the reference, and back.
type frame interface {
	size() int
	enter(y []float64, p *Path)    // y of the path
	leave(p *Path, y []float64)    // the path of y
	gradient(g, grad, y []float64) // of Φ: the whitened gradient of Φ + ½|y|², less y
}

func newHamiltonian(p *Path, name string, c Coordinates, leapfrog int, jitter float64) (Kernel, error) {
	if err := needs(p, name, c); err != nil {
		return nil, err
	}
	act, err := differentiable(p, name)
	if err != nil {
		return nil, err
	}
	if leapfrog < 1 || !(jitter >= 0 && jitter < 1) {
		return nil, fmt.Errorf("pathint: move %s: %d leapfrog steps and jitter %g; want at least 1 step and 0 ≤ jitter < 1", name, leapfrog, jitter)
	}
	m := &hamiltonian{act: act, leapfrog: leapfrog, jitter: jitter, scale: 1, change: Change{Lo: 0, Hi: p.steps}}
	if c == Positions {
		om, ok := act.(*OnsagerMachlup)
		if !ok {
			return nil, fmt.Errorf("pathint: move %s proposes about the reference walk of a recurrence, the %s action has none", name, act.Name())
		}
		m.frame = newSliceFrame(om, p)
		lo, hi := p.Movable()
		m.change = Change{Lo: lo, Hi: hi, B0: 0, B1: p.blk}
		m.grad = make([]float64, (p.steps+1)*p.n)
	} else {
		m.frame = inputFrame{p}
		m.grad = make([]float64, p.steps*p.inputs)
	}
	n := m.frame.size()
	m.y, m.w, m.g = make([]float64, n), make([]float64, n), make([]float64, n)
	m.pull = make([]float64, (p.steps+1)*p.n)
	return m, nil
}

func (m *hamiltonian) Begin(_ *Path, src Source) int {
	m.scale = 1
	if m.jitter > 0 {
		m.scale = 1 - m.jitter*src.Uniform()
	}
	return 1
}

// Propose runs one trajectory with a fresh velocity. The reference's share of the energy is
// in the path's weight; the velocity's is the proposal ratio.
func (m *hamiltonian) Propose(p *Path, _ int, step float64, src Source) float64 {
	src.Normals(m.w)
	return m.trajectory(p, 1, step*m.scale)
}

// trajectory integrates from the current path with sign·w, and returns the loss of kinetic
// energy.
func (m *hamiltonian) trajectory(p *Path, sign, h float64) float64 {
	sin, cos := math.Sincos(h)
	for i := range m.w {
		m.w[i] *= sign
	}
	kinetic := num.Norm2(m.w)
	m.frame.enter(m.y, p)
	m.force(p)
	p.Touch(m.change)
	for range m.leapfrog {
		axpy(-h/2, m.g, m.w)
		for i, y := range m.y {
			m.y[i], m.w[i] = cos*y+sin*m.w[i], cos*m.w[i]-sin*y
		}
		m.frame.leave(p, m.y)
		p.reprice()
		m.force(p)
		axpy(-h/2, m.g, m.w)
	}
	return 0.5 * (kinetic - num.Norm2(m.w))
}

// force leaves ∇Φ in g.
func (m *hamiltonian) force(p *Path) {
	p.pull(m.pull)
	m.act.Gradient(m.grad, p, m.pull)
	m.frame.gradient(m.g, m.grad, m.y)
}

// inputFrame is y = √κ ξ.
type inputFrame struct{ p *Path }

func (f inputFrame) size() int { return f.p.steps * f.p.inputs }

func (f inputFrame) enter(y []float64, p *Path) {
	root := math.Sqrt(p.kappa)
	for k := range p.steps {
		for i, x := range p.Input(k) {
			y[k*p.inputs+i] = root * x
		}
	}
}

func (f inputFrame) leave(p *Path, y []float64) {
	root := math.Sqrt(p.kappa)
	for k := range p.steps {
		xi := p.Input(k)
		for i := range xi {
			xi[i] = y[k*p.inputs+i] / root
		}
	}
}

func (f inputFrame) gradient(g, grad, y []float64) {
	root := math.Sqrt(f.p.kappa)
	for i, d := range grad {
		g[i] = d/root - y[i]
	}
}

// sliceFrame whitens the movable slices with the Cholesky factor of the reference walk's
// precision, block by block: y = (√κ/s)(Lᵀq − L⁻¹h), whose mean path has LLᵀm = h.
type sliceFrame struct {
	p      *Path
	lo, hi int
	blocks []sliceBlock
	n      int
}

type sliceBlock struct {
	lo, hi, at int // components, and where they lie in y
	sigma      float64
	bridge     *bridge
	l          factor
	u          []float64 // [slices×width] L⁻¹h, then scratch
	x          []float64
}

func newSliceFrame(a *OnsagerMachlup, p *Path) *sliceFrame {
	f := &sliceFrame{p: p}
	f.lo, f.hi = p.Movable()
	slices := f.hi - f.lo
	for _, blk := range a.blocks {
		w := blk.Hi - blk.Lo
		b := sliceBlock{lo: blk.Lo, hi: blk.Hi, at: f.n, sigma: blk.Noise, bridge: newBridge(blk.Momentum, slices, 0)}
		b.l = b.bridge.factor(slices, min(2, p.steps-(f.hi-1)))
		b.u, b.x = make([]float64, slices*w), make([]float64, slices*w)
		f.n += slices * w
		f.blocks = append(f.blocks, b)
	}
	return f
}

func (f *sliceFrame) size() int { return f.n }

// part returns the block's rows of a whitened vector.
func (b *sliceBlock) part(y []float64) []float64 { return y[b.at : b.at+len(b.u)] }

func (f *sliceFrame) enter(y []float64, p *Path) {
	for i := range f.blocks {
		b := &f.blocks[i]
		w := b.hi - b.lo
		b.bridge.pull(b.u, p, f.lo, f.hi-f.lo, b.lo, b.hi)
		if p.guide != nil {
			b.bridge.steer(b.u, p, f.lo, f.hi-f.lo, b.lo, b.hi)
		}
		b.l.forward(b.u, w)
		f.gather(b.x, p.slices, b)
		b.l.times(b.x, w)
		root := math.Sqrt(p.kappa) / b.sigma
		for j, x := range b.x {
			b.part(y)[j] = root * (x - b.u[j])
		}
	}
}

func (f *sliceFrame) leave(p *Path, y []float64) {
	for i := range f.blocks {
		b := &f.blocks[i]
		w, s := b.hi-b.lo, b.sigma/math.Sqrt(p.kappa)
		for j, v := range b.part(y) {
			b.x[j] = s*v + b.u[j]
		}
		b.l.backward(b.x, w)
		for j := range f.hi - f.lo {
			copy(p.Slice(f.lo + j)[b.lo:b.hi], b.x[j*w:(j+1)*w])
		}
	}
}

func (f *sliceFrame) gradient(g, grad, y []float64) {
	for i := range f.blocks {
		b := &f.blocks[i]
		f.gather(b.x, grad, b)
		b.l.forward(b.x, b.hi-b.lo)
		s := b.sigma / math.Sqrt(f.p.kappa)
		out, was := b.part(g), b.part(y)
		for j, x := range b.x {
			out[j] = s*x - was[j]
		}
	}
}

// gather copies the movable slices of one block out of rows of n components.
func (f *sliceFrame) gather(dst, rows []float64, b *sliceBlock) {
	n, w := f.p.n, b.hi-b.lo
	for j := range f.hi - f.lo {
		copy(dst[j*w:(j+1)*w], rows[(f.lo+j)*n+b.lo:(f.lo+j)*n+b.hi])
	}
}
