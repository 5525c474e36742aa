package pathint

import (
	"math"

	"machlup/langevin"
)

// toy is a recurrence with any blocks and drift; as a Map its state is (q, q⁻).
type toy struct {
	n      int
	blocks []langevin.Block
	drift  func(dst []float64, b int, q []float64)
	// chol writes the lower-triangular L of F = LLᵀ, row-major, for metric blocks.
	chol func(dst []float64, b int, q []float64)
	obs  []langevin.Observable
	look func(dst, q []float64)

	mix, v, z, l    []float64
	at, plus, minus []float64 // scratch of differences
	drifts          int       // calls of Drift, to check the accounts
}

func newToy(n int, blocks []langevin.Block, drift func(dst []float64, b int, q []float64)) *toy {
	return &toy{
		n: n, blocks: blocks, drift: drift, mix: make([]float64, n), v: make([]float64, n), z: make([]float64, n), l: make([]float64, n*n),
		obs:  []langevin.Observable{{Name: "x2", Unit: "1", Doc: "Σ q²"}, {Name: "x", Unit: "1", Doc: "Σ q"}},
		look: momentsOf,
	}
}

func momentsOf(dst, q []float64) {
	dst[0], dst[1] = 0, 0
	for _, x := range q {
		dst[0] += x * x
		dst[1] += x
	}
}

func (t *toy) Config() int                        { return t.n }
func (t *toy) Blocks() []langevin.Block           { return t.blocks }
func (t *toy) Observables() []langevin.Observable { return t.obs }
func (t *toy) Observe(dst, q []float64)           { t.look(dst, q) }
func (t *toy) Drift(dst []float64, b int, q []float64) {
	t.drifts++
	t.drift(dst, b, q)
}

// HasAdjoint and DriftAdjoint differentiate the drift by central differences: a move is exact
// whatever force it follows, as long as it is a function of the path.
func (t *toy) HasAdjoint() error { return nil }
func (t *toy) DriftAdjoint(dst []float64, b int, q, w []float64) {
	at, plus, minus := t.scratch(), t.plus[:len(w)], t.minus[:len(w)]
	copy(at, q)
	for i := range dst {
		const h = 1e-5
		at[i] = q[i] + h
		t.drift(plus, b, at)
		at[i] = q[i] - h
		t.drift(minus, b, at)
		at[i] = q[i]
		dst[i] = 0
		for j, x := range w {
			dst[i] += x * (plus[j] - minus[j]) / (2 * h)
		}
	}
}

// ObserveGradient is by central differences too.
func (t *toy) ObserveGradient(dst []float64, o int, q []float64) {
	at := t.scratch()
	copy(at, q)
	for i := range dst {
		const h = 1e-5
		at[i] = q[i] + h
		t.look(t.plus, at)
		at[i] = q[i] - h
		t.look(t.minus, at)
		at[i] = q[i]
		dst[i] = (t.plus[o] - t.minus[o]) / (2 * h)
	}
}

func (t *toy) scratch() []float64 {
	if t.at == nil {
		t.at, t.plus, t.minus = make([]float64, t.n), make([]float64, t.n+len(t.obs)), make([]float64, t.n+len(t.obs))
	}
	return t.at
}

func (t *toy) factor(b int, q []float64) []float64 {
	w := t.blocks[b].Hi - t.blocks[b].Lo
	t.chol(t.l[:w*w], b, q)
	return t.l[:w*w]
}

func (t *toy) LogDet(b int, q []float64) float64 {
	w := t.blocks[b].Hi - t.blocks[b].Lo
	l := t.factor(b, q)
	s := 0.0
	for i := range w {
		s += 2 * math.Log(l[i*w+i])
	}
	return s
}

func (t *toy) MetricNorm(b int, q, r []float64) float64 {
	w := len(r)
	l := t.factor(b, q)
	s := 0.0
	for j := range w {
		y := 0.0
		for i := j; i < w; i++ {
			y += l[i*w+j] * r[i]
		}
		s += y * y
	}
	return s
}

func (t *toy) Dim() int    { return 2 * t.n }
func (t *toy) Inputs() int { return t.n }
func (t *toy) Init(state, q []float64) {
	copy(state, q)
	copy(state[t.n:], q)
}

// Step is the recurrence written independently of the action.
func (t *toy) Step(next, state, xi []float64) {
	q, before := state[:t.n], state[t.n:]
	copy(t.mix, q)
	for b, blk := range t.blocks {
		w := blk.Hi - blk.Lo
		t.drift(t.v[:w], b, t.mix)
		z := t.z[:w]
		copy(z, xi[blk.Lo:blk.Hi])
		if blk.Metric { // z ← L⁻ᵀ z
			l := t.factor(b, t.mix)
			for i := w - 1; i >= 0; i-- {
				for j := i + 1; j < w; j++ {
					z[i] -= l[j*w+i] * z[j]
				}
				z[i] /= l[i*w+i]
			}
		}
		for i := range w {
			c := blk.Lo + i
			next[c] = q[c] + blk.Momentum*(q[c]-before[c]) + t.v[i] + blk.Noise*z[i]
		}
		copy(t.mix[blk.Lo:blk.Hi], next[blk.Lo:blk.Hi])
	}
	copy(next[t.n:], q)
}

// linear is q' = a·q + sξ in one dimension, with momentum β.
func linear(a, beta, s float64) *toy {
	return newToy(1, []langevin.Block{{Name: "x", Hi: 1, Momentum: beta, Noise: s}},
		func(dst []float64, _ int, q []float64) { dst[0] = (a - 1) * q[0] })
}

// coupled is two players with nonlinear, rotating drifts that are no gradient; the second
// sees the first already updated. metric makes the second block's noise state-dependent.
func coupled(beta float64, metric bool) *toy {
	t := newToy(5, []langevin.Block{
		{Name: "psi", Lo: 0, Hi: 2, Momentum: beta, Noise: 0.3},
		{Name: "theta", Lo: 2, Hi: 5, Momentum: beta / 2, Noise: 0.2, Metric: metric},
	}, func(dst []float64, b int, q []float64) {
		if b == 0 {
			dst[0] = -0.2*q[0] + 0.3*math.Tanh(q[2]+q[3])
			dst[1] = -0.1*math.Sin(q[1]) + 0.2*q[4]*q[0]/(1+q[0]*q[0])
			return
		}
		dst[0] = -0.15*q[2] - 0.3*math.Tanh(q[0])
		dst[1] = -0.2*math.Sin(q[3]+q[1]) - 0.1*q[4]
		dst[2] = 0.1*q[3] - 0.1*q[4] + 0.05*math.Cos(3*q[0])
	})
	t.chol = func(l []float64, _ int, q []float64) {
		clear(l)
		l[0] = 1 + 0.3*math.Tanh(q[0])
		l[3], l[4] = 0.2*math.Sin(q[2]), 1.5+0.5*math.Cos(q[1])
		l[6], l[7], l[8] = 0.1, 0.3*math.Tanh(q[4]), 0.8+0.2*math.Sin(q[3])
	}
	t.obs = []langevin.Observable{{Name: "x2", Unit: "1"}, {Name: "theta_mean", Unit: "1"}, {Name: "cross", Unit: "1"}}
	t.look = func(dst, q []float64) {
		dst[0] = 0
		for _, x := range q {
			dst[0] += x * x
		}
		dst[1] = (q[2] + q[3] + q[4]) / 3
		dst[2] = q[0] * q[2]
	}
	return t
}
