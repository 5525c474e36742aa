package verify

import (
	"fmt"
	"strings"
)

// lossChecks are the derivatives of the trainer's step under every loss: gradients of both
// players against central differences of the losses, and the tangent of the step, which
// takes their second derivatives, against central differences of the step.
func lossChecks() []Check {
	var checks []Check
	for _, l := range []struct{ id, loss, tables string }{
		{"minimax", "minimax", ""},
		{"non-saturating", "non-saturating", ""},
		{"fgan-kl", "fgan-kl", ""},
		{"fgan-kl-non-saturating", "fgan-kl", "[trainer.fgan-kl]\ngenerator = \"non-saturating\"\n"},
		{"fgan-reverse-kl", "fgan-reverse-kl", ""},
		{"fgan-reverse-kl-non-saturating", "fgan-reverse-kl", "[trainer.fgan-reverse-kl]\ngenerator = \"non-saturating\"\n"},
		{"fgan-js", "fgan-js", ""},
		{"fgan-squared-hellinger", "fgan-squared-hellinger", ""},
		{"fgan-pearson", "fgan-pearson", ""},
		{"fgan-total-variation", "fgan-total-variation", ""},
		{"wasserstein", "wasserstein", ""},
		{"least-squares", "least-squares", ""},
		{"least-squares-sigmoid", "least-squares", "[trainer.least-squares]\na = -1.0\nc = 0.0\n"},
		{"hinge", "hinge", ""},
	} {
		text := tinyGAN("loss-"+l.id, fmt.Sprintf("loss = %q\n%s", l.loss, l.tables), quenchedNoise+"[estimator.derivatives]\ndifference = 1e-5\n")
		text = strings.ReplaceAll(text, "eta = 0.3\n", "eta = 0.03\n") // e^V of fgan-kl overflows at 0.3
		if l.id == "least-squares-sigmoid" {
			text = strings.Replace(text, "[system.mlp.discriminator]\n", "[system.mlp.discriminator]\noutput = \"sigmoid\"\n", 1)
		}
		for _, q := range []struct {
			id, quantity string
			tolerance    float64
		}{
			{"gradient-d", "gradient of the discriminator", 1e-7},
			{"gradient-g", "gradient of the generator", 1e-7},
			{"tangent", "tangent of the step", 1e-6},
		} {
			checks = append(checks, Check{ID: "losses/" + l.id + "/" + q.id, Group: "Losses", Name: l.id + ": " + q.quantity, Kind: Exact,
				Experiment: text, Tolerance: q.tolerance,
				Cell: Cell{Table: "summary", Row: map[string]string{"quantity": "relative error: " + q.quantity}, Column: "value"}})
		}
	}
	return checks
}
