package verify

import (
	"fmt"
	"math"

	"machlup/langevin/exact"
)

// imaginaryChecks are those of the euclidean and the literal action: O6 in all its lines, the
// literal determinants, and the spectrum of the quantised functionals C and J′.
func imaginaryChecks() []Check {
	checks := ringChecks()
	checks = append(checks, literalChecks()...)
	return append(checks, quantisedChecks()...)
}

// o6Cell is a certificate of a ring polymer at one number of slices.
func o6Cell(task, quantity, what string) Cell {
	return Cell{Table: "partition", Row: map[string]string{"task": task, "quantity": quantity, "parameter": what}, Column: "log_z", StdErr: "stderr", ESS: "ess"}
}

// ringChecks are O6: the discretised oscillator at β = 10, m = ω = 1 with 10, 20 and 40
// slices. Single slices, staging and the centre of mass, no move that knows the answer.
func ringChecks() []Check {
	const text = `name = "verify-O6"
seed = 71
[system]
kind = "harmonic"
[path]
action = "euclidean"
end = "periodic"
[path.euclidean]
time = 10.0
reference = 0.8
[move.single-slice]
[move.staging]
length = 5
[move.normal-mode]
[move.centre-of-mass]
width = 0.7
[estimator.spectrum]
chains = 4
draws = 16000
[estimator.log-z]
points = 5
draws = 1500
[estimator.annealed]
kind = "log-z"
method = "ais"
runs = 2000
[sweep.grid]
"path.steps" = [10, 20, 40]
`
	var checks []Check
	for _, p := range []int{10, 20, 40} {
		o := exact.Oscillator{Mass: 1, Omega: 1, Beta: 10, P: p}
		point := fmt.Sprintf("steps=%d/r0", p)
		add := func(what, name string, c Cell, value, tolerance float64) {
			checks = append(checks, Check{ID: fmt.Sprintf("paths/O6-%s-%d", what, p), Group: "Paths", Kind: MonteCarlo, Experiment: text,
				Name: fmt.Sprintf("O6, ring of %d slices: %s", p, name), Cell: c, Exact: value, Tolerance: tolerance})
		}
		ring := func(what string) Cell { return o6Cell("spectrum/"+point, "O6", what) }
		add("virial", "E_P, virial estimator", ring("energy_virial"), o.Energy(), 0.006)
		add("primitive", "E_P, primitive estimator", ring("energy_primitive"), o.Energy(), 0.012)
		if p == 20 {
			add("mean-square", "⟨x²⟩", ring("mean_square_1"), o.MeanSquare(), 0.006)
			add("correlator", "C(5)/C(0)", ring("correlation_1 at lag 5"), o.Correlation(5), 0.01)
			add("omega", "ω from the correlator", ring("omega_1"), 1, 0.02)
			for _, e := range []string{"ti-gauss-legendre", "ais"} {
				task := map[string]string{"ti-gauss-legendre": "log-z/", "ais": "annealed/"}[e] + point
				add("log-z-"+e, "log Z_P by "+e, Cell{Table: "partition", Row: map[string]string{"task": task, "quantity": "log_z", "estimator": e},
					Column: "log_z", StdErr: "stderr", ESS: "ess"}, o.LogZ(), 0.02)
			}
		}
	}
	return checks
}

