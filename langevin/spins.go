package langevin

import (
	"fmt"
	"math"
)

// CurieWeissConfig is E = −M²/2N − hM, M = Σs_i over N spins ±1, at inverse temperature β.
type CurieWeissConfig struct {
	Spins int     `toml:"spins" range:"[2,1000000]" unit:"1" doc:"N, number of spins"`
	Beta  float64 `toml:"beta" range:"[0,inf)" unit:"1" doc:"β of the law e^{−βE}, E = −M²/2N − hM; the transition of N → ∞ at h = 0 is at β = 1"`
	Field float64 `toml:"field" range:"(-inf,inf)" unit:"1" doc:"h"`
	Start string  `toml:"start" doc:"spins of step 0: up, down, or mixed (+1 and −1 in turn)"`
}

// IsingConfig is E = −Σ_⟨ij⟩ s_i s_j − hM on a square lattice with periodic borders.
type IsingConfig struct {
	Length int     `toml:"length" range:"[2,1000]" unit:"1" doc:"L of the L×L lattice (L = 2 counts each of its bonds twice)"`
	Beta   float64 `toml:"beta" range:"[0,inf)" unit:"1" doc:"β of the law e^{−βE}, E = −Σ_⟨ij⟩ s_i s_j − hM; the transition of L → ∞ at h = 0 is at ½ ln(1+√2) = 0.44069"`
	Field  float64 `toml:"field" range:"(-inf,inf)" unit:"1" doc:"h"`
	Update string  `toml:"update" doc:"a step: heat-bath (a sweep in order), metropolis (N visits to spins drawn at random), or wolff (a heat-bath sweep, then one Wolff cluster; h = 0)"`
	Start  string  `toml:"start" doc:"spins of step 0: up, down, or mixed (+1 and −1 in turn)"`
}

// Spins is a Map on N spins ±1 whose stationary law is e^{−βE}: a step makes N visits to
// spins. It is driven by standard normals: a probability p is the event ξ < Φ⁻¹(p), so that
// the map is deterministic given its inputs, as a trainer is. The heat bath visits the spins
// in order, which leaves the law invariant (every visit does) but is not reversible.
// Metropolis visits spins drawn at random: in order, its moves of ΔE = 0, all accepted, make
// small lattices reducible (L = 2 then has a wrong ⟨E⟩).
type Spins struct {
	n      int
	l      int // 0 for Curie–Weiss, where all spins are neighbours
	field  float64
	up     []float64    // Φ⁻¹ of the probability of +1, by the sum over the neighbours
	flip   [2][]float64 // Φ⁻¹ of Metropolis' acceptance, from −1 and from +1; nil for heat bath
	bond   float64      // Φ⁻¹(1 − e^{−2β}) of a Wolff bond
	wolff  bool
	stack  []int
	member []bool
}

// NewCurieWeiss returns the map and the configuration of step 0.
func NewCurieWeiss(c CurieWeissConfig) (*Spins, []float64, error) {
	if c.Spins < 2 {
		return nil, nil, fmt.Errorf("langevin: curie-weiss: spins is %d: it must be at least 2", c.Spins)
	}
	s := &Spins{n: c.Spins, field: c.Field}
	if err := checkSpins("curie-weiss", c.Beta, c.Field); err != nil {
		return nil, nil, err
	}
	for k := range c.Spins { // R = 2k − (N−1), the sum of the others
		gap := 2*float64(2*k-(c.Spins-1))/float64(c.Spins) + 2*c.Field // E(−1) − E(+1)
		s.up = append(s.up, normalQuantile(1/(1+math.Exp(-c.Beta*gap))))
	}
	start, err := startSpins("curie-weiss", c.Start, c.Spins, 0)
	return s, start, err
}

// NewIsing returns the map and the configuration of step 0.
func NewIsing(c IsingConfig) (*Spins, []float64, error) {
	if c.Length < 2 {
		return nil, nil, fmt.Errorf("langevin: ising: length is %d: it must be at least 2", c.Length)
	}
	if err := checkSpins("ising", c.Beta, c.Field); err != nil {
		return nil, nil, err
	}
	s := &Spins{n: c.Length * c.Length, l: c.Length, field: c.Field}
	switch c.Update {
	case "heat-bath":
	case "metropolis":
		s.flip = [2][]float64{make([]float64, 5), make([]float64, 5)}
	case "wolff":
		if c.Field != 0 {
			return nil, nil, fmt.Errorf("langevin: ising: field is %v: Wolff clusters need 0; use update = \"heat-bath\"", c.Field)
		}
		s.wolff, s.bond = true, normalQuantile(-math.Expm1(-2*c.Beta))
		s.stack, s.member = make([]int, 0, s.n), make([]bool, s.n)
	default:
		return nil, nil, fmt.Errorf("langevin: ising: update is %q: it must be heat-bath, metropolis or wolff", c.Update)
	}
	for k := range 5 { // sum of the neighbours 2k − 4
		gap := 2 * (float64(2*k-4) + c.Field)
		s.up = append(s.up, normalQuantile(1/(1+math.Exp(-c.Beta*gap))))
		if s.flip[0] != nil {
			s.flip[0][k] = normalQuantile(math.Min(1, math.Exp(c.Beta*gap)))
			s.flip[1][k] = normalQuantile(math.Min(1, math.Exp(-c.Beta*gap)))
		}
	}
	start, err := startSpins("ising", c.Start, s.n, c.Length)
	return s, start, err
}

