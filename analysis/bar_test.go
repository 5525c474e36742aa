package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Bennett's equation holds at the result for many samples, small and lopsided ones too, and
// swapping the states changes the sign.
func TestBARSolvesBennettsEquation(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	for r := 0; r < 500; r++ {
		nF, nR := 1+rng.IntN(80), 1+rng.IntN(80)
		wF, wR := harmonicWorks(rng, 1, 1+9*rng.Float64(), nF, nR)
		dF, e, o, _ := BAR(wF, wR)
		m := math.Log(float64(nF) / float64(nR))
		s := 0.0
		for _, w := range wF {
			s += 1 / (1 + math.Exp(m+w-dF))
		}
		for _, w := range wR {
			s -= 1 / (1 + math.Exp(-m+w+dF))
		}
		within(t, "residual", s, 0, 1e-12*float64(nF+nR))
		back, e2, o2, _ := BAR(wR, wF)
		within(t, "reverse", back, -dF, 1e-9)
		near(t, "its error", e2, e, 1e-6)
		near(t, "its overlap", o2, o, 1e-6)
	}
}

// harmonicWorks draws x ~ N(0, 1/k) exactly in both states.
func harmonicWorks(rng *rand.Rand, k0, k1 float64, n0, n1 int) (wF, wR []float64) {
	wF = mapped(normals(rng, n0, 0, 1/math.Sqrt(k0)), func(x float64) float64 { return (k1 - k0) * x * x / 2 })
	wR = mapped(normals(rng, n1, 0, 1/math.Sqrt(k1)), func(x float64) float64 { return (k0 - k1) * x * x / 2 })
	return wF, wR
}

func TestBARIsCalibrated(t *testing.T) {
	for _, c := range []struct {
		k1     float64
		n0, n1 int
	}{{3, 500, 500}, {10, 1500, 300}} {
		calibrated(t, "harmonic", 400, 0.5*math.Log(c.k1), 0.1, func(rng *rand.Rand) Estimate {
			dF, e, _, err := BAR(harmonicWorks(rng, 1, c.k1, c.n0, c.n1))
			if err != nil {
				t.Fatal(err)
			}
			return Estimate{dF, e}
		})
	}
	dF, e, _, _ := BAR(harmonicWorks(rand.New(rand.NewPCG(9, 2)), 1, 3, 100000, 100000))
	if z := (dF - 0.5*math.Log(3)) / e; math.Abs(z) > 4 || e > 2e-3 {
		t.Errorf("ΔF = %g ± %g", dF, e)
	}
}

func TestBAROverlap(t *testing.T) {
	dF, e, o, err := BAR(make([]float64, 10), make([]float64, 30))
	if dF != 0 || e > 1e-7 || math.Abs(o-0.5) > 1e-12 || err != nil {
		t.Errorf("identical states: %g ± %g, overlap %g, %v", dF, e, o, err)
	}
	// Shifted wells 6σ apart: overlap ≈ 0, the value still there.
	rng := rand.New(rand.NewPCG(9, 3))
	wF := mapped(normals(rng, 2000, 0, 1), func(x float64) float64 { return 18 - 6*x })
	wR := mapped(normals(rng, 2000, 6, 1), func(x float64) float64 { return 6*x - 18 })
	dF, e, o, err = BAR(wF, wR)
	refused(t, "no overlap", err, LowOverlap)
	if o > MinOverlap || math.Abs(dF) > 5*e || e-e != 0 {
		t.Errorf("6σ apart: %g ± %g, overlap %g", dF, e, o)
	}
	// A wall: state 1 is the half line, F₁−F₀ = log 2.
	wF = mapped(normals(rng, 40000, 0, 1), func(x float64) float64 {
		if x < 0 {
			return math.Inf(1)
		}
		return 0
	})
	dF, e, _, err = BAR(wF, make([]float64, 40000))
	if z := (dF - math.Ln2) / e; math.Abs(z) > 4 || e > 0.01 || err != nil {
		t.Errorf("half line: %g ± %g, %v", dF, e, err)
	}
	_, e, _, err = BAR(nil, []float64{1})
	refused(t, "empty", err, TooShort)
	if !math.IsInf(e, 1) {
		t.Error("empty: error must be infinite")
	}
	_, _, _, err = BAR([]float64{math.NaN()}, []float64{1})
	refused(t, "NaN", err, NotFinite)
	_, _, _, err = BAR([]float64{math.Inf(1)}, []float64{math.Inf(1)})
	refused(t, "disjoint", err, LowOverlap)
	// Works far from zero and far apart: no overflow, refused.
	dF, _, _, err = BAR([]float64{5000, 5100}, []float64{-3000, -3100})
	if _, ok := Refused(err); !ok || dF-dF != 0 {
		t.Errorf("far apart: %g, %v", dF, err)
	}
}
