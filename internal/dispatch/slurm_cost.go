package dispatch

import (
	"time"

	"machlup/internal/build"
)

// A Cost is what a task is expected to take.
type Cost struct {
	Evaluations float64 // gradient evaluations
	Seconds     float64 // on one core
	Longest     float64 // seconds of its longest part, which one worker computes
}

// Costs estimates every task from a short calibration on this machine, one for each sweep
// point, or from secondsPerEvaluation if that is above 0.
func Costs(exp *build.Experiment, secondsPerEvaluation float64) ([]Cost, error) {
	rates := map[string]float64{}
	costs := make([]Cost, len(exp.Tasks))
	for i, t := range exp.Tasks {
		rate, ok := rates[t.Point]
		if !ok {
			rate = secondsPerEvaluation
			if rate <= 0 {
				var err error
				if rate, err = t.SecondsPerEvaluation(); err != nil {
					return nil, err
				}
			}
			rates[t.Point] = rate
		}
		c := &costs[i]
		for p := range t.Runner.Parts() {
			w := t.Runner.Work(p)
			c.Evaluations += w
			c.Longest = max(c.Longest, w*rate)
		}
		c.Seconds = c.Evaluations * rate
	}
	return costs, nil
}

// taskOverhead is what a task takes beside its evaluations: reading, writing, syncing.
const taskOverhead = 50 * time.Millisecond
