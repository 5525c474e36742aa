package build

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"machlup/gan"
	"machlup/internal/rng"
)

// combination is a tiny GAN of the given choices; extra are further tables.
func combination(loss, output, dynamics, optimizerD, optimizerG, extra string) string {
	return fmt.Sprintf(`name = "combination"
seed = 3
[system]
kind = "mlp"
[system.mlp.gaussian]
mean = 0.5
std = 1.0
[system.mlp.generator]
latent = 2
hidden = [3]
[system.mlp.discriminator]
hidden = [3]
output = %q
[trainer]
batch = 4
loss = %q
dynamics = %q
[trainer.discriminator]
optimizer = %q
[trainer.generator]
optimizer = %q
[observables]
names = ["loss_d", "loss_g", "rho"]
batch = 16
[estimator.ensemble]
%s`, output, loss, dynamics, optimizerD, optimizerG, extra)
}

// train builds the model of a config and makes steps; it returns the last state.
func train(t *testing.T, text string, steps int) []float64 {
	t.Helper()
	exp := load(t, text)
	m, err := exp.Tasks[0].env.NewModel()
	if err != nil {
		t.Fatal(err)
	}
	state, next, xi := make([]float64, m.Map.Dim()), make([]float64, m.Map.Dim()), make([]float64, m.Map.Inputs())
	m.Map.Init(state, m.Start)
	src, values := rng.New(3, 0, "inputs", ""), make([]float64, len(m.Observer.Observables()))
	for range steps {
		src.Normals(xi)
		m.Map.Step(next, state, xi)
		state, next = next, state
	}
	m.Observer.Observe(values, state)
	moved := false
	for i := range m.Start {
		moved = moved || state[i] != m.Start[i]
	}
	for _, x := range append(values, state...) {
		if math.IsNaN(x) || math.IsInf(x, 0) || !moved {
			t.Fatalf("not finite or at rest after %d steps\n%s", steps, text)
		}
	}
	return state
}

