package langevin

import "fmt"

// A Shared drift says which components belong to which player, for schemes that move all
// components at once with a temperature of each player. A drift that is not Shared has its
// Parts as players.
type Shared interface {
	Players() []Part
}

func playersOf(f Drift) []Part {
	if p, ok := f.(Shared); ok {
		return p.Players()
	}
	return partsOf(f)
}

// componentTemperatures returns a temperature for each component: those of the players, or t for
// all if there are none.
func componentTemperatures(f Drift, t float64, players []float64) ([]float64, error) {
	parts, all := playersOf(f), make([]float64, f.Dim())
	if len(players) != 0 && len(players) != len(parts) {
		return nil, fmt.Errorf("langevin: temperatures has %d values for %d players: give one each, or none", len(players), len(parts))
	}
	for b, p := range parts {
		for i := p.Lo; i < p.Hi; i++ {
			all[i] = t
			if len(players) != 0 {
				all[i] = players[b]
			}
		}
	}
	return all, nil
}

// component returns value i of one for each component, or the one for all.
func component(t []float64, i int) float64 { return t[i%len(t)] }

// checkComponents refuses a wrong number of temperatures, or a wrong one.
func checkComponents(scheme string, n int, step float64, t []float64) error {
	if len(t) != 1 && len(t) != n {
		return fmt.Errorf("langevin: %s: %d temperatures for %d components: give one, or one each", scheme, len(t), n)
	}
	for _, x := range t {
		if err := checkStep(scheme, step, x); err != nil {
			return err
		}
	}
	return nil
}
