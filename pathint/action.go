package pathint

// Coordinates says what a chain moves.
type Coordinates int

const (
	Positions   Coordinates = iota // the slices q_1, …, q_K
	Innovations                    // the standard normal inputs ξ_0, …, ξ_{K−1}
	Either                         // in the catalogue: those of the move it wraps
)

func (c Coordinates) String() string {
	switch c {
	case Innovations:
		return "innovations"
	case Either:
		return "positions or innovations"
	}
	return "positions"
}

// A Change is what one proposal touches: in positions the slices Lo..Hi−1 of the blocks
// B0..B1−1, in innovations the inputs of steps Lo..Hi−1, Lo = −1 for a start that moves.
type Change struct {
	Lo, Hi int
	B0, B1 int
}

// A Term is one column of an action: a number per step whose sum over the path enters
// −log weight with coefficient Scaled·κ + Fixed, κ = β/ħ. The reference is the part of the
// action that the moves propose from exactly (the free action, or ½|ξ|²).
type Term struct {
	Name            string
	Scaled, Fixed   float64 // in the action
	ReferenceScaled float64 // in the reference action
}

// An Action is a sum over steps k = 0..K−1 of terms that depend on slices k−1, k and k+1
// (positions) or on the inputs of step k (innovations). It computes terms into the path
// and keeps no state of the path itself, so that κ, the tilt and whole replicas can be
// exchanged without touching it. An action may hold scratch: it serves one chain.
type Action interface {
	Name() string
	Coordinates() Coordinates
	Config() int   // length n of the configuration, the head of every slice
	Width() int    // floats per slice: n, or the Map's Dim
	Inputs() int   // normals per step in innovations, 0 in positions
	Blocks() int   // blocks of the configuration, 1 when it has none
	Cached() int   // floats cached per step (the drift)
	Terms() []Term // columns of the action
	// Init writes slice 0 of a path that starts from q0.
	Init(slice, q0 []float64)
	// Reach returns the range of steps whose terms or cache depend on a change of a path
	// of the given number of steps.
	Reach(c Change, steps int) (lo, hi int)
	// Update recomputes, after a change, the cache and terms of the steps in its reach,
	// and in innovations the slices that follow.
	Update(p *Path, c Change)
	// Simulate writes slices 1..K (and the inputs) of a forward trajectory whose noise is
	// multiplied by scale. With scale 1/√κ it is an exact draw of the untilted law with
	// a free end, with 0 the noise-free trajectory. It returns an error if the action is
	// not the law of a process that can be run forward.
	Simulate(p *Path, scale float64, src Source) error
}

// A Normalised action is a Gaussian in disguise: with a free end its quadratic part is
// ½χ² with a known number of degrees of freedom, whatever the drift.
type Normalised interface {
	Action
	// Degrees returns the noisy components of one step.
	Degrees() int
	// Uniforms appends probability-integral transforms of the whitened residuals of p at
	// scale κ: iid uniform on (0,1) under the untilted law with a free end.
	Uniforms(dst []float64, p *Path, kappa float64) []float64
}
