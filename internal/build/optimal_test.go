package build

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"machlup/gan"
	"machlup/langevin"
	"machlup/pathint"
)

const optimalText = `name = "t"
[system]
kind = "mlp"
[system.mlp]
prior = "weight-decay"
[system.mlp.gaussian]
mean = 1.0
std = 0.8
[system.mlp.generator]
latent = 1
hidden = [2]
activation = "tanh"
[system.mlp.discriminator]
kind = "optimal"
[system.mlp.discriminator.optimal]
bandwidth = 0.5
[trainer]
loss = "saturating"
[noise]
kind = "injected"
temperature_g = 0.1
quenched_batch = 8
[observables]
batch = 16
[estimator.stationary]
`

// The optimal discriminator as a trainer: the model has all that the laws allow.
func TestOptimalTrainer(t *testing.T) {
	exp, err := parse(optimalText)
	if err != nil {
		t.Fatal(err)
	}
	m, err := exp.Tasks[0].env.NewModel()
	if err != nil {
		t.Fatal(err)
	}
	if m.NoRecurrence != nil || m.NoLinear != nil || m.NoPotential != nil || m.NoStationary != nil || m.Temperature != 0.1 || m.Size != 7 || !m.Quenched || m.Shape != "mlp: generator 1-2-1 tanh, discriminator optimal" {
		t.Errorf("model %+v", m)
	}
	u, ok := m.Potential.(*gan.ExactPotential)
	if !ok || u.Temperature() != 0.1 || m.Reference == nil {
		t.Fatalf("potential %T, reference %v", m.Potential, m.Reference)
	}
	for _, part := range []string{"weight-decay", "7 parameters", "C_h/T", "log multiplicity 0.693147", "sign"} {
		if !strings.Contains(m.Reference.Measure, part) {
			t.Errorf("measure %q does not mention %q", m.Reference.Measure, part)
		}
	}
	// U = C − T log π: the potential less the reference, times T, is the functional.
	x := m.Start
	if c := u.Functional(x); math.Abs(u.Energy(x)-0.1*m.Reference.Potential.Energy(x)-c) > 1e-13 {
		t.Errorf("U − T(−log π) = %v, want %v", u.Energy(x)-0.1*m.Reference.Potential.Energy(x), c)
	}
	for set, none := range map[string]bool{"trainer.generator.optimizer=adam": true, "trainer.generator.optimizer=momentum": false, "trainer.generator.optimizer=natural": true} {
		exp, err := parse(optimalText, set)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := exp.Tasks[0].env.NewModel(); err != nil || (m.NoPotential != nil) != none || (m.Potential == nil) != none {
			t.Errorf("%s: %v, %v", set, err, m.NoPotential)
		}
	}
}

// The same potential under every scheme.
func TestOptimalSchemes(t *testing.T) {
	for _, s := range schemes {
		sets := []string{"trainer.scheme=" + s.name, "noise.kind=none", "noise.temperature_g=0.0"}
		if strings.Contains(s.name, "metric") || strings.Contains(s.name, "hanggi") || s.name == "milstein" || s.name == "stratonovich-heun" || s.name == "natural-isotropic" {
			sets = append(sets, "trainer."+s.name+".dim=7")
		}
		exp, err := parse(optimalText, sets...)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		m, err := exp.Tasks[0].env.NewModel()
		if err != nil {
			t.Fatal(err)
		}
		if m.Temperature != 1 || m.Potential == nil || m.Reference == nil || m.NoStationary != nil || m.Map.Config() != 7 {
			t.Errorf("%s: model %+v", s.name, m)
		}
		state, next, xi := make([]float64, m.Map.Dim()), make([]float64, m.Map.Dim()), make([]float64, m.Map.Inputs())
		m.Map.Init(state, m.Start)
		m.Map.Step(next, state, xi)
		if next[0] == state[0] || math.IsNaN(next[0]) {
			t.Errorf("%s: a step from %v to %v", s.name, state[0], next[0])
		}
		if _, ok := m.Map.(langevin.Recurrence); ok && m.NoRecurrence != nil {
			t.Errorf("%s: %v", s.name, m.NoRecurrence)
		}
	}
}

