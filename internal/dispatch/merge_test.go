package dispatch

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"machlup/internal/build"
	"machlup/internal/engine"
	"machlup/internal/record"
)

// idle is the Runner of all tasks of a large run.
var idle = &synthetic{parts: 1}

// large makes the directory of a run of n finished tasks, each with a trace of rows records.
func large(t *testing.T, n, rows int) (*build.Experiment, string, []TaskState) {
	t.Helper()
	dir := t.TempDir()
	exp := &build.Experiment{Name: "large", Output: build.OutputConfig{Thin: 1}}
	schema := engine.Trace([]record.Column{{Name: "x0", Unit: "1", Doc: "position", Type: record.Float}})
	var text strings.Builder
	w := record.NewWriter(&text, schema)
	for k := range rows {
		w.String("a label that is replaced")
		w.Int(0)
		w.Int(k)
		w.Int(k)
		w.Float(0.1 * float64(k))
		w.Float(1 / float64(k+1))
		if err := w.EndRow(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	var states []TaskState
	for i := range n {
		task := build.Task{Label: fmt.Sprintf("ensemble/i=%d/r0", i), Hash: fmt.Sprintf("%016x", i), Runner: idle, Observables: []string{"x0"}}
		tdir := taskDir(dir, task)
		if err := os.MkdirAll(tdir, 0o777); err != nil {
			t.Fatal(err)
		}
		manifest, err := json.Marshal(taskManifest{Schema: build.SchemaVersion, Hash: task.Hash, Status: engine.OK, Schemas: []record.Schema{schema}})
		if err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{"manifest.json": manifest, "trace.csv": []byte(text.String())} {
			if err := os.WriteFile(filepath.Join(tdir, name), data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		exp.Tasks = append(exp.Tasks, task)
		states = append(states, TaskState{Task: task, Finished: true, Outcome: engine.Done()})
	}
	return exp, dir, states
}

// holds is what f holds on the heap beyond what was there, the median of looks at it: garbage
// made while the collector is at work counts as held, so a single look says little.
func holds(f func()) uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	var looks []uint64
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			case <-time.After(20 * time.Millisecond):
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				looks = append(looks, max(m.HeapAlloc, before)-before)
			}
		}
	}()
	f()
	close(quit)
	<-done
	slices.Sort(looks)
	return looks[len(looks)/2]
}

// Ten thousand tasks are merged row by row: what is held in memory does not grow with them.
func TestTenThousandTasks(t *testing.T) {
	const rows = 20
	held := map[int]uint64{}
	for _, n := range []int{1000, 10000} {
		exp, dir, states := large(t, n, rows)
		held[n] = holds(func() {
			if err := Merge(exp, dir, states); err != nil {
				t.Fatal(err)
			}
		})
		f, err := os.Open(filepath.Join(dir, "csv", "trace.csv"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r := csv.NewReader(f)
		r.ReuseRecord = true
		for i := -1; ; i++ {
			row, err := r.Read()
			if err == io.EOF && i == n*rows {
				break
			}
			if err != nil {
				t.Fatalf("row %d of %d: %v", i, n*rows, err)
			}
			if i >= 0 && (row[0] != fmt.Sprintf("ensemble/i=%d/r0", i/rows) || row[2] != strconv.Itoa(i%rows)) {
				t.Fatalf("row %d: %v", i, row)
			}
		}
	}
	const most = 4 << 20
	if held[10000] > held[1000]+most {
		t.Errorf("%d KiB for 1000 tasks, %d KiB for 10000", held[1000]>>10, held[10000]>>10)
	}
	t.Logf("%d KiB for 1000 tasks, %d KiB for 10000", held[1000]>>10, held[10000]>>10)
}

// What [output] leaves out is left out of the merge; the tasks keep it.
func TestOutputSelects(t *testing.T) {
	exp, dir, states := large(t, 2, 7)
	exp.Output.Thin = 3
	if err := Merge(exp, dir, states); err != nil {
		t.Fatal(err)
	}
	var draws []string
	for _, row := range table(t, dir, "trace")[1:] {
		draws = append(draws, row[2])
	}
	if want := []string{"0", "3", "6", "0", "3", "6"}; !slices.Equal(draws, want) {
		t.Errorf("draws %v, want %v", draws, want)
	}
	for i := range states {
		states[i].Observables = []string{"x0", "energy"}
	}
	exp.Output = build.OutputConfig{Thin: 1, Observables: []string{"energy"}}
	if err := Merge(exp, dir, states); err != nil {
		t.Fatal(err)
	}
	if rows := table(t, dir, "trace"); len(rows) != 15 || !slices.Equal(rows[0], []string{"task", "chain", "draw", "step", "time"}) || rows[3][4] != "0.2" {
		t.Errorf("without x0: %v", rows[:4])
	}
	if meta := files(t, dir, "csv")["trace.csv-metadata.json"]; strings.Contains(meta, "x0") {
		t.Errorf("the sidecar has x0:\n%s", meta)
	}
	exp.Output = build.OutputConfig{Thin: 1, Tables: []string{"phase"}}
	if err := Merge(exp, dir, states); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir, "csv"); len(got) != 2 || got["tasks.csv"] == "" {
		t.Errorf("without trace: %d files", len(got))
	}
}
