package engine

import (
	"math"
	"sort"
	"testing"

	"machlup/analysis"
	"machlup/internal/rng"
)

// TestUncertainPrediction: chains and a prediction that is the mean of four estimates, as uncertain as the chains' own
// mean. |z| > 3 then has the chance of a normal variable, which the plain ratio exceeds several times over, and
// ks_p is below 0.05 no more often than it says.
func TestUncertainPrediction(t *testing.T) {
	const chains, repeats, trials = 64, 4, 6000
	src := rng.New(3, 0, "uncertain prediction", "")
	plain, student, rejected, naive := 0.0, 0.0, 0.0, 0.0
	x := make([]float64, chains)
	for range trials {
		src.Normals(x)
		var measured, estimates analysis.Moments
		for _, v := range x {
			measured.Add(v)
		}
		for range repeats {
			estimates.Add(src.Normal() * math.Sqrt(float64(repeats)/chains))
		}
		c := comparison{shift: measured.Mean() - estimates.Mean(), meanErr: measured.StdErr(), classicalErr: estimates.StdErr(), chains: chains, repeats: repeats}
		if math.Abs(c.shift)/math.Hypot(c.meanErr, c.classicalErr) > 3 {
			plain++
		}
		if math.Abs(c.z(c.shift, c.meanErr, c.classicalErr)) > 3 {
			student++
		}
		sort.Float64s(x)
		if ksOfPrediction(x, estimates.Mean(), 1, c.classicalErr, 0) < 0.05 {
			rejected++
		}
		if ksOfPrediction(x, estimates.Mean(), 1, 0, 0) < 0.05 {
			naive++
		}
	}
	const chance = 0.0027
	if student/trials > chance+4*math.Sqrt(chance/trials) || plain/trials < 3*chance {
		t.Errorf("|z| > 3: %.4f of trials, plain ratio %.4f; a normal variable %.4f", student/trials, plain/trials, chance)
	}
	if rejected/trials > 0.06 || naive/trials < 0.1 {
		t.Errorf("ks_p < 0.05: %.3f of trials, %.3f without the error of the prediction", rejected/trials, naive/trials)
	}
	t.Logf("|z|>3: %.4f, plain %.4f; ks %.3f, naive %.3f", student/trials, plain/trials, rejected/trials, naive/trials)
}

// TestStudentZ: degrees of freedom and their normal equivalent.
func TestStudentZ(t *testing.T) {
	for _, c := range []struct{ measured, predicted, want float64 }{
		{0, 1, 2.196}, // t = 4 with 3 degrees of freedom: p = 0.0280
		{1, 0, 4},     // with very many
		{1, 1, 2.427}, // 2√2 with 12: p = 0.0152
	} {
		if got := (comparison{chains: 1e9, repeats: 4}).z(4, c.measured, c.predicted); math.Abs(got-c.want) > 0.02 {
			t.Errorf("errors %v and %v: z = %.4f, want %.4f", c.measured, c.predicted, got, c.want)
		}
	}
	if z := (comparison{chains: 64, repeats: 4}).z(-1, 0, 0); !math.IsInf(z, -1) {
		t.Errorf("without any error: z = %v", z)
	}
}
