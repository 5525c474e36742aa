package build

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"machlup/internal/engine"
	"machlup/internal/record"
	"machlup/internal/spec"
)

// InputsDir is the directory in a run's directory where the files that the config names are
// kept, so that the resolved config there means the same wherever it is run from.
const InputsDir = "inputs"

// An Input is a file that the config names, or what was taken from it.
type Input struct {
	Name   string // below InputsDir: made from the text of the config, not from where it led
	SHA256 string // of the contents
	Path   string // where it was read
	Data   []byte // the contents, if not those of Path
}

// inputName is one file name for a text of the config, readable and free of paths.
func inputName(text string) string {
	sum := sha256.Sum256([]byte(text))
	base := safeName(filepath.Base(filepath.ToSlash(text)))
	return hex.EncodeToString(sum[:6]) + "-" + base[max(0, len(base)-40):]
}

// locate returns where a file that a key names is: the copy in the run's own directory, if
// the config stands there; else relative to the config file; for --set, to the current
// directory.
func locate(t *spec.Table, key, text, name string) string {
	dir := ""
	if origin := t.Origin(key); !strings.HasPrefix(origin, "--set") {
		dir = filepath.Dir(origin)
	}
	kept := []string{filepath.Join(dir, InputsDir, name)}
	if abs, err := filepath.Abs(dir); err == nil && filepath.Base(filepath.Dir(abs)) == "tasks" { // replay.toml
		kept = append(kept, filepath.Join(dir, "..", "..", InputsDir, name))
	}
	for _, path := range kept {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	if filepath.IsAbs(text) {
		return filepath.Clean(text)
	}
	return filepath.Join(dir, text)
}

// startFrom reads the final state that [start] from names.
func startFrom(doc *spec.Doc, s *system) error {
	t := doc.Table("start")
	if s.start.From == "" {
		if s.start.Chain != 0 {
			return t.Errorf("chain", "found %d without start.from, allowed 0", s.start.Chain)
		}
		return nil
	}
	name := inputName(fmt.Sprintf("%s/chain-%d", s.start.From, s.start.Chain))
	path := locate(t, "from", s.start.From, name)
	states, err := readStart(path, filepath.Base(path) == name && filepath.Base(filepath.Dir(path)) == InputsDir)
	if err == nil {
		states, err = states.Chain(s.start.Chain)
	}
	if err != nil {
		return t.Errorf("from", "%v", err)
	}
	data := states.Encode()
	sum := sha256.Sum256(data)
	s.from = states
	s.inputs = append(s.inputs, Input{Name: name, SHA256: hex.EncodeToString(sum[:]), Path: path, Data: data})
	s.files = append(s.files, "# contents of start.from: SHA-256 "+hex.EncodeToString(sum[:])+"\n")
	return nil
}

// readStart reads the kept state, or that of RUN/TASK.
func readStart(path string, kept bool) (*engine.FinalStates, error) {
	if kept {
		return engine.ReadFinal(path)
	}
	run, task, err := splitRun(path)
	if err != nil {
		return nil, err
	}
	hash, err := hashOf(run, task)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(run, "tasks", hash, engine.FinalFile)
	f, err := engine.ReadFinal(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("found no final state of task %s in %s; allowed: a finished task that runs trajectories from a start (ensemble, phase, stationary, collapse); if it is unfinished, run it to its end", task, run)
	}
	return f, err
}

// splitRun cuts RUN/TASK after the directory of the run, which has a plan.
func splitRun(path string) (run, task string, err error) {
	slashed := filepath.ToSlash(path)
	for i := 1; i <= len(slashed); i++ {
		if i < len(slashed) && slashed[i] != '/' {
			continue
		}
		if info, err := os.Stat(filepath.Join(slashed[:i], "plan.jsonl")); err == nil && info.Mode().IsRegular() {
			return slashed[:i], strings.Trim(slashed[i:], "/"), nil
		}
	}
	return "", "", fmt.Errorf("found no run on the way to %s; allowed: RUN/TASK, the directory of a run and the label of a task there, such as runs/quickstart/ensemble/r0", path)
}

// hashOf finds a task by its label, or its hash, in a run's plan.
func hashOf(run, task string) (string, error) {
	plan, err := os.ReadFile(filepath.Join(run, "plan.jsonl"))
	if err != nil {
		return "", err
	}
	var labels []string
	for _, line := range strings.Split(strings.TrimSuffix(string(plan), "\n"), "\n") {
		var p struct{ Task, Hash string }
		if json.Unmarshal([]byte(line), &p) != nil || p.Hash == "" || filepath.Base(p.Hash) != p.Hash {
			return "", fmt.Errorf("%s/plan.jsonl is damaged; run the experiment there again", run)
		}
		if task == p.Task || task == p.Hash {
			return p.Hash, nil
		}
		labels = append(labels, p.Task)
	}
	hint := ""
	if n := spec.NearestName(task, labels); n != "" {
		hint = fmt.Sprintf("; did you mean %q?", n)
	}
	return "", fmt.Errorf("found no task %q in %s; allowed: %s%s", task, run, clipped(labels), hint)
}

func clipped(labels []string) string {
	const most = 8
	if len(labels) > most {
		return strings.Join(labels[:most], ", ") + fmt.Sprintf(", … (%d tasks)", len(labels))
	}
	return strings.Join(labels, ", ")
}

// checkStart refuses a state of another system or size.
func (s *system) checkStart(doc *spec.Doc, m *engine.Model) error {
	if s.from == nil {
		return nil
	}
	found, allowed := describe(s.from.Shape, len(s.from.States[0].Q)), describe(s.shape, len(m.Start))
	if found != allowed {
		return doc.Table("start").Errorf("from", "found the final state of %s, allowed one of %s, which this config has", found, allowed)
	}
	return nil
}

func describe(shape string, n int) string { return fmt.Sprintf("%s (%d components)", shape, n) }

// hashInput is an Input whose contents are those of the file.
func hashInput(name, path string) (Input, error) {
	sum, err := record.HashFile(path)
	return Input{Name: name, SHA256: sum, Path: path}, err
}
