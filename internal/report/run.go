package report

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"machlup/internal/record"
)

// run reads the tables of a run's directory. Reading never fails half-way: a missing table
// has no rows, an empty cell is a missing number, and the first thing that is broken is
// kept in err.
type run struct {
	dir   string
	err   error
	tasks []task
	swept []string // dotted names of the swept keys, in file order

	pooled map[string]map[string]string // see valuesAt
}

// task is a row of tasks.csv.
type task struct {
	label
	hash     string
	status   string
	diverged string // step, empty if none
	note     string
	values   map[string]string // by swept key
}

// open reads tasks.csv.
func open(dir string) *run {
	r := &run{dir: dir}
	known := map[string]bool{"task": true, "hash": true, "replica": true, "status": true, "diverged_step": true, "note": true}
	r.each("tasks", func(w row) {
		if r.swept == nil {
			r.swept = []string{}
			for _, name := range w.header {
				if !known[name] {
					r.swept = append(r.swept, name)
				}
			}
		}
		t := task{label: parseLabel(w.text("task")), hash: w.text("hash"), status: w.text("status"), diverged: w.text("diverged_step"), note: w.text("note"), values: map[string]string{}}
		for _, key := range r.swept {
			t.values[key] = w.text(key)
		}
		r.tasks = append(r.tasks, t)
	})
	return r
}

// row is a row of a table, by column name.
type row struct {
	run    *run
	path   string
	in     *csv.Reader
	header []string
	column map[string]int
	cells  []string
}

// text of a column; empty if the table has none of that name.
func (w row) text(column string) string {
	if i, ok := w.column[column]; ok {
		return w.cells[i]
	}
	return ""
}

// float of a column; NaN if there is none.
func (w row) float(column string) float64 {
	s := w.text(column)
	if s == "" {
		return nan
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !finite(v) {
		line, at := w.in.FieldPos(w.column[column])
		w.run.fail(&record.DataError{File: w.path, Line: line, Column: at, Field: column, Found: strconv.Quote(s), Allowed: "a finite number or an empty cell"})
		return nan
	}
	return v
}

func (r *run) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// each calls f for the rows of csv/NAME.csv.
func (r *run) each(name string, f func(row)) {
	path := filepath.Join(r.dir, "csv", name+".csv")
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		r.fail(err)
		return
	}
	defer file.Close()
	in := csv.NewReader(bufio.NewReaderSize(file, 1<<16))
	w := row{run: r, path: path, in: in, column: map[string]int{}}
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			r.fail(fmt.Errorf("%s: %w", path, err))
			return
		}
		if w.header == nil {
			w.header = cells
			for i, c := range cells {
				w.column[c] = i
			}
			continue
		}
		w.cells = cells
		f(w)
	}
}

// sidecar is what the report reads of a table's metadata.
type sidecar struct {
	Description string
	Schema      struct {
		Columns []struct{ Name, Unit, Datatype, Description string }
	} `json:"tableSchema"`
}

// metadata of a table; empty where there is none.
func (r *run) metadata(table string) sidecar {
	var meta sidecar
	data, err := os.ReadFile(record.MetadataPath(filepath.Join(r.dir, "csv", table+".csv")))
	if err != nil || json.Unmarshal(data, &meta) != nil {
		return sidecar{}
	}
	return meta
}

// unit of a column, from the sidecar; empty if that does not say.
func (r *run) unit(table, column string) string {
	for _, c := range r.metadata(table).Schema.Columns {
		if c.Name == column {
			return c.Unit
		}
	}
	return ""
}