func TestOptimalRefusals(t *testing.T) {
	for _, c := range []struct{ set, want string }{
		{"system.mlp.prior=none", "no prior"},
		{"system.mlp.prior=normal", "weight-decay"},
		{"noise.kind=none noise.temperature_g=0.0", "−T log π"},
		{"noise.kind=minibatch noise.temperature_g=0.0", "temperature 0"},
		{"noise.temperature_d=0.1", "no parameters"},
		{"noise.correction=full", "isotropic noise has no Γ"},
		{"noise.correction=full noise.metric_g=natural trainer.generator.optimizer=natural-momentum", "Christoffel"},
		{"noise.correction=full noise.metric_g=natural trainer.generator.optimizer=natural system.mlp.generator.activation=relu system.mlp.generator.hidden=[3]", "F jumps"},
		{"noise.correction=full noise.metric_g=natural trainer.generator.optimizer=natural system.mlp.prior=box", "walls"},
		{"noise.gradient=svrg", "drawn afresh"},
		{"noise.gradient=control-variate", "no finite sum"},
		{"trainer.generator.optimizer=momentum trainer.generator.momentum.noise_estimate=0.1", "minibatch+injected"},
		{`trainer.generator.optimizer=momentum trainer.generator.momentum.noise_estimate=1e9 noise.kind="minibatch+injected"`, "at most 2(1−β)T/η"},
		{"noise.correction=twice", "hanggi-klimontovich"},
		{"noise.schedule=linear", "constant"},
		{"trainer.scheme=splitting", `allowed "none"`},
		{"trainer.scheme=leapfrog", "splitting"},
		{"trainer.scheme=euler-maruyama noise.kind=none noise.temperature_g=0.0 trainer.euler-maruyama.temperatures=[0.5]", "contains T"},
		{"trainer.loss=hinge", "no functional"},
		{"system.mlp.discriminator.output=sigmoid", "logit"},
		{"trainer.packing=2", "single samples"},
		{"trainer.dynamics=extragradient", "one player"},
		{"trainer.alternating.steps_d=2", "no steps"},
		{"trainer.discriminator.optimizer=adam", "no steps"},
		{"trainer.regularisers=[\"weight-decay\"]", "prior"},
		{"system.mlp.target=ring", "on the line"},
		{"system.mlp.discriminator.kind=exact", "optimal"},
		{"system.mlp.discriminator.kind=mlp", "two players"},
		{"system.mlp.discriminator.optimal.bandwidth=0.0", "bandwidth"},
		{"system.mlp.discriminator.optimal.points=20", "half the bandwidth"},
		{"system.mlp.discriminator.optimal.latents=quantiles system.mlp.generator.latent=2", "dimension 2"},
		{"system.mlp.prior=box system.mlp.box.half_width=0.01", "half_width"},
		{"observables.names=[\"loss_d\"]", "functional"},
	} {
		if _, err := parse(optimalText, strings.Split(c.set, " ")...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("--set %s: %v, want %s", c.set, err, c.want)
		}
	}
	free := strings.Replace(optimalText, "[estimator.stationary]", "[estimator.free-energy]\nreference = \"prior\"", 1)
	if _, err := parse(free); err != nil {
		t.Error(err)
	}
	for set, want := range map[string]string{"system.mlp.prior=none": "∞", "trainer.generator.optimizer=adam": "adam", `noise.kind="minibatch+injected"`: "change every step"} {
		if _, err := parse(free, set); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("free energy with %s: %v, want %s", set, err, want)
		}
	}
	// The potential's prior is multiplied by T: U is not what 1/T multiplies.
	swept := strings.Replace(optimalText, "[estimator.stationary]", "[estimator.transition]\nobservable = \"rho\"\nenergy = \"energy\"\nconjugate = \"temperature\"\ncontrol = \"noise.temperature_g\"", 1) + "\n[sweep.grid]\n\"noise.temperature_g\" = [0.1, 0.2]\n"
	if _, err := parse(swept, `observables.names=["rho", "energy"]`); err == nil || !strings.Contains(err.Error(), "functional_quenched") {
		t.Errorf("transition reweighted by U: %v", err)
	}
	const energy = "estimator.transition.energy=functional_quenched"
	for set, want := range map[string]string{"run.common_random_numbers=false": "common_random_numbers = true", "run.common_random_numbers=true": "", "run.replicas=2": "run.replicas = 1"} {
		_, err := parse(swept, `observables.names=["rho", "functional_quenched"]`, energy, set, "run.common_random_numbers="+fmt.Sprint(!strings.Contains(set, "false")))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", set, err, want)
		}
	}
	// A scheme at a temperature samples no law without a prior, and says why.
	if _, err := parse(optimalText, "system.mlp.prior=none", "trainer.scheme=splitting", "noise.kind=none", "noise.temperature_g=0.0"); err == nil || !strings.Contains(err.Error(), "−2 log 2") {
		t.Errorf("stationary without a prior: %v", err)
	}
}

