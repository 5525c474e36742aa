package verify

import (
	"fmt"

	"machlup/langevin/exact"
)

// stationaryCell is a row of phase.csv written by the estimator stationary.
func stationaryCell(observable string) Cell {
	return Cell{Table: "phase", Row: map[string]string{"observable": observable}, Column: "mean", StdErr: "stderr", ESS: "ess"}
}

// langevinChecks are the stationary laws of schemes at finite step.
func langevinChecks() []Check {
	const k, eta, temperature = 1.5, 0.4, 0.7
	harmonic := func(name, trainer string) string {
		return fmt.Sprintf(`name = "verify-%s"
seed = 11
[system]
kind = "harmonic"
[system.harmonic]
dim = 8
stiffness = [%v]
[observables]
names = ["mean_square_x", "energy"]
%s
temperature = %v
[estimator.stationary]
chains = 4
warmup = 400
steps = 40000
`, name, k, trainer, temperature)
	}
	check := func(id, name, trainer string, exactValue float64) Check {
		return Check{ID: "langevin/" + id, Group: "Langevin", Name: name, Kind: MonteCarlo, Experiment: harmonic(id, trainer),
			Cell: stationaryCell("mean_square_x"), Exact: exactValue, Tolerance: 0.01 * exactValue}
	}
	splitting := func(order string) []Check {
		const delta = 0.9
		x2, v2, _ := exact.SplittingMoments(order, k, delta)
		x := check("splitting-"+order, order+": ⟨x²⟩ at kΔ² = 1.2",
			fmt.Sprintf("[trainer]\nscheme = \"splitting\"\n[trainer.splitting]\nscheme = %q\nstep = %v\nfriction = 0.8", order, delta),
			x2*temperature/k)
		x.Experiment += "memory = true\n"
		v := x
		v.ID, v.Name, v.Cell, v.Exact = x.ID+"-v", order+": ⟨v²⟩ at kΔ² = 1.2", stationaryCell("mean_square_v"), v2*temperature
		return []Check{x, v}
	}
	game := exact.LinearGameVariance(1, 2, 0.1, 0.5)
	checks := []Check{
		check("euler-maruyama", "Euler–Maruyama (SGLD): T/(k(1−ηk/2))",
			fmt.Sprintf("[trainer.euler-maruyama]\neta = %v", eta), exact.EulerMaruyamaVariance(k, eta, temperature)),
		check("heavy-ball", "heavy ball: (T/k)/(1−ηk/(2(1+β)))",
			fmt.Sprintf("[trainer]\nscheme = \"heavy-ball\"\n[trainer.heavy-ball]\neta = %v\nmomentum = 0.6", eta), exact.MomentumVariance(k, eta, 0.6, temperature)),
		check("leimkuhler-matthews", "Leimkuhler–Matthews: T/k at any step",
			fmt.Sprintf("[trainer]\nscheme = \"leimkuhler-matthews\"\n[trainer.leimkuhler-matthews]\neta = %v", eta),
			exact.LeimkuhlerMatthewsVariance(k, eta, temperature)),
		{ID: "langevin/linear-game", Group: "Langevin", Name: "linear game: D/(a−ε(a²+b²)/2), no potential", Kind: MonteCarlo,
			Experiment: `name = "verify-linear-game"
seed = 12
[system]
kind = "linear-game"
[system.linear-game]
damping = 1.0
rotation = 2.0
[trainer.euler-maruyama]
eta = 0.1
temperature = 0.5
[observables]
names = ["mean_square_x"]
[estimator.stationary]
warmup = 500
steps = 100000
`, Cell: stationaryCell("mean_square_x"), Exact: game, Tolerance: 0.01 * game},
		{ID: "langevin/singular", Group: "Langevin", Name: "singular minimum U = ½w⁴: ⟨U⟩/T = ¼ as η → 0", Kind: MonteCarlo,
			Experiment: `name = "verify-singular"
seed = 13
[system]
kind = "singular"
[system.singular]
dim = 16
power = [4.0]
[trainer]
scheme = "leimkuhler-matthews"
[trainer.leimkuhler-matthews]
eta = 0.01
[observables]
names = ["energy"]
[estimator.stationary]
warmup = 2000
steps = 200000
every = 10
`, Cell: stationaryCell("energy"), Exact: 16 * exact.SingularMeanEnergy([]float64{4}), Tolerance: 0.02, Full: true},
	}
	for _, order := range []string{"BAOAB", "BAOA", "OBABO", "ABOBA", "OABAO"} {
		checks = append(checks, splitting(order)...)
	}
	return checks
}
