package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
)

func diagonal(v ...float64) []float64 {
	c := make([]float64, len(v)*len(v))
	for i, x := range v {
		c[i*len(v)+i] = x
	}
	return c
}

// Three steps and two powers: Richardson's weights (8, −6, 1)/3 for η/4, η/2, η.
func TestExtrapolateIsRichardson(t *testing.T) {
	step := []float64{0.4, 0.2, 0.1}
	value := mapped(step, func(h float64) float64 { return 3 - 2*h + 5*h*h })
	e, err := Extrapolate(step, value, diagonal(1, 4, 9), 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "value", e.Value.Value, 3, 1e-12)
	near(t, "error", e.Value.StdErr, math.Sqrt(1+36*4+64*9)/3, 1e-12)
	near(t, "truncation", e.Truncation, math.Abs(3-(2*value[2]-value[1])), 1e-10)
	// Fully shared errors shift all points alike: the extrapolation by as much.
	shared := []float64{1.01, 1, 1, 1, 1.01, 1, 1, 1, 1.01}
	e, err = Extrapolate(step, value, shared, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "error of shared noise", e.Value.StdErr, math.Sqrt(1+0.01*(1+36+64)/9), 1e-10)
	second, err := Extrapolate([]float64{0.2, 0.1}, []float64{1 + 0.04, 1 + 0.01}, diagonal(1, 1), 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "second order", second.Value.Value, 1, 1e-12)
}

func TestExtrapolationErrorsAreCalibrated(t *testing.T) {
	step := []float64{0.8, 0.4, 0.2, 0.1}
	sd := []float64{0.1, 0.2, 0.3, 0.5}
	calibrated(t, "extrapolation", 400, 1, 0.1, func(rng *rand.Rand) Estimate {
		value, common := make([]float64, 4), 0.2*rng.NormFloat64()
		cov := make([]float64, 16)
		for i, h := range step {
			value[i] = 1 + h - 0.5*h*h + sd[i]*rng.NormFloat64() + common
			for j := range step {
				cov[4*i+j] = 0.04
			}
			cov[5*i] += sd[i] * sd[i]
		}
		e, err := Extrapolate(step, value, cov, 1, 2)
		if err != nil {
			t.Fatal(err)
		}
		return e.Value
	})
}

func TestExtrapolateRefuses(t *testing.T) {
	_, err := Extrapolate([]float64{0.1, 0.2}, []float64{1, 2}, diagonal(1, 1), 1, 2)
	refused(t, "two steps, two powers", err, TooShort)
	_, err = Extrapolate([]float64{0.1, 0.2}, []float64{1, 2}, []float64{1, 2, 2, 1}, 1, 1)
	refused(t, "indefinite covariance", err, NotFinite)
	_, err = Extrapolate([]float64{0.1, 0.1}, []float64{1, 2}, diagonal(1, 1), 1, 1)
	refused(t, "equal steps", err, TooShort)
}
