// Package notebooks_test makes small runs and executes the notebooks on them.
package notebooks_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runs are what the notebooks read, made small enough for a test: name below runs/, then the
// arguments of machlup run.
var runs = []struct {
	name string
	args []string
}{
	{"quickstart", quick("quickstart")},
	{"quickstart-other", append(quick("quickstart"), "--seed", "2026")},
	{"paper", []string{"paper", "--set", "estimator.ensemble.steps=200", "--set", "run.replicas=2", "--set", "estimator.ensemble.samples=1000"}},
	{"temperature", []string{"../examples/temperature.toml", "--set", "estimator.ensemble.steps=10"}},
	{"curie-weiss", []string{"curie-weiss", "--set", "estimator.transition.steps=2000", "--set", `sweep.grid."system.curie-weiss.spins"=[32, 64]`}},
	{"stationary", []string{"testdata/stationary.toml"}},
}

func quick(experiment string) []string {
	args := []string{experiment}
	for _, set := range []string{
		"ensemble.chains=60", "ensemble.steps=16", "ensemble.samples=500", "paths.burn=30", "paths.draws=60", "paths.warm=10",
		"ti.points=3", "ti.draws=60", "ti.burn=20", "ais.runs=60", "ais.stages=3", "forward.runs=200", "o10.runs=200", "o10.draws=100", "o10.burn=20",
	} {
		args = append(args, "--set", "estimator."+set)
	}
	return append(args, "--set", "path.steps=4", "--set", "move.staging.length=4")
}

func TestNotebooks(t *testing.T) {
	python := environment(t)
	dir := t.TempDir()
	machlup := filepath.Join(dir, "machlup")
	command(t, "go", "build", "-o", machlup, "machlup/cmd/machlup")
	for _, r := range runs {
		command(t, machlup, append([]string{"run", "--quiet", "--out", filepath.Join(dir, "runs", r.name)}, r.args...)...)
	}
	t.Setenv("MACHLUP_RUNS", filepath.Join(dir, "runs"))
	t.Setenv("PYTHONDONTWRITEBYTECODE", "1")
	command(t, python, "-W", "ignore", "-m", "unittest")
	files, err := filepath.Glob("*.ipynb")
	if err != nil || len(files) == 0 {
		t.Fatal("found no notebooks", err)
	}
	command(t, python, append([]string{"execute.py"}, files...)...)
}

// Notebooks are committed without outputs: what they show depends on the run.
func TestWithoutOutputs(t *testing.T) {
	files, _ := filepath.Glob("*.ipynb")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var notebook struct {
			Cells []struct {
				Outputs        []any
				ExecutionCount *int `json:"execution_count"`
			}
		}
		if err := json.Unmarshal(data, &notebook); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i, c := range notebook.Cells {
			if len(c.Outputs) > 0 || c.ExecutionCount != nil {
				t.Errorf("%s: cell %d has outputs; clear them before committing (Kernel, Restart and Clear Output)", file, i)
			}
		}
	}
}

// environment returns the Python of a virtual environment with the pinned packages, made in
// the user's cache when it is not there. Without Python or the packages the test is skipped
// and says so; not in CI.
func environment(t *testing.T) string {
	missing := func(format string, args ...any) {
		t.Helper()
		why := fmt.Sprintf(format, args...)
		if os.Getenv("CI") == "true" {
			t.Fatal(why)
		}
		t.Skip("the notebooks are not executed: " + why)
	}
	base, err := exec.LookPath("python3")
	if err != nil {
		missing("found no python3")
	}
	if out, err := exec.Command(base, "-c", "import sys, venv, ensurepip; assert sys.version_info >= (3, 11), sys.version").CombinedOutput(); err != nil {
		missing("python3 must be 3.11 or newer and have venv (Debian: python3-venv): %s", out)
	}
	hash := sha256.New()
	for _, file := range []string{"requirements.txt", "constraints.txt"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		hash.Write(data)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	venv := filepath.Join(cache, "machlup", "notebooks-"+hex.EncodeToString(hash.Sum(nil))[:12])
	python := filepath.Join(venv, "bin", "python")
	if exec.Command(python, "-c", "import arviz, ipykernel, matplotlib, nbclient, pandas").Run() == nil {
		return python
	}
	if out, err := exec.Command(base, "-m", "venv", "--clear", venv).CombinedOutput(); err != nil {
		missing("cannot make a virtual environment: %s", out)
	}
	if out, err := exec.Command(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt", "-c", "constraints.txt").CombinedOutput(); err != nil {
		missing("the packages of requirements.txt cannot be had: %s", out)
	}
	return python
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}
