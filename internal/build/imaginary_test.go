package build

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// imaginaryTime tells the estimators of euclidean and lagrangian paths alone.
func imaginaryTime(name string) bool { return slices.Contains([]string{"spectrum", "log-z"}, name) }

// imaginaryText is testdata/imaginary.toml without its estimators.
func imaginaryText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/imaginary.toml")
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(text), "[estimator.")
	return head
}

// What is ill-posed or not meant is refused at its key before anything runs.
func TestImaginaryRefusals(t *testing.T) {
	text := imaginaryText(t)
	for _, c := range []struct{ table, set, want string }{
		{"[estimator.spectrum]\n", "path.action=\"lagrangian\"", "path.action: found \"lagrangian\""},
		{"[estimator.spectrum]\n", "path.end=\"free\"", "with path.end = \"periodic\""},
		{"[estimator.spectrum]\nfit_to = 4\n", "seed=1", "at most P/2 = 3"},
		{"[estimator.spectrum]\n", "path.euclidean.wall=0.0", "does not confine"},
		{"[estimator.log-z]\n", "path.euclidean.reference=0.0", "zero mode"},
		{"[estimator.log-z]\n", "path.end=\"free\"", "a fixed slice forbids"},
		{"[estimator.log-z]\n", "path.action=\"onsager-machlup\"", "\"euclidean\" or \"lagrangian\""},
		{"[estimator.o10]\n", "seed=1", "the forward ensemble has no other end"},
		{"[estimator.paths]\n", "path.euclidean.mass=[1.0, 2.0, 3.0]", "3 masses for 2 components"},
	} {
		if _, err := parse(text+c.table, c.set); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %s: %v, want %q", c.table, c.set, err, c.want)
		}
	}
	for _, task := range load(t, text+"[estimator.spectrum]\nwarm = 50\nburn = 50\ndraws = 2000\n[estimator.paths]\nwarm = 5\nburn = 5\ndraws = 50\nslices = true\n[estimator.exchange]\nover = \"hbar\"\nhbar_top = 2e-3\nlevels = 3\nwarm = 5\nburn = 5\ndraws = 50\n").Tasks {
		runTask(t, task, task.Label)
	}
}
