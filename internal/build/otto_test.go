package build

import (
	"strings"
	"testing"

	"machlup/gan/otto"
)

// The systems on the Wasserstein space are what their tables say, and refuse what has no law.
func TestWassersteinSystems(t *testing.T) {
	const text = "name = \"t\"\n[system]\nkind = \"quantile\"\n[system.quantile]\nparticles = 9\nflow = \"kl\"\nmeans = [-2.0, 2.0]\nstds = [1.0]\n[estimator.stationary]\n"
	exp, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	m, err := exp.Tasks[0].env.NewModel()
	if err != nil {
		t.Fatal(err)
	}
	q, ok := m.Potential.(*otto.Quantile)
	if !ok || q.Dim() != 9 || q.Flow() != otto.KL || m.NoLinear != nil || m.NoRecurrence != nil {
		t.Fatalf("built %T: %v, %v", m.Potential, m.NoLinear, m.NoRecurrence)
	}
	for set, want := range map[string]string{
		"system.quantile.flow=js":          "saturating",
		"system.quantile.particles=1":      "[2",
		"system.quantile.origin=zeros":     "data",
		"system.quantile.stds=[1.0, 2, 3]": "3 values for 2 modes",
		"system.kind=quantil":              `did you mean "quantile"?`,
	} {
		if _, err := parse(text, set); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--set %s: %v, want %s", set, err, want)
		}
	}
	free := strings.Replace(text, "estimator.stationary", "estimator.free-energy", 1)
	if _, err := parse(free); err != nil {
		t.Errorf("free energy under kl: %v", err)
	}
	if _, err := parse(free, "system.quantile.flow=saturating"); err == nil || !strings.Contains(err.Error(), "not normalisable") {
		t.Errorf("free energy under C: %v", err)
	}
	hermite := strings.Replace(strings.Split(text, "[system.quantile]")[0], "quantile", "hermite-galerkin", 1) + "[system.hermite-galerkin]\nmodes = 5\n[estimator.stationary]\n"
	if exp, err = parse(hermite); err != nil {
		t.Fatal(err)
	}
	if m, err = exp.Tasks[0].env.NewModel(); err != nil || m.Potential.Dim() != 5 {
		t.Fatalf("%v, %v", m, err)
	}
	if _, err := parse(hermite, "system.hermite-galerkin.nodes=9"); err == nil || !strings.Contains(err.Error(), "12 are needed") {
		t.Errorf("9 nodes for 5 modes: %v", err)
	}
}
