package verify

import (
	"fmt"
	"math"

	"machlup/langevin"
	"machlup/langevin/exact"
)

// sgdInferenceChecks: the stationary covariance of SGD on a linear regression at a large step,
// whose noise grows with the distance from the minimum, against the fixed point of
// Σ = (1−εH)Σ(1−εH) + ε²⟨C⟩.
func sgdInferenceChecks() []Check {
	const eta = 0.5
	text := fmt.Sprintf(`name = "verify-sgd-inference"
seed = 76
[system]
kind = "regression"
[system.regression]
points = 200
dim = 2
condition = 2.0
batch = 10
eta = %v
[observables]
names = ["x0"]
[estimator.sgd-inference]
chains = 4
blocks = 25
block = 1000
`, eta)
	var checks []Check
	for i := range 2 {
		checks = append(checks, Check{ID: fmt.Sprintf("langevin/sgd-regression-%d", i), Group: "Langevin", Kind: MonteCarlo,
			Name: fmt.Sprintf("SGD on a linear regression: Var w%d with the noise of its batches", i), Experiment: text, Tolerance: 5e-4,
			Cell: Cell{Table: "sgd_inference", Row: map[string]string{"quantity": "covariance", "i": fmt.Sprint(i), "j": fmt.Sprint(i)}, Column: "value", StdErr: "stderr", ESS: "ess"},
			Law:  func() float64 { return regressionVariance(i, eta) }})
	}
	return checks
}

func regressionVariance(i int, eta float64) float64 {
	r, err := langevin.NewRegression(langevin.RegressionConfig{Loss: "linear", Points: 200, Dim: 2, Condition: 2, Noise: 1, DataSeed: 1, Batch: 10, Eta: eta})
	if err != nil {
		return math.NaN()
	}
	w, err := r.Minimum()
	if err != nil {
		return math.NaN()
	}
	sigma := make([]float64, 4)
	for range 100 {
		sigma = exact.MatrixSGDCovariance(r.Hessian(w), r.NoiseCovariance(w, sigma), 2, eta)
	}
	return sigma[3*i]
}
