package gan

import "errors"

// OptimisticConfig is optimistic gradient descent, θ' = θ − 2ηg + ηg₋ with g₋ the gradient
// of the step before (Popov 1980; Daskalakis, Ilyas, Syrgkanis and Zeng, ICLR 2018, eq. 3).
// On the bilinear game min_x max_y xy with both players at once the eigenvalues have
// |λ|² = (1 + √(1−4η²))/2 < 1 up to η = ½, where gradient descent has 1 + η². The first
// step, which has no g₋, is gradient descent.
type OptimisticConfig struct {
	Eta float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"learning rate"`
}

// DefaultOptimistic has the learning rate of DefaultSGD.
func DefaultOptimistic() OptimisticConfig { return OptimisticConfig{Eta: 0.01} }

// Optimizer returns plain × optimistic.
func (c OptimisticConfig) Optimizer() (Optimizer, error) {
	if err := checkPositive("eta of optimistic", c.Eta); err != nil {
		return Optimizer{}, err
	}
	return Optimizer{Name: "optimistic", Rule: optimisticRule{c.Eta}}, nil
}

// optimisticRule keeps [g₋ | 1 once there is one].
type optimisticRule struct{ eta float64 }

func (r optimisticRule) Rate() float64 { return r.eta }

func (optimisticRule) Memory(n int) int      { return n + 1 }
func (optimisticRule) Init(memory []float64) { clear(memory) }

// NoiseVariance is 2ηT: in a parabola of curvature h, with a = ηh, the variance is
// (T/h)·2(1−a)/((1+a)(2−3a)).
func (r optimisticRule) NoiseVariance(T float64) float64 { return 2 * r.eta * T }

var errOptimisticMemory = errors.New("the optimistic step has the gradient at two slices, −2ηg(θ) + ηg(θ₋), so it is no recurrence of order 2 with a drift of one; sample it with the innovation action, or use sgd for this player")

func (optimisticRule) Linear() (float64, float64, error) { return 0, 0, errOptimisticMemory }

func (r optimisticRule) Step(next, nextMemory, p, memory, direction []float64, s float64, w []float64) {
	n := len(direction)
	before := memory[:n]
	if memory[n] == 0 {
		before = direction
	}
	next, p = next[:n], p[:n]
	for i, g := range direction {
		next[i] = p[i] - r.eta*(2*g-before[i])
		if w != nil {
			next[i] += s * w[i]
		}
	}
	copy(nextMemory, direction)
	nextMemory[n] = 1
}
