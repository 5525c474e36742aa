package pathint

// SingleSlice redraws one slice at a time, in order, from the free action conditional on
// its neighbours: staging with segments of one slice, at two drifts a slice at most.
type SingleSlice struct {
	Block  string  // name of the block to move, empty for all at once
	Step   float64 // b in (0,1]
	Target float64 // acceptance aimed at in warm-up, 0 = fixed step
}

func (m SingleSlice) Name() string {
	if m.Block != "" {
		return "single-slice-" + m.Block
	}
	return "single-slice"
}

func (m SingleSlice) Tuning() (step, target float64) { return m.Step, m.Target }

func (m SingleSlice) Bind(p *Path) (Kernel, error) { return newTiling(p, m, m.Block, 1) }
