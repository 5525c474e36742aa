package verify

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"machlup/langevin/exact"

	"gonum.org/v1/gonum/stat/distuv"
)

// lineGAN is a generator x = az + b of few quantile latents against the exact discriminator:
// its potential is a function on the plane, integrated by scaleShift.
func lineGAN(name, loss, prior, rest string) string {
	return fmt.Sprintf(`name = "verify-optimal-%s"
seed = 81
[system]
kind = "mlp"
[system.mlp]
prior = %q
[system.mlp.box]
half_width = %v
[system.mlp.gaussian]
mean = %v
std = %v
[system.mlp.generator]
latent = 1
hidden = []
[system.mlp.discriminator]
kind = "optimal"
[system.mlp.discriminator.optimal]
bandwidth = %v
latents = "quantiles"
[trainer]
loss = %q
[noise]
kind = "injected"
temperature_g = %v
quenched_batch = %d
[observables]
names = ["energy", "theta_1"]
batch = 16
%s`, name, prior, lineBox, lineMean, lineStd, lineBandwidth, loss, lineT, lineRows, rest)
}

// under puts lineGAN's potential under BAOAB.
func under(text string) string {
	text = strings.Replace(text, "[trainer]\n", "[trainer]\nscheme = \"splitting\"\n", 1)
	text = strings.Replace(text, "kind = \"injected\"\n", "kind = \"none\"\n", 1)
	text = strings.Replace(text, fmt.Sprintf("temperature_g = %v\n", lineT), "", 1)
	return text + fmt.Sprintf("[trainer.splitting]\nstep = 0.2\nfriction = 1.0\ntemperature = %v\n", lineT)
}

const (
	lineMean, lineStd, lineBandwidth = 1.0, 0.8, 0.5
	lineT, lineRows, lineBox         = 0.25, 8, 2.0
	lineRate                         = 0.2 // of SGLD
)

// scaleShift is the law e^{−C/T}π of (a, b) from its definition: sums over a grid of the
// plane, C by sums over a line of its own.
type scaleShift struct {
	loss, prior string
	eta         float64 // of SGLD, whose law is e^{−(U − η|∇U|²/4 + ηT∇²U/2)/T} to O(η²); 0: exact
}

// functional is C_h or 2 KL(m_h‖p_h) at (a, b).
func (s scaleShift) functional(a, b float64) float64 {
	const step = 0.1
	sum, width := 0.0, math.Hypot(lineStd, lineBandwidth)
	for x := -20.0; x < 22; x += step {
		p, q := distuv.UnitNormal.Prob((x-lineMean)/width)/width, 0.0
		for i := range lineRows {
			y := a*distuv.UnitNormal.Quantile((float64(i)+0.5)/lineRows) + b
			q += distuv.UnitNormal.Prob((x-y)/lineBandwidth) / (lineBandwidth * lineRows)
		}
		switch {
		case s.loss == "non-saturating" && q > 1e-300:
			sum += step * (p + q) * math.Log((p+q)/(2*p))
		case s.loss == "non-saturating":
			sum -= step * p * math.Ln2
		case q > 1e-300 && p > 1e-300:
			sum += step * (p*math.Log(p/(p+q)) + q*math.Log(q/(p+q)))
		}
	}
	return sum
}

// law returns log Z relative to the prior, ⟨U⟩ and ⟨b⟩.
func (s scaleShift) law() (logZ, energy, shift float64) {
	half, n := 6.0, 80 // of N(0, 1), where the trapezoidal rule is exact to rounding
	if s.prior == "box" {
		half, n = lineBox, 64
	}
	d := 2 * half / float64(n)
	u := make([][]float64, n+1)
	for i := range u {
		u[i] = make([]float64, n+1)
		for j := range u[i] {
			a, b := -half+d*float64(i), -half+d*float64(j)
			u[i][j] = s.functional(a, b) + lineT*s.minusLogPrior(a, b)
		}
	}
	var z, zu, zb float64
	for i := range u {
		for j := range u[i] {
			w := math.Exp(-(u[i][j]+s.discretisation(u, i, j, d))/lineT) * s.weight(i, n) * s.weight(j, n) * d * d
			z, zu, zb = z+w, zu+w*u[i][j], zb+w*(-half+d*float64(j))
		}
	}
	return math.Log(z), zu / z, zb / z
}

func (s scaleShift) minusLogPrior(a, b float64) float64 {
	if s.prior == "box" {
		return 2 * math.Log(2*lineBox)
	}
	return (a*a+b*b)/2 + math.Log(2*math.Pi)
}

