package verify

import (
	"fmt"
	"math"

	"machlup/langevin/exact"
)

// temperatureChecks: kinetic and configurational temperature of each scheme on the oscillator at
// a step where they differ, and the effective temperature of the response to a force, which is
// that of the noise where there is a potential and no temperature where there is none.
func temperatureChecks() []Check {
	const k, delta, temperature = 1.5, 0.9, 0.7
	text := func(name, system, trainer, estimator string) string {
		return fmt.Sprintf(`name = "verify-temperatures-%s"
seed = 75
[system]
kind = %s
%s
temperature = %v
[estimator.temperatures]
%s`, name, system, trainer, temperature, estimator)
	}
	check := func(id, name, text, quantity, observable string, lag int, value float64) Check {
		cell := nonEquilibriumCell(quantity, observable, "")
		if lag > 0 {
			cell.Row["lag"] = fmt.Sprint(lag)
		}
		return Check{ID: "temperatures/" + id, Group: "Temperatures", Name: name, Kind: MonteCarlo, Experiment: text, Cell: cell, Exact: value, Tolerance: 0.02 * value}
	}
	oscillator := fmt.Sprintf("\"harmonic\"\n[system.harmonic]\ndim = 8\nstiffness = [%v]", k)
	var checks []Check
	for _, order := range []string{"BAOAB", "BAOA", "ABOBA", "OBABO", "OABAO"} {
		x2, v2, _ := exact.SplittingMoments(order, k, delta)
		t := text(order, oscillator, fmt.Sprintf("[trainer]\nscheme = \"splitting\"\n[trainer.splitting]\nscheme = %q\nstep = %v\nfriction = 0.8", order, delta), "kicks = 0\ndraws = 8000\n")
		checks = append(checks, check(order+"/kinetic", order+": ⟨v²⟩ at kΔ² = 1.2", t, "kinetic temperature", "", 0, v2*temperature),
			check(order+"/configurational", order+": k⟨x²⟩ at kΔ² = 1.2", t, "configurational temperature", "", 0, x2*temperature))
	}
	const eta, beta = 0.4, 0.6
	ball := text("heavy-ball", oscillator, fmt.Sprintf("[trainer]\nscheme = \"heavy-ball\"\n[trainer.heavy-ball]\neta = %v\nmomentum = %v", eta, beta), "kicks = 0\ndraws = 8000\n")
	both := k * exact.MomentumVariance(k, eta, beta, temperature)
	checks = append(checks, check("heavy-ball/kinetic", "heavy ball: (1+β)⟨v²⟩/2η", ball, "kinetic temperature", "", 0, both),
		check("heavy-ball/configurational", "heavy ball: k⟨x²⟩", ball, "configurational temperature", "", 0, both))

	responses := "kicks = 1500\nlags = [1, 4, 30]\ndraws = 100\n"
	euler := text("response", "\"harmonic\"\n[system.harmonic]\ndim = 2\nstiffness = [1.0, 2.0]", "[trainer.euler-maruyama]\neta = 0.1", responses)
	game := text("game", "\"linear-game\"\n[system.linear-game]\ndamping = 1.0\nrotation = 2.0", "[trainer.euler-maruyama]\neta = 0.1", responses)
	for _, lag := range []int{1, 30} {
		checks = append(checks, check(fmt.Sprintf("response/harmonic-%d", lag), fmt.Sprintf("oscillator: fluctuation over response after %d steps is 1/(1−ηk/2)", lag),
			euler, "effective temperature over T", "x1", lag, 1/(1-0.1*2.0/2)))
		checks = append(checks, check(fmt.Sprintf("response/game-%d", lag), fmt.Sprintf("linear game: fluctuation over response after %d steps is no temperature", lag),
			game, "effective temperature over T", "x0", lag, gameResponse(1, 2, 0.1, lag)))
	}
	for i := range checks[len(checks)-4:] {
		checks[len(checks)-4+i].Tolerance *= 2
	}
	return checks
}

// gameResponse is [C(0) − C(t)]/Tχ(t) of x in the linear game: C(t) = σ² Re zᵗ, Tχ(t) = ηT Re Σ_{j<t} zʲ,
// z = 1 − η(a + ib). As t → ∞ and η → 0 it is 1 + b²/a².
func gameResponse(a, b, eta float64, t int) float64 {
	z, power, sum := complex(1-eta*a, -eta*b), complex(1, 0), 0.0
	for range t {
		sum += real(power)
		power *= z
	}
	return exact.LinearGameVariance(a, b, eta, 1) * (1 - real(power)) / (eta * math.Abs(sum))
}