// Every loss, every dynamics and every pair of optimizers that is not refused trains for a
// few steps to finite numbers; what is refused is what is declared, with its reason.
func TestCombinations(t *testing.T) {
	refusedOf := func(text string) string {
		_, err := parse(text)
		if err == nil {
			return ""
		}
		return err.Error()
	}
	trained, refused := 0, 0
	for _, l := range List("losses") {
		for _, o := range []string{"linear", "sigmoid", "tanh"} {
			loss, err := gan.NewLoss(l.Name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = gan.WithOutput(loss, gan.Output(o)); err != nil {
				text := combination(l.Name, o, "alternating", "sgd", "sgd", "")
				if got := refusedOf(text); !strings.Contains(got, "system.mlp.discriminator.output") || !strings.Contains(got, l.Name) || !strings.Contains(got, `use "linear"`) {
					t.Errorf("%s with output %s: %q", l.Name, o, got)
				}
				refused++
				continue
			}
			for _, dynamics := range List("dynamics") {
				for _, d := range List("optimizers") {
					// Each optimizer for the generator once a loss; all pairs under one loss.
					for _, g := range List("optimizers") {
						if g.Name != d.Name && l.Name != "least-squares" {
							continue
						}
						text := combination(l.Name, o, dynamics.Name, d.Name, g.Name, "")
						natural := strings.HasPrefix(d.Name+" "+g.Name, "natural") || strings.Contains(g.Name, "natural")
						if natural && (dynamics.Name == "consensus" || dynamics.Name == "sga") {
							if got := refusedOf(text); !strings.Contains(got, "natural optimizer") {
								t.Errorf("%s with %s, %s: %q", dynamics.Name, d.Name, g.Name, got)
							}
							refused++
							continue
						}
						train(t, text, 3)
						trained++
					}
				}
			}
		}
	}
	if trained < 900 || refused < 100 {
		t.Errorf("%d combinations trained, %d refused", trained, refused)
	}
}

// The small games under every loss, dynamics and optimizer of both players.
func TestGameCombinations(t *testing.T) {
	trained, refused := 0, 0
	for _, game := range gan.Games() {
		for _, l := range List("losses") {
			for _, dynamics := range List("dynamics") {
				for _, o := range List("optimizers") {
					text := fmt.Sprintf("name = \"combination\"\nseed = 3\n[system]\nkind = %q\n[trainer]\nbatch = 4\nloss = %q\ndynamics = %q\n"+
						"[trainer.discriminator]\noptimizer = %q\n[trainer.generator]\noptimizer = %q\n[observables]\nbatch = 16\n[estimator.ensemble]\n",
						game.Name, l.Name, dynamics.Name, o.Name, o.Name)
					if game.Name == "lq" { // e^V of the paper's data, near 8, overflows
						text += "[system.lq.gaussian]\nmean = 0.5\nstd = 1.0\n"
					}
					if strings.Contains(o.Name, "natural") && (dynamics.Name == "consensus" || dynamics.Name == "sga") {
						if _, err := parse(text); err == nil || !strings.Contains(err.Error(), "natural optimizer") {
							t.Errorf("%s with %s: %v", dynamics.Name, o.Name, err)
						}
						refused++
						continue
					}
					train(t, text, 3)
					trained++
				}
			}
		}
	}
	if want := len(gan.Games()) * len(List("losses")) * 4; refused != want || trained < 10*want {
		t.Errorf("%d combinations trained, %d refused, want %d", trained, refused, want)
	}
}

// Schedules, friction and initial parameters, under each noise, from TOML.
func TestSettingsTrain(t *testing.T) {
	hot := "[noise]\nkind = \"injected\"\ntemperature_g = 1e-4\ntemperature_d = 1e-4\nquenched_batch = 4\n"
	for _, s := range List("schedules") {
		text := combination("hinge", "linear", "alternating", "momentum", "adam", strings.Replace(hot, "[noise]\n", "[noise]\nschedule = \""+s.Name+"\"\n", 1))
		rate := s.Name
		if rate == "cyclical-noise" { // of temperatures only
			if _, err := parse(strings.Replace(text, "[trainer.generator]\n", "[trainer.generator]\nschedule = \"cyclical-noise\"\n", 1)); err == nil || !strings.Contains(err.Error(), "trains nothing") {
				t.Errorf("a learning rate of 0: %v", err)
			}
			rate = "cyclical"
		}
		for _, p := range []string{"generator", "discriminator"} {
			text = strings.Replace(text, "[trainer."+p+"]\n", "[trainer."+p+"]\nschedule = \""+rate+"\"\n", 1)
		}
		train(t, text, 3)
		paths := text + "[path]\nsteps = 3\n[move.staging]\n[estimator.paths]\n"
		innovations := strings.Replace(strings.Replace(paths, "[path]\n", "[path]\naction = \"innovation\"\n", 1), "[move.staging]", "[move.pcn]", 1)
		load(t, innovations)
		if _, err := parse(strings.Replace(paths, "\"adam\"", "\"sgd\"", 1)); s.Name != "constant" && (err == nil || !strings.Contains(err.Error(), rate) || !strings.Contains(err.Error(), "step number")) {
			t.Errorf("paths in positions under %s: %v", s.Name, err)
		} else if s.Name == "constant" && err != nil {
			t.Error(err)
		}
	}
	if _, err := parse(combination("hinge", "linear", "alternating", "sgd", "sgd", "[noise]\nschedule = \"cosine\"\n")); err == nil || !strings.Contains(err.Error(), "noise.schedule") {
		t.Errorf("a schedule of no temperature: %v", err)
	}
	for _, e := range List("inits") {
		train(t, strings.Replace(combination("hinge", "linear", "alternating", "sgd", "sgd", ""), "latent = 2\n", "latent = 2\ninit = \""+e.Name+"\"\n", 1), 2)
	}
	if _, err := parse(strings.Replace(combination("hinge", "linear", "alternating", "sgd", "sgd", ""), "latent = 2\n", "latent = 2\ngain = 2.0\n", 1)); err == nil || !strings.Contains(err.Error(), "has no gain") {
		t.Errorf("a gain of nothing: %v", err)
	}
	for _, o := range []string{"momentum", "natural-momentum"} {
		table := "[trainer.generator." + o + "]\ngamma = 0.5\ndt = 0.1\n"
		text := combination("minimax", "linear", "alternating", "sgd", o, hot+table)
		state := train(t, text, 3)
		exp := load(t, text)
		again := train(t, exp.Resolved, 3) // defaults of eta and beta written out
		for i, x := range state {
			if again[i] != x {
				t.Fatalf("%s: the resolved config trains otherwise", o)
			}
		}
		for set, part := range map[string]string{"eta=0.01": "one pair", "beta=0.5": "one pair", "dt=0": "go together", `friction="paper"`: ""} {
			_, err := parse(text, "trainer.generator."+o+"."+set)
			if (err == nil) != (part == "") || err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("%s with %s: %v", o, set, err)
			}
		}
	}
}