// weight is Simpson's in a box, else 1.
func (s scaleShift) weight(i, n int) float64 {
	switch {
	case s.prior != "box":
		return 1
	case i == 0 || i == n:
		return 1.0 / 3
	case i%2 == 1:
		return 4.0 / 3
	}
	return 2.0 / 3
}

// discretisation is −η|∇U|²/4 + ηT∇²U/2 by differences of fourth order; at the edge, where
// the law is 10⁻⁸ of its top, 0.
func (s scaleShift) discretisation(u [][]float64, i, j int, d float64) float64 {
	n := len(u)
	if s.eta == 0 || min(i, j) < 2 || max(i, j) > n-3 {
		return 0
	}
	along := func(di, dj int) (first, second float64) {
		at := func(k int) float64 { return u[i+k*di][j+k*dj] }
		first = (8*(at(1)-at(-1)) - (at(2) - at(-2))) / (12 * d)
		second = (16*(at(1)+at(-1)) - (at(2) + at(-2)) - 30*at(0)) / (12 * d * d)
		return first, second
	}
	fa, sa := along(1, 0)
	fb, sb := along(0, 1)
	return -s.eta*(fa*fa+fb*fb)/4 + s.eta*lineT*(sa+sb)/2
}

// optimalChecks are the exact discriminator's potential, its laws and its paths.
func optimalChecks() []Check {
	checks := slopeChecks()
	long := "[estimator.stationary]\nchains = 4\nwarmup = 500\nsteps = 25000\nevery = 2\n"
	sgld := lineGAN("sgld", "saturating", "weight-decay", fmt.Sprintf("[trainer.generator.sgd]\neta = %v\n", lineRate)+long)
	law := func(id, name, text, observable string, s scaleShift, cap float64) {
		checks = append(checks, Check{ID: "optimal/" + id, Group: "Optimal discriminator", Name: name, Kind: MonteCarlo, Experiment: text, Cell: stationaryCell(observable),
			Law: func() float64 {
				_, energy, shift := s.law()
				if observable == "energy" {
					return energy
				}
				return shift
			}, Tolerance: cap})
	}
	decay := scaleShift{loss: "saturating", prior: "weight-decay"}
	law("sgld-energy", "SGLD of x = az + b in C_h with weight decay: ⟨U⟩ by quadrature, to O(η²)", sgld, "energy", scaleShift{decay.loss, decay.prior, lineRate}, 0.005)
	law("sgld-shift", "the same: ⟨b⟩", sgld, "theta_1", scaleShift{decay.loss, decay.prior, lineRate}, 0.012)
	baoab := under(lineGAN("baoab", "non-saturating", "weight-decay", long))
	kl := scaleShift{loss: "non-saturating", prior: "weight-decay"}
	law("baoab-energy", "BAOAB of x = az + b in 2KL(m_h‖p_h) with weight decay: ⟨U⟩ by quadrature", baoab, "energy", kl, 0.006)
	law("baoab-shift", "the same: ⟨b⟩", baoab, "theta_1", kl, 0.012)

	logZ := func(id, loss, prior, method string) {
		text := lineGAN("log-z-"+id, loss, prior, "[estimator.free-energy]\nreference = \"prior\"\n"+map[string]string{
			"ti-gauss-legendre": "draws = 5000\npoints = 6\nchains = 2\n", "ais": "method = \"ais\"\nruns = 3000\n", "bar": "method = \"bidirectional\"\nruns = 700\n"}[method])
		checks = append(checks, Check{ID: "optimal/log-z-" + id, Group: "Optimal discriminator", Name: fmt.Sprintf("log Z of x = az + b relative to the prior %s, %s, by %s", prior, loss, method), Kind: MonteCarlo,
			Experiment: text, Cell: Cell{Table: "partition", Row: map[string]string{"quantity": "log_z", "estimator": method}, Column: "log_z", StdErr: "stderr", ESS: "ess"},
			Law: func() float64 { z, _, _ := scaleShift{loss: loss, prior: prior}.law(); return z }, Tolerance: 0.02})
	}
	logZ("ti", "saturating", "weight-decay", "ti-gauss-legendre")
	logZ("ais", "saturating", "weight-decay", "ais")
	logZ("bar", "saturating", "weight-decay", "bar")
	logZ("box", "saturating", "box", "ti-gauss-legendre")
	logZ("box-ais", "saturating", "box", "ais")
	logZ("kl", "non-saturating", "weight-decay", "ais")
	checks = append(checks, optimalPathChecks()...)
	for i, c := range checks { // each is one of several that see the same code
		checks[i].Full = slices.Contains([]string{"optimal/baoab-energy", "optimal/baoab-shift", "optimal/log-z-bar", "optimal/log-z-box", "optimal/O10-natural"}, c.ID)
	}
	return checks
}

