package engine

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"machlup/internal/record"
)

var small = record.Schema{Name: "small", Doc: "for tests", Columns: []record.Column{
	text("task", "label"), integer("n", "1", "count"), float("x", "1", "number"), text("note", "words")}}

func TestOutputWritesWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	out := NewOutput(dir, "a/b=1")
	rows := out.Table(small)
	rows.Add(1, 0.1, "plain")
	rows.Add(2, math.NaN(), "comma, and \"quote\"")
	rows.AddAs("other", 3, math.Inf(-1), nil)
	rows.AddAs("other", -4, 1e-300, "")
	if out.Table(small) != rows || len(out.Schemas()) != 1 {
		t.Error("a second table of the same name")
	}
	if err := out.Commit(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "small.csv"))
	if err != nil {
		t.Fatal(err)
	}
	want := "task,n,x,note\na/b=1,1,0.1,plain\na/b=1,2,,\"comma, and \"\"quote\"\"\"\nother,3,,\nother,-4,1e-300,\"\"\n"
	if string(got) != want {
		t.Errorf("small.csv:\n%s\nwant\n%s", got, want)
	}
}

func TestAbortLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	out := NewOutput(dir, "a")
	out.Table(small).Add(1, 1.0, "x")
	out.Abort()
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("%d files", len(entries))
	}
}

func TestMisuseOfRowsPanics(t *testing.T) {
	for what, add := range map[string]func(*Rows){
		"too few":     func(r *Rows) { r.Add(1, 2.0) },
		"too many":    func(r *Rows) { r.Add(1, 2.0, "x", 4) },
		"odd type":    func(r *Rows) { r.Add(1, float32(2), "x") },
		"wrong type":  func(r *Rows) { r.Add(1.5, 2.0, "x") },
		"wrong order": func(r *Rows) { r.Add("x", 2.0, 1) },
	} {
		out := NewOutput(t.TempDir(), "a")
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", what)
				}
			}()
			add(out.Table(small))
		}()
		out.Abort()
	}
}
