package record

import (
	"os"
	"path/filepath"
	"testing"
)

var sample = Schema{Name: "trace", Doc: "a test", Columns: []Column{
	{Name: "task", Doc: "label", Type: String},
	{Name: "step", Unit: "1", Doc: "step", Type: Int},
	{Name: "value", Unit: "1", Doc: "value", Type: Float},
	{Name: "ok", Doc: "flag", Type: Bool},
}}

func TestWriteThenRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace.csv")
	f, err := CreateCSV(path, sample)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	f.String("a,b=\"1\"")
	f.Int(-3)
	f.Float(0.1)
	f.Bool(true)
	if err := f.EndRow(); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		f.Empty()
	}
	if err := f.EndRow(); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(path)
	if want := "task,step,value,ok\n\"a,b=\"\"1\"\"\",-3,0.1,true\n,,,\n"; string(data) != want {
		t.Errorf("got %q want %q", data, want)
	}
	rows, err := ReadCSV(path, sample)
	if err != nil || len(rows) != 2 || rows[0][0] != "a,b=\"1\"" {
		t.Errorf("got %q, %v", rows, err)
	}
	if err := os.WriteFile(path, data[:len(data)-1], 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCSV(path, sample); err == nil {
		t.Error("a cut file was read")
	}
}
