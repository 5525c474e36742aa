package pathint

import (
	"fmt"
	"math"
	"testing"

	"machlup/analysis"
	"machlup/internal/rng"
)

// The discretisation bias of the harmonic line is −½ ln[(1−εk₀/2)/(1−εk₁/2)] at each of the three
// steps; common random numbers make its differences sharper than their parts.
func TestEulerRefinement(t *testing.T) {
	const k0, k1, eps = 1.0, 4.0, 0.2
	g, err := NewGrid("gauss-legendre", 0, 1, 5)
	if err != nil {
		t.Fatal(err)
	}
	var values [4][]Point // at ε, ε/2, ε/4; difference of the first two
	for i, lambda := range g.Lambda {
		series := [4][][]float64{}
		for c := range 2 {
			e, err := NewEulerRefinement(harmonic{1, k0}, harmonic{1, k1}, eps, []float64{float64(c)})
			if err != nil {
				t.Fatal(err)
			}
			e.SetLambda(lambda)
			src := rng.New(71, i, "euler", fmt.Sprint(c))
			var x [4][]float64
			for d := range 8000 {
				e.Sweep(src)
				if s := e.Slopes(); d >= 100 {
					for q, v := range []float64{s[0], s[1], s[2], s[0] - s[1]} {
						x[q] = append(x[q], v)
					}
				}
			}
			for q := range x {
				series[q] = append(series[q], x[q])
			}
		}
		for q := range values {
			values[q] = append(values[q], Summarise(lambda, series[q]))
		}
	}
	bias := func(eps float64) float64 { return -0.5 * math.Log((1-eps*k0/2)/(1-eps*k1/2)) }
	exact := -0.5 * math.Log(k1/k0)
	var e [4]Estimate
	for q, want := range []float64{exact + bias(eps), exact + bias(eps/2), exact + bias(eps/4), bias(eps) - bias(eps/2)} {
		if e[q] = g.Integrate(values[q]); e[q].Err != nil {
			t.Error(e[q].Err)
		}
		within(t, fmt.Sprintf("value %d", q), e[q].LogZ, e[q].StdErr(), want, 0.02)
	}
	if apart := math.Hypot(e[0].StatErr, e[1].StatErr); !(e[3].StatErr < 0.6*apart) {
		t.Errorf("the difference has error %g, %g without common random numbers", e[3].StatErr, apart)
	}
}

// Exchange over the temperature of a harmonic well: log Z(T) = ½n ln T, every level keeps its
// law, and the errors of all estimators are calibrated over 200 repeats.
func TestExchangeOfLadders(t *testing.T) {
	t.Parallel()
	const n = 2
	lambda := Ramp(0.5, 2, 3)
	want := -0.5 * n * math.Log(4)
	pulls := map[string]*analysis.Moments{}
	var energy analysis.Moments
	for r := range 200 {
		var levels []LevelSample
		for _, v := range lambda {
			levels = append(levels, LevelSample{Lambda: v})
		}
		for ladder := range 2 {
			var ladders []Ladder
			src := rng.New(72, 2*r+ladder, "ladders", "")
			for range lambda {
				p, err := NewPotentials(PotentialsSpec{From: harmonic{n, 0}, To: harmonic{n, 1}, Step: 0.7})
				if err != nil {
					t.Fatal(err)
				}
				ladders = append(ladders, p)
			}
			x, err := ExchangeLadders(lambda, ladders)
			if err != nil {
				t.Fatal(err)
			}
			series := make([][]float64, len(lambda))
			for i := range 300 {
				for _, l := range ladders {
					l.Sweep(src)
				}
				x.Exchange(src)
				for l := range lambda {
					if i >= 50 {
						series[l] = append(series[l], x.Conjugate(l))
					}
				}
			}
			for l := range lambda {
				levels[l].Series = append(levels[l].Series, series[l])
			}
		}
		e := Multistate(levels)
		for _, p := range e.estimates()[1:] {
			if pulls[p.Estimator] == nil {
				pulls[p.Estimator] = new(analysis.Moments)
			}
			pulls[p.Estimator].Add((p.LogZ - want) / p.StatErr)
		}
		energy.Add((e.Levels[3].Mean - 0.5*n/lambda[3]) / e.Levels[3].StdErr)
	}
	for name, m := range pulls {
		calibrated(t, name, m)
	}
	calibrated(t, "energy of the coldest level", &energy)
}
