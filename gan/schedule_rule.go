package gan

import (
	"fmt"
	"math"
)

// Scheduled returns the rule with its learning rate times rate and its temperature times
// temperature, factors of the step number; nil and ConstantSchedule change nothing, and a
// rule of two such is returned as it is.
//
// The convention is PyTorch's for lr: the whole increment is scaled. With f the rate and τ the
// temperature at step k and θ + Δ what the rule makes of noise of standard deviation
// s·√(τ/f),
//
//	θ' = θ + f·Δ.
//
// So the noise of a step has variance f·τ·s². At constant f and τ that is exactly the rule
// with η·f and T·τ, for rules with momentum too: their velocity v, which the memory has in
// units of the unscaled η, acts as f·v. While f changes, a velocity is rescaled at once
// (momentum gathered at a higher rate does not outlive it), where the listing's
// v' = βv − η_k g would keep it. At f = 0 nothing moves and no noise enters.
func Scheduled(rule Rule, rate, temperature Schedule) Rule {
	r := scheduledRule{rule, rate, temperature}
	if constant(rate) {
		r.rate = ConstantSchedule{}
	}
	if constant(temperature) {
		r.temperature = ConstantSchedule{}
	}
	if constant(rate) && constant(temperature) {
		return rule
	}
	return r
}

func constant(s Schedule) bool {
	_, ok := s.(ConstantSchedule)
	return ok || s == nil
}

// scheduledRule keeps [memory of the rule | k], k the number of steps done.
type scheduledRule struct {
	rule              Rule
	rate, temperature Schedule
}

func (r scheduledRule) Memory(n int) int { return r.rule.Memory(n) + 1 }

func (r scheduledRule) Init(memory []float64) {
	last := len(memory) - 1
	r.rule.Init(memory[:last])
	memory[last] = 0
}

// Rate is η where the schedule's factor is 1.
func (r scheduledRule) Rate() float64 { return r.rule.Rate() }

// NoiseVariance is s² where both factors are 1; at step k it is f·τ times that.
func (r scheduledRule) NoiseVariance(T float64) float64 { return r.rule.NoiseVariance(T) }

func (r scheduledRule) Linear() (float64, float64, error) {
	what, name := "learning rate", r.rate.Name()
	if constant(r.rate) {
		what, name = "temperature", r.temperature.Name()
	}
	return 0, 0, fmt.Errorf("its %s follows the schedule %q, so drift and noise depend on the step number, which a recurrence in positions and its linearisation do not have; sample it with the innovation action, or use the schedule constant", what, name)
}

func (r scheduledRule) Step(next, nextMemory, p, memory, direction []float64, s float64, w []float64) {
	n := len(direction)
	last := r.rule.Memory(n)
	k := memory[last]
	nextMemory[last] = k + 1
	f := r.rate.At(k)
	if w != nil {
		if s *= math.Sqrt(r.temperature.At(k) / f); f == 0 {
			s, w = 0, nil
		}
	}
	r.rule.Step(next, nextMemory[:last], p, memory[:last], direction, s, w)
	if f == 1 {
		return
	}
	next, p = next[:n], p[:n]
	for i, x := range p {
		next[i] = x + f*(next[i]-x)
	}
}
