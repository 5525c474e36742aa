package pathint_test

import (
	"math"
	"testing"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/pathint"
)

// euclidean is an action of one's own: a particle in a harmonic trap, S = Σ (Δx)²/2τ + τω²x²/2
// over the slices 1..K, κ = 1/ħ. Only exported names are used.
type euclidean struct{ tau, omega float64 }

func (euclidean) Name() string                     { return "euclidean" }
func (euclidean) Coordinates() pathint.Coordinates { return pathint.Positions }
func (euclidean) Config() int                      { return 1 }
func (euclidean) Width() int                       { return 1 }
func (euclidean) Inputs() int                      { return 0 }
func (euclidean) Blocks() int                      { return 1 }
func (euclidean) Cached() int                      { return 0 }
func (euclidean) Terms() []pathint.Term {
	return []pathint.Term{{Name: "kinetic", Scaled: 1, ReferenceScaled: 1}, {Name: "potential", Scaled: 1}}
}
func (euclidean) Init(slice, q0 []float64) { copy(slice, q0) }
func (euclidean) Reach(c pathint.Change, steps int) (lo, hi int) {
	return max(c.Lo-1, 0), min(c.Hi, steps)
}
func (e euclidean) Update(p *pathint.Path, c pathint.Change) {
	lo, hi := e.Reach(c, p.Steps())
	for k := lo; k < hi; k++ {
		x, y := p.Slice(k)[0], p.Slice(k + 1)[0]
		t := p.Terms(k)
		t[0] = (y - x) * (y - x) / (2 * e.tau)
		t[1] = e.tau * e.omega * e.omega * y * y / 2
	}
}
func (euclidean) Simulate(p *pathint.Path, scale float64, src pathint.Source) error {
	for k := 1; k <= p.Steps(); k++ {
		p.Slice(k)[0] = scale * src.Normal()
	}
	return nil
}

// shift moves one slice by a uniform amount: symmetric, so its log proposal ratio is 0.
type shift struct{ width float64 }

func (shift) Name() string                                    { return "shift" }
func (shift) Tuning() (step, target float64)                  { return 1, 0 }
func (m shift) Bind(p *pathint.Path) (pathint.Kernel, error)  { return m, nil }
func (m shift) Begin(p *pathint.Path, src pathint.Source) int { lo, hi := p.Movable(); return hi - lo }
func (m shift) Propose(p *pathint.Path, i int, step float64, src pathint.Source) float64 {
	lo, _ := p.Movable()
	k := lo + i
	p.Touch(pathint.Change{Lo: k, Hi: k + 1, B0: 0, B1: 1})
	p.Slice(k)[0] += m.width * step * (2*src.Uniform() - 1)
	return 0
}

// An action and a move written outside the package sample the discretised oscillator held
// at both ends: Cov(i,j) = ħ τ sinh(iα) sinh((K−j)α)/(sinh α sinh Kα), sinh(α/2) = ωτ/2.
func TestActionAndMoveFromOutside(t *testing.T) {
	const K, tau, omega, hbar = 8, 0.5, 1.3, 0.7
	zero := []float64{0}
	c, err := pathint.NewChain(pathint.Spec{Action: euclidean{tau, omega}, Ends: pathint.Pinned(zero, zero), Steps: K, Hbar: hbar,
		Moves: []pathint.Move{shift{1.5}}})
	if err != nil {
		t.Fatal(err)
	}
	src := rng.New(61, 0, "outside", "")
	if err := c.StartForward(3, src); err != nil {
		t.Fatal(err)
	}
	c.Warm(500, src)
	var product [K - 1][]float64 // x_3 x_j
	for range 40000 {
		c.Sweep(src)
		for j := range product {
			product[j] = append(product[j], c.Path().Slice(3)[0]*c.Path().Slice(j + 1)[0])
		}
	}
	alpha := 2 * math.Asinh(omega*tau/2)
	for j := 1; j < K; j++ {
		lo, hi := min(3, j), max(3, j)
		want := hbar * tau * math.Sinh(float64(lo)*alpha) * math.Sinh(float64(K-hi)*alpha) / (math.Sinh(alpha) * math.Sinh(K*alpha))
		got := analysis.Autocorrelation(product[j-1])
		if z := (got.Mean - want) / got.StdErr; !(math.Abs(z) < 4) || got.StdErr > 0.01 {
			t.Errorf("Cov(3,%d): got %.4f ± %.4f, want %.4f", j, got.Mean, got.StdErr, want)
		}
	}
}
