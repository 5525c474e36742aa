package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestConvergenceOfGoodChains(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	chains := make([][]float64, 4)
	for c := range chains {
		chains[c] = ar1(rng, 0.6, 20000)
	}
	d, err := Convergence(chains)
	if err != nil || math.Abs(d.RHat-1) > 0.005 {
		t.Errorf("R̂ = %g, %v", d.RHat, err)
	}
	near(t, "bulk ESS", d.ESSBulk, 80000/(2*ar1Tau(0.6)), 0.1)
	if RHat(chains) != d.RHat || ESSBulk(chains) != d.ESSBulk || ESSTail(chains) != d.ESSTail {
		t.Error("the single functions differ from the diagnosis")
	}
}

// Same mean, other scale: only the folded R̂ sees it. Drift: a single split chain does.
func TestConvergenceSeesFaults(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 2))
	d, _ := Convergence([][]float64{normals(rng, 1000, 0, 1), normals(rng, 1000, 0, 1), normals(rng, 1000, 0, 3)})
	if d.RHatBulk > 1.01 || d.RHatFolded < 1.1 || d.RHat != d.RHatFolded {
		t.Errorf("scale: %+v", d)
	}
	drift := normals(rng, 1000, 0, 1)
	for i := range drift {
		drift[i] += float64(i) / 300
	}
	if r := RHat([][]float64{drift}); r < 1.1 {
		t.Errorf("drift: R̂ = %g", r)
	}
}

func TestConvergenceRefuses(t *testing.T) {
	for what, c := range map[Reason][][]float64{
		Constant:  {{1, 1, 1, 1}, {1, 1, 1, 1}},
		TooShort:  {{1, 2, 3}, {3, 2, 1}},
		NotFinite: {{1, 2, 3, math.NaN()}, {1, 2, 3, 4}},
	} {
		_, err := Convergence(c)
		refused(t, string(what), err, what)
		if !math.IsInf(RHat(c), 1) || ESSBulk(c) != 0 || ESSTail(c) != 0 {
			t.Errorf("%s: R̂ = %g, ESS = %g, %g", what, RHat(c), ESSBulk(c), ESSTail(c))
		}
	}
	_, err := Convergence([][]float64{{1, 2, 3, 4}, {1, 2, 3, 4, 5}})
	refused(t, "unequal lengths", err, TooShort)
	_, err = Convergence(nil)
	refused(t, "no chains", err, TooShort)
	// Stuck at different values: infinitely far from convergence, not undefined.
	d, err := Convergence([][]float64{{1, 1, 1, 1}, {2, 2, 2, 2}})
	if err != nil || !math.IsInf(d.RHat, 1) || d.ESSBulk > 8 || math.IsNaN(d.ESSTail) {
		t.Errorf("stuck chains: %+v, %v", d, err)
	}
}

// Values 0 and 1 in equal numbers are all equally far from the median: the folded R̂ sees
// nothing amiss, the bulk one decides.
func TestConvergenceOfBalancedBinaryChains(t *testing.T) {
	alternate := []float64{0, 1, 0, 1, 0, 1, 0, 1}
	d, err := Convergence([][]float64{alternate, alternate})
	if err != nil || d.RHatFolded != 1 || d.RHatBulk > 1.01 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestCheckEquilibration(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 3))
	good := [][]float64{ar1(rng, 0.8, 5000), ar1(rng, 0.8, 5000)}
	if err := CheckEquilibration(good); err != nil {
		t.Errorf("good chains: %v", err)
	}
	start := ar1(rng, 0.8, 5000)
	for i := range start {
		start[i] += 8 * math.Exp(-float64(i)/400)
	}
	if _, ok := Refused(CheckEquilibration([][]float64{start})); !ok {
		t.Error("a transient passes")
	}
	apart := [][]float64{good[0], mapped(good[1], func(x float64) float64 { return x + 0.8 })}
	if _, ok := Refused(CheckEquilibration(apart)); !ok {
		t.Error("chains at different levels pass")
	}
	refused(t, "short", CheckEquilibration([][]float64{ar1(rng, 0.95, 300)}), NotConverged)
	refused(t, "constant", CheckEquilibration([][]float64{make([]float64, 100)}), Constant)
	// False alarms are rare.
	alarms := 0
	for r := 0; r < 100; r++ {
		if CheckEquilibration([][]float64{ar1(rng, 0.7, 2000), ar1(rng, 0.7, 2000)}) != nil {
			alarms++
		}
	}
	if alarms > 3 {
		t.Errorf("%d false alarms in 100", alarms)
	}
}

// TestManyChainsAreManyTests: the largest of n normal z exceeds the limit as rarely as one exceeds 4.
func TestManyChainsAreManyTests(t *testing.T) {
	one := math.Erfc(MaxZ / math.Sqrt2)
	for _, c := range []struct {
		n    int
		want float64
	}{{1, 4}, {8, 4.4765}, {100, 4.9966}} {
		limit := maxZOf(c.n)
		if p := 1 - math.Pow(1-math.Erfc(limit/math.Sqrt2), float64(c.n)); math.Abs(p/one-1) > 1e-4 || math.Abs(limit-c.want) > 2e-2 {
			t.Errorf("%d chains: limit %v is exceeded with probability %v, want %v", c.n, limit, p, one)
		}
	}
}
