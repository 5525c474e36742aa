package dispatch

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"machlup/internal/build"
	"machlup/internal/engine"
	"machlup/internal/record"
)

// taskManifest is tasks/HASH/manifest.json: written last, so a task that has one is
// finished. It holds nothing timed, so that a task's files are reproducible.
type taskManifest struct {
	Schema       int               `json:"schema"`
	Hash         string            `json:"hash"`
	Label        string            `json:"label"`
	Config       string            `json:"config"` // what the hash covers, to replay
	Status       engine.Status     `json:"status"`
	DivergedStep int               `json:"diverged_step"`
	Note         string            `json:"note,omitempty"`
	Outputs      map[string]string `json:"outputs"` // file → SHA-256
	Schemas      []record.Schema   `json:"schemas"`
}

func taskDir(dir string, t build.Task) string { return filepath.Join(dir, "tasks", t.Hash) }

func partPath(taskDir string, part int) string {
	return filepath.Join(taskDir, fmt.Sprintf("part-%04d", part))
}

// finished tells whether the task's directory holds a finished task of this schema.
func finished(dir string, t build.Task) (engine.Outcome, bool) {
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return engine.Outcome{}, false
	}
	var m taskManifest
	if json.Unmarshal(data, &m) != nil || m.Schema != build.SchemaVersion || m.Hash != t.Hash {
		return engine.Outcome{}, false
	}
	for name, want := range m.Outputs {
		if got, err := record.HashFile(filepath.Join(dir, name)); err != nil || got != want {
			return engine.Outcome{}, false
		}
	}
	return engine.Outcome{Status: m.Status, DivergedStep: m.DivergedStep, Note: m.Note}, true
}

// finishTask writes the tables and the manifest of a task whose parts are all there.
func finishTask(dir string, t build.Task) (engine.Outcome, error) {
	parts, err := readParts(dir, t)
	if err != nil {
		return engine.Outcome{}, err
	}
	out := engine.NewOutput(dir, t.Label)
	var outcome engine.Outcome
	_, err = guard(func() (any, error) {
		var err error
		outcome, err = t.Runner.Finish(parts, out)
		return nil, err
	})
	if err != nil {
		out.Abort()
		return outcome, fmt.Errorf("combining the parts: %w", err)
	}
	schemas := out.Schemas()
	if err := out.Commit(); err != nil {
		return outcome, err
	}
	m := taskManifest{Schema: build.SchemaVersion, Hash: t.Hash, Label: t.Label, Config: t.Config,
		Status: outcome.Status, DivergedStep: outcome.DivergedStep, Note: outcome.Note, Outputs: map[string]string{}, Schemas: schemas}
	for _, s := range schemas {
		name := s.Name + ".csv"
		if m.Outputs[name], err = record.HashFile(filepath.Join(dir, name)); err != nil {
			return outcome, err
		}
	}
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return outcome, err
	}
	return outcome, record.WriteFileAtomic(filepath.Join(dir, "manifest.json"), append(data, '\n'))
}

// readParts loads all parts of a task.
func readParts(dir string, t build.Task) ([]any, error) {
	parts := make([]any, t.Runner.Parts())
	for i := range parts {
		parts[i] = t.Runner.NewResult()
		path := partPath(dir, i)
		err := engine.ReadPart(path, parts[i])
		if errors.Is(err, engine.ErrCorrupt) {
			os.Remove(path) // so that the next run computes it again
		}
		if err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// writeFailure leaves failure.txt in a failed task's directory: the error, a panic's stack
// and the config to replay it. It is a help, so its own failure is not reported.
func writeFailure(dir string, t build.Task, failure error) {
	text := fmt.Sprintf("task %s failed: %v\n\nconfig that the task's hash covers:\n%s\n", t.Label, failure, t.Config)
	var p *panicError
	if errors.As(failure, &p) {
		text += "\n" + string(p.stack)
	}
	_ = record.WriteFileAtomic(filepath.Join(dir, "failure.txt"), []byte(text))
}
