package pathint

// Staging redraws segments of slices from the free action conditional on the rest of the
// path, mixed with the old values by the step b: new = m + √(1−b²)(old − m) + b·fresh
// (Sprik, Klein and Chandler 1985; the mixing is pCN on the bridge). It is reversible with
// respect to the free action, pentadiagonal with momentum, so only the drift and the tilt
// decide. A sweep tiles the movable slices with segments from a random offset.
type Staging struct {
	Block  string  // name of the block to move, empty for all at once
	Length int     // slices of a segment
	Step   float64 // b in (0,1]
	Target float64 // acceptance aimed at in warm-up, 0 = fixed step
}

func (m Staging) Name() string {
	if m.Block != "" {
		return "staging-" + m.Block
	}
	return "staging"
}

func (m Staging) Tuning() (step, target float64) { return m.Step, m.Target }

func (m Staging) Bind(p *Path) (Kernel, error) {
	return newTiling(p, m, m.Block, m.Length)
}
