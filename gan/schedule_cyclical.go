package gan

import (
	"fmt"
	"math"
)

// CyclicalSchedule is f = (1 + cos(πj/period))/2 with j = k mod period: the step of cyclical
// SGLD. Zhang, Li, Zhang, Chen & Wilson, ICLR 2020, eq. 1 (k counted from 0).
type CyclicalSchedule struct {
	Period int `toml:"period" range:"[1,inf)" unit:"step" doc:"length of a cycle"`
}

// Name returns "cyclical".
func (CyclicalSchedule) Name() string { return "cyclical" }

// At returns f_k.
func (c CyclicalSchedule) At(k float64) float64 {
	return (1 + math.Cos(math.Pi*math.Mod(k, float64(c.Period))/float64(c.Period))) / 2
}

// Schedule returns the schedule after checking its number.
func (c CyclicalSchedule) Schedule() (Schedule, error) { return c, checkPeriod("cyclical", c.Period) }

// CyclicalNoiseSchedule is 0 in the first part of each period, the exploration, and 1 in the
// rest, the sampling: the temperature of cyclical SGLD (algorithm 1 of the same).
type CyclicalNoiseSchedule struct {
	Period      int     `toml:"period" range:"[1,inf)" unit:"step" doc:"length of a cycle, that of the learning rate's"`
	Exploration float64 `toml:"exploration" range:"[0,1)" unit:"1" doc:"fraction of a cycle without noise"`
}

// Name returns "cyclical-noise".
func (CyclicalNoiseSchedule) Name() string { return "cyclical-noise" }

// At returns f_k.
func (c CyclicalNoiseSchedule) At(k float64) float64 {
	if math.Mod(k, float64(c.Period)) < c.Exploration*float64(c.Period) {
		return 0
	}
	return 1
}

// Schedule returns the schedule after checking its numbers.
func (c CyclicalNoiseSchedule) Schedule() (Schedule, error) {
	if !(c.Exploration >= 0 && c.Exploration < 1) {
		return nil, fmt.Errorf("gan: the exploration of a schedule cyclical-noise is %v, allowed are [0, 1)", c.Exploration)
	}
	return c, checkPeriod("cyclical-noise", c.Period)
}

func checkPeriod(name string, period int) error {
	if period < 1 {
		return fmt.Errorf("gan: a schedule %s has period %d, allowed are integers ≥ 1", name, period)
	}
	return nil
}
