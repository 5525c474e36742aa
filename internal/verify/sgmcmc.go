package verify

import (
	"fmt"
	"math"

	"machlup/langevin"
	"machlup/langevin/exact"
)

// sgmcmcChecks are the laws of stochastic gradients at finite step: additive noise, batches
// with fresh and shuffled data, control variates, SVRG, schedules, SGHMC.
func sgmcmcChecks() []Check {
	return append(noisyGradientChecks(), dataChecks()...)
}

// noisyGradientChecks have gradient noise of constant variance on a harmonic potential.
func noisyGradientChecks() []Check {
	const k, temperature, sigma = 1.5, 0.7, 1.2
	experiment := func(name, scheme, settings string, memory bool) string {
		return fmt.Sprintf(`name = "verify-%s"
seed = 16
[system]
kind = "harmonic"
[system.harmonic]
dim = 8
stiffness = [%v]
[observables]
names = ["mean_square_x"]
[trainer]
scheme = %q
[trainer.%s]
%s
[estimator.stationary]
chains = 4
warmup = 400
steps = 40000
memory = %v
`, name, k, scheme, scheme, settings, memory)
	}
	check := func(id, name, text, observable string, value float64) Check {
		return Check{ID: "langevin/" + id, Group: "Langevin", Name: name, Kind: MonteCarlo, Experiment: text,
			Cell: stationaryCell(observable), Exact: value, Tolerance: 0.01 * value}
	}
	noise := fmt.Sprintf("gradient = \"gaussian\"\ngradient_noise = %v\n", sigma)
	ball := experiment("gradient-noise-ball", "sghmc", noise+"eta = 0.4\nfriction = 0.4\ntemperature = 0.0", true)
	x, v := exact.HeavyBallVariance(k, 0.4, 0.6, sigma*sigma)
	period := func(j int) (float64, float64) {
		eta := 0.4 * (1 + math.Cos(math.Pi*float64(j)/20)) / 2
		if j < 5 {
			return eta, 0
		}
		return eta, temperature
	}
	return []Check{
		check("minibatch-noise", "SGLD with gradient noise: (2T+εC)/(h(2−εh))",
			experiment("gradient-noise", "sgld", noise+fmt.Sprintf("eta = 0.4\ntemperature = %v", temperature), false), "mean_square_x", exact.MinibatchVariance(k, 0.4, temperature, sigma*sigma)),
		check("ball-noise-x", "heavy ball with gradient noise: Var x = εσ²(1+μ)/[h(1−μ)(2(1+μ)−εh)]", ball, "mean_square_x", x),
		check("ball-noise-v", "heavy ball with gradient noise: Var v = 2ε²σ²/[(1−μ)(2(1+μ)−εh)]", ball, "mean_square_v", v),
		check("sghmc", "SGHMC, the gradient's noise estimated rightly: the heavy ball's variance at T",
			experiment("sghmc", "sghmc", noise+fmt.Sprintf("eta = 0.1\nfriction = 0.4\ntemperature = %v\nnoise_estimate = %v", temperature, sigma*sigma), false),
			"mean_square_x", exact.MomentumVariance(k, 0.1, 0.6, temperature)),
		check("cyclical", "cyclical SGLD: mean variance over a cycle",
			experiment("cyclical", "sgld", fmt.Sprintf("schedule = \"cyclical\"\nperiod = 20\nexploration = 0.25\neta = 0.4\ntemperature = %v", temperature), false),
			"mean_square_x", exact.ScheduledVariance(k, period, 20)),
	}
}

