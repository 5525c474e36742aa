package langevin_test

import (
	"fmt"
	"math"
	"testing"

	"machlup/langevin"
	"machlup/langevin/exact"
	"machlup/langevin/langevintest"
)

// spinSystems are all rules on small systems, with the exact law of each.
func spinSystems(t *testing.T) map[string]struct {
	make  func() *langevin.Spins
	start []float64
	law   exact.SpinMoments
} {
	t.Helper()
	type entry = struct {
		make  func() *langevin.Spins
		start []float64
		law   exact.SpinMoments
	}
	out := map[string]entry{}
	add := func(name string, make func() (*langevin.Spins, []float64, error), law exact.SpinMoments) {
		_, start, err := make()
		if err != nil {
			t.Fatal(err)
		}
		out[name] = entry{func() *langevin.Spins { s, _, _ := make(); return s }, start, law}
	}
	for _, h := range []float64{0, 0.15} {
		add(fmt.Sprintf("curie-weiss h=%v", h), func() (*langevin.Spins, []float64, error) {
			return langevin.NewCurieWeiss(langevin.CurieWeissConfig{Spins: 9, Beta: 1.1, Field: h, Start: "mixed"})
		}, exact.CurieWeiss(9).At(1.1, h))
		for _, update := range []string{"heat-bath", "metropolis", "wolff"} {
			if update == "wolff" && h != 0 {
				continue
			}
			for l := 2; l <= 4; l++ {
				add(fmt.Sprintf("ising %s L=%d h=%v", update, l, h), func() (*langevin.Spins, []float64, error) {
					return langevin.NewIsing(langevin.IsingConfig{Length: l, Beta: 0.3, Field: h, Update: update, Start: "down"})
				}, exact.Ising(l).At(0.3, h))
			}
		}
	}
	return out
}

func TestSpinsConform(t *testing.T) {
	for name, s := range spinSystems(t) {
		t.Run(name, func(t *testing.T) {
			langevintest.CheckMap(t, func() langevin.Map { return s.make() }, s.start)
		})
	}
}

// TestSpinLaws: ⟨m⟩, ⟨m²⟩ and ⟨E⟩ over 400 short chains, whose ends are independent, against the
// exact sums: |z| < 4, and errors below 5 % of the spread.
func TestSpinLaws(t *testing.T) {
	const chains, warm, draws = 400, 60, 40
	for name, s := range spinSystems(t) {
		m := s.make()
		var sum, square [3]float64
		state, next, xi := make([]float64, m.Dim()), make([]float64, m.Dim()), make([]float64, m.Inputs())
		obs := make([]float64, 3)
		for c := range chains {
			src := langevintest.NewSource(5, c)
			m.Init(state, s.start)
			var mean [3]float64
			for k := range warm + draws {
				src.Normals(xi)
				m.Step(next, state, xi)
				state, next = next, state
				if k >= warm {
					m.Observe(obs, state)
					for i, v := range []float64{obs[0], obs[0] * obs[0], obs[2]} {
						mean[i] += v / draws
					}
				}
			}
			for i, v := range mean {
				sum[i] += v / chains
				square[i] += v * v / chains
			}
		}
		for i, want := range []float64{s.law.Mean, s.law.M2, s.law.Energy} {
			err := math.Sqrt((square[i] - sum[i]*sum[i]) / (chains - 1))
			limit := []float64{0.05, 0.05, 0.05 * math.Sqrt(s.law.EnergyVariance)}[i]
			if z := (sum[i] - want) / err; !(math.Abs(z) < 4) || err > limit {
				t.Errorf("%s, quantity %d: %v ± %v, exact %v (z = %.1f)", name, i, sum[i], err, want, z)
			}
		}
	}
}

func TestSpinsRefuse(t *testing.T) {
	for _, c := range []langevin.IsingConfig{
		{Length: 1, Update: "heat-bath", Start: "up"},
		{Length: 4, Update: "glauber", Start: "up"},
		{Length: 4, Update: "wolff", Field: 0.1, Start: "up"},
		{Length: 4, Update: "heat-bath", Start: "left"},
		{Length: 4, Update: "heat-bath", Beta: math.NaN(), Start: "up"},
	} {
		if _, _, err := langevin.NewIsing(c); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
	if _, _, err := langevin.NewCurieWeiss(langevin.CurieWeissConfig{Spins: 1, Start: "up"}); err == nil {
		t.Error("one spin is accepted")
	}
}

func BenchmarkSpins(b *testing.B) {
	for _, update := range []string{"heat-bath", "wolff"} {
		b.Run("ising/"+update, func(b *testing.B) {
			s, state, err := langevin.NewIsing(langevin.IsingConfig{Length: 32, Beta: 0.44, Update: update, Start: "mixed"})
			if err != nil {
				b.Fatal(err)
			}
			src, xi, next := langevintest.NewSource(1, 0), make([]float64, s.Inputs()), make([]float64, s.Dim())
			b.ReportAllocs()
			for b.Loop() {
				src.Normals(xi)
				s.Step(next, state, xi)
				state, next = next, state
			}
		})
	}
}
