package gan

// SimultaneousConfig has no settings: both players move from the same configuration.
type SimultaneousConfig struct{}

// Dynamics returns the simultaneous dynamics.
func (SimultaneousConfig) Dynamics() (Dynamics, error) { return simultaneous{}, nil }

type simultaneous struct{ t *Trainer }

func (simultaneous) Name() string { return "simultaneous" }

func (s simultaneous) bind(t *Trainer) (play, error) { return simultaneous{t}, nil }

func (s simultaneous) step(next, state, xi []float64) {
	s.t.batch(xi, 0)
	s.t.bothDirections(state)
	s.t.drawBoth(state, xi)
	s.t.moveBoth(next, state)
}

func (s simultaneous) directions(q []float64) { s.t.bothDirections(q) }
func (simultaneous) joint() bool              { return true }
func (simultaneous) linear() error            { return nil }
