package pathint

// Shooting is the one-way shooting move: from a uniformly chosen step k on, the inputs are
// redrawn (b = 1) or partially refreshed and the trajectory is simulated forward again
// (Dellago, Bolhuis and Chandler 1998; forward only, so it needs no reversibility). It
// costs K−k steps of the map.
type Shooting struct {
	Count  int     `toml:"count" range:"[1,inf)" unit:"1" doc:"proposals per sweep"`
	Step   float64 `toml:"step" range:"(0,1]" unit:"1" doc:"b: share of fresh noise in a proposal; the start value where warm-up adapts it"`
	Target float64 `toml:"target" range:"[0,1)" unit:"1" doc:"acceptance that warm-up adapts the step to; 0 keeps the step"`
}

func (m Shooting) Name() string                   { return "shooting" }
func (m Shooting) Tuning() (step, target float64) { return m.Step, m.Target }

func (m Shooting) Bind(p *Path) (Kernel, error) {
	if err := needs(p, m.Name(), Innovations); err != nil {
		return nil, err
	}
	return &shooting{max(m.Count, 1), make([]float64, p.n)}, nil
}

type shooting struct {
	count int
	q     []float64 // q_0 of a proposal
}

func (m *shooting) Begin(p *Path, src Source) int { return m.count }

func (m *shooting) Propose(p *Path, i int, step float64, src Source) float64 {
	first := p.firstInput()
	return refresh(p, first+src.Intn(p.steps-first), p.steps, m.q, step, src)
}
