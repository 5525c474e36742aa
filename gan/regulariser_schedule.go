package gan

import "fmt"

// A scheduledRegulariser depends on the number of the step.
type scheduledRegulariser interface {
	Regulariser
	schedule() Schedule
}

// A countedRule is a rule that also keeps the number of steps done, [memory of the rule | k],
// for regularisers that follow a schedule.
type countedRule struct {
	Rule
	why error
}

func (r countedRule) Memory(n int) int { return r.Rule.Memory(n) + 1 }

func (r countedRule) Init(memory []float64) {
	last := len(memory) - 1
	r.Rule.Init(memory[:last])
	memory[last] = 0
}

func (r countedRule) Step(next, nextMemory, p, memory, direction []float64, s float64, w []float64) {
	last := r.Rule.Memory(len(direction))
	nextMemory[last] = memory[last] + 1
	r.Rule.Step(next, nextMemory[:last], p, memory[:last], direction, s, w)
}

// Linear refuses: the drift depends on k.
func (r countedRule) Linear() (eta, beta float64, err error) { return 0, 0, r.why }

// counted returns the configuration with a generator that counts its steps, of which it makes
// one a step of the trainer, if a regulariser follows a schedule.
func (cfg Config) counted() Config {
	for _, r := range cfg.Regularisers {
		s, ok := r.(scheduledRegulariser)
		if !ok || constant(s.schedule()) {
			continue
		}
		if _, counts := cfg.OptimizerG.Rule.(scheduledRule); !counts {
			cfg.OptimizerG.Rule = countedRule{cfg.OptimizerG.Rule, fmt.Errorf("regulariser %q follows the schedule %q, so the drift depends on the step number, which a recurrence in positions and its linearisation do not have; sample it with the innovation action, or use the schedule constant", r.Name(), s.schedule().Name())}
		}
		return cfg
	}
	return cfg
}

// count is the number of the step at a state, 0 where nothing counts.
func (t *Trainer) count(state []float64) float64 {
	switch t.gen.opt.Rule.(type) {
	case countedRule, scheduledRule:
		return state[t.gen.end-1]
	}
	return 0
}
