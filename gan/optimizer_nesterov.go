package gan

import (
	"errors"
	"fmt"
)

// NesterovConfig is Nesterov's accelerated gradient in PyTorch's form (SGD with nesterov =
// True; Sutskever et al., ICML 2013): v' = βv − ηg(θ), θ' = θ + βv' − ηg(θ). θ is what
// Sutskever calls the look-ahead point.
type NesterovConfig struct {
	Eta  float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"learning rate; the effective rate is eta/(1−beta)"`
	Beta float64 `toml:"beta" range:"[0,1)" unit:"1" doc:"momentum"`
}

// DefaultNesterov has the settings of DefaultMomentum.
func DefaultNesterov() NesterovConfig { return NesterovConfig{Eta: 0.001, Beta: 0.9} }

// Optimizer returns plain × nesterov.
func (c NesterovConfig) Optimizer() (Optimizer, error) {
	if err := checkPositive("eta of nesterov", c.Eta); err != nil {
		return Optimizer{}, err
	}
	if !(c.Beta >= 0 && c.Beta < 1) {
		return Optimizer{}, fmt.Errorf("gan: beta of nesterov is %v, allowed are [0, 1)", c.Beta)
	}
	return Optimizer{Name: "nesterov", Rule: nesterovRule{c.Eta, c.Beta}}, nil
}

// nesterovRule keeps the velocity v, −η times PyTorch's momentum buffer. The noise is that
// of the gradient: it enters v' and the step as −ηg does.
type nesterovRule struct{ eta, beta float64 }

func (r nesterovRule) Rate() float64 { return r.eta }

func (nesterovRule) Memory(n int) int      { return n }
func (nesterovRule) Init(memory []float64) { clear(memory) }

// NoiseVariance is 2(1−β)ηT, as for the heavy ball: a kick s·w moves θ by s·w/(1−β) in all,
// the rate of the flow is η/(1−β), and the temperature is T as η → 0.
func (r nesterovRule) NoiseVariance(T float64) float64 { return 2 * (1 - r.beta) * r.eta * T }

var errNesterovMemory = errors.New("nesterov's step in positions is θ' = θ + β(θ − θ₋) − η(1+β)g(θ) + βηg(θ₋), with noise of two steps: it has the gradient at two slices, so it is no recurrence of order 2 with a drift of one; sample it with the innovation action, or use momentum for this player")

func (nesterovRule) Linear() (float64, float64, error) { return 0, 0, errNesterovMemory }

func (r nesterovRule) Step(next, nextMemory, p, memory, direction []float64, s float64, w []float64) {
	n := len(direction)
	next, nextMemory, p, memory = next[:n], nextMemory[:n], p[:n], memory[:n]
	for i, d := range direction {
		kick := -r.eta * d
		if w != nil {
			kick += s * w[i]
		}
		v := r.beta*memory[i] + kick
		nextMemory[i] = v
		next[i] = p[i] + r.beta*v + kick
	}
}
