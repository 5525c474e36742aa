package langevintest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Mutant is a planted mistake: one passage of one source file of the package under
// test, and the tests that must notice.
type Mutant struct {
	Name     string
	File     string // relative to the package's folder
	Old, New string // Old occurs exactly once
	Run      string // as in go test -run; must not match the calling test
}

// KillMutants runs the named tests with each mutant in place of the real file (go test
// -overlay: no file is changed) and reports the mutants that survive. A mutant that does
// not compile is an error too.
func KillMutants(t *testing.T, mutants []Mutant) {
	t.Helper()
	for _, m := range mutants {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			out, err := m.test(t)
			switch {
			case err == nil:
				t.Errorf("no test of %q noticed: %q in place of %q", m.Run, m.New, m.Old)
			case !strings.Contains(out, "--- FAIL"):
				t.Errorf("the mutant did not run: %v\n%s", err, out)
			}
		})
	}
}

func (m Mutant) test(t *testing.T) (string, error) {
	t.Helper()
	path, err := filepath.Abs(m.File)
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), m.Old); n != 1 {
		t.Fatalf("%s has %d places with %q: a mutant needs exactly one", m.File, n, m.Old)
	}
	dir := t.TempDir()
	patched, overlay := filepath.Join(dir, filepath.Base(path)), filepath.Join(dir, "overlay.json")
	write(t, patched, []byte(strings.Replace(string(source), m.Old, m.New, 1)))
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: patched}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, overlay, list)
	out, err := exec.Command("go", "test", "-count=1", "-vet=off", "-ldflags=-s -w", "-overlay="+overlay, "-run="+m.Run, ".").CombinedOutput()
	return string(out), err
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
