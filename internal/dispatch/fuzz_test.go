package dispatch

import (
	"os"
	"path/filepath"
	"testing"

	"machlup/internal/build"
)

// The manifest of a task and a lock are data: whatever their bytes, a task is finished or
// not, a table stays in its directory, and a lock is someone's.
func FuzzTaskManifest(f *testing.F) {
	f.Add([]byte(`{"schema":1,"hash":"00000000000000aa","label":"a/r0","config":"","status":"ok","diverged_step":-1,"outputs":{"a.csv":"00"},"schemas":[{"Name":"a","Columns":[{"Name":"task"}]}]}` + "\n"))
	f.Add([]byte(`{"schema":1,"hash":"00000000000000aa","outputs":{},"schemas":[{"Name":"../../a"}]}`))
	f.Add([]byte(`{"schema":1,"hash":"00000000000000aa","outputs":{"../manifest.json":""},"schemas":null}`))
	f.Add([]byte(`{"pid":1,"host":"h","work":"shard 7/3","process":"//"}` + "\n"))
	f.Add([]byte(`{"pid":-1,"work":"shard 1/2"}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		task := build.Task{Label: "a/r0", Hash: "00000000000000aa", Runner: &synthetic{parts: 1}}
		tdir := taskDir(dir, task)
		if err := os.MkdirAll(tdir, 0o777); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{filepath.Join(tdir, "manifest.json"), filepath.Join(dir, "run.lock")} {
			if err := os.WriteFile(path, data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		outcome, ok := finished(tdir, task)
		err := eachTaskTable(dir, []TaskState{{Task: task, Finished: true, Outcome: outcome}}, func(s source) error {
			if filepath.Dir(s.path) != tdir {
				t.Fatalf("%q leads to %s", data, s.path)
			}
			return nil
		})
		if ok && err != nil {
			t.Fatalf("finished, and %v", err)
		}
		if l, _, err := acquire(dir, Shard{}, false, nil); err == nil {
			l.release()
		}
	})
}
