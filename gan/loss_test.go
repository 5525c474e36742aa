package gan

import (
	"math"
	"testing"
)

// TestLossValues compares with the logarithms of a sigmoid, in the form that is exact on
// each side, and far into the tails where those overflow.
func TestLossValues(t *testing.T) {
	softplus := func(a float64) float64 { return math.Max(a, 0) + math.Log1p(math.Exp(-math.Abs(a))) }
	logits := []float64{-800, -40, -3, -0.1, 0, 0.2, 5, 30, 900}
	n := len(logits)
	for _, e := range Losses() {
		want := map[string]func(float64) float64{
			"real": func(a float64) float64 { return softplus(-a) },
			"fake": softplus,
			"generator": map[string]func(float64) float64{
				"non-saturating": func(a float64) float64 { return softplus(-a) },
				"saturating":     func(a float64) float64 { return -softplus(a) },
			}[e.Name],
		}
		for what, eval := range map[string]func(f, df, ddf, a []float64){"real": e.Loss.Real, "fake": e.Loss.Fake, "generator": e.Loss.Generator} {
			f, df, ddf := make([]float64, n), make([]float64, n), make([]float64, n)
			eval(f, df, ddf, logits)
			for i, a := range logits {
				near(t, e.Name+" "+what, f[i], want[what](a), 1e-13)
				if math.Abs(a) > 10 { // differences lose all digits there
					continue
				}
				slope := central(func(x []float64) []float64 { return []float64{want[what](x[0])} }, []float64{a}, []float64{1}, 1e-3)[0]
				near(t, e.Name+" "+what+" derivative", df[i], slope, 1e-9)
				s := sigma(a) * sigma(-a)
				if want[what](1)-2*want[what](0)+want[what](-1) < 0 {
					s = -s
				}
				near(t, e.Name+" "+what+" second derivative", ddf[i], s, 1e-12)
			}
			g, h := make([]float64, n), make([]float64, n)
			eval(nil, g, nil, logits)
			eval(nil, nil, h, logits)
			within(t, "derivative alone", g, df, 0)
			within(t, "second derivative alone", h, ddf, 1e-13)
		}
	}
	if _, err := NewLoss("wasserstein"); err == nil {
		t.Error("an unknown loss was accepted")
	}
}
