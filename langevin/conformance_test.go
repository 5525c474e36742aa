package langevin_test

import (
	"strings"
	"testing"

	"machlup/internal/rng"
	"machlup/langevin"
	"machlup/langevin/langevintest"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// system is a potential or drift with a generic point.
type system struct {
	name string
	make func() any
	at   []float64
}

func systems() []system {
	return []system{
		{"harmonic", func() any {
			return must(langevin.NewHarmonic(langevin.HarmonicConfig{Dim: 3, Stiffness: []float64{1, 2, 0.5}}))
		}, []float64{0.3, -1.2, 0.7}},
		{"free", func() any { return must(langevin.NewFree(langevin.FreeConfig{Dim: 2})) }, []float64{0.3, -1.2}},
		{"ou", func() any { return must(langevin.NewOU(langevin.OUConfig{Dim: 2, Rate: []float64{0.8}, Mean: 1.5})) }, []float64{0.3, -1.2}},
		{"double-well", func() any {
			return must(langevin.NewDoubleWell(langevin.DoubleWellConfig{Dim: 2, Barrier: 1.5, Minimum: 1.2, Tilt: 0.25}))
		}, []float64{0.3, -1.4}},
		{"mueller-brown", func() any { return must(langevin.NewMuellerBrown(langevin.MuellerBrownConfig{Scale: 0.02})) }, []float64{-0.4, 1.1}},
		{"singular", func() any {
			return must(langevin.NewSingular(langevin.SingularConfig{Dim: 3, Power: []float64{4, 2, 1.5}}))
		}, []float64{0.7, -1.2, 0.9}},
		{"linear-game", func() any {
			return must(langevin.NewLinearGame(langevin.LinearGameConfig{Damping: 0.4, Rotation: 1.3}))
		}, []float64{0.3, -1.2}},
		{"linear-game-alternating", func() any {
			return must(langevin.NewLinearGame(langevin.LinearGameConfig{Damping: 0.4, Rotation: 1.3, Alternating: true}))
		}, []float64{0.3, -1.2}},
	}
}

func driftOf(sys any) langevin.Drift {
	if u, ok := sys.(langevin.Potential); ok {
		return langevin.Descent(u)
	}
	return sys.(langevin.Drift)
}

func TestPotentials(t *testing.T) {
	for _, s := range systems() {
		if u, ok := s.make().(langevin.Potential); ok {
			t.Run(s.name, func(t *testing.T) { langevintest.CheckPotential(t, u, s.at) })
		}
	}
}

// TestSchemes runs the conformance suite on every scheme and system.
// Drifts of many configurations at once are those one by one, to the bit, for every block of
// every system, of one component too.
func TestDriftRows(t *testing.T) {
	all := append(systems(),
		system{"harmonic of one", func() any {
			return must(langevin.NewHarmonic(langevin.HarmonicConfig{Dim: 1, Stiffness: []float64{1.7}}))
		}, []float64{0.3}},
		system{"ou of one", func() any { return must(langevin.NewOU(langevin.OUConfig{Dim: 1, Rate: []float64{0.8}, Mean: 1.5})) }, []float64{0.3}})
	for _, s := range all {
		m := must(langevin.HeavyBallConfig{Eta: 0.07, Momentum: 0.3, Temperature: 1}.New(driftOf(s.make())))
		n := m.Config()
		x := make([]float64, 7*n)
		rng.New(3, 0, s.name, "").Normals(x)
		for b, block := range m.Blocks() {
			w := block.Hi - block.Lo
			rows, one := make([]float64, 7*w), make([]float64, w)
			m.DriftRows(rows, b, x)
			for r := range 7 {
				m.Drift(one, b, x[r*n:(r+1)*n])
				for i, v := range one {
					if rows[r*w+i] != v {
						t.Errorf("%s, block %s: row %d[%d] is %v, alone %v", s.name, block.Name, r, i, rows[r*w+i], v)
					}
				}
			}
		}
	}
}

func TestSchemes(t *testing.T) {
	schemes := []struct {
		name string
		make func(f langevin.Drift) (langevin.Map, error)
	}{
		{"euler-maruyama", func(f langevin.Drift) (langevin.Map, error) {
			return langevin.EulerMaruyamaConfig{Eta: 0.07, Temperature: 0.3}.New(f)
		}},
		{"heavy-ball", func(f langevin.Drift) (langevin.Map, error) {
			return langevin.HeavyBallConfig{Eta: 0.05, Momentum: 0.6, Temperature: 0.3}.New(f)
		}},
		{"leimkuhler-matthews", func(f langevin.Drift) (langevin.Map, error) {
			return langevin.LeimkuhlerMatthewsConfig{Eta: 0.07, Temperature: 0.3}.New(f)
		}},
		{"splitting-BAOAB", func(f langevin.Drift) (langevin.Map, error) {
			return langevin.SplittingConfig{Scheme: "BAOAB", Step: 0.2, Friction: 0.8, Temperature: 0.3}.New(f)
		}},
		{"splitting-OBABO", func(f langevin.Drift) (langevin.Map, error) {
			return langevin.SplittingConfig{Scheme: "OBABO", Step: 0.2, Friction: 0.8, Temperature: 0.3}.New(f)
		}},
		{"minibatch-gaussian", func(f langevin.Drift) (langevin.Map, error) {
			n := f.Dim()
			root := make([]float64, n*n)
			for i := range root {
				root[i] = 0.1 * float64(i%5)
			}
			return langevin.NewMinibatch(must(langevin.NewGaussianGradient(f, root)),
				langevin.Player{Name: "x", Hi: n, Eta: 0.07, Temperature: 0.1, Momentum: 0.5})
		}},
	}
	for _, sc := range schemes {
		for _, s := range systems() {
			if _, err := sc.make(driftOf(s.make())); err != nil && strings.Contains(err.Error(), "updated in turn") {
				continue
			}
			t.Run(sc.name+"/"+s.name, func(t *testing.T) {
				sys := s.make()
				u, _ := sys.(langevin.Potential)
				langevintest.Check(t, func() langevin.Map { return must(sc.make(driftOf(s.make()))) },
					langevin.NewCoordinates(len(s.at), u), s.at)
			})
		}
	}
}

// TestMetricSchemes does the same for metric noise, also with momentum, with a metric on
// one block of two, and with a metric that is not diagonal.
func TestMetricSchemes(t *testing.T) {
	sine := func(n int) langevin.Metric {
		return must(langevin.NewSineMetric(langevin.SineMetricConfig{Dim: n, Amplitude: 0.6, Wave: 1.3}))
	}
	at := []float64{0.3, -1.2}
	well := func() langevin.Drift {
		return langevin.Descent(must(langevin.NewDoubleWell(langevin.DoubleWellConfig{Dim: 2, Barrier: 1, Minimum: 1, Tilt: 0.25})))
	}
	game := func() langevin.Drift {
		return must(langevin.NewLinearGame(langevin.LinearGameConfig{Damping: 0.4, Rotation: 1.3}))
	}
	maps := map[string]func() (langevin.Map, error){
		"none": func() (langevin.Map, error) {
			return langevin.MetricSGLDConfig{Eta: 0.05, Temperature: 0.4, Correction: "none"}.New(well(), sine(2))
		},
		"half": func() (langevin.Map, error) {
			return langevin.MetricSGLDConfig{Eta: 0.05, Temperature: 0.4, Correction: "half"}.New(well(), sine(2))
		},
		"full": func() (langevin.Map, error) {
			return langevin.MetricSGLDConfig{Eta: 0.05, Temperature: 0.4, Correction: "full"}.New(well(), sine(2))
		},
		"full-turning": func() (langevin.Map, error) {
			return langevin.MetricSGLDConfig{Eta: 0.05, Temperature: 0.4, Correction: "full"}.New(well(), newTurning())
		},
		"hanggi-klimontovich": func() (langevin.Map, error) {
			return langevin.HanggiKlimontovichConfig{Eta: 0.05, Temperature: 0.4}.New(well(), sine(2))
		},
		"hanggi-klimontovich-turning": func() (langevin.Map, error) {
			return langevin.HanggiKlimontovichConfig{Eta: 0.05, Temperature: 0.4}.New(well(), newTurning())
		},
		"two-blocks": func() (langevin.Map, error) {
			return langevin.NewSGLD(game(),
				langevin.Player{Name: "d", Lo: 0, Hi: 1, Eta: 0.1, Temperature: 0.2, Momentum: 0.3, Metric: sine(1), Correction: langevin.FullCorrection},
				langevin.Player{Name: "g", Lo: 1, Hi: 2, Eta: 0.05, Temperature: 0.4, Momentum: 0.8})
		},
	}
	for name, f := range maps {
		t.Run(name, func(t *testing.T) {
			langevintest.Check(t, func() langevin.Map { return must(f()) }, nil, at)
		})
	}
	t.Run("sine", func(t *testing.T) { langevintest.CheckMetric(t, sine(2), at) })
	t.Run("turning", func(t *testing.T) { langevintest.CheckMetric(t, newTurning(), at) })
}

// TestMinibatch runs the suite on mini-batches of a data set.
func TestMinibatch(t *testing.T) {
	data := make([]float64, 2*20)
	langevintest.NewSource(5, 0).Normals(data)
	for name, p := range map[string]langevin.Player{
		"sgd":      {Name: "x", Hi: 2, Eta: 0.1},
		"momentum": {Name: "x", Hi: 2, Eta: 0.1, Momentum: 0.9, Temperature: 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			langevintest.Check(t, func() langevin.Map {
				return must(langevin.NewMinibatch(must(langevin.NewQuadraticData([]float64{1, 2}, data, 4)), p))
			}, nil, []float64{0.5, -0.5})
		})
	}
	f := must(langevin.NewQuadraticData([]float64{1, 2}, data, 4))
	t.Run("averaged", func(t *testing.T) {
		langevintest.CheckMap(t, func() langevin.Map {
			return langevin.Averaged(must(langevin.NewMinibatch(f, langevin.Player{Name: "x", Hi: 2, Eta: 0.1})), 3)
		}, []float64{0.5, -0.5})
	})
}
