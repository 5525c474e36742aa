package dispatch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"machlup/internal/build"
	"machlup/internal/engine"
	"machlup/internal/record"
)

// taskManifest is tasks/HASH/manifest.json: a task that has one, with the tables it names, is
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

// startPart stands for the training before the start, which all parts share.
const startPart = -1

func checkpointPath(taskDir string, part int) string {
	if part == startPart {
		return filepath.Join(taskDir, "checkpoint-start")
	}
	return filepath.Join(taskDir, fmt.Sprintf("checkpoint-%04d", part))
}

// plainName tells whether a table's name is that of a file in the directory at hand.
func plainName(name string) bool {
	return name != "" && filepath.IsLocal(name) && filepath.Base(name) == name && !strings.ContainsAny(name, `/\`)
}

// finished tells whether the task's directory holds a finished task of this schema.
func finished(dir string, t build.Task) (engine.Outcome, bool) {
	outcome, ok := sealed(dir, t)
	if !ok && rollForward(dir) {
		return sealed(dir, t)
	}
	return outcome, ok
}

// sealed tells whether manifest and tables are there and agree.
func sealed(dir string, t build.Task) (engine.Outcome, bool) {
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return engine.Outcome{}, false
	}
	var m taskManifest
	if json.Unmarshal(data, &m) != nil || m.Schema != build.SchemaVersion || m.Hash != t.Hash {
		return engine.Outcome{}, false
	}
	for _, schema := range m.Schemas { // a manifest is data: its names lead nowhere else
		if _, listed := m.Outputs[schema.Name+".csv"]; !listed || !plainName(schema.Name) || schema.Validate() != nil {
			return engine.Outcome{}, false
		}
	}
	for name, want := range m.Outputs {
		path, err := record.SafeJoin(dir, name)
		if err != nil {
			return engine.Outcome{}, false
		}
		if got, err := record.HashFile(path); err != nil || got != want {
			return engine.Outcome{}, false
		}
	}
	return engine.Outcome{Status: m.Status, DivergedStep: m.DivergedStep, Note: m.Note}, true
}

// pooled tells whether the parts of a finished task, which pooling reads again, are whole.
func pooled(dir string, t build.Task, outcome engine.Outcome) bool {
	if _, ok := t.Runner.(engine.Pooler); !ok {
		return true
	}
	_, err := readParts(dir, t)
	return err == nil || withoutParts(outcome, err)
}

// withoutParts tells whether parts are missing because the trajectories diverged.
func withoutParts(outcome engine.Outcome, err error) bool {
	return outcome.Status == engine.Diverged && errors.Is(err, fs.ErrNotExist)
}

// finishTask makes the tables and the manifest of a task whose parts are all there, or of
// one that diverged in a part: that has no tables. They are made aside and published
// together.
func finishTask(dir string, t build.Task, diverged *engine.Divergence) (engine.Outcome, error) {
	stage, err := newStage(dir)
	if err != nil {
		return engine.Outcome{}, err
	}
	defer os.RemoveAll(stage)
	outcome, err := stageTask(stage, dir, t, diverged)
	if err != nil {
		return outcome, err
	}
	if outcome, err = publish(stage, dir, t, outcome); err != nil {
		return outcome, err
	}
	begun := checkpointPath(dir, startPart)
	gone := []string{failureFile, filepath.Base(begun), filepath.Base(begun) + ".previous"}
	if outcome.Status != engine.Diverged {
		gone = append(gone, replayFile)
	}
	for _, name := range gone {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return outcome, err
		}
	}
	return outcome, nil
}

// refinish makes the tables of a finished task anew from its parts. A task that diverged has
// none and stays as it is.
func refinish(dir string, t build.Task, outcome engine.Outcome) (engine.Outcome, error) {
	if outcome.Status == engine.Diverged {
		return outcome, nil
	}
	if _, err := readParts(dir, t); err != nil {
		return outcome, fmt.Errorf("raw data of the task: %w; run the experiment again to compute it anew", err)
	}
	if err := os.Remove(filepath.Join(dir, "manifest.json")); err != nil { // its parts are all there
		return outcome, err
	}
	return finishTask(dir, t, nil)
}

// stageTask writes tables and manifest into stage.
func stageTask(stage, dir string, t build.Task, diverged *engine.Divergence) (engine.Outcome, error) {
	if diverged != nil {
		outcome := engine.Outcome{Status: engine.Diverged, DivergedStep: diverged.Step, Note: diverged.Error()}
		return outcome, seal(stage, t, outcome, nil)
	}
	parts, err := readParts(dir, t)
	if err != nil {
		return engine.Outcome{}, err
	}
	out := engine.NewOutput(stage, t.Label)
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
	if f := engine.CollectFinal(t.Shape, parts); f != nil {
		if err := engine.WriteFinal(filepath.Join(stage, engine.FinalFile), f); err != nil {
			return outcome, err
		}
	}
	return outcome, seal(stage, t, outcome, schemas)
}

// seal writes the manifest of the tables in dir.
func seal(dir string, t build.Task, outcome engine.Outcome, schemas []record.Schema) error {
	m := taskManifest{Schema: build.SchemaVersion, Hash: t.Hash, Label: t.Label, Config: t.Config,
		Status: outcome.Status, DivergedStep: outcome.DivergedStep, Note: outcome.Note, Outputs: map[string]string{}, Schemas: schemas}
	for _, s := range schemas {
		name := s.Name + ".csv"
		var err error
		if m.Outputs[name], err = record.HashFile(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	sum, err := record.HashFile(filepath.Join(dir, engine.FinalFile))
	if err == nil {
		m.Outputs[engine.FinalFile] = sum
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return record.WriteFileAtomic(filepath.Join(dir, "manifest.json"), append(data, '\n'))
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
// and what the hash covers. It is a help, so its own failure is not reported.
func writeFailure(dir string, exp *build.Experiment, t build.Task, failure error) {
	text := fmt.Sprintf("task %s failed: %v\n\nconfig that the task's hash covers:\n%s\n", t.Label, failure, t.Config)
	var p *panicError
	if errors.As(failure, &p) {
		text += "\n" + string(p.stack)
	}
	_ = record.WriteFileAtomic(filepath.Join(dir, failureFile), []byte(text))
	writeReplay(dir, exp, t)
}

// writeReplay leaves replay.toml, which computes the task alone.
func writeReplay(dir string, exp *build.Experiment, t build.Task) {
	text, err := exp.Replay(t)
	if err == nil {
		_ = record.WriteFileAtomic(filepath.Join(dir, replayFile), []byte(text))
	}
}

// failureFile is in the directory of a task that failed and was not finished since.
const failureFile = "failure.txt"

// replayFile is in the directory of a task that failed or diverged.
const replayFile = "replay.toml"

// earlierFailure is the failure that an earlier run left, nil if none.
func earlierFailure(dir string) error {
	path := filepath.Join(dir, failureFile)
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	return fmt.Errorf("failed in an earlier run, see %s", path)
}
