package dispatch

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"machlup/internal/build"
	"machlup/internal/engine"
	"machlup/internal/record"
)

// versions is a task of two tables whose bytes tell which execution made them, as those of
// two kernel sets may.
type versions struct {
	synthetic
	mine int
}

func (v *versions) Finish(_ []any, out *engine.Output) (engine.Outcome, error) {
	for _, name := range []string{"a", "b"} {
		out.Table(record.Schema{Name: name, Doc: "who made it", Columns: []record.Column{
			{Name: "task", Doc: "label", Type: record.String}, {Name: "by", Unit: "1", Doc: "execution", Type: record.Int}}}).Add(v.mine)
	}
	return engine.Done(), nil
}

func versioned(mine int) build.Task {
	return build.Task{Label: "versions/r0", Hash: "00000000000000aa", Runner: &versions{synthetic{parts: 1}, mine}}
}

// Executions that publish one task at once: one wins, and nothing of the others is seen.
func TestOneOfManyExecutionsPublishes(t *testing.T) {
	for round := range 20 {
		dir := t.TempDir()
		if err := engine.WritePart(partPath(dir, 0), &square{7}); err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		for mine := range 6 {
			wait.Go(func() {
				if _, err := finishTask(dir, versioned(mine), nil); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if _, ok := finished(dir, versioned(0)); !ok {
			t.Fatalf("round %d: six executions, none finished", round)
		}
		a, b := tableOf(t, dir, "a"), tableOf(t, dir, "b")
		if a != b {
			t.Fatalf("round %d: tables of two executions: %q and %q", round, a, b)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		if _, err := finishTask(dir, versioned(99), nil); err != nil || tableOf(t, dir, "a") != a {
			t.Errorf("a late execution replaced the tables (%v)", err)
		}
	}
}

func tableOf(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(string(data), "task,by\n")
}

// Killed between the manifest and the tables, at every point: the next to look completes it.
func TestAPublicationCutShortIsCompleted(t *testing.T) {
	for moved := range 3 {
		dir := t.TempDir()
		if err := engine.WritePart(partPath(dir, 0), &square{7}); err != nil {
			t.Fatal(err)
		}
		stage, err := newStage(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stageTask(stage, dir, versioned(1), nil); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(filepath.Join(stage, "manifest.json"), filepath.Join(dir, "manifest.json")); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"a.csv", "b.csv"}[:moved] {
			if err := os.Rename(filepath.Join(stage, name), filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		if moved == 1 { // another execution was about to publish its own
			if _, err := finishTask(dir, versioned(2), nil); err != nil {
				t.Fatal(err)
			}
		}
		if _, ok := finished(dir, versioned(1)); !ok {
			t.Fatalf("%d tables moved: not finished", moved)
		}
		if a, b := tableOf(t, dir, "a"), tableOf(t, dir, "b"); a != b || a != "versions/r0,1\n" {
			t.Errorf("%d tables moved: %q, %q", moved, a, b)
		}
	}
}

// A table damaged after the fact is made again, also where the manifest stands.
func TestADamagedTableIsPublishedAgain(t *testing.T) {
	dir := t.TempDir()
	if err := engine.WritePart(partPath(dir, 0), &square{7}); err != nil {
		t.Fatal(err)
	}
	for mine := range 3 {
		if _, err := finishTask(dir, versioned(mine), nil); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("versions/r0,%d\n", mine); tableOf(t, dir, "a") != want || tableOf(t, dir, "b") != want {
			t.Errorf("%q, want %q", tableOf(t, dir, "a"), want)
		}
		if err := os.WriteFile(filepath.Join(dir, "b.csv"), []byte("task,by\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// A part appears once: what a second execution computes is dropped, unless the file is damaged.
func TestAPartStays(t *testing.T) {
	path := partPath(t.TempDir(), 0)
	for i, c := range []struct{ write, want int }{{1, 1}, {2, 1}} {
		if err := engine.WritePart(path, &square{c.write}); err != nil {
			t.Fatal(err)
		}
		var got square
		if err := engine.ReadPart(path, &got); err != nil || got.Value != c.want {
			t.Errorf("write %d: %d, %v", i, got.Value, err)
		}
	}
	if err := os.WriteFile(path, []byte("machlup part 1\nshort"), 0o666); err != nil {
		t.Fatal(err)
	}
	var got square
	if err := engine.WritePart(path, &square{3}); err != nil {
		t.Fatal(err)
	}
	if err := engine.ReadPart(path, &got); err != nil || got.Value != 3 {
		t.Errorf("after damage: %d, %v", got.Value, err)
	}
}

// A process that was fenced off leaves no failure behind, whatever happens to it.
func TestAFencedProcessRecordsNoFailure(t *testing.T) {
	dir := t.TempDir()
	s := &synthetic{parts: 1, before: func(int) error {
		leave(t, dir, func(*Holder) {})
		return fmt.Errorf("its files were swept away")
	}}
	exp := experiment(s)
	if _, err := Run(t.Context(), exp, Options{Dir: dir}); err == nil {
		t.Error("no error")
	}
	tdir := filepath.Join(dir, "tasks", exp.Tasks[0].Hash)
	if left := files(t, dir, filepath.Join("tasks", exp.Tasks[0].Hash)); len(left) > 0 {
		t.Errorf("%s holds %v", tdir, maps.Keys(left))
	}
}