// literalChecks are the determinant ratios of the literal action within its horizon, fixed
// ends and free end, by two estimators.
func literalChecks() []Check {
	const omega, dt, steps = 1.0, 0.2, 5
	var checks []Check
	for _, end := range []string{"free", "pinned"} {
		l := exact.Literal{Omega: omega, Dt: dt, Steps: steps}
		ratio, ok := l.FreeEnd()
		more := ""
		if end == "pinned" {
			l.Steps = 10
			ratio, ok = l.FixedEnds()
			more = "end_at = [0.0]\n"
		}
		if !ok {
			panic("verify: the literal oracle is beyond its horizon")
		}
		text := fmt.Sprintf(`name = "verify-literal-%s"
seed = 72
[system]
kind = "harmonic"
[path]
action = "lagrangian"
steps = %d
end = %q
%s[path.lagrangian]
dt = %v
[move.single-slice]
[move.staging]
length = 4
[estimator.log-z]
points = 6
draws = 2000
[estimator.annealed]
kind = "log-z"
method = "ais"
runs = 3000
stages = 12
`, end, l.Steps, end, more, dt)
		for _, e := range []string{"ti-gauss-legendre", "ais"} {
			checks = append(checks, Check{ID: "paths/literal-" + end + "-" + e, Group: "Paths", Kind: MonteCarlo, Experiment: text,
				Name:  fmt.Sprintf("literal action, %s end, within its horizon: determinant ratio by %s", end, e),
				Cell:  Cell{Table: "partition", Row: map[string]string{"quantity": "log_z", "estimator": e}, Column: "log_z", StdErr: "stderr", ESS: "ess"},
				Exact: -0.5 * math.Log(ratio), Tolerance: 0.015})
		}
	}
	return checks
}

// quantisedChecks are the spectrum ω_k² = k/2σ² of C and k/4σ² of J′ about q = p, σ = 1.25, at
// ħ so small that the oscillations are, and log Z as the product of discretised oscillators.
func quantisedChecks() []Check {
	const sigma, hbar, time, slices = 1.25, 1e-4, 6.0, 12
	var checks []Check
	for _, f := range []struct {
		flow   string
		weight float64
		value  float64 // of the functional at q = p
	}{{"saturating", 0.5, -2 * math.Ln2}, {"literal-jprime", 0.25, -math.Ln2}} {
		omega := []float64{math.Sqrt(f.weight) / sigma, math.Sqrt(2*f.weight) / sigma}
		text := fmt.Sprintf(`name = "verify-quantised-%s"
seed = 73
[system]
kind = "hermite-galerkin"
[system.hermite-galerkin]
modes = 2
nodes = 16
flow = %q
[path]
action = "euclidean"
end = "periodic"
steps = %d
hbar = %v
wrong_start = 1.0
[path.euclidean]
time = %v
wall = 0.3
reference = %v
[move.normal-mode]
frequency = [%v, %v]
step = 1.0
target = 0.0
`, f.flow, f.flow, slices, hbar, time, 0.9*omega[0], 0.95*omega[0], 0.95*omega[1])
		spectrum := text + "[estimator.spectrum]\ndraws = 2000\nwarm = 0\nburn = 50\n"
		for k := range omega {
			checks = append(checks, Check{ID: fmt.Sprintf("paths/spectrum-%s-%d", f.flow, k+1), Group: "Paths", Kind: MonteCarlo, Experiment: spectrum,
				Name: fmt.Sprintf("ring polymer in Hermite–Galerkin modes, %s: ω_%d² = %g·%d/σ²", f.flow, k+1, f.weight, k+1),
				Cell: o6Cell("spectrum/r0", "spectrum", fmt.Sprintf("omega_%d", k+1)), Exact: omega[k], Tolerance: 0.025 * omega[k]})
		}
		product := 0.0
		for _, w := range omega {
			product += exact.Oscillator{Mass: 1, Omega: w, Beta: time, P: slices}.LogZ()
		}
		partition := text + "[estimator.log-z]\npoints = 4\ndraws = 300\n[estimator.annealed]\nkind = \"log-z\"\nmethod = \"ais\"\nruns = 600\nstages = 4\n"
		for _, e := range []string{"ti-gauss-legendre", "ais"} {
			checks = append(checks, Check{ID: "paths/spectrum-" + f.flow + "-log-z-" + e, Group: "Paths", Kind: MonteCarlo, Experiment: partition, Full: f.flow != "saturating",
				Name:  fmt.Sprintf("the same, %s: log Z = product of discretised oscillators, by %s", f.flow, e),
				Cell:  Cell{Table: "partition", Row: map[string]string{"quantity": "log_z", "estimator": e}, Column: "log_z", StdErr: "stderr", ESS: "ess"},
				Exact: product - f.value*time/hbar, Tolerance: 0.05})
		}
	}
	return checks
}
