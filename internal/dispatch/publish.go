package dispatch

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"machlup/internal/build"
	"machlup/internal/engine"
	"machlup/internal/record"
)

// Two executions of one task can be at work at once: a node is lost to its scheduler, the
// job starts elsewhere, and the old process still writes. Locks end that within seconds, but
// not at once and not on every file system. So a task's files are published such that one
// execution wins whatever happens:
//
//   - a part appears once and stays (engine.WritePart);
//   - tables and manifest are made in a directory of the execution's own, stagePrefix and a
//     random token, from the parts that are published;
//   - the manifest is linked into place, which the file system grants to one execution only;
//     then the tables are renamed into place. Who finds a manifest without its tables
//     completes that from the winner's directory, which holds a copy of the manifest.

const stagePrefix = ".stage-"

func newStage(dir string) (string, error) {
	var token [8]byte
	rand.Read(token[:])
	stage := filepath.Join(dir, stagePrefix+hex.EncodeToString(token[:]))
	if err := os.Mkdir(stage, 0o777); err != nil {
		return "", fmt.Errorf("cannot write %s: %w", stage, err)
	}
	return stage, nil
}

// sweepStages drops what executions that are gone, or fenced off, were about to publish.
func sweepStages(dir string) {
	stages, _ := filepath.Glob(filepath.Join(escapeGlob(dir), stagePrefix+"*"))
	for _, stage := range stages {
		os.RemoveAll(stage)
	}
}

// publish puts what is staged into place, unless another execution has done so: then its
// outcome counts.
func publish(stage, dir string, t build.Task, outcome engine.Outcome) (engine.Outcome, error) {
	data, err := os.ReadFile(filepath.Join(stage, "manifest.json"))
	if err != nil {
		return outcome, err
	}
	path := filepath.Join(dir, "manifest.json")
	err = record.WriteFileNew(path, data)
	if errors.Is(err, fs.ErrExist) {
		if other, ok := finished(dir, t); ok {
			return other, nil
		}
		err = record.WriteFileAtomic(path, data) // damaged, or of another version
	}
	if err != nil {
		return outcome, err
	}
	if err := unstage(stage, dir, data); err != nil {
		return outcome, err
	}
	if got, ok := sealed(dir, t); ok {
		return got, nil
	}
	return outcome, fmt.Errorf("%s: the tables are not those of the manifest; is another program writing there?", dir)
}

// rollForward completes a publication that was cut short, and drops what was staged for it.
func rollForward(dir string) bool {
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return false
	}
	stages, _ := filepath.Glob(filepath.Join(escapeGlob(dir), stagePrefix+"*"))
	for _, stage := range stages {
		if won, err := os.ReadFile(filepath.Join(stage, "manifest.json")); err == nil && bytes.Equal(won, data) && unstage(stage, dir, data) == nil {
			os.RemoveAll(stage)
		}
	}
	return true
}

// unstage renames the manifest's tables into place. Those that are not there have been moved
// by another process that does the same.
func unstage(stage, dir string, manifest []byte) error {
	var m taskManifest
	if err := json.Unmarshal(manifest, &m); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(m.Outputs)) {
		from, err := record.SafeJoin(stage, name)
		if err != nil {
			return err
		}
		err = os.Rename(from, filepath.Join(dir, filepath.Base(from)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return record.SyncDir(dir)
}
