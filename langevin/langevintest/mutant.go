package langevintest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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

// KillMutantsTogether is KillMutants with one test binary for all mutants, which may then be many:
// New holds "pick(MUTANT, wrong, right)", which is wrong where that mutant is alive, for a right
// and a wrong value of one type. name is that of the package.
func KillMutantsTogether(t *testing.T, name string, mutants []Mutant) {
	t.Helper()
	if os.Getenv("MACHLUP_MUTANT") != "" {
		return // this is the mutated binary
	}
	binary := buildTogether(t, name, mutants)
	for i, m := range append(mutants, Mutant{Name: "none", Run: mutants[0].Run}) {
		cmd := exec.Command(binary, "-test.run="+m.Run, "-test.failfast")
		cmd.Env = append(os.Environ(), "MACHLUP_MUTANT="+strconv.Itoa(i))
		out, err := cmd.CombinedOutput()
		switch failed := strings.Contains(string(out), "--- FAIL"); {
		case i == len(mutants) && (err != nil || !strings.Contains(string(out), "PASS")):
			t.Errorf("the patched program fails without a mutant: %v\n%s", err, out)
		case i < len(mutants) && !failed:
			t.Errorf("%s: no test of %q noticed: %v\n%.500s", m.Name, m.Run, err, out)
		}
	}
}

// buildTogether patches all mutants into copies of their files and compiles the tests.
func buildTogether(t *testing.T, name string, mutants []Mutant) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	source := map[string]string{"mutant_pick.go": "package " + name + `

import "os"

var alive = os.Getenv("MACHLUP_MUTANT")

func pick[T any](mutant string, wrong, right T) T {
	if alive == mutant {
		return wrong
	}
	return right
}
`}
	for i, m := range mutants {
		if source[m.File] == "" {
			text, err := os.ReadFile(m.File)
			if err != nil {
				t.Fatal(err)
			}
			source[m.File] = string(text)
		}
		if n := strings.Count(source[m.File], m.Old); n != 1 {
			t.Fatalf("%s: %s has %d places with %q: a mutant needs exactly one", m.Name, m.File, n, m.Old)
		}
		source[m.File] = strings.Replace(source[m.File], m.Old, strings.ReplaceAll(m.New, "MUTANT", strconv.Quote(strconv.Itoa(i))), 1)
	}
	dir, replace := t.TempDir(), map[string]string{}
	for file, text := range source {
		replace[filepath.Join(here, file)] = filepath.Join(dir, file)
		write(t, filepath.Join(dir, file), []byte(text))
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay, binary := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "mutants.test")
	write(t, overlay, list)
	if out, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay="+overlay, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("building the mutants: %v\n%s", err, out)
	}
	return binary
}
