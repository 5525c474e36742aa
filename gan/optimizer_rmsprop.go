package gan

import (
	"fmt"
	"math"
)

// RMSpropConfig is RMSprop (Tieleman and Hinton 2012) with PyTorch's semantics, neither
// centred nor with momentum: v' = αv + (1−α)g², θ' = θ − ηg/(√v' + ε).
type RMSpropConfig struct {
	Eta   float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"learning rate"`
	Alpha float64 `toml:"alpha" range:"[0,1)" unit:"1" doc:"decay of the mean squared gradient"`
	Eps   float64 `toml:"eps" range:"[0,inf)" unit:"1" doc:"added to the root mean square"`
	Noise string  `toml:"noise" enum:"isotropic|preconditioned" doc:"covariance of injected noise: isotropic 2ηT, preconditioned 2ηT/(√v' + eps), that of RMSProp-preconditioned SGLD without its Γ"`
}

// DefaultRMSprop has PyTorch's decay and ε, and the learning rate of DefaultAdam.
func DefaultRMSprop() RMSpropConfig {
	return RMSpropConfig{Eta: 0.001, Alpha: 0.99, Eps: 1e-8, Noise: "isotropic"}
}

// Optimizer returns plain × rmsprop.
func (c RMSpropConfig) Optimizer() (Optimizer, error) {
	if err := checkPositive("eta of rmsprop", c.Eta); err != nil {
		return Optimizer{}, err
	}
	if !(c.Alpha >= 0 && c.Alpha < 1) {
		return Optimizer{}, fmt.Errorf("gan: alpha of rmsprop is %v, allowed are [0, 1)", c.Alpha)
	}
	if !(c.Eps >= 0) || math.IsInf(c.Eps, 0) {
		return Optimizer{}, fmt.Errorf("gan: eps of rmsprop is %v, allowed are finite numbers ≥ 0", c.Eps)
	}
	r := rmspropRule{c.Eta, c.Alpha, c.Eps}
	switch c.Noise {
	case "", "isotropic":
		return Optimizer{Name: "rmsprop", Rule: r}, nil
	case "preconditioned":
		if c.Eps == 0 {
			return Optimizer{}, fmt.Errorf("gan: noise of rmsprop is \"preconditioned\" with eps = 0, allowed are eps > 0: where the gradient has been 0 the noise is infinite")
		}
		return Optimizer{Name: "rmsprop", Rule: preconditionedRule{r}}, nil
	}
	return Optimizer{}, fmt.Errorf("gan: noise of rmsprop is %q, allowed are isotropic, preconditioned", c.Noise)
}

// rmspropRule keeps v, which starts at 0.
type rmspropRule struct{ Eta, Alpha, Eps float64 }

func (rmspropRule) Memory(n int) int      { return n }
func (rmspropRule) Init(memory []float64) { clear(memory) }

func (r rmspropRule) Rate() float64 { return r.Eta }

// NoiseVariance is 2ηT, added to the step as it is: isotropic, not divided by √v'. T is a
// scale of the noise here, not the temperature of a Boltzmann law.
func (r rmspropRule) NoiseVariance(T float64) float64 { return 2 * r.Eta * T }

var errRMSpropMemory = errMoments("rmsprop")

func (rmspropRule) Linear() (float64, float64, error) { return 0, 0, errRMSpropMemory }

func (r rmspropRule) Step(next, nextMemory, p, memory, direction []float64, s float64, w []float64) {
	n := len(direction)
	next, nextMemory, p, memory = next[:n], nextMemory[:n], p[:n], memory[:n]
	for i, g := range direction {
		v := r.Alpha*memory[i] + (1-r.Alpha)*g*g
		nextMemory[i] = v
		next[i] = p[i] - r.Eta*(g/(math.Sqrt(v)+r.Eps))
		if w != nil {
			next[i] += s * w[i]
		}
	}
}

// preconditionedRule is RMSprop whose injected noise has the covariance s²G, G = 1/(√v' + ε), of its
// own metric (Li et al., AAAI 2016, algorithm 1, without Γ). As η → 0 at fixed α, v follows g² and the
// law of a potential in one dimension is e^{−U/T}/G. Γ would take the diagonal of the Hessian of
// the batch's loss a step; langevin.RMSProp has it for drifts with derivatives.
type preconditionedRule struct{ rmspropRule }

func (r preconditionedRule) Step(next, nextMemory, p, memory, direction []float64, s float64, w []float64) {
	r.rmspropRule.Step(next, nextMemory, p, memory, direction, 0, nil)
	if w == nil {
		return
	}
	w = w[:len(direction)]
	for i, x := range w {
		next[i] += s * x * r.root(nextMemory[i])
	}
}

// root is √G.
func (r preconditionedRule) root(v float64) float64 { return 1 / math.Sqrt(math.Sqrt(v)+r.Eps) }

func (r preconditionedRule) partials(d *ruleDerivative, memory, direction []float64) {
	r.rmspropRule.partials(d, memory, direction)
	byNoise := d.at(ofStep, byNoise)
	for i, g := range direction {
		byNoise[i] = r.root(r.Alpha*memory[i] + (1-r.Alpha)*g*g)
	}
}
