package pathint

import (
	"fmt"
	"math"
)

// TwoWay is two-way shooting (Dellago, Bolhuis, Csajka and Chandler 1998): a random slice is
// displaced by Step·s√K·ξ and the trajectory is simulated anew from it, forwards to the end
// and backwards to the start. The backward half is drawn from the reversed process, which for
// overdamped Langevin dynamics of a potential with isotropic noise and e^{−U/T} is the
// forward one; that a finite step is reversible only to O(η) is corrected exactly, since the
// acceptance has the path's own weight and the density of both halves. It costs about K
// drifts.
type TwoWay struct {
	Count  int     `toml:"count" range:"[1,inf)" unit:"1" doc:"proposals per sweep"`
	Step   float64 `toml:"step" range:"(0,1]" unit:"1" doc:"displacement of the shooting slice, in units of the free walk's length s√K; the start value where warm-up adapts it"`
	Target float64 `toml:"target" range:"[0,1)" unit:"1" doc:"acceptance that warm-up adapts the step to; 0 keeps the step, as between sets one should: without a displacement shots from the basins do not cross"`
}

func (m TwoWay) Name() string                   { return "two-way-shooting" }
func (m TwoWay) Tuning() (step, target float64) { return m.Step, m.Target }
func (TwoWay) movesStart()                      {}

func (m TwoWay) Bind(p *Path) (Kernel, error) {
	r, err := newReversible(p, m.Name())
	if err != nil {
		return nil, err
	}
	return &twoWay{*r, max(m.Count, 1)}, nil
}

// Shifting moves the path along itself by a random number of steps: slices drop off one end
// and as many are simulated at the other, forwards or backwards (the same references). It
// costs as many drifts.
type Shifting struct {
	Count  int `toml:"count" range:"[1,inf)" unit:"1" doc:"proposals per sweep"`
	Length int `toml:"length" range:"[1,inf)" unit:"step" doc:"longest shift"`
}

func (m Shifting) Name() string                   { return "shifting" }
func (m Shifting) Tuning() (step, target float64) { return 1, 0 }
func (Shifting) movesStart()                      {}

func (m Shifting) Bind(p *Path) (Kernel, error) {
	r, err := newReversible(p, m.Name())
	if err != nil {
		return nil, err
	}
	if m.Length < 1 {
		return nil, fmt.Errorf("pathint: move shifting: length %d; want at least 1", m.Length)
	}
	return &shifting{*r, max(m.Count, 1), min(m.Length, p.steps-1)}, nil
}

// reversible simulates a path forwards and backwards.
type reversible struct {
	act   *OnsagerMachlup
	noise float64
	xi    []float64
}

// newReversible refuses what has no reversed process that could be simulated.
func newReversible(p *Path, move string) (*reversible, error) {
	if err := needs(p, move, Positions); err != nil {
		return nil, err
	}
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("pathint: move %s simulates backwards in time, and the density of the reversed process is known only for reversible systems: overdamped Langevin dynamics of a potential with isotropic noise, q_0 of density e^{−U/T}; %s; use shooting, which goes forwards only", move, fmt.Sprintf(format, args...))
	}
	act, ok := p.action.(*OnsagerMachlup)
	if !ok {
		return nil, refuse("the %s action is not the law of a process", p.action.Name())
	}
	blk := act.blocks[0]
	switch {
	case len(act.blocks) > 1:
		return nil, refuse("here %d blocks are updated in turn", len(act.blocks))
	case blk.Momentum != 0:
		return nil, refuse("here there is momentum β = %g", blk.Momentum)
	case blk.Metric:
		return nil, refuse("here the noise has a metric")
	case act.mid != nil:
		return nil, refuse("here the step is implicit")
	case p.ends.pins > 0 || p.ends.ring:
		return nil, refuse("here the end is held")
	case p.steps < 2:
		return nil, refuse("here the path has %d step", p.steps)
	}
	b, ok := p.ends.density.(interface{ slope(dst, q []float64) })
	if !ok {
		return nil, refuse("here q_0 is fixed or of another density")
	}
	r := &reversible{act, blk.Noise, make([]float64, p.n)}
	if worst := r.mismatch(p, b.slope); worst > 1e-6 {
		return nil, refuse("here the drift differs from −(s²/2)∇(U/T) of the start's density by %.2g of itself", worst)
	}
	return r, nil
}

