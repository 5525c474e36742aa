package pathint

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"machlup/internal/rng"
	"machlup/langevin"
)

// A scene is a law of paths of two steps in one dimension, tilted by s Σ x², which can be drawn
// exactly (a forward draw kept with probability e^{−sO}, and e^{−κΔtΣV} of a euclidean path) and
// integrated on a grid.
type scene struct {
	name        string
	drift       func(x float64) float64
	noise       float64
	kappa, s    float64
	start       float64
	density     Density // of q_0; nil: fixed
	coordinates Coordinates
	mid         bool
	potential   langevin.Potential // of the euclidean action with Δt = noise², which has no drift
}

func scenes() []scene {
	bent := func(x float64) float64 { return 0.3 - 0.7*math.Tanh(2*x) }
	harmonic, err := Boltzmann(harmonics{1}, 0.8, func(q []float64, src langevin.Source) { src.Normals(q); q[0] *= math.Sqrt(0.8) })
	if err != nil {
		panic(err)
	}
	return []scene{
		{name: "positions", drift: bent, noise: 0.7, kappa: 1.3, s: 0.5, start: 0.2, coordinates: Positions},
		{name: "innovations", drift: bent, noise: 0.7, kappa: 1.3, s: 0.5, start: 0.2, coordinates: Innovations},
		{name: "midpoint", drift: bent, noise: 0.7, kappa: 1, s: 0.5, start: 0.2, coordinates: Positions, mid: true},
		{name: "euclidean", drift: func(float64) float64 { return 0 }, noise: 0.7, kappa: 1.3, s: 0.3, start: 0.2, coordinates: Positions, potential: wells{}},
		{name: "reversible", drift: func(x float64) float64 { return -0.3 * x }, noise: math.Sqrt(2 * 0.3 * 0.8), kappa: 1.2, s: 0.3, density: harmonic, coordinates: Positions},
	}
}

// extra is what a slice adds to −log weight besides its step: tilt and potential.
func (sc scene) extra(x float64) float64 {
	u := sc.s * x * x
	if sc.potential != nil {
		u += sc.kappa * sc.noise * sc.noise * (sc.potential.Energy([]float64{x}) + 0.5) // never below 0
	}
	return u
}

func (sc scene) chain(m Move) (*Chain, error) {
	sys := newToy(1, []langevin.Block{{Name: "x", Hi: 1, Noise: sc.noise}}, func(dst []float64, _ int, q []float64) { dst[0] = sc.drift(q[0]) })
	var act Action
	var err error
	switch {
	case sc.potential != nil:
		act, err = NewEuclidean(EuclideanSpec{Potential: sc.potential, Dt: sc.noise * sc.noise, Mass: []float64{1}})
	case sc.mid:
		act, err = NewMidpoint(sys)
	case sc.coordinates == Innovations:
		act, err = NewInnovation(sys)
	default:
		act, err = NewOnsagerMachlup(sys)
	}
	if err != nil {
		return nil, err
	}
	ends := FreeEnd([]float64{sc.start})
	if sc.density != nil {
		ends = ends.From(sc.density)
	}
	return NewChain(Spec{Action: act, Ends: ends, Steps: 2, Observer: sys, Tilt: Tilt{"x2", sc.s}, Beta: sc.kappa, Moves: []Move{m}})
}

// draw leaves the chain on an exact draw of the tilted law.
func (sc scene) draw(t *testing.T, c *Chain, src Source) {
	for {
		c.SetTilt(0)
		if err := c.StartForward(1/math.Sqrt(sc.kappa), src); err != nil {
			t.Fatal(err)
		}
		c.SetTilt(sc.s)
		if src.Uniform() < math.Exp(-sc.extra(c.path.Slice(1)[0])-sc.extra(c.path.Slice(2)[0])) {
			return
		}
	}
}

const cells = 9

// cell is one of 3×3 by the first and the last slice.
func cell(x, y float64) int {
	third := func(x float64) int {
		switch {
		case x < -0.1:
			return 0
		case x < 0.45:
			return 1
		}
		return 2
	}
	return 3*third(x) + third(y)
}

func (sc scene) at(c *Chain) int { return cell(c.path.Slice(1)[0], c.path.Slice(2)[0]) }

