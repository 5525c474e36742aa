package langevin

import (
	"fmt"
	"math"
)

// A GradientEstimator is a sampled drift with a memory of its own: an epoch's permutation, a
// snapshot. Sample is unbiased given a memory that Sample wrote, or says otherwise.
type GradientEstimator interface {
	Dim() int
	Inputs() int // standard normals a sample consumes
	Memory() int // length of the memory
	InitMemory(memory, q []float64)
	// Sample writes an estimate of f(q) into dst and the memory after it into next, which
	// does not overlap memory.
	Sample(dst, next, q, memory, xi []float64)
}

// GradientConfig chooses the estimate of the gradient that an SGMCMC scheme follows.
type GradientConfig struct {
	Gradient string  `toml:"gradient" enum:"full|gaussian|minibatch|epoch|control-variate|svrg" doc:"full: exact; gaussian: with additive noise; of a system that is a sum over data: minibatch, a fresh batch without replacement at each step; epoch: batches of an epoch's permutation; control-variate: a fresh batch relative to a fixed point, found by descent from 0; svrg: relative to a snapshot"`
	Noise    float64 `toml:"gradient_noise" range:"[0,inf)" unit:"1" doc:"standard deviation per component of gaussian"`
	Batch    int     `toml:"batch" range:"[1,1000000]" unit:"1" doc:"B, data of a batch"`
	Period   int     `toml:"period_svrg" range:"[1,1000000]" unit:"step" doc:"steps between snapshots of svrg, each a full gradient"`
}

// DefaultGradient is the exact gradient.
func DefaultGradient() GradientConfig {
	return GradientConfig{Gradient: "full", Noise: 1, Batch: 8, Period: 32}
}

// Batches tells whether the estimate is of batches, so that inputs of zero are no typical ones.
func (c GradientConfig) Batches() bool { return c.Gradient != "full" && c.Gradient != "gaussian" }

// New returns the estimator of a drift. Batches need a FiniteSum.
func (c GradientConfig) New(f Drift) (GradientEstimator, error) {
	switch c.Gradient {
	case "full":
		return additiveGradient{f, 0}, nil
	case "gaussian":
		if !(c.Noise >= 0) || math.IsInf(c.Noise, 1) {
			return nil, fmt.Errorf("langevin: gradient_noise is %v: it must be zero or positive, and finite", c.Noise)
		}
		return additiveGradient{f, c.Noise}, nil
	case "minibatch", "epoch", "control-variate", "svrg":
	default:
		return nil, fmt.Errorf("langevin: gradient is %q: allowed are full, gaussian, minibatch, epoch, control-variate and svrg", c.Gradient)
	}
	sum, ok := f.(FiniteSum)
	if !ok {
		return nil, fmt.Errorf("langevin: gradient is %q, and the drift is no sum over data: use gradient full or gaussian, or the system quadratic-sum", c.Gradient)
	}
	if c.Batch < 1 || c.Batch > sum.Terms() {
		return nil, fmt.Errorf("langevin: batch is %d: it must be from 1 to the %d data there are", c.Batch, sum.Terms())
	}
	b := newBatchGradient(sum, c.Batch)
	switch c.Gradient {
	case "epoch":
		if sum.Terms()%c.Batch != 0 {
			return nil, fmt.Errorf("langevin: batch is %d: it must divide the %d data, so that an epoch is whole", c.Batch, sum.Terms())
		}
		return epochGradient{b}, nil
	case "control-variate":
		return newControlVariate(b)
	case "svrg":
		if c.Period < 1 {
			return nil, fmt.Errorf("langevin: period_svrg is %d: it must be at least 1", c.Period)
		}
		return &svrgGradient{batchGradient: b, period: c.Period}, nil
	}
	return b, nil
}

// additiveGradient is f + σξ.
type additiveGradient struct {
	Drift
	sigma float64
}

func (g additiveGradient) Inputs() int {
	if g.sigma == 0 {
		return 0
	}
	return g.Dim()
}
func (g additiveGradient) Memory() int               { return 0 }
func (g additiveGradient) InitMemory(_, _ []float64) {}
func (g additiveGradient) Sample(dst, _, q, _, xi []float64) {
	g.Drift.Drift(dst, q)
	if g.sigma > 0 {
		addScaled(dst[:g.Dim()], g.sigma, xi)
	}
}

// A batchGradient draws a fresh batch without replacement at each step.
type batchGradient struct {
	FiniteSum
	*batch
	term, other []float64
}

func newBatchGradient(f FiniteSum, size int) *batchGradient {
	return &batchGradient{f, newBatch(f.Terms(), size), make([]float64, f.Dim()), make([]float64, f.Dim())}
}

func (g *batchGradient) Inputs() int               { return g.size }
func (g *batchGradient) Memory() int               { return 0 }
func (g *batchGradient) InitMemory(_, _ []float64) {}

func (g *batchGradient) Sample(dst, _, q, _, xi []float64) {
	g.relative(dst, q, nil, xi)
}

// relative writes the mean over a fresh batch of f_i(q), less f_i(from) unless that is nil.
func (g *batchGradient) relative(dst, q, from, xi []float64) {
	d := g.Dim()
	clear(dst[:d])
	for _, i := range g.draw(xi) {
		g.TermDrift(g.term, i, q)
		addScaled(dst[:d], 1/float64(g.size), g.term)
		if from != nil {
			g.TermDrift(g.other, i, from)
			addScaled(dst[:d], -1/float64(g.size), g.other)
		}
	}
	g.restore()
}

