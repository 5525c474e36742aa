package langevin

import (
	"fmt"
	"math"
)

// PottsConfig is E = −Σ_a n_a²/2N, n_a the number of N spins that have colour a = 0 … q − 1. With
// q = 2 it is Curie–Weiss at twice the temperature: E = −M²/4N − N/4.
type PottsConfig struct {
	Spins  int     `toml:"spins" range:"[2,1000000]" unit:"1" doc:"N, number of spins"`
	States int     `toml:"states" range:"[2,100]" unit:"1" doc:"q, number of colours: of first order for q ≥ 3, and the more so the larger q"`
	Beta   float64 `toml:"beta" range:"[0,inf)" unit:"1" doc:"β of the law e^{−βE}, E = −Σ n_a²/2N; for N → ∞ the phases coexist at β = 2(q−1)ln(q−1)/(q−2), m = 0 and (q−2)/(q−1)"`
	Start  string  `toml:"start" doc:"spins of step 0: ordered (all of colour 0) or mixed (the colours in turn)"`
}

// Potts is a Map on N spins of q colours whose stationary law is e^{−βE}: the heat bath visits
// the spins in order. The state holds the colours as numbers; a colour is drawn by inverting its
// distribution function at Φ(ξ), so that the map is deterministic given its inputs.
//
// Source: F. Y. Wu, Rev. Mod. Phys. 54 (1982) 235, section I.C (mean field).
type Potts struct {
	n, q   int
	weight []float64 // e^{β(k−N)/N}, of a colour that k of the others have
	count  []int
}

// NewPotts returns the map and the configuration of step 0.
func NewPotts(c PottsConfig) (*Potts, []float64, error) {
	switch {
	case c.Spins < 2:
		return nil, nil, fmt.Errorf("langevin: potts: spins is %d: it must be at least 2", c.Spins)
	case c.States < 2:
		return nil, nil, fmt.Errorf("langevin: potts: states is %d: it must be at least 2", c.States)
	case c.Start != "ordered" && c.Start != "mixed":
		return nil, nil, fmt.Errorf("langevin: potts: start is %q: it must be ordered or mixed", c.Start)
	}
	if err := checkSpins("potts", c.Beta, 0); err != nil {
		return nil, nil, err
	}
	p := &Potts{n: c.Spins, q: c.States, weight: make([]float64, c.Spins), count: make([]int, c.States)}
	for k := range p.weight {
		p.weight[k] = math.Exp(c.Beta * float64(k-c.Spins) / float64(c.Spins))
	}
	start := make([]float64, c.Spins)
	if c.Start == "mixed" {
		for i := range start {
			start[i] = float64(i % c.States)
		}
	}
	return p, start, nil
}

// Dim is the number of spins: a step needs no memory.
func (p *Potts) Dim() int { return p.n }

// Config is the number of spins.
func (p *Potts) Config() int { return p.n }

// Inputs is one normal for each spin.
func (p *Potts) Inputs() int { return p.n }

// Init copies the configuration.
func (p *Potts) Init(state, q []float64) { copy(state, q) }

// Step does one sweep.
func (p *Potts) Step(next, state, xi []float64) {
	next = next[:p.n]
	copy(next, state)
	p.tally(next)
	for i, old := range next {
		p.count[int(old)]--
		total := 0.0
		for _, k := range p.count {
			total += p.weight[k]
		}
		left, a := total*0.5*math.Erfc(-xi[i]/math.Sqrt2), 0
		for ; a < p.q-1; a++ {
			if left -= p.weight[p.count[a]]; left < 0 {
				break
			}
		}
		p.count[a]++
		next[i] = float64(a)
	}
}

// tally counts the colours.
func (p *Potts) tally(x []float64) {
	clear(p.count)
	for _, v := range x {
		p.count[int(v)]++
	}
}

// Observables lists m, |m| and the energy.
func (p *Potts) Observables() []Observable {
	return []Observable{
		{"m", "1", "(q max n_a/N − 1)/(q − 1): 1 where all spins agree, 0 where the colours are equally frequent; never negative"},
		{"abs_m", "1", "|m|, which is m"},
		{"energy", "1", "E, of all spins (extensive)"},
	}
}

// Observe writes them.
func (p *Potts) Observe(dst, x []float64) {
	p.tally(x[:p.n])
	top, square := 0, 0.0
	for _, k := range p.count {
		top = max(top, k)
		square += float64(k) * float64(k)
	}
	m := float64(p.q*top-p.n) / float64(p.n*(p.q-1))
	dst[0], dst[1], dst[2] = m, m, -square/(2*float64(p.n))
}