// probabilities integrates the tilted law over each cell by the midpoint rule.
func (sc scene) probabilities() [cells]float64 {
	const n, lo, hi = 660, -3.1, 3.5 // the cells' edges are edges of the grid
	h := (hi - lo) / n
	step := func(x, y float64) float64 {
		jacobian := 1.0
		v := sc.drift(x)
		if sc.mid {
			mid := (x + y) / 2
			v = sc.drift(mid)
			jacobian = 1 - 0.5*(sc.drift(mid+1e-5)-sc.drift(mid-1e-5))/2e-5
		}
		r := y - x - v
		return jacobian * math.Exp(-sc.kappa*r*r/(2*sc.noise*sc.noise))
	}
	var p [cells]float64
	total := 0.0
	for i := range n {
		x := lo + h*(float64(i)+0.5)
		first := 0.0
		if sc.density == nil {
			first = step(sc.start, x)
		} else {
			for j := range n {
				q := []float64{lo + h*(float64(j)+0.5)}
				first += math.Exp(-sc.density.NegLog(q)) * step(q[0], x)
			}
		}
		for j := range n {
			y := lo + h*(float64(j)+0.5)
			w := first * step(x, y) * math.Exp(-sc.extra(x)-sc.extra(y))
			p[cell(x, y)] += w
			total += w
		}
	}
	for i := range p {
		p[i] /= total
	}
	return p
}

// Detailed balance of every move of the catalogue, by transition counts between 3×3 cells of
// paths of two steps: from exact draws one proposal, decided as a sweep decides it, carries as
// many from A to B as from B to A, and leaves every cell its probability by quadrature. A new
// move is tested as soon as it is in the catalogue; it must apply to one of the scenes.
func TestFluxes(t *testing.T) {
	t.Parallel()
	all := scenes()
	for _, e := range Moves() {
		t.Run(e.Name, func(t *testing.T) {
			applies := 0
			var reasons []error
			for i, sc := range all {
				m := e.New()
				if d, ok := m.(*Delayed); ok && sc.coordinates == Innovations {
					d.Move = "pcn"
				}
				c, err := sc.chain(m)
				if err == nil && sc.density != nil && !MovesStart(m) {
					err = fmt.Errorf("%s leaves q_0 where it is", e.Name)
				}
				if err != nil {
					reasons = append(reasons, err)
					continue
				}
				applies++
				sc.balance(t, c, rng.New(91, i, "fluxes", e.Name))
			}
			if applies == 0 {
				t.Errorf("no scene has a path to which the move applies; add one: %v", reasons)
			}
		})
	}
}

func (sc scene) balance(t *testing.T, c *Chain, src Source) {
	const draws = 20000
	var flux [cells][cells]float64
	m := &c.moves[0]
	pair := make([]float64, 2)
	for range draws {
		sc.draw(t, c, src)
		from := sc.at(c)
		i := src.Intn(m.kernel.Begin(c.path, src))
		m.try(c.path, i, exponential(src, pair), src)
		flux[from][sc.at(c)]++
	}
	if m.stats.accepted == 0 || m.stats.accepted == m.stats.proposed {
		t.Errorf("%s: %d of %d proposals accepted; the test needs both outcomes", sc.name, m.stats.accepted, m.stats.proposed)
	}
	exact := sc.probabilities()
	chi2, pairs, moved := 0.0, 0.0, 0.0
	for a := range cells {
		before, after := 0.0, 0.0
		for b := range cells {
			before, after = before+flux[a][b], after+flux[b][a]
			sum := flux[a][b] + flux[b][a]
			if b >= a {
				continue
			}
			moved += sum
			if sum < 10 {
				continue
			}
			z := (flux[a][b] - flux[b][a]) / math.Sqrt(sum)
			chi2, pairs = chi2+z*z, pairs+1
			if math.Abs(z) > 4 {
				t.Errorf("%s: %.0f go from cell %d to %d and %.0f back (z = %.1f)", sc.name, flux[a][b], a, b, flux[b][a], z)
			}
		}
		sd := math.Sqrt(draws * exact[a] * (1 - exact[a]))
		for what, n := range map[string]float64{"drawn into": before, "found in": after} {
			if z := (n - draws*exact[a]) / sd; !(math.Abs(z) < 4) {
				t.Errorf("%s: %.0f of %d paths %s cell %d, want %.0f (z = %.1f)", sc.name, n, draws, what, a, draws*exact[a], z)
			}
		}
	}
	if pairs < 8 || moved < draws/50 {
		t.Errorf("%s: %.0f pairs of cells exchange %.0f paths: too few to tell", sc.name, pairs, moved)
	}
	if p := (distuv.ChiSquared{K: pairs}).Survival(chi2); p < 1e-4 {
		t.Errorf("%s: χ² of the fluxes %.1f for %.0f pairs (p = %.2g)", sc.name, chi2, pairs, p)
	}
}
