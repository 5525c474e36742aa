package gan

import (
	"fmt"
	"math"
)

// A Schedule is a factor f_k ≥ 0 of a learning rate or of a temperature at step k = 0, 1, …
type Schedule interface {
	Name() string
	At(k float64) float64
}

// A ScheduleConfig is a schedule's table in the configuration.
type ScheduleConfig interface{ Schedule() (Schedule, error) }

// A ScheduleEntry is a line of the catalogue of schedules; New returns a pointer to a config
// struct holding the defaults.
type ScheduleEntry struct {
	Name, Doc string
	New       func() ScheduleConfig
}

var schedules = []ScheduleEntry{
	{"constant", "f = 1", func() ScheduleConfig { return &ConstantSchedule{} }},
	{"step", "f = factor^⌊k/every⌋ (PyTorch's StepLR)", func() ScheduleConfig { return &StepSchedule{Every: 1000, Factor: 0.5} }},
	{"exponential", "f = factor^k (PyTorch's ExponentialLR)", func() ScheduleConfig { return &ExponentialSchedule{Factor: 0.999} }},
	{"cosine", "f = final + (1 − final)(1 + cos(πk/steps))/2, then final (PyTorch's CosineAnnealingLR up to its first minimum)", func() ScheduleConfig { return &CosineSchedule{Steps: 1000} }},
	{"linear", "from initial to final over steps, then final (PyTorch's LinearLR)", func() ScheduleConfig { return &LinearSchedule{Initial: 1, Steps: 1000} }},
	{"inverse-time", "f = (1 + k/offset)^−power: Robbins and Monro; Welling and Teh's a(b + k)^−γ with b = offset, γ = power, a = η·b^γ", func() ScheduleConfig { return &InverseTimeSchedule{Offset: 1000, Power: 0.55} }},
	{"cyclical", "f = (1 + cos(πj/period))/2, j = k mod period: the step of cyclical SGLD (Zhang et al. 2020)", func() ScheduleConfig { return &CyclicalSchedule{Period: 1000} }},
	{"cyclical-noise", "f = 0 in the first part of each period, then 1: the temperature of cyclical SGLD", func() ScheduleConfig { return &CyclicalNoiseSchedule{Period: 1000, Exploration: 0.5} }},
}

// Schedules returns the catalogue.
func Schedules() []ScheduleEntry { return append([]ScheduleEntry(nil), schedules...) }

// ConstantSchedule is f = 1.
type ConstantSchedule struct{}

// Name returns "constant".
func (ConstantSchedule) Name() string { return "constant" }

// At returns 1.
func (ConstantSchedule) At(float64) float64 { return 1 }

// Schedule returns the schedule, which has no settings.
func (c ConstantSchedule) Schedule() (Schedule, error) { return c, nil }

// StepSchedule is f = factor^⌊k/every⌋.
type StepSchedule struct {
	Every  int     `toml:"every" range:"[1,inf)" unit:"step" doc:"steps between two drops"`
	Factor float64 `toml:"factor" range:"(0,1]" unit:"1" doc:"factor of a drop"`
}

// Name returns "step".
func (StepSchedule) Name() string { return "step" }

// At returns f_k.
func (c StepSchedule) At(k float64) float64 {
	return math.Pow(c.Factor, math.Floor(k/float64(c.Every)))
}

// Schedule returns the schedule after checking its numbers.
func (c StepSchedule) Schedule() (Schedule, error) {
	if c.Every < 1 {
		return nil, fmt.Errorf("gan: a step schedule drops every %d steps, allowed are integers ≥ 1", c.Every)
	}
	return c, checkFactor("step", c.Factor)
}

// ExponentialSchedule is f = factor^k.
type ExponentialSchedule struct {
	Factor float64 `toml:"factor" range:"(0,1]" unit:"1" doc:"factor of every step"`
}

// Name returns "exponential".
func (ExponentialSchedule) Name() string { return "exponential" }

// At returns f_k.
func (c ExponentialSchedule) At(k float64) float64 { return math.Pow(c.Factor, k) }

