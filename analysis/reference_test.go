package analysis

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// reference holds what ArviZ, SciPy and pymbar say (testdata/reference.py, versions in the file).
type reference struct {
	Chains []struct {
		Name    string
		Chains  [][]float64
		ESSBulk float64 `json:"ess_bulk"`
		ESSTail float64 `json:"ess_tail"`
		RHat    float64
		Bulk    float64 `json:"rhat_bulk"`
		Folded  float64 `json:"rhat_folded"`
	}
	Weights []struct {
		LogW []float64
		K    float64
	}
	Kolmogorov []struct {
		N    float64
		D, P float64
	}
	AndersonDarling struct {
		N    float64
		Z, P []float64
	} `json:"anderson_darling"`
	Harmonic struct {
		K, X, F      []float64
		N            []int
		DF           [][]float64 `json:"df"`
		Overlap      [][]float64
		TargetK      float64   `json:"target_k"`
		TargetX      float64   `json:"target_x"`
		TargetF      float64   `json:"target_f"`
		TargetDF     float64   `json:"target_df"`
		TargetMean   []float64 `json:"target_mean"`
		TargetStdErr []float64 `json:"target_stderr"`
		BarF         float64   `json:"bar_f"`
		BarDF        float64   `json:"bar_df"`
	}
}

func readReference(t *testing.T) reference {
	t.Helper()
	b, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestConvergenceAgreesWithArviZ(t *testing.T) {
	for _, c := range readReference(t).Chains {
		d, err := Convergence(c.Chains)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		near(t, c.Name+" bulk ESS", d.ESSBulk, c.ESSBulk, 1e-10)
		near(t, c.Name+" tail ESS", d.ESSTail, c.ESSTail, 1e-10)
		if len(c.Chains) > 1 {
			near(t, c.Name+" R̂", d.RHat, c.RHat, 1e-10)
			near(t, c.Name+" bulk R̂", d.RHatBulk, c.Bulk, 1e-10)
			near(t, c.Name+" folded R̂", d.RHatFolded, c.Folded, 1e-10)
		}
	}
}

func TestParetoKAgreesWithArviZ(t *testing.T) {
	for _, w := range readReference(t).Weights {
		near(t, "k̂", ParetoK(w.LogW), w.K, 1e-10)
	}
}

func TestKSAgreesWithExactDistribution(t *testing.T) {
	for _, k := range readReference(t).Kolmogorov {
		// A sample whose statistic is d: all mass a distance d below the uniform quantiles.
		x := make([]float64, int(k.N))
		for i := range x {
			x[i] = float64(i+1) / k.N
		}
		d, p := KS(x, func(x float64) float64 { return max(0, x-k.D) }, k.N)
		near(t, "d", d, k.D, 1e-12)
		within(t, "p", p, k.P, 0.035/k.N)
	}
}

func TestAndersonDarlingAgreesWithSimulation(t *testing.T) {
	a := readReference(t).AndersonDarling
	for i, z := range a.Z {
		x := adLimit(z)
		within(t, "p", 1-x-adCorrection(a.N, x), a.P[i], 4*math.Sqrt(a.P[i]*(1-a.P[i])/8e6)+1e-4)
	}
}

func TestMBARAgreesWithPymbar(t *testing.T) {
	h := readReference(t).Harmonic
	u := make([][]float64, len(h.K))
	for k := range u {
		u[k] = mapped(h.X, func(x float64) float64 { return h.K[k] * x * x / 2 })
	}
	m, err := MBAR(u, h.N)
	if err != nil {
		t.Fatal(err)
	}
	for i := range h.K {
		for j := range h.K {
			near(t, "ΔF", m.Difference(i, j).Value, h.F[j]-h.F[i], 1e-9)
			within(t, "its error", m.Difference(i, j).StdErr, h.DF[i][j], 1e-8)
			near(t, "overlap", m.Overlap[i*len(h.K)+j], h.Overlap[i][j], 1e-9)
		}
	}
	target := mapped(h.X, func(x float64) float64 { return h.TargetK * (x - h.TargetX) * (x - h.TargetX) / 2 })
	r, err := m.Reweight(target, h.X, mapped(h.X, func(x float64) float64 { return x * x }))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "target F", r.F.Value, h.TargetF, 1e-9)
	near(t, "its error", r.F.StdErr, h.TargetDF, 1e-7)
	for i, e := range r.Means {
		near(t, "mean", e.Value, h.TargetMean[i], 1e-9)
		near(t, "its error", e.StdErr, h.TargetStdErr[i], 1e-6)
	}
	xf, xr := h.X[:h.N[0]], h.X[h.N[0]:h.N[0]+h.N[1]]
	f, df, _, err := BAR(mapped(xf, func(x float64) float64 { return 0.4 * x * x }), mapped(xr, func(x float64) float64 { return -0.4 * x * x }))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "BAR", f, h.BarF, 1e-9)
	near(t, "its error", df, h.BarDF, 1e-9)
}
