package verify

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"machlup/langevin/exact"
)

// phaseChecks are statistics of transitions against exact sums.
func phaseChecks() []Check {
	checks := curieWeissChecks()
	for _, c := range []struct {
		l      int
		update string
		full   bool
	}{{4, "heat-bath", false}, {4, "wolff", false}, {3, "metropolis", true}, {2, "wolff", true}, {4, "metropolis", true}} {
		for _, k := range isingChecks(c.l, c.update) {
			k.Full = c.full
			checks = append(checks, k)
		}
	}
	checks = append(append(checks, gaussianOrderChecks()...), hysteresisCheck())
	return slices.Concat(checks, pottsChecks(), collapseChecks(), verdictChecks())
}

// spinQuantities are the exact values of transition.csv for a law.
func spinQuantities(law exact.SpinLaw, beta float64) map[string]float64 {
	m := law.At(beta, 0)
	return map[string]float64{"abs_m": m.Abs, "m2": m.M2, "chi": m.Chi(law.N), "binder": m.U4(), "energy": m.Energy, "heat_capacity": m.Capacity(beta, law.N)}
}

// spinChecks compare the quantities at a sampled and at a reweighted β.
func spinChecks(id, name, experiment string, law exact.SpinLaw, sampled, between, tolerance float64) []Check {
	var checks []Check
	for _, at := range []struct {
		table string
		beta  float64
	}{{"transition", sampled}, {"reweighted", between}} {
		exactly := spinQuantities(law, at.beta)
		for _, q := range []string{"abs_m", "chi", "binder", "energy", "heat_capacity"} {
			checks = append(checks, Check{ID: fmt.Sprintf("%s/%s-%s", id, at.table, q), Group: "Transitions", Name: fmt.Sprintf("%s: %s at β = %v (%s)", name, q, at.beta, at.table),
				Kind: MonteCarlo, Experiment: experiment, Exact: exactly[q], Tolerance: tolerance * math.Max(math.Abs(exactly[q]), 0.2),
				Cell: Cell{Table: at.table, Row: map[string]string{"size": strconv.Itoa(law.N), "control": plain(at.beta), "quantity": q}, Column: "value", StdErr: "stderr", ESS: "ess"}})
		}
	}
	return checks
}

