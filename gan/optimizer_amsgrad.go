package gan

import (
	"fmt"
	"math"
)

// AMSGradConfig is Adam with the largest second moment so far (Reddi, Kale and Kumar, ICLR
// 2018) with PyTorch's semantics: v̂' = max(v̂, v') of the moments without bias correction,
// θ' = θ − η/(1−β₁ᵗ) · m/(√v̂'/√(1−β₂ᵗ) + ε).
type AMSGradConfig struct {
	Eta   float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"learning rate"`
	Beta1 float64 `toml:"beta1" range:"[0,1)" unit:"1" doc:"decay of the mean gradient"`
	Beta2 float64 `toml:"beta2" range:"[0,1)" unit:"1" doc:"decay of the mean squared gradient"`
	Eps   float64 `toml:"eps" range:"[0,inf)" unit:"1" doc:"added to the root of the largest mean square"`
}

// DefaultAMSGrad has the settings of DefaultAdam.
func DefaultAMSGrad() AMSGradConfig { return AMSGradConfig(DefaultAdam()) }

// Optimizer returns plain × amsgrad.
func (c AMSGradConfig) Optimizer() (Optimizer, error) {
	if err := checkMoments("amsgrad", c.Eta, c.Beta1, c.Beta2, c.Eps); err != nil {
		return Optimizer{}, err
	}
	return Optimizer{Name: "amsgrad", Rule: amsgradRule(c)}, nil
}

// checkMoments checks the numbers of adam and amsgrad.
func checkMoments(name string, eta, beta1, beta2, eps float64) error {
	if err := checkPositive("eta of "+name, eta); err != nil {
		return err
	}
	if !(beta1 >= 0 && beta1 < 1) || !(beta2 >= 0 && beta2 < 1) {
		return fmt.Errorf("gan: beta1 and beta2 of %s are %v and %v, allowed are [0, 1)", name, beta1, beta2)
	}
	if !(eps >= 0) || math.IsInf(eps, 0) {
		return fmt.Errorf("gan: eps of %s is %v, allowed are finite numbers ≥ 0", name, eps)
	}
	return nil
}

// amsgradRule keeps [m | v | v̂ | t], t the number of steps done.
type amsgradRule AMSGradConfig

func (amsgradRule) Memory(n int) int      { return 3*n + 1 }
func (amsgradRule) Init(memory []float64) { clear(memory) }

func (r amsgradRule) Rate() float64 { return r.Eta }

// NoiseVariance is 2ηT, as for adam: the noise is added after the moments.
func (r amsgradRule) NoiseVariance(T float64) float64 { return 2 * r.Eta * T }

var errAMSGradMemory = errMoments("amsgrad")

func (amsgradRule) Linear() (float64, float64, error) { return 0, 0, errAMSGradMemory }

func (r amsgradRule) Step(next, nextMemory, p, memory, direction []float64, s float64, w []float64) {
	n := len(direction)
	t := memory[3*n] + 1
	nextMemory[3*n] = t
	rate, root := r.Eta/(1-math.Pow(r.Beta1, t)), math.Sqrt(1-math.Pow(r.Beta2, t))
	next, p = next[:n], p[:n]
	m, v, largest := memory[:n], memory[n:2*n], memory[2*n:3*n]
	m1, v1, largest1 := nextMemory[:n], nextMemory[n:2*n], nextMemory[2*n:3*n]
	for i, g := range direction {
		m1[i] = r.Beta1*m[i] + (1-r.Beta1)*g
		v1[i] = r.Beta2*v[i] + (1-r.Beta2)*g*g
		largest1[i] = max(largest[i], v1[i])
		next[i] = p[i] - rate*(m1[i]/(math.Sqrt(largest1[i])/root+r.Eps))
		if w != nil {
			next[i] += s * w[i]
		}
	}
}
