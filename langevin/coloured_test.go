package langevin_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"machlup/langevin"
	"machlup/langevin/langevintest"
)

// TestColoured: the suite of every map, and for linear systems the exact covariance from the
// map itself: stationary on the harmonic as the formula says, and prediction = recursion.
func TestColoured(t *testing.T) {
	const eta, k, temperature, tau = 0.2, 0.8, 0.3, 3.0
	inner := func() langevin.Map {
		return must(langevin.EulerMaruyamaConfig{Eta: eta, Temperature: temperature}.New(langevin.Descent(must(langevin.NewOU(langevin.OUConfig{Dim: 1, Rate: []float64{k}})))))
	}
	coloured := func() langevin.Map { m := inner(); return must(langevin.NewColoured(m, 0, m.Inputs(), tau)) }
	game := func() langevin.Map {
		m := must(langevin.HeavyBallConfig{Eta: 0.1, Momentum: 0.5, Temperature: 0.3}.New(must(langevin.NewLinearGame(langevin.LinearGameConfig{Damping: 0.4, Rotation: 1.3, Alternating: true}))))
		return must(langevin.NewColoured(m, 0, 2, tau))
	}
	langevintest.CheckMap(t, coloured, []float64{0.4})
	langevintest.CheckMap(t, game, []float64{0.4, -0.2})
	// The suite's difference of the step includes the counter's, so it is left out: the
	// covariance recursion made of Step alone is the test of the derivative.

	// The recursion must start after the first step, whose map is another.
	m := coloured()
	p, err := langevin.LinearNoise(m, []float64{0}, langevin.NewCoordinates(1, nil), []int{1, 2, 7, 400})
	if err != nil {
		t.Fatal(err)
	}
	a, r, s2 := math.Exp(-1/tau), 1-eta*k, 2*eta*temperature
	b2 := (1 - a) / (1 + a)
	near(t, "first step", p.Std[0][0]*p.Std[0][0], s2*b2, 1e-13)
	near(t, "second step", p.Std[1][0]*p.Std[1][0], s2*b2*(1+r*r+2*r*a), 1e-13)
	near(t, "stationary variance", p.Std[3][0]*p.Std[3][0], s2*b2*(1+r*a)/((1-r*r)*(1-r*a)), 1e-10)

	for _, m := range []langevin.Map{coloured(), game()} {
		n := m.Config()
		prediction, err := langevin.LinearNoise(m, make([]float64, n), langevin.NewCoordinates(n, nil), []int{40})
		if err != nil {
			t.Fatal(err)
		}
		sigma := covarianceOfSteps(m, 40)
		for i := range n {
			near(t, "covariance", prediction.Std[0][i], math.Sqrt(sigma.At(i, i)), 1e-10)
		}
	}
}

// covarianceOfSteps is Σ after so many steps of a linear map from the origin, by its Step
// alone: Σ' = MΣMᵀ + LLᵀ, M and L those of the step at hand.
func covarianceOfSteps(m langevin.Map, steps int) *mat.Dense {
	n, in := m.Dim(), m.Inputs()
	state, zero := make([]float64, n), make([]float64, in)
	m.Init(state, make([]float64, m.Config()))
	sigma := mat.NewDense(n, n, nil)
	for range steps {
		image := func(j int) []float64 {
			x, xi, next := append([]float64(nil), state...), make([]float64, in), make([]float64, n)
			if j < n-1 && j >= 0 { // the last component counts
				x[j]++
			} else if j >= n {
				xi[j-n]++
			}
			m.Step(next, x, xi)
			return next
		}
		origin, columns := image(-1), mat.NewDense(n, n+in, nil)
		for j := range n + in {
			for i, x := range image(j) {
				columns.Set(i, j, x-origin[i])
			}
		}
		var next, noise mat.Dense
		l := columns.Slice(0, n, n, n+in)
		next.Product(columns.Slice(0, n, 0, n), sigma, columns.Slice(0, n, 0, n).T())
		noise.Mul(l, l.T())
		next.Add(&next, &noise)
		sigma = &next
		after := make([]float64, n)
		m.Step(after, state, zero)
		state = after
	}
	return sigma
}
