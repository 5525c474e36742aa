package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// shellBlock is a block of docs/cluster.md that a test runs.
var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// The examples of docs/cluster.md do what they say: each makes the csv/ of an undivided run.
// Array jobs are run for each of their indices, then merged.
func TestExamplesForSchedulers(t *testing.T) {
	page, err := os.ReadFile("../../docs/cluster.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlock.FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 6 {
		t.Fatalf("found %d examples", len(blocks))
	}
	bin, whole := t.TempDir(), t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The test program is machlup when called by that name.
	if err := os.Symlink(self, filepath.Join(bin, "machlup")); err != nil {
		t.Skip(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	experiment(t, whole)
	shell(t, whole, "machlup run experiment.toml --out out --quiet")
	want := csvOf(t, whole)
	for _, b := range blocks {
		t.Run(strings.Fields(strings.TrimLeft(b[1], "#"))[0], func(t *testing.T) {
			tool, _, _ := strings.Cut(b[1], " ")
			if _, err := exec.LookPath(tool); tool == "parallel" && err != nil {
				t.Skip("GNU parallel is not installed")
			}
			dir := t.TempDir()
			experiment(t, dir)
			if !strings.Contains(b[1], "machlup merge") { // an array job
				for _, index := range [][2]string{{"0", "1"}, {"1", "2"}, {"2", "3"}, {"3", "4"}} {
					shell(t, dir, b[1], "PBS_ARRAY_INDEX="+index[0], "SGE_TASK_ID="+index[1], "LSB_JOBINDEX="+index[1])
				}
				shell(t, dir, "machlup merge out")
			} else {
				shell(t, dir, b[1])
			}
			got := csvOf(t, dir)
			if len(got) != len(want) {
				t.Errorf("%d files in csv/, want %d", len(got), len(want))
			}
			for name, text := range want {
				if got[name] != text {
					t.Errorf("%s differs from that of an undivided run", name)
				}
			}
		})
	}
}

// experiment puts one of eight small tasks into a directory.
func experiment(t *testing.T, dir string) {
	t.Helper()
	const text = `name = "small"
[system]
kind = "ou"
[trainer.euler-maruyama]
eta = 0.1
[estimator.stationary]
steps = 2000
[estimator.ensemble]
chains = 20
steps = 10
[sweep.grid]
"trainer.euler-maruyama.temperature" = [0.5, 1.0, 1.5, 2.0]
`
	if err := os.WriteFile(filepath.Join(dir, "experiment.toml"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func shell(t *testing.T, dir, script string, env ...string) {
	t.Helper()
	cmd := exec.Command("bash", "-c", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, out)
	}
}

func csvOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "out", "csv", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tables in %s (%v)", dir, err)
	}
	out := map[string]string{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(f)] = string(data)
	}
	return out
}
