// Package langevin holds stochastic recurrences x_{k+1} = Φ(x_k, ξ_k): the interfaces
// every simulated system satisfies, the schemes that turn a potential or a drift into
// such a recurrence, and (in langevin/exact) systems whose discrete-time law is known.
//
// Conventions. All states are flat []float64 owned by the caller. ξ_k are independent
// standard normals. Times are counted in steps k; kη is the time of the flow. Itô
// (pre-point) discretisation unless a name says otherwise. Natural logarithms, k_B = 1.
//
// A system may keep scratch space: it serves one goroutine. Make one per worker.
package langevin

// An Observable names one number computed from a state.
type Observable struct {
	Name string // snake_case, unique within its system
	Unit string // "1" when dimensionless
	Doc  string // one line
}

// A Map is one step of a random recurrence driven by iid N(0,1) inputs. A GAN trainer
// and a toy Langevin scheme are both Maps, so every sampler of innovations runs on both.
//
// The first Config() entries of a state are the configuration q (for a trainer, the
// parameters (ψ, θ)); what follows is memory that the next step needs (momentum, Adam's
// moments, counters), none for a first-order scheme.
type Map interface {
	Dim() int    // length of a state, memory included
	Config() int // length n of the configuration, n ≤ Dim()
	Inputs() int // standard normals consumed by one step
	// Init writes the state before step 0 of configuration q: memory as the map starts it.
	Init(state, q []float64)
	// Step writes Φ(state, xi) into next. next and state must not overlap.
	// It allocates nothing. A non-finite result is left in next for the caller to see.
	Step(next, state, xi []float64)
}

// An Observer computes observables of a configuration q (length Config()).
type Observer interface {
	Observables() []Observable
	Observe(dst, q []float64) // len(dst) = len(Observables())
}

// A Block is a contiguous part of the configuration that is updated at once. Blocks are
// updated in order, and a later block sees the earlier ones already updated (a trainer
// has two: the discriminator ψ, then the generator θ).
type Block struct {
	Name     string
	Lo, Hi   int     // q[Lo:Hi]
	Momentum float64 // β; 0 for a first-order block
	Noise    float64 // s, standard deviation of one step's noise per component (before the metric); > 0
	Metric   bool    // noise covariance is s²F(q)⁻¹ rather than s²I
}

// A Recurrence is a Map whose noise is additive and Gaussian, so that the law of a path
// has a density in positions:
//
//	q'_b = q_b + β_b(q_b − q⁻_b) + v_b(q̃) + s_b F_b(q̃)^{-1/2} ξ_b,
//
// with q⁻ the slice before q (q itself at step 0, θ₋₁ = θ₀), and q̃ the mixed
// configuration in which blocks before b are already updated and the others are not.
// v_b includes the learning rate and sign: −η F⁻¹∇J for a natural-gradient player.
type Recurrence interface {
	Config() int
	Blocks() []Block
	// Drift writes v_b(q̃), of length Hi−Lo, for the mixed configuration q̃.
	Drift(dst []float64, b int, qmix []float64)
}

// A RowRecurrence is a Recurrence that evaluates the drifts of many mixed configurations at
// once, with the same bits as Drift one by one: qmix holds them row after row, Config()
// numbers each, dst as many rows of Hi−Lo. Path moves use it where a drift costs less than
// the call that asks for it.
type RowRecurrence interface {
	Recurrence
	DriftRows(dst []float64, b int, qmix []float64)
}

// An AdjointRecurrence is a Recurrence with exact derivatives of its drifts, which path
// moves that follow the gradient of the action need.
type AdjointRecurrence interface {
	Recurrence
	// DriftAdjoint writes (∂v_b/∂q̃)ᵀw at the mixed configuration q̃: all Config() numbers,
	// for a w of the block's length. dst overlaps neither qmix nor w.
	DriftAdjoint(dst []float64, b int, qmix, w []float64)
	// HasAdjoint returns nil, or why this system, as configured, has no derivatives.
	HasAdjoint() error
}

// A Subsampler is a system whose drift is a mean over a fixed batch and can be had, more
// cheaply, over a part of it: what delayed acceptance tries first.
type Subsampler interface {
	Batch() int // samples of the whole batch
	// Subsample returns the system on the first rows of them, or why there is none. It has
	// the same configuration and inputs, and storage of its own.
	Subsample(rows int) (Map, error)
}

// MetricRecurrence is a Recurrence some of whose blocks have Metric set.
type MetricRecurrence interface {
	Recurrence
	// MetricNorm returns rᵀF_b(q̃)r for a residual r of block b.
	MetricNorm(b int, qmix, r []float64) float64
	// LogDet returns log det F_b(q̃).
	LogDet(b int, qmix []float64) float64
}

// A Linearizer gives the exact derivative of the noise-free part of one Map step at a
// state; both directions, so that linear-noise theory can be run forward (ensembles) or
// backward (one observable at a time).
type Linearizer interface {
	// JVP writes M·v, M = ∂Φ/∂state at (state, ξ = 0). Lengths Dim().
	JVP(dst, state, v []float64)
	// VJP writes Mᵀ·w.
	VJP(dst, state, w []float64)
	// NoiseVJP writes Lᵀ·w, L = ∂Φ/∂ξ at (state, ξ = 0); len(dst) = Inputs().
	NoiseVJP(dst, state, w []float64)
}

// A GradientObserver is an Observer whose observables have gradients.
type GradientObserver interface {
	Observer
	// ObserveGradient writes the gradient of observable i with respect to q.
	ObserveGradient(dst []float64, i int, q []float64)
}

// A Potential is a scalar function with a gradient.
type Potential interface {
	Dim() int
	Energy(x []float64) float64
	Gradient(dst, x []float64) float64 // writes ∇U, returns U
}

// A BatchLinearizer is the Linearizer of a Map whose step depends on a minibatch: its
// derivatives are on the batch chosen last.
type BatchLinearizer interface {
	Linearizer
	// OnBatch chooses the batch by the inputs of a step, all Inputs() of them.
	OnBatch(xi []float64)
}
