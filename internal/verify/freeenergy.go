package verify

import (
	"fmt"

	"machlup/langevin/exact"
)

// freeEnergyChecks are ln Z₁/Z₀ of harmonic wells by each method, and the bias of
// thermodynamic integration run with plain Euler–Maruyama.
func freeEnergyChecks() []Check {
	const dim, k0, scale, step = 3, 1.0, 4.0, 0.2
	ratio := dim * exact.HarmonicLogZRatio(k0, k0*scale)
	check := func(id, name, config string, value, cap float64, estimator string) Check {
		text := fmt.Sprintf(`name = "verify-%s"
seed = 41
[system]
kind = "harmonic"
[system.harmonic]
dim = %d
stiffness = [%v]
[estimator.free-energy]
scale = %v
step = %v
%s
`, id, dim, k0, scale, step, config)
		return Check{ID: "free-energy/" + id, Group: "Free energies", Name: name, Kind: MonteCarlo, Experiment: text,
			Cell:  Cell{Table: "partition", Row: map[string]string{"estimator": estimator}, Column: "log_z", StdErr: "stderr", ESS: "ess"},
			Exact: value, Tolerance: cap}
	}
	biased := ratio + dim*exact.EulerMaruyamaTIBias(k0, k0*scale, step)
	return []Check{
		check("ti", "harmonic k → 4k by thermodynamic integration: −(d/2) ln 4", "draws = 40000", ratio, 0.02, "ti-gauss-legendre"),
		check("ais", "the same by annealed importance sampling", "method = \"ais\"\nruns = 20000", ratio, 0.02, "ais"),
		check("bidirectional", "the same by annealing both ways and Bennett's ratio", "method = \"bidirectional\"\nruns = 5000", ratio, 0.02, "bar"),
		check("ti-euler-maruyama", "the same with plain Euler–Maruyama adds −(d/2) ln[(1−εk/2)/(1−2εk)]", "unadjusted = true\ndraws = 60000\nwarm = 0", biased, 0.02, "ti-gauss-legendre"),
	}
}
