package gan

import (
	"fmt"
	"math"

	"machlup/internal/num"
)

// AdamConfig is Adam (Kingma and Ba, arXiv:1412.6980) in PyTorch's order of operations:
// θ' = θ − η/(1−β₁ᵗ) · m/(√v/√(1−β₂ᵗ) + ε).
type AdamConfig struct {
	Eta   float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"learning rate"`
	Beta1 float64 `toml:"beta1" range:"[0,1)" unit:"1" doc:"decay of the mean gradient"`
	Beta2 float64 `toml:"beta2" range:"[0,1)" unit:"1" doc:"decay of the mean squared gradient"`
	Eps   float64 `toml:"eps" range:"[0,inf)" unit:"1" doc:"added to the root mean square"`
}

// DefaultAdam returns the listing's setting.
func DefaultAdam() AdamConfig { return AdamConfig{Eta: 0.001, Beta1: 0.5, Beta2: 0.999, Eps: 1e-8} }

// Optimizer returns plain × adam.
func (c AdamConfig) Optimizer() (Optimizer, error) {
	if err := checkMoments("adam", c.Eta, c.Beta1, c.Beta2, c.Eps); err != nil {
		return Optimizer{}, err
	}
	return Optimizer{Name: "adam", Rule: adamRule(c)}, nil
}

// adamRule keeps [m | v | t], t the number of steps done.
type adamRule AdamConfig

func (adamRule) Memory(n int) int      { return 2*n + 1 }
func (adamRule) Init(memory []float64) { clear(memory) }

func (r adamRule) Rate() float64 { return r.Eta }

// NoiseVariance is 2ηT: β₁ averages gradients, not the noise, which is added after it.
func (r adamRule) NoiseVariance(T float64) float64 { return 2 * r.Eta * T }

// errMoments is why a rule with moments of the gradient has no law in positions.
func errMoments(name string) error {
	return fmt.Errorf("%s's step depends on the whole past through its moments, so the law of its positions is not a recurrence of order ≤ 2; sample it with the innovation action, or use sgd, momentum, natural or natural-momentum for this player", name)
}

var errAdamMemory = errMoments("adam")

func (adamRule) Linear() (float64, float64, error) { return 0, 0, errAdamMemory }

func (r adamRule) Step(next, nextMemory, p, memory, direction []float64, s float64, w []float64) {
	n := len(direction)
	copy(next[:n], p)
	copy(nextMemory, memory[:2*n+1])
	t := memory[2*n] + 1
	nextMemory[2*n] = t
	num.AdamStep(next[:n], direction, nextMemory[:n], nextMemory[n:2*n],
		r.Eta, r.Beta1, r.Beta2, r.Eps, 1-math.Pow(r.Beta1, t), 1-math.Pow(r.Beta2, t))
	if w != nil {
		num.Axpy(s, w[:n], next[:n])
	}
}
