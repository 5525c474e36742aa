package gan

import (
	"fmt"
	"math"
)

// An Optimizer is a direction (what the gradient is turned into) times a rule (how the
// parameters follow directions). The listing's four are plain × sgd, plain × adam,
// natural × sgd and natural × momentum.
type Optimizer struct {
	Name      string
	Direction Direction
	Rule      Rule
}

// A Direction turns the gradient g = Jᵀc of a player's loss, c its derivatives with respect
// to the network's outputs on the batch, into a direction. The zero value is the gradient
// itself. With Natural it is F⁻¹g in the named metric, by default F = JᵀJ/N + λI of the l2 pull-back
// (docs/physics.md; the listing's get_natural_gradient), exactly: loss and metric share
// the batch. N counts the rows of that batch: B for the generator; for the discriminator
// the 2B real and fake rows, J being the Jacobian of its logit.
type Direction struct {
	Natural bool
	Damping float64 // λ > 0 when Natural
	Metric  string  // of Natural; "" is "l2"
	Degree  int     // of otto's polynomials; 0 is DefaultOttoDegree

	// Precision of the solve of F⁻¹∇L: "" and "float64", or "float32" (metric l2): the matrix
	// rounded, factored and solved in single precision, all else in double.
	Precision string
}

// A Rule moves the parameters p of one player, with memory of its own that starts as Init
// leaves it. Rules hold no state.
type Rule interface {
	// Memory is the length of the memory for n parameters.
	Memory(n int) int
	Init(memory []float64)
	// Step writes the next parameters and memory for a direction, adding s·w to the step;
	// w may be nil. next and p, nextMemory and memory do not overlap.
	Step(next, nextMemory, p, memory, direction []float64, s float64, w []float64)
	// Rate is the learning rate η, the time of a step.
	Rate() float64
	// NoiseVariance is s² of one step at temperature T (k_B = 1).
	NoiseVariance(T float64) float64
	// Linear returns η and β of q' = q + β(q − q⁻) − η·direction + s·w, or an error that
	// says why the rule is not of that form and what to use instead.
	Linear() (eta, beta float64, err error)
}

// An OptimizerConfig is an optimizer's table in the configuration.
type OptimizerConfig interface{ Optimizer() (Optimizer, error) }

// An OptimizerEntry is a line of the catalogue; New returns a pointer to a config struct
// holding the defaults (the paper's settings where the paper has the optimizer).
type OptimizerEntry struct {
	Name, Doc string
	New       func() OptimizerConfig
}

var optimizers = []OptimizerEntry{
	{"sgd", "gradient descent", func() OptimizerConfig { c := DefaultSGD(); return &c }},
	{"momentum", "heavy ball on the gradient", func() OptimizerConfig { c := DefaultMomentum(); return &c }},
	{"adam", "Adam with PyTorch's semantics", func() OptimizerConfig { c := DefaultAdam(); return &c }},
	{"nesterov", "Nesterov's accelerated gradient in PyTorch's form", func() OptimizerConfig { c := DefaultNesterov(); return &c }},
	{"rmsprop", "RMSprop with PyTorch's semantics", func() OptimizerConfig { c := DefaultRMSprop(); return &c }},
	{"amsgrad", "AMSGrad with PyTorch's semantics", func() OptimizerConfig { c := DefaultAMSGrad(); return &c }},
	{"optimistic", "optimistic gradient descent, θ' = θ − 2ηg + ηg₋", func() OptimizerConfig { c := DefaultOptimistic(); return &c }},
	{"natural", "exact natural gradient of a metric, by default l2", func() OptimizerConfig { c := DefaultNatural(); return &c }},
	{"natural-momentum", "heavy ball on the natural gradient", func() OptimizerConfig { c := DefaultNaturalMomentum(); return &c }},
}

// Optimizers returns the catalogue.
func Optimizers() []OptimizerEntry { return append([]OptimizerEntry(nil), optimizers...) }

// DefaultOptimizer returns the optimizer of that name with its default settings.
func DefaultOptimizer(name string) (Optimizer, error) {
	for _, e := range optimizers {
		if e.Name == name {
			return e.New().Optimizer()
		}
	}
	return Optimizer{}, fmt.Errorf("gan: optimizer %q is unknown, allowed are %s", name, names(optimizers, func(e OptimizerEntry) string { return e.Name }))
}

// Validate checks what a configuration could get wrong.
func (o Optimizer) Validate() error {
	if o.Rule == nil {
		return fmt.Errorf("gan: optimizer %q has no rule", o.Name)
	}
	if d := o.Direction; d.Natural && (!(d.Damping > 0) || math.IsInf(d.Damping, 0)) {
		return fmt.Errorf("gan: damping of optimizer %q is %v, allowed are finite numbers > 0", o.Name, d.Damping)
	}
	if d := o.Direction; d.Natural {
		if d.Degree < 0 {
			return fmt.Errorf("gan: degree of optimizer %q is %d, allowed are integers ≥ 1", o.Name, d.Degree)
		}
		if p := d.Precision; p != "" && p != "float64" && p != "float32" {
			return fmt.Errorf("gan: precision of optimizer %q is %q, allowed are \"float64\" and \"float32\"", o.Name, p)
		}
		_, err := d.entry()
		return err
	}
	return nil
}
