package pathint

// SingleSlice redraws one slice at a time, every other one first and then those between,
// from the reference walk conditional on its neighbours: staging with segments of one slice,
// at two drifts a slice at most.
type SingleSlice struct {
	Block  string  `toml:"block" doc:"name of the block to move; empty: all at once"`
	Step   float64 `toml:"step" range:"(0,1]" unit:"1" doc:"b: share of fresh noise in a proposal; the start value where warm-up adapts it"`
	Target float64 `toml:"target" range:"[0,1)" unit:"1" doc:"acceptance that warm-up adapts the step to; 0 keeps the step"`
}

func (m SingleSlice) Name() string {
	if m.Block != "" {
		return "single-slice-" + m.Block
	}
	return "single-slice"
}

func (m SingleSlice) Tuning() (step, target float64) { return m.Step, m.Target }

func (m SingleSlice) Bind(p *Path) (Kernel, error) {
	if act, ok := p.action.(*Euclidean); ok {
		return newBeads(p, act, m, m.Block, 1)
	}
	return newTiling(p, m, m.Block, 1)
}