// dataChecks are on sums over data, in one dimension and on a matrix of two.
func dataChecks() []Check {
	const points, batch, eta, temperature, stiffness, spread = 64, 8, 0.4, 0.05, 1.4, 0.5
	experiment := func(name, system, gradient string, eta, temperature float64) string {
		return fmt.Sprintf(`name = "verify-data-%s"
seed = 17
[system]
kind = "quadratic-sum"
[system.quadratic-sum]
points = %d
%s
[observables]
names = ["mean_square_x"]
[trainer]
scheme = "sgld"
[trainer.sgld]
eta = %v
temperature = %v
gradient = %q
batch = %d
period_svrg = 16
[estimator.stationary]
chains = 4
warmup = 400
steps = 48000
`, name, points, system, eta, temperature, gradient, batch)
	}
	check := func(id, name, text string, value float64) Check {
		return Check{ID: "langevin/" + id, Group: "Langevin", Name: name, Kind: MonteCarlo, Experiment: text, Cell: stationaryCell("mean_square_x"),
			Exact: value, Tolerance: 0.02 * value}
	}
	scalar := func(c float64) string {
		return fmt.Sprintf("dim = 1\nstiffness = [%v]\nspread = 1.0\ncurvature_spread = %v", stiffness, c)
	}
	const slow = 0.05
	flat, uneven := scalarSum(points, stiffness, 0), scalarSum(points, stiffness, spread)
	sigma2 := variance(flat.A)
	return []Check{
		check("fresh-batches", "fresh batches without replacement: C = (σ²/B)(N−B)/(N−1)", experiment("fresh", scalar(0), "minibatch", slow, 0),
			exact.MinibatchVariance(stiffness, slow, 0, stiffness*stiffness*exact.WithoutReplacement(sigma2, points, batch))),
		check("epoch-shuffling", "batches of shuffled epochs: far less", experiment("epoch", scalar(0), "epoch", slow, 0),
			exact.EpochShuffledVariance(stiffness, slow, sigma2, points, batch)),
		check("sgld-data", "SGLD on fresh batches of unequal curvature", experiment("sgld", scalar(spread), "minibatch", eta, temperature),
			uneven.SGLDVariance(eta, temperature, batch, false)),
		check("control-variate", "SGLD with control variates at the mode", experiment("cv", scalar(spread), "control-variate", eta, temperature),
			uneven.SGLDVariance(eta, temperature, batch, true)),
		check("svrg", "SVRG-LD: mean variance over a period", experiment("svrg", scalar(spread), "svrg", eta, temperature),
			uneven.SVRGVariance(eta, temperature, batch, 16)),
		check("matrix-sgd", "matrix SGD: HΣ + ΣH = ε(C + HΣH), C of fresh batches",
			experiment("matrix", "dim = 2\nstiffness = [2.5, 0.6]\nangle = 0.5\nspread = 1.0", "minibatch", eta, 0), matrixSGD(points, batch, eta)),
	}
}

// scalarSum reads the data of the system off its terms.
func scalarSum(points int, stiffness, c float64) exact.ScalarSum {
	u, err := langevin.NewQuadraticSum(langevin.QuadraticSumConfig{Points: points, Dim: 1, Stiffness: []float64{stiffness}, Spread: 1, CurvatureSpread: c})
	if err != nil {
		panic("verify: a quadratic sum")
	}
	var s exact.ScalarSum
	f := make([]float64, 2)
	for i := range points {
		u.TermDrift(f[:1], i, []float64{0})
		u.TermDrift(f[1:], i, []float64{1})
		h := f[0] - f[1]
		s.H, s.A = append(s.H, h), append(s.A, f[0]/h)
	}
	return s
}

func variance(x []float64) float64 {
	mean, sum := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sum += (v - mean) * (v - mean) / float64(len(x))
	}
	return sum
}

// matrixSGD is ½ tr Σ of HΣ + ΣH = ε(C + HΣH) for the two-dimensional data.
func matrixSGD(points, batch int, eta float64) float64 {
	u, err := langevin.NewQuadraticSum(langevin.QuadraticSumConfig{Points: points, Dim: 2, Stiffness: []float64{2.5, 0.6}, Angle: 0.5, Spread: 1})
	if err != nil {
		panic("verify: a quadratic sum")
	}
	c, g := make([]float64, 4), make([]float64, 2)
	for i := range points {
		u.TermDrift(g, i, []float64{0, 0})
		for a := range 4 {
			c[a] += g[a/2] * g[a%2] / float64(points) * exact.WithoutReplacement(1, points, batch)
		}
	}
	cos, sin := math.Cos(0.5), math.Sin(0.5)
	h := []float64{2.5*cos*cos + 0.6*sin*sin, (2.5 - 0.6) * sin * cos, (2.5 - 0.6) * sin * cos, 2.5*sin*sin + 0.6*cos*cos}
	sigma := exact.MatrixSGDCovariance(h, c, 2, eta)
	return (sigma[0] + sigma[3]) / 2
}
