package verify

import (
	"fmt"
	"math"
)

// dirac is the Dirac-GAN D(x) = ψx with sgd of step h for both players; ω = f′(0) = ½ and
// f″(0) = −¼ in the notation of Mescheder, Geiger and Nowozin (ICML 2018).
type dirac struct {
	name, dynamics string
	h              float64
	regularisers   string // lines of [trainer] and its tables
	noise, rest    string
}

func (d dirac) text() string {
	return fmt.Sprintf(`name = "verify-dirac-%s"
seed = 55
[system]
kind = "dirac"
[system.dirac]
theta = 0.0
psi = 0.0
[trainer]
batch = 1
dynamics = %q
%s[trainer.generator]
optimizer = "sgd"
[trainer.generator.sgd]
eta = %[4]v
[trainer.discriminator]
optimizer = "sgd"
[trainer.discriminator.sgd]
eta = %[4]v
[noise]
%[5]s%[6]s`, d.name, d.dynamics, d.regularisers, d.h, d.noise, d.rest)
}

func r1(gamma float64) string {
	return fmt.Sprintf("regularisers = [\"r1\"]\n[trainer.r1]\ngamma = %v\n", gamma)
}

// diracChecks are the exact laws of the Dirac-GAN with R1 and with instance noise.
func diracChecks() []Check {
	return append(diracEigenvalues(), diracLangevin()...)
}

// diracEigenvalues: a simultaneous step is 1 + hV, so that its eigenvalues are exactly those of
// the continuous flow, −γ/2 ± √(γ²/4 − ¼) with R1 and −σ²/4 ± √(σ⁴/16 − ¼) with instance noise;
// an alternating step has trace 2 − hγ − h²/4 and determinant 1 − hγ.
func diracEigenvalues() []Check {
	const h = 0.2
	var checks []Check
	for _, gamma := range []float64{0.3, 1.7} { // below and above critical damping
		for _, dynamics := range []string{"simultaneous", "alternating"} {
			name := fmt.Sprintf("r1-%v-%s", gamma, dynamics)
			d := dirac{name: name, dynamics: dynamics, h: h, regularisers: r1(gamma), noise: "kind = \"none\"\nquenched_batch = 1\n", rest: "[estimator.stability]\n"}
			trace, det := 2-h*gamma, 1-h*gamma+h*h/4
			if dynamics == "alternating" {
				trace, det = trace-h*h/4, det-h*h/4
			}
			checks = append(checks, pairChecks("dirac/"+name, fmt.Sprintf("Dirac-GAN with R1, γ = %v, %s", gamma, dynamics), d.text(), trace, det, 1e-13)...)
		}
	}
	// The variance of the noise is that of the batch's 2B normals, of relative error 1/√B.
	const sigma, batch = 0.9, 1000000
	d := dirac{name: "instance-noise", dynamics: "simultaneous", h: h, regularisers: fmt.Sprintf("regularisers = [\"instance-noise\"]\n[trainer.instance-noise]\nsigma = %v\n", sigma),
		noise: fmt.Sprintf("kind = \"none\"\nquenched_batch = %d\n", batch), rest: "[estimator.stability]\n"}
	v := sigma * sigma / 2
	tolerance := 4 * h * v / 2 / math.Sqrt(batch)
	return append(checks, pairChecks("dirac/instance-noise", "Dirac-GAN with instance noise (± 4 errors of the noise's variance on the batch)", d.text(), 2-h*v, 1-h*v+h*h/4, tolerance)...)
}

// diracLangevin: with noise of temperature T on both players the linearised Dirac-GAN with R1
// has the stationary covariance T[[2/γ + γ/ω², ±1/ω], [±1/ω, 2/γ]] in (θ, ψ) as h → 0. At finite
// h it solves Σ = MΣMᵀ + LLᵀ; T is so small that the rest is linear to 10⁻⁴.
func diracLangevin() []Check {
	const h, gamma, temperature, steps = 0.1, 0.5, 1e-5, 600
	d := dirac{name: "langevin", dynamics: "alternating", h: h, regularisers: r1(gamma),
		noise: fmt.Sprintf("kind = \"injected\"\nquenched_batch = 1\ntemperature_g = %[1]v\ntemperature_d = %[1]v\n", temperature),
		rest:  "[observables]\nnames = [\"theta_0\", \"psi_0\", \"mean_square_theta\", \"mean_square_psi\", \"d_logit_fake\"]\nbatch = 16\n"}
	theory, sampled := d, d
	theory.rest += fmt.Sprintf("[estimator.ensemble]\nchains = 8\nsteps = %[1]d\nat = [%[1]d]\n", steps)
	sampled.rest += "[estimator.stationary]\nchains = 8\nwarmup = 2000\nsteps = 200000\nevery = 10\n"
	cov := diracCovariance(h, gamma, temperature, steps)
	var checks []Check
	for _, o := range []struct {
		name string
		std  float64
	}{{"psi_0", math.Sqrt(cov[0])}, {"theta_0", math.Sqrt(cov[2])}} {
		checks = append(checks, Check{ID: "dirac/langevin/predicted-" + o.name, Group: "Dirac-GAN", Name: "Langevin Dirac-GAN with R1: predicted std of " + o.name + ", discrete Lyapunov equation",
			Kind: Exact, Experiment: theory.text(), Exact: o.std, Tolerance: 1e-10 * o.std,
			Cell: Cell{Table: "fluctuations", Row: map[string]string{"observable": o.name, "step": fmt.Sprint(steps)}, Column: "predicted_std"}})
	}
	for _, o := range []struct {
		name  string
		value float64
	}{{"mean_square_psi", cov[0]}, {"d_logit_fake", cov[1]}, {"mean_square_theta", cov[2]}} {
		checks = append(checks, Check{ID: "dirac/langevin/" + o.name, Group: "Dirac-GAN", Name: "Langevin Dirac-GAN with R1: stationary ⟨" + o.name + "⟩",
			Kind: MonteCarlo, Experiment: sampled.text(), Cell: stationaryCell(o.name), Exact: o.value, Tolerance: 0.02 * cov[2]})
	}
	return checks
}

// diracCovariance sums Σ_k M^k LLᵀ Mᵀ^k over the steps, as [ψψ, ψθ, θθ], from the definition of
// the alternating step: ψ' = (1−hγ)ψ − hωθ + sξ_D, θ' = θ + hωψ' + sξ_G.
func diracCovariance(h, gamma, temperature float64, steps int) [3]float64 {
	const omega = 0.5
	a, b := 1-h*gamma, h*omega
	s2 := 2 * h * temperature
	var c [3]float64
	for range steps {
		psi := a*a*c[0] - 2*a*b*c[1] + b*b*c[2] + s2 // ⟨ψ'²⟩
		cross := a*c[1] - b*c[2]                     // ⟨ψ'θ⟩
		c = [3]float64{psi, cross + b*psi, c[2] + 2*b*cross + b*b*psi + s2}
	}
	return c
}
