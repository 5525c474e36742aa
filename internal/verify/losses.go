package verify

import (
	"fmt"
	"math"
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
	return append(checks, divergenceChecks()...)
}

// Two Gaussians: data N(dataMean, dataStd²), samples N(fakeMean, fakeStd²).
const dataMean, dataStd, fakeMean, fakeStd = 0.3, 1.0, -0.5, 1.1

// divergenceChecks set the critic of the game lq to the optimal one, V* = slope·log(p/q) +
// offset, which is quadratic in x: the mean of loss_d over fresh evaluation batches is then
// minus the divergence that the loss is named after. Learning rates are too small to move.
func divergenceChecks() []Check {
	const shift, sum = dataMean - fakeMean, dataStd*dataStd + fakeStd*fakeStd
	w, v := 0.5/(fakeStd*fakeStd)-0.5/(dataStd*dataStd), dataMean/(dataStd*dataStd)-fakeMean/(fakeStd*fakeStd)
	c := fakeMean*fakeMean/(2*fakeStd*fakeStd) - dataMean*dataMean/(2*dataStd*dataStd) + math.Log(fakeStd/dataStd)
	kl := func(ratio, shift float64) float64 { return (ratio*ratio+shift*shift-1)/2 - math.Log(ratio) }
	var checks []Check
	for _, d := range []struct {
		loss, name    string
		slope, offset float64
		law           func() float64 // the divergence
	}{
		{"fgan-kl", "KL(p‖q)", 1, 1, func() float64 { return kl(dataStd/fakeStd, shift/fakeStd) }},
		{"fgan-reverse-kl", "KL(q‖p)", 1, 0, func() float64 { return kl(fakeStd/dataStd, shift/dataStd) }},
		{"fgan-js", "2 JSD", 1, 0, twiceJSD},
		{"fgan-squared-hellinger", "∫(√p − √q)²", 0.5, 0, func() float64 {
			return 2 - 2*math.Sqrt(2*dataStd*fakeStd/sum)*math.Exp(-shift*shift/(4*sum))
		}},
		{"minimax", "2 JSD − 2 log 2", 1, 0, func() float64 { return twiceJSD() - 2*math.Ln2 }},
	} {
		text := fmt.Sprintf(`name = "verify-divergence-%s"
seed = 59
[system]
kind = "lq"
[system.lq]
theta = [%.17g, %.17g]
psi = [%.17g, %.17g, %.17g]
[system.lq.gaussian]
mean = %.17g
std = %.17g
[trainer]
loss = %q
[trainer.generator.sgd]
eta = 1e-14
[trainer.discriminator.sgd]
eta = 1e-14
[noise]
kind = "none"
quenched_batch = 2
[observables]
names = ["loss_d"]
batch = 20000
[run]
replicas = 100
[estimator.phase]
observable = "loss_d"
steps = 1
every = 1
window = 1
`, d.loss, fakeStd, fakeMean, d.slope*w, d.slope*v, d.slope*c+d.offset, dataMean, dataStd, d.loss)
		checks = append(checks, Check{ID: "losses/" + d.loss + "/divergence", Group: "Losses", Name: d.loss + ": L_D at the optimal critic of two Gaussians is −[" + d.name + "]",
			Kind: MonteCarlo, Experiment: text, Law: func() float64 { return -d.law() }, Tolerance: 2e-3,
			Cell: Cell{Table: "phase", Row: map[string]string{"observable": "loss_d"}, Column: "mean", StdErr: "stderr", ESS: "ess"}})
	}
	return checks
}

// twiceJSD is KL(p‖m) + KL(q‖m), m = (p+q)/2, by the trapezoidal rule.
func twiceJSD() float64 {
	density := func(x, mean, std float64) float64 {
		return math.Exp(-(x-mean)*(x-mean)/(2*std*std)) / (std * math.Sqrt(2*math.Pi))
	}
	const h = 1e-3
	integral := 0.0
	for x := -15.0; x < 15; x += h {
		p, q := density(x, dataMean, dataStd), density(x, fakeMean, fakeStd)
		integral += h * (p*math.Log(2*p/(p+q)) + q*math.Log(2*q/(p+q)))
	}
	return integral
}
