package build

import (
	"strings"
	"testing"
)

// What a scheme makes no sense for is refused with the reason, before anything runs.
func TestSchemeRefusals(t *testing.T) {
	text := func(system, scheme, settings, estimator string) string {
		return "name = \"t\"\n[system]\nkind = \"" + system + "\"\n[trainer]\nscheme = \"" + scheme + "\"\n[trainer." + scheme + "]\n" + settings + "\n" + estimator + "\n"
	}
	for says, text := range map[string]string{
		"no sum over data":          text("harmonic", "sgld", "gradient = \"svrg\"", "[estimator.stationary]"),
		"a permutation":             text("quadratic-sum", "sgld", "gradient = \"epoch\"", "[estimator.ensemble]"),
		"no stationary law":         text("harmonic", "sgld", "schedule = \"polynomial\"", "[estimator.stationary]"),
		"no potential":              text("linear-game", "mala", "", "[estimator.stationary]"),
		"memory has no observables": text("harmonic", "euler-maruyama", "", "[estimator.stationary]\nmemory = true"),
		"the gradient of the batch": text("quadratic-sum", "rmsprop-sgld", "gradient = \"minibatch\"\ncorrection = \"published\"", "[estimator.stationary]"),
		"at most 2αT/η":             text("harmonic", "sghmc", "gradient = \"gaussian\"\nnoise_estimate = 100.0", "[estimator.stationary]"),
		"ascending multiples":       text("double-well", "heun", "", "[estimator.escape]\nlags = [20, 10]"),
	} {
		if _, err := parse(text); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "test.toml:") {
			t.Errorf("%q: %v", says, err)
		}
	}
}
