package langevin_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"machlup/langevin"
	"machlup/langevin/exact"
	"machlup/langevin/langevintest"
)

func potts(t *testing.T, n, q int, beta float64, start string) (*langevin.Potts, []float64) {
	t.Helper()
	p, x, err := langevin.NewPotts(langevin.PottsConfig{Spins: n, States: q, Beta: beta, Start: start})
	if err != nil {
		t.Fatal(err)
	}
	return p, x
}

func TestPottsConforms(t *testing.T) {
	for _, start := range []string{"ordered", "mixed"} {
		_, x := potts(t, 9, 4, 1.5, start)
		langevintest.CheckMap(t, func() langevin.Map { p, _ := potts(t, 9, 4, 1.5, start); return p }, x)
	}
}

// TestPottsLaws: ⟨m⟩, ⟨m²⟩ and ⟨E⟩ over 400 short chains from either start against the exact sums,
// and how often a colour is taken, which is 1/q by symmetry.
func TestPottsLaws(t *testing.T) {
	const chains, warm, draws = 400, 80, 40
	for k, c := range []struct {
		n, q  int
		beta  float64
		start string
	}{{8, 3, 2.2, "mixed"}, {9, 3, 2.8, "ordered"}, {10, 5, 3.2, "ordered"}, {7, 2, 1.7, "mixed"}} {
		law := exact.Potts(c.n, c.q).At(c.beta, 0)
		m, start := potts(t, c.n, c.q, c.beta, c.start)
		var sum, square [4]float64
		state, next, xi := make([]float64, m.Dim()), make([]float64, m.Dim()), make([]float64, m.Inputs())
		obs := make([]float64, 3)
		for chain := range chains {
			src := langevintest.NewSource(uint64(17+k), chain)
			m.Init(state, start)
			var mean [4]float64
			for step := range warm + draws {
				src.Normals(xi)
				m.Step(next, state, xi)
				state, next = next, state
				if step < warm {
					continue
				}
				m.Observe(obs, state)
				first := 0.0
				for _, v := range state {
					if v == 0 {
						first += 1 / float64(c.n)
					}
				}
				for i, v := range []float64{obs[0], obs[1] * obs[0], obs[2], first} {
					mean[i] += v / draws
				}
			}
			for i, v := range mean {
				sum[i] += v / chains
				square[i] += v * v / chains
			}
		}
		for i, want := range []float64{law.Mean, law.M2, law.Energy, 1 / float64(c.q)} {
			err := math.Sqrt((square[i] - sum[i]*sum[i]) / (chains - 1))
			limit := []float64{0.03, 0.03, 0.05 * math.Sqrt(law.EnergyVariance), 0.03}[i]
			if z := (sum[i] - want) / err; !(math.Abs(z) < 4) || err > limit {
				t.Errorf("%+v, quantity %d: %v ± %v, exact %v (z = %.1f)", c, i, sum[i], err, want, z)
			}
		}
	}
}

func TestPottsRefuses(t *testing.T) {
	good := langevin.PottsConfig{Spins: 5, States: 3, Beta: 1, Start: "mixed"}
	for what, change := range map[string]func(*langevin.PottsConfig){
		"spins":  func(c *langevin.PottsConfig) { c.Spins = 1 },
		"states": func(c *langevin.PottsConfig) { c.States = 1 },
		"beta":   func(c *langevin.PottsConfig) { c.Beta = -1 },
		"start":  func(c *langevin.PottsConfig) { c.Start = "up" },
	} {
		c := good
		change(&c)
		if _, _, err := langevin.NewPotts(c); err == nil || !strings.Contains(err.Error(), what+" is") {
			t.Errorf("%s: %v", what, err)
		}
	}
	// Φ(ξ) = 0 and 1 are colours too.
	p, x := potts(t, 3, 3, 1, "mixed")
	next := make([]float64, 3)
	p.Step(next, x, []float64{math.Inf(-1), math.Inf(1), 0})
	if got := fmt.Sprint(next[:2]); got != "[0 2]" {
		t.Errorf("colours at the ends of ξ are %s", got)
	}
}
