package build

import "machlup/langevin"

// pottsSpins is the mean-field Potts model; at its default it has two phases that coexist.
type pottsSpins struct{ langevin.PottsConfig }

func newPottsSpins() spinConfig {
	return &pottsSpins{langevin.PottsConfig{Spins: 60, States: 6, Beta: 4.0, Start: "mixed"}}
}

func (c *pottsSpins) spins() (spinSystem, []float64, float64, error) {
	p, start, err := langevin.NewPotts(c.PottsConfig)
	return p, start, c.Beta, err
}
