package langevin_test

import (
	"math"
	"strings"
	"testing"

	"machlup/langevin"
	"machlup/langevin/langevintest"
)

// TestPlayerTemperatures: schemes that move both players of a game at once give each its own
// noise, refuse another number of temperatures and blocks that are updated in turn.
func TestPlayerTemperatures(t *testing.T) {
	for name, scheme := range map[string]func(f langevin.Drift, temperatures ...float64) (langevin.Map, error){
		"heun": func(f langevin.Drift, ts ...float64) (langevin.Map, error) {
			return langevin.HeunConfig{Eta: 0.1, Temperatures: ts}.New(f)
		},
		"leimkuhler-matthews": func(f langevin.Drift, ts ...float64) (langevin.Map, error) {
			return langevin.LeimkuhlerMatthewsConfig{Eta: 0.1, Temperatures: ts}.New(f)
		},
		"splitting": func(f langevin.Drift, ts ...float64) (langevin.Map, error) {
			return langevin.SplittingConfig{Scheme: "OBABO", Step: 0.1, Friction: 1, Temperatures: ts}.New(f)
		},
		"sghmc": func(f langevin.Drift, ts ...float64) (langevin.Map, error) {
			return langevin.SGHMCConfig{Eta: 0.1, Friction: 0.5, Temperatures: ts}.New(f, langevin.DefaultGradient())
		},
	} {
		game := must(langevin.NewLinearGame(langevin.LinearGameConfig{Damping: 1, Rotation: 2}))
		cold, err := scheme(game, 0, 0.9)
		if err != nil {
			t.Fatal(err)
		}
		langevintest.CheckMap(t, func() langevin.Map { m, _ := scheme(game, 0.3, 0.9); return m }, []float64{1, -1})
		if m, ok := langevin.AsLinearizer(cold); ok {
			langevintest.CheckLinearizer(t, m.(langevin.Map), []float64{1, -1})
		}
		state, a, b := make([]float64, cold.Dim()), make([]float64, cold.Dim()), make([]float64, cold.Dim())
		cold.Init(state, []float64{1, -1})
		xi := make([]float64, cold.Inputs())
		cold.Step(a, state, xi)
		for i := range xi {
			xi[i] = 1
		}
		cold.Step(b, state, xi)
		// In one step the noise of y reaches x through the drift alone, of higher order in η.
		if dx, dy := math.Abs(b[0]-a[0]), math.Abs(b[1]-a[1]); !(dy > 0) || dx > 0.2*dy {
			t.Errorf("%s: with T = 0 and 0.9 the noise moves (%v, %v)", name, dx, dy)
		}
		for want, refused := range map[string]func() error{
			"3 values for 2 players":  func() error { _, err := scheme(game, 1, 2, 3); return err },
			"must be zero or":         func() error { _, err := scheme(game, 1, -1); return err },
			"blocks updated in turn":  func() error { _, err := scheme(alternatingGame(), 1, 2); return err },
			"2 values for 1 players:": func() error { _, err := scheme(harmonicDescent(), 1, 2); return err },
		} {
			if err := refused(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
		}
	}
}

func alternatingGame() langevin.Drift {
	return must(langevin.NewLinearGame(langevin.LinearGameConfig{Damping: 1, Rotation: 2, Alternating: true}))
}

func harmonicDescent() langevin.Drift {
	return langevin.Descent(must(langevin.NewHarmonic(langevin.HarmonicConfig{Dim: 3, Stiffness: []float64{1}})))
}