// Every estimator and every move runs on the trainer and on its potential under a scheme, or
// is refused with a reason before it starts.
func TestEveryEstimatorRunsOnOptimal(t *testing.T) {
	text := strings.Replace(optimalText, "[estimator.stationary]\n", "[path]\nsteps = 4\nobservable = \"gen_mean\"\ntilt = 0.1\n", 1)
	for system, sets := range map[string][]string{
		"trainer":           nil,
		"trainer in a box":  {"system.mlp.prior=box", "trainer.generator.optimizer=natural", "noise.metric_g=natural"},
		"minibatch trainer": {"system.mlp.prior=none", "noise.kind=minibatch", "noise.temperature_g=0.0", "trainer.generator.optimizer=adam"},
		"potential":         {"trainer.scheme=splitting", "trainer.splitting.temperature=0.1", "noise.kind=none", "noise.temperature_g=0.0"},
	} {
		for _, k := range estimators {
			for _, action := range []string{"onsager-machlup", "innovation"} {
				table := ""
				for _, m := range pathint.Moves() { // those that follow a gradient need a drift with derivatives
					if m.Only() == "" && system == "trainer" && !goesBack(m.Name) || slices.Contains([]string{"single-slice", "staging", "shooting", "pcn"}, m.Name) {
						table += "[move." + m.Name + "]\n"
					}
				}
				table += "[estimator." + k.name + "]\n" + strings.Join(small[k.name], "\n") + "\n"
				switch k.name {
				case "phase":
					table += "observable = \"rho\"\n"
				case "hysteresis":
					switch table += "from=0.1\n"; system {
					case "potential":
						table += "key=\"trainer.splitting.temperature\"\n"
					case "minibatch trainer":
						table += "key=\"trainer.generator.adam.eta\"\n"
					}
				case "free-energy", "discretisation":
					table += "reference = \"prior\"\n"
				}
				exp, err := parse(text+table, append([]string{"path.action=" + action}, sets...)...)
				innovationOnly := system == "minibatch trainer" || system == "potential"
				elsewhere := k.name == "collapse" || k.name == "w2-flow" || k.name == "gradient-noise" // of other data, other networks
				boltzmann := k.name == "free-energy" || k.name == "tempering" || k.name == "discretisation"
				refused := betweenSets(k.name) || imaginaryTime(k.name) || k.name == "sgd-inference" || // which needs a data set
					k.name == "non-equilibrium" && innovationOnly || // no densities of paths
					k.name == "temperatures" && (innovationOnly || system == "trainer in a box") || // no response to a force
					k.name == "laplace" && (innovationOnly || system == "trainer in a box") || // no gradient
					boltzmann && strings.Contains(system, "trainer ") ||
					(boltzmann || k.name == "derivatives" || k.name == "stability") && system == "minibatch trainer" ||
					k.paths && k.name != "o10" && innovationOnly && action == "onsager-machlup"
				if refused != (err != nil) && !elsewhere {
					t.Errorf("%s on %s, %s: %v", k.name, system, action, err)
				}
				if err != nil {
					if !strings.Contains(err.Error(), "test.toml:") && !strings.Contains(err.Error(), "--set") {
						t.Errorf("%s on %s: %v", k.name, system, err)
					}
					continue
				}
				runTask(t, exp.Tasks[0], k.name+" on "+system+", "+action)
			}
		}
	}
}