func checkSpins(name string, beta, field float64) error {
	if !(beta >= 0) || math.IsInf(beta, 1) {
		return fmt.Errorf("langevin: %s: beta is %v: it must be zero or positive, and finite", name, beta)
	}
	if math.IsNaN(field) || math.IsInf(field, 0) {
		return fmt.Errorf("langevin: %s: field is %v: it must be finite", name, field)
	}
	return nil
}

// startSpins is the configuration of step 0; mixed is a chequerboard on a lattice.
func startSpins(name, kind string, n, l int) ([]float64, error) {
	q := make([]float64, n)
	for i := range q {
		switch kind {
		case "up":
			q[i] = 1
		case "down":
			q[i] = -1
		case "mixed":
			place := i
			if l > 0 {
				place = i%l + i/l
			}
			q[i] = float64(1 - 2*(place%2))
		default:
			return nil, fmt.Errorf("langevin: %s: start is %q: it must be up, down or mixed", name, kind)
		}
	}
	return q, nil
}

// normalQuantile is Φ⁻¹(p); ±Inf at 0 and 1.
func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// Dim and Config are the number of spins: a step needs no memory.
func (s *Spins) Dim() int { return s.n }

// Config is the number of spins.
func (s *Spins) Config() int { return s.n }

// Inputs is one normal for each spin; Metropolis takes another to draw the spin, Wolff one
// for the seed and one for each of the 2N bonds.
func (s *Spins) Inputs() int {
	switch {
	case s.wolff:
		return 3*s.n + 1
	case s.flip[0] != nil:
		return 2 * s.n
	}
	return s.n
}

// Init copies the configuration.
func (s *Spins) Init(state, q []float64) { copy(state, q) }

// Step does one sweep.
func (s *Spins) Step(next, state, xi []float64) {
	next = next[:s.n]
	copy(next, state)
	switch {
	case s.l == 0:
		s.sweepAll(next, xi)
	case s.flip[0] != nil:
		s.metropolis(next, xi)
	default:
		s.sweepLattice(next, xi)
		if s.wolff {
			s.cluster(next, xi[s.n:])
		}
	}
}

// sweepAll is the heat bath of Curie–Weiss.
func (s *Spins) sweepAll(q, xi []float64) {
	total := 0
	for _, v := range q {
		total += int(v)
	}
	for i, v := range q {
		rest := total - int(v)
		v = -1
		if xi[i] < s.up[(rest+s.n-1)/2] {
			v = 1
		}
		q[i] = v
		total = rest + int(v)
	}
}

// sweepLattice is the heat bath, row by row.
func (s *Spins) sweepLattice(q, xi []float64) {
	for i := range q {
		k := s.around(q, i)
		q[i] = -1
		if xi[i] < s.up[k] {
			q[i] = 1
		}
	}
}

// metropolis tries N spins drawn at random.
func (s *Spins) metropolis(q, xi []float64) {
	for k := range s.n {
		i := s.site(xi[2*k])
		v := q[i]
		if xi[2*k+1] < s.flip[int(v+1)/2][s.around(q, i)] {
			q[i] = -v
		}
	}
}

// site is a spin drawn with a normal.
func (s *Spins) site(xi float64) int {
	return min(int(float64(s.n)*0.5*math.Erfc(-xi/math.Sqrt2)), s.n-1)
}

// around is the index of the sum over the neighbours of site i.
func (s *Spins) around(q []float64, i int) int {
	a, b, c, d := s.neighbours(i, s.l)
	return (int(q[a]+q[b]+q[c]+q[d]) + 4) / 2
}

// neighbours of site i: right, left, below, above.
func (s *Spins) neighbours(i, l int) (right, left, below, above int) {
	row, col := i/l*l, i%l
	right, left = i+1, i-1
	if col == l-1 {
		right = row
	}
	if col == 0 {
		left = row + l - 1
	}
	below, above = i+l, i-l
	if below >= s.n {
		below -= s.n
	}
	if above < 0 {
		above += s.n
	}
	return right, left, below, above
}

// cluster flips the Wolff cluster of a site. xi holds the site, then a normal for each bond:
// bonds 2i to the right of site i and 2i+1 below it. A bond is tried at most once.
//
// Source: U. Wolff, Phys. Rev. Lett. 62 (1989) 361.
func (s *Spins) cluster(q, xi []float64) {
	seed := s.site(xi[0])
	xi = xi[1:]
	sign := q[seed]
	clear(s.member)
	s.member[seed] = true
	s.stack = append(s.stack[:0], seed)
	for len(s.stack) > 0 {
		i := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		q[i] = -sign
		right, left, below, above := s.neighbours(i, s.l)
		for _, b := range [4][2]int{{right, 2 * i}, {left, 2 * left}, {below, 2*i + 1}, {above, 2*above + 1}} {
			if j := b[0]; !s.member[j] && q[j] == sign && xi[b[1]] < s.bond {
				s.member[j] = true
				s.stack = append(s.stack, j)
			}
		}
	}
}

// Observables lists m, |m| and the energy.
func (s *Spins) Observables() []Observable {
	return []Observable{
		{"m", "1", "magnetisation per spin M/N"},
		{"abs_m", "1", "|m|"},
		{"energy", "1", "E, of all spins (extensive)"},
	}
}

// Observe writes them.
func (s *Spins) Observe(dst, q []float64) {
	total := 0.0
	for _, v := range q[:s.n] {
		total += v
	}
	energy := 0.0
	if s.l == 0 {
		energy = -total * total / (2 * float64(s.n))
	} else {
		for i, v := range q[:s.n] {
			right, _, below, _ := s.neighbours(i, s.l)
			energy -= v * (q[right] + q[below])
		}
	}
	m := total / float64(s.n)
	dst[0], dst[1], dst[2] = m, math.Abs(m), energy-s.field*total
}
