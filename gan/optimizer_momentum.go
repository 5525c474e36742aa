package gan

import (
	"fmt"
	"math"
)

// MomentumConfig is the heavy ball v' = βv − η∇L, θ' = θ + v'.
type MomentumConfig struct {
	Eta  float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"learning rate; the effective rate is eta/(1−beta)"`
	Beta float64 `toml:"beta" range:"[0,1)" unit:"1" doc:"momentum"`
	FrictionConfig
	Estimate float64 `toml:"noise_estimate" range:"[0,inf)" unit:"1" doc:"V̂ of SGHMC, variance per component of the minibatch gradient's noise as known or estimated: so much less is injected, 2(1−β)ηT − η²V̂; 0: the gradient's noise heats"`
}

// DefaultMomentum has the effective learning rate of DefaultSGD.
func DefaultMomentum() MomentumConfig {
	return MomentumConfig{Eta: 0.001, Beta: 0.9, FrictionConfig: DefaultFriction()}
}

// Optimizer returns plain × momentum.
func (c MomentumConfig) Optimizer() (Optimizer, error) {
	d := DefaultMomentum()
	r, err := c.heavyBall("momentum", c.Eta, c.Beta, d.Eta, d.Beta)
	if err == nil && c.Estimate != 0 {
		if !(c.Estimate > 0) || math.IsInf(c.Estimate, 0) {
			return Optimizer{}, fmt.Errorf("gan: noise_estimate of momentum is %v, allowed are finite numbers ≥ 0", c.Estimate)
		}
		r = estimatedRule{r.(momentumRule), c.Estimate}
	}
	return Optimizer{Name: "momentum", Rule: r}, err
}

// momentumRule keeps the velocity v = θ_k − θ_{k−1}, so that θ' = θ + v' is
// θ + β(θ − θ₋) − η·direction + s·w with θ₋₁ = θ₀.
type momentumRule struct{ eta, beta float64 }

func (r momentumRule) Rate() float64 { return r.eta }

func (momentumRule) Memory(n int) int                    { return n }
func (momentumRule) Init(memory []float64)               { clear(memory) }
func (r momentumRule) Linear() (float64, float64, error) { return r.eta, r.beta, nil }

// NoiseVariance is 2(1−β)ηT, which leaves the temperature at T for every |β| < 1
// (docs/physics.md): (T/h)/(1 − ηh/(2(1+β))) in a parabola of curvature h.
func (r momentumRule) NoiseVariance(T float64) float64 { return 2 * (1 - r.beta) * r.eta * T }

func (r momentumRule) Step(next, nextMemory, p, memory, direction []float64, s float64, w []float64) {
	n := len(direction)
	next, nextMemory, p, memory = next[:n], nextMemory[:n], p[:n], memory[:n]
	if w == nil {
		for i, d := range direction {
			v := r.beta*memory[i] - r.eta*d
			nextMemory[i] = v
			next[i] = p[i] + v
		}
		return
	}
	w = w[:n]
	for i, d := range direction {
		v := r.beta*memory[i] - r.eta*d + s*w[i]
		nextMemory[i] = v
		next[i] = p[i] + v
	}
}

// estimatedRule is a heavy ball that leaves room for noise of variance V̂ in its gradient (SGHMC;
// Chen, Fox and Guestrin, ICML 2014, eq. 15): where V̂ is that variance, all noise of a step
// together is that of temperature T.
type estimatedRule struct {
	momentumRule
	estimate float64
}

// NoiseVariance is 2(1−β)ηT − η²V̂, 0 at T = 0.
func (r estimatedRule) NoiseVariance(T float64) float64 {
	if T == 0 {
		return 0
	}
	return r.momentumRule.NoiseVariance(T) - r.eta*r.eta*r.estimate
}

// Estimable returns nil, or why an optimizer's estimate of the gradient's noise makes no sense under n
// at the player's temperature T.
func (n Noise) Estimable(o Optimizer, T float64) error {
	rule, scheduled := o.Rule, false
	if s, ok := rule.(scheduledRule); ok {
		rule, scheduled = s.rule, true
	}
	r, ok := rule.(estimatedRule)
	switch {
	case !ok:
		return nil
	case !n.injected() || !(n.minibatch() || n.gaussian()):
		return fmt.Errorf("found %v with noise kind %q, allowed 0: it is taken off the injected noise for the sake of a minibatch's; use minibatch+injected or minibatch-gaussian+injected", r.estimate, n.Kind)
	case !(T > 0):
		return fmt.Errorf("found %v at temperature 0, allowed 0: no noise is injected that it could be taken off", r.estimate)
	case scheduled:
		return fmt.Errorf("found %v with a schedule, allowed 0: V̂ enters as η² and T as η, so the noise left would have to be computed anew each step; use the schedule constant", r.estimate)
	case r.NoiseVariance(T) < 0:
		return fmt.Errorf("found %v, allowed is at most 2(1−β)T/η = %v, where the gradient's noise alone has temperature T; raise 1−β or lower eta", r.estimate, 2*(1-r.beta)*T/r.eta)
	}
	return nil
}