// mismatch compares the drift with −(s²/2)∇φ, e^{−φ} the density of q_0, at the chain's start
// and about it.
func (r *reversible) mismatch(p *Path, slope func(dst, q []float64)) float64 {
	q, v, g := append([]float64(nil), p.ends.start...), make([]float64, p.n), make([]float64, p.n)
	worst := 0.0
	for k := range 4 {
		for i := range q {
			q[i] += float64(k) * r.noise * math.Sin(float64(1+i+7*k))
		}
		r.act.sys.Drift(v, 0, q)
		slope(g, q)
		size, differ := 0.0, 0.0
		for i := range v {
			w := -r.noise * r.noise / 2 * g[i]
			size, differ = max(size, math.Abs(v[i]), math.Abs(w)), max(differ, math.Abs(v[i]-w))
		}
		if size > 0 && !(differ/size <= worst) {
			worst = differ / size
		}
	}
	return worst
}

func (b boltzmann) slope(dst, q []float64) {
	b.u.Gradient(dst, q)
	for i := range dst {
		dst[i] /= b.temperature
	}
}

// step simulates slice to from slice from, whose drift goes to the cache of step from, and
// returns ½|ξ|².
func (r *reversible) step(p *Path, to, from int, src Source) float64 {
	v := p.Cache(from)
	if !p.trial.ahead[from] {
		r.act.sys.Drift(v, 0, p.Slice(from))
		p.cost.Drifts++
		p.trial.ahead[from] = true
	}
	src.Normals(r.xi)
	s := r.noise / math.Sqrt(p.kappa)
	q, was := p.Slice(to), p.Slice(from)
	half := 0.0
	for i, x := range r.xi {
		q[i] = was[i] + v[i] + s*x
		half += 0.5 * x * x
	}
	return half
}

// forwards is −log density of simulating slices lo+1..hi of the present path forwards from lo.
func (r *reversible) forwards(p *Path, lo, hi int) float64 {
	sum := 0.0
	for k := lo; k < hi; k++ {
		sum += p.Terms(k)[quadTerm]
	}
	return p.kappa * sum
}

// backwards is −log density of simulating slices hi−1..0 of the present path backwards from hi.
func (r *reversible) backwards(p *Path, hi int) float64 {
	sum := 0.0
	for k := range hi {
		sum += residualNorm(p.Slice(k+1), p.Slice(k+1), p.Slice(k), p.Cache(k+1), 0)
	}
	return p.kappa * sum / (2 * r.noise * r.noise)
}

func (r *reversible) touch(p *Path) { p.Touch(Change{Lo: 0, Hi: p.steps + 1, B0: 0, B1: 1}) }

type twoWay struct {
	reversible
	count int
}

func (m *twoWay) Begin(p *Path, src Source) int { return m.count }

// Propose shoots from a slice before the last, whose drift the old path has.
func (m *twoWay) Propose(p *Path, _ int, step float64, src Source) float64 {
	m.touch(p)
	k := src.Intn(p.steps)
	old := m.forwards(p, k, p.steps) + m.backwards(p, k)
	src.Normals(m.xi)
	width := step * m.noise * math.Sqrt(float64(p.steps)/p.kappa)
	for i, q := 0, p.Slice(k); i < len(q); i++ {
		q[i] += width * m.xi[i]
	}
	fresh := 0.0
	for j := k; j < p.steps; j++ {
		fresh += m.step(p, j+1, j, src)
	}
	for j := k; j > 0; j-- {
		fresh += m.step(p, j-1, j, src)
	}
	return fresh - old
}

type shifting struct {
	reversible
	count, longest int
}

func (m *shifting) Begin(p *Path, src Source) int { return m.count }

// Propose keeps the drifts of the slices that stay.
func (m *shifting) Propose(p *Path, _ int, _ float64, src Source) float64 {
	m.touch(p)
	by, n, steps, t := 1+src.Intn(m.longest), p.n, p.steps, &p.trial
	fresh, old := 0.0, 0.0
	if src.Uniform() < 0.5 {
		old = m.backwards(p, by)
		copy(p.slices, t.slices[by*n:])
		copy(p.cache, t.cache[by*n:])
		for k := range steps - by {
			t.ahead[k] = true
		}
		for k := steps - by; k < steps; k++ {
			fresh += m.step(p, k+1, k, src)
		}
		return fresh - old
	}
	old = m.forwards(p, steps-by, steps)
	copy(p.slices[by*n:], t.slices)
	copy(p.cache[by*n:], t.cache[:(steps-by)*n])
	for k := by; k < steps; k++ {
		t.ahead[k] = true
	}
	for k := by; k > 0; k-- {
		fresh += m.step(p, k-1, k, src)
	}
	return fresh - old
}