// epochGradient passes through the data in batches, the permutation made as it goes. Its
// memory is the permutation and the position in it.
type epochGradient struct{ *batchGradient }

func (g epochGradient) Memory() int { return g.Terms() + 1 }

func (g epochGradient) InitMemory(memory, _ []float64) {
	for i := range g.Terms() {
		memory[i] = float64(i)
	}
	memory[g.Terms()] = 0
}

// Sample draws the next batch among the data that this epoch has not seen: given the memory it
// is unbiased at an epoch's first step only.
func (g epochGradient) Sample(dst, next, q, memory, xi []float64) {
	n, d := g.Terms(), g.Dim()
	copy(next, memory)
	at := int(memory[n])
	clear(dst[:d])
	for i, z := range xi[:g.size] {
		k := at + i + choice(z, n-at-i)
		next[at+i], next[k] = next[k], next[at+i]
		g.TermDrift(g.term, int(next[at+i]), q)
		addScaled(dst[:d], 1/float64(g.size), g.term)
	}
	next[n] = float64((at + g.size) % n)
}

// A controlVariate is f(x̂) + the mean over a batch of f_i(q) − f_i(x̂), at a fixed point x̂
// near the mode: Baker, Fearnhead, Fox & Nemeth, Stat. Comput. 29 (2019) 599, eq. 10.
type controlVariate struct {
	*batchGradient
	anchor, full []float64
}

func newControlVariate(b *batchGradient) (*controlVariate, error) {
	g := &controlVariate{b, make([]float64, b.Dim()), make([]float64, b.Dim())}
	if err := descend(b, g.anchor); err != nil {
		return nil, err
	}
	b.Drift(g.full, g.anchor)
	return g, nil
}

// descend follows f from x until it vanishes, with steps of Barzilai and Borwein (IMA J.
// Numer. Anal. 8 (1988) 141).
func descend(f Drift, x []float64) error {
	v, before, moved := make([]float64, len(x)), make([]float64, len(x)), make([]float64, len(x))
	f.Drift(v, x)
	step := 1e-3
	for range 10_000 {
		size := math.Sqrt(meanSquare(v))
		if size < 1e-12 {
			return nil
		}
		copy(before, v)
		for i := range x {
			moved[i] = step * v[i]
			x[i] += moved[i]
		}
		f.Drift(v, x)
		ss, sy := 0.0, 0.0
		for i, s := range moved {
			ss += s * s
			sy += s * (before[i] - v[i])
		}
		if step = ss / sy; !(step > 0) || math.IsInf(step, 1) {
			step = 1e-3
		}
	}
	return fmt.Errorf("langevin: control-variate: the descent from 0 reaches no fixed point: use gradient svrg, whose snapshots need none")
}

func (g *controlVariate) Sample(dst, _, q, _, xi []float64) {
	g.relative(dst, q, g.anchor, xi)
	addScaled(dst[:g.Dim()], 1, g.full)
}

// svrgGradient is the same relative to a snapshot that is renewed, with its full gradient,
// every period steps: Dubey et al., NeurIPS 2016 (SVRG-LD). Its memory is the snapshot, the
// full gradient there and the steps since.
type svrgGradient struct {
	*batchGradient
	period int
}

func (g *svrgGradient) Memory() int { return 2*g.Dim() + 1 }

func (g *svrgGradient) InitMemory(memory, _ []float64) { clear(memory[:g.Memory()]) }

func (g *svrgGradient) Sample(dst, next, q, memory, xi []float64) {
	d := g.Dim()
	snapshot, full := next[:d], next[d:2*d]
	age := int(memory[2*d])
	if age == 0 {
		copy(snapshot, q)
		g.Drift(full, q)
	} else {
		copy(next, memory)
	}
	next[2*d] = float64((age + 1) % g.period)
	g.relative(dst, q, snapshot, xi)
	addScaled(dst[:d], 1, full)
}

// A batch draws indices without replacement: a partial Fisher–Yates shuffle driven by Φ(ξ).
type batch struct {
	size  int
	order []int // a permutation that each draw uses and then restores
	swaps []int
}

func newBatch(n, size int) *batch {
	b := &batch{size, make([]int, n), make([]int, size)}
	for i := range b.order {
		b.order[i] = i
	}
	return b
}

// draw returns the indices of a batch, until restore.
func (b *batch) draw(xi []float64) []int {
	for i, z := range xi[:b.size] {
		k := i + choice(z, len(b.order)-i)
		b.swaps[i] = k
		b.order[i], b.order[k] = b.order[k], b.order[i]
	}
	return b.order[:b.size]
}

// restore undoes the draw: a draw must not depend on the ones before it.
func (b *batch) restore() {
	for i := b.size - 1; i >= 0; i-- {
		k := b.swaps[i]
		b.order[i], b.order[k] = b.order[k], b.order[i]
	}
}

// choice is one of 0 … n−1 by a standard normal.
func choice(z float64, n int) int {
	return min(int(0.5*math.Erfc(-z/math.Sqrt2)*float64(n)), n-1)
}