// Schedule returns the schedule after checking its number.
func (c ExponentialSchedule) Schedule() (Schedule, error) {
	return c, checkFactor("exponential", c.Factor)
}

// CosineSchedule is f = final + (1 − final)(1 + cos(πk/steps))/2 for k ≤ steps, then final
// (Loshchilov and Hutter, ICLR 2017, without restarts).
type CosineSchedule struct {
	Steps int     `toml:"steps" range:"[1,inf)" unit:"step" doc:"steps from 1 to final"`
	Final float64 `toml:"final" range:"[0,1]" unit:"1" doc:"factor from step steps on"`
}

// Name returns "cosine".
func (CosineSchedule) Name() string { return "cosine" }

// At returns f_k.
func (c CosineSchedule) At(k float64) float64 {
	if k >= float64(c.Steps) {
		return c.Final
	}
	return c.Final + (1-c.Final)*(1+math.Cos(math.Pi*k/float64(c.Steps)))/2
}

// Schedule returns the schedule after checking its numbers.
func (c CosineSchedule) Schedule() (Schedule, error) {
	return c, checkRamp("cosine", c.Steps, 1, c.Final)
}

// LinearSchedule goes from initial to final over a number of steps and stays there.
type LinearSchedule struct {
	Initial float64 `toml:"initial" range:"[0,inf)" unit:"1" doc:"factor at step 0"`
	Final   float64 `toml:"final" range:"[0,inf)" unit:"1" doc:"factor from step steps on"`
	Steps   int     `toml:"steps" range:"[1,inf)" unit:"step" doc:"steps from initial to final"`
}

// Name returns "linear".
func (LinearSchedule) Name() string { return "linear" }

// At returns f_k.
func (c LinearSchedule) At(k float64) float64 {
	return c.Initial + (c.Final-c.Initial)*min(k/float64(c.Steps), 1)
}

// Schedule returns the schedule after checking its numbers.
func (c LinearSchedule) Schedule() (Schedule, error) {
	return c, checkRamp("linear", c.Steps, c.Initial, c.Final)
}

// InverseTimeSchedule is f = (1 + k/offset)^−power. Robbins and Monro (Ann. Math. Stat. 22
// (1951) 400) want Σf = ∞ and Σf² < ∞: ½ < power ≤ 1. Welling and Teh (ICML 2011) write
// ε_k = a(b + k)^−γ.
type InverseTimeSchedule struct {
	Offset float64 `toml:"offset" range:"(0,inf)" unit:"step" doc:"b, steps before the decay is felt"`
	Power  float64 `toml:"power" range:"(0,inf)" unit:"1" doc:"γ; Robbins and Monro's conditions are ½ < γ ≤ 1"`
}

// Name returns "inverse-time".
func (InverseTimeSchedule) Name() string { return "inverse-time" }

// At returns f_k.
func (c InverseTimeSchedule) At(k float64) float64 { return math.Pow(1+k/c.Offset, -c.Power) }

// Schedule returns the schedule after checking its numbers.
func (c InverseTimeSchedule) Schedule() (Schedule, error) {
	if err := checkPositive("offset of inverse-time", c.Offset); err != nil {
		return nil, err
	}
	return c, checkPositive("power of inverse-time", c.Power)
}

func checkFactor(name string, f float64) error {
	if !(f > 0 && f <= 1) {
		return fmt.Errorf("gan: the factor of a schedule %s is %v, allowed are (0, 1]", name, f)
	}
	return nil
}

func checkRamp(name string, steps int, initial, final float64) error {
	if steps < 1 {
		return fmt.Errorf("gan: a schedule %s has %d steps, allowed are integers ≥ 1", name, steps)
	}
	if !(initial >= 0 && final >= 0) || math.IsInf(initial+final, 0) {
		return fmt.Errorf("gan: a schedule %s goes from %v to %v, allowed are finite numbers ≥ 0", name, initial, final)
	}
	return nil
}
