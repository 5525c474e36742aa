package verify

import (
	"fmt"
	"math"

	"machlup/langevin"
	"machlup/langevin/exact"
)

// escapeChecks are rates over barriers: against −ln λ₂/η of the discrete kernel, whatever the
// step, and against the spectral gap of the generator for a scheme of second order.
func escapeChecks() []Check {
	const temperature, eta, tilt = 0.4, 0.06, 0.25
	gradient := func(x float64) float64 { return 4*x*(x*x-1) - tilt }
	curvature := func(x float64) float64 { return 12*x*x - 4 }
	const lo, hi, nodes = -2.6, 2.7, 531 // a node at −1, and 0.005 midway between two
	euler := func() *exact.Kernel {
		return exact.NewGaussianKernel(func(x float64) float64 { return x - eta*gradient(x) },
			func(float64) float64 { return math.Sqrt(2 * eta * temperature) }, lo, hi, nodes)
	}
	well := func(scheme string, eta float64, steps int, lags string) string {
		return fmt.Sprintf(`name = "verify-escape-%s"
seed = 31
[system]
kind = "double-well"
[system.double-well]
tilt = %v
[trainer]
scheme = %q
start = [-1.0]
[trainer.%s]
eta = %v
temperature = %v
[observables]
names = ["x0"]
[estimator.escape]
observable = "x0"
threshold = 0.005
chains = 360
warmup = 1000
steps = %d
every = 5
lags = %s
`, scheme, tilt, scheme, scheme, eta, temperature, steps, lags)
	}
	check := func(id, name, text, quantity string, tolerance float64, law func() float64) Check {
		return Check{ID: "escape/" + id, Group: "Escape", Name: name, Kind: MonteCarlo, Experiment: text, Law: law, Tolerance: tolerance,
			Cell: Cell{Table: "escape", Row: map[string]string{"quantity": quantity}, Column: "value", StdErr: "stderr", ESS: "ess"}}
	}
	coarse := well("euler-maruyama", eta, 10000, "[30, 60, 90]")
	fine := well("heun", 0.02, 30000, "[100, 200, 300]")
	passage := check("double-well-passage", "double well: mean first passage of the discrete chain", coarse, "first_passage", 0.39,
		func() float64 { return eta * euler().MeanFirstPassage(-1, 0.005) })
	passage.Exact = 5.93 // to judge the cap by
	replicas := Check{ID: "escape/double-well-replicas", Group: "Escape", Name: "double well: escapes over time at risk of 400 replicas, against the mean first passage of the discrete chain", Kind: MonteCarlo,
		Experiment: fmt.Sprintf(`name = "verify-escape-replicas"
seed = 33
[system]
kind = "double-well"
[system.double-well]
tilt = %v
[trainer]
scheme = "euler-maruyama"
start = [-1.0]
[trainer.euler-maruyama]
eta = %v
temperature = %v
[observables]
names = ["x0"]
[estimator.phase]
observable = "x0"
low = -0.5
high = 0.005
steps = 1500
every = 1
window = 100
[run]
replicas = 400
[output]
tables = ["phase", "summary"]
`, tilt, eta, temperature),
		Exact: 0.0101, Law: func() float64 { return 1 / euler().MeanFirstPassage(-1, 0.005) }, Tolerance: 0.00066,
		Cell: Cell{Table: "phase", Row: map[string]string{"observable": "escape_rate"}, Column: "mean", StdErr: "stderr", ESS: "ess"}}
	return []Check{
		replicas,
		check("double-well-kernel", "double well, Euler–Maruyama at a large step: −ln λ₂/η of the discrete kernel", coarse, "relaxation_rate", 0.012,
			func() float64 { return -math.Log(euler().Eigenvalues(2)[1]) / eta }),
		passage,
		check("double-well-gap", "double well, Heun: spectral gap of the generator", fine, "relaxation_rate", 0.012,
			func() float64 { return exact.GeneratorRates(gradient, curvature, temperature, -3, 3, 161, 2)[1] }),
		check("mueller-brown-gap", "Müller–Brown, Heun: spectral gap of the generator on a grid of the plane", `name = "verify-escape-mueller-brown"
seed = 32
[system]
kind = "mueller-brown"
[system.mueller-brown]
scale = 0.05
[trainer]
scheme = "heun"
start = [0.62, 0.03]
[trainer.heun]
eta = 0.002
temperature = 1.0
[observables]
names = ["x1"]
[estimator.escape]
observable = "x1"
threshold = 0.8
chains = 256
warmup = 10000
steps = 40000
every = 20
lags = [600, 1200, 1800]
`, "relaxation_rate", 0.014, muellerBrownGap),
	}
}

func muellerBrownGap() float64 {
	u, err := langevin.NewMuellerBrown(langevin.MuellerBrownConfig{Scale: 0.05})
	if err != nil {
		panic("verify: the Müller–Brown surface")
	}
	x := make([]float64, 2)
	gap, _ := exact.PlaneGap(func(a, b float64) float64 {
		x[0], x[1] = a, b
		return u.Energy(x)
	}, 1, [2]float64{-1.8, -0.8}, [2]float64{1.3, 2.3}, 40, 40)
	return gap
}
