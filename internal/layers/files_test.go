package layers

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What is outside the repository, its theory and contract included, is nothing that code,
// experiments, tests or notebooks may read.
func TestFilesStandAlone(t *testing.T) {
	forbidden := [][]byte{[]byte("../" + "shared"), []byte("/work" + "/main"), []byte("/work" + "/shared")}
	skipped := []string{".git", "bin", "runs", ".venv", "__pycache__"}
	looked := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(skipped, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if d.Name() == ".git" { // a file in a linked worktree
			return nil
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > 4<<20 {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		looked++
		for _, f := range forbidden {
			if bytes.Contains(data, f) {
				t.Errorf("%s mentions %s", path, f)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if looked < 100 {
		t.Errorf("looked at %d files only", looked)
	}
}
