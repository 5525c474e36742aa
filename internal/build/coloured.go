package build

import (
	"fmt"

	"machlup/gan"
	"machlup/internal/engine"
	"machlup/langevin"
)

// colour gives a GAN's injected noise a correlation time in steps; 0 leaves it white.
func colour(m *engine.Model, t *gan.Trainer, tau float64) error {
	if tau == 0 {
		return nil
	}
	lo, hi := t.InjectedInputs()
	m.BatchLinear, m.NoBatchLinear = nil, fmt.Errorf("linear theory of minibatches has white noise only; set noise.correlation_time to 0")
	return colourInputs(m, lo, hi, tau, "noise.correlation_time")
}

// colourToy gives the noise of a toy's scheme a correlation time in steps. There is a steady
// state, but no Boltzmann law.
func colourToy(m *engine.Model, trainer ToyTrainerConfig) error {
	switch m.Map.(type) {
	case *langevin.SGLD, *langevin.LeimkuhlerMatthews, *langevin.Splitting:
	default:
		return fmt.Errorf("trainer.correlation_time = %v with scheme %q: not all of its random inputs are noise added to a step; use euler-maruyama, heavy-ball, leimkuhler-matthews or splitting", trainer.CorrelationTime, trainer.Scheme)
	}
	m.Potential, m.Draw = nil, nil
	m.NoPotential = fmt.Errorf("with coloured noise (trainer.correlation_time = %v) the stationary law is not exp(−U/T)", trainer.CorrelationTime)
	return colourInputs(m, 0, m.Map.Inputs(), trainer.CorrelationTime, "trainer.correlation_time")
}

func colourInputs(m *engine.Model, lo, hi int, tau float64, key string) error {
	c, err := langevin.NewColoured(m.Map, lo, hi, tau)
	if err != nil {
		return err
	}
	m.Map = c
	m.Recurrence, m.NoRecurrence = nil, fmt.Errorf("with coloured noise (%s = %v) a step depends on the noise before, so positions alone have no density of order ≤ 2; use path.action = \"innovation\"", key, tau)
	if m.NoLinear != nil {
		return nil
	}
	if c, err = langevin.NewColoured(m.Linear.(langevin.Map), lo, hi, tau); err != nil {
		return err
	}
	if !c.Linear() {
		m.Linear, m.NoLinear = nil, fmt.Errorf("with coloured noise the derivative needs that of the noise, which this map does not push forward")
		return nil
	}
	m.Linear = c
	return nil
}
