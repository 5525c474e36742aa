package dispatch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"machlup/internal/build"
	"machlup/internal/record"
	"machlup/internal/spec"
)

// An OccupiedError refuses a directory that holds something else than the experiment.
type OccupiedError struct {
	Dir, Holds, Allowed string
}

func (e *OccupiedError) Error() string {
	return fmt.Sprintf("%s: found %s; allowed: %s", e.Dir, e.Holds, e.Allowed)
}

// belongings are what a run writes into its directory, and --fresh deletes.
var belongings = []string{"tasks", "csv", "figures", "inputs", "manifest.json", "plan.jsonl", "config.toml", "report.html"}

// checkDirectory refuses a directory with another experiment, unless it is to start afresh,
// and one in which files that a run would replace or delete are not a run's. It writes
// nothing.
func checkDirectory(exp *build.Experiment, opts Options) error {
	for _, sub := range []string{"tasks", "csv", "figures", "inputs"} {
		if err := ownDirectory(opts.Dir, sub); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(filepath.Join(opts.Dir, "config.toml"))
	if errors.Is(err, fs.ErrNotExist) {
		return checkForeign(opts.Dir)
	}
	if err != nil {
		return err
	}
	if opts.Fresh {
		return nil
	}
	name, err := nameOf(text)
	if err != nil {
		return &OccupiedError{opts.Dir, fmt.Sprintf("a config.toml that cannot be read (%v)", err), "a directory of this experiment, or none; --fresh starts over there, --out DIR writes elsewhere"}
	}
	if name != exp.Name {
		return &OccupiedError{opts.Dir, fmt.Sprintf("the experiment %q%s", name, extent(opts.Dir)), fmt.Sprintf("%q, or an empty directory; --out DIR writes elsewhere, --fresh deletes what is there and starts over", exp.Name)}
	}
	return nil
}

// ownDirectory refuses a symbolic link, or a file, where the run keeps its files: outputs
// stay below the directory.
func ownDirectory(dir, sub string) error {
	info, err := os.Lstat(filepath.Join(dir, sub))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return &OccupiedError{filepath.Join(dir, sub), "a symbolic link", "a directory: what a run writes stays below " + dir}
	case !info.IsDir():
		return &OccupiedError{filepath.Join(dir, sub), "a file", "a directory, or nothing"}
	}
	return nil
}

// checkForeign refuses a directory without config.toml in which there is what a run would
// replace.
func checkForeign(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var there []string
	for _, e := range entries {
		if slices.Contains(belongings, e.Name()) {
			there = append(there, e.Name())
		}
	}
	if len(there) > 0 {
		return &OccupiedError{dir, strings.Join(there, ", ") + " that no run of machlup left (there is no config.toml)", "an empty directory, or one of a run; --out DIR writes elsewhere"}
	}
	return nil
}

// nameOf reads the name of the experiment from a resolved config.
func nameOf(text []byte) (string, error) {
	doc, err := spec.Parse("config.toml", text)
	if err != nil {
		return "", err
	}
	var head build.Head
	err = doc.Table("").Decode(&head)
	return head.Name, err
}

// extent says how much of an experiment a directory holds.
func extent(dir string) string {
	done, _ := filepath.Glob(filepath.Join(escapeGlob(dir), "tasks", "*", "manifest.json"))
	s := fmt.Sprintf(" with %s", counted(len(done), "finished task"))
	if m, err := record.ReadManifest(filepath.Join(dir, "manifest.json")); err == nil {
		s += ", last used " + m.Finished.Local().Format("2006-01-02 15:04")
	}
	return s
}

// counted is "1 task", "2 tasks".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// sweepTemporaries deletes what killed processes left half-written in a directory.
func sweepTemporaries(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if record.IsTemporary(e.Name()) && e.Type().IsRegular() {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