func plain(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// curieWeissChecks: N = 100 and 50 around β = 1, with the crossing of their cumulants.
func curieWeissChecks() []Check {
	experiment := `name = "verify-curie-weiss"
seed = 81
[system]
kind = "curie-weiss"
[estimator.transition]
observable = "m"
control = "system.curie-weiss.beta"
size = "system.curie-weiss.spins"
starts = "system.curie-weiss.start"
energy = "energy"
conjugate = "beta"
symmetric = true
chi_norm = "size"
warmup = 300
steps = 20000
chains = 1
curve = 17
resamples = 10
[sweep.grid]
"system.curie-weiss.spins" = [50, 100, 400]
"system.curie-weiss.beta" = [0.9, 0.95, 1.0, 1.05, 1.1]
"system.curie-weiss.start" = ["up", "mixed"]
`
	const lo, hi, points = 0.9, 1.1, 17
	between := lo + (hi-lo)*float64(6)/float64(points-1) // as the estimator computes it
	checks := spinChecks("phase/curie-weiss", "Curie–Weiss, N = 100, exact binomial sums", experiment, exact.CurieWeiss(100), 1, between, 0.03)
	for _, pair := range [][2]int{{50, 100}, {100, 400}} {
		checks = append(checks, Check{ID: fmt.Sprintf("phase/curie-weiss/crossing-%d-%d", pair[0], pair[1]), Group: "Transitions", Kind: MonteCarlo, Experiment: experiment, Tolerance: 0.012,
			Name: fmt.Sprintf("Curie–Weiss: U₄ of N = %d and %d cross", pair[0], pair[1]),
			Law: func() float64 {
				return exact.Crossing(exact.CurieWeiss(pair[0]), exact.CurieWeiss(pair[1]), 0.9, 1.2)
			},
			Cell: Cell{Table: "crossings", Row: map[string]string{"size_a": strconv.Itoa(pair[0])}, Column: "control", StdErr: "control_stderr", ESS: "ess"}})
	}
	return checks
}

// isingChecks: an L×L lattice by enumeration of its states.
func isingChecks(l int, update string) []Check {
	experiment := fmt.Sprintf(`name = "verify-ising-%d-%s"
seed = 82
[system]
kind = "ising"
[system.ising]
length = %[1]d
update = %[2]q
[estimator.transition]
observable = "m"
control = "system.ising.beta"
starts = "system.ising.start"
energy = "energy"
conjugate = "beta"
symmetric = true
chi_norm = "size"
warmup = 200
steps = 20000
chains = 1
curve = 5
[sweep.grid]
"system.ising.beta" = [0.3, 0.5]
"system.ising.start" = ["down", "mixed"]
`, l, update)
	between := 0.3 + (0.5-0.3)*float64(2)/float64(4)
	return spinChecks(fmt.Sprintf("phase/ising-%d-%s", l, update), fmt.Sprintf("Ising %d×%d, %s, by enumeration", l, l, update), experiment, exact.Ising(l), 0.5, between, 0.04)
}

// gaussianOrderChecks: m of a harmonic oscillator is Gaussian, so U₄ = 0, and its heat capacity
// is ½; BAOAB has no error in ⟨x²⟩.
func gaussianOrderChecks() []Check {
	experiment := `name = "verify-gaussian-order"
seed = 83
[system]
kind = "harmonic"
[trainer]
scheme = "splitting"
[trainer.splitting]
step = 0.5
friction = 1.0
[estimator.transition]
observable = "x0"
control = "trainer.splitting.temperature"
energy = "energy"
conjugate = "temperature"
warmup = 200
steps = 50000
chains = 2
curve = 5
[sweep.grid]
"trainer.splitting.temperature" = [0.8, 1.2]
`
	between := 0.8 + (1.2-0.8)*float64(2)/float64(4)
	var checks []Check
	for _, at := range []struct {
		table string
		t     float64
	}{{"transition", 1.2}, {"reweighted", between}} {
		for _, q := range []struct {
			name       string
			exact, cap float64
		}{{"binder", 0, 0.02}, {"m2", at.t, 0.03}, {"heat_capacity", 0.5, 0.03}} {
			checks = append(checks, Check{ID: fmt.Sprintf("phase/gaussian/%s-%s", at.table, q.name), Group: "Transitions", Name: fmt.Sprintf("Gaussian order parameter: %s at T = %v (%s)", q.name, at.t, at.table),
				Kind: MonteCarlo, Experiment: experiment, Exact: q.exact, Tolerance: q.cap,
				Cell: Cell{Table: at.table, Row: map[string]string{"control": plain(at.t), "quantity": q.name}, Column: "value", StdErr: "stderr", ESS: "ess"}})
		}
	}
	return checks
}

// hysteresisCheck: the mean area of the loop of two Curie–Weiss spins, by propagating the four
// probabilities through the ramp.
func hysteresisCheck() Check {
	const beta, from, to, points, dwell, warmup = 2.0, -0.8, 0.8, 9, 6, 20
	experiment := fmt.Sprintf(`name = "verify-hysteresis"
seed = 84
[system]
kind = "curie-weiss"
[system.curie-weiss]
spins = 2
beta = %v
start = "down"
[estimator.hysteresis]
observable = "m"
key = "system.curie-weiss.field"
from = %v
to = %v
points = %d
dwells = [%d]
warmup = %d
chains = 600
`, beta, from, to, points, dwell, warmup)
	return Check{ID: "phase/hysteresis-area", Group: "Transitions", Name: "hysteresis: mean area of the loop of two spins in a ramped field", Kind: MonteCarlo, Experiment: experiment, Tolerance: 0.015,
		Law:  func() float64 { return twoSpinLoop(beta, from, to, points, dwell, warmup) },
		Cell: Cell{Table: "hysteresis_area", Row: map[string]string{"dwell": strconv.Itoa(dwell)}, Column: "area", StdErr: "stderr", ESS: "loops"}}
}

// twoSpinLoop is the exact mean of ∫(m back − m there)dh by the trapezoid rule.
func twoSpinLoop(beta, from, to float64, points, dwell, warmup int) float64 {
	p := [4]float64{1, 0, 0, 0} // bit i set: spin i up
	sweep := func(field float64) {
		for i := range 2 {
			var next [4]float64
			for state, w := range p {
				rest := float64(2*(state>>(1-i)&1) - 1)
				up := 1 / (1 + math.Exp(-beta*(rest+2*field)))
				next[state|1<<i] += w * up
				next[state&^(1<<i)] += w * (1 - up)
			}
			p = next
		}
	}
	for range warmup {
		sweep(from)
	}
	var mean []float64
	for leg := range 2 * points {
		i := min(leg, 2*points-1-leg)
		field, m := from+(to-from)*float64(i)/float64(points-1), 0.0
		for range dwell {
			sweep(field)
			m += (p[3] - p[0]) / float64(dwell)
		}
		mean = append(mean, m)
	}
	area, h := 0.0, (to-from)/float64(points-1)
	for i := range points - 1 {
		area += h / 2 * (mean[2*points-1-i] - mean[i] + mean[2*points-2-i] - mean[i+1])
	}
	return area
}
