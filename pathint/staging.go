package pathint

// Staging redraws segments of slices from the reference walk (free motion along the
// noise-free trajectory) conditional on the rest of the path, mixed with the old values by
// the step b: new = m + √(1−b²)(old − m) + b·fresh (Sprik, Klein and Chandler 1985; the
// mixing is pCN on the bridge). It is reversible with respect to that walk, pentadiagonal
// with momentum, so only what the drift adds to it and the tilt decide. A sweep tiles the
// movable slices with segments from a random offset and redraws every other one first.
type Staging struct {
	Block  string  `toml:"block" doc:"name of the block to move; empty: all at once"`
	Length int     `toml:"length" range:"[1,inf)" unit:"slice" doc:"slices of a segment"`
	Step   float64 `toml:"step" range:"(0,1]" unit:"1" doc:"b: share of fresh noise in a proposal; the start value where warm-up adapts it"`
	Target float64 `toml:"target" range:"[0,1)" unit:"1" doc:"acceptance that warm-up adapts the step to; 0 keeps the step"`
}

func (m Staging) Name() string {
	if m.Block != "" {
		return "staging-" + m.Block
	}
	return "staging"
}

func (m Staging) Tuning() (step, target float64) { return m.Step, m.Target }

func (m Staging) Bind(p *Path) (Kernel, error) {
	if act, ok := p.action.(*Euclidean); ok {
		return newBeads(p, act, m, m.Block, m.Length)
	}
	return newTiling(p, m, m.Block, m.Length)
}
