package analysis

import (
	"encoding/json"
	"os"
	"testing"
)

// TestGammaMethodAgreesWithPyerrors: window and standard error are the same numbers (testdata/gamma.py, versions in the
// file) where autocorrelations are positive up to the window. Where noise makes one negative, the window, whose scale
// is Σ|ρ| here and Σρ there, is longer. τ is quoted over the variance corrected by C/N here, by Γ(0)/N there: that factor
// alone is between them.
func TestGammaMethodAgreesWithPyerrors(t *testing.T) {
	b, err := os.ReadFile("testdata/gamma.json")
	if err != nil {
		t.Fatal(err)
	}
	var reference struct {
		Series []struct {
			Name   string
			Chains [][]float64
			StdErr float64
			Window int
			Tau    float64
			TauErr float64 `json:"tau_stderr"`
		}
	}
	if err := json.Unmarshal(b, &reference); err != nil {
		t.Fatal(err)
	}
	if len(reference.Series) == 0 {
		t.Fatal("no series")
	}
	same := 0
	for _, c := range reference.Series {
		tau := AutocorrelationChains(c.Chains)
		g, positive := &lags{chains: centred(c.Chains, tau.Mean), longest: len(c.Chains[0])}, true
		for d := range c.Window {
			positive = positive && g.at(d) > 0
		}
		if !positive && tau.Window > c.Window {
			continue
		}
		same++
		if tau.Window != c.Window {
			t.Errorf("%s: window %d, want %d", c.Name, tau.Window, c.Window)
		}
		n := float64(tau.N)
		near(t, c.Name+" standard error", tau.StdErr, c.StdErr, 1e-10)
		square := tau.StdErr * tau.StdErr / (1 + float64(2*tau.Window+1)/n) // C/N before its correction
		gamma0 := tau.Var - square
		near(t, c.Name+" τ", tau.Tau*tau.Var/(gamma0*(1+1/n)), c.Tau, 1e-10)
		within(t, c.Name+" error of τ", tau.TauErr, c.TauErr, 0.05*c.TauErr)
	}
	if same < 3 {
		t.Errorf("only %d of %d series could be compared", same, len(reference.Series))
	}
}
