package verify

import (
	"fmt"
	"math"
	"sync"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// correctedLawChecks: a tanh generator of four parameters against the exact discriminator, noise in
// its metric with ηTΓ or averaged over both ends: means over e^{−U/T} by Gauss and Hermite's rule in
// the prior. The step is so small that its bias, of order η, is below the error.
func correctedLawChecks() []Check {
	const eta, temperature, rows, bandwidth, mean, std = 0.01, 1.0, 4, 0.8, 1.0, 0.8
	var z [rows]float64
	for i := range z {
		z[i] = distuv.UnitNormal.Quantile((float64(i) + 0.5) / rows)
	}
	functional := func(p [4]float64) (sum float64) {
		const step = 0.1
		width := math.Hypot(std, bandwidth)
		for x := -12.0; x < 14; x += step {
			a, b := distuv.UnitNormal.Prob((x-mean)/width)/width, 0.0
			for _, z := range z {
				b += distuv.UnitNormal.Prob((x-p[2]*math.Tanh(p[0]*z+p[1])-p[3])/bandwidth) / (bandwidth * rows)
			}
			if a > 1e-300 {
				sum += step * a * math.Log(a/(a+b))
			}
			if b > 1e-300 {
				sum += step * b * math.Log(b/(a+b))
			}
		}
		return sum
	}
	law := sync.OnceValues(func() (energy, norm float64) {
		const n = 10
		var x, w [n]float64
		quad.Hermite{}.FixedLocations(x[:], w[:], math.Inf(-1), math.Inf(1))
		total := 0.0
		for k := range n * n * n * n {
			var p [4]float64
			weight, square := 1.0, 0.0
			for d, j := 0, k; d < 4; d, j = d+1, j/n {
				p[d] = math.Sqrt2 * x[j%n]
				weight *= w[j%n]
				square += p[d] * p[d]
			}
			c := functional(p)
			weight *= math.Exp(-c / temperature)
			total += weight
			energy += weight * (c + temperature*(square/2+2*math.Log(2*math.Pi)))
			norm += weight * math.Sqrt(square)
		}
		return energy / total, norm / total
	})
	var checks []Check
	for _, correction := range []string{"full", "hanggi-klimontovich"} {
		text := fmt.Sprintf(`name = "verify-corrected-law-%s"
seed = 70
[system]
kind = "mlp"
[system.mlp]
prior = "weight-decay"
[system.mlp.gaussian]
mean = %v
std = %v
[system.mlp.generator]
latent = 1
hidden = [1]
activation = "tanh"
[system.mlp.discriminator]
kind = "optimal"
[system.mlp.discriminator.optimal]
bandwidth = %v
latents = "quantiles"
[trainer]
loss = "saturating"
[trainer.generator]
optimizer = "natural"
[trainer.generator.natural]
eta = %v
damping = 0.5
[noise]
kind = "injected"
temperature_g = %v
metric_g = "natural"
correction = %q
quenched_batch = %d
[observables]
names = ["energy", "norm_theta"]
batch = 16
[estimator.stationary]
chains = 4
warmup = 1000
steps = 150000
every = 10
`, correction, mean, std, bandwidth, eta, temperature, correction, rows)
		for i, o := range []string{"energy", "norm_theta"} {
			checks = append(checks, Check{ID: "correction/perceptron-" + correction + "/" + o, Group: "Metric noise of the trainer", Full: true, Kind: MonteCarlo, Experiment: text,
				Name: fmt.Sprintf("tanh generator of four parameters, correction %s: ⟨%s⟩ of e^{−U/T}", correction, o), Cell: stationaryCell(o), Tolerance: 0.02,
				Law: func() float64 {
					energy, norm := law()
					return [2]float64{energy, norm}[i]
				}})
		}
	}
	return checks
}
