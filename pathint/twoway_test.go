package pathint

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/langevin"
)

// wells is U = 2(x² − 1)² − 0.4x, harmonics U = ½Σ k_i x_i².
type wells struct{}

func (wells) Dim() int { return 1 }
func (wells) Energy(x []float64) float64 {
	return 2*(x[0]*x[0]-1)*(x[0]*x[0]-1) - 0.4*x[0]
}
func (u wells) Gradient(dst, x []float64) float64 {
	dst[0] = 8*x[0]*(x[0]*x[0]-1) - 0.4
	return u.Energy(x)
}

type harmonics []float64

func (u harmonics) Dim() int { return len(u) }
func (u harmonics) Energy(x []float64) float64 {
	e := 0.0
	for i, k := range u {
		e += 0.5 * k * x[i] * x[i]
	}
	return e
}
func (u harmonics) Gradient(dst, x []float64) float64 {
	for i, k := range u {
		dst[i] = k * x[i]
	}
	return u.Energy(x)
}

func gradientFlow(u langevin.Potential, eta, temperature float64) *toy {
	return newToy(u.Dim(), []langevin.Block{{Name: "x", Hi: u.Dim(), Noise: math.Sqrt(2 * eta * temperature)}},
		func(dst []float64, _ int, q []float64) {
			u.Gradient(dst, q)
			for i := range dst {
				dst[i] *= -eta
			}
		})
}

// reversibleBench is a system on which the moves that go backwards apply, with a step so
// large that Euler's map is far from reversible.
func reversibleBench() bench {
	u, temperature := harmonics{1, 0.5, 2, 1.5, 0.7}, 0.8
	sys := gradientFlow(u, 0.3, temperature)
	density, err := Boltzmann(u, temperature, func(q []float64, src langevin.Source) {
		src.Normals(q)
		for i, k := range u {
			q[i] *= math.Sqrt(temperature / k)
		}
	})
	if err != nil {
		panic(err)
	}
	sys.obs = append(sys.obs, langevin.Observable{Name: "last", Unit: "1"})
	sys.look = func(dst, q []float64) { momentsOf(dst, q); dst[2] = q[4] }
	return bench{"reversible", sys, []float64{0.3, -0.2, 0.5, 0, 1}, Tilt{"x2", 0.05}, 1.2, 1, density}
}

// Transition paths of a double well between sets, q_0 of e^{−U/T}: the law of every slice is
// h_A(q_0)ρ(q_0)…h_B(q_K) by quadrature.
func TestReversibleMovesBetweenSets(t *testing.T) {
	const eta, temperature, steps, n, lo, hi = 0.05, 1.0, 12, 321, -2.4, 2.4
	u, sys := wells{}, gradientFlow(wells{}, eta, temperature)
	s := sys.blocks[0].Noise
	x, h := make([]float64, n), (hi-lo)/(n-1)
	for i := range x {
		x[i] = lo + h*float64(i)
	}
	const edge = 0.4575 // between nodes, so that the indicator is a midpoint rule
	kernel := func(i, j int) float64 {
		v := []float64{0}
		u.Gradient(v, x[i:i+1])
		z := (x[j] - x[i] + eta*v[0]) / s
		return h * math.Exp(-z*z/2) / (s * math.Sqrt(2*math.Pi))
	}
	p := make([]float64, n*n)
	for i := range n {
		for j := range n {
			p[i*n+j] = kernel(i, j)
		}
	}
	forward, backward := make([][]float64, steps+1), make([][]float64, steps+1)
	for k := range forward {
		forward[k], backward[k] = make([]float64, n), make([]float64, n)
	}
	for i := range n {
		if x[i] < -edge {
			forward[0][i] = math.Exp(-u.Energy(x[i:i+1]) / temperature)
		}
		if x[i] > edge {
			backward[steps][i] = 1
		}
	}
	for k := 1; k <= steps; k++ {
		for i := range n {
			for j := range n {
				forward[k][j] += forward[k-1][i] * p[i*n+j]
				backward[steps-k][i] += p[i*n+j] * backward[steps-k+1][j]
			}
		}
	}
	mean := func(k int) float64 {
		sum, norm := 0.0, 0.0
		for i := range n {
			w := forward[k][i] * backward[k][i]
			sum, norm = sum+w*x[i], norm+w
		}
		return sum / norm
	}
	density, err := Boltzmann(u, temperature, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, moves := range [][]Move{
		{TwoWay{Count: 5, Step: 0.1}},
		{Shifting{Count: 4, Length: 3}, TwoWay{Count: 2, Step: 0.1}},
	} {
		t.Run(moves[0].Name(), func(t *testing.T) {
			src := rng.New(64, i, "two-way", "")
			c := mustChain(t, Spec{Action: mustAction(t, sys), Ends: FreeEnd([]float64{-0.8}).From(density), Steps: steps, Observer: sys, Moves: moves,
				Sets: &Sets{A: Region{{1, false, -edge}}, B: Region{{1, true, edge}}, Relax: math.Inf(1)}})
			if err := c.StartForward(1, src); err != nil {
				t.Fatal(err)
			}
			if err := c.Reach(5000, src); err != nil {
				t.Fatal(err)
			}
			series := make([][]float64, steps+1)
			for range 40000 {
				c.Sweep(src)
				for _, k := range []int{0, 3, 8, steps} {
					series[k] = append(series[k], c.Path().Slice(k)[0])
				}
			}
			for _, k := range []int{0, 3, 8, steps} {
				a := analysis.Autocorrelation(series[k])
				within(t, fmt.Sprintf("mean of x_%d", k), a.Mean, a.StdErr, mean(k), 0.015)
			}
		})
	}
}

// Moves that go backwards are refused where the reversed process is not known.
func TestReversibleMovesRefuse(t *testing.T) {
	q := []float64{0.3, -0.2, 0.5, 0, 1}
	b := reversibleBench()
	other, _ := Boltzmann(harmonics{1, 0.5, 2, 1.5, 0.8}, 0.8, nil)
	momentum := gradientFlow(harmonics{1, 0.5, 2, 1.5, 0.7}, 0.3, 0.8)
	momentum.blocks[0].Momentum = 0.5
	inn, err := NewInnovation(b.sys)
	if err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]struct {
		act  Action
		ends Ends
	}{
		"2 blocks are updated in turn":         {mustAction(t, coupled(0, false)), FreeEnd(q).From(b.density)},
		"momentum β = 0.5":                     {mustAction(t, momentum), FreeEnd(q).From(b.density)},
		"q_0 is fixed or of another density":   {mustAction(t, b.sys), FreeEnd(q)},
		"differs from −(s²/2)∇(U/T)":           {mustAction(t, b.sys), FreeEnd(q).From(other)},
		"the end is held":                      {mustAction(t, b.sys), Pinned(q, q).From(b.density)},
		"works on positions, the innovation a": {inn, FreeEnd(q).From(b.density)},
	} {
		for _, m := range []Move{TwoWay{Step: 0.5}, Shifting{Length: 2}} {
			_, err := NewChain(Spec{Action: c.act, Ends: c.ends, Steps: 5, Moves: []Move{m}})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", m.Name(), err, want)
			}
		}
	}
}
