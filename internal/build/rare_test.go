package build

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"machlup/internal/engine"
)

// betweenSets tells the estimators of paths from A to B, which need both sets.
func betweenSets(name string) bool {
	return slices.Contains([]string{"rate", "transition-paths", "minimum-action"}, name)
}

// goesBack tells the moves of reversible systems, whose q_0 has the law e^{−U/T}.
func goesBack(move string) bool {
	return slices.Contains([]string{"two-way-shooting", "shifting"}, move)
}

// rareText is testdata/rare.toml without its estimators and sweep: a double well with sets.
// For the minimum action the end is held.
func rareText(t *testing.T, estimator string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/rare.toml")
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(text), "[estimator.")
	if estimator == "minimum-action" {
		before, _, _ := strings.Cut(head, "[path.sets]")
		return strings.Replace(before, `action = "innovation"`, "end = \"pinned\"\nend_at = [1.0]", 1)
	}
	return head
}

// What cannot be meant is refused at its key.
func TestRareRefusals(t *testing.T) {
	text := rareText(t, "rate")
	for _, c := range []struct {
		table, sets, want string
	}{
		{"[estimator.rate]\n", "path.sets.b=[]", "path.sets: found a = [\"mean_x < -0.5\"], b = []"},
		{"[estimator.rate]\n", "path.sets.a=[\"mean_x < -2.0\"]", "path.sets.a: found a start that misses it by 1,"},
		{"[estimator.rate]\n", "path.sets.b=[\"mean_x > y\"]", "path.sets.b: found [\"mean_x > y\"], allowed inequalities"},
		{"[estimator.rate]\n", "path.hbar=2.0", "a rate belongs to the dynamics itself"},
		{"[estimator.rate]\n", "path.start=\"gaussian\"", "path.start: found \"gaussian\", allowed \"fixed\""},
		{"[estimator.rate]\n", "path.start=\"boltzmann\"", "path.start: found \"boltzmann\", allowed \"fixed\""},
		{"[estimator.rate]\nfrom = 29\n", "seed=1", "from: found 29, allowed at most path.steps − 2 = 28"},
		{"[estimator.rate]\nruns = 0\nladders = 0\n", "seed=1", "one of them above 0"},
		{"[estimator.transition-paths]\n", "path.hbar=2.0", "transition paths are those of the dynamics itself"},
		{"[estimator.transition-paths]\npaths = 2000\n", "seed=1", "paths: found 2000, allowed at most draws = 1000"},
		{"[estimator.minimum-action]\n", "seed=1", "path.action: found \"innovation\""},
		{"[estimator.minimum-action]\n", "path.action=\"onsager-machlup\"", "path.end: found \"free\""},
		{"[estimator.minimum-action]\nto = \"basin\"\n", "path.start=\"gaussian\"", "path.action"},
		{"[estimator.o10]\n", "seed=1", "no sets: the forward ensemble has a free end"},
		{"[estimator.exchange]\nover = \"hbar\"\n", "seed=1", "no sets: Z(ħ)"},
	} {
		if _, err := parse(text+c.table, c.sets); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s%s: %v, want %q", c.table, c.sets, err, c.want)
		}
	}
}

// Rates of a sweep of T are those of one system only with common random numbers: the mark that
// every task carries tells.
func TestRareMarks(t *testing.T) {
	const text = `name = "marks"
seed = 5
[system]
kind = "mlp"
[system.mlp.generator]
latent = 1
hidden = [3]
[system.mlp.discriminator]
hidden = [3]
[noise]
kind = "injected"
temperature_d = 1e-3
quenched_batch = 4
[observables]
names = ["rho"]
batch = 16
[path]
steps = 4
action = "innovation"
[path.sets]
a = ["rho > 0.0"]
b = ["rho > 0.0"]
[move.pcn]
[estimator.rate]
runs = 800
ladders = 0
from = 1
[sweep.grid]
"noise.temperature_g" = [1e-4, 1e-3]
`
	for _, c := range []struct {
		set  string
		same bool
	}{{"run.common_random_numbers=false", false}, {"run.common_random_numbers=true", true}} {
		exp, err := parse(text, c.set)
		if err != nil {
			t.Fatal(err)
		}
		var drift [2]float64
		for i := range drift {
			part, err := exp.Tasks[i].Runner.Run(context.Background(), 0, func(float64) {})
			if err != nil {
				t.Fatal(err)
			}
			drift[i] = part.(*engine.RatePart).Mark.Drift
		}
		if drift[0] == 0 || (drift[0] == drift[1]) != c.same {
			t.Errorf("%s: marks %v", c.set, drift)
		}
	}
}

// A start that its steps take out of A is an outcome, not a failed task.
func TestRareStartOutsideA(t *testing.T) {
	exp, err := parse(rareText(t, "rate")+"[start]\nsteps = 1\n[estimator.rate]\n[estimator.transition-paths]\n", "trainer.euler-maruyama.eta=0.49", "trainer.start=[-0.51]", "path.sets.a=[\"mean_x < -0.5\", \"mean_x > -0.52\"]")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range exp.Tasks {
		part, err := task.Runner.Run(context.Background(), 0, func(float64) {})
		if err != nil {
			t.Fatal(err)
		}
		var failed string
		switch p := part.(type) {
		case *engine.RatePart:
			failed = p.Failed
		case *engine.TransitionPathsPart:
			failed = p.Failed
		}
		if !strings.Contains(failed, "a start that misses it by") {
			t.Errorf("%s: %q", task.Label, failed)
		}
	}
}
