package analysis

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestAgreement(t *testing.T) {
	near(t, "z", Agreement(Estimate{2, 0.3}, Estimate{1, 0.4}), 2, 1e-14)
	inf := math.Inf(1)
	for _, c := range []struct {
		a, b Estimate
		want float64
	}{{Estimate{1, 0}, Estimate{1, 0}, 0}, {Estimate{1, 0}, Estimate{2, 0}, -inf}, {Estimate{3, 0}, Estimate{2, 0}, inf}, {Estimate{3, inf}, Estimate{2, 1}, 0}} {
		if z := Agreement(c.a, c.b); z != c.want {
			t.Errorf("%v against %v: %g", c.a, c.b, z)
		}
	}
	if CheckAgreement("x", Estimate{1, 0.1}, Estimate{1.2, 0.1}) != nil {
		t.Error("√2 σ apart is agreement")
	}
	err := CheckAgreement("log Z", Estimate{1, 0.1}, Estimate{2, 0.1})
	refused(t, "7σ apart", err, Disagreement)
	if !strings.Contains(err.Error(), "log Z") || !strings.Contains(err.Error(), "disagreement") {
		t.Errorf("the message must name quantity and reason: %v", err)
	}
	refused(t, "unknown error", CheckAgreement("x", Estimate{1, inf}, Estimate{2, 0.1}), TooShort)
	refused(t, "NaN", CheckAgreement("x", Estimate{math.NaN(), 0.1}, Estimate{2, 0.1}), Disagreement)
}

func TestChiSquareAndTwoSided(t *testing.T) {
	c, p := ChiSquare([]float64{1, 2})
	near(t, "χ²", c, 5, 1e-15)
	near(t, "p, 2 degrees", p, math.Exp(-2.5), 1e-12)
	if c, p = ChiSquare(nil); c != 0 || p != 1 {
		t.Error("empty")
	}
	near(t, "two-sided", TwoSided(-1.959963984540054), 0.05, 1e-12)
}

func TestWeightedMean(t *testing.T) {
	inf := math.Inf(1)
	m, p := WeightedMean([]Estimate{{1, 1}, {4, 2}, {9, inf}})
	near(t, "mean", m.Value, (1+4.0/4)/1.25, 1e-14)
	near(t, "error", m.StdErr, 1/math.Sqrt(1.25), 1e-14)
	near(t, "p, 1 degree", p, math.Erfc(3/math.Sqrt(5)/math.Sqrt2), 1e-12)
	if m, p = WeightedMean([]Estimate{{9, inf}}); !math.IsInf(m.StdErr, 1) || p != 1 {
		t.Error("nothing known")
	}
	if m, _ = WeightedMean([]Estimate{{math.NaN(), inf}, {4, 1}}); m.Value != 4 || m.StdErr != 1 {
		t.Error("a failed estimate carries no weight")
	}
	if m, _ = WeightedMean([]Estimate{{3, 0}, {4, 1}}); m.Value != 3 || m.StdErr != 0 {
		t.Error("an exact value wins")
	}
	if _, p = WeightedMean([]Estimate{{3, 0}, {4, 1}}); math.Abs(p-TwoSided(1)) > 1e-12 {
		t.Error("agreement with an exact value")
	}
	calibrated(t, "combined", 400, 2, 0, func(rng *rand.Rand) Estimate {
		e := make([]Estimate, 3)
		for i := range e {
			s := 0.5 + rng.Float64()
			e[i] = Estimate{2 + s*rng.NormFloat64(), s}
		}
		m, _ := WeightedMean(e)
		return m
	})
}

func TestCheckOverlap(t *testing.T) {
	if CheckOverlap([]float64{0.4, 0.03}) != nil || CheckOverlap(nil) != nil {
		t.Error("enough overlap")
	}
	refused(t, "too little", CheckOverlap([]float64{0.4, 0.02}), LowOverlap)
	refused(t, "NaN", CheckOverlap([]float64{math.NaN()}), LowOverlap)
	if _, ok := Refused(nil); ok {
		t.Error("nil is no refusal")
	}
}

// Outputs and scripts match on reasons: they never change.
func TestReasonsAreStable(t *testing.T) {
	want := "constant-series too-short not-finite low-overlap heavy-weights infinite-variance not-equilibrated not-converged disagreement bad-grid"
	got := []Reason{Constant, TooShort, NotFinite, LowOverlap, HeavyWeights, InfiniteVariance, NotEquilibrated, NotConverged, Disagreement, BadGrid}
	for i, w := range strings.Fields(want) {
		if string(got[i]) != w {
			t.Errorf("reason %q, want %q", got[i], w)
		}
	}
	r := &Refusal{LowOverlap, "ΔF", 0.01, 0.03, "put states in between"}
	if m := r.Error(); m != "analysis: ΔF refused (low-overlap): found 0.01, limit 0.03; put states in between" {
		t.Errorf("message %q", m)
	}
}
