package build

import (
	"strings"
	"testing"
)

// Entropy production exists where paths have a density with noise on every component, for
// every such optimizer; elsewhere the reason is given before anything is written.
func TestNonEquilibriumOfTrainers(t *testing.T) {
	text := func(optimizer, noise string) string {
		return combination("non-saturating", "linear", "alternating", "sgd", optimizer,
			"[estimator.non-equilibrium]\nchains = 1\nwarmup = 0\nwindows = 20\nwindow = 1\nruns = 50\n[noise]\n"+noise)
	}
	const injected = "kind = \"injected\"\nquenched_batch = 4\ntemperature_d = 1e-2\ntemperature_g = 1e-2\n"
	for _, optimizer := range []string{"sgd", "momentum", "natural", "natural-momentum"} {
		exp := load(t, text(optimizer, injected))
		found := false
		for _, task := range exp.Tasks {
			if task.Estimator != "non-equilibrium" {
				continue
			}
			found = true
			if _, err := task.Runner.Run(t.Context(), 0, func(float64) {}); err != nil {
				t.Errorf("%s: %v", optimizer, err)
			}
		}
		if !found {
			t.Errorf("%s: no task", optimizer)
		}
	}
	for _, c := range []struct{ optimizer, noise, want string }{
		{"adam", injected, "whole past"},
		{"sgd", "kind = \"minibatch\"\n", "no Gaussian density"},
		{"sgd", strings.Replace(injected, "temperature_d = 1e-2", "temperature_d = 0.0", 1), "temperature 0"},
	} {
		_, err := parse(text(c.optimizer, c.noise))
		if err == nil || !strings.Contains(err.Error(), "entropy production") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %q: %v, want %q", c.optimizer, c.noise, err, c.want)
		}
	}
}
