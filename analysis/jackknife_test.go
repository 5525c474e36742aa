package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Linear f: the mean and its textbook error. x²: the bias correction is exact,
// b·x̄² − (b−1)·mean of leave-one-out squares = x̄² − s²/b.
func TestJackknifeExact(t *testing.T) {
	blocks := [][]float64{{1, 3}, {2, 5}, {4, 4}, {9, 1}}
	x := []float64{1, 2, 4, 9}
	mean, v := meanVar(x)
	value, err := Jackknife(blocks, func(m []float64) float64 { return m[0] })
	near(t, "mean", value, mean, 1e-14)
	near(t, "error", err, math.Sqrt(v/4), 1e-13)
	value, _ = Jackknife(blocks, func(m []float64) float64 { return m[0] * m[0] })
	near(t, "square", value, mean*mean-v/4, 1e-13)

	j, e := JackknifeVector(blocks, 2, func(dst, m []float64) { dst[0], dst[1] = m[0], m[1] })
	if e != nil {
		t.Fatal(e)
	}
	cov := 0.0
	for _, b := range blocks {
		cov += (b[0] - mean) * (b[1] - 3.25) / 3 / 4
	}
	near(t, "cross-covariance", j.Cov[1], cov, 1e-13)
	near(t, "symmetric", j.Cov[2], j.Cov[1], 1e-15)
	near(t, "correlation", j.Correlation(0, 1), cov/math.Sqrt(j.Cov[0]*j.Cov[3]), 1e-13)
	near(t, "correlation, other way", j.Correlation(1, 0), j.Correlation(0, 1), 1e-15)
	near(t, "correlation with itself", j.Correlation(1, 1), 1, 1e-15)
	if got := j.Estimate(0); got.Value != j.Value[0] || got.StdErr != math.Sqrt(j.Cov[0]) {
		t.Error("Estimate")
	}
}

func TestJackknifeRefuses(t *testing.T) {
	v, e := Jackknife([][]float64{{2}}, func(m []float64) float64 { return 3 * m[0] })
	if v != 6 || !math.IsInf(e, 1) {
		t.Errorf("one block: %g ± %g", v, e)
	}
	if v, e = Jackknife([][]float64{{1}, {4}}, func(m []float64) float64 { return m[0] }); v != 2.5 || math.Abs(e-1.5) > 1e-14 {
		t.Errorf("two blocks are the least: %g ± %g", v, e)
	}
	blocks := [][]float64{{1}, {-0.5}, {0.2}}
	v, e = Jackknife(blocks, func(m []float64) float64 { return math.Log(m[0]) })
	if math.Abs(v-math.Log(0.7/3)) > 1e-12 || !math.IsInf(e, 1) {
		t.Errorf("log of a leave-one-out mean < 0: %g ± %g", v, e)
	}
	_, err := JackknifeVector(blocks, 1, func(dst, m []float64) { dst[0] = math.Log(m[0]) })
	refused(t, "not finite", err, NotFinite)
}

func TestBlockMeans(t *testing.T) {
	b := BlockMeans([][]float64{{1, 3, 5, 7, 100}, {0, 0, 1, 1, 1}}, 2)
	if len(b) != 2 || b[0][0] != 2 || b[1][0] != 6 || b[0][1] != 0 || b[1][1] != 1 {
		t.Errorf("%v", b)
	}
	if BlockLength(1.21) != 13 || BlockLength(0.5) != 5 {
		t.Error("blocks of 10τ")
	}
}

// Nonlinear function of two correlated means, correlated draws, 30 blocks.
func TestJackknifeIsCalibrated(t *testing.T) {
	const exact = 1 / 3.0 // ⟨x²⟩/⟨(x+1)²+1⟩ with x ~ N(0,1)
	calibrated(t, "ratio", 300, exact, 0.1, func(rng *rand.Rand) Estimate {
		x := ar1(rng, 0.6, 6000)
		series := [][]float64{mapped(x, func(v float64) float64 { return v * v }),
			mapped(x, func(v float64) float64 { return (v+1)*(v+1) + 1 })}
		v, e := Jackknife(BlockMeans(series, 200), func(m []float64) float64 { return m[0] / m[1] })
		return Estimate{v, e}
	})
}