// mixtureGAN is a tanh generator of 10 parameters against the exact discriminator of a mixture.
func mixtureGAN(name, loss, prior, optimizer, rest string) string {
	return fmt.Sprintf(`name = "verify-optimal-%s"
seed = 82
[system]
kind = "mlp"
[system.mlp]
target = "mixture"
prior = %q
[system.mlp.box]
half_width = 1.2
[system.mlp.mixture]
means = [-1.5, 2.0]
stds = [0.5, 0.8]
weights = [1.0, 2.0]
[system.mlp.generator]
latent = 1
hidden = [3]
activation = "tanh"
[system.mlp.discriminator]
kind = "optimal"
[system.mlp.discriminator.optimal]
bandwidth = 0.4
[trainer]
loss = %q
[trainer.generator]
optimizer = %q
[noise]
kind = "injected"
temperature_g = 0.01
quenched_batch = 12
[observables]
batch = 24
%s`, name, prior, loss, optimizer, rest)
}

// slopeChecks are derivatives against central differences.
func slopeChecks() []Check {
	var checks []Check
	add := func(id, name, text, quantity string, tolerance float64) {
		checks = append(checks, Check{ID: "optimal/" + id, Group: "Optimal discriminator", Name: name, Kind: Exact, Experiment: text, Tolerance: tolerance,
			Cell: Cell{Table: "summary", Row: map[string]string{"quantity": "relative error: " + quantity}, Column: "value"}})
	}
	for _, loss := range []string{"saturating", "non-saturating"} {
		text := mixtureGAN("derivatives-"+loss, loss, "weight-decay", "momentum", "[estimator.derivatives]\ndifference = 1e-5\n")
		add("gradient-"+loss, "gradient of U, "+loss+": the functional's slope at fixed D*, backpropagated", text, "gradient of the potential", 1e-7)
		add("hessian-"+loss, "Hessian of U along a direction, "+loss, text, "Hessian of the potential", 1e-7)
		add("tangent-"+loss, "tangent of a heavy-ball step, "+loss, text, "tangent of the step", 1e-7)
	}
	natural := mixtureGAN("natural", "saturating", "box", "natural", "[estimator.derivatives]\ndifference = 1e-5\n")
	add("natural", "natural gradient of U in a box", natural, "natural gradient of the generator", 1e-8)
	add("tangent-natural", "tangent of that step, through F⁻¹", natural, "tangent of the step", 1e-6)
	return checks
}

// optimalPathChecks are O1 and O10 of the trainer.
func optimalPathChecks() []Check {
	const steps, parameters = 6, 10
	moves := fmt.Sprintf("[path]\nsteps = %d\n[move.single-slice]\n[move.staging]\nlength = %d\ntarget = 0.0\n", steps, steps)
	var checks []Check
	for _, c := range []struct{ optimizer, prior, rest string }{
		{"momentum", "weight-decay", ""}, {"natural", "box", ""},
	} {
		o1 := mixtureGAN("O1-"+c.optimizer, "saturating", c.prior, c.optimizer, moves+"[estimator.paths]\neach = false\nwarm = 60\nburn = 100\ndraws = 1500\n")
		o10 := mixtureGAN("O10-"+c.optimizer, "saturating", c.prior, c.optimizer, moves+"[move.shooting]\n[move.pcn]\n[estimator.o10]\nruns = 1500\ndraws = 1000\nwarm = 20\nburn = 100\n")
		if c.optimizer == "natural" {
			// The damping keeps the noise in the null space of J, of variance s²/λ, within reach of the moves.
			metric := "[trainer.generator.natural]\ndamping = 0.1\n[noise]\nmetric_g = \"natural\"\n"
			o1, o10 = strings.Replace(o1, "[noise]\n", metric, 1), strings.Replace(o10, "[noise]\n", metric, 1)
		}
		what := fmt.Sprintf("the optimal discriminator's generator, %s, prior %s", c.optimizer, c.prior)
		checks = append(checks,
			Check{ID: "optimal/O1-" + c.optimizer, Group: "Optimal discriminator", Name: "O1 on " + what + ": ⟨S_quad⟩ = K·n_G/2", Kind: MonteCarlo, Experiment: o1,
				Cell: certificateCell("all", "mean of S_quad/hbar"), Exact: exact.FreeEndAction(parameters, steps), Tolerance: 1},
			o10Check("optimal/O10-"+c.optimizer, "Optimal discriminator", "O10 on "+what, o10))
	}
	return checks
}
