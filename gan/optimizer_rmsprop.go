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
}

// DefaultRMSprop has PyTorch's decay and ε, and the learning rate of DefaultAdam.
func DefaultRMSprop() RMSpropConfig { return RMSpropConfig{Eta: 0.001, Alpha: 0.99, Eps: 1e-8} }

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
	return Optimizer{Name: "rmsprop", Rule: rmspropRule(c)}, nil
}

// rmspropRule keeps v, which starts at 0.
type rmspropRule RMSpropConfig

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
